//! A queue of events is full, and what does not fit is dropped without a word.
//!
//! **Shows as** single logs that stay behind after a burst, while all others go on.
//!
//! **Why:** every queue of events has a limit: the kernel's holds 16,384, and you bound your own for a good reason.
//! When it is full, the next event is lost. If it was the only event of a log, nothing else wakes that log's follower.
//!
//! **Right:** treat the overflow as an event of *every* log, because the lost events may concern any of them. Or keep a
//! mark per log, which cannot overflow: `Notifier::notify`. Stage 5 does both, and its interval is a safety net.
//!
//! **Source:** inotify(7), `IN_Q_OVERFLOW`; fluent-bit #1108.

use std::sync::Arc;
use std::time::Duration;

use merge_core::{Chunk, Found, Input, MergeError, Output, Result, Summary};
use stage_parts::{QUEUE, block_on, run_tasks_with, send};
use tokio::sync::{Notify, mpsc};
use tokio::{select, task::spawn_blocking, time::sleep};

use crate::told::{NET, watch_names};

/// Stage 5 with this mistake.
///
/// # Errors
///
/// As `stage5::merge`.
pub fn merge(inputs: Vec<Input>, _: Duration, output: Output) -> Result<Summary> {
    let (events, mut logs) = mpsc::channel(16);
    // The mistake.
    let _watcher = watch_names(&inputs, move |input| {
        let _ = events.try_send(input);
    })?;
    let notifiers: Vec<_> = inputs.iter().map(Input::notifier).collect();
    let looked = Arc::new(Notify::new());
    block_on(async {
        let turn = Arc::clone(&looked);
        // One log at a time.
        tokio::spawn(async move {
            while let Some(log) = logs.recv().await {
                notifiers[log].notify();
                turn.notified().await;
            }
        });
        run_tasks_with(inputs, NET, output, QUEUE, |input, net, queue| tail(input, net, Arc::clone(&looked), queue)).await
    })
}

async fn tail(mut input: Input, net: Duration, looked: Arc<Notify>, queue: mpsc::Sender<Chunk>) -> Result<()> {
    loop {
        let found;
        let read = spawn_blocking(move || (input.read_lines(), input)).await;
        (found, input) = read.map_err(|error| MergeError::ended_early(error.try_into_panic().ok()))?;
        match found? {
            Found::Lines(chunk) => send(&queue, chunk).await?,
            Found::NoNewData => {
                looked.notify_one();
                select! {
                    () = sleep(net) => {}
                    () = input.notified() => {}
                    () = input.closed() => {}
                }
            }
            Found::End => return Ok(()),
        }
    }
}
