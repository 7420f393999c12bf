//! The program as a person runs it: what it prints, what it keeps, how it exits.

// All of this is test code; clippy knows only the functions that are tests themselves.
#![allow(clippy::unwrap_used)]

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a run may take before it is killed and the test fails. None takes that long when all is well.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a run printed, and its exit code.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs the tour and waits for it, but not for ever.
fn tour(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
    // Into files: a pipe that nobody reads would hold the child up.
    let folder = TempDir::new().unwrap();
    let (out, err) = (folder.path().join("out"), folder.path().join("err"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_tour"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(File::create(&out).unwrap())
        .stderr(File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Ran { code: status.code(), out: read(&out), err: read(&err) };
        }
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("killed after {PATIENCE:?}\n{}\n{}", read(&out), read(&err));
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Fails unless the run has gone well and its text is for any terminal, printer or file.
fn assert_agrees(ran: &Ran) {
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    assert!(ran.out.contains("\nAll four stages agree: "), "{}", ran.out);
    for line in ran.out.lines() {
        assert!(line.chars().count() <= 80, "too wide: {line}");
        assert!(!line.contains(char::is_control), "a control character: {line:?}");
    }
}

/// Fails unless the run was refused with one line that names `file`.
fn assert_refused(ran: &Ran, file: &Path) {
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{}", ran.err);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    assert!(ran.err.starts_with("tour: ") && ran.err.contains(file.to_str().unwrap()), "{}", ran.err);
}

/// A log in `folder`.
fn log(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

fn sorted_lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<_> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
    lines.sort_unstable();
    lines
}

#[test]
fn the_demonstration_passes_every_input_through_every_stage() {
    let ran = tour(["--files", "2", "--lines", "3", "--pause", "5ms", "--interval", "5ms"]);
    assert_agrees(&ran);
    for input in ["0", "1"] {
        let pass = format!("  pass  {input}       3 lines");
        assert_eq!(ran.out.lines().filter(|line| *line == pass).count(), 4, "{}", ran.out);
    }
    for (stage, rest) in [
        ("stage1", "threads  blocking"),
        ("stage2", "tasks    blocking"),
        ("stage3", "threads  async   "),
        ("stage4", "tasks    async   "),
    ] {
        let row = ran.out.lines().find(|line| line.starts_with(&format!("{stage}  {rest}")));
        assert!(row.is_some_and(|row| row.ends_with("  confirmed")), "{stage}: {}", ran.out);
    }
}

#[test]
fn the_demonstration_is_drawn_with_the_captions_that_are_in_the_book() {
    let folder = TempDir::new().unwrap();
    let drawn = folder.path().join("new/folder");
    let ran = tour([Path::new("--timeline"), &drawn]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    assert!(ran.out.contains(&format!("\nThe timelines are in {}: ", drawn.display())), "{}", ran.out);
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/timelines");
    for stage in 1..=4 {
        let caption = format!("stage{stage}.txt");
        let expected = fs::read_to_string(book.join(&caption)).unwrap().replace("\r\n", "\n");
        assert_eq!(fs::read_to_string(drawn.join(caption)).unwrap(), expected);
    }
    for picture in ["stage1.svg", "stage2.svg", "stage3.svg", "stage4.svg", "all.svg"] {
        let svg = fs::read_to_string(drawn.join(picture)).unwrap();
        assert!(svg.starts_with("<svg ") && svg.len() < 150_000, "{picture}: {} bytes", svg.len());
    }
    assert_eq!(fs::read_dir(&drawn).unwrap().count(), 9);
}

#[test]
fn real_logs_are_not_drawn() {
    let folder = TempDir::new().unwrap();
    let good = log(folder.path(), "stage1.txt", b"x\n");
    let ran = tour([Path::new("--timeline"), folder.path(), &good]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
    assert_eq!(fs::read(good).unwrap(), b"x\n");
}

#[test]
fn real_logs_are_merged_whatever_is_in_them() {
    let folder = TempDir::new().unwrap();
    let logs = [
        log(folder.path(), "a/app.log", b"same\nsame\nfirst\n"),
        // The same name in another folder, and lines that the other has as well.
        log(folder.path(), "b/app.log", b"same\nsecond\r\n"),
        log(folder.path(), "binary", &[0, 255, b'\n', 10, 200, b'\r', 27, b'[', b'm', b'\n', 7]),
        log(folder.path(), "empty", b""),
        log(folder.path(), "unfinished", b"whole\nhalf"),
        log(folder.path(), &format!("{}/long", "n".repeat(100)), b"x\n"),
    ];
    let keep = folder.path().join("kept/here");
    let ran = tour([Path::new("--keep"), &keep].into_iter().chain(logs.iter().map(PathBuf::as_path)));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("6 logs, "), "{}", ran.out);

    let expected: Vec<_> = logs.iter().flat_map(|log| ended(fs::read(log).unwrap())).collect();
    for stage in 1..=4 {
        let merged = fs::read(keep.join(format!("stage{stage}.merged"))).unwrap();
        assert_eq!(sorted_lines(&merged), sorted_lines(&expected), "stage{stage}");
    }
    assert_eq!(fs::read_dir(&keep).unwrap().count(), 4);
    assert_eq!(fs::read(&logs[4]).unwrap(), b"whole\nhalf");
}

/// With a newline at its end, unless it is empty.
fn ended(mut log: Vec<u8>) -> Vec<u8> {
    if log.last().is_some_and(|&byte| byte != b'\n') {
        log.push(b'\n');
    }
    log
}

#[cfg(unix)]
#[test]
fn the_report_is_printable_whatever_a_log_is_called() {
    let folder = TempDir::new().unwrap();
    let log = log(folder.path(), "red \u{1b}[31m\nlog", b"x\n");
    assert_agrees(&tour([log]));
}

#[test]
fn many_logs_are_counted_and_not_all_listed() {
    let folder = TempDir::new().unwrap();
    let logs: Vec<_> = (0..300).map(|number| log(folder.path(), &number.to_string(), b"x\ny\n")).collect();
    let ran = tour(&logs);
    assert_agrees(&ran);
    assert_eq!(ran.out.matches("  pass  … and 290 inputs more, 580 lines").count(), 4, "{}", ran.out);
}

#[test]
fn what_an_earlier_tour_kept_is_overwritten() {
    let folder = TempDir::new().unwrap();
    let old = log(folder.path(), "stage1.merged", b"a longer text from an earlier tour\n");
    let other = log(folder.path(), "other", b"not ours\n");
    let short = log(folder.path(), "short", b"x\n");
    assert_eq!(tour([Path::new("--keep"), folder.path(), &short]).code, Some(0));
    assert_eq!(fs::read(old).unwrap(), b"x\n");
    assert_eq!(fs::read(other).unwrap(), b"not ours\n");
}

#[test]
fn a_log_that_would_be_overwritten_is_refused_and_nothing_is_touched() {
    let folder = TempDir::new().unwrap();
    let first = log(folder.path(), "stage1.merged", b"first\n");
    let second = log(folder.path(), "stage2.merged", b"second\n");
    assert_refused(&tour([Path::new("--keep"), folder.path(), &second]), &second);
    assert_eq!(fs::read(first).unwrap(), b"first\n");
    assert_eq!(fs::read(second).unwrap(), b"second\n");
}

#[test]
fn a_missing_log_is_named_and_no_folder_is_made() {
    let folder = TempDir::new().unwrap();
    let good = log(folder.path(), "good", b"x\n");
    let (missing, keep) = (folder.path().join("missing"), folder.path().join("keep"));
    assert_refused(&tour([Path::new("--keep"), &keep, &good, &missing]), &missing);
    assert!(!keep.exists());
}

#[test]
fn a_folder_is_no_log() {
    let folder = TempDir::new().unwrap();
    assert_refused(&tour([folder.path()]), folder.path());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = TempDir::new().unwrap();
    let good = log(folder.path(), "good", b"x\n");
    let keep = good.join("below a file");
    assert_refused(&tour([Path::new("--keep"), &keep, &good]), &keep);
}
