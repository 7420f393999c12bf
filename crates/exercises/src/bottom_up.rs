//! For the exercises of stages 3 and 4: a log that is read on the blocking pool, and tests for what no scenario of the
//! suite can see.

use std::fs::File;
use std::io::{self, Read, Write};
use std::mem;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use equivalence::{Fault, Fixture, Running, Settings, Violation};
use merge_core::{Chunk, Closer, Found, Input, MergeError, Output, Result, Summary};
use stage_parts::{block_on_one_thread, input_error};
use tokio::join;
use tokio::runtime::{Builder, Handle, Id};
use tokio::sync::oneshot;
use tokio::task::{JoinSet, spawn_blocking, yield_now};
use tokio::time::sleep;

use crate::stage3;
use crate::watchdog::{LOOKS, or_panic, within_patience};

/// Waits until `condition` holds, while the run goes on.
fn await_that(run: &Running, settings: &Settings, condition: impl Fn() -> bool) -> Result<(), Violation> {
    let deadline = Instant::now() + settings.patience;
    while !condition() {
        if run.has_ended() || Instant::now() > deadline {
            return Err(Violation::Hung { waiting_for: "the followers".into(), patience: settings.patience });
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// A read that panics.
///
/// # Panics
///
/// Always.
pub fn panicking_read(_: &mut Input) -> Result<Found> {
    panic!("the read panics, as it was told to")
}

/// Runs an entry point whose reads [panic](panicking_read). The run has to end with that panic as its error.
///
/// # Panics
///
/// When it does not.
pub fn a_panic_of_the_read_is_an_error(merge: equivalence::EntryPoint) {
    let fixture = Fixture::new(1, &Settings::default());
    let mut fixture = fixture.with_an_hour();
    fixture.append(0, "a\n");
    or_panic(fixture.start(merge).end_with_error(
        "the panic of the read, with its message and nothing else",
        |error| matches!(error, MergeError::Panicked(message) if message == "the read panics, as it was told to"),
    ));
}

/// An entry point that reads with another function.
pub type ReadingEntryPoint = fn(Vec<Input>, Duration, Output, fn(&mut Input) -> Result<Found>) -> Result<Summary>;

/// A log is idle for many intervals. As long as `has_unread` says that there is nothing new, nothing is read.
///
/// # Panics
///
/// When it is read.
pub fn an_idle_log_is_not_read(merge: ReadingEntryPoint) {
    /// The reads that have found nothing. Only this test counts.
    static READS: AtomicU64 = AtomicU64::new(0);

    let mut fixture = Fixture::new(1, &Settings::default());
    fixture.append(0, "a\n");
    let run = fixture.start(move |inputs, interval, output| {
        merge(inputs, interval, output, |input| {
            let found = input.read_lines();
            READS.fetch_add(u64::from(matches!(found, Ok(Found::NoNewData))), Ordering::Relaxed);
            found
        })
    });
    or_panic(run.await_merge(&fixture.sources()));
    // The time that a wrong follower takes is a guess. A wrong guess lets a wrong answer pass and never fails a right
    // one.
    for _ in 0..100 {
        let reads = READS.load(Ordering::Relaxed);
        assert!(reads <= LOOKS, "a log was read {reads} times while there was nothing new in it");
        std::thread::sleep(Duration::from_millis(2));
    }
    run.close_all();
    or_panic(run.end_confirmed(&fixture.sources()));
}

/// Two logs, and a read that waits until the other log is being read as well.
///
/// # Panics
///
/// When only one log is read at a time.
pub fn a_read_that_takes_long_holds_up_no_other(merge: ReadingEntryPoint) {
    /// How many logs are being read. Only this test counts.
    static READ: (Mutex<u64>, Condvar) = (Mutex::new(0), Condvar::new());

    let settings = Settings::default();
    let mut fixture = Fixture::new(2, &settings).with_an_hour();
    for input in 0..2 {
        fixture.append(input, format!("{input}\n"));
    }
    let run = fixture.start(move |inputs, interval, output| {
        merge(inputs, interval, output, |input| {
            let mut read = READ.0.lock().unwrap_or_else(PoisonError::into_inner);
            *read += 1;
            READ.1.notify_all();
            // Shorter than a wait of the test, so that its report is this one.
            let patience = Settings::default().patience / 2;
            let waited = READ.1.wait_timeout_while(read, patience, |read| *read < 2);
            let in_vain = waited.unwrap_or_else(PoisonError::into_inner).1.timed_out();
            assert!(!in_vain, "while one log was read, the other one had to wait");
            input.read_lines()
        })
    });
    or_panic(run.await_merge(&fixture.sources()));
    run.close_all();
    or_panic(run.end_confirmed(&fixture.sources()));
}

/// Waits for data in one input, and returns how often it has looked.
pub type AwaitData<F> = fn(Input, Duration) -> F;

/// Followers wait for data on one thread. A task of the same thread writes it, after `time`. Returns the looks.
///
/// # Panics
///
/// When a follower takes a second thread.
fn looks<F>(inputs: usize, interval: Duration, time: Duration, await_data: AwaitData<F>) -> Vec<u64>
where
    F: Future<Output = Result<u64>> + Send + 'static,
{
    let mut fixture = Fixture::new(inputs, &Settings::default());
    let opened = Input::open_all(&fixture.paths).expect("scratch files can be opened");
    let pool = Arc::new(AtomicU64::new(0));
    let started = Arc::clone(&pool);
    // Called for each thread of the blocking pool: this runtime starts no others.
    let count = move || {
        started.fetch_add(1, Ordering::Relaxed);
    };
    let runtime = Builder::new_current_thread().enable_time().on_thread_start(count).build().expect("a runtime");
    let looks = runtime.block_on(async move {
        let mut followers = JoinSet::new();
        for input in opened {
            followers.spawn(await_data(input, interval));
        }
        sleep(time).await;
        for input in 0..inputs {
            fixture.append(input, "a\n");
        }
        let looks = followers.join_all().await.into_iter().collect::<Result<_>>();
        looks.expect("a scratch file can be looked at")
    });
    let pool = pool.load(Ordering::Relaxed);
    assert!(pool == 0, "a wait took a thread of the blocking pool: {pool} of them were started");
    looks
}

/// A hundred followers share one thread.
///
/// # Panics
///
/// When they do not end.
pub fn a_hundred_followers_wait_at_the_same_time<F>(await_data: AwaitData<F>)
where
    F: Future<Output = Result<u64>> + Send + 'static,
{
    within_patience("a hundred followers that share one thread", move || {
        looks(100, Duration::from_millis(5), Duration::from_millis(20), await_data);
    });
}

/// Data comes after five intervals.
///
/// # Panics
///
/// When a follower looks much more often than that.
pub fn it_looks_once_per_interval<F>(await_data: AwaitData<F>)
where
    F: Future<Output = Result<u64>> + Send + 'static,
{
    within_patience("a follower", move || {
        let looks = looks(1, Duration::from_millis(20), Duration::from_millis(100), await_data)[0];
        assert!(looks <= 12, "it looked {looks} times within five intervals");
    });
}

/// A log whose reads run on the runtime's blocking pool.
#[derive(Debug)]
pub struct PooledLog {
    input: Input,
    reader: Arc<Mutex<Reader>>,
    /// For a test: receives a message when a read has taken lines out of the file.
    taken: Option<mpsc::Sender<()>>,
    /// For a test: counts the reads.
    reads: Arc<AtomicU64>,
}

/// The file, how far it has been read, and the start of a line that has no newline yet.
#[derive(Debug)]
struct Reader {
    file: File,
    unfinished: Vec<u8>,
}

impl PooledLog {
    /// The log behind `input`, from its start.
    ///
    /// # Errors
    ///
    /// When its file cannot be opened.
    pub fn open(input: Input) -> Result<Self> {
        let file = File::open(input.path()).map_err(input_error(&input))?;
        let reader = Reader { file, unfinished: Vec::new() };
        Ok(Self { input, reader: Arc::new(Mutex::new(reader)), taken: None, reads: Arc::default() })
    }

    /// The same, but each read that has taken lines out of the file sends a message, and then waits for the close.
    ///
    /// # Errors
    ///
    /// As [`PooledLog::open`].
    pub fn open_slow(input: Input, taken: mpsc::Sender<()>) -> Result<Self> {
        Ok(Self { taken: Some(taken), ..Self::open(input)? })
    }

    /// The same, but each read is counted.
    ///
    /// # Errors
    ///
    /// As [`PooledLog::open`].
    pub fn open_counted(input: Input, reads: Arc<AtomicU64>) -> Result<Self> {
        Ok(Self { reads, ..Self::open(input)? })
    }

    /// Reads what was written since the last read: whole lines, no new data, or, after the close, the end.
    ///
    /// Not cancel safe: if the future is dropped half way, the lines that it has read are lost.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub async fn read(&self) -> Result<Found> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        // First the signal, then the file: the read then sees everything that was written before the close.
        let closed = self.input.closer().is_closed();
        let reader = Arc::clone(&self.reader);
        let read = move || reader.lock().unwrap_or_else(PoisonError::into_inner).read(closed);
        let found = spawn_blocking(read)
            .await
            .map_err(|error| MergeError::ended_early(error.try_into_panic().ok()))?
            .map_err(input_error(&self.input))?;
        if let (Some(taken), Found::Lines(_)) = (&self.taken, &found) {
            // The receiver is gone if the test has given up.
            let _ = taken.send(());
            self.closed().await;
            // A task that also waits for the close sees it before this read returns.
            yield_now().await;
        }
        Ok(found)
    }

    /// Completes when the log is closed. Cancel safe.
    pub async fn closed(&self) {
        self.input.closed().await;
    }
}

impl Reader {
    fn read(&mut self, closed: bool) -> io::Result<Found> {
        self.file.read_to_end(&mut self.unfinished)?;
        if let Some(newline) = self.unfinished.iter().rposition(|&byte| byte == b'\n') {
            let rest = self.unfinished.split_off(newline + 1);
            return Ok(Found::Lines(mem::replace(&mut self.unfinished, rest).into()));
        }
        if !closed {
            return Ok(Found::NoNewData);
        }
        if self.unfinished.is_empty() {
            return Ok(Found::End);
        }
        self.unfinished.push(b'\n');
        Ok(Found::Lines(mem::take(&mut self.unfinished).into()))
    }
}

/// Closes a log while a read of it is running. The lines that this read has taken out of the file must come out. The
/// entry point opens its logs with [`PooledLog::open_slow`].
///
/// # Panics
///
/// When it does not.
pub fn what_a_read_has_taken_at_the_close_comes_out(
    merge: fn(Vec<Input>, Duration, Output, mpsc::Sender<()>) -> Result<Summary>,
) {
    let check = || {
        let settings = Settings::default();
        let mut fixture = Fixture::new(1, &settings).with_an_hour();
        fixture.append(0, "a\nb\nhalf");
        let (taken, has_taken) = mpsc::channel();
        let run = fixture.start(move |inputs, interval, output| merge(inputs, interval, output, taken));
        if has_taken.recv_timeout(settings.patience).is_err() {
            return Err(Violation::Hung { waiting_for: "a read".into(), patience: settings.patience });
        }
        run.close_all();
        run.end_confirmed(&fixture.sources())
    };
    or_panic(check());
}

/// A log that is open and idle is read once per interval, which is an hour here. The entry point opens its logs with
/// [`PooledLog::open_counted`].
///
/// # Panics
///
/// When it is read again and again.
pub fn an_idle_log_is_left_alone(merge: fn(Vec<Input>, Duration, Output, Arc<AtomicU64>) -> Result<Summary>) {
    let fixture = Fixture::new(1, &Settings::default()).with_an_hour();
    let reads = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&reads);
    let run = fixture.start(move |inputs, interval, output| merge(inputs, interval, output, counted));
    // The time that a busy follower takes is a guess. A wrong guess lets a wrong answer pass and never fails a right
    // one.
    for _ in 0..100 {
        let reads = reads.load(Ordering::Relaxed);
        assert!(reads <= LOOKS, "it read {reads} times within a moment, where the interval is an hour");
        std::thread::sleep(Duration::from_millis(2));
    }
    run.close_all();
    or_panic(run.end_confirmed(&fixture.sources()));
}

/// An output that takes nothing. Its drop waits until the follower of the one input has been heard: the writer is still
/// there when its queue is gone.
struct GoneOutput {
    closer: Closer,
    /// All that can be read from the input.
    backlog: u64,
}

impl Write for GoneOutput {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for GoneOutput {
    fn drop(&mut self) {
        // A writer may also drop its output before its queue. Then the follower hears nothing, and this waits in vain.
        let deadline = Instant::now() + Duration::from_secs(2);
        while !self.closer.is_closed() && self.closer.bytes_read() < self.backlog && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// The output fails at the first write, and its input has far more than fits into the queue. The follower is told at its
/// next write, before the output's own error comes: it stops, and the run ends with that error.
///
/// # Panics
///
/// When it reads the rest, or the run ends otherwise.
pub fn an_output_that_fails_ends_the_reading(merge: equivalence::EntryPoint) {
    const BACKLOG: usize = 32 * 1024 * 1024;
    /// The queue, and what is on its way to it.
    const MOST: u64 = 16 * 1024 * 1024;

    let mut fixture = Fixture::new(1, &Settings::default()).with_an_hour();
    fixture.append_backlogs(BACKLOG);
    let inputs = Input::open_all(&fixture.paths).expect("a scratch file can be opened");
    let closer = inputs[0].closer();
    let backlog = fixture.sources()[0].bytes.len() as u64;
    let output = Output::new("(gone)", GoneOutput { closer: closer.clone(), backlog });
    let run = fixture.start_opened(merge, inputs, output);
    or_panic(run.end_with_error("the output's", |error| matches!(error, MergeError::Output { .. })));
    let read = closer.bytes_read();
    assert!(read <= MOST, "{read} bytes were read after the output had failed, where {MOST} may be");
}

/// The runtimes on which [`tail_async`] was driven, and the folder of its input.
static RUNTIMES: Mutex<Vec<(PathBuf, Id)>> = Mutex::new(Vec::new());

/// Stage 3's tail. It notes the runtime that drives it, for [`one_runtime_serves_all_followers`].
///
/// # Errors
///
/// As [`stage3::tail_async`].
pub async fn tail_async(input: Input, interval: Duration, write: impl AsyncFnMut(Chunk) -> Result<()>) -> Result<()> {
    if let (Some(folder), Ok(mut runtimes)) = (input.path().parent(), RUNTIMES.lock()) {
        runtimes.push((folder.to_owned(), Handle::current().id()));
    }
    stage3::tail_async(input, interval, write).await
}

/// Three followers run [`tail_async`], all of them on one runtime.
///
/// # Panics
///
/// When there are more runtimes.
pub fn one_runtime_serves_all_followers(merge: equivalence::EntryPoint) {
    let mut fixture = Fixture::new(3, &Settings::default()).with_an_hour();
    for input in 0..3 {
        fixture.append(input, "a\n");
    }
    let run = fixture.start(merge);
    or_panic(run.await_merge(&fixture.sources()));
    run.close_all();
    or_panic(run.end_confirmed(&fixture.sources()));
    let runtimes = RUNTIMES.lock().unwrap_or_else(PoisonError::into_inner);
    let own = runtimes.iter().filter(|(folder, _)| folder == fixture.folder());
    let mut own: Vec<_> = own.map(|(_, runtime)| runtime.to_string()).collect();
    own.sort();
    own.dedup();
    assert!(own.len() == 1, "3 followers ran on {} runtimes", own.len());
}

/// An entry point whose followers warn: it adds one for each warning. The number is the length of the queue.
pub type WarningEntryPoint = fn(Vec<Input>, Duration, Output, usize, Arc<AtomicU64>) -> Result<Summary>;

/// The output takes nothing until there has been a warning. Then all lines come out.
///
/// # Panics
///
/// When no warning comes, or a line is lost.
pub fn it_warns_when_the_output_is_slow_and_loses_nothing(merge: WarningEntryPoint) {
    let settings = Settings::default();
    let mut fixture = Fixture::new(4, &settings);
    for input in 0..4 {
        fixture.append(input, format!("{input}\n"));
    }
    fixture.captured.hold();
    let warnings = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&warnings);
    let run = fixture.start(move |inputs, interval, output| merge(inputs, interval, output, 1, count));
    or_panic(run.await_held());
    // Four lines: one is being written, one is in the queue, and the followers of the others wait.
    let deadline = Instant::now() + settings.patience;
    while warnings.load(Ordering::Relaxed) < 2 {
        if Instant::now() > deadline {
            let waiting_for = "a warning from each follower that waits".into();
            or_panic::<()>(Err(Violation::Hung { waiting_for, patience: settings.patience }));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    fixture.captured.release();
    run.close_all();
    or_panic(run.end_confirmed(&fixture.sources()));
}

/// A queue in which all lines have room: no follower waits, and none of them warns.
///
/// # Panics
///
/// When one does.
pub fn it_does_not_warn_when_there_is_room(merge: WarningEntryPoint) {
    let mut fixture = Fixture::new(4, &Settings::default());
    for input in 0..4 {
        fixture.append(input, format!("{input}\n"));
    }
    let warnings = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&warnings);
    let run = fixture.start(move |inputs, interval, output| merge(inputs, interval, output, 16, count));
    or_panic(run.await_merge(&fixture.sources()));
    run.close_all();
    or_panic(run.end_confirmed(&fixture.sources()));
    let warnings = warnings.load(Ordering::Relaxed);
    assert!(warnings == 0, "there were {warnings} warnings, where the queue had room");
}

/// The signal comes while the output is slow, and then the output fails. That is the result of the run.
///
/// # Panics
///
/// When it is not.
pub fn an_error_after_the_signal_is_returned(merge: SignalledEntryPoint) {
    let settings = Settings::default();
    let mut fixture = Fixture::new(1, &settings).with_an_hour();
    fixture.append(0, "a\n");
    fixture.captured.hold();
    let (send, signal) = oneshot::channel();
    let run = fixture.start(move |inputs, interval, output| merge(inputs, interval, output, signal));
    or_panic(run.await_held());
    // The receiver is gone if the run has ended already.
    let _ = send.send(());
    or_panic(await_that(&run, &settings, || run.closers[0].is_closed()));
    fixture.captured.fail_after(0, Fault::Full);
    fixture.captured.release();
    or_panic(run.end_with_error("the output's", |error| matches!(error, MergeError::Output { .. })));
}

/// The signal comes while the output takes nothing, and the output goes on a moment later. All lines come out, and the
/// run ends with its summary.
///
/// # Panics
///
/// When it gives up before.
pub fn after_the_signal_a_slow_output_is_awaited(merge: SignalledEntryPoint) {
    let check = || {
        let settings = Settings::default();
        let mut fixture = Fixture::new(1, &settings).with_an_hour();
        // More than the queue takes.
        fixture.append_backlogs(12 * 1024 * 1024);
        fixture.captured.hold();
        let (send, signal) = oneshot::channel();
        let run = fixture.start(move |inputs, interval, output| merge(inputs, interval, output, signal));
        run.await_held()?;
        // The receiver is gone if the run has ended already.
        let _ = send.send(());
        await_that(&run, &settings, || run.closers[0].is_closed())?;
        // How long a wrong run waits is a guess. A wrong guess lets a wrong answer pass and never fails a right one.
        std::thread::sleep(Duration::from_millis(300));
        fixture.captured.release();
        let ended = run.end_confirmed(&fixture.sources());
        if let Err(Violation::Failed(_) | Violation::Panicked { .. }) = ended {
            // First the output, whatever the run returns.
            equivalence::confirm(&fixture.sources(), &fixture.captured.bytes())?;
        }
        ended
    };
    or_panic(check());
}

/// An entry point that ends its run when it receives a signal.
pub type SignalledEntryPoint = fn(Vec<Input>, Duration, Output, oneshot::Receiver<()>) -> Result<Summary>;

/// Followers sleep for an hour. Their logs grow, and then the signal comes: these last lines must come out.
///
/// # Panics
///
/// When they do not.
pub fn at_the_signal_what_was_written_comes_out(merge: SignalledEntryPoint) {
    let (send, signal) = oneshot::channel();
    let run = move |inputs, interval, output| merge(inputs, interval, output, signal);
    let press = move || {
        // The receiver is gone if the run has ended already. The test finds that itself.
        let _ = send.send(());
    };
    or_panic(ends_at(press, run));
}

/// The same with a real ctrl-c. Only on Unix: on other systems a test cannot send one, and this does nothing.
///
/// # Panics
///
/// When they do not.
pub fn at_ctrl_c_what_was_written_comes_out(merge: equivalence::EntryPoint) {
    #[cfg(unix)]
    {
        use nix::sys::signal::{Signal, kill};
        use nix::unistd::Pid;
        use tokio::signal::unix::{SignalKind, signal};

        // Without a listener, ctrl-c would end all tests. Tokio still catches it after this listener has been dropped.
        let listened = block_on_one_thread(async { signal(SignalKind::interrupt()).map_err(MergeError::Start) });
        assert!(listened.is_ok(), "a handler for the signal can be installed");
        let press = || assert!(kill(Pid::this(), Signal::SIGINT).is_ok(), "a signal can be sent");
        or_panic(ends_at(press, merge));
    }
    #[cfg(not(unix))]
    let _ = merge;
}

/// The run ends with [`MergeError::Start`], although nothing closes its inputs.
///
/// # Panics
///
/// When it does not.
pub fn a_signal_that_cannot_be_listened_to_is_an_error(merge: equivalence::EntryPoint) {
    let fixture = Fixture::new(1, &Settings::default()).with_an_hour();
    let run = fixture.start(merge);
    or_panic(run.end_with_error("MergeError::Start", |error| matches!(error, MergeError::Start(_))));
}

/// Each message of `follow` is at most one line, or `most` bytes.
///
/// # Panics
///
/// When one is longer.
pub fn messages_are_small<F>(most: usize, follow: fn(Input, Duration, tokio::sync::mpsc::Sender<Chunk>) -> F)
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut fixture = Fixture::new(1, &Settings::default());
    fixture.append(0, format!("{}\n", "x".repeat(80)).repeat(10_000));
    fixture.append(0, format!("{}\n", "y".repeat(200 * 1024)));
    within_patience("all messages", move || {
        let input = Input::open(&fixture.paths[0]).expect("a scratch file can be opened");
        input.closer().close();
        let followed = block_on_one_thread(async {
            let (queue, mut messages) = tokio::sync::mpsc::channel::<Chunk>(1);
            let check = async {
                while let Some(message) = messages.recv().await {
                    let is_a_line = message.iter().position(|&byte| byte == b'\n') == Some(message.len() - 1);
                    let length = message.len();
                    assert!(is_a_line || length <= most, "a message of {length} bytes, and of more than one line");
                }
            };
            join!(follow(input, fixture.interval, queue), check).0
        });
        followed.expect("the log can be followed");
    });
}

/// Sends the signal while the followers sleep and have more to read, and checks the output.
fn ends_at(
    signal: impl FnOnce(),
    merge: impl FnOnce(Vec<Input>, Duration, Output) -> Result<Summary> + Send + 'static,
) -> Result<(), Violation> {
    let mut fixture = Fixture::new(3, &Settings::default()).with_an_hour();
    for input in 0..3 {
        fixture.append(input, format!("{input}-first\n"));
    }
    let run = fixture.start(merge);
    run.await_merge(&fixture.sources())?;
    for input in 0..3 {
        fixture.append(input, format!("{input}-last\n{input}-half"));
    }
    signal();
    let captured = fixture.captured.clone();
    match run.await_end() {
        // First the output, whatever the run returns.
        ended @ (Ok(_) | Err(Violation::Failed(_))) => {
            equivalence::confirm(&fixture.sources(), &captured.bytes())?;
            ended.map(drop)
        }
        Err(other) => Err(other),
    }
}

/// One log has long lines, three others have many short ones, and the output takes nothing at first. No line may be
/// torn.
///
/// # Panics
///
/// When one is.
pub fn long_lines_stay_whole_beside_others(merge: equivalence::EntryPoint) {
    let check = || {
        let settings = Settings::default();
        let mut fixture = Fixture::new(4, &settings);
        for line in 0..10 {
            fixture.append(0, format!("{line}{}\n", "x".repeat(200 * 1024)));
        }
        for input in 1..4 {
            let line = |number| format!("{input}-{number}-{}\n", "y".repeat(80));
            fixture.append(input, (0..3000).map(line).collect::<String>());
        }
        fixture.captured.hold();
        let run = fixture.start(merge);
        run.await_held()?;
        // Each follower has lines to hand over before the first of them comes out.
        await_that(&run, &settings, || run.closers.iter().all(|closer| closer.bytes_read() > 0))?;
        fixture.captured.release();
        run.close_all();
        run.end_confirmed(&fixture.sources())
    };
    or_panic(check());
}
