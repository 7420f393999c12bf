//! Runs a program within limits of time, memory and output, and ends all that it has started.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::sandbox::{Kind, Sandbox};

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Limits {
    /// Wall-clock time.
    pub(crate) time: Duration,
    /// Resident memory of the program and of all that it has started, in bytes.
    pub(crate) memory: u64,
    /// How long a scenario waits before it reports a hang.
    pub(crate) patience: Duration,
}

/// A limit that a program exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Limit {
    Time,
    Memory,
    Output,
}

/// A program to run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    /// Where it runs. It may write there.
    pub(crate) folder: PathBuf,
    /// In a sandbox it has no other variables.
    pub(crate) environment: Vec<(String, OsString)>,
    /// What it reads. At most a few KiB: it is written before the program reads it.
    pub(crate) input: String,
    pub(crate) sandbox: Sandbox,
    pub(crate) kind: Kind,
    pub(crate) limits: Limits,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    /// Whether it succeeded, and how it ended in words.
    pub(crate) end: Result<(bool, String), Limit>,
    /// Standard output and standard error, in the order in which they came.
    pub(crate) output: String,
}

/// The interval between two looks at a running program.
const LOOK: Duration = Duration::from_millis(20);
/// In one of so many looks its memory is added up, which takes a walk through all processes.
const WEIGH: u32 = 5;
/// What a program may print, in bytes.
const OUTPUT: u64 = 16 * 1024 * 1024;

/// Runs a job in this process. Blocks.
///
/// # Errors
///
/// When it cannot be started.
pub(crate) fn run(job: &Job) -> io::Result<Run> {
    run_below(job, None)
}

/// Runs the job that standard input describes, and prints how it ended: for a process that does nothing else. On Linux
/// it adopts all that the program has started and left behind, so that nothing escapes. Blocks.
pub(crate) fn supervise() -> anyhow::Result<()> {
    let job = serde_json::from_reader(io::stdin())?;
    #[cfg(target_os = "linux")]
    {
        nix::sys::prctl::set_child_subreaper(true)?;
        // The job inherits these: at most 1 GiB per file, and no core dump.
        for (resource, limit) in [(rlimit::Resource::FSIZE, 1 << 30), (rlimit::Resource::CORE, 0)] {
            rlimit::setrlimit(resource, limit, limit)?;
        }
    }
    Ok(serde_json::to_writer(io::stdout(), &run_below(&job, Some(std::process::id()))?)?)
}

/// All descendants of `root` are the job's; without a root, those of its first process.
fn run_below(job: &Job, root: Option<u32>) -> io::Result<Run> {
    // The program can neither read this file nor write over what it has: a result stands in it before others do.
    let captured = NamedTempFile::new()?;
    let append = || OpenOptions::new().append(true).open(captured.path());
    let mut words = job.sandbox.prefix(job.kind).into_iter();
    let mut command = match words.next() {
        Some(first) => Command::new(first),
        None => Command::new(&job.program),
    };
    if words.len() > 0 {
        command.args(words).arg(&job.program);
    }
    command.args(&job.arguments).current_dir(&job.folder).stdin(Stdio::piped()).stdout(append()?).stderr(append()?);
    if job.kind != Kind::None {
        // The teacher's environment is not for the answer.
        command.env_clear();
    }
    command.envs(job.environment.iter().map(|(name, value)| (name, value)));
    #[cfg(all(unix, not(target_os = "linux")))]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);

    let mut child = job.sandbox.spawn(job.kind, &mut command)?;
    // A program that reads nothing may have ended already.
    let _ = child.stdin.take().map(|mut input| input.write_all(job.input.as_bytes()));
    let root = root.unwrap_or(child.id());
    let deadline = Instant::now() + job.limits.time;
    let mut looks = 0;
    let end = loop {
        if let Some(status) = child.try_wait()? {
            break Ok((status.success(), status.to_string()));
        }
        looks += 1;
        if looks % WEIGH == 0 && resident(root) > job.limits.memory {
            break Err(Limit::Memory);
        }
        if captured.as_file().metadata()?.len() > OUTPUT {
            break Err(Limit::Output);
        }
        if Instant::now() > deadline {
            break Err(Limit::Time);
        }
        thread::sleep(LOOK);
    };
    kill(root, &mut child)?;
    let mut output = Vec::new();
    captured.reopen()?.take(OUTPUT).read_to_end(&mut output)?;
    Ok(Run { end, output: String::from_utf8_lossy(&output).into_owned() })
}

/// Kills the child and all that it has started. Returns when all of it has ended.
#[cfg(target_os = "linux")]
fn kill(root: u32, child: &mut Child) -> io::Result<()> {
    use nix::sys::signal::{Signal, kill};
    use nix::sys::wait::{WaitPidFlag, waitpid};
    use nix::unistd::Pid;

    let _ = child.kill();
    child.wait()?;
    // What is still there after ten seconds consists of zombies that no parent waits for.
    for _ in 0..500 {
        let left = descendants(root);
        if left.is_empty() {
            break;
        }
        for process in left {
            // It may have ended meanwhile.
            let _ = kill(Pid::from_raw(process.pid), Signal::SIGKILL);
            if process.ppid == std::process::id().cast_signed() {
                let _ = waitpid(Pid::from_raw(process.pid), Some(WaitPidFlag::WNOHANG));
            }
        }
        thread::sleep(LOOK);
    }
    Ok(())
}

/// The same, as far as it is still in the child's process group.
#[cfg(not(target_os = "linux"))]
fn kill(_root: u32, child: &mut Child) -> io::Result<()> {
    #[cfg(unix)]
    if let Ok(group) = i32::try_from(child.id()) {
        let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(group), nix::sys::signal::Signal::SIGKILL);
    }
    let _ = child.kill();
    child.wait().map(drop)
}

/// The processes below `root`.
#[cfg(target_os = "linux")]
fn descendants(root: u32) -> Vec<procfs::process::Stat> {
    let Ok(all) = procfs::process::all_processes() else { return Vec::new() };
    let mut others: Vec<_> = all.flatten().filter_map(|process| process.stat().ok()).collect();
    let (mut found, mut parents) = (Vec::new(), vec![root.cast_signed()]);
    while let Some(parent) = parents.pop() {
        for child in others.extract_if(.., |process| process.ppid == parent) {
            parents.push(child.pid);
            found.push(child);
        }
    }
    found
}

/// The memory that the processes below `root` use, and `root` itself if it is the job's, in bytes; 0 where the system
/// does not tell.
#[cfg(target_os = "linux")]
fn resident(root: u32) -> u64 {
    let own = procfs::process::Process::new(root.cast_signed()).and_then(|process| process.stat());
    let own = own.ok().filter(|_| root != std::process::id());
    own.into_iter().chain(descendants(root)).map(|stat| stat.rss * procfs::page_size()).sum()
}

#[cfg(not(target_os = "linux"))]
fn resident(_: u32) -> u64 {
    0
}
