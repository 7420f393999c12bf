//! Whether an output is a merge of the logs.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use equivalence::{Difference, Violation};
use merge_core::Summary;

use crate::{Kept, Logs, Result, about};

/// How much of each log is in memory, in bytes, beside one line. There may be thousands of logs.
const BUFFER: usize = 4096;

/// The result of the comparison.
pub(crate) struct Found {
    /// The logs, each with its name and the number of its lines.
    pub(crate) inputs: Vec<(String, u64)>,
    /// The summary that the stage should return.
    pub(crate) summary: Summary,
    /// Whether the output holds every line of every log whole, in order and exactly once, and nothing else.
    pub(crate) verdict: std::result::Result<(), String>,
}

/// Confirms that the file `output` is a merge of `logs`; the article's `confirm_merge`, with bounded memory. Copies the
/// lines to `kept`, as they were in the logs.
///
/// Reads each log in step with its lines in the output. The tag of a line names its log, also where several logs have
/// the same line, so the comparison is exact.
pub(crate) fn confirm(logs: &Logs, output: &Path, mut kept: Option<Kept>) -> Result<Found> {
    let open = |path: &Path| File::open(path).map_err(about("cannot read", path));
    let mut merged = BufReader::new(open(output)?);
    let mut sources = Vec::new();
    for path in logs.paths() {
        sources.push((BufReader::with_capacity(BUFFER, open(&path)?), path));
    }
    // The next line of a log, as it should be in the output.
    let mut next = |number: usize, line: &mut Vec<u8>| {
        let (source, path): &mut (BufReader<File>, PathBuf) = &mut sources[number];
        let came = read_line(source, line).map_err(about("cannot read", path))?;
        if came && !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        Result::Ok(came)
    };
    let mut inputs: Vec<_> = logs.names.iter().map(|name| (name.clone(), 0)).collect();
    let mut summary = Summary { inputs: inputs.len(), lines: 0, bytes: 0 };
    let mut verdict = Ok(());
    let (mut line, mut expected) = (Vec::new(), Vec::new());

    while read_line(&mut merged, &mut line).map_err(about("cannot read", output))? {
        summary.lines += 1;
        summary.bytes += line.len() as u64;
        if let Some((path, file)) = &mut kept {
            file.write_all(logs.text(&line)).map_err(about("cannot write", path))?;
        }
        // After the first difference it only counts and copies.
        if verdict.is_err() {
            continue;
        }
        let mut difference = Difference::default();
        if let Some((number, _)) = logs.origin(&line) {
            let (name, lines) = &mut inputs[number];
            *lines += 1;
            let came = next(number, &mut expected)?;
            if expected == line {
                continue;
            }
            let expected = if came { show(logs.text(&expected)) } else { "the end of the log".into() };
            difference = difference_at(name, *lines, expected);
        }
        difference.output_line = usize::try_from(summary.lines).ok();
        difference.found = Some(show(logs.text(&line)));
        verdict = Err(format!("not the next line{difference}"));
    }
    for (number, (name, lines)) in inputs.iter().enumerate() {
        if verdict.is_ok() && next(number, &mut expected)? {
            let lost = difference_at(name, lines + 1, show(logs.text(&expected)));
            verdict = Err(Violation::Lost(lost).to_string());
        }
    }
    if let Some((path, file)) = &mut kept {
        file.flush().map_err(about("cannot write", path))?;
    }
    Ok(Found { inputs, summary, verdict })
}

/// Reads a line with its newline, if it has one. Returns false at the end.
fn read_line(from: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    Ok(from.read_until(b'\n', line)? > 0)
}

fn difference_at(name: &str, line: u64, expected: String) -> Difference {
    let input_line = usize::try_from(line).ok();
    Difference { input: Some(name.to_owned()), input_line, expected: Some(expected), ..Difference::default() }
}

/// A line for a person: escaped, and cut if it is long.
fn show(line: &[u8]) -> String {
    const MOST: usize = 120;
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let text = line[..line.len().min(MOST)].escape_ascii();
    if line.len() > MOST { format!("{text}… ({} bytes)", line.len()) } else { text.to_string() }
}
