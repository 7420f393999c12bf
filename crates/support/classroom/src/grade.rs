//! Grades a class: many folders with answers, one row of grades for each.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use rayon::prelude::*;
use walkdir::WalkDir;

use crate::build_environment::{BuildEnvironment, COMPILER, Outcome, Refused};
use crate::limits::{Limit, Limits};
use crate::notes::{Exercise, TESTS, parts};

/// The grade of one answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Grade {
    /// All scenarios pass.
    Ok,
    /// The answer has words that no exercise needs: these. All scenarios pass; with `unsafe` none of them has run.
    LookAtIt(String),
    NotHandedIn,
    /// The answer is the starter.
    NotBegun,
    /// There is more than one file, or it cannot be read.
    Unclear(String),
    /// With the compiler's report.
    DoesNotCompile(String),
    /// The compiler exceeded a limit.
    Endless(Limit),
    /// The first scenario that does not pass, in the order of the exercise.
    Fails(String, Outcome),
}

#[derive(Debug)]
pub(crate) struct Row {
    /// The name of the student's folder.
    pub(crate) student: String,
    /// One per exercise, in order.
    pub(crate) grades: Vec<Grade>,
}

impl Row {
    pub(crate) fn passed(&self) -> usize {
        self.grades.iter().filter(|grade| **grade == Grade::Ok).count()
    }
}

/// The largest file that is read, in bytes. An answer is a page or two of code.
const LONGEST: u64 = 1024 * 1024;
/// With these an answer could get at the tests or end them, and no exercise needs them.
const STRANGE: [&str; 12] = [
    "abort",
    "asm",
    "exit",
    "export_name",
    "extern",
    "global_asm",
    "include",
    "link_section",
    "macro_rules",
    "mod",
    "no_mangle",
    "unsafe",
];
/// How many folders deep an answer may lie.
const DEPTH: usize = 7;

/// Grades the answers to `exercises` in each of `folders`, which are one student's each. Blocks.
pub(crate) fn grade(
    exercises: &[&Exercise],
    environment: &BuildEnvironment,
    folders: &[PathBuf],
    limits: Limits,
) -> Result<Vec<Row>> {
    let (all, done) = (folders.len() * exercises.len(), AtomicUsize::new(0));
    let row = |folder: &PathBuf| {
        // The folder itself may be a link; the files in it may not.
        let folder = fs::canonicalize(folder).with_context(|| folder.display().to_string())?;
        let files = answers(&folder)?;
        let grades = exercises.par_iter().map(|exercise| {
            let grade = one(environment, exercise, &files, limits)?;
            if io::stderr().is_terminal() {
                eprint!("\rgraded {} of {all}", done.fetch_add(1, Ordering::Relaxed) + 1);
            }
            Ok(grade)
        });
        let student = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Row { student, grades: grades.collect::<Result<_>>()? })
    };
    let rows = folders.par_iter().map(row).collect();
    if io::stderr().is_terminal() {
        eprintln!();
    }
    rows
}

fn one(environment: &BuildEnvironment, exercise: &Exercise, files: &[PathBuf], limits: Limits) -> Result<Grade> {
    let answer = match answer(exercise, files) {
        Ok(answer) => answer,
        Err(grade) => return Ok(grade),
    };
    // A short limit for the tests is one for the compiler as well, within reason.
    let time = limits.time.clamp(COMPILER.time / 3, COMPILER.time);
    let program = match environment.build(exercise, &answer, time)? {
        Ok(program) => program,
        Err(Refused::Exceeded(limit)) => return Ok(Grade::Endless(limit)),
        Err(Refused::Report(report)) if report.contains("-F unsafe-code") => {
            return Ok(Grade::LookAtIt(format!("unsafe; it has not been run:\n{report}")));
        }
        Err(Refused::Report(report)) => return Ok(Grade::DoesNotCompile(advice(exercise, &answer) + &report)),
    };
    if let Some((scenario, outcome)) = environment.first_failure(exercise, &program, limits)? {
        return Ok(Grade::Fails(scenario, outcome));
    }
    let strange = strange(parts(&answer).0);
    Ok(if strange.is_empty() { Grade::Ok } else { Grade::LookAtIt(strange.join(", ")) })
}

/// What to tell a student whose answer may lie in the wrong place.
fn advice(exercise: &Exercise, answer: &str) -> String {
    let words = |tests: &str| tests.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let own = words(parts(answer).1);
    if own.is_empty() || own == words(parts(&exercise.starter).1) {
        return String::new();
    }
    format!("The tests have been changed. Only what stands above this line is graded:\n{TESTS}\n")
}

/// Those of the [`STRANGE`] words that stand in the code.
fn strange(code: &str) -> Vec<&'static str> {
    let code = code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let has = |word: &&str| code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|other| other == *word);
    STRANGE.iter().copied().filter(has).collect()
}

/// The student's text for this exercise.
fn answer(exercise: &Exercise, files: &[PathBuf]) -> Result<String, Grade> {
    let mut named = files.iter().filter(|path| exercise_name(path) == exercise.name);
    let file = named.next().ok_or(Grade::NotHandedIn)?;
    if let Some(other) = named.next() {
        return Err(Grade::Unclear(format!("two files: {} and {}", file.display(), other.display())));
    }
    let unclear = |error| Grade::Unclear(format!("{}: {error}", file.display()));
    if fs::metadata(file).map_err(unclear)?.len() > LONGEST {
        return Err(Grade::Unclear(format!("{} is too long", file.display())));
    }
    let text = fs::read_to_string(file).map_err(unclear)?.replace("\r\n", "\n");
    if parts(&text).0.trim() == parts(&exercise.starter).0.trim() {
        return Err(Grade::NotBegun);
    }
    Ok(text)
}

/// `threads1` for `Threads1.rs` and for `threads1 (2).rs`, which is what a browser makes of a second download.
fn exercise_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let number = stem.split_once('(').map_or(stem.as_str(), |(name, _)| name);
    number.trim().to_owned()
}

/// All Rust files below `folder`, without Cargo's files and the solutions. Follows no link.
fn answers(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = WalkDir::new(folder).max_depth(DEPTH).sort_by_file_name().into_iter().filter_entry(|entry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0 || !(name.starts_with('.') || name == "target" || name == "solutions")
    });
    let mut files = entries
        .map(|entry| entry.map(|entry| (entry.file_type(), entry.into_path())))
        .collect::<Result<Vec<_>, _>>()?;
    files.retain(|(kind, path)| kind.is_file() && path.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("rs")));
    Ok(files.into_iter().map(|(_, path)| path).collect())
}
