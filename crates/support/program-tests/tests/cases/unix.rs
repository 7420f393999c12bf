//! Signals, standard streams, links, permissions and limits: what a program meets on Unix.

use std::fs::OpenOptions;
use std::path::Path;
use std::process::Command;

use super::cli::{assert_refused, assert_same_file_refused};
use super::program::{Ended, Fixture, NAME, has_sighup, readme_example, skip};

// -- Examples --------------------------------------------------------------------------------------------------------

/// Fails unless these commands work twice in a row: the second time, the output of the first one is there.
fn assert_work_twice(examples: &[String]) {
    for example in examples {
        let log = "a line\nan ERROR\n";
        let fixture = Fixture::with(&[("web.log", log), ("db.log", log), ("logs/web.log", log), ("logs/db.log", log)]);
        for _ in 0..2 {
            let ended = fixture.run_example(example);
            ended.assert_summary("4 lines", "2 inputs");
            assert!(ended.stdout.is_empty() || ended.stdout == b"an ERROR\nan ERROR\n", "{example}: {ended:?}");
        }
    }
}

#[test]
fn every_example_of_the_help_works_twice() {
    let page = String::from_utf8(Fixture::new().run(["--help"]).stdout).unwrap();
    let (_, examples) = page.split_once("Examples:\n").unwrap();
    let examples: Vec<_> = examples.lines().map_while(|line| line.strip_prefix("  ")).collect();
    assert_eq!(examples.len(), 4, "{page}");
    // Behind the command stands what it does.
    assert_work_twice(&examples.iter().map(|line| line.split("   ").next().unwrap().to_owned()).collect::<Vec<_>>());
}

#[test]
fn the_example_of_the_readme_works_twice() {
    // It names one stage; all have the same command line.
    let example = readme_example("stage5").replace("stage5", NAME);
    assert_work_twice(&[example]);
}

// -- Signals ---------------------------------------------------------------------------------------------------------

fn assert_ends_with_everything_merged(signal: &str) {
    let fixture = Fixture::with(&[("a", "a from before\n"), ("b", ""), ("c", "")]);
    let mut running = fixture.start(fixture.command(["--interval", "20ms", "--output", "out", "a", "b", "c"]));
    running.wait_for_lines(1);
    fixture.append("b", "b while it runs\nb half");
    running.wait_for_lines(2);
    fixture.append("b", " and half\n");
    running.wait_for_lines(3);
    assert_eq!(fixture.text("out"), "a from before\nb while it runs\nb half and half\n");
    // The test does not wait for these: what is there when the signal comes belongs to the output.
    fixture.append("a", "a just before the end\n");
    fixture.append("c", "c unfinished");
    running.signal(signal);
    running.end().assert_summary("5 lines", "3 inputs");
    fixture.assert_merged(&fixture.sources(&["a", "b", "c"]));
}

#[test]
fn sigterm_ends_a_program_that_follows_with_everything_merged() {
    assert_ends_with_everything_merged("TERM");
}

#[test]
fn sigint_ends_a_program_that_follows_with_everything_merged() {
    assert_ends_with_everything_merged("INT");
}

#[test]
fn sighup_ends_a_program_that_follows_with_everything_merged() {
    if has_sighup() {
        assert_ends_with_everything_merged("HUP");
    }
}

/// `timeout` signals the program and then its process group, which is the program again. A terminal that closes and a
/// session that ends send several signals as well.
#[test]
fn two_signals_at_once_count_as_one_and_the_backlog_is_merged() {
    for round in 0..5 {
        let fixture = Fixture::with(&[("a", "first\n")]);
        let mut running = fixture.start(fixture.command(["--interval", "1day", "--output", "out", "a"]));
        running.wait_for_lines(1);
        fixture.append("a", &format!("{round} {:.<1$}\n", "", 1000).repeat(30_000));
        let pid = running.child.id();
        // By one shell: it needs no new process in between.
        let both = if round % 2 == 0 { ["INT", "INT"] } else { ["TERM", "HUP"] };
        let both = format!("kill -{} {pid}; kill -{} {pid}", both[0], both[1]);
        assert!(Command::new("sh").args(["-c", &both]).status().unwrap().success());
        running.end().assert_summary("30,001 lines", "1 input");
        fixture.assert_merged(&fixture.sources(&["a"]));
    }
}

#[test]
fn a_signal_is_heard_at_once_however_long_the_interval() {
    let fixture = Fixture::with(&[("a", "a\n")]);
    let mut running = fixture.start(fixture.command(["--interval", "100000years", "--output", "out", "a"]));
    running.wait_for_lines(1);
    running.signal("TERM");
    running.end().assert_succeeded();
}

#[test]
fn a_second_signal_ends_a_program_whose_output_is_stuck() {
    let fixture = Fixture::new();
    let (mut running, _unread) = fixture.start_into_a_pipe(&[]);
    // Two signals in quick succession may count as one, so the case may need more.
    while running.child.try_wait().unwrap().is_none() {
        running.signal("TERM");
        running.tick("its end after many signals");
    }
    running.end().assert_said(Some(130), "");
}

#[test]
fn without_following_one_signal_ends_a_program_whose_output_is_stuck() {
    let fixture = Fixture::new();
    let (running, _unread) = fixture.start_into_a_pipe(&["--no-follow"]);
    running.signal("INT");
    running.end().assert_said(Some(130), "");
}

// -- Standard streams ------------------------------------------------------------------------------------------------

#[test]
fn standard_streams_that_are_closed_or_full_do_no_harm() {
    let fixture = Fixture::with(&[("a", "a\n")]);
    let mut streams = vec!["<&-", "2>&-", "<&- 2>&-"];
    if Path::new("/dev/full").exists() {
        streams.push("2>/dev/full");
    } else {
        skip("there is no /dev/full; closed streams are tested");
    }
    for closed in streams {
        let assert_code = |code, args: &[&str]| {
            let ended = fixture.start(fixture.command_after(&format!("exec {closed};"), args)).end();
            assert_eq!(ended.code, Some(code), "{closed}: {ended:?}");
        };
        assert_code(0, &["--no-follow", "--output", "out", "a"]);
        assert_eq!(fixture.text("out"), "a\n", "{closed}");
        assert_code(0, &["--no-follow", "--output", "-", "a"]);
        assert_code(1, &["--output", "out", "absent"]);
        assert_code(0, &["--help"]);
    }
}

/// Whatever would be written there would be lost: Rust's runtime opens the null device in its place.
#[test]
fn a_closed_standard_output_is_refused_as_the_output() {
    let fixture = Fixture::with(&[("a", "a\n")]);
    for closed in [">&-", "<&- >&-"] {
        let run = |args: &[&str]| fixture.start(fixture.command_after(&format!("exec {closed};"), args)).end();
        // Before any input is opened: the second one is missing.
        let message = "cannot write output (standard output): it is closed. To discard all lines: --output /dev/null\n";
        run(&["--no-follow", "--output", "-", "a", "absent"]).assert_failed(message, None);
        run(&["--no-follow", "--output", "out", "a"]).assert_summary("1 line", "1 input");
        assert_eq!(fixture.text("out"), "a\n");
        run(&["--help"]).assert_succeeded();
    }
    let run = |first: &str| fixture.start(fixture.command_after(first, ["--no-follow", "--output", "-", "a"])).end();
    assert_eq!(run("exec <&- >&- 2>&-;").code, Some(1));
    // A null device that is named is not refused.
    run("exec >/dev/null;").assert_summary("1 line", "1 input");
}

// -- Refusing --------------------------------------------------------------------------------------------------------

#[test]
fn an_input_is_refused_as_the_output_through_a_symbolic_link() {
    let fixture = Fixture::new();
    std::os::unix::fs::symlink("b", fixture.path("link")).unwrap();
    assert_same_file_refused(&fixture, "link");
}

#[test]
fn an_input_is_refused_as_standard_output() {
    let fixture = Fixture::with(&[("a", "a\n")]);
    let mut command = fixture.command(["--output", "-", "a"]);
    command.stdout(OpenOptions::new().append(true).open(fixture.path("a")).unwrap());
    let ended = fixture.start_with_stdout(command).end();
    ended.assert_failed("output (standard output) is the same file as input a\n", None);
    assert_eq!(fixture.text("a"), "a\n", "the input was touched");
}

#[test]
fn an_output_that_another_program_writes_to_is_refused() {
    let fixture = Fixture::with(&[("a", "a 1\n"), ("b", "b\n")]);
    let mut first = fixture.start(fixture.command(["--interval", "20ms", "--output", "out", "a"]));
    first.wait_for_lines(1);
    let mut second = fixture.command(["--output", "out", "b"]);
    let second = second.current_dir(fixture.path("")).output().unwrap();
    let message = format!("{NAME}: another merge writes to output out\n");
    assert_eq!((second.status.code(), String::from_utf8(second.stderr).unwrap()), (Some(1), message));
    fixture.append("a", "a 2\n");
    first.wait_for_lines(2);
    first.signal("TERM");
    first.end().assert_summary("2 lines", "1 input");
    fixture.assert_merged(&fixture.sources(&["a"]));
}

#[test]
fn a_pipe_is_refused_as_an_input_and_not_waited_for() {
    let fixture = Fixture::new();
    assert!(Command::new("mkfifo").arg(fixture.path("pipe")).status().unwrap().success());
    assert_refused(&fixture, "pipe", "cannot follow input pipe: not a regular file\n", None);
}

#[test]
fn an_unreadable_input_is_refused_with_its_cause() {
    let fixture = Fixture::bound_by_permissions();
    fixture.write("locked", "a\n");
    fixture.permit("locked", 0);
    assert_refused(&fixture, "locked", "cannot open input locked: ", Some(13));
}

#[test]
fn a_name_with_a_newline_keeps_the_error_on_one_line() {
    assert_refused(&Fixture::new(), "ab\nsent\u{1b}[2J", "cannot open input ab\\nsent\\u{1b}[2J: ", Some(2));
}

// -- Limits on open files --------------------------------------------------------------------------------------------

fn write_many(fixture: &Fixture, count: usize) -> Vec<String> {
    let names: Vec<_> = (0..count).map(|number| format!("{number}.log")).collect();
    for name in &names {
        fixture.write(name, format!("{name}\n"));
    }
    names
}

/// Merges the files `names` in a shell that has set this limit.
fn merge_under(fixture: &Fixture, limit: &str, names: &[String]) -> Ended {
    let args = ["--no-follow", "--output", "out"].into_iter().chain(names.iter().map(String::as_str));
    fixture.start(fixture.command_after(&format!("ulimit {limit};"), args)).end()
}

#[test]
fn more_inputs_than_the_soft_limit_are_merged() {
    let fixture = Fixture::new();
    let names = write_many(&fixture, 1500);
    merge_under(&fixture, "-Sn 256", &names).assert_summary("1,500 lines", "1,500 inputs");
    fixture.assert_merged(&fixture.sources(&names));
}

#[test]
fn more_inputs_than_the_hard_limit_are_refused_with_both_numbers() {
    let fixture = Fixture::new();
    let ended = merge_under(&fixture, "-n 64", &write_many(&fixture, 100));
    ended.assert_failed("cannot open input ", Some(24));
    let both = ": the hard limit is 64 open files, too few for 100 inputs\n";
    assert!(ended.stderr.ends_with(both), "{ended:?}");
    assert!(!fixture.path("out").exists(), "the output was touched");
}

/// After its inputs, a program opens its output, its runtime and its signal handler. Wherever among them the limit is
/// reached, the program must not stop half way.
#[test]
fn a_hard_limit_that_is_just_too_low_is_met_before_the_output_is_touched() {
    let fixture = Fixture::new();
    let names = write_many(&fixture, 20);
    let mut merged = 0;
    for limit in 20..80 {
        fixture.write("out", "precious\n");
        let ended = merge_under(&fixture, &format!("-n {limit}"), &names);
        if ended.code == Some(0) {
            ended.assert_summary("20 lines", "20 inputs");
            merged += 1;
        } else {
            let cause = format!("the hard limit is {limit} open files, too few for 20 inputs\n");
            assert!(ended.stderr.ends_with(&cause), "limit {limit}: {ended:?}");
            ended.assert_failed("cannot open input ", Some(24));
            assert_eq!(fixture.text("out"), "precious\n", "limit {limit}: the output was touched");
        }
    }
    assert!((1..60).contains(&merged), "the limits tried must lie on both sides of what is needed, not {merged}");
}

/// Fewer open files than a runtime needs, whatever the inputs are.
#[test]
fn a_tiny_hard_limit_ends_it_with_one_line() {
    let fixture = Fixture::new();
    let names = write_many(&fixture, 1);
    for limit in 5..24 {
        fixture.write("out", "precious\n");
        let ended = merge_under(&fixture, &format!("-n {limit}"), &names);
        if ended.code != Some(0) {
            ended.assert_failed("cannot open input ", Some(24));
            assert_eq!(fixture.text("out"), "precious\n", "limit {limit}: the output was touched");
        }
    }
}
