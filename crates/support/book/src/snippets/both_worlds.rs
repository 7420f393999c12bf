//! Both worlds in one release: one entry point, and a switch behind it.

use std::time::Duration;

use merge_core::{Input, Output, Result, Summary};

// ANCHOR: both
/// Which of the two runs. A release has both; a flag or a variable chooses.
#[derive(Clone, Copy, Debug)]
enum Engine {
    Threads,
    Tasks,
}

/// The entry point that all callers use. They do not know what is behind it.
fn merge(engine: Engine, inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    match engine {
        Engine::Threads => stage1::merge(inputs, interval, output),
        Engine::Tasks => stage4::merge(inputs, interval, output),
    }
}
// ANCHOR_END: both

// ANCHOR: held
// One suite for both, for as long as both are there.
mod threads {
    use super::*;
    equivalence::suite!(|inputs, interval, output| merge(Engine::Threads, inputs, interval, output));
}
mod tasks {
    use super::*;
    equivalence::suite!(|inputs, interval, output| merge(Engine::Tasks, inputs, interval, output));
}
// ANCHOR_END: held
