//! The three ways from a thread to a task.

use std::thread;

use tokio::runtime::Handle;
use tokio::sync::mpsc;

#[tokio::test]
async fn three_ways_from_a_thread_to_a_task() {
    // ANCHOR: bridge
    let (queue, mut received) = mpsc::channel::<&str>(16);
    let runtime = Handle::current();
    thread::spawn(move || {
        // Drives any future. This thread waits until the future is done.
        runtime.block_on(queue.send("by block_on")).unwrap();
        // The same, only for sending.
        queue.blocking_send("by blocking_send").unwrap();
        // Hands the future to the runtime. This thread waits only if it asks for the result.
        let task = runtime.spawn(async move { queue.send("by spawn").await });
        runtime.block_on(task).unwrap().unwrap();
    });
    assert_eq!(received.recv().await, Some("by block_on"));
    assert_eq!(received.recv().await, Some("by blocking_send"));
    assert_eq!(received.recv().await, Some("by spawn"));
    assert_eq!(received.recv().await, None); // The last sender is dropped.
    // ANCHOR_END: bridge
}
