//! What is made from the notes: the list that rustlings reads.

use serde::Serialize;

use crate::notes::{Course, Exercise};

/// What each of the three hints is.
pub const TIERS: [&str; 3] = ["A question", "A pointer", "Nearly the answer"];

/// `info.toml`, as rustlings wants it.
///
/// # Errors
///
/// When a text cannot be written as TOML.
pub fn info(course: &Course) -> Result<String, toml::ser::Error> {
    #[derive(Serialize)]
    struct Info {
        format_version: u8,
        welcome_message: String,
        final_message: String,
        exercises: Vec<Entry>,
    }
    #[derive(Serialize)]
    struct Entry {
        name: String,
        dir: String,
        hint: String,
    }
    let entry = |exercise: &Exercise| Entry {
        name: exercise.name.clone(),
        dir: exercise.dir.clone(),
        hint: format!(
            "{}\n{} {}\n\nMore help, from the root of the repository:\n  scripts/exercises hint {name} 2    a pointer\n  scripts/exercises hint {name} 3    nearly the answer\nThe chapter to read: {}\n",
            exercise.header.title,
            TIERS[0].to_owned() + ":",
            exercise.notes.hints[0].trim(),
            exercise.header.chapter,
            name = exercise.name,
        ),
    };
    let info = Info {
        format_version: 1,
        welcome_message: "From threads to async, one step at a time.\n\nEach exercise is one file. Write where it says `// TODO`, save, and read what the suite says.\nThe first lines of the file name the chapter of the book to read.\n".into(),
        final_message: "All of it is done: from threads to async, and back in time for the next log.\n".into(),
        exercises: course.exercises().map(entry).collect(),
    };
    Ok(format!("# Made from notes/ by `scripts/exercises update`.\n{}", toml::to_string_pretty(&info)?))
}
