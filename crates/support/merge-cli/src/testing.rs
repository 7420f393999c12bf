//! What the suites of the real programs share: a stage's program in a scratch folder, running programs, deadlines.

// It is test code: what cannot be set up fails the test.
#![allow(clippy::unwrap_used)]

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How long a program may take for anything. Only a hang takes so long, also on a slow machine that is busy.
fn deadline() -> Duration {
    equivalence::Settings::default().patience
}
/// How long to wait between two looks for what a test waits for.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Makes every case of a suite a `#[test]` for the program at this path.
#[doc(hidden)]
#[macro_export]
macro_rules! cases {
    ($suite:ident, $program:expr; $($(#[$when:meta])? $case:ident,)*) => {$(
        $(#[$when])?
        #[test]
        fn $case() {
            let stage = $crate::testing::Stage::new($program, env!("CARGO_TARGET_TMPDIR"), stringify!($case));
            $crate::$suite::$case(&stage);
        }
    )*};
}

/// One stage's program and a scratch folder, which it runs in and which the files of a case are named in.
#[derive(Debug)]
pub struct Stage {
    pub(crate) program: PathBuf,
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    /// Who runs the program, where it is not whoever runs the test.
    #[cfg(unix)]
    user: Option<u32>,
}

impl Stage {
    /// A new folder in `scratch` for one case.
    #[must_use]
    pub fn new(program: &str, scratch: &str, case: &str) -> Self {
        let program = PathBuf::from(program);
        let name = program.file_stem().unwrap().to_str().unwrap().to_owned();
        let folder = Path::new(scratch).join(format!("{name}-{}-{case}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self {
            program,
            name,
            folder,
            #[cfg(unix)]
            user: None,
        }
    }

    /// The same program in a folder where permissions bite. For root every file is readable, so there somebody else
    /// runs it, from where nobody is kept out.
    #[cfg(unix)]
    pub(crate) fn bound_by_permissions(&self) -> Self {
        use std::os::unix::fs::{MetadataExt, chown};

        const NOBODY: u32 = 65_534;
        let folder = std::env::temp_dir().join(self.folder.file_name().unwrap());
        fs::create_dir_all(&folder).unwrap();
        let mut stage = Self { program: self.program.clone(), name: self.name.clone(), folder, user: None };
        if fs::metadata(&stage.folder).unwrap().uid() != 0 {
            return stage;
        }
        stage.permit("", 0o755);
        chown(&stage.folder, Some(NOBODY), Some(NOBODY)).unwrap();
        let copy = stage.path(&stage.name);
        // Copied by this process, it would be open for writing in whatever another test forks just then, and a file
        // that is open for writing cannot be run.
        assert!(Command::new("cp").arg(&stage.program).arg(&copy).status().unwrap().success());
        stage.permit(&stage.name, 0o755);
        stage.program = copy;
        stage.user = Some(NOBODY);
        stage
    }

    /// Gives a file these permissions.
    #[cfg(unix)]
    pub(crate) fn permit(&self, file: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(self.path(file), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn path(&self, file: impl AsRef<Path>) -> PathBuf {
        self.folder.join(file)
    }

    pub(crate) fn write(&self, file: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        fs::write(self.path(file), content).unwrap();
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
        if let Some(user) = self.user {
            use std::os::unix::process::CommandExt;
            command.uid(user).gid(user);
        }
        command
    }

    /// The program, started by a shell that does `first` before it becomes the program.
    #[cfg(unix)]
    pub(crate) fn command_after(&self, first: &str, args: impl IntoIterator<Item: AsRef<OsStr>>) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("{first} exec \"$0\" \"$@\"")).arg(&self.program).args(args);
        command
    }

    /// Starts `command` in the folder. What it prints goes to files, so that it never waits for this test to read it.
    pub(crate) fn start(&self, mut command: Command) -> Running<'_> {
        command.stdout(File::create(self.path(".stdout")).unwrap());
        self.start_with_stdout(command)
    }

    pub(crate) fn start_with_stdout(&self, mut command: Command) -> Running<'_> {
        command.current_dir(&self.folder).stdin(Stdio::null()).stderr(File::create(self.path(".stderr")).unwrap());
        let started = Instant::now();
        Running { child: command.spawn().unwrap(), command, started, stage: self }
    }

    pub(crate) fn run(&self, args: impl IntoIterator<Item: AsRef<OsStr>>) -> Ended {
        self.start(self.command(args)).end()
    }

    /// Three files with 100,000 lines and a few MiB: far more than a pipe holds.
    pub(crate) fn write_three_files(&self) {
        for file in ["a", "b", "c"] {
            let mut lines = String::new();
            for line in 0..100_000 {
                writeln!(lines, "{file} {line} some more text for length").unwrap();
            }
            self.write(file, lines);
        }
    }

    /// The one line that ends a merge of so much.
    pub(crate) fn assert_summary(&self, stderr: &str, lines: &str, inputs: &str) {
        let start = format!("{}: merged {lines} (", self.name);
        let end = format!(") from {inputs} in ");
        assert!(stderr.starts_with(&start) && stderr.contains(&end) && stderr.ends_with(" s\n"), "{stderr:?}");
        assert_eq!(stderr.lines().count(), 1, "{stderr:?}");
    }

    /// It ended with exit code 1 and one line, which begins so and gives the system's error by number.
    pub(crate) fn assert_failed(&self, ended: &Ended, message: &str, os_error: Option<i32>) {
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "one line, not {ended:?}");
        assert!(ended.stderr.starts_with(&format!("{}: {message}", self.name)), "{message:?} not in {ended:?}");
        if let Some(number) = os_error {
            assert!(ended.stderr.contains(&format!("(os error {number})")), "{number} not in {ended:?}");
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the files of this case are in {}", self.folder.display());
        } else {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// A program that is running. It never outlives its test.
pub(crate) struct Running<'a> {
    command: Command,
    pub(crate) child: Child,
    started: Instant,
    pub(crate) stage: &'a Stage,
}

impl Running<'_> {
    /// Looks for something until it is there. The program has to be alive for it, and the deadline to come.
    pub(crate) fn wait_for(&mut self, what: &str, mut there: impl FnMut(&Stage) -> bool) {
        while !there(self.stage) {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the program ended ({status}) before {what}; it said {:?}", self.stage.text(".stderr"));
            }
            self.look_again(what);
        }
    }

    pub(crate) fn wait_for_lines(&mut self, output: &str, lines: usize) {
        let there = |stage: &Stage| {
            fs::read_to_string(stage.path(output)).is_ok_and(|text| text.matches('\n').count() >= lines)
        };
        self.wait_for(&format!("{lines} lines in {output}"), there);
    }

    pub(crate) fn end(mut self) -> Ended {
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                let stdout = fs::read(self.stage.path(".stdout")).unwrap_or_default();
                return Ended { code: status.code(), stdout, stderr: self.stage.text(".stderr") };
            }
            self.look_again("its end");
        }
    }

    pub(crate) fn look_again(&mut self, what: &str) {
        if self.started.elapsed() > deadline() {
            let _ = self.child.kill();
            panic!(
                "still waiting for {what} after {:?}: {:?}; it said {:?}",
                deadline(),
                self.command,
                self.stage.text(".stderr")
            );
        }
        thread::sleep(LOOK_AGAIN);
    }

    /// Reads one byte of what the program prints into a pipe, and hands the pipe back.
    pub(crate) fn first_byte(&mut self) -> ChildStdout {
        let mut stdout = self.child.stdout.take().unwrap();
        let (send, receive) = mpsc::channel();
        thread::spawn(move || {
            let read = stdout.read_exact(&mut [0]);
            let _ = send.send(read.map(|()| stdout));
        });
        receive.recv_timeout(deadline()).expect("the program prints something").unwrap()
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").arg(format!("-{signal}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success(), "kill -{signal}: {sent}");
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a program ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None` when a signal killed it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

/// What a merge of `inputs` must look like: their lines and no others, and those of each input in their order. Every
/// line begins with the name of its input.
pub(crate) fn assert_merged(stage: &Stage, output: &[u8], inputs: &[&str]) {
    assert!(output.ends_with(b"\n"));
    let lines: Vec<_> = output.split_inclusive(|&byte| byte == b'\n').collect();
    let mut accounted_for = 0;
    for input in inputs {
        let mut content = stage.read(input);
        if !content.ends_with(b"\n") {
            content.push(b'\n');
        }
        let merged: Vec<_> = lines.iter().copied().filter(|line| line.starts_with(input.as_bytes())).collect();
        accounted_for += merged.len();
        assert!(merged.concat() == content, "the lines of {input} are not in the output as they were written");
    }
    assert_eq!(accounted_for, lines.len(), "the output has lines that no input has");
}

/// A case that is not in the list of its suite would never run, and nothing else would tell.
#[cfg(test)]
pub(crate) fn assert_every_case_is_listed(suite: &str, at_least: usize) {
    let (list, cases) = suite.split_once("\n}\n").unwrap();
    let cases = cases.lines().filter_map(|line| line.strip_prefix("pub fn ")?.strip_suffix("(stage: &Stage) {"));
    let mut count = 0;
    for case in cases {
        assert!(list.contains(&format!(" {case},\n")), "{case} is not in the list");
        count += 1;
    }
    assert!(count >= at_least, "only {count} cases were found");
}
