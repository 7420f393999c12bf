//! Stage 2 keeps the contract, on both kinds of runtime.

use tokio::runtime::Builder;

equivalence::suite!(stage2::merge);
equivalence::suite!(current_thread: |inputs, interval, output| {
    stage2::merge_on(Builder::new_current_thread(), inputs, interval, output)
});
equivalence::heartbeat!(stage2::run_tasks_mixed);
