//! An event wakes only a follower that waits already.
//!
//! **Shows as** a line that stays invisible until the next one is written to the same log. It happens rarely, and never
//! under a debugger.
//!
//! **Why:** `Notify::notify_waiters` wakes the tasks that wait now. A line that is written after the look and before
//! the wait has its event at that time too, when no task waits.
//!
//! **Right:** an event leaves a mark that the next wait finds, as `Notify::notify_one` and `Notifier::notify` do.
//!
//! **Source:** tokio's documentation of `Notify`, on `notify_waiters`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use merge_core::{Chunk, Found, Input, MergeError, Output, Result, Summary};
use stage_parts::{QUEUE, block_on, run_tasks_with, send};
use tokio::sync::{Notify, mpsc::Sender};
use tokio::{select, task::spawn_blocking, time::sleep};

use crate::told::{NET, watch_names};

/// Stage 5 with this mistake.
///
/// # Errors
///
/// As `stage5::merge`.
pub fn merge(inputs: Vec<Input>, _: Duration, output: Output) -> Result<Summary> {
    let events: Vec<_> = inputs.iter().map(|_| Arc::new(Notify::new())).collect();
    let of_path: HashMap<_, _> =
        inputs.iter().map(|input| input.path().to_owned()).zip(events.iter().cloned()).collect();
    // The mistake.
    let _watcher = watch_names(&inputs, move |input| events[input].notify_waiters())?;
    block_on(run_tasks_with(inputs, NET, output, QUEUE, |input, net, queue| {
        let event = Arc::clone(&of_path[input.path()]);
        tail(input, net, event, queue)
    }))
}

async fn tail(mut input: Input, net: Duration, event: Arc<Notify>, queue: Sender<Chunk>) -> Result<()> {
    loop {
        let found;
        let read = spawn_blocking(move || (input.read_lines(), input)).await;
        (found, input) = read.map_err(|error| MergeError::ended_early(error.try_into_panic().ok()))?;
        match found? {
            Found::Lines(chunk) => send(&queue, chunk).await?,
            Found::NoNewData => select! {
                () = sleep(net) => {}
                () = event.notified() => {}
                () = input.closed() => {}
            },
            Found::End => return Ok(()),
        }
    }
}
