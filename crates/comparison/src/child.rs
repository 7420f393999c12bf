//! A contender as a process of its own, and what the kernel accounts to it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use merge_core::{Input, Output};

use crate::Result;
use crate::contender::Contender;
use crate::logs::Logs;

/// A contender that follows logs until it is dropped.
#[derive(Debug)]
pub struct Follower {
    process: Child,
    contender: Contender,
}

/// What the kernel accounts to a process.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// Processor time so far, in all threads, the kernel's own work for them included.
    pub cpu: Duration,
    /// Memory that it holds now, in MiB.
    pub memory: f64,
    /// The most memory that it has held at once, in MiB.
    pub most_memory: f64,
    /// Threads that it has now.
    pub threads: u64,
}

impl Follower {
    /// Starts `contender` on `logs`, to follow them from their start. `program` is this crate's own (see [`follow`]).
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start(program: &str, contender: Contender, logs: &[PathBuf], every: Duration, to: Stdio) -> Result<Self> {
        let mut command = match contender {
            Contender::Tail => {
                let mut tail = Command::new("tail");
                tail.args(["-q", "-F", "-n", "+1", "-s"]).arg(every.as_secs_f64().to_string());
                tail
            }
            own => {
                let mut follow = Command::new(program);
                follow.args(["follow", own.name(), &every.as_millis().to_string()]);
                follow
            }
        };
        let process = command.args(logs).stdin(Stdio::null()).stdout(to).stderr(Stdio::null()).spawn();
        let process = process.map_err(|error| format!("cannot start {contender}: {error}"))?;
        Ok(Self { process, contender })
    }

    /// Where its output comes out, when it was started with a pipe. Once.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.process.stdout.take()
    }

    /// What the kernel accounts to it.
    ///
    /// # Errors
    ///
    /// When it has ended.
    #[cfg(target_os = "linux")]
    pub fn account(&self) -> Result<Account> {
        let failed = |error: &dyn std::fmt::Display| format!("{} has ended: {error}", self.contender);
        let id = i32::try_from(self.process.id())?;
        let clock = nix::time::ClockId::pid_cpu_clock_id(nix::unistd::Pid::from_raw(id));
        let cpu = clock.and_then(nix::time::clock_gettime).map_err(|error| failed(&error))?;
        let status = procfs::process::Process::new(id).and_then(|process| process.status());
        let status = status.map_err(|error| failed(&error))?;
        let mebibytes = |kib: Option<u64>| Duration::from_secs(kib.unwrap_or_default()).as_secs_f64() / 1024.0;
        Ok(Account {
            cpu: cpu.into(),
            memory: mebibytes(status.vmrss),
            most_memory: mebibytes(status.vmhwm),
            threads: status.threads,
        })
    }

    /// What the kernel accounts to it: nobody knows how to ask this one.
    ///
    /// # Errors
    ///
    /// Always.
    #[cfg(not(target_os = "linux"))]
    pub fn account(&self) -> Result<Account> {
        Err(format!("{}: the accounting of a process is only read on Linux", self.contender).into())
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the program `comparison follow` runs: follows `inputs` until it is killed, writes to standard output.
///
/// The limit of following reads nothing: it looks at every name once per interval, as rarely and as cheaply as the
/// contract allows, in one thread.
///
/// # Errors
///
/// When the stage fails.
pub fn follow(contender: Contender, every: Duration, inputs: &[PathBuf]) -> Result<()> {
    let _ = raise_file_limit();
    // A bench that is interrupted takes this process with it.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    if contender == Contender::Limit {
        loop {
            for input in inputs {
                std::fs::metadata(input)?;
            }
            thread::sleep(every);
        }
    }
    let inputs = Input::open_all(inputs)?;
    let output = Output::stdout(&inputs)?;
    match contender {
        Contender::Stage1 => stage1::merge(inputs, every, output)?,
        Contender::Stage2 => stage2::merge(inputs, every, output)?,
        Contender::Stage3 => stage3::merge(inputs, every, output)?,
        Contender::Stage4 => stage4::merge(inputs, every, output)?,
        other => return Err(format!("{other} is not followed from here").into()),
    };
    Ok(())
}

/// Waits until `file` is as long as `bytes`.
///
/// # Errors
///
/// When it does not grow for a minute.
pub fn wait_for_length(file: &Path, bytes: u64) -> Result<()> {
    let (mut last, mut since) = (0, Instant::now());
    loop {
        let length = file.metadata()?.len();
        if length >= bytes {
            return Ok(());
        }
        if length > last {
            (last, since) = (length, Instant::now());
        } else if since.elapsed() > Duration::from_secs(60) {
            return Err(format!("{length} of {bytes} bytes were merged, and then nothing for a minute").into());
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Starts `contender` on `logs` with its output in a file beside them, and waits until all that is in them is there.
///
/// # Errors
///
/// When it cannot be started, or does not merge.
pub fn follow_to_file(program: &str, contender: Contender, logs: &Logs, every: Duration) -> Result<Follower> {
    let output = logs.output();
    let follower = Follower::start(program, contender, logs.paths(), every, File::create(&output)?.into())?;
    if contender != Contender::Limit {
        wait_for_length(&output, logs.bytes()).map_err(|error| format!("{contender}: {error}"))?;
    }
    Ok(follower)
}

/// How many files this process, and those that it starts, may have open: as many as the system allows. A case with
/// more inputs than that is left out.
#[must_use]
pub fn raise_file_limit() -> u64 {
    #[cfg(unix)]
    return rlimit::increase_nofile_limit(u64::MAX).unwrap_or(256);
    #[cfg(not(unix))]
    u64::MAX
}
