//! The oracle: is this output a merge of these inputs?

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use memchr::memchr;

use crate::violation::{Difference, Violation, show};

/// What one input held, in bytes, from the first to the last.
#[derive(Clone, Debug)]
pub struct Source {
    /// How reports name it.
    pub name: String,
    /// All that was ever written to it.
    pub bytes: Vec<u8>,
}

/// Confirms that the file `output` is a merge of the files `inputs`; the article's `confirm_merge`. Reads all of them
/// into memory.
///
/// # Errors
///
/// The outer one when a file cannot be read, the inner one as [`confirm`].
pub fn confirm_merge(inputs: &[PathBuf], output: &Path) -> io::Result<Result<(), Violation>> {
    let source = |path: &PathBuf| Ok(Source { name: path.display().to_string(), bytes: fs::read(path)? });
    let sources = inputs.iter().map(source).collect::<io::Result<Vec<_>>>()?;
    Ok(confirm(&sources, &fs::read(output)?))
}

/// Confirms that `merged` holds every line of every source whole, in order and exactly once, and nothing else.
///
/// A line is attributed by its whole content, so that path `1` cannot pass for path `10`. Where the same line occurs
/// in several places, it is not known which is which; then counts and orders are held as far as they can be known.
///
/// # Errors
///
/// The first difference, as a [`Violation`] that says its kind.
pub fn confirm(sources: &[Source], merged: &[u8]) -> Result<(), Violation> {
    let lines: Vec<Vec<&[u8]>> = sources.iter().map(|source| lines(&source.bytes)).collect();
    // Not hashed: unoptimized, as in tests, that takes longer than to compare, and some lines have megabytes.
    let mut places: BTreeMap<&[u8], Places> = BTreeMap::new();
    for (input, lines) in lines.iter().enumerate() {
        for (index, line) in lines.iter().enumerate() {
            places.entry(line).or_insert_with(|| Places::first_in(input, index)).expected += 1;
        }
    }
    let difference = |input: usize, index: usize| Difference {
        input: Some(sources[input].name.clone()),
        input_line: Some(index + 1),
        expected: Some(show(lines[input][index])),
        ..Difference::default()
    };

    // Nothing foreign, torn or more often than it should be.
    for (number, line) in lines_with_ends(merged).enumerate() {
        let found = || Difference { output_line: Some(number + 1), found: Some(show(line)), ..Difference::default() };
        let Some(content) = line.strip_suffix(b"\n") else { return Err(Violation::Torn(found())) };
        match places.get_mut(content) {
            None => return Err(foreign_or_torn(found(), content, &lines, difference)),
            Some(place) if place.found.len() == place.expected => {
                let Difference { input, input_line, expected, .. } = difference(place.input, place.index);
                return Err(Violation::Duplicated(Difference { input, input_line, expected, ..found() }));
            }
            Some(place) => place.found.push(number),
        }
    }
    for (input, lines) in lines.iter().enumerate() {
        // Nothing lost.
        if let Some(index) = lines.iter().position(|line| places[line].found.len() < places[line].expected) {
            return Err(Violation::Lost(difference(input, index)));
        }
        // In order: each line has a place behind the one before it.
        let mut next = 0;
        for (index, line) in lines.iter().enumerate() {
            let found = &places[line].found;
            let Some(number) = found.get(found.partition_point(|&number| number < next)) else {
                let output_line = found.last().map(|number| number + 1);
                return Err(Violation::Reordered(Difference { output_line, ..difference(input, index) }));
            };
            next = number + 1;
        }
    }
    Ok(())
}

/// Confirms that `merged` is a merge of *beginnings* of the sources: of each its first lines, however many, as
/// [`confirm`] asks for them. For the output of a program that had no time to finish.
///
/// Returns what stands after the last newline: nothing, or the start of the very line that comes next in one of the
/// sources. Which of them is only known when no two sources have a line in common, and no source has one twice.
///
/// # Errors
///
/// As [`confirm`].
pub fn confirm_beginnings<'a>(sources: &[Source], merged: &'a [u8]) -> Result<&'a [u8], Violation> {
    let end = merged.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    let (whole, cut) = merged.split_at(end);
    let held: BTreeSet<&[u8]> = lines(whole).into_iter().collect();
    let (mut begun, mut to_come) = (Vec::new(), Vec::new());
    for source in sources {
        let lines = lines(&source.bytes);
        // Up to its last line that is there. One that is missing before it is then found to be lost.
        let count = lines.iter().rposition(|line| held.contains(line)).map_or(0, |last| last + 1);
        let length: usize = lines[..count].iter().map(|line| line.len() + 1).sum();
        // A last line without a newline is one shorter.
        let (beginning, next) = source.bytes.split_at(length.min(source.bytes.len()));
        begun.push(Source { name: source.name.clone(), bytes: beginning.to_vec() });
        to_come.push(next);
    }
    confirm(&begun, whole)?;
    if to_come.iter().any(|next| next.starts_with(cut)) {
        return Ok(cut);
    }
    let output_line = Some(lines(whole).len() + 1);
    Err(Violation::Torn(Difference { output_line, found: Some(show(cut)), ..Difference::default() }))
}

/// Where one content occurs: first in the inputs, and everywhere in the output.
struct Places {
    input: usize,
    index: usize,
    expected: usize,
    found: Vec<usize>,
}

impl Places {
    fn first_in(input: usize, index: usize) -> Self {
        Self { input, index, expected: 0, found: Vec::new() }
    }
}

/// The lines without their newlines. A last line that has none is a line as well (contract 3).
fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    lines_with_ends(bytes).map(|line| line.strip_suffix(b"\n").unwrap_or(line)).collect()
}

/// The lines with their newlines. `split_inclusive` does the same, and looks at each byte by itself.
pub(crate) fn lines_with_ends(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let end = memchr(b'\n', bytes).map_or(bytes.len(), |newline| newline + 1);
        let line;
        (line, bytes) = bytes.split_at(end);
        (!line.is_empty()).then_some(line)
    })
}

/// A line that no input has is torn when it begins or ends like one that some input has, or begins like one and goes on
/// to the end like another. Else it is foreign.
fn foreign_or_torn(
    found: Difference,
    content: &[u8],
    lines: &[Vec<&[u8]>],
    difference: impl Fn(usize, usize) -> Difference,
) -> Violation {
    let torn = |line: &[u8]| {
        let (short, long) = if line.len() < content.len() { (line, content) } else { (content, line) };
        !short.is_empty() && (long.starts_with(short) || long.ends_with(short))
    };
    let place_of = |is_it: &dyn Fn(&[u8]) -> bool| {
        lines.iter().enumerate().find_map(|(input, lines)| Some((input, lines.iter().position(|line| is_it(line))?)))
    };
    let begins_alike = |line: &[u8]| line.iter().zip(content).take_while(|(one, other)| one == other).count();
    let ends_alike = |line: &&[u8]| line.iter().rev().zip(content.iter().rev()).take_while(|(l, r)| l == r).count();
    let longest_end = lines.iter().flatten().map(ends_alike).max().unwrap_or(0);
    let mixed = |line: &[u8]| begins_alike(line) > 0 && begins_alike(line) + longest_end >= content.len();
    match place_of(&torn).or_else(|| place_of(&mixed)) {
        None => Violation::Foreign(found),
        Some((input, index)) => {
            let Difference { input, input_line, expected, .. } = difference(input, index);
            Violation::Torn(Difference { input, input_line, expected, ..found })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, text: &str) -> Source {
        Source { name: name.into(), bytes: text.into() }
    }

    fn inputs() -> Vec<Source> {
        vec![source("1", "1-00-abc\n1-01-def\n1-02-ghi\n"), source("10", "10-00-abc\n10-01-def\n")]
    }

    fn confirmed(merged: &str) -> Result<(), Violation> {
        confirm(&inputs(), merged.as_bytes())
    }

    const GOOD: &str = "1-00-abc\n10-00-abc\n1-01-def\n1-02-ghi\n10-01-def\n";

    #[test]
    fn any_interleaving_of_whole_lines_is_a_merge() {
        confirmed(GOOD).unwrap();
        confirmed("10-00-abc\n10-01-def\n1-00-abc\n1-01-def\n1-02-ghi\n").unwrap();
    }

    #[test]
    fn a_lost_line_is_named_by_its_input_and_number() {
        let violation = confirmed(&GOOD.replace("1-01-def\n1-02", "1-02")).unwrap_err();
        let Violation::Lost(difference) = violation else { panic!("{violation}") };
        assert_eq!((difference.input.as_deref(), difference.input_line), (Some("1"), Some(2)));
    }

    #[test]
    fn a_line_of_path_10_does_not_pass_for_one_of_path_1() {
        let one = [source("1", "1-00-a\n"), source("10", "")];
        assert!(matches!(confirm(&one, b"10-00-a\n"), Err(Violation::Torn(_) | Violation::Foreign(_))));
    }

    #[test]
    fn a_line_that_comes_twice_is_a_duplicate() {
        assert!(matches!(confirmed(&format!("{GOOD}1-00-abc\n")), Err(Violation::Duplicated(_))));
    }

    #[test]
    fn lines_of_one_input_in_another_order_are_reordered() {
        let merged = GOOD.replace("1-01-def\n1-02-ghi", "1-02-ghi\n1-01-def");
        assert!(matches!(confirmed(&merged), Err(Violation::Reordered(_))));
    }

    #[test]
    fn half_glued_and_mixed_lines_are_torn() {
        for merged in [
            GOOD.replace("1-01-def", "1-01-\ndef"),
            GOOD.replace("1-00-abc\n10-00-abc", "1-00-abc10-00-abc"),
            GOOD.replace("10-01-def\n", "10-01-def"),
            GOOD.replace("1-01-def\n1-02-ghi", "1-01-ghi"),
        ] {
            assert!(matches!(confirmed(&merged), Err(Violation::Torn(_))), "{merged}");
        }
    }

    #[test]
    fn a_line_of_no_input_is_foreign() {
        assert!(matches!(confirmed(&format!("{GOOD}hello\n")), Err(Violation::Foreign(_))));
        assert!(matches!(confirmed(&format!("{GOOD}\n")), Err(Violation::Foreign(_))));
    }

    #[test]
    fn equal_lines_are_held_by_count_and_order() {
        let twins = [source("a", "x\ny\n"), source("b", "x\n")];
        confirm(&twins, b"x\ny\nx\n").unwrap();
        confirm(&twins, b"x\nx\ny\n").unwrap();
        assert!(matches!(confirm(&twins, b"y\nx\nx\n"), Err(Violation::Reordered(_))));
        assert!(matches!(confirm(&twins, b"x\ny\n"), Err(Violation::Lost(_))));
    }

    #[test]
    fn a_beginning_of_each_input_is_a_merge_that_was_cut_short() {
        for (merged, cut) in [
            (GOOD, ""),
            ("", ""),
            ("10-00-abc\n", ""),
            ("10-00-abc\n1-00-abc\n1-01", "1-01"),
            ("1-00-abc\n10-00-abc\n10-01-def", "10-01-def"),
        ] {
            assert_eq!(confirm_beginnings(&inputs(), merged.as_bytes()).unwrap(), cut.as_bytes(), "{merged}");
        }
        confirm_beginnings(&[source("a", "x\nhalf")], b"x\nhalf\n").unwrap();
    }

    #[test]
    fn a_merge_that_was_cut_short_has_no_gaps_and_nothing_else() {
        let beginnings = |merged: &str| confirm_beginnings(&inputs(), merged.as_bytes()).unwrap_err();
        assert!(matches!(beginnings("1-00-abc\n1-02-ghi\n"), Violation::Lost(_)));
        assert!(matches!(beginnings("1-01-def\n1-00-abc\n"), Violation::Reordered(_)));
        assert!(matches!(beginnings("1-00-abc\n1-00-abc\n"), Violation::Duplicated(_)));
        assert!(matches!(beginnings("1-00-abc\nhello\n"), Violation::Foreign(_)));
        assert!(matches!(beginnings("1-00-\n1-00-abc\n"), Violation::Torn(_)));
        // The start of a line, but of none that is next.
        assert!(matches!(beginnings("1-00-abc\n1-02-g"), Violation::Torn(_)));
        assert!(matches!(beginnings("1-00-abc\n1-00-a"), Violation::Torn(_)));
    }

    #[test]
    fn a_last_line_without_newline_is_expected_with_one() {
        confirm(&[source("a", "x\nhalf")], b"x\nhalf\n").unwrap();
        assert!(matches!(confirm(&[source("a", "x\nhalf")], b"x\n"), Err(Violation::Lost(_))));
    }
}
