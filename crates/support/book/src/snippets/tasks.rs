//! Fan-out and fan-in: tasks in a `JoinSet`.

use tokio::task::JoinSet;

#[tokio::test]
async fn whoever_ends_first_is_heard_first() {
    // ANCHOR: tasks
    let mut tasks = JoinSet::new();
    for number in [1, 2, 3] {
        tasks.spawn(async move { number * 10 }); // Fan-out: the task starts now.
    }
    let mut sum = 0;
    while let Some(ended) = tasks.join_next().await {
        sum += ended.unwrap(); // Fan-in: an `Err` means that the task panicked or was aborted.
    }
    assert_eq!(sum, 60);
    // ANCHOR_END: tasks
}
