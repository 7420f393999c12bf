//! What `scripts/cluster`, `scripts/faults` and `scripts/bench-uplink` need beside `uplink` itself.
//!
//! ```text
//! lab write FOLDER LOGS LINES RATE SEED [rotate]   appends to FOLDER/1.log, …; RATE is in lines per second, 0 for no limit
//! lab confirm OUTPUT FOLDER…                       holds the gathered output to all that was written
//! lab leader STREAM URL…                           prints the name of the server that leads the stream
//! lab delete STREAM URL…                           deletes the stream
//! lab remove NODE URL…                             takes a server that is down out of the cluster for good
//! lab copies STREAM URL…                           prints the servers that have an up-to-date copy
//! lab last STREAM URL…                             prints the number of the last message
//! lab latency OUTPUT SECONDS                       from the write of a line until it can be read in OUTPUT
//! lab usage PID…                                   processor time in ms, and the peak of memory in KiB (Linux)
//! ```

#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::naive_bytecount)]

use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, thread};

use equivalence::{Source, confirm};
use merge_cli::count;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How often the writer writes. What is due is spread over random logs.
const TICK: Duration = Duration::from_millis(10);
/// A log is rotated at most this often: of two rotations while its ship is down, or held back, the first is missed.
const ROTATION: Duration = Duration::from_secs(20);

fn main() -> Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["write", folder, logs, lines, rate, seed, ref rotate @ ..] => {
            write(Path::new(folder), logs.parse()?, lines.parse()?, rate.parse()?, seed.parse()?, !rotate.is_empty())
        }
        ["confirm", output, ref folders @ ..] => confirm_all(Path::new(output), folders),
        [what @ ("leader" | "delete" | "remove" | "copies" | "last"), name, ref servers @ ..] => {
            ask(what, name, servers)
        }
        ["latency", output, seconds] => latency(Path::new(output), Duration::from_secs(seconds.parse()?)),
        ["usage", ref processes @ ..] => usage(processes),
        _ => Err("usage: see the head of crates/uplink/examples/lab.rs".into()),
    }
}

/// A log and what it still has to get.
struct Log {
    path: PathBuf,
    file: File,
    lines: u64,
    /// The second half of a line whose first half is written.
    rest: Vec<u8>,
    rotations: u32,
    next_rotation: Instant,
}

fn write(folder: &Path, logs: usize, lines: u64, rate: u64, seed: u64, rotate: bool) -> Result<()> {
    let host = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut random = Random(seed.wrapping_mul(2) | 1);
    let open = |path: &Path| OpenOptions::new().append(true).create(true).open(path);
    let mut open_logs = Vec::new();
    for number in 1..=logs {
        let path = folder.join(format!("{number}.log"));
        // The first rotation of each comes at a time of its own.
        let wait = ROTATION.mul_f64(random.below(100) as f64 / 100.0);
        let (file, next_rotation) = (open(&path)?, Instant::now() + wait);
        open_logs.push(Log { path, file, lines: 0, rest: Vec::new(), rotations: 0, next_rotation });
    }
    let started = Instant::now();
    let mut written = 0;
    while written < lines {
        let due = if rate == 0 { lines } else { lines.min(started.elapsed().as_millis() as u64 * rate / 1000) };
        let batch = if rate == 0 { 1000 } else { 1 };
        while written < due {
            let number = random.below(logs as u64) as usize;
            let log = &mut open_logs[number];
            let mut bytes = std::mem::take(&mut log.rest);
            for _ in 0..batch.min(lines - written) {
                let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
                let letters = "abcdefghijklmnopqrstuvwxyz".repeat(1 + random.below(6) as usize);
                writeln!(bytes, "{host}-{}-{:06} @{now} {letters}", number + 1, log.lines)?;
                log.lines += 1;
                written += 1;
            }
            if rate > 0 && random.below(10) == 0 {
                log.rest = bytes.split_off(bytes.len() / 2);
            }
            log.file.write_all(&bytes)?;
            if rotate && log.rest.is_empty() && Instant::now() > log.next_rotation {
                log.rotations += 1;
                log.next_rotation += ROTATION;
                fs::rename(&log.path, log.path.with_extension(format!("log.{}", log.rotations)))?;
                log.file = open(&log.path)?;
            }
        }
        if rate > 0 {
            thread::sleep(TICK);
        }
    }
    for log in &mut open_logs {
        log.file.write_all(&log.rest)?;
    }
    Ok(())
}

/// A small generator (xorshift), so that a seed gives the same logs everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % limit
    }
}

fn confirm_all(output: &Path, folders: &[&str]) -> Result<()> {
    let mut sources = Vec::new();
    for folder in folders {
        for number in 1.. {
            let log = Path::new(folder).join(format!("{number}.log"));
            if !log.exists() {
                break;
            }
            let mut bytes = Vec::new();
            // The rotated files are older, the lowest number first.
            let rotated = (1..).map(|rotation| log.with_extension(format!("log.{rotation}")));
            for file in rotated.take_while(|file| file.exists()) {
                bytes.extend(fs::read(file)?);
            }
            bytes.extend(fs::read(&log)?);
            sources.push(Source { name: format!("{folder}/{number}.log"), bytes });
        }
    }
    let merged = fs::read(output)?;
    if let Err(violation) = confirm(&sources, &merged) {
        println!("{violation}");
        std::process::exit(1);
    }
    let lines = merged.iter().filter(|&&byte| byte == b'\n').count();
    let (inputs, lines) = (count(sources.len() as u64, "input"), count(lines as u64, "line"));
    println!("{inputs}, {lines}: exactly once, in order");
    Ok(())
}

#[tokio::main]
async fn ask(what: &str, name: &str, servers: &[&str]) -> Result<()> {
    let servers: Vec<_> = servers.iter().flat_map(|urls| urls.split(',')).map(str::to_owned).collect();
    if what == "remove" {
        // Only the system's account may.
        let admin = async_nats::ConnectOptions::with_user_and_password("admin".into(), "lab".into());
        let request = format!(r#"{{"peer":"{name}"}}"#).into();
        let answer = admin.connect(&servers).await?.request("$JS.API.SERVER.REMOVE", request).await?;
        println!("{}", String::from_utf8_lossy(&answer.payload));
        return Ok(());
    }
    let context = async_nats::jetstream::new(async_nats::connect(&servers).await?);
    if what == "delete" {
        context.delete_stream(name).await?;
        return Ok(());
    }
    if what == "last" {
        println!("{}", context.get_stream(name).await?.cached_info().state.last_sequence);
        return Ok(());
    }
    let cluster = context.get_stream(name).await?.cached_info().cluster.clone().ok_or("there is one server")?;
    let leader = cluster.leader.ok_or("the stream has no leader")?;
    let current = cluster.replicas.into_iter().filter(|copy| copy.current && !copy.offline).map(|copy| copy.name);
    let copies = std::iter::once(leader).chain(current);
    println!("{}", copies.take(if what == "leader" { 1 } else { 9 }).collect::<Vec<_>>().join(" "));
    Ok(())
}

fn latency(output: &Path, time: Duration) -> Result<()> {
    let mut file = File::open(output)?;
    file.seek(SeekFrom::End(0))?;
    let (mut unread, mut took) = (Vec::new(), Vec::new());
    let started = Instant::now();
    while started.elapsed() < time {
        file.read_to_end(&mut unread)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
        let whole = unread.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        for line in String::from_utf8_lossy(&unread[..whole]).lines() {
            let stamp = line.split(' ').find_map(|word| word.strip_prefix('@')?.parse::<u128>().ok());
            took.extend(stamp.map(|stamp| now.saturating_sub(stamp)));
        }
        unread.drain(..whole);
        thread::sleep(Duration::from_millis(1));
    }
    took.sort_unstable();
    let percentile = |of: usize| took.get((took.len() * of / 100).min(took.len().saturating_sub(1))).copied();
    let (Some(half), Some(most)) = (percentile(50), percentile(99)) else { return Err("no line came".into()) };
    println!("{:.0} {:.0}", half as f64 / 1e6, most as f64 / 1e6);
    Ok(())
}

fn usage(processes: &[&str]) -> Result<()> {
    let (mut time, mut memory) = (0, 0);
    for process in processes {
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        // The program's name, in parentheses, may have spaces. Two fields behind it are ticks of 10 ms.
        let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split(' ').collect();
        time += 10 * (fields[12].parse::<u64>()? + fields[13].parse::<u64>()?);
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak")?;
        memory += peak.trim().trim_end_matches(" kB").parse::<u64>()?;
    }
    println!("{time} {memory}");
    Ok(())
}
