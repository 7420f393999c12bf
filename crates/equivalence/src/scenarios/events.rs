//! What a follower may miss that is told when to look: a notification, a folder, a file.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::Outcome;
use crate::{EntryPoint, Fixture, Settings};

/// Contract 7: the second of two lines comes at any moment of the look that the first one has caused.
pub fn two_lines_at_any_distance_are_both_visible(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut random = StdRng::seed_from_u64(settings.seed);
    let mut fixture = Fixture::new(1, settings);
    let run = fixture.start(merge);
    let mut expected = Vec::new();
    for number in 0..300 {
        let lines = [format!("{number}-first\n"), format!("{number}-second\n")];
        expected.extend(lines.concat().into_bytes());
        fixture.append(0, &lines[0]);
        let distance = Duration::from_micros(random.random_range(0..300));
        let first = Instant::now();
        while first.elapsed() < distance {
            std::hint::spin_loop();
        }
        fixture.append(0, &lines[1]);
        run.await_output(&expected)?;
    }
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contract 7: a writer that never rests. Its lines come out while it writes, and not when it pauses.
pub fn lines_are_visible_while_their_writer_never_rests(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(1, settings);
    let stop = Arc::new(AtomicBool::new(false));
    let writer = {
        let (path, stop) = (fixture.paths[0].clone(), Arc::clone(&stop));
        thread::spawn(move || {
            let mut written = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let line = format!("{}\n", written.len());
                super::append(&path, line.as_bytes());
                written.extend(line.into_bytes());
                thread::sleep(Duration::from_micros(50));
            }
            written
        })
    };
    let run = fixture.start(merge);
    // Once may be a moment in which the machine let the writer rest.
    let visible = run.await_condition("the lines of a writer that never rests", || fixture.captured.writes() >= 50);
    stop.store(true, Ordering::Relaxed);
    fixture.remember(0, writer.join().expect("the writer does not panic"));
    visible?;
    run.await_merge(&fixture.sources())?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contract 7: more logs get a line than any queue holds, while the output stands still.
pub fn a_burst_over_many_logs_is_visible_in_each(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(100, settings);
    let run = fixture.start(merge);
    for input in 0..100 {
        fixture.append(input, format!("{input}-before\n"));
    }
    run.await_merge(&fixture.sources())?;
    fixture.captured.hold();
    for input in 0..100 {
        fixture.append(input, format!("{input}-in the burst\n"));
    }
    run.await_standstill(u64::MAX)?;
    fixture.captured.release();
    run.await_merge(&fixture.sources())?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contract 8: the folder is renamed, made again, and removed with all that is in it.
pub fn a_folder_that_is_replaced_is_followed_by_its_name(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(2, settings);
    let folder = fixture.folder().join("folder");
    fs::create_dir(&folder).expect("a scratch folder");
    fixture.paths[0] = folder.join("0");
    fixture.append(0, "0-first folder\n");
    let run = fixture.start(merge);
    run.await_merge(&fixture.sources())?;
    for number in 0..3 {
        if number == 1 {
            fs::remove_dir_all(&folder).expect("a scratch folder can be removed");
        } else {
            fs::rename(&folder, folder.with_extension(number.to_string())).expect("a scratch folder can be renamed");
        }
        // The folder is away for as long as a line of another input takes.
        fixture.append(1, format!("1-{number}\n"));
        run.await_merge(&fixture.sources())?;
        fs::create_dir(&folder).expect("a scratch folder");
        fixture.append(0, format!("0-new folder {number}\n"));
        run.await_merge(&fixture.sources())?;
        fixture.append(0, "0-and one line more\n");
        run.await_merge(&fixture.sources())?;
    }
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contract 8: a hundred rotations, and in every tenth an empty file comes between.
pub fn many_rotations_lose_nothing(merge: EntryPoint, settings: &Settings) -> Outcome {
    rotations(100, merge, settings)
}

/// [`many_rotations_lose_nothing`] with any number of rotations.
pub fn rotations(count: usize, merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(1, settings);
    fixture.append(0, "0-before\n");
    let run = fixture.start(merge);
    let mut expected = b"0-before\n".to_vec();
    run.await_output(&expected)?;
    for number in 0..count {
        fixture.rename(0, &(number % 20).to_string());
        // What can be seen of an empty file is that it is open; only Linux shows that.
        if number % 10 == 9 && cfg!(target_os = "linux") {
            fixture.append(0, "");
            let path = &fixture.paths[0];
            run.await_condition("the empty file to be opened", || {
                crate::process::open_files_in(fixture.folder()).contains(path)
            })?;
            fixture.rename(0, "empty");
        }
        // Right after a line a follower looks once more. It may find the next line by luck, but not two in each file.
        for part in 1..=2 {
            let line = format!("0-{number}.{part}\n");
            fixture.append(0, &line);
            expected.extend(line.as_bytes());
            run.await_output(&expected)?;
        }
    }
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contracts 1 and 8 for as long as `length`: ten logs are written, rotated, truncated and moved with their folder, at
/// random. Each log waits for its last change to be seen before the next one.
pub fn soak(length: Duration, merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut random = StdRng::seed_from_u64(settings.seed);
    let mut fixture = Fixture::new(10, settings);
    let folder = fixture.folder().join("folder");
    fs::create_dir(&folder).expect("a scratch folder");
    for input in 5..10 {
        fixture.paths[input] = folder.join(input.to_string());
        fixture.append(input, "");
    }
    let run = fixture.start(merge);
    let (start, mut told) = (Instant::now(), Instant::now());
    let (mut written, mut changes) = (0, 0);
    while start.elapsed() < length {
        let input = random.random_range(0..10);
        for _ in 0..random.random_range(0..20) {
            let line = format!("{input}-{written}-{}\n", "x".repeat(random.random_range(0..200)));
            fixture.append(input, line);
            written += 1;
        }
        if random.random_bool(0.1) {
            changes += 1;
            // Longer than what comes after a truncation, or that would leave no trace: the limit of polling.
            fixture.append(input, format!("{input}-before change {changes}{}\n", "-".repeat(100)));
            run.await_all(&fixture)?;
            match random.random_range(0..10) {
                0..6 => fixture.rename(input, &(changes % 20).to_string()),
                6..9 => fixture.truncate(input, ""),
                _ => {
                    fs::rename(&folder, fixture.folder().join(changes.to_string())).expect("a scratch folder");
                    fs::create_dir(&folder).expect("a scratch folder");
                    (5..10).for_each(|input| fixture.append(input, format!("{input}-new folder {changes}\n")));
                }
            }
            fixture.append(input, format!("{input}-after change {changes}\n"));
            run.await_all(&fixture)?;
        }
        if told.elapsed() > Duration::from_secs(60) {
            told = Instant::now();
            eprintln!("{} min: {written} lines, {changes} changes", start.elapsed().as_secs() / 60);
        }
        thread::sleep(Duration::from_micros(random.random_range(0..10_000)));
    }
    run.await_all(&fixture)?;
    run.close_all();
    run.end_confirmed(&fixture.sources())?;
    eprintln!("{:?}: {written} lines and {changes} changes, confirmed", start.elapsed());
    Ok(())
}
