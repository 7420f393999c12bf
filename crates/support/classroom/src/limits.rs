//! Runs a program within limits of time and memory.

use std::io::{self, Read, Seek};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::sandbox::Sandbox;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Wall-clock time.
    pub(crate) time: Duration,
    /// Resident memory of the whole process group, in bytes.
    pub(crate) memory: u64,
    /// How long a scenario waits before it reports a hang.
    pub(crate) patience: Duration,
}

/// A limit that a program exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Time,
    Memory,
}

#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) end: Result<ExitStatus, Limit>,
    /// Standard output and standard error, in the order in which they came.
    pub(crate) output: String,
}

/// The interval between two looks at a running program.
const LOOK: Duration = Duration::from_millis(20);
/// The part of the output that is kept, in bytes.
const OUTPUT: u64 = 4 * 1024 * 1024;

/// Runs `command` in a process group of its own, and kills what is left of the group at the end. Blocks.
pub(crate) fn run(command: &mut Command, sandbox: Option<&Sandbox>, limits: Limits) -> io::Result<Run> {
    let mut captured = tempfile::tempfile()?;
    command.stdin(Stdio::null()).stdout(captured.try_clone()?).stderr(captured.try_clone()?);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let mut child = match sandbox {
        Some(sandbox) => sandbox.spawn(command),
        None => command.spawn(),
    }?;
    let deadline = Instant::now() + limits.time;
    let end = loop {
        if let Some(status) = child.try_wait()? {
            break Ok(status);
        }
        if resident(&child) > limits.memory {
            break Err(Limit::Memory);
        }
        if Instant::now() > deadline {
            break Err(Limit::Time);
        }
        thread::sleep(LOOK);
    };
    kill(&mut child)?;
    let mut output = Vec::new();
    captured.rewind()?;
    captured.take(OUTPUT).read_to_end(&mut output)?;
    Ok(Run { end, output: String::from_utf8_lossy(&output).into_owned() })
}

/// Kills the whole group, including what the program started and did not wait for. Returns when all of it has ended.
fn kill(child: &mut Child) -> io::Result<()> {
    #[cfg(unix)]
    {
        use nix::sys::signal::{Signal, killpg};
        use nix::unistd::Pid;
        let group = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
        // An error means that the group is empty. A group that is still there after ten seconds consists of zombies
        // that no parent waits for.
        for _ in 0..500 {
            if killpg(group, Signal::SIGKILL).is_err() {
                break;
            }
            child.wait()?;
            thread::sleep(LOOK);
        }
    }
    #[cfg(not(unix))]
    let _ = child.kill();
    child.wait().map(drop)
}

/// The memory that the child and its group use, in bytes; 0 where the system does not tell.
#[cfg(target_os = "linux")]
fn resident(child: &Child) -> u64 {
    let group = i32::try_from(child.id()).unwrap_or_default();
    let Ok(all) = procfs::process::all_processes() else { return 0 };
    let stats = all.flatten().filter_map(|process| process.stat().ok());
    stats.filter(|stat| stat.pgrp == group).map(|stat| stat.rss * procfs::page_size()).sum()
}

#[cfg(not(target_os = "linux"))]
fn resident(_: &Child) -> u64 {
    0
}
