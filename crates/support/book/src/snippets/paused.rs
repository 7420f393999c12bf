//! Paused time: where it helps, and where it lies.

use std::future::pending;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};

const MINUTE: Duration = Duration::from_secs(60);

// ANCHOR: works
/// Asks up to three times, and waits longer after each failure.
async fn retry<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    for wait in [MINUTE, 10 * MINUTE, 60 * MINUTE] {
        if let Ok(Some(answer)) = timeout(MINUTE, ask()).await {
            return Some(answer);
        }
        sleep(wait).await;
    }
    None
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_asked_three_times_in_74_minutes() {
    let start = Instant::now();
    let mut asked = 0;
    let answer = retry(async || {
        asked += 1;
        pending::<Option<()>>().await
    });
    assert_eq!(answer.await, None);
    assert_eq!(asked, 3);
    assert_eq!(start.elapsed(), 74 * MINUTE); // To the nanosecond, and the test takes none of them.
}
// ANCHOR_END: works

// ANCHOR: lies
#[tokio::test(start_paused = true)]
async fn a_thread_that_answers_soon_is_an_hour_late() {
    let (ask, asked) = mpsc::channel::<()>();
    let (answer, answered) = oneshot::channel();
    thread::spawn(move || {
        let _ = asked.recv(); // Stands for a read that takes a moment.
        answer.send("a line")
    });
    // The runtime does not know of the thread. It has nothing to do but to wait for the timer, so an hour passes.
    assert!(timeout(60 * MINUTE, answered).await.is_err());
    drop(ask);
}
// ANCHOR_END: lies

// ANCHOR: stands
#[tokio::test(start_paused = true)]
async fn a_call_on_the_blocking_pool_takes_no_time_at_all() {
    let start = Instant::now();
    let call = spawn_blocking(|| thread::sleep(Duration::from_millis(20)));
    // In production this limit is broken. Here it never is: the clock stands still while the call runs.
    assert!(timeout(Duration::from_millis(1), call).await.is_ok());
    assert_eq!(start.elapsed(), Duration::ZERO);
}
// ANCHOR_END: stands

#[tokio::test]
async fn in_real_time_the_limit_on_the_call_is_broken() {
    let (release, held) = mpsc::channel::<()>();
    let call = spawn_blocking(move || held.recv());
    assert!(timeout(Duration::from_millis(1), call).await.is_err());
    drop(release);
}
