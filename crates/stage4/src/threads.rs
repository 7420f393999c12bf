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
/// wait in the pool's queue for ever. Tokio does not tell how many threads a pool may have.
pub(crate) async fn check() -> Result<()> {
    let (second, first) = mpsc::channel();
    let meet = spawn_blocking(move || first.recv_timeout(PATIENCE));
    spawn_blocking(move || second.send(()));
    match meet.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(MergeError::Start(io::Error::other(format!(
            "the blocking pool gave one thread in {PATIENCE:?}, of {BLOCKING_THREADS}"
        )))),
        Err(error) => Err(MergeError::ended_early(error.try_into_panic().ok())),
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use merge_core::{Input, Output};
    use tokio::runtime::Builder;

    use super::*;
    use crate::merge_on;

    #[test]
    fn a_blocking_pool_of_one_thread_is_an_error_and_no_hang() -> Result<()> {
        let mut builder = Builder::new_multi_thread();
        builder.max_blocking_threads(1);
        let (inputs, output) = (Input::open_all(["Cargo.toml"])?, Output::new("(sink)", io::sink()));
        inputs[0].closer().close();
        let (ended, end) = mpsc::channel();
        thread::spawn(move || ended.send(merge_on(builder, inputs, Duration::from_secs(1), output)));
        let merged = end.recv_timeout(PATIENCE * 6).expect("the merge hangs");
        assert!(matches!(merged, Err(MergeError::Start(_))), "{merged:?}");
        Ok(())
    }
}
