//! The machine-readable file of results.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::available_parallelism;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::contender::{first_line, version_of};

/// All groups, by name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Results(pub BTreeMap<String, Group>);

/// The measurements of one group in one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// `quick` or `full`.
    pub profile: String,
    /// The day, as `2026-11-22`.
    pub date: String,
    /// The processor, its cores, the system, the compiler, and GNU tail.
    pub machine: String,
    /// The figures.
    pub rows: Vec<Row>,
}

/// One measure of one contender in one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The case, as in `64 inputs`.
    pub case: String,
    /// The case as a number, for a plot's axis.
    pub x: f64,
    /// The contender, as in `stage 1`.
    pub contender: String,
    /// The measure, as in `share`.
    pub measure: String,
    /// The unit of the three figures.
    pub unit: String,
    /// The median of the samples.
    pub median: f64,
    /// A quarter of the samples is below this.
    pub low: f64,
    /// A quarter of the samples is above this.
    pub high: f64,
    /// How many samples there were.
    pub samples: usize,
}

impl Results {
    /// Reads the file at `path`.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()).into())
    }

    /// Writes the file at `path`, and creates its folder.
    pub fn write(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()).into())
    }

    /// Takes the groups of `newer`, except a quick group where a full one exists. Returns the names of those.
    pub fn take_in(&mut self, newer: Self) -> Vec<String> {
        let mut refused = Vec::new();
        for (name, group) in newer.0 {
            if group.profile != "full" && self.0.get(&name).is_some_and(|old| old.profile == "full") {
                refused.push(name);
            } else {
                self.0.insert(name, group);
            }
        }
        refused
    }
}

/// One measure of a group.
#[derive(Debug)]
pub struct Table<'a> {
    /// The cases, in order.
    pub cases: Vec<&'a str>,
    /// Each contender, in order, with its row in each case.
    pub contenders: Vec<(&'a str, Vec<Option<&'a Row>>)>,
}

impl Group {
    /// The rows of one measure, by contender and case.
    pub fn table(&self, measure: &str) -> Table<'_> {
        let rows: Vec<&Row> = self.rows.iter().filter(|row| row.measure == measure).collect();
        let cases = in_order(rows.iter().map(|row| row.case.as_str()));
        let names = in_order(rows.iter().map(|row| row.contender.as_str())).into_iter();
        let cell = |name, case| rows.iter().copied().find(|row| row.contender == name && row.case == case);
        let contenders = names.map(|name| (name, cases.iter().map(|&case| cell(name, case)).collect())).collect();
        Table { cases, contenders }
    }
}

/// Each name once, in the order of first appearance.
fn in_order<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

impl Row {
    /// The row of some samples, or `None` if there are none.
    pub fn new(case: &str, x: f64, contender: &str, measure: &str, unit: &str, samples: &[f64]) -> Option<Self> {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            case: case.to_owned(),
            x,
            contender: contender.to_owned(),
            measure: measure.to_owned(),
            unit: unit.to_owned(),
            median: quantile(&sorted, 0.5)?,
            low: quantile(&sorted, 0.25)?,
            high: quantile(&sorted, 0.75)?,
            samples: samples.len(),
        })
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, contender, measure, unit, median, low, high, .. } = self;
        write!(f, "{case:16} {contender:20} {measure:10} {:>8} {unit}", short(*median))?;
        if self.samples == 1 { Ok(()) } else { write!(f, " ({} to {})", short(*low), short(*high)) }
    }
}

/// The current date, and this machine in one line.
pub fn date_and_machine() -> (String, String) {
    let mut date = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    date.truncate("2026-11-22".len());
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let processor = processor.map_or("unknown processor", |(_, name)| name);
    let cores = available_parallelism().map_or(0, usize::from);
    let system = first_line(Command::new("uname").arg("-sr")).unwrap_or_else(|| std::env::consts::OS.to_owned());
    let [rustc, tail] = ["rustc", "tail"].map(|program| version_of(program).unwrap_or_else(|| format!("no {program}")));
    (date, format!("{processor}, {cores} cores, {system}, {rustc}, {tail}"))
}

/// The quantile of sorted samples, interpolated between two samples.
pub fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let place = part * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}

/// A figure with three significant digits.
pub fn short(figure: f64) -> String {
    match figure.abs() {
        0.0 => "0".to_owned(),
        ..0.01 => format!("{figure:.4}"),
        ..1.0 => format!("{figure:.3}"),
        ..10.0 => format!("{figure:.2}"),
        ..100.0 => format!("{figure:.1}"),
        _ => format!("{figure:.0}"),
    }
}
