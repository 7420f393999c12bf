//! Every scenario of the suite rejects something: a scenario that nothing fails would prove nothing.
//!
//! Some scenarios reject a pitfall of the gallery. For the others, here are stages that are broken on purpose.

// Clippy does not recognize the helpers as test code; and an entry point returns a `Result`.
#![allow(clippy::unwrap_used, clippy::unnecessary_wraps)]
// Some stages are for scenarios that only Linux has.
#![cfg_attr(not(target_os = "linux"), allow(dead_code))]

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use equivalence::{Reason, SCENARIOS, Settings, Violation, heartbeat, scenarios};
use merge_core::{Chunk, Closer, FanIn, Found, Input, MergeError, Output, Result, Summary};
use pitfalls::GALLERY;
use stage_parts::{QUEUE, block_on, join_all, run_tasks_with, send, spawn_writer};
use stage1::{run_threads, tail_file};
use stage3::tail_async;
use tokio::select;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};

type Write<'a> = &'a mut dyn FnMut(Chunk) -> Result<()>;

/// Stage 1, with `change` applied to each chunk.
fn changed(
    inputs: Vec<Input>,
    interval: Duration,
    output: Output,
    change: impl Fn(Vec<u8>) -> Vec<u8> + Sync,
) -> Result<Summary> {
    run_threads(inputs, interval, output, |input, interval, write: Write| {
        tail_file(input, interval, &mut |chunk| write(change(chunk.to_vec()).into()))
    })
}

fn writes_twice(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    changed(inputs, interval, output, |lines| lines.repeat(2))
}

fn keeps_one_chunk_back(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let kept = Mutex::new(Vec::new());
    changed(inputs, interval, output, |lines| std::mem::replace(&mut kept.lock().unwrap(), lines))
}

fn drops_blank_lines(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let line = |bytes: Vec<u8>| {
        bytes.split_inclusive(|&byte| byte == b'\n').filter(|l| *l != b"\n").collect::<Vec<_>>().concat()
    };
    changed(inputs, interval, output, line)
}

fn expects_utf8(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    changed(inputs, interval, output, |lines| String::from_utf8_lossy(&lines).into_owned().into_bytes())
}

fn adds_no_newline(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    changed(inputs, interval, output, |lines| lines.strip_suffix(b"half\n").map_or(lines.clone(), |_| b"half".to_vec()))
}

fn cuts_long_lines(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    changed(inputs, interval, output, |mut lines| {
        if lines.len() > 1_000_000 {
            lines.insert(1_000_000, b'\n');
        }
        lines
    })
}

fn returns_at_once(inputs: Vec<Input>, _: Duration, _: Output) -> Result<Summary> {
    Ok(Summary { inputs: inputs.len(), lines: 0, bytes: 0 })
}

fn refuses_empty_inputs(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let empty = |input: &&Input| std::fs::metadata(input.path()).is_ok_and(|file| file.len() == 0);
    match inputs.iter().find(empty) {
        Some(input) => Err(MergeError::NotRegular { path: input.path().to_owned() }),
        None => stage1::merge(inputs, interval, output),
    }
}

fn one_close_closes_all(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let closers: Vec<_> = inputs.iter().map(Input::closer).collect();
    run_threads(inputs, interval, output, |input, interval, write: Write| {
        let followed = tail_file(input, interval, write);
        closers.iter().for_each(Closer::close);
        followed
    })
}

fn ignores_write_errors(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_threads(inputs, interval, output, |input, interval, write: Write| {
        tail_file(input, interval, &mut |chunk| write(chunk).or(Ok(())))
    })
}

fn sleeps_through_the_close(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_threads(inputs, interval, output, |mut input, interval, write: Write| {
        loop {
            match input.read_lines()? {
                Found::Lines(chunk) => write(chunk)?,
                Found::NoNewData => thread::sleep(interval),
                Found::End => return Ok(()),
            }
        }
    })
}

fn lets_a_panic_pass(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let summary = Summary { inputs: inputs.len(), lines: 0, bytes: 0 };
    let output = Mutex::new(output);
    thread::scope(|scope| {
        for input in inputs {
            scope.spawn(|| tail_file(input, interval, &mut |chunk| output.lock().unwrap().write(&chunk)));
        }
    });
    Ok(summary)
}

/// Reads only the file that it opened first, even if that file is truncated, replaced or deleted.
fn reads_like_a_plain_file(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_threads(inputs, interval, output, |input, interval, write: Write| {
        let failed = |source| MergeError::Input { path: input.path().to_owned(), source };
        // Between two files the name is free for a moment.
        while !input.path().exists() && !input.closer().is_closed() {
            input.wait_closed(interval);
        }
        let mut file = BufReader::new(File::open(input.path()).map_err(failed)?);
        let mut line = Vec::new();
        loop {
            let closed = input.closer().is_closed();
            let read = file.read_until(b'\n', &mut line).map_err(failed)?;
            if line.ends_with(b"\n") {
                write(std::mem::take(&mut line).into())?;
            } else if read == 0 && closed {
                return Ok(());
            } else if read == 0 {
                input.wait_closed(interval);
            }
        }
    })
}

fn reads_until_nothing_is_left(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_threads(inputs, interval, output, |input, interval, write: Write| {
        // This second input is never closed.
        let mut unending = Input::open(input.path())?;
        loop {
            match unending.read_lines()? {
                Found::Lines(chunk) => write(chunk)?,
                _ if input.closer().is_closed() => return Ok(()),
                _ => input.wait_closed(interval),
            }
        }
    })
}

/// More chunks than any scenario has.
const LONG_QUEUE: usize = 100_000;

/// Stage 2 with a queue that is never full.
fn stage2_with_a_long_queue(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(async {
        let fan_in = FanIn::new(&inputs, &output);
        let (queue, chunks) = mpsc::channel(LONG_QUEUE);
        let mut tasks = JoinSet::new();
        spawn_writer(&mut tasks, output, chunks);
        for input in inputs {
            let queue = queue.clone();
            let mut write = move |chunk| queue.blocking_send(chunk).map_err(|_| MergeError::OutputGone);
            tasks.spawn_blocking(move || tail_file(input, interval, &mut write));
        }
        drop(queue);
        join_all(tasks, fan_in).await
    })
}

/// Stage 4 with a queue that is never full.
fn stage4_with_a_long_queue(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks_with(inputs, interval, output, LONG_QUEUE, |input, interval, queue| {
        tail_async(input, interval, async move |chunk| send(&queue, chunk).await)
    }))
}

/// One failure in the life of the process, and no merge works any more.
fn stops_for_good(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    static STOPPED: AtomicBool = AtomicBool::new(false);
    if STOPPED.load(Ordering::Relaxed) {
        return Err(MergeError::Cancelled);
    }
    stage1::merge(inputs, interval, output).inspect_err(|_| STOPPED.store(true, Ordering::Relaxed))
}

fn leaves_a_thread_behind(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    thread::Builder::new().name("left-behind".into()).spawn(thread::park).map_err(MergeError::Start)?;
    stage1::merge(inputs, interval, output)
}

fn ignores_the_interval(inputs: Vec<Input>, _: Duration, output: Output) -> Result<Summary> {
    stage1::merge(inputs, Duration::from_millis(1), output)
}

fn waits_ten_intervals(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    stage1::merge(inputs, 10 * interval, output)
}

fn overflows_at_a_long_interval(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let _next_look = std::time::Instant::now() + interval;
    stage1::merge(inputs, interval, output)
}

fn waits_after_each_chunk(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_threads(inputs, interval, output, |mut input, interval, write: Write| {
        loop {
            match input.read_lines()? {
                Found::Lines(chunk) => write(chunk)?,
                Found::NoNewData => {}
                Found::End => return Ok(()),
            }
            input.wait_closed(interval);
        }
    })
}

/// A follower has its turn until its input is quiet.
fn keeps_its_turn(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let turn = Mutex::new(());
    run_threads(inputs, interval, output, |mut input, interval, write: Write| {
        loop {
            let mine = turn.lock();
            loop {
                match input.read_lines()? {
                    Found::Lines(chunk) => write(chunk)?,
                    Found::NoNewData => break,
                    Found::End => return Ok(()),
                }
            }
            drop(mine);
            input.wait_closed(interval);
        }
    })
}

fn opens_by_a_lossy_name(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_threads(inputs, interval, output, |input, interval, write: Write| {
        let name = input.path().to_string_lossy().into_owned();
        let again = Input::open(name)?;
        drop(input);
        tail_file(again, interval, write)
    })
}

fn opens_once_more(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_threads(inputs, interval, output, |input, interval, write: Write| {
        // What the caller has set is lost, the closer as well.
        tail_file(Input::open(input.path())?, interval, write)
    })
}

fn retries_a_read_that_fails(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_threads(inputs, interval, output, |mut input, interval, write: Write| {
        loop {
            match input.read_lines() {
                Ok(Found::Lines(chunk)) => write(chunk)?,
                Ok(Found::NoNewData) | Err(_) => input.wait_closed(interval),
                Ok(Found::End) => return Ok(()),
            }
        }
    })
}

fn returns_the_last_error(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let closers: Vec<_> = inputs.iter().map(Input::closer).collect();
    let last = Mutex::new(None);
    let merged = run_threads(inputs, interval, output, |input, interval, write: Write| {
        if let Err(error) = tail_file(input, interval, write) {
            closers.iter().for_each(Closer::close);
            *last.lock().unwrap() = Some(error);
        }
        Ok(())
    });
    last.into_inner().unwrap().map_or(merged, Err)
}

fn takes_a_broken_pipe_for_an_end(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    match stage1::merge(inputs, interval, output) {
        Err(MergeError::Output { source, .. }) if source.kind() == ErrorKind::BrokenPipe => {
            Ok(Summary { inputs: 3, lines: 0, bytes: 0 })
        }
        merged => merged,
    }
}

fn opens_the_output_first(paths: &[PathBuf], output: &Path) -> Result<(Vec<Input>, Output)> {
    let output = Output::create(output, &[])?;
    Ok((Input::open_all(paths)?, output))
}

fn prints(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    println!("{} inputs", inputs.len());
    stage1::merge(inputs, interval, output)
}

fn prints_its_error(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    stage1::merge(inputs, interval, output).inspect_err(|error| eprintln!("merge: {error}"))
}

/// So that a writer that never stops cannot keep a closed follower alive.
fn drains_sixteen_chunks(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_threads(inputs, interval, output, |mut input, interval, write: Write| {
        let mut left = 16;
        while left > 0 {
            match input.read_lines()? {
                Found::Lines(chunk) => write(chunk)?,
                Found::NoNewData => input.wait_closed(interval),
                Found::End => return Ok(()),
            }
            left -= usize::from(input.closer().is_closed());
        }
        Ok(())
    })
}

fn drains_without_errors(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_threads(inputs, interval, output, |mut input, interval, write: Write| {
        while !input.closer().is_closed() {
            match input.read_lines()? {
                Found::Lines(chunk) => write(chunk)?,
                Found::NoNewData => input.wait_closed(interval),
                Found::End => return Ok(()),
            }
        }
        while let Ok(Found::Lines(chunk)) = input.read_lines() {
            write(chunk)?;
        }
        Ok(())
    })
}

/// Leaves the disk to others for a while.
fn rests_after_sixteen_chunks(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_threads(inputs, interval, output, |mut input, interval, write: Write| {
        for number in 1.. {
            match input.read_lines()? {
                Found::Lines(chunk) => write(chunk)?,
                Found::NoNewData => input.wait_closed(interval),
                Found::End => break,
            }
            if number % 16 == 0 {
                input.wait_closed(interval);
            }
        }
        Ok(())
    })
}

/// Short chunks have a queue of their own, which is served first.
fn gives_short_chunks_a_fast_lane(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(async {
        let fan_in = FanIn::new(&inputs, &output);
        let ((fast, mut short), (slow, mut long)) = (mpsc::channel(QUEUE), mpsc::channel(QUEUE));
        let (queue, chunks) = mpsc::channel(1);
        let mut tasks = JoinSet::new();
        spawn_writer(&mut tasks, output, chunks);
        for input in inputs {
            let (fast, slow) = (fast.clone(), slow.clone());
            tasks.spawn(tail_async(input, interval, async move |chunk: Chunk| {
                send(if chunk.len() < 4096 { &fast } else { &slow }, chunk).await
            }));
        }
        drop((fast, slow));
        tasks.spawn(async move {
            loop {
                let next = select! { biased; Some(chunk) = short.recv() => chunk, Some(chunk) = long.recv() => chunk, else => return Ok(()) };
                send(&queue, next).await?;
            }
        });
        join_all(tasks, fan_in).await
    })
}

/// All runs of the process share the permits.
fn shares_permits(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    static PERMITS: Semaphore = Semaphore::const_new(64);
    block_on(run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
        tail_async(input, interval, async move |chunk| {
            let _permit = PERMITS.acquire().await;
            send(&queue, chunk).await
        })
    }))
}

/// A follower has its turn while its chunks are long.
fn keeps_its_turn_for_a_burst(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let turn = Mutex::new(());
    run_threads(inputs, interval, output, |input, interval, write: Write| {
        let mut mine = None;
        tail_file(input, interval, &mut |chunk| {
            mine = mine.take().or_else(|| turn.lock().ok());
            let long = chunk.len() > 256 * 1024;
            write(chunk)?;
            mine = mine.take().filter(|_| long);
            Ok(())
        })
    })
}

/// Reads the next chunk while one is being written.
fn reads_ahead(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| async move {
        let (ahead, mut chunks) = mpsc::channel(1);
        let read = tail_async(input, interval, async move |chunk| send(&ahead, chunk).await);
        let write = async move {
            while let Some(chunk) = chunks.recv().await {
                send(&queue, chunk).await?;
            }
            Ok(())
        };
        tokio::try_join!(read, write).map(|_| ())
    }))
}

/// Copies each chunk out of its block, so that the block can be used again.
fn copies_chunks(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
        tail_async(input, interval, async move |chunk| send(&queue, chunk.to_vec()).await)
    }))
}

fn prefers_the_error_of_the_output(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let failed = Mutex::new(None);
    let merged = run_threads(inputs, interval, output, |input, interval, write: Write| {
        tail_file(input, interval, &mut |chunk| {
            write(chunk).map_err(|error| {
                failed.lock().unwrap().get_or_insert(error);
                MergeError::OutputGone
            })
        })
    });
    failed.into_inner().unwrap().map_or(merged, Err)
}

/// `Scope::spawn` panics where there is no thread.
fn expects_a_thread(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let progress = output.progress();
    let (count, output) = (inputs.len(), Mutex::new(output));
    thread::scope(|scope| {
        for input in inputs {
            scope.spawn(|| tail_file(input, interval, &mut |chunk| output.lock().unwrap().write(&chunk)));
        }
    });
    Ok(Summary { inputs: count, lines: progress.lines(), bytes: progress.bytes() })
}

fn leaves_a_file_beside_the_log(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_threads(inputs, interval, output, |input, interval, write: Write| {
        std::fs::write(input.path().with_extension("position"), "0").unwrap();
        tail_file(input, interval, write)
    })
}

fn keeps_a_buffer_per_input(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_threads(inputs, interval, output, |input, interval, write: Write| {
        let buffer = std::hint::black_box(vec![1_u8; 512 * 1024]);
        let followed = tail_file(input, interval, write);
        drop(buffer);
        followed
    })
}

fn keeps_an_index_of_lines(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let index = Mutex::new(Vec::new());
    changed(inputs, interval, output, |lines| {
        index.lock().unwrap().extend(lines.iter().map(|byte| u32::from(*byte)));
        lines
    })
}

/// So that the others may finish what they do.
fn gives_the_others_a_minute(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_threads(inputs, interval, output, |input, interval, write: Write| {
        tail_file(input, interval, write).inspect_err(|_| thread::sleep(Duration::from_secs(60)))
    })
}

/// The writer may have something to add.
fn looks_again_a_minute_after_the_close(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_threads(inputs, interval, output, |input, interval, write: Write| {
        let closer = input.closer();
        let followed = tail_file(input, interval, write);
        if closer.is_closed() {
            thread::sleep(Duration::from_secs(60));
        }
        followed
    })
}

/// Followers beyond the first thousand wait until one of these ends.
fn follows_a_thousand_at_a_time(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let permits = Arc::new(Semaphore::new(1000));
    block_on(run_tasks_with(inputs, interval, output, QUEUE, move |input, interval, queue| {
        let permits = Arc::clone(&permits);
        async move {
            let _permit = permits.acquire().await;
            tail_async(input, interval, async move |chunk| send(&queue, chunk).await).await
        }
    }))
}

/// The error of the output comes later than those of the followers that it ends: the writer closes its queue first.
fn returns_the_first_end(inputs: Vec<Input>, interval: Duration, mut output: Output) -> Result<Summary> {
    block_on(async {
        let closers: Vec<_> = inputs.iter().map(Input::closer).collect();
        let progress = output.progress();
        let (queue, mut chunks) = mpsc::channel::<Chunk>(QUEUE);
        let mut tasks = JoinSet::new();
        tasks.spawn_blocking(move || {
            while let Some(chunk) = chunks.blocking_recv() {
                if let Err(error) = output.write(&chunk) {
                    drop(chunks);
                    thread::sleep(Duration::from_millis(100));
                    return Err(error);
                }
            }
            Ok(())
        });
        for input in inputs {
            let queue = queue.clone();
            tasks.spawn(tail_async(input, interval, async move |chunk| send(&queue, chunk).await));
        }
        drop(queue);
        let mut first = Ok(());
        while let Some(ended) = tasks.join_next().await {
            let ended = ended.unwrap_or(Ok(()));
            if ended.is_err() {
                closers.iter().for_each(Closer::close);
                first = first.and(ended);
            }
        }
        first.map(|()| Summary { inputs: closers.len(), lines: progress.lines(), bytes: progress.bytes() })
    })
}

/// The clock is the system's, which no test can stop.
fn gives_up_after_two_seconds(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    block_on(run_tasks_with(inputs, interval, output, QUEUE, |input, interval, queue| {
        tail_async(input, interval, async move |chunk: Chunk| {
            let since = std::time::Instant::now();
            while queue.capacity() == 0 && since.elapsed() < Duration::from_secs(2) {
                sleep(Duration::from_millis(1)).await;
            }
            let _ = queue.try_send(chunk);
            Ok(())
        })
    }))
}

/// A log that is being written to has more to say in a moment.
fn waits_until_its_writer_rests(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_threads(inputs, interval, output, |mut input, interval, write: Write| {
        let length = |input: &Input| std::fs::metadata(input.path()).map_or(0, |file| file.len());
        loop {
            let before = length(&input);
            input.wait_closed(Duration::from_millis(100));
            if length(&input) != before {
                continue;
            }
            match input.read_lines()? {
                Found::Lines(chunk) => write(chunk)?,
                Found::NoNewData => input.wait_closed(interval),
                Found::End => return Ok(()),
            }
        }
    })
}

/// A scenario, its run on a broken stage, and the reason for which it rejects that stage.
type Rejected = (&'static str, fn(&Settings) -> std::result::Result<(), Violation>, Reason);

macro_rules! rejected {
    ($($scenario:ident $merge:ident $reason:ident)*) => {
        &[$((stringify!($scenario), |settings| scenarios::$scenario($merge, settings), Reason::$reason)),*]
    };
}

const BROKEN: &[Rejected] = rejected! {
    concurrent_random_writers_are_merged writes_twice Duplicated
    appends_in_lockstep_come_out_in_the_order_of_the_script keeps_one_chunk_back NotVisible
    closed_before_the_run_it_merges_what_is_there_and_returns returns_at_once Lost
    a_file_closed_early_ends_while_the_others_go_on one_close_closes_all EndedEarly
    one_input_is_copied drops_blank_lines Lost
    an_empty_input_adds_nothing refuses_empty_inputs Failed
    a_last_line_without_newline_waits_and_is_ended_at_close adds_no_newline Torn
    bytes_pass_unchanged expects_utf8 Foreign
    a_short_line_does_not_overtake_the_backlog_before_it gives_short_chunks_a_fast_lane Reordered
    a_line_of_16_mib_stays_whole cuts_long_lines Torn
    a_long_backlog_is_merged_after_the_close drains_sixteen_chunks Lost
    a_writer_that_never_stops_cannot_keep_a_closed_follower_alive reads_until_nothing_is_left Hung
    a_file_truncated_in_place_is_read_from_the_start_again reads_like_a_plain_file NotVisible
    a_file_replaced_under_load_loses_nothing reads_like_a_plain_file Hung
    a_deleted_file_is_followed_again_when_its_name_comes_back reads_like_a_plain_file NotVisible
    an_output_that_fails_ends_busy_followers returns_the_first_end WrongError
    a_panic_is_an_error lets_a_panic_pass Hung
    a_close_wakes_a_follower_at_once sleeps_through_the_close Hung
    a_line_is_visible_while_nothing_else_happens keeps_one_chunk_back NotVisible
    a_slow_output_holds_the_followers_back stage2_with_a_long_queue MemoryGrew
    a_slow_output_holds_the_followers_back stage4_with_a_long_queue MemoryGrew
    long_lines_and_a_slow_output_take_no_more_than_they_may stage4_with_a_long_queue MemoryGrew
    a_run_holds_no_more_chunks_than_it_may reads_ahead MemoryGrew
    a_run_holds_no_more_chunks_than_it_may copies_chunks MemoryGrew
    a_run_whose_output_stands_still_holds_up_no_other_run shares_permits NotVisible
    a_run_whose_output_stands_still_holds_up_no_other_run follows_a_thousand_at_a_time NotVisible
    a_run_whose_output_stands_still_holds_up_no_other_run gives_up_after_two_seconds NotVisible
    a_run_after_a_failed_one_merges stops_for_good Failed
    a_backlog_comes_out_without_waiting waits_after_each_chunk NotVisible
    a_backlog_comes_out_without_waiting rests_after_sixteen_chunks NotVisible
    a_run_with_nothing_left_to_merge_ends_at_once gives_the_others_a_minute Late
    a_run_with_nothing_left_to_merge_ends_at_once looks_again_a_minute_after_the_close Late
    any_interval_will_do overflows_at_a_long_interval Panicked
    a_quiet_input_is_served_beside_an_endless_one keeps_its_turn Hung
    a_quiet_input_has_its_turn_beside_busy_ones keeps_its_turn Hung
    a_quiet_input_has_its_turn_beside_a_long_backlog keeps_its_turn_for_a_burst Late
    an_empty_successor_that_is_replaced_in_turn_loses_nothing reads_like_a_plain_file NotVisible
    a_file_that_was_replaced_before_the_close_is_merged reads_like_a_plain_file Lost
    a_log_behind_a_link_is_followed_by_its_name reads_like_a_plain_file NotVisible
    a_file_that_gets_its_name_back_goes_on_where_it_was writes_twice Duplicated
    a_name_that_is_no_text_is_followed opens_by_a_lossy_name Failed
    a_read_that_fails_ends_the_run retries_a_read_that_fails Hung
    the_first_error_is_the_one_that_is_returned returns_the_last_error WrongError
    an_output_that_fails_later_hides_no_error prefers_the_error_of_the_output WrongError
    a_broken_pipe_is_an_error takes_a_broken_pipe_for_an_end WrongError
    a_line_over_the_limit_ends_the_run opens_once_more Hung
    a_closed_input_that_fails_ends_the_run_with_its_error drains_without_errors WrongError
    a_stuttering_output_gets_every_byte writes_twice Duplicated
    lines_are_visible_while_their_writer_never_rests waits_until_its_writer_rests Hung
    a_folder_that_is_replaced_is_followed_by_its_name reads_like_a_plain_file NotVisible
};

fn is_rejected(&(scenario, run, reason): &Rejected) {
    let settings = Settings { patience: Duration::from_secs(10), ..Settings::default() };
    // On a busy machine a run may seem to stand still, or a stage be too late to do wrong what it is to do wrong.
    let mut tries = Vec::new();
    while tries.len() < 3 {
        match run(&settings) {
            Err(violation) if violation.reason() == reason => return,
            other => tries.push(other),
        }
    }
    panic!("{scenario} was to say {reason:?} and said {tries:?}");
}

#[test]
fn stages_that_are_broken_on_purpose_are_rejected() {
    // Many at the same time, because some of them hang until the patience ends.
    let broken = Mutex::new(BROKEN.iter());
    let next = || broken.lock().unwrap().next();
    thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| {
                while let Some(broken) = next() {
                    is_rejected(broken);
                }
            });
        }
    });
}

/// Stages that are broken in a way that only their process shows. Each has a test, and in it a process of its own. Other
/// systems than Linux do not say what the scenarios ask.
macro_rules! rejected_alone {
    ($($test:ident $alone:ident $scenario:ident $merge:ident $reason:ident)*) => {
        const REJECTED_ALONE: &[&str] = &[$(stringify!($scenario)),*];

        $(
            #[test]
            #[cfg(target_os = "linux")]
            fn $test() {
                let run = |settings: &Settings| scenarios::$scenario($merge, settings);
                equivalence::$alone(stringify!($test), || is_rejected(&(stringify!($scenario), run, Reason::$reason)));
            }
        )*
    };
}

rejected_alone! {
    a_panic_where_there_is_no_thread_is_seen alone_without_threads
        a_thread_that_the_system_does_not_give_is_an_error expects_a_thread Panicked
    a_thread_that_is_left_behind_is_seen alone a_run_leaves_nothing_behind leaves_a_thread_behind LeftBehind
    a_file_that_is_left_behind_is_seen alone a_run_leaves_nothing_behind leaves_a_file_beside_the_log LeftBehind
    a_line_on_standard_output_is_seen alone a_run_leaves_nothing_behind prints LeftBehind
    an_error_on_standard_error_is_seen alone a_run_leaves_nothing_behind prints_its_error LeftBehind
    an_interval_that_is_ignored_is_seen alone idle_followers_keep_no_core_busy ignores_the_interval BusyWhileIdle
    an_interval_that_is_exceeded_is_seen alone a_line_comes_within_an_interval waits_ten_intervals Late
    a_buffer_per_input_is_seen alone many_idle_inputs_take_little_memory keeps_a_buffer_per_input MemoryGrew
    an_index_of_lines_is_seen alone lines_that_are_written_take_no_memory keeps_an_index_of_lines MemoryGrew
}

#[test]
fn a_full_device_that_is_not_noticed_is_rejected() {
    if Path::new("/dev/full").exists() {
        let run = |settings: &Settings| scenarios::a_full_device_ends_the_run(ignores_write_errors, settings);
        is_rejected(&("a_full_device_ends_the_run", run, Reason::Hung));
    }
}

#[test]
fn an_output_that_is_opened_before_the_inputs_is_rejected() {
    let run = |settings: &Settings| scenarios::refused_inputs(opens_the_output_first, stage1::merge, settings);
    is_rejected(&("a_refused_input_leaves_the_output_untouched", run, Reason::Touched));
}

/// Stage 4 with another way to hand a chunk on.
async fn run_tasks_that_send<F: Future<Output = Result<()>> + Send + 'static>(
    inputs: Vec<Input>,
    interval: Duration,
    output: Output,
    send: impl Fn(mpsc::Sender<Chunk>, Chunk) -> F + Clone + Send + Sync + 'static,
) -> Result<Summary> {
    run_tasks_with(inputs, interval, output, QUEUE, |mut input, interval, queue| {
        let send = send.clone();
        async move {
            loop {
                let found;
                let read = spawn_blocking(move || (input.read_lines(), input)).await;
                (found, input) = read.map_err(|error| MergeError::ended_early(error.try_into_panic().ok()))?;
                match found? {
                    Found::Lines(chunk) => send(queue.clone(), chunk).await?,
                    Found::NoNewData => select! {
                        () = sleep(interval) => {}
                        () = input.closed() => {}
                    },
                    Found::End => return Ok(()),
                }
            }
        }
    })
    .await
}

async fn gives_up_after_a_minute(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    run_tasks_that_send(inputs, interval, output, |queue, chunk| async move {
        timeout(Duration::from_secs(60), send(&queue, chunk)).await.unwrap_or(Ok(()))
    })
    .await
}

async fn sleeps_on_the_worker_while_the_queue_is_full(
    inputs: Vec<Input>,
    interval: Duration,
    output: Output,
) -> Result<Summary> {
    run_tasks_that_send(inputs, interval, output, |queue, mut chunk| async move {
        loop {
            match queue.try_send(chunk) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Closed(_)) => return Err(MergeError::OutputGone),
                Err(mpsc::error::TrySendError::Full(back)) => chunk = back,
            }
            thread::sleep(Duration::from_millis(1));
        }
    })
    .await
}

#[test]
fn a_time_limit_is_seen_however_long_it_is() {
    let run = |settings: &Settings| heartbeat::check_time(equivalence::advanced!(gives_up_after_a_minute), settings);
    is_rejected(&("a_closed_run_takes_as_long_as_its_output", run, Reason::Lost));
}

#[test]
fn a_worker_that_sleeps_while_the_queue_is_full_is_seen() {
    let run = |settings: &Settings| {
        heartbeat::check(equivalence::beating!(sleeps_on_the_worker_while_the_queue_is_full), settings)
    };
    is_rejected(&("a_slow_output_blocks_no_runtime_worker", run, Reason::BlockedWorker));
}

#[test]
fn every_scenario_rejects_something() {
    let others = [
        "a_full_device_ends_the_run",
        "a_refused_input_leaves_the_output_untouched",
        // Only a broken `Output` fails it, and a stage cannot bring its own.
        "nothing_follows_a_line_that_was_cut_short",
    ];
    for scenario in SCENARIOS {
        let by_the_gallery = GALLERY.iter().any(|pitfall| pitfall.scenario == scenario.name);
        let here = BROKEN.iter().any(|(name, ..)| *name == scenario.name);
        let here = here || REJECTED_ALONE.contains(&scenario.name) || others.contains(&scenario.name);
        assert!(by_the_gallery || here, "nothing is rejected by {}", scenario.name);
    }
}
