//! What a page includes, as mdBook does: `{{#include FILE}}` or `{{#include FILE:ANCHOR}}`.
//!
//! mdBook renders a missing anchor as nothing and only logs a missing file. Here both are problems.

use std::fs;
use std::path::Path;

use crate::Problem;
use crate::page::Page;

/// One include.
pub(crate) struct Include<'a> {
    /// The line it stands on, from 1.
    pub(crate) line: usize,
    /// The file, from the page's folder.
    pub(crate) file: &'a str,
    anchor: Option<&'a str>,
}

impl Include<'_> {
    /// The lines that it stands for, without the marks of anchors, or why there are none.
    pub(crate) fn lines(&self, root: &Path, page: &Page) -> Result<Vec<String>, String> {
        let text = fs::read_to_string(root.join(page.folder()).join(self.file))
            .map_err(|error| format!("cannot include {}: {error}", self.file))?;
        let mut lines: Vec<_> = text.lines().collect();
        if let Some(anchor) = self.anchor {
            let place = |mark: &str| {
                let is_it = |line: &&str| line.split_once(mark).is_some_and(|(_, name)| name.trim() == anchor);
                lines.iter().position(is_it).ok_or(format!("{} has no `{mark} {anchor}`", self.file))
            };
            let (start, end) = (place("ANCHOR:")?, place("ANCHOR_END:")?);
            lines = lines.get(start..end).unwrap_or_default().to_vec();
        }
        let lines: Vec<_> = lines.into_iter().filter(|line| !is_mark(line)).map(str::to_owned).collect();
        if lines.iter().all(|line| line.trim().is_empty()) {
            return Err(format!("what is included of {} is empty", self.file));
        }
        Ok(lines)
    }
}

fn is_mark(line: &str) -> bool {
    line.contains("ANCHOR:") || line.contains("ANCHOR_END:")
}

/// The include on this line, if there is one.
pub(crate) fn on_line(number: usize, line: &str) -> Option<Include<'_>> {
    let (before, rest) = line.split_once("{{#include ").or_else(|| line.split_once("{{#rustdoc_include "))?;
    if before.ends_with('\\') {
        return None;
    }
    let (target, _) = rest.split_once("}}")?;
    let (file, anchor) = target.trim().split_once(':').map_or((target.trim(), None), |(file, a)| (file, Some(a)));
    Some(Include { line: number, file, anchor })
}

/// Every include of a page.
pub(crate) fn of(page: &Page) -> impl Iterator<Item = Include<'_>> {
    page.text.lines().enumerate().filter_map(|(index, line)| on_line(index + 1, line))
}

pub(crate) fn check(root: &Path, page: &Page) -> Vec<Problem> {
    let mut problems = Vec::new();
    for include in of(page) {
        if include.anchor.is_some_and(|anchor| anchor.starts_with(|c: char| c.is_ascii_digit() || c == ':')) {
            let what = format!("{} is included by line numbers", include.file);
            problems.push(Problem::new(page, include.line, what, "name an anchor: numbers go stale without a word"));
        } else if let Err(what) = include.lines(root, page) {
            problems.push(Problem::new(page, include.line, what, "mend the name, or put the anchor into the file"));
        }
    }
    problems
}
