//! A class of students who do what students do, and what none should: the table is right, and everyone else's work is
//! still there. Linux only, as the sandbox is.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test")]
#![allow(clippy::unnecessary_debug_formatting, reason = "a path in a Rust program needs its quotes")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use classroom::build_environment::{BuildEnvironment, Outcome};
use classroom::grade::{Grade, Row, grade};
use classroom::limits::Limits;
use classroom::notes::Course;
use classroom::table::{csv, html};
use tempfile::TempDir;

const LIMITS: Limits =
    Limits { time: Duration::from_secs(60), memory: 256 * 1024 * 1024, patience: Duration::from_secs(5) };

/// The first scenario of `threads1`: who fails at everything fails here.
const FIRST: &str = "one_input_is_copied";

/// A class for the exercise `threads1`.
struct Class {
    folder: TempDir,
    course: Course,
    build_environment: BuildEnvironment,
    students: Vec<PathBuf>,
}

impl Class {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../exercises");
        let course = Course::load(&root).unwrap();
        let mut build_environment = BuildEnvironment::open(&root).unwrap().forgetting();
        build_environment.sandbox(env!("CARGO_BIN_EXE_classroom").into()).unwrap();
        Self { folder: TempDir::new().unwrap(), course, build_environment, students: Vec::new() }
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
        let rows = grade(&self.course, &self.build_environment, &self.students, limits, &|| {}).unwrap();
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

/// One who adds a line to the right answer, and what the table says then.
fn deeds(class: &Class) -> Vec<(&'static str, String, String)> {
    let (anna, others) = (class.path("anna_right/exercises/01_threads/threads1.rs"), class.folder.path());
    let (precious, died, memory) = (class.path("precious"), format!("{FIRST} (died)"), format!("{FIRST} (memory)"));
    let deeds = [
        ("carl_hangs", "loop { std::thread::park(); }".into(), FIRST),
        ("dora_spins", "loop { std::hint::spin_loop(); }".into(), FIRST),
        ("emil_does_not_compile", "let lines: u32 = \"two\";".into(), "does not compile"),
        ("fee_is_hungry", "let mut hoard = vec![]; loop { hoard.push(vec![1u8; 1 << 26]); }".into(), &memory),
        // The sandbox keeps the others; the answer is right all the same.
        (
            "gero_deletes",
            format!("let _ = (std::fs::remove_file({precious:?}), std::fs::remove_dir_all({others:?}));"),
            "ok",
        ),
        ("hana_copies", format!("std::fs::read({anna:?})?;"), FIRST),
        ("ivo_copies_when_compiled", format!("let _ = include_str!({anna:?});"), "does not compile"),
        ("jule_leaves", "std::process::exit(0);".into(), &died),
        (
            "kim_overflows",
            "fn deep(n: u64) -> u64 { if n == u64::MAX { 0 } else { deep(n + 1) + 1 } } deep(0);".into(),
            &died,
        ),
        ("lea_talks_without_end", "loop { println!(\"{}\", \"x\".repeat(100)); }".into(), &memory),
        (
            "max_calls_others",
            "std::process::Command::new(\"/bin/sh\").arg(\"-c\").arg(\"true\").status()?;".into(),
            FIRST,
        ),
        ("nina_goes_online", "std::net::TcpStream::connect(\"127.0.0.1:9\")?;".into(), FIRST),
        // Cargo sets it for this test.
        ("olga_looks_around", "assert_eq!(std::env::var_os(\"CARGO_MANIFEST_DIR\"), None);".into(), "ok"),
    ];
    deeds.map(|(student, deed, grade)| (student, deed, grade.to_owned())).into()
}

#[test]
fn a_mixed_class_gets_the_right_table_and_nobody_loses_a_file() {
    let mut class = Class::new();
    let exercise = class.course.exercise("threads1").unwrap();
    let (solution, starter) = (exercise.solution.clone(), exercise.starter.clone());
    let idle = "return Ok(Found::NoNewData);";
    let torn =
        "if unfinished.is_empty() { return Ok(Found::NoNewData) } return Ok(Found::Lines(mem::take(unfinished)));";
    let halves = "a_line_written_in_two_halves_stays_whole";
    let mut expected = Vec::new();
    let mut expect = |student: &str, grade: &str| expected.push((student.to_owned(), grade.to_owned()));

    class.hands_in("anna_right", &solution);
    expect("anna_right", "ok");
    class.hands_in("bela_never_rests", &solution.replace(idle, "return Ok(Found::Lines(vec![]));"));
    expect("bela_never_rests", FIRST);
    for (student, deed, grade) in deeds(&class) {
        class.does(student, &deed);
        expect(student, &grade);
    }
    class.hands_in("otto_has_not_begun", &starter);
    expect("otto_has_not_begun", "not begun");
    class.hands_in("pia_without_tests", solution.split("// The tests.").next().unwrap());
    expect("pia_without_tests", "ok");
    class.hands_in(
        "rolf_with_easier_tests",
        &solution.replace(idle, torn).replace(halves, "an_empty_input_adds_nothing"),
    );
    expect("rolf_with_easier_tests", halves);
    let handed_in = class.students.len();

    fs::create_dir(class.path("sara_handed_in_nothing")).unwrap();
    expect("sara_handed_in_nothing", "not handed in");
    fs::create_dir(class.path("tom_links")).unwrap();
    let anna = class.path("anna_right/exercises/01_threads/threads1.rs");
    std::os::unix::fs::symlink(anna, class.path("tom_links/threads1.rs")).unwrap();
    expect("tom_links", "not handed in");
    fs::create_dir_all(class.path("uta_has_two/old")).unwrap();
    fs::write(class.path("uta_has_two/threads1.rs"), &solution).unwrap();
    fs::write(class.path("uta_has_two/old/threads1.rs"), &solution).unwrap();
    expect("uta_has_two", "unclear");
    for student in ["sara_handed_in_nothing", "tom_links", "uta_has_two"] {
        class.students.push(class.path(student));
    }
    fs::write(class.path("precious"), "precious").unwrap();

    let (rows, column) = class.grades(LIMITS);
    let table: Vec<_> = rows.iter().map(|row| (row.student.clone(), row.grades[column].short())).collect();
    assert_eq!(table, expected);
    assert_eq!(fs::read_to_string(class.path("precious")).unwrap(), "precious");
    for student in &class.students[..handed_in] {
        assert!(student.join("exercises/01_threads/threads1.rs").exists(), "{} is gone", student.display());
    }

    let mut table = Vec::new();
    csv(&class.course, &rows, &mut table).unwrap();
    let table = String::from_utf8(table).unwrap();
    assert!(table.starts_with("student,threads1"), "{table}");
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
