//! The program when something goes wrong: it is killed, stopped or cut off under load, its disk is full, its logs fail
//! or are rotated.
//!
//! The only pauses are the writers' own pace. A case waits for what it needs to see, never for time to pass.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use equivalence::{Source, confirm_beginnings};

use super::program::{Ended, Fixture, Running, has_sighup};

/// How hard writers write: how many lines at once, before a pause of a millisecond, and the greatest length of a line
/// in bytes, beside its log's name and its number.
type Pace = (usize, usize);
/// A steady trickle, for cases that last.
const BUSY: Pace = (4, 80);
/// Up to 25 MB/s per log, so that faults are likely to come in the middle of a write.
const HEAVY: Pace = (8, 6000);
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
    fn start(fixture: &Fixture, (burst, longest): Pace) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let writers = LOADED.map(|log| {
            let (mut file, stop) = (File::create(fixture.path(log)).unwrap(), stop.clone());
            thread::spawn(move || {
                let mut lines = String::new();
                let mut room = ROOM;
                for number in 0.. {
                    writeln!(lines, "{log} {number} {:.<1$}", "", number * 37 % longest).unwrap();
                    if number % burst == 0 {
                        file.write_all(lines.as_bytes()).unwrap();
                        if number >= AT_LEAST * burst && stop.load(Ordering::Relaxed) {
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
fn follow<'a>(fixture: &'a Fixture, interval: &str, others: &[&str]) -> Running<'a> {
    fixture.start(fixture.command(["--interval", interval, "--output", "out"].iter().chain(&LOADED).chain(others)))
}

fn wait_for_bytes(running: &mut Running, bytes: u64) {
    running.wait_for(&format!("{bytes} bytes in the output"), |fixture| {
        fs::metadata(fixture.path("out")).is_ok_and(|file| file.len() >= bytes)
    });
}

/// Fails unless the output is a merge of the logs of the load and of one more, which was given these lines.
fn assert_merged_with(fixture: &Fixture, lines: &str) {
    let mut sources = fixture.sources(&LOADED);
    sources.push(Source { name: "the other log".into(), bytes: lines.into() });
    fixture.assert_merged(&sources);
}

/// Fails unless the output is a merge of the first lines of each log of the load. Returns the bytes after its last
/// newline, as [`confirm_beginnings`] does.
fn assert_output_begins(fixture: &Fixture) -> Vec<u8> {
    let output = fixture.read("out");
    confirm_beginnings(&fixture.sources(&LOADED), &output).unwrap_or_else(|violation| panic!("{violation}")).into()
}

// -- Ended from outside ----------------------------------------------------------------------------------------------

/// Linux may stop a write between two pages when a signal kills, which cuts the last line. The case prints how many
/// bytes of such a line were left; see `docs/src/contract.md`.
#[test]
fn killed_in_the_middle_it_leaves_whole_lines_in_order_but_for_a_last_one_cut_short() {
    for mib in 1..=5 {
        let fixture = Fixture::new();
        let load = Load::start(&fixture, HEAVY);
        let mut running = follow(&fixture, "1ms", &[]);
        wait_for_bytes(&mut running, mib * MIB);
        running.signal("KILL");
        let ended = running.end();
        load.stop();
        ended.assert_said(None, "");
        println!("{} bytes of a line that was cut short", assert_output_begins(&fixture).len());
    }
}

fn assert_nothing_lost_at(signal: &str) {
    let fixture = Fixture::with(&[("idle", "idle, and with no end")]);
    let load = Load::start(&fixture, HEAVY);
    // Long enough that at the signal there is something that has not been merged yet.
    let mut running = follow(&fixture, "500ms", &["idle"]);
    wait_for_bytes(&mut running, MIB);
    load.stop();
    running.signal(signal);
    let ended = running.end();
    ended.assert_succeeded();
    assert!(ended.stderr.contains(" from 4 inputs in "), "no summary in {ended:?}");
    assert_merged_with(&fixture, "idle, and with no end");
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
fn sighup_under_load_loses_nothing_that_was_written_before() {
    if has_sighup() {
        assert_nothing_lost_at("HUP");
    }
}

#[test]
fn head_under_load_ends_it_quietly() {
    let fixture = Fixture::with(&[("idle", "")]);
    let load = Load::start(&fixture, HEAVY);
    let mut command = fixture.command(["--interval", "20ms", "--output", "-", "idle"]);
    command.args(LOADED).stdout(Stdio::piped());
    let mut running = fixture.start_with_stdout(command);
    // In one expression: a command that still exists would hold its end of the pipe open.
    let mut head = Command::new("head")
        .args(["-n", "100"])
        .stdin(running.child.stdout.take().unwrap())
        .stdout(File::create(fixture.path("out")).unwrap())
        .spawn()
        .unwrap();

    let ended = running.end();
    // The program that `head` was reading from has ended.
    assert!(head.wait().unwrap().success());
    ended.assert_said(Some(0), "");
    load.stop();
    let cut = assert_output_begins(&fixture);
    assert_eq!((fixture.text("out").lines().count(), cut.as_slice()), (100, b"".as_slice()));
}

// -- Outputs that fill up --------------------------------------------------------------------------------------------

/// Fails unless the program failed with this cause, and had merged whole lines until then.
fn assert_ended_by_output(fixture: &Fixture, ended: &Ended, output: &str, os_error: i32) {
    ended.assert_failed(&format!("cannot write output {output}: "), Some(os_error));
    assert!(fixture.read("out").len() > 200_000, "there was room for more than that");
    let cut = assert_output_begins(fixture);
    assert!(cut.is_empty(), "the output ends with half a line of {} bytes", cut.len());
}

#[test]
fn an_output_that_reaches_the_file_size_limit_ends_it_with_the_cause_and_whole_lines() {
    let fixture = Fixture::with(&[("idle", "")]);
    let load = Load::start(&fixture, HEAVY);
    // A unit is 512 or 1024 bytes, depending on the shell. Without the signal, which would kill, the write fails.
    let limit = "trap '' XFSZ; ulimit -f 513;";
    let args = ["--interval", "20ms", "--output", "out", "idle"];
    let ended = fixture.start(fixture.command_after(limit, args.iter().chain(&LOADED))).end();
    load.stop();
    assert_ended_by_output(&fixture, &ended, "out", EFBIG);
}

// -- Permissions -----------------------------------------------------------------------------------------------------

#[test]
fn an_input_that_loses_its_permissions_is_followed_until_it_is_replaced() {
    let fixture = Fixture::bound_by_permissions();
    let load = Load::start(&fixture, BUSY);
    let mut log = File::create(fixture.path("log")).unwrap();
    log.write_all(b"log 1\n").unwrap();
    fixture.write("next", "log, that the program may not read\n");
    fixture.permit("next", 0);
    let mut running = follow(&fixture, "50ms", &["log"]);
    running.wait_for_line("log 1\n");

    // The file is open already: a permission is checked only when a file is opened.
    fixture.permit("log", 0);
    log.write_all(b"log 2\n").unwrap();
    running.wait_for_line("log 2\n");
    // The file that takes its place must be opened.
    log.write_all(b"log 3\n").unwrap();
    load.stop();
    fs::rename(fixture.path("next"), fixture.path("log")).unwrap();
    running.end().assert_failed("cannot open input log: ", Some(EACCES));
    assert_merged_with(&fixture, "log 1\nlog 2\nlog 3\n");
}

#[test]
fn an_input_in_a_folder_that_may_not_be_entered_any_more_is_named_with_the_cause() {
    let fixture = Fixture::bound_by_permissions();
    let load = Load::start(&fixture, BUSY);
    fixture.write("logs/log", "log 1\n");
    let mut running = follow(&fixture, "50ms", &["logs/log"]);
    running.wait_for_line("log 1\n");
    load.stop();
    fixture.permit("logs", 0o600);
    let ended = running.end();
    fixture.permit("logs", 0o700);
    ended.assert_failed("cannot read input logs/log: ", Some(EACCES));
    assert_merged_with(&fixture, "log 1\n");
}

// -- Rotations -------------------------------------------------------------------------------------------------------

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
    fn settle(&mut self, running: &mut Running) {
        let (first, since) = (self.log("first"), Instant::now());
        running.wait_for_line(&first);
        running.wait_for("three intervals", |_| {
            self.log("more");
            since.elapsed() >= 3 * SHORT
        });
    }
}

/// Rotates a log in this way, while other logs are busy.
fn assert_rotations(rotations: usize, rotate: impl Fn(&Fixture, &mut Rotated, usize, &mut Running)) {
    let fixture = Fixture::new();
    let load = Load::start(&fixture, BUSY);
    let file = File::create(fixture.path("log")).unwrap();
    let mut log = Rotated { file, written: String::new(), lines: 0 };
    let mut running = follow(&fixture, "5ms", &["log"]);
    for rotation in 0..rotations {
        log.settle(&mut running);
        rotate(&fixture, &mut log, rotation, &mut running);
    }
    log.settle(&mut running);
    load.stop();
    running.signal("TERM");
    running.end().assert_succeeded();
    assert_merged_with(&fixture, &log.written);
}

#[test]
fn a_hundred_rotations_under_load_neither_lose_nor_repeat_a_line() {
    assert_rotations(100, |fixture, log, rotation, _| {
        // The test does not wait for these: the old file is read to its end all the same.
        for _ in 0..20 {
            log.log("and then it is renamed");
        }
        fs::rename(fixture.path("log"), fixture.path(format!("log.{rotation}"))).unwrap();
        log.file = File::create(fixture.path("log")).unwrap();
    });
}

#[test]
fn twenty_truncations_under_load_neither_lose_nor_repeat_a_line() {
    assert_rotations(20, |fixture, log, _, running| {
        for _ in 0..20 {
            log.log("and then it is cut off");
        }
        // Lines that have not been read by then are lost: a rotation of this kind can be safe in no other way.
        let last = log.log("last");
        running.wait_for_line(&last);
        log.file = OpenOptions::new().append(true).open(fixture.path("log")).unwrap();
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
    fn on_a_small_disk(fixture: &Fixture, script: &str) -> Command {
        let mut command = Command::new("unshare");
        // In a process namespace of its own, no process that it starts outlives it.
        command.args(["--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c"]);
        command.arg(format!("mount -t tmpfs -o size=300k small disk && {{ {script}; }}")).current_dir(fixture.path(""));
        command
    }

    #[test]
    fn a_full_disk_ends_it_with_the_cause_and_whole_lines() {
        let fixture = Fixture::with(&[("idle", "")]);
        fs::create_dir(fixture.path("disk")).unwrap();
        let tried = on_a_small_disk(&fixture, "exit 7").output();
        let may_mount = tried.as_ref().is_ok_and(|tried| tried.status.code() == Some(7));
        let load = Load::start(&fixture, HEAVY);
        if !may_mount {
            skip(&format!("nothing may be mounted here; the cause is tested on /dev/full: {tried:?}"));
            let args = ["--interval", "20ms", "--output", "/dev/full", "idle"];
            let ended = fixture.start(fixture.command(args.iter().chain(&LOADED))).end();
            load.stop();
            return ended.assert_failed("cannot write output /dev/full: ", Some(ENOSPC));
        }
        let mut command = on_a_small_disk(&fixture, "\"$0\" \"$@\"; code=$?; cp disk/out out; exit $code");
        command.arg(&fixture.program).args(["--interval", "20ms", "--output", "disk/out", "idle"]).args(LOADED);
        let ended = fixture.start(command).end();
        load.stop();
        assert_ended_by_output(&fixture, &ended, "disk/out", ENOSPC);
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
            let fixture = Fixture::new();
            Load::start(&fixture, HEAVY).stop();
            let ended = follow(&fixture, "1day", &[UNREADABLE]).end();
            ended.assert_failed(&format!("cannot read input {UNREADABLE}: "), Some(EINVAL));
            fixture.assert_merged(&fixture.sources(&LOADED));
        }
    }

    #[test]
    fn an_input_that_can_no_longer_be_read_is_named_and_all_others_are_merged() {
        if !has_unreadable() {
            return;
        }
        let fixture = Fixture::with(&[("log", "log 1\n")]);
        let load = Load::start(&fixture, HEAVY);
        std::os::unix::fs::symlink(UNREADABLE, fixture.path("next")).unwrap();
        let mut running = follow(&fixture, "50ms", &["log"]);
        wait_for_bytes(&mut running, MIB);
        fixture.append("log", "log 2\n");
        load.stop();
        fs::rename(fixture.path("next"), fixture.path("log")).unwrap();
        running.end().assert_failed("cannot read input log: ", Some(EINVAL));
        // The lines of the failed input from before the failure are there as well.
        assert_merged_with(&fixture, "log 1\nlog 2\n");
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
        let fixture = Fixture::new();
        let names: Vec<_> = (0..INPUTS).map(|number| format!("{number}.log")).collect();
        for name in &names {
            fixture.write(name, "");
        }
        let log = |name: &String, text: &str| fixture.append(name, &format!("{name} {text}\n"));
        let args = ["--interval", "500ms", "--output", "out"].into_iter().chain(names.iter().map(String::as_str));
        let mut running = fixture.start(fixture.command_after("ulimit -Sn 1024;", args));
        running.wait_for("the output", |fixture| fixture.path("out").exists());
        for name in &names {
            log(name, "while it is followed");
        }
        running.wait_for_lines(INPUTS);
        for name in names.iter().step_by(10) {
            log(name, "just before the end");
        }
        running.signal("TERM");
        running.end().assert_summary("5,500 lines", "5,000 inputs");
        fixture.assert_merged(&fixture.sources(&names));
    }
}
