//! Stage 4 keeps the contract, on both kinds of runtime.

use tokio::runtime::Builder;

equivalence::suite!(stage4::merge);
equivalence::suite!(current_thread: |inputs, interval, output| {
    stage4::merge_on(Builder::new_current_thread(), inputs, interval, output)
});
equivalence::heartbeat!(stage4::run_tasks);

#[test]
#[ignore = "takes an hour: scripts/soak"]
fn random_changes_of_all_kinds_lose_nothing() {
    equivalence::soak(stage4::merge);
}
