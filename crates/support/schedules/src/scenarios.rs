//! What must hold in every schedule. Compiled once per program: `super` is the program.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use shuttle::future::block_on;
use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::mpsc;
use shuttle::thread;
use tempfile::NamedTempFile;

use crate::shim::scheduling_point;

use super::{
    Chunk, Input, MergeError, Output, Result, Summary, run_tasks, run_tasks_mixed, run_threads, tail_async,
    tail_events, tail_file,
};

/// No meaning here: time stands still, and what waits for it waits for ever.
const INTERVAL: Duration = Duration::ZERO;
/// How many inputs a run has: one to fail, one to be in the queue, one to wait for a place in it.
const INPUTS: usize = 3;
/// The lines of one input, each as long as a read.
const LINES: usize = 2;

/// Close versus read versus wait, on a thread.
pub(crate) fn a_close_wakes_a_thread(folder: &Path) {
    a_close_wakes(folder, |input, write| tail_file(input, INTERVAL, write));
}

/// The same in a task.
pub(crate) fn a_close_wakes_a_task(folder: &Path) {
    a_close_wakes(folder, |input, write| block_on(tail_async(input, INTERVAL, async |chunk| write(chunk))));
}

/// A writer appends a line and notifies, whatever the follower is doing, and closes only when the line is out.
pub(crate) fn a_notification_wakes_a_task(folder: &Path) {
    let mut log = NamedTempFile::new_in(folder).unwrap();
    let input = Input::open(log.path()).unwrap();
    let (closer, notifier) = (input.closer(), input.notifier());
    let (out, came) = mpsc::channel();
    let writer = thread::spawn(move || {
        log.write_all(b"a line\n").unwrap();
        notifier.notify();
        came.recv().unwrap();
        closer.close();
        log
    });
    let write = async |chunk: Chunk| {
        assert_eq!(String::from_utf8_lossy(&chunk), "a line\n");
        out.send(()).unwrap();
        Ok(())
    };
    block_on(tail_events(input, INTERVAL, write)).unwrap();
    writer.join().unwrap();
}

/// A follower that hands its lines to a callback.
type Follow = fn(Input, &mut dyn FnMut(Chunk) -> Result<()>) -> Result<()>;

/// A writer appends a line and closes, whatever the follower is doing.
fn a_close_wakes(folder: &Path, follow: Follow) {
    let mut log = NamedTempFile::new_in(folder).unwrap();
    let input = Input::open(log.path()).unwrap();
    let closer = input.closer();
    let writer = thread::spawn(move || {
        log.write_all(b"last words\n").unwrap();
        closer.close();
        log
    });
    let mut read = Vec::new();
    follow(input, &mut |chunk| {
        read.extend_from_slice(&chunk);
        Ok(())
    })
    .unwrap();
    writer.join().unwrap();
    assert_eq!(String::from_utf8_lossy(&read), "last words\n", "a line was lost");
}

/// A whole run.
pub(crate) type Run = fn(Vec<Input>, Output) -> Result<Summary>;

pub(crate) const ON_THREADS: Run = |inputs, output| run_threads(inputs, INTERVAL, output, tail_file);
pub(crate) const MIXED: Run = |inputs, output| block_on(run_tasks_mixed(inputs, INTERVAL, output));
pub(crate) const IN_TASKS: Run = |inputs, output| block_on(run_tasks(inputs, INTERVAL, output));

/// Fan-in with an early failure: the middle input fails, and only the run itself closes the others.
pub(crate) fn an_early_failure_ends_the_run(folder: &Path, run: Run) {
    let (paths, inputs) = logs(folder);
    // What has taken over the name is no file: the follower cannot go on.
    fs::rename(&paths[1], folder.join("moved")).unwrap();
    fs::create_dir(&paths[1]).unwrap();
    let sink = Sink::default();
    let ended = run(inputs, Output::new("sink", sink.clone()));
    assert!(matches!(&ended, Err(MergeError::NotRegular { path }) if *path == paths[1]), "not its error: {ended:?}");
    // What is still in the failing one comes before its error.
    assert_whole(&sink);
    fs::remove_dir(&paths[1]).unwrap();
    fs::rename(folder.join("moved"), &paths[1]).unwrap();
}

/// Hand-over to a writer that fails after some chunks: no follower waits for it after that.
pub(crate) fn a_failing_output_ends_the_run(folder: &Path, run: Run) {
    let (_, inputs) = logs(folder);
    let sink = Sink { fails_after: Some(thread_rng().gen_range(0..INPUTS)), ..Sink::default() };
    let ended = run(inputs, Output::new("sink", sink));
    assert!(matches!(ended, Err(MergeError::Output { .. })), "not the error of the output: {ended:?}");
}

/// Hand-over to a writer that takes everything, while each input is being closed.
pub(crate) fn a_good_output_gets_every_line(folder: &Path, run: Run) {
    let (_, inputs) = logs(folder);
    let closers = inputs.iter().map(Input::closer).collect::<Vec<_>>();
    let closing = thread::spawn(move || closers.iter().for_each(super::Closer::close));
    let sink = Sink::default();
    let summary = run(inputs, Output::new("sink", sink.clone())).unwrap();
    closing.join().unwrap();
    assert_eq!(summary.lines, (INPUTS * LINES) as u64);
    assert_whole(&sink);
}

/// Logs with all their lines in them, and their inputs. Schedules share a folder: only the first has to write.
fn logs(folder: &Path) -> (Vec<PathBuf>, Vec<Input>) {
    let paths = (0..INPUTS).map(|input| folder.join(format!("log{input}"))).collect::<Vec<_>>();
    for (input, path) in paths.iter().enumerate().filter(|(_, path)| !path.exists()) {
        fs::write(path, lines_of(input).collect::<Vec<_>>().join("\n") + "\n").unwrap();
    }
    let inputs = Input::open_all(&paths).unwrap();
    (paths, inputs)
}

fn lines_of(input: usize) -> impl Iterator<Item = String> {
    (0..LINES).map(move |line| format!("{input}: {line:04}"))
}

/// Each line is whole, and the lines of each input are all there and in order.
fn assert_whole(sink: &Sink) {
    let written = String::from_utf8(sink.written.lock().unwrap().clone()).unwrap();
    for input in 0..INPUTS {
        let lines = written.lines().filter(|line| line.starts_with(&format!("{input}: ")));
        assert!(lines.eq(lines_of(input)), "torn or lost lines of input {input}:\n{written}");
    }
    assert_eq!(written.lines().count(), INPUTS * LINES, "torn or foreign lines:\n{written}");
}

/// Takes a few bytes at a time and lets others run in between, as a pipe may.
#[derive(Clone, Default)]
struct Sink {
    /// No scheduling points of its own: what the test looks at is no part of the program.
    written: Arc<Mutex<Vec<u8>>>,
    fails_after: Option<usize>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        scheduling_point();
        if self.fails_after == Some(0) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let took = bytes.len().min(4);
        self.written.lock().unwrap().extend_from_slice(&bytes[..took]);
        Ok(took)
    }

    /// Called once per chunk.
    fn flush(&mut self) -> io::Result<()> {
        self.fails_after = self.fails_after.map(|chunks| chunks - 1);
        Ok(())
    }
}
