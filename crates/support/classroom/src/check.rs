//! Whether every starter, solution and wrong answer does what is said of it.

use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use crate::Result;
use crate::build_environment::{BuildEnvironment, Built, Outcome};
use crate::limits::Limits;
use crate::notes::{Course, Exercise, TESTS};

/// For our own programs: generous, but an end.
const LIMITS: Limits =
    Limits { time: Duration::from_secs(120), memory: 2 * 1024 * 1024 * 1024, patience: Duration::from_secs(30) };
/// For what has to fail: if it hangs, it need not do so for long.
const IMPATIENT: Limits = Limits { patience: Duration::from_secs(3), ..LIMITS };
/// What a student may have to write, in lines, and for how many minutes. A capstone, which has a rubric, has no bounds.
const LINES: RangeInclusive<usize> = 1..=40;
const MINUTES: RangeInclusive<u32> = 10..=25;

/// Checks the exercises that `wanted` names, or all, and returns what does not hold, one line or more each. `seen` is
/// called for each exercise that is done. Blocks.
///
/// # Errors
///
/// When something cannot be checked at all.
pub fn check(
    course: &Course,
    build_environment: &BuildEnvironment,
    wanted: &[String],
    seen: &(dyn Fn(&Exercise, usize) + Sync),
) -> Result<Vec<String>> {
    let exercises: Vec<_> = if wanted.is_empty() {
        course.exercises().collect()
    } else {
        wanted.iter().map(|name| course.exercise(name)).collect::<Result<_>>()?
    };
    let queue = Mutex::new(exercises.into_iter());
    let next = || queue.lock().ok()?.next();
    let work = || {
        let mut problems = Vec::new();
        while let Some(exercise) = next() {
            let found = one(course, build_environment, exercise)?;
            seen(exercise, found.len());
            problems.extend(found.into_iter().map(|problem| format!("{}: {problem}", exercise.name)));
        }
        Ok(problems)
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let mut problems = Vec::new();
        for worker in workers {
            // A panic here is a mistake of ours: it goes on.
            problems.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        problems.sort();
        Ok(problems)
    })
}

fn one(course: &Course, build_environment: &BuildEnvironment, exercise: &Exercise) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let (starter, solution) = (&exercise.starter, &exercise.solution);

    // The text.
    let chapter = course.root.join("../..").join(&exercise.header.chapter);
    if !chapter.is_file() {
        problems.push(format!("there is no chapter {}", exercise.header.chapter));
    }
    let given = |file: &'static str, text: &str| match text.matches(TESTS).count() {
        1 => None,
        count => Some(format!("the {file} has {count} lines that say where the tests begin")),
    };
    problems.extend(given("starter", starter).into_iter().chain(given("solution", solution)));
    if starter.split(TESTS).nth(1) != solution.split(TESTS).nth(1) {
        problems.push("the starter and the solution have not the same tests".into());
    }
    if !solution.contains("\n//! # Why\n") {
        problems.push("the solution does not say why".into());
    }
    if exercise.tests().is_empty() {
        problems.push("there are no tests".into());
    }
    let (written, minutes) = (to_write(exercise), exercise.header.minutes);
    if exercise.notes.rubric.is_empty() && !(LINES.contains(&written) && MINUTES.contains(&minutes)) {
        problems.push(format!("{written} lines in {minutes} minutes: is this an exercise?"));
    }

    // The programs.
    let fails = &exercise.notes.starter;
    problems.extend(fails_as_said(
        build_environment,
        exercise,
        "the starter",
        starter,
        fails.fails.as_deref(),
        &fails.says,
    )?);
    match build_environment.build(exercise, solution)? {
        Built::Refused(said) => problems.push(format!("the solution does not compile:\n{said}")),
        Built::Program(program) => {
            if let Some((test, outcome)) = build_environment.first_failure(exercise, &program, LIMITS)? {
                problems.push(format!("the solution does not pass {test}: {outcome:?}"));
            }
        }
    }
    for wrong in &exercise.notes.wrong {
        let text = exercise.wrong(wrong)?;
        let name = format!("the wrong answer {:?}", wrong.answer);
        problems.extend(fails_as_said(build_environment, exercise, &name, &text, wrong.fails.as_deref(), &wrong.says)?);
    }
    Ok(problems)
}

/// How many lines of code the solution has that the starter has not.
#[must_use]
pub fn to_write(exercise: &Exercise) -> usize {
    let code = |text: &str| -> Vec<String> {
        let text = text.split(TESTS).next().unwrap_or_default();
        text.lines()
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty() && !line.starts_with("//"))
            .collect()
    };
    let mut given = code(&exercise.starter);
    let is_new = |line: &String| match given.iter().position(|other| other == line) {
        Some(there) => {
            given.swap_remove(there);
            false
        }
        None => true,
    };
    code(&exercise.solution).into_iter().filter(is_new).count()
}

fn fails_as_said(
    build_environment: &BuildEnvironment,
    exercise: &Exercise,
    name: &str,
    answer: &str,
    fails: Option<&str>,
    says: &str,
) -> Result<Option<String>> {
    let outcome = match (build_environment.build(exercise, answer)?, fails) {
        (Built::Refused(said), None) if said.contains(says) => return Ok(None),
        (Built::Refused(said), _) => return Ok(Some(format!("{name} does not compile:\n{said}"))),
        (Built::Program(_), None) => return Ok(Some(format!("{name} compiles"))),
        (Built::Program(program), Some(test)) => {
            if !exercise.tests().contains(&test) {
                return Ok(Some(format!("{name} should fail in {test}, which is no test of this exercise")));
            }
            build_environment.test(exercise, &program, test, IMPATIENT)?
        }
    };
    let test = fails.unwrap_or_default();
    Ok(match outcome {
        Outcome::Failed(said) | Outcome::Died(said) if said.contains(says) => None,
        Outcome::Passed => Some(format!("{name} passes {test}")),
        other => Some(format!("{name} fails in {test}, but does not say {says:?}: {other:?}")),
    })
}
