//! What a command made, in a page.
//!
//! - `<!-- output of: COMMAND -->` stands above a fence that holds what the command prints.
//! - `<!-- output of the command above -->` as well; the command is what the `sh` fence above it holds, so that what
//!   the reader types is what was run.
//! - Between `<!-- made by: COMMAND -->` and `<!-- end -->` is the Markdown that the command prints.
//!
//! Before the colon or the end a block can say more: `[exit 1]` for a command that ends with that code, `[mask NAME]`
//! for what may differ; or both, with a comma between them.

use std::ops::Range;

use crate::Problem;
use crate::command::Commands;
use crate::mask::Mask;
use crate::page::Page;

/// One block.
struct Block {
    /// The line of its comment, from 1.
    line: usize,
    command: String,
    /// The exit code that the command should have.
    exit: i32,
    mask: Mask,
    /// The indices of the first line of its content and of the line behind it.
    content: (usize, usize),
    fenced: bool,
}

/// The blocks of a page, and what is wrong with their form.
fn blocks(page: &Page) -> (Vec<Block>, Vec<Problem>) {
    let lines: Vec<_> = page.text.lines().collect();
    let (mut blocks, mut problems) = (Vec::new(), Vec::new());
    let mut above = None;
    let mut index = 0;
    while index < lines.len() {
        let line = lines[index];
        index += 1;
        if line.starts_with("```") {
            // A fence that no command made: what looks like a comment in it is none.
            let end = position(&lines, index, "```").unwrap_or(lines.len());
            if line == "```sh" {
                above = Some(lines[index..end].join("\n"));
            }
            index = end + 1;
        } else if line.starts_with("<!-- output of") || line.starts_with("<!-- made by") {
            match block(&lines, index, above.as_deref()) {
                Ok(block) => {
                    index = block.content.1 + 1;
                    blocks.push(block);
                }
                Err(what) => problems.push(Problem::new(page, index, what, FORM)),
            }
        }
    }
    (blocks, problems)
}

const FORM: &str = "write `<!-- output of: COMMAND -->` above a fence, or `<!-- made by: COMMAND -->` … `<!-- end -->`";

/// The block whose comment stands before the line `index`.
fn block(lines: &[&str], index: usize, above: Option<&str>) -> Result<Block, String> {
    let comment = lines[index - 1];
    let fenced = comment.starts_with("<!-- output of");
    let inside = comment.trim_start_matches("<!-- output of").trim_start_matches("<!-- made by");
    let inside = inside.strip_suffix(" -->").ok_or("a comment that does not end on its line")?;
    let (options, command) = match inside.strip_prefix(" the command above") {
        Some(options) => (options, above.ok_or("no `sh` block stands above")?),
        None => inside.split_once(": ").ok_or("a comment without a command")?,
    };
    let command = command.to_owned();
    let content = if fenced {
        let opened = lines.get(index).is_some_and(|line| line.starts_with("```") && line.len() > 3);
        let end = position(lines, index + 1, "```").filter(|_| opened);
        (index + 1, end.ok_or("no fenced block follows the comment")?)
    } else {
        (index, position(lines, index, "<!-- end -->").ok_or("no `<!-- end -->` follows the comment")?)
    };
    let mut exit = 0;
    let mut mask = if fenced && lines[index] == "```diff" { Mask::Exact } else { Mask::Times };
    let options = options.trim().trim_start_matches('[').trim_end_matches(']');
    for option in options.split(',').map(str::trim).filter(|option| !option.is_empty()) {
        match option.split_once(' ') {
            Some(("exit", code)) => exit = code.parse().map_err(|_| format!("`{code}` is no exit code"))?,
            Some(("mask", name)) => mask = Mask::named(name).ok_or(format!("there is no mask `{name}`"))?,
            _ => return Err(format!("`{option}` is no option")),
        }
    }
    Ok(Block { line: index, command, exit, mask, content, fenced })
}

/// The first line from `from` on that is `wanted`.
fn position(lines: &[&str], from: usize, wanted: &str) -> Option<usize> {
    (from..lines.len()).find(|&index| lines[index] == wanted)
}

/// The lines, from 1, of the fences whose content a command made: all that it prints, or a piece of its Markdown.
pub(crate) fn fences(page: &Page) -> Vec<usize> {
    let lines: Vec<_> = page.text.lines().collect();
    let mut fences = Vec::new();
    for block in blocks(page).0 {
        if block.fenced {
            fences.push(block.content.0);
        } else {
            let (from, to) = block.content;
            fences.extend((from..to).filter(|&index| lines[index].starts_with("```")).map(|index| index + 1));
        }
    }
    fences
}

/// The places in the text where Markdown stands that a command printed.
pub(crate) fn made(page: &Page) -> Vec<Range<usize>> {
    let starts = page.text.split_inclusive('\n').scan(0, |next, line| {
        let start = *next;
        *next += line.len();
        Some(start)
    });
    let starts: Vec<_> = starts.collect();
    let place = |index: usize| starts.get(index).copied().unwrap_or(page.text.len());
    let blocks = blocks(page).0.into_iter().filter(|block| !block.fenced);
    blocks.map(|block| place(block.content.0)..place(block.content.1)).collect()
}

/// What the block's command prints now.
fn fresh(page: &Page, block: &Block, commands: &mut Commands) -> Result<Vec<String>, Problem> {
    let failed = |what: String| {
        let remedy = "mend the command; when it should end with that code, say `[exit CODE]` before the colon";
        Problem::new(page, block.line, format!("`{}`: {what}", block.command), remedy)
    };
    let ran = commands.run(&block.command).map_err(&failed)?;
    if ran.code != Some(block.exit) {
        let code = ran.code.map_or("a signal".to_owned(), |code| format!("exit code {code}"));
        return Err(failed(format!("it ended with {code}, not {}\n{}", block.exit, ran.complaint)));
    }
    if block.fenced && ran.output.lines().any(|line| line.starts_with("```")) {
        return Err(failed("its output has a fence of its own".to_owned()));
    }
    Ok(ran.output.lines().map(str::to_owned).collect())
}

/// The first line that differs: what the page has and what the command prints.
fn difference(block: &Block, old: &[&str], new: &[String]) -> Option<String> {
    (0..old.len().max(new.len())).find_map(|index| {
        let old = old.get(index).map(|line| block.mask.apply(line));
        let new = new.get(index).map(|line| block.mask.apply(line));
        let show = |line: Option<String>| line.unwrap_or_else(|| "(nothing)".into());
        (old != new).then(|| format!("\n    in the page: {}\n    now:         {}", show(old), show(new)))
    })
}

pub(crate) fn check(page: &Page, commands: &mut Commands) -> Vec<Problem> {
    let lines: Vec<_> = page.text.lines().collect();
    let (blocks, mut problems) = blocks(page);
    for block in blocks {
        match fresh(page, &block, commands) {
            Err(problem) => problems.push(problem),
            Ok(new) => {
                if let Some(difference) = difference(&block, &lines[block.content.0..block.content.1], &new) {
                    let what = format!("the output of `{}` is stale{difference}", block.command);
                    problems.push(Problem::new(page, block.line, what, "run scripts/book update"));
                }
            }
        }
    }
    problems
}

/// The page's text with every stale block written anew, and what stood in the way. A block that is not stale stays as
/// it is: its times are as good as new ones.
pub(crate) fn update(page: &Page, commands: &mut Commands) -> (String, Vec<Problem>) {
    let lines: Vec<_> = page.text.lines().collect();
    let (blocks, mut problems) = blocks(page);
    let mut text = String::new();
    let mut done = 0;
    for block in blocks {
        let old = &lines[block.content.0..block.content.1];
        let new = fresh(page, &block, commands).unwrap_or_else(|problem| {
            problems.push(problem);
            old.iter().map(|&line| line.to_owned()).collect()
        });
        let keep = difference(&block, old, &new).is_none();
        let content = if keep { old.iter().map(|&line| line.to_owned()).collect() } else { new };
        for line in lines[done..block.content.0].iter().map(|&line| line.to_owned()).chain(content) {
            text += &line;
            text.push('\n');
        }
        done = block.content.1;
    }
    for line in &lines[done..] {
        text += line;
        text.push('\n');
    }
    (text, problems)
}
