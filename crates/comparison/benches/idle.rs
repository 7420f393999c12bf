//! Logs that do not grow: what does it cost to wait for them?
//!
//! The baseline is one thread that looks at every name once per interval. It opens and reads nothing.

#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

use std::thread::sleep;
use std::time::{Duration, Instant};

use comparison::Result;
use comparison::child::{follow_to_file, raise_file_limit};
use comparison::contender::{Contender, SAFETY_NET, followers};
use comparison::logs::Logs;
use comparison::recorder::Recorder;

const INTERVAL: Duration = Duration::from_millis(100);

fn main() -> Result<()> {
    if !cfg!(target_os = "linux") {
        eprintln!("skipped: the resources of a process are only read on Linux");
        return Ok(());
    }
    let mut recorder = Recorder::start("idle");

    for &count in recorder.profile.cases(&[5, 100, 1_000, 10_000]) {
        let case = format!("{count} inputs");
        if u64::from(count) + 100 > raise_file_limit() {
            eprintln!("skipped: {case}, more than the limit on open files allows");
            continue;
        }
        let logs = Logs::prefilled(count, 0, 100)?;
        for contender in [Contender::Baseline].into_iter().chain(followers()) {
            let follower = follow_to_file(env!("CARGO_BIN_EXE_comparison"), contender, &logs, INTERVAL)?;
            // A blocking pool keeps a thread for ten seconds after its last work, here the first reads.
            let settle = Duration::from_secs(if matches!(contender, Contender::Stage(_)) { 12 } else { 2 });
            sleep(recorder.profile.pick(Duration::ZERO, settle, settle));
            // Long enough for a look at each input.
            let full = if contender.has_safety_net() { SAFETY_NET } else { Duration::from_secs(10) };
            let window = recorder.profile.pick(Duration::from_millis(10), Duration::from_secs(3), full);
            let (start, before) = (Instant::now(), follower.account()?);
            sleep(window);
            let after = follower.account()?;
            let cores = after.cpu.saturating_sub(before.cpu).as_secs_f64() / start.elapsed().as_secs_f64();
            let mut add = |measure, unit, figure| {
                recorder.add(&case, f64::from(count), contender.name(), measure, unit, &[figure]);
            };
            add("cpu", "cores", cores);
            add("memory", "MiB", after.memory);
            add("threads", "threads", after.threads as f64);
        }
    }
    recorder.save()
}
