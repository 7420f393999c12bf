//! # The safety net
//!
//! Goal: events are for speed, and a slow look is for truth. The run below relies on events alone. Make it notice the
//! lines whose event is lost: the system's queue was full, the system gives no more events, or the write made none.
//!
//! Minutes: 15
//!
//! Chapter: docs/src/stage-5.md, up to "An event is a hint"
//!
//! When it works: all tests pass. Whatever the events say, or do not say, each line comes out. And nobody polls while
//! there are events: with an interval of an hour, the follower of an idle log sleeps.

use std::time::Duration;

use exercises::events::{Event, Source};
use merge_core::{Chunk, Found, Input, MergeError, Notifier, Result};
use tokio::{select, task::spawn_blocking};

/// How often the followers look when there are no events.
const POLL: Duration = Duration::from_millis(100);

/// Passes the events on to the followers, which are in the order of the inputs. It never returns: the run drops it at
/// its end. `Notifier::notify` makes a follower look; it never blocks.
async fn pass_on(mut events: Source, followers: Vec<Notifier>) {
    while let Some(event) = events.next().await {
        match event {
            Event::Changed(input) => followers[input].notify(),
            // TODO: the system had to throw events away, because its queue was full. Whose events?
            Event::Overflow => {}
        }
    }
    // TODO: the system gives no more events, and will not begin again.
    std::future::pending().await
}

/// Follows `input` until it is closed, and hands its lines to `write`.
///
/// It looks when the input is notified or closed, and once per `interval`.
async fn tail_async(
    mut input: Input,
    interval: Duration,
    mut write: impl AsyncFnMut(Chunk) -> Result<()>,
) -> Result<()> {
    // TODO: this relies on the events alone.
    let _ = interval;
    loop {
        let found;
        (found, input) = if input.has_unread()? {
            let read = spawn_blocking(move || (input.read_lines(), input)).await;
            read.map_err(|error| MergeError::ended_early(error.try_into_panic().ok()))?
        } else {
            (Ok(Found::NoNewData), input)
        };
        match found? {
            Found::Lines(chunk) => write(chunk).await?,
            Found::NoNewData => select! {
                () = input.notified() => {}
                () = input.closed() => {}
            },
            Found::End => return Ok(()),
        }
    }
}

fn main() {}

// The tests. Leave what follows as it is.

// All of it on one thread: a call that blocks it stops the followers.
#[cfg(test)]
fn merge(
    inputs: Vec<Input>,
    interval: Duration,
    output: ::merge_core::Output,
    events: Source,
) -> Result<::merge_core::Summary> {
    use ::exercises::stage4::{QUEUE, block_on_one_thread, run_tasks_with, send};
    let followers = inputs.iter().map(Input::notifier).collect();
    let monitor = events.monitor();
    let run = run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
        monitor.instrument(tail_async(input, interval, async move |chunk| send(&queue, chunk).await))
    });
    block_on_one_thread(async {
        ::tokio::select! {
            summary = run => summary,
            () = pass_on(events, followers) => ::std::panic!("`pass_on` returned, and nobody listens to events now"),
        }
    })
}

#[test]
fn after_an_overflow_all_followers_look() {
    ::exercises::again!();
    ::exercises::events::after_an_overflow_all_followers_look(merge);
}

#[test]
fn when_the_events_end_the_followers_are_polled() {
    ::exercises::again!();
    ::exercises::events::when_the_events_end_the_followers_are_polled(merge);
}

#[test]
fn a_change_without_an_event_is_found() {
    ::exercises::again!();
    ::exercises::events::a_change_without_an_event_is_found(merge);
}

#[test]
fn the_close_ends_a_follower_at_once() {
    ::exercises::again!();
    ::exercises::events::the_close_ends_a_follower_at_once(merge);
}

#[test]
fn an_idle_log_is_left_alone() {
    ::exercises::again!();
    ::exercises::events::a_log_without_events_is_left_alone(merge);
}

#[test]
fn when_the_events_end_a_follower_looks_ten_times_a_second() {
    ::exercises::again!();
    ::exercises::events::when_the_events_end_a_follower_looks_ten_times_a_second(merge);
}
