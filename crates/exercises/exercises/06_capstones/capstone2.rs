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

use std::sync::Arc;
use std::time::Duration;

use exercises::events::Events;
use exercises::stage4::{QUEUE, run_tasks_with, send};
use merge_core::{Chunk, Found, Input, MergeError, Output, Result, Summary};
use tokio::runtime::Builder;
use tokio::task::spawn_blocking;
use tokio::{select, time::sleep};

/// Follows `input` until it is closed, and hands its lines to `write`.
///
/// It looks for new data once per `interval`, and at once when the input is closed.
async fn tail_events(
    mut input: Input,
    interval: Duration,
    events: Arc<Events>,
    mut write: impl AsyncFnMut(Chunk) -> Result<()>,
) -> Result<()> {
    // TODO: look after each event, and not only when the interval is over. `Events::watch` calls a closure, on a thread
    // of its own, for each event of a path. Decide which path, when the watch begins, and what the closure does.
    let _ = events;
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
