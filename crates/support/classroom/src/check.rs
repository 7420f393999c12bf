//! Checks that every starter, solution and wrong answer behaves as its notes say.

use std::ops::RangeInclusive;
use std::time::Duration;

use anyhow::Result;
use pulldown_cmark::{Event, Parser};
use rayon::prelude::*;

use crate::build_environment::{BuildEnvironment, COMPILER, Outcome, Refused};
use crate::limits::Limits;
use crate::notes::{Course, Exercise, Failure, Passes, TESTS, Wrong, parts, read};

/// For our own programs.
const LIMITS: Limits =
    Limits { time: Duration::from_secs(120), memory: 2 * 1024 * 1024 * 1024, patience: Duration::from_secs(30) };
/// For programs that have to fail, some of which hang.
const IMPATIENT: Limits = Limits { patience: Duration::from_secs(3), ..LIMITS };
/// What a student may have to write, and for how many minutes. A capstone, which has a rubric, has no bounds.
const LINES: RangeInclusive<usize> = 1..=40;
const MINUTES: RangeInclusive<u32> = 5..=25;

/// Checks the exercises that `wanted` names, or all, and prints a line for each. Returns the problems. Blocks.
pub(crate) fn check(course: &Course, environment: &BuildEnvironment, wanted: &[String]) -> Result<Vec<String>> {
    let exercises: Vec<_> = if wanted.is_empty() {
        course.exercises().collect()
    } else {
        wanted.iter().map(|name| course.exercise(name)).collect::<Result<_>>()?
    };
    let problems = exercises.par_iter().map(|exercise| {
        let problems = one(course, environment, exercise)?;
        let wrong = exercise.notes.wrong.len();
        let verdict = if problems.is_empty() { "holds" } else { "DOES NOT HOLD" };
        println!("{:<12} starter, solution, {wrong} wrong answers: {verdict}", exercise.name);
        Ok(problems.into_iter().map(|problem| format!("{}: {problem}", exercise.name)).collect::<Vec<_>>())
    });
    Ok(problems.collect::<Result<Vec<_>>>()?.concat())
}

fn one(course: &Course, environment: &BuildEnvironment, exercise: &Exercise) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let Exercise { header, notes, starter, solution, .. } = exercise;

    // The text.
    match (read(&course.file(&header.chapter)), &header.until) {
        (Err(_), _) => problems.push(format!("there is no chapter {}", header.chapter)),
        (Ok(text), Some(until)) if !text.lines().any(|line| line.strip_prefix("## ") == Some(until)) => {
            problems.push(format!("{} has no heading {until:?}", header.chapter));
        }
        _ => {}
    }
    for (file, text) in [("starter", starter), ("solution", solution)] {
        let count = text.matches(TESTS).count();
        if count != 1 {
            problems.push(format!("the {file} has {count} lines that say where the tests begin"));
        }
    }
    if parts(starter).1 != parts(solution).1 {
        problems.push("the starter and the solution do not have the same tests".into());
    }
    if !solution.contains("\n//! # Why\n") {
        problems.push("the solution does not say why".into());
    }
    if exercise.tests().is_empty() {
        problems.push("there are no tests".into());
    }
    let (lines, minutes) = (to_write(exercise), header.minutes);
    if notes.rubric.is_empty() && !(LINES.contains(&lines) && MINUTES.contains(&minutes)) {
        problems.push(format!("{lines} lines in {minutes} minutes: is this an exercise?"));
    }
    let wrong = notes.wrong.iter().flat_map(|wrong| [&wrong.answer, &wrong.why]);
    let passes = notes.passes.iter().flat_map(|passes| [&passes.answer, &passes.why]);
    let prose = notes.hints.iter().chain(&notes.questions).chain(&notes.rubric).chain(wrong).chain(passes);
    problems.extend(prose.chain([&header.title, &notes.aim, &notes.demonstration]).filter_map(|text| html_in(text)));

    // The programs, at the same time: some of them hang until their patience ends.
    let passes_all = |name: &str, answer: &str| -> Result<Option<String>> {
        Ok(match environment.build(exercise, answer, COMPILER.time)? {
            Err(refused) => Some(format!("{name} does not compile: {refused}")),
            Ok(program) => environment
                .first_failure(exercise, &program, LIMITS)?
                .map(|(test, outcome)| format!("{name} does not pass {test}: {outcome:?}")),
        })
    };
    let wrong = |wrong: &Wrong| {
        let name = format!("the wrong answer {:?}", wrong.answer);
        let answer = exercise.wrong(&wrong.answer, &wrong.edit)?;
        fails_as_said(environment, exercise, &name, &answer, &wrong.failure)
    };
    let passing =
        |passes: &Passes| passes_all(&format!("{:?}", passes.answer), &exercise.wrong(&passes.answer, &passes.edit)?);
    let (own, others) = rayon::join(
        || {
            rayon::join(
                || fails_as_said(environment, exercise, "the starter", starter, &notes.starter),
                || passes_all("the solution", solution),
            )
        },
        || notes.wrong.par_iter().map(wrong).chain(notes.passes.par_iter().map(passing)).collect::<Vec<_>>(),
    );
    for problem in [own.0, own.1].into_iter().chain(others) {
        problems.extend(problem?);
    }
    Ok(problems)
}

/// A `Vec<u8>` outside of code is HTML, which a page of the book does not show.
pub(crate) fn html_in(text: &str) -> Option<String> {
    let html = Parser::new(text).find_map(|event| match event {
        Event::Html(html) | Event::InlineHtml(html) => Some(html),
        _ => None,
    });
    html.map(|html| format!("`{html}` in the notes is HTML: put code into backticks"))
}

/// How many lines of code the solution has that the starter does not have.
pub(crate) fn to_write(exercise: &Exercise) -> usize {
    let code = |text| parts(text).0.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    let mut given: Vec<_> = code(&exercise.starter).collect();
    let is_new = |line: &&str| {
        let known = given.iter().position(|other| other == line);
        known.map(|known| given.swap_remove(known)).is_none()
    };
    code(&exercise.solution).filter(is_new).count()
}

fn fails_as_said(
    environment: &BuildEnvironment,
    exercise: &Exercise,
    name: &str,
    answer: &str,
    Failure { fails, says }: &Failure,
) -> Result<Option<String>> {
    let (program, test) = match (environment.build(exercise, answer, COMPILER.time)?, fails) {
        (Err(Refused::Report(report)), None) if report.contains(says) => return Ok(None),
        (Err(refused), _) => return Ok(Some(format!("{name} does not compile: {refused}"))),
        (Ok(_), None) => return Ok(Some(format!("{name} compiles"))),
        (Ok(program), Some(test)) => (program, test),
    };
    if !exercise.tests().contains(&test.as_str()) {
        return Ok(Some(format!("{name} should fail in {test}, which is no test of this exercise")));
    }
    // On a busy machine, an answer that wastes a core gets too little of one to be noticed. So it has three attempts.
    let mut attempts = (0..3).map(|_| environment.test(exercise, &program, test, IMPATIENT));
    let noticed = attempts.find(|outcome| !matches!(outcome, Ok(Outcome::Passed)));
    Ok(match noticed.unwrap_or(Ok(Outcome::Passed))? {
        Outcome::Failed(report) | Outcome::Died(report) if report.contains(says) => None,
        Outcome::Passed => Some(format!("{name} passes {test}")),
        other => Some(format!("{name} fails in {test}, but does not say {says:?}: {other:?}")),
    })
}

/// The check sees each way in which an exercise can be wrong: planted one by one in `threads1`.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::notes::tests::course;

    fn problems(plant: impl FnOnce(&mut Exercise)) -> String {
        let mut course = course();
        let exercises = &mut course.tracks[0].exercises;
        plant(exercises.iter_mut().find(|one| one.name == "threads1").expect("it is in the first track"));
        let environment = BuildEnvironment::open(&course.root).unwrap();
        match check(&course, &environment, &["threads1".into()]) {
            Ok(problems) => problems.join("\n"),
            Err(error) => error.to_string(),
        }
    }

    /// Without the wrong answers, because they take their time.
    fn assert_finds(expected: &[&str], plant: impl FnOnce(&mut Exercise)) {
        let problems = problems(|one| {
            one.notes.wrong.clear();
            plant(one);
        });
        assert!(expected.iter().all(|text| problems.contains(text)), "not {expected:?} but: {problems}");
    }

    /// With one wrong answer, the second, which is the quick one.
    fn assert_finds_in_wrong(expected: &str, plant: impl FnOnce(&mut Wrong)) {
        let problems = problems(|one| {
            one.notes.wrong = vec![one.notes.wrong.swap_remove(1)];
            plant(&mut one.notes.wrong[0]);
        });
        assert!(problems.contains(expected), "not {expected:?} but: {problems}");
    }

    fn replace(text: &mut String, from: &str, to: &str) {
        assert!(text.contains(from), "the test no longer fits: {from}");
        *text = text.replace(from, to);
    }

    #[test]
    fn an_exercise_as_it_is_has_no_problem() {
        assert_eq!(problems(|_| {}), "");
    }

    #[test]
    fn a_starter_that_is_solved() {
        let expected = ["the starter passes a_line_written_in_two_halves_stays_whole", "0 lines in 15 minutes"];
        assert_finds(&expected, |one| one.starter = one.solution.clone());
    }

    #[test]
    fn a_starter_that_fails_for_another_reason_than_the_stated_one() {
        let says =
            "the starter fails in a_line_written_in_two_halves_stays_whole, but does not say \"a line was lost\"";
        assert_finds(&[says], |one| one.notes.starter.says = "a line was lost".into());
        assert_finds(&["the starter does not compile"], |one| {
            replace(&mut one.starter, "\nfn main() {}", "\nfn broken() { 1 }\nfn main() {}");
        });
        assert_finds(&["the starter compiles"], |one| one.notes.starter.fails = None);
    }

    #[test]
    fn a_starter_and_a_solution_with_different_tests() {
        assert_finds(&["the starter and the solution do not have the same tests"], |one| {
            replace(&mut one.starter, "    #[test]\n    bytes_pass_unchanged\n", "");
        });
        assert_finds(&["the starter has 0 lines that say where the tests begin"], |one| {
            replace(&mut one.starter, "// The tests.", "// Tests.");
        });
    }

    #[test]
    fn a_solution_that_does_not_pass() {
        assert_finds(&["the solution does not pass one_input_is_copied"], |one| {
            replace(&mut one.solution, "let rest =", "unfinished.push(0); let rest =");
        });
        assert_finds(&["the solution does not compile"], |one| one.solution.push_str("fn broken() { 1 }\n"));
        assert_finds(&["the solution does not say why"], |one| {
            replace(&mut one.solution, "//! # Why\n", "//! # Wherefore\n");
        });
    }

    #[test]
    fn a_wrong_answer_that_passes_or_fails_elsewhere() {
        assert_finds_in_wrong("passes bytes_pass_unchanged", |wrong| {
            wrong.edit[0].replace = wrong.edit[0].find.clone();
        });
        assert_finds_in_wrong("which is no test of this exercise", |wrong| {
            wrong.failure.fails = Some("a_panic_is_an_error".into());
        });
        assert_finds_in_wrong("but does not say \"torn\"", |wrong| wrong.failure.says = "torn".into());
    }

    #[test]
    fn a_wrong_answer_whose_edit_no_longer_fits() {
        assert_finds_in_wrong("this stands in the solution 0 times, not once", |wrong| {
            wrong.edit[0].find = "no such line".into();
        });
    }

    #[test]
    fn a_header_that_names_a_missing_chapter_and_notes_with_html() {
        assert_finds(&["there is no chapter docs/src/nowhere.md", "`<u8>` in the notes is HTML"], |one| {
            one.header.chapter = "docs/src/nowhere.md".into();
            one.notes.aim = "a Vec<u8>, no `Vec<u8>`".into();
        });
        assert_eq!(html_in("a < b and `Vec<u8>`"), None);
    }
}
