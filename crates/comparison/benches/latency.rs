//! One line is appended to one of the logs. How long until it can be read from the output?
//!
//! The bound of polling: a look comes once per interval, so a line waits for up to one interval, and for half of it on
//! average. Lines come at random moments, a hundred a second over all logs, so that no phase is preferred.

#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{ChildStdout, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use comparison::Result;
use comparison::child::Follower;
use comparison::contender::followers;
use comparison::logs::Logs;
use comparison::recorder::Recorder;
use comparison::results::quantile;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

fn main() -> Result<()> {
    let mut recorder = Recorder::start("latency");
    let lines = recorder.profile.pick(5, 200, 1_000);

    for &count in recorder.profile.cases(&[5, 1_000]) {
        for &interval in recorder.profile.cases(&[10, 100]) {
            let case = format!("{count} inputs, {interval} ms");
            for contender in followers() {
                let logs = Logs::prefilled(count, 0, 100)?;
                let every = Duration::from_millis(interval);
                let program = env!("CARGO_BIN_EXE_comparison");
                let mut follower = Follower::start(program, contender, &logs.paths, every, Stdio::piped())?;
                let output = follower.process.stdout.take().ok_or("the output is no pipe")?;
                let mut latencies = measure(&logs, output, lines)?;
                latencies.sort_by(f64::total_cmp);

                recorder.add(&case, interval as f64, contender.name(), "latency", "ms", &latencies);
                for percent in (0..=100).step_by(5).chain([99]) {
                    let part = f64::from(percent) / 100.0;
                    let value = quantile(&latencies, part).ok_or("no line came")?;
                    recorder.add(&case, part, contender.name(), &format!("p{percent}"), "ms", &[value]);
                }
            }
        }
    }
    recorder.save()
}

/// Appends `lines` lines to random logs at random moments, and returns the milliseconds that each of them took.
fn measure(logs: &Logs, output: ChildStdout, lines: usize) -> Result<Vec<f64>> {
    let append = |path| OpenOptions::new().append(true).open(path);
    let files = logs.paths.iter().map(append).collect::<std::io::Result<Vec<File>>>()?;
    let mut output = BufReader::new(output);
    // What was there before has to come out first.
    if io::copy(&mut output.by_ref().take(logs.bytes), &mut io::sink())? < logs.bytes {
        return Err("the output ended".into());
    }
    let arrivals = thread::spawn(move || -> Result<Vec<(usize, Instant)>> {
        let mut arrivals = Vec::new();
        for line in output.lines().take(lines) {
            let line = line?;
            arrivals.push((line.parse()?, Instant::now()));
        }
        Ok(arrivals)
    });
    let mut random = StdRng::seed_from_u64(0);
    let mut sent = Vec::new();
    for number in 0..lines {
        // Twenty milliseconds at most, ten on average.
        thread::sleep(Duration::from_micros(random.random_range(0..20_000)));
        let line = format!("{number}\n");
        let mut file = &files[random.random_range(0..files.len())];
        sent.push(Instant::now());
        file.write_all(line.as_bytes())?;
    }
    let arrivals = arrivals.join().map_err(|_panic| "the reader panicked")??;
    Ok(arrivals
        .into_iter()
        .map(|(number, arrived)| arrived.saturating_duration_since(sent[number]).as_secs_f64() * 1e3)
        .collect())
}
