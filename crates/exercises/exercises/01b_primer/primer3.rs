//! # `Send`, and three repairs
//!
//! Goal: a task may go on with another thread after each `.await`. So what it holds there must be `Send`. The three
//! functions below hold something that is not, and do not compile. Repair each of them in another way: let go of it
//! before the `.await`, use a type that is `Send`, or do not spawn.
//!
//! Minutes: 15
//!
//! Chapter: docs/src/primer.md, up to "`Send` and `'static`"
//!
//! It does not compile at first. The compiler's errors are where you start. Each names the value that is not `Send`, and
//! most name the `.await` over which it is held. There are four errors, and their order is not that of the file.
//! `drop(counted)` is not enough for the first repair: for the compiler, a variable that was borrowed is held until its
//! block ends.
//!
//! When it works: it compiles, and all tests pass. All tasks of one function run at the same time.

use std::rc::Rc;
use std::sync::{Arc, Mutex};

use exercises::primer::Notepad;
use tokio::sync::Barrier;
use tokio::sync::mpsc::Receiver;
use tokio::task::{JoinHandle, JoinSet, yield_now};

/// Starts a task that counts itself, waits for the others at the barrier, and returns how many have been counted.
fn count(counted: Arc<Mutex<usize>>, barrier: Arc<Barrier>) -> JoinHandle<usize> {
    tokio::spawn(async move {
        // TODO: the first repair. The lock is held while the task waits for the others, who need it.
        // `drop(counted)` is not enough: end the guard's block before the `.await`, or give the guard no name.
        let mut counted = counted.lock().expect("no code panics while it holds the lock");
        *counted += 1;
        barrier.wait().await;
        *counted
    })
}

/// Starts a task for each name, which greets it. They share the greeting.
fn greet(greeting: &str, names: &[&str]) -> JoinSet<String> {
    let mut tasks = JoinSet::new();
    // TODO: the second repair. An `Rc` counts its owners without a lock, so all of them must be on one thread.
    let greeting: Rc<str> = greeting.into();
    for name in names {
        let (greeting, name) = (greeting.clone(), name.to_string());
        tasks.spawn(async move {
            yield_now().await;
            format!("{greeting}, {name}")
        });
    }
    tasks
}

/// Writes each line that comes into the notepad. Returns its text when no more lines can come.
async fn fill(notepad: Notepad, mut lines: Receiver<String>) -> String {
    while let Some(line) = lines.recv().await {
        notepad.write(&line);
    }
    notepad.text()
}

/// Fills both notepads at the same time, and returns their texts.
///
/// A `Notepad` must stay on its thread, and it is not yours to change.
async fn fill_both([first, second]: [(Notepad, Receiver<String>); 2]) -> [String; 2] {
    // TODO: the third repair. Does this need tasks? `tokio::join!` waits for two futures at the same time.
    let first = tokio::spawn(fill(first.0, first.1));
    let second = tokio::spawn(fill(second.0, second.1));
    [first.await.expect("it does not panic"), second.await.expect("it does not panic")]
}

fn main() {}

// The tests. Leave what follows as it is.

#[test]
fn two_tasks_count_each_other() {
    ::exercises::again!();
    ::exercises::primer::two_tasks_count_each_other(count);
}

#[test]
fn each_name_is_greeted() {
    ::exercises::again!();
    ::exercises::primer::each_name_is_greeted(greet);
}

#[test]
fn both_notepads_are_filled_at_the_same_time() {
    ::exercises::again!();
    ::exercises::primer::both_notepads_are_filled_at_the_same_time(fill_both);
}
