//! Test cases for every stage's program. Each stage has a test file of its name, which holds only
//! `mod cases;`: `cargo test -p program-tests --test stage2 sigterm` runs some cases for stage 2.
//!
//! # Layout
//!
//! - `program.rs`: the harness. It builds the program and runs it in a scratch folder, under a deadline.
//! - `cli.rs`: arguments, merging, refused files, closed pipes.
//! - `unix.rs`: examples, signals, standard streams, links, permissions, limits on open files.
//! - `linux.rs`: terminals, `/dev/full`, names that are not Unicode, the state of signals, a limit on threads.
//! - `faults.rs`: programs that are killed or cut off under load, and logs that fail or are rotated.

// Test code: a case whose setup fails, fails. Clippy permits it only in the `#[test]` functions themselves.
#![allow(clippy::unwrap_used)]

mod cli;
#[cfg(unix)]
mod faults;
#[cfg(target_os = "linux")]
mod linux;
pub(crate) mod program;
#[cfg(unix)]
mod unix;
