//! Which request a line of code runs for.
//!
//! Deep code, as the function that stores a link, wants to know it and has no argument for it. In threads the answer is
//! a thread-local. A task moves between threads, and a thread runs many tasks, so tasks have a task-local.

use std::cell::RefCell;

use crate::shared::{Request, Response};

// ANCHOR: context
thread_local! {
    static IN_THREAD: RefCell<String> = const { RefCell::new(String::new()) };
}

tokio::task_local! {
    /// The id of the request that this task answers.
    pub static IN_TASK: String;
}

/// The id of the request that this thread works for.
#[must_use]
pub fn in_thread() -> String {
    IN_THREAD.with_borrow(Clone::clone)
}

/// The id of the request that this task answers.
#[must_use]
pub fn in_task() -> String {
    IN_TASK.try_with(Clone::clone).unwrap_or_default()
}

/// Calls `work` for the request `id`. The thread may be one of a pool, so the old value comes back, also after a panic.
pub fn with<T>(id: String, work: impl FnOnce() -> T) -> T {
    let _puts_it_back = scopeguard::guard(IN_THREAD.replace(id), |old| IN_THREAD.set(old));
    work()
}
// ANCHOR_END: context

/// The id that the client has given its request, or nothing.
#[must_use]
pub fn id(request: &Request) -> String {
    let header = request.headers().get("x-request-id").and_then(|id| id.to_str().ok());
    header.unwrap_or_default().to_owned()
}

/// Gives a response the id of its request, if it has one.
#[must_use]
pub fn tagged(mut response: Response, id: &str) -> Response {
    if let (false, Ok(id)) = (id.is_empty(), id.parse()) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}
