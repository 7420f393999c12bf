//! Should the read itself be async? One log is read in a task, in four ways.
//!
//! The read in place blocks a runtime worker, which no stage may do. It is the baseline here. With `io_uring` no thread
//! waits in a read, if the file system can do that: in memory (tmpfs) the kernel uses threads of its own. It exists on
//! Linux only, tokio has it only with `tokio_unstable`, and a kernel may refuse it: then this bench says so and measures
//! the other three.

#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use comparison::Result;
use comparison::logs::Logs;
use comparison::recorder::{Recorder, bench, criterion_group, time};
use criterion::{Criterion, SamplingMode, Throughput};
use tokio::io::AsyncReadExt;
use tokio::runtime::Builder;
use tokio::task::spawn_blocking;

fn main() -> Result<()> {
    bench("leaf", measure)
}

fn measure(criterion: &mut Criterion, recorder: &mut Recorder) -> Result<()> {
    let runtime = Builder::new_multi_thread().build()?;
    let ring = match Ring::new() {
        Ok(ring) => Some(ring),
        Err(error) => {
            eprintln!("io_uring is not measured: {error}");
            None
        }
    };
    let large = Logs::prefilled(1, recorder.profile.pick(1 << 14, 64 << 20, 64 << 20), 100)?;
    // A call on the blocking pool per line is so slow that the log must be smaller.
    let small = Logs::prefilled(1, recorder.profile.pick(1 << 14, 1 << 20, 4 << 20), 100)?;

    for (case, chunk) in [
        ("one line", 0),
        ("4 KiB", 4_u32 << 10),
        ("16 KiB", 16 << 10),
        ("64 KiB", 64 << 10),
        ("256 KiB", 256 << 10),
        ("1 MiB", 1 << 20),
    ] {
        let logs = if chunk == 0 { &small } else { &large };
        let path = &logs.paths[0];
        let settings = recorder.profile.pick((10, 1, 1), (10, 200, 500), (20, 500, 3_000));
        let mut group = criterion_group(criterion, &format!("leaf/{case}"), settings);
        group.sampling_mode(SamplingMode::Flat).throughput(Throughput::Bytes(logs.bytes));
        for (name, way) in [
            ("in place", Way::InPlace),
            ("spawn_blocking", Way::SpawnBlocking),
            ("tokio::fs", Way::TokioFs),
            ("io_uring", Way::Ring),
        ] {
            if way == Way::Ring && ring.is_none() {
                continue;
            }
            let samples = time(&mut group, name, |times| {
                let start = Instant::now();
                for _ in 0..times {
                    let read = match (&ring, way) {
                        (Some(ring), Way::Ring) => ring.read(path.clone(), chunk as usize),
                        _ => runtime
                            .block_on(runtime.spawn(read(way, path.clone(), chunk as usize)))
                            .unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic())),
                    };
                    assert_eq!(read.ok(), Some(logs.bytes), "{name}");
                }
                start.elapsed()
            });
            let speed =
                |(times, took): &(u64, Duration)| (logs.bytes * times) as f64 / took.as_secs_f64() / f64::from(1 << 20);
            let speeds: Vec<_> = samples.iter().map(speed).collect();
            recorder.add(case, f64::from(chunk), name, "speed", "MiB/s", &speeds);
        }
        group.finish();
    }
    Ok(())
}

/// A way to read in a task.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    InPlace,
    SpawnBlocking,
    TokioFs,
    Ring,
}

/// Reads the whole file in chunks of that many bytes, or line by line if that is 0. Returns the number of bytes.
async fn read(way: Way, path: PathBuf, chunk: usize) -> std::io::Result<u64> {
    let mut total = 0;
    if way == Way::TokioFs {
        let mut file = tokio::fs::File::open(path).await?;
        let mut buffer = vec![0; buffer_size(chunk)];
        loop {
            match file.read(&mut buffer).await? {
                0 => return Ok(total),
                came => total += came as u64,
            }
        }
    }
    let mut file = Chunks { file: BufReader::new(File::open(path)?), chunk: vec![0; chunk] };
    loop {
        let came;
        (file, came) = if way == Way::InPlace { file.next()? } else { spawn_blocking(|| file.next()).await?? };
        match came {
            0 => return Ok(total),
            came => total += came as u64,
        }
    }
}

/// How many bytes are asked for at once where the way to read does not know lines. A line has 100 bytes on average.
fn buffer_size(chunk: usize) -> usize {
    if chunk == 0 { 100 } else { chunk }
}

/// A runtime that reads with `io_uring`. It is not tokio, so its tasks cannot use what the stages use.
struct Ring {
    #[cfg(target_os = "linux")]
    runtime: compio::runtime::Runtime,
}

#[cfg(target_os = "linux")]
impl Ring {
    fn new() -> std::io::Result<Self> {
        compio::runtime::Runtime::new().map(|runtime| Self { runtime })
    }

    fn read(&self, path: PathBuf, chunk: usize) -> std::io::Result<u64> {
        use compio::buf::BufResult;
        use compio::io::AsyncReadAt;

        self.runtime.block_on(async {
            let file = compio::fs::File::open(path).await?;
            // The kernel owns the buffer while it reads, so each read takes it and gives it back.
            let mut buffer = Vec::with_capacity(buffer_size(chunk));
            let mut total = 0;
            loop {
                let BufResult(read, back) = file.read_at(buffer, total).await;
                match read? {
                    0 => return Ok(total),
                    came => total += came as u64,
                }
                buffer = back;
            }
        })
    }
}

#[cfg(not(target_os = "linux"))]
impl Ring {
    fn new() -> std::io::Result<Self> {
        Err(std::io::Error::new(std::io::ErrorKind::Unsupported, "it is part of Linux"))
    }

    #[expect(clippy::unused_self, reason = "as on Linux")]
    fn read(&self, _: PathBuf, _: usize) -> std::io::Result<u64> {
        unreachable!("there is no ring on this system")
    }
}

/// A file that is read in chunks or in lines.
struct Chunks {
    file: BufReader<File>,
    chunk: Vec<u8>,
}

impl Chunks {
    /// Reads the next chunk and returns its length.
    fn next(mut self) -> std::io::Result<(Self, usize)> {
        let came = if self.chunk.is_empty() {
            self.file.read_until(b'\n', &mut Vec::new())?
        } else {
            // Without the buffer in between.
            self.file.get_mut().read(&mut self.chunk)?
        };
        Ok((self, came))
    }
}
