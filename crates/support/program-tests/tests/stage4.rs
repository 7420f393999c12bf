//! Stage 4's program.

mod cases;
