//! What may differ between two runs of one command.
//!
//! Without a word, times are masked and the width of columns is not looked at; a `diff` is compared to the byte. A
//! block can name more: `<!-- output of [mask threads]: … -->`.

/// What a block forgives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mask {
    /// Nothing.
    Exact,
    /// Times, as in `0.863 s` or `1.4ms`.
    Times,
    /// Times, and how many threads were seen: the number behind `blocking` or `async`.
    Threads,
    /// Times, and where in the output it was found: `line 3 of the output`.
    Place,
    /// Every number.
    Numbers,
}

impl Mask {
    /// The mask of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "exact" => Some(Self::Exact),
            "times" => Some(Self::Times),
            "threads" => Some(Self::Threads),
            "place" => Some(Self::Place),
            "numbers" => Some(Self::Numbers),
            _ => None,
        }
    }

    /// The line with what it forgives taken out.
    pub(crate) fn apply(self, line: &str) -> String {
        if self == Self::Exact {
            return line.to_owned();
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let words: Vec<_> = line.split_whitespace().collect();
        let masked = words.iter().enumerate().filter_map(|(index, word)| {
            let before = index.checked_sub(1).map(|index| words[index]);
            let after = words.get(index + 1).copied();
            let is_number = word.chars().all(|c| c.is_ascii_digit() || c == '.') && *word != ".";
            Some(match (before, *word, after) {
                // The unit goes with its number.
                (Some(number), "s" | "ms", _) if number.parse::<f64>().is_ok() => return None,
                (_, _, Some("s" | "ms")) if is_number => "TIME".into(),
                _ if is_time(word) => "TIME".into(),
                (Some("blocking" | "async"), _, _) if self == Self::Threads && (is_number || *word == "-") => {
                    "N".into()
                }
                (Some("line"), _, Some("of")) if self == Self::Place && is_number => "N".into(),
                _ if self == Self::Numbers => without_numbers(word),
                _ => (*word).to_owned(),
            })
        });
        format!("{indent}{}", masked.collect::<Vec<_>>().join(" "))
    }
}

/// `8.78s`, `1.4ms`, `950µs`: a number and a unit of time.
fn is_time(word: &str) -> bool {
    let word = word.trim_end_matches(['.', ',', ';', ')']);
    ["ms", "µs", "ns", "s"].iter().any(|unit| word.strip_suffix(unit).is_some_and(|n| n.parse::<f64>().is_ok()))
}

/// Each run of digits, points and commas as one `N`.
fn without_numbers(word: &str) -> String {
    let mut masked = String::new();
    for c in word.chars() {
        match c {
            '0'..='9' | '.' | ',' if masked.ends_with('N') => {}
            '0'..='9' => masked.push('N'),
            _ => masked.push(c),
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_the_width_of_columns_are_forgiven_and_nothing_else() {
        let mask = |line| Mask::Times.apply(line);
        assert_eq!(mask("stage1  6   0.863 s  ok"), mask("stage1  6   11.2 s ok"));
        assert_eq!(mask("noticed: torn after 1.4ms"), mask("noticed: torn after 950.1µs"));
        assert_ne!(mask("57 passed; finished in 8.78s"), mask("56 passed; finished in 8.78s"));
        assert_ne!(mask("  indented"), mask("indented"));
    }

    #[test]
    fn a_mask_that_is_named_forgives_what_it_says() {
        let threads = |line| Mask::Threads.apply(line);
        assert_eq!(threads("stage1 threads blocking 6 5 50"), threads("stage1 threads blocking  - 5 50"));
        assert_ne!(threads("stage1 threads blocking 6 5 50"), threads("stage1 threads blocking 6 5 49"));
        assert_eq!(Mask::Place.apply("at: line 2 of the output"), Mask::Place.apply("at: line 31 of the output"));
        assert_eq!(Mask::Numbers.apply("a 1,234 b"), Mask::Numbers.apply("a 5 b"));
    }

    #[test]
    fn an_exact_block_forgives_nothing() {
        assert_ne!(Mask::Exact.apply("+  a 1s"), Mask::Exact.apply("+ a 1s"));
    }
}
