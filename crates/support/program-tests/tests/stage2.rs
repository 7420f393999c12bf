//! Stage 2's program.

mod cases;
