//! # An event is a hint
//!
//! Goal: the follower below is told of the events of its log, and still misses lines. It has two mistakes: an event can
//! get lost, and an event is taken for more than it says. Repair both. The interval does not help here: it is an hour.
//!
//! Minutes: 15
//!
//! Chapter: docs/src/stage-5.md, up to "A notification is a mark, not a message"
//!
//! When it works: all tests pass. An event that comes before the wait ends it at once, a thousand events during one look
//! end only one wait, and one event brings all lines that are there. A follower whose log is idle sleeps.

use std::sync::Arc;
use std::time::Duration;

use merge_core::{Chunk, Found, Input, MergeError, Result};
use tokio::sync::Notify;
use tokio::{select, task::spawn_blocking, time::sleep};

/// Tells one follower that its log has had an event. The watch and the follower share it.
#[derive(Default)]
struct Mark {
    events: Notify,
}

impl Mark {
    /// The watch calls this for each event, on any thread. It never waits.
    fn set(&self) {
        // TODO: this wakes a follower that waits now. What if the follower has just looked, and does not wait yet?
        self.events.notify_waiters();
    }

    /// Completes when there has been an event since the last wait. Cancel safe: if it is dropped half way, no event is
    /// lost.
    async fn wait(&self) {
        self.events.notified().await;
    }
}

/// Follows `input` until it is closed, and hands its lines to `write`. It looks after each event.
async fn tail_events(
    mut input: Input,
    interval: Duration,
    mark: Arc<Mark>,
    mut write: impl AsyncFnMut(Chunk) -> Result<()>,
) -> Result<()> {
    loop {
        let found;
        let read = spawn_blocking(move || (input.read_lines(), input)).await;
        (found, input) = read.map_err(|error| MergeError::ended_early(error.try_into_panic().ok()))?;
        match found? {
            Found::Lines(chunk) => write(chunk).await?,
            Found::NoNewData => {}
            Found::End => return Ok(()),
        }
        // TODO: a read returns the lines that fit into one block, and there may be more.
        select! {
            () = sleep(interval) => {}
            () = mark.wait() => {}
            () = input.closed() => {}
        }
    }
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
impl ::exercises::events::Hint for Mark {
    fn set(&self) {
        Mark::set(self);
    }

    async fn wait(&self) {
        Mark::wait(self).await;
    }
}

#[test]
fn an_event_before_the_wait_ends_it_at_once() {
    ::exercises::again!();
    ::exercises::events::an_event_before_the_wait_ends_it_at_once::<Mark>();
}

#[test]
fn an_event_wakes_the_task_that_waits() {
    ::exercises::again!();
    ::exercises::events::an_event_wakes_the_task_that_waits::<Mark>();
}

#[test]
fn a_thousand_events_end_one_wait() {
    ::exercises::again!();
    ::exercises::events::a_thousand_events_end_one_wait::<Mark>();
}

#[test]
fn a_dropped_wait_leaves_the_event() {
    ::exercises::again!();
    ::exercises::events::a_dropped_wait_leaves_the_event::<Mark>();
}

#[test]
fn one_event_brings_all_lines() {
    ::exercises::again!();
    use ::exercises::stage4::{QUEUE, block_on, run_tasks_with, send};
    ::exercises::events::one_event_brings_all_lines::<Mark>(|inputs, interval, output, mark| {
        block_on(run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
            tail_events(input, interval, mark.clone(), async move |chunk| send(&queue, chunk).await)
        }))
    });
}

#[test]
fn an_idle_log_is_left_alone() {
    ::exercises::again!();
    use ::exercises::stage4::{QUEUE, block_on, run_tasks_with, send};
    ::exercises::events::an_idle_log_is_left_alone(|inputs, interval, output, monitor| {
        block_on(run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
            let mark = Arc::default();
            monitor.instrument(tail_events(input, interval, mark, async move |chunk| send(&queue, chunk).await))
        }))
    });
}
