//! # One more branch
//!
//! Goal: make the step from stage 4 to stage 5. The run below looks at each log once per interval. Let it also look when
//! the system reports an event.
//!
//! You need two things. `events::watch(&inputs, interval)`, of the crate `events`, starts a watch, which runs until you call
//! `watch.stop().await`, or drop it. `input.notified()` completes when the watch has seen an event of this input.
//!
//! Minutes: 5
//!
//! Chapter: docs/src/stage-5.md, up to "The code"
//!
//! When it works: all tests pass. With an interval of an hour each line comes out at once, and with a short interval also
//! a line whose write makes no event. A follower whose log is idle sleeps.
//!
//! # Why
//!
//! This is all of stage 5. A task waits for any future, and `select!` for several, so one more reason to wake up is one more
//! branch. The tail does not know where the notification comes from.
//!
//! The interval stays. Some changes have no event: a write on another machine, through a memory map, or, as in a test below,
//! through a second name of the file in another folder. With the interval such a line is late; without it, it would never
//! come out.
//!
//! The watch lives as long as the run. `_` is no variable: `let _ = events::watch(…)` drops the watch at once. `stop` waits
//! until nothing of it is left, which a drop cannot do.
//!
//! Usual wrong answers: `let _ =`; `notified` in place of `sleep`, or in place of `closed`; a shorter sleep, with which no
//! event is needed.

use std::time::Duration;

use exercises::stage4::{QUEUE, run_tasks_with, send};
use merge_core::{Chunk, Found, Input, MergeError, Output, Result, Summary};
use tokio::{select, task::spawn_blocking, time::sleep};

/// Follows `input` until it is closed, and hands its lines to `write`: stage 4's tail.
async fn tail_async(
    mut input: Input,
    interval: Duration,
    mut write: impl AsyncFnMut(Chunk) -> Result<()>,
) -> Result<()> {
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
                () = sleep(interval) => {}
                () = input.notified() => {}
                () = input.closed() => {}
            },
            Found::End => return Ok(()),
        }
    }
}

/// Merges `inputs` into `output` until all of them are closed.
async fn run_tasks(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let watch = events::watch(&inputs, interval);
    let merged = run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
        tail_async(input, interval, async move |chunk| send(&queue, chunk).await)
    })
    .await;
    watch.stop().await;
    merged
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
::equivalence::suite! {
    |inputs, _, output| {
        let hour = ::std::time::Duration::from_secs(3600);
        ::exercises::stage4::block_on(crate::run_tasks(inputs, hour, output))
    };
    #[test]
    appends_in_lockstep_come_out_in_the_order_of_the_script
    #[test]
    a_close_wakes_a_follower_at_once
    #[test]
    a_file_replaced_under_load_loses_nothing
    #[test]
    a_deleted_file_is_followed_again_when_its_name_comes_back
}

#[test]
fn where_no_event_comes_the_interval_helps() {
    ::exercises::again!();
    ::exercises::events::where_no_event_comes_the_interval_helps(|inputs, interval, output| {
        ::exercises::stage4::block_on(crate::run_tasks(inputs, interval, output))
    });
}

#[test]
fn an_idle_log_is_left_alone() {
    ::exercises::again!();
    use ::exercises::stage4::{QUEUE, block_on, run_tasks_with, send};
    ::exercises::events::an_idle_log_is_left_alone(|inputs, interval, output, monitor| {
        block_on(run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
            monitor.instrument(crate::tail_async(input, interval, async move |chunk| send(&queue, chunk).await))
        }))
    });
}
