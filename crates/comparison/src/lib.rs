//! The comparison measures the stages, their peers and a baseline in one run.
//!
//! ```sh
//! scripts/bench quick            # all groups, in some minutes; the book shows a `full` run
//! cargo bench -p comparison --bench backlog
//! ```
//!
//! Every claim is a *ratio within one run*. Absolute figures come with the machine and the date.
//!
//! # Layout
//!
//! - `benches/*.rs`: the groups of benches, one per file.
//! - `profile.rs`: how much a run measures: a smoke test, a quick run, or a full run.
//! - `logs.rs`: prefilled logs in memory.
//! - `contender.rs`: the contenders: the baseline, `cat`, GNU tail, the stages.
//! - `child.rs`: a contender as a child process, and the resources that the kernel accounts to it.
//! - `pairs.rs`: a backlog that each contender merges, always right after the baseline.
//! - `recorder.rs`: collects samples while a group runs, and writes them to a file.
//! - `results.rs`: the file of results.
//! - `tables.rs`, `plot.rs`: the tables and plots of the book.
//! - `main.rs`: the program: `follow` (runs in the child process), `loop`, `publish`, `table`, `check`.

// The benches are the only callers, and every error is one line for the person who runs them.
#![allow(clippy::missing_errors_doc, clippy::must_use_candidate)]
// Figures are rounded before they are shown.
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

pub mod child;
pub mod contender;
pub mod logs;
pub mod pairs;
pub mod plot;
pub mod profile;
pub mod recorder;
pub mod results;
pub mod tables;

use std::error::Error;

/// A failed measurement has an error of one line.
pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;
