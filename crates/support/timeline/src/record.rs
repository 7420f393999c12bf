//! The layer that listens to the spans, and the threads that they ran on.

use std::fmt;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, worker_index};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, EnteredSpan, Id};
use tracing::subscriber::{SetGlobalDefaultError, set_global_default};
use tracing::{Subscriber, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

use crate::{Kind, Recording, Span, Thread, Work};

/// The workers of a watched runtime: the picture is the same on any number of cores.
const WORKERS: usize = 2;

/// One per process, as the subscriber is.
static RECORD: LazyLock<Mutex<Record>> = LazyLock::new(Mutex::default);
/// The zero of all times in the record.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A recording whose times count from [`START`] and whose inputs are indices into `paths`.
#[derive(Default)]
struct Record {
    recording: Recording,
    /// Of the recording's threads.
    ids: Vec<ThreadId>,
    paths: Vec<String>,
}

/// Listens to the spans of this process from now on.
///
/// # Errors
///
/// When the process has a subscriber already.
pub fn install() -> Result<(), SetGlobalDefaultError> {
    set_global_default(Registry::default().with(Timeline))
}

/// Forgets what was recorded.
pub fn begin() {
    *record() = Record::default();
}

/// The span of a stage's entry point: hold it while the entry point is called.
pub fn top() -> EnteredSpan {
    info_span!("top").entered()
}

/// What was recorded since [`begin`], up to now.
#[must_use]
pub fn recorded() -> Recording {
    let record = record();
    let Recording { mut threads, mut spans, .. } = record.recording.clone();
    let starts = threads.iter().map(|thread| thread.from).chain(spans.iter().map(|span| span.from));
    let zero = starts.min().unwrap_or_default();
    let length = spans.iter().map(|span| span.to).max().map_or(Duration::ZERO, |end| end.saturating_sub(zero));
    for thread in &mut threads {
        thread.from -= zero;
        // Without an end the thread is still there.
        thread.to = if thread.to == Duration::MAX { length } else { thread.to.saturating_sub(zero) };
    }
    // The inputs in the order of their paths, the shorter first: `10` comes after `9`.
    let rank = |path: &String| record.paths.iter().filter(|other| (other.len(), *other) < (path.len(), path)).count();
    for span in &mut spans {
        span.input = span.input.map(|input| rank(&record.paths[input]));
        span.from -= zero;
        span.to -= zero;
    }
    Recording { threads, spans, length }
}

/// A builder of a runtime whose threads are all recorded, including those that never do anything.
#[must_use]
pub fn watched() -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder
        .worker_threads(WORKERS)
        // A worker starts as a thread of the pool does. It is known as a worker when it first parks.
        .on_thread_start(|| _ = record().seen(Kind::Pool))
        .on_thread_park(|| _ = record().seen(Kind::Pool))
        .on_thread_stop(|| record().seen(Kind::Pool).to = START.elapsed());
    builder
}

fn record() -> MutexGuard<'static, Record> {
    RECORD.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Record {
    /// Notes the calling thread, which is of kind `otherwise` if it is no worker.
    fn seen(&mut self, otherwise: Kind) -> &mut Thread {
        let (thread, threads) = (thread::current(), &mut self.recording.threads);
        let index = self.ids.iter().position(|id| *id == thread.id()).unwrap_or_else(|| {
            self.ids.push(thread.id());
            let name = thread.name().unwrap_or("unnamed").to_owned();
            threads.push(Thread { name, kind: otherwise, from: START.elapsed(), to: Duration::MAX });
            threads.len() - 1
        });
        if let Some(worker) = worker_index() {
            threads[index].kind = Kind::Worker(worker);
        }
        &mut threads[index]
    }

    fn add(&mut self, open: &Open, work: Work, from: Duration) {
        let to = START.elapsed();
        // A thread of a runtime was seen at its start, any other is seen only now.
        let seen = self.seen(Kind::Plain);
        if work != Work::Task {
            seen.from = seen.from.min(from);
        }
        let input = open.path.as_ref().map(|path| {
            self.paths.iter().position(|known| known == path).unwrap_or_else(|| {
                self.paths.push(path.clone());
                self.paths.len() - 1
            })
        });
        // The thread is unknown if the run began before `begin`.
        let thread = self.ids.iter().position(|id| Some(*id) == open.thread);
        self.recording.spans.extend(thread.map(|thread| Span { thread, work, input, from, to }));
    }
}

/// The layer. It keeps its data about a span in the span.
struct Timeline;

/// A span that is not closed yet.
struct Open {
    work: Work,
    path: Option<String>,
    /// When it was first entered.
    first: Option<Duration>,
    /// When and where it was last entered.
    entered: Duration,
    thread: Option<ThreadId>,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Timeline {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let work = match span.name() {
            "top" => Work::Top,
            "tail_file" => Work::Follower,
            "tail_async" => Work::Poll,
            "read_lines" => Work::Read,
            "write" => Work::Write,
            "wait_closed" => Work::Wait,
            _ => return,
        };
        let mut path = Path(None);
        attributes.record(&mut path);
        // A write has no input of its own. Inside a follower it has the follower's.
        let of_parent = || span.parent()?.extensions().get::<Open>()?.path.clone();
        let path = path.0.or_else(of_parent);
        span.extensions_mut().insert(Open { work, path, first: None, entered: Duration::ZERO, thread: None });
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            open.entered = START.elapsed();
            open.first.get_or_insert(open.entered);
            open.thread = Some(thread::current().id());
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(open) = span.extensions().get::<Open>() {
            record().add(open, open.work, open.entered);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        if let Some(open @ Open { work: Work::Poll, first: Some(first), .. }) = span.extensions().get::<Open>() {
            record().add(open, Work::Task, *first);
        }
    }
}

/// Finds the field `path`.
struct Path(Option<String>);

impl Visit for Path {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "path" {
            self.0 = Some(format!("{value:?}"));
        }
    }
}
