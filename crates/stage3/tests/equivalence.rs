//! Stage 3 keeps the contract, on both kinds of runtime.

use tokio::runtime::Builder;

equivalence::suite!(stage3::merge);
equivalence::suite!(current_thread: |inputs, interval, output| {
    stage3::merge_on(Builder::new_current_thread(), inputs, interval, output)
});
