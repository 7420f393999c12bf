//! Stage 3's tail, word for word.

#[path = "../../stage3/src/tail.rs"]
mod tail;

pub use tail::{tail_async, tail_file};
