//! The Chinese edition, `docs/po/zh-CN.po`: every message is translated, and says what the English one says.
//!
//! A message is a paragraph, a heading or a cell of a table, as `mdbook-xgettext` collects it. A message without words,
//! such as a figure in a table, is no message here.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::LazyLock;

use polib::catalog::Catalog;
use polib::message::MessageView;
use polib::po_file;
use pulldown_cmark::{Event, Options, Parser, Tag};
use regex::{Captures, Regex};

const MESSAGES: &str = "docs/po/zh-CN.po";
const TERMS: &str = "docs/po/terms.md";

/// A pattern that the tests use, so it is valid.
macro_rules! pattern {
    ($pattern:literal) => {
        LazyLock::new(|| Regex::new($pattern).expect("valid"))
    };
}

static FIGURE: LazyLock<Regex> = pattern!(r"[\d.,]+ ?(?:B|KiB|MiB|GiB|ns|µs|ms|s)\b");
static NUMBER: LazyLock<Regex> = pattern!(r"(\d+(?:[.,:]\d+)*) ?(million|百万|万|亿)?");
static MONTH: LazyLock<Regex> = pattern!(r"\d+ ?月");
static PATH: LazyLock<Regex> = pattern!(r"[\w-]+(?:[./:_]+[\w-]+)+");
static SENTENCE: LazyLock<Regex> = pattern!(r"[A-Za-z]+(?: [A-Za-z']+){2,}");

/// Every problem that the messages show by themselves. A book without translations has none.
pub(crate) fn check(root: &Path) -> io::Result<Vec<String>> {
    if !root.join(MESSAGES).exists() {
        return Ok(Vec::new());
    }
    let catalog = read(&root.join(MESSAGES))?;
    let terms = terms(&fs::read_to_string(root.join(TERMS))?);
    let mut problems = Vec::new();
    for message in catalog.messages().filter(|message| has_words(message.msgid())) {
        let translation = message.msgstr().unwrap_or_default();
        if translation.is_empty() {
            problems.push(problem(message, "is not translated", "translate it"));
        } else if message.is_fuzzy() {
            let remedy = "correct the translation, and remove the word `fuzzy` above it";
            problems.push(problem(message, "has changed since it was translated", remedy));
        } else {
            let differences = differences(&Parts::of(message.msgid()), &Parts::of(translation), &terms);
            problems.extend(differences.into_iter().map(|(what, remedy)| problem(message, &what, remedy)));
        }
    }
    Ok(problems)
}

/// Every difference between the messages of the English text, which are in `template`, and those that are translated.
///
/// # Errors
///
/// If one of the two files cannot be read.
pub fn behind(root: &Path, template: &Path) -> io::Result<Vec<String>> {
    let (english, translated) = (read(template)?, read(&root.join(MESSAGES))?);
    let ids = |catalog: &Catalog| -> HashSet<String> {
        catalog.messages().map(|message| message.msgid().to_owned()).filter(|id| has_words(id)).collect()
    };
    let (english_ids, translated_ids) = (ids(&english), ids(&translated));
    let remedy = "run scripts/book translate";
    let new = english.messages().filter(|message| has_words(message.msgid()));
    let new = new.filter(|message| !translated_ids.contains(message.msgid()));
    let new = new.map(|message| problem(message, "is new, or has changed", remedy));
    let gone = translated.messages().filter(|message| !english_ids.contains(message.msgid()));
    let gone = gone.map(|message| problem(message, "is no longer in the English text", remedy));
    Ok(new.chain(gone).collect())
}

/// Removes the messages without words from a file that `mdbook-xgettext` made.
///
/// # Errors
///
/// If the file cannot be read or written.
pub fn reduce(template: &Path) -> io::Result<()> {
    let mut catalog = read(template)?;
    let wordless: Vec<_> =
        catalog.messages().map(|message| message.msgid().to_owned()).filter(|id| !has_words(id)).collect();
    for id in wordless {
        catalog.delete_message(None, &id, None);
    }
    po_file::write(&catalog, template)
}

fn read(path: &Path) -> io::Result<Catalog> {
    po_file::parse(path).map_err(|error| io::Error::other(format!("cannot read {}: {error}", path.display())))
}

fn problem(message: &dyn MessageView, what: &str, remedy: &str) -> String {
    let source = message.source().split_whitespace().next().unwrap_or_default();
    let beginning: String = message.msgid().chars().take(70).collect();
    format!("{MESSAGES}: docs/{source}: {beginning:?} {what}\n    {remedy}")
}

/// Whether the message has a word outside its code. The unit of a figure is no word.
fn has_words(message: &str) -> bool {
    FIGURE.replace_all(&Parts::of(message).prose, "").chars().any(char::is_alphabetic)
}

/// What a translation keeps, and the prose, which it does not keep.
#[derive(Default)]
struct Parts {
    code: Vec<String>,
    targets: Vec<String>,
    html: Vec<String>,
    numbers: Vec<String>,
    /// Stars and underscores that Markdown does not take for emphasis.
    marks: Vec<String>,
    prose: String,
}

impl Parts {
    fn of(message: &str) -> Self {
        let mut parts = Self::default();
        let mut in_code = false;
        for event in Parser::new_ext(message, Options::ENABLE_STRIKETHROUGH) {
            match event {
                Event::Text(text) if in_code => parts.code.push(text.to_string()),
                Event::Text(text) => parts.prose.push_str(&text),
                Event::SoftBreak | Event::HardBreak => parts.prose.push(' '),
                Event::Code(code) => {
                    parts.code.push(code.to_string());
                    // A word before it and a word behind it are two words.
                    parts.prose.push('`');
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    parts.targets.push(dest_url.to_string());
                }
                Event::Html(html) | Event::InlineHtml(html) => {
                    in_code = &*html == "<code>";
                    parts.html.push(html.to_string());
                }
                _ => {}
            }
        }
        parts.numbers = numbers(&parts.prose);
        parts.marks = parts.prose.matches(['*', '_']).map(str::to_owned).collect();
        for kept in [&mut parts.code, &mut parts.targets, &mut parts.html, &mut parts.numbers] {
            kept.sort();
        }
        parts
    }
}

/// The numbers in a text. English counts in millions and Chinese in 万, and only Chinese numbers the months.
fn numbers(prose: &str) -> Vec<String> {
    let value = |found: Captures<'_>| {
        let digits = found[1].replace(',', "");
        let scale = match found.get(2).map(|scale| scale.as_str()) {
            Some("million" | "百万") => 1e6,
            Some("万") => 1e4,
            Some("亿") => 1e8,
            _ => return digits,
        };
        digits.parse::<f64>().map_or(digits, |value| (value * scale).to_string())
    };
    NUMBER.captures_iter(&MONTH.replace_all(prose, "")).map(value).collect()
}

fn differences(english: &Parts, chinese: &Parts, terms: &[Term]) -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    let kept = [
        ("code", &english.code, &chinese.code),
        ("link", &english.targets, &chinese.targets),
        ("HTML", &english.html, &chinese.html),
        ("number", &english.numbers, &chinese.numbers),
        ("visible mark", &english.marks, &chinese.marks),
    ];
    for (what, english, chinese) in kept {
        if english != chinese {
            let what = format!("has the {what} {english:?}, and its translation has {chinese:?}");
            found.push((what, "let the translation keep it"));
        }
    }
    let words = english.prose.split_whitespace().filter(|word| word.contains(char::is_alphabetic)).count();
    if words > 3 && !chinese.prose.contains(is_chinese) {
        found.push(("is translated without a Chinese word".to_owned(), "translate it"));
    }
    let prose = without_names(&english.prose, &chinese.prose);
    for term in terms {
        let chinese = |word: &String| chinese.prose.to_lowercase().contains(word);
        if term.english.is_match(&prose) && !term.chinese.iter().any(chinese) {
            let what = format!("has the term {}, and its translation lacks {}", term.name, term.chinese.join(" / "));
            found.push((what, "use the term, or add another translation of it to docs/po/terms.md"));
        }
    }
    found
}

/// The English text without what is no text: paths, and messages of programs, which the translation leaves in English.
fn without_names(english: &str, chinese: &str) -> String {
    let text = PATH.replace_all(english, "").into_owned();
    SENTENCE.find_iter(chinese).fold(text, |text, message| text.replace(message.as_str(), ""))
}

fn is_chinese(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// A row of `terms.md`: English words, of which any in a message requires one of the Chinese words in its translation.
struct Term {
    name: String,
    english: Regex,
    chinese: Vec<String>,
}

fn terms(text: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    // The first two lines of a table are its head.
    for row in text.lines().filter(|line| line.starts_with('|')).skip(2) {
        let mut cells = row.split('|').skip(1).map(str::trim);
        let (Some(name), Some(chinese)) = (cells.next(), cells.next()) else { continue };
        let english: Vec<_> = name.split(" / ").map(regex::escape).collect();
        let english =
            Regex::new(&format!(r"(?i)(?:^|[^\w-])(?:{})(?:s|es)?\b", english.join("|"))).expect("words are escaped");
        let chinese = chinese.to_lowercase().split(" / ").map(str::to_owned).collect();
        terms.push(Term { name: name.to_owned(), english, chinese });
    }
    terms
}
