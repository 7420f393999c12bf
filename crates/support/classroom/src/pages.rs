//! The pages that are made from the notes: the students' list and hints, the teacher's notes, and rustlings' list.

use std::fmt::Write;

use anyhow::Result;
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use crate::check::to_write;
use crate::notes::{Course, Edit, Exercise, Failure, TIERS, Track, parts, read};

/// The table of all exercises, a part per track.
pub(crate) fn list(course: &Course) -> String {
    let mut page = String::new();
    let minutes = |track: &Track| track.exercises.iter().map(|exercise| exercise.header.minutes).sum::<u32>();
    // Writing to a String cannot fail, here and below.
    for track in course.tracks.iter().filter(|track| !track.exercises.is_empty()) {
        let _ = write!(page, "### {}\n\n", track.title);
        page += "| exercise | | minutes | lines | chapter |\n|---|---|---:|---:|---|\n";
        for exercise in &track.exercises {
            let (name, title, chapter) =
                (&exercise.name, cell(&exercise.header.title), cell(&chapter(course, exercise)));
            let (file, minutes, lines) = (file("exercises", exercise), exercise.header.minutes, to_write(exercise));
            let _ = writeln!(page, "| [`{name}`]({file}) | {title} | {minutes} | {lines} | {chapter} |");
        }
        let _ = write!(page, "| **together** | | **{}** | | |\n\n", minutes(track));
    }
    let minutes = course.tracks.iter().map(minutes).sum::<u32>();
    let exercises = count(course.exercises().count(), "exercise");
    page + &format!("In all {exercises}, {} h {:02} min.\n", minutes / 60, minutes % 60)
}

/// The exercises of a chapter.
pub(crate) fn list_of(course: &Course, chapter: &str) -> String {
    let line = |exercise: &Exercise| {
        let (name, title, minutes) = (&exercise.name, &exercise.header.title, exercise.header.minutes);
        format!("- [`{name}`]({}): {title}, {minutes} minutes\n", file("exercises", exercise))
    };
    let of_chapter = course.exercises().filter(|exercise| exercise.header.chapter.ends_with(chapter));
    of_chapter.map(line).collect::<String>() + "\n"
}

/// The hints to the exercises of a track, each of them folded.
pub(crate) fn folded_hints(track: &Track) -> String {
    let mut page = String::new();
    for exercise in &track.exercises {
        let _ = write!(page, "### {}: {}\n\n", exercise.name, exercise.header.title);
        for (title, hint) in TIERS.iter().zip(&exercise.notes.hints) {
            let _ = write!(page, "<details><summary>{title}</summary>\n\n{}\n\n</details>\n\n", hint.trim());
        }
    }
    page
}

/// The teacher's notes on the exercises of a track. Fails if the edit of a wrong answer does not fit.
pub(crate) fn notes(course: &Course, track: &Track) -> Result<String> {
    let mut page = String::new();
    let item = |text: &String| format!("- {}\n", text.trim().replace('\n', "\n  "));
    for exercise in &track.exercises {
        let (header, notes) = (&exercise.header, &exercise.notes);
        let _ = write!(
            page,
            "## {}: {}\n\n{} minutes, {} to write, {}. Chapter: {}. [Starter]({}), [solution]({}).\n\n\
             **Aim.** {}\n\n**Ask:**\n\n{}\n**Show.** {}\n\n{}\n\n",
            exercise.name,
            header.title,
            header.minutes,
            count(to_write(exercise), "line"),
            count(exercise.tests().len(), "test"),
            chapter(course, exercise),
            file("exercises", exercise),
            file("solutions", exercise),
            notes.aim.trim(),
            notes.questions.iter().map(item).collect::<String>(),
            notes.demonstration.trim(),
            failure("The starter fails", &notes.starter),
        );
        if !notes.wrong.is_empty() {
            page += "**Usual wrong answers**, beside the solution:\n\n";
        }
        for wrong in &notes.wrong {
            let edit = edit(exercise, &wrong.answer, &wrong.edit)?;
            let (answer, why) = (wrong.answer.trim(), wrong.why.trim());
            let fails = failure("It fails", &wrong.failure);
            let _ = write!(page, "**{answer}** {why}\n\n```diff\n{edit}```\n\n{fails}\n\n");
        }
        if !notes.passes.is_empty() {
            page += "**Passes, and should not.** No test finds these each time; you do:\n\n";
        }
        for passes in &notes.passes {
            let edit = edit(exercise, &passes.answer, &passes.edit)?;
            let _ = write!(page, "**{}** {}\n\n```diff\n{edit}```\n\n", passes.answer.trim(), passes.why.trim());
        }
        if !notes.rubric.is_empty() {
            let rubric: String = notes.rubric.iter().map(item).collect();
            let _ = write!(page, "**Rubric**, for what no suite can check:\n\n{rubric}\n");
        }
    }
    Ok(page)
}

/// `info.toml`, which rustlings reads.
pub(crate) fn info(course: &Course) -> Result<String> {
    #[derive(Serialize)]
    struct Info {
        format_version: u8,
        welcome_message: &'static str,
        final_message: &'static str,
        exercises: Vec<Entry>,
    }
    #[derive(Serialize)]
    struct Entry {
        name: String,
        dir: String,
        /// `scripts/exercises check` runs the starters, and compares how they fail with the notes.
        skip_check_unsolved: bool,
        hint: String,
    }
    let entry = |Exercise { name, dir, header, notes, .. }: &Exercise| Entry {
        name: name.clone(),
        dir: dir.clone(),
        skip_check_unsolved: true,
        hint: format!(
            "{}\n{}: {}\n\nMore help, from the root of the repository:\n  scripts/exercises hint {name} 2    a pointer\n  scripts/exercises hint {name} 3    nearly the answer\nThe chapter to read: {}\n",
            header.title,
            TIERS[0],
            notes.hints[0].trim(),
            header
                .until
                .as_ref()
                .map_or(header.chapter.clone(), |until| format!("{}, up to {until:?}", header.chapter)),
        ),
    };
    let info = Info {
        format_version: 1,
        welcome_message: "From threads to async, one step at a time.\n\nEach exercise is one file. Write where it says `// TODO`, save, and read what the suite says.\nThe first lines of the file name the chapter of the book to read.\n",
        final_message: "All of it is done: from threads to async, and back in time for the next log.\n",
        exercises: course.exercises().map(entry).collect(),
    };
    Ok(format!("# Made from notes/ by `scripts/exercises update`.\n{}", toml::to_string_pretty(&info)?))
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A file of the exercise, from the folder of the chapters.
fn file(folder: &str, exercise: &Exercise) -> String {
    format!("../../crates/exercises/{folder}/{}/{}.rs", exercise.dir, exercise.name)
}

/// A link to the chapter, by its title.
fn chapter(course: &Course, exercise: &Exercise) -> String {
    let path = &exercise.header.chapter;
    let name = path.strip_prefix("docs/src/").unwrap_or(path);
    // `check` reports a missing chapter.
    let text = read(&course.file(path)).unwrap_or_default();
    let title = text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(name);
    format!("[{title}]({name})")
}

fn failure(what: &str, Failure { fails, says }: &Failure) -> String {
    let says = code(says);
    match fails {
        Some(scenario) => format!("{what} in {}. The suite says {says}.", code(scenario)),
        None => format!("{what} to compile. The compiler says {says}."),
    }
}

/// The lines that a wrong answer changes in the solution, and their neighbours, without the common indentation.
fn edit(exercise: &Exercise, answer: &str, edits: &[Edit]) -> Result<String> {
    let answer = exercise.wrong(answer, edits)?;
    let changes = TextDiff::from_lines(parts(&exercise.solution).0, parts(&answer).0);
    let mut lines = Vec::new();
    for hunk in changes.grouped_ops(1) {
        if !lines.is_empty() {
            lines.push((ChangeTag::Equal, None));
        }
        let changes = hunk.iter().flat_map(|op| changes.iter_changes(op));
        lines.extend(changes.map(|change| (change.tag(), Some(change.value().trim_end()))));
    }
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let full = lines.iter().filter_map(|(_, line)| line.filter(|line| !line.is_empty()));
    let common = full.map(indent).min().unwrap_or(0);
    let line = |(sign, line): (ChangeTag, Option<&str>)| match line {
        Some(line) => format!("{}\n", format!("{sign}{}", line.get(common..).unwrap_or_default()).trim_end()),
        None => "@@\n".to_owned(),
    };
    Ok(lines.into_iter().map(line).collect())
}

/// Prose in a table.
pub(crate) fn cell(text: &str) -> String {
    text.trim().replace('|', "\\|").replace('\n', " ")
}

/// A code span. It may contain backticks.
fn code(text: &str) -> String {
    let text = text.trim().replace('\n', " ");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{space}{text}{space}{ticks}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notes::tests::exercise;

    const NOTES: &str = "\
aim = 'It holds a Mutex.'
hints = ['Who?', '`a < b`', 'A | B']
questions = ['Why?']
demonstration = '`true`: it ends.'
[starter]
fails = 'halves'
says = 'a line was torn'
[[wrong]]
answer = 'Nothing.'
why = 'It hangs.'
fails = 'halves'
says = 'it `hung`'
[[wrong.edit]]
find = '    right();'
replace = '    wrong();'
";
    const SOLUTION: &str = "fn main() {\n    before();\n    right();\n    behind();\n}\n// The tests. Leave what follows as it is.\n#[test]\nfn halves() {}\n";

    fn track(exercises: Vec<Exercise>) -> Track {
        Track { dir: "01_threads".into(), title: "Threads".into(), exercises }
    }

    fn course(tracks: Vec<Track>) -> Course {
        Course { root: "/nowhere".into(), tracks }
    }

    #[test]
    fn a_bar_does_not_end_a_cell() {
        assert_eq!(cell("`|x| x`\nor"), "`\\|x\\| x` or");
    }

    #[test]
    fn code_may_have_backticks_in_it() {
        assert_eq!(code("it hung"), "`it hung`");
        assert_eq!(code("it `hung`"), "`` it `hung` ``");
    }

    #[test]
    fn a_wrong_answer_is_shown_as_what_it_changes() {
        let one = exercise(NOTES, SOLUTION);
        assert_eq!(
            edit(&one, "", &one.notes.wrong[0].edit).expect("it fits"),
            " before();\n-right();\n+wrong();\n behind();\n"
        );
    }

    #[test]
    fn two_edits_far_apart_are_two_pieces() {
        let far = "fn main() {\n    right();\n    a();\n    b();\n    c();\n    d();\n    last();\n}\n";
        let one = exercise(&format!("{NOTES}[[wrong.edit]]\nfind = 'last'\nreplace = 'first'\n"), far);
        assert_eq!(
            edit(&one, "", &one.notes.wrong[0].edit).expect("it fits"),
            " fn main() {\n-    right();\n+    wrong();\n     a();\n@@\n     d();\n-    last();\n+    first();\n }\n"
        );
    }

    #[test]
    fn the_teachers_notes_say_what_fails_where_and_what_the_suite_says() {
        let page = notes(&course(vec![]), &track(vec![exercise(NOTES, SOLUTION)])).expect("it fits");
        for expected in [
            "## one: Whole lines\n",
            "15 minutes, 5 lines to write, 1 test. Chapter: [none.md](none.md).",
            "**Aim.** It holds a Mutex.\n",
            "**Ask:**\n\n- Why?\n\n",
            "The starter fails in `halves`. The suite says `a line was torn`.\n",
            "**Nothing.** It hangs.\n\n```diff\n before();\n",
            "It fails in `halves`. The suite says `` it `hung` ``.\n",
        ] {
            assert!(page.contains(expected), "no {expected:?} in\n{page}");
        }
        assert!(!page.contains("Rubric"));
    }

    #[test]
    fn each_hint_is_folded() {
        let page = folded_hints(&track(vec![exercise(NOTES, SOLUTION)]));
        assert_eq!(page.matches("<details><summary>").count(), 3);
        assert!(page.contains("<summary>A pointer</summary>\n\n`a < b`\n\n</details>\n"), "{page}");
    }

    #[test]
    fn the_list_adds_up_the_minutes_and_leaves_an_empty_track_out() {
        let empty = Track { dir: "02".into(), title: "Empty".into(), exercises: Vec::new() };
        let two = track(vec![exercise(NOTES, SOLUTION), exercise(NOTES, SOLUTION)]);
        let page = list(&course(vec![two, empty]));
        assert!(page.contains("| **together** | | **30** | | |\n"), "{page}");
        assert!(page.ends_with("In all 2 exercises, 0 h 30 min.\n"), "{page}");
        assert!(!page.contains("Empty"));
    }
}
