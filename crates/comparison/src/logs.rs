//! Prefilled logs, in memory where the system has a file system there.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tempfile::TempDir;

/// Logs in a folder of their own, which goes with them.
#[derive(Debug)]
pub struct Logs {
    folder: TempDir,
    paths: Vec<PathBuf>,
    bytes: u64,
    lines: u64,
}

impl Logs {
    /// `count` logs of `bytes` in all (at least one line each), of lines that are `line` bytes long on average.
    ///
    /// # Errors
    ///
    /// When they cannot be written.
    pub fn prefilled(count: u32, bytes: u64, line: u32) -> io::Result<Self> {
        let mut logs = Self { folder: scratch()?, paths: Vec::new(), bytes: 0, lines: 0 };
        let mut random = StdRng::seed_from_u64(0);
        for number in 0..count {
            let path = logs.folder.path().join(number.to_string());
            let mut file = BufWriter::with_capacity(1 << 20, File::create(&path)?);
            let (share, mut written, mut index) = (bytes / u64::from(count), 0, 0);
            while written < share || written == 0 {
                // From half to one and a half times as long. A short line is only its number.
                let length = random.random_range(line / 2..=line + line / 2).max(1);
                written += write_line(&mut file, number, index, length as usize)?;
                index += 1;
            }
            file.flush()?;
            logs.bytes += written;
            logs.lines += index;
            logs.paths.push(path);
        }
        Ok(logs)
    }

    /// Where the logs are.
    #[must_use]
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// A file beside the logs, for what is merged from them.
    #[must_use]
    pub fn output(&self) -> PathBuf {
        self.folder.path().join("merged")
    }

    /// How many bytes they were filled with.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many lines they were filled with.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines
    }
}

/// Writes one line that occurs nowhere else, of about `length` bytes, and says how many bytes it was.
///
/// # Errors
///
/// When it cannot be written.
pub fn write_line(file: &mut impl Write, input: u32, index: u64, length: usize) -> io::Result<u64> {
    const FILL: &[u8] = &[b'.'; 4096];
    let head = format!("{input} {index} ");
    file.write_all(head.as_bytes())?;
    let mut left = length.saturating_sub(head.len() + 1);
    let written = head.len() + left + 1;
    while left > 0 {
        let step = left.min(FILL.len());
        file.write_all(&FILL[..step])?;
        left -= step;
    }
    file.write_all(b"\n")?;
    Ok(written as u64)
}

/// A new folder, in memory where there is a file system for it: the disk is not what is compared. `BENCH_FOLDER` names
/// another place for it.
///
/// # Errors
///
/// When it cannot be created.
pub fn scratch() -> io::Result<TempDir> {
    let memory = Path::new("/dev/shm");
    let place = match std::env::var_os("BENCH_FOLDER") {
        Some(place) => PathBuf::from(place),
        None if fs::metadata(memory).is_ok_and(|found| found.is_dir()) => memory.to_owned(),
        None => std::env::temp_dir(),
    };
    TempDir::with_prefix_in("comparison-", place)
}
