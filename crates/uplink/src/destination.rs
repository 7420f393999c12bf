//! Where the gathered lines go, and how far they have come.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use merge_core::{MergeError, Output, Progress, Result};

use crate::Link;

/// How many bytes are written at most before their place is saved.
const UNSAVED: u64 = 8 * 1024 * 1024;

/// The output of [`gather`](crate::gather), which remembers how far it has come.
#[derive(Debug)]
pub struct Destination {
    output: Output,
    place: Option<Place>,
    /// The number of the next message.
    next: u64,
}

/// How far a file has come. It is kept in a file beside it.
#[derive(Debug)]
struct Place {
    path: PathBuf,
    /// The file itself, to cut it back.
    file: File,
    /// When the stream was created, in nanoseconds: another stream of this name has other messages.
    created: i128,
    /// How long the file is behind the last message, in bytes.
    length: u64,
    saved: u64,
}

impl Destination {
    /// Any output, from the stream's first message on. No position is kept, so a restart begins there again.
    #[must_use]
    pub fn new(output: Output) -> Self {
        Self { output, place: None, next: 1 }
    }

    /// The file at `path`. It goes on where an earlier run stopped, which `PATH.position` tells, and cuts off what a killed
    /// run has written behind that. Without `PATH.position` it empties the file and begins at the stream's first message.
    ///
    /// Waits for the servers, and then blocks on the file system: do not await it on a runtime worker. Dropped before it
    /// completes, it changes nothing.
    ///
    /// # Errors
    ///
    /// [`MergeError::OutputInUse`] when another gather writes to it (on Unix). [`MergeError::Output`] when it cannot be
    /// opened, was shortened by others, or is of another stream; or when there is no stream. The file is then unchanged.
    pub async fn open(path: &Path, link: &Link) -> Result<Self> {
        let state = link.info().await?;
        let failed = |source| MergeError::Output { path: path.to_owned(), source };
        let wrong = |text: String| failed(io::Error::other(text));
        let file = OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
        // A lock on Windows would keep readers out. Some network file systems have none.
        if cfg!(unix) && matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
            return Err(MergeError::OutputInUse { path: path.to_owned() });
        }
        let mut name = path.as_os_str().to_owned();
        name.push(".position");
        let place = PathBuf::from(name);
        let created = state.created.unix_timestamp_nanos();
        let (mut length, mut last) = (0, 0);
        match fs::read_to_string(&place) {
            Ok(text) => {
                let again = format!("to gather all of the stream again, remove {}", place.display());
                let numbers = parse(&text).ok_or_else(|| wrong(format!("its position is damaged; {again}")))?;
                if numbers.0 != created {
                    return Err(wrong(format!("it is of another stream of this name; {again}")));
                }
                (last, length) = (numbers.1, numbers.2);
                if file.metadata().map_err(failed)?.len() < length {
                    return Err(wrong(format!("it is shorter than it was; {again}")));
                }
                if last > state.state.last_sequence {
                    return Err(wrong(format!("the stream has lost messages that it holds; {again}")));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(MergeError::Output { path: place, source }),
        }
        file.set_len(length).map_err(failed)?;
        let output = Output::new(path, file.try_clone().map_err(failed)?);
        let place = Place { path: place, file, created, length, saved: length };
        Ok(Self { output, place: Some(place), next: last + 1 })
    }

    /// A view of how many lines and bytes this run has written.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.output.progress()
    }

    /// When the stream of the file was created.
    pub(crate) fn created(&self) -> Option<i128> {
        self.place.as_ref().map(|place| place.created)
    }

    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Writes one message. Blocks.
    pub(crate) fn write(&mut self, number: u64, lines: &[u8]) -> Result<()> {
        if let Err(error) = self.output.write(lines) {
            if let Some(place) = &self.place {
                // Only back: a file that others have shortened is not made longer. If this fails as well, half a line stays
                // until the next run.
                if place.file.metadata().is_ok_and(|file| file.len() > place.length) {
                    let _ = place.file.set_len(place.length);
                }
            }
            return Err(error);
        }
        self.next = number + 1;
        if let Some(place) = &mut self.place {
            place.length += lines.len() as u64;
            if place.length - place.saved > UNSAVED {
                self.save()?;
            }
        }
        Ok(())
    }

    /// Keeps the place for the next run. Blocks.
    pub(crate) fn save(&mut self) -> Result<()> {
        let Some(place) = &mut self.place else { return Ok(()) };
        let mut name = place.path.as_os_str().to_owned();
        name.push(".new");
        // The rename makes it all or nothing.
        let text = format!("{} {} {}\n", place.created, self.next - 1, place.length);
        let saved = File::create(&name).and_then(|mut file| file.write_all(text.as_bytes()));
        saved
            .and_then(|()| fs::rename(&name, &place.path))
            .map_err(|source| MergeError::Output { path: place.path.clone(), source })?;
        place.saved = place.length;
        Ok(())
    }
}

/// The stream's creation, the last message's number, the file's length.
fn parse(text: &str) -> Option<(i128, u64, u64)> {
    let mut numbers = text.strip_suffix('\n')?.split(' ');
    let parsed = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    numbers.next().is_none().then_some(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn after_a_failed_write_the_file_is_cut_back_and_never_made_longer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("all.log");
        for (content, left) in [("line\nhalf", "line\n"), ("li", "li")] {
            fs::write(&path, content).unwrap();
            let file = OpenOptions::new().append(true).open(&path).unwrap();
            let place = Place { path: path.with_extension("position"), file, created: 0, length: 5, saved: 5 };
            let mut destination = Destination { output: Output::new("full", Full), place: Some(place), next: 2 };
            destination.write(2, b"half a line\n").unwrap_err();
            assert_eq!(fs::read_to_string(&path).unwrap(), left);
        }
    }
}
