//! The one error type of a merge.

use std::any::Any;
use std::io;
use std::path::PathBuf;

/// What every step of a merge returns.
pub type Result<T, E = MergeError> = std::result::Result<T, E>;

/// Why a merge was refused, or ended early. Its text is one line, for a person: what, which file, and the cause.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// An input could not be opened. Nothing has been written.
    #[error("cannot open input {}: {source}", path.display())]
    Open {
        /// The input as it was named.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// An input is a directory, a pipe or a device. Only a regular file has a length that can be followed.
    #[error("cannot follow input {}: not a regular file", path.display())]
    NotRegular {
        /// The input as it was named.
        path: PathBuf,
    },

    /// An input failed while it was followed.
    #[error("cannot read input {}: {source}", path.display())]
    Input {
        /// The input as it was named.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// A line of an input is longer than it may be.
    #[error("cannot read input {}: the line at byte {position} is longer than {limit} bytes", path.display())]
    LineTooLong {
        /// The input as it was named.
        path: PathBuf,
        /// Where the line begins in the file, in bytes.
        position: u64,
        /// How long a line may be, in bytes.
        limit: usize,
    },

    /// Two inputs are one file, perhaps through a link. Nothing has been written.
    #[error("inputs {} and {} are the same file", first.display(), second.display())]
    SameInput {
        /// One of them as it was named.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },

    /// The output could not be opened, or failed while it was written.
    #[error("cannot write output {}: {source}", path.display())]
    Output {
        /// The output as it was named.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// Another merge, of this program or another, writes to the output. Nothing has been written.
    #[error("another merge writes to output {}", path.display())]
    OutputInUse {
        /// The output as it was named.
        path: PathBuf,
    },

    /// The output is one of the inputs, perhaps through a link. Nothing has been written.
    #[error("output {} is the same file as input {}", output.display(), input.display())]
    SameFile {
        /// The output as it was named.
        output: PathBuf,
        /// The input as it was named.
        input: PathBuf,
    },

    /// A follower had lines to hand over when the output had failed before. The output's own error says why.
    #[error("the output has failed already")]
    OutputGone,

    /// The system had no thread, or no runtime, to give.
    #[error("cannot start a follower: {0}")]
    Start(#[source] io::Error),

    /// A follower, or the writer, panicked.
    #[error("a follower panicked: {0}")]
    Panicked(String),

    /// The runtime was shut down under a follower.
    #[error("a follower was cancelled: its runtime was shut down")]
    Cancelled,
}

impl MergeError {
    /// The error of a follower that could not say how it ended. `panic` is the payload of its panic; `None` when it
    /// was cancelled, which is an ending and not a panic.
    #[must_use]
    pub fn ended_early(panic: Option<Box<dyn Any + Send>>) -> Self {
        let Some(panic) = panic else { return Self::Cancelled };
        let message = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
        Self::Panicked(message.unwrap_or("(no message)").to_owned())
    }
}
