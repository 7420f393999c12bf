//! `scripts/exercises hint` reads the notes with sed, so that nobody waits for a build: it must read all of them right.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::process::Command;

use classroom::notes::Course;

#[test]
fn the_hints_of_each_exercise_are_printed_whole_and_one_by_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../exercises");
    let script = root.join("../../scripts/exercises");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for exercise in Course::load(&root).unwrap().exercises() {
        for tier in 1..=3 {
            let printed = Command::new(&script).args(["hint", &exercise.name, &tier.to_string()]).output().unwrap();
            let printed = words(&String::from_utf8(printed.stdout).unwrap());
            for (number, hint) in exercise.notes.hints.iter().enumerate() {
                let (is_there, name) = (printed.contains(&words(hint)), &exercise.name);
                assert_eq!(is_there, number < tier, "{name}, hint {} of {tier}: {printed}", number + 1);
            }
        }
    }
}
