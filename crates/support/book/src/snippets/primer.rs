//! The primer's examples: what tokio does, and the panic or the error when it is used wrong.

use std::collections::HashSet;
use std::future::pending;
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, RuntimeFlavor};
use tokio::sync::mpsc;
use tokio::task::{JoinSet, yield_now};
use tokio::time::{interval, sleep};
use tokio::{select, spawn};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_task_runs_only_when_a_thread_drives_its_runtime() {
    // ANCHOR: drive
    let runtime = Builder::new_current_thread().build().unwrap();
    let task = runtime.spawn(async { 6 * 7 }); // Accepted. No thread runs it.
    assert!(!task.is_finished());
    assert_eq!(runtime.block_on(task).unwrap(), 42); // Now this thread does.
    // ANCHOR_END: drive
}

// ANCHOR: first
#[tokio::test]
async fn a_task_starts_when_this_one_waits() {
    assert_eq!(Handle::current().runtime_flavor(), RuntimeFlavor::CurrentThread);
    let (log, order) = std::sync::mpsc::channel();
    let in_task = log.clone();
    let task = spawn(async move { in_task.send("the task").unwrap() });
    log.send("the test").unwrap(); // However long this takes.
    task.await.unwrap();
    assert_eq!(order.try_iter().collect::<Vec<_>>(), ["the test", "the task"]);
}
// ANCHOR_END: first

// ANCHOR: no_time
#[test]
#[should_panic(expected = "timers are disabled. Call `enable_time` on the runtime builder")]
fn a_runtime_without_timers() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { sleep(MINUTE).await });
}

#[test]
#[should_panic(expected = "there is no reactor running")]
fn a_sleep_without_a_runtime() {
    drop(sleep(MINUTE)); // It looks for its runtime when it is made.
}
// ANCHOR_END: no_time

#[tokio::test]
async fn a_task_ends_in_one_of_four_ways() {
    let mut seen = HashSet::new();
    // ANCHOR: nested
    let mut tasks = JoinSet::new();
    tasks.spawn(async { Ok(42) });
    tasks.spawn(async { Err("no such log") });
    tasks.spawn(async { panic!("a bug") });
    tasks.spawn(pending()).abort();
    while let Some(ended) = tasks.join_next().await {
        seen.insert(match ended {
            Ok(Ok(42)) => "the future returned a value",
            Ok(Err("no such log")) => "the future returned an error of yours",
            Err(error) if error.is_panic() => "the task panicked", // `error` is a `JoinError`.
            Err(error) if error.is_cancelled() => "the task was aborted",
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(seen.len(), 4);
    // ANCHOR_END: nested
}

#[tokio::test]
async fn what_is_dropped_before_the_await_need_not_be_send() {
    // ANCHOR: narrow
    spawn(async {
        let length = { Rc::new("a.log").len() }; // 1. It ends before the await.
        yield_now().await;
        length
    });
    spawn(async {
        let name = Arc::new("a.log"); // 2. A type that is `Send`.
        yield_now().await;
        name.len()
    });
    let here = async {
        let name = Rc::new("a.log"); // 3. A future that stays on its thread.
        yield_now().await;
        name.len()
    };
    assert_eq!(here.await, 5); // On a thread of its own: `runtime.block_on(here)`.
    // ANCHOR_END: narrow
}

#[tokio::test]
async fn an_async_closure_may_lend_what_it_holds() {
    // ANCHOR: lends
    let mut lines = Vec::new();
    let mut write = async |line: &str| lines.push(line.to_owned());
    write("a").await;
    write("b").await;
    assert_eq!(lines, ["a", "b"]);
    // ANCHOR_END: lends
}

// ANCHOR: concrete
async fn follow(mut write: impl AsyncFnMut(String)) {
    write("a".to_owned()).await;
}

/// The future belongs to the bound, so the caller can promise that it is `Send`. It borrows nothing from `write`.
fn start<F: Future<Output = ()> + Send>(mut write: impl FnMut(String) -> F + Send + 'static) {
    spawn(async move { write("a".to_owned()).await });
}
// ANCHOR_END: concrete

#[tokio::test]
async fn what_generic_code_cannot_demand_its_caller_has() {
    let (queue, mut received) = mpsc::unbounded_channel();
    // ANCHOR: spawned
    let sender = queue.clone();
    // Here the compiler knows the closure, and sees that its future is `Send`.
    let task = spawn(follow(async move |line| sender.send(line).unwrap()));
    // ANCHOR_END: spawned
    task.await.unwrap();
    start(move |line| {
        let queue = queue.clone();
        async move { queue.send(line).unwrap() }
    });
    assert_eq!(received.recv().await.as_deref(), Some("a"));
    assert_eq!(received.recv().await.as_deref(), Some("a"));
    assert_eq!(received.recv().await, None);
}

#[test]
fn the_blocking_pool_grows_as_far_as_it_is_allowed() {
    // ANCHOR: pool
    let threads_of_40_calls = |most, each_waits_for_all| {
        let runtime = Builder::new_current_thread().max_blocking_threads(most).build().unwrap();
        let (all_40, threads) = (Arc::new(Barrier::new(40)), Arc::new(Mutex::new(HashSet::new())));
        for _ in 0..40 {
            let (all_40, threads) = (all_40.clone(), threads.clone());
            runtime.spawn_blocking(move || {
                threads.lock().unwrap().insert(thread::current().id());
                if each_waits_for_all {
                    all_40.wait();
                }
            });
        }
        drop(runtime); // Waits for the calls.
        threads.lock().unwrap().len()
    };
    assert_eq!(threads_of_40_calls(512, true), 40);
    assert!(threads_of_40_calls(4, false) <= 4); // The other calls wait in the pool's queue.
    // ANCHOR_END: pool
}

#[tokio::test]
async fn a_pinned_future_lives_on() {
    // ANCHOR: pinned
    let mut run = pin!(async {
        sleep(Duration::from_millis(5)).await;
        "done"
    });
    let mut ticks = interval(Duration::from_millis(1));
    let result = loop {
        select! {
            result = &mut run => break result,
            _ = ticks.tick() => {} // What is dropped is a borrow. `run` goes on in the next round.
        }
    };
    assert_eq!(result, "done");
    // ANCHOR_END: pinned
}

#[tokio::test]
async fn a_place_is_reserved_first() {
    // ANCHOR: reserve
    let (queue, mut received) = mpsc::channel(1);
    queue.send("first".to_owned()).await.unwrap(); // Now the queue is full.

    let message = "second".to_owned();
    let place = loop {
        select! {
            biased; // Poll the branches in this order.
            place = queue.reserve() => break place.unwrap(),
            first = received.recv() => assert_eq!(first.unwrap(), "first"), // Drops no message.
        }
    };
    place.send(message); // Does not wait.
    assert_eq!(received.recv().await.unwrap(), "second");
    // ANCHOR_END: reserve
}
