//! Lines with time stamps, and the scenarios of a merge in the order of these stamps.
//!
//! # The order
//!
//! - A line's stamp is the number that it begins with, up to a space: `1200 GET /`. See [`stamp`].
//! - A line's *time* is the greatest stamp of its input so far. So a line without a stamp belongs to the line before
//!   it, and a clock that is set back does not change the order of an input. Before the first stamp the time is 0.
//! - Lines come out in the order of their times; lines of equal times in the order of the inputs; the lines of one
//!   input in their own order.
//! - A line waits until every other input that is open has a line waiting too. So an input that is open and silent
//!   holds all others back. Its next line releases them, and so does its close.

use std::thread;
use std::time::{Duration, Instant};

use equivalence::{EntryPoint, Fixture, Running, Settings, Violation, confirm};
use merge_core::Closer;

/// The stamp of a line: its first word, if that is a number.
#[must_use]
pub fn stamp(line: &[u8]) -> Option<u64> {
    let word = line.split(u8::is_ascii_whitespace).next()?;
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// All lines of the fixture's inputs, in the right order. There is only one.
fn in_order(fixture: &Fixture) -> Vec<u8> {
    let mut lines = Vec::new();
    for (input, source) in fixture.sources().into_iter().enumerate() {
        let mut time = 0;
        for line in source.bytes.split_inclusive(|&byte| byte == b'\n') {
            time = time.max(stamp(line).unwrap_or(0));
            lines.push((time, input, line.to_vec()));
        }
    }
    // The sort is stable: the lines of one input keep their order.
    lines.sort_by_key(|&(time, input, _)| (time, input));
    lines.into_iter().flat_map(|(_, _, line)| line).collect()
}

/// Waits until the output is as long as `expected`, and compares.
fn await_order(fixture: &Fixture, run: &Running, expected: &[u8]) -> Result<(), String> {
    run.await_that("the lines that may come out", |merged| merged.len() >= expected.len())
        .map_err(|violation| violation.to_string())?;
    same(&fixture.captured.bytes(), expected)
}

/// Whether the output is `expected`, line by line.
fn same(merged: &[u8], expected: &[u8]) -> Result<(), String> {
    let lines = |bytes| <[u8]>::split_inclusive(bytes, |&byte| byte == b'\n').enumerate();
    let (mut found, mut wanted) = (lines(merged), lines(expected));
    loop {
        match (found.next(), wanted.next()) {
            (None, None) => return Ok(()),
            (Some(found), Some(wanted)) if found == wanted => {}
            (found, wanted) => {
                let number = found.or(wanted).map_or(0, |(index, _)| index + 1);
                let show = |line: Option<(usize, &[u8])>| {
                    line.map_or("nothing".into(), |(_, line)| line[..line.len().min(60)].escape_ascii().to_string())
                };
                return Err(format!(
                    "line {number} is not the one whose turn it is\n  expected: {}\n  found:    {}",
                    show(wanted),
                    show(found)
                ));
            }
        }
    }
}

/// Closes all inputs, waits for the end, and checks the output, first with the suite's oracle and then for its order.
fn end_in_order(fixture: &Fixture, run: Running) -> Result<(), String> {
    run.close_all();
    let said = |violation: Violation| violation.to_string();
    run.await_end().map_err(said)?;
    let merged = fixture.captured.bytes();
    confirm(&fixture.sources(), &merged).map_err(said)?;
    same(&merged, &in_order(fixture))
}

/// Panics with the message, if there is one.
fn or_panic(found: Result<(), String>) {
    if let Err(found) = found {
        panic!("{found}");
    }
}

/// Two complete inputs, whose lines take turns. As text, their stamps would be in another order.
///
/// # Panics
///
/// When the output is not in order; so do all other scenarios.
pub fn lines_come_out_in_the_order_of_their_stamps(merge: EntryPoint) {
    let mut fixture = Fixture::new(2, &Settings::default());
    fixture.append(0, "9 a\n20 c\n100 e\n");
    fixture.append(1, "10 b\n30 d\n1000 f\n");
    let run = fixture.start(merge);
    or_panic(end_in_order(&fixture, run));
}

/// Input 0 has all its lines from the start. Each line of input 1 releases one of them, and no more.
///
/// # Panics
///
/// As above.
pub fn a_silent_input_holds_the_later_lines_back(merge: EntryPoint) {
    let mut fixture = Fixture::new(2, &Settings::default());
    for number in 0..50 {
        fixture.append(0, format!("{} of input 0\n", 2 * number));
    }
    let run = fixture.start(merge);
    let go = || {
        let mut expected = Vec::new();
        for number in 0..49 {
            let line = format!("{} of input 1\n", 2 * number + 1);
            fixture.append(1, &line);
            expected.extend(format!("{} of input 0\n", 2 * number).into_bytes());
            expected.extend(line.into_bytes());
            await_order(&fixture, &run, &expected)?;
        }
        // Its close releases the rest, while input 0 is still open.
        run.closers[1].close();
        expected.extend(b"98 of input 0\n");
        await_order(&fixture, &run, &expected)?;
        end_in_order(&fixture, run)
    };
    or_panic(go());
}

/// Equal stamps, a clock that is set back, and lines without a stamp: before the first stamp, and after a line.
///
/// # Panics
///
/// As above.
pub fn equal_times_come_in_the_order_of_the_inputs(merge: EntryPoint) {
    let mut fixture = Fixture::new(3, &Settings::default());
    fixture.append(0, "5 a0\n5 b0\n7 c0\n");
    fixture.append(1, "no stamp yet\n5 a1\n  a trace\n  of two lines\n6 b1\n3 the clock was set back\n7 c1\n");
    fixture.append(2, "5 a2\n7 b2\n7 c2\nthe last one without a newline");
    let run = fixture.start(merge);
    fixture.remember(2, "\n");
    or_panic(end_in_order(&fixture, run));
}

/// Nine inputs: all of them must have a line waiting before the first line can be written.
///
/// # Panics
///
/// As above.
pub fn nine_inputs_wait_for_each_other(merge: EntryPoint) {
    let mut fixture = Fixture::new(9, &Settings::default());
    for round in 0..20 {
        for input in 0..9 {
            fixture.append(input, format!("{} of {input}\n", round * 9 + (input * 5) % 9));
        }
    }
    let run = fixture.start(merge);
    or_panic(end_in_order(&fixture, run));
}

/// One silent input, and five with long backlogs: their followers stop reading long before the end. When the silent
/// input has a line, they go on.
///
/// # Panics
///
/// As above, or when they read on.
pub fn a_silent_input_does_not_make_the_others_pile_up(merge: EntryPoint) {
    const BUSY: usize = 5;
    const BACKLOG: usize = 4 * 1024 * 1024;
    const ALLOWED: u64 = 12 * 1024 * 1024;
    const LINE: usize = 64 * 1024;

    let mut fixture = Fixture::new(BUSY + 1, &Settings::default());
    for input in 0..BUSY {
        let rest = "x".repeat(LINE);
        for number in 0..BACKLOG / LINE {
            fixture.append(input, format!("{number} {input} {rest}\n"));
        }
    }
    let run = fixture.start(merge);
    let deadline = Instant::now() + Settings::default().patience;

    // As in the suite, the time without a read is a guess. A wrong guess lets a wrong answer pass and never fails a
    // right one.
    let held = || run.closers.iter().map(Closer::bytes_read).sum::<u64>();
    let (mut before, mut still) = (held(), 0);
    while (before == 0 || still < 100) && !run.has_ended() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(2));
        let now = held();
        assert!(now <= ALLOWED, "{}", Violation::MemoryGrew { held: now, allowed: ALLOWED });
        still = if now == before { still + 1 } else { 0 };
        before = now;
    }
    let go = || {
        // Later than all lines of the others.
        fixture.append(BUSY, "999999 at last\n");
        run.await_that("the line of the silent input to release the others", |merged| !merged.is_empty())
            .map_err(|violation| violation.to_string())?;
        end_in_order(&fixture, run)
    };
    or_panic(go());
}
