//! Tables in Markdown.

use std::fmt::Write;

use crate::Result;
use crate::results::{Results, short};

/// One measure of one group: a row per contender, a column per case, the median in each cell. Cells without a figure
/// stay empty.
pub fn table(results: &Results, group: &str, measure: &str) -> Result<String> {
    let found = results.0.get(group).ok_or_else(|| format!("there are no results of `{group}`"))?;
    let table = found.table(measure);
    let first = table.contenders.iter().flat_map(|(_, rows)| rows).flatten().next();
    let unit = &first.ok_or_else(|| format!("`{group}` has no measure `{measure}`"))?.unit;

    let mut text = format!("| {measure}, {unit} | {} |\n|---|", table.cases.join(" | "));
    text.push_str(&"---:|".repeat(table.cases.len()));
    for (contender, rows) in table.contenders {
        write!(text, "\n| {contender} |")?;
        for row in rows {
            write!(text, " {} |", row.map(|row| short(row.median)).unwrap_or_default())?;
        }
    }
    writeln!(text, "\n\n*{} run of {}: {}*", found.profile, found.date, found.machine)?;
    Ok(text)
}
