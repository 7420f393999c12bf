//! One stage at work.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use equivalence::{Violation, confirm};
use indicatif::{ProgressBar, ProgressStyle};
use merge_core::{Closer, Input, MergeError, Output, Progress, Summary};

use crate::logs::{Started, lines_of};
use crate::threads::Peak;
use crate::{Logs, Result, Stage, about};

/// How often a running stage is looked at, at most.
const TICK: Duration = Duration::from_millis(2);
/// How long a stage may write nothing after its inputs were closed, before it is said to hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a stage has done, or how it broke the contract.
type Verdict<T> = std::result::Result<T, Violation>;

/// What came of one stage.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Which stage.
    pub(crate) stage: Stage,
    /// The logs, each with its name and how many lines it has.
    pub(crate) inputs: Vec<(String, usize)>,
    /// How many lines are in the output.
    pub(crate) lines: usize,
    /// The most threads that were seen at once; `None` where they cannot be counted, or the run was too short to
    /// see them.
    pub(crate) threads: Option<usize>,
    /// From the call of the entry point to its return.
    pub(crate) time: Duration,
    /// Whether the output is a merge of the logs, and if not, why.
    pub(crate) verdict: Verdict<()>,
    /// The same for outputs that hold the same lines, in whatever order.
    pub(crate) digest: u64,
}

/// Runs `stage` over `logs` into `output`, which is the file at `path`, and confirms what came out.
pub(crate) fn run(stage: &Stage, logs: &Logs, interval: Duration, path: &Path, output: Output) -> Result<Outcome> {
    let Started { inputs, closing } = logs.start()?;
    let closers: Vec<_> = inputs.iter().map(Input::closer).collect();
    let progress = output.progress();
    let mut peak = Peak::new();

    let (merge, begun) = (stage.merge, Instant::now());
    let work = move || {
        let _top = timeline::top();
        (merge(inputs, interval, output), begun.elapsed())
    };
    let top = thread::Builder::new().name("top".into()).spawn(work)?;
    watch(&top, &closers, &progress, &mut peak, &bar(stage, logs));
    let (merged, time) = end(top, begun);
    closing.wait()?;

    let sources = logs.sources()?;
    let bytes = fs::read(path).map_err(about("cannot read", path))?;
    let lines = bytes.split_inclusive(|&byte| byte == b'\n').count();
    let verdict = merged.and_then(|summary| {
        // The article's `confirm_merge`, with the names that the logs had.
        confirm(&sources, &bytes)?;
        let expected = Summary { inputs: sources.len(), lines: lines as u64, bytes: bytes.len() as u64 };
        if summary == expected {
            return Ok(());
        }
        Err(Violation::WrongSummary { expected: format!("{expected:?}"), found: format!("{summary:?}") })
    });
    let inputs = sources.iter().map(|source| (source.name.clone(), lines_of(source))).collect();
    Ok(Outcome { stage: *stage, inputs, lines, threads: peak.most(), time, verdict, digest: digest(&bytes) })
}

/// What the entry point returned, and how long it took.
type Returned = (merge_core::Result<Summary>, Duration);

/// Looks at a stage until it has ended, or hangs.
fn watch(top: &JoinHandle<Returned>, closers: &[Closer], progress: &Progress, peak: &mut Peak, bar: &ProgressBar) {
    let mut moved = (progress.bytes(), Instant::now());
    while !top.is_finished() && moved.1.elapsed() < PATIENCE {
        let look = Instant::now();
        peak.look();
        bar.set_position(progress.lines());
        if progress.bytes() != moved.0 || !closers.iter().all(Closer::is_closed) {
            moved = (progress.bytes(), Instant::now());
        }
        // To look at thousands of threads takes a while: it must not keep the stage from its work.
        thread::sleep(TICK.max(5 * look.elapsed()));
    }
    bar.finish_and_clear();
}

/// How the stage ended. One that hangs is left alone: the tour goes on without it.
fn end(top: JoinHandle<Returned>, begun: Instant) -> (Verdict<Summary>, Duration) {
    if !top.is_finished() {
        let hung = Violation::Hung { waiting_for: "the run to end".into(), patience: PATIENCE };
        return (Err(hung), begun.elapsed());
    }
    match top.join() {
        Ok((merged, time)) => (merged.map_err(Violation::Failed), time),
        Err(panic) => {
            let violation = match MergeError::ended_early(Some(panic)) {
                MergeError::Panicked(message) => Violation::Panicked { message },
                other => Violation::Failed(other),
            };
            (Err(violation), begun.elapsed())
        }
    }
}

/// A bar on standard error; none where that is no terminal.
fn bar(stage: &Stage, logs: &Logs) -> ProgressBar {
    let style = ProgressStyle::with_template("  {prefix} {bar:40} {human_pos} of {human_len} lines");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(logs.lines() as u64).with_style(style).with_prefix(stage.name)
}

fn digest(merged: &[u8]) -> u64 {
    let mut lines: Vec<&[u8]> = merged.split_inclusive(|&byte| byte == b'\n').collect();
    lines.sort_unstable();
    let mut hasher = DefaultHasher::new();
    lines.hash(&mut hasher);
    hasher.finish()
}
