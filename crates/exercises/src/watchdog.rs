//! For tests that could hang.

use std::fs;
use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use equivalence::{Fixture, Settings, Violation};
use merge_core::{Input, MergeError, Output, Result, Summary};
use tokio::runtime::Builder;

/// So often a follower may look at an idle log while a test watches it for a moment, and its interval is an hour. One
/// look is right.
pub(crate) const LOOKS: u64 = 5;

/// Panics with the violation, if there is one.
pub(crate) fn or_panic<T>(found: std::result::Result<T, Violation>) -> T {
    found.unwrap_or_else(|violation| panic!("{violation}\n"))
}

/// Calls `wait` for a second. Meanwhile the thread should sleep, and wake up once.
///
/// # Panics
///
/// When it computes, or wakes up again and again. Only Linux says so for one thread.
pub fn a_wait_costs_no_processor_time(wait: impl FnOnce(Duration)) {
    const TIME: Duration = Duration::from_secs(1);
    /// What a right wait costs a hundred times over. On a busy machine a wrong one may pass.
    const MOST: Duration = Duration::from_millis(30);
    /// A thread that sleeps for 50 ms at a time wakes up twenty times.
    const WAKES: i64 = 8;
    /// A loop around `yield_now` gives way thousands of times, also on a machine that lets it compute little.
    const YIELDS: i64 = 200;

    let before = usage();
    wait(TIME);
    if let (Some(now), Some(before)) = (usage(), before) {
        let (busy, woke) = (now.computed.saturating_sub(before.computed), now.woke - before.woke);
        let yields = now.gave_way - before.gave_way;
        assert!(
            busy < MOST && yields < YIELDS,
            "a core was busy while nothing happened: for {busy:?} of {TIME:?}, and the thread gave way {yields} times"
        );
        assert!(woke < WAKES, "the thread woke up {woke} times within {TIME:?}, while nothing happened");
    }
}

/// What a thread has done so far.
pub(crate) struct Usage {
    /// How long it has computed.
    pub(crate) computed: Duration,
    /// How often it has slept, and woken up.
    woke: i64,
    /// How often it would have gone on, and another thread had its turn.
    gave_way: i64,
}

/// What this thread has done so far. Only Linux says so.
pub(crate) fn usage() -> Option<Usage> {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::resource::{UsageWho, getrusage};
        use nix::sys::time::TimeValLike;
        let usage = getrusage(UsageWho::RUSAGE_THREAD).ok()?;
        let microseconds = (usage.user_time() + usage.system_time()).num_microseconds();
        Some(Usage {
            computed: Duration::from_micros(microseconds.try_into().ok()?),
            woke: usage.voluntary_context_switches(),
            gave_way: usage.involuntary_context_switches(),
        })
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// Runs `test` on a thread of its own, and stops waiting when it does not end in time.
///
/// # Panics
///
/// As `test` does; or with the report of a hang, which names `waiting_for`.
pub fn within_patience(waiting_for: &str, test: impl FnOnce() + Send + 'static) {
    let patience = Settings::default().patience;
    let (ended, end) = channel::<()>();
    let running = thread::spawn(move || {
        // It is dropped with the test, however that ends.
        let _ended = ended;
        test();
    });
    match end.recv_timeout(patience) {
        Err(RecvTimeoutError::Timeout) => {
            panic!("{}", Violation::Hung { waiting_for: waiting_for.to_owned(), patience })
        }
        Err(RecvTimeoutError::Disconnected) | Ok(()) => running.join().unwrap_or_else(|panic| resume_unwind(panic)),
    }
}

/// An input fails while the output holds a write back. The run has to close the other input and then wait for the
/// writer, before it returns the error. Its runtime lives on, so that no drop of it waits instead.
///
/// # Panics
///
/// When it does otherwise.
pub fn an_error_waits_for_the_writer<F>(top: fn(Vec<Input>, Duration, Output) -> F)
where
    F: Future<Output = Result<Summary>> + 'static,
{
    let settings = Settings::default();
    let mut fixture = Fixture::new(2, &settings);
    fixture.append(0, "0-a\n0-half");
    fixture.captured.hold();
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let handle = runtime.handle().clone();
    let run = fixture.start(move |inputs, interval, output| handle.block_on(top(inputs, interval, output)));
    run.await_held().unwrap_or_else(|violation| panic!("{violation}"));

    fixture.rename(1, "away");
    fs::create_dir(&fixture.paths[1]).expect("a scratch folder");
    let at_work = || assert!(!run.has_ended(), "the run returned while its writer was still at work");
    let deadline = Instant::now() + settings.patience;
    while !run.closers[0].is_closed() {
        at_work();
        assert!(Instant::now() < deadline, "it hung: one input has failed, and the other one is still open");
        thread::sleep(Duration::from_millis(1));
    }
    // The time that a wrong run takes is a guess. A wrong guess lets a wrong answer pass and never fails a right one.
    for _ in 0..100 {
        at_work();
        thread::sleep(Duration::from_millis(2));
    }

    fixture.captured.release();
    run.end_with_error("the failing input, by its path", |error| matches!(error, MergeError::NotRegular { .. }))
        .and_then(|()| equivalence::confirm(&fixture.sources(), &fixture.captured.bytes()))
        .unwrap_or_else(|violation| panic!("{violation}"));
}
