//! The real programs when the world goes wrong: killed, stopped or cut off under load, on a full disk, on files that
//! fail or are rotated. One list of cases, which every stage runs.
//!
//! `merge_cli::fault_suite!(env!("CARGO_BIN_EXE_stage2"));` makes every case a named `#[test]`, each in a scratch
//! folder of its own and under a deadline. What a machine does not permit is skipped, and said so.
//!
//! The only pauses are the writers' own pace. A case waits for what it needs to see, never for time to pass.

// It is test code: what cannot be set up fails the test.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use equivalence::{Source, confirm, confirm_beginnings};

use crate::testing::{Ended, Running, Stage};

/// Makes every case a `#[test]` for the program at this path.
#[macro_export]
macro_rules! fault_suite {
    ($program:expr) => {
        $crate::cases! { fault_suite, $program;
            killed_in_the_middle_it_leaves_whole_lines_in_order_but_for_a_last_one_cut_short,
            sigterm_under_load_loses_nothing_that_was_written_before,
            sigint_under_load_loses_nothing_that_was_written_before,
            head_under_load_ends_it_quietly,
            an_output_that_reaches_the_file_size_limit_ends_it_with_the_cause_and_whole_lines,
            a_hundred_rotations_under_load_neither_lose_nor_repeat_a_line,
            twenty_truncations_under_load_neither_lose_nor_repeat_a_line,
            an_input_that_loses_its_permissions_is_followed_until_it_is_replaced,
            an_input_in_a_folder_that_may_not_be_entered_any_more_is_named_with_the_cause,
            #[cfg(target_os = "linux")] a_full_disk_ends_it_with_the_cause_and_whole_lines,
            #[cfg(target_os = "linux")] an_input_that_cannot_be_read_is_named_and_all_others_are_merged,
            #[cfg(target_os = "linux")] an_input_that_can_no_longer_be_read_is_named_and_all_others_are_merged,
            #[cfg(target_os = "linux")] five_thousand_inputs_are_followed_under_a_soft_limit_of_1024_files,
        }
    };
}

/// How hard writers write.
#[derive(Clone, Copy)]
struct Pace {
    /// How many lines go out in one piece, before a pause of a millisecond.
    burst: usize,
    /// How much a line may hold beside its log's name and its number, in bytes.
    longest: usize,
}

/// A steady trickle, so that a case may last.
const BUSY: Pace = Pace { burst: 4, longest: 80 };
/// Up to 25 MB/s per log, so that whatever happens is likely to happen in the middle of a write.
const HEAVY: Pace = Pace { burst: 8, longest: 6000 };
/// How many bursts a writer writes before it may be stopped, so that no log is as good as empty.
const AT_LEAST: usize = 20;
/// How much a writer writes before it slows down, in bytes: a program that hangs must not fill the disk,
/// nor a slow one keep it busy.
const ROOM: usize = 16 * 1024 * 1024;
/// The logs that are written to under load.
const LOADED: [&str; 3] = ["a", "b", "c"];
const MIB: u64 = 1024 * 1024;

/// Writers that go on until they are told to stop, each with a log of its own.
struct Load {
    stop: Arc<AtomicBool>,
    writers: Vec<JoinHandle<()>>,
}

impl Load {
    /// Creates the logs [`LOADED`] and begins to write to them.
    fn start(stage: &Stage, pace: Pace) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let writers = LOADED.map(|log| {
            let (mut file, stop) = (File::create(stage.path(log)).unwrap(), stop.clone());
            thread::spawn(move || {
                let mut lines = String::new();
                let mut room = ROOM;
                for number in 0.. {
                    writeln!(lines, "{log} {number} {:.<1$}", "", number * 37 % pace.longest).unwrap();
                    if number % pace.burst == 0 {
                        file.write_all(lines.as_bytes()).unwrap();
                        if number >= AT_LEAST * pace.burst && stop.load(Ordering::Relaxed) {
                            break;
                        }
                        room = room.saturating_sub(lines.len());
                        thread::sleep(Duration::from_millis(if room > 0 { 1 } else { 100 }));
                        lines.clear();
                    }
                }
            })
        });
        Self { stop, writers: writers.into() }
    }

    /// Waits for the writers to stop. What they have written is in their logs.
    fn stop(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for writer in self.writers.drain(..) {
            writer.join().unwrap();
        }
    }
}

impl Drop for Load {
    /// A case that fails leaves nobody behind who writes.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// What is in the logs of the load.
fn loaded(stage: &Stage) -> Vec<Source> {
    LOADED.map(|log| source(log, stage.read(log))).into()
}

fn source(log: &str, bytes: impl Into<Vec<u8>>) -> Source {
    Source { name: log.into(), bytes: bytes.into() }
}

/// Follows the logs of the load, and others.
fn start<'a>(stage: &'a Stage, interval: &str, others: &[&str]) -> Running<'a> {
    stage.start(stage.command(["--interval", interval, "--output", "out"].iter().chain(&LOADED).chain(others)))
}

fn wait_for_bytes(running: &mut Running, output: &str, bytes: u64) {
    let there = |stage: &Stage| fs::metadata(stage.path(output)).is_ok_and(|file| file.len() >= bytes);
    running.wait_for(&format!("{bytes} bytes in {output}"), there);
}

/// It ended with exit code 0, and the output is a merge of just this.
fn assert_all_merged(stage: &Stage, ended: &Ended, sources: &[Source]) {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_output_is(stage, sources);
}

fn assert_output_is(stage: &Stage, sources: &[Source]) {
    if let Err(violation) = confirm(sources, &stage.read("out")) {
        panic!("{violation}");
    }
}

/// The output is a merge of the first lines of each log. Returns what stands after its last newline, as
/// [`confirm_beginnings`] does.
fn assert_output_begins(stage: &Stage, sources: &[Source]) -> Vec<u8> {
    match confirm_beginnings(sources, &stage.read("out")) {
        Ok(cut) => cut.into(),
        Err(violation) => panic!("{violation}"),
    }
}

/// For what this machine does not permit.
fn skip(reason: &str) {
    println!("skipped: {reason}");
}

// -- Ended from outside ----------------------------------------------------------------------------------------------

/// Linux stops a write between two pages for a signal that kills, so it may cut the last line, now and then. How many
/// bytes were left of one is printed; see `docs/src/contract.md`.
pub fn killed_in_the_middle_it_leaves_whole_lines_in_order_but_for_a_last_one_cut_short(stage: &Stage) {
    for mib in 1..=5 {
        let load = Load::start(stage, HEAVY);
        stage.write("out", "");
        let mut running = start(stage, "1ms", &[]);
        wait_for_bytes(&mut running, "out", mib * MIB);
        running.signal("KILL");
        let ended = running.end();
        load.stop();
        assert_eq!((ended.code, ended.stderr.as_str()), (None, ""));
        let cut = assert_output_begins(stage, &loaded(stage));
        println!("{} bytes of a line that was cut short", cut.len());
    }
}

fn assert_nothing_lost_at(stage: &Stage, signal: &str) {
    let load = Load::start(stage, HEAVY);
    stage.write("idle", "idle, and with no end");
    // Long enough that at the signal there is something that has not been merged yet.
    let mut running = start(stage, "500ms", &["idle"]);
    wait_for_bytes(&mut running, "out", MIB);
    load.stop();
    running.signal(signal);
    let ended = running.end();
    let mut sources = loaded(stage);
    sources.push(source("idle", stage.read("idle")));
    assert_all_merged(stage, &ended, &sources);
    assert!(ended.stderr.contains(" from 4 inputs in "), "no summary in {ended:?}");
}

pub fn sigterm_under_load_loses_nothing_that_was_written_before(stage: &Stage) {
    assert_nothing_lost_at(stage, "TERM");
}

pub fn sigint_under_load_loses_nothing_that_was_written_before(stage: &Stage) {
    assert_nothing_lost_at(stage, "INT");
}

pub fn head_under_load_ends_it_quietly(stage: &Stage) {
    let load = Load::start(stage, HEAVY);
    stage.write("idle", "");
    let mut command = stage.command(["--interval", "20ms", "--output", "-", "idle"]);
    command.args(LOADED).stdout(Stdio::piped());
    let mut running = stage.start_with_stdout(command);
    // In one expression: what is left of a command holds its end of the pipe open.
    let mut head = Command::new("head")
        .args(["-n", "100"])
        .stdin(running.child.stdout.take().unwrap())
        .stdout(File::create(stage.path("out")).unwrap())
        .spawn()
        .unwrap();

    let ended = running.end();
    // Whatever it was reading has ended.
    assert!(head.wait().unwrap().success());
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    load.stop();
    let cut = assert_output_begins(stage, &loaded(stage));
    assert_eq!((stage.text("out").lines().count(), cut.as_slice()), (100, b"".as_slice()));
}

// -- Outputs that fill up --------------------------------------------------------------------------------------------

/// It failed with this cause, and what it had merged by then is whole lines.
fn assert_ended_by_output(stage: &Stage, ended: &Ended, output: &str, os_error: i32) {
    stage.assert_failed(ended, &format!("cannot write output {output}: "), Some(os_error));
    assert!(stage.read("out").len() > 200_000, "there was room for more than that");
    let cut = assert_output_begins(stage, &loaded(stage));
    assert!(cut.is_empty(), "the output ends with half a line of {} bytes", cut.len());
}

pub fn an_output_that_reaches_the_file_size_limit_ends_it_with_the_cause_and_whole_lines(stage: &Stage) {
    const EFBIG: i32 = 27;
    let load = Load::start(stage, HEAVY);
    stage.write("idle", "");
    // In units of 512 or 1024 bytes, as the shell likes. The signal for it would kill: without, the write fails.
    let limit = "trap '' XFSZ; ulimit -f 513;";
    let args = ["--interval", "20ms", "--output", "out", "idle"];
    let ended = stage.start(stage.command_after(limit, args.iter().chain(&LOADED))).end();
    load.stop();
    assert_ended_by_output(stage, &ended, "out", EFBIG);
}

/// A program under a file system of its own, 300 KiB in size, which goes when the program has ended.
#[cfg(target_os = "linux")]
fn on_a_small_disk(stage: &Stage, script: &str) -> Command {
    let mut command = Command::new("unshare");
    // In a process namespace of its own, nothing that it starts outlives it.
    command.args(["--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c"]);
    command.arg(format!("mount -t tmpfs -o size=300k small disk && {{ {script}; }}")).current_dir(stage.path(""));
    command
}

#[cfg(target_os = "linux")]
pub fn a_full_disk_ends_it_with_the_cause_and_whole_lines(stage: &Stage) {
    const ENOSPC: i32 = 28;
    fs::create_dir(stage.path("disk")).unwrap();
    match on_a_small_disk(stage, "exit 7").output() {
        Ok(tried) if tried.status.code() == Some(7) => {}
        tried => return skip(&format!("nothing may be mounted here: {tried:?}")),
    }
    let load = Load::start(stage, HEAVY);
    stage.write("idle", "");
    let script = "\"$0\" \"$@\"; code=$?; cp disk/out out; exit $code";
    let mut command = on_a_small_disk(stage, script);
    command.arg(&stage.program).args(["--interval", "20ms", "--output", "disk/out", "idle"]).args(LOADED);
    let ended = stage.start(command).end();
    load.stop();
    assert_ended_by_output(stage, &ended, "disk/out", ENOSPC);
}

// -- Inputs that fail ------------------------------------------------------------------------------------------------

/// A regular file with a length, and every read of it fails with `EINVAL`: the speed of a network that has none.
#[cfg(target_os = "linux")]
const UNREADABLE: &str = "/sys/class/net/lo/speed";
#[cfg(target_os = "linux")]
const EINVAL: i32 = 22;

#[cfg(target_os = "linux")]
fn has_unreadable() -> bool {
    let there = fs::metadata(UNREADABLE).is_ok_and(|file| file.is_file() && file.len() > 0);
    let fails = there && fs::read(UNREADABLE).is_err_and(|error| error.raw_os_error() == Some(EINVAL));
    if !fails {
        skip(&format!("{UNREADABLE} is no file whose reads fail"));
    }
    fails
}

#[cfg(target_os = "linux")]
pub fn an_input_that_cannot_be_read_is_named_and_all_others_are_merged(stage: &Stage) {
    if has_unreadable() {
        Load::start(stage, HEAVY).stop();
        let ended = start(stage, "1day", &[UNREADABLE]).end();
        stage.assert_failed(&ended, &format!("cannot read input {UNREADABLE}: "), Some(EINVAL));
        assert_output_is(stage, &loaded(stage));
    }
}

#[cfg(target_os = "linux")]
pub fn an_input_that_can_no_longer_be_read_is_named_and_all_others_are_merged(stage: &Stage) {
    if !has_unreadable() {
        return;
    }
    let load = Load::start(stage, HEAVY);
    stage.write("log", "log 1\n");
    std::os::unix::fs::symlink(UNREADABLE, stage.path("next")).unwrap();
    let mut running = start(stage, "50ms", &["log"]);
    wait_for_bytes(&mut running, "out", MIB);
    stage.append("log", "log 2\n");
    load.stop();
    fs::rename(stage.path("next"), stage.path("log")).unwrap();
    let ended = running.end();
    let mut sources = loaded(stage);
    stage.assert_failed(&ended, "cannot read input log: ", Some(EINVAL));
    // Of the failed input as well, whatever came before the failure.
    sources.push(source("log", "log 1\nlog 2\n"));
    assert_output_is(stage, &sources);
}

const EACCES: i32 = 13;

pub fn an_input_that_loses_its_permissions_is_followed_until_it_is_replaced(stage: &Stage) {
    let stage = stage.bound_by_permissions();
    let load = Load::start(&stage, BUSY);
    let mut log = File::create(stage.path("log")).unwrap();
    log.write_all(b"log 1\n").unwrap();
    stage.write("next", "log, that nobody may read\n");
    stage.permit("next", 0);
    let mut running = start(&stage, "50ms", &["log"]);
    let mut out = Growing::open(&mut running);
    running.wait_for("the first line", |_| out.shows("log 1\n"));

    // It is open already: what has been granted stays.
    stage.permit("log", 0);
    log.write_all(b"log 2\n").unwrap();
    running.wait_for("a line of a file that may not be read any more", |_| out.shows("log 2\n"));
    // What takes its place has to be opened.
    log.write_all(b"log 3\n").unwrap();
    load.stop();
    fs::rename(stage.path("next"), stage.path("log")).unwrap();
    let ended = running.end();
    let mut sources = loaded(&stage);
    stage.assert_failed(&ended, "cannot open input log: ", Some(EACCES));
    sources.push(source("log", "log 1\nlog 2\nlog 3\n"));
    assert_output_is(&stage, &sources);
}

pub fn an_input_in_a_folder_that_may_not_be_entered_any_more_is_named_with_the_cause(stage: &Stage) {
    let stage = stage.bound_by_permissions();
    let load = Load::start(&stage, BUSY);
    fs::create_dir(stage.path("logs")).unwrap();
    stage.write("logs/log", "log 1\n");
    let mut running = start(&stage, "50ms", &["logs/log"]);
    let mut out = Growing::open(&mut running);
    running.wait_for("the first line", |_| out.shows("log 1\n"));
    load.stop();
    stage.permit("logs", 0o600);
    let ended = running.end();
    let mut sources = loaded(&stage);
    stage.permit("logs", 0o700);
    stage.assert_failed(&ended, "cannot read input logs/log: ", Some(EACCES));
    sources.push(source("log", "log 1\n"));
    assert_output_is(&stage, &sources);
}

// -- Rotations -------------------------------------------------------------------------------------------------------

/// The output of a program that runs, read as it grows.
struct Growing {
    file: File,
    unseen: String,
}

impl Growing {
    fn open(running: &mut Running) -> Self {
        running.wait_for("the output", |stage| stage.path("out").exists());
        Self { file: File::open(running.stage.path("out")).unwrap(), unseen: String::new() }
    }

    /// Whether `line` has come, behind the one that was last seen.
    fn shows(&mut self, line: &str) -> bool {
        self.file.read_to_string(&mut self.unseen).unwrap();
        let Some((_, unseen)) = self.unseen.split_once(line) else { return false };
        self.unseen = unseen.to_owned();
        true
    }
}

const SHORT: Duration = Duration::from_millis(5);

/// A log that is rotated by whoever writes it.
struct Rotated {
    file: File,
    /// All that it was ever given.
    written: String,
    lines: usize,
}

impl Rotated {
    fn new(stage: &Stage) -> Self {
        Self { file: File::create(stage.path("log")).unwrap(), written: String::new(), lines: 0 }
    }

    /// Writes a line, and returns it.
    fn log(&mut self, text: &str) -> String {
        self.lines += 1;
        let line = format!("log {} {text}\n", self.lines);
        self.file.write_all(line.as_bytes()).unwrap();
        self.written += &line;
        line
    }

    /// Writes a line to a file that is new, and when it is in the output goes on writing until three intervals have
    /// passed: what polling needs, to see one rotation after the other. Not before: a file that was cut off and has
    /// grown past the point where it was read looks as if nothing had happened.
    fn settle(&mut self, running: &mut Running, out: &mut Growing) {
        let (first, since) = (self.log("first"), Instant::now());
        running.wait_for("the first line of the new file", |_| out.shows(&first));
        running.wait_for("three intervals", |_| {
            self.log("more");
            since.elapsed() >= 3 * SHORT
        });
    }
}

/// Rotates a log in this way, while others are busy.
fn assert_rotations(stage: &Stage, rotations: usize, rotate: impl Fn(&mut Rotated, usize, &mut Running, &mut Growing)) {
    let load = Load::start(stage, BUSY);
    let mut log = Rotated::new(stage);
    let mut running = start(stage, "5ms", &["log"]);
    let mut out = Growing::open(&mut running);
    for rotation in 0..rotations {
        log.settle(&mut running, &mut out);
        rotate(&mut log, rotation, &mut running, &mut out);
    }
    log.settle(&mut running, &mut out);
    load.stop();
    running.signal("TERM");
    let ended = running.end();
    let mut sources = loaded(stage);
    sources.push(source("log", log.written));
    assert_all_merged(stage, &ended, &sources);
}

pub fn a_hundred_rotations_under_load_neither_lose_nor_repeat_a_line(stage: &Stage) {
    assert_rotations(stage, 100, |log, rotation, _, _| {
        // Nobody waits for these: the old file is read to its end all the same.
        for _ in 0..20 {
            log.log("and then it is renamed");
        }
        fs::rename(stage.path("log"), stage.path(format!("log.{rotation}"))).unwrap();
        log.file = File::create(stage.path("log")).unwrap();
    });
}

pub fn twenty_truncations_under_load_neither_lose_nor_repeat_a_line(stage: &Stage) {
    assert_rotations(stage, 20, |log, _, running, out| {
        for _ in 0..20 {
            log.log("and then it is cut off");
        }
        // What has not been read by then is gone: a rotation of this kind cannot be safe in any other way.
        let last = log.log("last");
        running.wait_for("the last line before the cut", |_| out.shows(&last));
        log.file = OpenOptions::new().append(true).open(stage.path("log")).unwrap();
        log.file.set_len(0).unwrap();
    });
}

// -- Many inputs -----------------------------------------------------------------------------------------------------

#[cfg(target_os = "linux")]
pub fn five_thousand_inputs_are_followed_under_a_soft_limit_of_1024_files(stage: &Stage) {
    use rlimit::Resource;

    const INPUTS: usize = 5000;
    for (limit, what) in [(Resource::NOFILE, "open files"), (Resource::NPROC, "threads")] {
        let hard = limit.get_hard().unwrap();
        if hard < INPUTS as u64 + 100 {
            return skip(&format!("the hard limit is {hard} {what}"));
        }
    }
    let mut sources: Vec<_> = (0..INPUTS).map(|number| source(&format!("{number}.log"), "")).collect();
    for source in &sources {
        stage.write(&source.name, "");
    }
    let log = |source: &mut Source, text: &str| {
        let line = format!("{} {text}\n", source.name);
        stage.append(&source.name, &line);
        source.bytes.extend(line.bytes());
    };
    let args =
        ["--interval", "500ms", "--output", "out"].into_iter().chain(sources.iter().map(|log| log.name.as_str()));
    let mut running = stage.start(stage.command_after("ulimit -Sn 1024;", args));
    running.wait_for("the output", |stage| stage.path("out").exists());
    for source in &mut sources {
        log(source, "while it is followed");
    }
    running.wait_for_lines("out", INPUTS);
    for source in sources.iter_mut().step_by(10) {
        log(source, "just before the end");
    }
    running.signal("TERM");
    let ended = running.end();
    assert_all_merged(stage, &ended, &sources);
    stage.assert_summary(&ended.stderr, "5,500 lines", "5,000 inputs");
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_case_is_in_the_list() {
        crate::testing::assert_every_case_is_listed(include_str!("fault_suite.rs"), 13);
    }
}
