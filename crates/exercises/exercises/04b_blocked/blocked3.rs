//! # Blocked 3: by its polls
//!
//! Goal: nothing below waits, and yet other tasks have to. One of the three computations takes long, and which one it is
//! you cannot tell from its name. Measure how long the polls of each kind of task take, in `crates/exercises`:
//!
//!     cargo run --bin blocked3
//!
//! Write one sentence of diagnosis at the first TODO, and move that computation, and no other.
//!
//! Minutes: 15
//!
//! Chapter: docs/src/hang.md, up to "When tasks wait: a task dump"
//!
//! When it works: all tests pass, and no poll is slow any more.

use std::sync::Arc;

use exercises::blocked::{Answers, Desk};
use tokio::task::JoinSet;
use tokio_metrics::TaskMonitor;

// TODO: which computation takes long, and how do you know? One sentence:

// TODO: move that one.

async fn digest(desk: Desk, text: Arc<str>) -> u64 {
    desk.digest(&text)
}

async fn vocabulary(desk: Desk, text: Arc<str>) -> usize {
    desk.vocabulary(&text)
}

async fn mirrors(desk: Desk, text: Arc<str>) -> usize {
    desk.mirrors(&text)
}

/// Answers all three questions about each text, each in a task of its own. A monitor measures the tasks of one kind.
async fn ask(
    desk: Desk,
    texts: Vec<Arc<str>>,
    [on_digest, on_vocabulary, on_mirrors]: [TaskMonitor; 3],
) -> Vec<Answers> {
    let mut tasks = JoinSet::new();
    for (number, text) in texts.into_iter().enumerate() {
        let digest = tokio::spawn(on_digest.instrument(digest(desk.clone(), text.clone())));
        let vocabulary = tokio::spawn(on_vocabulary.instrument(vocabulary(desk.clone(), text.clone())));
        let mirrors = tokio::spawn(on_mirrors.instrument(mirrors(desk.clone(), text)));
        tasks.spawn(async move {
            const EXPECTED: &str = "it does not panic";
            let answers =
                (digest.await.expect(EXPECTED), vocabulary.await.expect(EXPECTED), mirrors.await.expect(EXPECTED));
            (number, answers)
        });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|&(number, _)| number);
    answers.into_iter().map(|(_, answers)| answers).collect()
}

/// Four texts, with the metrics of each kind of task.
fn main() {
    exercises::blocked::with_metrics(ask);
}

// The tests. Leave what follows as it is.

#[test]
fn what_takes_long_runs_on_no_runtime_worker() {
    ::exercises::again!();
    ::exercises::blocked::what_takes_long_runs_on_no_runtime_worker(ask);
}

#[test]
fn what_is_quick_stays_in_its_task() {
    ::exercises::again!();
    ::exercises::blocked::what_is_quick_stays_in_its_task(ask);
}

#[test]
fn all_questions_are_answered() {
    ::exercises::again!();
    ::exercises::blocked::all_questions_are_answered(ask);
}
