//! # Events in place of polling
//!
//! Goal: let the tail sleep until the system reports an event of its log. The interval stays, as a safety net. Almost
//! all tests run with an interval of an hour.
//!
//! Minutes: 60
//!
//! Chapter: docs/src/contract.md
//!
//! When it works: all tests pass. With an interval of an hour, lines come out at once, a log that is rotated is
//! followed by its name, and a line that is written just before the watch begins is not missed. With a short interval,
//! a log that has no events is followed as well.
//!
//! # Why
//!
//! An event is not data. It only means that it is time to look, so there may be too many, and several may become one.
//! So the two sides share no more than a `Notify`, which holds at most one permit. `notify_one` keeps that permit if no
//! task waits, so an event between the look and the wait is not lost.
//!
//! First the watch, then the look. The look sees the lines that were written before the watch, and lines that are
//! written after it make an event. In the other order there is a gap between the two. `Closer::closed` does the same
//! with its waker.
//!
//! Watch the folder, not the file: a watch on a file stays with the file when it is renamed, and there is no event for
//! the new one. Names belong to the folder. The price is that a write to another log of the folder wakes this tail as
//! well, for one look.
//!
//! The interval stays, because events can be missing: a network file system makes none, and the log may be a symbolic
//! link to another folder.
//!
//! Usual wrong answers: to look first and then watch; to watch the file; to wait for the event with a blocking channel,
//! on the runtime's worker; to rely on events alone; to drop the watch at once, as `let _ =` does.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use exercises::events::Events;
use exercises::stage4::{QUEUE, run_tasks_with, send};
use merge_core::{Chunk, Found, Input, MergeError, Output, Result, Summary};
use tokio::runtime::Builder;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::{select, time::sleep};

/// Follows `input` until it is closed, and hands its lines to `write`.
///
/// It looks for new data when the log's folder has an event, and at once when the input is closed. If no event comes,
/// it still looks once per `interval`.
async fn tail_events(
    mut input: Input,
    interval: Duration,
    events: Arc<Events>,
    mut write: impl AsyncFnMut(Chunk) -> Result<()>,
) -> Result<()> {
    let event = Arc::new(Notify::new());
    let happened = Arc::clone(&event);
    // The folder, because a rotated log is another file. Only a root has no parent, and a root is not a log.
    let folder = input.path().parent().unwrap_or(Path::new("/"));
    // Before the first look, so that nothing can be written between the two.
    let _watching = events.watch(folder, move || happened.notify_one())?;
    loop {
        let found;
        (found, input) = if input.has_unread()? {
            spawn_blocking(move || (input.read_lines(), input))
                .await
                .map_err(|error| MergeError::ended_early(error.try_into_panic().ok()))?
        } else {
            (Ok(Found::NoNewData), input)
        };
        match found? {
            Found::Lines(chunk) => write(chunk).await?,
            Found::NoNewData => select! {
                () = event.notified() => {}
                () = sleep(interval) => {}
                () = input.closed() => {}
            },
            Found::End => return Ok(()),
        }
    }
}

/// Stage 4's top, with one `Events` for all tails.
async fn merge_async(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let events = Arc::new(Events::new()?);
    run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
        tail_events(input, interval, Arc::clone(&events), async move |chunk| send(&queue, chunk).await)
    })
    .await
}

fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let runtime = Builder::new_multi_thread().enable_time().build().map_err(MergeError::Start)?;
    runtime.block_on(merge_async(inputs, interval, output))
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
::equivalence::suite! {
    |inputs, _, output| crate::merge(inputs, Duration::from_secs(3600), output);
    #[test]
    appends_in_lockstep_come_out_in_the_order_of_the_script
    #[test]
    six_hundred_inputs_are_all_followed_at_once
    #[test]
    a_file_replaced_under_load_loses_nothing
    #[test]
    a_deleted_file_is_followed_again_when_its_name_comes_back
}

#[test]
fn what_is_written_just_before_the_watch_comes_out() {
    ::exercises::again!();
    ::exercises::events::what_is_written_just_before_the_watch_comes_out(merge);
}

#[test]
fn a_rotation_wakes_the_tail() {
    ::exercises::again!();
    ::exercises::events::a_rotation_wakes_the_tail(merge);
}

#[test]
fn where_no_event_comes_the_interval_helps() {
    ::exercises::again!();
    ::exercises::events::where_no_event_comes_the_interval_helps(merge);
}

#[test]
fn a_slow_output_blocks_no_runtime_worker() {
    ::exercises::again!();
    let checked = ::equivalence::heartbeat::check(::equivalence::beating!(crate::merge_async), &Default::default());
    checked.unwrap_or_else(|violation| panic!("{violation}"));
}
