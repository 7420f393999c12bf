//! A contender as a child process, and the resources that the kernel accounts to it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use merge_core::{Input, Output};

use crate::Result;
use crate::contender::Contender;
use crate::logs::Logs;

/// A contender that follows logs until it is dropped.
#[derive(Debug)]
pub struct Follower {
    /// Its process.
    pub process: Child,
    contender: Contender,
}

/// The resources that the kernel accounts to a process.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// Processor time so far, in all threads, including the kernel's work for them.
    pub cpu: Duration,
    /// Its memory now, in MiB.
    pub memory: f64,
    /// Its most memory so far, in MiB.
    pub most_memory: f64,
    /// Its threads now.
    pub threads: u64,
}

impl Follower {
    /// Starts `contender`, which follows `logs` from their start. `program` is the binary of this crate (see [`follow`]).
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

    /// The resources that the kernel accounts to it. Only Linux has an answer.
    pub fn account(&self) -> Result<Account> {
        #[cfg(target_os = "linux")]
        return account(self.process.id()).map_err(|error| format!("{} has ended: {error}", self.contender).into());
        #[cfg(not(target_os = "linux"))]
        Err(format!("{}: the resources of a process are only read on Linux", self.contender).into())
    }
}

#[cfg(target_os = "linux")]
fn account(process: u32) -> Result<Account> {
    let process = i32::try_from(process)?;
    let clock = nix::time::ClockId::pid_cpu_clock_id(nix::unistd::Pid::from_raw(process))?;
    let status = procfs::process::Process::new(process)?.status()?;
    let mebibytes = |kib: Option<u64>| kib.unwrap_or_default() as f64 / 1024.0;
    Ok(Account {
        cpu: nix::time::clock_gettime(clock)?.into(),
        memory: mebibytes(status.vmrss),
        most_memory: mebibytes(status.vmhwm),
        threads: status.threads,
    })
}

impl Drop for Follower {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs the program `comparison follow`: follows `inputs` until it is killed, and writes to standard output.
///
/// The baseline of following reads nothing: one thread looks at every name once per interval.
pub fn follow(contender: Contender, every: Duration, inputs: &[PathBuf]) -> Result<()> {
    let _ = raise_file_limit();
    // If the bench is interrupted, this process ends as well.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    match contender {
        Contender::Baseline => loop {
            for input in inputs {
                std::fs::metadata(input)?;
            }
            thread::sleep(every);
        },
        Contender::Stage(stage) => {
            let inputs = Input::open_all(inputs)?;
            let output = Output::stdout(&inputs)?;
            (stage.merge)(inputs, every, output)?;
            Ok(())
        }
        Contender::Cat | Contender::Tail => Err(format!("{contender} is a program of its own").into()),
    }
}

/// Waits until `file` is as long as `bytes`.
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

/// Starts `contender` on `logs` with its output in a file beside them, and waits until the file has all their bytes.
pub fn follow_to_file(program: &str, contender: Contender, logs: &Logs, every: Duration) -> Result<Follower> {
    let output = logs.output();
    let follower = Follower::start(program, contender, &logs.paths, every, File::create(&output)?.into())?;
    if !matches!(contender, Contender::Baseline) {
        wait_for_length(&output, logs.bytes).map_err(|error| format!("{contender}: {error}"))?;
    }
    Ok(follower)
}

/// Raises the number of files that this process and its children may open as far as the system allows, and returns it.
pub fn raise_file_limit() -> u64 {
    #[cfg(unix)]
    return rlimit::increase_nofile_limit(u64::MAX).unwrap_or(256);
    #[cfg(not(unix))]
    u64::MAX
}
