//! The small pieces of code that the chapters show and no stage has. Each is a test.
