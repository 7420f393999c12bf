//! A full queue makes the fast side wait.

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

#[tokio::test]
async fn a_full_queue_holds_the_sender_back() {
    // ANCHOR: backpressure
    let (queue, mut received) = mpsc::channel(2);
    queue.send("a").await.unwrap();
    queue.send("b").await.unwrap();
    // Now `send` would wait for room. `try_send` returns the reason.
    assert_eq!(queue.try_send("c"), Err(TrySendError::Full("c")));

    received.recv().await; // The writer takes one,
    assert_eq!(queue.try_send("c"), Ok(())); // and there is room again.
    // ANCHOR_END: backpressure
}
