//! One random script through all stages: each produces the output that a model predicts, and so they agree.
//!
//! A script appends pieces of lines, closes, truncates and rotates. The test waits for the effect of each step, in the
//! output or in what the follower has read, so the whole output is known to the byte. Steps without such an effect are
//! left to the suite's own scenarios.
//!
//! A failure prints the shortest script that fails, and for each stage the expected and the actual output. Its seed is
//! kept in `all_stages_agree.proptest-regressions` and is tried first from then on: commit it.

mod model;
mod script;

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use equivalence::{Fixture, Running, Settings, Violation};
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError};
use tour::{STAGES, Stage};

use model::Model;
use script::{Action, Script, Step, Text, scripts};

/// How many scripts each stage goes through. `PROPTEST_CASES` sets another number.
const SCRIPTS: u32 = 256;

fn config() -> Config {
    let regressions = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/all_stages_agree.proptest-regressions");
    let default = Config::default();
    Config {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { SCRIPTS },
        max_shrink_time: 60_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(regressions))),
        ..default
    }
}

proptest::proptest! {
    #![proptest_config(config())]

    #[test]
    fn all_stages_turn_a_random_script_into_the_output_of_the_model(script in scripts()) {
        all_agree(&script)?;
    }
}

/// Runs the script through every stage, even after one has failed: if the others fail in the same way, the model may be
/// wrong.
fn all_agree(script: &Script) -> Result<(), TestCaseError> {
    let runs: Vec<_> = STAGES.iter().map(|stage| play(stage, script)).collect();
    let wrong = runs.iter().any(|(_, failure)| failure.is_some());
    let differ = runs.iter().any(|(output, _)| *output != runs[0].0);
    if !wrong && !differ {
        return Ok(());
    }
    FOUND.store(true, Ordering::Relaxed);
    let mut report = String::from("the stages do not turn this script into the output of the model\n");
    for (stage, (_, failure)) in STAGES.iter().zip(&runs) {
        let _ = writeln!(report, "{}: {}", stage.name, failure.as_deref().unwrap_or("as the model"));
    }
    if !differ {
        report += "all stages have the same output: look at the model as well\n";
    }
    Err(TestCaseError::fail(report))
}

/// Runs the script through one stage, until it fails. Returns its output and the failure.
fn play(stage: &Stage, script: &Script) -> (Vec<u8>, Option<String>) {
    // One more input stays open to the end, so that no step ends the run.
    let mut fixture = Fixture::new(script.inputs + 1, &Settings { patience: patience(), ..Settings::default() });
    fixture.interval = Duration::from_millis(1);
    let mut model = Model::new(script.inputs + 1);
    let run = fixture.start(stage.merge);
    let mut played = play_steps(&run, script, &mut fixture, &mut model);
    let mut output = fixture.captured.bytes();
    if played.is_ok() {
        run.close_all();
        played = run.await_end().map(drop).map_err(|violation| format!("at the end: {violation}"));
        output = fixture.captured.bytes();
        if played.is_ok() && output != model.output {
            played = Err("at the end: the output grew after the last step".into());
        }
    }
    let failure = played.err().map(|what| {
        let (expected, found) = (Text(model.output), Text(output.clone()));
        format!("{what}\n  the model's output: {expected:?}\n  the stage's output: {found:?}")
    });
    (output, failure)
}

fn play_steps(run: &Running, script: &Script, fixture: &mut Fixture, model: &mut Model) -> Result<(), String> {
    for (number, step) in script.steps.iter().enumerate() {
        assert!(model.apply(step), "a script holds no step whose outcome cannot be known");
        apply(step, number, fixture, run);
        let awaited = run.await_output(&model.output).and_then(|()| await_read(run, step.input, model));
        awaited.map_err(|violation| format!("at step {number}, {step:?}: {violation}"))?;
    }
    Ok(())
}

/// Does the step to the files.
fn apply(&Step { input, ref action }: &Step, number: usize, fixture: &mut Fixture, run: &Running) {
    match action {
        Action::Append(text) => fixture.append(input, &text.0),
        Action::Close(last) => {
            // Does not wait in between: what was written just before the close is merged as well.
            if !last.0.is_empty() {
                fixture.append(input, &last.0);
            }
            run.closers[input].close();
        }
        Action::Truncate(text) => fixture.truncate(input, &text.0),
        Action::Rotate { last, first } => {
            let ending = number.to_string();
            fixture.rename(input, &ending);
            // A writer that still has the old file open writes to it for a while.
            let old = OpenOptions::new().append(true).open(fixture.paths[input].with_extension(ending));
            old.and_then(|mut old| old.write_all(&last.0)).expect("a renamed file can be written");
            fixture.append(input, &first.0);
        }
    }
}

/// Waits until the follower has read as much as in the model: nothing else shows an unfinished line.
fn await_read(run: &Running, input: usize, model: &Model) -> Result<(), Violation> {
    let (closer, expected) = (&run.closers[input], model.read(input));
    let (begun, patience) = (Instant::now(), patience());
    while closer.bytes_read() < expected {
        if begun.elapsed() > patience {
            let read = closer.bytes_read();
            return Err(Violation::Hung { waiting_for: format!("{expected} bytes to be read, {read} were"), patience });
        }
        thread::sleep(Duration::from_micros(200));
    }
    Ok(())
}

/// Whether a script has failed.
static FOUND: AtomicBool = AtomicBool::new(false);

/// Long enough for a busy machine. Short after the first failure, because shrinking needs many runs that fail.
fn patience() -> Duration {
    if FOUND.load(Ordering::Relaxed) { Duration::from_millis(500) } else { Duration::from_secs(30) }
}
