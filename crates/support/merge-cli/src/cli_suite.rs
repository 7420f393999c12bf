//! The tests of the real programs: one list of cases, which every stage runs.
//!
//! `merge_cli::cli_suite!(env!("CARGO_BIN_EXE_stage2"));` makes every case a named `#[test]`. Each runs the program
//! in a scratch folder of its own, so that the files have short names, and under a deadline, so that a hang is a
//! failure with a name.

// It is test code: what cannot be set up fails the test.
#![allow(clippy::unwrap_used)]

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};

use crate::testing::{Running, Stage, assert_merged};

/// Makes every case a `#[test]` for the program at this path.
#[macro_export]
macro_rules! cli_suite {
    ($program:expr) => {
        $crate::cases! { cli_suite, $program;
            help_fits_80_columns_and_has_examples,
            version_is_the_name_and_a_number,
            an_interval_of_nothing_is_a_usage_error_that_says_what_is_accepted,
            no_inputs_are_a_usage_error_that_says_what_is_accepted,
            no_output_is_a_usage_error_that_says_what_is_accepted,
            an_empty_path_is_a_usage_error,
            without_following_three_files_are_merged_and_summed_up,
            standard_output_takes_the_lines_and_nothing_else,
            a_missing_input_is_refused_with_its_cause,
            a_folder_is_refused_as_an_input,
            a_refused_input_leaves_an_existing_output_as_it_was,
            an_output_that_cannot_be_created_is_named_with_its_cause,
            an_input_is_refused_as_the_output,
            an_input_is_refused_as_the_output_through_a_hard_link,
            a_closed_pipe_ends_quietly,
            a_closed_pipe_ends_a_program_that_follows,
            #[cfg(unix)] an_input_is_refused_as_the_output_through_a_symbolic_link,
            #[cfg(unix)] an_input_is_refused_as_standard_output,
            #[cfg(unix)] a_pipe_is_refused_as_an_input_and_not_waited_for,
            #[cfg(unix)] an_unreadable_input_is_refused_with_its_cause,
            #[cfg(unix)] a_name_with_a_newline_keeps_the_error_on_one_line,
            #[cfg(unix)] sigterm_ends_a_program_that_follows_with_everything_merged,
            #[cfg(unix)] sigint_ends_a_program_that_follows_with_everything_merged,
            #[cfg(unix)] a_signal_is_heard_at_once_however_long_the_interval,
            #[cfg(unix)] a_second_signal_ends_a_program_whose_output_is_stuck,
            #[cfg(unix)] without_following_one_signal_ends_a_program_whose_output_is_stuck,
            #[cfg(unix)] standard_streams_that_are_closed_or_full_do_no_harm,
            #[cfg(unix)] more_inputs_than_the_soft_limit_are_merged,
            #[cfg(unix)] more_inputs_than_the_hard_limit_are_refused_with_both_numbers,
            #[cfg(unix)] a_hard_limit_that_is_just_too_low_is_met_before_the_output_is_touched,
            #[cfg(target_os = "linux")] a_terminal_shows_a_status_line_until_the_summary,
            #[cfg(target_os = "linux")] a_terminal_that_may_show_the_lines_shows_no_status_line,
            #[cfg(target_os = "linux")] a_name_that_is_not_unicode_is_merged,
            #[cfg(target_os = "linux")] a_full_output_ends_the_merge_with_its_cause,
            #[cfg(target_os = "linux")] a_full_output_ends_a_program_that_follows_idle_inputs,
        }
    };
}

// -- Asking and misusing ---------------------------------------------------------------------------------------------

pub fn help_fits_80_columns_and_has_examples(stage: &Stage) {
    let ended = stage.run(["--help"]);
    let page = String::from_utf8(ended.stdout).unwrap();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(page.contains(&format!("Usage: {} ", stage.name)), "{page}");
    assert!(page.contains(&format!("Examples:\n  {} --output all.log web.log db.log", stage.name)), "{page}");
    for line in page.lines() {
        assert!(line.chars().count() <= 80, "longer than 80 columns: {line}");
    }
}

pub fn version_is_the_name_and_a_number(stage: &Stage) {
    let ended = stage.run(["--version"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(String::from_utf8(ended.stdout).unwrap(), format!("{} {}\n", stage.name, env!("CARGO_PKG_VERSION")));
}

fn assert_usage(stage: &Stage, args: &[&str], accepted: &str) {
    stage.write("a", "a\n");
    let ended = stage.run(args);
    assert_eq!(ended.code, Some(2), "{args:?}: {ended:?}");
    assert!(ended.stderr.contains(accepted), "{args:?}: {accepted:?} not in {ended:?}");
    assert!(ended.stdout.is_empty() && !stage.path("out").exists(), "{args:?} did something: {ended:?}");
}

pub fn an_interval_of_nothing_is_a_usage_error_that_says_what_is_accepted(stage: &Stage) {
    for interval in ["0", "0ms", "abc", "", "100", "ms", "-1s", "1e3s", "99999999999999999999s"] {
        assert_usage(stage, &["--interval", interval, "--output", "out", "a"], "such as 100ms, 2s or 1m");
    }
}

pub fn no_inputs_are_a_usage_error_that_says_what_is_accepted(stage: &Stage) {
    assert_usage(stage, &["--output", "out"], "<INPUT>...");
}

pub fn no_output_is_a_usage_error_that_says_what_is_accepted(stage: &Stage) {
    assert_usage(stage, &["a"], "--output <PATH|->");
}

pub fn an_empty_path_is_a_usage_error(stage: &Stage) {
    assert_usage(stage, &["--output", "out", "a", ""], "<INPUT>...");
    assert_usage(stage, &["--output", "", "a"], "--output <PATH|->");
}

// -- Merging ---------------------------------------------------------------------------------------------------------

pub fn without_following_three_files_are_merged_and_summed_up(stage: &Stage) {
    stage.write_three_files();
    stage.append("b", "b the last line has no end");
    stage.write("c", b"c 1\r\nc \xff\xfe\nc\0\n");
    stage.write("out", "what was here goes");
    let ended = stage.run(["--no-follow", "--output", "out", "a", "b", "c"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.is_empty());
    assert_merged(stage, &stage.read("out"), &["a", "b", "c"]);
    stage.assert_summary(&ended.stderr, "200,004 lines", "3 inputs");
}

pub fn standard_output_takes_the_lines_and_nothing_else(stage: &Stage) {
    stage.write("a", "a 1");
    let ended = stage.run(["--no-follow", "--output", "-", "a"]);
    assert_eq!((ended.code, ended.stdout.as_slice()), (Some(0), b"a 1\n".as_slice()));
    stage.assert_summary(&ended.stderr, "1 line", "1 input");
    assert!(!stage.path("-").exists());
}

#[cfg(unix)]
fn assert_ends_with_everything_merged(stage: &Stage, signal: &str) {
    for file in ["a", "b", "c"] {
        stage.write(file, "");
    }
    stage.write("a", "a from before\n");
    let mut running = stage.start(stage.command(["--interval", "20ms", "--output", "out", "a", "b", "c"]));
    running.wait_for_lines("out", 1);
    stage.append("b", "b while it runs\nb half");
    running.wait_for_lines("out", 2);
    stage.append("b", " and half\n");
    running.wait_for_lines("out", 3);
    assert_eq!(stage.text("out"), "a from before\nb while it runs\nb half and half\n");
    // Nobody waits for these: what is there when the signal comes belongs to the output.
    stage.append("a", "a just before the end\n");
    stage.append("c", "c unfinished");
    running.signal(signal);

    let ended = running.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_merged(stage, &stage.read("out"), &["a", "b", "c"]);
    stage.assert_summary(&ended.stderr, "5 lines", "3 inputs");
}

#[cfg(unix)]
pub fn sigterm_ends_a_program_that_follows_with_everything_merged(stage: &Stage) {
    assert_ends_with_everything_merged(stage, "TERM");
}

#[cfg(unix)]
pub fn sigint_ends_a_program_that_follows_with_everything_merged(stage: &Stage) {
    assert_ends_with_everything_merged(stage, "INT");
}

#[cfg(unix)]
pub fn a_signal_is_heard_at_once_however_long_the_interval(stage: &Stage) {
    stage.write("a", "a\n");
    let mut running = stage.start(stage.command(["--interval", "100000years", "--output", "out", "a"]));
    running.wait_for_lines("out", 1);
    running.signal("TERM");
    let ended = running.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// A program that writes into a pipe that nobody reads, once it has begun to.
#[cfg(unix)]
fn start_stuck<'a>(stage: &'a Stage, args: &[&str]) -> (Running<'a>, ChildStdout) {
    stage.write_three_files();
    let mut command = stage.command(args);
    command.args(["--output", "-", "a", "b", "c"]).stdout(Stdio::piped());
    let mut running = stage.start_with_stdout(command);
    let pipe = running.first_byte();
    (running, pipe)
}

#[cfg(unix)]
pub fn a_second_signal_ends_a_program_whose_output_is_stuck(stage: &Stage) {
    let (mut running, _pipe) = start_stuck(stage, &[]);
    // Two signals that come together may count as one, so there may have to be more.
    while running.child.try_wait().unwrap().is_none() {
        running.signal("TERM");
        running.look_again("its end after many signals");
    }
    let ended = running.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(130), ""));
}

#[cfg(unix)]
pub fn without_following_one_signal_ends_a_program_whose_output_is_stuck(stage: &Stage) {
    let (running, _pipe) = start_stuck(stage, &["--no-follow"]);
    running.signal("INT");
    let ended = running.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(130), ""));
}

/// The program on a terminal of its own, which `script` makes. What it shows goes to `.screen`, the process id of the
/// program to `.pid`.
#[cfg(target_os = "linux")]
fn start_on_a_terminal<'a>(stage: &'a Stage, args: &str) -> Running<'a> {
    stage.write("a", "a\n");
    let mut command = Command::new("script");
    command.args(["-qefc", &format!("stty cols 80; echo $$ > .pid; exec \"$STAGE\" {args}"), ".screen"]);
    command.env("STAGE", &stage.program).env("SHELL", "/bin/sh").env("TERM", "xterm");
    stage.start(command)
}

#[cfg(target_os = "linux")]
pub fn a_terminal_shows_a_status_line_until_the_summary(stage: &Stage) {
    let mut running = start_on_a_terminal(stage, "--output out a");
    let shown = " following 1 input: 1 line, 2 B, 0 B/s";
    running
        .wait_for("the status line", |stage| stage.path(".screen").exists() && stage.text(".screen").contains(shown));
    let program = stage.text(".pid");
    assert!(Command::new("kill").args(["-TERM", program.trim()]).status().unwrap().success());
    let ended = running.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let screen = stage.text(".screen");
    // To the start of the line, and clear it: then comes the summary.
    let (_, after) = screen.rsplit_once("\r\u{1b}[2K").unwrap_or_else(|| panic!("never cleared: {screen:?}"));
    let summary = format!("{}: merged 1 line (2 B) from 1 input in ", stage.name);
    assert!(after.starts_with(&summary), "{summary:?} does not follow: {screen:?}");
}

#[cfg(target_os = "linux")]
pub fn a_terminal_that_may_show_the_lines_shows_no_status_line(stage: &Stage) {
    let ended = start_on_a_terminal(stage, "--no-follow --output - a | cat").end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let screen = stage.text(".screen");
    assert!(screen.contains("a\r\n") && screen.contains(": merged 1 line "), "{screen:?}");
    assert!(!screen.contains("ing 1 input") && !screen.contains('\u{1b}'), "{screen:?}");
}

#[cfg(target_os = "linux")]
pub fn a_name_that_is_not_unicode_is_merged(stage: &Stage) {
    use std::os::unix::ffi::OsStrExt;
    let (input, output) = (OsStr::from_bytes(b"in\xff"), OsStr::from_bytes(b"out\xff"));
    stage.write(input, "a\n");
    let ended = stage.run([OsStr::new("--no-follow"), OsStr::new("--output"), output, input]);
    assert_eq!((ended.code, stage.read(output).as_slice()), (Some(0), b"a\n".as_slice()), "{ended:?}");
    // And in an error.
    let ended = stage.run([OsStr::new("--output"), OsStr::new("out"), OsStr::from_bytes(b"absent\xff")]);
    stage.assert_failed(&ended, "cannot open input absent\u{fffd}: ", Some(2));
}

#[cfg(unix)]
pub fn standard_streams_that_are_closed_or_full_do_no_harm(stage: &Stage) {
    stage.write("a", "a\n");
    let mut streams = vec![">&-", "2>&-", "<&- >&- 2>&-"];
    if Path::new("/dev/full").exists() {
        streams.push("2>/dev/full");
    }
    for closed in streams {
        let first = format!("exec {closed};");
        let ended = stage.start(stage.command_after(&first, ["--no-follow", "--output", "out", "a"])).end();
        assert_eq!((ended.code, stage.text("out").as_str()), (Some(0), "a\n"), "{closed}: {ended:?}");
        let ended = stage.start(stage.command_after(&first, ["--no-follow", "--output", "-", "a"])).end();
        assert_eq!(ended.code, Some(0), "{closed}: {ended:?}");
        let ended = stage.start(stage.command_after(&first, ["--output", "out", "absent"])).end();
        assert_eq!(ended.code, Some(1), "{closed}: {ended:?}");
        let ended = stage.start(stage.command_after(&first, ["--help"])).end();
        assert_eq!(ended.code, Some(0), "{closed}: {ended:?}");
    }
}

// -- Refusing --------------------------------------------------------------------------------------------------------

/// Refused with this line, and the output, of which `out` is the default, was not even created.
fn assert_refused(stage: &Stage, inputs: &[&str], message: &str, os_error: Option<i32>) {
    stage.write("good", "good\n");
    let ended = stage.run(["--output", "out", "good"].iter().chain(inputs));
    stage.assert_failed(&ended, message, os_error);
    assert!(!stage.path("out").exists(), "the output was touched");
}

pub fn a_missing_input_is_refused_with_its_cause(stage: &Stage) {
    assert_refused(stage, &["absent.log"], "cannot open input absent.log: ", Some(2));
}

pub fn a_folder_is_refused_as_an_input(stage: &Stage) {
    fs::create_dir(stage.path("folder")).unwrap();
    assert_refused(stage, &["folder"], "cannot follow input folder: not a regular file\n", None);
}

#[cfg(unix)]
pub fn a_pipe_is_refused_as_an_input_and_not_waited_for(stage: &Stage) {
    assert!(Command::new("mkfifo").arg(stage.path("pipe")).status().unwrap().success());
    assert_refused(stage, &["pipe"], "cannot follow input pipe: not a regular file\n", None);
}

#[cfg(unix)]
pub fn a_name_with_a_newline_keeps_the_error_on_one_line(stage: &Stage) {
    assert_refused(stage, &["ab\nsent\u{1b}[2J"], "cannot open input ab\\nsent\\u{1b}[2J: ", Some(2));
}

#[cfg(unix)]
pub fn an_unreadable_input_is_refused_with_its_cause(stage: &Stage) {
    let stage = stage.bound_by_permissions();
    stage.write("locked", "a\n");
    stage.permit("locked", 0);
    assert_refused(&stage, &["locked"], "cannot open input locked: ", Some(13));
}

pub fn a_refused_input_leaves_an_existing_output_as_it_was(stage: &Stage) {
    stage.write("out", "precious\n");
    stage.write("good", "good\n");
    let ended = stage.run(["--output", "out", "good", "absent"]);
    stage.assert_failed(&ended, "cannot open input absent: ", Some(2));
    assert_eq!(stage.text("out"), "precious\n");
}

pub fn an_output_that_cannot_be_created_is_named_with_its_cause(stage: &Stage) {
    stage.write("a", "a\n");
    let ended = stage.run(["--output", "no/such/folder", "a"]);
    stage.assert_failed(&ended, "cannot write output no/such/folder: ", None);
    assert!(ended.stderr.contains("(os error "), "{ended:?}");
}

fn assert_same_file_refused(stage: &Stage, output: &str) {
    stage.write("a", "a\n");
    stage.write("b", "b\n");
    let ended = stage.run(["--output", output, "a", "b"]);
    stage.assert_failed(&ended, &format!("output {output} is the same file as input b\n"), None);
    assert_eq!(stage.text("b"), "b\n", "the input was touched");
}

pub fn an_input_is_refused_as_the_output(stage: &Stage) {
    assert_same_file_refused(stage, "b");
    assert_same_file_refused(stage, "./b");
}

pub fn an_input_is_refused_as_the_output_through_a_hard_link(stage: &Stage) {
    stage.write("b", "");
    fs::hard_link(stage.path("b"), stage.path("link")).unwrap();
    assert_same_file_refused(stage, "link");
}

#[cfg(unix)]
pub fn an_input_is_refused_as_the_output_through_a_symbolic_link(stage: &Stage) {
    std::os::unix::fs::symlink("b", stage.path("link")).unwrap();
    assert_same_file_refused(stage, "link");
}

#[cfg(unix)]
pub fn an_input_is_refused_as_standard_output(stage: &Stage) {
    stage.write("a", "a\n");
    let mut command = stage.command(["--output", "-", "a"]);
    command.stdout(OpenOptions::new().append(true).open(stage.path("a")).unwrap());
    let ended = stage.start_with_stdout(command).end();
    stage.assert_failed(&ended, "output (standard output) is the same file as input a\n", None);
    assert_eq!(stage.text("a"), "a\n", "the input was touched");
}

// -- Outputs that fail -----------------------------------------------------------------------------------------------

fn assert_closed_pipe_is_quiet(stage: &Stage, args: &[&str]) {
    stage.write_three_files();
    let mut command = stage.command(args);
    command.args(["--output", "-", "a", "b", "c"]).stdout(Stdio::piped());
    let mut running = stage.start_with_stdout(command);
    drop(running.first_byte());
    let ended = running.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

pub fn a_closed_pipe_ends_quietly(stage: &Stage) {
    assert_closed_pipe_is_quiet(stage, &["--no-follow"]);
}

pub fn a_closed_pipe_ends_a_program_that_follows(stage: &Stage) {
    assert_closed_pipe_is_quiet(stage, &[]);
}

#[cfg(target_os = "linux")]
pub fn a_full_output_ends_the_merge_with_its_cause(stage: &Stage) {
    stage.write_three_files();
    let ended = stage.run(["--no-follow", "--output", "/dev/full", "a", "b", "c"]);
    stage.assert_failed(&ended, "cannot write output /dev/full: ", Some(28));

    let mut command = stage.command(["--no-follow", "--output", "-", "a", "b", "c"]);
    command.stdout(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let ended = stage.start_with_stdout(command).end();
    stage.assert_failed(&ended, "cannot write output (standard output): ", Some(28));
}

#[cfg(target_os = "linux")]
pub fn a_full_output_ends_a_program_that_follows_idle_inputs(stage: &Stage) {
    stage.write("idle", "");
    stage.write("half", "a line that never ends");
    stage.write("a", "a\n");
    // An interval that no test waits for: the followers of the idle inputs must be woken.
    let ended = stage.run(["--interval", "1day", "--output", "/dev/full", "idle", "half", "a"]);
    stage.assert_failed(&ended, "cannot write output /dev/full: ", Some(28));
}

// -- Limits on open files --------------------------------------------------------------------------------------------

#[cfg(unix)]
fn write_many(stage: &Stage, count: usize) -> Vec<String> {
    let names: Vec<_> = (0..count).map(|number| format!("{number}.log")).collect();
    for name in &names {
        stage.write(name, format!("{name}\n"));
    }
    names
}

#[cfg(unix)]
pub fn more_inputs_than_the_soft_limit_are_merged(stage: &Stage) {
    let names = write_many(stage, 1500);
    let args = ["--no-follow", "--output", "out"].into_iter().chain(names.iter().map(String::as_str));
    let ended = stage.start(stage.command_after("ulimit -Sn 256;", args)).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    stage.assert_summary(&ended.stderr, "1,500 lines", "1,500 inputs");
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    assert_merged(stage, &stage.read("out"), &names);
}

#[cfg(unix)]
pub fn more_inputs_than_the_hard_limit_are_refused_with_both_numbers(stage: &Stage) {
    let names = write_many(stage, 100);
    let args = ["--no-follow", "--output", "out"].into_iter().chain(names.iter().map(String::as_str));
    let ended = stage.start(stage.command_after("ulimit -n 64;", args)).end();
    stage.assert_failed(&ended, "cannot open input ", Some(24));
    let both = ": the hard limit is 64 open files, too few for 100 inputs\n";
    assert!(ended.stderr.ends_with(both), "{ended:?}");
    assert!(!stage.path("out").exists(), "the output was touched");
}

/// Past the inputs a program opens its output, its runtime, its signal handler. Wherever the limit falls among them,
/// it must not end half way.
#[cfg(unix)]
pub fn a_hard_limit_that_is_just_too_low_is_met_before_the_output_is_touched(stage: &Stage) {
    let names = write_many(stage, 20);
    let mut merged = 0;
    for limit in 20..80 {
        stage.write("out", "precious\n");
        let args = ["--no-follow", "--output", "out"].into_iter().chain(names.iter().map(String::as_str));
        let ended = stage.start(stage.command_after(&format!("ulimit -n {limit};"), args)).end();
        if ended.code == Some(0) {
            stage.assert_summary(&ended.stderr, "20 lines", "20 inputs");
            merged += 1;
        } else {
            let cause = format!("the hard limit is {limit} open files, too few for 20 inputs\n");
            assert!(ended.stderr.ends_with(&cause), "limit {limit}: {ended:?}");
            stage.assert_failed(&ended, "cannot open input ", Some(24));
            assert_eq!(stage.text("out"), "precious\n", "limit {limit}: the output was touched");
        }
    }
    assert!((1..60).contains(&merged), "the limits tried must lie on both sides of what is needed, not {merged}");
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_case_is_in_the_list() {
        crate::testing::assert_every_case_is_listed(include_str!("cli_suite.rs"), 30);
    }
}
