//! The end of a run: one line for the person, one code for the shell.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar};
use merge_core::{MergeError, Summary};

use crate::limit;

/// Turns the end of the merge into a line on standard error and an exit code.
#[derive(Debug)]
pub struct Report {
    pub(crate) name: &'static str,
    pub(crate) inputs: usize,
    pub(crate) open_files: Option<u64>,
    pub(crate) started: Instant,
    pub(crate) status: ProgressBar,
}

impl Report {
    /// Clears the status line and says how the merge ended: a summary or an error.
    ///
    /// Says nothing when the reader of the output has gone: it has what it wanted.
    #[must_use]
    pub fn finish(self, merged: Result<Summary, MergeError>) -> ExitCode {
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

    /// Clears the status line and says why there was no merge: `error`, from before its start.
    #[must_use]
    pub fn refuse(self, error: impl fmt::Display) -> ExitCode {
        self.status.finish_and_clear();
        fail(self.name, &error.to_string())
    }
}

/// Says what failed, and gives the exit code for it.
pub(crate) fn fail(name: &str, error: &str) -> ExitCode {
    print(name, error);
    ExitCode::FAILURE
}

/// `1 input`, `2 inputs`, `12,345 inputs`.
pub(crate) fn count(number: u64, what: &str) -> String {
    format!("{} {what}{}", HumanCount(number), if number == 1 { "" } else { "s" })
}

fn print(name: &str, text: &str) {
    // Nobody is left to tell when standard error is closed or full; `eprintln!` would panic.
    let _ = io::stderr().write_all(format!("{name}: {}\n", one_line(text)).as_bytes());
}

/// `text` on one line whatever a file is called: a newline in its name must not look like a second message, nor an
/// escape sequence reach the terminal.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() {
            line.extend(char.escape_default());
        } else {
            line.push(char);
        }
    }
    line
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

/// Tenths of a second while they matter, then whole seconds and more: `2.3 s`, `1h 2m 3s`.
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
        assert_eq!(one_line("a\nb\u{1b}[2Jc é"), "a\\nb\\u{1b}[2Jc é");
    }
}
