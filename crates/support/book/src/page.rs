//! The pages, in reading order.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, OffsetIter, Options, Parser, Tag};

/// The folder of the chapters, from the root of the repository.
const SOURCE: &str = "docs/src";
const SUMMARY: &str = "docs/src/SUMMARY.md";
/// In English and in Chinese. They belong to the repository and not to the book.
const READMES: [&str; 2] = ["README.md", "docs/src/README.zh-CN.md"];

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
        self.path.starts_with(SOURCE) && self.path != SUMMARY && !READMES.contains(&self.path.as_str())
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

    /// A problem: the page and the line where it is, what is wrong, and how to fix it.
    pub(crate) fn problem(&self, line: usize, what: impl AsRef<str>, remedy: &str) -> String {
        format!("{}:{line}: {}\n    {remedy}", self.path, what.as_ref())
    }
}

/// The READMEs, the summary, and every chapter that the summary lists.
pub(crate) struct Pages {
    pub(crate) pages: Vec<Page>,
    pub(crate) root: PathBuf,
}

impl Pages {
    /// Reads the pages. A listed chapter that is missing is a problem, and so is a chapter that is not listed.
    pub(crate) fn load(root: &Path) -> io::Result<(Self, Vec<String>)> {
        let summary = Page::read(root, SUMMARY)?;
        let mut problems = Vec::new();
        let mut chapters = Vec::new();
        for (event, range) in summary.events() {
            let Event::Start(Tag::Link { dest_url, .. }) = event else { continue };
            match Page::read(root, &format!("{SOURCE}/{dest_url}")) {
                Ok(page) => chapters.push(page),
                Err(error) => {
                    let line = summary.line(range.start);
                    problems.push(summary.problem(line, error.to_string(), "write the chapter, or remove its entry"));
                }
            }
        }
        for entry in fs::read_dir(root.join(SOURCE))? {
            let path = format!("{SOURCE}/{}", entry?.file_name().to_string_lossy());
            let is_page = Path::new(&path).extension().is_some_and(|extension| extension == "md");
            let is_listed = READMES.contains(&path.as_str()) || chapters.iter().any(|page| page.path == path);
            if is_page && path != SUMMARY && !is_listed {
                problems.push(summary.problem(1, format!("{path} is not listed"), "list it, or delete it"));
            }
        }
        let mut pages = vec![Page::read(root, READMES[0])?];
        if root.join(READMES[1]).exists() {
            pages.push(Page::read(root, READMES[1])?);
        }
        pages.push(summary);
        pages.extend(chapters);
        Ok((Self { pages, root: root.to_owned() }, problems))
    }
}
