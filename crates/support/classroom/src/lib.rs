//! For who teaches: checks the exercises, grades a class, prints the teacher's notes.
//!
//! # Layout
//!
//! - `notes.rs`: the exercises, and what stands beside them in `crates/exercises/notes`.
//! - `build_environment.rs`: compiles one answer and runs its tests.
//! - `limits.rs`, `sandbox.rs`: time, memory, and what a student's program may touch.
//! - `check.rs`: whether every starter, solution and wrong answer does what is said of it.
//! - `grade.rs`: a class; `table.rs`: its table as CSV and HTML.
//! - `print.rs`: `info.toml`. `pages.rs`: what the book shows of the notes.
//! - `plans.rs`: lessons in minutes, and whether they add up.

pub mod build_environment;
pub mod check;
pub mod grade;
pub mod limits;
pub mod notes;
pub mod pages;
pub mod plans;
pub mod print;
pub mod sandbox;
pub mod table;

use std::io;
use std::path::PathBuf;

/// What every step returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or a program could not be used.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file does not say what it should.
    #[error("{}: {source}", path.display())]
    Toml {
        /// Which.
        path: PathBuf,
        /// Where, and what is wrong there.
        source: Box<toml::de::Error>,
    },
    /// A command failed.
    #[error("{name}: {source}")]
    Command {
        /// As it was typed.
        name: String,
        /// How it ended.
        source: io::Error,
    },
    /// An exercise contradicts itself.
    #[error("{name}: {problem}")]
    Exercise {
        /// Which.
        name: String,
        /// How.
        problem: String,
    },
    /// The system cannot keep a program from the rest of the machine.
    #[error(
        "this system has no sandbox to put the answers behind (Linux with Landlock): --trust runs them without one"
    )]
    NoSandbox,
    /// A name that no exercise has.
    #[error("there is no exercise {0}")]
    NoSuchExercise(String),
    /// A folder that no track has.
    #[error("there is no track {0}")]
    NoSuchTrack(String),
    /// A name that no plan has.
    #[error("there is no plan {0}")]
    NoSuchPlan(String),
}
