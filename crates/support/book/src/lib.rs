//! Checks the book and the READMEs against the repository.
//!
//! The pages are the two READMEs and the chapters that `docs/src/SUMMARY.md` lists. [`check`] finds what is wrong in
//! them, and [`update`] replaces stale outputs. A problem is a text that names the file and the line, what is wrong,
//! and how to fix it.
//!
//! # Layout
//!
//! - `page.rs`: the pages, in reading order.
//! - `block.rs`: the output of a command, and whether it is stale. `command.rs` runs the command, `mask.rs` hides what
//!   may differ between two runs.
//! - `code.rs`: requires that code in a chapter is included from a crate that compiles it. `include.rs` checks the
//!   includes.
//! - `link.rs`: links, fragments, pictures.
//! - `translation.rs`: the Chinese edition keeps up with the English one. `prepare.rs` is a preprocessor for it, and
//!   `editions.rs` compares what was built.
//! - `snippets/`: small pieces of code that the chapters show and no stage contains. They are tests.

mod block;
mod code;
mod command;
mod editions;
mod include;
mod link;
mod mask;
mod page;
mod prepare;
#[cfg(test)]
mod snippets;
mod translation;

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use command::Commands;
pub use editions::editions;
use page::Pages;
pub use prepare::prepare;
pub use translation::{behind, reduce};

/// Every problem in the pages under `root`. Each command must end within `limit`.
///
/// # Errors
///
/// If `SUMMARY.md`, the README or the translations cannot be read.
pub fn check(root: &Path, limit: Duration) -> io::Result<Vec<String>> {
    let mut problems = lint(root)?;
    let mut commands = Commands::new(root, limit);
    for page in &Pages::load(root)?.0.pages {
        let rerun = block::rerun(page, &mut commands);
        problems.extend(rerun.failed);
        problems.extend(rerun.stale);
    }
    Ok(problems)
}

/// The problems that [`check`] finds without running a command.
///
/// # Errors
///
/// As [`check`].
pub fn lint(root: &Path) -> io::Result<Vec<String>> {
    let (pages, mut problems) = Pages::load(root)?;
    for page in &pages.pages {
        problems.extend(link::check(&pages, page));
        problems.extend(include::check(root, page));
        if page.is_chapter() {
            problems.extend(code::check(root, page));
        }
    }
    problems.extend(translation::check(root)?);
    Ok(problems)
}

/// Replaces every stale block. Returns the problems that no update can fix.
///
/// # Errors
///
/// If a page cannot be read or written.
pub fn update(root: &Path, limit: Duration) -> io::Result<Vec<String>> {
    let (pages, mut problems) = Pages::load(root)?;
    let mut commands = Commands::new(root, limit);
    for page in &pages.pages {
        let rerun = block::rerun(page, &mut commands);
        problems.extend(rerun.failed);
        if !rerun.stale.is_empty() {
            fs::write(root.join(&page.path), rerun.text)?;
            println!("updated {}", page.path);
        }
    }
    Ok(problems)
}
