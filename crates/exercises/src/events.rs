//! Events, for the followers that wait for them, and the tests that they need in addition to the suite's.

use std::fs;
use std::io::Write;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use equivalence::{EntryPoint, Fixture, Settings};
use merge_core::{Input, Output, Result, Summary};
use tokio::sync::mpsc;
use tokio_metrics::TaskMonitor;

use crate::watchdog::{LOOKS, or_panic};

/// The system reports no write through a name in another folder, so no event wakes the follower. The interval is short
/// here, and has to. On a system that reports it, this says nothing.
///
/// # Panics
///
/// When a line does not come out.
pub fn where_no_event_comes_the_interval_helps(merge: EntryPoint) {
    let mut fixture = Fixture::new(1, &Settings::default());
    let folder = fixture.folder().join("elsewhere");
    fs::create_dir(&folder).expect("a scratch folder");
    let second_name = folder.join("log");
    fs::hard_link(&fixture.paths[0], &second_name).expect("a second name for a scratch file");
    let run = fixture.start(merge);
    let mut go = || {
        let mut expected = Vec::new();
        for number in 0..6 {
            fall_asleep();
            let line = format!("{number}\n");
            append(&second_name, &line);
            fixture.remember(0, &line);
            expected.extend(line.into_bytes());
            run.await_output(&expected)?;
        }
        run.close_all();
        Ok(())
    };
    or_panic(go());
    or_panic(run.end_confirmed(&fixture.sources()));
}

fn append(log: &std::path::Path, line: &str) {
    let mut log = fs::OpenOptions::new().append(true).open(log).expect("a scratch file");
    log.write_all(line.as_bytes()).expect("a scratch file can be written");
}

/// Waits until the follower is asleep: otherwise it could see the next line without an event. The time is a guess. A
/// wrong guess lets a wrong answer pass and never fails a right one.
fn fall_asleep() {
    thread::sleep(Duration::from_millis(20));
}

/// A log is open and idle, no event comes, and the interval is an hour. The monitor is for the log's follower.
///
/// # Panics
///
/// When the follower wakes up again and again.
pub fn an_idle_log_is_left_alone(
    merge: impl FnOnce(Vec<Input>, Duration, Output, TaskMonitor) -> Result<Summary> + Send + 'static,
) {
    let fixture = Fixture::new(1, &Settings::default()).with_an_hour();
    let monitor = TaskMonitor::new();
    let counted = monitor.clone();
    let run = fixture.start(move |inputs, interval, output| merge(inputs, interval, output, counted));
    // A follower that polls ten times a second shows itself in half of this time. On a busy machine a wrong one may
    // pass. A right one never fails.
    for _ in 0..100 {
        let woke = monitor.cumulative().total_poll_count;
        assert!(woke <= LOOKS, "the follower woke up {woke} times, where the interval is an hour and no event came");
        thread::sleep(Duration::from_millis(10));
    }
    run.close_all();
    or_panic(run.end_confirmed(&fixture.sources()));
}

/// Tells a follower that its log had an event: the type that `events2` writes.
pub trait Hint: Default + Send + Sync + 'static {
    /// Called for each event.
    fn set(&self);
    /// Completes when there was an event since the last wait.
    fn wait(&self) -> impl Future<Output = ()> + Send;
}

/// Counts how often a task is woken.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn is_ready(future: impl Future) -> bool {
    pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

/// The event comes between the look and the wait.
///
/// # Panics
///
/// When the wait does not end at once.
pub fn an_event_before_the_wait_ends_it_at_once<H: Hint>() {
    let hint = H::default();
    assert!(!is_ready(hint.wait()), "there was no event");
    hint.set();
    assert!(is_ready(hint.wait()), "the event came between the look and the wait, and was lost");
}

/// The event comes during the wait.
///
/// # Panics
///
/// When it does not wake the task, or ends the next wait as well.
pub fn an_event_wakes_the_task_that_waits<H: Hint>() {
    let hint = H::default();
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut wait = pin!(hint.wait());
    assert!(wait.as_mut().poll(&mut Context::from_waker(&waker)).is_pending(), "there was no event");
    hint.set();
    assert!(wakes.0.load(Ordering::SeqCst) > 0, "the event woke nobody");
    assert!(wait.as_mut().poll(&mut Context::from_waker(&waker)).is_ready(), "the task was woken and waits on");
    assert!(!is_ready(hint.wait()), "one event ended two waits");
}

/// A thousand events come during one read.
///
/// # Panics
///
/// When they end more than one wait.
pub fn a_thousand_events_end_one_wait<H: Hint>() {
    let hint = H::default();
    for _ in 0..1000 {
        hint.set();
    }
    assert!(is_ready(hint.wait()), "there were events");
    let more = (0..1000).take_while(|_| is_ready(hint.wait())).count();
    assert!(more == 0, "1000 events came during one look, and each of them costs a look of its own");
}

/// A wait is dropped just when its event has come, as `select!` may do.
///
/// # Panics
///
/// When the event is lost with it.
pub fn a_dropped_wait_leaves_the_event<H: Hint>() {
    let hint = H::default();
    {
        let mut wait = pin!(hint.wait());
        assert!(wait.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending(), "there was no event");
        hint.set();
    }
    assert!(is_ready(hint.wait()), "the wait was dropped when its event had come, and took it along");
}

/// One log is followed, and this tells the follower of its events.
pub type Told<H> = fn(Vec<Input>, Duration, Output, Arc<H>) -> Result<Summary>;

/// 8 MiB are written, and they make one event: equal events in a row are one. The interval is an hour.
///
/// # Panics
///
/// When some lines do not come out.
pub fn one_event_brings_all_lines<H: Hint>(merge: Told<H>) {
    let mut fixture = Fixture::new(1, &Settings::default()).with_an_hour();
    let hint = Arc::new(H::default());
    let run = {
        let hint = Arc::clone(&hint);
        fixture.start(move |inputs, interval, output| merge(inputs, interval, output, hint))
    };
    fall_asleep();
    fixture.append_backlogs(8 * 1024 * 1024);
    hint.set();
    or_panic(run.await_merge(&fixture.sources()));
    run.close_all();
    or_panic(run.end_confirmed(&fixture.sources()));
}

/// What the system says about the logs of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something has happened to this input, by its number.
    Changed(usize),
    /// The system's queue was full, and events were thrown away.
    Overflow,
}

/// The events of a run, as the system would give them.
#[derive(Debug)]
pub struct Source {
    events: mpsc::Receiver<Event>,
    monitor: TaskMonitor,
}

impl Source {
    fn new() -> (mpsc::Sender<Event>, Self) {
        let (sender, events) = mpsc::channel(16);
        (sender, Self { events, monitor: TaskMonitor::new() })
    }

    /// The next event; `None` when the system gives no more. Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// For the followers of the run: it counts how often they wake up.
    #[must_use]
    pub fn monitor(&self) -> TaskMonitor {
        self.monitor.clone()
    }
}

/// An entry point with the events that it gets.
pub type Evented = fn(Vec<Input>, Duration, Output, Source) -> Result<Summary>;

/// The system's queue was full. Nobody knows whose events were thrown away. The interval is an hour.
///
/// # Panics
///
/// When some follower does not look.
pub fn after_an_overflow_all_followers_look(merge: Evented) {
    let fixture = Fixture::new(3, &Settings::default()).with_an_hour();
    all_lines_come(fixture, merge, |events| {
        // An error means that the run has ended, and the test reports that.
        let _ = events.blocking_send(Event::Overflow);
        Some(events)
    });
}

/// The system gives no more events. The interval is an hour.
///
/// # Panics
///
/// When a line does not come out.
pub fn when_the_events_end_the_followers_are_polled(merge: Evented) {
    all_lines_come(Fixture::new(3, &Settings::default()).with_an_hour(), merge, |events| {
        drop(events);
        None
    });
}

/// The system gives no more events. The interval is an hour, and nothing is written.
///
/// # Panics
///
/// When the follower wakes up more often than every 100 ms.
pub fn when_the_events_end_a_follower_looks_ten_times_a_second(merge: Evented) {
    const POLL: Duration = Duration::from_millis(100);

    let (events, source) = Source::new();
    let monitor = source.monitor();
    let fixture = Fixture::new(1, &Settings::default()).with_an_hour();
    let start = Instant::now();
    let run = fixture.start(move |inputs, interval, output| merge(inputs, interval, output, source));
    drop(events);
    thread::sleep(POLL * 5);
    let woke = monitor.cumulative().total_poll_count;
    let polls = start.elapsed().as_millis() / POLL.as_millis();
    let most = 2 * u64::try_from(polls).expect("a short time") + LOOKS;
    assert!(woke <= most, "the follower woke up {woke} times, where {polls} polls are enough");
    run.close_all();
    or_panic(run.end_confirmed(&fixture.sources()));
}

/// As [`an_idle_log_is_left_alone`]. More events could come, and none does.
///
/// # Panics
///
/// As that one.
pub fn a_log_without_events_is_left_alone(merge: Evented) {
    let (_events, source) = Source::new();
    an_idle_log_is_left_alone(move |inputs, interval, output, monitor| {
        merge(inputs, interval, output, Source { monitor, ..source })
    });
}

/// Some changes make no event. The interval is short.
///
/// # Panics
///
/// When a line does not come out.
pub fn a_change_without_an_event_is_found(merge: Evented) {
    all_lines_come(Fixture::new(3, &Settings::default()), merge, Some);
}

/// The followers sleep for an hour, and nothing happens but the close.
///
/// # Panics
///
/// When it does not end the run.
pub fn the_close_ends_a_follower_at_once(merge: Evented) {
    let (_events, source) = Source::new();
    let mut fixture = Fixture::new(3, &Settings::default()).with_an_hour();
    let run = fixture.start(move |inputs, interval, output| merge(inputs, interval, output, source));
    fall_asleep();
    fixture.append(0, "last\n");
    run.close_all();
    or_panic(run.end_confirmed(&fixture.sources()));
}

/// A log gets a line and an event. Then three logs get two lines each, and `say` sends the events, if there are any.
fn all_lines_come(
    mut fixture: Fixture,
    merge: Evented,
    say: impl FnOnce(mpsc::Sender<Event>) -> Option<mpsc::Sender<Event>>,
) {
    let (events, source) = Source::new();
    let run = fixture.start(move |inputs, interval, output| merge(inputs, interval, output, source));
    fixture.append(0, "first\n");
    let _ = events.blocking_send(Event::Changed(0));
    or_panic(run.await_merge(&fixture.sources()));
    let mut events = Some(events);
    let mut say = Some(say);
    for round in 0..2 {
        fall_asleep();
        for input in 0..3 {
            fixture.append(input, format!("{input}-{round}\n"));
        }
        match (say.take(), &events) {
            (Some(say), _) => events = events.and_then(say),
            (None, Some(events)) => (0..3).for_each(|input| {
                let _ = events.blocking_send(Event::Changed(input));
            }),
            (None, None) => {}
        }
        or_panic(run.await_merge(&fixture.sources()));
    }
    run.close_all();
    or_panic(run.end_confirmed(&fixture.sources()));
}
