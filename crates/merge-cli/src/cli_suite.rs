//! The tests of the real programs: one list of cases, which every stage runs.
//!
//! `merge_cli::cli_suite!(env!("CARGO_BIN_EXE_stage2"));` makes every case a named `#[test]`. Each runs the program
//! in a scratch folder of its own, so that the files have short names, and under a deadline, so that a hang is a
//! failure with a name.

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
const DEADLINE: Duration = Duration::from_secs(60);
/// How long to wait between two looks for what a test waits for.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Makes every case a `#[test]` for the program at this path.
#[macro_export]
macro_rules! cli_suite {
    ($program:expr) => {
        $crate::cli_suite! { $program;
            help_fits_80_columns_and_has_examples,
            version_is_the_name_and_a_number,
            an_interval_of_nothing_is_a_usage_error_that_says_what_is_accepted,
            no_inputs_are_a_usage_error_that_says_what_is_accepted,
            no_output_is_a_usage_error_that_says_what_is_accepted,
            an_empty_path_is_a_usage_error,
            without_following_three_files_are_merged_and_summed_up,
            standard_output_takes_the_lines_and_nothing_else,
            a_missing_input_is_refused_with_its_cause,
            a_folder_is_refused_as_an_input,
            a_refused_input_leaves_an_existing_output_as_it_was,
            an_output_that_cannot_be_created_is_named_with_its_cause,
            an_input_is_refused_as_the_output,
            an_input_is_refused_as_the_output_through_a_hard_link,
            a_closed_pipe_ends_quietly,
            a_closed_pipe_ends_a_program_that_follows,
            #[cfg(unix)] an_input_is_refused_as_the_output_through_a_symbolic_link,
            #[cfg(unix)] an_input_is_refused_as_standard_output,
            #[cfg(unix)] a_pipe_is_refused_as_an_input_and_not_waited_for,
            #[cfg(unix)] an_unreadable_input_is_refused_with_its_cause,
            #[cfg(unix)] a_name_with_a_newline_keeps_the_error_on_one_line,
            #[cfg(unix)] sigterm_ends_a_program_that_follows_with_everything_merged,
            #[cfg(unix)] sigint_ends_a_program_that_follows_with_everything_merged,
            #[cfg(unix)] a_signal_is_heard_at_once_however_long_the_interval,
            #[cfg(unix)] a_second_signal_ends_a_program_whose_output_is_stuck,
            #[cfg(unix)] without_following_one_signal_ends_a_program_whose_output_is_stuck,
            #[cfg(unix)] standard_streams_that_are_closed_or_full_do_no_harm,
            #[cfg(unix)] more_inputs_than_the_soft_limit_are_merged,
            #[cfg(unix)] more_inputs_than_the_hard_limit_are_refused_with_both_numbers,
            #[cfg(unix)] a_hard_limit_that_is_just_too_low_is_met_before_the_output_is_touched,
            #[cfg(target_os = "linux")] a_terminal_shows_a_status_line_until_the_summary,
            #[cfg(target_os = "linux")] a_terminal_that_may_show_the_lines_shows_no_status_line,
            #[cfg(target_os = "linux")] a_name_that_is_not_unicode_is_merged,
            #[cfg(target_os = "linux")] a_full_output_ends_the_merge_with_its_cause,
            #[cfg(target_os = "linux")] a_full_output_ends_a_program_that_follows_idle_inputs,
        }
    };
    ($program:expr; $($(#[$when:meta])? $case:ident,)*) => {$(
        $(#[$when])?
        #[test]
        fn $case() {
            let stage = $crate::cli_suite::Stage::new($program, env!("CARGO_TARGET_TMPDIR"), stringify!($case));
            $crate::cli_suite::$case(&stage);
        }
    )*};
}

/// One stage's program and a scratch folder, which it runs in and which the files of a case are named in.
#[derive(Debug)]
pub struct Stage {
    program: PathBuf,
    name: String,
    folder: PathBuf,
}

impl Stage {
    /// A new folder in `scratch` for one case.
    #[must_use]
    pub fn new(program: &str, scratch: &str, case: &str) -> Self {
        let program = PathBuf::from(program);
        let name = program.file_stem().unwrap().to_str().unwrap().to_owned();
        let folder = Path::new(scratch).join(format!("{name}-{}-{case}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self { program, name, folder }
    }

    fn path(&self, file: impl AsRef<Path>) -> PathBuf {
        self.folder.join(file)
    }

    fn write(&self, file: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        fs::write(self.path(file), content).unwrap();
    }

    fn append(&self, file: &str, content: &str) {
        OpenOptions::new().append(true).open(self.path(file)).unwrap().write_all(content.as_bytes()).unwrap();
    }

    fn read(&self, file: impl AsRef<Path>) -> Vec<u8> {
        fs::read(self.path(file)).unwrap()
    }

    fn text(&self, file: &str) -> String {
        String::from_utf8_lossy(&self.read(file)).into_owned()
    }

    fn command(&self, args: impl IntoIterator<Item: AsRef<OsStr>>) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args);
        command
    }

    /// The program, started by a shell that does `first` before it becomes the program.
    #[cfg(unix)]
    fn command_after(&self, first: &str, args: impl IntoIterator<Item: AsRef<OsStr>>) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("{first} exec \"$0\" \"$@\"")).arg(&self.program).args(args);
        command
    }

    /// Starts `command` in the folder. What it prints goes to files, so that it never waits for this test to read it.
    fn start(&self, mut command: Command) -> Running<'_> {
        command.stdout(File::create(self.path(".stdout")).unwrap());
        self.start_with_stdout(command)
    }

    fn start_with_stdout(&self, mut command: Command) -> Running<'_> {
        command.current_dir(&self.folder).stdin(Stdio::null()).stderr(File::create(self.path(".stderr")).unwrap());
        let started = Instant::now();
        Running { child: command.spawn().unwrap(), command, started, stage: self }
    }

    fn run(&self, args: impl IntoIterator<Item: AsRef<OsStr>>) -> Ended {
        self.start(self.command(args)).end()
    }

    /// Three files with 100,000 lines and a few MiB: far more than a pipe holds.
    fn write_three_files(&self) {
        for file in ["a", "b", "c"] {
            let mut lines = String::new();
            for line in 0..100_000 {
                writeln!(lines, "{file} {line} some more text for length").unwrap();
            }
            self.write(file, lines);
        }
    }

    /// The one line that ends a merge of so much.
    fn assert_summary(&self, stderr: &str, lines: &str, inputs: &str) {
        let start = format!("{}: merged {lines} (", self.name);
        let end = format!(") from {inputs} in ");
        assert!(stderr.starts_with(&start) && stderr.contains(&end) && stderr.ends_with(" s\n"), "{stderr:?}");
        assert_eq!(stderr.lines().count(), 1, "{stderr:?}");
    }

    /// It ended with exit code 1 and one line, which begins so and gives the system's error by number.
    fn assert_failed(&self, ended: &Ended, message: &str, os_error: Option<i32>) {
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
struct Running<'a> {
    command: Command,
    child: Child,
    started: Instant,
    stage: &'a Stage,
}

impl Running<'_> {
    /// Looks for something until it is there. The program has to be alive for it, and the deadline to come.
    fn wait_for(&mut self, what: &str, mut there: impl FnMut(&Stage) -> bool) {
        while !there(self.stage) {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the program ended ({status}) before {what}; it said {:?}", self.stage.text(".stderr"));
            }
            self.look_again(what);
        }
    }

    fn wait_for_lines(&mut self, output: &str, lines: usize) {
        let there = |stage: &Stage| {
            fs::read_to_string(stage.path(output)).is_ok_and(|text| text.matches('\n').count() >= lines)
        };
        self.wait_for(&format!("{lines} lines in {output}"), there);
    }

    fn end(mut self) -> Ended {
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                let stdout = fs::read(self.stage.path(".stdout")).unwrap_or_default();
                return Ended { code: status.code(), stdout, stderr: self.stage.text(".stderr") };
            }
            self.look_again("its end");
        }
    }

    fn look_again(&mut self, what: &str) {
        if self.started.elapsed() > DEADLINE {
            let _ = self.child.kill();
            panic!(
                "still waiting for {what} after {DEADLINE:?}: {:?}; it said {:?}",
                self.command,
                self.stage.text(".stderr")
            );
        }
        thread::sleep(LOOK_AGAIN);
    }

    /// Reads one byte of what the program prints into a pipe, and hands the pipe back.
    fn first_byte(&mut self) -> ChildStdout {
        let mut stdout = self.child.stdout.take().unwrap();
        let (send, receive) = mpsc::channel();
        thread::spawn(move || {
            let read = stdout.read_exact(&mut [0]);
            let _ = send.send(read.map(|()| stdout));
        });
        receive.recv_timeout(DEADLINE).expect("the program prints something").unwrap()
    }

    #[cfg(unix)]
    fn signal(&self, signal: &str) {
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
struct Ended {
    /// `None` when a signal killed it.
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: String,
}

/// What a merge of `inputs` must look like: their lines and no others, and those of each input in their order. Every
/// line begins with the name of its input.
fn assert_merged(stage: &Stage, output: &[u8], inputs: &[&str]) {
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

// -- Asking and misusing ---------------------------------------------------------------------------------------------

pub fn help_fits_80_columns_and_has_examples(stage: &Stage) {
    let ended = stage.run(["--help"]);
    let page = String::from_utf8(ended.stdout).unwrap();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(page.contains(&format!("Usage: {} ", stage.name)), "{page}");
    assert!(page.contains(&format!("Examples:\n  {} --output all.log web.log db.log", stage.name)), "{page}");
    for line in page.lines() {
        assert!(line.chars().count() <= 80, "longer than 80 columns: {line}");
    }
}

pub fn version_is_the_name_and_a_number(stage: &Stage) {
    let ended = stage.run(["--version"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(String::from_utf8(ended.stdout).unwrap(), format!("{} {}\n", stage.name, env!("CARGO_PKG_VERSION")));
}

fn assert_usage(stage: &Stage, args: &[&str], accepted: &str) {
    stage.write("a", "a\n");
    let ended = stage.run(args);
    assert_eq!(ended.code, Some(2), "{args:?}: {ended:?}");
    assert!(ended.stderr.contains(accepted), "{args:?}: {accepted:?} not in {ended:?}");
    assert!(ended.stdout.is_empty() && !stage.path("out").exists(), "{args:?} did something: {ended:?}");
}

pub fn an_interval_of_nothing_is_a_usage_error_that_says_what_is_accepted(stage: &Stage) {
    for interval in ["0", "0ms", "abc", "", "100", "ms", "-1s", "1e3s", "99999999999999999999s"] {
        assert_usage(stage, &["--interval", interval, "--output", "out", "a"], "such as 100ms, 2s or 1m");
    }
}

pub fn no_inputs_are_a_usage_error_that_says_what_is_accepted(stage: &Stage) {
    assert_usage(stage, &["--output", "out"], "<INPUT>...");
}

pub fn no_output_is_a_usage_error_that_says_what_is_accepted(stage: &Stage) {
    assert_usage(stage, &["a"], "--output <PATH|->");
}

pub fn an_empty_path_is_a_usage_error(stage: &Stage) {
    assert_usage(stage, &["--output", "out", "a", ""], "<INPUT>...");
    assert_usage(stage, &["--output", "", "a"], "--output <PATH|->");
}

// -- Merging ---------------------------------------------------------------------------------------------------------

pub fn without_following_three_files_are_merged_and_summed_up(stage: &Stage) {
    stage.write_three_files();
    stage.append("b", "b the last line has no end");
    stage.write("c", b"c 1\r\nc \xff\xfe\nc\0\n");
    stage.write("out", "what was here goes");
    let ended = stage.run(["--no-follow", "--output", "out", "a", "b", "c"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.is_empty());
    assert_merged(stage, &stage.read("out"), &["a", "b", "c"]);
    stage.assert_summary(&ended.stderr, "200,004 lines", "3 inputs");
}

pub fn standard_output_takes_the_lines_and_nothing_else(stage: &Stage) {
    stage.write("a", "a 1");
    let ended = stage.run(["--no-follow", "--output", "-", "a"]);
    assert_eq!((ended.code, ended.stdout.as_slice()), (Some(0), b"a 1\n".as_slice()));
    stage.assert_summary(&ended.stderr, "1 line", "1 input");
    assert!(!stage.path("-").exists());
}

#[cfg(unix)]
fn assert_ends_with_everything_merged(stage: &Stage, signal: &str) {
    for file in ["a", "b", "c"] {
        stage.write(file, "");
    }
    stage.write("a", "a from before\n");
    let mut running = stage.start(stage.command(["--interval", "20ms", "--output", "out", "a", "b", "c"]));
    running.wait_for_lines("out", 1);
    stage.append("b", "b while it runs\nb half");
    running.wait_for_lines("out", 2);
    stage.append("b", " and half\n");
    running.wait_for_lines("out", 3);
    assert_eq!(stage.text("out"), "a from before\nb while it runs\nb half and half\n");
    // Nobody waits for these: what is there when the signal comes belongs to the output.
    stage.append("a", "a just before the end\n");
    stage.append("c", "c unfinished");
    running.signal(signal);

    let ended = running.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_merged(stage, &stage.read("out"), &["a", "b", "c"]);
    stage.assert_summary(&ended.stderr, "5 lines", "3 inputs");
}

#[cfg(unix)]
pub fn sigterm_ends_a_program_that_follows_with_everything_merged(stage: &Stage) {
    assert_ends_with_everything_merged(stage, "TERM");
}

#[cfg(unix)]
pub fn sigint_ends_a_program_that_follows_with_everything_merged(stage: &Stage) {
    assert_ends_with_everything_merged(stage, "INT");
}

#[cfg(unix)]
pub fn a_signal_is_heard_at_once_however_long_the_interval(stage: &Stage) {
    stage.write("a", "a\n");
    let mut running = stage.start(stage.command(["--interval", "100000years", "--output", "out", "a"]));
    running.wait_for_lines("out", 1);
    running.signal("TERM");
    let ended = running.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// A program that writes into a pipe that nobody reads, once it has begun to.
#[cfg(unix)]
fn start_stuck<'a>(stage: &'a Stage, args: &[&str]) -> (Running<'a>, ChildStdout) {
    stage.write_three_files();
    let mut command = stage.command(args);
    command.args(["--output", "-", "a", "b", "c"]).stdout(Stdio::piped());
    let mut running = stage.start_with_stdout(command);
    let pipe = running.first_byte();
    (running, pipe)
}

#[cfg(unix)]
pub fn a_second_signal_ends_a_program_whose_output_is_stuck(stage: &Stage) {
    let (mut running, _pipe) = start_stuck(stage, &[]);
    // Two signals that come together may count as one, so there may have to be more.
    while running.child.try_wait().unwrap().is_none() {
        running.signal("TERM");
        running.look_again("its end after many signals");
    }
    let ended = running.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(130), ""));
}

#[cfg(unix)]
pub fn without_following_one_signal_ends_a_program_whose_output_is_stuck(stage: &Stage) {
    let (running, _pipe) = start_stuck(stage, &["--no-follow"]);
    running.signal("INT");
    let ended = running.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(130), ""));
}

/// The program on a terminal of its own, which `script` makes. What it shows goes to `.screen`, the process id of the
/// program to `.pid`.
#[cfg(target_os = "linux")]
fn start_on_a_terminal<'a>(stage: &'a Stage, args: &str) -> Running<'a> {
    stage.write("a", "a\n");
    let mut command = Command::new("script");
    command.args(["-qefc", &format!("stty cols 80; echo $$ > .pid; exec \"$STAGE\" {args}"), ".screen"]);
    command.env("STAGE", &stage.program).env("SHELL", "/bin/sh").env("TERM", "xterm");
    stage.start(command)
}

#[cfg(target_os = "linux")]
pub fn a_terminal_shows_a_status_line_until_the_summary(stage: &Stage) {
    let mut running = start_on_a_terminal(stage, "--output out a");
    let shown = " following 1 input: 1 line, 2 B, 0 B/s";
    running
        .wait_for("the status line", |stage| stage.path(".screen").exists() && stage.text(".screen").contains(shown));
    let program = stage.text(".pid");
    assert!(Command::new("kill").args(["-TERM", program.trim()]).status().unwrap().success());
    let ended = running.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let screen = stage.text(".screen");
    // To the start of the line, and clear it: then comes the summary.
    let (_, after) = screen.rsplit_once("\r\u{1b}[2K").unwrap_or_else(|| panic!("never cleared: {screen:?}"));
    let summary = format!("{}: merged 1 line (2 B) from 1 input in ", stage.name);
    assert!(after.starts_with(&summary), "{summary:?} does not follow: {screen:?}");
}

#[cfg(target_os = "linux")]
pub fn a_terminal_that_may_show_the_lines_shows_no_status_line(stage: &Stage) {
    let ended = start_on_a_terminal(stage, "--no-follow --output - a | cat").end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let screen = stage.text(".screen");
    assert!(screen.contains("a\r\n") && screen.contains(": merged 1 line "), "{screen:?}");
    assert!(!screen.contains("ing 1 input") && !screen.contains('\u{1b}'), "{screen:?}");
}

#[cfg(target_os = "linux")]
pub fn a_name_that_is_not_unicode_is_merged(stage: &Stage) {
    use std::os::unix::ffi::OsStrExt;
    let (input, output) = (OsStr::from_bytes(b"in\xff"), OsStr::from_bytes(b"out\xff"));
    stage.write(input, "a\n");
    let ended = stage.run([OsStr::new("--no-follow"), OsStr::new("--output"), output, input]);
    assert_eq!((ended.code, stage.read(output).as_slice()), (Some(0), b"a\n".as_slice()), "{ended:?}");
    // And in an error.
    let ended = stage.run([OsStr::new("--output"), OsStr::new("out"), OsStr::from_bytes(b"absent\xff")]);
    stage.assert_failed(&ended, "cannot open input absent\u{fffd}: ", Some(2));
}

#[cfg(unix)]
pub fn standard_streams_that_are_closed_or_full_do_no_harm(stage: &Stage) {
    stage.write("a", "a\n");
    let mut streams = vec![">&-", "2>&-", "<&- >&- 2>&-"];
    if Path::new("/dev/full").exists() {
        streams.push("2>/dev/full");
    }
    for closed in streams {
        let first = format!("exec {closed};");
        let ended = stage.start(stage.command_after(&first, ["--no-follow", "--output", "out", "a"])).end();
        assert_eq!((ended.code, stage.text("out").as_str()), (Some(0), "a\n"), "{closed}: {ended:?}");
        let ended = stage.start(stage.command_after(&first, ["--no-follow", "--output", "-", "a"])).end();
        assert_eq!(ended.code, Some(0), "{closed}: {ended:?}");
        let ended = stage.start(stage.command_after(&first, ["--output", "out", "absent"])).end();
        assert_eq!(ended.code, Some(1), "{closed}: {ended:?}");
        let ended = stage.start(stage.command_after(&first, ["--help"])).end();
        assert_eq!(ended.code, Some(0), "{closed}: {ended:?}");
    }
}

// -- Refusing --------------------------------------------------------------------------------------------------------

/// Refused with this line, and the output, of which `out` is the default, was not even created.
fn assert_refused(stage: &Stage, inputs: &[&str], message: &str, os_error: Option<i32>) {
    stage.write("good", "good\n");
    let ended = stage.run(["--output", "out", "good"].iter().chain(inputs));
    stage.assert_failed(&ended, message, os_error);
    assert!(!stage.path("out").exists(), "the output was touched");
}

pub fn a_missing_input_is_refused_with_its_cause(stage: &Stage) {
    assert_refused(stage, &["absent.log"], "cannot open input absent.log: ", Some(2));
}

pub fn a_folder_is_refused_as_an_input(stage: &Stage) {
    fs::create_dir(stage.path("folder")).unwrap();
    assert_refused(stage, &["folder"], "cannot follow input folder: not a regular file\n", None);
}

#[cfg(unix)]
pub fn a_pipe_is_refused_as_an_input_and_not_waited_for(stage: &Stage) {
    assert!(Command::new("mkfifo").arg(stage.path("pipe")).status().unwrap().success());
    assert_refused(stage, &["pipe"], "cannot follow input pipe: not a regular file\n", None);
}

#[cfg(unix)]
pub fn a_name_with_a_newline_keeps_the_error_on_one_line(stage: &Stage) {
    assert_refused(stage, &["ab\nsent\u{1b}[2J"], "cannot open input ab\\nsent\\u{1b}[2J: ", Some(2));
}

#[cfg(unix)]
pub fn an_unreadable_input_is_refused_with_its_cause(stage: &Stage) {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    let permit = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    if fs::metadata(&stage.folder).unwrap().uid() == 0 {
        // For root every file is readable: the program has to run as somebody else, from where nobody is kept out.
        let scratch = std::env::temp_dir();
        let stage = Stage::new(stage.program.to_str().unwrap(), scratch.to_str().unwrap(), "unreadable");
        permit(&stage.folder, 0o755);
        stage.write("locked", "a\n");
        permit(&stage.path("locked"), 0);
        let copy = stage.path(&stage.name);
        // Copied by this process, it would be open for writing in whatever another test forks just then, and a file
        // that is open for writing cannot be run.
        assert!(Command::new("cp").arg(&stage.program).arg(&copy).status().unwrap().success());
        permit(&copy, 0o755);
        let mut command = Command::new(copy);
        command.args(["--output", "out", "locked"]).uid(65_534).gid(65_534);
        stage.assert_failed(&stage.start(command).end(), "cannot open input locked: ", Some(13));
    } else {
        stage.write("locked", "a\n");
        permit(&stage.path("locked"), 0);
        assert_refused(stage, &["locked"], "cannot open input locked: ", Some(13));
    }
}

pub fn a_refused_input_leaves_an_existing_output_as_it_was(stage: &Stage) {
    stage.write("out", "precious\n");
    stage.write("good", "good\n");
    let ended = stage.run(["--output", "out", "good", "absent"]);
    stage.assert_failed(&ended, "cannot open input absent: ", Some(2));
    assert_eq!(stage.text("out"), "precious\n");
}

pub fn an_output_that_cannot_be_created_is_named_with_its_cause(stage: &Stage) {
    stage.write("a", "a\n");
    let ended = stage.run(["--output", "no/such/folder", "a"]);
    stage.assert_failed(&ended, "cannot write output no/such/folder: ", None);
    assert!(ended.stderr.contains("(os error "), "{ended:?}");
}

fn assert_same_file_refused(stage: &Stage, output: &str) {
    stage.write("a", "a\n");
    stage.write("b", "b\n");
    let ended = stage.run(["--output", output, "a", "b"]);
    stage.assert_failed(&ended, &format!("output {output} is the same file as input b\n"), None);
    assert_eq!(stage.text("b"), "b\n", "the input was touched");
}

pub fn an_input_is_refused_as_the_output(stage: &Stage) {
    assert_same_file_refused(stage, "b");
    assert_same_file_refused(stage, "./b");
}

pub fn an_input_is_refused_as_the_output_through_a_hard_link(stage: &Stage) {
    stage.write("b", "");
    fs::hard_link(stage.path("b"), stage.path("link")).unwrap();
    assert_same_file_refused(stage, "link");
}

#[cfg(unix)]
pub fn an_input_is_refused_as_the_output_through_a_symbolic_link(stage: &Stage) {
    std::os::unix::fs::symlink("b", stage.path("link")).unwrap();
    assert_same_file_refused(stage, "link");
}

#[cfg(unix)]
pub fn an_input_is_refused_as_standard_output(stage: &Stage) {
    stage.write("a", "a\n");
    let mut command = stage.command(["--output", "-", "a"]);
    command.stdout(OpenOptions::new().append(true).open(stage.path("a")).unwrap());
    let ended = stage.start_with_stdout(command).end();
    stage.assert_failed(&ended, "output (standard output) is the same file as input a\n", None);
    assert_eq!(stage.text("a"), "a\n", "the input was touched");
}

// -- Outputs that fail -----------------------------------------------------------------------------------------------

fn assert_closed_pipe_is_quiet(stage: &Stage, args: &[&str]) {
    stage.write_three_files();
    let mut command = stage.command(args);
    command.args(["--output", "-", "a", "b", "c"]).stdout(Stdio::piped());
    let mut running = stage.start_with_stdout(command);
    drop(running.first_byte());
    let ended = running.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

pub fn a_closed_pipe_ends_quietly(stage: &Stage) {
    assert_closed_pipe_is_quiet(stage, &["--no-follow"]);
}

pub fn a_closed_pipe_ends_a_program_that_follows(stage: &Stage) {
    assert_closed_pipe_is_quiet(stage, &[]);
}

#[cfg(target_os = "linux")]
pub fn a_full_output_ends_the_merge_with_its_cause(stage: &Stage) {
    stage.write_three_files();
    let ended = stage.run(["--no-follow", "--output", "/dev/full", "a", "b", "c"]);
    stage.assert_failed(&ended, "cannot write output /dev/full: ", Some(28));

    let mut command = stage.command(["--no-follow", "--output", "-", "a", "b", "c"]);
    command.stdout(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let ended = stage.start_with_stdout(command).end();
    stage.assert_failed(&ended, "cannot write output (standard output): ", Some(28));
}

#[cfg(target_os = "linux")]
pub fn a_full_output_ends_a_program_that_follows_idle_inputs(stage: &Stage) {
    stage.write("idle", "");
    stage.write("half", "a line that never ends");
    stage.write("a", "a\n");
    // An interval that no test waits for: the followers of the idle inputs must be woken.
    let ended = stage.run(["--interval", "1day", "--output", "/dev/full", "idle", "half", "a"]);
    stage.assert_failed(&ended, "cannot write output /dev/full: ", Some(28));
}

// -- Limits on open files --------------------------------------------------------------------------------------------

#[cfg(unix)]
fn write_many(stage: &Stage, count: usize) -> Vec<String> {
    let names: Vec<_> = (0..count).map(|number| format!("{number}.log")).collect();
    for name in &names {
        stage.write(name, format!("{name}\n"));
    }
    names
}

#[cfg(unix)]
pub fn more_inputs_than_the_soft_limit_are_merged(stage: &Stage) {
    let names = write_many(stage, 1500);
    let args = ["--no-follow", "--output", "out"].into_iter().chain(names.iter().map(String::as_str));
    let ended = stage.start(stage.command_after("ulimit -Sn 256;", args)).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    stage.assert_summary(&ended.stderr, "1,500 lines", "1,500 inputs");
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    assert_merged(stage, &stage.read("out"), &names);
}

#[cfg(unix)]
pub fn more_inputs_than_the_hard_limit_are_refused_with_both_numbers(stage: &Stage) {
    let names = write_many(stage, 100);
    let args = ["--no-follow", "--output", "out"].into_iter().chain(names.iter().map(String::as_str));
    let ended = stage.start(stage.command_after("ulimit -n 64;", args)).end();
    stage.assert_failed(&ended, "cannot open input ", Some(24));
    let both = ": the hard limit is 64 open files, too few for 100 inputs\n";
    assert!(ended.stderr.ends_with(both), "{ended:?}");
    assert!(!stage.path("out").exists(), "the output was touched");
}

/// Past the inputs a program opens its output, its runtime, its signal handler. Wherever the limit falls among them,
/// it must not end half way.
#[cfg(unix)]
pub fn a_hard_limit_that_is_just_too_low_is_met_before_the_output_is_touched(stage: &Stage) {
    let names = write_many(stage, 20);
    let mut merged = 0;
    for limit in 20..80 {
        stage.write("out", "precious\n");
        let args = ["--no-follow", "--output", "out"].into_iter().chain(names.iter().map(String::as_str));
        let ended = stage.start(stage.command_after(&format!("ulimit -n {limit};"), args)).end();
        if ended.code == Some(0) {
            stage.assert_summary(&ended.stderr, "20 lines", "20 inputs");
            merged += 1;
        } else {
            let cause = format!("the hard limit is {limit} open files, too few for 20 inputs\n");
            assert!(ended.stderr.ends_with(&cause), "limit {limit}: {ended:?}");
            stage.assert_failed(&ended, "cannot open input ", Some(24));
            assert_eq!(stage.text("out"), "precious\n", "limit {limit}: the output was touched");
        }
    }
    assert!((1..60).contains(&merged), "the limits tried must lie on both sides of what is needed, not {merged}");
}

#[cfg(test)]
mod tests {
    /// A case that is not in the list of [`cli_suite!`] would never run, and nothing else would tell.
    #[test]
    fn every_case_is_in_the_list() {
        let (list, cases) = include_str!("cli_suite.rs").split_once("pub struct Stage").unwrap();
        let cases = cases.lines().filter_map(|line| line.strip_prefix("pub fn ")?.strip_suffix("(stage: &Stage) {"));
        let mut count = 0;
        for case in cases {
            assert!(list.contains(&format!(" {case},\n")), "{case} is not in the list");
            count += 1;
        }
        assert!(count > 30, "only {count} cases were found");
    }
}
