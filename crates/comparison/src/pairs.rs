//! A backlog, merged by each contender in turn, always beside the limit.

use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput};
use tokio::runtime::Runtime;

use crate::Result;
use crate::contender::Contender;
use crate::logs::Logs;
use crate::recorder::Recorder;

/// One case of a group: each of `contenders` merges `logs` again and again, the stages on `runtime`. Records each
/// one's share of the limit (`share`) and its seconds (`time`) under its name and `suffix`.
///
/// # Panics
///
/// When a merge fails: a bench has nobody else to tell.
pub fn compare(
    criterion: &mut Criterion,
    recorder: &mut Recorder,
    (group, case, x): (&str, &str, f64),
    contenders: impl IntoIterator<Item = Contender>,
    suffix: &str,
    (logs, runtime): (&Logs, &Runtime),
) {
    let mut group = criterion.benchmark_group(format!("{group}/{case}"));
    group
        .sampling_mode(SamplingMode::Flat)
        .sample_size(recorder.profile.pick(10, 10, 12))
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(recorder.profile.pick(Duration::from_secs(1), Duration::from_secs(1), Duration::from_secs(5)))
        .throughput(Throughput::Bytes(logs.bytes()));
    for contender in contenders {
        if !contender.is_here() {
            continue;
        }
        let name = format!("{contender}{suffix}");
        let mut pairs = Pairs::default();
        group.bench_function(&name, |bencher| {
            bencher.iter_custom(|times| match pairs.measure(contender, logs, runtime, times) {
                Ok(took) => took,
                Err(error) => panic!("{error}"),
            });
        });
        recorder.add(case, x, &name, "share", "of the limit", &pairs.shares());
        recorder.add(case, x, &name, "time", "s", &pairs.seconds());
    }
    group.finish();
}

/// The times of a contender, each with the time of the limit that was taken right before it. What disturbs the machine
/// for a second disturbs both, so their ratio says more than the two apart.
#[derive(Debug, Default)]
struct Pairs(Vec<(Duration, Duration)>);

impl Pairs {
    /// Merges the backlog `times` times and says how long that took in all; the limit runs before each, off the clock.
    fn measure(&mut self, contender: Contender, logs: &Logs, runtime: &Runtime, times: u64) -> Result<Duration> {
        let mut total = Duration::ZERO;
        for _ in 0..times {
            let limit = Contender::Limit.merge_backlog(logs, runtime)?;
            let own = contender.merge_backlog(logs, runtime)?;
            self.0.push((limit, own));
            total += own;
        }
        Ok(total)
    }

    /// How fast the contender was, as a part of the limit, in each pair.
    fn shares(&self) -> Vec<f64> {
        self.0.iter().map(|(limit, own)| limit.as_secs_f64() / own.as_secs_f64()).collect()
    }

    /// How many seconds the contender took, in each pair.
    fn seconds(&self) -> Vec<f64> {
        self.0.iter().map(|(_, own)| own.as_secs_f64()).collect()
    }
}
