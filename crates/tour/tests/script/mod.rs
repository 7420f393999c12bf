//! Random scripts: steps that change a few logs, one after the other.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::model::Model;

/// Steps for `inputs` logs.
pub(crate) struct Script {
    pub(crate) inputs: usize,
    pub(crate) steps: Vec<Step>,
}

/// One change to one log.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) input: usize,
    pub(crate) action: Action,
}

#[derive(Debug)]
pub(crate) enum Action {
    /// Appends to the log.
    Append(Text),
    /// Appends to the log and closes it at once.
    Close(Text),
    /// Empties the log in place and starts it again with this text.
    Truncate(Text),
    /// Renames the log's file, appends `last` to it once more, and creates a file of the old name with `first`.
    Rotate { last: Text, first: Text },
}

/// Bytes that print as in a test's source.
#[derive(Clone, PartialEq)]
pub(crate) struct Text(pub(crate) Vec<u8>);

/// The most logs in a script.
const INPUTS: usize = 3;
/// The most steps in a script.
const STEPS: usize = 12;
/// Longer than the block in which a log is read.
const LONG: usize = 300_000;

/// Short scripts: they run once per stage, and a person reads a failure. Steps whose outcome cannot be known are left
/// out. At the end all inputs are closed one by one, so that the order of their last lines is known.
pub(crate) fn scripts() -> impl Strategy<Value = Script> {
    (1..=INPUTS).prop_flat_map(|inputs| {
        let step = (0..inputs, actions()).prop_map(|(input, action)| Step { input, action });
        vec(step, 0..=STEPS).prop_map(move |mut steps| {
            steps.extend((0..inputs).map(|input| Step { input, action: Action::Close(Text(Vec::new())) }));
            let mut model = Model::new(inputs);
            steps.retain(|step| model.apply(step));
            Script { inputs, steps }
        })
    })
}

fn actions() -> impl Strategy<Value = Action> {
    prop_oneof![
        10 => texts(1..8).prop_map(Action::Append),
        1 => texts(0..4).prop_map(Action::Close),
        // Mostly short: only a text shorter than the log counts as a truncation.
        4 => texts(0..3).prop_map(Action::Truncate),
        3 => (texts(0..4), texts(1..4)).prop_map(|(last, first)| Action::Rotate { last, first }),
    ]
}

/// Pieces of lines, the simplest first, with bytes that are not UTF-8, carriage returns and empty lines.
fn texts(pieces: std::ops::Range<usize>) -> impl Strategy<Value = Text> {
    let short: Vec<&[u8]> = vec![b"a", b"\n", b"b\n", b"cd", b"\r\n", b"\n\n", b"\xff\0"];
    let piece = prop_oneof![
        60 => select(short).prop_map(<[u8]>::to_vec),
        1 => Just(vec![b'x'; LONG]),
    ];
    vec(piece, pieces).prop_map(|pieces| Text(pieces.concat()))
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 200;
        let start = self.0[..self.0.len().min(MOST)].escape_ascii();
        write!(f, "\"{start}\"")?;
        if self.0.len() > MOST { write!(f, "… ({} bytes)", self.0.len()) } else { Ok(()) }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inputs: {}", self.inputs)?;
        for (number, Step { input, action }) in self.steps.iter().enumerate() {
            write!(f, "\n  {number}: input {input}: {action:?}")?;
        }
        Ok(())
    }
}
