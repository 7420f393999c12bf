//! Runs beside and after each other, and what they hold and leave behind.

use std::cell::Cell;
use std::time::{Duration, Instant};
use std::{env, panic, thread};

use super::{Outcome, is_full};
use crate::process::threads;
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

/// Contract 11: one run cannot hand over what its followers hold; another run in the same process merges and ends. The
/// end of that one is no end for the first.
pub fn a_run_whose_output_stands_still_holds_up_no_other_run(merge: EntryPoint, settings: &Settings) -> Outcome {
    /// So long that a hand-over with a time limit is seen to give up.
    const STANDS: Duration = Duration::from_millis(1200);

    let mut held = Fixture::new(8, settings);
    held.append_backlogs(4 * 1024 * 1024);
    held.captured.hold();
    let standing = held.start(merge);
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
/// (Open files are looked at after every run of every scenario.)
pub fn a_run_leaves_nothing_behind(merge: EntryPoint, settings: &Settings) -> Outcome {
    let folder = env::current_dir().ok();
    set_hook();
    let before = threads();
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
    }
    // The system takes a moment to forget a thread that has ended.
    let deadline = Instant::now() + settings.patience.min(Duration::from_secs(10));
    while threads() != before && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
    let after = threads();
    let left = |what: String| Err(Violation::LeftBehind { what });
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
