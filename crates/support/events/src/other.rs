//! The systems other than Linux, through the crate `notify`.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use notify::event::ModifyKind;
use notify::{ErrorKind, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::watcher::Event;

/// A watched folder, by its path without links: events name their files so.
pub(crate) type Id = PathBuf;

/// How many events may wait.
const QUEUE: usize = 4096;

/// One queue of events, filled by a thread of `notify`.
#[derive(Debug)]
pub(crate) struct System {
    watcher: RecommendedWatcher,
    watched: HashMap<PathBuf, Id>,
    events: mpsc::Receiver<notify::Event>,
    /// Whether the queue was full, or the system's own.
    overflowed: Arc<AtomicBool>,
    /// Events that came together, the last first.
    pending: Vec<Event>,
}

impl System {
    pub(crate) fn new() -> io::Result<Self> {
        let (queue, events) = mpsc::channel(QUEUE);
        let overflowed = Arc::new(AtomicBool::new(false));
        let lost = Arc::clone(&overflowed);
        let handle = move |event: notify::Result<notify::Event>| {
            let lost_some = event.as_ref().map_or(true, notify::Event::need_rescan);
            let is_full = queue.try_send(event.unwrap_or_default()).is_err();
            lost.fetch_or(lost_some || is_full, Ordering::Relaxed);
        };
        let watcher = notify::recommended_watcher(handle).map_err(into_io)?;
        Ok(Self { watcher, watched: HashMap::new(), events, overflowed, pending: Vec::new() })
    }

    /// Watches a folder. A second time changes nothing, unless the path leads to another folder now.
    pub(crate) fn watch(&mut self, folder: &Path) -> io::Result<Id> {
        let id = fs::canonicalize(folder)?;
        if self.watched.get(folder) != Some(&id) {
            self.watcher.watch(&id, RecursiveMode::NonRecursive).map_err(into_io)?;
            self.watched.insert(folder.to_owned(), id.clone());
        }
        Ok(id)
    }

    pub(crate) fn unwatch(&mut self, id: Id) {
        self.watched.retain(|_, watched| *watched != id);
        // The system has ended the watch of a folder that is gone.
        let _ = self.watcher.unwatch(&id);
    }

    /// Waits for an event. Cancel safe.
    pub(crate) async fn next(&mut self) -> io::Result<Event> {
        loop {
            if let Some(event) = self.pending.pop() {
                return Ok(event);
            }
            let event = self.events.recv().await.ok_or(io::ErrorKind::UnexpectedEof)?;
            if self.overflowed.swap(false, Ordering::Relaxed) {
                return Ok(Event::Overflow);
            }
            self.pending = event.paths.iter().filter_map(|path| self.meaning(event.kind, path)).collect();
        }
    }

    /// What an event says about a path. Not every system pairs the two names of a file that was moved, so this does not
    /// either.
    fn meaning(&self, kind: EventKind, path: &Path) -> Option<Event> {
        let moved = matches!(kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)));
        if moved && self.watched.values().any(|folder| folder == path) {
            return Some(Event::Gone(path.to_owned()));
        }
        let (folder, name): (Id, OsString) = (path.parent()?.to_owned(), path.file_name()?.to_owned());
        Some(match kind {
            EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_)) => Event::Changed(folder, name),
            EventKind::Access(_) => return None,
            EventKind::Remove(_) => Event::Left(folder, name, None),
            _ => Event::Appeared(folder, name, None),
        })
    }
}

fn into_io(error: notify::Error) -> io::Error {
    match error.kind {
        ErrorKind::Io(error) => error,
        _ => io::Error::other(error),
    }
}

/// Names the limit that an error is about. Here the system's own text does.
pub(crate) fn limit(_: &io::Error) -> &'static str {
    ""
}
