//! What the book shows of the notes, as Markdown: the students' list, their hints, and the teacher's pages.
//!
//! The notes are Markdown themselves, but they are read in a terminal as well. So a `<` in them is a `<`.

use std::fmt::Write;

use similar::{ChangeTag, TextDiff};

use crate::Result;
use crate::check::to_write;
use crate::notes::{Course, Exercise, TESTS, Track, Wrong, read};
use crate::print::TIERS;

/// The table of all exercises, a part per track.
#[must_use]
pub fn list(course: &Course) -> String {
    let mut page = String::new();
    for track in course.tracks.iter().filter(|track| !track.exercises.is_empty()) {
        // Writing to a String cannot fail, here and below.
        let _ = write!(page, "### {}\n\n", prose(&track.title));
        page += "| exercise | | minutes | lines | chapter |\n|---|---|---:|---:|---|\n";
        for exercise in &track.exercises {
            let _ = writeln!(
                page,
                "| [`{}`]({}) | {} | {} | {} | {} |",
                exercise.name,
                starter(exercise),
                cell(&exercise.header.title),
                exercise.header.minutes,
                to_write(exercise),
                chapter(course, exercise).replace('|', "\\|"),
            );
        }
        let _ = write!(page, "| **together** | | **{}** | | |\n\n", minutes(track));
    }
    let (all, minutes) = (course.exercises().count(), course.tracks.iter().map(minutes).sum::<u32>());
    let exercises = if all == 1 { "exercise" } else { "exercises" };
    let _ = writeln!(page, "In all {all} {exercises}, {} h {:02} min.", minutes / 60, minutes % 60);
    page
}

/// The hints to the exercises of a track, each of them folded.
#[must_use]
pub fn folded_hints(track: &Track) -> String {
    let mut page = String::new();
    for exercise in &track.exercises {
        let _ = write!(page, "### {}: {}\n\n", exercise.name, prose(&exercise.header.title));
        for (title, hint) in TIERS.iter().zip(&exercise.notes.hints) {
            let hint = prose(hint.trim());
            let _ = write!(page, "<details><summary>{title}</summary>\n\n{hint}\n\n</details>\n\n");
        }
    }
    page
}

/// The teacher's notes on the exercises of a track.
///
/// # Errors
///
/// When the edit of a wrong answer does not fit.
pub fn notes(course: &Course, track: &Track) -> Result<String> {
    let mut page = String::new();
    for exercise in &track.exercises {
        let (header, notes) = (&exercise.header, &exercise.notes);
        let _ = write!(page, "## {}: {}\n\n", exercise.name, prose(&header.title));
        let _ = write!(
            page,
            "{} minutes, {} to write, {}. Chapter: {}. [Starter]({}), [solution]({}).\n\n",
            header.minutes,
            count(to_write(exercise), "line"),
            count(exercise.tests().len(), "test"),
            chapter(course, exercise),
            starter(exercise),
            starter(exercise).replacen("/exercises/exercises/", "/exercises/solutions/", 1),
        );
        let _ = write!(page, "**Aim.** {}\n\n", prose(notes.aim.trim()));
        page += "**Ask:**\n\n";
        page += &items(&notes.questions);
        let _ = write!(page, "**Show.** {}\n\n", prose(notes.demonstration.trim()));
        let begun = failure("The starter fails", notes.starter.fails.as_deref(), &notes.starter.says);
        let _ = write!(page, "{begun}\n\n");
        if !notes.wrong.is_empty() {
            page += "**Usual wrong answers**, beside the solution:\n\n";
        }
        for wrong in &notes.wrong {
            let (answer, why) = (prose(wrong.answer.trim()), prose(wrong.why.trim()));
            let _ = write!(page, "**{answer}** {why}\n\n```diff\n{}```\n\n", edit(exercise, wrong)?);
            let _ = write!(page, "{}\n\n", failure("It fails", wrong.fails.as_deref(), &wrong.says));
        }
        if !notes.rubric.is_empty() {
            page += "**Rubric**, for what no suite can check:\n\n";
            page += &items(&notes.rubric);
        }
    }
    Ok(page)
}

fn minutes(track: &Track) -> u32 {
    track.exercises.iter().map(|exercise| exercise.header.minutes).sum()
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// From the folder of the chapters.
fn starter(exercise: &Exercise) -> String {
    format!("../../crates/exercises/exercises/{}/{}.rs", exercise.dir, exercise.name)
}

/// A link to the chapter, by its title.
pub(crate) fn chapter(course: &Course, exercise: &Exercise) -> String {
    let path = &exercise.header.chapter;
    let name = path.strip_prefix("docs/src/").unwrap_or(path);
    // Whether it is there is for `check` to say.
    let text = read(&course.root.join("../..").join(path)).unwrap_or_default();
    let title = text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(name);
    format!("[{title}]({name})")
}

fn failure(what: &str, scenario: Option<&str>, says: &str) -> String {
    let says = code(says);
    match scenario {
        Some(scenario) => format!("{what} in {}. The suite says {says}.", code(scenario)),
        None => format!("{what} to compile. The compiler says {says}."),
    }
}

/// What a wrong answer changes in the solution, with the lines next to it.
fn edit(exercise: &Exercise, wrong: &Wrong) -> Result<String> {
    let answer = exercise.wrong(wrong)?;
    let own = |text| str::split(text, TESTS).next().unwrap_or_default();
    let changes = TextDiff::from_lines(own(&exercise.solution), own(&answer));
    let mut lines = Vec::new();
    for hunk in changes.grouped_ops(1) {
        if !lines.is_empty() {
            lines.push(("@@", String::new()));
        }
        for change in hunk.iter().flat_map(|op| changes.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => "-",
                ChangeTag::Insert => "+",
                ChangeTag::Equal => " ",
            };
            lines.push((sign, change.value().trim_end().to_owned()));
        }
    }
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let all = lines.iter().filter(|(_, line)| !line.is_empty()).map(|(_, line)| indent(line)).min().unwrap_or(0);
    let mut text = String::new();
    for (sign, line) in &lines {
        let _ = writeln!(text, "{}", format!("{sign}{}", line.get(all..).unwrap_or_default()).trim_end());
    }
    Ok(text)
}

/// A list.
fn items(texts: &[String]) -> String {
    let mut items = String::new();
    for text in texts {
        let _ = writeln!(items, "- {}", prose(text.trim()).replace('\n', "\n  "));
    }
    items + "\n"
}

/// Prose in which a `<` is no HTML: outside of code, where it would be, it is escaped.
pub(crate) fn prose(text: &str) -> String {
    let mut escaped = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(['`', '<']) {
        escaped += &rest[..start];
        rest = &rest[start..];
        if let Some(behind) = rest.strip_prefix('<') {
            escaped += "\\<";
            rest = behind;
            continue;
        }
        // A code span ends with as many backticks as it begins with; without them it is none.
        let ticks = rest.len() - rest.trim_start_matches('`').len();
        let end = code_end(&rest[ticks..], ticks).map_or(ticks, |end| ticks + end);
        escaped += &rest[..end];
        rest = &rest[end..];
    }
    escaped + rest
}

/// Where a run of just as many backticks ends.
fn code_end(text: &str, ticks: usize) -> Option<usize> {
    let mut from = 0;
    while let Some(start) = text[from..].find('`') {
        let start = from + start;
        let run = text[start..].len() - text[start..].trim_start_matches('`').len();
        if run == ticks {
            return Some(start + run);
        }
        from = start + run;
    }
    None
}

/// Prose in a table.
pub(crate) fn cell(text: &str) -> String {
    prose(text.trim()).replace('|', "\\|").replace('\n', " ")
}

/// A code span, whatever stands in it.
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

    fn track(notes: &str, solution: &str) -> (Course, Track) {
        let header = crate::notes::Header {
            title: "Whole `lines` of Vec<u8>".into(),
            goal: String::new(),
            minutes: 15,
            chapter: "docs/src/none.md".into(),
            works: String::new(),
        };
        let exercise = Exercise {
            name: "one".into(),
            dir: "01_threads".into(),
            header,
            notes: toml::from_str(notes).expect("whole notes"),
            starter: format!("fn main() {{}}\n{TESTS}"),
            solution: solution.into(),
        };
        let track = Track { dir: "01_threads".into(), title: "Threads".into(), exercises: vec![exercise] };
        (Course { root: "/nowhere".into(), tracks: Vec::new() }, track)
    }

    const NOTES: &str = "\
aim = 'It holds a Mutex<T>.'
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

    #[test]
    fn an_angle_bracket_is_one_in_prose_and_stays_as_it_is_in_code() {
        assert_eq!(prose("a Vec<u8> is no `Vec<u8>`"), "a Vec\\<u8> is no `Vec<u8>`");
        assert_eq!(prose("``a`<b`` < `c"), "``a`<b`` \\< `c");
    }

    #[test]
    fn a_bar_does_not_end_a_cell() {
        assert_eq!(cell("`|x| x`\nor <"), "`\\|x\\| x` or \\<");
    }

    #[test]
    fn code_may_have_backticks_in_it() {
        assert_eq!(code("it hung"), "`it hung`");
        assert_eq!(code("it `hung`"), "`` it `hung` ``");
    }

    #[test]
    fn a_wrong_answer_is_shown_as_what_it_changes() {
        let (_, track) = track(NOTES, SOLUTION);
        let one = &track.exercises[0];
        assert_eq!(edit(one, &one.notes.wrong[0]).expect("it fits"), " before();\n-right();\n+wrong();\n behind();\n");
    }

    #[test]
    fn two_edits_far_apart_are_two_pieces() {
        let far = "fn main() {\n    right();\n    a();\n    b();\n    c();\n    d();\n    last();\n}\n";
        let notes = format!("{NOTES}[[wrong.edit]]\nfind = 'last'\nreplace = 'first'\n");
        let (_, track) = track(&notes, far);
        let one = &track.exercises[0];
        let edit = edit(one, &one.notes.wrong[0]).expect("it fits");
        assert_eq!(
            edit,
            " fn main() {\n-    right();\n+    wrong();\n     a();\n@@\n     d();\n-    last();\n+    first();\n }\n"
        );
    }

    #[test]
    fn the_teachers_notes_say_what_fails_where_and_what_the_suite_says() {
        let (course, track) = track(NOTES, SOLUTION);
        let page = notes(&course, &track).expect("it fits");
        for expected in [
            "## one: Whole `lines` of Vec\\<u8>\n",
            "15 minutes, 5 lines to write, 1 test. Chapter: [none.md](none.md).",
            "**Aim.** It holds a Mutex\\<T>.\n",
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
        let (_, track) = track(NOTES, SOLUTION);
        let page = folded_hints(&track);
        assert_eq!(page.matches("<details><summary>").count(), 3);
        assert!(page.contains("<summary>A pointer</summary>\n\n`a < b`\n\n</details>\n"), "{page}");
    }

    #[test]
    fn the_list_adds_up_the_minutes_and_leaves_an_empty_track_out() {
        let (mut course, mut track) = track(NOTES, SOLUTION);
        let empty = Track { dir: "02".into(), title: "Empty".into(), exercises: Vec::new() };
        let second = super::tests::track(NOTES, SOLUTION).1.exercises;
        track.exercises.extend(second);
        course.tracks = vec![track, empty];
        let page = list(&course);
        assert!(page.contains("| **together** | | **30** | | |\n"), "{page}");
        assert!(page.ends_with("In all 2 exercises, 0 h 30 min.\n"), "{page}");
        assert!(!page.contains("Empty"));
    }
}
