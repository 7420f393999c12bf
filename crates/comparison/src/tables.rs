//! Tables in Markdown.

use std::fmt::Write;

use crate::Result;
use crate::results::{Results, Row, short};

/// One measure of one group: a row per contender, a column per case, the median in each cell. Cells of other cases
/// stay empty.
///
/// # Errors
///
/// When the group or the measure is not in `results`.
pub fn table(results: &Results, group: &str, measure: &str) -> Result<String> {
    let found = results.0.get(group).ok_or_else(|| format!("there are no results of `{group}`"))?;
    let rows: Vec<&Row> = found.rows.iter().filter(|row| row.measure == measure).collect();
    let unit = &rows.first().ok_or_else(|| format!("`{group}` has no measure `{measure}`"))?.unit;
    let cases = in_order(rows.iter().map(|row| row.case.as_str()));
    let contenders = in_order(rows.iter().map(|row| row.contender.as_str()));

    let mut text = format!("| {measure}, {unit} |");
    for case in &cases {
        write!(text, " {case} |")?;
    }
    text.push_str("\n|---|");
    text.push_str(&"---:|".repeat(cases.len()));
    for contender in contenders {
        write!(text, "\n| {contender} |")?;
        for case in &cases {
            let cell = rows.iter().find(|row| row.case == *case && row.contender == contender);
            write!(text, " {} |", cell.map(|row| short(row.median)).unwrap_or_default())?;
        }
    }
    write!(text, "\n\n{}\n", provenance(results, group)?)?;
    Ok(text)
}

/// Where and when a group was measured, in one line.
///
/// # Errors
///
/// When there is no such group.
pub fn provenance(results: &Results, group: &str) -> Result<String> {
    let found = results.0.get(group).ok_or_else(|| format!("there are no results of `{group}`"))?;
    let machine = &found.machine;
    Ok(format!(
        "*{} run of {}: {}, {} cores, {}, {}, {}*",
        found.profile, machine.date, machine.processor, machine.cores, machine.system, machine.rustc, machine.tail
    ))
}

/// Each once, in the order of their first coming.
#[must_use]
pub fn in_order<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}
