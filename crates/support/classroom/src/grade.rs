//! Grades a class: many folders with answers, one row of grades for each.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use rayon::prelude::*;
use walkdir::WalkDir;

use crate::build_environment::{BuildEnvironment, Outcome};
use crate::limits::Limits;
use crate::notes::{Course, Exercise, parts};

/// The grade of one answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Grade {
    /// All scenarios pass.
    Ok,
    NotHandedIn,
    /// The answer is the starter.
    NotBegun,
    /// There is more than one file, or it cannot be read.
    Unclear(String),
    /// With the compiler's report.
    DoesNotCompile(String),
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
/// How many folders deep an answer may lie.
const DEPTH: usize = 7;

/// Grades each of `folders`, which are one student's each. Blocks.
pub(crate) fn grade(
    course: &Course,
    environment: &BuildEnvironment,
    folders: &[PathBuf],
    limits: Limits,
) -> Result<Vec<Row>> {
    let exercises: Vec<_> = course.exercises().collect();
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
    let program = match environment.build(exercise, &exercise.with_own_tests(&answer))? {
        Ok(program) => program,
        Err(report) => return Ok(Grade::DoesNotCompile(report)),
    };
    let failure = environment.first_failure(exercise, &program, limits)?;
    Ok(failure.map_or(Grade::Ok, |(scenario, outcome)| Grade::Fails(scenario, outcome)))
}

/// The student's text for this exercise.
fn answer(exercise: &Exercise, files: &[PathBuf]) -> Result<String, Grade> {
    let name = format!("{}.rs", exercise.name);
    let mut named = files.iter().filter(|path| path.ends_with(&name));
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

/// All Rust files below `folder`, without Cargo's files and the solutions. Follows no link.
fn answers(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = WalkDir::new(folder).max_depth(DEPTH).sort_by_file_name().into_iter().filter_entry(|entry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0 || !(name.starts_with('.') || name == "target" || name == "solutions")
    });
    let mut files = entries
        .map(|entry| entry.map(|entry| (entry.file_type(), entry.into_path())))
        .collect::<Result<Vec<_>, _>>()?;
    files.retain(|(kind, path)| kind.is_file() && path.extension().is_some_and(|kind| kind == "rs"));
    Ok(files.into_iter().map(|(_, path)| path).collect())
}
