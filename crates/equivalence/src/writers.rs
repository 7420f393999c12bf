//! Simulated writers: programs that log, each to a file of its own, at moments of their own.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// What to simulate. The default is the article's: 5 files of 10 lines, with pauses of up to 100 ms between them.
#[derive(Clone, Copy, Debug)]
pub struct Writers {
    /// How many files, each with a writer of its own.
    pub files: usize,
    /// How many lines each of them gets.
    pub lines: usize,
    /// The longest pause before a line. Each pause is random, from none to this.
    pub pause: Duration,
    /// Where all randomness comes from: the same seed and folder make the same lines and the same pauses.
    pub seed: u64,
}

impl Default for Writers {
    fn default() -> Self {
        Self { files: 5, lines: 10, pause: Duration::from_millis(100), seed: 0 }
    }
}

impl Writers {
    /// Creates the empty files `0`, `1`, … in `folder` and starts a thread per file that writes to it; the article's
    /// `start_write_threads`. Does not wait for them.
    ///
    /// # Errors
    ///
    /// When a file cannot be created or a thread not be started.
    pub fn start(self, folder: &Path) -> io::Result<Writing> {
        let mut paths = Vec::new();
        let mut threads = Vec::new();
        for number in 0..self.files {
            // The file must be there before anyone follows it.
            let path = folder.join(number.to_string());
            let file = File::create(&path)?;
            paths.push(path.clone());
            let random = StdRng::seed_from_u64(self.seed.wrapping_add(number as u64));
            let write = move || write_random_data(file, &path, self.lines, self.pause, random);
            threads.push(thread::Builder::new().name("writer".into()).spawn(write)?);
        }
        Ok(Writing { paths, threads })
    }
}

/// Writers that have been started.
#[derive(Debug)]
pub struct Writing {
    paths: Vec<PathBuf>,
    threads: Vec<JoinHandle<io::Result<()>>>,
}

impl Writing {
    /// The files that are written, in the order of their numbers.
    #[must_use]
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Blocks until every writer has written its last line.
    ///
    /// # Errors
    ///
    /// The first error of a writer.
    ///
    /// # Panics
    ///
    /// When a writer has panicked.
    pub fn join(self) -> io::Result<Vec<PathBuf>> {
        for thread in self.threads {
            thread.join().expect("a writer does not panic")?;
        }
        Ok(self.paths)
    }
}

/// Writes lines of the form `path-index-letters`, each in one piece and visible at once; the article's function.
fn write_random_data(mut file: File, path: &Path, lines: usize, pause: Duration, mut random: StdRng) -> io::Result<()> {
    for index in 0..lines {
        thread::sleep(pause.mul_f64(random.random()));
        let letters: String = (0..10).map(|_| char::from(random.random_range(b'a'..=b'z'))).collect();
        file.write_all(format!("{}-{index:02}-{letters}\n", path.display()).as_bytes())?;
        file.flush()?;
    }
    Ok(())
}
