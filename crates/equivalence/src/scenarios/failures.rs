//! What fails, and which error is returned.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use merge_core::{Input, MergeError};

use super::Outcome;
use crate::{Difference, EntryPoint, Fault, Fixture, Settings, Violation};

/// Contract 6: a file that can be opened and not read. Its follower meets the error; the others are merged.
pub fn a_read_that_fails_ends_the_run(merge: EntryPoint, settings: &Settings) -> Outcome {
    // A regular file of Linux that has a length and cannot be read.
    let unreadable = Path::new("/sys/class/net/lo/speed");
    if !unreadable.exists() {
        return Ok(());
    }
    let mut fixture = Fixture::new(2, settings);
    fixture.append(0, "0\n");
    fixture.append(1, "1\n");
    let paths = [fixture.paths[0].clone(), unreadable.to_owned(), fixture.paths[1].clone()];
    let inputs = Input::open_all(paths).expect("scratch files can be opened");
    let run = fixture.start_opened(merge, inputs, fixture.captured.output());
    run.end_with_error(
        "the input that cannot be read, by its path",
        |error| matches!(error, MergeError::Input { path, .. } if path == unreadable),
    )?;
    crate::confirm(&fixture.sources(), &fixture.captured.bytes())
}

/// Contract 6: one input fails while two others wait for an output that takes nothing. Those fail after it, when the run
/// has closed them already.
pub fn the_first_error_is_the_one_that_is_returned(merge: EntryPoint, settings: &Settings) -> Outcome {
    an_input_fails_first(merge, settings, |fixture| {
        fail_input(fixture, 0);
        fail_input(fixture, 2);
    })
}

/// Contract 6: the same with an output that fails when it goes on.
pub fn an_output_that_fails_later_hides_no_error(merge: EntryPoint, settings: &Settings) -> Outcome {
    an_input_fails_first(merge, settings, |fixture| fixture.captured.fail_after(0, Fault::Full))
}

pub(super) fn fail_input(fixture: &Fixture, input: usize) {
    fixture.rename(input, "away");
    fs::create_dir(&fixture.paths[input]).expect("a scratch folder");
}

/// One input fails while two others wait for an output that takes nothing. `fail_later` does what it says when the run
/// has closed those two.
fn an_input_fails_first(merge: EntryPoint, settings: &Settings, fail_later: impl FnOnce(&Fixture)) -> Outcome {
    let mut fixture = Fixture::new(3, settings);
    fixture.append_backlogs(12 * 1024 * 1024);
    fixture.truncate(1, "");
    fixture.captured.hold();
    let run = fixture.start(merge);
    run.await_standstill(u64::MAX)?;
    fail_input(&fixture, 1);
    // A thread that waits for the output may be the one that drives a current-thread runtime. Then nothing happens before
    // the output goes on, and nothing can be said here about the first error.
    let since = Instant::now();
    while !(run.closers[0].is_closed() && run.closers[2].is_closed()) {
        if since.elapsed() > settings.patience.min(Duration::from_secs(1)) {
            fixture.captured.release();
            return run.end_with_error("an error", |_| true);
        }
        thread::sleep(Duration::from_millis(1));
    }
    fail_later(&fixture);
    fixture.captured.release();
    let first = fixture.paths[1].clone();
    run.end_with_error(
        "the first of several errors, by its path",
        |error| matches!(error, MergeError::NotRegular { path } if *path == first),
    )
}

/// Contract 6: the system has no thread to give. The test's process is started in such a way; in any other, there is
/// nothing to see.
///
/// tokio panics before a stage has a say. The programs ask for their threads before they open the output.
pub fn a_thread_that_the_system_does_not_give_is_an_error(merge: EntryPoint, settings: &Settings) -> Outcome {
    if thread::Builder::new().spawn(|| {}).is_ok() {
        return Ok(());
    }
    let mut fixture = Fixture::new(3, settings).with_an_hour();
    fixture.append(1, "a\n");
    let run = fixture.start(merge);
    match run.end_with_error("that there is no thread", |error| matches!(error, MergeError::Start(_))) {
        Err(Violation::Panicked { message }) if message.contains("OS can't spawn worker thread") => Ok(()),
        ended => ended,
    }
}

/// Contract 6: a pipe whose reader has gone is an output that fails. What to make of it is the caller's choice.
pub fn a_broken_pipe_is_an_error(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(3, settings).with_an_hour();
    fixture.append(1, "a\n");
    fixture.captured.fail_after(0, Fault::BrokenPipe);
    fixture.start(merge).end_with_error(
        "the output, with a broken pipe as its cause",
        |error| matches!(error, MergeError::Output { source, .. } if source.kind() == ErrorKind::BrokenPipe),
    )
}

/// Contracts 2 and 6: a disk is full in the middle of a line, and has room again right after that. What comes behind half
/// a line would stick to it.
pub fn nothing_follows_a_line_that_was_cut_short(merge: EntryPoint, settings: &Settings) -> Outcome {
    const HALF: usize = 5;

    let mut fixture = Fixture::new(8, settings);
    for input in 0..8 {
        fixture.append(input, format!("{input}-whole line\n{input}-half"));
    }
    fixture.captured.fail_after(HALF, Fault::FullOnce);
    fixture.start(merge).end_with_error("the output, with the cause", |error| super::is_full(error, "(captured)"))?;
    let written = fixture.captured.unconfirmed_bytes();
    if written.len() == HALF {
        return Ok(());
    }
    let (cut, found) = written.split_at(HALF.min(written.len()));
    Err(Violation::Torn(Difference {
        expected: Some(format!("nothing behind {:?}", String::from_utf8_lossy(cut))),
        found: Some(String::from_utf8_lossy(found).into_owned()),
        ..Difference::default()
    }))
}

/// Contract 3: a line longer than its input allows. What comes before it, and the other inputs, are merged.
pub fn a_line_over_the_limit_ends_the_run(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(2, settings);
    let mut inputs = Input::open_all(&fixture.paths).expect("scratch files can be opened");
    inputs[1].set_max_line(1000);
    fixture.append(0, format!("{}\n", "0".repeat(2000)));
    // A line of just that length is good, also when it is read together with another one.
    fixture.append(1, format!("{}\n1-short\n", "1".repeat(999)));
    let run = fixture.start_opened(merge, inputs, fixture.captured.output());
    run.await_merge(&fixture.sources())?;
    // In two reads: the place is where the line begins, and not where the second read did.
    super::append(&fixture.paths[1], &b"1".repeat(600));
    run.await_read(1, 1608)?;
    super::append(&fixture.paths[1], &b"1".repeat(401));
    let failing = fixture.paths[1].clone();
    run.end_with_error(
        "the input with the long line, and its place",
        |error| matches!(error, MergeError::LineTooLong { path, position: 1008, .. } if *path == failing),
    )?;
    crate::confirm(&fixture.sources(), &fixture.captured.bytes())
}

/// Contracts 4 and 6: the follower sleeps while a line gets too long. Woken by the close, it still has to say so.
pub fn a_closed_input_that_fails_ends_the_run_with_its_error(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(2, settings).with_an_hour();
    fixture.append(1, "1-a\n");
    let mut inputs = Input::open_all(&fixture.paths).expect("scratch files can be opened");
    inputs[1].set_max_line(1000);
    let run = fixture.start_opened(merge, inputs, fixture.captured.output());
    run.await_output(b"1-a\n")?;
    // Not `remember`ed: this line is not to come out.
    super::append(&fixture.paths[1], &b"1".repeat(2000));
    run.close_all();
    let failing = fixture.paths[1].clone();
    run.end_with_error(
        "the input with the long line, by its path",
        |error| matches!(error, MergeError::LineTooLong { path, .. } if *path == failing),
    )?;
    crate::confirm(&fixture.sources(), &fixture.captured.bytes())
}

/// Contract 2: a device that takes seven bytes at a time and is interrupted now and then.
pub fn a_stuttering_output_gets_every_byte(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(3, settings);
    fixture.captured.stutter();
    for input in 0..3 {
        fixture.append(input, format!("{input}-a line of more than seven bytes\n").repeat(20));
    }
    let run = fixture.start(merge);
    run.await_merge(&fixture.sources())?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}
