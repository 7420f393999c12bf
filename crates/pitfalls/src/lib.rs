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
//! cargo run -p pitfalls -- explain torn_lines
//! cargo run -p pitfalls -- nets
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
    /// Its code. The comment at the top says how it shows, why it happens, and what is right.
    pub source: &'static str,
    /// Runs that scenario on it.
    pub run: fn(&Settings) -> Result<(), Violation>,
}

impl Pitfall {
    /// The comment at the top of its code, as Markdown, without the first sentence, which names the mistake.
    #[must_use]
    pub fn text(&self) -> String {
        let comment = self.source.lines().map_while(|line| line.strip_prefix("//!"));
        let lines: Vec<_> = comment.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        let first = lines.iter().position(|line| line.is_empty()).unwrap_or_default();
        lines[first..].join("\n").trim().to_owned()
    }

    /// What a person sees: the comment's *Shows as*, up to the first stop.
    #[must_use]
    pub fn shows_as(&self) -> String {
        let text = self.text().replace('\n', " ");
        let shows = text.strip_prefix("**Shows as** ").unwrap_or(&text);
        shows.split([':', ';', '.']).next().unwrap_or_default().to_owned()
    }
}

/// The whole gallery.
pub const GALLERY: &[Pitfall] = gallery::ALL;

#[cfg(test)]
mod tests {
    use super::GALLERY;

    #[test]
    fn every_pitfall_says_how_it_shows_why_it_happens_what_is_right_and_where_it_is_documented() {
        for pitfall in GALLERY {
            let text = pitfall.text();
            let parts = ["**Shows as** ", "\n\n**Why:** ", "\n\n**Right:** ", "\n\n**Source:** "];
            let places: Vec<_> = parts.iter().map(|part| text.find(part)).collect();
            assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{}: {places:?}", pitfall.name);
            assert_eq!(places[0], Some(0), "{}", pitfall.name);
        }
    }
}
