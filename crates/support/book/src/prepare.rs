//! A preprocessor of mdBook, which runs for the translation only: before `mdbook-xgettext` collects the messages, and
//! before `mdbook-gettext` puts in their translations.
//!
//! - Each heading gets the id of the English one, so that a link leads to the same place in both editions.
//! - The text of a `<summary>` becomes a paragraph. The gettext tools do not look into HTML.
//! - Code is left out of the messages, because nobody translates it, and outputs change often.

use std::io;

use pulldown_cmark::{Event, Tag};
use serde_json::Value;

use crate::link;
use crate::page::Page;

/// Takes what mdBook sends to a preprocessor, and returns what mdBook expects back.
///
/// # Errors
///
/// If the input is not what mdBook 0.5 sends.
pub fn prepare(input: &str) -> io::Result<String> {
    let (context, mut book): (Value, Value) = serde_json::from_str(input)?;
    let keep_code = context["renderer"] != "xgettext";
    items(&mut book["items"], keep_code);
    Ok(book.to_string())
}

fn items(items: &mut Value, keep_code: bool) {
    for item in items.as_array_mut().into_iter().flatten() {
        let Some(chapter) = item.get_mut("Chapter") else { continue };
        if let Some(text) = chapter["content"].as_str() {
            chapter["content"] = prepared(text.to_owned(), keep_code).into();
        }
        // The search shows them, and gettext does not translate them.
        chapter["parent_names"] = Value::Array(Vec::new());
        self::items(&mut chapter["sub_items"], keep_code);
    }
}

fn prepared(text: String, keep_code: bool) -> String {
    let page = Page { path: String::new(), text };
    let mut ids = link::ids(&page).into_iter();
    let mut new = page.text.clone();
    let mut edits = Vec::new();
    for (event, range) in page.events() {
        let old = &page.text[range.clone()];
        match event {
            Event::Start(Tag::Heading { .. }) => {
                let id = ids.next().unwrap_or_default();
                edits.push((range.clone(), format!("{} {{#{id}}}\n", old.trim_end())));
            }
            Event::Start(Tag::CodeBlock(_)) if !keep_code => edits.push((range, String::new())),
            Event::Html(html) if html.contains("<summary>") => {
                let html = html.replace("<summary>", "<summary>\n\n").replace("</summary>", "\n\n</summary>");
                edits.push((range, html));
            }
            _ => {}
        }
    }
    for (range, edit) in edits.into_iter().rev() {
        new.replace_range(range, &edit);
    }
    new
}
