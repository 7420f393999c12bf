//! # Poll and wake
//!
//! Goal: write the two halves of a wait by hand. A future that has to wait keeps the waker of its task; the code that
//! ends the wait calls that waker.
//!
//! Minutes: 10
//!
//! Chapter: docs/src/primer.md, up to "Who drives"
//!
//! When it works: all tests pass. The task is polled once before the letter comes, sleeps, and is polled once more.
//!
//! # Why
//!
//! `Pending` is a promise: "I have kept your waker, and somebody will call it." A future that returns `Pending` without it
//! sleeps for ever, and no tool calls that an error. The runtime does not ask again on its own.
//!
//! The waker is kept at each poll, and not only at the first one, because a future may move into another task between two
//! polls. The lock is held from the look to the waker, so that no letter can come in between. `put` stores the letter first
//! and wakes then: the task that wakes up must find it.
//!
//! This is all that a channel, a timer or a socket does. `crates/merge-core/src/close.rs` does it for the close of a log.
//!
//! Usual wrong answers: to wake the task in `poll` itself, which is a loop without a rest; to keep the first waker; to wait
//! in `poll` until there is a letter, which blocks the thread that all other tasks need as well.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// A box for one letter.
#[derive(Default)]
struct LetterBox {
    letter: Option<String>,
    /// Wakes the task that waits for the letter.
    waker: Option<Waker>,
}

/// A future that takes the letter out of the box. It completes when there is one.
struct Letter(Arc<Mutex<LetterBox>>);

impl Future for Letter {
    type Output = String;

    /// The runtime calls this once, and then again each time that the task has been woken.
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<String> {
        let mut inner = self.0.lock().expect("no code panics while it holds the lock");
        match inner.letter.take() {
            Some(letter) => Poll::Ready(letter),
            None => {
                inner.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// Puts a letter into the box. Any thread may call this.
fn put(letter_box: &Mutex<LetterBox>, letter: &str) {
    let mut inner = letter_box.lock().expect("no code panics while it holds the lock");
    inner.letter = Some(letter.to_owned());
    if let Some(waker) = inner.waker.take() {
        waker.wake();
    }
}

fn main() {}

// The tests. Leave what follows as it is.

#[cfg(test)]
fn parts() -> (::exercises::primer::Put, Letter) {
    let letter_box = ::std::sync::Arc::new(::std::sync::Mutex::new(LetterBox::default()));
    let letter = Letter(letter_box.clone());
    (Box::new(move |letter| put(&letter_box, letter)), letter)
}

#[test]
fn a_letter_that_is_there_is_taken_at_once() {
    ::exercises::again!();
    ::exercises::primer::a_letter_that_is_there_is_taken_at_once(parts);
}

#[test]
fn the_task_is_woken_when_the_letter_comes() {
    ::exercises::again!();
    ::exercises::primer::the_task_is_woken_when_the_letter_comes(parts);
}

#[test]
fn the_waker_of_the_last_poll_is_woken() {
    ::exercises::again!();
    ::exercises::primer::the_waker_of_the_last_poll_is_woken(parts);
}

#[test]
fn a_runtime_waits_for_the_letter() {
    ::exercises::again!();
    ::exercises::primer::a_runtime_waits_for_the_letter(parts);
}
