//! The program as a person or a script runs it.

use std::fs;

use equivalence::Source;

use super::program::{Fixture, NAME};

// -- Help and misuse -------------------------------------------------------------------------------------------------

#[test]
fn help_fits_80_columns_and_has_examples() {
    let ended = Fixture::new().run(["--help"]);
    ended.assert_said(Some(0), "");
    let page = String::from_utf8(ended.stdout).unwrap();
    assert!(page.contains(&format!("Usage: {NAME} ")), "{page}");
    assert!(page.contains(&format!("Examples:\n  {NAME} --output all.txt web.log db.log")), "{page}");
    for line in page.lines() {
        assert!(line.chars().count() <= 80, "longer than 80 columns: {line}");
    }
}

#[test]
fn version_is_the_name_and_a_number() {
    let ended = Fixture::new().run(["--version"]);
    ended.assert_said(Some(0), "");
    assert_eq!(String::from_utf8(ended.stdout).unwrap(), format!("{NAME} {}\n", env!("CARGO_PKG_VERSION")));
}

fn assert_usage(args: &[&str], accepted: &str) {
    let fixture = Fixture::with(&[("a", "a\n")]);
    let ended = fixture.run(args);
    assert_eq!(ended.code, Some(2), "{args:?}: {ended:?}");
    assert!(ended.stderr.contains(accepted), "{args:?}: {accepted:?} not in {ended:?}");
    assert!(ended.stdout.is_empty() && !fixture.path("out").exists(), "{args:?} did something: {ended:?}");
}

#[test]
fn an_interval_of_nothing_is_a_usage_error_that_says_what_is_accepted() {
    for interval in ["0", "0ms", "abc", "", "100", "ms", "-1s", "1e3s", "99999999999999999999s"] {
        assert_usage(&["--interval", interval, "--output", "out", "a"], "such as 100ms, 2s or 1m");
    }
}

#[test]
fn an_interval_that_would_keep_a_core_busy_is_a_usage_error() {
    for interval in ["1ns", "999us"] {
        assert_usage(&["--interval", interval, "--output", "out", "a"], "at least 1ms");
    }
}

#[test]
fn a_size_without_a_meaning_is_a_usage_error_that_says_what_is_accepted() {
    for size in ["0", "", "many", "-1", "1kb"] {
        assert_usage(&[&format!("--max-line={size}"), "--output", "out", "a"], "such as 1000, 64KiB or 1MiB");
    }
}

#[test]
fn no_inputs_are_a_usage_error_that_says_what_is_accepted() {
    assert_usage(&["--output", "out"], "<INPUT>...");
}

#[test]
fn no_output_is_a_usage_error_that_says_what_is_accepted() {
    assert_usage(&["a"], "--output <PATH|->");
}

#[test]
fn an_empty_path_is_a_usage_error() {
    assert_usage(&["--output", "out", "a", ""], "<INPUT>...");
    assert_usage(&["--output", "", "a"], "--output <PATH|->");
}

// -- Merging ---------------------------------------------------------------------------------------------------------

#[test]
fn without_following_three_files_are_merged_and_summed_up() {
    let fixture = Fixture::new();
    fixture.write_three_files();
    fixture.append("b", "b the last line has no end");
    fixture.write("c", b"c 1\r\nc \xff\xfe\nc\0\n");
    fixture.write("out", "what was here goes");
    let ended = fixture.run(["--no-follow", "--output", "out", "a", "b", "c"]);
    ended.assert_summary("200,004 lines", "3 inputs");
    assert!(ended.stdout.is_empty());
    fixture.assert_merged(&fixture.sources(&["a", "b", "c"]));
}

#[test]
fn standard_output_takes_the_lines_and_nothing_else() {
    let fixture = Fixture::with(&[("a", "a 1")]);
    let ended = fixture.run(["--no-follow", "--output", "-", "a"]);
    ended.assert_summary("1 line", "1 input");
    assert_eq!(ended.stdout, b"a 1\n");
    assert!(!fixture.path("-").exists());
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let fixture = Fixture::new();
    let (running, pipe) = fixture.start_into_a_pipe(&["--no-follow"]);
    drop(pipe);
    running.end().assert_said(Some(0), "");
}

#[test]
fn a_closed_pipe_ends_a_program_that_follows() {
    let fixture = Fixture::new();
    let (running, pipe) = fixture.start_into_a_pipe(&[]);
    drop(pipe);
    running.end().assert_said(Some(0), "");
}

#[test]
fn a_line_that_is_too_long_is_named_with_its_place_and_the_rest_is_merged() {
    let fixture = Fixture::with(&[("a", "a 1\na 2\n"), ("b", "b 1\n")]);
    let source = |(name, text): (&str, &str)| Source { name: name.into(), bytes: text.into() };
    let long = format!("{:.<1$}\n", "", 1024);
    fixture.append("b", &long);
    let run = |size: &str| fixture.run(["--max-line", size, "--no-follow", "--output", "out", "a", "b"]);
    let message = "cannot read input b: the line at byte 4 is longer than 1024 bytes\n";
    run("1KiB").assert_failed(message, None);
    fixture.assert_merged(&[("a", "a 1\na 2\n"), ("b", "b 1\n")].map(source));
    run("1025").assert_summary("4 lines", "2 inputs");
    fixture.assert_merged(&fixture.sources(&["a", "b"]));
}

// -- Refusing --------------------------------------------------------------------------------------------------------

/// Fails unless `input` is refused with this message, and the output was not even created.
pub(crate) fn assert_refused(fixture: &Fixture, input: &str, message: &str, os_error: Option<i32>) {
    fixture.write("good", "good\n");
    fixture.run(["--output", "out", "good", input]).assert_failed(message, os_error);
    assert!(!fixture.path("out").exists(), "the output was touched");
}

#[test]
fn a_missing_input_is_refused_with_its_cause() {
    assert_refused(&Fixture::new(), "absent.log", "cannot open input absent.log: ", Some(2));
}

#[test]
fn a_folder_is_refused_as_an_input() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path("folder")).unwrap();
    assert_refused(&fixture, "folder", "cannot follow input folder: not a regular file\n", None);
}

#[test]
fn a_refused_input_leaves_an_existing_output_as_it_was() {
    let fixture = Fixture::with(&[("out", "precious\n"), ("good", "good\n")]);
    fixture.run(["--output", "out", "good", "absent"]).assert_failed("cannot open input absent: ", Some(2));
    assert_eq!(fixture.text("out"), "precious\n");
}

#[test]
fn an_output_that_cannot_be_created_is_named_with_its_cause() {
    let fixture = Fixture::with(&[("a", "a\n")]);
    let ended = fixture.run(["--output", "no/such/folder", "a"]);
    ended.assert_failed("cannot write output no/such/folder: ", None);
    assert!(ended.stderr.contains("(os error "), "{ended:?}");
}

/// Fails unless `output`, which is the input b, is refused.
pub(crate) fn assert_same_file_refused(fixture: &Fixture, output: &str) {
    fixture.write("a", "a\n");
    fixture.write("b", "b\n");
    let message = format!("output {output} is the same file as input b\n");
    fixture.run(["--output", output, "a", "b"]).assert_failed(&message, None);
    assert_eq!(fixture.text("b"), "b\n", "the input was touched");
}

#[test]
fn an_input_is_refused_as_the_output() {
    assert_same_file_refused(&Fixture::new(), "b");
    assert_same_file_refused(&Fixture::new(), "./b");
}

#[test]
fn an_input_is_refused_as_the_output_through_a_hard_link() {
    let fixture = Fixture::with(&[("b", "")]);
    fs::hard_link(fixture.path("b"), fixture.path("link")).unwrap();
    assert_same_file_refused(&fixture, "link");
}

#[test]
fn an_input_that_is_given_twice_is_refused() {
    let fixture = Fixture::with(&[("a", "a\n"), ("b", "b\n")]);
    fs::hard_link(fixture.path("a"), fixture.path("link")).unwrap();
    for second in ["a", "./a", "link"] {
        let message = format!("inputs a and {second} are the same file\n");
        fixture.run(["--output", "out", "a", "b", second]).assert_failed(&message, None);
        assert!(!fixture.path("out").exists(), "the output was touched");
    }
}
