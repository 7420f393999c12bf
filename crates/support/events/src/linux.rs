//! inotify.

use std::io::{self, ErrorKind};
use std::path::Path;

use futures_util::StreamExt;
use inotify::{EventMask, EventOwned, EventStream, Inotify, WatchDescriptor, WatchMask, Watches};

use crate::watcher::Event;

/// The kernel's number of a watched folder: the same number for the same folder, by whatever path.
pub(crate) type Id = WatchDescriptor;

/// How many bytes of events are read at once. One has at most 272.
const BUFFER: usize = 16 * 1024;

// The numbers that the manual page inotify(7) names.
const EMFILE: i32 = 24;
const ENOSPC: i32 = 28;

/// One queue of events.
#[derive(Debug)]
pub(crate) struct System {
    events: EventStream<Vec<u8>>,
    watches: Watches,
}

impl System {
    pub(crate) fn new() -> io::Result<Self> {
        let events = Inotify::init()?.into_event_stream(vec![0; BUFFER])?;
        Ok(Self { watches: events.watches(), events })
    }

    /// Watches a folder. A second time changes nothing.
    pub(crate) fn watch(&mut self, folder: &Path) -> io::Result<Id> {
        // `ATTRIB`: a new log may be written before its readers are permitted to read it.
        let files = WatchMask::MODIFY | WatchMask::ATTRIB | WatchMask::CREATE | WatchMask::DELETE | WatchMask::MOVE;
        let itself = WatchMask::DELETE_SELF | WatchMask::MOVE_SELF | WatchMask::ONLYDIR;
        self.watches.add(folder, files | itself)
    }

    pub(crate) fn unwatch(&mut self, id: Id) {
        // The kernel has ended the watch of a folder that is gone.
        let _ = self.watches.remove(id);
    }

    /// Waits for an event. Cancel safe.
    pub(crate) async fn next(&mut self) -> io::Result<Event> {
        loop {
            let event = self.events.next().await.ok_or(ErrorKind::UnexpectedEof)??;
            if let Some(event) = meaning(event) {
                return Ok(event);
            }
        }
    }
}

/// What an event is about, unless it is about a file that does not concern us.
fn meaning(event: EventOwned) -> Option<Event> {
    let (mask, id) = (event.mask, event.wd);
    if mask.contains(EventMask::Q_OVERFLOW) {
        return Some(Event::Overflow);
    }
    let Some(name) = event.name else {
        return mask
            .intersects(EventMask::DELETE_SELF | EventMask::MOVE_SELF | EventMask::IGNORED)
            .then_some(Event::Gone(id));
    };
    let number = (event.cookie > 0).then_some(event.cookie);
    Some(if mask.intersects(EventMask::DELETE | EventMask::MOVED_FROM) {
        Event::Left(id, name, number)
    } else if mask.intersects(EventMask::CREATE | EventMask::MOVED_TO) {
        Event::Appeared(id, name, number)
    } else {
        Event::Changed(id, name)
    })
}

/// Names the limit that an error is about. The system's own text speaks of the disk, or of open files.
pub(crate) fn limit(error: &io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(ENOSPC) => " (the limit is fs.inotify.max_user_watches)",
        Some(EMFILE) => " (the limit is fs.inotify.max_user_instances)",
        _ => "",
    }
}
