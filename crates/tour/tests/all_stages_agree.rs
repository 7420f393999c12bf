//! One random script through all stages: each gives the output that a model foretells, and so they agree.
//!
//! A script appends pieces of lines, closes, truncates and rotates. Each step is awaited, in the output or in what
//! the follower has read, so that the whole output is known to the byte. What no step waits for is not in a script:
//! that is what the suite's own scenarios are for.
//!
//! A failure prints the shortest script that fails, and for each stage what was expected and what came. Its seed is
//! kept in `all_stages_agree.proptest-regressions` and is tried first ever after: commit it.

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
use script::{Script, Step, Text, scripts};

/// How many scripts each stage goes through; `PROPTEST_CASES` makes it more.
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

/// Runs the script through every stage, also when the first has failed: whether the others fail in the same way says
/// who is wrong, a stage or the model.
fn all_agree(script: &Script) -> Result<(), TestCaseError> {
    let runs: Vec<_> = STAGES.iter().map(|stage| play(stage, script)).collect();
    let wrong = runs.iter().any(|run| run.failure.is_some());
    let differ = runs.iter().any(|run| run.output != runs[0].output);
    if !wrong && !differ {
        return Ok(());
    }
    FOUND.store(true, Ordering::Relaxed);
    let mut report = String::from("the stages do not turn this script into the output of the model\n");
    for (stage, run) in STAGES.iter().zip(&runs) {
        let outcome = run.failure.as_deref().unwrap_or("as the model");
        let _ = writeln!(report, "{}: {outcome}", stage.name);
    }
    if !differ {
        report += "all stages have the same output: look at the model as well\n";
    }
    Err(TestCaseError::fail(report))
}

/// What came of one stage.
struct Run {
    output: Vec<u8>,
    failure: Option<String>,
}

/// Runs the script through one stage, as far as it goes well.
fn play(stage: &Stage, script: &Script) -> Run {
    // One more that stays open to the end, so that no step ends the run.
    let mut fixture = Fixture::new(script.inputs + 1, &Settings { patience: patience(), ..Settings::default() });
    fixture.interval = Duration::from_millis(1);
    let mut model = Model::new(script.inputs + 1);
    let run = fixture.start(stage.merge);
    let failed = |what: String, model: &Model, fixture: &Fixture| {
        let (expected, found) = (Text(model.output.clone()), fixture.captured.bytes());
        let found_text = Text(found.clone());
        let failure = format!("{what}\n  the model's output: {expected:?}\n  the stage's output: {found_text:?}");
        Run { output: found, failure: Some(failure) }
    };
    for (number, step) in script.steps.iter().enumerate() {
        assert!(model.apply(step), "a script holds no step whose outcome cannot be known");
        apply(step, number, &mut fixture, &run);
        let awaited = run.await_output(&model.output).and_then(|()| await_read(&run, step.input(), &model));
        if let Err(violation) = awaited {
            return failed(format!("at step {number}, {step:?}: {violation}"), &model, &fixture);
        }
    }
    run.close_all();
    match run.await_end() {
        Ok(_) if fixture.captured.bytes() == model.output => Run { output: model.output, failure: None },
        Ok(_) => failed("at the end: the output grew after the last step".into(), &model, &fixture),
        Err(violation) => failed(format!("at the end: {violation}"), &model, &fixture),
    }
}

/// Does to the files what the step says.
fn apply(step: &Step, number: usize, fixture: &mut Fixture, run: &Running) {
    match step {
        Step::Append { input, text } => fixture.append(*input, &text.0),
        Step::Close { input, last } => {
            // Not awaited: what was written just before the close is merged as well.
            if !last.0.is_empty() {
                fixture.append(*input, &last.0);
            }
            run.closers[*input].close();
        }
        Step::Truncate { input, text } => fixture.truncate(*input, &text.0),
        Step::Rotate { input, last, first } => {
            let ending = number.to_string();
            fixture.rename(*input, &ending);
            // A writer that still has the old file open goes on with it for a while.
            let old = OpenOptions::new().append(true).open(fixture.paths[*input].with_extension(ending));
            old.and_then(|mut old| old.write_all(&last.0)).expect("a renamed file can be written");
            fixture.append(*input, &first.0);
        }
    }
}

/// Waits until the follower has read what the model says: an unfinished line shows nowhere else.
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

/// Long enough for a busy machine. When a failure has been found, short: to shrink it takes many runs that fail.
fn patience() -> Duration {
    if FOUND.load(Ordering::Relaxed) { Duration::from_millis(500) } else { Duration::from_secs(30) }
}
