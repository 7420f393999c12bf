//! Step 1, threads only: a thread per connection, and a blocking handler.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, bounded};
use futures_executor::block_on;
use tokio_util::sync::CancellationToken;

use crate::context::{self, tagged};
use crate::http1::{Requests, is_last};
use crate::shared::{self, App, Error, Request, Response, Result, Route, failed};

/// How often a thread that waits for its client looks for `stop`.
const LOOK: Duration = Duration::from_millis(100);

/// Answers requests until `stop`, and then for `drain` at most. Blocks.
///
/// # Errors
///
/// When no connection can be accepted. `TimedOut` when requests were still in work after `drain`.
pub fn run(listener: TcpListener, app: App, stop: CancellationToken) -> io::Result<()> {
    let handler = app.clone();
    serve(listener, app, stop, move |request| handle(&handler, request))
}

// ANCHOR: handle
/// The blocking handler.
///
/// # Errors
///
/// What the client has to be told.
pub fn handle(app: &App, request: &Request) -> Result<Response> {
    match Route::of(request)? {
        Route::Add(url) => {
            app.check(&url)?;
            Ok(shared::created(app.database.with(|db| shared::add(db, &url))?))
        }
        Route::Follow(code) => shared::redirect(&app.database.with(|db| shared::find(db, code))?.url),
        Route::About(code) => Ok(shared::about(&app.database.with(|db| shared::find(db, code))?)),
        Route::Report => {
            let urls = app.database.with(shared::urls)?;
            let pairs: Vec<_> = (0..urls.len()).flat_map(|index| shared::look_alikes(&urls, index)).collect();
            Ok(shared::report(&pairs))
        }
    }
}
// ANCHOR_END: handle

// ANCHOR: serve
/// The blocking top: a thread per connection. `handle` is an argument so that step 3 can bring its own.
///
/// # Errors
///
/// As [`run`].
pub fn serve(
    listener: TcpListener,
    app: App,
    stop: CancellationToken,
    handle: impl Fn(&Request) -> Result<Response> + Clone + Send + 'static,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let stopped = stop.clone();
    // `accept` has no time limit. A connection of our own wakes it; if that fails, the listener is gone already.
    thread::spawn(move || {
        block_on(stopped.cancelled());
        let _ = TcpStream::connect(address);
    });
    // Each connection holds a sender, and nothing is ever sent: the receiver sees the last one go.
    let (open, all_closed) = bounded::<()>(0);

    while !stop.is_cancelled() {
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(LOOK); // Too many open files, most likely: some will be closed.
            continue;
        };
        let (app, handle, stop, open) = (app.clone(), handle.clone(), stop.clone(), open.clone());
        // When the system gives no thread, this client is refused: `stream` is dropped.
        let _ = thread::Builder::new().name("connection".into()).spawn(move || {
            let _dropped_last = open;
            // An error means that the client has gone.
            let _ = answer_all(&stream, app, stop, handle);
        });
    }
    drop((listener, open));
    match all_closed.recv_timeout(app.settings.drain) {
        Err(RecvTimeoutError::Timeout) => Err(io::ErrorKind::TimedOut.into()),
        _ => Ok(()),
    }
}

fn answer_all(
    stream: &TcpStream,
    app: App,
    stop: CancellationToken,
    handle: impl Fn(&Request) -> Result<Response>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    // A thread that waits in a read cannot hear `stop`, so it looks now and then.
    stream.set_read_timeout(Some(LOOK))?;
    let mut requests = Requests::new(stream);
    loop {
        let request = match requests.read() {
            Ok(Some(Ok(request))) => request,
            Ok(Some(Err(refusal))) => return requests.answer(&refusal),
            Ok(None) => return Ok(()),
            Err(error) if timed_out(&error) && !stop.is_cancelled() => continue,
            Err(error) => return Err(error),
        };
        let id = context::id(&request);
        let handled = match app.enter() {
            Some(_permit) => context::with(id.clone(), || catch_unwind(AssertUnwindSafe(|| handle(&request))))
                .unwrap_or(Err(Error::Panicked)),
            None => Err(Error::Busy),
        };
        requests.answer(&tagged(handled.unwrap_or_else(|error| failed(&error)), &id))?;
        if stop.is_cancelled() || is_last(&request) {
            return Ok(());
        }
    }
}
// ANCHOR_END: serve

fn timed_out(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
