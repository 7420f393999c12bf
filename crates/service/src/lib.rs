//! A second example: a link shortener over `SQLite`, migrated from a thread per connection to tokio.
//!
//! |                  | blocking handler                  | async handler                      |
//! |------------------|-----------------------------------|------------------------------------|
//! | **blocking top** | [`step1`]: threads only           | [`step3`]: a blocking facade       |
//! | **async top**    | [`step2`]: `spawn_blocking`       | [`step4`]: async to the top        |
//!
//! Each step exports the same entry point, `run(listener, app, stop)`, and `tests/equivalence.rs` holds all four to
//! the same answers with a real HTTP client.
//!
//! # Layout
//!
//! - [`shared`]: what all steps share: routes and replies, the database functions, the pool of connections.
//! - [`http1`]: HTTP/1.1 on a blocking socket. The async top has axum for that.
//! - [`context`]: which request a line of code runs for, in threads and in tasks.
//! - [`step1`] to [`step4`]: the lesson.
//! - [`links`]: the database as an async trait, for step 3's handler.

pub mod context;
pub mod http1;
pub mod links;
pub mod shared;
pub mod step1;
pub mod step2;
pub mod step3;
pub mod step4;
