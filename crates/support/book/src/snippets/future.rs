//! A future is a value. Nothing happens until it is awaited.

use std::cell::Cell;

#[tokio::test]
async fn nothing_happens_until_it_is_awaited() {
    // ANCHOR: future
    let calls = Cell::new(0);
    let count = async || calls.set(calls.get() + 1);

    let future = count(); // A value. Its body has not started.
    assert_eq!(calls.get(), 0);
    future.await; // Now it runs.
    assert_eq!(calls.get(), 1);
    // ANCHOR_END: future
}
