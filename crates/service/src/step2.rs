//! Step 2, the bridge: axum on top, and step 1's handler on the blocking pool.

use std::io;
use std::net::TcpListener;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract;
use futures_util::FutureExt;
use http::StatusCode;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::context::{self, IN_TASK, tagged};
use crate::shared::{App, Error, MAX_BODY, Request, Response, Result, failed, text};
use crate::step1;

// ANCHOR: run
/// Answers requests until `stop`, and then for `drain` at most. Blocks, so it is not for a runtime's thread.
///
/// # Errors
///
/// When the system gives no runtime. `TimedOut` when requests were still in work after `drain`.
pub fn run(listener: TcpListener, app: App, stop: CancellationToken) -> io::Result<()> {
    let (handler, pool) = (app.clone(), Pool::new(&app));
    run_async(serve(listener, app, stop, move |request| {
        let (app, pool) = (handler.clone(), pool.clone());
        async move { pool.call(move || step1::handle(&app, &request)).await }
    }))
}
// ANCHOR_END: run

// ANCHOR: run_async
/// Drives `serving` on a new runtime.
pub(crate) fn run_async(serving: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    let runtime = Runtime::new()?;
    let served = runtime.block_on(serving);
    // To drop the runtime would be to wait for every thread of the blocking pool, whatever `drain` says.
    runtime.shutdown_background();
    served
}
// ANCHOR_END: run_async

// ANCHOR: pool
/// The blocking pool, with a limit that fits the database.
#[derive(Clone)]
pub struct Pool {
    permits: Arc<Semaphore>,
    limit: Duration,
}

impl Pool {
    /// As many calls at once as there are connections.
    #[must_use]
    pub fn new(app: &App) -> Self {
        Self { permits: Arc::new(Semaphore::new(app.settings.connections)), limit: app.settings.limit }
    }

    /// Calls `work` on the blocking pool. Dropped half way, it leaves work that has begun to run to its end.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] after the time limit, [`Error::Panicked`], or as `work`.
    pub async fn call<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let request = context::in_task();
        let called = async {
            // A task waits here, and no thread.
            let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| Error::Busy)?;
            let work = move || {
                // The permit goes with the work: after a timeout the thread runs on, and still has the connection.
                let _permit = permit;
                context::with(request, work)
            };
            spawn_blocking(work).await.unwrap_or(Err(Error::Panicked))
        };
        timeout(self.limit, called).await.unwrap_or(Err(Error::Busy))
    }

    /// How many calls could begin now.
    #[must_use]
    pub fn free(&self) -> usize {
        self.permits.available_permits()
    }
}
// ANCHOR_END: pool

// ANCHOR: serve
/// The async top. `handle` is an argument so that step 4 can bring its own.
///
/// # Errors
///
/// As [`run`].
pub async fn serve<H, F>(listener: TcpListener, app: App, stop: CancellationToken, handle: H) -> io::Result<()>
where
    H: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response>> + Send,
{
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let drain = app.settings.drain;
    let answer = move |request: extract::Request| async move {
        let (head, body) = request.into_parts();
        let Ok(body) = to_bytes(body, MAX_BODY).await else {
            return text(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long");
        };
        let Ok(body) = String::from_utf8(body.into()) else {
            return text(StatusCode::BAD_REQUEST, "the body is no text");
        };
        let request = Request::from_parts(head, body);
        let id = context::id(&request);
        let handled = match app.enter() {
            Some(_permit) => {
                let handled = IN_TASK.scope(id.clone(), async { handle(request).await });
                AssertUnwindSafe(handled).catch_unwind().await.unwrap_or(Err(Error::Panicked))
            }
            None => Err(Error::Busy),
        };
        tagged(handled.unwrap_or_else(|error| failed(&error)), &id)
    };
    let serving =
        axum::serve(listener, Router::new().fallback(answer)).with_graceful_shutdown(stop.clone().cancelled_owned());
    let too_late = async {
        stop.cancelled().await;
        sleep(drain).await;
    };
    tokio::select! {
        served = async { serving.await } => served,
        () = too_late => Err(io::ErrorKind::TimedOut.into()),
    }
}
// ANCHOR_END: serve
