//! The protocol of tails, tops and writer, run in schedules that are chosen and not left to chance.
//!
//! # Why ordinary tests cannot find these bugs
//!
//! Threads take turns, and a bug of concurrency needs a certain order of turns: a close that comes *between* a
//! follower's look at the flag and its wait. That gap is a few nanoseconds wide. A test that runs the program a
//! thousand times sees the same few orders a thousand times, and a test that sleeps to widen the gap tests the sleep.
//!
//! A schedule checker controls the turns. It runs all threads of a test on one, and at each step that another thread
//! could notice (a lock, an atomic, a message, here also a look at a file) it decides which thread goes on: by a seed, or
//! by trying every order. So it finds the same bug again. And because it knows what each thread waits for, it needs no
//! deadline to see a hang: when no thread can go on, that is a deadlock.
//!
//! The checker here is [shuttle](https://docs.rs/shuttle). `cargo test -p schedules` runs it. When a scenario fails,
//! shuttle prints the schedule, and `shuttle::replay` runs that one again.
//!
//! # What is tested
//!
//! The sources of `merge-core` and of the stages themselves, not a model of them: `build.rs` takes them as they are
//! and replaces the names of their primitives with shuttle's.
//!
//! | what                           | schedules      | what must hold                                                  |
//! |--------------------------------|----------------|-----------------------------------------------------------------|
//! | close versus read versus wait  | every          | the follower ends, and has read what was written before         |
//! | fan-in with an early failure   | many, by seed  | the run ends with that error; what the others hold is merged    |
//! | hand-over to the writer        | many, by seed  | no line is lost or torn; a failed output lets every follower go |
//!
//! # Whether the checker can see
//!
//! A check that never fails may be blind. So `planted.rs` has the mistakes that one could make in these sources, each
//! as an edit of the real text, and for each of them a test that the checker *finds* it, for its stated reason. The
//! edits must fit: when a source changes under one of them, the build of these tests says so.
//!
//! # What is not tested
//!
//! - *Time.* A wait with a timeout never times out here. With a mistake that loses a wake-up the real program would be
//!   late by an interval, again and again; here it hangs, which is easier to see.
//! - *Memory orderings.* Shuttle takes every atomic for sequentially consistent. What the one flag of a `Closer`
//!   publishes is in a file, where no memory model reaches; the other atomics are counters.
//! - *The inside of crossbeam, atomic-waker and tokio.* `shim.rs` has what they promise, and no more of them than the
//!   sources call. Every task has a thread of its own there, which blocks where the task waits.
//! - *Sizes.* Queue and chunks are made small, so that a few steps fill them.
//!
//! # Layout
//!
//! - `scenarios.rs`: what must hold, compiled once against each program.
//! - `planted.rs`: the planted bugs.
//! - `tests.rs`: which program is run in which scenario, and what must come of it.
//! - `shim.rs`: the primitives. `build.rs`: makes the programs.

#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod shim;
#[cfg(test)]
mod tests;

// `scenarios` is written for any program: here it is the real one.
#[cfg(test)]
use programs::as_it_is::*;

/// One program as it is, and one per planted bug.
#[cfg(test)]
#[allow(warnings, clippy::pedantic, reason = "linted where they live; and a mistake may well leave a name unused")]
mod programs {
    include!(concat!(env!("OUT_DIR"), "/programs.rs"));
}
