//! Compiles one answer and runs its tests.
//!
//! It calls rustc itself, because with Cargo all answers would share one target directory: Cargo locks it, so they
//! would be compiled one after the other, and the sandbox would have to let each of them write into it. rustc reads the
//! compiled dependencies and writes into a folder of the answer's own. It is not about speed: 0.2 s against 0.4 s.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::limits::{Limit, Limits, Run, run};
use crate::notes::Exercise;
use crate::sandbox::Sandbox;

/// For the compiler. One answer takes it less than a second.
const COMPILER: Limits =
    Limits { time: Duration::from_secs(120), memory: 3 * 1024 * 1024 * 1024, patience: Duration::ZERO };
const PROGRAM: &str = "answer.exe";

/// What every answer is compiled with: rustc, the exercises' library and its dependencies.
#[derive(Debug)]
pub(crate) struct BuildEnvironment {
    sysroot: PathBuf,
    /// `--extern` for the crates that an answer may name, `-L` for what these need.
    arguments: Vec<OsString>,
    /// The compiled files, and the folders that they are in.
    libraries: Vec<PathBuf>,
    folders: BTreeSet<PathBuf>,
    sandboxed: bool,
}

/// The folder of a compiled answer. It is removed with this value.
#[derive(Debug)]
pub(crate) struct Program(TempDir);

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
        Ok(Self { sysroot, arguments, libraries, folders, sandboxed: false })
    }

    /// From now on runs the compiler and the answers in a sandbox. Fails where the system has none.
    pub(crate) fn sandbox(&mut self) -> Result<()> {
        let mut version = Command::new(self.rustc());
        let tried = self.compiler_sandbox().spawn(version.arg("--version").stdout(Stdio::null()));
        ensure!(
            tried.and_then(|mut child| child.wait()).is_ok_and(|status| status.success()),
            "this system has no sandbox for the answers (Linux with Landlock); --trust runs them without one"
        );
        // Every program that is started later inherits these: at most 1 GiB per file, and no core dump.
        #[cfg(target_os = "linux")]
        for (resource, limit) in [(rlimit::Resource::FSIZE, 1 << 30), (rlimit::Resource::CORE, 0)] {
            rlimit::setrlimit(resource, limit, limit)?;
        }
        self.sandboxed = true;
        Ok(())
    }

    /// Compiles `answer` with its tests. If the compiler refuses it, the inner error is the compiler's report. Blocks.
    pub(crate) fn build(&self, exercise: &Exercise, answer: &str) -> Result<Result<Program, String>> {
        let folder = tempfile::tempdir()?;
        let source = format!("{}.rs", exercise.name);
        fs::write(folder.path().join(&source), answer)?;
        let mut command = self.command(&self.rustc(), folder.path());
        command
            .args(["--edition=2024", "--test", "--crate-type=bin", "--color=never", "-Awarnings", "-Cstrip=symbols"])
            .arg(format!("--crate-name={}", exercise.name))
            .args(&self.arguments)
            .args(["-o", PROGRAM, &source])
            // As Cargo does: a failing scenario prints the command that runs it again.
            .env("CARGO_BIN_NAME", &exercise.name);
        let compiled = self.run(&mut command, self.compiler_sandbox(), folder.path(), COMPILER)?;
        let succeeded = compiled.end.is_ok_and(|status| status.success());
        Ok(if succeeded { Ok(Program(folder)) } else { Err(compiled.output) })
    }

    /// Runs one test of a built answer. Blocks.
    pub(crate) fn test(&self, exercise: &Exercise, program: &Program, test: &str, limits: Limits) -> Result<Outcome> {
        let Run { end, output } = self.run_tests(exercise, program, &["--exact", test], limits)?;
        Ok(match end {
            Err(limit) => Outcome::Exceeded(limit),
            Ok(status) => outcome(&output, test)
                .unwrap_or_else(|| Outcome::Died(format!("the program ended early: {status}\n{}", output.trim()))),
        })
    }

    /// Runs all tests of a built answer, and returns the first that does not pass, in the order of the exercise.
    /// Blocks.
    pub(crate) fn first_failure(
        &self,
        exercise: &Exercise,
        program: &Program,
        limits: Limits,
    ) -> Result<Option<(String, Outcome)>> {
        // All at the same time first, which is quick. If that program does not reach its end, each test runs alone.
        let all = self.run_tests(exercise, program, &[], limits)?;
        let ended = all.end.is_ok() && all.output.contains("\ntest result: ");
        for test in exercise.tests() {
            let seen = outcome(&all.output, test).filter(|_| ended);
            let outcome = seen.map_or_else(|| self.test(exercise, program, test, limits), Ok)?;
            if outcome != Outcome::Passed {
                return Ok(Some((test.to_owned(), outcome)));
            }
        }
        Ok(None)
    }

    fn run_tests(&self, exercise: &Exercise, program: &Program, arguments: &[&str], limits: Limits) -> Result<Run> {
        let scratch = tempfile::tempdir()?;
        let program = program.0.path().join(PROGRAM);
        let mut command = self.command(&program, scratch.path());
        let patience = limits.patience.as_secs().to_string();
        command.args(arguments).env("TEST_PATIENCE", patience).env("RUST_BACKTRACE", "0");
        let mut sandbox = Sandbox { network: exercise.notes.network, ..system() };
        sandbox.run.push(program);
        self.run(&mut command, sandbox, scratch.path(), limits)
    }

    fn rustc(&self) -> PathBuf {
        self.sysroot.join("bin").join(format!("rustc{}", std::env::consts::EXE_SUFFIX))
    }

    fn compiler_sandbox(&self) -> Sandbox {
        let mut sandbox = system();
        // The compiler calls a linker, which calls other programs.
        sandbox.run.append(&mut sandbox.read);
        sandbox.run.push(self.sysroot.clone());
        sandbox.read.clone_from(&self.libraries);
        sandbox.list.extend(self.folders.iter().cloned());
        sandbox
    }

    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        if self.sandboxed {
            // The teacher's environment is not for the answer. But the linker must be found.
            command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        }
        command.current_dir(folder).env("TMPDIR", folder);
        command
    }

    /// Runs `command`, which may write in `folder`.
    fn run(&self, command: &mut Command, mut sandbox: Sandbox, folder: &Path, limits: Limits) -> Result<Run> {
        sandbox.write.push(folder.to_owned());
        let sandbox = self.sandboxed.then_some(&sandbox);
        run(command, sandbox, limits).with_context(|| format!("cannot run {}", command.get_program().display()))
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
        read: paths(&["/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/dev/urandom"]),
        run: loaders.collect(),
        write: paths(&["/dev/null", "/dev/full"]),
        ..Sandbox::default()
    }
}

/// The end of a test as the harness reports it, if it does.
fn outcome(output: &str, test: &str) -> Option<Outcome> {
    if output.contains(&format!("\ntest {test} ... ok\n")) {
        return Some(Outcome::Passed);
    }
    let (_, report) = output.split_once(&format!("\n---- {test} stdout ----\n"))?;
    let report = report.split("\n---- ").next().unwrap_or(report).split("\nfailures:\n").next().unwrap_or(report);
    let lines = report.lines().filter(|line| !line.starts_with("thread '") && !line.starts_with("note: run with"));
    Some(Outcome::Failed(lines.collect::<Vec<_>>().join("\n").trim().to_owned()))
}
