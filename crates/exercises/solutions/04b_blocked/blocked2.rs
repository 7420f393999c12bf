//! # Blocked 2: by its beat
//!
//! Goal: the shop below blocks its runtime worker. Clippy says nothing: the call that blocks is in a library. Run the
//! shop under the heartbeat of the book, in `crates/exercises`:
//!
//!     cargo run --bin blocked2
//!
//! Between which two of the printed lines does it miss its beats? Find the call, write one sentence of diagnosis at the
//! first TODO, and move the call. (The report of the test prints the same lines.)
//!
//! You will need: a clone of the journal is the same journal.
//!
//! Minutes: 15
//!
//! Chapter: docs/src/hang.md, up to "While it runs: the workers"
//!
//! When it works: all tests pass, and `cargo run --bin blocked2` prints no `LATE`. A customer is still told the price only
//! when the order is in the journal.
//!
//! # Why
//!
//! The heartbeat is late between *counted* and *written*, so it is `journal.append`. Its signature does not say that it waits
//! for a disk, and no list of calls knows it, unless you add it.
//!
//! It moves to the blocking pool. The order is confirmed after the `.await` of its handle, because a customer who is told too
//! early has a promise that nobody has written down. The journal is an `Arc` inside, so the closure gets a clone.
//!
//! The lock on the prices is a blocking call too, and stays: it is held for a moment, and never over an `.await`.
//!
//! Usual wrong answers: a call on the pool that nobody awaits; `tokio::spawn`, which moves it to another task of the same
//! worker; to move the lock, because it is the call that one has been warned of.

use std::time::Duration;

use exercises::blocked::{Journal, Order, Prices, statistics};
use tokio::sync::mpsc::Receiver;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

// `journal.append` blocks the worker: the heartbeat is late between "counted" and "written".

/// Handles orders until no more can come. Returns how many words were written to the journal.
async fn shop(mut orders: Receiver<Order>, prices: Prices, journal: Journal) -> usize {
    let mut words = 0;
    while let Some(order) = orders.recv().await {
        eprintln!("         {}: received", order.article);
        let price = prices.lock().expect("no code panics while it holds the lock").get(order.article).copied();
        let line = format!("{} {}", order.article, price.unwrap_or_default());
        eprintln!("         {}: priced", order.article);
        words += statistics(&line);
        eprintln!("         {}: counted", order.article);
        let journal = journal.clone();
        spawn_blocking(move || journal.append(&line)).await.expect("it does not panic");
        eprintln!("         {}: written", order.article);
        // The customer may have gone.
        let _ = order.confirm.send(price.unwrap_or_default());
        sleep(Duration::from_millis(20)).await;
    }
    words
}

/// Three orders, under the heartbeat.
fn main() {
    exercises::blocked::under_the_heartbeat(shop);
}

// The tests. Leave what follows as it is.

#[test]
fn another_task_runs_while_the_shop_is_busy() {
    ::exercises::again!();
    ::exercises::blocked::another_task_runs_while_the_shop_is_busy(shop);
}

#[test]
fn a_customer_is_told_when_the_order_is_in_the_journal() {
    ::exercises::again!();
    ::exercises::blocked::a_customer_is_told_when_the_order_is_in_the_journal(shop);
}
