//! The end of a run: one line for the person, one code for the shell.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar};
use merge_core::{MergeError, Summary};

use crate::limit;

/// Turns the end of a merge into a line on standard error and an exit code.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) name: &'static str,
    pub(crate) inputs: usize,
    pub(crate) open_files: Option<u64>,
    pub(crate) started: Instant,
    pub(crate) status: ProgressBar,
}

impl Report {
    /// Clears the status line and prints a summary or an error.
    ///
    /// Prints nothing if the reader of the output has gone: it has all that it wanted.
    pub(crate) fn finish(self, merged: Result<Summary, MergeError>) -> ExitCode {
        self.status.finish_and_clear();
        match merged {
            Ok(summary) => {
                print(self.name, &summary_text(summary, self.started.elapsed()));
                ExitCode::SUCCESS
            }
            Err(MergeError::Output { source, .. }) if source.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Err(error) => fail(self.name, &limit::explain(&error, self.inputs, self.open_files)),
        }
    }
}

/// Prints an error and returns the exit code of a failure.
#[must_use]
pub fn fail(name: &str, error: &str) -> ExitCode {
    print(name, error);
    ExitCode::FAILURE
}

/// A number and its noun: `1 input`, `2 inputs`, `12,345 inputs`.
#[must_use]
pub fn count(number: u64, what: &str) -> String {
    format!("{} {what}{}", HumanCount(number), if number == 1 { "" } else { "s" })
}

/// Prints one line on standard error, which begins with the program's name.
pub fn print(name: &str, text: &str) {
    // Not `eprintln!`, which panics if standard error is closed or full.
    let _ = io::stderr().write_all(format!("{name}: {}\n", printable(text)).as_bytes());
}

/// Escapes control characters, which a file name may contain: a newline must not look like a second message, and an
/// escape sequence must not reach the terminal.
#[must_use]
pub fn printable(text: &str) -> String {
    let escape = |char: char| if char.is_control() { char.escape_default().to_string() } else { char.to_string() };
    text.chars().map(escape).collect()
}

fn summary_text(summary: Summary, took: Duration) -> String {
    format!(
        "merged {} ({}) from {} in {}",
        count(summary.lines, "line"),
        HumanBytes(summary.bytes),
        count(summary.inputs as u64, "input"),
        time_text(took)
    )
}

/// Tenths of a second for less than a minute, whole seconds for more: `2.3 s`, `1h 2m 3s`.
fn time_text(time: Duration) -> String {
    if time.as_secs() < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        humantime::format_duration(Duration::from_secs(time.as_secs())).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_counts_one_and_many() {
        let one = Summary { inputs: 1, lines: 1, bytes: 12 };
        assert_eq!(summary_text(one, Duration::ZERO), "merged 1 line (12 B) from 1 input in 0.0 s");
        let many = Summary { inputs: 3, lines: 12_345, bytes: 1_258_291 };
        assert_eq!(
            summary_text(many, Duration::from_millis(2345)),
            "merged 12,345 lines (1.20 MiB) from 3 inputs in 2.3 s"
        );
        let none = Summary { inputs: 2, lines: 0, bytes: 0 };
        assert_eq!(summary_text(none, Duration::from_secs(3723)), "merged 0 lines (0 B) from 2 inputs in 1h 2m 3s");
    }

    #[test]
    fn a_message_stays_on_one_line() {
        assert_eq!(printable("a\nb\u{1b}[2Jc é"), "a\\nb\\u{1b}[2Jc é");
    }
}
