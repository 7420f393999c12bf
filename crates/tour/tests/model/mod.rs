//! The contract as a plain program: what each step adds to the output.

use crate::script::Step;

/// All inputs, and the output they make.
pub(crate) struct Model {
    inputs: Vec<Input>,
    /// What the output is by now, to the byte.
    pub(crate) output: Vec<u8>,
}

#[derive(Clone, Default)]
struct Input {
    /// How long the file is that has the name.
    length: usize,
    /// How much has been read from all files that have had the name.
    read: u64,
    /// The start of a line that has no end yet.
    unfinished: Vec<u8>,
    end: End,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum End {
    #[default]
    Open,
    /// Closed, and nothing has shown since that the follower noticed. What the file gets now may be merged or not.
    Closed,
    /// Closed, and the output has shown it. What the file gets now stays out.
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

    /// Adds what the step makes of the output. False, and nothing is added, when that cannot be known: then the step
    /// is to be left out.
    pub(crate) fn apply(&mut self, step: &Step) -> bool {
        let (input, output) = (&mut self.inputs[step.input()], &mut self.output);
        match (input.end, step) {
            (End::Closed, _) | (End::Ended, Step::Close { .. }) => return false,
            (End::Ended, _) => {}
            (End::Open, Step::Append { text, .. }) => input.append(&text.0, output),
            (End::Open, Step::Close { last, .. }) => {
                input.append(&last.0, output);
                // Contract 3: an unfinished line comes out at the close, and only because of it.
                input.end = if input.unfinished.is_empty() { End::Closed } else { End::Ended };
                input.end_unfinished(output);
            }
            (End::Open, Step::Truncate { text, .. }) => {
                // Contract 8 and its limit: a look can only tell that the file is shorter than what was read, and
                // nothing shows that it did look when nothing comes of it.
                let shorter = text.0.len() < input.length;
                if !shorter || (text.0.is_empty() && input.unfinished.is_empty()) {
                    return false;
                }
                input.end_unfinished(output);
                input.begin(&text.0, output);
            }
            (End::Open, Step::Rotate { last, first, .. }) => {
                input.append(&last.0, output);
                input.end_unfinished(output);
                input.begin(&first.0, output);
            }
        }
        true
    }
}

impl Input {
    /// The file grows by `text`. Contract 1: whole lines come out, and the rest waits.
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

    /// A file that begins with `text` takes the place of what was there.
    fn begin(&mut self, text: &[u8], output: &mut Vec<u8>) {
        self.length = 0;
        self.append(text, output);
    }

    /// Contract 3: a line whose rest can no longer come gets a newline, the only byte ever added.
    fn end_unfinished(&mut self, output: &mut Vec<u8>) {
        if !self.unfinished.is_empty() {
            output.append(&mut self.unfinished);
            output.push(b'\n');
        }
    }
}
