//! Links, fragments and pictures. All without a network: what is outside the repository is not looked at.

use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::Problem;
use crate::page::{Page, Pages};

/// What leads from the built book to the pages that `cargo doc` makes: `target/book` and `target/doc` are neighbours.
const RUSTDOC: &str = "../doc/";

pub(crate) fn check(pages: &Pages, page: &Page) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (event, range) in page.events() {
        let line = page.line(range.start);
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                problems.extend(check_one(pages, page, line, &dest_url));
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                for target in attributes(&html, &["href", "src"]) {
                    problems.extend(check_one(pages, page, line, target));
                }
            }
            _ => {}
        }
    }
    problems
}

/// The values of these attributes in a piece of HTML.
fn attributes<'a>(html: &'a str, names: &[&str]) -> Vec<&'a str> {
    let values = |name: &str| {
        html.split(&format!("{name}=\"")).skip(1).filter_map(|rest| rest.split('"').next()).collect::<Vec<_>>()
    };
    names.iter().flat_map(|name| values(name)).collect()
}

fn check_one(pages: &Pages, page: &Page, line: usize, target: &str) -> Option<Problem> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let wrong = |what: String, remedy: &str| Some(Problem::new(page, line, what, remedy));
    let (file, fragment) = target.split_once('#').map_or((target, None), |(file, f)| (file, Some(f)));
    if let Some(document) = file.strip_prefix(RUSTDOC).filter(|_| page.is_chapter()) {
        let name = document.split('/').next().unwrap_or_default().replace('_', "-");
        let known = pages.root.join("crates").join(&name).join("src/lib.rs").exists();
        return if known { None } else { wrong(format!("{target}: there is no library {name}"), "mend the link") };
    }
    let path = if file.is_empty() { page.path.clone() } else { resolve(page.folder(), file) };
    if path.starts_with("..") || !pages.root.join(&path).exists() {
        return wrong(format!("{target} leads to {path}, which is not there"), "mend the link");
    }
    let fragment = fragment?;
    match pages.get(&path) {
        Some(to) if headings(to).iter().any(|(_, _, id)| id == fragment) => None,
        Some(_) => wrong(format!("{path} has no heading #{fragment}"), "mend the fragment, or the heading"),
        None => wrong(format!("{target}: a fragment in a file that is no page"), "leave the fragment out"),
    }
}

/// The path from the root that a relative link leads to.
fn resolve(folder: &str, file: &str) -> String {
    let mut path = PathBuf::new();
    for part in Path::new(folder).join(file).components() {
        match part {
            Component::ParentDir if path.file_name().is_some() => {
                path.pop();
            }
            Component::CurDir => {}
            part => path.push(part),
        }
    }
    path.to_string_lossy().replace('\\', "/")
}

/// The headings of a page: line, text and the id that mdBook and GitHub give them.
pub(crate) fn headings(page: &Page) -> Vec<(usize, String, String)> {
    let mut headings: Vec<(usize, String, String)> = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (event, range) in page.events() {
        match event {
            Event::Start(Tag::Heading { .. }) => open = Some((page.line(range.start), String::new())),
            Event::Text(text) | Event::Code(text) => {
                if let Some((_, heading)) = &mut open {
                    heading.push_str(&text);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let Some((line, heading)) = open.take() else { continue };
                let plain = id(&heading);
                let before = headings.iter().filter(|(_, other, _)| id(other) == plain).count();
                let unique = if before == 0 { plain } else { format!("{plain}-{before}") };
                headings.push((line, heading, unique));
            }
            _ => {}
        }
    }
    headings
}

fn id(heading: &str) -> String {
    let kept = |c: char| match c {
        c if c.is_whitespace() => Some('-'),
        c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c.to_ascii_lowercase()),
        _ => None,
    };
    heading.chars().filter_map(kept).collect()
}
