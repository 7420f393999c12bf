//! Logs that grow fast: does a stage keep up, what does a line cost, and is every line still there?

#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use comparison::Result;
use comparison::child::{follow_to_file, wait_for_length};
use comparison::contender::{Contender, STAGES};
use comparison::logs::{Logs, write_line};
use comparison::recorder::Recorder;
use comparison::results::quantile;
use equivalence::confirm_merge;

const INPUTS: u32 = 64;
const INTERVAL: Duration = Duration::from_millis(100);

fn main() -> Result<()> {
    if !cfg!(target_os = "linux") {
        eprintln!("skipped: what the system accounts to a process is only read on Linux");
        return Ok(());
    }
    let mut recorder = Recorder::start("load");
    let length = recorder.profile.pick(Duration::from_millis(50), Duration::from_secs(2), Duration::from_secs(5));

    for rate in recorder.profile.pick(vec![10_000], vec![100_000, 1_000_000], vec![100_000, 1_000_000]) {
        let case = format!("{rate} lines/s");
        for contender in [Contender::Tail].into_iter().chain(STAGES) {
            if !contender.is_here() {
                continue;
            }
            let logs = Logs::prefilled(INPUTS, 0, 100)?;
            let follower = follow_to_file(env!("CARGO_BIN_EXE_comparison"), contender, &logs, INTERVAL)?;
            let before = follower.account()?;
            let load = write(&logs, f64::from(rate), length)?;
            wait_for_length(&logs.output(), load.bytes).map_err(|error| format!("{contender}: {error}"))?;
            let after = follower.account()?;
            drop(follower);
            if let Err(violation) = confirm_merge(logs.paths(), &logs.output())? {
                return Err(format!("{contender}: {violation}").into());
            }

            let x = f64::from(rate);
            let per_line = after.cpu.saturating_sub(before.cpu).as_secs_f64() * 1e6 / load.lines as f64;
            recorder.add(&case, x, contender.name(), "cpu", "µs/line", &[per_line]);
            recorder.add(&case, x, contender.name(), "lag", "ms", &load.lags);
            recorder.add(
                &case,
                x,
                contender.name(),
                "lag p99",
                "ms",
                &quantile(&load.lags, 0.99).map_or(vec![], |p| vec![p]),
            );
            recorder.add(&case, x, contender.name(), "memory at first", "MiB", &[before.memory]);
            recorder.add(&case, x, contender.name(), "most memory", "MiB", &[after.most_memory]);
            recorder.add(
                &case,
                x,
                contender.name(),
                "written",
                "lines/s",
                &[load.lines as f64 / load.took.as_secs_f64()],
            );
        }
    }
    recorder.save()
}

/// What was written, and how the output followed.
struct Load {
    /// How many bytes there are in the logs now.
    bytes: u64,
    lines: u64,
    took: Duration,
    /// How far the output was behind, each time somebody looked, in milliseconds, sorted.
    lags: Vec<f64>,
}

/// Writes `rate` lines a second to all logs in turn for as long as `length`, in small steps, as busy programs do.
fn write(logs: &Logs, rate: f64, length: Duration) -> Result<Load> {
    let append = |path| OpenOptions::new().append(true).open(path);
    let mut files = logs.paths().iter().map(append).collect::<std::io::Result<Vec<File>>>()?;
    let mut load = Load { bytes: logs.bytes(), lines: 0, took: Duration::ZERO, lags: Vec::new() };
    // When there were how many bytes in the logs, and in the output.
    let mut written = Vec::new();
    let done = AtomicBool::new(false);
    let output = logs.output();

    let merged = thread::scope(|scope| -> Result<Vec<(Instant, u64)>> {
        let watching = scope.spawn(|| watch(&output, &done));
        let start = Instant::now();
        let mut buffer = Vec::new();
        for step in 0.. {
            let now = start.elapsed();
            if now >= length {
                break;
            }
            // As many lines as are due by now; one log a step, so that each log grows in small pieces.
            let number = step % files.len();
            let due = (now.as_secs_f64() * rate) as u64;
            buffer.clear();
            while load.lines < due && buffer.len() < 64 * 1024 {
                load.bytes += write_line(&mut buffer, u32::try_from(number)?, 1 + load.lines, 100)?;
                load.lines += 1;
            }
            files[number].write_all(&buffer)?;
            written.push((Instant::now(), load.bytes));
            if load.lines >= due {
                sleep(Duration::from_micros(500));
            }
        }
        load.took = start.elapsed();
        let finished = wait_for_length(&output, load.bytes);
        done.store(true, Ordering::Relaxed);
        let merged = watching.join().map_err(|_panic| "the watcher panicked")?;
        finished.and(merged)
    })?;
    load.lags = merged.into_iter().filter_map(|(when, bytes)| lag(&written, when, bytes)).collect();
    load.lags.sort_by(f64::total_cmp);
    Ok(load)
}

/// Looks at the output's length again and again.
fn watch(output: &Path, done: &AtomicBool) -> Result<Vec<(Instant, u64)>> {
    let mut seen = Vec::new();
    while !done.load(Ordering::Relaxed) {
        seen.push((Instant::now(), output.metadata()?.len()));
        sleep(Duration::from_millis(5));
    }
    Ok(seen)
}

/// For how long, at `when`, the logs had held more bytes than were merged by then. Unknown after the last write.
fn lag(written: &[(Instant, u64)], when: Instant, merged: u64) -> Option<f64> {
    let (since, _) = written.get(written.partition_point(|&(_, bytes)| bytes <= merged))?;
    Some(when.saturating_duration_since(*since).as_secs_f64() * 1e3)
}
