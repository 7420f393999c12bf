//! The program when something goes wrong: it is killed, stopped or cut off under load, its disk is full, its logs fail
//! or are rotated.
//!
//! The only pauses are the writers' own pace. A case waits for what it needs to see, never for time to pass.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use equivalence::{Source, confirm_beginnings};

use super::program::{Ended, Running, Stage};

/// How hard writers write.
#[derive(Clone, Copy)]
struct Pace {
    /// How many lines are written at once, before a pause of a millisecond.
    burst: usize,
    /// The greatest length of a line, beside its log's name and its number, in bytes.
    longest: usize,
}

/// A steady trickle, for cases that last.
const BUSY: Pace = Pace { burst: 4, longest: 80 };
/// Up to 25 MB/s per log, so that faults are likely to come in the middle of a write.
const HEAVY: Pace = Pace { burst: 8, longest: 6000 };
/// How many bursts a writer writes before it can be stopped, so that no log is almost empty.
const AT_LEAST: usize = 20;
/// How much a writer writes before it slows down, in bytes: a program that hangs must not fill the disk, and a slow
/// one must be able to catch up.
const ROOM: usize = 16 * 1024 * 1024;
/// The logs that are written to under load.
const LOADED: [&str; 3] = ["a", "b", "c"];
const MIB: u64 = 1024 * 1024;
const EACCES: i32 = 13;
const EFBIG: i32 = 27;

/// Writers that go on until they are stopped, each with a log of its own.
struct Load {
    stop: Arc<AtomicBool>,
    writers: Vec<JoinHandle<()>>,
}

impl Load {
    /// Creates the logs [`LOADED`] and starts to write to them.
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

    /// Waits until the writers have stopped. All they have written is in their logs.
    fn stop(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.writers.drain(..).for_each(|writer| writer.join().unwrap());
    }
}

impl Drop for Load {
    /// Stops the writers of a case that has failed.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Follows the logs of the load, and others.
fn follow<'a>(stage: &'a Stage, interval: &str, others: &[&str]) -> Running<'a> {
    stage.start(stage.command(["--interval", interval, "--output", "out"].iter().chain(&LOADED).chain(others)))
}

fn wait_for_bytes(running: &mut Running, bytes: u64) {
    running.wait_for(&format!("{bytes} bytes in the output"), |stage| {
        fs::metadata(stage.path("out")).is_ok_and(|file| file.len() >= bytes)
    });
}

/// Fails unless the output is a merge of the logs of the load and of one more, which was given these lines.
fn assert_merged_with(stage: &Stage, lines: &str) {
    let mut sources = stage.sources(&LOADED);
    sources.push(Source { name: "the other log".into(), bytes: lines.into() });
    stage.assert_merged(&sources);
}

/// Fails unless the output is a merge of the first lines of each log of the load. Returns the bytes after its last
/// newline, as [`confirm_beginnings`] does.
fn assert_output_begins(stage: &Stage) -> Vec<u8> {
    let output = stage.read("out");
    confirm_beginnings(&stage.sources(&LOADED), &output).unwrap_or_else(|violation| panic!("{violation}")).into()
}

// -- Ended from outside ----------------------------------------------------------------------------------------------

/// Linux may stop a write between two pages when a signal kills, which cuts the last line. The case prints how many
/// bytes of such a line were left; see `docs/src/contract.md`.
#[test]
fn killed_in_the_middle_it_leaves_whole_lines_in_order_but_for_a_last_one_cut_short() {
    for mib in 1..=5 {
        let stage = Stage::new();
        let load = Load::start(&stage, HEAVY);
        let mut running = follow(&stage, "1ms", &[]);
        wait_for_bytes(&mut running, mib * MIB);
        running.signal("KILL");
        let ended = running.end();
        load.stop();
        ended.assert_said(None, "");
        println!("{} bytes of a line that was cut short", assert_output_begins(&stage).len());
    }
}

fn assert_nothing_lost_at(signal: &str) {
    let stage = Stage::new();
    let load = Load::start(&stage, HEAVY);
    stage.write("idle", "idle, and with no end");
    // Long enough that at the signal there is something that has not been merged yet.
    let mut running = follow(&stage, "500ms", &["idle"]);
    wait_for_bytes(&mut running, MIB);
    load.stop();
    running.signal(signal);
    let ended = running.end();
    ended.assert_succeeded();
    assert!(ended.stderr.contains(" from 4 inputs in "), "no summary in {ended:?}");
    assert_merged_with(&stage, "idle, and with no end");
}

#[test]
fn sigterm_under_load_loses_nothing_that_was_written_before() {
    assert_nothing_lost_at("TERM");
}

#[test]
fn sigint_under_load_loses_nothing_that_was_written_before() {
    assert_nothing_lost_at("INT");
}

#[test]
fn head_under_load_ends_it_quietly() {
    let stage = Stage::new();
    let load = Load::start(&stage, HEAVY);
    stage.write("idle", "");
    let mut command = stage.command(["--interval", "20ms", "--output", "-", "idle"]);
    command.args(LOADED).stdout(Stdio::piped());
    let mut running = stage.start_with_stdout(command);
    // In one expression: a command that still exists would hold its end of the pipe open.
    let mut head = Command::new("head")
        .args(["-n", "100"])
        .stdin(running.child.stdout.take().unwrap())
        .stdout(File::create(stage.path("out")).unwrap())
        .spawn()
        .unwrap();

    let ended = running.end();
    // The program that `head` was reading from has ended.
    assert!(head.wait().unwrap().success());
    ended.assert_said(Some(0), "");
    load.stop();
    let cut = assert_output_begins(&stage);
    assert_eq!((stage.text("out").lines().count(), cut.as_slice()), (100, b"".as_slice()));
}

// -- Outputs that fill up --------------------------------------------------------------------------------------------

/// Fails unless the program failed with this cause, and had merged whole lines until then.
fn assert_ended_by_output(stage: &Stage, ended: &Ended, output: &str, os_error: i32) {
    ended.assert_failed(&format!("cannot write output {output}: "), Some(os_error));
    assert!(stage.read("out").len() > 200_000, "there was room for more than that");
    let cut = assert_output_begins(stage);
    assert!(cut.is_empty(), "the output ends with half a line of {} bytes", cut.len());
}

#[test]
fn an_output_that_reaches_the_file_size_limit_ends_it_with_the_cause_and_whole_lines() {
    let stage = Stage::new();
    let load = Load::start(&stage, HEAVY);
    stage.write("idle", "");
    // A unit is 512 or 1024 bytes, depending on the shell. Without the signal, which would kill, the write fails.
    let limit = "trap '' XFSZ; ulimit -f 513;";
    let args = ["--interval", "20ms", "--output", "out", "idle"];
    let ended = stage.start(stage.command_after(limit, args.iter().chain(&LOADED))).end();
    load.stop();
    assert_ended_by_output(&stage, &ended, "out", EFBIG);
}

// -- Permissions -----------------------------------------------------------------------------------------------------

#[test]
fn an_input_that_loses_its_permissions_is_followed_until_it_is_replaced() {
    let stage = Stage::bound_by_permissions();
    let load = Load::start(&stage, BUSY);
    let mut log = File::create(stage.path("log")).unwrap();
    log.write_all(b"log 1\n").unwrap();
    stage.write("next", "log, that the program may not read\n");
    stage.permit("next", 0);
    let mut running = follow(&stage, "50ms", &["log"]);
    let mut out = Growing::open(&mut running);
    running.wait_for("the first line", |_| out.shows("log 1\n"));

    // The file is open already: a permission is checked only when a file is opened.
    stage.permit("log", 0);
    log.write_all(b"log 2\n").unwrap();
    running.wait_for("a line of a file that lost its permissions", |_| out.shows("log 2\n"));
    // The file that takes its place has to be opened.
    log.write_all(b"log 3\n").unwrap();
    load.stop();
    fs::rename(stage.path("next"), stage.path("log")).unwrap();
    running.end().assert_failed("cannot open input log: ", Some(EACCES));
    assert_merged_with(&stage, "log 1\nlog 2\nlog 3\n");
}

#[test]
fn an_input_in_a_folder_that_may_not_be_entered_any_more_is_named_with_the_cause() {
    let stage = Stage::bound_by_permissions();
    let load = Load::start(&stage, BUSY);
    fs::create_dir(stage.path("logs")).unwrap();
    stage.write("logs/log", "log 1\n");
    let mut running = follow(&stage, "50ms", &["logs/log"]);
    let mut out = Growing::open(&mut running);
    running.wait_for("the first line", |_| out.shows("log 1\n"));
    load.stop();
    stage.permit("logs", 0o600);
    let ended = running.end();
    stage.permit("logs", 0o700);
    ended.assert_failed("cannot read input logs/log: ", Some(EACCES));
    assert_merged_with(&stage, "log 1\n");
}

// -- Rotations -------------------------------------------------------------------------------------------------------

/// The output of a running program, read as it grows.
struct Growing {
    file: File,
    unseen: String,
}

impl Growing {
    fn open(running: &mut Running) -> Self {
        running.wait_for("the output", |stage| stage.path("out").exists());
        Self { file: File::open(running.stage.path("out")).unwrap(), unseen: String::new() }
    }

    /// Whether `line` has come, after the line that was last seen.
    fn shows(&mut self, line: &str) -> bool {
        self.file.read_to_string(&mut self.unseen).unwrap();
        let Some((_, unseen)) = self.unseen.split_once(line) else { return false };
        self.unseen = unseen.to_owned();
        true
    }
}

const SHORT: Duration = Duration::from_millis(5);

/// A log that its writer rotates.
struct Rotated {
    file: File,
    /// All lines that were ever written to it.
    written: String,
    lines: usize,
}

impl Rotated {
    /// Writes a line, and returns it.
    fn log(&mut self, text: &str) -> String {
        self.lines += 1;
        let line = format!("log {} {text}\n", self.lines);
        self.file.write_all(line.as_bytes()).unwrap();
        self.written += &line;
        line
    }

    /// Writes a line to a new file and waits until it is in the output. Then writes on until three intervals have
    /// passed, which polling needs to see one rotation after the other. Not earlier: a file that was truncated and has
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

/// Rotates a log in this way, while other logs are busy.
fn assert_rotations(rotations: usize, rotate: impl Fn(&Stage, &mut Rotated, usize, &mut Running, &mut Growing)) {
    let stage = Stage::new();
    let load = Load::start(&stage, BUSY);
    let file = File::create(stage.path("log")).unwrap();
    let mut log = Rotated { file, written: String::new(), lines: 0 };
    let mut running = follow(&stage, "5ms", &["log"]);
    let mut out = Growing::open(&mut running);
    for rotation in 0..rotations {
        log.settle(&mut running, &mut out);
        rotate(&stage, &mut log, rotation, &mut running, &mut out);
    }
    log.settle(&mut running, &mut out);
    load.stop();
    running.signal("TERM");
    running.end().assert_succeeded();
    assert_merged_with(&stage, &log.written);
}

#[test]
fn a_hundred_rotations_under_load_neither_lose_nor_repeat_a_line() {
    assert_rotations(100, |stage, log, rotation, _, _| {
        // The test does not wait for these: the old file is read to its end all the same.
        for _ in 0..20 {
            log.log("and then it is renamed");
        }
        fs::rename(stage.path("log"), stage.path(format!("log.{rotation}"))).unwrap();
        log.file = File::create(stage.path("log")).unwrap();
    });
}

#[test]
fn twenty_truncations_under_load_neither_lose_nor_repeat_a_line() {
    assert_rotations(20, |stage, log, _, running, out| {
        for _ in 0..20 {
            log.log("and then it is cut off");
        }
        // Lines that have not been read by then are lost: a rotation of this kind can be safe in no other way.
        let last = log.log("last");
        running.wait_for("the last line before the cut", |_| out.shows(&last));
        log.file = OpenOptions::new().append(true).open(stage.path("log")).unwrap();
        log.file.set_len(0).unwrap();
    });
}

#[cfg(target_os = "linux")]
mod linux {
    use super::super::program::skip;
    use super::*;

    const EINVAL: i32 = 22;
    const ENOSPC: i32 = 28;

    /// A command on a file system of its own, 300 KiB in size, which disappears when the command has ended.
    fn on_a_small_disk(stage: &Stage, script: &str) -> Command {
        let mut command = Command::new("unshare");
        // In a process namespace of its own, no process that it starts outlives it.
        command.args(["--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c"]);
        command.arg(format!("mount -t tmpfs -o size=300k small disk && {{ {script}; }}")).current_dir(stage.path(""));
        command
    }

    #[test]
    fn a_full_disk_ends_it_with_the_cause_and_whole_lines() {
        let stage = Stage::new();
        fs::create_dir(stage.path("disk")).unwrap();
        match on_a_small_disk(&stage, "exit 7").output() {
            Ok(tried) if tried.status.code() == Some(7) => {}
            tried => return skip(&format!("nothing may be mounted here: {tried:?}")),
        }
        let load = Load::start(&stage, HEAVY);
        stage.write("idle", "");
        let mut command = on_a_small_disk(&stage, "\"$0\" \"$@\"; code=$?; cp disk/out out; exit $code");
        command.arg(&stage.program).args(["--interval", "20ms", "--output", "disk/out", "idle"]).args(LOADED);
        let ended = stage.start(command).end();
        load.stop();
        assert_ended_by_output(&stage, &ended, "disk/out", ENOSPC);
    }

    /// A regular file with a length, and every read of it fails with `EINVAL`: the speed of a network without one.
    const UNREADABLE: &str = "/sys/class/net/lo/speed";

    fn has_unreadable() -> bool {
        let there = fs::metadata(UNREADABLE).is_ok_and(|file| file.is_file() && file.len() > 0);
        let fails = there && fs::read(UNREADABLE).is_err_and(|error| error.raw_os_error() == Some(EINVAL));
        if !fails {
            skip(&format!("{UNREADABLE} is no file whose reads fail"));
        }
        fails
    }

    #[test]
    fn an_input_that_cannot_be_read_is_named_and_all_others_are_merged() {
        if has_unreadable() {
            let stage = Stage::new();
            Load::start(&stage, HEAVY).stop();
            let ended = follow(&stage, "1day", &[UNREADABLE]).end();
            ended.assert_failed(&format!("cannot read input {UNREADABLE}: "), Some(EINVAL));
            stage.assert_merged(&stage.sources(&LOADED));
        }
    }

    #[test]
    fn an_input_that_can_no_longer_be_read_is_named_and_all_others_are_merged() {
        if !has_unreadable() {
            return;
        }
        let stage = Stage::new();
        let load = Load::start(&stage, HEAVY);
        stage.write("log", "log 1\n");
        std::os::unix::fs::symlink(UNREADABLE, stage.path("next")).unwrap();
        let mut running = follow(&stage, "50ms", &["log"]);
        wait_for_bytes(&mut running, MIB);
        stage.append("log", "log 2\n");
        load.stop();
        fs::rename(stage.path("next"), stage.path("log")).unwrap();
        running.end().assert_failed("cannot read input log: ", Some(EINVAL));
        // The lines of the failed input from before the failure are there as well.
        assert_merged_with(&stage, "log 1\nlog 2\n");
    }

    #[test]
    fn five_thousand_inputs_are_followed_under_a_soft_limit_of_1024_files() {
        use rlimit::Resource;

        const INPUTS: usize = 5000;
        for (limit, what) in [(Resource::NOFILE, "open files"), (Resource::NPROC, "threads")] {
            let hard = limit.get_hard().unwrap();
            if hard < INPUTS as u64 + 100 {
                return skip(&format!("the hard limit is {hard} {what}"));
            }
        }
        let stage = Stage::new();
        let names: Vec<_> = (0..INPUTS).map(|number| format!("{number}.log")).collect();
        for name in &names {
            stage.write(name, "");
        }
        let log = |name: &String, text: &str| stage.append(name, &format!("{name} {text}\n"));
        let args = ["--interval", "500ms", "--output", "out"].into_iter().chain(names.iter().map(String::as_str));
        let mut running = stage.start(stage.command_after("ulimit -Sn 1024;", args));
        running.wait_for("the output", |stage| stage.path("out").exists());
        for name in &names {
            log(name, "while it is followed");
        }
        running.wait_for_lines(INPUTS);
        for name in names.iter().step_by(10) {
            log(name, "just before the end");
        }
        running.signal("TERM");
        running.end().assert_summary("5,500 lines", "5,000 inputs");
        stage.assert_merged(&stage.sources(&names));
    }
}
