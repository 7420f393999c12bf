//! Should the read itself be async? One log is read in a task, in four ways.
//!
//! In place blocks a runtime worker, which no stage may do: it is the limit here, not a proposal.

#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use comparison::Result;
use comparison::logs::Logs;
use comparison::recorder::Recorder;
use criterion::{Criterion, SamplingMode, Throughput};
use tokio::io::AsyncReadExt;
use tokio::runtime::Builder;
use tokio::task::spawn_blocking;

fn main() -> Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut recorder = Recorder::start("leaf");
    let runtime = Builder::new_multi_thread().build()?;
    let large = Logs::prefilled(1, recorder.profile.pick(1 << 14, 64 << 20, 64 << 20), 100)?;
    // A hop per line is so slow that a smaller log has to do.
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
        let path = &logs.paths()[0];
        let mut group = criterion.benchmark_group(format!("leaf/{case}"));
        group
            .sampling_mode(SamplingMode::Flat)
            .sample_size(recorder.profile.pick(10, 10, 20))
            .warm_up_time(Duration::from_millis(recorder.profile.pick(1, 200, 500)))
            .measurement_time(Duration::from_millis(recorder.profile.pick(1, 500, 3_000)))
            .throughput(Throughput::Bytes(logs.bytes()));
        for way in [Way::InPlace, Way::SpawnBlocking, Way::TokioFs] {
            let mut samples = Vec::new();
            group.bench_function(way.name(), |bencher| {
                bencher.iter_custom(|times| {
                    let start = Instant::now();
                    for _ in 0..times {
                        let read = runtime.block_on(runtime.spawn(read(way, path.clone(), chunk as usize)));
                        assert_eq!(read.ok().and_then(std::result::Result::ok), Some(logs.bytes()), "{}", way.name());
                    }
                    let took = start.elapsed();
                    samples.push((logs.bytes() * times) as f64 / took.as_secs_f64() / f64::from(1 << 20));
                    took
                });
            });
            recorder.add(case, f64::from(chunk), way.name(), "speed", "MiB/s", &samples);
        }
        group.finish();
    }
    criterion.final_summary();
    recorder.save()
}

/// A way to read in a task.
#[derive(Clone, Copy)]
enum Way {
    InPlace,
    SpawnBlocking,
    TokioFs,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::InPlace => "in place",
            Self::SpawnBlocking => "spawn_blocking",
            Self::TokioFs => "tokio::fs",
        }
    }
}

/// Reads the whole file in chunks of that many bytes, or by the line where that is 0, and says how many bytes came.
async fn read(way: Way, path: PathBuf, chunk: usize) -> std::io::Result<u64> {
    match way {
        Way::InPlace => {
            let mut file = Chunks::open(&path, chunk)?;
            let mut total = 0;
            loop {
                match file.next()? {
                    0 => return Ok(total),
                    came => total += came,
                }
            }
        }
        Way::SpawnBlocking => {
            let mut file = Chunks::open(&path, chunk)?;
            let mut total = 0;
            loop {
                let came;
                (file, came) = spawn_blocking(move || {
                    let came = file.next();
                    (file, came)
                })
                .await?;
                match came? {
                    0 => return Ok(total),
                    came => total += came,
                }
            }
        }
        Way::TokioFs => {
            let mut file = tokio::fs::File::open(path).await?;
            // Its own buffer is 2 MiB by default; a read is as long as the caller's.
            let mut buffer = vec![0; if chunk == 0 { 100 } else { chunk }];
            let mut total = 0;
            loop {
                match file.read(&mut buffer).await? {
                    0 => return Ok(total),
                    came => total += came as u64,
                }
            }
        }
    }
}

/// A file that is read in chunks, or in lines.
struct Chunks {
    file: BufReader<File>,
    chunk: Vec<u8>,
}

impl Chunks {
    fn open(path: &Path, chunk: usize) -> std::io::Result<Self> {
        Ok(Self { file: BufReader::new(File::open(path)?), chunk: vec![0; chunk] })
    }

    /// Reads the next chunk and says how long it is.
    fn next(&mut self) -> std::io::Result<u64> {
        if self.chunk.is_empty() {
            let mut line = Vec::new();
            return Ok(self.file.read_until(b'\n', &mut line)? as u64);
        }
        // Large reads go past the buffer.
        Ok(self.file.get_mut().read(&mut self.chunk)? as u64)
    }
}
