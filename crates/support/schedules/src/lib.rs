//! Runs the tails, the tops and the writer under a checker that chooses the schedule of their threads.
//!
//! # Why ordinary tests cannot find these bugs
//!
//! Threads take turns, and a concurrency bug shows only in a certain order of turns. For example, a close may come
//! *between* a follower's look at the flag and its wait. That gap is a few nanoseconds wide. A test that runs the
//! program a thousand times sees the same few orders again and again. A test that sleeps to widen the gap no longer
//! tests the real program.
//!
//! A schedule checker controls the turns. It lets one thread of a test run at a time. At each step that another thread
//! could notice (a lock, an atomic, a message, here also a look at a file), it decides which thread goes on: by a seed,
//! or by trying every order. So it can find the same bug again. It also knows what each thread waits for, so it needs
//! no deadline to detect a hang: if no thread can go on, that is a deadlock.
//!
//! The checker here is [shuttle](https://docs.rs/shuttle). `cargo test -p schedules` runs it. When a scenario fails,
//! shuttle prints the schedule, and `shuttle::replay` runs it again.
//!
//! # What is tested
//!
//! The tests run the sources of `merge-core` and of the stages, not a model of them. `build.rs` copies the sources and
//! replaces the names of their primitives with shuttle's.
//!
//! | what                           | schedules      | what must hold                                                  |
//! |--------------------------------|----------------|-----------------------------------------------------------------|
//! | close versus read versus wait  | every          | the follower ends, and has read what was written before         |
//! | fan-in with an early failure   | many, by seed  | the run ends with that error; what the others hold is merged    |
//! | hand-over to the writer        | many, by seed  | no line is lost or torn; a failed output lets every follower go |
//!
//! # Planted bugs
//!
//! A check that has never failed may not work. So `planted.rs` lists mistakes that one could make in these sources,
//! each as an edit of the real text. For each mistake, a test requires that the checker *finds* it, for the stated
//! reason. If a source changes and an edit no longer fits, the build of these tests fails.
//!
//! # What is not tested
//!
//! - *Time.* A wait with a timeout never times out here. If a mistake loses a wake-up, the real program is late by an
//!   interval, again and again. Here it hangs, which is easier to see.
//! - *Memory orderings.* Shuttle treats every atomic as sequentially consistent. The flag of a `Closer` publishes data
//!   in a file, which the memory model does not cover. The other atomics are counters.
//! - *The inside of crossbeam, atomic-waker and tokio.* `shim.rs` imitates what they promise, as far as the sources use
//!   it. There, every task has a thread of its own, which blocks where the task waits.
//! - *Sizes.* The queue and the chunks are small, so that a few steps fill them.
//!
//! # Layout
//!
//! - `scenarios.rs`: the promises that must hold, compiled once against each program.
//! - `planted.rs`: the planted bugs.
//! - `tests.rs`: which program runs in which scenario, and with which result.
//! - `shim.rs`: the primitives. `build.rs`: writes the programs.

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
