//! Where the merged lines go.

use std::fmt;
use std::fs::{OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use memchr::{memchr_iter, memrchr};
use same_file::Handle;

use crate::{Input, MergeError, Result};

/// The one output of a merge. Its owner writes to it; a stage decides who that is.
///
/// It has no buffer of its own: what was written is visible when [`write`](Output::write) returns. After its first
/// failure it takes nothing more, because the failed write may have left half a line, and the next line would stick
/// to it.
pub struct Output {
    name: PathBuf,
    writer: Box<dyn Write + Send>,
    /// The file behind `writer`, where it is a regular one.
    regular: Option<Handle>,
    progress: Progress,
    failed: bool,
}

impl Output {
    /// Creates the file at `path`, or empties the one that is there. Blocking.
    ///
    /// A regular file is locked as long as this lives, and cut back to its last whole line when a write fails, on a full
    /// disk for example. On Unix every write goes to its end, so another program may truncate it meanwhile.
    ///
    /// # Errors
    ///
    /// [`MergeError::SameFile`] when it is one of `inputs`, through any link, and [`MergeError::OutputInUse`] when another
    /// merge writes to it: the file is then unchanged. [`MergeError::Output`] when it cannot be opened.
    pub fn create(path: impl AsRef<Path>, inputs: &[Input]) -> Result<Self> {
        let path = path.as_ref();
        let failed = |source| MergeError::Output { path: path.to_owned(), source };
        // Open, compare, and only then empty it: to open an input as an output must not cost its content.
        let mut options = OpenOptions::new();
        options.write(true).append(cfg!(unix)).create(true).truncate(false);
        let file = options.open(path).map_err(failed)?;
        let handle = file.try_clone().and_then(Handle::from_file).map_err(failed)?;
        refuse_an_input(path, &handle, inputs)?;
        let regular = file.metadata().map_err(failed)?.is_file();
        if regular {
            // A lock on Windows would keep readers out. Some network file systems have none.
            if cfg!(unix) && matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
                return Err(MergeError::OutputInUse { path: path.to_owned() });
            }
            file.set_len(0).map_err(failed)?;
        }
        Ok(Self { regular: regular.then_some(handle), ..Self::new(path, file) })
    }

    /// Writes to standard output.
    ///
    /// # Errors
    ///
    /// [`MergeError::SameFile`] when standard output leads to one of `inputs`: the merge would feed itself for ever.
    pub fn stdout(inputs: &[Input]) -> Result<Self> {
        let path = Path::new("(standard output)");
        // A standard output that cannot be looked at (it may be closed) is no input either.
        if let Ok(handle) = Handle::stdout() {
            refuse_an_input(path, &handle, inputs)?;
        }
        Ok(Self::new(path, io::stdout()))
    }

    /// Writes to any `writer`; `name` stands for it in errors.
    pub fn new(name: impl AsRef<Path>, writer: impl Write + Send + 'static) -> Self {
        Self {
            name: name.as_ref().to_owned(),
            writer: Box::new(writer),
            regular: None,
            progress: Progress::default(),
            failed: false,
        }
    }

    /// Writes whole lines and flushes them. Blocks as long as the writer does: never call it on a runtime worker.
    ///
    /// # Errors
    ///
    /// [`MergeError::Output`] at the first failure, [`MergeError::OutputGone`] ever after.
    #[tracing::instrument(skip_all)]
    pub fn write(&mut self, lines: &[u8]) -> Result<()> {
        if self.failed {
            return Err(MergeError::OutputGone);
        }
        // Assume failure until the write succeeds: a panic in the writer leaves half a line as well.
        self.failed = true;
        let mut written = 0;
        if let Err(source) = self.write_all(lines, &mut written).and_then(|()| self.writer.flush()) {
            // If this fails as well, half a line stays. The first error says why.
            let _ = self.cut_back(&lines[..written]);
            return Err(MergeError::Output { path: self.name.clone(), source });
        }
        self.failed = false;
        self.progress.add(lines);
        Ok(())
    }

    /// As [`Write::write_all`], and counts what was `written`.
    fn write_all(&mut self, lines: &[u8], written: &mut usize) -> io::Result<()> {
        while *written < lines.len() {
            match self.writer.write(&lines[*written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => *written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// After a write that failed: takes the half line at the end of what was `written` out of the file.
    fn cut_back(&self, written: &[u8]) -> io::Result<()> {
        let Some(file) = self.regular.as_ref().map(Handle::as_file) else { return Ok(()) };
        let half = written.len() - memrchr(b'\n', written).map_or(0, |newline| newline + 1);
        file.set_len(file.metadata()?.len().saturating_sub(half as u64))
    }

    /// A view of how much has been written, for those who do not own the output.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("name", &self.name).field("failed", &self.failed).finish_non_exhaustive()
    }
}

fn refuse_an_input(path: &Path, output: &Handle, inputs: &[Input]) -> Result<()> {
    match inputs.iter().find(|input| input.is_file(output)) {
        None => Ok(()),
        Some(input) => Err(MergeError::SameFile { output: path.to_owned(), input: input.path().to_owned() }),
    }
}

/// How much has been merged so far. Clones show the same numbers; reading them never blocks.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    lines: AtomicU64,
    bytes: AtomicU64,
}

impl Progress {
    /// Whole lines written to the output.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.0.lines.load(Ordering::Relaxed)
    }

    /// Bytes written to the output.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    fn add(&self, lines: &[u8]) {
        self.0.lines.fetch_add(memchr_iter(b'\n', lines).count() as u64, Ordering::Relaxed);
        self.0.bytes.fetch_add(lines.len() as u64, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Mutex;

    use tempfile::{NamedTempFile, TempDir};

    use super::*;

    /// Takes the first write, fails at the second, and would take the third.
    #[derive(Clone, Default)]
    struct Flaky(Arc<Mutex<Vec<&'static str>>>);

    impl Write for Flaky {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut calls = self.0.lock().unwrap();
            calls.push("write");
            let writes = calls.iter().filter(|call| **call == "write").count();
            if writes == 2 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(bytes.len()) }
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0.lock().unwrap().push("flush");
            Ok(())
        }
    }

    #[test]
    fn every_write_is_flushed_and_after_a_failure_nothing_more_is_written() {
        let flaky = Flaky::default();
        let mut output = Output::new("flaky", flaky.clone());
        let progress = output.progress();
        output.write(b"a\nb\n").unwrap();
        let error = output.write(b"c\n").unwrap_err();
        assert!(error.to_string().starts_with("cannot write output flaky: "), "{error}");
        assert!(matches!(output.write(b"d\n"), Err(MergeError::OutputGone)));
        assert_eq!(*flaky.0.lock().unwrap(), ["write", "flush", "write"]);
        assert_eq!((progress.lines(), progress.bytes()), (2, 4));
    }

    #[test]
    fn an_output_file_is_emptied_and_one_that_is_missing_is_created() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("merged");
        for old in [None, Some("old content")] {
            if let Some(old) = old {
                fs::write(&path, old).unwrap();
            }
            // Another file is no reason to refuse it.
            let inputs = [Input::open(NamedTempFile::new().unwrap()).unwrap()];
            Output::create(&path, &inputs).unwrap().write(b"new\n").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"new\n");
        }
    }

    #[test]
    fn of_a_write_that_failed_half_way_whole_lines_stay() {
        for (came, kept) in [("", ""), ("ha", ""), ("half\n", "half\n"), ("half\nand ha", "half\n")] {
            let file = NamedTempFile::new().unwrap();
            let mut output = Output::create(&file, &[]).unwrap();
            output.write(b"before\n").unwrap();
            output.writer.write_all(came.as_bytes()).unwrap();
            output.cut_back(came.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), format!("before\n{kept}"), "after {came:?}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn an_output_that_is_truncated_meanwhile_has_no_hole() {
        let file = NamedTempFile::new().unwrap();
        let mut output = Output::create(&file, &[]).unwrap();
        output.write(b"before\n").unwrap();
        file.as_file().set_len(0).unwrap();
        output.write(b"after\n").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"after\n");
    }

    #[test]
    #[cfg(unix)]
    fn an_output_that_another_merge_writes_to_is_refused_and_left_as_it_was() {
        let file = NamedTempFile::new().unwrap();
        let mut output = Output::create(&file, &[]).unwrap();
        output.write(b"a\n").unwrap();
        let error = Output::create(&file, &[]).unwrap_err().to_string();
        assert_eq!(error, format!("another merge writes to output {}", file.path().display()));
        assert_eq!(fs::read(&file).unwrap(), b"a\n");
        drop(output);
        Output::create(&file, &[]).unwrap();
    }

    /// Takes seven bytes at a time, and is interrupted before each.
    #[derive(Clone, Default)]
    struct Slow(Arc<Mutex<(Vec<u8>, bool)>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (taken, interrupted) = &mut *self.0.lock().unwrap();
            *interrupted = !*interrupted;
            if *interrupted {
                return Err(ErrorKind::Interrupted.into());
            }
            let count = bytes.len().min(7);
            taken.extend(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_short_write_is_continued_and_an_interrupted_one_repeated() {
        let slow = Slow::default();
        Output::new("slow", slow.clone()).write(b"a line of more than seven bytes\n").unwrap();
        assert_eq!(slow.0.lock().unwrap().0, b"a line of more than seven bytes\n");
    }

    #[test]
    fn an_output_that_is_an_input_is_refused_and_left_as_it_was() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, "precious").unwrap();
        let inputs = Input::open_all([&path]).unwrap();
        let error = Output::create(&path, &inputs).unwrap_err().to_string();
        assert_eq!(error, format!("output {0} is the same file as input {0}", path.display()));
        assert_eq!(fs::read(&path).unwrap(), b"precious");
    }

    #[test]
    fn an_output_that_cannot_be_created_is_refused_with_its_path_and_cause() {
        let folder = TempDir::new().unwrap();
        let error = Output::create(folder.path().join("no/such/folder"), &[]).unwrap_err().to_string();
        assert!(error.starts_with("cannot write output "), "{error}");
        assert!(matches!(Output::create(folder.path(), &[]), Err(MergeError::Output { .. })));
    }

    #[test]
    fn an_output_shows_its_name_when_it_is_debugged() {
        let shown = format!("{:?}", Output::new("merged.log", io::sink()));
        assert!(shown.contains("merged.log"), "{shown}");
    }
}
