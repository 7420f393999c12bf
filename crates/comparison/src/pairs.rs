//! A backlog, merged by each contender in turn, always right after the baseline.

use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput};
use tokio::runtime::Runtime;

use crate::Result;
use crate::contender::Contender;
use crate::logs::Logs;
use crate::recorder::{Recorder, criterion_group, time};

/// One case of a group: each of `contenders` merges `logs` again and again, a stage on `runtime`. Records the speed as
/// a share of the baseline's (`share`) and the seconds (`time`) under the contender's name and `suffix`.
///
/// # Panics
///
/// If a merge fails: criterion takes no error.
pub fn compare(
    criterion: &mut Criterion,
    recorder: &mut Recorder,
    (case, x): (&str, f64),
    contenders: impl IntoIterator<Item = Contender>,
    suffix: &str,
    (logs, runtime): (&Logs, &Runtime),
) {
    let settings = recorder.profile.pick((10, 1, 1), (10, 500, 1_000), (12, 500, 5_000));
    let mut group = criterion_group(criterion, &format!("{}/{case}", recorder.group), settings);
    group.sampling_mode(SamplingMode::Flat).throughput(Throughput::Bytes(logs.bytes()));
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
        recorder.add(case, x, &name, "share", "of the baseline", &shares);
        recorder.add(case, x, &name, "time", "s", &seconds);
    }
}
