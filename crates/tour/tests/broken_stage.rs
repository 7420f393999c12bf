//! A stage that breaks the contract is named, and the others go on.

use std::time::Duration;

use equivalence::{EntryPoint, Writers};
use merge_core::{Input, MergeError, Output, Summary};
use tempfile::TempDir;
use tour::{Logs, Stage, tour};

fn panics(_: Vec<Input>, _: Duration, _: Output) -> merge_core::Result<Summary> {
    panic!("it panics, as it was told to")
}

fn fails(_: Vec<Input>, _: Duration, _: Output) -> merge_core::Result<Summary> {
    Err(MergeError::OutputGone)
}

/// Silently leaves out the last input.
fn loses_an_input(mut inputs: Vec<Input>, interval: Duration, output: Output) -> merge_core::Result<Summary> {
    let last = inputs.pop().expect("an input");
    stage1::merge(inputs, interval, output).map(|summary| {
        drop(last);
        Summary { inputs: summary.inputs + 1, ..summary }
    })
}

/// Runs a tour through `entry_points`. Returns whether they agree, and the report.
fn tour_of(entry_points: &[(&'static str, EntryPoint)]) -> (bool, String) {
    let folder = TempDir::new().expect("a scratch folder");
    let stage = |&(name, merge)| Stage { name, top: "", tail: "", sentence: "", merge };
    let stages: Vec<Stage> = entry_points.iter().map(stage).collect();
    let writers = Writers { files: 2, lines: 3, pause: Duration::from_millis(1), seed: 1 };
    let logs = Logs::growing(writers, folder.path().join("logs"));
    let mut out = Vec::new();
    let agree = tour(&stages, &logs, Duration::from_millis(1), Vec::new(), None, &mut out).expect("a tour");
    (agree, String::from_utf8(out).expect("text"))
}

#[test]
fn a_broken_stage_is_named_and_the_others_go_on() {
    let entry_points: [(_, EntryPoint); 4] =
        [("panic", panics), ("error", fails), ("loses", loses_an_input), ("stage1", stage1::merge)];
    let (agree, printed) = tour_of(&entry_points);
    assert!(!agree, "{printed}");
    for line in [
        "  FAIL  the run panicked: it panics, as it was told to",
        "  FAIL  it failed: the output has failed already",
        "  FAIL  a line was lost",
        "    input:    1, line 1",
        "The stages do not agree:",
        "  loses: a line was lost",
    ] {
        assert!(printed.lines().any(|printed| printed == line), "no line {line:?} in\n{printed}");
    }
    assert!(printed.lines().any(|line| line.starts_with("stage1") && line.ends_with("confirmed")), "{printed}");
}

#[test]
fn stages_that_keep_the_contract_agree() {
    let (agree, printed) = tour_of(&[("stage1", stage1::merge), ("stage4", stage4::merge)]);
    assert!(agree && printed.contains("Both stages agree: 6 lines"), "{printed}");
}
