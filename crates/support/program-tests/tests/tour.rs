//! The tour's program: what it prints, which files it writes, how it exits.

// Test code: a case whose setup fails, fails.
#![allow(clippy::unwrap_used)]

#[allow(dead_code)] // The stages' cases use the rest.
#[path = "cases/program.rs"]
mod program;

use std::fs;
use std::path::Path;

use program::{Ended, Fixture};

/// How many stages a tour passes through.
const STAGES: usize = 5;

/// Fails unless all stages agree and the report suits any terminal, printer or file. Returns the report.
fn assert_agrees(ended: Ended) -> String {
    let report = String::from_utf8(ended.stdout.clone()).unwrap();
    ended.assert_said(Some(0), "");
    assert!(report.contains("\nAll five stages agree: "), "{report}");
    for line in report.lines() {
        assert!(line.chars().count() <= 80, "too wide: {line}");
        assert!(!line.contains(char::is_control), "a control character: {line:?}");
    }
    report
}

/// Fails unless the run was refused with one line that names `file`, and printed no report.
fn assert_refused(ended: &Ended, file: &str) {
    ended.assert_failed("", None);
    assert!(ended.stderr.contains(file) && ended.stdout.is_empty(), "{ended:?}");
}

fn sorted_lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<_> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
    lines.sort_unstable();
    lines
}

#[test]
fn the_demonstration_passes_every_input_through_every_stage() {
    let arguments = ["--files", "2", "--lines", "3", "--pause", "5ms", "--interval", "5ms"];
    let report = assert_agrees(Fixture::new().run(arguments));
    for input in ["0", "1"] {
        let pass = format!("  pass  {input}       3 lines");
        assert_eq!(report.lines().filter(|line| *line == pass).count(), STAGES, "{report}");
    }
    for row in [
        "stage1  threads  blocking",
        "stage2  tasks    blocking",
        "stage3  threads  async   ",
        "stage4  tasks    async   ",
        "stage5  tasks    async   ",
    ] {
        let found = report.lines().find(|line| line.starts_with(row));
        assert!(found.is_some_and(|found| found.ends_with("  confirmed")), "{row}: {report}");
    }
}

#[test]
fn the_demonstration_is_drawn_with_the_captions_that_are_in_the_book() {
    let fixture = Fixture::new();
    let report = assert_agrees(fixture.run(["--timeline", "new/folder"]));
    assert!(report.contains("\nThe timelines are in new/folder: "), "{report}");
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/src/timelines");
    let drawn = fixture.path("new/folder");
    for stage in 1..=STAGES {
        let caption = format!("stage{stage}.txt");
        let expected = fs::read_to_string(book.join(&caption)).unwrap().replace("\r\n", "\n");
        assert_eq!(fs::read_to_string(drawn.join(caption)).unwrap(), expected);
    }
    for picture in ["stage1.svg", "stage2.svg", "stage3.svg", "stage4.svg", "stage5.svg", "all.svg"] {
        let svg = fs::read_to_string(drawn.join(picture)).unwrap();
        assert!(svg.starts_with("<svg ") && svg.len() < 150_000, "{picture}: {} bytes", svg.len());
    }
    assert_eq!(fs::read_dir(drawn).unwrap().count(), 2 * STAGES + 1);
}

#[test]
fn real_logs_are_not_drawn() {
    let fixture = Fixture::with(&[("stage1.txt", "x\n")]);
    let ended = fixture.run(["--timeline", ".", "stage1.txt"]);
    assert!(ended.code == Some(2) && ended.stdout.is_empty(), "{ended:?}");
    assert_eq!(fixture.text("stage1.txt"), "x\n");
}

#[test]
fn real_logs_are_merged_whatever_is_in_them() {
    let long = format!("{}/long", "n".repeat(100));
    let logs = ["a/app.log", "b/app.log", "binary", "empty", "unfinished", &long];
    let fixture = Fixture::with(&[
        ("a/app.log", "same\nsame\nfirst\n"),
        // The same name in another folder, and lines that the other log has as well.
        ("b/app.log", "same\nsecond\r\n"),
        ("empty", ""),
        ("unfinished", "whole\nhalf"),
        (&long, "x\n"),
    ]);
    fixture.write("binary", [0, 255, b'\n', 10, 200, b'\r', 27, b'[', b'm', b'\n', 7]);
    let report = assert_agrees(fixture.run(["--keep", "kept/here"].iter().chain(&logs)));
    assert!(report.contains("6 logs, "), "{report}");

    let mut expected = Vec::new();
    for log in logs {
        expected.extend(fixture.read(log));
        if expected.last() != Some(&b'\n') {
            expected.push(b'\n');
        }
    }
    for stage in 1..=STAGES {
        let merged = fixture.read(format!("kept/here/stage{stage}.merged"));
        assert_eq!(sorted_lines(&merged), sorted_lines(&expected), "stage{stage}");
    }
    assert_eq!(fs::read_dir(fixture.path("kept/here")).unwrap().count(), STAGES);
    assert_eq!(fixture.text("unfinished"), "whole\nhalf");
}

#[cfg(unix)]
#[test]
fn the_report_is_printable_whatever_a_log_is_called() {
    let log = "red \u{1b}[31m\nlog";
    assert_agrees(Fixture::with(&[(log, "x\n")]).run([log]));
}

#[test]
fn many_logs_are_counted_and_not_all_listed() {
    let fixture = Fixture::new();
    let logs: Vec<_> = (0..300).map(|number| number.to_string()).collect();
    for log in &logs {
        fixture.write(log, "x\ny\n");
    }
    let report = assert_agrees(fixture.run(logs));
    assert_eq!(report.matches("  pass  … and 290 inputs more, 580 lines").count(), STAGES, "{report}");
}

#[test]
fn what_an_earlier_tour_kept_is_overwritten() {
    let old = ("stage1.merged", "a longer text from an earlier tour\n");
    let fixture = Fixture::with(&[old, ("other", "not the tour's\n"), ("short", "x\n")]);
    fixture.run(["--keep", ".", "short"]).assert_succeeded();
    assert_eq!(fixture.text("stage1.merged"), "x\n");
    assert_eq!(fixture.text("other"), "not the tour's\n");
}

#[test]
fn a_log_that_would_be_overwritten_is_refused_and_nothing_is_touched() {
    let fixture = Fixture::with(&[("stage1.merged", "first\n"), ("stage2.merged", "second\n")]);
    assert_refused(&fixture.run(["--keep", ".", "stage2.merged"]), "stage2.merged");
    assert_eq!(fixture.text("stage1.merged"), "first\n");
    assert_eq!(fixture.text("stage2.merged"), "second\n");
}

#[test]
fn a_log_that_cannot_be_used_is_skipped_and_named_and_the_rest_is_merged() {
    let fixture = Fixture::with(&[("good", "x\n"), ("folder/log", "y\n")]);
    let ended = fixture.run(["--keep", "keep", "missing", "good", "folder"]);
    let [missing, folder] = ended.stderr.lines().collect::<Vec<_>>()[..] else { panic!("{ended:?}") };
    assert!(missing.starts_with("tour: skipped: cannot open input missing: "), "{missing}");
    assert_eq!(folder, "tour: skipped: cannot follow input folder: not a regular file");
    assert_eq!(ended.code, Some(0));
    for stage in 1..=STAGES {
        assert_eq!(fixture.text(&format!("keep/stage{stage}.merged")), "x\n");
    }
}

#[cfg(unix)]
#[test]
fn a_log_without_permission_is_skipped() {
    let fixture = Fixture::bound_by_permissions();
    fixture.write("good", "x\n");
    fixture.write("secret", "y\n");
    fixture.permit("secret", 0);
    let ended = fixture.run(["secret", "good"]);
    assert!(ended.stderr.starts_with("tour: skipped: cannot open input secret: "), "{ended:?}");
    assert!(ended.code == Some(0) && ended.stderr.lines().count() == 1, "{ended:?}");
}

#[cfg(unix)]
#[test]
fn a_log_that_is_given_twice_is_merged_once() {
    let fixture = Fixture::with(&[("log", "x\n"), ("other", "x\n")]);
    std::os::unix::fs::symlink("log", fixture.path("link")).unwrap();
    let ended = fixture.run(["--keep", "keep", "log", "other", "link", "log"]);
    let same = |second| format!("tour: skipped: inputs log and {second} are the same file\n");
    ended.assert_said(Some(0), &(same("link") + &same("log")));
    assert_eq!(fixture.text("keep/stage1.merged"), "x\nx\n");
}

#[test]
fn many_logs_that_cannot_be_used_are_counted() {
    let fixture = Fixture::with(&[("good", "x\n")]);
    let missing: Vec<_> = (0..12).map(|number| format!("missing {number}")).collect();
    let ended = fixture.run(missing.iter().map(String::as_str).chain(["good"]));
    assert_eq!(ended.stderr.lines().count(), 11, "{ended:?}");
    assert!(ended.code == Some(0) && ended.stderr.ends_with("\ntour: skipped: and 2 more\n"), "{ended:?}");
}

#[test]
fn without_a_log_to_merge_the_tour_fails_and_makes_no_folder() {
    let fixture = Fixture::with(&[("folder/log", "x\n")]);
    let ended = fixture.run(["--keep", "keep", "folder"]);
    let skipped = "tour: skipped: cannot follow input folder: not a regular file\n";
    ended.assert_said(Some(1), &format!("{skipped}tour: no log is left to merge\n"));
    assert!(ended.stdout.is_empty() && !fixture.path("keep").exists());
}

/// A sparse file: it takes no room.
#[cfg(unix)]
#[test]
fn a_log_with_a_line_that_no_stage_takes_is_skipped() {
    let fixture = Fixture::with(&[("good", "x\n"), ("sparse", "first\n")]);
    fs::OpenOptions::new().write(true).open(fixture.path("sparse")).unwrap().set_len(65 << 20).unwrap();
    let ended = fixture.run(["--keep", "keep", "sparse", "good"]);
    let skipped = "tour: skipped: cannot read input sparse: the line at byte 6 is longer than ";
    assert!(ended.code == Some(0) && ended.stderr.starts_with(skipped), "{ended:?}");
    assert_eq!(fixture.text("keep/stage4.merged"), "x\n");
}

#[cfg(target_os = "linux")]
#[test]
fn large_logs_are_not_held_in_memory_and_their_copies_are_removed() {
    use std::io::Write;

    const MOST_KIB: u64 = 64 * 1024;
    let fixture = Fixture::with(&[("tmp/.keep", "")]);
    let piece = format!("{}\n", "x".repeat(1023)).repeat(1024);
    for log in ["a", "b"] {
        let mut log = fs::File::create(fixture.path(log)).unwrap();
        (0..100).for_each(|_| log.write_all(piece.as_bytes()).unwrap());
    }
    let mut command = fixture.command(["a", "b"]);
    command.env("TMPDIR", fixture.path("tmp"));
    let mut running = fixture.start(command);
    let status = format!("/proc/{}/status", running.child.id());
    let mut peak = 0;
    while running.child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(&status).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
        peak = line.map_or(peak, |kib| kib.trim().parse().unwrap());
        assert!(peak < MOST_KIB, "the tour held {peak} KiB of 200 MiB");
        running.tick("its end");
    }
    assert_agrees(running.end());
    assert!(peak > 0, "the memory was never read");
    assert_eq!(fs::read_dir(fixture.path("tmp")).unwrap().count(), 1, "only .keep is left");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let fixture = Fixture::with(&[("good", "x\n")]);
    assert_refused(&fixture.run(["--keep", "good/below a file", "good"]), "below a file");
}

#[cfg(unix)]
#[test]
fn a_copy_that_does_not_fit_ends_the_tour_and_is_removed() {
    let fixture = Fixture::with(&[("small", "x\n"), ("large", &"x\n".repeat(1 << 20)), ("tmp/.keep", "")]);
    // As a full disk, but only for this program: no file may grow past 512 KiB.
    let mut command = fixture.command_after("trap '' XFSZ; ulimit -f 1024;", ["small", "large"]);
    command.env("TMPDIR", fixture.path("tmp"));
    let ended = fixture.start(command).end();
    ended.assert_failed("cannot write output ", Some(27));
    assert!(ended.stdout.is_empty(), "{ended:?}");
    assert_eq!(fs::read_dir(fixture.path("tmp")).unwrap().count(), 1, "only .keep is left");
}

#[cfg(unix)]
#[test]
fn the_example_of_the_readme_works_twice() {
    let fixture = Fixture::with(&[("logs/web.log", "web\n"), ("logs/db.log", "db\n")]);
    for _ in 0..2 {
        let args = program::readme_example("tour");
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &args.replacen("tour", "\"$PROGRAM\"", 1)]).env("PROGRAM", &fixture.program);
        assert_agrees(fixture.start(command).end());
    }
}
