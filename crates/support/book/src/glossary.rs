//! A term links to the glossary where a chapter uses it first.
//!
//! A term is a heading of `glossary.md`. *First* means first in each chapter, because a reader may open any of them.
//! What counts is prose, with `s` at the end or without, and code spans for terms that are code. Headings, code blocks
//! and the text of other links do not count, and neither does what a command printed: it is read in a terminal as well.

use std::collections::HashMap;
use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::link::headings;
use crate::page::{GLOSSARY, Page, Pages};
use crate::{Problem, block};

/// One heading of the glossary.
struct Term {
    text: String,
    id: String,
    /// Whether its heading is a code span.
    code: bool,
}

pub(crate) fn check(pages: &Pages) -> Vec<Problem> {
    let Some(glossary) = pages.get(GLOSSARY) else { return Vec::new() };
    let mut terms: Vec<_> = headings(glossary)
        .into_iter()
        .skip(1)
        .map(|(line, text, id)| {
            let code = glossary.text.lines().nth(line - 1).is_some_and(|line| line.contains('`'));
            Term { text: if code { text } else { text.to_lowercase() }, id, code }
        })
        .collect();
    // `runtime worker` is not a use of `runtime`.
    terms.sort_by_key(|term| std::cmp::Reverse(term.text.len()));
    pages
        .iter()
        .filter(|page| page.is_chapter() && page.path != GLOSSARY)
        .flat_map(|page| first_uses(page, &terms))
        .collect()
}

/// The terms whose first use in this page is no link to the glossary.
fn first_uses(page: &Page, terms: &[Term]) -> Vec<Problem> {
    // What has been met: `None` when it was a link.
    let mut met: HashMap<&str, Option<usize>> = HashMap::new();
    let mut prose = Prose::default();
    let mut skip = 0;
    let made = block::made(page);
    let own = |place: &Range<usize>| !made.iter().any(|made| made.contains(&place.start));
    for (event, range) in page.events().filter(|(_, place)| own(place)) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                skip += 1;
                if let Some((_, id)) = dest_url.split_once("glossary.md#") {
                    prose.find(page, terms, &mut met);
                    if let Some(term) = terms.iter().find(|term| term.id == id) {
                        met.entry(&term.id).or_insert(None);
                    }
                }
                prose.push(" \u{0} ", range.start);
            }
            Event::Start(Tag::CodeBlock(_) | Tag::Heading { .. } | Tag::Image { .. }) => skip += 1,
            Event::End(TagEnd::Link | TagEnd::CodeBlock | TagEnd::Heading(_) | TagEnd::Image) => skip -= 1,
            Event::Text(text) if skip == 0 => prose.push(&text, range.start),
            Event::SoftBreak => prose.push(" ", range.start),
            Event::Code(code) if skip == 0 => {
                prose.find(page, terms, &mut met);
                if let Some(term) = terms.iter().find(|term| term.code && *term.text == *code) {
                    met.entry(&term.id).or_insert(Some(page.line(range.start)));
                }
                prose.push(" \u{0} ", range.start);
            }
            Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::TableCell) => prose.find(page, terms, &mut met),
            _ => {}
        }
    }
    prose.find(page, terms, &mut met);
    let mut problems: Vec<_> = met
        .into_iter()
        .filter_map(|(id, line)| {
            let term = terms.iter().find(|term| term.id == id)?;
            let what = format!("`{}` is a term of the glossary, and its first use here is no link", term.text);
            Some(Problem::new(page, line?, what, format!("link it: [{}](glossary.md#{id})", term.text)))
        })
        .collect();
    problems.sort_by_key(|problem| problem.line);
    problems
}

/// Text that has not been searched yet, with the place in the page of each of its pieces.
#[derive(Default)]
struct Prose {
    text: String,
    pieces: Vec<(usize, usize)>,
}

impl Prose {
    fn push(&mut self, text: &str, place: usize) {
        self.pieces.push((self.text.len(), place));
        self.text.push_str(text);
    }

    /// Looks for the terms, and forgets the text.
    fn find<'t>(&mut self, page: &Page, terms: &'t [Term], met: &mut HashMap<&'t str, Option<usize>>) {
        let mut text = std::mem::take(&mut self.text).to_lowercase();
        let pieces = std::mem::take(&mut self.pieces);
        for term in terms.iter().filter(|term| !term.code) {
            while let Some(start) = find_word(&text, &term.text) {
                let piece = pieces.iter().rev().find(|(at, _)| *at <= start).map_or(0, |(_, place)| *place);
                met.entry(&term.id).or_insert(Some(page.line(piece)));
                text.replace_range(start..start + term.text.len(), &"\u{0}".repeat(term.text.len()));
            }
        }
    }
}

/// Where `word` stands in `text` as a word of its own, perhaps with an `s` behind it.
fn find_word(text: &str, word: &str) -> Option<usize> {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.match_indices(word).map(|(start, _)| start).find(|&start| {
        let (before, behind) = (&text[..start], &text[start + word.len()..]);
        let behind = behind.strip_prefix('s').unwrap_or(behind);
        !before.ends_with(is_letter) && !behind.starts_with(is_letter)
    })
}
