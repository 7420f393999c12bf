//! Prefilled logs, in memory if the system has a file system there.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tempfile::TempDir;

/// Logs in a temporary folder.
#[derive(Debug)]
pub struct Logs {
    folder: TempDir,
    /// The paths of the logs.
    pub paths: Vec<PathBuf>,
    /// How many bytes they were filled with.
    pub bytes: u64,
}

impl Logs {
    /// Writes `count` logs of `bytes` in all (at least one line each). A line has `line` bytes on average.
    pub fn prefilled(count: u32, bytes: u64, line: u32) -> io::Result<Self> {
        let mut logs = Self { folder: scratch()?, paths: Vec::new(), bytes: 0 };
        let mut random = StdRng::seed_from_u64(0);
        for number in 0..count {
            let path = logs.folder.path().join(number.to_string());
            let mut file = BufWriter::with_capacity(1 << 20, File::create(&path)?);
            let (share, mut written, mut index) = (bytes / u64::from(count), 0, 0);
            while written < share || written == 0 {
                // From half to one and a half times as long.
                let length = random.random_range(line / 2..=line + line / 2).max(1);
                written += write_line(&mut file, number, index, length as usize)?;
                index += 1;
            }
            file.flush()?;
            logs.bytes += written;
            logs.paths.push(path);
        }
        Ok(logs)
    }

    /// The path of the merged file, beside the logs.
    pub fn output(&self) -> PathBuf {
        self.folder.path().join("merged")
    }
}

/// Writes a unique line of about `length` bytes and returns its exact length.
pub fn write_line(file: &mut impl Write, input: u32, index: u64, length: usize) -> io::Result<u64> {
    let mut line = format!("{input} {index} ").into_bytes();
    line.resize(line.len().max(length.saturating_sub(1)), b'.');
    line.push(b'\n');
    file.write_all(&line)?;
    Ok(line.len() as u64)
}

/// A new folder, in memory if there is a file system for it, because the benches do not compare disks. `BENCH_FOLDER`
/// names another place.
pub fn scratch() -> io::Result<TempDir> {
    let memory = Path::new("/dev/shm");
    let place = match std::env::var_os("BENCH_FOLDER") {
        Some(place) => PathBuf::from(place),
        None if fs::metadata(memory).is_ok_and(|found| found.is_dir()) => memory.to_owned(),
        None => std::env::temp_dir(),
    };
    TempDir::with_prefix_in("comparison-", place)
}
