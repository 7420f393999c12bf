//! Parts of an async top over the blocking tail, which the exercises of stage 2 are given.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use equivalence::{EntryPoint, Fault, Fixture, Settings, Violation};
use merge_core::{Chunk, Input, MergeError, Output, Progress, Result, Summary};
/// A runtime with this thread only: a top that blocks its worker stops everything.
pub use stage_parts::block_on_one_thread as block_on;
use tokio::runtime::Builder;
use tokio::time::sleep;

use crate::watchdog::{or_panic, usage};

/// Returns a function that writes to `output` from any thread: stage 1's mutex, with a clone for each follower. Blocks.
pub fn shared(output: Output) -> impl FnMut(Chunk) -> Result<()> + Clone + Send + 'static {
    let output = Arc::new(Mutex::new(output));
    move |chunk| match output.lock() {
        Ok(mut output) => output.write(&chunk),
        Err(_poisoned) => Err(MergeError::OutputGone),
    }
}

/// The output takes nothing while the queue is full. The followers wait for room in it, and do not compute.
///
/// # Panics
///
/// When they do. Only Linux says so for one thread.
pub fn followers_that_wait_keep_no_core_busy<F>(top: fn(Vec<Input>, Duration, Output) -> F)
where
    F: Future<Output = Result<Summary>> + 'static,
{
    const TIME: Duration = Duration::from_secs(1);
    /// What it costs to read and write the backlog, many times over. On a busy machine a wrong answer may pass.
    const MOST: Duration = Duration::from_millis(100);

    let busy = Arc::new(AtomicU64::new(0));
    let mut fixture = Fixture::new(2, &Settings::default()).with_an_hour();
    fixture.append_backlogs(4 * 1024 * 1024);
    fixture.captured.hold();
    let run = {
        let busy = Arc::clone(&busy);
        fixture.start(move |inputs, interval, output| {
            // Each thread of the pool says at its end how long it has computed.
            let at_end = move || {
                let computed = usage().map(|usage| usage.computed).unwrap_or_default();
                busy.fetch_add(u64::try_from(computed.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
            };
            let runtime = Builder::new_current_thread().enable_all().on_thread_stop(at_end).build();
            runtime.map_err(MergeError::Start)?.block_on(top(inputs, interval, output))
        })
    };
    or_panic(run.await_standstill(u64::MAX));
    thread::sleep(TIME);
    fixture.captured.release();
    run.close_all();
    or_panic(run.end_confirmed(&fixture.sources()));
    let busy = Duration::from_micros(busy.load(Ordering::Relaxed));
    assert!(busy < MOST, "a core was busy while the followers waited: for {busy:?} of {TIME:?}");
}

/// The output fails at the first write, and the input has far more than fits into the queue. Its follower is told at the
/// next write, and stops.
///
/// # Panics
///
/// When it reads the rest.
pub fn an_output_that_fails_ends_the_reading(merge: EntryPoint) {
    const BACKLOG: usize = 32 * 1024 * 1024;
    /// The queue, and what is on its way to it.
    const MOST: u64 = 16 * 1024 * 1024;

    let mut fixture = Fixture::new(1, &Settings::default()).with_an_hour();
    fixture.append_backlogs(BACKLOG);
    fixture.captured.fail_after(0, Fault::Full);
    let run = fixture.start(merge);
    let closer = run.closers[0].clone();
    or_panic(run.end_with_error("the output's", |error| matches!(error, MergeError::Output { .. })));
    let read = closer.bytes_read();
    assert!(read <= MOST, "{read} bytes were read after the output had failed, where {MOST} may be");
}

/// A follower of one log, which writes to the output.
pub type Follow<F> = fn(Input, Duration, Output) -> F;

/// The one log is closed by another task of the runtime, which has one thread.
///
/// # Panics
///
/// When that task cannot run, or the follower returns before.
pub fn a_task_beside_the_tail_goes_on<F: Future<Output = Result<()>> + 'static>(follow: Follow<F>) {
    let settings = Settings::default();
    let mut fixture = Fixture::new(1, &settings).with_an_hour();
    fixture.append(0, "a\n");
    let (has_run, was_early) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let run = {
        let (has_run, was_early) = (Arc::clone(&has_run), Arc::clone(&was_early));
        fixture.start(move |inputs, interval, output| {
            let (closer, progress) = (inputs[0].closer(), output.progress());
            let beside = async move {
                // The tail is waiting by then.
                while progress.bytes() == 0 {
                    sleep(Duration::from_millis(1)).await;
                }
                has_run.store(true, Ordering::Relaxed);
                closer.close();
            };
            follow_first(follow, beside, &was_early, inputs, interval, output)
        })
    };
    let ended = run.end_confirmed(&fixture.sources());
    assert!(
        !was_early.load(Ordering::Relaxed),
        "`follow` returned while its log was open: does it await the call on the pool?"
    );
    match ended {
        Err(Violation::Hung { patience, .. }) if !has_run.load(Ordering::Relaxed) => {
            or_panic(Err(Violation::BlockedWorker { patience }))
        }
        ended => or_panic(ended),
    }
}

/// The output is full. The follower has to return that.
///
/// # Panics
///
/// When it does not.
pub fn an_error_of_the_tail_comes_back<F: Future<Output = Result<()>> + 'static>(follow: Follow<F>) {
    ends_with(Fault::Full, follow, "the output's", |error| matches!(error, MergeError::Output { .. }));
}

/// The output panics, and so does the call on the pool. The follower has to return that panic as its error.
///
/// # Panics
///
/// When it does not.
pub fn a_panic_of_the_tail_is_an_error<F: Future<Output = Result<()>> + 'static>(follow: Follow<F>) {
    const MESSAGE: &str = "the captured output panics, as it was told to";
    ends_with(
        Fault::Panic,
        follow,
        "the panic of the tail, with its message and nothing else",
        |error| matches!(error, MergeError::Panicked(message) if message == MESSAGE),
    );
}

/// The first write fails. The run has to end with an error like `expected`.
fn ends_with<F: Future<Output = Result<()>> + 'static>(
    fault: Fault,
    follow: Follow<F>,
    expected: &str,
    is_it: fn(&MergeError) -> bool,
) {
    let mut fixture = Fixture::new(1, &Settings::default()).with_an_hour();
    fixture.append(0, "a\n");
    fixture.captured.fail_after(0, fault);
    let run = fixture.start(move |inputs, interval, output| {
        follow_first(follow, std::future::ready(()), &AtomicBool::new(false), inputs, interval, output)
    });
    or_panic(run.end_with_error(expected, is_it));
}

/// Follows one input on a runtime with one thread, beside another task. Notes in `was_early` whether the follower has
/// returned without an error while its log was open.
fn follow_first<F: Future<Output = Result<()>>>(
    follow: Follow<F>,
    beside: impl Future<Output = ()> + Send + 'static,
    was_early: &AtomicBool,
    inputs: Vec<Input>,
    interval: Duration,
    output: Output,
) -> Result<Summary> {
    let progress = output.progress();
    let input = inputs.into_iter().next().ok_or(MergeError::Cancelled)?;
    let closer = input.closer();
    block_on(async {
        tokio::spawn(beside);
        let followed = follow(input, interval, output).await;
        was_early.store(followed.is_ok() && !closer.is_closed(), Ordering::Relaxed);
        // The drop of the runtime waits for a call on the pool that nobody has awaited.
        closer.close();
        followed
    })?;
    Ok(Summary { inputs: 1, lines: progress.lines(), bytes: progress.bytes() })
}

/// 1,500 logs with a line each, and an interval of an hour. All lines come out while the logs are open.
///
/// # Panics
///
/// When some of them are not followed.
pub fn fifteen_hundred_inputs_are_followed(merge: EntryPoint) {
    const INPUTS: usize = 1500;

    let mut fixture = Fixture::new(INPUTS, &Settings::default()).with_an_hour();
    for input in 0..INPUTS {
        fixture.append(input, format!("{input}\n"));
    }
    let run = fixture.start(merge);
    or_panic(run.await_merge(&fixture.sources()));
    run.close_all();
    or_panic(run.end_confirmed(&fixture.sources()));
}

/// Collects how each follower ended. Unlike `FanIn`, it closes nothing.
pub struct Endings {
    inputs: usize,
    progress: Progress,
    first_error: Option<MergeError>,
}

impl Endings {
    /// For a run of `inputs` inputs, which are merged into `output`.
    #[must_use]
    pub fn new(inputs: usize, output: &Output) -> Self {
        Self { inputs, progress: output.progress(), first_error: None }
    }

    /// Adds the result of one follower, or of the writer. Closes nothing.
    pub fn add(&mut self, ended: Result<()>) {
        // `OutputGone` only says that the output has failed: the output's own error, which follows, replaces it.
        if matches!(self.first_error, None | Some(MergeError::OutputGone)) {
            self.first_error = ended.err().or(self.first_error.take());
        }
    }

    /// Whether there has been an error.
    #[must_use]
    pub fn have_error(&self) -> bool {
        self.first_error.is_some()
    }

    /// The result of the run, after all have ended.
    ///
    /// # Errors
    ///
    /// The first error that was added.
    pub fn finish(self) -> Result<Summary> {
        match self.first_error {
            Some(error) => Err(error),
            None => Ok(Summary { inputs: self.inputs, lines: self.progress.lines(), bytes: self.progress.bytes() }),
        }
    }
}
