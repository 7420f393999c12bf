//! A class of students who do what students do, and what none should: the table is right, and everyone else's work is
//! still there. Linux only, as the fence is.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use classroom::grade::{Grade, Row, grade};
use classroom::limits::Limits;
use classroom::notes::Course;
use classroom::table::{csv, html};
use classroom::workshop::{Outcome, Workshop};
use tempfile::TempDir;

const LIMITS: Limits =
    Limits { time: Duration::from_secs(60), memory: 256 * 1024 * 1024, patience: Duration::from_secs(5) };

/// The first scenario of `threads1`: who fails at everything fails here.
const FIRST: &str = "one_input_is_copied";

/// A class for the exercise `threads1`.
struct Class {
    folder: TempDir,
    course: Course,
    workshop: Workshop,
    students: Vec<PathBuf>,
}

impl Class {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../exercises");
        let course = Course::load(&root).unwrap();
        let workshop = Workshop::open(&root).unwrap().fenced(env!("CARGO_BIN_EXE_classroom").into()).unwrap();
        Self { folder: TempDir::new().unwrap(), course, workshop, students: Vec::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn solution(&self) -> &str {
        &self.course.exercise("threads1").unwrap().solution
    }

    /// One who hands in this text.
    fn hands_in(&mut self, student: &str, text: &str) {
        let folder = self.path(student);
        // As in a copy of the repository.
        fs::create_dir_all(folder.join("exercises/01_threads")).unwrap();
        fs::write(folder.join("exercises/01_threads/threads1.rs"), text).unwrap();
        self.students.push(folder);
    }

    /// One who writes this before the first line of the right answer.
    fn does(&mut self, student: &str, deed: &str) {
        let right = "    file.read_to_end(unfinished)?;\n";
        assert!(self.solution().contains(right), "the tests no longer fit the solution");
        let text = self.solution().replace(right, &format!("    {deed}\n{right}"));
        self.hands_in(student, &text);
    }

    /// What the class gets, and in which column `threads1` stands.
    fn grades(&self, limits: Limits) -> (Vec<Row>, usize) {
        let rows = grade(&self.course, &self.workshop, &self.students, limits, &|| {}).unwrap();
        (rows, self.course.exercises().position(|exercise| exercise.name == "threads1").unwrap())
    }

    /// What the only one gets.
    fn grade(&self, limits: Limits) -> Grade {
        let (mut rows, column) = self.grades(limits);
        rows[0].grades.swap_remove(column)
    }
}

fn outcome(grade: &Grade) -> (&str, &Outcome) {
    match grade {
        Grade::Fails { scenario, outcome } => (scenario, outcome),
        other => panic!("not a failure: {other:?}"),
    }
}

#[test]
fn a_mixed_class_gets_the_right_table_and_nobody_loses_a_file() {
    let mut class = Class::new();
    let solution = class.solution().to_owned();
    let starter = class.course.exercise("threads1").unwrap().starter.clone();
    let precious = class.path("precious");
    fs::write(&precious, "precious").unwrap();

    class.hands_in("anna_right", &solution);
    class.hands_in("bela_wrong", &solution.replace("return Ok(Found::NoNewData);", "return Ok(Found::Lines(vec![]));"));
    class.does("carl_hangs", "loop { std::thread::park(); }");
    class.does("dora_spins", "loop { std::hint::spin_loop(); }");
    class.does("emil_does_not_compile", "let lines: u32 = \"two\";");
    class.does("fee_is_hungry", "let mut hoard = Vec::new(); loop { hoard.push(vec![1u8; 1 << 26]); }");
    class.does(
        "gero_deletes",
        &format!(
            "for path in [{:?}, {:?}, {:?}, \"/home\", \"..\"] {{
                let _ = std::fs::remove_file(path);
                let _ = std::fs::remove_dir_all(path);
            }}",
            precious,
            class.folder.path(),
            class.path("anna_right"),
        ),
    );
    class.does(
        "hana_copies",
        &format!("std::fs::read({:?})?;", class.path("anna_right/exercises/01_threads/threads1.rs")),
    );
    class.does(
        "ivo_copies_when_compiled",
        &format!("let _ = include_str!({:?});", class.path("anna_right/exercises/01_threads/threads1.rs")),
    );
    class.does("jule_leaves", "std::process::exit(0);");
    class.does("kim_overflows", "fn deep(n: u64) -> u64 { if n == u64::MAX { 0 } else { deep(n + 1) + 1 } } deep(0);");
    class.does("lea_talks_without_end", "loop { println!(\"{}\", \"x\".repeat(100)); }");
    class.does("max_calls_others", "std::process::Command::new(\"/bin/sh\").args([\"-c\", \"true\"]).status()?;");
    class.does("nina_goes_online", "std::net::TcpStream::connect(\"127.0.0.1:9\")?;");
    class.hands_in("otto_has_not_begun", &starter);
    class.hands_in("pia_without_tests", solution.split("// The tests.").next().unwrap());
    let torn = solution.replace(
        "return Ok(Found::NoNewData);",
        "if unfinished.is_empty() { return Ok(Found::NoNewData); } return Ok(Found::Lines(mem::take(unfinished)));",
    );
    class.hands_in(
        "rolf_with_easier_tests",
        &torn.replace("a_line_written_in_two_halves_stays_whole", "an_empty_input_adds_nothing"),
    );
    let empty = class.path("sara_handed_in_nothing");
    fs::create_dir(&empty).unwrap();
    class.students.push(empty);
    let linked = class.path("tom_links");
    fs::create_dir(&linked).unwrap();
    std::os::unix::fs::symlink(class.path("anna_right/exercises/01_threads/threads1.rs"), linked.join("threads1.rs"))
        .unwrap();
    class.students.push(linked);
    let two = class.path("uta_has_two");
    fs::create_dir(&two).unwrap();
    fs::write(two.join("threads1.rs"), &solution).unwrap();
    fs::create_dir(two.join("old")).unwrap();
    fs::write(two.join("old/threads1.rs"), &solution).unwrap();
    class.students.push(two);

    let (rows, column) = class.grades(LIMITS);
    let short: Vec<_> = rows.iter().map(|row| (row.student.as_str(), row.grades[column].short())).collect();
    let died = format!("{FIRST} (died)");
    let expected = [
        ("anna_right", "ok"),
        ("bela_wrong", FIRST),
        ("carl_hangs", FIRST),
        ("dora_spins", FIRST),
        ("emil_does_not_compile", "does not compile"),
        ("fee_is_hungry", &format!("{FIRST} (memory)")),
        // The fence has kept the others; the answer is right all the same.
        ("gero_deletes", "ok"),
        ("hana_copies", FIRST),
        ("ivo_copies_when_compiled", "does not compile"),
        ("jule_leaves", &died),
        ("kim_overflows", &died),
        ("lea_talks_without_end", &format!("{FIRST} (memory)")),
        ("max_calls_others", FIRST),
        ("nina_goes_online", FIRST),
        ("otto_has_not_begun", "not begun"),
        ("pia_without_tests", "ok"),
        ("rolf_with_easier_tests", "a_line_written_in_two_halves_stays_whole"),
        ("sara_handed_in_nothing", "not handed in"),
        ("tom_links", "not handed in"),
        ("uta_has_two", "unclear"),
    ];
    assert_eq!(short, expected.map(|(student, grade)| (student, grade.to_owned())));

    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
    for student in &class.students[..16] {
        assert!(student.join("exercises/01_threads/threads1.rs").exists(), "{} is gone", student.display());
    }

    let mut table = Vec::new();
    csv(&class.course, &rows, &mut table).unwrap();
    let table = String::from_utf8(table).unwrap();
    let first = table.lines().next().unwrap();
    assert!(first.starts_with("student,threads1"), "{first}");
    assert_eq!(table.lines().count(), 1 + expected.len());
    let page = html(&class.course, &rows);
    assert!(page.contains("mismatched types"), "what the compiler said stands below the table");
    assert!(page.contains("Permission denied"), "so does what the suite said");
}

#[test]
fn a_program_that_takes_too_long_is_ended() {
    let mut class = Class::new();
    class.does("carl_hangs", "loop { std::thread::park(); }");
    let grade = class.grade(Limits { time: Duration::from_secs(1), patience: Duration::from_secs(600), ..LIMITS });
    assert_eq!(outcome(&grade), (FIRST, &Outcome::TimeOut));
}

#[test]
fn what_a_program_leaves_running_is_ended_with_it() {
    // It starts itself again and goes; the other one would run for ever.
    let mut class = Class::new();
    class.does(
        "vera_stays",
        "if std::env::args().any(|argument| argument == \"stay\") { loop { std::thread::park(); } }
        let me = std::env::current_exe()?;
        std::process::Command::new(me).args([\"stay\", \"--exact\", \"one_input_is_copied\"]).spawn()?;
        std::process::exit(7);",
    );
    let grade = class.grade(LIMITS);
    assert!(matches!(outcome(&grade), (FIRST, Outcome::Died(said)) if said.contains("exit status: 7")), "{grade:?}");
    let running = procfs::process::all_processes().unwrap().flatten().filter_map(|one| one.cmdline().ok());
    let left: Vec<_> = running.filter(|line| line.get(1).is_some_and(|argument| argument == "stay")).collect();
    assert!(left.is_empty(), "{left:?}");
}
