//! The logs, the folders and names that lead to them, and what an event means for them.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::iter;
use std::mem;
use std::path::{Path, PathBuf};

use merge_core::{Input, Notifier};

use crate::POLL;
use crate::system::{self, Id, System};

/// How many names, besides its own, may lead to a log: the targets of links, and what its old files are called now.
pub(crate) const MOST_NAMES: usize = 8;

/// What the system has seen.
#[derive(Debug)]
pub(crate) enum Event {
    /// More than it keeps: some events are lost.
    Overflow,
    /// A watched folder was moved or removed.
    Gone(Id),
    /// The file of this name was written or truncated.
    Changed(Id, OsString),
    /// The name leads nowhere now. If its file was moved, the number comes again with the new name.
    Left(Id, OsString, Option<u32>),
    /// The name leads to another file now, which was moved here if there is a number.
    Appeared(Id, OsString, Option<u32>),
}

/// Knows which followers to notify.
#[derive(Debug, Default)]
pub(crate) struct Watcher {
    logs: Vec<Log>,
    folders: Vec<Folder>,
    /// Where a folder is in the list, by its path.
    by_path: HashMap<PathBuf, usize>,
    /// Where a watched folder is in the list. Two paths may lead to one folder.
    by_id: HashMap<Id, Vec<usize>>,
    /// The logs whose name leads nowhere. Their folder may be removed, and no event says so while a file of it is open.
    missing: BTreeSet<usize>,
    /// Whether some logs have to be polled.
    pub(crate) polls: bool,
    /// The logs of the file that was moved last.
    moved: Option<(u32, Vec<usize>)>,
    warned: bool,
}

#[derive(Debug)]
struct Log {
    notifier: Notifier,
    /// Its other names, the oldest first, each with its folder.
    names: VecDeque<(usize, OsString)>,
}

#[derive(Debug, Default)]
struct Folder {
    path: PathBuf,
    id: Option<Id>,
    /// The names in it that lead to a log, each with the log.
    logs: BTreeSet<(OsString, usize)>,
}

impl Watcher {
    pub(crate) fn new(inputs: &[Input]) -> Self {
        let mut watcher = Self { logs: Vec::with_capacity(inputs.len()), ..Self::default() };
        for (log, input) in inputs.iter().enumerate() {
            if let Some((folder, name)) = watcher.place(input.path()) {
                watcher.folders[folder].logs.insert((name, log));
            }
            watcher.logs.push(Log { notifier: input.notifier(), names: VecDeque::new() });
        }
        watcher
    }

    /// The folder of `path`, which may be a new one, and the name in it.
    fn place(&mut self, path: &Path) -> Option<(usize, OsString)> {
        let folder = folder_of(path);
        let index = self.by_path.get(folder).copied().unwrap_or_else(|| {
            self.folders.push(Folder { path: folder.to_owned(), ..Folder::default() });
            self.by_path.insert(folder.to_owned(), self.folders.len() - 1);
            self.folders.len() - 1
        });
        Some((index, path.file_name()?.to_owned()))
    }

    pub(crate) fn notify_all(&self) {
        self.logs.iter().for_each(|log| log.notifier.notify());
    }

    /// Watches everything, whatever was missed before. Every follower looks.
    pub(crate) fn start(&mut self, system: &mut System) {
        for log in 0..self.logs.len() {
            self.follow_links(log, system);
        }
        self.check(system);
        self.notify_all();
    }

    /// Makes sure that the folder that a path leads to is the one that is watched, for all of them.
    pub(crate) fn check(&mut self, system: &mut System) {
        self.watch_all(0..self.folders.len(), system);
    }

    /// Tries again to watch what is not watched.
    pub(crate) fn retry(&mut self, system: &mut System) {
        let unwatched = (0..self.folders.len()).filter(|&folder| self.folders[folder].id.is_none());
        let missing = self.missing.iter().map(|&log| &self.logs[log]).flat_map(|log| {
            let own = self.by_path.get(folder_of(log.notifier.path())).copied();
            own.into_iter().chain(log.names.iter().map(|&(folder, _)| folder))
        });
        // Many missing logs may share a folder.
        self.watch_all(unwatched.chain(missing).collect::<BTreeSet<_>>(), system);
    }

    fn watch_all(&mut self, folders: impl IntoIterator<Item = usize>, system: &mut System) {
        folders.into_iter().for_each(|folder| self.watch(folder, system));
        let unwatched = self.folders.iter().any(|folder| folder.id.is_none() && !folder.logs.is_empty());
        self.polls = unwatched || !self.missing.is_empty();
    }

    /// Watches the folder that a path leads to now. The followers look unless it was watched before.
    fn watch(&mut self, index: usize, system: &mut System) {
        if self.folders[index].logs.is_empty() {
            return;
        }
        match system.watch(&self.folders[index].path) {
            Ok(id) if self.folders[index].id.as_ref() == Some(&id) => return,
            Ok(id) => {
                self.unwatch(index, system);
                self.by_id.entry(id.clone()).or_default().push(index);
                self.folders[index].id = Some(id);
                // In another folder, a link may lead to another file.
                let logs: Vec<usize> = self.folders[index].logs.iter().map(|&(_, log)| log).collect();
                for log in logs {
                    self.follow_links(log, system);
                }
            }
            Err(error) => {
                self.unwatch(index, system);
                let Folder { path, logs, .. } = &self.folders[index];
                // Where the log cannot be looked at either, its follower reports that.
                if logs.first().is_some_and(|(name, _)| fs::metadata(path.join(name)).is_ok()) {
                    self.warn(&error);
                }
            }
        }
        for (_, log) in &self.folders[index].logs {
            self.missing.remove(log);
            self.logs[*log].notifier.notify();
        }
    }

    fn unwatch(&mut self, index: usize, system: &mut System) {
        let Some(id) = self.folders[index].id.take() else { return };
        if let Some(folders) = self.by_id.get_mut(&id) {
            folders.retain(|&folder| folder != index);
            if folders.is_empty() {
                self.by_id.remove(&id);
                system.unwatch(id);
            }
        }
    }

    pub(crate) fn handle(&mut self, event: Event, system: &mut System) {
        match event {
            Event::Overflow => self.start(system),
            Event::Gone(id) => self.watch_all(self.by_id.get(&id).cloned().unwrap_or_default(), system),
            Event::Changed(id, name) => self.logs_of(&id, &name).for_each(|log| self.logs[log].notifier.notify()),
            Event::Left(id, name, number) => {
                let logs: Vec<_> = self.logs_of(&id, &name).collect();
                let is_here = |path: &Path| {
                    let folder = self.by_path.get(folder_of(path));
                    path.file_name() == Some(&name)
                        && folder.is_some_and(|&at| self.folders[at].id.as_ref() == Some(&id))
                };
                let leads_here = |&&log: &&usize| {
                    let path = self.logs[log].notifier.path();
                    is_here(path) || targets(path).any(|path| is_here(&path))
                };
                self.missing.extend(logs.iter().filter(leads_here));
                self.polls |= !self.missing.is_empty();
                self.moved = number.map(|number| (number, logs));
            }
            Event::Appeared(id, name, number) => {
                for log in self.logs_of(&id, &name).collect::<Vec<_>>() {
                    self.missing.remove(&log);
                    self.follow_links(log, system);
                    self.logs[log].notifier.notify();
                }
                // A writer may go on with an old file under its new name.
                if let Some((_, logs)) = self.moved.take_if(|moved| Some(moved.0) == number) {
                    for folder in self.by_id.get(&id).cloned().unwrap_or_default() {
                        for &log in &logs {
                            // The target of a link is added again, so that it is never the oldest name.
                            self.follow_links(log, system);
                            self.add_name(log, folder, name.clone(), system);
                        }
                    }
                }
            }
        }
    }

    /// The logs that the name in a watched folder leads to.
    fn logs_of<'a>(&'a self, id: &Id, name: &'a OsStr) -> impl Iterator<Item = usize> {
        let folders = self.by_id.get(id).into_iter().flatten();
        folders.flat_map(move |&folder| {
            let from = self.folders[folder].logs.range((name.to_owned(), 0)..);
            from.take_while(move |(other, _)| other == name).map(|&(_, log)| log)
        })
    }

    /// Adds a name to those of a log. One that is known counts as new: the target of a link is added again with each file.
    fn add_name(&mut self, log: usize, folder: usize, name: OsString, system: &mut System) {
        let names = &mut self.logs[log].names;
        if let Some(index) = names.iter().position(|(at, known)| *at == folder && *known == name) {
            names.remove(index);
        } else if !self.folders[folder].logs.insert((name.clone(), log)) {
            // Its own name is not among these.
            return;
        }
        names.push_back((folder, name));
        if names.len() > MOST_NAMES
            && let Some((folder, name)) = names.pop_front()
        {
            self.remove_name(log, folder, name, system);
        }
    }

    fn remove_name(&mut self, log: usize, folder: usize, name: OsString, system: &mut System) {
        self.folders[folder].logs.remove(&(name, log));
        if self.folders[folder].logs.is_empty() {
            self.unwatch(folder, system);
        }
    }

    /// Adds the targets of links to the names of a log.
    fn follow_links(&mut self, log: usize, system: &mut System) {
        for path in targets(self.logs[log].notifier.path()) {
            let Some((folder, name)) = self.place(&path) else { return };
            self.add_name(log, folder, name, system);
            self.watch_all([folder], system);
        }
    }

    /// Reports once that some logs are polled.
    pub(crate) fn warn(&mut self, error: &io::Error) {
        if !mem::replace(&mut self.warned, true) {
            let limit = system::limit(error);
            tracing::warn!("cannot watch all inputs: {error}{limit}; the others are looked at every {POLL:?}");
        }
    }
}

/// Where the link at `path` leads, and so on as long as there is a link. A ring of links ends somewhere.
fn targets(path: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let next = |path: &Path| Some(folder_of(path).join(fs::read_link(path).ok()?));
    iter::successors(next(path), move |path| next(path)).take(MOST_NAMES)
}

/// The folder that a path without one is in is the current one.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
