//! The output is opened before it is compared with the inputs.
//!
//! **Shows as** an input that is suddenly empty: `merge --output app.log app.log` first destroys it and then reports
//! the error.
//!
//! **Why:** `File::create` empties the file at once. A check that comes after it comes too late.
//!
//! **Right:** open without truncating, compare device and inode with every input, and only then truncate:
//! `merge_core::Output::create`.
//!
//! **Source:** `std::fs::File::create`; the crate `same-file`.

use std::fs::File;
use std::path::{Path, PathBuf};

use equivalence::{Settings, Violation, scenarios};
use merge_core::{Input, MergeError, Output, Result};

fn open(paths: &[PathBuf], output: &Path) -> Result<(Vec<Input>, Output)> {
    let inputs = Input::open_all(paths)?;
    let failed = |source| MergeError::Output { path: output.to_owned(), source };
    // The mistake: from here on the file is empty, whatever the check finds.
    let file = File::create(output).map_err(failed)?;
    drop(Output::create(output, &inputs)?);
    Ok((inputs, Output::new(output, file)))
}

/// Runs the scenario with this `open` and a correct stage.
///
/// # Errors
///
/// The scenario's violation.
pub fn run(settings: &Settings) -> std::result::Result<(), Violation> {
    scenarios::refused_outputs(open, stage1::merge, settings)
}
