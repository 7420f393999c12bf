//! A stage that breaks the contract is named, and the others go on.

use std::fs;
use std::io::Write;
use std::time::Duration;

use equivalence::{EntryPoint, Writers};
use merge_core::{Found, Input, MergeError, Output, Summary};
use tempfile::TempDir;
use tour::{Log, Logs, STAGES, Skipped, Stage, create_outputs, tour};

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

/// Merges closed inputs one after the other, and changes their lines before it writes them.
fn changes(inputs: Vec<Input>, mut output: Output, change: fn(&mut Vec<Vec<u8>>)) -> merge_core::Result<Summary> {
    let (count, mut lines) = (inputs.len(), Vec::new());
    for mut input in inputs {
        while let Found::Lines(chunk) = input.read_lines()? {
            lines.extend(chunk.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec));
        }
    }
    change(&mut lines);
    output.write(&lines.concat())?;
    Ok(Summary { inputs: count, lines: lines.len() as u64, bytes: output.progress().bytes() })
}

#[test]
fn each_change_to_the_output_is_seen_even_where_two_logs_have_equal_lines() {
    let breaks: [(_, EntryPoint); 9] = [
        ("nothing", |i, _, o| changes(i, o, |_| {})),
        ("order", |i, _, o| changes(i, o, |lines| lines.swap(1, 2))),
        ("lost", |i, _, o| changes(i, o, |lines| drop(lines.remove(1)))),
        ("last", |i, _, o| changes(i, o, |lines| drop(lines.pop()))),
        ("twice", |i, _, o| changes(i, o, |lines| lines.insert(1, lines[0].clone()))),
        ("again", |i, _, o| changes(i, o, |lines| lines.push(lines[0].clone()))),
        ("other", |i, _, o| changes(i, o, |lines| lines[3] = lines[0].clone())),
        ("torn", |i, _, o| changes(i, o, |lines| lines[2].insert(3, b'\n'))),
        ("foreign", |i, _, o| changes(i, o, |lines| lines.push(b"9-same\n".to_vec()))),
    ];
    let folder = TempDir::new().expect("a scratch folder");
    let paths = [("a", "same\nsame\nnext\n"), ("b", "same\nhalf")].map(|(name, text)| {
        fs::write(folder.path().join(name), text).expect("a log");
        folder.path().join(name)
    });
    let mut skipped = Skipped::default();
    let logs = Log::open_all(&paths, &mut skipped).expect("logs");
    // A log that goes on growing is copied as far as it was.
    let mut grows = fs::OpenOptions::new().append(true).open(&paths[1]).expect("a log");
    grows.write_all(b" and more\nmore\n").expect("a log that grows");
    let logs = Logs::snapshot(logs, folder.path().join("logs"), skipped).expect("a snapshot");

    for (name, merge) in breaks {
        let stages = [Stage { name, merge, ..STAGES[0] }];
        let kept = create_outputs(folder.path(), &stages, &[]).expect("files");
        let mut out = Vec::new();
        let agree = tour(&stages, &logs, Duration::from_millis(1), kept, None, &mut out).expect("a tour");
        assert_eq!(agree, name == "nothing", "{name}: {}", String::from_utf8_lossy(&out));
    }
    let kept = fs::read_to_string(folder.path().join("nothing.merged")).expect("text");
    assert_eq!(kept, "same\nsame\nnext\nsame\nhalf\n");
}
