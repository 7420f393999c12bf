//! Contract 6: a pool that has too few threads for a merge is an error, and not a merge that never ends.

// Test code: a case whose setup fails, fails. Clippy permits it only in the `#[test]` functions themselves.
#![allow(clippy::unwrap_used)]

use std::env;
use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use merge_core::{Input, MergeError, Output, Result, Summary};
use tokio::runtime::Builder;

type MergeOn = fn(Builder, Vec<Input>, Duration, Output) -> Result<Summary>;

#[test]
fn a_blocking_pool_of_one_thread_is_an_error_before_anything_is_read() {
    let stages: [MergeOn; 2] = [stage4::merge_on, stage5::merge_on];
    let (ended, end) = mpsc::channel();
    // At once: each waits ten seconds for a second thread.
    for merge_on in stages {
        let ended = ended.clone();
        thread::spawn(move || {
            let inputs = Input::open_all([env::current_exe().unwrap()]).unwrap();
            let closer = inputs[0].closer();
            let mut builder = Builder::new_multi_thread();
            builder.max_blocking_threads(1);
            let merged = merge_on(builder, inputs, Duration::from_millis(1), Output::new("sink", io::sink()));
            ended.send((merged, closer.bytes_read())).unwrap();
        });
    }
    for _ in stages {
        let (merged, bytes_read) = end.recv_timeout(Duration::from_secs(60)).expect("a merge hangs");
        assert!(matches!(merged, Err(MergeError::Start(_))), "{merged:?}");
        assert_eq!(bytes_read, 0);
    }
}
