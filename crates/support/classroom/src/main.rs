//! The commands behind `scripts/exercises` and `scripts/grade`.

use std::fs::File;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clap::{Parser, Subcommand};
use classroom::build_environment::BuildEnvironment;
use classroom::check::check;
use classroom::grade::{Grade, grade};
use classroom::limits::Limits;
use classroom::notes::Course;
use classroom::plans::Plans;
use classroom::print::info;
use classroom::table::{csv, html};
use classroom::{Error, Result, pages, plans};

/// For who teaches: checks the exercises, grades a class, prints hints and notes.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sees whether every starter, solution and wrong answer does what is said of it
    Check {
        /// Only these; all when none is named
        exercises: Vec<String>,
    },
    /// Grades a class: runs each student's answers, and writes grades.csv and grades.html
    Grade {
        /// One folder for each student; its name is the student's
        #[arg(required = true)]
        folders: Vec<PathBuf>,
        /// How long the tests of one answer may take, in seconds
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// How much memory they may take, in MiB
        #[arg(long, default_value_t = 1024)]
        mib: u64,
        /// Where the two tables go
        #[arg(long, default_value = ".")]
        to: PathBuf,
        /// Without a sandbox: the answers may read and write whatever you may
        #[arg(long)]
        trust: bool,
    },
    /// Prints the hints to all exercises of these tracks, as Markdown
    Hints {
        /// The folders of the tracks, for example `01_threads`
        #[arg(required = true)]
        tracks: Vec<String>,
    },
    /// Prints the table of the exercises, as Markdown
    List,
    /// Prints the teacher's notes on the exercises of a track, as Markdown
    Notes {
        /// The track's folder, for example `01_threads`
        track: String,
    },
    /// Prints a plan for a lesson, as Markdown
    Plan {
        /// One of those in notes/plans.toml
        name: String,
    },
    /// Writes what is made from the notes: `info.toml`
    Update,
    /// Runs a program in a sandbox
    #[cfg(target_os = "linux")]
    #[command(hide = true)]
    Within {
        #[arg(long)]
        read: Vec<PathBuf>,
        #[arg(long)]
        list: Vec<PathBuf>,
        #[arg(long)]
        run: Vec<PathBuf>,
        #[arg(long)]
        write: Vec<PathBuf>,
        #[arg(long)]
        network: bool,
        #[arg(last = true, required = true)]
        program: Vec<std::ffi::OsString>,
    },
}

fn main() -> ExitCode {
    match execute(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("classroom: {error}");
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../exercises");
    match command {
        Command::Check { exercises } => {
            let course = Course::load(&root)?;
            let mut build_environment = BuildEnvironment::open(&root)?;
            // As in a grading, where there is one: a solution must not need what no student may do.
            let _ = build_environment.sandbox(own_program()?);
            let mut problems = check(&course, &build_environment, &exercises, &|exercise, problems| {
                let wrong = exercise.notes.wrong.len();
                let verdict = if problems == 0 { "holds" } else { "DOES NOT HOLD" };
                println!("{:<12} starter, solution, {wrong} wrong answers: {verdict}", exercise.name);
            })?;
            let current = info(&course)
                .map_err(|error| Error::Exercise { name: "info.toml".into(), problem: error.to_string() })?;
            if std::fs::read_to_string(root.join("info.toml")).ok().as_deref() != Some(&current) {
                problems.push("info.toml is stale: scripts/exercises update".into());
            }
            problems.extend(Plans::load(&root)?.problems(&course));
            for problem in &problems {
                eprintln!("{problem}");
            }
            Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Grade { folders, seconds, mib, to, trust } => {
            let limits = Limits {
                time: Duration::from_secs(seconds),
                memory: mib * 1024 * 1024,
                patience: Duration::from_secs(10),
            };
            grade_class(&root, &folders, limits, &to, trust)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Hints { tracks } => {
            let course = Course::load(&root)?;
            for track in &tracks {
                print!("{}", pages::folded_hints(course.track(track)?));
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::List => {
            print!("{}", pages::list(&Course::load(&root)?));
            Ok(ExitCode::SUCCESS)
        }
        Command::Notes { track } => {
            let course = Course::load(&root)?;
            print!("{}", pages::notes(&course, course.track(&track)?)?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Plan { name } => {
            print!("{}", plans::table(&Course::load(&root)?, Plans::load(&root)?.plan(&name)?));
            Ok(ExitCode::SUCCESS)
        }
        Command::Update => {
            let path = root.join("info.toml");
            let failed = |source| Error::File { path: path.clone(), source };
            let info = info(&Course::load(&root)?).map_err(|error| failed(std::io::Error::other(error)))?;
            std::fs::write(&path, info).map_err(failed)?;
            Ok(ExitCode::SUCCESS)
        }
        #[cfg(target_os = "linux")]
        Command::Within { read, list, run, write, network, program } => {
            use std::os::unix::process::CommandExt;
            let sandbox = classroom::sandbox::Sandbox { read, list, run, write, network };
            let name = PathBuf::from(&program[0]);
            let failed = |source| Error::File { path: name.clone(), source };
            sandbox.enter().map_err(failed)?;
            Err(failed(std::process::Command::new(&program[0]).args(&program[1..]).exec()))
        }
    }
}

fn own_program() -> Result<PathBuf> {
    std::env::current_exe().map_err(|source| Error::File { path: "classroom".into(), source })
}

fn grade_class(root: &Path, folders: &[PathBuf], limits: Limits, to: &Path, trust: bool) -> Result<()> {
    let course = Course::load(root)?;
    let mut build_environment = BuildEnvironment::open(root)?.forgetting();
    if !trust {
        build_environment.sandbox(own_program()?)?;
    }
    let answers = folders.len() * course.exercises().count();
    let done = AtomicUsize::new(0);
    let rows = grade(&course, &build_environment, folders, limits, &|| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if std::io::stderr().is_terminal() {
            eprint!("\rgraded {done} of {answers}");
        }
    })?;
    if std::io::stderr().is_terminal() {
        eprintln!();
    }

    let (table, page) = (to.join("grades.csv"), to.join("grades.html"));
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| Error::File { path, source }
    };
    let file = File::create(&table).map_err(failed(&table))?;
    csv(&course, &rows, file).map_err(std::io::Error::other).map_err(failed(&table))?;
    std::fs::write(&page, html(&course, &rows)).map_err(failed(&page))?;
    let longest = rows.iter().map(|row| row.student.chars().count()).max().unwrap_or_default();
    for row in &rows {
        let passed = row.grades.iter().filter(|grade| **grade == Grade::Ok).count();
        println!("{:<longest$}  {passed:>3} of {}", row.student, row.grades.len());
    }
    println!("{} and {}", table.display(), page.display());
    Ok(())
}
