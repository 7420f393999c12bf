//! What happens to the files: names that go on to other files, and links.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{Outcome, append, others_pass};
use crate::{EntryPoint, Fixture, Settings};

/// Contract 8: the new file is empty for a while, then it gets lines and is replaced in turn, all at once.
pub fn an_empty_successor_that_is_replaced_in_turn_loses_nothing(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(2, settings);
    fixture.append(0, "0-old\n");
    let run = fixture.start(merge);
    run.await_output(b"0-old\n")?;
    fixture.rename(0, "1");
    fixture.append(0, "");
    // The empty file is seen: where the system tells, by a third open file; else by many looks of the other follower.
    if cfg!(target_os = "linux") {
        run.await_condition("the new file to be opened while it is empty", || {
            crate::process::open_files_in(fixture.folder()).len() >= 3
        })?;
    } else {
        others_pass(&mut fixture, &run, b"0-old\n".to_vec())?;
    }
    for line in 0..40 {
        fixture.append(0, format!("0-{line}\n"));
    }
    fixture.rename(0, "2");
    fixture.append(0, "0-new\n");
    run.await_merge(&fixture.sources())?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// The log is replaced again and again while the backlog in its first file is read: each time when the new file is seen
/// to be open. Only Linux shows that, and not in every sandbox.
pub(super) fn replaced_while_a_backlog_is_read(merge: EntryPoint, settings: &Settings) -> Outcome {
    const REPLACEMENTS: usize = 8;

    let mut fixture = Fixture::new(1, settings);
    fixture.append_backlog(0, 16 * 1024 * 1024);
    let (folder, path) = (fixture.folder().to_owned(), fixture.paths[0].clone());
    let open = fs::File::open(&path).expect("a scratch file can be opened");
    if !crate::process::open_files_in(&folder).contains(&path) {
        return Ok(());
    }
    drop(open);
    let replaced = AtomicUsize::new(0);
    let replace = move || {
        let number = replaced.load(Ordering::Relaxed);
        if number < REPLACEMENTS && crate::process::open_files_in(&folder).contains(&path) {
            fs::rename(&path, path.with_extension(number.to_string())).expect("a scratch file can be renamed");
            append(&path, format!("0-new-{number}\n").as_bytes());
            replaced.store(number + 1, Ordering::Relaxed);
        }
    };
    fixture.captured.after_each_write(replace);
    (0..REPLACEMENTS).for_each(|number| fixture.remember(0, format!("0-new-{number}\n")));
    let run = fixture.start(merge);
    run.await_merge(&fixture.sources())?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// The old file gets the start of a line after the new one has its first line, and nobody ends it.
pub(super) fn the_old_file_gets_half_a_line_after_the_new_one(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(1, settings);
    fixture.interval = Duration::from_millis(50);
    fixture.append(0, "0-old\n");
    let run = fixture.start(merge);
    run.await_output(b"0-old\n")?;
    fixture.rename(0, "1");
    fixture.append(0, "0-new\n");
    run.await_output(b"0-old\n0-new\n")?;
    let old = fixture.paths[0].with_extension("1");
    append(&old, b"0-half");
    fixture.remember(0, "0-half");
    // Where open files cannot be seen, the half line comes at the close.
    run.await_condition("the old file to be closed", || {
        // The new file gets the length that it has: the follower is told to look, and finds nothing new.
        let new = fs::File::options().append(true).open(&fixture.paths[0]).expect("a scratch file can be opened");
        new.set_len("0-new\n".len() as u64).expect("a scratch file has a length");
        !crate::process::open_files_in(fixture.folder()).contains(&old)
    })?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contracts 4 and 8: the follower sleeps while its log is replaced. Woken by the close, it finds both files.
pub fn a_file_that_was_replaced_before_the_close_is_merged(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(2, settings).with_an_hour();
    fixture.append(0, "0-a\n");
    let run = fixture.start(merge);
    run.await_output(b"0-a\n")?;
    fixture.append(0, "0-b\n0-half");
    fixture.rename(0, "1");
    fixture.remember(0, "\n");
    fixture.append(0, "0-c\n");
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contract 8: the input is a link, and another one in the same folder has a path through a link. The file behind it grows
/// and is replaced, and then the link leads to another file.
pub fn a_log_behind_a_link_is_followed_by_its_name(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(2, settings);
    fs::rename(&fixture.paths[0], fixture.folder().join("target")).expect("a scratch file can be renamed");
    // The other input is in the same folder, by another path.
    let here = fixture.folder().join("here");
    if !link("target", &fixture.paths[0]) || !link(".", &here) {
        return Ok(());
    }
    fixture.paths[1] = here.join("1");
    let run = fixture.start(merge);
    let mut expected = String::new();
    // The first lines may be found by the first look.
    for line in ["0-a\n", "1-a\n", "0-b\n", "1-b\n"] {
        fixture.append(usize::from(line.starts_with('1')), line);
        expected += line;
        run.await_output(expected.as_bytes())?;
    }
    // As with the log of a container, the file behind the link is replaced again and again, and its old files move up.
    let target = fixture.folder().join("target");
    let name = |number: usize| if number == 0 { target.clone() } else { target.with_extension(number.to_string()) };
    for number in 0..12 {
        for old in (0..=number).rev() {
            fs::rename(name(old), name(old + 1)).expect("a scratch file can be renamed");
        }
        for line in [format!("0-{number}\n"), format!("0-{number} and one more\n")] {
            fixture.append(0, &line);
            expected += &line;
            run.await_output(expected.as_bytes())?;
        }
    }
    fs::write(fixture.folder().join("next"), "").expect("a scratch file");
    fs::remove_file(&fixture.paths[0]).expect("a link can be removed");
    link("next", &fixture.paths[0]);
    fixture.append(0, "0-next\n");
    run.await_output((expected + "0-next\n").as_bytes())?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Makes a link, where the system has such links and lets this process make one. `target` is relative to its folder.
fn link(target: &str, name: &Path) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::symlink(target, name).is_ok();
    #[cfg(not(unix))]
    {
        let _ = (target, name);
        false
    }
}

/// Contract 8: the file that was renamed gets its name back before the new one has a line.
pub fn a_file_that_gets_its_name_back_goes_on_where_it_was(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(1, settings);
    fixture.append(0, "old\n");
    let run = fixture.start(merge);
    run.await_output(b"old\n")?;
    let away = fixture.paths[0].with_extension("away");
    fixture.rename(0, "away");
    fixture.append(0, "");
    // Only what has been opened can be confused. Linux alone shows what is open.
    if cfg!(target_os = "linux") {
        run.await_condition("the new file to be opened while it is empty", || {
            crate::process::open_files_in(fixture.folder()).len() >= 2
        })?;
    }
    fs::rename(away, &fixture.paths[0]).expect("a scratch file can be renamed");
    fixture.append(0, "more\n");
    run.await_output(b"old\nmore\n")?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// Contract 1: no encoding is assumed, not even in a name.
pub fn a_name_that_is_no_text_is_followed(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut fixture = Fixture::new(1, settings);
    #[cfg(target_os = "linux")]
    {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;

        let path = fixture.folder().join(OsStr::from_bytes(b"log-\xff"));
        fs::rename(&fixture.paths[0], &path).expect("a scratch file can be renamed");
        fixture.paths[0] = path;
    }
    let run = fixture.start(merge);
    fixture.append(0, "a\n");
    run.await_output(b"a\n")?;
    fixture.rename(0, "1");
    fixture.append(0, "b\n");
    run.await_output(b"a\nb\n")?;
    run.close_all();
    run.end_confirmed(&fixture.sources())
}
