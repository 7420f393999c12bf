//! # Blocked 1: by name
//!
//! Goal: one of the calls below blocks a runtime worker. Clippy finds it before anything runs, with the list of stage 4.
//! It names every call on the list; you decide which of them is in the wrong place, and move it. In `crates/exercises`:
//!
//!     CLIPPY_CONF_DIR=../stage4 cargo clippy --bin blocked1
//!
//! (In PowerShell: `$env:CLIPPY_CONF_DIR = "../stage4"`, and then the command.)
//!
//! Minutes: 5
//!
//! Chapter: docs/src/hang.md, up to "While it runs: a heartbeat"
//!
//! When it works: all tests pass. Another task runs while both sensors are silent.

use std::sync::mpsc::Receiver;

use tokio::task::spawn_blocking;

/// The sum of all readings of one sensor, until it is switched off.
fn sum(readings: &Receiver<u32>) -> u32 {
    let mut sum = 0;
    while let Ok(reading) = readings.recv() {
        sum += reading;
    }
    sum
}

/// The sum of all readings of both sensors. Blocks no runtime worker.
async fn total(indoors: Receiver<u32>, outdoors: Receiver<u32>) -> u32 {
    let indoors = spawn_blocking(move || sum(&indoors));
    // TODO: Clippy names two calls. One of them is in the right place.
    let mut total = 0;
    while let Ok(reading) = outdoors.recv() {
        total += reading;
    }
    total + indoors.await.expect("it does not panic")
}

fn main() {}

// The tests. Leave what follows as it is.

#[test]
fn another_task_runs_while_the_sensors_are_silent() {
    ::exercises::again!();
    ::exercises::blocked::another_task_runs_while_the_sensors_are_silent(total);
}

#[test]
fn silent_sensors_cost_no_processor_time() {
    ::exercises::again!();
    ::exercises::blocked::silent_sensors_cost_no_processor_time(total);
}
