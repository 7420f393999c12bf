//! An oracle that looks only for what it expects.
//!
//! **Shows as** a test that passes: the output holds a line that no input has, and nobody looks at it.
//!
//! **Why:** the article's `confirm_merge` collects the lines that begin with a path, and compares those. A line that
//! begins with none is collected nowhere.
//!
//! **Right:** every line of the output has to be accounted for: `equivalence::confirm_merge`.
//!
//! **Source:** the article's `confirm_merge`.

use equivalence::{Settings, Violation, Writers, confirm};
use tempfile::TempDir;

use super::oracle_that_confuses_paths::{confirm_by_beginning, merge_in_memory};

/// Runs a stage that writes a line of its own, and shows it to both oracles. What is wrong is what the weak one says
/// nothing about.
///
/// # Errors
///
/// What the strong oracle finds, when the weak one has found nothing.
pub fn run(settings: &Settings) -> Result<(), Violation> {
    let folder = TempDir::new().expect("a scratch folder");
    let writers = Writers { seed: settings.seed, files: 3, ..Writers::default() };
    let paths = writers.start(folder.path()).and_then(equivalence::Writing::join).expect("writers");
    let (sources, mut merged) = merge_in_memory(&paths);
    merged.splice(0..0, *b"--- merged by stage 1 ---\n");
    confirm_by_beginning(&sources, &merged).map_or(Ok(()), |()| confirm(&sources, &merged))
}
