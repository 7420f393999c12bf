//! Stage 5 keeps the contract, on both kinds of runtime, and when nothing but events wakes its followers.

use std::time::Duration;

use tokio::runtime::Builder;

equivalence::suite!(stage5::merge);
equivalence::suite!(current_thread: |inputs, interval, output| {
    stage5::merge_on(Builder::new_current_thread(), inputs, interval, output)
});
// The same when only events can tell a follower to look.
equivalence::suite!(by_events: |inputs, _, output| stage5::merge(inputs, Duration::from_hours(1), output));
equivalence::heartbeat!(stage5::run_tasks);
