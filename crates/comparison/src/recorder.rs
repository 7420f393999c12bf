//! Collects samples while a group runs, prints them, and writes them to a file.

use std::path::PathBuf;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};

use crate::Result;
use crate::child::raise_file_limit;
use crate::profile::Profile;
use crate::results::{Group, Results, Row, date_and_machine};

/// Collects the samples of one group.
#[derive(Debug)]
pub struct Recorder {
    /// How much to measure.
    pub profile: Profile,
    /// The name of the group.
    pub group: String,
    rows: Vec<Row>,
}

impl Recorder {
    /// A recorder for the group of that name. Lets this process open as many files as the system allows.
    pub fn start(group: &str) -> Self {
        let _ = raise_file_limit();
        Self { profile: Profile::of_this_run(), group: group.to_owned(), rows: Vec::new() }
    }

    /// Adds and prints a measure of one contender in one case. `x` is the case as a number, for the axis of a plot.
    /// Adds nothing if there are no samples.
    pub fn add(&mut self, case: &str, x: f64, contender: &str, measure: &str, unit: &str, samples: &[f64]) {
        let Some(row) = Row::new(case, x, contender, measure, unit, samples) else { return };
        if self.profile != Profile::Smoke {
            println!("{:8} {row}", self.group);
        }
        self.rows.push(row);
    }

    /// Writes the rows into the folder `COMPARISON_RESULTS`, if that variable is set.
    pub fn save(self) -> Result<()> {
        let Some(folder) = std::env::var_os("COMPARISON_RESULTS") else { return Ok(()) };
        if self.profile == Profile::Smoke {
            return Ok(());
        }
        let (date, machine) = date_and_machine();
        let group = Group { profile: self.profile.name().to_owned(), date, machine, rows: self.rows };
        let path = PathBuf::from(folder).join(format!("{}.json", self.group));
        Results([(self.group, group)].into()).write(&path)
    }
}

/// Runs a bench program whose group criterion times.
pub fn bench(group: &str, run: impl FnOnce(&mut Criterion, &mut Recorder) -> Result<()>) -> Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut recorder = Recorder::start(group);
    run(&mut criterion, &mut recorder)?;
    criterion.final_summary();
    recorder.save()
}

/// A group of criterion with these settings: samples, milliseconds of warm-up, milliseconds of measuring.
pub fn criterion_group<'a>(
    criterion: &'a mut Criterion,
    name: &str,
    (samples, warm_up, measuring): (usize, u64, u64),
) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group
        .sample_size(samples)
        .warm_up_time(Duration::from_millis(warm_up))
        .measurement_time(Duration::from_millis(measuring));
    group
}

/// Lets criterion time `work`, which repeats something as often as it is told and returns the time. Returns the count
/// and the time of each call.
pub fn time(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    mut work: impl FnMut(u64) -> Duration,
) -> Vec<(u64, Duration)> {
    let mut samples = Vec::new();
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|times| {
            let took = work(times);
            samples.push((times, took));
            took
        });
    });
    samples
}
