//! The exercises in their order, and the teacher's notes on each, from `crates/exercises/notes`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The line at which the teacher's part of a file begins: the tests.
pub(crate) const TESTS: &str = "// The tests. Leave what follows as it is.\n";
/// The titles of the three hints.
pub(crate) const TIERS: [&str; 3] = ["A question", "A pointer", "Nearly the answer"];

#[derive(Debug)]
pub(crate) struct Course {
    /// The folder of the exercises' package.
    pub(crate) root: PathBuf,
    /// In the order of the book.
    pub(crate) tracks: Vec<Track>,
}

/// Exercises on one subject.
#[derive(Debug)]
pub(crate) struct Track {
    /// Its folder, below `exercises` and `solutions`.
    pub(crate) dir: String,
    pub(crate) title: String,
    pub(crate) exercises: Vec<Exercise>,
}

#[derive(Debug)]
pub(crate) struct Exercise {
    /// Also the name of its files.
    pub(crate) name: String,
    /// The track's folder.
    pub(crate) dir: String,
    pub(crate) header: Header,
    pub(crate) notes: Notes,
    /// The text of the file that a student starts from.
    pub(crate) starter: String,
    /// The text of the right answer.
    pub(crate) solution: String,
}

/// The first lines of an exercise: `# TITLE`, `Minutes:`, `Chapter:`. The student reads a `Goal:` and a
/// `When it works:` as well, so they must be there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) title: String,
    pub(crate) minutes: u32,
    /// From the root of the repository.
    pub(crate) chapter: String,
    /// The heading before which the reader stops: behind it stands the answer. Written `…, up to "HEADING"`.
    pub(crate) until: Option<String>,
}

/// The file `notes/NAME.toml`. All prose in it is Markdown.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Notes {
    /// What the exercise teaches.
    pub(crate) aim: String,
    /// As in [`TIERS`].
    pub(crate) hints: [String; 3],
    /// To ask the class.
    pub(crate) questions: Vec<String>,
    /// To show the class.
    pub(crate) demonstration: String,
    /// How the starter fails.
    pub(crate) starter: Failure,
    /// The usual wrong answers.
    #[serde(default)]
    pub(crate) wrong: Vec<Wrong>,
    /// Wrong answers that pass, because no test finds them each time.
    #[serde(default)]
    pub(crate) passes: Vec<Passes>,
    /// Whether an answer needs TCP.
    #[serde(default)]
    pub(crate) network: bool,
    /// For a capstone: what no suite can check.
    #[serde(default)]
    pub(crate) rubric: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failure {
    /// The scenario that it fails in; none if it does not compile.
    pub(crate) fails: Option<String>,
    /// A part of the scenario's report, or of the compiler's.
    pub(crate) says: String,
}

/// A usual wrong answer: the solution with some of its text replaced.
#[derive(Debug, Deserialize)]
pub(crate) struct Wrong {
    /// What the student did.
    pub(crate) answer: String,
    /// Why it is wrong.
    pub(crate) why: String,
    #[serde(flatten)]
    pub(crate) failure: Failure,
    pub(crate) edit: Vec<Edit>,
}

/// A wrong answer that passes, and should not.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Passes {
    /// What the student did.
    pub(crate) answer: String,
    /// Why it is wrong, and why it passes.
    pub(crate) why: String,
    pub(crate) edit: Vec<Edit>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edit {
    /// A text that stands in the solution once.
    pub(crate) find: String,
    /// The text in its place.
    pub(crate) replace: String,
}

impl Course {
    /// Reads the whole package at `root`.
    pub(crate) fn load(root: &Path) -> Result<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Tracks {
            track: Vec<Entry>,
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Entry {
            dir: String,
            title: String,
            exercises: Vec<String>,
        }
        let entries: Tracks = parse(&root.join("notes/tracks.toml"))?;
        let tracks = entries.track.into_iter().map(|Entry { dir, title, exercises }| {
            let exercises = exercises.iter().map(|name| Exercise::load(root, &dir, name)).collect::<Result<_>>()?;
            Ok(Track { dir, title, exercises })
        });
        Ok(Self { root: root.to_owned(), tracks: tracks.collect::<Result<_>>()? })
    }

    /// All exercises, in order.
    pub(crate) fn exercises(&self) -> impl Iterator<Item = &Exercise> {
        self.tracks.iter().flat_map(|track| &track.exercises)
    }

    pub(crate) fn exercise(&self, name: &str) -> Result<&Exercise> {
        self.exercises().find(|exercise| exercise.name == name).with_context(|| format!("there is no exercise {name}"))
    }

    pub(crate) fn track(&self, dir: &str) -> Result<&Track> {
        self.tracks.iter().find(|track| track.dir == dir).with_context(|| format!("there is no track {dir}"))
    }

    /// A file of the repository.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.root.join("../..").join(path)
    }
}

impl Exercise {
    fn load(root: &Path, dir: &str, name: &str) -> Result<Self> {
        let text = |folder| read(&root.join(folder).join(dir).join(name).with_extension("rs"));
        let starter = text("exercises")?;
        let header = Header::parse(&starter).with_context(|| name.to_owned())?;
        let notes = parse(&root.join("notes").join(name).with_extension("toml"))?;
        Ok(Self { name: name.to_owned(), dir: dir.to_owned(), header, notes, starter, solution: text("solutions")? })
    }

    /// The scenarios that grade it, in the order in which they stand in the file.
    pub(crate) fn tests(&self) -> Vec<&str> {
        let tests = parts(&self.solution).1.split("#[test]\n").skip(1).map(str::trim_start);
        let tests = tests.map(|test| test.strip_prefix("fn ").unwrap_or(test));
        tests.map(|test| test.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()).collect()
    }

    /// A student's answer with the teacher's tests in place of the student's, as a library: each test is a public
    /// function. The names in the tests are the teacher's, whatever the answer calls its own modules and macros.
    pub(crate) fn judged(&self, answer: &str) -> String {
        let mut tests = parts(&self.solution).1.replace("#[cfg(test)]\n", "").replace("#[test]\nfn ", "pub fn ");
        tests = tests.replace("::equivalence::suite!", "::exercises::judged!");
        for name in ["assert!", "assert_eq!", "panic!"] {
            tests = tests.replace(&format!(" {name}"), &format!(" ::std::{name}"));
        }
        // An attribute at the end of the answer is for the constant.
        format!("{}\nconst _: () = ();\n{TESTS}{tests}", parts(answer).0)
    }

    /// The text of a wrong answer.
    pub(crate) fn wrong(&self, answer: &str, edits: &[Edit]) -> Result<String> {
        edits.iter().try_fold(self.solution.clone(), |text, Edit { find, replace }| {
            let count = text.matches(find).count();
            ensure!(
                count == 1,
                "{}: {answer:?}: this stands in the solution {count} times, not once:\n{find}",
                self.name
            );
            Ok(text.replace(find, replace))
        })
    }
}

impl Header {
    fn parse(file: &str) -> Result<Self> {
        let lines: Vec<_> = file.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
        let paragraphs: Vec<_> = lines.split(|line| line.is_empty()).map(|lines| lines.join(" ")).collect();
        let part = |start: &str| {
            let part = paragraphs.iter().find_map(|text| text.strip_prefix(start));
            part.map(|text| text.trim().to_owned()).with_context(|| format!("the first lines have no `{start}`"))
        };
        part("Goal:").and(part("When it works:"))?;
        let chapter = part("Chapter:")?;
        let (chapter, until) = match chapter.split_once(", up to ") {
            Some((chapter, until)) => (chapter.to_owned(), Some(until.trim_matches('"').to_owned())),
            None => (chapter, None),
        };
        Ok(Self {
            title: part("# ")?,
            minutes: part("Minutes:")?.parse().context("`Minutes:` is not a number")?,
            chapter,
            until,
        })
    }
}

/// The student's part of a file, and the teacher's. A student may have changed or removed the line between them: then
/// the first test is the border.
pub(crate) fn parts(file: &str) -> (&str, &str) {
    if let Some(parts) = file.split_once(TESTS) {
        return parts;
    }
    let mut start = 0;
    for line in file.split_inclusive('\n') {
        let (text, end) = (line.trim(), start + line.len());
        if text == TESTS.trim() {
            return (&file[..start], &file[end..]);
        }
        if ["#[test]", "#[cfg(test)]"].contains(&text) || text.starts_with("::equivalence::suite!") {
            break;
        }
        start = end;
    }
    file.split_at(start)
}

/// Reads a text file. Its lines may end as on Windows.
pub(crate) fn read(path: &Path) -> Result<String> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(text.replace("\r\n", "\n"))
}

pub(crate) fn parse<T: DeserializeOwned>(path: &Path) -> Result<T> {
    toml::from_str(&read(path)?).with_context(|| path.display().to_string())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const FILE: &str = "\
//! # Whole lines
//!
//! Goal: cut them,
//! and keep the rest.
//!
//! Minutes: 15
//!
//! Chapter: docs/src/none.md
//!
//! When it works: they are whole.

fn main() {}
";

    /// The real course.
    pub(crate) fn course() -> Course {
        Course::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../exercises")).expect("the exercises")
    }

    pub(crate) fn exercise(notes: &str, solution: &str) -> Exercise {
        Exercise {
            name: "one".into(),
            dir: "01_threads".into(),
            header: Header::parse(FILE).expect("a whole header"),
            notes: toml::from_str(notes).expect("whole notes"),
            starter: format!("fn main() {{}}\n{TESTS}"),
            solution: solution.into(),
        }
    }

    fn with_tests(tests: &str) -> Exercise {
        let notes = "aim = ''\nhints = ['', '', '']\nquestions = []\ndemonstration = ''\nstarter = { says = '' }";
        exercise(notes, &format!("right\n{TESTS}{tests}"))
    }

    #[test]
    fn a_paragraph_of_a_header_may_have_several_lines() {
        let header = Header::parse(&FILE.replace("lines", "\n//! lines")).expect("a whole header");
        assert_eq!((header.title.as_str(), header.minutes), ("Whole lines", 15));
    }

    #[test]
    fn a_header_may_say_how_far_to_read() {
        let header = Header::parse(&FILE.replace("none.md", "none.md, up to \"The code\"")).expect("a whole header");
        assert_eq!((header.chapter.as_str(), header.until.as_deref()), ("docs/src/none.md", Some("The code")));
    }

    #[test]
    fn a_header_without_one_of_its_parts_says_which() {
        for (part, missing) in
            [("# Whole", "`# `"), ("Goal:", "`Goal:`"), ("15", "`Minutes:`"), ("When", "`When it works:`")]
        {
            let error = Header::parse(&FILE.replace(part, "x")).expect_err(missing).to_string();
            assert!(error.contains(missing), "{error}");
        }
    }

    #[test]
    fn tests_stand_in_the_order_of_the_file_whether_listed_or_written_out() {
        let one = with_tests(
            "suite! {\n    merge;\n    #[test]\n    zebra\n    #[test]\n    ant\n}\n#[test]\nfn by_hand() {\n}\n",
        );
        assert_eq!(one.tests(), ["zebra", "ant", "by_hand"]);
    }

    #[test]
    fn whatever_a_student_has_made_of_the_tests_the_teachers_are_run() {
        let one = with_tests("#[cfg(test)]\n::equivalence::suite! { }\n#[test]\nfn a() {\n    assert!(true)\n}\n");
        let expected = format!(
            "left\n\nconst _: () = ();\n{TESTS}::exercises::judged! {{ }}\npub fn a() {{\n    ::std::assert!(true)\n}}\n"
        );
        let none = format!("left\n{TESTS}none\n");
        let blank = format!("left\n{} \nnone\n", TESTS.trim());
        for answer in [&none, &blank, "left\n", "left\n#[test]\nfn a() {}\n"] {
            assert_eq!(one.judged(answer), expected, "{answer}");
        }
    }

    /// `scripts/exercises hint` reads the notes with sed, because then a student does not wait for a build.
    #[test]
    #[cfg(unix)]
    fn the_script_prints_the_hints_of_each_exercise_whole_and_one_by_one() {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let course = course();
        for Exercise { name, notes, .. } in course.exercises() {
            for tier in 1..=3 {
                let mut script = std::process::Command::new(course.file("scripts/exercises"));
                let printed = script.args(["hint", name, &tier.to_string()]).output().expect("the script runs");
                let printed = words(&String::from_utf8_lossy(&printed.stdout));
                for (number, hint) in notes.hints.iter().enumerate() {
                    let expected = number < tier;
                    assert_eq!(printed.contains(&words(hint)), expected, "{name}, {} of {tier}: {printed}", number + 1);
                }
            }
        }
    }
}
