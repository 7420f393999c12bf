//! What stands beside the exercises: their order, and the teacher's notes on each.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Error, Result};

/// From this line on a file belongs to the teacher: the tests.
pub const TESTS: &str = "// The tests. Leave what follows as it is.\n";

/// The course: its tracks, in order.
#[derive(Debug)]
pub struct Course {
    /// The folder of the exercises' package.
    pub root: PathBuf,
    /// The tracks, in the order of the book.
    pub tracks: Vec<Track>,
}

/// A row of exercises with one subject.
#[derive(Debug)]
pub struct Track {
    /// Its folder, below `exercises` and `solutions`.
    pub dir: String,
    /// What it is about.
    pub title: String,
    /// In order.
    pub exercises: Vec<Exercise>,
}

/// One exercise.
#[derive(Debug)]
pub struct Exercise {
    /// Its name, which is that of its files.
    pub name: String,
    /// The track's folder, below `exercises` and `solutions`.
    pub dir: String,
    /// What its own first lines say.
    pub header: Header,
    /// For the teacher.
    pub notes: Notes,
    /// The file that a student starts from.
    pub starter: String,
    /// The answer.
    pub solution: String,
}

/// The first lines of an exercise.
#[derive(Debug, PartialEq, Eq)]
pub struct Header {
    /// What it is called.
    pub title: String,
    /// What has to be done.
    pub goal: String,
    /// How long it takes.
    pub minutes: u32,
    /// The chapter of the book, from the root of the repository.
    pub chapter: String,
    /// What the student will see.
    pub works: String,
}

/// The file `notes/NAME.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notes {
    /// What it teaches.
    pub aim: String,
    /// A question, a pointer, nearly the answer.
    pub hints: [String; 3],
    /// To ask the class.
    pub questions: Vec<String>,
    /// To show the class.
    pub demonstration: String,
    /// How the starter fails.
    pub starter: Failure,
    /// The usual wrong answers.
    #[serde(default)]
    pub wrong: Vec<Wrong>,
    /// Whether an answer needs TCP.
    #[serde(default)]
    pub network: bool,
    /// What no suite can check: for a capstone.
    #[serde(default)]
    pub rubric: Vec<String>,
}

/// What a wrong program does.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The scenario that it fails in; none when it does not compile.
    pub fails: Option<String>,
    /// What stands in the scenario's report, or in the compiler's.
    pub says: String,
}

/// A usual wrong answer: the solution with some of its text replaced.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrong {
    /// What was done.
    pub answer: String,
    /// Why it is wrong.
    pub why: String,
    /// The scenario that it fails in; none when it does not compile.
    pub fails: Option<String>,
    /// What stands in the scenario's report, or in the compiler's.
    pub says: String,
    /// What stands in place of what.
    pub edit: Vec<Edit>,
}

/// A piece of the solution, which must stand there once, and what a student has written instead.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// In the solution.
    pub find: String,
    /// In the wrong answer.
    pub replace: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tracks {
    track: Vec<TrackEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrackEntry {
    dir: String,
    title: String,
    exercises: Vec<String>,
}

impl Course {
    /// Reads the whole package at `root`.
    ///
    /// # Errors
    ///
    /// The first file that is missing, or does not say what it has to.
    pub fn load(root: &Path) -> Result<Self> {
        let entries: Tracks = parse(&root.join("notes/tracks.toml"))?;
        let tracks = entries.track.into_iter().map(|entry| {
            let exercises = entry.exercises.iter().map(|name| Exercise::load(root, &entry.dir, name));
            let exercises = exercises.collect::<Result<_>>()?;
            Ok(Track { dir: entry.dir, title: entry.title, exercises })
        });
        Ok(Self { root: root.to_owned(), tracks: tracks.collect::<Result<_>>()? })
    }

    /// All exercises, in order.
    pub fn exercises(&self) -> impl Iterator<Item = &Exercise> {
        self.tracks.iter().flat_map(|track| &track.exercises)
    }

    /// The exercise of that name.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchExercise`].
    pub fn exercise(&self, name: &str) -> Result<&Exercise> {
        self.exercises().find(|exercise| exercise.name == name).ok_or_else(|| Error::NoSuchExercise(name.to_owned()))
    }

    /// The track in that folder.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchTrack`].
    pub fn track(&self, dir: &str) -> Result<&Track> {
        self.tracks.iter().find(|track| track.dir == dir).ok_or_else(|| Error::NoSuchTrack(dir.to_owned()))
    }
}

impl Exercise {
    fn load(root: &Path, dir: &str, name: &str) -> Result<Self> {
        let path = root.join("exercises").join(dir).join(name).with_extension("rs");
        let starter = read(&path)?;
        let header = Header::parse(&starter).map_err(|missing| Error::Exercise {
            name: name.to_owned(),
            problem: format!("{} has no {missing} in its first lines", path.display()),
        })?;
        let solution = read(&root.join("solutions").join(dir).join(name).with_extension("rs"))?;
        let notes = parse(&root.join("notes").join(name).with_extension("toml"))?;
        Ok(Self { name: name.to_owned(), dir: dir.to_owned(), header, notes, starter, solution })
    }

    /// The scenarios it is graded by, in the order in which they stand in the file.
    #[must_use]
    pub fn tests(&self) -> Vec<&str> {
        let tests = self.solution.split_once(TESTS).map_or("", |(_, tests)| tests);
        tests
            .split("#[test]\n")
            .skip(1)
            .map(|test| test.trim_start().trim_start_matches("fn "))
            .map(|test| test.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default())
            .collect()
    }

    /// A student's file with the teacher's tests in place of what stands where the tests are.
    #[must_use]
    pub fn with_own_tests(&self, answer: &str) -> String {
        let tests = self.solution.split_once(TESTS).map_or("", |(_, tests)| tests);
        let answer = answer.split_once(TESTS).map_or(answer, |(answer, _)| answer);
        format!("{answer}{TESTS}{tests}")
    }

    /// The text of a wrong answer.
    ///
    /// # Errors
    ///
    /// [`Error::Exercise`] when an edit does not fit exactly once.
    pub fn wrong(&self, wrong: &Wrong) -> Result<String> {
        wrong.edit.iter().try_fold(self.solution.clone(), |text, edit| match text.matches(&edit.find).count() {
            1 => Ok(text.replace(&edit.find, &edit.replace)),
            count => Err(Error::Exercise {
                name: self.name.clone(),
                problem: format!(
                    "{:?}: this stands in the solution {count} times, not once:\n{}",
                    wrong.answer, edit.find
                ),
            }),
        })
    }
}

impl Header {
    /// The first lines, up to the first that is no `//!`. Says what is missing.
    fn parse(file: &str) -> Result<Self, &'static str> {
        let lines: Vec<_> = file.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
        let paragraphs: Vec<_> = lines.split(|line| line.is_empty()).map(|lines| lines.join(" ")).collect();
        let part =
            |start| paragraphs.iter().find_map(|text| text.strip_prefix(start)).map(|text| text.trim().to_owned());
        Ok(Self {
            title: part("# ").ok_or("title")?,
            goal: part("Goal:").ok_or("`Goal:`")?,
            minutes: part("Minutes:").and_then(|minutes| minutes.parse().ok()).ok_or("`Minutes:`")?,
            chapter: part("Chapter:").ok_or("`Chapter:`")?,
            works: part("When it works:").ok_or("`When it works:`")?,
        })
    }
}

/// Reads a text file, whatever its line ends.
pub(crate) fn read(path: &Path) -> Result<String> {
    let text = fs::read_to_string(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    Ok(text.replace("\r\n", "\n"))
}

pub(crate) fn parse<T: DeserializeOwned>(path: &Path) -> Result<T> {
    toml::from_str(&read(path)?).map_err(|source| Error::Toml { path: path.to_owned(), source: Box::new(source) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
//! # Whole lines
//!
//! Goal: cut them,
//! and keep the rest.
//!
//! Minutes: 15
//!
//! Chapter: docs/src/program.md
//!
//! When it works: they are whole.

fn main() {}
";

    #[test]
    fn a_header_is_read_to_the_end_of_its_paragraphs() {
        let header = Header::parse(FILE).expect("a whole header");
        assert_eq!(header.title, "Whole lines");
        assert_eq!(header.goal, "cut them, and keep the rest.");
        assert_eq!(header.minutes, 15);
    }

    #[test]
    fn a_header_without_one_of_its_parts_says_which() {
        for (part, missing) in
            [("# Whole", "title"), ("Goal:", "`Goal:`"), ("15", "`Minutes:`"), ("When", "`When it works:`")]
        {
            assert_eq!(Header::parse(&FILE.replace(part, "x")), Err(missing));
        }
    }

    fn exercise(tests: &str) -> Exercise {
        Exercise {
            name: "one".into(),
            dir: "01".into(),
            header: Header::parse(FILE).expect("a whole header"),
            notes: toml::from_str(
                "aim = ''\nhints = ['', '', '']\nquestions = []\ndemonstration = ''\nstarter = { says = '' }",
            )
            .expect("whole notes"),
            starter: String::new(),
            solution: format!("right\n{TESTS}{tests}"),
        }
    }

    #[test]
    fn tests_stand_in_the_order_of_the_file_whether_listed_or_written_out() {
        let one = exercise(
            "suite! {\n    merge;\n    #[test]\n    zebra\n    #[test]\n    ant\n}\n#[test]\nfn by_hand() {\n}\n",
        );
        assert_eq!(one.tests(), ["zebra", "ant", "by_hand"]);
    }

    #[test]
    fn whatever_a_student_has_made_of_the_tests_the_teachers_are_run() {
        let one = exercise("tests\n");
        let expected = format!("left\n{TESTS}tests\n");
        assert_eq!(one.with_own_tests(&format!("left\n{TESTS}none\n")), expected);
        assert_eq!(one.with_own_tests("left\n"), expected);
    }
}
