//! Stage 5 keeps the contract: by events alone, with both on a current-thread runtime, and without events.

use std::time::Duration;

use equivalence::Settings;
use stage_parts::{QUEUE, block_on, run_tasks_with, send};
use stage5::tail_async;
use tokio::runtime::Builder;

const HOUR: Duration = Duration::from_secs(3600);

// The interval never passes: only events tell the followers to look.
equivalence::suite!(|inputs, _, output| stage5::merge(inputs, HOUR, output));
equivalence::suite!(current_thread: |inputs, interval, output| {
    stage5::merge_on(Builder::new_current_thread(), inputs, interval, output)
});
// No watch: the safety net alone.
equivalence::suite!(without_events: |inputs, interval, output| {
    block_on(run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
        tail_async(input, interval, async move |chunk| send(&queue, chunk).await)
    }))
});
equivalence::heartbeat!(stage5::run_tasks);

#[test]
fn a_thousand_rotations_lose_nothing() {
    let by_events = |inputs, _, output| stage5::merge(inputs, HOUR, output);
    if let Err(violation) = equivalence::scenarios::rotations(1000, by_events, &Settings::default()) {
        panic!("{violation}");
    }
}

#[test]
#[ignore = "takes an hour: scripts/soak"]
fn random_changes_of_all_kinds_lose_nothing() {
    equivalence::soak(|inputs, _, output| stage5::merge(inputs, HOUR, output));
}
