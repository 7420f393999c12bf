//! Compiles one answer and runs its tests.
//!
//! Not with Cargo but with the compiler itself: an answer is one file, all that it needs has been compiled once, and a
//! compiler that reads nothing but that can be put behind a [`Sandbox`].

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::ffi::OsString;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;

use tempfile::TempDir;

use crate::limits::{End, Limits, Run, run};
use crate::notes::Exercise;
use crate::sandbox::Sandbox;
use crate::{Error, Result};

/// For the compiler. It takes some seconds for an answer.
const COMPILER: Limits =
    Limits { time: Duration::from_secs(120), memory: 3 * 1024 * 1024 * 1024, patience: Duration::ZERO };
/// What it makes.
const PROGRAM: &str = "answer.exe";

/// What all answers need: the exercises' library and its dependencies, compiled.
#[derive(Debug)]
pub struct BuildEnvironment {
    rustc: PathBuf,
    sysroot: PathBuf,
    /// `--extern` for what an answer may name, `-L` for what these need.
    arguments: Vec<OsString>,
    /// The compiled files, and the folders that they are in.
    libraries: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    /// Changes when any of them does.
    fingerprint: u64,
    /// Where the tests' programs are kept from one check to the next.
    kept: PathBuf,
    sandboxed: Option<PathBuf>,
    keeps: bool,
}

/// The tests of one answer, as a program; or why there is none.
#[derive(Debug)]
pub enum Built {
    /// The program.
    Program(Program),
    /// What the compiler said.
    Refused(String),
}

/// A compiled answer.
#[derive(Debug)]
pub struct Program {
    path: PathBuf,
    /// Where it stands, and that goes with it: a student's program is not kept.
    _folder: Option<TempDir>,
}

/// How one test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Well.
    Passed,
    /// With a report.
    Failed(String),
    /// It took longer than it may.
    TimeOut,
    /// It took more memory than it may.
    OutOfMemory,
    /// The program ended before the test did.
    Died(String),
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    target: Option<Target>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Manifest {
    dependencies: HashMap<String, toml::Value>,
}

impl BuildEnvironment {
    /// Compiles what the exercises at `root` need. Blocks, for a while the first time.
    ///
    /// # Errors
    ///
    /// When Cargo fails.
    pub fn open(root: &Path) -> Result<Self> {
        let sysroot = PathBuf::from(said(root, Command::new("rustc").args(["--print", "sysroot"]))?.trim());
        let version = said(root, Command::new("rustc").arg("-vV"))?;
        let build = ["build", "--quiet", "--locked", "--lib", "--message-format=json-render-diagnostics"];
        let messages = said(root, Command::new("cargo").args(build))?;

        let manifest: Manifest = toml::from_str(&crate::notes::read(&root.join("Cargo.toml"))?)
            .map_err(|source| Error::Toml { path: root.join("Cargo.toml"), source: Box::new(source) })?;
        let mut direct: Vec<_> = manifest.dependencies.keys().map(|name| name.replace('-', "_")).collect();
        direct.push("exercises".into());

        let (mut arguments, mut libraries, mut folders) = (Vec::new(), Vec::new(), Vec::new());
        for message in messages.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok()) {
            let Some(target) = message.target.filter(|_| message.reason == "compiler-artifact") else { continue };
            let name = target.name.replace('-', "_");
            for file in message.filenames {
                if direct.contains(&name) && file.extension().is_some_and(|extension| extension == "rlib") {
                    let mut argument = OsString::from(format!("{name}="));
                    argument.push(&file);
                    arguments.extend(["--extern".into(), argument]);
                }
                // Cargo links a library from its folder, and shows it outside as well.
                let folder = file.parent().unwrap_or(root).to_owned();
                if !folders.contains(&folder) {
                    folders.push(folder);
                }
                libraries.push(file);
            }
        }
        for folder in folders.clone() {
            let deps = folder.join("deps");
            if deps.is_dir() && !folders.contains(&deps) {
                folders.push(deps);
            }
        }
        for folder in &folders {
            let mut path = OsString::from("dependency=");
            path.push(folder);
            arguments.extend(["-L".into(), path]);
        }

        let mut fingerprint = DefaultHasher::new();
        version.hash(&mut fingerprint);
        for file in &libraries {
            file.hash(&mut fingerprint);
            fs::metadata(file).and_then(|file| file.modified()).ok().hash(&mut fingerprint);
        }
        let kept = root.join("target/classroom");
        fs::create_dir_all(&kept).map_err(|source| Error::File { path: kept.clone(), source })?;
        Ok(Self {
            rustc: sysroot.join("bin").join(format!("rustc{}", std::env::consts::EXE_SUFFIX)),
            sysroot,
            arguments,
            libraries,
            folders,
            fingerprint: fingerprint.finish(),
            kept,
            sandboxed: None,
            keeps: true,
        })
    }

    /// Puts a sandbox for all that it compiles and runs from now on. `classroom` is this crate's program.
    ///
    /// # Errors
    ///
    /// [`Error::NoSandbox`] when the system has none.
    pub fn sandbox(&mut self, classroom: PathBuf) -> Result<()> {
        let mut sandbox = system();
        sandbox.run.append(&mut sandbox.read);
        sandbox.run.push(self.sysroot.clone());
        let tried = sandbox.command(&classroom, &self.rustc).arg("--version").output();
        if tried.is_ok_and(|tried| tried.status.success()) {
            self.sandboxed = Some(classroom);
            Ok(())
        } else {
            Err(Error::NoSandbox)
        }
    }

    /// The same build environment for answers that come once: nothing is kept from one to the next.
    #[must_use]
    pub fn forgetting(self) -> Self {
        Self { keeps: false, ..self }
    }

    /// Compiles `answer` with its tests. What is kept is not compiled again. Blocks.
    ///
    /// # Errors
    ///
    /// When the compiler cannot be run. That it refuses the answer is no error.
    pub fn build(&self, exercise: &Exercise, answer: &str) -> Result<Built> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            |source| Error::File { path, source }
        };
        let mut hasher = DefaultHasher::new();
        (self.fingerprint, &exercise.name, answer).hash(&mut hasher);
        let kept = self.kept.join(format!("{}-{:016x}", exercise.name, hasher.finish()));
        let (kept, refused) = (kept.with_extension(std::env::consts::EXE_EXTENSION), kept.with_extension("txt"));
        if self.keeps {
            if kept.exists() {
                return Ok(Built::Program(Program { path: kept, _folder: None }));
            }
            if let Ok(said) = fs::read_to_string(&refused) {
                return Ok(Built::Refused(said));
            }
        }

        let folder = tempfile::tempdir_in(&self.kept).map_err(failed(&self.kept))?;
        let source = format!("{}.rs", exercise.name);
        fs::write(folder.path().join(&source), answer).map_err(failed(folder.path()))?;
        let mut command = match &self.sandboxed {
            None => Command::new(&self.rustc),
            Some(classroom) => {
                let mut sandbox = system();
                // It calls a linker, which calls others.
                sandbox.run.append(&mut sandbox.read);
                sandbox.run.push(self.sysroot.clone());
                sandbox.read.extend(self.libraries.iter().cloned());
                sandbox.list.extend(self.folders.iter().cloned());
                sandbox.write.push(folder.path().to_owned());
                sandbox.command(classroom, &self.rustc)
            }
        };
        command
            .args(["--edition=2024", "--test", "--crate-type=bin", "--color=never", "-Awarnings", "-Cstrip=symbols"])
            .arg(format!("--crate-name={}", exercise.name))
            .args(&self.arguments)
            .args(["-o", PROGRAM, &source])
            .current_dir(folder.path())
            // As Cargo would: a failing scenario says how to run it again.
            .env("CARGO_BIN_NAME", &exercise.name)
            .env("TMPDIR", folder.path());
        let compiled = run(&mut command, COMPILER).map_err(failed(&self.rustc))?;
        let path = folder.path().join(PROGRAM);
        match (compiled.end.is_success(), self.keeps) {
            (true, true) => {
                // Only when it is whole: whoever does the same at the same time has the same program.
                fs::rename(&path, &kept).map_err(failed(&kept))?;
                Ok(Built::Program(Program { path: kept, _folder: None }))
            }
            (true, false) => Ok(Built::Program(Program { path, _folder: Some(folder) })),
            (false, keeps) => {
                if keeps {
                    fs::write(&refused, &compiled.output).map_err(failed(&refused))?;
                }
                Ok(Built::Refused(compiled.output))
            }
        }
    }

    /// Runs one test of a built answer. Blocks.
    ///
    /// # Errors
    ///
    /// When the program cannot be run.
    pub fn test(&self, exercise: &Exercise, program: &Program, test: &str, limits: Limits) -> Result<Outcome> {
        let ran = self.run(exercise, program, &["--exact", test], limits)?;
        Ok(match ran.end {
            End::TimeOut => Outcome::TimeOut,
            End::OutOfMemory => Outcome::OutOfMemory,
            End::Exited(_) => outcome(&ran.output, test).unwrap_or_else(|| Outcome::Died(died(&ran))),
        })
    }

    /// Runs all tests of a built answer, and returns the first that does not pass, in the order of the exercise.
    /// Blocks.
    ///
    /// # Errors
    ///
    /// When the program cannot be run.
    pub fn first_failure(
        &self,
        exercise: &Exercise,
        program: &Program,
        limits: Limits,
    ) -> Result<Option<(String, Outcome)>> {
        // Side by side first, which is quick. A program that did not live to the end is run again, test by test.
        let ran = self.run(exercise, program, &[], limits)?;
        let ended = matches!(ran.end, End::Exited(_)) && ran.output.contains("\ntest result: ");
        for test in exercise.tests() {
            let seen = outcome(&ran.output, test).filter(|_| ended);
            let outcome = seen.map_or_else(|| self.test(exercise, program, test, limits), Ok)?;
            if outcome != Outcome::Passed {
                return Ok(Some((test.to_owned(), outcome)));
            }
        }
        Ok(None)
    }

    fn run(&self, exercise: &Exercise, program: &Program, arguments: &[&str], limits: Limits) -> Result<Run> {
        let program = program.path.as_path();
        let failed = |source| Error::File { path: program.to_owned(), source };
        let scratch = tempfile::tempdir().map_err(failed)?;
        let mut command = match &self.sandboxed {
            None => Command::new(program),
            Some(classroom) => {
                let mut sandbox = system();
                sandbox.run.extend(loaders());
                sandbox.run.push(program.to_owned());
                sandbox.write.push(scratch.path().to_owned());
                sandbox.network = exercise.notes.network;
                sandbox.command(classroom, program)
            }
        };
        command
            .args(arguments)
            .current_dir(scratch.path())
            .env("TMPDIR", scratch.path())
            .env("TEST_PATIENCE", limits.patience.as_secs().to_string())
            .env("RUST_BACKTRACE", "0");
        run(&mut command, limits).map_err(failed)
    }
}

/// What every program needs of the system.
fn system() -> Sandbox {
    let there = |paths: &[&str]| paths.iter().map(PathBuf::from).filter(|path| path.exists()).collect();
    Sandbox {
        read: there(&["/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/dev/urandom"]),
        write: there(&["/dev/null", "/dev/full"]),
        ..Sandbox::default()
    }
}

/// The programs that load a program: whoever may not run one of them runs nothing.
fn loaders() -> Vec<PathBuf> {
    let names = |folder| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_loader = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("ld-") && name.contains(".so")
    };
    ["/lib", "/lib64"].into_iter().flat_map(names).filter(is_loader).collect()
}

/// How the harness says that a test has ended; nothing where it does not say it.
fn outcome(output: &str, test: &str) -> Option<Outcome> {
    if output.contains(&format!("\ntest {test} ... ok\n")) {
        return Some(Outcome::Passed);
    }
    let (_, said) = output.split_once(&format!("\n---- {test} stdout ----\n"))?;
    let said = said.split("\n---- ").next().unwrap_or(said).split("\nfailures:\n").next().unwrap_or(said);
    let lines = said.lines().filter(|line| !line.starts_with("thread '") && !line.starts_with("note: run with"));
    Some(Outcome::Failed(lines.collect::<Vec<_>>().join("\n").trim().to_owned()))
}

/// The end of a program that the harness did not live to tell.
fn died(ran: &Run) -> String {
    match ran.end {
        End::Exited(status) => format!("the program ended in the middle of it: {status}\n{}", ran.output.trim()),
        End::TimeOut | End::OutOfMemory => ran.output.trim().to_owned(),
    }
}

/// The standard output of a command that must succeed.
fn said(folder: &Path, command: &mut Command) -> Result<String> {
    let name = format!("{command:?}");
    let failed = |source| Error::Command { name: name.clone(), source };
    let output = command.current_dir(folder).stderr(Stdio::inherit()).output().map_err(failed)?;
    if !output.status.success() {
        return Err(failed(std::io::Error::other(output.status.to_string())));
    }
    String::from_utf8(output.stdout).map_err(|error| failed(std::io::Error::other(error)))
}
