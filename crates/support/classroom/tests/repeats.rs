//! Some code repeats the text of a stage. Here it is compared with the stage's own, without comments and blank lines.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::Path;

const STAGE_2: &str = "stage2/src/top.rs";
const STAGE_4: &str = "stage4/src/top.rs";
const BRIDGE: &str = "exercises/src/answers.rs";
const PARTS: &str = "support/stage-parts/src/lib.rs";

/// The code of a file in `crates`, line by line. Whether it is public makes no difference.
fn code(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    let text = fs::read_to_string(path).unwrap();
    let code = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    code.map(|line| line.trim_start_matches("pub ").to_owned()).collect()
}

/// The lines of `file` from the one that begins with `first` to the next one that ends with `last`.
fn part(file: &str, first: &str, last: &str) -> Vec<String> {
    let lines = code(file);
    let start = lines.iter().position(|line| line.starts_with(first));
    let start = start.unwrap_or_else(|| panic!("{file} has no line that begins with {first:?}"));
    let end = lines[start..].iter().position(|line| line.ends_with(last));
    let end = end.unwrap_or_else(|| panic!("{file} has no line that ends with {last:?} after {first:?}"));
    lines[start..=start + end].to_vec()
}

/// The same lines of both files are equal.
fn is_repeated(stage: &str, repeat: &str, first: &str, last: &str) {
    let (expected, found) = (part(stage, first, last), part(repeat, first, last));
    assert_eq!(found, expected, "crates/{repeat} differs from crates/{stage}");
}

#[test]
fn the_top_that_the_exercises_are_given_is_that_of_stage_2() {
    is_repeated(STAGE_2, BRIDGE, "async fn run_tasks_mixed", "fan_in.finish()");
}

#[test]
fn the_parts_of_stage_4_are_its_own() {
    is_repeated(STAGE_4, PARTS, "const QUEUE", ";");
    is_repeated(STAGE_4, PARTS, "tasks.spawn_blocking(", "});");
    is_repeated(STAGE_4, PARTS, "while let Some(ended)", "fan_in.finish()");
}
