//! Grades a class in which some students hang, delete, copy or forge: the table is right in each sandbox that this
//! system has, and the others' work is still there. Linux only, as the sandboxes are.
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
        classroom.args(["grade", "--exercises", "threads1"]).args(arguments);
        let graded = classroom.arg("--to").arg(self.folder.path()).args(&self.students).output().unwrap();
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

/// The line above the tests.
const BORDER: &str = "// The tests. Leave what follows as it is.\n";

/// A suite whose tests do nothing.
const MACROS: &str = "mod equivalence { macro_rules! suite { ($($anything:tt)*) => {} } pub(crate) use suite; }\n";

/// Runs before `main`.
const INIT_ARRAY: &str = "fn main() {}
extern \"C\" fn first() { std::process::exit(0) }
#[used]
#[unsafe(link_section = \".init_array\")]
static FIRST: extern \"C\" fn() = first;";

/// One who adds a line to the right answer, and what the table says then.
fn deeds(class: &Class) -> Vec<(&'static str, String, String)> {
    let (anna, others) = (class.path("anna_right").join(FILE), class.folder.path());
    let (precious, died, memory) = (class.path("precious"), format!("{FIRST} (died)"), format!("{FIRST} (memory)"));
    let output = format!("{FIRST} (output)");
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
            "jana_prints_the_result_and_leaves",
            format!("println!(\"\\ntest {FIRST} ... ok\\n\\ntest result: ok.\"); std::process::exit(0);"),
            &died,
        ),
        ("jonas_answers_for_the_judge", "println!(\"{}\", std::io::read_to_string(std::io::stdin())?);".into(), "ok"),
        ("jost_asks_the_judge", "exercises::judge::run(&[(\"one_input_is_copied\", || {})]);".into(), "ok"),
        (
            "juri_panics_and_leaves",
            "std::panic::set_hook(Box::new(|_| std::process::exit(0))); panic!();".into(),
            &died,
        ),
        (
            "kim_overflows",
            "fn deep(n: u64) -> u64 { if n == u64::MAX { 0 } else { deep(n + 1) + 1 } } deep(0);".into(),
            &died,
        ),
        ("lea_talks_without_end", "loop { println!(\"{}\", \"x\".repeat(100)); }".into(), &output),
        (
            "max_calls_others",
            "std::process::Command::new(\"/bin/sh\").arg(\"-c\").arg(\"true\").status()?;".into(),
            FIRST,
        ),
        ("nina_goes_online", "std::net::TcpStream::connect(\"127.0.0.1:9\")?;".into(), FIRST),
        (
            "nele_sends_a_datagram",
            "std::net::UdpSocket::bind(\"0.0.0.0:0\")?.send_to(b\"x\", \"192.0.2.1:9\")?;".into(),
            FIRST,
        ),
        ("noah_reads_his_memory", "std::fs::File::open(\"/proc/self/mem\")?;".into(), FIRST),
        // Cargo sets it for this test.
        ("olga_looks_around", "assert_eq!(std::env::var_os(\"CARGO_MANIFEST_DIR\"), None);".into(), "ok"),
    ];
    deeds.map(|(student, deed, grade)| (student, deed, grade.to_owned())).into()
}

#[test]
fn a_mixed_class_gets_the_right_table_and_no_student_loses_a_file() {
    for sandbox in ["bubblewrap", "landlock"] {
        let mut trial = Command::new(env!("CARGO_BIN_EXE_classroom"));
        let trial =
            trial.args(["grade", "--exercises", "threads1", "--sandbox", sandbox, "/nowhere"]).output().unwrap();
        if String::from_utf8_lossy(&trial.stderr).contains("no such sandbox") {
            println!("skipped: no {sandbox}");
            continue;
        }
        the_table_is_right_in(sandbox);
    }
}

fn the_table_is_right_in(sandbox: &str) {
    let mut class = Class::new();
    let solution = solution();
    let idle = "return Ok(Found::NoNewData);";
    // Wrong whenever it looks: what it gets wrong must not depend on how busy the machine is.
    let read = "file.read_to_end(unfinished)?;";
    let wrong = format!("{read}\n    assert!(!unfinished.starts_with(b\"first\"));");
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
        &solution.replace(read, &wrong).replace(halves, "an_empty_input_adds_nothing"),
    );
    expect("rolf_with_easier_tests", halves);
    let others = [
        // A suite of his own: the tests name ours by its whole path.
        ("ralf_shadows_the_suite", solution.replacen("use std::fs", &format!("{MACROS}use std::fs"), 1), "look at it"),
        (
            "rana_shadows_the_crate",
            solution.replace("fn main() {}", "fn main() {}\nextern crate self as equivalence;"),
            "look at it",
        ),
        ("rene_is_unsafe", solution.replace("fn main() {}", INIT_ARRAY), "look at it"),
        ("resi_switches_the_tests_off", solution.replace("fn main() {}", "fn main() {}\n#[cfg(any())]"), "ok"),
        ("rike_has_no_border", solution.replace(BORDER, ""), "ok"),
        ("rita_has_a_blank_behind_the_border", solution.replace(BORDER, &format!("{} \n", BORDER.trim())), "ok"),
        (
            "rosa_helps_below",
            format!("{}\nfn help() {{}}\n", solution.replace("file.read_to_end", "help(); file.read_to_end")),
            "does not compile",
        ),
        (
            "rudi_is_endless",
            solution.replacen(
                "use std::fs",
                "#![allow(long_running_const_eval)]\nconst _: () = loop {};\nuse std::fs",
                1,
            ),
            "does not compile (time)",
        ),
    ];
    for (student, text, grade) in others {
        class.hands_in(student, &text);
        expect(student, grade);
    }
    let handed_in = class.students.len();

    class.student("sara_handed_in_nothing");
    expect("sara_handed_in_nothing", "not handed in");
    for (student, file) in [("=sum(a1)", "Threads1.rs"), ("stella_downloads", "threads1 (2).rs")] {
        fs::write(class.student(student).join(file), &solution).unwrap();
    }
    expect("'=sum(a1)", "ok");
    expect("stella_downloads", "ok");
    let anna = class.path("anna_right").join(FILE);
    std::os::unix::fs::symlink(anna, class.student("tom_links").join("threads1.rs")).unwrap();
    expect("tom_links", "not handed in");
    class.hands_in("uta_has_two", &solution);
    fs::write(class.path("uta_has_two/threads1.rs"), &solution).unwrap();
    expect("uta_has_two", "unclear");
    fs::write(class.path("precious"), "precious").unwrap();

    assert!(class.students.len() >= 25);
    let (table, page) = class.grades(&["--mib", "256", "--seconds", "20", "--sandbox", sandbox]);
    assert_eq!(table, expected, "in {sandbox}");
    assert_eq!(fs::read_to_string(class.path("precious")).unwrap(), "precious");
    for student in &class.students[..handed_in] {
        assert!(student.join(FILE).exists(), "{} is gone", student.display());
    }
    assert!(page.contains("mismatched types"), "the compiler's report stands below the table");
    assert!(page.contains("os error"), "so does the suite's");
    assert!(page.contains("The tests have been changed."), "the advice stands above the report");
    assert!(page.len() < 1024 * 1024, "a page of {} bytes", page.len());
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
        let me = std::env::args().next().unwrap();
        let mut me = std::process::Command::new(me);
        std::os::unix::process::CommandExt::process_group(&mut me, 0);
        let mut input = me.arg(\"stay\").stdin(std::process::Stdio::piped()).spawn()?.stdin.take();
        std::io::Write::write_all(input.as_mut().unwrap(), b\"one_input_is_copied 1\\n\")?;
        drop(input);
        std::process::exit(7);",
    );
    let (table, page) = class.grades(&[]);
    assert_eq!(table[0].1, format!("{FIRST} (died)"));
    assert!(page.contains("exit status: 7"), "{page}");
    let running = procfs::process::all_processes().unwrap().flatten().filter_map(|one| one.cmdline().ok());
    let left: Vec<_> = running.filter(|line| line.get(1).is_some_and(|argument| argument == "stay")).collect();
    assert!(left.is_empty(), "{left:?}");
}
