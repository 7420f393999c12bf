//! What every stage shares: one growing log file read in whole lines, and the contract of a merge.
//!
//! This crate knows neither threads nor tasks. The stages decide who calls it, and from where.
//!
//! # Layout
//!
//! - [`Input`]: an open log, followed by name. [`Input::read_lines`] is the article's `readline`; the blocking leaf
//!   that every stage calls, on a thread or on a runtime's blocking pool.
//! - [`Chunk`]: the whole lines that it hands on.
//! - [`Closer`]: ends one input from anywhere. A follower can wait for it on a thread or in a task.
//! - [`Notifier`]: tells one follower to look before its interval is over.
//! - [`Output`]: where the merged lines go. It never buffers and never goes on after a failure.
//! - [`FanIn`]: collects how the followers ended, and closes all inputs at the first error.
//! - [`MergeError`]: the one error type, with path and cause.
//!
//! # Spans
//!
//! [`Input::read_lines`], [`Input::wait_closed`] and [`Output::write`] are [`tracing`] spans: the leaves of a timeline.
//! While no subscriber is set, a call of one costs what it takes to find that out: one relaxed atomic load, of
//! `tracing`'s greatest enabled level, and one branch.
//!
//! # The contract
//!
//! `docs/src/contract.md` has it whole, and so has [the book](../../book/contract.html) when it is built
//! (`scripts/book build`). In short: the lines of one input come out whole, in order, exactly once; nothing
//! else comes out; what was in a file when it was closed is still merged; the first error ends the run and nothing
//! ever hangs.
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
#[cfg(test)]
mod watchdog;

pub use chunk::Chunk;
pub use close::{Closer, Notifier};
pub use error::{MergeError, Result};
pub use fan_in::{FanIn, Summary};
pub use input::{Found, Input};
pub use output::{Output, Progress};
