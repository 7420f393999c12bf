//! Compiles one answer and runs its tests.
//!
//! It calls rustc itself, because with Cargo all answers would share one target directory: Cargo locks it, so they
//! would be compiled one after the other, and the sandbox would have to let each of them write into it. rustc reads the
//! compiled dependencies and writes into a folder of the answer's own. It is not about speed: 0.2 s against 0.4 s.
//!
//! The answer becomes a library, whose tests are plain functions. Our own `main` calls them: see
//! `crates/exercises/src/judge.rs`.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::limits::{Job, Limit, Limits, Run, run};
use crate::notes::Exercise;
use crate::sandbox::{Kind, Sandbox};

/// For the compiler. One answer takes it less than a second.
pub(crate) const COMPILER: Limits =
    Limits { time: Duration::from_secs(30), memory: 2 * 1024 * 1024 * 1024, patience: Duration::ZERO };
const PROGRAM: &str = "answer.exe";
/// How much of a report is kept, in bytes.
const REPORT: usize = 64 * 1024;

/// What every answer is compiled with: rustc, the exercises' library and its dependencies.
#[derive(Debug)]
pub(crate) struct BuildEnvironment {
    sysroot: PathBuf,
    /// `--extern` for the crates that an answer may name, `-L` for what these need.
    arguments: Vec<OsString>,
    /// The compiled files, and the folders that they are in.
    libraries: Vec<PathBuf>,
    folders: BTreeSet<PathBuf>,
    kind: Kind,
    /// The program that supervises each run in a sandbox: this one.
    supervisor: PathBuf,
}

/// The folder of a compiled answer. It is removed with this value.
#[derive(Debug)]
pub(crate) struct Program(TempDir);

/// Why there is no program.
#[derive(Debug)]
pub(crate) enum Refused {
    /// By the compiler, with its report.
    Report(String),
    Exceeded(Limit),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Report(report) => write!(f, "\n{report}"),
            Self::Exceeded(limit) => write!(f, "{limit:?}"),
        }
    }
}

/// How a test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    /// With this report.
    Failed(String),
    Exceeded(Limit),
    /// The program ended before the test did, and printed this.
    Died(String),
}

impl BuildEnvironment {
    /// Compiles what the exercises at `root` need. The first time this takes a while. Blocks.
    pub(crate) fn open(root: &Path) -> Result<Self> {
        let printed = |program, arguments: &str| -> Result<String> {
            let mut command = Command::new(program);
            command.args(arguments.split(' ')).current_dir(root).stderr(Stdio::inherit());
            let output = command.output().with_context(|| format!("{program} {arguments}"))?;
            ensure!(output.status.success(), "{program} {arguments}: {}", output.status);
            Ok(String::from_utf8(output.stdout)?)
        };
        let direct = printed("cargo", "tree --locked --depth 1 --edges normal --prefix none --format {lib}")?;
        let messages = printed("cargo", "build --quiet --locked --lib --message-format json-render-diagnostics")?;

        let (mut arguments, mut libraries, mut folders) = (Vec::new(), Vec::new(), BTreeSet::new());
        for message in messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            let artifact = message["reason"] == "compiler-artifact";
            let name = message["target"]["name"].as_str().unwrap_or_default().replace('-', "_");
            for file in message["filenames"].as_array().filter(|_| artifact).into_iter().flatten() {
                let file = PathBuf::from(file.as_str().unwrap_or_default());
                if direct.lines().any(|direct| direct == name) && file.extension().is_some_and(|kind| kind == "rlib") {
                    let mut argument = OsString::from(format!("{name}="));
                    argument.push(&file);
                    arguments.extend(["--extern".into(), argument]);
                }
                folders.extend(file.parent().map(Path::to_owned));
                libraries.push(file);
            }
        }
        for folder in &folders {
            let mut argument = OsString::from("dependency=");
            argument.push(folder);
            arguments.extend(["-L".into(), argument]);
        }
        let sysroot = PathBuf::from(printed("rustc", "--print sysroot")?.trim());
        Ok(Self { sysroot, arguments, libraries, folders, kind: Kind::None, supervisor: PathBuf::new() })
    }

    /// From now on runs the compiler and the answers in a sandbox of this kind, each under a supervisor of its own.
    pub(crate) fn sandbox(&mut self, kind: Kind) -> Result<()> {
        self.supervisor = std::env::current_exe()?;
        self.kind = kind;
        Ok(())
    }

    /// Compiles `answer` with its tests, within `time`. Blocks.
    pub(crate) fn build(&self, exercise: &Exercise, answer: &str, time: Duration) -> Result<Result<Program, Refused>> {
        let folder = tempfile::tempdir()?;
        let tests = exercise.tests();
        let tests: Vec<_> = tests.iter().map(|test| format!("({test:?}, answer::{test} as fn()), ")).collect();
        let source = format!("{}.rs", exercise.name);
        fs::write(folder.path().join(&source), exercise.judged(answer))?;
        fs::write(
            folder.path().join("main.rs"),
            format!("fn main() {{ exercises::judge::run(&[{}]) }}\n", tests.concat()),
        )?;
        // No exercise needs `unsafe`, and what has it can read the memory of our own code.
        let library = ["--crate-type=rlib", "--crate-name=answer", "-Funsafe-code", "-o", "libanswer.rlib", &source];
        let program = ["--crate-type=bin", "--extern=answer=libanswer.rlib", "-o", PROGRAM, "main.rs"];
        for step in [&library[..], &program[..]] {
            let arguments = ["--edition=2024", "--color=never", "-Awarnings", "-Cstrip=symbols"].iter().chain(step);
            let arguments = arguments.map(OsString::from).chain(self.arguments.iter().cloned()).collect();
            // As Cargo does: a failing scenario prints the command that runs it again.
            let environment = vec![("CARGO_BIN_NAME".into(), OsString::from(&exercise.name))];
            let compiled = self.run(
                &self.rustc(),
                arguments,
                environment,
                String::new(),
                self.compiler_sandbox(),
                folder.path(),
                Limits { time, ..COMPILER },
            )?;
            match compiled.end {
                Ok((true, _)) => {}
                Ok(_) => return Ok(Err(Refused::Report(capped(&compiled.output)))),
                Err(limit) => return Ok(Err(Refused::Exceeded(limit))),
            }
        }
        Ok(Ok(Program(folder)))
    }

    /// Runs one test of a built answer. Blocks.
    pub(crate) fn test(&self, exercise: &Exercise, program: &Program, test: &str, limits: Limits) -> Result<Outcome> {
        Ok(self.run_tests(exercise, program, &[test], limits)?.remove(0))
    }

    /// Runs all tests of a built answer, and returns the first that does not pass, in the order of the exercise.
    /// Blocks.
    pub(crate) fn first_failure(
        &self,
        exercise: &Exercise,
        program: &Program,
        limits: Limits,
    ) -> Result<Option<(String, Outcome)>> {
        // All in one program first, which is quick. A test that it does not report on runs alone.
        let tests = exercise.tests();
        let all = self.run_tests(exercise, program, &tests, limits)?;
        for (test, outcome) in tests.into_iter().zip(all) {
            let outcome = match outcome {
                Outcome::Exceeded(_) | Outcome::Died(_) => self.test(exercise, program, test, limits)?,
                told => told,
            };
            if outcome != Outcome::Passed {
                return Ok(Some((test.to_owned(), outcome)));
            }
        }
        Ok(None)
    }

    fn run_tests(
        &self,
        exercise: &Exercise,
        program: &Program,
        tests: &[&str],
        limits: Limits,
    ) -> Result<Vec<Outcome>> {
        // Two hasher states that the system has chosen at random: only we know them.
        let random = || RandomState::new().build_hasher().finish();
        let secrets: Vec<_> = tests.iter().map(|_| format!("{:016x}{:016x}", random(), random())).collect();
        let lines: Vec<_> = tests.iter().zip(&secrets).map(|(test, secret)| format!("{test} {secret}\n")).collect();

        let scratch = tempfile::tempdir()?;
        let program = program.0.path().join(PROGRAM);
        let mut sandbox = Sandbox { network: exercise.notes.network, ..system() };
        sandbox.run.push(program.clone());
        let patience = limits.patience.as_secs().to_string();
        let environment = [("TEST_PATIENCE", patience.as_str()), ("RUST_BACKTRACE", "0")]
            .map(|(name, value)| (name.into(), value.into()));
        let Run { end, output } =
            self.run(&program, Vec::new(), environment.into(), lines.concat(), sandbox, scratch.path(), limits)?;
        let outcome = |secret: &String| {
            let status = match &end {
                Err(limit) => return Outcome::Exceeded(*limit),
                Ok((true, _)) if output.contains(&format!("\n{secret} ok\n")) => return Outcome::Passed,
                Ok((_, status)) => status,
            };
            let parts = output.split_once(&format!("\n{secret} failed\n"));
            let parts =
                parts.and_then(|(before, parts)| Some((before, parts.split_once(&format!("\n{secret} end\n"))?)));
            match parts {
                // What else was printed is of this test only if no other ran.
                Some((before, (report, _))) if tests.len() == 1 => {
                    Outcome::Failed(capped(format!("{}\n\n{}", report.trim(), before.trim()).trim()))
                }
                Some((_, (report, _))) => Outcome::Failed(capped(report.trim())),
                None => Outcome::Died(capped(&format!("the program ended early: {status}\n{}", output.trim()))),
            }
        };
        Ok(secrets.iter().map(outcome).collect())
    }

    fn rustc(&self) -> PathBuf {
        self.sysroot.join("bin").join(format!("rustc{}", std::env::consts::EXE_SUFFIX))
    }

    fn compiler_sandbox(&self) -> Sandbox {
        // The compiler finds its libraries by `/proc`.
        let mut sandbox = Sandbox { proc: true, ..system() };
        // The compiler calls a linker, which calls other programs.
        sandbox.run.append(&mut sandbox.read);
        sandbox.run.extend(["/usr", "/bin", "/etc/alternatives"].map(PathBuf::from));
        sandbox.run.push(self.sysroot.clone());
        sandbox.read.clone_from(&self.libraries);
        sandbox.list.extend(self.folders.iter().cloned());
        sandbox
    }

    /// Runs `program`, which may write in `folder`.
    #[allow(clippy::too_many_arguments, reason = "the parts of a job")]
    fn run(
        &self,
        program: &Path,
        arguments: Vec<OsString>,
        mut environment: Vec<(String, OsString)>,
        input: String,
        mut sandbox: Sandbox,
        folder: &Path,
        limits: Limits,
    ) -> Result<Run> {
        sandbox.write.push(folder.to_owned());
        environment.push(("TMPDIR".into(), folder.into()));
        // The linker must be found.
        environment.extend(std::env::var_os("PATH").map(|path| ("PATH".into(), path)));
        let (program, folder, kind) = (program.to_owned(), folder.to_owned(), self.kind);
        let job = Job { program, arguments, folder, environment, input, sandbox, kind, limits };
        let ran = if self.kind == Kind::None { Ok(run(&job)?) } else { self.supervised(&job) };
        ran.with_context(|| format!("cannot run {}", job.program.display()))
    }

    /// Runs a job in a process that adopts what the job leaves behind.
    fn supervised(&self, job: &Job) -> Result<Run> {
        let mut supervisor = Command::new(&self.supervisor);
        let mut supervisor = supervisor.arg("supervise").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        if let Some(input) = supervisor.stdin.take() {
            serde_json::to_writer(input, job)?;
        }
        let output = supervisor.wait_with_output()?;
        ensure!(output.status.success(), "the supervisor: {}", output.status);
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// What every program needs of the system.
fn system() -> Sandbox {
    let paths = |paths: &[&str]| paths.iter().map(PathBuf::from).collect();
    // The loaders are programs too: without the right to run one, no program starts.
    let folders = ["/lib", "/lib64"].into_iter().filter_map(|folder| fs::read_dir(folder).ok());
    let files = folders.flatten().flatten().map(|entry| entry.path());
    let loaders = files.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ld-")));
    Sandbox {
        read: paths(&["/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/urandom"]),
        run: loaders.collect(),
        write: paths(&["/dev/null", "/dev/full"]),
        ..Sandbox::default()
    }
}

/// The start and the end of a long report.
fn capped(report: &str) -> String {
    if report.len() <= REPORT {
        return report.to_owned();
    }
    let (start, end) = (&report.as_bytes()[..REPORT / 2], &report.as_bytes()[report.len() - REPORT / 2..]);
    let left_out = report.len() - REPORT;
    format!("{}\n… {left_out} bytes are left out …\n{}", String::from_utf8_lossy(start), String::from_utf8_lossy(end))
}
