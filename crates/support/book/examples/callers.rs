//! Who may call what: makes each call, from each caller, on each kind of runtime, and prints what happened as a table.
//!
//! A call that has not ended after five seconds hangs. Its thread is left behind, and ends with the process.

use std::any::Any;
use std::future::pending;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::mpsc::{Receiver, channel};
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::{block_in_place, spawn_blocking};
use tokio::time::sleep;

/// The runtimes are leaked, or a call that hangs would hang the end of its runtime as well.
type Shared = &'static Runtime;

/// Where a call is made.
#[derive(Clone, Copy, PartialEq)]
enum Caller {
    Thread,
    /// A thread, while the one that was first in `Runtime::block_on` is blocked.
    Second,
    Pool,
    BlockedOn,
    Task,
}

#[derive(Clone, Copy)]
enum Flavour {
    /// Current-thread, and a thread that does nothing else is in `Runtime::block_on`.
    Driven,
    NotDriven,
    MultiThread,
}

#[derive(Clone, Copy)]
enum Call {
    Blocking(fn(Shared)),
    /// Only for a task.
    Awaited(fn() -> Pin<Box<dyn Future<Output = ()> + Send>>),
}

enum Ended {
    Works,
    Panics(String),
    Hangs,
}

const PATIENCE: Duration = Duration::from_secs(5);
const SHORT: Duration = Duration::from_millis(1);

fn calls() -> Vec<(Caller, &'static str, Call)> {
    use Call::{Awaited, Blocking};
    use Caller::{BlockedOn, Pool, Second, Task, Thread};

    let runtime_block_on = Blocking(|runtime| runtime.block_on(async { sleep(SHORT).await }));
    let handle_block_on = Blocking(|runtime| runtime.handle().block_on(async { sleep(SHORT).await }));
    let handle_block_on_recv = Blocking(|runtime| {
        let (queue, mut received) = mpsc::channel(1);
        thread::spawn(move || queue.blocking_send(()));
        runtime.handle().block_on(received.recv());
    });
    let blocking_send = Blocking(|_| {
        let (queue, _received) = mpsc::channel(1);
        let _ = queue.blocking_send(());
    });
    let spawn = Blocking(|runtime| {
        let (ended, has_ended) = channel();
        runtime.spawn(async move { ended.send(()) });
        let _ = has_ended.recv();
    });
    let block_in_place_only = Blocking(|_| block_in_place(|| {}));
    vec![
        (Thread, "`runtime.block_on(sleep)`", runtime_block_on),
        (Second, "`runtime.block_on(sleep)`", runtime_block_on),
        (Thread, "`handle.block_on(sleep)`", handle_block_on),
        (Thread, "`handle.block_on(queue.recv())`", handle_block_on_recv),
        (Thread, "`queue.blocking_send(…)`", blocking_send),
        (Thread, "`handle.spawn(…)`, then block until it has ended", spawn),
        (Thread, "`tokio::spawn(…)`", Blocking(|_| drop(tokio::spawn(async {})))),
        (Pool, "`handle.block_on(sleep)`", handle_block_on),
        (Pool, "`queue.blocking_send(…)`", blocking_send),
        (Pool, "`tokio::spawn(…)`, then block until it has ended", spawn),
        (BlockedOn, "`tokio::spawn(…)`, then block until it has ended", spawn),
        (BlockedOn, "`block_in_place(…)`", block_in_place_only),
        (Task, "`tokio::spawn(…)`, then block until it has ended", spawn),
        (Task, "`block_in_place(…)`", block_in_place_only),
        (Task, "`handle.block_on(sleep)`", handle_block_on),
        (Task, "`queue.blocking_send(…)`", blocking_send),
        (Task, "`drop(another_runtime)`", Blocking(|_| drop(build(Flavour::NotDriven)))),
        (Task, "`spawn_blocking(…).await`", Awaited(|| Box::pin(async { drop(spawn_blocking(|| {}).await) }))),
    ]
}

fn build(flavour: Flavour) -> Runtime {
    let mut builder = match flavour {
        Flavour::Driven | Flavour::NotDriven => Builder::new_current_thread(),
        Flavour::MultiThread => Builder::new_multi_thread(),
    };
    builder.worker_threads(2).enable_time().build().expect("the system has threads")
}

/// Returns when a thread is inside `Runtime::block_on`. It stays there, and is `blocked` if so asked.
fn enter(runtime: Shared, blocked: bool) {
    let (inside, is_inside) = channel();
    thread::spawn(move || {
        runtime.block_on(async {
            let _ = inside.send(());
            if blocked {
                loop {
                    thread::park();
                }
            }
            pending::<()>().await;
        });
    });
    is_inside.recv().expect("the future has started");
}

/// Makes the call. How it ends comes through the channel.
fn start(caller: Caller, flavour: Flavour, call: Call) -> Receiver<Ended> {
    let (report, ended) = channel();
    let runtime: Shared = Box::leak(Box::new(build(flavour)));
    if caller == Caller::Second || matches!(flavour, Flavour::Driven) {
        enter(runtime, caller == Caller::Second);
    }
    let run = async move {
        let ended = match call {
            Call::Blocking(call) => catch_unwind(AssertUnwindSafe(|| call(runtime))),
            Call::Awaited(call) => {
                call().await;
                Ok(())
            }
        };
        let _ = report.send(ended.map_or_else(|panic| Ended::Panics(first_sentence(&*panic)), |()| Ended::Works));
    };
    match caller {
        Caller::Thread | Caller::Second => drop(thread::spawn(|| without_a_runtime(run))),
        Caller::Pool => drop(runtime.spawn_blocking(|| without_a_runtime(run))),
        Caller::BlockedOn => drop(thread::spawn(move || runtime.block_on(run))),
        Caller::Task => drop(runtime.spawn(run)),
    }
    ended
}

/// Runs a future that awaits nothing, so one poll is enough.
fn without_a_runtime(run: impl Future<Output = ()>) {
    let done = pin!(run).poll(&mut Context::from_waker(Waker::noop()));
    assert!(done.is_ready(), "only a task awaits");
}

/// Of the text of a panic.
fn first_sentence(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    let text = text.unwrap_or("(no text)");
    text.split_once(". ").map_or(text, |(first, _)| first).trim_end_matches('.').to_owned()
}

fn main() {
    // The table shows the panics.
    panic::set_hook(Box::new(|_| {}));
    let flavours = [Flavour::Driven, Flavour::NotDriven, Flavour::MultiThread];
    let started: Vec<_> = calls()
        .into_iter()
        .map(|(caller, name, call)| (caller, name, flavours.map(|flavour| start(caller, flavour, call))))
        .collect();
    let deadline = Instant::now() + PATIENCE;

    println!(
        "| who calls | what | current-thread, another thread drives it | current-thread, no other thread drives it | multi-thread |"
    );
    println!("|-|-|-|-|-|");
    let mut panics: Vec<String> = Vec::new();
    for (caller, name, cells) in started {
        let cells = cells.map(|cell| {
            match cell.recv_timeout(deadline.saturating_duration_since(Instant::now())).unwrap_or(Ended::Hangs) {
                Ended::Works => "works".to_owned(),
                Ended::Hangs => "**hangs**".to_owned(),
                Ended::Panics(text) => {
                    let known = panics.iter().position(|panic| *panic == text);
                    let number = known.unwrap_or_else(|| {
                        panics.push(text);
                        panics.len() - 1
                    });
                    format!("panics ({})", number + 1)
                }
            }
        });
        let caller = match caller {
            Caller::Thread => "a thread",
            Caller::Second => "a thread, while another one is blocked inside `runtime.block_on`",
            Caller::Pool => "a thread of the blocking pool",
            Caller::BlockedOn => "a future in `runtime.block_on`",
            Caller::Task => "a task",
        };
        println!("| {caller} | {name} | {} |", cells.join(" | "));
    }
    println!("\nThe panics:\n");
    for (number, panic) in (1..).zip(panics) {
        println!("{number}. {panic}");
    }
}
