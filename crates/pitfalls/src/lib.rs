//! The classic mistakes on the way from threads to async, as running code.
//!
//! Each module of [`gallery`] is a stage with one mistake in it, behind the same entry point as the good ones. Its `//!` says
//! what the mistake is, how it shows, why it happens, the right way, and where it is documented. The suite rejects
//! each of them in the scenario and for the reason that stand in its [`Pitfall`]; `tests/gallery.rs` holds that.
//!
//! Mistakes that the compiler catches stand in [`does_not_compile`].
//!
//! ```text
//! cargo run -p pitfalls -- list
//! cargo run -p pitfalls -- show torn_lines
//! ```

// Test support: where the machine gives no scratch file, the test ends.
#![allow(clippy::missing_panics_doc)]

pub mod does_not_compile;
pub mod gallery;
mod support;

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
    /// What the scenario finds.
    pub reason: Reason,
    /// What stands in the violation's text.
    pub says: &'static str,
    /// Runs that scenario on it.
    pub run: fn(&Settings) -> Result<(), Violation>,
}

/// The whole gallery.
pub const GALLERY: &[Pitfall] = gallery::ALL;
