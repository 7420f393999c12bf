//! Runs beside and after each other, and what they hold and leave behind.

use std::cell::Cell;
use std::time::{Duration, Instant};
use std::{env, fs, panic, thread};

use merge_core::{Input, Output};

use super::{Outcome, is_full};
use crate::process::{memory, threads};
use crate::{EntryPoint, Fault, Fixture, Settings, Violation};

/// Contract 10: while the output takes nothing, the followers stop reading long before they have read all. They are
/// closed before the output goes on: what they hold is merged all the same.
pub fn a_slow_output_holds_the_followers_back(merge: EntryPoint, settings: &Settings) -> Outcome {
    const ALLOWED: u64 = 16 * 1024 * 1024;

    let mut fixture = Fixture::new(4, settings);
    fixture.append_backlogs(8 * 1024 * 1024);
    fixture.captured.hold();
    let run = fixture.start(merge);
    run.await_standstill(ALLOWED)?;
    run.close_all();
    fixture.captured.release();
    run.end_confirmed(&fixture.sources())
}

/// Contract 10: the same with lines that are longer than a block.
pub fn long_lines_and_a_slow_output_take_no_more_than_they_may(merge: EntryPoint, settings: &Settings) -> Outcome {
    const LINE: u64 = 4 * 1024 * 1024;
    const INPUTS: usize = 16;
    /// One line for each follower, sixteen in a queue, one that is being written, and what was read behind them.
    const ALLOWED: u64 = (INPUTS as u64 + 17) * LINE + INPUTS as u64 * LINE / 4;

    let mut fixture = Fixture::new(INPUTS, settings);
    for input in 0..INPUTS {
        let line = format!("{input}-{}\n", "x".repeat(4 * 1024 * 1024 - 4));
        fixture.append(input, line.repeat(3));
    }
    fixture.captured.hold();
    let run = fixture.start(merge);
    run.await_standstill(ALLOWED)?;
    fixture.captured.release();
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contract 10: while the output takes nothing, each follower holds one chunk and a queue sixteen more, which has the
/// length of a block. Where there are more followers than blocks, a chunk of the others is short.
pub fn a_run_holds_no_more_chunks_than_it_may(merge: EntryPoint, settings: &Settings) -> Outcome {
    const BLOCK: u64 = 512 * 1024;
    const BLOCKS: u64 = 128;
    const PIECE: u64 = 16 * 1024;

    for (inputs, backlog) in [(24, 1536), (160, 544)] {
        let mut fixture = Fixture::new(inputs, settings);
        for input in 0..inputs {
            fixture.append(input, format!("{input}-{}\n", "x".repeat(1020)).repeat(backlog));
        }
        // And one that is being written.
        let chunks = inputs as u64 + 17;
        let in_blocks = chunks.min(BLOCKS);
        fixture.captured.hold();
        let run = fixture.start(merge);
        run.await_standstill(in_blocks * BLOCK + (chunks - in_blocks) * PIECE)?;
        fixture.captured.release();
        run.close_all();
        run.end_confirmed(&fixture.sources())?;
    }
    Ok(())
}

/// Contract 10: an idle input takes a small piece of memory.
pub fn many_idle_inputs_take_little_memory(merge: EntryPoint, settings: &Settings) -> Outcome {
    const INPUTS: usize = 400;
    /// For each input. A thread takes about a quarter of it.
    const ALLOWED: u64 = 128 * 1024;

    let mut fixture = Fixture::new(INPUTS, settings).with_an_hour();
    for input in 0..INPUTS {
        fixture.append(input, format!("{input}\n"));
    }
    let before = memory();
    let run = fixture.start(merge);
    run.await_merge(&fixture.sources())?;
    grown_at_most(before, INPUTS as u64 * ALLOWED)?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contract 10: a line that has been written takes no memory.
pub fn lines_that_are_written_take_no_memory(merge: EntryPoint, settings: &Settings) -> Outcome {
    const LINES: usize = 16 * 1024 * 1024;
    const PIECE: usize = 64 * 1024;

    let newlines = [b'\n'].repeat(PIECE);

    let fixture = Fixture::new(1, settings);
    let output = fixture.folder().join("merged");
    let inputs = Input::open_all(&fixture.paths).expect("scratch files can be opened");
    let merged = Output::create(&output, &inputs).map_err(Violation::Failed)?;
    let run = fixture.start_opened(merge, inputs, merged);
    let mut before = None;
    for round in 1..=3 {
        // In small pieces: what this side takes and gives back would count as well.
        for _ in 0..LINES / PIECE {
            super::append(&fixture.paths[0], &newlines);
        }
        let length = (round * LINES) as u64;
        run.await_condition("the output to grow", || fs::metadata(&output).is_ok_and(|file| file.len() == length))?;
        before = before.or_else(memory);
    }
    // Less than a byte for each line of the last two rounds.
    grown_at_most(before, 2 * LINES as u64)?;
    run.close_all();
    run.await_end().map(|_| ())
}

fn grown_at_most(before: Option<u64>, allowed: u64) -> Outcome {
    let (Some(before), Some(after)) = (before, memory()) else { return Ok(()) };
    let held = after.saturating_sub(before);
    if held > allowed { Err(Violation::MemoryGrew { held, allowed }) } else { Ok(()) }
}

/// Contract 11: one run cannot hand over what its followers hold; another run in the same process merges and ends. The
/// end of that one is no end for the first.
pub fn a_run_whose_output_stands_still_holds_up_no_other_run(merge: EntryPoint, settings: &Settings) -> Outcome {
    /// So long that a hand-over with a time limit is seen to give up.
    const STANDS: Duration = Duration::from_millis(2500);
    /// More than a process may hand out in one piece: threads of a pool, blocks, permits.
    const INPUTS: usize = 1100;

    let mut held = Fixture::new(INPUTS, settings);
    held.interval = Duration::from_millis(20);
    for input in 0..INPUTS {
        held.append(input, format!("{input}\n"));
    }
    held.append_backlog(0, 4 * 1024 * 1024);
    held.captured.hold();
    let standing = held.start(merge);
    standing.await_held()?;
    // All have something to hand over. Where a thread that waits for the output drives the runtime, few can read.
    let since = Instant::now();
    while standing.closers.iter().any(|closer| closer.bytes_read() == 0) && since.elapsed() < Duration::from_secs(1) {
        thread::sleep(Duration::from_millis(1));
    }
    standing.await_standstill(u64::MAX)?;
    let since = Instant::now();

    let mut other = Fixture::new(8, settings);
    for input in 0..8 {
        other.append(input, format!("{input}\n"));
    }
    let run = other.start(merge);
    run.await_merge(&other.sources())?;
    run.close_all();
    run.end_confirmed(&other.sources())?;

    thread::sleep(STANDS.saturating_sub(since.elapsed()));
    held.captured.release();
    held.append(3, "3-after all\n");
    standing.await_merge(&held.sources())?;
    standing.close_all();
    standing.end_confirmed(&held.sources())
}

/// Contracts 6 and 11: a run that has failed, and one that was closed, change nothing for the next.
pub fn a_run_after_a_failed_one_merges(merge: EntryPoint, settings: &Settings) -> Outcome {
    for fault in [Fault::Full, Fault::Panic] {
        let mut failing = Fixture::new(3, settings);
        failing.append(0, "a\n");
        failing.captured.fail_after(0, fault);
        let _ = failing.start(merge).end_with_error("the fault", |_| true);
        let mut next = Fixture::new(3, settings);
        let run = next.start(merge);
        for input in 0..3 {
            next.append(input, format!("{input}\n"));
            run.await_merge(&next.sources())?;
        }
        run.close_all();
        run.end_confirmed(&next.sources())?;
    }
    Ok(())
}

/// Contract 5: what a whole process shares is after a run as it was before: its threads, its folder, its panic hook.
/// The run has printed nothing, and there is no other file beside the logs. (Open files are looked at after every run of
/// every scenario.)
pub fn a_run_leaves_nothing_behind(merge: EntryPoint, settings: &Settings) -> Outcome {
    let folder = env::current_dir().ok();
    set_hook();
    let before = threads();
    let mut printed = Vec::new();
    let merged = crate::process::with_streams_in(&mut printed, || {
        merges_and_fails(merge, settings)?;
        super::the_first_error_is_the_one_that_is_returned(merge, settings)
    });
    let left = |what: String| Err(Violation::LeftBehind { what });
    if !printed.is_empty() {
        return left(format!("on standard output or standard error: {}", String::from_utf8_lossy(&printed)));
    }
    merged?;
    // The system takes a moment to forget a thread that has ended.
    let deadline = Instant::now() + settings.patience.min(Duration::from_secs(10));
    while threads() != before && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
    let after = threads();
    if after != before {
        return left(format!("threads: {}, and before the run: {}", after.join(", "), before.join(", ")));
    }
    if env::current_dir().ok() != folder {
        return left("another current folder".into());
    }
    if !hook_is_there() {
        return left("another panic hook".into());
    }
    Ok(())
}

/// A run that merges, with a rotation, and one that fails. There is then no other file beside the logs.
fn merges_and_fails(merge: EntryPoint, settings: &Settings) -> Outcome {
    for fault in [None, Some(Fault::Full)] {
        let mut fixture = Fixture::new(5, settings);
        for input in 0..5 {
            fixture.append(input, format!("{input}\n"));
        }
        if let Some(fault) = fault {
            fixture.captured.fail_after(0, fault);
            fixture.start(merge).end_with_error("the output, with the cause", |error| is_full(error, "(captured)"))?;
        } else {
            let run = fixture.start(merge);
            run.await_merge(&fixture.sources())?;
            fixture.rename(0, "1");
            fixture.append(0, "0-next\n");
            run.await_merge(&fixture.sources())?;
            run.close_all();
            run.end_confirmed(&fixture.sources())?;
        }
        let names = fs::read_dir(fixture.folder()).expect("a scratch folder").flatten().map(|file| file.path());
        let mut other = names.filter(|path| !fixture.paths.contains(path) && !path.ends_with("0.1"));
        if let Some(file) = other.next() {
            return Err(Violation::LeftBehind { what: format!("the file {}", file.display()) });
        }
    }
    Ok(())
}

thread_local! {
    static HOOKED: Cell<bool> = const { Cell::new(false) };
}

/// Sets a panic hook that can be recognized.
fn set_hook() {
    let former = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        HOOKED.set(true);
        former(panic);
    }));
}

/// Whether it is still the one that is called.
fn hook_is_there() -> bool {
    HOOKED.set(false);
    let _ = panic::catch_unwind(|| panic!("a panic to see whose hook is called"));
    HOOKED.get()
}
