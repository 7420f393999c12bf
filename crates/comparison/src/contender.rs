//! Who takes part.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use memchr::memrchr;
use merge_core::{Input, Output};
use tokio::runtime::{Builder, Runtime};

use crate::Result;
use crate::logs::Logs;

/// Who takes part in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contender {
    /// What the machine itself allows: the least work that could do the job. Each group says what that is.
    Limit,
    /// `cat`, for a backlog: it does not care for lines.
    Cat,
    /// GNU `tail`.
    Tail,
    /// Threads only.
    Stage1,
    /// Mixed executor bridge.
    Stage2,
    /// Fully async tail.
    Stage3,
    /// Async top level.
    Stage4,
}

/// The four stages, in order.
pub const STAGES: [Contender; 4] = [Contender::Stage1, Contender::Stage2, Contender::Stage3, Contender::Stage4];

/// Who can merge a backlog.
pub const BATCH: [Contender; 7] = [
    Contender::Limit,
    Contender::Cat,
    Contender::Tail,
    Contender::Stage1,
    Contender::Stage2,
    Contender::Stage3,
    Contender::Stage4,
];

/// A multi-thread runtime on which each stage can follow that many inputs.
///
/// # Errors
///
/// When the system gives none.
pub fn multi_thread(inputs: u32) -> io::Result<Runtime> {
    Builder::new_multi_thread().max_blocking_threads(stage2::blocking_threads(inputs as usize)).enable_time().build()
}

/// A current-thread runtime on which each stage can follow that many inputs.
///
/// # Errors
///
/// When the system gives none.
pub fn current_thread(inputs: u32) -> io::Result<Runtime> {
    Builder::new_current_thread().max_blocking_threads(stage2::blocking_threads(inputs as usize)).enable_time().build()
}

impl Contender {
    /// Its name in results and plots.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Cat => "cat",
            Self::Tail => "GNU tail",
            Self::Stage1 => "stage 1",
            Self::Stage2 => "stage 2",
            Self::Stage3 => "stage 3",
            Self::Stage4 => "stage 4",
        }
    }

    /// The contender of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        BATCH.into_iter().find(|contender| contender.name() == name)
    }

    /// Whether it is on this machine. One that is not is left out, and that is said.
    #[must_use]
    pub fn is_here(self) -> bool {
        let here = match self {
            Self::Cat => version_of("cat").is_some(),
            Self::Tail => version_of("tail").is_some_and(|version| version.contains("GNU coreutils")),
            _ => true,
        };
        if !here {
            eprintln!("skipped: {self} is not on this machine");
        }
        here
    }

    /// Merges all that is in `logs` into a new file, and says how long that took: from opening the logs to the last
    /// byte of the output. The stages do their work *on* `runtime`, not beside it.
    ///
    /// # Errors
    ///
    /// When it fails, or when the output is not as long as all logs together.
    pub fn merge_backlog(self, logs: &Logs, runtime: &Runtime) -> Result<Duration> {
        let path = logs.output();
        // A file that is overwritten costs another price than a new one.
        if path.exists() {
            std::fs::remove_file(&path)?;
        }
        let start = Instant::now();
        match self {
            Self::Limit => copy_whole_lines(logs.paths(), &path)?,
            Self::Cat => run(Command::new("cat").args(logs.paths()), &path)?,
            Self::Tail => run(Command::new("tail").args(["-q", "-n", "+1"]).args(logs.paths()), &path)?,
            stage => stage.merge_closed(logs.paths(), &path, runtime)?,
        }
        let took = start.elapsed();
        let merged = path.metadata()?.len();
        if merged != logs.bytes() {
            return Err(format!("{self} merged {merged} of {} bytes", logs.bytes()).into());
        }
        Ok(took)
    }

    /// A stage merges what is there: its inputs are closed before it begins.
    fn merge_closed(self, logs: &[PathBuf], output: &Path, runtime: &Runtime) -> Result<()> {
        let interval = Duration::from_millis(100);
        let inputs = Input::open_all(logs)?;
        let output = Output::create(output, &inputs)?;
        for input in &inputs {
            input.closer().close();
        }
        match self {
            Self::Stage1 => stage1::merge(inputs, interval, output)?,
            Self::Stage2 => runtime.block_on(runtime.spawn(stage2::run_tasks_mixed(inputs, interval, output)))??,
            Self::Stage3 => stage1::run_threads(inputs, interval, output, |input, interval, write| {
                stage3::tail_file(runtime, input, interval, write)
            })?,
            Self::Stage4 => runtime.block_on(runtime.spawn(stage4::run_tasks(inputs, interval, output)))??,
            Self::Limit | Self::Cat | Self::Tail => return Err(format!("{self} is no stage").into()),
        };
        Ok(())
    }
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The first line of what `program --version` prints, if there is such a program.
#[must_use]
pub fn version_of(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").stderr(Stdio::null()).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned())
}

/// The limit of a backlog: one thread copies blocks, cut at newlines, file after file. What a merge cannot do without
/// is here, and nothing else.
fn copy_whole_lines(logs: &[PathBuf], output: &Path) -> io::Result<()> {
    const BLOCK: usize = 128 * 1024;
    let mut output = File::create(output)?;
    let mut block = vec![0; BLOCK];
    for log in logs {
        let mut log = File::open(log)?;
        let mut kept = 0;
        loop {
            if kept == block.len() {
                // A line that is longer than the block.
                block.resize(2 * kept, 0);
            }
            let came = log.read(&mut block[kept..])?;
            if came == 0 {
                break;
            }
            let filled = kept + came;
            let end = memrchr(b'\n', &block[..filled]).map_or(0, |newline| newline + 1);
            output.write_all(&block[..end])?;
            block.copy_within(end..filled, 0);
            kept = filled - end;
        }
    }
    Ok(())
}

/// Runs a program with its output in a new file.
fn run(command: &mut Command, output: &Path) -> Result<()> {
    let status = command.stdout(File::create(output)?).status()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}").into()) }
}
