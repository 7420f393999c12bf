//! Keeps the book and the README true.
//!
//! The pages are `README.md` and the chapters that `docs/src/SUMMARY.md` lists. [`check`] finds what does not hold in
//! them, and [`update`] writes anew what a command made.
//!
//! # Layout
//!
//! - `page.rs`: the pages, in reading order.
//! - `block.rs`: what a command made, and whether it is stale. `command.rs` runs it, `mask.rs` forgives it the time.
//! - `code.rs`: code in a chapter is an include of code that is compiled. `include.rs` finds what is included.
//! - `link.rs`: links, fragments, pictures.
//! - `glossary.rs`: a term links to the glossary where a chapter uses it first.
//! - `reading.rs`: how long a page takes to read.
//! - `problem.rs`: what is wrong, where, and what to do about it.
//! - `snippets/`: the small pieces of code that the chapters show and no stage has. They are tests.

mod block;
mod code;
mod command;
mod glossary;
mod include;
mod link;
mod mask;
mod page;
mod problem;
mod reading;
#[cfg(test)]
mod snippets;

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use command::Commands;
use page::Pages;
pub use problem::Problem;

/// Everything that does not hold in the pages under `root`. A command may take as long as `limit`.
///
/// # Errors
///
/// When `SUMMARY.md` or the README cannot be read.
pub fn check(root: &Path, limit: Duration) -> io::Result<Vec<Problem>> {
    let mut problems = lint(root)?;
    let (pages, _) = Pages::load(root)?;
    let mut commands = Commands::new(root, limit);
    for page in pages.iter() {
        problems.extend(block::check(page, &mut commands));
    }
    Ok(problems)
}

/// What [`check`] finds without running a command.
///
/// # Errors
///
/// As [`check`].
pub fn lint(root: &Path) -> io::Result<Vec<Problem>> {
    let (pages, mut problems) = Pages::load(root)?;
    for page in pages.iter() {
        problems.extend(link::check(&pages, page));
        if page.is_summary() {
            continue;
        }
        problems.extend(reading::check(root, page));
        problems.extend(include::check(root, page));
        if page.is_chapter() {
            problems.extend(code::check(root, page));
        }
    }
    problems.extend(glossary::check(&pages));
    Ok(problems)
}

/// Writes every stale block anew. Returns what stood in the way.
///
/// # Errors
///
/// When a page cannot be read or written.
pub fn update(root: &Path, limit: Duration) -> io::Result<Vec<Problem>> {
    let (pages, mut problems) = Pages::load(root)?;
    let mut commands = Commands::new(root, limit);
    for page in pages.iter() {
        let (text, wrong) = block::update(page, &mut commands);
        problems.extend(wrong);
        if text != page.text {
            fs::write(root.join(&page.path), text)?;
            println!("{} is written anew", page.path);
        }
    }
    Ok(problems)
}
