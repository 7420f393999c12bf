//! How a server can break its contract.

use std::fmt;
use std::io;
use std::time::Duration;

/// A violation of the contract that a scenario found. Its text names what was expected and what was found.
#[derive(Debug)]
#[non_exhaustive]
pub enum Violation {
    /// A client got another line than the answer to its request.
    WrongAnswer {
        /// The client.
        client: String,
        /// Its last request.
        sent: String,
        /// The right answer.
        expected: String,
        /// What came.
        found: String,
    },
    /// The server ended a connection that should have stayed open.
    HungUp {
        /// The client.
        client: String,
        /// The client's last request.
        sent: String,
        /// The line that the client waited for.
        expected: String,
    },
    /// Something that was awaited did not happen.
    Hung {
        /// What was awaited.
        waiting_for: String,
        /// For how long.
        patience: Duration,
    },
    /// The server ended before it was stopped.
    EndedEarly,
    /// The server returned an error.
    Failed(io::Error),
    /// The server panicked.
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// The server's report is wrong.
    WrongReport {
        /// The right report.
        expected: String,
        /// Its report.
        found: String,
    },
    /// The score board does not show the guesses that were answered.
    WrongScores {
        /// The guesses that were answered.
        expected: String,
        /// The board.
        found: String,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongAnswer { client, sent, expected, found } => write!(
                f,
                "a wrong answer\n  client:   {client}\n  sent:     {sent}\n  expected: {expected}\n  found:    {found}"
            ),
            Self::HungUp { client, sent, expected } => {
                write!(f, "the server hung up\n  client:   {client}\n  sent:     {sent}\n  expected: {expected}")
            }
            Self::Hung { waiting_for, patience } => write!(f, "it hung: waited {patience:?} for {waiting_for}"),
            Self::EndedEarly => write!(f, "the server ended before it was stopped"),
            Self::Failed(error) => write!(f, "the server failed: {error}"),
            Self::Panicked { message } => write!(f, "the server panicked: {message}"),
            Self::WrongReport { expected, found } => {
                write!(f, "the report is wrong\n  expected: {expected}\n  found:    {found}")
            }
            Self::WrongScores { expected, found } => {
                write!(f, "the score board is wrong\n  expected: {expected}\n  found:    {found}")
            }
        }
    }
}

impl std::error::Error for Violation {}
