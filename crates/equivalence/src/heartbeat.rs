//! Whether an async top leaves the runtime's workers free.
//!
//! The entry point cannot show that: it is blocking, and a merge that blocks its only worker still merges. So these
//! checks look from inside, on a current-thread runtime. A task beats beside the merge, and the beat has to go on while
//! the output is held back. A subscriber on the runtime's one thread sees every span of a read that runs there. And a
//! merge whose future is dropped half way has to end its followers, while the runtime goes on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use merge_core::{Input, MergeError, Output, Summary};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::{Fixture, Settings, Violation};

/// Makes the `#[test]`s of an async top: `heartbeat!(stage4::run_tasks)`. The calling crate needs tokio, with
/// `test-util`.
#[macro_export]
macro_rules! heartbeat {
    ($run:path) => {
        #[test]
        fn a_slow_output_blocks_no_runtime_worker() {
            let settings = $crate::Settings::default();
            if let Err(violation) = $crate::heartbeat::check($crate::beating!($run), &settings) {
                panic!("{violation}");
            }
        }

        #[test]
        fn a_read_blocks_no_runtime_worker() {
            let settings = $crate::Settings::default();
            if let Err(violation) = $crate::heartbeat::check_reads($crate::beating!($run), &settings) {
                panic!("{violation}");
            }
        }

        #[test]
        fn a_closed_run_takes_as_long_as_its_output() {
            let settings = $crate::Settings::default();
            if let Err(violation) = $crate::heartbeat::check_time($crate::advanced!($run), &settings) {
                panic!("{violation}");
            }
        }

        #[test]
        fn a_run_whose_future_is_dropped_ends_its_followers() {
            let settings = $crate::Settings::default();
            if let Err(violation) = $crate::heartbeat::check_dropped($crate::dropped!($run), &settings) {
                panic!("{violation}");
            }
        }
    };
}

/// An async top as an entry point that beats: on a current-thread runtime, beside a task that beats for ever.
#[doc(hidden)]
#[macro_export]
macro_rules! beating {
    ($run:path) => {
        |inputs, interval, output, beat| {
            let runtime = ::tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                ::tokio::spawn(async move {
                    loop {
                        beat();
                        ::tokio::time::sleep(::std::time::Duration::from_millis(1)).await;
                    }
                });
                $run(inputs, interval, output).await
            })
        }
    };
}

/// An async top as an entry point whose future is dropped when the first condition holds. Its runtime goes on until the
/// second one does.
#[doc(hidden)]
#[macro_export]
macro_rules! dropped {
    ($run:path) => {
        |inputs, interval, output, drop_it, it_has_ended| {
            let runtime = ::tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let until = async |holds: Box<dyn Fn() -> bool + Send + Sync>| {
                while !holds() {
                    ::tokio::time::sleep(::std::time::Duration::from_millis(1)).await;
                }
            };
            runtime.block_on(async {
                ::tokio::select! {
                    merged = $run(inputs, interval, output) => return merged,
                    () = until(drop_it) => {}
                }
                until(it_has_ended).await;
                Err(::merge_core::MergeError::Cancelled)
            })
        }
    };
}

/// An async top as an entry point on a runtime whose time stands still. When the condition holds, an hour passes at once,
/// and the function is called.
#[doc(hidden)]
#[macro_export]
macro_rules! advanced {
    ($run:path) => {
        |inputs, interval, output, when, then| {
            let runtime =
                ::tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
            runtime.block_on(async {
                ::tokio::spawn(async move {
                    #[allow(clippy::disallowed_methods, reason = "on the blocking pool")]
                    let wait = move || {
                        while !when() {
                            ::std::thread::sleep(::std::time::Duration::from_millis(1));
                        }
                    };
                    // While a call runs on the pool, time does not advance by itself.
                    ::tokio::task::spawn_blocking(wait).await.unwrap();
                    ::tokio::time::advance(::std::time::Duration::from_secs(3600)).await;
                    then();
                });
                $run(inputs, interval, output).await
            })
        }
    };
}

/// A condition to wait for.
pub type Condition = Box<dyn Fn() -> bool + Send + Sync>;

/// An entry point whose run is dropped when the first condition holds, and which returns when the second one does.
pub type DroppedEntryPoint = fn(Vec<Input>, Duration, Output, Condition, Condition) -> merge_core::Result<Summary>;

/// Drops the future of a run whose followers sleep for an hour, and waits for their files to be closed.
///
/// # Errors
///
/// [`Violation::LeftBehind`] when they are not.
pub fn check_dropped(merge: DroppedEntryPoint, settings: &Settings) -> Result<(), Violation> {
    let mut fixture = Fixture::new(3, settings).with_an_hour();
    for input in 0..3 {
        fixture.append(input, format!("{input}\n"));
    }
    let (captured, folder, patience) = (fixture.captured.clone(), fixture.folder().to_owned(), settings.patience);
    let run = fixture.start(move |inputs, interval, output| {
        let merged = Box::new(move || captured.bytes().len() == 6);
        let since = OnceLock::new();
        let closed = Box::new(move || {
            let late = since.get_or_init(Instant::now).elapsed() > patience;
            late || crate::process::open_files_in(&folder).is_empty()
        });
        merge(inputs, interval, output, merged, closed)
    });
    run.end_with_error("that it was dropped", |error| matches!(error, MergeError::Cancelled))
}

/// An entry point that is given a function to call for every beat of its runtime.
pub type BeatingEntryPoint =
    fn(Vec<Input>, Duration, Output, Box<dyn Fn() + Send + Sync>) -> merge_core::Result<Summary>;

/// Holds the output back and waits for the runtime to beat all the same: after one line, and when all that may wait for
/// the output waits for it.
///
/// # Errors
///
/// [`Violation::BlockedWorker`] when it does not; else as any scenario.
pub fn check(merge: BeatingEntryPoint, settings: &Settings) -> Result<(), Violation> {
    let mut fixture = Fixture::new(2, settings);
    fixture.append(0, "a\n");
    beats_on(merge, &fixture, settings)?;
    let mut fixture = Fixture::new(2, settings);
    fixture.append_backlogs(20 * 1024 * 1024);
    beats_on(merge, &fixture, settings)
}

fn beats_on(merge: BeatingEntryPoint, fixture: &Fixture, settings: &Settings) -> Result<(), Violation> {
    const BEATS: u64 = 5;

    fixture.captured.hold();
    let beats = Arc::new(AtomicU64::new(0));
    let run = {
        let beats = Arc::clone(&beats);
        let beat = move || {
            beats.fetch_add(1, Ordering::Relaxed);
        };
        fixture.start(move |inputs, interval, output| merge(inputs, interval, output, Box::new(beat)))
    };
    // On a blocked worker not even the first write comes about.
    let blocked = |violation| match violation {
        Violation::Hung { .. } if beats.load(Ordering::Relaxed) < BEATS => {
            Violation::BlockedWorker { patience: settings.patience }
        }
        other => other,
    };
    run.await_standstill(u64::MAX).map_err(blocked)?;

    let deadline = Instant::now() + settings.patience;
    let until = beats.load(Ordering::Relaxed) + BEATS;
    while beats.load(Ordering::Relaxed) < until {
        if Instant::now() > deadline {
            return Err(Violation::BlockedWorker { patience: settings.patience });
        }
        thread::sleep(Duration::from_millis(1));
    }
    fixture.captured.release();
    run.close_all();
    run.end_confirmed(&fixture.sources())
}

/// An entry point for which an hour passes when the condition holds. Then it calls the function.
pub type AdvancedEntryPoint =
    fn(Vec<Input>, Duration, Output, Condition, Box<dyn Fn() + Send + Sync>) -> merge_core::Result<Summary>;

/// Closes a run whose output stands still, and lets an hour pass before the output goes on. Tokio's time is paused, so
/// this sees any limit on the time that a close or a hand-over may take, however long it is.
///
/// # Errors
///
/// [`Violation::Lost`] when the run gives up; else as any scenario.
pub fn check_time(merge: AdvancedEntryPoint, settings: &Settings) -> Result<(), Violation> {
    let mut fixture = Fixture::new(3, settings);
    fixture.append_backlogs(12 * 1024 * 1024);
    fixture.captured.hold();
    let (close, passed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let run = {
        let (close, passed) = (Arc::clone(&close), Arc::clone(&passed));
        let when = Box::new(move || close.load(Ordering::Relaxed));
        let then = Box::new(move || passed.store(true, Ordering::Relaxed));
        fixture.start(move |inputs, interval, output| merge(inputs, interval, output, when, then))
    };
    run.await_standstill(u64::MAX)?;
    run.close_all();
    close.store(true, Ordering::Relaxed);
    run.await_condition("an hour to pass", || passed.load(Ordering::Relaxed))?;
    fixture.captured.release();
    run.end_confirmed(&fixture.sources())
}

/// Runs a merge, and sees on which threads it reads.
///
/// # Errors
///
/// [`Violation::ReadOnWorker`] when it was the runtime's own; else as any scenario.
pub fn check_reads(merge: BeatingEntryPoint, settings: &Settings) -> Result<(), Violation> {
    let mut fixture = Fixture::new(2, settings);
    for input in 0..2 {
        fixture.append(input, format!("{input}\n"));
    }
    let read = Arc::new(AtomicBool::new(false));
    let subscriber = Reads(Arc::clone(&read));
    // It counts for this thread alone, which is the only worker. The pool's threads have none.
    let (path, seen) = (fixture.paths[0].clone(), Arc::clone(&read));
    let run = fixture.start(move |inputs, interval, output| {
        tracing::subscriber::with_default(subscriber, || {
            // The first thread that comes to a span decides whether any subscriber wants it: let it be this one.
            let _ = Input::open(path).and_then(|mut input| input.read_lines());
            seen.store(false, Ordering::Relaxed);
            merge(inputs, interval, output, Box::new(|| {}))
        })
    });
    run.await_merge(&fixture.sources())?;
    run.close_all();
    run.end_confirmed(&fixture.sources())?;
    if read.load(Ordering::Relaxed) { Err(Violation::ReadOnWorker) } else { Ok(()) }
}

/// Remembers that a read has begun.
struct Reads(Arc<AtomicBool>);

impl Subscriber for Reads {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.name() == "read_lines"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        self.0.store(true, Ordering::Relaxed);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
