//! The code that every stage shares: it reads a growing log in whole lines, and keeps the contract of a merge.
//!
//! This crate knows neither threads nor tasks. The stages decide who calls it and from where.
//!
//! # Layout
//!
//! - [`Input`]: an open log, followed by name. [`Input::read_lines`] is the article's `readline`: the blocking leaf
//!   that every stage calls, on a thread of its own or on a runtime's blocking pool.
//! - [`Chunk`]: the whole lines that an input hands on. [`Input::resume`] continues after one in a later run.
//! - [`Closer`]: closes one input from anywhere. A follower can wait for the close on a thread or in a task.
//! - [`Notifier`]: tells one follower to look at its file before the interval is over.
//! - [`Output`]: receives the merged lines. It never buffers, and accepts nothing after a failure.
//! - [`FanIn`]: collects how the followers ended, and closes all inputs at the first error.
//! - [`MergeError`]: the one error type, with path and cause.
//!
//! # Spans
//!
//! [`Input::read_lines`], [`Input::wait_closed`] and [`Output::write`] are [`tracing`] spans: the leaves of a timeline.
//! While no subscriber is set, a span costs one relaxed atomic load, of `tracing`'s most verbose enabled level, and one
//! branch.
//!
//! # The contract
//!
//! The full text is in `docs/src/contract.md` and, after `scripts/book build`, in
//! [the book](../../book/contract.html). In short: the lines of one input come out whole, in order, exactly once, and
//! nothing else comes out. The data that a file holds when it is closed is still merged. The first error ends the run,
//! and nothing ever hangs.
//!
//! # Example
//!
//! ```
//! use std::io::Write;
//!
//! use merge_core::{Found, Input};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut log = tempfile::NamedTempFile::new()?;
//! let mut input = Input::open(log.path())?;
//! assert_eq!(input.read_lines()?, Found::NoNewData);
//!
//! log.write_all(b"whole\nhalf")?;
//! assert_eq!(input.read_lines()?, Found::Lines(b"whole\n".to_vec().into()));
//! assert_eq!(input.read_lines()?, Found::NoNewData);
//!
//! input.closer().close();
//! assert_eq!(input.read_lines()?, Found::Lines(b"half\n".to_vec().into()));
//! assert_eq!(input.read_lines()?, Found::End);
//! # Ok(())
//! # }
//! ```

mod chunk;
mod close;
mod error;
mod fan_in;
mod input;
mod output;
mod resume;
#[cfg(test)]
mod watchdog;

pub use chunk::{Chunk, Position};
pub use close::{Closer, Notifier};
pub use error::{MergeError, Result};
pub use fan_in::{FanIn, Summary};
pub use input::{Found, Input};
pub use output::{Output, Progress};
