//! The contract as a plain program: what each step adds to the output.

use crate::script::{Action, Step};

/// All inputs, and their merged output.
pub(crate) struct Model {
    inputs: Vec<Input>,
    /// The output so far, to the byte.
    pub(crate) output: Vec<u8>,
}

#[derive(Clone, Default)]
struct Input {
    /// The length of the file that has the name now.
    length: usize,
    /// How many bytes were read from all files that have had the name.
    read: u64,
    /// The start of a line that has no end yet.
    unfinished: Vec<u8>,
    end: End,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum End {
    #[default]
    Open,
    /// Closed, but the output does not show that the follower has noticed. What is appended now may be merged or not.
    Closed,
    /// Closed, and the output has shown it. What is appended now stays out.
    Ended,
}

impl Model {
    /// `inputs` empty files that are followed.
    pub(crate) fn new(inputs: usize) -> Self {
        Self { inputs: vec![Input::default(); inputs], output: Vec::new() }
    }

    /// How many bytes the follower of `input` has read.
    pub(crate) fn read(&self, input: usize) -> u64 {
        self.inputs[input].read
    }

    /// Adds the effect of the step to the output. Returns false, and adds nothing, if the effect cannot be known: such
    /// a step must be left out.
    pub(crate) fn apply(&mut self, step: &Step) -> bool {
        let (input, output) = (&mut self.inputs[step.input], &mut self.output);
        match (input.end, &step.action) {
            (End::Closed, _) | (End::Ended, Action::Close(_)) => return false,
            (End::Ended, _) => {}
            (End::Open, Action::Append(text)) => input.append(&text.0, output),
            (End::Open, Action::Close(last)) => {
                input.append(&last.0, output);
                // Contract 3: an unfinished line is emitted at the close, and only because of it.
                input.end = if input.unfinished.is_empty() { End::Closed } else { End::Ended };
                input.end_unfinished(output);
            }
            (End::Open, Action::Truncate(text)) => {
                // Contract 8 and its limit: a follower can only see that the file is shorter than what it has read,
                // and nothing shows that it has looked if the output stays the same.
                let shorter = text.0.len() < input.length;
                if !shorter || (text.0.is_empty() && input.unfinished.is_empty()) {
                    return false;
                }
                input.begin(&text.0, output);
            }
            (End::Open, Action::Rotate { last, first }) => {
                input.append(&last.0, output);
                input.begin(&first.0, output);
            }
        }
        true
    }
}

impl Input {
    /// The file grows by `text`. Contract 1: whole lines are emitted, and the rest waits.
    fn append(&mut self, text: &[u8], output: &mut Vec<u8>) {
        self.length += text.len();
        self.read += text.len() as u64;
        for &byte in text {
            self.unfinished.push(byte);
            if byte == b'\n' {
                output.append(&mut self.unfinished);
            }
        }
    }

    /// A file that begins with `text` replaces the one before.
    fn begin(&mut self, text: &[u8], output: &mut Vec<u8>) {
        self.end_unfinished(output);
        self.length = 0;
        self.append(text, output);
    }

    /// Contract 3: a line whose rest can no longer come gets a newline, the only byte that is ever added.
    fn end_unfinished(&mut self, output: &mut Vec<u8>) {
        if !self.unfinished.is_empty() {
            output.append(&mut self.unfinished);
            output.push(b'\n');
        }
    }
}
