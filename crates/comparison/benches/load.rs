//! Logs that grow fast: does a stage keep up, what does a line cost, and does the output have every line?

#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::thread::sleep;
use std::time::{Duration, Instant};

use comparison::Result;
use comparison::child::{follow_to_file, wait_for_length};
use comparison::contender::followers;
use comparison::logs::{Logs, write_line};
use comparison::recorder::Recorder;
use comparison::results::quantile;
use equivalence::confirm_merge;

const INPUTS: u32 = 64;
const INTERVAL: Duration = Duration::from_millis(100);

fn main() -> Result<()> {
    if !cfg!(target_os = "linux") {
        eprintln!("skipped: the resources of a process are only read on Linux");
        return Ok(());
    }
    let mut recorder = Recorder::start("load");
    let length = recorder.profile.pick(Duration::from_millis(50), Duration::from_secs(2), Duration::from_secs(5));

    for rate in recorder.profile.pick(vec![10_000], vec![100_000, 1_000_000], vec![100_000, 1_000_000]) {
        let case = format!("{rate} lines/s");
        for contender in followers() {
            let logs = Logs::prefilled(INPUTS, 0, 100)?;
            let follower = follow_to_file(env!("CARGO_BIN_EXE_comparison"), contender, &logs, INTERVAL)?;
            let before = follower.account()?;
            let load = write(&logs, f64::from(rate), length)?;
            wait_for_length(&logs.output(), load.bytes).map_err(|error| format!("{contender}: {error}"))?;
            let after = follower.account()?;
            drop(follower);
            if let Err(violation) = confirm_merge(&logs.paths, &logs.output())? {
                return Err(format!("{contender}: {violation}").into());
            }

            let mut add = |measure, unit, samples: &[f64]| {
                recorder.add(&case, f64::from(rate), contender.name(), measure, unit, samples);
            };
            let per_line = after.cpu.saturating_sub(before.cpu).as_secs_f64() * 1e6 / load.lines as f64;
            add("cpu", "µs/line", &[per_line]);
            add("lag", "ms", &load.lags);
            add("lag p99", "ms", quantile(&load.lags, 0.99).as_slice());
            add("memory at first", "MiB", &[before.memory]);
            add("most memory", "MiB", &[after.most_memory]);
            add("written", "lines/s", &[load.lines as f64 / load.took.as_secs_f64()]);
        }
    }
    recorder.save()
}

/// The lines that were written, and how fast the output followed.
struct Load {
    /// The length of all logs together.
    bytes: u64,
    lines: u64,
    took: Duration,
    /// How far the output was behind, in milliseconds, sorted; one sample per write.
    lags: Vec<f64>,
}

/// Writes `rate` lines a second to all logs in turn for as long as `length`, in small steps, as busy programs do.
fn write(logs: &Logs, rate: f64, length: Duration) -> Result<Load> {
    let append = |path| OpenOptions::new().append(true).open(path);
    let mut files = logs.paths.iter().map(append).collect::<std::io::Result<Vec<File>>>()?;
    let mut load = Load { bytes: logs.bytes, lines: 0, took: Duration::ZERO, lags: Vec::new() };
    // The length of all logs together, after each write.
    let mut written = Vec::new();
    let mut buffer = Vec::new();
    let start = Instant::now();
    for step in 0.. {
        load.took = start.elapsed();
        if load.took >= length {
            break;
        }
        // As many lines as are due by now; one log a step, so that each log grows in small pieces.
        let number = step % files.len();
        let due = (load.took.as_secs_f64() * rate) as u64;
        buffer.clear();
        while load.lines < due && buffer.len() < 64 * 1024 {
            load.bytes += write_line(&mut buffer, u32::try_from(number)?, 1 + load.lines, 100)?;
            load.lines += 1;
        }
        files[number].write_all(&buffer)?;
        written.push((Instant::now(), load.bytes));
        // The lag is the age of the first write that the output does not hold yet.
        let merged = logs.output().metadata()?.len();
        let missing = written.get(written.partition_point(|&(_, bytes)| bytes <= merged));
        load.lags.push(missing.map_or(0.0, |(since, _)| since.elapsed().as_secs_f64() * 1e3));
        if load.lines >= due {
            sleep(Duration::from_micros(500));
        }
    }
    load.lags.sort_by(f64::total_cmp);
    Ok(load)
}
