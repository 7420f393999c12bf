//! Code that the compiler refuses. The primer shows what it says:
//!
//! ```sh
//! cargo rustc -p book --example refused -- --cfg not_send
//! ```
//!
//! Without `--cfg`, there is nothing to compile. The repaired code is in `src/snippets/primer.rs`.
#![allow(unexpected_cfgs, missing_docs, reason = "not_send, not_static, escapes, generic")]

#[cfg(not_send)]
pub fn start() {
    // ANCHOR: not_send
    tokio::spawn(async {
        let name = std::rc::Rc::new("a.log");
        tokio::task::yield_now().await;
        println!("{name}");
    });
    // ANCHOR_END: not_send
}

#[cfg(not_static)]
pub fn start() {
    // ANCHOR: not_static
    let name = String::from("a.log");
    tokio::spawn(async { println!("{name}") });
    // ANCHOR_END: not_static
}

#[cfg(escapes)]
pub fn start() {
    // ANCHOR: escapes
    let mut lines = Vec::new();
    let mut write = || async { lines.push("a") };
    // ANCHOR_END: escapes
    drop(write());
}

#[cfg(generic)]
// ANCHOR: generic
pub fn start(mut write: impl AsyncFnMut(String) + Send + 'static) {
    tokio::spawn(async move { write("a".to_owned()).await });
}
// ANCHOR_END: generic

fn main() {}
