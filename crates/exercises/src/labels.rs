//! How labels are graded: they are checked and removed, and the rest is held to the suite.
//!
//! A label is the name of the line's input (its file name), a colon and a space: `web.log: GET /`.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use equivalence::{EntryPoint, Fixture, Settings, Violation, confirm};
use merge_core::{Input, MergeError, Output, Result, Summary};

/// How long one write to the output may be, in bytes, if it has more than one line.
pub const LONGEST: usize = 1024 * 1024;

/// Runs `merge`, whose output has labels, and passes its writes on to `output` without them. So the suite's scenarios,
/// which do not know labels, work for it as well.
///
/// # Errors
///
/// As `merge`. A write without labels is refused with an error that says why.
pub fn taken_off(merge: EntryPoint, inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let names = inputs.iter().map(name).collect();
    let plain = output.progress();
    // The suite's outputs have this name, and some scenarios check it in the error.
    let labelled = Output::new("(captured)", TakeOff { names, output });
    let written = labelled.progress();
    let summary = merge(inputs, interval, labelled)?;
    let expected = Summary { inputs: summary.inputs, lines: written.lines(), bytes: written.bytes() };
    // A wrong summary is passed on, so that the suite finds it.
    Ok(if summary == expected { Summary { lines: plain.lines(), bytes: plain.bytes(), ..summary } } else { summary })
}

/// The file name of an input, which is its label.
fn name(input: &Input) -> Vec<u8> {
    input.path().file_name().unwrap_or_default().as_encoded_bytes().to_vec()
}

/// A writer that removes labels and refuses lines that have none.
struct TakeOff {
    names: Vec<Vec<u8>>,
    output: Output,
}

impl Write for TakeOff {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !bytes.ends_with(b"\n") {
            return Err(io::Error::other(format!("a write does not end with a line: {}", show(bytes))));
        }
        let mut plain = Vec::with_capacity(bytes.len());
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let (_, rest) = split(line)
                .filter(|(label, _)| self.names.iter().any(|name| name == label))
                .ok_or_else(|| io::Error::other(format!("this line has no label: {}", show(line))))?;
            plain.extend_from_slice(rest);
        }
        self.output.write(&plain).map_err(|error| match error {
            MergeError::Output { source, .. } => source,
            other => io::Error::other(other),
        })?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The label of a line, and the rest.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.windows(2).position(|two| two == b": ")?;
    Some((&line[..colon], &line[colon + 2..]))
}

/// The start of it, for a report.
fn show(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes[..bytes.len().min(60)].escape_ascii())
}

/// Seven inputs at once, each with lines of its own: sorted by their labels, the lines of the output are those inputs.
///
/// # Panics
///
/// When they are not.
pub fn each_label_is_that_of_the_line_s_input(merge: EntryPoint) {
    let mut fixture = Fixture::new(7, &Settings::default());
    let run = fixture.start(merge);
    for round in 0..50 {
        for input in 0..7 {
            fixture.append(input, format!("{round} of {input}\n: {round}\n"));
        }
    }
    run.close_all();
    or_panic(run.await_end());
    let merged = fixture.captured.bytes();
    for source in fixture.sources() {
        let own: Vec<u8> = merged
            .split_inclusive(|&byte| byte == b'\n')
            .filter_map(split)
            .filter(|(label, _)| *label == source.name.as_bytes())
            .flat_map(|(_, line)| line.to_vec())
            .collect();
        let label = source.name.clone();
        if let Err(violation) = confirm(&[source], &own) {
            panic!("the lines with the label {label} are not those of input {label}: {violation}");
        }
    }
    let length: usize = fixture.sources().iter().map(|source| source.bytes.len()).sum();
    let labels = 7 * 100 * "0: ".len();
    assert_eq!(merged.len(), length + labels, "the output is as long as the inputs and their labels");
}

/// Many empty lines in an input with a long name: with their labels they are a hundred times as long. No write is
/// longer than [`LONGEST`].
///
/// # Panics
///
/// When one is, or when the output is not the input with labels.
pub fn empty_lines_do_not_grow_into_one_huge_write(merge: EntryPoint) {
    const LINES: usize = 20_000;

    let mut fixture = Fixture::new(1, &Settings::default());
    let name = format!("{}.log", "x".repeat(100));
    fixture.paths[0] = fixture.folder().join(&name);
    File::create(&fixture.paths[0]).expect("a scratch file");
    fixture.append(0, vec![b'\n'; LINES]);

    let writes = Writes::default();
    let run = fixture.start_with(merge, Output::new("(writes)", writes.clone()));
    run.close_all();
    or_panic(run.await_end());
    let seen = *writes.0.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(seen.longest <= LONGEST, "one write has {} bytes, where {LONGEST} may be", seen.longest);
    assert_eq!(seen.bytes, LINES * (name.len() + ": \n".len()), "bytes in the output");
}

/// Counts the bytes that are written, and keeps none.
#[derive(Clone, Default)]
struct Writes(Arc<Mutex<Seen>>);

#[derive(Clone, Copy, Default)]
struct Seen {
    bytes: usize,
    longest: usize,
}

impl Write for Writes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.bytes += bytes.len();
        seen.longest = seen.longest.max(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Panics with the violation, if there is one.
fn or_panic<T>(found: std::result::Result<T, Violation>) -> T {
    found.unwrap_or_else(|violation| panic!("{violation}"))
}
