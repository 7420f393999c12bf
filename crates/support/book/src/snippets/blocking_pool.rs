//! The smallest call on the blocking pool.

use std::fs;
use std::io;

use tokio::task::spawn_blocking;

// ANCHOR: blocking_pool
/// May block its thread for a long time.
fn count_lines(path: &str) -> io::Result<usize> {
    Ok(fs::read_to_string(path)?.lines().count())
}

/// The same for async callers: a thread of the blocking pool waits instead.
async fn count_lines_async(path: &'static str) -> io::Result<usize> {
    spawn_blocking(move || count_lines(path)).await?
}
// ANCHOR_END: blocking_pool

#[tokio::test]
async fn both_count_the_same() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    assert_eq!(count_lines(path).unwrap(), count_lines_async(path).await.unwrap());
}
