//! Blocks: the outputs of commands in a page.
//!
//! - Below `<!-- output of: COMMAND -->` stands a fence with the output of the command.
//! - Below `<!-- output of the command above -->` as well. The command is the content of the `sh` fence above, so that
//!   the reader types what was run.
//! - Between `<!-- made by: COMMAND -->` and `<!-- end -->` stands the Markdown that the command prints.
//!
//! Options stand before the colon or at the end: `[exit 1]` for a command that ends with that code, `[mask NAME]` for
//! what may differ, or both with a comma between them.

use std::ops::Range;

use regex::Regex;

use crate::command::Commands;
use crate::mask::Mask;
use crate::page::Page;

struct Block {
    /// The line of its comment, from 1.
    line: usize,
    command: String,
    /// The exit code that the command must end with.
    exit: i32,
    mask: Mask,
    /// The indices of the lines that the command printed.
    content: Range<usize>,
    fenced: bool,
}

const FORM: &str = "write `<!-- output of: COMMAND -->` above a fence, or `<!-- made by: COMMAND -->` … `<!-- end -->`";

/// The blocks of a page, and the problems with their form.
fn blocks(page: &Page) -> (Vec<Block>, Vec<String>) {
    // Every test of a block uses this pattern, so it is valid.
    let comment =
        Regex::new(r"^<!-- (output of|made by)( the command above)?(?: \[(.*?)\])?(?:: (.+))? -->$").expect("valid");
    let lines: Vec<_> = page.text.lines().collect();
    let (mut blocks, mut problems) = (Vec::new(), Vec::new());
    let mut above = None;
    let mut index = 0;
    while index < lines.len() {
        let line = lines[index];
        index += 1;
        if line.starts_with("```") {
            // No block starts inside this fence.
            let end = find(&lines, index, "```").unwrap_or(lines.len());
            if line == "```sh" {
                above = Some(lines[index..end].join("\n"));
            }
            index = end + 1;
        } else if line.starts_with("<!-- output of") || line.starts_with("<!-- made by") {
            match block(&comment, &lines, index, above.as_deref()) {
                Ok(block) => {
                    index = block.content.end + 1;
                    blocks.push(block);
                }
                Err(what) => problems.push(page.problem(index, what, FORM)),
            }
        }
    }
    (blocks, problems)
}

/// The block whose comment stands above the line `index`.
fn block(comment: &Regex, lines: &[&str], index: usize, above: Option<&str>) -> Result<Block, String> {
    let found = comment.captures(lines[index - 1]).ok_or("the comment has another form")?;
    let command = match (found.get(2), found.get(4)) {
        (None, Some(command)) => command.as_str(),
        (Some(_), None) => above.ok_or("no `sh` block stands above")?,
        _ => return Err("a comment needs one command".to_owned()),
    };
    let fenced = &found[1] == "output of";
    let language = lines.get(index).and_then(|line| line.strip_prefix("```")).unwrap_or_default();
    let content = if fenced {
        let end = find(lines, index + 1, "```").filter(|_| !language.is_empty());
        index + 1..end.ok_or("no fenced block follows the comment")?
    } else {
        index..find(lines, index, "<!-- end -->").ok_or("no `<!-- end -->` follows the comment")?
    };
    let mut exit = 0;
    let mut mask = if fenced && language == "diff" { "exact" } else { "times" };
    for option in found.get(3).map_or("", |options| options.as_str()).split_terminator(',') {
        match option.trim().split_once(' ') {
            Some(("exit", code)) => exit = code.parse().map_err(|_| format!("`{code}` is no exit code"))?,
            Some(("mask", name)) => mask = name,
            _ => return Err(format!("`{option}` is no option")),
        }
    }
    let mask = Mask::named(mask).ok_or(format!("there is no mask `{mask}`"))?;
    Ok(Block { line: index, command: command.to_owned(), exit, mask, content, fenced })
}

/// The first line from `from` on that is `wanted`.
fn find(lines: &[&str], from: usize, wanted: &str) -> Option<usize> {
    (from..lines.len()).find(|&index| lines[index] == wanted)
}

/// The lines of the page, from 1, that belong to a block.
pub(crate) fn made(page: &Page) -> Vec<Range<usize>> {
    blocks(page).0.into_iter().map(|block| block.line..block.content.end + 1).collect()
}

/// A page with the current outputs.
pub(crate) struct Rerun {
    /// The text, with every stale block replaced. A block that differs only in what its mask hides is not stale.
    pub(crate) text: String,
    /// A problem per stale block.
    pub(crate) stale: Vec<String>,
    /// The problems that an update cannot fix.
    pub(crate) failed: Vec<String>,
}

/// Runs the command of every block.
pub(crate) fn rerun(page: &Page, commands: &mut Commands) -> Rerun {
    let lines: Vec<_> = page.text.lines().map(str::to_owned).collect();
    let (blocks, mut failed) = blocks(page);
    let (mut text, mut stale) = (Vec::new(), Vec::new());
    let mut done = 0;
    for block in blocks {
        text.extend_from_slice(&lines[done..block.content.start]);
        let old = &lines[block.content.clone()];
        match fresh(&block, commands) {
            Ok(new) => {
                // The first block of a command decides what all of them show, down to what the mask hides.
                let shown = commands
                    .shown
                    .entry(block.command.clone())
                    .or_insert_with(|| if difference(&block.mask, old, &new).is_none() { old.to_vec() } else { new });
                if let Some(difference) = difference(&Mask::exact(), old, shown) {
                    let what = format!("the output of `{}` is stale{difference}", block.command);
                    stale.push(page.problem(block.line, what, "run scripts/book update"));
                }
                text.extend_from_slice(shown);
            }
            Err(what) => {
                let remedy = "fix the command; if it must end with that code, write `[exit CODE]` before the colon";
                failed.push(page.problem(block.line, format!("`{}`: {what}", block.command), remedy));
                text.extend_from_slice(old);
            }
        }
        done = block.content.end;
    }
    text.extend_from_slice(&lines[done..]);
    Rerun { text: text.join("\n") + "\n", stale, failed }
}

/// The lines that the block's command prints now.
fn fresh(block: &Block, commands: &mut Commands) -> Result<Vec<String>, String> {
    let ran = commands.run(&block.command)?;
    if ran.status.code() != Some(block.exit) {
        let code = ran.status.code().map_or("a signal".to_owned(), |code| format!("exit code {code}"));
        let errors = String::from_utf8_lossy(&ran.stderr);
        let last = errors.lines().count().saturating_sub(5);
        let last: Vec<_> = errors.lines().skip(last).collect();
        return Err(format!("it ended with {code}, not {}\n{}", block.exit, last.join("\n")));
    }
    let lines: Vec<_> = String::from_utf8_lossy(&ran.stdout).trim_end().lines().map(str::to_owned).collect();
    if block.fenced && lines.iter().any(|line| line.starts_with("```")) {
        return Err("its output contains a fence".to_owned());
    }
    Ok(lines)
}

/// The first line that differs: in the page, and as the command prints it.
fn difference(mask: &Mask, old: &[String], new: &[String]) -> Option<String> {
    (0..old.len().max(new.len())).find_map(|index| {
        let [old, new] = [old, new].map(|lines| lines.get(index).map(|line| mask.apply(line)));
        let show = |line: Option<String>| line.unwrap_or_else(|| "(nothing)".into());
        (old != new).then(|| format!("\n    in the page: {}\n    now:         {}", show(old), show(new)))
    })
}
