//! Runs a program within limits: time, memory, and what it may touch.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How much a program may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of the clock.
    pub time: Duration,
    /// Resident, in bytes.
    pub memory: u64,
    /// How long a scenario waits for anything before it says that the run hangs.
    pub patience: Duration,
}

/// How a program ended, and what it said.
#[derive(Debug)]
pub struct Run {
    /// How it ended.
    pub end: End,
    /// Its standard output and standard error, as they came.
    pub output: String,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself.
    Exited(ExitStatus),
    /// It took longer than it may.
    TimeOut,
    /// It took more memory than it may.
    OutOfMemory,
}

impl End {
    /// Whether it ended by itself, and well.
    #[must_use]
    pub fn is_success(self) -> bool {
        matches!(self, Self::Exited(status) if status.success())
    }
}

/// How often it is asked whether the program has ended.
const LOOK: Duration = Duration::from_millis(10);
/// How many such looks there are for one at its memory, which costs a walk through all processes.
const MEMORY: u32 = 5;
/// What is kept of a program that talks without end.
const OUTPUT: u64 = 4 * 1024 * 1024;

/// Runs `command` within `limits`, in a process group of its own, which is gone when this returns. Blocks.
///
/// # Errors
///
/// When it cannot be started, or its output cannot be kept.
pub fn run(command: &mut Command, limits: Limits) -> io::Result<Run> {
    let mut said = tempfile::tempfile()?;
    command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said.try_clone()?);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let mut child = command.spawn()?;
    let deadline = Instant::now() + limits.time;
    let mut looks = 0;
    let end = loop {
        if let Some(status) = child.try_wait()? {
            break End::Exited(status);
        }
        if looks % MEMORY == 0 && resident(&child) > limits.memory {
            break End::OutOfMemory;
        }
        looks += 1;
        if Instant::now() > deadline {
            break End::TimeOut;
        }
        thread::sleep(LOOK);
    };
    kill(&mut child)?;
    Ok(Run { end, output: text(&mut said)? })
}

/// Ends the whole group: also what the program has started and not awaited. Returns when they are gone.
fn kill(child: &mut Child) -> io::Result<()> {
    #[cfg(unix)]
    {
        use nix::sys::signal::{Signal, killpg};
        use nix::unistd::Pid;
        let group = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
        // An error says that it has no members any more. What is killed is gone a little later; some seconds later it
        // is a zombie that nobody takes away.
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

/// How much memory the child and all of its group have in use, in bytes; 0 where the system does not say.
#[cfg(target_os = "linux")]
fn resident(child: &Child) -> u64 {
    let group = i32::try_from(child.id()).unwrap_or_default();
    let Ok(all) = procfs::process::all_processes() else { return 0 };
    let resident = |stat: procfs::process::Stat| stat.rss * procfs::page_size();
    all.flatten().filter_map(|one| one.stat().ok()).filter(|stat| stat.pgrp == group).map(resident).sum()
}

#[cfg(not(target_os = "linux"))]
fn resident(_: &Child) -> u64 {
    0
}

fn text(said: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    said.rewind()?;
    said.take(OUTPUT).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
