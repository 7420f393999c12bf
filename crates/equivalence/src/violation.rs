//! How a stage can break the contract: one type, so that a test can say *which* way it expects.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use merge_core::MergeError;

/// What a scenario found wrong. Its text says what was expected and what came.
#[derive(Debug)]
#[non_exhaustive]
pub enum Violation {
    /// A line of an input is not in the output.
    Lost(Difference),
    /// A line is in the output more often than in the inputs.
    Duplicated(Difference),
    /// The lines of one input are all there, in another order.
    Reordered(Difference),
    /// A line of the output is a part of an input's line, or parts of two.
    Torn(Difference),
    /// A line of the output comes from no input.
    Foreign(Difference),
    /// All lines are there, but not in the order in which they came.
    OutOfStep(Difference),
    /// A line that was written did not show in the output while the inputs were open.
    NotVisible {
        /// What the output should show.
        expected: String,
        /// What it shows instead, at the same place.
        found: String,
    },
    /// The run did not end, or did not come to what was awaited.
    Hung {
        /// What was awaited.
        waiting_for: String,
        /// For how long.
        patience: Duration,
    },
    /// The run ended while something was still awaited of it.
    EndedEarly {
        /// What was awaited.
        waiting_for: String,
        /// What the run returned.
        found: String,
    },
    /// The run panicked instead of returning.
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// The run returned an error where it should have merged.
    Failed(MergeError),
    /// The run returned no error, or another one than it should have.
    WrongError {
        /// The error that was expected.
        expected: String,
        /// What came.
        found: String,
    },
    /// The run said in its summary something that is not so.
    WrongSummary {
        /// What is so.
        expected: String,
        /// What it said.
        found: String,
    },
    /// More is held in memory than may be.
    MemoryGrew {
        /// How many bytes.
        held: u64,
        /// How many may be.
        allowed: u64,
    },
    /// A core was busy while there was nothing to do.
    BusyWhileIdle {
        /// How much processor time was used.
        busy: Duration,
        /// In how much time.
        of: Duration,
    },
    /// A task of the same runtime did not run while the output was slow.
    BlockedWorker {
        /// For how long.
        patience: Duration,
    },
    /// A runtime worker read a file itself.
    ReadOnWorker,
    /// Something of the run was still there when it had returned.
    LeftBehind {
        /// What.
        what: String,
    },
    /// A line came much later than the interval and this machine explain.
    Late {
        /// What was late.
        what: String,
    },
    /// A file that should have stayed as it was did not.
    Touched {
        /// The file.
        path: PathBuf,
    },
}

/// The kind of a [`Violation`], without its particulars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the violation of the same name")]
pub enum Reason {
    Lost,
    Duplicated,
    Reordered,
    Torn,
    Foreign,
    OutOfStep,
    NotVisible,
    Hung,
    EndedEarly,
    Panicked,
    Failed,
    WrongError,
    WrongSummary,
    MemoryGrew,
    BusyWhileIdle,
    BlockedWorker,
    LeftBehind,
    Late,
    Touched,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Lost => "lost",
            Self::Duplicated => "duplicated",
            Self::Reordered => "reordered",
            Self::Torn => "torn",
            Self::Foreign => "foreign",
            Self::OutOfStep => "out of step",
            Self::NotVisible => "not visible",
            Self::Hung => "hung",
            Self::EndedEarly => "ended early",
            Self::Panicked => "panicked",
            Self::Failed => "failed",
            Self::WrongError => "wrong error",
            Self::WrongSummary => "wrong summary",
            Self::MemoryGrew => "memory grew",
            Self::BusyWhileIdle => "busy while idle",
            Self::BlockedWorker => "blocked worker",
            Self::LeftBehind => "left behind",
            Self::Late => "late",
            Self::Touched => "touched",
        })
    }
}

impl Violation {
    /// Its kind. A panic is a panic, also where the run has turned it into an error.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Lost(_) => Reason::Lost,
            Self::Duplicated(_) => Reason::Duplicated,
            Self::Reordered(_) => Reason::Reordered,
            Self::Torn(_) => Reason::Torn,
            Self::Foreign(_) => Reason::Foreign,
            Self::OutOfStep(_) => Reason::OutOfStep,
            Self::NotVisible { .. } => Reason::NotVisible,
            Self::Hung { .. } => Reason::Hung,
            Self::EndedEarly { .. } => Reason::EndedEarly,
            Self::Panicked { .. } | Self::Failed(MergeError::Panicked(_)) => Reason::Panicked,
            Self::Failed(_) => Reason::Failed,
            Self::WrongError { .. } => Reason::WrongError,
            Self::WrongSummary { .. } => Reason::WrongSummary,
            Self::MemoryGrew { .. } => Reason::MemoryGrew,
            Self::BusyWhileIdle { .. } => Reason::BusyWhileIdle,
            Self::BlockedWorker { .. } | Self::ReadOnWorker => Reason::BlockedWorker,
            Self::LeftBehind { .. } => Reason::LeftBehind,
            Self::Late { .. } => Reason::Late,
            Self::Touched { .. } => Reason::Touched,
        }
    }
}

/// The first difference between what was expected and what came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The input that it is about, where one is known.
    pub input: Option<String>,
    /// The line's number in that input, from 1.
    pub input_line: Option<usize>,
    /// What was expected there, escaped and cut.
    pub expected: Option<String>,
    /// The line's number in the output, from 1.
    pub output_line: Option<usize>,
    /// What came there, escaped and cut.
    pub found: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(input) = &self.input {
            write!(f, "\n  input:    {input}")?;
            if let Some(line) = self.input_line {
                write!(f, ", line {line}")?;
            }
        }
        if let Some(expected) = &self.expected {
            write!(f, "\n  expected: {expected}")?;
        }
        if let Some(found) = &self.found {
            write!(f, "\n  found:    {found}")?;
        }
        if let Some(line) = self.output_line {
            write!(f, "\n  at:       line {line} of the output")?;
        }
        Ok(())
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(difference) => write!(f, "a line was lost{difference}"),
            Self::Duplicated(difference) => write!(f, "a line came twice{difference}"),
            Self::Reordered(difference) => write!(f, "the lines of one input changed their order{difference}"),
            Self::Torn(difference) => write!(f, "a line was torn{difference}"),
            Self::Foreign(difference) => write!(f, "a line came from nowhere{difference}"),
            Self::OutOfStep(difference) => write!(f, "lines came out in another order than they came in{difference}"),
            Self::NotVisible { expected, found } => {
                write!(f, "a written line did not show\n  expected: {expected}\n  found:    {found}")
            }
            Self::Hung { waiting_for, patience } => write!(f, "it hung: waited {patience:?} for {waiting_for}"),
            Self::EndedEarly { waiting_for, found } => {
                write!(f, "the run ended too early\n  awaited:  {waiting_for}\n  found:    an end, {found}")
            }
            Self::Panicked { message } => write!(f, "the run panicked: {message}"),
            Self::Failed(error) => write!(f, "it failed: {error}"),
            Self::WrongError { expected, found } => {
                write!(f, "not the error it should be\n  expected: {expected}\n  found:    {found}")
            }
            Self::WrongSummary { expected, found } => {
                write!(f, "the summary is wrong\n  expected: {expected}\n  found:    {found}")
            }
            Self::MemoryGrew { held, allowed } => {
                write!(f, "memory grew: {held} bytes are held, where {allowed} may be")
            }
            Self::BusyWhileIdle { busy, of } => {
                write!(f, "a core was busy while nothing happened: for {busy:?} of {of:?}")
            }
            Self::BlockedWorker { patience } => {
                write!(f, "a runtime worker was blocked: no other task ran for {patience:?}")
            }
            Self::LeftBehind { what } => write!(f, "something was left behind when the run had returned: {what}"),
            Self::Late { what } => write!(f, "a line was late: {what}"),
            Self::ReadOnWorker => write!(f, "a runtime worker was blocked: it read a file itself"),
            Self::Touched { path } => write!(f, "a file was touched that should not be: {}", path.display()),
        }
    }
}

impl std::error::Error for Violation {}

/// A line for a person: escaped, and cut when it is long.
pub(crate) fn show(line: &[u8]) -> String {
    const MOST: usize = 120;
    let text = line[..line.len().min(MOST)].escape_ascii();
    if line.len() > MOST { format!("{text}… ({} bytes)", line.len()) } else { text.to_string() }
}
