//! Stage 5's program.

mod cases;
