//! A `tokio::fs::File` is dropped without `flush`.
//!
//! **Shows as** a file that is sometimes too short.
//!
//! **Why:** `write_all` on a `tokio::fs::File` returns when the bytes have been sent to the blocking pool, not when
//! they have been written. Dropping the file does not wait for them, and a runtime that shuts down discards them.
//!
//! **Right:** `flush().await` before the file is dropped; or write with `std` on a blocking thread, as stages 2 and 4
//! do.
//!
//! **Source:** `tokio::fs::File`; tokio issue 2307.

use std::io;
use std::time::Duration;

use merge_core::{Input, MergeError, Output, Result, Summary};
use stage1::run_threads;
use tempfile::NamedTempFile;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

/// Stage 1, which copies what it has merged through an async file with this mistake.
///
/// # Errors
///
/// As `stage1::merge`.
pub fn merge(inputs: Vec<Input>, interval: Duration, mut output: Output) -> Result<Summary> {
    let merged = NamedTempFile::new().map_err(MergeError::Start)?;
    let copy = NamedTempFile::new().map_err(MergeError::Start)?;
    let summary = stage1_into(&merged, inputs, interval)?;
    let bytes = std::fs::read(merged.path()).map_err(MergeError::Start)?;
    copy_without_flush(bytes, &copy).map_err(MergeError::Start)?;
    output.write(&std::fs::read(copy.path()).map_err(MergeError::Start)?)?;
    Ok(summary)
}

fn stage1_into(merged: &NamedTempFile, inputs: Vec<Input>, interval: Duration) -> Result<Summary> {
    let output = Output::create(merged.path(), &inputs)?;
    run_threads(inputs, interval, output, stage1::tail_file)
}

fn copy_without_flush(bytes: Vec<u8>, copy: &NamedTempFile) -> io::Result<()> {
    // One blocking thread, and it is busy until the end, so that the mistake shows every time.
    let runtime = Builder::new_current_thread().max_blocking_threads(1).build()?;
    let (busy_until, end) = oneshot::channel::<()>();
    let file = File::from_std(copy.reopen()?);
    runtime.block_on(async {
        drop(spawn_blocking(move || end.blocking_recv()));
        let mut file = file;
        // The mistake: the bytes have been sent and not yet written.
        file.write_all(&bytes).await
    })?;
    runtime.shutdown_background();
    drop(busy_until);
    Ok(())
}
