//! An oracle that attributes lines by their beginning.
//!
//! **Shows as** a test that fails on a correct stage, as soon as there are more than ten inputs: the lines of path `10`
//! begin with path `1` as well.
//!
//! **Why:** the article's `confirm_merge` checks `line.find(path) == 0`, and one path can be the beginning of another.
//!
//! **Right:** attribute a line by its whole content: `equivalence::confirm_merge`.
//!
//! **Source:** the article's `confirm_merge`.

use std::path::PathBuf;
use std::time::Duration;

use equivalence::{CapturedOutput, Difference, Settings, Source, Violation, Writers, confirm};
use merge_core::{Input, Output};
use tempfile::TempDir;

/// Runs a correct stage on eleven inputs and checks its output with both oracles.
///
/// # Errors
///
/// The weak oracle's violation, if the strong one finds none.
pub fn run(settings: &Settings) -> Result<(), Violation> {
    let folder = TempDir::new().expect("a scratch folder");
    let writers = Writers { seed: settings.seed, files: 11, ..Writers::default() };
    let paths = writers.start(folder.path()).and_then(equivalence::Writing::join).expect("writers");
    let (sources, merged) = merge_in_memory(&paths);
    confirm(&sources, &merged).map_or(Ok(()), |()| confirm_by_beginning(&sources, &merged))
}

/// The article's oracle.
pub(super) fn confirm_by_beginning(sources: &[Source], merged: &[u8]) -> Result<(), Violation> {
    let lines = |bytes| <[u8]>::split_inclusive(bytes, |&byte| byte == b'\n');
    for source in sources {
        // The mistake, twice: a beginning is not a path, and lines that begin with no path are skipped.
        let mut found = lines(merged).filter(|line| line.starts_with(source.name.as_bytes()));
        for expected in lines(&source.bytes) {
            match found.next() {
                Some(line) if line == expected => {}
                other => return Err(not_expected(source, other.unwrap_or(b"nothing"))),
            }
        }
        if let Some(line) = found.next() {
            return Err(not_expected(source, line));
        }
    }
    Ok(())
}

fn not_expected(source: &Source, found: &[u8]) -> Violation {
    let found = Some(found.escape_ascii().to_string());
    Violation::Foreign(Difference { input: Some(source.name.clone()), found, ..Difference::default() })
}

/// The contents of the files, and stage 1's merge of them.
pub(super) fn merge_in_memory(paths: &[PathBuf]) -> (Vec<Source>, Vec<u8>) {
    let inputs = Input::open_all(paths).expect("scratch files can be opened");
    for input in &inputs {
        input.closer().close();
    }
    let merged = CapturedOutput::default();
    stage1::merge(inputs, Duration::from_secs(1), Output::new("(captured)", merged.clone())).expect("a good merge");
    let sources = paths.iter().map(|path| Source {
        name: path.display().to_string(),
        bytes: std::fs::read(path).expect("a scratch file can be read"),
    });
    (sources.collect(), merged.bytes())
}
