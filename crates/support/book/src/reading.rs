//! How long a page takes to read.
//!
//! For a reader whose second language is English: 200 words a minute. A line of code, of output or of a diff that is
//! not empty counts as six words. What is folded counts as well.

use std::path::Path;

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::page::Page;
use crate::{Problem, include};

const WORDS_A_MINUTE: usize = 200;
const WORDS_A_CODE_LINE: usize = 6;
/// What one page may take, in minutes.
const BUDGET: usize = 15;

/// How many minutes a page takes, rounded up.
pub(crate) fn minutes(root: &Path, page: &Page) -> usize {
    let mut words = 0;
    let mut in_code = false;
    for (event, _) in page.events() {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Text(text) if in_code => {
                words += text.lines().map(|line| code_lines(root, page, line) * WORDS_A_CODE_LINE).sum::<usize>();
            }
            Event::Text(text) | Event::Code(text) => words += text.split_whitespace().count(),
            _ => {}
        }
    }
    words.div_ceil(WORDS_A_MINUTE)
}

/// How many lines with something in them this line stands for: an include stands for all of its own.
fn code_lines(root: &Path, page: &Page, line: &str) -> usize {
    let filled = |line: &str| usize::from(!line.trim().is_empty());
    match include::on_line(0, line) {
        None => filled(line),
        Some(include) => include.lines(root, page).unwrap_or_default().iter().map(|line| filled(line)).sum(),
    }
}

pub(crate) fn check(root: &Path, page: &Page) -> Option<Problem> {
    let minutes = minutes(root, page);
    (minutes > BUDGET).then(|| {
        let what = format!("this page takes {minutes} minutes to read, and {BUDGET} are allowed");
        Problem::new(page, 1, what, "shorten it, or make two pages of it")
    })
}
