//! Two nets for a program that runs: a heartbeat, and a look at the workers. Copy what you need.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use tokio::runtime::RuntimeMetrics;
use tokio::time::sleep;

// ANCHOR: heartbeat
/// Calls `late` whenever no task of this runtime has run for `patience`. Ends with the runtime.
fn heartbeat(patience: Duration, mut late: impl FnMut() + Send + 'static) {
    let (beat, beats) = mpsc::channel();
    tokio::spawn(async move {
        while beat.send(()).is_ok() {
            sleep(patience / 10).await;
        }
    });
    // A thread of its own: a watcher that is a task would be stuck as well.
    thread::spawn(move || {
        loop {
            match beats.recv_timeout(patience) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => late(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    });
}
// ANCHOR_END: heartbeat

// ANCHOR: stuck
/// The workers that have been in one poll, or in one burst of polls, since the last look. An even count means that the
/// worker is awake, and the count changes whenever it goes to sleep or wakes up.
fn stuck(metrics: &RuntimeMetrics, last: &mut Vec<u64>) -> Vec<usize> {
    let now: Vec<_> = (0..metrics.num_workers()).map(|worker| metrics.worker_park_unpark_count(worker)).collect();
    let stuck = |&worker: &usize| now[worker].is_multiple_of(2) && last.get(worker) == Some(&now[worker]);
    let stuck = (0..now.len()).filter(stuck).collect();
    *last = now;
    stuck
}
// ANCHOR_END: stuck

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::runtime::Builder;

    use super::*;

    /// Much longer than anything here takes.
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn the_exercises_have_the_same_heartbeat() {
        let code = |text: &str| {
            let code = text.split_once("fn heartbeat(").expect("it is there").1;
            code.split_once("\n}\n").expect("it ends").0.to_owned()
        };
        assert_eq!(code(include_str!("../../../../exercises/src/blocked.rs")), code(include_str!("heartbeat.rs")));
    }

    #[tokio::test]
    async fn a_blocked_worker_misses_its_beat() {
        let (late, noticed) = mpsc::channel();
        heartbeat(Duration::from_millis(20), move || {
            let _ = late.send(());
        });
        // Blocks the only worker until the heartbeat has noticed.
        noticed.recv_timeout(LONG).expect("the heartbeat notices");
    }

    #[test]
    fn a_free_worker_keeps_the_beat_and_the_watcher_ends_with_the_runtime() {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let (late, noticed) = mpsc::channel();
        runtime.block_on(async {
            heartbeat(LONG, move || {
                let _ = late.send(());
            });
            tokio::task::yield_now().await;
        });
        drop(runtime);
        // The watcher was never late, and it drops its sender when it ends.
        assert_eq!(noticed.recv_timeout(LONG / 2), Err(RecvTimeoutError::Disconnected));
    }

    #[test]
    fn a_worker_that_blocks_is_stuck_and_one_that_sleeps_is_not() {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
        let (metrics, mut last) = (runtime.metrics(), Vec::new());
        let (release, blocked) = mpsc::channel::<()>();
        let task = runtime.spawn(async move { blocked.recv() });
        let wait_for = |expected: usize, last: &mut Vec<u64>| {
            let deadline = Instant::now() + LONG;
            while stuck(&metrics, last).len() != expected {
                assert!(Instant::now() < deadline, "{expected} stuck workers never show");
                thread::sleep(Duration::from_millis(20));
            }
        };
        wait_for(1, &mut last);
        release.send(()).unwrap();
        runtime.block_on(task).unwrap().unwrap();
        wait_for(0, &mut last);
    }
}
