//! An event is taken for data: one event, one read.
//!
//! **Shows as** lines that stay behind, and more of them the faster a log grows. A later event brings old lines.
//!
//! **Why:** an event does not say how much was written. Equal events in a row become one, and a read takes no more than
//! its buffer holds. The rest has had its event already.
//!
//! **Right:** treat an event as a hint to look. Read until there is nothing more, and only then wait for the next
//! event, as `stage5::tail_async` does in the loop that it has from stage 1.
//!
//! **Source:** inotify(7), on identical events that are coalesced.

use std::time::Duration;

use merge_core::{Chunk, Found, Input, MergeError, Output, Result, Summary};
use stage_parts::{QUEUE, block_on, run_tasks_with, send};
use tokio::{select, sync::mpsc::Sender, task::spawn_blocking, time::sleep};

use crate::told::{NET, watch_names};

/// Stage 5 with this mistake.
///
/// # Errors
///
/// As `stage5::merge`.
pub fn merge(inputs: Vec<Input>, _: Duration, output: Output) -> Result<Summary> {
    let notifiers: Vec<_> = inputs.iter().map(Input::notifier).collect();
    let _watcher = watch_names(&inputs, move |input| notifiers[input].notify())?;
    block_on(run_tasks_with(inputs, NET, output, QUEUE, tail))
}

async fn tail(mut input: Input, net: Duration, queue: Sender<Chunk>) -> Result<()> {
    loop {
        let found;
        let read = spawn_blocking(move || (input.read_lines(), input)).await;
        (found, input) = read.map_err(|error| MergeError::ended_early(error.try_into_panic().ok()))?;
        match found? {
            Found::Lines(chunk) => send(&queue, chunk).await?,
            Found::NoNewData => {}
            Found::End => return Ok(()),
        }
        // The mistake: the wait comes after every read.
        select! {
            () = sleep(net) => {}
            () = input.notified() => {}
            () = input.closed() => {}
        }
    }
}
