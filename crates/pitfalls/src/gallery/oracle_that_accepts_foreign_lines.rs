//! An oracle that checks only the lines that it expects.
//!
//! **Shows as** a test that passes although the output holds a line that no input has.
//!
//! **Why:** the article's `confirm_merge` collects the lines that begin with a path, and compares those. A line that
//! begins with none of them is never compared.
//!
//! **Right:** account for every line of the output: `equivalence::confirm_merge`.
//!
//! **Source:** the article's `confirm_merge`.

use equivalence::{Settings, Violation, Writers, confirm};
use tempfile::TempDir;

use super::oracle_that_confuses_paths::{confirm_by_beginning, merge_in_memory};

/// Adds a line to the output of a stage, and checks it with both oracles.
///
/// # Errors
///
/// The strong oracle's violation, if the weak one finds none.
pub fn run(settings: &Settings) -> Result<(), Violation> {
    let folder = TempDir::new().expect("a scratch folder");
    let writers = Writers { seed: settings.seed, files: 3, ..Writers::default() };
    let paths = writers.start(folder.path()).and_then(equivalence::Writing::join).expect("writers");
    let (sources, mut merged) = merge_in_memory(&paths);
    merged.splice(0..0, *b"--- merged by stage 1 ---\n");
    confirm_by_beginning(&sources, &merged).map_or(Ok(()), |()| confirm(&sources, &merged))
}
