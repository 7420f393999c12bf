//! Hides what may differ between two runs of one command.
//!
//! By default times, the width of columns and the place of an ignored test are hidden, and a `diff` is compared byte for
//! byte. A block can name another mask: `<!-- output of [mask threads]: … -->`.

use regex::Regex;

/// The patterns to hide, each with the text to show for it.
pub(crate) struct Mask(Vec<(Regex, &'static str)>);

impl Mask {
    /// The mask of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let mut hidden = vec![
            (r"\s+$", ""),
            // The width of columns, but not the indentation.
            (r"(\S)\s+", "$1 "),
            // `8.78s`, `1.4 ms`, `950µs`
            (r"\b\d+(\.\d+)? ?(s|ms|µs|ns)\b", "TIME"),
            // Which place the ignored test has among those that run side by side: `...i..`
            (r"^(\.*)i(\.*)( \d+/\d+)?$", "$1.$2$3"),
        ];
        match name {
            "exact" => hidden.clear(),
            "times" => {}
            // How many threads were seen.
            "threads" => hidden.push((r"\b(blocking|async) ([\d.]+|-)( |$)", "$1 N$3")),
            // Where in the output something was found.
            "place" => hidden.push((r"\bline \d+ of\b", "line N of")),
            "numbers" => hidden.push((r"\d[\d.,]*", "N")),
            _ => return None,
        }
        // The tests below use each pattern, so each is valid.
        Some(Self(hidden.into_iter().map(|(hidden, shown)| (Regex::new(hidden).expect("valid"), shown)).collect()))
    }

    pub(crate) fn exact() -> Self {
        Self(Vec::new())
    }

    /// The line without what the mask hides.
    pub(crate) fn apply(&self, line: &str) -> String {
        self.0.iter().fold(line.to_owned(), |line, (hidden, shown)| hidden.replace_all(&line, *shown).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(name: &str) -> impl Fn(&str) -> String {
        let mask = Mask::named(name).unwrap();
        move |line| mask.apply(line)
    }

    #[test]
    fn times_and_the_width_of_columns_are_hidden_and_nothing_else() {
        let mask = mask("times");
        assert_eq!(mask("stage1  6   0.863 s  ok"), mask("stage1  6   11.2 s ok"));
        assert_eq!(mask("noticed: torn after 1.4ms"), mask("noticed: torn after 950.1µs"));
        assert_ne!(mask("57 passed; finished in 8.78s"), mask("56 passed; finished in 8.78s"));
        assert_ne!(mask("  indented"), mask("indented"));
    }

    #[test]
    fn where_the_ignored_test_stands_in_the_progress_of_tests_is_hidden_and_a_failed_one_is_not() {
        let mask = mask("times");
        assert_eq!(mask("..i...... 9/12"), mask(".......i. 9/12"));
        assert_eq!(mask("..i"), mask("..."));
        assert_ne!(mask("..F"), mask("..."));
        assert_ne!(mask("..."), mask("...."));
    }

    #[test]
    fn a_named_mask_hides_what_its_name_says() {
        let threads = mask("threads");
        assert_eq!(threads("stage1 threads blocking 6 5 50"), threads("stage1 threads blocking  - 5 50"));
        assert_ne!(threads("stage1 threads blocking 6 5 50"), threads("stage1 threads blocking 6 5 49"));
        assert_ne!(threads("stage1 threads blocking 6 5 50"), threads("stage1 threads async 6 5 50"));
        let place = mask("place");
        assert_eq!(place("at: line 2 of the output"), place("at: line 31 of the output"));
        let numbers = mask("numbers");
        assert_eq!(numbers("a 1,234 b"), numbers("a 5 b"));
        assert!(Mask::named("maks").is_none());
    }

    #[test]
    fn an_exact_block_hides_nothing() {
        let exact = mask("exact");
        assert_ne!(exact("+  a 1s"), exact("+ a 1s"));
    }
}
