//! Links, fragments and pictures. Links that leave the repository are not checked: the check needs no network.

use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Tag, TagEnd};
use regex::Regex;

use crate::page::{Page, Pages};

/// The link from the built book to the pages of `cargo doc`: `target/book` and `target/doc` are neighbours.
const RUSTDOC: &str = "../doc/";

pub(crate) fn check(pages: &Pages, page: &Page) -> Vec<String> {
    // The test of a missing picture uses this pattern, so it is valid.
    let attribute = Regex::new(r#"\b(?:href|src)="([^"]*)""#).expect("valid");
    let mut problems = Vec::new();
    for (event, range) in page.events() {
        let targets = match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => vec![dest_url.to_string()],
            Event::Html(html) | Event::InlineHtml(html) => {
                attribute.captures_iter(&html).map(|found| found[1].to_owned()).collect()
            }
            _ => continue,
        };
        let wrong = targets.iter().filter_map(|target| check_one(pages, page, target).err());
        problems.extend(wrong.map(|what| page.problem(page.line(range.start), what, "fix the link")));
    }
    problems
}

fn check_one(pages: &Pages, page: &Page, target: &str) -> Result<(), String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return Ok(());
    }
    let (file, fragment) = target.split_once('#').map_or((target, None), |(file, f)| (file, Some(f)));
    if let Some(document) = file.strip_prefix(RUSTDOC).filter(|_| page.is_chapter()) {
        let name = document.split('/').next().unwrap_or_default().replace('_', "-");
        let known = pages.root.join("crates").join(&name).join("src/lib.rs").exists();
        return if known { Ok(()) } else { Err(format!("{target}: there is no library {name}")) };
    }
    let path = if file.is_empty() { page.path.clone().into() } else { Path::new(page.folder()).join(file) };
    let missing = || format!("{target} leads to {}, which is not there", path.display());
    let found = resolve(&pages.root, &path).ok_or_else(missing)?;
    let Some(fragment) = fragment else { return Ok(()) };
    let to = pages.pages.iter().find(|page| found == Path::new(&page.path));
    let to = to.ok_or(format!("{target}: a fragment in a file that is no page"))?;
    if ids(to).iter().any(|id| id == fragment) {
        Ok(())
    } else {
        Err(format!("{} has no heading #{fragment}", to.path))
    }
}

/// The path without `..` from the root, if there is such a file below the root.
fn resolve(root: &Path, path: &Path) -> Option<PathBuf> {
    let found = root.join(path).canonicalize().ok()?;
    Some(found.strip_prefix(root.canonicalize().ok()?).ok()?.to_owned())
}

/// The ids that mdBook and GitHub give the headings of a page.
pub(crate) fn ids(page: &Page) -> Vec<String> {
    let (mut plain, mut unique) = (Vec::new(), Vec::new());
    let mut open: Option<String> = None;
    for (event, _) in page.events() {
        match event {
            Event::Start(Tag::Heading { .. }) => open = Some(String::new()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut open {
                    heading.push_str(&text);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let id = id(&open.take().unwrap_or_default());
                let before = plain.iter().filter(|other| **other == id).count();
                unique.push(if before == 0 { id.clone() } else { format!("{id}-{before}") });
                plain.push(id);
            }
            _ => {}
        }
    }
    unique
}

fn id(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '-');
    heading.to_ascii_lowercase().replace(char::is_whitespace, "-").chars().filter(kept).collect()
}
