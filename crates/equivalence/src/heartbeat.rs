//! Whether an async top leaves the runtime's workers free.
//!
//! The entry point cannot show that: it is blocking, and a merge that blocks its only worker still merges. So these
//! checks look from inside, on a current-thread runtime. A task beats beside the merge, and the beat has to go on while
//! the output is held back. And a subscriber on the runtime's one thread sees every span of a read that runs there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use merge_core::{Input, Output, Summary};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::{Fixture, Settings, Violation};

/// Makes the two `#[test]`s of an async top: `heartbeat!(stage4::run_tasks)`. The calling crate needs tokio.
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

/// An entry point that is given a function to call for every beat of its runtime.
pub type BeatingEntryPoint =
    fn(Vec<Input>, Duration, Output, Box<dyn Fn() + Send + Sync>) -> merge_core::Result<Summary>;

/// Holds the output back and waits for the runtime to beat all the same.
///
/// # Errors
///
/// [`Violation::BlockedWorker`] when it does not; else as any scenario.
pub fn check(merge: BeatingEntryPoint, settings: &Settings) -> Result<(), Violation> {
    const BEATS: u64 = 5;

    let mut fixture = Fixture::new(2, settings);
    fixture.append(0, "a\n");
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
    run.await_held().map_err(blocked)?;

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
    let run = fixture.start(move |inputs, interval, output| {
        tracing::subscriber::with_default(subscriber, || merge(inputs, interval, output, Box::new(|| {})))
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
