//! Includes, as mdBook reads them: `{{#include FILE}}` or `{{#include FILE:ANCHOR}}`.
//!
//! mdBook renders a missing anchor as nothing and only logs a missing file. Here both are problems.

use std::fs;
use std::path::Path;

use regex::Regex;

use crate::page::Page;

/// The file and the anchor of each include in `text`.
pub(crate) fn of(text: &str) -> Vec<(String, Option<String>)> {
    // Every test of an include uses this pattern, so it is valid.
    let pattern =
        Regex::new(r"(?:^|[^\\])\{\{#(?:rustdoc_)?include\s+([^:}\s]+)(?::([^}\s]*))?\s*\}\}").expect("valid");
    pattern
        .captures_iter(text)
        .map(|found| (found[1].to_owned(), found.get(2).map(|a| a.as_str().to_owned())))
        .collect()
}

pub(crate) fn check(root: &Path, page: &Page) -> Vec<String> {
    let mut problems = Vec::new();
    for (index, line) in page.text.lines().enumerate() {
        for (file, anchor) in of(line) {
            if let Err(what) = check_one(&root.join(page.folder()), &file, anchor.as_deref()) {
                problems.push(page.problem(index + 1, what, "fix the name, or put the anchor into the file"));
            }
        }
    }
    problems
}

fn check_one(folder: &Path, file: &str, anchor: Option<&str>) -> Result<(), String> {
    let text = fs::read_to_string(folder.join(file)).map_err(|error| format!("cannot include {file}: {error}"))?;
    let mut lines: Vec<_> = text.lines().collect();
    if let Some(anchor) = anchor {
        if anchor.starts_with(|c: char| c.is_ascii_digit() || c == ':') {
            return Err(format!("{file} is included by line numbers, which go stale silently: name an anchor"));
        }
        let place = |mark: &str| {
            let is_it = |line: &&str| line.split_once(mark).is_some_and(|(_, name)| name.trim() == anchor);
            lines.iter().position(is_it).ok_or(format!("{file} has no `{mark} {anchor}`"))
        };
        lines = lines.get(place("ANCHOR:")?..place("ANCHOR_END:")?).unwrap_or_default().to_vec();
    }
    let shown = |line: &&str| !line.trim().is_empty() && !line.contains("ANCHOR:") && !line.contains("ANCHOR_END:");
    if lines.iter().any(shown) { Ok(()) } else { Err(format!("the included part of {file} is empty")) }
}
