//! What is tested: one function per scenario, and the list of them.
//!
//! The numbers of the contract are those of `docs/src/contract.md`. Each returns the first [`Violation`] that it finds.

// The line above, instead of a section per function.
#![allow(clippy::missing_errors_doc)]

mod events;
mod failures;
mod files;
mod runs;
mod time;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use merge_core::{Input, MergeError, Output};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::fixture::append;
use crate::{CapturedOutput, EntryPoint, Fault, Fixture, Running, Settings, Violation, Writers};

pub use events::*;
pub use failures::*;
pub use files::*;
pub use runs::*;
pub use time::*;

type Outcome = Result<(), Violation>;

/// A machine may be too busy to tell. A stage that breaks the contract does so in each of three tries.
fn in_three_tries(once: impl Fn() -> Outcome) -> Outcome {
    once().or_else(|_| once()).or_else(|_| once())
}

/// One scenario, by name.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// The function's name, which is the test's.
    pub name: &'static str,
    /// Runs it for one entry point.
    pub run: fn(EntryPoint, &Settings) -> Outcome,
}

/// The one list. `each_scenario!(then, …)` calls `then!(…; name name …)`.
#[doc(hidden)]
#[macro_export]
macro_rules! each_scenario {
    ($then:path, $($argument:tt)*) => {
        $then! { $($argument)*;
            concurrent_random_writers_are_merged
            appends_in_lockstep_come_out_in_the_order_of_the_script
            closed_before_the_run_it_merges_what_is_there_and_returns
            a_file_closed_early_ends_while_the_others_go_on
            no_inputs_make_an_empty_output
            one_input_is_copied
            an_empty_input_adds_nothing
            a_line_written_in_two_halves_stays_whole
            a_last_line_without_newline_waits_and_is_ended_at_close
            bytes_pass_unchanged
            a_short_line_does_not_overtake_the_backlog_before_it
            a_line_of_16_mib_stays_whole
            six_hundred_inputs_are_all_followed_at_once
            what_is_written_just_before_the_close_is_merged
            a_long_backlog_is_merged_after_the_close
            a_writer_that_never_stops_cannot_keep_a_closed_follower_alive
            a_file_truncated_in_place_is_read_from_the_start_again
            a_file_replaced_under_load_loses_nothing
            a_deleted_file_is_followed_again_when_its_name_comes_back
            an_input_that_fails_ends_the_run_and_the_others_are_merged
            an_output_that_fails_ends_idle_followers
            an_output_that_fails_ends_busy_followers
            a_full_device_ends_the_run
            a_panic_is_an_error
            a_close_wakes_a_follower_at_once
            a_line_is_visible_while_nothing_else_happens
            the_run_returns_only_when_the_output_is_complete
            a_slow_output_holds_the_followers_back
            long_lines_and_a_slow_output_take_no_more_than_they_may
            a_run_holds_no_more_chunks_than_it_may
            a_run_whose_output_stands_still_holds_up_no_other_run
            a_run_after_a_failed_one_merges
            many_idle_inputs_take_little_memory
            lines_that_are_written_take_no_memory
            a_run_leaves_nothing_behind
            idle_followers_keep_no_core_busy
            a_file_that_is_shorter_than_its_length_says_keeps_no_core_busy
            any_interval_will_do
            a_backlog_comes_out_without_waiting
            a_run_with_nothing_left_to_merge_ends_at_once
            a_line_comes_within_an_interval
            a_quiet_input_is_served_beside_an_endless_one
            a_quiet_input_has_its_turn_beside_busy_ones
            a_quiet_input_has_its_turn_beside_a_long_backlog
            an_empty_successor_that_is_replaced_in_turn_loses_nothing
            a_file_that_was_replaced_before_the_close_is_merged
            a_log_behind_a_link_is_followed_by_its_name
            a_file_that_gets_its_name_back_goes_on_where_it_was
            a_name_that_is_no_text_is_followed
            a_read_that_fails_ends_the_run
            the_first_error_is_the_one_that_is_returned
            an_output_that_fails_later_hides_no_error
            a_thread_that_the_system_does_not_give_is_an_error
            a_broken_pipe_is_an_error
            nothing_follows_a_line_that_was_cut_short
            a_line_over_the_limit_ends_the_run
            a_closed_input_that_fails_ends_the_run_with_its_error
            a_stuttering_output_gets_every_byte
            a_refused_input_leaves_the_output_untouched
            an_output_that_is_an_input_is_refused
            two_lines_at_any_distance_are_both_visible
            lines_are_visible_while_their_writer_never_rests
            a_burst_over_many_logs_is_visible_in_each
            a_folder_that_is_replaced_is_followed_by_its_name
            many_rotations_lose_nothing
        }
    };
}

macro_rules! scenario_list {
    (; $($name:ident)*) => {
        /// Every scenario, in the order of the list.
        pub const SCENARIOS: &[Scenario] = &[$(Scenario { name: stringify!($name), run: $name }),*];
    };
}
each_scenario!(scenario_list,);

/// Those that look at their whole process, so that each needs one to itself.
pub(crate) const ALONE: &[&str] = &[
    "a_run_leaves_nothing_behind",
    "many_idle_inputs_take_little_memory",
    "lines_that_are_written_take_no_memory",
    "idle_followers_keep_no_core_busy",
    "a_file_that_is_shorter_than_its_length_says_keeps_no_core_busy",
    "a_line_comes_within_an_interval",
];

/// The one that needs a process which is given no thread.
pub(crate) const WITHOUT_THREADS: &str = "a_thread_that_the_system_does_not_give_is_an_error";

/// The article's own: five writers with random pauses, closed when they are done.
pub fn concurrent_random_writers_are_merged(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(0, settings);
    let writing = Writers { seed: settings.seed, ..Writers::default() }.start(fixture.folder()).expect("writers");
    fixture.paths = writing.paths().to_vec();
    let run = fixture.start(merge);
    let paths = writing.join().expect("writers");
    let sources: Vec<_> = paths
        .iter()
        .map(|path| crate::Source {
            name: path.display().to_string(),
            bytes: fs::read(path).expect("a scratch file can be read"),
        })
        .collect();
    // After they are read: a run that ends meanwhile would have left the file open that is being read here.
    run.close_all();
    run.end_confirmed(&sources)
}

/// A seeded script of appends to random files, each awaited: the output is the script, byte for byte.
pub fn appends_in_lockstep_come_out_in_the_order_of_the_script(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut random = StdRng::seed_from_u64(settings.seed);
    let mut fixture = Fixture::new(7, settings);
    let run = fixture.start(merge);
    let mut script = Vec::new();
    for step in 0..150 {
        let input = random.random_range(0..7);
        for line in 0..random.random_range(1..4) {
            let text = format!("{input}-{step}-{line}-{}\n", random.random::<u32>());
            script.extend(text.as_bytes());
            fixture.append(input, text);
        }
        run.await_output(&script)?;
    }
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contract 4: closed before the run.
pub fn closed_before_the_run_it_merges_what_is_there_and_returns(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(3, settings).with_an_hour();
    for input in 0..3 {
        fixture.append(input, format!("{input}-a\n{input}-b\n{input}-half\r"));
    }
    let inputs = Input::open_all(&fixture.paths).expect("scratch files can be opened");
    for input in &inputs {
        input.closer().close();
    }
    let output = fixture.captured.output();
    fixture.start_opened(merge, inputs, output).end_confirmed(&fixture.sources())
}

/// Contract 4: one close ends one follower, and what its file gets later stays out.
pub fn a_file_closed_early_ends_while_the_others_go_on(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(3, settings);
    let run = fixture.start(merge);
    fixture.append(0, "0-before\n0-half");
    run.closers[0].close();
    run.await_output(b"0-before\n0-half\n")?;
    append(&fixture.paths[0], b"0-after\n");
    let mut expected = others_pass(&mut fixture, &run, b"0-before\n0-half\n".to_vec())?;
    fixture.append(2, "2-later\n");
    expected.extend(b"2-later\n");
    run.await_output(&expected)?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Nothing to follow: the run returns by itself.
pub fn no_inputs_make_an_empty_output(merge: EntryPoint, settings: &Settings) -> Outcome {
    let fixture = Fixture::new(0, settings).with_an_hour();
    fixture.start(merge).end_confirmed(&[])
}

/// The smallest merge.
pub fn one_input_is_copied(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(1, settings);
    fixture.append(0, "a\n\nb\n");
    let run = fixture.start(merge);
    run.await_output(b"a\n\nb\n")?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// An input in which nothing is ever written.
pub fn an_empty_input_adds_nothing(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(2, settings);
    fixture.append(1, "a\n");
    let run = fixture.start(merge);
    run.await_output(b"a\n")?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

// ANCHOR: two_halves
/// Contract 1 and 2: the lines of others pass while a half line waits for its rest.
pub fn a_line_written_in_two_halves_stays_whole(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(2, settings);
    fixture.append(0, "whole\n");
    let run = fixture.start(merge);
    run.await_output(b"whole\n")?;
    fixture.remember(0, "first second\n");
    append(&fixture.paths[0], b"first ");
    let mut expected = others_pass(&mut fixture, &run, b"whole\n".to_vec())?;
    append(&fixture.paths[0], b"second\n");
    expected.extend(b"first second\n");
    run.await_output(&expected)?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}
// ANCHOR_END: two_halves

/// Contract 3: the unfinished line waits while the input is open, and comes out with a newline at its close.
pub fn a_last_line_without_newline_waits_and_is_ended_at_close(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(2, settings);
    fixture.append(0, "whole\n");
    let run = fixture.start(merge);
    run.await_output(b"whole\n")?;
    // What is whole does not wait for what is not.
    fixture.append(0, "whole as well\nhalf");
    run.await_output(b"whole\nwhole as well\n")?;
    let mut expected = others_pass(&mut fixture, &run, b"whole\nwhole as well\n".to_vec())?;
    run.closers[0].close();
    expected.extend(b"half\n");
    run.await_output(&expected)?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Awaits lines of input 1, one by one, behind what the output holds. Meanwhile the followers of other inputs have
/// looked at theirs, many times.
fn others_pass(fixture: &mut Fixture, run: &Running, mut expected: Vec<u8>) -> Result<Vec<u8>, Violation> {
    for number in 0..20 {
        let line = format!("1-{number}\n");
        fixture.append(1, &line);
        expected.extend(line.as_bytes());
        // Against what is to come as well, what is torn can be told from what is foreign.
        run.await_output(&expected).map_err(|violation| {
            match crate::confirm(&fixture.sources(), &fixture.captured.bytes()) {
                Err(torn @ Violation::Torn(_)) => torn,
                _ => violation,
            }
        })?;
    }
    Ok(expected)
}

/// Contract 1: CRLF, NUL, what is no UTF-8, empty lines, and every other byte.
pub fn bytes_pass_unchanged(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(4, settings);
    let run = fixture.start(merge);
    let every_byte: Vec<u8> = (0..=u8::MAX).filter(|&byte| byte != b'\n').chain([b'\n']).collect();
    let cases: [&[u8]; 8] = [
        // At the start of its file, where some would take it away.
        b"\xef\xbb\xbfbom\n",
        b"nul\0nul\n\0\n",
        b"\xff\xfe\xc3\n",
        &every_byte,
        b"dos\r\n\r\n",
        b"\x1b[31mcolour\x1b[0m\n",
        b"   \t \n",
        b"\n\n\n",
    ];
    let mut expected = Vec::new();
    for (input, bytes) in cases.into_iter().enumerate() {
        fixture.append(input % 4, bytes);
        expected.extend(bytes);
        run.await_output(&expected)?;
    }
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contract 1: a short chunk comes behind long ones of the same input, which still wait for the output.
pub fn a_short_line_does_not_overtake_the_backlog_before_it(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(2, settings);
    fixture.append_backlog(0, 3 * 1024 * 1024);
    fixture.captured.hold();
    let run = fixture.start(merge);
    run.await_standstill(u64::MAX)?;
    fixture.append(0, "0-short\n");
    run.await_standstill(u64::MAX)?;
    fixture.captured.release();
    run.await_merge(&fixture.sources())?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// A line of many blocks, with lines of another input between its pieces.
pub fn a_line_of_16_mib_stays_whole(merge: EntryPoint, settings: &Settings) -> Outcome {
    const PIECES: usize = 16;

    let mut fixture = Fixture::new(2, settings);
    let run = fixture.start(merge);
    let mut others = Vec::new();
    for piece in 0..PIECES {
        fixture.append(0, vec![b'a' + u8::try_from(piece).unwrap_or(0); 1024 * 1024]);
        let other = format!("{piece}\n");
        others.extend(other.as_bytes());
        fixture.append(1, other);
        run.await_output(&others)?;
    }
    fixture.append(0, "\n");
    run.await_merge(&fixture.sources())?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contract 10: more inputs than the blocking pool has threads by default (512). Each is seen to be followed while
/// all others are.
pub fn six_hundred_inputs_are_all_followed_at_once(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(600, settings);
    fixture.interval = Duration::from_millis(20);
    let run = fixture.start(merge);
    for round in 0..2 {
        for input in 0..600 {
            fixture.append(input, format!("{input}-{round}\n"));
        }
        run.await_merge(&fixture.sources())?;
    }
    // One by one: a follower that shares a thread may have its turn by chance now, and not thirty times.
    for input in (0..600).step_by(20) {
        fixture.append(input, format!("{input}-alone\n"));
        run.await_merge(&fixture.sources())?;
    }
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contract 4: the close comes right behind the write: at a follower that sleeps, at one that polls, and at any moment of
/// one that never rests.
pub fn what_is_written_just_before_the_close_is_merged(merge: EntryPoint, settings: &Settings) -> Outcome {
    for hour in [true, false] {
        let mut fixture = Fixture::new(20, settings);
        if hour {
            fixture = fixture.with_an_hour();
        }
        for input in 0..20 {
            fixture.append(input, format!("{input}-first\n"));
        }
        let run = fixture.start(merge);
        // Everyone has looked once: followers with an hour to wait are now asleep, or about to be.
        run.await_merge(&fixture.sources())?;
        for input in 0..20 {
            fixture.append(input, format!("{input}-last\n{input}-half"));
            run.closers[input].close();
        }
        run.end_confirmed(&fixture.sources())?;
    }
    for round in 0..200 {
        let mut fixture = Fixture::new(1, settings);
        fixture.interval = Duration::ZERO;
        fixture.append(0, "first\n");
        let run = fixture.start(merge);
        run.await_output(b"first\n")?;
        fixture.append(0, format!("{round}-last\n"));
        run.closers[0].close();
        run.end_confirmed(&fixture.sources())?;
    }
    Ok(())
}

/// Contract 4: what a file holds at its close is merged, however much it is.
pub fn a_long_backlog_is_merged_after_the_close(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(1, settings).with_an_hour();
    fixture.append_backlog(0, 40 * 1024 * 1024);
    fixture.captured.hold();
    let run = fixture.start(merge);
    run.await_held()?;
    run.close_all();
    fixture.captured.release();
    run.end_confirmed(&fixture.sources())
}

/// Contract 4: each time a line is merged, the writer appends another. The follower never finds the file at rest.
pub fn a_writer_that_never_stops_cannot_keep_a_closed_follower_alive(
    merge: EntryPoint,
    settings: &Settings,
) -> Outcome {
    let mut fixture = Fixture::new(1, settings);
    let lines = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let write = {
        let (path, lines, stop) = (fixture.paths[0].clone(), Arc::clone(&lines), Arc::clone(&stop));
        move || {
            if !stop.load(Ordering::Relaxed) {
                append(&path, format!("{}\n", lines.fetch_add(1, Ordering::Relaxed)).as_bytes());
            }
        }
    };
    write();
    fixture.captured.after_each_write(write);
    let run = fixture.start(merge);
    run.await_that("some lines", |merged| merged.len() > 100)?;
    run.close_all();
    // What was merged is where the file begins.
    let (path, captured) = (fixture.paths[0].clone(), fixture.captured.clone());
    let ended = run.await_end();
    stop.store(true, Ordering::Relaxed);
    ended?;
    let written = fs::read(path).expect("a scratch file can be read");
    let merged = captured.bytes();
    fixture.remember(0, &written[..merged.len().min(written.len())]);
    crate::confirm(&fixture.sources(), &merged)
}

/// Contract 8, truncated: what comes after it is shorter than what was there, or no look could tell.
pub fn a_file_truncated_in_place_is_read_from_the_start_again(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(2, settings);
    let run = fixture.start(merge);
    let mut expected = Vec::new();
    for round in 0..5 {
        let long = format!("{round} a long line, so that the next one is shorter\n");
        fixture.append(0, &long);
        expected.extend(long.as_bytes());
        run.await_output(&expected)?;
        // Half a line, which was read before the file is truncated.
        let read = run.closers[0].bytes_read();
        append(&fixture.paths[0], b"half");
        if run.await_read(0, read + 4)? {
            fixture.remember(0, "half\n");
            expected.extend(b"half\n");
        }
        let short = format!("{round} short\n");
        fixture.truncate(0, &short);
        expected.extend(short.as_bytes());
        run.await_output(&expected)?;
    }
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contract 8, replaced: the old file gets lines until it is renamed, and the follower is not waited for before it. Then: it
/// is renamed while its backlog is read, and gets half a line after that.
pub fn a_file_replaced_under_load_loses_nothing(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(3, settings);
    let run = fixture.start(merge);
    for generation in 0..8 {
        for line in 0..50 {
            for input in 0..3 {
                fixture.append(input, format!("{input}-{generation}-{line}\n"));
            }
        }
        // Half a line that the old file will never finish.
        fixture.append(0, format!("0-{generation}-half"));
        fixture.rename(0, &generation.to_string());
        fixture.remember(0, "\n");
        let first = format!("0-{generation}-first of the new file\n");
        fixture.append(0, &first);
        // A name that goes on to a third file before it was looked at leaves no trace: the limit of polling.
        run.await_that("the new file to be found", |merged| {
            merged.windows(first.len()).any(|w| w == first.as_bytes())
        })?;
    }
    // The old files are closed after a while, and each line makes the follower look.
    let deadline = Instant::now() + settings.patience;
    for round in 0.. {
        if crate::process::open_files_in(fixture.folder()).len() <= 3 {
            break;
        }
        if Instant::now() > deadline {
            return Err(Violation::LeftBehind { what: "old files are still open after many rotations".into() });
        }
        fixture.append(0, format!("0-more-{round}\n"));
        run.await_merge(&fixture.sources())?;
    }
    run.close_all();
    run.end_confirmed(&fixture.sources())?;
    files::replaced_while_a_backlog_is_read(merge, settings)?;
    // The writer of the old file may come too late for it.
    in_three_tries(|| files::the_old_file_gets_half_a_line_after_the_new_one(merge, settings))
}

/// Contract 8, deleted: followed to its end, then by its name.
pub fn a_deleted_file_is_followed_again_when_its_name_comes_back(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(2, settings);
    fixture.append(0, "0-old\n");
    let run = fixture.start(merge);
    run.await_output(b"0-old\n")?;
    let mut writer = OpenOptions::new().append(true).open(&fixture.paths[0]).expect("a scratch file");
    fs::remove_file(&fixture.paths[0]).expect("a scratch file can be removed");
    writer.write_all(b"0-late\n").expect("a scratch file can be written");
    drop(writer);
    fixture.remember(0, "0-late\n");
    run.await_output(b"0-old\n0-late\n")?;
    fixture.append(1, "1-meanwhile\n");
    run.await_output(b"0-old\n0-late\n1-meanwhile\n")?;
    fixture.append(0, "0-new\n");
    run.await_output(b"0-old\n0-late\n1-meanwhile\n0-new\n")?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contract 6: the last input fails while the first ones would go on for ever; what the others hold is merged.
pub fn an_input_that_fails_ends_the_run_and_the_others_are_merged(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(4, settings);
    let run = fixture.start(merge);
    for input in 0..4 {
        fixture.append(input, format!("{input}-a\n"));
    }
    run.await_merge(&fixture.sources())?;
    fixture.append(0, "0-half");
    fixture.append(1, "1-b\n");
    // What is still in the failing one comes before its error.
    fixture.append(3, "3-b\n3-half");
    fixture.remember(3, "\n");
    fixture.rename(3, "away");
    fs::create_dir(&fixture.paths[3]).expect("a scratch folder");
    let failing = fixture.paths[3].clone();
    run.end_with_error(
        "the failing input, by its path",
        |error| matches!(error, MergeError::NotRegular { path } if *path == failing),
    )?;
    crate::confirm(&fixture.sources(), &fixture.captured.bytes())
}

fn is_full(error: &MergeError, name: &str) -> bool {
    matches!(error, MergeError::Output { path, source }
        if path == Path::new(name) && source.kind() == std::io::ErrorKind::StorageFull)
}

/// Contract 6: the output fails for one follower while the others sleep for an hour.
pub fn an_output_that_fails_ends_idle_followers(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(5, settings).with_an_hour();
    fixture.append(2, "a\n");
    fixture.captured.fail_after(0, Fault::Full);
    fixture.start(merge).end_with_error("the output, by its name, with the cause", |error| is_full(error, "(captured)"))
}

/// Contract 6: the output fails while more followers wait for it than any queue has room for. Which of them ends first is
/// chance: the error is the output's all the same.
pub fn an_output_that_fails_ends_busy_followers(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(40, settings);
    for input in 0..40 {
        fixture.append(input, format!("{input}-{}\n", "x".repeat(1000)).repeat(1000));
    }
    for _ in 0..15 {
        fixture.captured = CapturedOutput::default();
        fixture.captured.fail_after(900_000, Fault::Full);
        fixture.captured.hold();
        let run = fixture.start(merge);
        run.await_standstill(u64::MAX)?;
        fixture.captured.release();
        run.end_with_error("the output, by its name, with the cause", |error| is_full(error, "(captured)"))?;
    }
    Ok(())
}

/// The same on a real device, where the system has one that is always full.
pub fn a_full_device_ends_the_run(merge: EntryPoint, settings: &Settings) -> Outcome {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return Ok(());
    }
    for inputs in [1, 5] {
        let mut fixture = Fixture::new(inputs, settings).with_an_hour();
        fixture.append(0, "a\n");
        let opened = Input::open_all(&fixture.paths).expect("scratch files can be opened");
        let output = Output::create(full, &opened).map_err(Violation::Failed)?;
        fixture
            .start_opened(merge, opened, output)
            .end_with_error("/dev/full, with the cause", |error| is_full(error, "/dev/full"))?;
    }
    Ok(())
}

/// Contract 6: a panic on the way becomes an error, and the sleepers are ended.
pub fn a_panic_is_an_error(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(3, settings).with_an_hour();
    fixture.append(1, "a\n");
    fixture.captured.fail_after(0, Fault::Panic);
    fixture.start(merge).end_with_error(
        "a panic, with its message",
        |error| matches!(error, MergeError::Panicked(message) if message.contains("as it was told to")),
    )
}

/// Contract 4: with an interval of an hour, the run still ends.
pub fn a_close_wakes_a_follower_at_once(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(3, settings).with_an_hour();
    for input in 0..3 {
        fixture.append(input, format!("{input}\n"));
    }
    let run = fixture.start(merge);
    run.await_merge(&fixture.sources())?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contract 7: a single short line comes out although no other follows and nothing is closed; also in a real file.
pub fn a_line_is_visible_while_nothing_else_happens(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(2, settings);
    let output = fixture.folder().join("merged");
    fs::write(&output, "an old output\n").expect("a scratch file");
    let opened = Input::open_all(&fixture.paths).expect("scratch files can be opened");
    let merged = Output::create(&output, &opened).map_err(Violation::Failed)?;
    let run = fixture.start_opened(merge, opened, merged);
    let mut expected = Vec::new();
    for step in 0..10 {
        let line = format!("{step}\n");
        fixture.append(step % 2, &line);
        expected.extend(line.as_bytes());
        let deadline = Instant::now() + settings.patience;
        while fs::read(&output).expect("the output can be read") != expected {
            if Instant::now() > deadline {
                return Err(Violation::NotVisible { expected: line.trim().into(), found: "nothing more".into() });
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
    run.close_all();
    run.end_confirmed_in(|| fs::read(&output).expect("the output can be read"), &fixture.sources())
}

/// Contract 5: the last lines are on their way, and the output takes its time.
pub fn the_run_returns_only_when_the_output_is_complete(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(5, settings);
    for input in 0..5 {
        fixture.append(input, format!("{input}\n"));
    }
    fixture.captured.hold();
    let run = fixture.start(merge);
    run.await_held()?;
    run.close_all();
    // As below: a wrong guess of how long this takes lets a bad stage pass and never fails a good one.
    for _ in 0..50 {
        if run.has_ended() {
            return run.end_confirmed(&fixture.sources());
        }
        thread::sleep(Duration::from_millis(2));
    }
    fixture.captured.release();
    run.end_confirmed(&fixture.sources())
}

/// What comes before every run: the inputs and the output are opened.
pub type Opener = fn(&[PathBuf], &Path) -> merge_core::Result<(Vec<Input>, Output)>;

/// The right order, which every program of this workspace keeps: the inputs first.
fn inputs_first(paths: &[PathBuf], output: &Path) -> merge_core::Result<(Vec<Input>, Output)> {
    let inputs = Input::open_all(paths)?;
    let output = Output::create(output, &inputs)?;
    Ok((inputs, output))
}

/// Contract 9: a missing input, one that is not a file, and one file given twice. What the output held is still there.
pub fn a_refused_input_leaves_the_output_untouched(merge: EntryPoint, settings: &Settings) -> Outcome {
    refused_inputs(inputs_first, merge, settings)
}

/// [`a_refused_input_leaves_the_output_untouched`] for any way to open.
pub fn refused_inputs(open: Opener, merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(1, settings);
    fixture.append(0, "a\n");
    let output = fixture.folder().join("merged");
    fs::write(&output, "precious").expect("a scratch file");
    let twice = fixture.folder().join("hard");
    fs::hard_link(&fixture.paths[0], &twice).expect("a hard link");
    for refused in [fixture.folder().join("missing"), fixture.folder().to_owned(), twice] {
        let opened = open(&[fixture.paths[0].clone(), refused.clone()], &output);
        if fs::read(&output).expect("the output can be read") != b"precious" {
            return Err(Violation::Touched { path: output });
        }
        let found = match opened {
            Err(MergeError::Open { path, .. } | MergeError::NotRegular { path }) if path == refused => None,
            Err(MergeError::SameInput { second, .. }) if second == refused => None,
            Err(error) => Some(error.to_string()),
            Ok(_) => Some("no error".into()),
        };
        if let Some(found) = found {
            return Err(Violation::WrongError { expected: refused.display().to_string(), found });
        }
    }
    let run = fixture.start(merge);
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contract 9: the output is an input, by its own name, by a hard link, by a symbolic link; or another run writes to it.
/// The input, or the output of that run, is as it was.
pub fn an_output_that_is_an_input_is_refused(merge: EntryPoint, settings: &Settings) -> Outcome {
    refused_outputs(inputs_first, merge, settings)
}

/// [`an_output_that_is_an_input_is_refused`] for any way to open.
pub fn refused_outputs(open: Opener, merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(2, settings);
    fixture.append(0, "a\n");
    fixture.append(1, "precious\n");
    let hard = fixture.folder().join("hard");
    fs::hard_link(&fixture.paths[1], &hard).expect("a hard link");
    #[allow(unused_mut)]
    let mut names = vec![fixture.paths[1].clone(), hard];
    #[cfg(unix)]
    {
        let soft = fixture.folder().join("soft");
        std::os::unix::fs::symlink(&fixture.paths[1], &soft).expect("a symbolic link");
        names.push(soft);
    }
    let refused = |opened: merge_core::Result<_>, expected: &str, is_it: &dyn Fn(&MergeError) -> bool| match opened {
        Err(error) if is_it(&error) => Ok(()),
        other => {
            let found = other.map_or_else(|error| error.to_string(), |_| "no error".into());
            Err(Violation::WrongError { expected: expected.into(), found })
        }
    };
    for name in names {
        let opened = open(&fixture.paths, &name);
        if fs::read(&fixture.paths[1]).expect("a scratch file can be read") != b"precious\n" {
            return Err(Violation::Touched { path: fixture.paths[1].clone() });
        }
        refused(
            opened,
            "the input that is the output",
            &|error| matches!(error, MergeError::SameFile { output, input } if *output == name && *input == fixture.paths[1]),
        )?;
    }
    let output = fixture.folder().join("merged");
    let (inputs, merged) = open(&fixture.paths, &output).map_err(Violation::Failed)?;
    let run = fixture.start_opened(merge, inputs, merged);
    run.await_condition("the output to grow", || fs::metadata(&output).is_ok_and(|file| file.len() == 11))?;
    // Only Unix has locks that keep no reader out.
    if cfg!(unix) {
        let opened = open(&fixture.paths, &output);
        refused(
            opened,
            "the output that is in use",
            &|error| matches!(error, MergeError::OutputInUse { path } if *path == output),
        )?;
    }
    run.close_all();
    run.end_confirmed_in(|| fs::read(&output).expect("the output can be read"), &fixture.sources())
}
