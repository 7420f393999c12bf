//! How soon a line comes, and what it costs to wait for it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use memchr::memchr;
use merge_core::{Found, Input, Output};

use super::{Outcome, in_three_tries};
use crate::{EntryPoint, Fault, Fixture, Running, Settings, Violation};

/// Contract 7: followers with ten seconds to wait look once in ten seconds, also in the middle of a line.
pub fn idle_followers_keep_no_core_busy(merge: EntryPoint, settings: &Settings) -> Outcome {
    const INPUTS: usize = 300;

    let mut fixture = Fixture::new(INPUTS, settings);
    fixture.interval = Duration::from_secs(10);
    let mut length = 0;
    for input in 0..INPUTS {
        let line = format!("{input}\n");
        length += line.len();
        fixture.append(input, line + "half");
    }
    let run = fixture.start(merge);
    run.await_that("all lines", |merged| merged.len() >= length)?;
    run.await_idle()?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contract 6: no interval is too short or too long.
pub fn any_interval_will_do(merge: EntryPoint, settings: &Settings) -> Outcome {
    for interval in [Duration::ZERO, Duration::MAX] {
        let mut fixture = Fixture::new(2, settings);
        fixture.interval = interval;
        fixture.append(0, "0\n");
        let run = fixture.start(merge);
        run.await_merge(&fixture.sources())?;
        run.close_all();
        run.end_confirmed(&fixture.sources())?;
    }
    Ok(())
}

/// Contract 7: a file of sysfs has a length of 4,096 bytes, whatever is in it. A follower that takes the difference
/// for unread data reads again and again.
pub fn a_file_that_is_shorter_than_its_length_says_keeps_no_core_busy(
    merge: EntryPoint,
    settings: &Settings,
) -> Outcome {
    let path = Path::new("/sys/class/net/lo/mtu");
    if !path.exists() {
        return Ok(());
    }
    let fixture = Fixture::new(0, settings).with_an_hour();
    let inputs = vec![Input::open(path).expect("a file of sysfs can be opened")];
    let run = fixture.start_opened(merge, inputs, fixture.captured.output());
    run.await_output(&std::fs::read(path).expect("a file of sysfs can be read"))?;
    run.await_idle()?;
    run.close_all();
    run.await_end().map(|_| ())
}

/// Contract 7: a backlog of many chunks comes out at once, whatever the interval.
pub fn a_backlog_comes_out_without_waiting(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(2, settings).with_an_hour();
    fixture.append_backlog(0, 40 * 1024 * 1024);
    fixture.append_backlog(1, 4 * 1024 * 1024);
    let run = fixture.start(merge);
    run.await_merge(&fixture.sources())?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contract 7: lines come as soon as those of a plain follower that has the same interval, on the same machine at the
/// same time. First both are idle for a while.
pub fn a_line_comes_within_an_interval(merge: EntryPoint, settings: &Settings) -> Outcome {
    in_three_tries(|| lines_come_within_an_interval(merge, settings))
}

fn lines_come_within_an_interval(merge: EntryPoint, settings: &Settings) -> Outcome {
    const INTERVAL: Duration = Duration::from_millis(20);
    const ROUNDS: usize = 15;
    /// A stage may have bad luck, and a slow machine. Three times the plain follower's time is neither.
    const ALLOWED: u32 = 3;

    let mut fixture = Fixture::new(3, settings);
    fixture.interval = INTERVAL;
    let plain = Plain::start(settings, INTERVAL);
    let run = fixture.start(merge);
    let mut expected = Vec::new();
    let (mut took, mut plain_took) = (Duration::ZERO, Duration::ZERO);
    // Long enough for a back-off to show. It is not waited for anything here.
    thread::sleep(40 * INTERVAL);
    for round in 0..ROUNDS {
        let line = format!("{round}\n");
        // At another moment of the interval each time.
        thread::sleep(INTERVAL * u32::try_from(round).unwrap_or(0) / 15);
        let start = Instant::now();
        fixture.append(round % 3, &line);
        expected.extend(line.as_bytes());
        run.await_output(&expected)?;
        took += start.elapsed();
        plain_took += plain.round()?;
    }
    run.close_all();
    run.end_confirmed(&fixture.sources())?;
    if took > ALLOWED * plain_took + 5 * INTERVAL {
        let what = format!("{ROUNDS} lines took {took:?}, and those of a plain follower {plain_took:?}");
        return Err(Violation::Late { what });
    }
    Ok(())
}

/// Contracts 4 and 6: a run with nothing left to merge ends at once: when it is closed, when an input fails, when the
/// output fails. "At once" is less time than fifty lines of a plain follower take, on the same machine at the same time.
pub fn a_run_with_nothing_left_to_merge_ends_at_once(merge: EntryPoint, settings: &Settings) -> Outcome {
    let ends: [(&str, End); 3] = [
        ("it was closed", |_, run| run.close_all()),
        ("an input failed", |fixture, _| super::failures::fail_input(fixture, 1)),
        ("the output failed", |fixture, _| {
            fixture.captured.fail_after(0, Fault::Full);
            super::append(&fixture.paths[1], b"2\n");
        }),
    ];
    for (what, end) in ends {
        in_three_tries(|| ends_at_once(merge, settings, what, end))?;
    }
    Ok(())
}

/// What ends a run.
type End = fn(&Fixture, &Running);

fn ends_at_once(merge: EntryPoint, settings: &Settings, what: &str, end: End) -> Outcome {
    const INTERVAL: Duration = Duration::from_millis(5);
    const ALLOWED: u32 = 50;

    let mut fixture = Fixture::new(3, settings);
    for input in 0..3 {
        fixture.append(input, "1\n");
    }
    let plain = Plain::start(settings, INTERVAL);
    let run = fixture.start(merge);
    run.await_merge(&fixture.sources())?;
    end(&fixture, &run);
    let mut lines = 0;
    while !run.has_ended() {
        plain.round()?;
        lines += 1;
        if lines > ALLOWED {
            let what = format!("{what}, and the run went on for {lines} lines of a plain follower");
            return Err(Violation::Late { what });
        }
    }
    Ok(())
}

/// The simplest follower: a thread, one log, an output. It waits for an interval after each look, also after one that
/// found lines, so that no line comes sooner than an interval after the last.
struct Plain {
    fixture: Fixture,
    input: std::cell::RefCell<usize>,
    run: Running,
}

impl Plain {
    fn start(settings: &Settings, interval: Duration) -> Self {
        let mut fixture = Fixture::new(1, settings);
        fixture.interval = interval;
        let run = fixture.start(|mut inputs: Vec<Input>, interval, mut output: Output| {
            let mut input = inputs.remove(0);
            loop {
                match input.read_lines()? {
                    Found::Lines(chunk) => output.write(&chunk)?,
                    Found::NoNewData => {}
                    Found::End => return Ok(merge_core::Summary { inputs: 1, lines: 0, bytes: 0 }),
                }
                input.wait_closed(interval);
            }
        });
        Self { fixture, input: 0.into(), run }
    }

    /// How long one line takes.
    fn round(&self) -> Result<Duration, Violation> {
        let start = Instant::now();
        let mut rounds = self.input.borrow_mut();
        super::append(&self.fixture.paths[0], b"line\n");
        *rounds += 1;
        self.run.await_output(&b"line\n".repeat(*rounds))?;
        Ok(start.elapsed())
    }
}

/// Contract 7: one input has more to say after each write, without an end. The other ones are served all the same.
pub fn a_quiet_input_is_served_beside_an_endless_one(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(3, settings);
    let stop = Arc::new(AtomicBool::new(false));
    let more = {
        let (path, stop) = (fixture.paths[0].clone(), Arc::clone(&stop));
        move || {
            if !stop.load(Ordering::Relaxed) {
                super::append(&path, b"endless\n");
            }
        }
    };
    more();
    fixture.captured.after_each_write(more);
    let run = fixture.start(merge);
    for round in 0..20 {
        for input in [1, 2] {
            let line = format!("{input}-{round}\n");
            fixture.append(input, &line);
            run.await_that("the line of a quiet input", |merged| {
                merged.windows(line.len()).any(|part| part == line.as_bytes())
            })?;
        }
    }
    stop.store(true, Ordering::Relaxed);
    run.close_all();
    run.await_end().map(|_| ())
}

/// Contract 7: eight inputs get a line after each write, and the output is slower than they are. A quiet input waits for
/// as many chunks as are on their way, not for many times as many.
pub fn a_quiet_input_has_its_turn_beside_busy_ones(merge: EntryPoint, settings: &Settings) -> Outcome {
    in_three_tries(|| has_its_turn_beside_busy_ones(merge, settings))
}

fn has_its_turn_beside_busy_ones(merge: EntryPoint, settings: &Settings) -> Outcome {
    const BUSY: usize = 8;
    /// Eight followers hold a chunk each, and a queue may hold some. On a busy machine the quiet one has its turn later.
    const ALLOWED: u64 = 1000;

    let fixture = Fixture::new(BUSY + 1, settings);
    let stop = Arc::new(AtomicBool::new(false));
    let more = {
        let (busy, stop) = (fixture.paths[..BUSY].to_vec(), Arc::clone(&stop));
        move || {
            if !stop.load(Ordering::Relaxed) {
                for path in &busy {
                    super::append(path, b"busy\n");
                }
                thread::sleep(Duration::from_millis(1));
            }
        }
    };
    more();
    fixture.captured.after_each_write(more);
    let run = fixture.start(merge);
    run.await_that("the busy inputs", |merged| merged.len() > 1000)?;
    let before = fixture.captured.writes();
    super::append(&fixture.paths[BUSY], b"quiet\n");
    run.await_that("the line of the quiet input", |merged| merged.windows(6).any(|part| part == b"quiet\n"))?;
    let waited = fixture.captured.writes() - before;
    stop.store(true, Ordering::Relaxed);
    run.close_all();
    run.await_end()?;
    if waited > ALLOWED {
        return Err(Violation::Late { what: format!("a quiet input waited for {waited} chunks of others") });
    }
    Ok(())
}

/// Contract 7: one input gets more than a block after each write. A quiet input, which waits for the output as well, has its
/// turn long before that backlog ends.
pub fn a_quiet_input_has_its_turn_beside_a_long_backlog(merge: EntryPoint, settings: &Settings) -> Outcome {
    in_three_tries(|| has_its_turn_beside_a_backlog(merge, settings))
}

fn has_its_turn_beside_a_backlog(merge: EntryPoint, settings: &Settings) -> Outcome {
    /// The backlog ends after so many writes, or a follower that keeps its turn would fill the memory.
    const WRITES: usize = 60;
    const QUIET: &[u8] = b"quiet\n";

    let fixture = Fixture::new(2, settings);
    let lines = format!("{}\n", "x".repeat(16 * 1024)).repeat(40);
    let backlog = WRITES * lines.len();
    let more = {
        let (path, writes) = (fixture.paths[0].clone(), AtomicUsize::new(0));
        move || {
            if writes.fetch_add(1, Ordering::Relaxed) < WRITES {
                super::append(&path, lines.as_bytes());
            }
        }
    };
    more();
    fixture.captured.after_each_write(more);
    fixture.captured.hold();
    let run = fixture.start(merge);
    run.await_held()?;
    super::append(&fixture.paths[1], QUIET);
    run.await_standstill(u64::MAX)?;
    fixture.captured.release();
    run.await_that("everything", |merged| merged.len() >= backlog + QUIET.len())?;
    run.close_all();
    run.await_end()?;
    let before = memchr(QUIET[0], &fixture.captured.bytes()).unwrap_or(backlog);
    // A queue holds some chunks, and a lock may be taken again before the other follower is awake.
    if before > backlog / 2 {
        return Err(Violation::Late {
            what: format!("a quiet input waited for {before} of another's {backlog} bytes"),
        });
    }
    Ok(())
}
