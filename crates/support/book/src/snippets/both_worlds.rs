//! Threads and tasks in one release: a switch behind one entry point.

use std::time::Duration;

use merge_core::{Input, Output, Result, Summary};

// ANCHOR: both
/// Which of the two runs. A release contains both; a flag or a variable chooses.
#[derive(Clone, Copy, Debug)]
enum Engine {
    Threads,
    Tasks,
}

/// The entry point for all callers. They do not see which of the two runs.
fn merge(engine: Engine, inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    match engine {
        Engine::Threads => stage1::merge(inputs, interval, output),
        Engine::Tasks => stage4::merge(inputs, interval, output),
    }
}
// ANCHOR_END: both

// ANCHOR: held
// The same suite tests both, as long as both exist.
mod threads {
    use super::*;
    equivalence::suite!(|inputs, interval, output| merge(Engine::Threads, inputs, interval, output));
}
mod tasks {
    use super::*;
    equivalence::suite!(|inputs, interval, output| merge(Engine::Tasks, inputs, interval, output));
}
// ANCHOR_END: held
