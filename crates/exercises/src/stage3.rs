//! The source of stage 3's tail.

#[path = "../../stage3/src/tail.rs"]
mod tail;

pub use tail::tail_async;
