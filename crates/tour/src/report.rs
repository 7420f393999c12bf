//! What is printed: plain text of at most 80 columns, the same on a terminal and in a file.

use std::io::{Result, Write};

use equivalence::Violation;
use indicatif::HumanCount;

use crate::Stage;
use crate::run::Outcome;

/// How many inputs are listed; the others are counted.
const MOST_INPUTS: usize = 10;
/// The widest name of an input.
const NAME_WIDTH: usize = 55;
/// What is left for a verdict beside the other columns.
const VERDICT_WIDTH: usize = 17;

/// Announces a stage.
pub(crate) fn stage(out: &mut impl Write, stage: &Stage) -> Result<()> {
    writeln!(out, "\n{}: {} top, {} tail", stage.name, stage.top.word(), stage.tail.word())?;
    writeln!(out, "  {}", stage.sentence())?;
    out.flush()
}

/// Says `pass` for each input, or what is wrong.
pub(crate) fn outcome(out: &mut impl Write, outcome: &Outcome) -> Result<()> {
    if let Err(violation) = &outcome.verdict {
        for line in format!("FAIL  {violation}").lines() {
            writeln!(out, "  {line}")?;
        }
        return out.flush();
    }
    // One that is over the limit is shown rather than "and 1 more".
    let shown = if outcome.inputs.len() > MOST_INPUTS + 1 { MOST_INPUTS } else { outcome.inputs.len() };
    let (shown, more) = outcome.inputs.split_at(shown);
    let names: Vec<String> = shown.iter().map(|(name, _)| end_of(name, NAME_WIDTH)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    for (name, (_, lines)) in names.iter().zip(shown) {
        writeln!(out, "  pass  {name:width$}  {:>12}", count(*lines, "line"))?;
    }
    if !more.is_empty() {
        let lines = more.iter().map(|(_, lines)| lines).sum();
        writeln!(out, "  pass  … and {} more, {}", count(more.len(), "input"), count(lines, "line"))?;
    }
    out.flush()
}

/// All stages side by side.
pub(crate) fn table(out: &mut impl Write, outcomes: &[Outcome]) -> Result<()> {
    writeln!(out)?;
    let mut row = |cells: [&str; 8]| {
        let [stage, top, tail, threads, inputs, lines, time, verdict] = cells;
        writeln!(
            out,
            "{stage:6}  {top:7}  {tail:8}  {threads:>7}  {inputs:>6}  {lines:>8}  {time:>8}  {}",
            start_of(verdict, VERDICT_WIDTH)
        )
    };
    row(["stage", "top", "tail", "threads", "inputs", "lines", "time", "verdict"])?;
    for outcome in outcomes {
        row([
            outcome.stage.name,
            outcome.stage.top.word(),
            outcome.stage.tail.word(),
            &outcome.threads.map_or("-".into(), |threads| threads.to_string()),
            &outcome.inputs.len().to_string(),
            &HumanCount(outcome.lines as u64).to_string(),
            &format!("{:.3} s", outcome.time.as_secs_f64()),
            &outcome.verdict.as_ref().err().map_or("confirmed".into(), first_line),
        ])?;
    }
    writeln!(out, "(threads: the most that were seen at once; - where the run was too short)")
}

/// Says whether the stages agree, and returns it.
pub(crate) fn agreement(out: &mut impl Write, outcomes: &[Outcome]) -> Result<bool> {
    writeln!(out)?;
    let failed: Vec<_> = outcomes.iter().filter_map(|o| Some((o.stage.name, o.verdict.as_ref().err()?))).collect();
    let Some(first) = outcomes.first() else { return Ok(true) };
    // That each is a merge of the same logs says it already; this does not rely on the oracle.
    let other = outcomes.iter().find(|outcome| outcome.digest != first.digest);
    if !failed.is_empty() {
        writeln!(out, "The stages do not agree:")?;
        for (stage, violation) in failed {
            writeln!(out, "  {stage}: {}", first_line(violation))?;
        }
        return Ok(false);
    }
    if let Some(other) = other {
        writeln!(out, "The stages do not agree: {} and {} hold other lines.", first.stage.name, other.stage.name)?;
        return Ok(false);
    }
    let lines = count(first.lines, "line");
    writeln!(out, "{} agree: {lines}, byte for byte the same per input.", all_stages(outcomes.len()))?;
    Ok(true)
}

/// `1 line`, `2 lines`, `1,000 lines`.
pub(crate) fn count(number: usize, what: &str) -> String {
    format!("{} {what}{}", HumanCount(number as u64), if number == 1 { "" } else { "s" })
}

fn all_stages(number: usize) -> String {
    match number {
        2 => "Both stages".into(),
        3 => "All three stages".into(),
        4 => "All four stages".into(),
        _ => format!("All {number} stages"),
    }
}

/// A violation's kind, without its details.
fn first_line(violation: &Violation) -> String {
    violation.to_string().lines().next().unwrap_or_default().to_owned()
}

/// The text, or as much of its start as fits.
fn start_of(text: &str, width: usize) -> String {
    if text.chars().count() <= width { text.into() } else { text.chars().take(width - 1).chain(['…']).collect() }
}

/// The text, or as much of its end as fits: paths differ at their ends.
fn end_of(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        text.into()
    } else {
        ['…'].into_iter().chain(text.chars().skip(length + 1 - width)).collect()
    }
}
