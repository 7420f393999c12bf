//! A backlog, merged by each contender in turn, always right after the baseline.

use std::io;
use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput};
use tokio::runtime::Runtime;

use crate::Result;
use crate::contender::Contender;
use crate::logs::Logs;
use crate::recorder::{Recorder, bench, criterion_group, time};

/// A way to start a runtime on which each stage can follow that many inputs.
type Start = fn(u32) -> io::Result<Runtime>;

/// Runs the bench program of a group. A case has a name, a number of logs and the length of their lines; a full run
/// merges `bytes` bytes. The contenders run once per runtime, and its name is a suffix to theirs.
pub fn run<C: IntoIterator<Item = Contender>>(
    group: &str,
    bytes: u64,
    cases: &[(&str, u32, u32)],
    contenders: impl Fn() -> C,
    runtimes: &[(&str, Start)],
) -> Result<()> {
    bench(group, |criterion, recorder| {
        let bytes = recorder.profile.pick(1 << 16, 64 << 20, bytes);
        for &(case, count, length) in recorder.profile.cases(cases) {
            let logs = Logs::prefilled(count, bytes, length)?;
            for (suffix, start) in runtimes {
                compare(criterion, recorder, (case, count), contenders(), suffix, (&logs, &start(count)?));
            }
        }
        Ok(())
    })
}

/// Each contender merges `logs` again and again, a stage on `runtime`. Records the speed as a share of the baseline's
/// (`share`) and the seconds (`time`).
fn compare(
    criterion: &mut Criterion,
    recorder: &mut Recorder,
    (case, count): (&str, u32),
    contenders: impl IntoIterator<Item = Contender>,
    suffix: &str,
    (logs, runtime): (&Logs, &Runtime),
) {
    let settings = recorder.profile.pick((10, 1, 1), (10, 500, 1_000), (12, 500, 5_000));
    let mut group = criterion_group(criterion, &format!("{}/{case}", recorder.group), settings);
    group.sampling_mode(SamplingMode::Flat).throughput(Throughput::Bytes(logs.bytes));
    for contender in contenders {
        let name = format!("{contender}{suffix}");
        // What disturbs the machine for a second disturbs both of a pair, so their ratio says more than the two alone.
        let mut pairs = Vec::new();
        let mut pair = || -> Result<Duration> {
            let baseline = Contender::Baseline.merge_backlog(logs, runtime)?;
            let own = contender.merge_backlog(logs, runtime)?;
            pairs.push((baseline.as_secs_f64(), own.as_secs_f64()));
            Ok(own)
        };
        time(&mut group, &name, |times| (0..times).map(|_| pair().unwrap_or_else(|error| panic!("{error}"))).sum());
        let shares: Vec<_> = pairs.iter().map(|(baseline, own)| baseline / own).collect();
        let seconds: Vec<_> = pairs.iter().map(|(_, own)| *own).collect();
        recorder.add(case, f64::from(count), &name, "share", "of the baseline", &shares);
        recorder.add(case, f64::from(count), &name, "time", "s", &seconds);
    }
}
