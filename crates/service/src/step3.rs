//! Step 3, the other road: an async handler, driven from step 1's threads through a blocking facade.

use std::io;
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use tokio::runtime::{Handle, Runtime, RuntimeFlavor};
use tokio::sync::oneshot;
use tokio::task::block_in_place;
use tokio_util::sync::CancellationToken;

use crate::context::{self, IN_TASK};
use crate::links::{Links, Sqlite};
use crate::shared::{self, App, Error, Request, Response, Result, Route};
use crate::step1;

// ANCHOR: run
/// Answers requests until `stop`, and then for `drain` at most. Blocks.
///
/// # Errors
///
/// When the system gives no runtime. `TimedOut` when requests were still in work after `drain`.
pub fn run(listener: TcpListener, app: App, stop: CancellationToken) -> io::Result<()> {
    let runtime = Runtime::new()?;
    let (driver, handler, links) = (runtime.handle().clone(), app.clone(), Sqlite::new(&app));
    let served = step1::serve(listener, app, stop, move |request| {
        // From the thread-local to the task-local.
        blocking(&driver, IN_TASK.scope(context::in_thread(), handle(&handler, &links, request)))
    });
    runtime.shutdown_background();
    served
}
// ANCHOR_END: run

// ANCHOR: handle
/// The async handler.
///
/// # Errors
///
/// What the client has to be told.
pub async fn handle(app: &App, links: &impl Links, request: &Request) -> Result<Response> {
    match Route::of(request)? {
        Route::Add(url) => {
            app.check(&url)?;
            Ok(shared::created(links.add(url).await?))
        }
        Route::Follow(code) => shared::redirect(&links.find(code).await?.url),
        Route::About(code) => Ok(shared::about(&links.find(code).await?)),
        Route::Report => {
            let urls = links.urls().await?;
            Ok(shared::report(&compute(urls.len(), move |index| shared::look_alikes(&urls, index)).await?))
        }
    }
}
// ANCHOR_END: handle

// ANCHOR: compute
/// Computes `count` rows on rayon's threads, and waits for them without blocking. Dropped half way, it stops the rest.
///
/// # Errors
///
/// [`Error::Panicked`].
pub async fn compute<T: Send + 'static>(
    count: usize,
    row: impl Fn(usize) -> Vec<T> + Send + Sync + 'static,
) -> Result<Vec<T>> {
    let (done, result) = oneshot::channel();
    let dropped = CancellationToken::new();
    let _cancels_when_dropped = dropped.clone().drop_guard();
    rayon::spawn(move || {
        let wanted = |_: &usize| !dropped.is_cancelled();
        let rows = || (0..count).into_par_iter().filter(wanted).flat_map_iter(&row).collect();
        // A panic that left `rayon::spawn` would end the process. A send fails when nobody waits any more.
        let _ = done.send(catch_unwind(AssertUnwindSafe(rows)));
    });
    match result.await {
        Ok(Ok(rows)) => Ok(rows),
        _ => Err(Error::Panicked),
    }
}
// ANCHOR_END: compute

// ANCHOR: blocking
/// The blocking facade: drives `future` to its end from wherever a thread may block.
///
/// # Errors
///
/// As `future`. [`Error::InRuntime`] on a current-thread runtime, where to block is to stop all its tasks.
pub fn blocking<T>(runtime: &Handle, future: impl Future<Output = Result<T>>) -> Result<T> {
    match Handle::try_current() {
        // A plain thread.
        Err(_) => runtime.block_on(future),
        // A task, or a thread of the blocking pool: `block_in_place` first hands the worker's other tasks on.
        Ok(current) if current.runtime_flavor() == RuntimeFlavor::MultiThread => {
            block_in_place(|| runtime.block_on(future))
        }
        Ok(_) => Err(Error::InRuntime),
    }
}
// ANCHOR_END: blocking
