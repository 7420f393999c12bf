//! The end of a merge: how its followers ended, put together.

use crate::{Closer, Input, MergeError, Output, Progress, Result};

/// What a whole merge did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many inputs were followed.
    pub inputs: usize,
    /// How many lines were written to the output.
    pub lines: u64,
    /// How many bytes were written to the output.
    pub bytes: u64,
}

/// Collects how each follower ended. At the first error it closes every input, so that the others end as well.
///
/// Add each end *when it happens*, not in the order in which the followers were started: a follower that never ends
/// would hide the error of the next one.
#[derive(Debug)]
pub struct FanIn {
    closers: Vec<Closer>,
    progress: Progress,
    first_error: Option<MergeError>,
}

impl FanIn {
    /// A fan-in for the followers of `inputs`, which write to `output`.
    #[must_use]
    pub fn new(inputs: &[Input], output: &Output) -> Self {
        Self { closers: inputs.iter().map(Input::closer).collect(), progress: output.progress(), first_error: None }
    }

    /// Takes the end of one follower, or of the writer. Never blocks.
    pub fn add(&mut self, ended: Result<()>) {
        let Err(error) = ended else { return };
        self.close_all();
        // `OutputGone` only says that the output's own error is on its way: it gives way to it.
        if matches!(self.first_error, None | Some(MergeError::OutputGone)) {
            self.first_error = Some(error);
        }
    }

    /// The result of the run. Call it when all have ended: then the output is complete.
    ///
    /// # Errors
    ///
    /// The first error that was added.
    pub fn finish(mut self) -> Result<Summary> {
        match self.first_error.take() {
            Some(error) => Err(error),
            None => {
                Ok(Summary { inputs: self.closers.len(), lines: self.progress.lines(), bytes: self.progress.bytes() })
            }
        }
    }

    fn close_all(&self) {
        self.closers.iter().for_each(Closer::close);
    }
}

impl Drop for FanIn {
    /// A top that is cancelled, or panics, must not leave followers behind that run for ever.
    fn drop(&mut self) {
        self.close_all();
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tempfile::NamedTempFile;

    use super::*;

    fn two_inputs() -> (Vec<Input>, Output) {
        let logs = [NamedTempFile::new().unwrap(), NamedTempFile::new().unwrap()];
        let inputs = Input::open_all(&logs).unwrap();
        (inputs, Output::new("(sink)", io::sink()))
    }

    fn full() -> MergeError {
        MergeError::Output { path: "(sink)".into(), source: io::ErrorKind::StorageFull.into() }
    }

    #[test]
    fn a_run_without_errors_is_summed_up() {
        let (inputs, mut output) = two_inputs();
        let mut fan_in = FanIn::new(&inputs, &output);
        output.write(b"a\nb\n").unwrap();
        fan_in.add(Ok(()));
        assert!(!inputs[0].closer().is_closed(), "an end that is no error closes nothing");
        assert_eq!(fan_in.finish().unwrap(), Summary { inputs: 2, lines: 2, bytes: 4 });
    }

    #[test]
    fn the_first_error_closes_all_inputs_and_is_the_one_that_counts() {
        let (inputs, output) = two_inputs();
        let mut fan_in = FanIn::new(&inputs, &output);
        fan_in.add(Err(MergeError::Cancelled));
        assert!(inputs.iter().all(|input| input.closer().is_closed()));
        fan_in.add(Err(full()));
        assert!(matches!(fan_in.finish(), Err(MergeError::Cancelled)));
    }

    #[test]
    fn a_follower_that_finds_the_output_gone_does_not_hide_why() {
        let (inputs, output) = two_inputs();
        let mut fan_in = FanIn::new(&inputs, &output);
        fan_in.add(Err(MergeError::OutputGone));
        fan_in.add(Err(full()));
        fan_in.add(Err(MergeError::Cancelled));
        assert!(matches!(fan_in.finish(), Err(MergeError::Output { .. })));
    }

    #[test]
    fn a_fan_in_that_is_dropped_closes_all_inputs() {
        let (inputs, output) = two_inputs();
        drop(FanIn::new(&inputs, &output));
        assert!(inputs.iter().all(|input| input.closer().is_closed()));
    }
}
