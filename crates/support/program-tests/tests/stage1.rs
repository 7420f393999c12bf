//! Stage 1's program.

mod cases;
