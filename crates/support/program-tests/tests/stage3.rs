//! Stage 3's program.

mod cases;
