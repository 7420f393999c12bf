//! A class: many folders with answers, one table.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use crate::build_environment::{BuildEnvironment, Built, Outcome};
use crate::limits::Limits;
use crate::notes::{Course, Exercise, TESTS};
use crate::{Error, Result};

/// What one student has handed in for one exercise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grade {
    /// All scenarios pass.
    Ok,
    /// There is no such file.
    NotHandedIn,
    /// The file is the one that students start from.
    NotBegun,
    /// There is more than one such file, or it cannot be read.
    Unclear(String),
    /// What the compiler said.
    DoesNotCompile(String),
    /// A scenario does not pass.
    Fails {
        /// The first that does not, in the order of the exercise.
        scenario: String,
        /// How.
        outcome: Outcome,
    },
}

/// One line of the table.
#[derive(Debug)]
pub struct Row {
    /// The name of the folder.
    pub student: String,
    /// One for each exercise, in order.
    pub grades: Vec<Grade>,
}

/// An answer is a page or two of code.
const LONGEST: u64 = 1024 * 1024;
/// How deep a folder is searched.
const DEPTH: usize = 6;

/// Grades each of `folders`, which are one student's each. `seen` is called after each answer. Blocks.
///
/// # Errors
///
/// When a folder cannot be read, or an answer not be compiled and run at all. What an answer does is no error.
pub fn grade(
    course: &Course,
    build_environment: &BuildEnvironment,
    folders: &[PathBuf],
    limits: Limits,
    seen: &(dyn Fn() + Sync),
) -> Result<Vec<Row>> {
    let mut students = Vec::new();
    for folder in folders {
        let mut files = Vec::new();
        // The folder itself may be a link; what is in it may not.
        let folder = fs::canonicalize(folder).map_err(|source| Error::File { path: folder.clone(), source })?;
        find(&folder, DEPTH, &mut files).map_err(|source| Error::File { path: folder.clone(), source })?;
        files.sort();
        let name = folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        students.push((name, files));
    }
    let exercises: Vec<_> = course.exercises().collect();
    let jobs = (0..students.len()).flat_map(|student| (0..exercises.len()).map(move |exercise| (student, exercise)));
    let jobs = Mutex::new(jobs);
    let next = || jobs.lock().ok()?.next();
    let work = || {
        let mut graded = Vec::new();
        while let Some((student, exercise)) = next() {
            graded.push((
                student,
                exercise,
                one(build_environment, exercises[exercise], &students[student].1, limits)?,
            ));
            seen();
        }
        Ok(graded)
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let graded = thread::scope(|scope| -> Result<Vec<_>> {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let mut graded = Vec::new();
        for worker in workers {
            // A panic here is a mistake of ours: it goes on.
            graded.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(graded)
    })?;

    let mut rows: Vec<_> = students
        .into_iter()
        .map(|(student, _)| Row { student, grades: vec![Grade::NotHandedIn; exercises.len()] })
        .collect();
    for (student, exercise, grade) in graded {
        rows[student].grades[exercise] = grade;
    }
    Ok(rows)
}

fn one(build_environment: &BuildEnvironment, exercise: &Exercise, files: &[PathBuf], limits: Limits) -> Result<Grade> {
    let answer = match answer(exercise, files) {
        Ok(answer) => answer,
        Err(grade) => return Ok(grade),
    };
    let program = match build_environment.build(exercise, &exercise.with_own_tests(&answer))? {
        Built::Program(program) => program,
        Built::Refused(said) => return Ok(Grade::DoesNotCompile(said)),
    };
    let failure = build_environment.first_failure(exercise, &program, limits)?;
    Ok(failure.map_or(Grade::Ok, |(scenario, outcome)| Grade::Fails { scenario, outcome }))
}

/// The student's file for this exercise.
fn answer(exercise: &Exercise, files: &[PathBuf]) -> Result<String, Grade> {
    let name = format!("{}.rs", exercise.name);
    let mut called = files.iter().filter(|path| path.file_name().is_some_and(|file| *file == *name));
    let file = called.next().ok_or(Grade::NotHandedIn)?;
    if let Some(other) = called.next() {
        return Err(Grade::Unclear(format!("two files: {} and {}", file.display(), other.display())));
    }
    let unclear = |error| Grade::Unclear(format!("{}: {error}", file.display()));
    if fs::metadata(file).map_err(unclear)?.len() > LONGEST {
        return Err(Grade::Unclear(format!("{} is too long", file.display())));
    }
    let text = fs::read_to_string(file).map_err(unclear)?.replace("\r\n", "\n");
    let own = |text: &str| text.split(TESTS).next().map(|text| text.trim().to_owned());
    if own(&text) == own(&exercise.starter) {
        return Err(Grade::NotBegun);
    }
    Ok(text)
}

/// All Rust files below `folder`, without what Cargo has made and without the solutions. Follows no link.
fn find(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let (entry, path) = entry.map(|entry| (entry.file_type(), entry.path()))?;
        let (kind, name) = (entry?, path.file_name().unwrap_or_default().to_string_lossy());
        if kind.is_dir() && depth > 0 && !name.starts_with('.') && name != "target" && name != "solutions" {
            find(&path, depth - 1, files)?;
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
