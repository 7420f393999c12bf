//! Going on where an earlier run has stopped.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use same_file::Handle;

use crate::input::{Source, number_of, open_regular};
use crate::{Input, MergeError, Position, Result};

impl Input {
    /// Goes on behind the chunk `lines`, the last that an earlier run has handed out, at its
    /// [`position`](crate::Chunk::position). Returns `false` when `lines` are nowhere to be found: the input is then read
    /// from its start. Call it before the first read. Blocking.
    ///
    /// Looks for `lines` in the file itself, and then in the files beside it whose names begin alike: the log may have
    /// been replaced meanwhile, once. That file is read to its end, and then the new one.
    ///
    /// # Errors
    ///
    /// [`MergeError::Input`] when a file cannot be read.
    pub fn resume(&mut self, position: &Position, lines: &[u8]) -> Result<bool> {
        let failed = |source| MergeError::Input { path: self.closer.path().to_owned(), source };
        let named = &mut self.files[0];
        if holds(named.file.as_file(), position.end, lines).map_err(failed)? {
            named.position = position.end;
            return Ok(true);
        }
        let Some(mut old) =
            self.sibling(|file| holds(file.as_file(), position.end, lines).unwrap_or(false)).map_err(failed)?
        else {
            return Ok(false);
        };
        old.position = position.end;
        self.files.insert(0, old);
        // What the earlier run has read of the newer files. Its newest may be an old one by now, and any of them gone.
        for &(number, end) in &position.newer {
            let last = self.files.len() - 1;
            if number == number_of(&self.files[last].file) {
                self.files[last].position = end;
            } else if let Some(mut newer) = self.sibling(|file| number_of(file) == number).map_err(failed)? {
                newer.position = end;
                self.files.insert(last, newer);
            }
        }
        Ok(true)
    }

    /// Leaves an unfinished line in its file at the close, for a later run that [resumes](Input::resume).
    pub fn keep_unfinished(&mut self) {
        self.resumable = true;
    }

    /// The first of the files beside this one for which `is_it` holds.
    fn sibling(&self, is_it: impl Fn(&Handle) -> bool) -> io::Result<Option<Source>> {
        // One may be gone again, or belong to another user.
        let files = self.siblings()?.into_iter().filter_map(|path| open_regular(&path).ok());
        Ok(files.filter(|file| !self.is_file(file)).find(is_it).map(Source::new))
    }

    /// The files beside this one, and beside the one that a link leads to, whose names begin with its name, or with what is
    /// before its last dot.
    fn siblings(&self) -> io::Result<Vec<PathBuf>> {
        let mut siblings = Vec::new();
        // The name may lead nowhere at the moment.
        let target = fs::canonicalize(self.path()).ok();
        for path in target.iter().map(PathBuf::as_path).chain([self.path()]) {
            let Some(stem) = path.file_stem().map(OsStr::as_encoded_bytes) else { continue };
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            for entry in fs::read_dir(folder.unwrap_or(".".as_ref()))? {
                let entry = entry?;
                if entry.file_name().as_encoded_bytes().starts_with(stem) {
                    siblings.push(entry.path());
                }
            }
        }
        // The order of a folder is arbitrary.
        siblings.sort();
        Ok(siblings)
    }
}

/// Whether `lines` end at byte `end` of the file. Their last newline may be one that the run has added to half a line.
fn holds(mut file: &File, end: u64, lines: &[u8]) -> io::Result<bool> {
    let mut holds = |lines: &[u8]| -> io::Result<bool> {
        let Some(start) = end.checked_sub(lines.len() as u64) else { return Ok(false) };
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        file.take(lines.len() as u64).read_to_end(&mut bytes)?;
        Ok(bytes == lines)
    };
    Ok(holds(lines)? || (lines.len() > 1 && holds(&lines[..lines.len() - 1])?))
}
