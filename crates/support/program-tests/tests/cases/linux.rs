//! Terminals, full devices and names that are not Unicode, on Linux.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

use super::program::{Fixture, NAME, Running, has_sighup, kill};

/// "Resource temporarily unavailable": there is no thread to give.
const EAGAIN: i32 = 11;

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

// -- Signals, and the output that is not open yet ----------------------------------------------------------------------

/// Whether the process is in the state that `field` of its status shows for the signals HUP, INT and TERM.
fn signals(running: &Running, field: &str) -> [bool; 3] {
    let status = fs::read_to_string(format!("/proc/{}/status", running.child.id())).unwrap();
    let set = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    let set = u64::from_str_radix(set.trim(), 16).unwrap();
    [1, 2, 15].map(|signal| set >> (signal - 1) & 1 == 1)
}

fn follow_into_a_pipe_without_a_reader(fixture: &Fixture) -> Running<'_> {
    fixture.write("a", "a\n");
    assert!(Command::new("mkfifo").arg(fixture.path("out")).status().unwrap().success());
    let mut running = fixture.start(fixture.command(["--interval", "20ms", "--output", "out", "a"]));
    // To open such a pipe waits for its reader. By then the handlers exist: a signal can never hit a program that has
    // touched its output and cannot merge what it holds.
    while signals(&running, "SigCgt:") != [has_sighup(), true, true] {
        running.tick("its signal handlers");
    }
    running.wait_for("its wait for a reader", |_| true);
    running
}

#[test]
fn a_signal_ends_the_wait_for_a_reader_of_the_output() {
    for signal in ["INT", "TERM"] {
        let fixture = Fixture::new();
        let running = follow_into_a_pipe_without_a_reader(&fixture);
        running.signal(signal);
        running.end().assert_said(Some(130), "");
    }
}

#[test]
fn a_reader_of_the_output_may_come_late() {
    let fixture = Fixture::new();
    let running = follow_into_a_pipe_without_a_reader(&fixture);
    let mut reader =
        Command::new("head").args(["-n", "1"]).arg(fixture.path("out")).stdout(Stdio::piped()).spawn().unwrap();
    let mut read = String::new();
    reader.stdout.take().unwrap().read_to_string(&mut read).unwrap();
    assert!(reader.wait().unwrap().success());
    assert_eq!(read, "a\n");
    // The pipe has no reader any more, which the program notices at its next line.
    fixture.append("a", "a 2\n");
    running.end().assert_said(Some(0), "");
}

#[test]
fn nohup_keeps_its_promise() {
    let fixture = Fixture::with(&[("a", "a 1\n")]);
    let args = ["--interval", "20ms", "--output", "out", "a"];
    let mut running = fixture.start(fixture.command_after("trap '' HUP;", args));
    running.wait_for_lines(1);
    assert_eq!(signals(&running, "SigIgn:"), [true, false, false]);
    running.signal("HUP");
    fixture.append("a", "a 2\n");
    running.wait_for_lines(2);
    running.signal("TERM");
    running.end().assert_summary("2 lines", "1 input");
}

// -- Threads -----------------------------------------------------------------------------------------------------------

/// Wherever among its threads the program meets the limit, it either follows all of its inputs or says in one line why
/// it does not, and then leaves the output as it was.
#[test]
fn a_limit_on_threads_is_met_before_the_output_is_touched() {
    const INPUTS: usize = 6;
    let Some(fixture) = Fixture::alone() else { return };
    let names: Vec<_> = (0..INPUTS).map(|number| format!("{number}.log")).collect();
    for name in &names {
        fixture.write(name, format!("{name}\n"));
    }
    let mut followed = 0;
    for limit in 1..40 {
        fixture.write("out", "precious\n");
        fixture.permit("out", 0o666);
        let args = ["--interval", "20ms", "--output", "out"].into_iter().chain(names.iter().map(String::as_str));
        // The shell sets its own limit: not every shell has a command for that.
        let limited = format!("prlimit --pid $$ --nproc={limit};");
        let mut running = fixture.start(fixture.command_after(&limited, args));
        while running.child.try_wait().unwrap().is_none() && fixture.text("out").matches(".log").count() < INPUTS {
            running.tick(&format!("all inputs in the output, or an error, under a limit of {limit} threads"));
        }
        if running.child.try_wait().unwrap().is_none() {
            running.signal("TERM");
            running.end().assert_summary("6 lines", "6 inputs");
            followed += 1;
        } else {
            let ended = running.end();
            ended.assert_failed("cannot start ", Some(EAGAIN));
            assert_eq!(fixture.text("out"), "precious\n", "limit {limit}: the output was touched");
        }
    }
    assert!((1..39).contains(&followed), "the limits tried must lie on both sides of what is needed, not {followed}");
}
