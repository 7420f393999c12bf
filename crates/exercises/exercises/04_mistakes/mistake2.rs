//! # Mistake 2: the other tasks
//!
//! Goal: the top below should merge its inputs on a runtime that it shares with other tasks, and these should go on
//! even while the output takes nothing. It has a mistake. Run `scripts/exercises test mistake2`, find the mistake from
//! the report, write one sentence of diagnosis at the first TODO, and fix it.
//!
//! Minutes: 15
//!
//! Chapter: docs/src/gallery.md, up to "All of them"
//!
//! When it works: all tests pass. In one of them another task runs on the same runtime while the output takes nothing,
//! and it must go on.

use std::time::Duration;

use exercises::stage3::tail_async;
use exercises::stage4::{QUEUE, join_all, send};
use merge_core::{Chunk, FanIn, Input, Output, Result, Summary};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

// TODO: what is wrong? One sentence:

/// Merges `inputs` into `output` until all of them are closed. Blocks no runtime worker.
async fn run_tasks(inputs: Vec<Input>, interval: Duration, mut output: Output) -> Result<Summary> {
    let fan_in = FanIn::new(&inputs, &output);
    let (queue, mut chunks) = mpsc::channel::<Chunk>(QUEUE);
    let mut tasks = JoinSet::new();

    // TODO: fix it.
    tasks.spawn(async move {
        while let Some(chunk) = chunks.recv().await {
            output.write(&chunk)?;
        }
        Ok(())
    });

    for input in inputs {
        let queue = queue.clone();
        tasks.spawn(tail_async(input, interval, async move |chunk| send(&queue, chunk).await));
    }
    drop(queue);
    join_all(tasks, fan_in).await
}

fn main() {}

// The tests. Leave what follows as it is.

#[test]
fn a_slow_output_blocks_no_runtime_worker() {
    ::exercises::again!();
    let settings = ::equivalence::Settings::default();
    if let Err(violation) = ::equivalence::heartbeat::check(::equivalence::beating!(crate::run_tasks), &settings) {
        panic!("{violation}\n");
    }
}

#[cfg(test)]
::equivalence::suite! {
    |inputs, interval, output| ::exercises::stage4::block_on(crate::run_tasks(inputs, interval, output));
    #[test]
    one_input_is_copied
    #[test]
    the_run_returns_only_when_the_output_is_complete
    #[test]
    an_output_that_fails_ends_idle_followers
}
