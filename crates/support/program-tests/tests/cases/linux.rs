//! Terminals, full devices and names that are not Unicode, on Linux.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use super::program::{Fixture, NAME, Running, kill};

/// Starts the program on a terminal of its own, which the command `script` provides. What the terminal shows goes to
/// `.screen`, the process id of the program to `.pid`.
fn start_on_a_terminal<'a>(fixture: &'a Fixture, args: &str) -> Running<'a> {
    fixture.write("a", "a\n");
    let mut command = Command::new("script");
    command.args(["-qefc", &format!("stty cols 80; echo $$ > .pid; exec \"$STAGE\" {args}"), ".screen"]);
    command.env("STAGE", &fixture.program).env("SHELL", "/bin/sh").env("TERM", "xterm");
    fixture.start(command)
}

#[test]
fn a_terminal_shows_a_status_line_until_the_summary() {
    let fixture = Fixture::new();
    let mut running = start_on_a_terminal(&fixture, "--output out a");
    let shown = " following 1 input: 1 line, 2 B, 0 B/s";
    running.wait_for("the status line", |fixture| {
        fixture.path(".screen").exists() && fixture.text(".screen").contains(shown)
    });
    kill("TERM", fixture.text(".pid").trim());
    running.end().assert_succeeded();
    let screen = fixture.text(".screen");
    // The program returns to the start of the line and clears it. Then comes the summary.
    let (_, after) = screen.rsplit_once("\r\u{1b}[2K").unwrap_or_else(|| panic!("never cleared: {screen:?}"));
    let summary = format!("{NAME}: merged 1 line (2 B) from 1 input in ");
    assert!(after.starts_with(&summary), "{summary:?} does not follow: {screen:?}");
}

#[test]
fn a_terminal_that_may_show_the_lines_shows_no_status_line() {
    let fixture = Fixture::new();
    start_on_a_terminal(&fixture, "--no-follow --output - a | cat").end().assert_succeeded();
    let screen = fixture.text(".screen");
    assert!(screen.contains("a\r\n") && screen.contains(": merged 1 line "), "{screen:?}");
    assert!(!screen.contains("ing 1 input") && !screen.contains('\u{1b}'), "{screen:?}");
}

#[test]
fn a_name_that_is_not_unicode_is_merged() {
    let fixture = Fixture::new();
    let (input, output) = (OsStr::from_bytes(b"in\xff"), OsStr::from_bytes(b"out\xff"));
    fixture.write(input, "a\n");
    fixture.run([OsStr::new("--no-follow"), OsStr::new("--output"), output, input]).assert_succeeded();
    assert_eq!(fixture.read(output), b"a\n");
    // And in an error.
    let ended = fixture.run([OsStr::new("--output"), OsStr::new("out"), OsStr::from_bytes(b"absent\xff")]);
    ended.assert_failed("cannot open input absent\u{fffd}: ", Some(2));
}

#[test]
fn a_full_output_ends_the_merge_with_its_cause() {
    let fixture = Fixture::new();
    fixture.write_three_files();
    let ended = fixture.run(["--no-follow", "--output", "/dev/full", "a", "b", "c"]);
    ended.assert_failed("cannot write output /dev/full: ", Some(28));

    let mut command = fixture.command(["--no-follow", "--output", "-", "a", "b", "c"]);
    command.stdout(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let ended = fixture.start_with_stdout(command).end();
    ended.assert_failed("cannot write output (standard output): ", Some(28));
}

#[test]
fn a_full_output_ends_a_program_that_follows_idle_inputs() {
    let fixture = Fixture::with(&[("idle", ""), ("half", "a line that never ends"), ("a", "a\n")]);
    // No test waits for this interval: the followers of the idle inputs must be woken.
    let ended = fixture.run(["--interval", "1day", "--output", "/dev/full", "idle", "half", "a"]);
    ended.assert_failed("cannot write output /dev/full: ", Some(28));
}
