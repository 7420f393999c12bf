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

use std::time::Duration;

use exercises::blocked::{Journal, Order, Prices, statistics};
use tokio::sync::mpsc::Receiver;
use tokio::time::sleep;

// TODO: which call blocks the worker, and how do you know? One sentence:

/// Handles orders until no more can come. Returns how many words were written to the journal.
async fn shop(mut orders: Receiver<Order>, prices: Prices, journal: Journal) -> usize {
    let mut words = 0;
    // TODO: move the call that blocks.
    while let Some(order) = orders.recv().await {
        eprintln!("         {}: received", order.article);
        let price = prices.lock().expect("no code panics while it holds the lock").get(order.article).copied();
        let line = format!("{} {}", order.article, price.unwrap_or_default());
        eprintln!("         {}: priced", order.article);
        words += statistics(&line);
        eprintln!("         {}: counted", order.article);
        journal.append(&line);
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
