//! Should the read itself be async? One log is read in a task, in three ways.
//!
//! The read in place blocks a runtime worker, which no stage may do. It is the baseline here.

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
        for (name, way) in
            [("in place", Way::InPlace), ("spawn_blocking", Way::SpawnBlocking), ("tokio::fs", Way::TokioFs)]
        {
            let samples = time(&mut group, name, |times| {
                let start = Instant::now();
                for _ in 0..times {
                    let read = runtime.block_on(runtime.spawn(read(way, path.clone(), chunk as usize)));
                    assert_eq!(read.ok().and_then(std::result::Result::ok), Some(logs.bytes), "{name}");
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
}

/// Reads the whole file in chunks of that many bytes, or line by line if that is 0. Returns the number of bytes.
async fn read(way: Way, path: PathBuf, chunk: usize) -> std::io::Result<u64> {
    let mut total = 0;
    if way == Way::TokioFs {
        let mut file = tokio::fs::File::open(path).await?;
        let mut buffer = vec![0; if chunk == 0 { 100 } else { chunk }];
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
