//! The pages, in reading order.

use std::fs;
use std::io;
use std::path::Path;

use pulldown_cmark::{Event, OffsetIter, Options, Parser, Tag};

use crate::Problem;

/// Where the chapters are, from the root of the repository.
pub(crate) const SOURCE: &str = "docs/src";
pub(crate) const GLOSSARY: &str = "docs/src/glossary.md";
const SUMMARY: &str = "docs/src/SUMMARY.md";

/// One Markdown file.
pub(crate) struct Page {
    /// From the root of the repository, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Page {
    fn read(root: &Path, path: &str) -> io::Result<Self> {
        let text = fs::read_to_string(root.join(path))
            .map_err(|error| io::Error::new(error.kind(), format!("cannot read {path}: {error}")))?;
        Ok(Self { path: path.to_owned(), text: text.replace("\r\n", "\n") })
    }

    pub(crate) fn is_chapter(&self) -> bool {
        self.path.starts_with(SOURCE) && !self.is_summary()
    }

    pub(crate) fn is_summary(&self) -> bool {
        self.path == SUMMARY
    }

    /// The folder that its relative links start from.
    pub(crate) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Markdown as mdBook and GitHub read it, with the place of each event in the text.
    pub(crate) fn events(&self) -> OffsetIter<'_> {
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_GFM;
        Parser::new_ext(&self.text, options).into_offset_iter()
    }

    /// The line of a place in the text, from 1.
    pub(crate) fn line(&self, place: usize) -> usize {
        self.text[..place].matches('\n').count() + 1
    }
}

/// The README, the summary, and every chapter that the summary lists.
pub(crate) struct Pages {
    pages: Vec<Page>,
    pub(crate) root: std::path::PathBuf,
}

impl Pages {
    /// Reads them. A chapter that is listed and missing is a problem, and one that is there and not listed as well.
    pub(crate) fn load(root: &Path) -> io::Result<(Self, Vec<Problem>)> {
        let summary = Page::read(root, SUMMARY)?;
        let mut problems = Vec::new();
        let mut chapters = Vec::new();
        for (event, range) in summary.events() {
            let Event::Start(Tag::Link { dest_url, .. }) = event else { continue };
            match Page::read(root, &format!("{SOURCE}/{dest_url}")) {
                Ok(page) => chapters.push(page),
                Err(error) => problems.push(Problem::new(
                    &summary,
                    summary.line(range.start),
                    error.to_string(),
                    "write the chapter, or take it out of the summary",
                )),
            }
        }
        for entry in fs::read_dir(root.join(SOURCE))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let path = format!("{SOURCE}/{name}");
            let is_page = Path::new(&name).extension().is_some_and(|extension| extension == "md");
            if is_page && path != SUMMARY && !chapters.iter().any(|page| page.path == path) {
                problems.push(Problem::new(&summary, 1, format!("{path} is not listed"), "list it, or delete it"));
            }
        }
        let mut pages = vec![Page::read(root, "README.md")?, summary];
        pages.extend(chapters);
        Ok((Self { pages, root: root.to_owned() }, problems))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Page> {
        self.pages.iter()
    }

    /// The page at `path` from the root.
    pub(crate) fn get(&self, path: &str) -> Option<&Page> {
        self.pages.iter().find(|page| page.path == path)
    }
}
