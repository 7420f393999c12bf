//! The contenders: the baseline, the peers and the stages.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use memchr::memrchr;
use merge_core::{Input, MergeError, Output, Summary};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::Result;
use crate::logs::Logs;

/// A contender of a group.
#[derive(Clone, Copy, Debug)]
pub enum Contender {
    /// One thread that does the least work that the job needs. Each group says what that is.
    Baseline,
    /// `cat`, for a backlog: it ignores lines.
    Cat,
    /// GNU `tail`.
    Tail,
    /// One of [`STAGES`].
    Stage(&'static Stage),
}

/// A stage, with its entry points.
#[derive(Debug)]
pub struct Stage {
    name: &'static str,
    /// Follows the inputs until they are closed.
    pub(crate) merge: fn(Vec<Input>, Duration, Output) -> merge_core::Result<Summary>,
    /// The same on an existing runtime: in a task on a worker, for a stage that has tasks.
    merge_on: fn(&Runtime, Vec<Input>, Duration, Output) -> Result<Summary>,
}

/// The stages, in order. A new stage needs an entry here, and its dependency in `Cargo.toml`.
#[rustfmt::skip] // One line per entry point.
pub static STAGES: &[Stage] = &[
    Stage { name: "stage 1", merge: stage1::merge,
        merge_on: |_, inputs, every, output| Ok(stage1::merge(inputs, every, output)?) },
    Stage { name: "stage 2", merge: stage2::merge,
        merge_on: |runtime, inputs, every, output| on_a_worker(runtime, stage2::run_tasks_mixed(inputs, every, output)) },
    Stage { name: "stage 3", merge: stage3::merge,
        merge_on: |runtime, inputs, every, output| Ok(stage1::run_threads(inputs, every, output,
            |input, every, write| stage3::tail_file(runtime, input, every, write))?) },
    Stage { name: "stage 4", merge: stage4::merge,
        merge_on: |runtime, inputs, every, output| on_a_worker(runtime, stage4::run_tasks(inputs, every, output)) },
    Stage { name: "stage 5", merge: |inputs, _, output| stage5::merge(inputs, SAFETY_NET, output),
        merge_on: |runtime, inputs, _, output| on_a_worker(runtime, stage5::run_tasks(inputs, SAFETY_NET, output)) },
];

/// The interval of a stage that waits for events.
pub const SAFETY_NET: Duration = Duration::from_secs(30);

/// Stage 1 with stage 5's watch. It is no stage: it shows what events bring to threads.
static THREADS_WITH_EVENTS: Stage = Stage {
    name: "threads + events",
    merge: threads_with_events,
    merge_on: |_, inputs, every, output| Ok(threads_with_events(inputs, every, output)?),
};

fn threads_with_events(inputs: Vec<Input>, _: Duration, output: Output) -> merge_core::Result<Summary> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(MergeError::Start)?;
    let watch = {
        let _on_it = runtime.enter();
        events::watch(&inputs, SAFETY_NET)
    };
    let (ended, end) = oneshot::channel::<()>();
    thread::scope(|scope| {
        // The one thread that drives the watch.
        scope.spawn(|| runtime.block_on(end));
        let merged = stage1::run_threads(inputs, SAFETY_NET, output, stage1::tail_file);
        drop((ended, watch));
        merged
    })
}

fn on_a_worker(
    runtime: &Runtime,
    merge: impl Future<Output = merge_core::Result<Summary>> + Send + 'static,
) -> Result<Summary> {
    Ok(runtime.block_on(runtime.spawn(merge))??)
}

/// All stages, in order.
pub fn stages() -> impl Iterator<Item = Contender> {
    STAGES.iter().map(Contender::Stage)
}

/// Those of `peers` that are on this machine, and all stages. Prints which peers are skipped.
pub fn with_stages(peers: &[Contender]) -> impl Iterator<Item = Contender> {
    peers.iter().copied().filter(|peer| peer.is_here()).chain(stages())
}

/// Everything that can follow logs on this machine: GNU `tail`, all stages, and threads that are told by events.
pub fn followers() -> impl Iterator<Item = Contender> {
    with_stages(&[Contender::Tail]).chain([Contender::Stage(&THREADS_WITH_EVENTS)])
}

/// Everything that can merge a backlog on this machine.
pub fn batch() -> impl Iterator<Item = Contender> {
    with_stages(&[Contender::Baseline, Contender::Cat, Contender::Tail])
}

/// A multi-thread runtime on which each stage can follow that many inputs.
pub fn multi_thread(inputs: u32) -> io::Result<Runtime> {
    runtime(Builder::new_multi_thread(), inputs)
}

/// A current-thread runtime on which each stage can follow that many inputs.
pub fn current_thread(inputs: u32) -> io::Result<Runtime> {
    runtime(Builder::new_current_thread(), inputs)
}

fn runtime(mut builder: Builder, inputs: u32) -> io::Result<Runtime> {
    builder.max_blocking_threads(stage2::blocking_threads(inputs as usize)).enable_all().build()
}

impl Contender {
    /// Its name in results and plots.
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Cat => "cat",
            Self::Tail => "GNU tail",
            Self::Stage(stage) => stage.name,
        }
    }

    /// The baseline or the follower of that name: what `comparison follow` can run.
    pub fn named(name: &str) -> Option<Self> {
        followers().chain([Self::Baseline]).find(|contender| contender.name() == name)
    }

    /// Whether it looks once per [`SAFETY_NET`], whatever interval is given.
    pub fn has_safety_net(self) -> bool {
        self.name() == "stage 5" || self.name() == THREADS_WITH_EVENTS.name
    }

    fn is_here(self) -> bool {
        let here = match self {
            Self::Cat => version_of("cat").is_some(),
            Self::Tail => version_of("tail").is_some_and(|version| version.contains("GNU coreutils")),
            Self::Baseline | Self::Stage(_) => true,
        };
        if !here {
            eprintln!("skipped: {self} is not on this machine");
        }
        here
    }

    /// Merges `logs` into a new file and returns the time from opening the logs to the last byte of the output. A stage
    /// does all its work on `runtime`.
    pub fn merge_backlog(self, logs: &Logs, runtime: &Runtime) -> Result<Duration> {
        let path = logs.output();
        // To overwrite a file takes another time than to create one.
        if path.exists() {
            std::fs::remove_file(&path)?;
        }
        let start = Instant::now();
        match self {
            Self::Baseline => copy_whole_lines(&logs.paths, &path)?,
            Self::Cat => run(Command::new("cat").args(&logs.paths), &path)?,
            Self::Tail => run(Command::new("tail").args(["-q", "-n", "+1"]).args(&logs.paths), &path)?,
            Self::Stage(stage) => {
                let inputs = Input::open_all(&logs.paths)?;
                let output = Output::create(&path, &inputs)?;
                // A stage that starts with closed inputs merges what is there, and returns.
                for input in &inputs {
                    input.closer().close();
                }
                (stage.merge_on)(runtime, inputs, Duration::from_millis(100), output)?;
            }
        }
        let took = start.elapsed();
        let merged = path.metadata()?.len();
        if merged != logs.bytes {
            return Err(format!("{self} merged {merged} of {} bytes", logs.bytes).into());
        }
        Ok(took)
    }
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The first line that `program --version` prints, if there is such a program.
pub(crate) fn version_of(program: &str) -> Option<String> {
    first_line(Command::new(program).arg("--version"))
}

/// The first line that the command prints, if there is such a program.
pub(crate) fn first_line(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned())
}

/// The baseline of a backlog: one thread copies blocks, cut at newlines, file after file.
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
