//! The harness: a program, a scratch folder for it, and a deadline for everything it does.

use std::env;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
#[cfg(unix)]
use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
#[cfg(unix)]
use std::sync::Mutex;
use std::sync::{LazyLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use equivalence::{Source, confirm};
use serde_json::Value;
use tempfile::TempDir;

/// The program under test, which is also the name of the test file.
pub(crate) const NAME: &str = env!("CARGO_CRATE_NAME");

/// How long to wait before checking a condition again.
const TICK: Duration = Duration::from_millis(5);

/// How long a case may take. Only a hang takes this long, even on a slow and busy machine.
fn deadline() -> Duration {
    equivalence::Settings::default().patience
}

/// Builds the program and returns its path. Cargo announces programs only to tests of the same package, so the first
/// case of each test process asks cargo, which does nothing if the program is up to date.
fn build() -> Result<PathBuf, String> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // All stages in one build: then they share one set of compiled dependencies.
    let packages = if NAME.starts_with("stage") { "stage*" } else { NAME };
    cargo.args(["build", "--locked", "--package", packages, "--bins", "--message-format=json-render-diagnostics"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let built = cargo.stderr(Stdio::inherit()).output().map_err(|error| format!("cannot run {cargo:?}: {error}"))?;
    String::from_utf8_lossy(&built.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| built.status.success() && message["target"]["name"] == NAME)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| format!("cannot build {NAME}: see the output of {cargo:?} above"))
}

/// The cases of this test program that were skipped, for the end of the run: see `tests/what_was_skipped.rs`.
#[cfg(unix)]
static SKIPPED: LazyLock<Option<Mutex<File>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("skipped");
    fs::create_dir_all(&folder).and_then(|()| File::create(folder.join(NAME))).ok().map(Mutex::new)
});

/// Reports a case, or a part of it, that this machine does not permit. Writes past the test harness, which hides what
/// a passing test prints.
#[cfg(unix)]
pub(crate) fn skip(reason: &str) {
    let case = thread::current().name().unwrap_or_default().to_owned();
    let text = format!("{NAME}: {case}: {reason}\n");
    let _ = std::io::stderr().write_all(format!("skipped: {text}").as_bytes());
    if let Some(skipped) = &*SKIPPED {
        let _ = skipped.lock().unwrap().write_all(text.as_bytes());
    }
}

/// The example for this program in the README, as it would be typed beside a folder `logs` instead of `/var/log`.
#[cfg(unix)]
pub(crate) fn readme_example(program: &str) -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let (_, section) = readme.split_once("## On your own logs").unwrap();
    let typed = format!("    cargo run --release -p {program} -- ");
    let args: Vec<_> = section.lines().filter_map(|line| line.strip_prefix(&typed)).collect();
    assert_eq!(args.len(), 1, "one example for {program}: {args:?}");
    format!("{program} {}", args[0].replace("/var/log/", "logs/"))
}

/// Whether SIGHUP ends what the tests start: under `nohup`, every program inherits that it is ignored.
#[cfg(unix)]
pub(crate) fn has_sighup() -> bool {
    let ignored = Command::new("sh").args(["-c", "kill -HUP $$"]).status().unwrap().success();
    if ignored {
        skip("SIGHUP is ignored here, as under nohup");
    }
    !ignored
}

/// The program in a scratch folder of its own. The program runs there, so that files have short names.
pub(crate) struct Fixture {
    pub(crate) program: PathBuf,
    folder: TempDir,
    /// The user that runs the program, if it is another one than runs the test.
    #[cfg(unix)]
    user: Option<u32>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        static PROGRAM: LazyLock<Result<PathBuf, String>> = LazyLock::new(build);
        // Forgets what an earlier run has skipped.
        #[cfg(unix)]
        LazyLock::force(&SKIPPED);
        Self {
            program: PROGRAM.clone().unwrap_or_else(|error| panic!("{error}")),
            folder: TempDir::with_prefix(format!("{NAME}-")).unwrap(),
            #[cfg(unix)]
            user: None,
        }
    }

    /// With these files in the folder.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let fixture = Self::new();
        for (file, content) in files {
            fixture.write(file, content);
        }
        fixture
    }

    pub(crate) fn path(&self, file: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(file)
    }

    pub(crate) fn write(&self, file: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn append(&self, file: &str, content: &str) {
        OpenOptions::new().append(true).open(self.path(file)).unwrap().write_all(content.as_bytes()).unwrap();
    }

    pub(crate) fn read(&self, file: impl AsRef<Path>) -> Vec<u8> {
        fs::read(self.path(file)).unwrap()
    }

    pub(crate) fn text(&self, file: &str) -> String {
        String::from_utf8_lossy(&self.read(file)).into_owned()
    }

    pub(crate) fn command(&self, args: impl IntoIterator<Item: AsRef<OsStr>>) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args);
        #[cfg(unix)]
        self.run_by_its_user(&mut command);
        command
    }

    /// Starts `command` in the folder. Its output goes to files, so it never waits for the test to read.
    pub(crate) fn start(&self, mut command: Command) -> Running<'_> {
        command.stdout(File::create(self.path(".stdout")).unwrap());
        self.start_with_stdout(command)
    }

    pub(crate) fn start_with_stdout(&self, mut command: Command) -> Running<'_> {
        command.current_dir(&self.folder).stdin(Stdio::null()).stderr(File::create(self.path(".stderr")).unwrap());
        let started = Instant::now();
        Running {
            child: command.spawn().unwrap(),
            command,
            started,
            fixture: self,
            #[cfg(unix)]
            seen: 0,
        }
    }

    pub(crate) fn run(&self, args: impl IntoIterator<Item: AsRef<OsStr>>) -> Ended {
        self.start(self.command(args)).end()
    }

    /// Writes the files a, b and c, 100,000 lines and a few MiB each: far more than a pipe holds.
    pub(crate) fn write_three_files(&self) {
        for file in ["a", "b", "c"] {
            let mut lines = String::new();
            for line in 0..100_000 {
                writeln!(lines, "{file} {line} some more text for length").unwrap();
            }
            self.write(file, lines);
        }
    }

    /// Starts the program with a pipe as its output, three large files as its inputs, and waits until it writes.
    pub(crate) fn start_into_a_pipe(&self, args: &[&str]) -> (Running<'_>, ChildStdout) {
        self.write_three_files();
        let mut command = self.command(args);
        command.args(["--output", "-", "a", "b", "c"]).stdout(Stdio::piped());
        let mut running = self.start_with_stdout(command);
        let mut stdout = running.child.stdout.take().unwrap();
        let (send, receive) = mpsc::channel();
        thread::spawn(move || {
            let read = stdout.read_exact(&mut [0]);
            let _ = send.send(read.map(|()| stdout));
        });
        let stdout = receive.recv_timeout(deadline()).expect("the program writes something").unwrap();
        (running, stdout)
    }

    /// These files as the oracle takes them.
    pub(crate) fn sources(&self, files: &[impl AsRef<str>]) -> Vec<Source> {
        files.iter().map(|file| Source { name: file.as_ref().into(), bytes: self.read(file.as_ref()) }).collect()
    }

    /// Fails unless the file `out` is a merge of `sources` and nothing else.
    #[track_caller]
    pub(crate) fn assert_merged(&self, sources: &[Source]) {
        confirm(sources, &self.read("out")).unwrap_or_else(|violation| panic!("{violation}"));
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        if thread::panicking() {
            self.folder.disable_cleanup(true);
            eprintln!("the files of this case are in {}", self.folder.path().display());
        }
    }
}

#[cfg(unix)]
impl Fixture {
    /// A program that permissions restrict. They do not restrict root, so for root the user `nobody` runs a copy.
    pub(crate) fn bound_by_permissions() -> Self {
        const NOBODY: u32 = 65_534;
        let mut fixture = Self::new();
        if fixture.runs_as_root() {
            fixture.run_as(NOBODY);
        }
        fixture
    }

    /// A program that a user runs who runs nothing else. A limit on the user's threads is then one on the program's.
    #[cfg(target_os = "linux")]
    pub(crate) fn alone() -> Option<Self> {
        let mut fixture = Self::new();
        if !fixture.runs_as_root() {
            skip("only root can run the program as a user who runs nothing else");
            return None;
        }
        // The user ids of two tests that run at once differ.
        fixture.run_as(2_000_000_000 + std::process::id());
        Some(fixture)
    }

    fn run_by_its_user(&self, command: &mut Command) {
        use std::os::unix::process::CommandExt;
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
    }

    fn runs_as_root(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(&self.folder).unwrap().uid() == 0
    }

    /// Has a copy of the program run by `user`, who may not be able to reach the original.
    fn run_as(&mut self, user: u32) {
        std::os::unix::fs::chown(&self.folder, Some(user), Some(user)).unwrap();
        let copy = self.path(NAME);
        // Not `fs::copy`: a process that another test forks meanwhile would inherit the file open for writing,
        // and the system refuses to run a file that is open for writing.
        assert!(Command::new("cp").arg(&self.program).arg(&copy).status().unwrap().success());
        self.permit(NAME, 0o755);
        (self.program, self.user) = (copy, Some(user));
    }

    /// Runs an example as a shell does, but to its end: with `--no-follow`.
    pub(crate) fn run_example(&self, example: &str) -> Ended {
        let follow_no_more = "case \"$*\" in *--no-follow*) ;; *) set -- --no-follow \"$@\" ;; esac";
        let program = format!("{NAME}() {{ {follow_no_more}; \"$PROGRAM\" \"$@\"; }}; ");
        let mut command = Command::new("sh");
        command.arg("-c").arg(program + example).env("PROGRAM", &self.program);
        self.start(command).end()
    }

    pub(crate) fn permit(&self, file: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(self.path(file), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The program, started by a shell that does `first` and then becomes the program.
    pub(crate) fn command_after(&self, first: &str, args: impl IntoIterator<Item: AsRef<OsStr>>) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("{first} exec \"$0\" \"$@\"")).arg(&self.program).args(args);
        self.run_by_its_user(&mut command);
        command
    }
}

/// A running program. It never outlives its test.
pub(crate) struct Running<'a> {
    command: Command,
    pub(crate) child: Child,
    started: Instant,
    pub(crate) fixture: &'a Fixture,
    /// How far into the output the test has seen.
    #[cfg(unix)]
    seen: u64,
}

impl Running<'_> {
    pub(crate) fn end(mut self) -> Ended {
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                let stdout = fs::read(self.fixture.path(".stdout")).unwrap_or_default();
                return Ended { code: status.code(), stdout, stderr: self.fixture.text(".stderr") };
            }
            self.tick("its end");
        }
    }

    /// Pauses for a moment. Panics once the deadline has passed.
    pub(crate) fn tick(&self, what: &str) {
        if self.started.elapsed() > deadline() {
            let stderr = self.fixture.text(".stderr");
            panic!("still waiting for {what} after {:?}: {:?}; stderr: {stderr:?}", deadline(), self.command);
        }
        thread::sleep(TICK);
    }
}

#[cfg(unix)]
impl Running<'_> {
    /// Waits until a condition holds. Panics if the program ends first.
    pub(crate) fn wait_for(&mut self, what: &str, mut holds: impl FnMut(&Fixture) -> bool) {
        while !holds(self.fixture) {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the program ended ({status}) before {what}; stderr: {:?}", self.fixture.text(".stderr"));
            }
            self.tick(what);
        }
    }

    pub(crate) fn wait_for_lines(&mut self, lines: usize) {
        self.wait_for(&format!("{lines} lines in the output"), |fixture| {
            fs::read_to_string(fixture.path("out")).is_ok_and(|text| text.matches('\n').count() >= lines)
        });
    }

    /// Waits until `line` is in the output, after the line that it last waited for.
    pub(crate) fn wait_for_line(&mut self, line: &str) {
        let mut seen = self.seen;
        self.wait_for(&format!("{line:?} in the output"), |fixture| {
            let Ok(mut out) = File::open(fixture.path("out")) else { return false };
            let mut unseen = String::new();
            out.seek(SeekFrom::Start(seen)).unwrap();
            out.read_to_string(&mut unseen).unwrap();
            unseen.find(line).inspect(|at| seen += (at + line.len()) as u64).is_some()
        });
        self.seen = seen;
    }

    pub(crate) fn signal(&self, signal: &str) {
        kill(signal, &self.child.id().to_string());
    }
}

#[cfg(unix)]
pub(crate) fn kill(signal: &str, process: &str) {
    let sent = Command::new("kill").args([&format!("-{signal}"), process]).status().unwrap();
    assert!(sent.success(), "kill -{signal}: {sent}");
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a program ended, and what it printed.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None` if a signal killed it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ended {
    /// Fails unless this is the exit code, and exactly this text was printed to standard error.
    #[track_caller]
    pub(crate) fn assert_said(&self, code: Option<i32>, stderr: &str) {
        assert_eq!((self.code, self.stderr.as_str()), (code, stderr));
    }

    #[track_caller]
    pub(crate) fn assert_succeeded(&self) {
        assert_eq!(self.code, Some(0), "{self:?}");
    }

    /// Fails unless it succeeded with one line, the summary.
    #[track_caller]
    pub(crate) fn assert_summary(&self, lines: &str, inputs: &str) {
        self.assert_succeeded();
        let (start, middle) = (format!("{NAME}: merged {lines} ("), format!(") from {inputs} in "));
        let text = &self.stderr;
        assert!(text.starts_with(&start) && text.contains(&middle) && text.ends_with(" s\n"), "{text:?}");
        assert_eq!(text.lines().count(), 1, "{text:?}");
    }

    /// Fails unless it ended with exit code 1 and one line, which starts with `message` and contains the number of
    /// the system's error.
    #[track_caller]
    pub(crate) fn assert_failed(&self, message: &str, os_error: Option<i32>) {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "not one line: {self:?}");
        assert!(self.stderr.starts_with(&format!("{NAME}: {message}")), "{message:?} not in {self:?}");
        if let Some(number) = os_error {
            assert!(self.stderr.contains(&format!("(os error {number})")), "{number} not in {self:?}");
        }
    }
}
