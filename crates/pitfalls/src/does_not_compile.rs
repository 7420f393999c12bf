//! Mistakes that the compiler catches, each beside the corrected code.
//!
//! Rustdoc compares the error codes only if unstable features are allowed, so `scripts/check` sets `RUSTC_BOOTSTRAP=1`.
//! An error about a future that is not `Send` has no code; there the corrected twin shows that nothing else is wrong.
//!
//! # A guard across an `.await`, in a spawned task
//!
//! A `std` `MutexGuard` must be dropped on the thread that took it, and a task may wake up on another thread. In a task
//! that is not spawned this compiles; then two such tasks on one thread can deadlock.
//! (Tokio issues 3645 and 6819.)
//!
//! ```compile_fail
//! # use std::sync::{Arc, Mutex};
//! # use tokio::task::{spawn, yield_now};
//! # fn start(output: Arc<Mutex<Vec<u8>>>) {
//! spawn(async move {
//!     let mut output = output.lock().unwrap();
//!     output.push(b'\n');
//!     yield_now().await; // error: future cannot be sent between threads safely
//! });
//! # }
//! ```
//!
//! Correct: the guard is dropped before the `.await`.
//!
//! ```
//! # use std::sync::{Arc, Mutex};
//! # use tokio::task::{spawn, yield_now};
//! # fn start(output: Arc<Mutex<Vec<u8>>>) {
//! spawn(async move {
//!     output.lock().unwrap().push(b'\n');
//!     yield_now().await;
//! });
//! # }
//! ```
//!
//! # A future that is not `Send`
//!
//! A value that lives across an `.await` moves with the task from worker to worker. An `Rc` must not.
//!
//! ```compile_fail
//! # use std::rc::Rc;
//! # use tokio::task::{spawn, yield_now};
//! # fn start() {
//! spawn(async {
//!     let name = Rc::new("a.log");
//!     yield_now().await; // error: future cannot be sent between threads safely
//!     println!("{name}");
//! });
//! # }
//! ```
//!
//! ```
//! # use std::sync::Arc;
//! # use tokio::task::{spawn, yield_now};
//! # fn start() {
//! spawn(async {
//!     let name = Arc::new("a.log");
//!     yield_now().await;
//!     println!("{name}");
//! });
//! # }
//! ```
//!
//! # A value that is not `Send`, given to a thread
//!
//! The same rule for threads has an error code.
//!
//! ```compile_fail,E0277
//! # use std::rc::Rc;
//! # use std::thread::spawn;
//! let name = Rc::new("a.log");
//! spawn(move || println!("{name}"));
//! ```
//!
//! ```
//! # use std::sync::Arc;
//! # use std::thread::spawn;
//! let name = Arc::new("a.log");
//! spawn(move || println!("{name}"));
//! ```
//!
//! # A borrow, given to `spawn`
//!
//! A task may outlive the function that spawned it, so it must own what it uses. (Threads have `std::thread::scope`;
//! tokio has no scope for tasks.)
//!
//! ```compile_fail,E0373
//! # use tokio::task::spawn;
//! # fn start() {
//! let names = vec!["a.log", "b.log"];
//! spawn(async { println!("{names:?}") });
//! # }
//! ```
//!
//! ```
//! # use tokio::task::spawn;
//! # fn start() {
//! let names = vec!["a.log", "b.log"];
//! spawn(async move { println!("{names:?}") });
//! # }
//! ```
//!
//! # A generic async closure, in a spawned task
//!
//! `W: Send` says that the closure is `Send`. That the future of each call is `Send` as well cannot be written today.
//!
//! ```compile_fail
//! fn start(mut write: impl AsyncFnMut(String) + Send + 'static) {
//!     tokio::spawn(async move { write("a".to_owned()).await }); // error: future cannot be sent between threads safely
//! }
//! ```
//!
//! ```
//! fn start<F: Future<Output = ()> + Send>(mut write: impl FnMut(String) -> F + Send + 'static) {
//!     tokio::spawn(async move { write("a".to_owned()).await });
//! }
//! ```
