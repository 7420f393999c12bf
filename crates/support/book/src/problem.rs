//! What is wrong, where, and what to do about it.

use std::fmt;

use crate::page::Page;

/// One thing that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The page, from the root of the repository.
    pub file: String,
    /// The line in it, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl Problem {
    pub(crate) fn new(page: &Page, line: usize, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { file: page.path.clone(), line, what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}\n    {}", self.file, self.line, self.what, self.remedy)
    }
}
