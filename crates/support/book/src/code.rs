//! Code in a chapter is never pasted.
//!
//! - `rust` and `toml` hold nothing but includes.
//! - `text` and `diff` are made by a command: `<!-- output of: … -->` stands above them.
//! - `sh` is for the reader to type. The crates and scripts it names must be there.

use std::path::Path;

use pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};

use crate::page::Page;
use crate::{Problem, block, include};

pub(crate) fn check(root: &Path, page: &Page) -> Vec<Problem> {
    let made = block::fences(page);
    let mut problems = Vec::new();
    let mut language = None;
    for (event, range) in page.events() {
        let line = page.line(range.start);
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => {
                problems.push(Problem::new(page, line, "code by indentation", "use a fence that says what it is"));
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let name = info.split([',', ' ']).next().unwrap_or_default().to_owned();
                match name.as_str() {
                    "rust" | "toml" | "sh" => {}
                    "text" | "diff" if made.contains(&line) => {}
                    "text" | "diff" => problems.push(Problem::new(
                        page,
                        line,
                        format!("a `{name}` block that no command made"),
                        "put `<!-- output of: COMMAND -->` above it",
                    )),
                    _ => problems.push(Problem::new(
                        page,
                        line,
                        format!("a code block of the kind `{name}`"),
                        "use rust, toml (by include), text, diff (by command), or sh",
                    )),
                }
                language = Some(name);
            }
            Event::End(TagEnd::CodeBlock) => language = None,
            Event::Text(text) => {
                for (index, content) in text.lines().enumerate() {
                    match language.as_deref() {
                        Some("rust" | "toml") => problems.extend(pasted(page, line + index, content)),
                        Some("sh") => problems.extend(unknown_names(root, page, line + index, content)),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    problems
}

/// A line of code that is no include.
fn pasted(page: &Page, line: usize, content: &str) -> Option<Problem> {
    let included = include::on_line(line, content).is_some_and(|include| include.file.contains("crates/"));
    (!included && !content.trim().is_empty()).then(|| {
        let remedy =
            "include it from a crate: {{#include ../../crates/…}}; snippets are in crates/support/book/src/snippets";
        Problem::new(page, line, "code that nothing compiles", remedy)
    })
}

/// Names in a command that lead nowhere.
fn unknown_names(root: &Path, page: &Page, line: usize, command: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut words = command.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let path = match (word, words.peek()) {
            ("-p", Some(name)) => format!("crates/{name}"),
            (script, _) if script.starts_with("scripts/") => script.to_owned(),
            _ => continue,
        };
        if !root.join(&path).exists() {
            let what = format!("`{command}` names {path}, which is not there");
            problems.push(Problem::new(page, line, what, "mend the command"));
        }
    }
    problems
}
