//! Stage 1's own source.

#[path = "../../stage1/src/tail.rs"]
mod tail;
#[path = "../../stage1/src/top.rs"]
mod top;

pub use tail::tail_file;
pub use top::run_threads;
