//! One stage at work.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use equivalence::Violation;
use indicatif::{ProgressBar, ProgressStyle};
use merge_core::{Closer, Input, MergeError, Output};

use crate::confirm::{Found, confirm};
use crate::threads::Peak;
use crate::{Kept, Logs, Result, Stage};

/// How often a running stage is checked, at most.
const TICK: Duration = Duration::from_millis(2);
/// How long a stage may write nothing after its inputs were closed. Then it counts as hung.
const PATIENCE: Duration = Duration::from_secs(60);

/// The result of one stage.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) stage: Stage,
    /// The logs, each with its name and its number of lines.
    pub(crate) inputs: Vec<(String, u64)>,
    /// How many lines are in the output.
    pub(crate) lines: u64,
    /// The most threads that were seen at once. `None` if they cannot be counted, or the run was too short.
    pub(crate) threads: Option<usize>,
    /// From the call of the entry point to its return.
    pub(crate) time: Duration,
    /// Whether the output is a merge of the logs, and if not, what is wrong.
    pub(crate) verdict: std::result::Result<(), String>,
}

/// Runs `stage` over `logs`, confirms its output and copies it to `kept`.
pub(crate) fn run(stage: &Stage, logs: &Logs, interval: Duration, kept: Option<Kept>) -> Result<Outcome> {
    let path = logs.output(stage.name);
    let output = Output::create(&path, &[])?;
    let (inputs, writing) = logs.start()?;
    let closers: Vec<_> = inputs.iter().map(Input::closer).collect();
    let progress = output.progress();
    let mut peak = Peak::new();
    // Shown on standard error, if that is a terminal.
    let style = ProgressStyle::with_template("  {prefix} {bar:40} {human_pos} of {human_len} lines")?;
    let bar = ProgressBar::new(logs.lines).with_style(style).with_prefix(stage.name);

    let (merge, begun) = (stage.merge, Instant::now());
    let work = move || {
        let _top = timeline::top();
        (merge(inputs, interval, output), begun.elapsed())
    };
    let top = thread::Builder::new().name("top".into()).spawn(work)?;
    let mut moved = (progress.bytes(), Instant::now());
    while !top.is_finished() && moved.1.elapsed() < PATIENCE {
        let look = Instant::now();
        peak.look();
        bar.set_position(progress.lines());
        if progress.bytes() != moved.0 || !closers.iter().all(Closer::is_closed) {
            moved = (progress.bytes(), Instant::now());
        }
        // Counting thousands of threads takes a while, and must not keep the stage from its work.
        thread::sleep(TICK.max(5 * look.elapsed()));
    }
    bar.finish_and_clear();
    // A stage that hangs is left behind: the tour goes on without it.
    let hung = || Violation::Hung { waiting_for: "the run to end".into(), patience: PATIENCE };
    let (merged, time) = match top.is_finished().then(|| top.join()) {
        None => (Err(hung()), begun.elapsed()),
        Some(Ok((merged, time))) => (merged.map_err(Violation::Failed), time),
        Some(Err(panic)) => (Err(panicked(MergeError::ended_early(Some(panic)))), begun.elapsed()),
    };
    // However the stage has ended: the next one uses the same folder.
    if let Some(writing) = writing {
        writing.join().map_err(|_panic| "a writer panicked")??;
    }

    let Found { inputs, summary: expected, verdict } = confirm(logs, &path, kept)?;
    // The next stage needs the room. A stage that hangs may still have the file open, so this may fail.
    let _ = fs::remove_file(path);
    let verdict = merged.map_err(|violation| violation.to_string()).and_then(|found| {
        verdict?;
        let wrong = || Violation::WrongSummary { expected: format!("{expected:?}"), found: format!("{found:?}") };
        if found == expected { Ok(()) } else { Err(wrong().to_string()) }
    });
    Ok(Outcome { stage: *stage, inputs, lines: expected.lines, threads: peak.most(), time, verdict })
}

/// A panic of the entry point itself, not of a follower.
fn panicked(error: MergeError) -> Violation {
    match error {
        MergeError::Panicked(message) => Violation::Panicked { message },
        other => Violation::Failed(other),
    }
}
