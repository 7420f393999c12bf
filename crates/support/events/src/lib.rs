//! Turns the system's file events into notifications, so that a follower looks when there is something to see.
//!
//! A [`Watch`] is one task. It watches folders, not files, so that one watch serves all logs of a folder and sees a new
//! file that takes over a name. An event is only a hint: it wakes the follower of a log, and the follower looks at the
//! file itself. So a superfluous event costs one look, and a lost event costs time but no line.
//!
//! # Layout
//!
//! - `watcher.rs`: the logs, the folders and names that lead to them, and which logs an event concerns.
//! - `linux.rs`: inotify.
//! - `other.rs`: the events of macOS, Windows and the BSDs, through the crate `notify`.
//!
//! # What a watch does not see
//!
//! A watch does not see changes that another machine makes on a network file system, writes through a memory map,
//! writes through a hard link in another folder, or the replacement of a folder above a log's folder. Such lines come
//! up to an interval late, as with polling.

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "other.rs"]
mod system;
mod watcher;

use std::io;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use merge_core::Input;
use tokio::task::JoinHandle;
use tokio::{select, time::sleep};

use crate::system::System;
use crate::watcher::Watcher;

/// How often the followers are notified of logs that the system does not watch.
const POLL: Duration = Duration::from_millis(100);

/// How long events are gathered under load, so that one wake-up serves many of them.
const GATHER: Duration = Duration::from_millis(1);

/// A running watch. Dropped, it stops.
#[derive(Debug)]
pub struct Watch(JoinHandle<()>);

/// Notifies the followers of `inputs` of the events of their logs, until the watch is stopped. Waits for no disk.
///
/// Once per `interval` it makes sure that each folder is still the one that it watches. Logs that the system does not
/// watch, because a limit is reached or their folder is gone, are polled: their followers are notified every 100 ms.
/// The first time that a limit or a missing permission is the cause, it is reported as a [`tracing`] warning.
///
/// # Panics
///
/// Outside of a runtime. The runtime needs time and I/O.
#[must_use]
pub fn watch(inputs: &[Input], interval: Duration) -> Watch {
    Watch(tokio::spawn(run(Watcher::new(inputs), interval)))
}

impl Watch {
    /// Stops the watch, and returns when nothing of it is left. Cancel safe: it stops in any case.
    pub async fn stop(mut self) {
        self.0.abort();
        // Whether it was cancelled or has panicked, it has ended.
        let _ = (&mut self.0).await;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn run(mut watcher: Watcher, interval: Duration) {
    let failed = match System::new() {
        Ok(mut system) => follow(&mut watcher, &mut system, interval).await,
        Err(error) => error,
    };
    watcher.warn(&failed);
    loop {
        watcher.notify_all();
        sleep(POLL).await;
    }
}

/// Handles events for as long as the system gives them.
async fn follow(watcher: &mut Watcher, system: &mut System, interval: Duration) -> io::Error {
    let (mut check, mut poll) = (pin!(sleep(interval)), pin!(sleep(POLL)));
    let mut pace = Pace { since: Instant::now(), wakeups: 0 };
    watcher.start(system);
    loop {
        select! {
            event = system.next() => {
                if pace.is_fast(Instant::now()) {
                    sleep(GATHER).await;
                }
                let mut event = Some(event);
                while let Some(next) = event {
                    match next {
                        Ok(next) => watcher.handle(next, system),
                        Err(error) => return error,
                    }
                    event = system.next().now_or_never();
                }
            }
            () = &mut check => {
                watcher.check(system);
                check.set(sleep(interval));
            }
            () = &mut poll, if watcher.polls => {
                watcher.retry(system);
                poll.set(sleep(POLL));
            }
        }
    }
}

/// How fast events come.
struct Pace {
    /// When the current ten milliseconds began.
    since: Instant,
    wakeups: u32,
}

impl Pace {
    /// Counts a wake-up. More than five in ten milliseconds are fast: a line that comes alone is never held back.
    fn is_fast(&mut self, now: Instant) -> bool {
        if now.duration_since(self.since) >= Duration::from_millis(10) {
            *self = Self { since: now, wakeups: 0 };
        }
        self.wakeups += 1;
        self.wakeups > 5
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
