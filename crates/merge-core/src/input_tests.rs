use std::io::Write;
use std::path::PathBuf;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Instant;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::watchdog::Watchdog;

/// One log in a folder of its own, and the input that follows it.
struct Log {
    folder: TempDir,
    path: PathBuf,
    input: Input,
    _watchdog: Watchdog,
}

impl Log {
    fn new(content: &[u8]) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, content).unwrap();
        let input = Input::open(&path).unwrap();
        Self { folder, path, input, _watchdog: Watchdog::start() }
    }

    fn append(&self, bytes: &[u8]) {
        fs::OpenOptions::new().append(true).create(true).open(&self.path).unwrap().write_all(bytes).unwrap();
    }

    fn rotate(&self) {
        fs::rename(&self.path, self.folder.path().join("log.1")).unwrap();
    }

    fn read(&mut self) -> Found {
        self.input.read_lines().unwrap()
    }

    /// All that comes until there is nothing for now, or nothing ever more.
    fn read_all(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        while let Found::Lines(lines) = self.read() {
            assert_eq!(lines.last(), Some(&b'\n'), "a chunk is whole lines");
            all.extend_from_slice(&lines);
        }
        all
    }

    fn close(&mut self) {
        self.input.closer().close();
    }

    /// What began some time ago began so long ago now.
    fn let_time_pass(&mut self, time: Duration) {
        let since = Instant::now().checked_sub(time);
        for source in &mut self.input.files {
            source.rested = source.rested.and(since);
        }
        if let Some(failure) = &mut self.input.failure {
            failure.since = since.unwrap();
        }
    }

    /// No time passes, however long this thread has to wait for the processor.
    fn stop_time(&mut self) {
        let later = Instant::now() + Duration::from_secs(3600);
        for source in &mut self.input.files {
            source.rested = source.rested.and(Some(later));
        }
        if let Some(failure) = &mut self.input.failure {
            failure.since = later;
        }
    }
}

fn lines(text: &str) -> Found {
    Found::Lines(text.as_bytes().to_vec().into())
}

#[test]
fn whole_lines_come_as_one_chunk_and_the_unfinished_one_waits() {
    let mut log = Log::new(b"a\nb\nha");
    assert_eq!(log.read(), lines("a\nb\n"));
    assert_eq!(log.read(), Found::NoNewData);
    log.append(b"lf\n");
    assert_eq!(log.read(), lines("half\n"));
}

#[test]
fn an_idle_input_holds_no_memory() {
    let mut log = Log::new(b"a\nb\n");
    log.read_all();
    assert_eq!(log.input.files[0].unfinished.capacity(), 0);

    log.append(&[b'x'; 300]);
    assert_eq!(log.read(), Found::NoNewData);
    assert_eq!(log.input.files[0].unfinished.capacity(), 300, "it holds the unfinished line and no more");
}

#[test]
fn a_close_hands_out_what_is_there_and_ends_the_unfinished_line() {
    let mut log = Log::new(b"a\nhalf");
    log.close();
    assert_eq!(log.read(), lines("a\n"));
    assert_eq!(log.read(), lines("half\n"));
    assert_eq!(log.read(), Found::End);
    assert_eq!(log.read(), Found::End);
}

#[test]
fn what_is_written_after_the_close_was_noticed_stays_out() {
    let mut log = Log::new(b"a\nb");
    log.input.blocks = Blocks::of_length(2);
    log.close();
    assert_eq!(log.read(), lines("a\n"));
    log.append(b"c\nd\n");
    assert_eq!(log.read(), lines("b\n"));
    assert_eq!(log.read(), Found::End);
}

#[test]
fn a_line_longer_than_a_block_comes_whole() {
    let mut log = Log::new(b"0123456789\nab\n");
    log.input.blocks = Blocks::of_length(3);
    assert_eq!(log.read_all(), b"0123456789\nab\n");
}

#[test]
fn a_truncated_file_is_read_from_the_start_again() {
    let mut log = Log::new(b"old old old\nhalf");
    assert_eq!(log.read(), lines("old old old\n"));
    assert_eq!(log.read(), Found::NoNewData);
    fs::write(&log.path, b"new\n").unwrap();
    assert!(log.input.has_unread().unwrap());
    assert_eq!(log.read(), lines("half\n"));
    assert_eq!(log.read(), lines("new\n"));
    assert_eq!(log.read(), Found::NoNewData);
}

#[test]
fn a_replaced_file_is_read_to_its_end_and_then_the_new_one() {
    let mut log = Log::new(b"a\n");
    assert_eq!(log.read(), lines("a\n"));
    log.append(b"b\nhalf");
    log.rotate();
    log.append(b"c\n");
    assert_eq!(log.read_all(), b"b\nhalf\nc\n");
}

#[test]
fn a_writer_that_has_not_begun_the_new_file_may_go_on_with_the_old_one() {
    let mut log = Log::new(b"a\n");
    let mut old = fs::OpenOptions::new().append(true).open(&log.path).unwrap();
    log.rotate();
    log.append(b"");
    assert_eq!(log.read_all(), b"a\n");
    log.let_time_pass(REST);
    assert_eq!(log.read(), Found::NoNewData);
    old.write_all(b"b\n").unwrap();
    assert_eq!(log.read_all(), b"b\n");
    log.append(b"c\n");
    assert_eq!(log.read_all(), b"c\n");
    // It may even go on for a while after the new file has begun, also in the middle of a line.
    old.write_all(b"late\nha").unwrap();
    log.append(b"d\n");
    assert_eq!(log.read_all(), b"late\nd\n");
    log.let_time_pass(REST);
    old.write_all(b"lf\nunfinished").unwrap();
    assert_eq!(log.read_all(), b"half\n");
    log.stop_time();
    assert_eq!(log.read(), Found::NoNewData);
    assert_eq!(log.input.files.len(), 2, "looks alone do not close the old file");
    log.let_time_pass(REST);
    assert_eq!(log.read_all(), b"unfinished\n");
    assert_eq!(log.input.files.len(), 1, "the old file is closed");
}

#[test]
fn half_a_line_waits_for_its_rest_while_the_new_file_is_empty() {
    let mut log = Log::new(b"a\nha");
    let mut old = fs::OpenOptions::new().append(true).open(&log.path).unwrap();
    log.rotate();
    log.append(b"");
    assert_eq!(log.read_all(), b"a\n");
    old.write_all(b"lf\n").unwrap();
    assert_eq!(log.read_all(), b"half\n");
}

#[test]
fn a_look_tells_whether_a_read_has_something_to_do() {
    let mut log = Log::new(b"a\n");
    let unread = |log: &Log| log.input.has_unread().unwrap();
    assert!(unread(&log), "a line");
    log.read_all();
    assert!(!unread(&log));
    log.rotate();
    assert!(!unread(&log), "the name is free");
    log.append(b"");
    assert!(unread(&log), "a new file, to be opened");
    log.read_all();
    assert!(!unread(&log));
    log.append(b"b\n");
    assert!(unread(&log), "a line in the new file");
    log.read_all();
    log.stop_time();
    assert!(!unread(&log), "a writer may go on with the old file");
    log.let_time_pass(REST);
    assert!(unread(&log), "the old file, to be closed");
    log.read_all();
    assert!(!unread(&log));
    log.close();
    assert!(unread(&log), "the end");
}

#[test]
fn an_empty_file_that_is_replaced_in_turn_is_read_to_its_end() {
    let mut log = Log::new(b"a\n");
    log.rotate();
    log.append(b"");
    assert_eq!(log.read_all(), b"a\n");
    log.append(b"b\n");
    fs::rename(&log.path, log.folder.path().join("log.2")).unwrap();
    log.append(b"c\n");
    assert_eq!(log.read_all(), b"b\nc\n");
    log.let_time_pass(REST);
    assert_eq!(log.read_all(), b"");
    assert_eq!(log.input.files.len(), 1, "the old files are closed");
}

#[test]
fn an_input_that_is_replaced_three_times_in_a_second_follows_all_its_files() {
    let mut log = Log::new(b"0\n");
    let mut old = fs::OpenOptions::new().append(true).open(&log.path).unwrap();
    log.read_all();
    for generation in 1..MOST_FILES {
        fs::rename(&log.path, log.folder.path().join(generation.to_string())).unwrap();
        log.append(format!("{generation}\n").as_bytes());
        log.read_all();
        log.stop_time();
        old.write_all(b"late\n").unwrap();
        assert_eq!(log.read_all(), b"late\n", "replaced {generation} times");
    }
}

#[test]
fn a_busy_input_that_is_replaced_again_and_again_keeps_few_files_open() {
    let mut log = Log::new(b"0\n");
    for generation in 1..20 {
        fs::rename(&log.path, log.folder.path().join(generation.to_string())).unwrap();
        log.append(format!("{generation}\n").as_bytes());
        assert_eq!(log.read(), lines(&format!("{}\n", generation - 1)));
        assert!(log.input.files.len() <= MOST_FILES, "{} files are open", log.input.files.len());
    }
    assert_eq!(log.read(), lines("19\n"));
}

#[test]
fn a_file_that_is_still_written_is_kept_however_many_empty_ones_come_after_it() {
    // Whether a line comes between the last look and the replacement by a file with a line.
    for between in ["", "between\n"] {
        let mut log = Log::new(b"a\n");
        let mut old = fs::OpenOptions::new().append(true).open(&log.path).unwrap();
        assert_eq!(log.read_all(), b"a\n");
        for number in 0..2 * MOST_FILES {
            fs::rename(&log.path, log.folder.path().join(number.to_string())).unwrap();
            log.append(b"");
            assert_eq!(log.read(), Found::NoNewData);
            assert!(log.input.files.len() <= MOST_FILES, "{} files are open", log.input.files.len());
        }
        old.write_all(between.as_bytes()).unwrap();
        fs::rename(&log.path, log.folder.path().join("last")).unwrap();
        log.append(b"new\n");
        assert_eq!(String::from_utf8(log.read_all()).unwrap(), between.to_owned() + "new\n");
        old.write_all(b"late\n").unwrap();
        log.stop_time();
        assert_eq!(log.read_all(), b"late\n");
    }
}

#[test]
fn a_file_that_is_replaced_again_after_it_got_its_name_back_has_its_second_again() {
    let mut log = Log::new(b"a\n");
    log.read_all();
    let mut old = fs::OpenOptions::new().append(true).open(&log.path).unwrap();
    for number in 1..=2 {
        log.rotate();
        log.append(b"b\n");
        assert_eq!(log.read_all(), b"b\n");
        log.let_time_pass(if number == 1 { REST } else { Duration::ZERO });
        if number == 1 {
            fs::rename(log.folder.path().join("log.1"), &log.path).unwrap();
            assert_eq!(log.input.look().map(|()| log.input.files.len()).unwrap(), 2);
        }
    }
    old.write_all(b"late\n").unwrap();
    assert_eq!(log.read_all(), b"late\n");
}

#[test]
fn a_file_that_gets_its_name_back_goes_on_where_it_was() {
    let mut log = Log::new(b"a\n");
    log.read_all();
    log.rotate();
    log.append(b"");
    log.read_all();
    fs::rename(log.folder.path().join("log.1"), &log.path).unwrap();
    log.append(b"b\n");
    assert_eq!(log.read_all(), b"b\n");
}

#[test]
fn a_line_longer_than_the_limit_is_an_error_with_its_place() {
    let mut log = Log::new(b"12\n1234\n12345\n1\n");
    log.input.set_max_line(5);
    assert_eq!(log.read(), lines("12\n1234\n"));
    let error = log.input.read_lines().unwrap_err().to_string();
    assert!(error.ends_with("the line at byte 8 is longer than 5 bytes"), "{error}");

    let mut log = Log::new(b"ab");
    log.input.set_max_line(5);
    assert_eq!(log.read(), Found::NoNewData);
    log.append(b"c\n1234567\n");
    assert_eq!(log.read(), lines("abc\n"));
    assert!(matches!(log.input.read_lines(), Err(MergeError::LineTooLong { position: 4, .. })));
}

#[test]
fn a_line_that_grows_beyond_the_limit_is_an_error_and_takes_no_more_memory() {
    let mut log = Log::new(b"12\n");
    log.read_all();
    log.input.blocks = Blocks::of_length(8);
    log.input.set_max_line(100);
    let mut written = 0;
    let error = loop {
        log.append(&[b'x'; 10]);
        written += 10;
        match log.input.read_lines() {
            Ok(found) => assert_eq!(found, Found::NoNewData),
            Err(error) => break error,
        }
    };
    assert_eq!(written, 110);
    assert!(matches!(error, MergeError::LineTooLong { position: 3, limit: 100, .. }), "{error}");
}

#[test]
fn one_file_given_twice_is_refused_also_through_a_link() {
    let log = Log::new(b"");
    let link = log.folder.path().join("link");
    fs::hard_link(&log.path, &link).unwrap();
    for second in [&log.path, &link] {
        let error = Input::open_all([&log.path, second]).unwrap_err().to_string();
        assert_eq!(error, format!("inputs {} and {} are the same file", log.path.display(), second.display()));
    }
}

#[test]
fn a_deleted_file_is_read_to_its_end_until_the_name_comes_back() {
    let mut log = Log::new(b"a\n");
    let mut old = fs::OpenOptions::new().append(true).open(&log.path).unwrap();
    fs::remove_file(&log.path).unwrap();
    old.write_all(b"b\n").unwrap();
    assert_eq!(log.read_all(), b"a\nb\n");
    assert!(!log.input.has_unread().unwrap());
    log.append(b"c\n");
    assert!(log.input.has_unread().unwrap());
    assert_eq!(log.read_all(), b"c\n");
}

#[test]
fn at_the_close_what_is_left_is_counted_from_what_has_been_read() {
    let mut log = Log::new(b"a\n");
    assert_eq!(log.read(), lines("a\n"));
    log.append(b"b\n");
    log.close();
    assert_eq!(log.read(), lines("b\n"));
    log.append(b"written after the close was noticed\n");
    assert_eq!(log.read(), Found::End);
}

#[test]
fn a_block_holds_the_start_of_a_line_and_what_comes_behind_it() {
    let mut log = Log::new(b"abc");
    log.input.blocks = Blocks::of_length(8);
    assert_eq!(log.read(), Found::NoNewData);
    log.append(b"\nd\ne\nf\ng\n");
    assert_eq!(log.read(), lines("abc\nd\ne\n"));
    assert_eq!(log.read(), lines("f\ng\n"));
}

#[test]
fn a_close_after_a_rotation_hands_out_both_files() {
    let mut log = Log::new(b"a\n");
    log.rotate();
    log.append(b"b\nhalf");
    log.close();
    assert_eq!(log.read_all(), b"a\nb\nhalf\n");
    assert_eq!(log.read(), Found::End);
}

#[test]
fn a_new_file_that_is_gone_again_is_no_error_and_one_that_cannot_be_opened_is() {
    let mut log = Log::new(b"a\nhalf");
    log.read_all();
    log.rotate();
    log.input.open_another().unwrap();
    assert_eq!(log.read(), Found::NoNewData, "it is still in the old file");

    // What was a folder is a file now: nothing below it can be opened.
    let folder = log.folder.path().join("folder");
    log.input.closer = Closer::new(folder.join("log"));
    fs::write(&folder, "").unwrap();
    if cfg!(unix) {
        assert!(matches!(log.input.open_another(), Err(MergeError::Open { .. })));
        assert_eq!(log.read(), lines("half\n"), "the old file comes first");
        assert!(matches!(log.input.read_lines(), Err(MergeError::Input { .. })));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_new_file_that_may_not_be_read_yet_is_looked_at_again_and_an_error_later() {
    // A file that nobody may read, the administrator included.
    let unreadable = Path::new("/sys/bus/cpu/drivers_probe");
    if !unreadable.exists() {
        return;
    }
    let mut log = Log::new(b"a\nhalf");
    log.rotate();
    // Twice: each new file has a second of its own.
    for lines in ["half\nb\n", "b\n"] {
        std::os::unix::fs::symlink(unreadable, &log.path).unwrap();
        log.read_all();
        log.stop_time();
        assert_eq!(log.read(), Found::NoNewData);
        fs::remove_file(&log.path).unwrap();
        log.let_time_pass(REST);
        // A follower reads only then.
        assert!(log.input.has_unread().unwrap());
        assert_eq!(log.read(), Found::NoNewData);
        log.append(b"b\n");
        assert_eq!(String::from_utf8(log.read_all()).unwrap(), lines);
        log.rotate();
    }

    for closed in [true, false] {
        let mut log = Log::new(b"a\n");
        log.rotate();
        std::os::unix::fs::symlink(unreadable, &log.path).unwrap();
        assert_eq!(log.read_all(), b"a\n");
        if closed {
            log.close();
        } else {
            log.let_time_pass(REST);
        }
        assert!(matches!(log.input.read_lines(), Err(MergeError::Open { .. })), "closed: {closed}");
    }
}

#[test]
fn a_name_that_leads_to_a_folder_is_an_error_with_its_path() {
    let mut log = Log::new(b"a\nhalf");
    log.rotate();
    fs::create_dir(&log.path).unwrap();
    assert_eq!(log.read(), lines("a\n"), "what is still in the old file comes first");
    assert_eq!(log.read(), lines("half\n"));
    let error = log.input.read_lines().unwrap_err();
    assert_eq!(error.to_string(), format!("cannot follow input {}: not a regular file", log.path.display()));
}

#[test]
fn a_missing_input_is_refused_with_its_path_and_cause() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("absent");
    let error = Input::open(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot open input {}: ", path.display())), "{error}");
    assert!(matches!(Input::open(folder.path()), Err(MergeError::NotRegular { .. })));
}

#[test]
#[cfg(target_os = "linux")]
fn a_read_that_fails_is_an_error_with_its_path_and_cause() {
    // A regular file that has a length and that nobody can read.
    let path = Path::new("/sys/class/net/lo/speed");
    if !path.exists() {
        return;
    }
    let error = Input::open(path).unwrap().read_lines().unwrap_err();
    assert!(error.to_string().starts_with("cannot read input /sys/class/net/lo/speed: "), "{error}");
}

#[test]
fn an_open_input_lets_its_follower_wait() {
    let log = Log::new(b"");
    let (interval, start) = (Duration::from_millis(20), Instant::now());
    log.input.wait_closed(interval);
    assert!(start.elapsed() >= interval, "a follower that does not wait keeps a core busy");

    let mut context = Context::from_waker(Waker::noop());
    assert!(pin!(log.input.closed()).poll(&mut context).is_pending());
    log.input.closer().close();
    assert!(pin!(log.input.closed()).poll(&mut context).is_ready());
    log.input.wait_closed(Duration::from_secs(3600));
}

/// Reads as long as there are bytes, and then fails.
struct Failing(&'static [u8]);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() { Err(io::ErrorKind::Other.into()) } else { self.0.read(buffer) }
    }
}

#[test]
fn what_came_before_a_failed_read_counts_and_then_the_failure() {
    let mut buffer = b"old ".to_vec();
    assert_eq!(read_some(Failing(b"new"), 100, &mut buffer).unwrap(), 3);
    assert_eq!(buffer, b"old new");
    assert!(read_some(Failing(b""), 100, &mut buffer).is_err());
    assert_eq!(read_some(Failing(b"many"), 2, &mut buffer).unwrap(), 2);
    assert_eq!(buffer, b"old newma");
}

#[test]
fn an_input_knows_how_much_was_read_from_it() {
    let mut log = Log::new(b"a\nhalf");
    log.read_all();
    assert_eq!(log.input.closer().bytes_read(), 6);
}

#[test]
fn inputs_that_were_opened_together_share_their_blocks() {
    let log = Log::new(b"");
    let other = Log::new(b"");
    let inputs = Input::open_all([&log.path, &other.path]).unwrap();
    assert!(Arc::ptr_eq(&inputs[0].blocks, &inputs[1].blocks));
    assert!(!Arc::ptr_eq(&inputs[0].blocks, &log.input.blocks));
}

#[test]
fn a_caller_may_keep_all_blocks_and_reads_on_in_small_pieces() {
    let mut log = Log::new(&b"0123456\n".repeat(1000));
    log.input.blocks = Blocks::of_length(8);
    let blocks: Vec<_> = std::iter::from_fn(|| log.input.blocks.take()).collect();
    let found = log.read_all();
    drop(blocks);
    assert!(found == b"0123456\n".repeat(1000));
}

#[test]
fn an_old_file_with_more_to_read_is_kept_however_many_come_after_it() {
    // What the old file holds, and what each of the next ones.
    for (old, next) in [("0-lines\n".repeat(10), "n-lines\n"), ("half".to_owned(), "")] {
        let mut log = Log::new(old.as_bytes());
        // A read takes one line.
        log.input.blocks = Blocks::of_length(8);
        let mut found = Vec::new();
        for number in 0..MOST_FILES + 2 {
            fs::rename(&log.path, log.folder.path().join(number.to_string())).unwrap();
            log.append(next.as_bytes());
            if let Found::Lines(lines) = log.read() {
                found.extend_from_slice(&lines);
            }
        }
        log.append(b"end\n");
        found.extend(log.read_all());
        let old = if old.ends_with('\n') { old } else { old + "\n" };
        assert_eq!(String::from_utf8(found).unwrap(), old + &next.repeat(MOST_FILES + 2) + "end\n");
    }
}

/// What a run has handed out before it stopped: its last chunk.
fn last_chunk(log: &mut Log) -> Chunk {
    let mut last = None;
    while let Found::Lines(lines) = log.read() {
        last = Some(lines);
    }
    last.unwrap()
}

impl Log {
    /// The program starts again, and goes on behind `last`.
    fn restart(&mut self, last: &Chunk) -> bool {
        self.input = Input::open(&self.path).unwrap();
        self.input.keep_unfinished();
        self.input.resume(last.position(), last).unwrap()
    }
}

#[test]
fn a_restarted_input_goes_on_behind_its_last_chunk() {
    let mut log = Log::new(b"a\nb\nhal");
    let last = last_chunk(&mut log);
    assert_eq!(last.position(), &Position { end: 4, newer: Box::default() });
    assert!(log.restart(&last));
    assert_eq!(log.read(), Found::NoNewData);
    log.append(b"f\nc\n");
    assert_eq!(log.read_all(), b"half\nc\n");
}

#[test]
fn a_half_line_that_is_kept_stays_in_its_file_at_the_close() {
    let mut log = Log::new(b"a\nhal");
    let last = last_chunk(&mut log);
    assert!(log.restart(&last));
    log.close();
    assert_eq!(log.read(), Found::End);
    log.append(b"f\n");
    assert!(log.restart(&last));
    assert_eq!(log.read_all(), b"half\n");
}

#[test]
fn a_log_that_was_rotated_meanwhile_is_read_to_its_end_and_then_the_new_one() {
    for content in ["a\n", "a\nhal"] {
        let mut log = Log::new(content.as_bytes());
        let last = last_chunk(&mut log);
        log.append(b"f\nb\n");
        log.rotate();
        log.append(b"c\n");
        assert!(log.restart(&last));
        let rest = format!("{}c\n", if content == "a\n" { "f\nb\n" } else { "half\nb\n" });
        assert_eq!(log.read_all(), rest.as_bytes());
    }
}

#[test]
fn a_late_line_of_an_old_file_does_not_bring_the_new_one_again() {
    let mut log = Log::new(b"a\n");
    log.read_all();
    let mut old = fs::OpenOptions::new().append(true).open(&log.path).unwrap();
    log.rotate();
    log.append(b"new\n");
    assert_eq!(log.read(), lines("new\n"));
    old.write_all(b"late\n").unwrap();
    let last = last_chunk(&mut log);
    assert_eq!((&*last, last.position().end), (&b"late\n"[..], 7));
    log.append(b"next\n");
    assert!(log.restart(&last));
    assert_eq!(log.read_all(), b"next\n");
    // Another file has the name meanwhile: nothing of it has been read.
    fs::rename(&log.path, log.folder.path().join("log.2")).unwrap();
    log.append(b"another\n");
    assert!(log.restart(&last));
    assert_eq!(log.read_all(), b"next\nanother\n");
    // The file between them is gone.
    fs::remove_file(log.folder.path().join("log.2")).unwrap();
    assert!(log.restart(&last));
    assert_eq!(log.read_all(), b"another\n");
}

#[test]
fn a_run_that_stopped_in_the_oldest_of_three_files_goes_on_with_all_of_them() {
    let mut log = Log::new(b"first\nsecond\nthird\n");
    log.input.blocks = Blocks::of_length(8);
    for next in ["b\n", "c\n"] {
        fs::rename(&log.path, log.folder.path().join(format!("log.{}", next.trim()))).unwrap();
        log.append(next.as_bytes());
        assert_ne!(log.read(), Found::NoNewData);
    }
    let Found::Lines(last) = log.read() else { panic!("the third line") };
    assert_eq!((&*last, last.position().newer.len()), (&b"third\n"[..], 2));
    assert!(log.restart(&last));
    assert_eq!(log.read_all(), b"b\nc\n");
}

#[test]
fn an_empty_line_is_found_again_only_where_there_is_one() {
    let mut log = Log::new(b"a\n");
    log.read_all();
    log.append(b"\n");
    let last = last_chunk(&mut log);
    log.append(b"rest\n");
    log.rotate();
    log.append(b"another one\n");
    assert!(log.restart(&last));
    assert_eq!(log.read_all(), b"rest\nanother one\n");
}

#[cfg(unix)]
#[test]
fn a_log_behind_a_link_is_found_again_after_a_rotation_of_the_target() {
    let mut log = Log::new(b"a\n");
    let target = log.folder.path().join("elsewhere");
    fs::create_dir(&target).unwrap();
    let target = target.join("0.txt");
    fs::rename(&log.path, &target).unwrap();
    std::os::unix::fs::symlink(&target, &log.path).unwrap();
    let last = last_chunk(&mut log);
    log.append(b"b\n");
    fs::rename(&target, target.with_extension("txt.1")).unwrap();
    fs::write(&target, "c\n").unwrap();
    assert!(log.restart(&last));
    assert_eq!(log.read_all(), b"b\nc\n");
}

#[test]
fn half_a_line_that_an_old_file_is_left_with_at_the_close_comes_out() {
    let mut log = Log::new(b"a\n");
    log.input.keep_unfinished();
    log.read_all();
    let mut old = fs::OpenOptions::new().append(true).open(&log.path).unwrap();
    log.rotate();
    log.append(b"b\nkept");
    assert_eq!(log.read_all(), b"b\n");
    // No later run would look for the rest of it.
    old.write_all(b"ha").unwrap();
    log.close();
    assert_eq!(log.read_all(), b"ha\n");
    assert_eq!(log.read(), Found::End);
}

#[test]
fn a_half_line_that_was_ended_by_a_rotation_is_found_again() {
    let mut log = Log::new(b"a\nhalf");
    log.read_all();
    log.rotate();
    log.append(b"b\n");
    let Found::Lines(last) = log.read() else { panic!("the half line") };
    assert_eq!(*last, *b"half\n");
    assert!(log.restart(&last));
    assert_eq!(log.read_all(), b"b\n");
}

#[test]
fn a_log_with_other_content_is_read_from_its_start() {
    let mut log = Log::new(b"a\nb\n");
    let last = last_chunk(&mut log);
    // Beside it, a file with other content as well.
    fs::write(log.folder.path().join("log.1"), "x\ny\n").unwrap();
    for content in ["", "x\n", "a\nx\n", "x\na\nb\n"] {
        fs::write(&log.path, content).unwrap();
        assert!(!log.restart(&last), "{content}");
        assert_eq!(log.read_all(), content.as_bytes());
    }
}

/// What happens to a file between two reads.
#[derive(Clone, Debug)]
enum Step {
    Write(Vec<u8>),
    Rotate,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Mostly a small alphabet, so that newlines fall everywhere.
    let byte = prop_oneof![Just(b'\n'), Just(b'\r'), Just(0), Just(b'x'), any::<u8>()];
    let write = prop::collection::vec(byte, 1..20).prop_map(Step::Write);
    prop::collection::vec(prop_oneof![9 => write, 1 => Just(Step::Rotate)], 0..20)
}

proptest! {
    /// Any byte string, written in any pieces, read between any two, comes out as the same lines.
    #[test]
    fn any_bytes_in_any_pieces_come_out_as_the_same_lines(
        steps in steps(), reads in prop::collection::vec(any::<bool>(), 20), block in 1_usize..40,
    ) {
        let mut log = Log::new(b"");
        log.input.blocks = Blocks::of_length(block);
        let (mut expected, mut found) = (Vec::new(), Vec::new());
        let end_line = |lines: &mut Vec<u8>| if lines.last().is_some_and(|&b| b != b'\n') { lines.push(b'\n') };
        for (step, read) in steps.iter().zip(reads) {
            match step {
                Step::Write(bytes) => {
                    log.append(bytes);
                    expected.extend(bytes);
                }
                // A follower sees one replacement at a time: it must have found the last one before the next.
                Step::Rotate => {
                    found.extend(log.read_all());
                    log.rotate();
                    log.append(b"first\n");
                    end_line(&mut expected);
                    expected.extend(b"first\n");
                }
            }
            if read {
                found.extend(log.read_all());
            }
        }
        log.close();
        found.extend(log.read_all());
        end_line(&mut expected);
        prop_assert_eq!(log.read(), Found::End);
        prop_assert_eq!(found, expected);
    }
}
