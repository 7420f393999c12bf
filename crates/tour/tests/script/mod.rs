//! Random scripts: what happens to a few logs, one step after the other.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::model::Model;

/// What happens to `inputs` logs.
pub(crate) struct Script {
    pub(crate) inputs: usize,
    pub(crate) steps: Vec<Step>,
}

/// One thing that happens to one log.
pub(crate) enum Step {
    /// The log grows.
    Append { input: usize, text: Text },
    /// The log grows, and is closed at once.
    Close { input: usize, last: Text },
    /// The log is emptied in place, and begins again with `text`.
    Truncate { input: usize, text: Text },
    /// The log's file is renamed, grows once more, and a file with its name begins with `first`.
    Rotate { input: usize, last: Text, first: Text },
}

/// Bytes, written as they would stand in a test.
#[derive(Clone, PartialEq)]
pub(crate) struct Text(pub(crate) Vec<u8>);

/// The most logs in a script.
const INPUTS: usize = 3;
/// The most steps in a script.
const STEPS: usize = 12;
/// Longer than the block in which a log is read.
const LONG: usize = 300_000;

/// Short scripts: they run once per stage, and a failure is read by a person. Steps whose outcome cannot be known are
/// left out. At the end all inputs are closed, one by one, so that the order of their last lines is known.
pub(crate) fn scripts() -> impl Strategy<Value = Script> {
    (1..=INPUTS).prop_flat_map(|inputs| {
        vec(steps(inputs), 0..=STEPS).prop_map(move |mut steps| {
            steps.extend((0..inputs).map(|input| Step::Close { input, last: Text(Vec::new()) }));
            let mut model = Model::new(inputs);
            steps.retain(|step| model.apply(step));
            Script { inputs, steps }
        })
    })
}

impl Step {
    /// Which log it happens to.
    pub(crate) fn input(&self) -> usize {
        let (Self::Append { input, .. }
        | Self::Close { input, .. }
        | Self::Truncate { input, .. }
        | Self::Rotate { input, .. }) = self;
        *input
    }
}

fn steps(inputs: usize) -> impl Strategy<Value = Step> {
    let input = 0..inputs;
    prop_oneof![
        10 => (input.clone(), texts(1..8)).prop_map(|(input, text)| Step::Append { input, text }),
        1 => (input.clone(), texts(0..4)).prop_map(|(input, last)| Step::Close { input, last }),
        // Mostly short: it has to be shorter than what was there.
        4 => (input.clone(), texts(0..3)).prop_map(|(input, text)| Step::Truncate { input, text }),
        3 => (input, texts(0..4), texts(1..4)).prop_map(|(input, last, first)| Step::Rotate { input, last, first }),
    ]
}

fn texts(pieces: std::ops::Range<usize>) -> impl Strategy<Value = Text> {
    vec(pieces_of_lines(), pieces).prop_map(|pieces| Text(pieces.concat()))
}

/// Pieces of lines, from the simplest on: bytes that are not UTF-8, carriage returns and empty lines as well.
fn pieces_of_lines() -> impl Strategy<Value = Vec<u8>> {
    let short: Vec<&[u8]> = vec![b"a", b"\n", b"b\n", b"cd", b"\r\n", b"\n\n", b"\xff\0"];
    prop_oneof![
        60 => select(short).prop_map(<[u8]>::to_vec),
        1 => Just(vec![b'x'; LONG]),
    ]
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 200;
        let start = self.0[..self.0.len().min(MOST)].escape_ascii();
        write!(f, "\"{start}\"")?;
        if self.0.len() > MOST { write!(f, "… ({} bytes)", self.0.len()) } else { Ok(()) }
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Append { input, text } => write!(f, "append {text:?} to input {input}"),
            Self::Close { input, last } if last.0.is_empty() => write!(f, "close input {input}"),
            Self::Close { input, last } => write!(f, "append {last:?} to input {input} and close it"),
            Self::Truncate { input, text } => write!(f, "empty input {input} and write {text:?}"),
            Self::Rotate { input, last, first } => {
                write!(f, "rename input {input}, append {last:?} to it, begin a new one with {first:?}")
            }
        }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inputs: {}", self.inputs)?;
        for (number, step) in self.steps.iter().enumerate() {
            write!(f, "\n  {number}: {step:?}")?;
        }
        Ok(())
    }
}
