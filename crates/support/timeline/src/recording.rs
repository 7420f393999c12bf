//! A recorded run, and what follows from it: who held a thread, and the caption.

use std::collections::BTreeSet;
use std::time::Duration;

/// One run of a stage. All times count from its beginning.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// In no order.
    pub threads: Vec<Thread>,
    /// What the threads did.
    pub spans: Vec<Span>,
    /// Of the whole run.
    pub length: Duration,
}

/// A thread of the operating system.
#[derive(Clone, Debug)]
pub struct Thread {
    /// As the operating system knows it: all threads of a runtime have the same.
    pub name: String,
    /// Who started it.
    pub kind: Kind,
    /// When it was first seen.
    pub from: Duration,
    /// The end of the thread, or of the run.
    pub to: Duration,
}

/// The owner of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The program started it itself.
    Plain,
    /// A runtime worker, with its index. It polls tasks, and must never block.
    Worker(usize),
    /// A runtime's blocking pool.
    Pool,
}

/// What a thread did for a while.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// An index into [`Recording::threads`]. For a [`Work::Task`] the last thread that polled it.
    pub thread: usize,
    /// The kind of work.
    pub work: Work,
    /// None for the writes of a writer task, which serves all inputs.
    pub input: Option<usize>,
    /// Its beginning.
    pub from: Duration,
    /// Its end.
    pub to: Duration,
}

/// The kinds of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// The entry point of a stage.
    Top,
    /// A blocking follower, from its start to its end.
    Follower,
    /// The life of an async follower, from its first poll to its end.
    Task,
    /// One poll of an async follower.
    Poll,
    /// One read.
    Read,
    /// One write.
    Write,
    /// One wait that holds its thread.
    Wait,
}

/// A thread as it is drawn.
#[derive(Debug)]
pub(crate) struct Lane<'a> {
    pub(crate) thread: &'a Thread,
    /// Its role, in a word or two.
    pub(crate) name: String,
    /// While these spans last, the thread can do nothing else.
    pub(crate) held: Vec<Span>,
    /// The reads, writes and polls on it.
    pub(crate) works: Vec<Span>,
}

impl Recording {
    /// The spans of one kind.
    pub fn all(&self, work: Work) -> impl Iterator<Item = &Span> {
        self.spans.iter().filter(move |span| span.work == work)
    }

    /// What kind of thread the span was on.
    #[must_use]
    pub fn kind(&self, span: &Span) -> Kind {
        self.threads[span.thread].kind
    }

    /// The tasks that hold no thread while they wait.
    pub fn free_tasks(&self) -> impl Iterator<Item = &Span> {
        self.all(Work::Task).filter(|task| !self.holds(task))
    }

    /// The number of inputs.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.spans.iter().filter_map(|span| span.input).max().map_or(0, |last| last + 1)
    }

    /// What is the same in every run, in a few lines.
    #[must_use]
    pub fn caption(&self) -> String {
        let lanes = self.lanes();
        let of = |kind: &str| lanes.iter().filter(|lane| group(lane.thread.kind) == kind).count();
        let pool = if of(POOL) == 0 { "no blocking pool" } else { "a blocking pool" };
        let held: Vec<_> = lanes.iter().filter(|lane| !lane.held.is_empty()).map(|lane| lane.name.as_str()).collect();
        let on = |work| {
            let kinds: BTreeSet<_> = self.all(work).map(|span| group(self.kind(span))).collect();
            if kinds.is_empty() { "none".into() } else { format!("on {}", Vec::from_iter(kinds).join(" and on ")) }
        };
        let blocking = [Work::Read, Work::Write, Work::Wait];
        let blocked = self.spans.iter().any(|span| group(self.kind(span)) == WORKERS && blocking.contains(&span.work));
        format!(
            "threads: {} plain, {} runtime workers, {pool}\n\
             threads held from start to end: {} ({})\n\
             tasks that wait without a thread: {}\n\
             reads: {}\nwrites: {}\nwaits in a call: {}\ntask polls: {}\n\
             a runtime worker blocked in a read, a write or a wait: {}\n",
            of(PLAIN),
            of(WORKERS),
            held.len(),
            held.join(", "),
            self.free_tasks().count(),
            on(Work::Read),
            on(Work::Write),
            on(Work::Wait),
            on(Work::Poll),
            if blocked { "yes" } else { "never" },
        )
    }

    /// The threads in the order in which they are drawn.
    pub(crate) fn lanes(&self) -> Vec<Lane<'_>> {
        let mut lanes: Vec<_> =
            self.threads.iter().enumerate().map(|(index, thread)| self.lane(index, thread)).collect();
        // The top first, then the followers in the order of their inputs, then the writer, then the free threads.
        lanes.sort_by_key(|lane| {
            let first = lane.held.first();
            let rank = first.map_or(3, |held| match held.work {
                Work::Top => 0,
                Work::Write => 2,
                _ => 1,
            });
            (lane.thread.kind, rank, first.and_then(|held| held.input), lane.thread.from)
        });
        let mut unnamed = 0;
        for lane in lanes.iter_mut().filter(|lane| lane.name.is_empty()) {
            unnamed += 1;
            lane.name = format!("pool {unnamed}");
        }
        lanes
    }

    fn lane<'a>(&'a self, index: usize, thread: &'a Thread) -> Lane<'a> {
        let here = || self.spans.iter().filter(|span| span.thread == index);
        let mut held: Vec<_> = here().filter(|span| self.holds(span)).copied().collect();
        // A pool thread that writes is the writer's. It keeps the thread while it waits for the next chunk.
        if held.is_empty()
            && thread.kind == Kind::Pool
            && let Some(write) = here().find(|span| span.work == Work::Write)
        {
            held.push(Span { from: thread.from, to: thread.to, ..*write });
        }
        held.sort_by_key(|span| span.from);
        let works = [Work::Read, Work::Write, Work::Poll];
        let works = here().filter(|span| works.contains(&span.work)).copied().collect();
        let name = match (held.first(), thread.kind) {
            (Some(Span { work: Work::Top, .. }), _) => "top".into(),
            (Some(Span { input: Some(input), .. }), _) => follower(*input),
            (_, Kind::Worker(index)) => format!("worker {index}"),
            (_, Kind::Plain) => thread.name.clone(),
            (Some(_), Kind::Pool) => "writer".into(),
            (None, Kind::Pool) => String::new(),
        };
        Lane { thread, name, held, works }
    }

    /// Whether the thread can do nothing else during the span.
    fn holds(&self, span: &Span) -> bool {
        match span.work {
            Work::Top | Work::Follower => true,
            // On other threads `block_on` polls the task, and waits with it.
            Work::Task => !matches!(self.kind(span), Kind::Worker(_)),
            _ => false,
        }
    }
}

/// The name of an input's follower.
pub(crate) fn follower(input: usize) -> String {
    format!("follower {}", input + 1)
}

/// The name of a kind of thread.
pub(crate) const fn group(kind: Kind) -> &'static str {
    match kind {
        Kind::Plain => PLAIN,
        Kind::Worker(_) => WORKERS,
        Kind::Pool => POOL,
    }
}

const PLAIN: &str = "plain threads";
const WORKERS: &str = "runtime workers";
const POOL: &str = "the blocking pool";
