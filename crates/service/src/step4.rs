//! Step 4, async to the top: step 2's top and step 3's handler. No bridge and no facade is left.

use std::io;
use std::net::TcpListener;

use tokio_util::sync::CancellationToken;

use crate::links::Sqlite;
use crate::shared::App;
use crate::step2::{run_async, serve};
use crate::step3;

// ANCHOR: run
/// Answers requests until `stop`, and then for `drain` at most. Blocks, so it is not for a runtime's thread.
///
/// # Errors
///
/// When the system gives no runtime. `TimedOut` when requests were still in work after `drain`.
pub fn run(listener: TcpListener, app: App, stop: CancellationToken) -> io::Result<()> {
    let (handler, links) = (app.clone(), Sqlite::new(&app));
    run_async(serve(listener, app, stop, move |request| {
        let (app, links) = (handler.clone(), links.clone());
        async move { step3::handle(&app, &links, &request).await }
    }))
}
// ANCHOR_END: run
