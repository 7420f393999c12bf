//! The comparison: the stages side by side with their peers and the physical limit, all in one run.
//!
//! ```sh
//! scripts/bench quick            # all groups, some minutes; `full` is what the book shows
//! cargo bench -p comparison --bench backlog
//! ```
//!
//! Every claim is a *ratio within one run*. An absolute figure carries the machine and the date.
//!
//! # Layout
//!
//! - `benches/*.rs`: one group each. What is measured stands there.
//! - `profile.rs`: how much is measured: a smoke test, a quick run, a full one.
//! - `logs.rs`: prefilled logs in memory, and the oracle's question whether a merge is complete.
//! - `contender.rs`: who takes part: the limit, `cat`, GNU tail, the four stages.
//! - `child.rs`: a contender as a process of its own, and what the kernel accounts to it.
//! - `pairs.rs`: a backlog merged by each contender, always beside the limit.
//! - `recorder.rs`: collects samples while a group runs, and writes them down.
//! - `results.rs`: the machine-readable file of results.
//! - `tables.rs`, `plot.rs`: what people look at. `targets.rs`: what was to be reached.
//! - `main.rs`: `follow` (what a child process runs), `publish`, `table`, `targets`, `plots`.

// Measurements are rounded for people anyway.
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
pub mod targets;

use std::error::Error;

/// What stops a measurement. Its text is one line.
pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;
