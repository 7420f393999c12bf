//! Code in a chapter is never pasted.
//!
//! - `rust` and `toml` blocks hold nothing but includes.
//! - `text` and `diff` blocks are made by a command: `<!-- output of: … -->` stands above them.
//! - `sh` blocks are for the reader to type. The crates and scripts in them must exist.

use std::path::Path;

use pulldown_cmark::{CodeBlockKind, Event, Tag};

use crate::page::Page;
use crate::{block, include};

pub(crate) fn check(root: &Path, page: &Page) -> Vec<String> {
    let made = block::made(page);
    let mut problems = Vec::new();
    for (event, range) in page.events() {
        let Event::Start(Tag::CodeBlock(kind)) = event else { continue };
        let line = page.line(range.start);
        let CodeBlockKind::Fenced(info) = kind else {
            problems.push(page.problem(line, "code by indentation", "use a fence with a language"));
            continue;
        };
        let inside = page.text[range].lines().zip(line..).skip(1).filter(|(text, _)| !text.starts_with("```"));
        match info.split([',', ' ']).next().unwrap_or_default() {
            "rust" | "toml" => problems.extend(inside.filter_map(|(text, line)| pasted(page, line, text))),
            "sh" => problems.extend(inside.flat_map(|(text, line)| unknown_names(root, page, line, text))),
            "text" | "diff" if made.iter().any(|made| made.contains(&line)) => {}
            language @ ("text" | "diff") => {
                let what = format!("a `{language}` block that no command made");
                problems.push(page.problem(line, what, "put `<!-- output of: COMMAND -->` above it"));
            }
            language => {
                let what = format!("a code block of the kind `{language}`");
                problems.push(page.problem(line, what, "use rust, toml (by include), text, diff (by command), or sh"));
            }
        }
    }
    problems
}

/// A line of code that is not an include.
fn pasted(page: &Page, line: usize, text: &str) -> Option<String> {
    let included = include::of(text).iter().any(|(file, _)| file.contains("crates/"));
    let remedy =
        "include it from a crate: {{#include ../../crates/…}}; snippets are in crates/support/book/src/snippets";
    (!included && !text.trim().is_empty()).then(|| page.problem(line, "code that nothing compiles", remedy))
}

/// Crates and scripts in a command that do not exist.
fn unknown_names(root: &Path, page: &Page, line: usize, command: &str) -> Vec<String> {
    let words: Vec<_> = command.split_whitespace().collect();
    let crates = words.windows(2).filter(|pair| pair[0] == "-p").map(|pair| format!("crates/{}", pair[1]));
    let scripts = words.iter().filter(|word| word.starts_with("scripts/")).map(|&word| word.to_owned());
    let unknown = crates.chain(scripts).filter(|path| !root.join(path).exists());
    unknown
        .map(|path| page.problem(line, format!("`{command}` names {path}, which is not there"), "fix the command"))
        .collect()
}
