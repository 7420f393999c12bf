//! What was to be reached, and whether it was.

use std::fmt::Write;

use crate::Result;
use crate::contender::STAGES;
use crate::results::{Results, short};

/// One thing that was to be reached.
struct Target {
    what: &'static str,
    bound: String,
    /// The worst figure that counts for it.
    figure: Option<f64>,
    unit: &'static str,
    met: fn(f64, f64) -> bool,
    limit: f64,
}

/// All targets as a Markdown table: what, at least or at most, what was measured, met or missed.
///
/// # Errors
///
/// None of its own; a target without a figure says so in its row.
pub fn table(results: &Results) -> Result<String> {
    let mut text = "| target | asked for | measured | |\n|---|---:|---:|---|".to_owned();
    for Target { what, bound, figure, unit, met, limit } in targets(results) {
        let measured = figure.map_or("not measured".to_owned(), |figure| format!("{} {unit}", short(figure)));
        let verdict = match figure {
            None => "",
            Some(figure) if met(figure, limit) => "**met**",
            Some(_) => "missed",
        };
        write!(text, "\n| {what} | {bound} | {measured} | {verdict} |")?;
    }
    text.push('\n');
    Ok(text)
}

fn targets(results: &Results) -> Vec<Target> {
    let at_least = |what, limit, unit, figure| Target {
        what,
        bound: format!("at least {} {unit}", short(limit)),
        figure,
        unit,
        met: |figure, limit| figure >= limit,
        limit,
    };
    let at_most = |what, limit, unit, figure| Target {
        what,
        bound: format!("at most {} {unit}", short(limit)),
        figure,
        unit,
        met: |figure, limit| figure <= limit,
        limit,
    };
    let of = |group: &str, case: &str, contender: &str, measure: &str| {
        results.find(group, case, contender, measure).map(|row| row.median)
    };
    // The stage that does worst counts for all of them.
    let stages = |group: &str, case: &str, measure: &str, worst: fn(f64, f64) -> f64| {
        STAGES
            .map(|stage| of(group, case, stage.name(), measure))
            .into_iter()
            .reduce(|a, b| Some(worst(a?, b?)))
            .flatten()
    };
    // With a single writer, and with a lock.
    let backlog = |case: &str, pair: [&str; 2]| {
        pair.map(|stage| of("backlog", case, stage, "share")).into_iter().reduce(|a, b| Some(a?.min(b?))).flatten()
    };
    let (writer, lock) = (["stage 2", "stage 4"], ["stage 1", "stage 3"]);
    // How far the worst stage is from the ideal of polling, in the worst of these cases.
    let latency = |cases: &[&str], measure: &str, distance: fn(f64, f64) -> f64| {
        let worst = |case: &&str| {
            let interval: f64 = case.rsplit(", ").next()?.trim_end_matches(" ms").parse().ok()?;
            Some(distance(stages("latency", case, measure, f64::max)?, interval))
        };
        cases.iter().map(worst).reduce(|a, b| Some(a?.max(b?))).flatten()
    };
    let p50 = |cases: &[&str]| latency(cases, "p50", |median, interval| median - interval / 2.0);
    let p99 = |cases: &[&str]| latency(cases, "p99", |p99, interval| p99 - interval);
    let (few, slow, fast) = (["5 inputs, 10 ms", "5 inputs, 100 ms"], ["1000 inputs, 100 ms"], ["1000 inputs, 10 ms"]);
    let million = "1000000 lines/s";
    let growth = STAGES.map(|stage| {
        Some(of("load", million, stage.name(), "most memory")? - of("load", million, stage.name(), "memory at first")?)
    });

    vec![
        at_least("backlog of 5 inputs, stages 2 and 4", 0.9, "of the limit", backlog("5 inputs", writer)),
        at_least("backlog of 5 inputs, stages 1 and 3", 0.9, "of the limit", backlog("5 inputs", lock)),
        at_least("backlog of 64 inputs, stages 2 and 4", 0.9, "of the limit", backlog("64 inputs", writer)),
        at_least("backlog of 64 inputs, stages 1 and 3", 0.9, "of the limit", backlog("64 inputs", lock)),
        at_least("backlog of 1,000 inputs, stages 2 and 4", 0.85, "of the limit", backlog("1000 inputs", writer)),
        at_least("backlog of 1,000 inputs, stages 1 and 3", 0.85, "of the limit", backlog("1000 inputs", lock)),
        at_most("latency of 5 inputs: the median less half an interval", 2.0, "ms", p50(&few)),
        at_most("latency of 5 inputs: 99 % less an interval", 5.0, "ms", p99(&few)),
        at_most("latency of 1,000 inputs at 100 ms: the median less half an interval", 2.0, "ms", p50(&slow)),
        at_most("latency of 1,000 inputs at 100 ms: 99 % less an interval", 5.0, "ms", p99(&slow)),
        at_most("latency of 1,000 inputs at 10 ms: the median less half an interval", 2.0, "ms", p50(&fast)),
        at_most("latency of 1,000 inputs at 10 ms: 99 % less an interval", 5.0, "ms", p99(&fast)),
        at_most("idle: 10,000 inputs, stage 4", 0.15, "cores", of("idle", "10000 inputs", "stage 4", "cpu")),
        at_most("idle: 10,000 inputs, stage 4", 32.0, "MiB", of("idle", "10000 inputs", "stage 4", "memory")),
        at_most(
            "load: 1,000,000 lines a second, the worst stage",
            0.15,
            "µs/line",
            stages("load", million, "cpu", f64::max),
        ),
        at_most(
            "load: growth of memory, the worst stage",
            8.0,
            "MiB",
            growth.into_iter().reduce(|a, b| Some(a?.max(b?))).flatten(),
        ),
        at_most(
            "a change in stage 2 until the tests of stage 2 have passed",
            15.0,
            "s",
            of("loop", "stage 2", "a change", "time"),
        ),
        at_most("`cargo test -p stage2` from nothing", 90.0, "s", of("loop", "stage 2", "from nothing", "time")),
    ]
}
