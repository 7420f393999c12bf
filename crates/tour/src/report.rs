//! The printed report: plain text of at most 80 columns, the same on a terminal and in a file.

use std::io::{Result, Write};

use indicatif::HumanCount;
use merge_cli::{count, printable};
use merge_core::MergeError;

use crate::Stage;
use crate::run::Outcome;

/// How many inputs are listed. The others are counted.
const MOST_INPUTS: usize = 10;
/// The widest name of an input.
const NAME_WIDTH: usize = 55;
/// The width that the other columns leave for a verdict.
const VERDICT_WIDTH: usize = 17;

/// How many skipped logs are named. The others are counted.
const MOST_SKIPPED: usize = 10;

/// Names the logs that are skipped, on standard error.
#[derive(Debug, Default)]
pub struct Skipped(usize);

impl Skipped {
    pub(crate) fn add(&mut self, why: &MergeError) {
        self.0 += 1;
        if self.0 <= MOST_SKIPPED {
            eprintln!("tour: skipped: {}", printable(&why.to_string()));
        }
    }
}

impl Drop for Skipped {
    fn drop(&mut self) {
        if self.0 > MOST_SKIPPED {
            eprintln!("tour: skipped: and {} more", self.0 - MOST_SKIPPED);
        }
    }
}

/// Announces a stage.
pub(crate) fn stage(out: &mut impl Write, stage: &Stage) -> Result<()> {
    writeln!(out, "\n{}: {} top, {} tail", stage.name, stage.top, stage.tail)?;
    writeln!(out, "  {}", stage.sentence)?;
    out.flush()
}

/// Prints `pass` for each input, or the violation.
pub(crate) fn outcome(out: &mut impl Write, outcome: &Outcome) -> Result<()> {
    if let Err(violation) = &outcome.verdict {
        for line in format!("FAIL  {violation}").lines() {
            writeln!(out, "  {line}")?;
        }
        return out.flush();
    }
    // A single input over the limit is listed too, rather than counted as "1 more".
    let listed = if outcome.inputs.len() > MOST_INPUTS + 1 { MOST_INPUTS } else { outcome.inputs.len() };
    let (listed, more) = outcome.inputs.split_at(listed);
    let names: Vec<String> = listed.iter().map(|(name, _)| end_of(name, NAME_WIDTH)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    for (name, (_, lines)) in names.iter().zip(listed) {
        writeln!(out, "  pass  {name:width$}  {:>12}", count(*lines, "line"))?;
    }
    if !more.is_empty() {
        let lines = more.iter().map(|(_, lines)| lines).sum();
        writeln!(out, "  pass  … and {} more, {}", count(more.len() as u64, "input"), count(lines, "line"))?;
    }
    out.flush()
}

/// Prints all stages side by side.
pub(crate) fn table(out: &mut impl Write, outcomes: &[Outcome]) -> Result<()> {
    writeln!(out, "\nstage   top      tail      threads  inputs     lines      time  verdict")?;
    for outcome in outcomes {
        let Stage { name, top, tail, .. } = outcome.stage;
        let threads = outcome.threads.map_or("-".into(), |threads| threads.to_string());
        let inputs = outcome.inputs.len();
        let lines = HumanCount(outcome.lines).to_string();
        let time = format!("{:.3} s", outcome.time.as_secs_f64());
        let mut verdict = outcome.verdict.as_ref().err().map_or("confirmed".into(), |wrong| first_line(wrong));
        if verdict.chars().count() > VERDICT_WIDTH {
            verdict = format!("{verdict:.0$}…", VERDICT_WIDTH - 1);
        }
        writeln!(out, "{name:6}  {top:7}  {tail:8}  {threads:>7}  {inputs:>6}  {lines:>8}  {time:>8}  {verdict}")?;
    }
    writeln!(out, "(threads: the most that were seen at once; - where the run was too short)")
}

/// Prints whether the stages agree, and returns it.
pub(crate) fn agreement(out: &mut impl Write, outcomes: &[Outcome]) -> Result<bool> {
    let Some(first) = outcomes.first() else { return Ok(true) };
    let failed: Vec<_> = outcomes.iter().filter_map(|o| Some((o.stage.name, o.verdict.as_ref().err()?))).collect();
    if !failed.is_empty() {
        writeln!(out, "\nThe stages do not agree:")?;
        for (stage, violation) in failed {
            writeln!(out, "  {stage}: {}", first_line(violation))?;
        }
        return Ok(false);
    }
    let stages = match outcomes.len() {
        2 => "Both stages".into(),
        3 => "All three stages".into(),
        4 => "All four stages".into(),
        5 => "All five stages".into(),
        number => format!("All {number} stages"),
    };
    writeln!(out, "\n{stages} agree: {}, byte for byte the same per input.", count(first.lines, "line"))?;
    Ok(true)
}

/// The kind of a violation, without its details.
fn first_line(violation: &str) -> String {
    violation.lines().next().unwrap_or_default().to_owned()
}

/// The text, or as much of its end as fits: paths differ at their ends.
fn end_of(text: &str, width: usize) -> String {
    match text.chars().count().checked_sub(width + 1) {
        None => text.into(),
        Some(over) => format!("…{}", text.chars().skip(over + 2).collect::<String>()),
    }
}
