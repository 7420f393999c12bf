//! Grades a class in which some students hang, delete or copy: the table is right, and the others' work is still
//! there. Linux only, as the sandbox is.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test")]
#![allow(clippy::unnecessary_debug_formatting, reason = "a path in a Rust program needs its quotes")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The first scenario of `threads1`: an answer that fails everywhere fails here.
const FIRST: &str = "one_input_is_copied";
/// The file of `threads1` in a student's folder, as in a copy of the repository.
const FILE: &str = "exercises/01_threads/threads1.rs";

/// A class for the exercise `threads1`.
struct Class {
    folder: TempDir,
    students: Vec<PathBuf>,
}

impl Class {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), students: Vec::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A student who has only a folder.
    fn student(&mut self, student: &str) -> PathBuf {
        let folder = self.path(student);
        fs::create_dir(&folder).unwrap();
        self.students.push(folder.clone());
        folder
    }

    /// A student who hands in this text.
    fn hands_in(&mut self, student: &str, text: &str) {
        let folder = self.student(student);
        fs::create_dir_all(folder.join("exercises/01_threads")).unwrap();
        fs::write(folder.join(FILE), text).unwrap();
    }

    /// A student who adds this line to the right answer.
    fn does(&mut self, student: &str, deed: &str) {
        let right = "    file.read_to_end(unfinished)?;\n";
        assert!(solution().contains(right), "the tests no longer fit the solution");
        self.hands_in(student, &solution().replace(right, &format!("    {deed}\n{right}")));
    }

    /// Each student with the grade for `threads1`, and the page.
    fn grades(&self, arguments: &[&str]) -> (Vec<(String, String)>, String) {
        let mut classroom = Command::new(env!("CARGO_BIN_EXE_classroom"));
        classroom.arg("grade").args(arguments).arg("--to").arg(self.folder.path()).args(&self.students);
        let graded = classroom.output().unwrap();
        assert!(graded.status.success(), "{}", String::from_utf8_lossy(&graded.stderr));
        let mut table = csv::Reader::from_path(self.path("grades.csv")).unwrap();
        let column = table.headers().unwrap().iter().position(|name| name == "threads1").unwrap();
        let rows = table.records().map(Result::unwrap).map(|row| (row[0].to_owned(), row[column].to_owned())).collect();
        (rows, fs::read_to_string(self.path("grades.html")).unwrap())
    }
}

fn course(folder: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../exercises");
    fs::read_to_string(root.join(folder).join("01_threads/threads1.rs")).unwrap()
}

fn solution() -> String {
    course("solutions")
}

/// One who adds a line to the right answer, and what the table says then.
fn deeds(class: &Class) -> Vec<(&'static str, String, String)> {
    let (anna, others) = (class.path("anna_right").join(FILE), class.folder.path());
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
fn a_mixed_class_gets_the_right_table_and_no_student_loses_a_file() {
    let mut class = Class::new();
    let solution = solution();
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
    class.hands_in("otto_has_not_begun", &course("exercises"));
    expect("otto_has_not_begun", "not begun");
    class.hands_in("pia_without_tests", solution.split("// The tests.").next().unwrap());
    expect("pia_without_tests", "ok");
    class.hands_in(
        "rolf_with_easier_tests",
        &solution.replace(idle, torn).replace(halves, "an_empty_input_adds_nothing"),
    );
    expect("rolf_with_easier_tests", halves);
    let handed_in = class.students.len();

    class.student("sara_handed_in_nothing");
    expect("sara_handed_in_nothing", "not handed in");
    let anna = class.path("anna_right").join(FILE);
    std::os::unix::fs::symlink(anna, class.student("tom_links").join("threads1.rs")).unwrap();
    expect("tom_links", "not handed in");
    class.hands_in("uta_has_two", &solution);
    fs::write(class.path("uta_has_two/threads1.rs"), &solution).unwrap();
    expect("uta_has_two", "unclear");
    fs::write(class.path("precious"), "precious").unwrap();

    let (table, page) = class.grades(&["--mib", "256"]);
    assert_eq!(table, expected);
    assert_eq!(fs::read_to_string(class.path("precious")).unwrap(), "precious");
    for student in &class.students[..handed_in] {
        assert!(student.join(FILE).exists(), "{} is gone", student.display());
    }
    assert!(page.contains("mismatched types"), "the compiler's report stands below the table");
    assert!(page.contains("Permission denied"), "so does the suite's");
}

#[test]
fn a_program_that_takes_too_long_is_ended() {
    let mut class = Class::new();
    class.does("carl_hangs", "loop { std::thread::park(); }");
    let (table, page) = class.grades(&["--seconds", "1"]);
    assert_eq!(table[0].1, format!("{FIRST} (time)"));
    assert!(page.contains("It exceeded the time limit."));
}

#[test]
fn what_a_program_leaves_running_is_ended_with_it() {
    // It starts itself again and exits; the copy would run for ever.
    let mut class = Class::new();
    class.does(
        "vera_stays",
        "if std::env::args().any(|argument| argument == \"stay\") { loop { std::thread::park(); } }
        let me = std::env::current_exe()?;
        std::process::Command::new(me).args([\"stay\", \"--exact\", \"one_input_is_copied\"]).spawn()?;
        std::process::exit(7);",
    );
    let (table, page) = class.grades(&[]);
    assert_eq!(table[0].1, format!("{FIRST} (died)"));
    assert!(page.contains("exit status: 7"), "{page}");
    let running = procfs::process::all_processes().unwrap().flatten().filter_map(|one| one.cmdline().ok());
    let left: Vec<_> = running.filter(|line| line.get(1).is_some_and(|argument| argument == "stay")).collect();
    assert!(left.is_empty(), "{left:?}");
}
