//! To cancel a future means to drop it, with everything that it owns.

use std::future::ready;

use tokio::select;
use tokio::sync::mpsc;

#[tokio::test]
async fn what_a_dropped_future_held_is_gone() {
    // ANCHOR: cancelled
    let (queue, mut received) = mpsc::channel(1);
    queue.send("first").await.unwrap(); // Now the queue is full.

    select! {
        biased; // Poll the branches in this order.
        _ = queue.send("second") => unreachable!("there is no room"),
        () = ready(()) => {} // Wins, so the `send` is dropped with its message.
    }
    drop(queue);
    assert_eq!(received.recv().await, Some("first"));
    assert_eq!(received.recv().await, None); // "second" is lost.
    // ANCHOR_END: cancelled
}
