//! The commands behind `scripts/exercises` and `scripts/grade`.
//!
//! # Layout
//!
//! - `notes.rs`: the exercises, and the notes on them in `crates/exercises/notes`.
//! - `build_environment.rs`: compiles one answer and runs its tests.
//! - `limits.rs`, `sandbox.rs`: time, memory, and the files and sockets that an answer may use.
//! - `check.rs`: checks that every starter, solution and wrong answer behaves as its notes say.
//! - `grade.rs`: grades a class. `table.rs`: its table as CSV and HTML.
//! - `pages.rs`: the pages that are made from the notes. `plans.rs`: lessons, minute by minute.

mod build_environment;
mod check;
mod grade;
mod limits;
mod notes;
mod pages;
mod plans;
mod sandbox;
mod table;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};

use crate::build_environment::BuildEnvironment;
use crate::limits::Limits;
use crate::notes::Course;
use crate::plans::Plans;
use crate::sandbox::{Kind, Sandbox};

/// For teachers: checks the exercises, grades a class, prints hints, notes and plans.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks that every starter, solution and wrong answer behaves as its notes say
    Check {
        /// Only these; all if none is named
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
        /// The folder for the two tables
        #[arg(long, default_value = ".")]
        to: PathBuf,
        /// Only these exercises, with commas between: `threads1,threads2`
        #[arg(long, value_delimiter = ',')]
        exercises: Vec<String>,
        /// Only the exercises of this plan, as in `plan`
        #[arg(long, conflicts_with = "exercises")]
        plan: Option<String>,
        /// The sandbox; without this, the best that works here
        #[arg(long, value_enum, conflicts_with = "trust")]
        sandbox: Option<Kind>,
        /// Without a sandbox: the answers may do whatever you may
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
    List {
        /// Only those of this chapter, as a list: `stage-3.md`
        chapter: Option<String>,
    },
    /// Prints the teacher's notes on the exercises of a track, as Markdown
    Notes {
        /// The track's folder, for example `01_threads`
        track: String,
    },
    /// Prints a plan for a lesson, as Markdown
    Plan {
        /// A name from notes/plans.toml
        name: String,
    },
    /// Runs one job of a grader
    #[command(hide = true)]
    Supervise,
    /// Writes `info.toml`, which is made from the notes
    Update,
}

fn main() -> ExitCode {
    // Many programs that are checked or graded wait, for a watchdog or a limit. The pool is new, so this succeeds.
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let _ = rayon::ThreadPoolBuilder::new().num_threads(2 * cores).build_global();
    execute(Arguments::parse().command).unwrap_or_else(|error| {
        eprintln!("classroom: {error:#}");
        ExitCode::FAILURE
    })
}

fn execute(command: Command) -> Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../exercises");
    let (course, info) = (Course::load(&root)?, root.join("info.toml"));
    match command {
        Command::Check { exercises } => {
            let mut environment = BuildEnvironment::open(&root)?;
            // A solution must not need what no student's answer may do. Without a sandbox this is not checked.
            environment.sandbox(Sandbox::best())?;
            let mut problems = check::check(&course, &environment, &exercises)?;
            if notes::read(&info).ok() != Some(pages::info(&course)?) {
                problems.push("info.toml is stale: scripts/exercises update".into());
            }
            problems.extend(Plans::load(&root)?.problems(&course));
            for problem in &problems {
                eprintln!("{problem}");
            }
            if !problems.is_empty() {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Supervise => limits::supervise()?,
        Command::Grade { folders, seconds, mib, to, exercises, plan, sandbox, trust } => {
            let wanted = plan.map_or(Ok(exercises), |plan| Plans::load(&root)?.exercises(&plan))?;
            let graded: Vec<_> =
                course.exercises().filter(|one| wanted.is_empty() || wanted.contains(&one.name)).collect();
            for name in &wanted {
                course.exercise(name)?;
            }
            let kind = if trust { Kind::None } else { sandbox.unwrap_or_else(Sandbox::best) };
            ensure!(
                trust || (kind != Kind::None && kind.works()),
                "this system has no such sandbox for the answers (Linux with bubblewrap or Landlock); --trust runs them without one"
            );
            eprintln!("sandbox: {kind}; compiling the exercises' library, the first time for about a minute");
            let mut environment = BuildEnvironment::open(&root)?;
            environment.sandbox(kind)?;
            let limits = Limits {
                time: Duration::from_secs(seconds),
                memory: mib * 1024 * 1024,
                patience: Duration::from_secs(10),
            };
            let rows = grade::grade(&graded, &environment, &folders, limits)?;
            let (csv, html) = (to.join("grades.csv"), to.join("grades.html"));
            let file = File::create(&csv).with_context(|| csv.display().to_string())?;
            table::csv(&graded, &rows, file).with_context(|| csv.display().to_string())?;
            fs::write(&html, table::html(&graded, &rows, kind)).with_context(|| html.display().to_string())?;
            let longest = rows.iter().map(|row| row.student.chars().count()).max().unwrap_or_default();
            for row in &rows {
                println!("{:<longest$}  {:>3} of {}", row.student, row.passed(), row.grades.len());
            }
            println!("{} and {}", csv.display(), html.display());
        }
        Command::Hints { tracks } => {
            for track in &tracks {
                print!("{}", pages::folded_hints(course.track(track)?));
            }
        }
        Command::List { chapter: None } => print!("{}", pages::list(&course)),
        Command::List { chapter: Some(chapter) } => print!("{}", pages::list_of(&course, &chapter)),
        Command::Notes { track } => print!("{}", pages::notes(&course, course.track(&track)?)?),
        Command::Plan { name } => print!("{}", plans::table(&course, Plans::load(&root)?.plan(&name)?)),
        Command::Update => {
            fs::write(&info, pages::info(&course)?).with_context(|| info.display().to_string())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
