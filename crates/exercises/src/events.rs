//! File events, for the tail that waits for them, and the scenarios that it needs in addition to the suite's.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use equivalence::{EntryPoint, Fixture, Settings, Violation};
use merge_core::{MergeError, Result};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// The events of a run: one watcher of the system for all listeners. Linux allows a user 128 of them by default.
pub struct Events {
    watcher: Mutex<RecommendedWatcher>,
    listeners: Listeners,
}

/// The listeners, by number.
type Listeners = Arc<Mutex<Vec<(u64, Listener)>>>;

struct Listener {
    /// The path that the system reports.
    path: PathBuf,
    on_event: Arc<dyn Fn() + Send + Sync>,
}

impl Events {
    /// Asks the system for a watcher. It has a thread of its own, which calls the listeners.
    ///
    /// # Errors
    ///
    /// [`MergeError::Start`] when the system has none left.
    pub fn new() -> Result<Self> {
        let listeners = Listeners::default();
        let told = Arc::clone(&listeners);
        let watcher = notify::recommended_watcher(move |event| tell(&told, &event));
        Ok(Self { watcher: Mutex::new(watcher.map_err(start)?), listeners })
    }

    /// Until the result is dropped, calls `on_event` for each event of `path`. If that is a folder, also for each event
    /// of a file in it: written, created, renamed, removed.
    ///
    /// The watch is on the file, not on its name: Linux reports nothing about another file that takes the name over.
    ///
    /// The watcher's thread calls `on_event`, which must not wait. Events before this returns may be missed. It asks
    /// the watcher's thread, which takes microseconds: a task may call this in place.
    ///
    /// # Errors
    ///
    /// [`MergeError::Input`] when `path` is missing or may not be watched.
    pub fn watch(&self, path: &Path, on_event: impl Fn() + Send + Sync + 'static) -> Result<Watching> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);

        // The folder of `web.log` is the empty path: here.
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let failed = |source| MergeError::Input { path: path.to_owned(), source };
        let real = fs::canonicalize(path).map_err(failed)?;
        before_watching(&real);

        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let listener = Listener { path: real.clone(), on_event: Arc::new(on_event) };
        // Not with the watcher's lock held: its thread may be about to call the listeners.
        lock(&self.listeners).push((number, listener));
        let watching = Watching { number, listeners: Arc::clone(&self.listeners) };
        lock(&self.watcher)
            .watch(&real, RecursiveMode::NonRecursive)
            .map_err(|error| failed(io::Error::other(error)))?;
        Ok(watching)
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

/// Ends the watch when it is dropped. An event that is being delivered may still call the listener.
#[must_use = "dropping it ends the watch"]
pub struct Watching {
    number: u64,
    listeners: Listeners,
}

impl fmt::Debug for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watching").finish_non_exhaustive()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        lock(&self.listeners).retain(|(number, _)| *number != self.number);
    }
}

/// Calls the listeners that the event is for. Runs on the watcher's thread.
fn tell(listeners: &Mutex<Vec<(u64, Listener)>>, event: &notify::Result<Event>) {
    let is_for = |listener: &Listener| match event {
        // Opening or closing a file changes nothing in it.
        Ok(Event { kind: EventKind::Access(_), .. }) => false,
        Ok(event) if !event.need_rescan() => {
            event.paths.iter().any(|path| *path == listener.path || path.parent() == Some(&listener.path))
        }
        // Events were lost: all listeners have to look.
        _ => true,
    };
    let called: Vec<_> = lock(listeners)
        .iter()
        .filter(|(_, listener)| is_for(listener))
        .map(|(_, listener)| Arc::clone(&listener.on_event))
        .collect();
    for on_event in called {
        on_event();
    }
}

fn start(error: notify::Error) -> MergeError {
    MergeError::Start(io::Error::other(error))
}

/// Nothing in here panics with a lock held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A function that a scenario calls once, just before the first watch of a path below its folder.
type Hook = (PathBuf, Box<dyn FnOnce() + Send>);

static HOOKS: Mutex<Vec<Hook>> = Mutex::new(Vec::new());

fn before_watching(path: &Path) {
    let hook = {
        let mut hooks = lock(&HOOKS);
        hooks.iter().position(|(folder, _)| path.starts_with(folder)).map(|hook| hooks.swap_remove(hook))
    };
    if let Some((_, hook)) = hook {
        hook();
    }
}

/// A line is written at the worst moment: just before the first watch of a run begins, so that it has no event. The
/// interval is an hour. The line still has to come out, and so does the next one.
///
/// # Panics
///
/// When one does not.
pub fn what_is_written_just_before_the_watch_comes_out(merge: EntryPoint) {
    let mut fixture = Fixture::new(1, &Settings::default()).with_an_hour();
    fixture.remember(0, "just before\n");
    let log = fixture.paths[0].clone();
    let write = move || {
        let mut log = fs::OpenOptions::new().append(true).open(log).expect("a scratch file");
        log.write_all(b"just before\n").expect("a scratch file can be written");
    };
    let folder = fs::canonicalize(fixture.folder()).expect("a scratch folder");
    lock(&HOOKS).push((folder, Box::new(write)));

    let run = fixture.start(merge);
    let go = || {
        run.await_output(b"just before\n")?;
        fixture.append(0, "and after\n");
        run.await_output(b"just before\nand after\n")?;
        run.close_all();
        run.end_confirmed(&fixture.sources())
    };
    or_panic(go());
}

/// A log is rotated while nothing else happens. The interval is an hour, and at each rotation the tail is asleep.
///
/// # Panics
///
/// When the new file's line does not come out.
pub fn a_rotation_wakes_the_tail(merge: EntryPoint) {
    let mut fixture = Fixture::new(1, &Settings::default()).with_an_hour();
    let run = fixture.start(merge);
    let go = || {
        let mut expected = Vec::new();
        for generation in 0..6 {
            fall_asleep();
            fixture.rename(0, &generation.to_string());
            let line = format!("first of file {generation}\n");
            fixture.append(0, &line);
            expected.extend(line.into_bytes());
            run.await_output(&expected)?;
        }
        run.close_all();
        run.end_confirmed(&fixture.sources())
    };
    or_panic(go());
}

/// A log is a link to another folder, which the tail need not watch. Lines still come out, because the interval is
/// short here.
///
/// # Panics
///
/// When one does not.
pub fn where_no_event_comes_the_interval_helps(merge: EntryPoint) {
    #[cfg(unix)]
    {
        let mut fixture = Fixture::new(1, &Settings::default());
        let elsewhere = fixture.folder().join("elsewhere");
        fs::create_dir(&elsewhere).expect("a scratch folder");
        let file = elsewhere.join("log");
        fs::rename(&fixture.paths[0], &file).expect("a scratch file can be renamed");
        std::os::unix::fs::symlink(&file, &fixture.paths[0]).expect("a symbolic link");

        let run = fixture.start(merge);
        let go = || {
            let mut expected = Vec::new();
            for number in 0..6 {
                fall_asleep();
                let line = format!("{number}\n");
                fixture.append(0, &line);
                expected.extend(line.into_bytes());
                run.await_output(&expected)?;
            }
            run.close_all();
            run.end_confirmed(&fixture.sources())
        };
        or_panic(go());
    }
    #[cfg(not(unix))]
    let _ = merge;
}

/// Waits until the tail is asleep: otherwise it could see the next line without an event. The time is a guess. A wrong
/// guess lets a wrong answer pass and never fails a right one.
fn fall_asleep() {
    thread::sleep(Duration::from_millis(20));
}

/// Panics with the violation, if there is one.
fn or_panic(found: std::result::Result<(), Violation>) {
    if let Err(violation) = found {
        panic!("{violation}");
    }
}
