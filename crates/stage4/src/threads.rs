//! Does the runtime have the threads that a merge needs?

use std::io;
use std::sync::mpsc;
use std::time::Duration;

use merge_core::{MergeError, Result};
use tokio::task::spawn_blocking;

/// How many threads the runtime's blocking pool needs, however many inputs there are: one for the writer, which keeps
/// it until the end, and one for the reads.
pub const BLOCKING_THREADS: usize = 2;

/// How long to wait for the second of them: the pool may be busy with other work.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lets two calls on the blocking pool meet. On a pool of one thread, the writer would keep it, and every read would
/// wait in the pool's queue for ever. Tokio does not tell how many threads a pool may have. Cancel safe.
///
/// # Errors
///
/// [`MergeError::Start`] when they have not met after ten seconds.
pub async fn check_threads() -> Result<()> {
    check_threads_within(PATIENCE).await
}

async fn check_threads_within(patience: Duration) -> Result<()> {
    let (second, first) = mpsc::channel();
    // ANCHOR: meet
    #[expect(clippy::disallowed_methods, reason = "a thread of the blocking pool waits")]
    let meet = spawn_blocking(move || first.recv_timeout(patience));
    // ANCHOR_END: meet
    spawn_blocking(move || second.send(()));
    match meet.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(MergeError::Start(io::Error::other(format!(
            "the blocking pool gave one thread in {patience:?}, of {BLOCKING_THREADS}"
        )))),
        Err(error) => Err(MergeError::ended_early(error.try_into_panic().ok())),
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::Builder;

    use super::*;

    #[test]
    fn a_blocking_pool_of_one_thread_is_an_error_and_one_of_two_is_none() {
        let check = |threads, patience| {
            let runtime = Builder::new_current_thread().max_blocking_threads(threads).build().unwrap();
            runtime.block_on(check_threads_within(patience))
        };
        assert!(matches!(check(1, Duration::from_millis(20)), Err(MergeError::Start(_))));
        check(BLOCKING_THREADS, PATIENCE).unwrap();
    }
}
