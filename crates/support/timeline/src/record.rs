//! The layer that listens to the spans, and the threads it has heard of.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Instant;

use tokio::runtime::{Builder, worker_index};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, EnteredSpan, Id};
use tracing::subscriber::{SetGlobalDefaultError, set_global_default};
use tracing::{Metadata, Subscriber, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

use crate::{Kind, Recording, Span, Thread, Work};

/// How many workers the runtimes of a timeline have: the picture is the same on any number of cores.
const WORKERS: usize = 2;

/// What all threads record into. One per process, as the subscriber is.
static RECORD: LazyLock<Mutex<Record>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Record {
    threads: HashMap<ThreadId, Seen>,
    spans: Vec<Ended>,
}

/// A thread that was heard of.
struct Seen {
    name: String,
    kind: Kind,
    from: Instant,
    /// When it ended, where that is known.
    to: Option<Instant>,
}

/// A span that was entered and left on one thread.
struct Ended {
    thread: ThreadId,
    work: Work,
    path: Option<String>,
    from: Instant,
    to: Instant,
}

/// Listens to the spans of this process from now on.
///
/// # Errors
///
/// When somebody else listens already.
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
    let starts = record.threads.values().map(|seen| seen.from).chain(record.spans.iter().map(|span| span.from));
    let zero = starts.min().unwrap_or_else(Instant::now);
    let end = record.spans.iter().map(|span| span.to).max().unwrap_or(zero);

    let mut indices = HashMap::new();
    let mut threads = Vec::new();
    for (id, Seen { name, kind, from, to }) in &record.threads {
        indices.insert(id, threads.len());
        let to = to.unwrap_or(end) - zero;
        threads.push(Thread { name: name.clone(), kind: *kind, from: *from - zero, to });
    }
    // The shorter first: `10` comes after `9`.
    let paths: BTreeSet<_> = record.spans.iter().filter_map(|span| span.path.as_ref()).map(|p| (p.len(), p)).collect();
    let input = |path: &String| paths.iter().position(|(_, known)| *known == path);
    let span = |span: &Ended| {
        Some(Span {
            // Unknown when it belongs to a run that goes on since before `begin`.
            thread: *indices.get(&span.thread)?,
            work: span.work,
            input: span.path.as_ref().and_then(input),
            from: span.from - zero,
            to: span.to - zero,
        })
    };
    Recording { threads, spans: record.spans.iter().filter_map(span).collect(), length: end - zero }
}

/// A builder of a runtime whose threads are all recorded, those that never do anything as well.
#[must_use]
pub fn watched() -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder
        .worker_threads(WORKERS)
        // A worker is started as a thread of the pool is. That it is one shows when it first parks.
        .on_thread_start(|| _ = record().seen(Kind::Pool))
        .on_thread_park(|| _ = record().seen(Kind::Pool))
        .on_thread_stop(|| record().seen(Kind::Pool).to = Some(Instant::now()));
    builder
}

fn record() -> MutexGuard<'static, Record> {
    RECORD.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Record {
    /// Notes the calling thread. A worker says itself that it is one; what else it is, its first caller knows.
    fn seen(&mut self, otherwise: Kind) -> &mut Seen {
        let thread = thread::current();
        let new = || Seen {
            name: thread.name().unwrap_or("unnamed").to_owned(),
            kind: otherwise,
            from: Instant::now(),
            to: None,
        };
        let seen = self.threads.entry(thread.id()).or_insert_with(new);
        if let Some(index) = worker_index() {
            seen.kind = Kind::Worker(index);
        }
        seen
    }

    fn add(&mut self, span: &Open, work: Work, from: Instant, to: Instant) {
        // A thread of a runtime was seen when it started; any other is heard of only now.
        let seen = self.seen(Kind::Plain);
        if work != Work::Task {
            seen.from = seen.from.min(from);
        }
        let thread = span.thread.unwrap_or_else(|| thread::current().id());
        self.spans.push(Ended { thread, work, path: span.path.clone(), from, to });
    }
}

/// The layer. What it knows of a span, it keeps in the span.
struct Timeline;

/// A span that is not closed yet.
struct Open {
    work: Work,
    path: Option<String>,
    /// When it was first entered.
    first: Option<Instant>,
    /// When it was last entered, and where.
    entered: Option<Instant>,
    thread: Option<ThreadId>,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Timeline {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let (Some(work), Some(span)) = (work_of(attributes.metadata()), context.span(id)) else { return };
        let mut path = Path(None);
        attributes.record(&mut path);
        // A write knows no input. One inside a follower has the follower's.
        let of_parent = || span.parent()?.extensions().get::<Open>()?.path.clone();
        let path = path.0.or_else(of_parent);
        span.extensions_mut().insert(Open { work, path, first: None, entered: None, thread: None });
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            let now = Instant::now();
            open.first.get_or_insert(now);
            open.entered = Some(now);
            open.thread = Some(thread::current().id());
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>()
            && let Some(entered) = open.entered.take()
        {
            record().add(open, open.work, entered, Instant::now());
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        if let Some(open @ Open { work: Work::Poll, first: Some(first), .. }) = span.extensions().get::<Open>() {
            record().add(open, Work::Task, *first, Instant::now());
        }
    }
}

fn work_of(span: &Metadata<'_>) -> Option<Work> {
    Some(match span.name() {
        "top" => Work::Top,
        "tail_file" => Work::Follower,
        "tail_async" => Work::Poll,
        "read_lines" => Work::Read,
        "write" => Work::Write,
        "wait_closed" => Work::Wait,
        _ => return None,
    })
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
