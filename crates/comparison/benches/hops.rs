//! The price list of bridges: what does it cost to hand one value over, in each of the ways that the stages use?
//!
//! All async work is spawned on the runtime's workers, so that `block_on` itself is not measured, except where it is the
//! bridge.

#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use comparison::Result;
use comparison::contender::{Contender, multi_thread, with_stages};
use comparison::logs::Logs;
use comparison::recorder::{Recorder, bench, criterion_group, time};
use criterion::{BenchmarkGroup, Criterion, measurement::WallTime};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

/// How many values a queue may hold: as in stages 2 and 4.
const QUEUE: usize = 16;

fn main() -> Result<()> {
    bench("hops", price_list)
}

fn price_list(criterion: &mut Criterion, recorder: &mut Recorder) -> Result<()> {
    let runtime = Builder::new_multi_thread().build()?;
    let settings = recorder.profile.pick((10, 1, 1), (20, 300, 700), (50, 1_000, 3_000));
    let mut hops = Hops { group: criterion_group(criterion, "hops", settings), recorder };

    hops.time("function call", |times| {
        for value in 0..times {
            black_box(call(value));
        }
    });
    let shared = Mutex::new(0);
    hops.time("Mutex, uncontended", |times| add(&shared, times));
    contended_mutex(&mut hops);
    hops.time("crossbeam, same thread", |times| {
        let (sender, receiver) = crossbeam_channel::bounded(QUEUE);
        for value in 0..times {
            let _ = sender.send(value);
            let _ = black_box(receiver.recv());
        }
    });
    hops.time("crossbeam, to a thread", |times| {
        let (sender, receiver) = crossbeam_channel::bounded(QUEUE);
        thread::scope(|scope| {
            scope.spawn(move || receiver.iter().for_each(|value: u64| _ = black_box(value)));
            (0..times).for_each(|value| _ = sender.send(value));
            drop(sender);
        });
    });
    hops.time("mpsc send, task to task", |times| {
        on_a_worker(&runtime, async move {
            let (sender, receiver) = channel(QUEUE);
            let receiving = tokio::spawn(receive(receiver));
            send(sender, times).await;
            let _ = receiving.await;
        });
    });
    hops.time("mpsc send, task to thread", |times| {
        on_a_worker(&runtime, async move {
            let (sender, mut receiver) = channel(QUEUE);
            let receiving = spawn_blocking(move || {
                while let Some(value) = receiver.blocking_recv() {
                    black_box::<u64>(value);
                }
            });
            send(sender, times).await;
            let _ = receiving.await;
        });
    });
    hops.time("blocking_send, thread to task", |times| {
        to_a_task(&runtime, times, |sender, value| _ = sender.blocking_send(value));
    });
    hops.time("block_on(send), thread to task", |times| {
        let handle = runtime.handle();
        to_a_task(&runtime, times, |sender, value| _ = handle.block_on(sender.send(value)));
    });
    hops.time("oneshot, there and back", |times| {
        on_a_worker(&runtime, async move {
            let (sender, mut receiver) = channel::<oneshot::Sender<u64>>(QUEUE);
            let answering = tokio::spawn(async move {
                while let Some(answer) = receiver.recv().await {
                    let _ = answer.send(1);
                }
            });
            for _ in 0..times {
                let (answer, answered) = oneshot::channel();
                let _ = sender.send(answer).await;
                let _ = black_box(answered.await);
            }
            drop(sender);
            let _ = answering.await;
        });
    });
    hops.time("spawn, and await the task", |times| {
        on_a_worker(&runtime, async move {
            for value in 0..times {
                let _ = black_box(tokio::spawn(async move { call(value) }).await);
            }
        });
    });
    hops.time("spawn_blocking, there and back", |times| {
        on_a_worker(&runtime, async move {
            for value in 0..times {
                let _ = black_box(spawn_blocking(move || call(value)).await);
            }
        });
    });

    whole_followers(&mut hops)
}

/// The cost of a whole follower: a thousand logs of one line each, merged to the end, divided by their number.
fn whole_followers(hops: &mut Hops) -> Result<()> {
    let count = hops.recorder.profile.pick(5, 1_000, 1_000);
    let logs = Logs::prefilled(count, 0, 100)?;
    let runtime = multi_thread(count)?;
    for contender in with_stages(&[Contender::Baseline]) {
        let name = match contender {
            Contender::Baseline => "open, copy a line, close".to_owned(),
            stage => format!("a whole follower, {stage}"),
        };
        hops.time_many(&name, f64::from(count), |times| {
            for _ in 0..times {
                contender.merge_backlog(&logs, &runtime).unwrap_or_else(|error| panic!("{error}"));
            }
        });
    }
    Ok(())
}

/// The group and its figures.
struct Hops<'a> {
    recorder: &'a mut Recorder,
    group: BenchmarkGroup<'a, WallTime>,
}

impl Hops<'_> {
    /// Times `hop`, which hands that many values over.
    fn time(&mut self, name: &str, hop: impl FnMut(u64)) {
        self.time_many(name, 1.0, hop);
    }

    /// Times `hop`, which hands over `parts` values that many times.
    fn time_many(&mut self, name: &str, parts: f64, mut hop: impl FnMut(u64)) {
        let samples = time(&mut self.group, name, |times| {
            let start = Instant::now();
            hop(times);
            start.elapsed()
        });
        // The warm-up begins with few values, where the start of a thread would dominate.
        let most = samples.iter().map(|&(times, _)| times).max().unwrap_or_default();
        let counts = samples.iter().filter(|&&(times, _)| 2 * times >= most);
        let nanoseconds: Vec<_> =
            counts.map(|&(times, took)| took.as_secs_f64() * 1e9 / (times as f64 * parts)).collect();
        self.recorder.add("one value", 0.0, name, "time", "ns", &nanoseconds);
    }
}

/// Another thread takes the same lock as often as it can.
fn contended_mutex(hops: &mut Hops) {
    let (shared, done) = (Mutex::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                *lock(&shared) += black_box(1);
            }
        });
        hops.time("Mutex, contended", |times| add(&shared, times));
        done.store(true, Ordering::Relaxed);
    });
}

/// A plain thread hands values to a task, by `send`.
fn to_a_task(runtime: &Runtime, times: u64, mut send: impl FnMut(&Sender<u64>, u64)) {
    let (sender, receiver) = channel(QUEUE);
    let receiving = runtime.spawn(receive(receiver));
    (0..times).for_each(|value| send(&sender, value));
    drop(sender);
    let _ = runtime.block_on(receiving);
}

async fn send(sender: Sender<u64>, times: u64) {
    for value in 0..times {
        let _ = sender.send(value).await;
    }
}

async fn receive(mut receiver: Receiver<u64>) {
    while let Some(value) = receiver.recv().await {
        black_box(value);
    }
}

/// Runs `work` in a task on a worker.
fn on_a_worker(runtime: &Runtime, work: impl Future<Output = ()> + Send + 'static) {
    let _ = runtime.block_on(runtime.spawn(work));
}

fn add(shared: &Mutex<u64>, times: u64) {
    for value in 0..times {
        *lock(shared) += black_box(value);
    }
}

fn lock(mutex: &Mutex<u64>) -> MutexGuard<'_, u64> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A call, for comparison with the bridges.
#[inline(never)]
fn call(value: u64) -> u64 {
    black_box(value)
}
