//! The log's file is watched, and not its name.
//!
//! **Shows as** a log that falls silent after its rotation.
//!
//! **Why:** on Linux a watch belongs to the file that the path led to when the watch was added. A rotation gives the
//! name to a new file, which has no watch, and the events of the old file say nothing about the new one.
//!
//! **Right:** watch the folder. It has an event for each name that is written, created or removed, and one watch serves
//! all logs of the folder: the crate `events` beside stage 5.
//!
//! **Source:** inotify(7), "Limitations and caveats"; the documentation of `notify`, "Editor behaviour".

use std::path::Path;
use std::time::Duration;

use merge_core::{Input, Output, Result, Summary};
use stage_parts::{QUEUE, block_on, run_tasks_with, send};
use stage5::tail_async;

use crate::told::{NET, watch};

/// Stage 5 with this mistake.
///
/// # Errors
///
/// As `stage5::merge`.
pub fn merge(inputs: Vec<Input>, _: Duration, output: Output) -> Result<Summary> {
    let paths: Vec<_> = inputs.iter().map(|input| input.path().to_owned()).collect();
    let notifiers: Vec<_> = inputs.iter().map(Input::notifier).collect();
    let watched = paths.clone();
    // The mistake.
    let _watcher = watch(watched, move |event| {
        let is_it = |path: &Path| event.paths.iter().any(|other| other == path);
        paths.iter().zip(&notifiers).filter(|(path, _)| is_it(path)).for_each(|(_, notifier)| notifier.notify());
    })?;
    block_on(run_tasks_with(inputs, NET, output, QUEUE, |input, net, queue| {
        tail_async(input, net, async move |chunk| send(&queue, chunk).await)
    }))
}
