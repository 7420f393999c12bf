//! Two tasks that wait for each other for ever, and no thread is blocked.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Barrier, Mutex};
use tokio::time::timeout;

// ANCHOR: deadlock
async fn transfer(from: Arc<Mutex<i64>>, to: Arc<Mutex<i64>>, both: Arc<Barrier>) {
    let mut from = from.lock().await;
    both.wait().await; // Here so that it happens every time.
    let mut to = to.lock().await;
    *from -= 1;
    *to += 1;
}
// ANCHOR_END: deadlock

#[tokio::test(start_paused = true)]
async fn two_locks_in_opposite_orders_wait_for_ever() {
    let (a, b, both) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(1)), Arc::new(Barrier::new(2)));
    let one = tokio::spawn(transfer(Arc::clone(&a), Arc::clone(&b), Arc::clone(&both)));
    let two = tokio::spawn(transfer(b, a, both));
    assert!(timeout(Duration::from_secs(3600), one).await.is_err());
    assert!(!two.is_finished());
}
