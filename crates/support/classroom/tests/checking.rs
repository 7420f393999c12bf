//! The check sees each way in which an exercise can be wrong: planted one by one in `threads1`.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::Path;

use classroom::build_environment::BuildEnvironment;
use classroom::check::check;
use classroom::notes::{Course, Exercise, Wrong};

/// The problems that the check finds after `plant`. The wrong answers, which take their time, are not asked.
fn planted(plant: impl FnOnce(&mut Exercise)) -> String {
    planted_in_all(|one| {
        one.notes.wrong.clear();
        plant(one);
    })
}

/// The same with the wrong answers. The second of them is the quick one.
fn planted_in_all(plant: impl FnOnce(&mut Exercise)) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../exercises");
    let mut course = Course::load(&root).unwrap();
    let threads1 = course.tracks.iter_mut().flat_map(|track| &mut track.exercises).find(|one| one.name == "threads1");
    plant(threads1.unwrap());
    let build_environment = BuildEnvironment::open(&root).unwrap();
    match check(&course, &build_environment, &["threads1".into()], &|_, _| {}) {
        Ok(problems) => problems.join("\n"),
        Err(error) => error.to_string(),
    }
}

fn assert_says(problems: &str, expected: &str) {
    assert!(problems.contains(expected), "not {expected:?} but: {problems}");
}

#[test]
fn an_exercise_as_it_is_has_no_problem() {
    assert_eq!(planted_in_all(|_| {}), "");
}

#[test]
fn a_starter_that_is_solved() {
    let problems = planted(|one| one.starter = one.solution.clone());
    assert_says(&problems, "the starter passes a_line_written_in_two_halves_stays_whole");
    assert_says(&problems, "0 lines in 15 minutes");
}

#[test]
fn a_starter_that_fails_for_another_reason_than_the_stated_one() {
    assert_says(
        &planted(|one| one.notes.starter.says = "a line was lost".into()),
        "the starter fails in a_line_written_in_two_halves_stays_whole, but does not say \"a line was lost\"",
    );
    assert_says(&planted(|one| one.starter.insert_str(0, "fn broken() { 1 }\n")), "the starter does not compile");
    assert_says(&planted(|one| one.notes.starter.fails = None), "the starter compiles");
}

#[test]
fn a_starter_and_a_solution_with_different_tests() {
    assert_says(
        &planted(|one| one.starter = one.starter.replace("    #[test]\n    bytes_pass_unchanged\n", "")),
        "the starter and the solution have not the same tests",
    );
    assert_says(
        &planted(|one| one.starter = one.starter.replace("// The tests.", "// Tests.")),
        "the starter has 0 lines that say where the tests begin",
    );
}

#[test]
fn a_solution_that_does_not_pass() {
    assert_says(
        &planted(|one| one.solution = one.solution.replace("let rest =", "unfinished.push(0); let rest =")),
        "the solution does not pass one_input_is_copied",
    );
    assert_says(&planted(|one| one.solution.push_str("fn broken() { 1 }\n")), "the solution does not compile");
    assert_says(
        &planted(|one| one.solution = one.solution.replace("//! # Why\n", "//! # Wherefore\n")),
        "the solution does not say why",
    );
}

/// Only the quick wrong answer, with something planted in it.
fn planted_in_wrong(plant: impl FnOnce(&mut Wrong)) -> String {
    planted_in_all(|one| {
        one.notes.wrong = vec![one.notes.wrong.swap_remove(1)];
        plant(&mut one.notes.wrong[0]);
    })
}

#[test]
fn a_wrong_answer_that_passes_or_fails_elsewhere() {
    assert_says(
        &planted_in_wrong(|wrong| wrong.edit[0].replace = wrong.edit[0].find.clone()),
        "passes bytes_pass_unchanged",
    );
    assert_says(
        &planted_in_wrong(|wrong| wrong.fails = Some("a_panic_is_an_error".into())),
        "which is no test of this exercise",
    );
    assert_says(&planted_in_wrong(|wrong| wrong.says = "torn".into()), "but does not say \"torn\"");
}

#[test]
fn a_wrong_answer_whose_edit_no_longer_fits() {
    assert_says(
        &planted_in_wrong(|wrong| wrong.edit[0].find = "no such line".into()),
        "this stands in the solution 0 times, not once",
    );
}

#[test]
fn a_header_that_names_a_chapter_which_is_not_there() {
    assert_says(
        &planted(|one| one.header.chapter = "docs/src/nowhere.md".into()),
        "there is no chapter docs/src/nowhere.md",
    );
}
