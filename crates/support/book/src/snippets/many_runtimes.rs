//! The blocking facade with one runtime per call, instead of one for all calls.

use std::time::Duration;

use merge_core::{Chunk, Input, MergeError, Output, Result};
use stage3::tail_async;
use tokio::runtime::Builder;

// ANCHOR: many
/// Like `stage3::tail_file`, but the caller passes no runtime.
fn tail_file(input: Input, interval: Duration, write: &mut dyn FnMut(Chunk) -> Result<()>) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_time().build().map_err(MergeError::Start)?;
    runtime.block_on(tail_async(input, interval, async |lines| write(lines)))
}
// ANCHOR_END: many

#[test]
fn it_fits_stage_1s_top_as_it_is() {
    let log = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(log.path(), "a\nb\n").unwrap();
    let inputs = Input::open_all([log.path()]).unwrap();
    inputs[0].closer().close();
    let output = Output::new("(sink)", std::io::sink());
    let summary = stage1::run_threads(inputs, Duration::from_millis(1), output, tail_file).unwrap();
    assert_eq!(summary.lines, 2);
}
