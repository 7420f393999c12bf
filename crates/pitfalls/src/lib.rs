//! The classic mistakes on the way from threads to async, as running code.
//!
//! Each module of [`gallery`] is a stage with one mistake, behind the entry point that every stage has. Its `//!` names
//! the mistake, how it shows, why it happens, the right way, and a source. [`Pitfall`] names the scenario in which the
//! suite rejects it, and the reason; `tests/gallery.rs` checks both.
//!
//! Mistakes that the compiler catches are in [`does_not_compile`].
//!
//! ```text
//! cargo run -p pitfalls -- list
//! cargo run -p pitfalls -- show torn_lines
//! ```

// Test support: a test panics when it cannot create a scratch file.
#![allow(clippy::missing_panics_doc)]

pub mod does_not_compile;
pub mod gallery;
mod told;

use equivalence::{Reason, Settings, Violation};

/// One mistake, and how the suite rejects it.
#[derive(Clone, Copy, Debug)]
pub struct Pitfall {
    /// The name of its module.
    pub name: &'static str,
    /// The mistake, in a few words.
    pub mistake: &'static str,
    /// The scenario that finds it.
    pub scenario: &'static str,
    /// The violation that it finds.
    pub reason: Reason,
    /// A part of the violation's text.
    pub says: &'static str,
    /// Runs that scenario on it.
    pub run: fn(&Settings) -> Result<(), Violation>,
}

/// The whole gallery.
pub const GALLERY: &[Pitfall] = gallery::ALL;
