//! Runs the commands of the blocks: each distinct one once, from the root of the repository, with a time limit.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

/// What came of a command.
#[derive(Clone)]
pub(crate) struct Ran {
    /// Its standard output, without the newlines at its end.
    pub(crate) output: String,
    /// The last lines of its standard error.
    pub(crate) complaint: String,
    /// `None` when a signal ended it.
    pub(crate) code: Option<i32>,
}

/// The commands that have been run.
pub(crate) struct Commands {
    root: PathBuf,
    limit: Duration,
    ran: HashMap<String, Result<Ran, String>>,
}

impl Commands {
    pub(crate) fn new(root: &Path, limit: Duration) -> Self {
        Self { root: root.to_owned(), limit, ran: HashMap::new() }
    }

    /// What came of `command`, or why nothing did.
    pub(crate) fn run(&mut self, command: &str) -> Result<Ran, String> {
        if let Some(ran) = self.ran.get(command) {
            return ran.clone();
        }
        let ran = run(command, &self.root, self.limit);
        self.ran.insert(command.to_owned(), ran.clone());
        ran
    }
}

fn run(command: &str, root: &Path, limit: Duration) -> Result<Ran, String> {
    let mut bash = Command::new("bash");
    bash.args(["-o", "pipefail", "-c", command]).current_dir(root);
    bash.env("CARGO_TERM_COLOR", "never");
    bash.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(unix)]
    {
        // A group of its own, so that all of a pipeline can be ended.
        use std::os::unix::process::CommandExt;
        bash.process_group(0);
    }
    let mut child = bash.spawn().map_err(|error| format!("bash cannot be started: {error}"))?;
    let deadline = Instant::now() + limit;
    let output = collect(child.stdout.take());
    let complaint = collect(child.stderr.take());
    let mut take = |from: &std::sync::mpsc::Receiver<Vec<u8>>| {
        from.recv_timeout(deadline.saturating_duration_since(Instant::now())).map_err(|_| {
            end(&mut child);
            format!("it did not end within {limit:?}")
        })
    };
    let output = take(&output)?;
    let complaint = take(&complaint)?;
    let status = child.wait().map_err(|error| error.to_string())?;
    let complaint = String::from_utf8_lossy(&complaint).into_owned();
    let last = complaint.lines().rev().take(5).collect::<Vec<_>>();
    Ok(Ran {
        output: String::from_utf8_lossy(&output).replace("\r\n", "\n").trim_end().to_owned(),
        complaint: last.into_iter().rev().collect::<Vec<_>>().join("\n"),
        code: status.code(),
    })
}

/// Reads a pipe to its end on a thread of its own.
fn collect(pipe: Option<impl Read + Send + 'static>) -> std::sync::mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read: io::Result<usize> = pipe.map_or(Ok(0), |mut pipe| pipe.read_to_end(&mut bytes));
        // Nobody waits any more when the limit has passed.
        let _ = read.map(|_| sender.send(bytes));
    });
    receiver
}

/// Ends a command and what it has started.
fn end(child: &mut Child) {
    #[cfg(unix)]
    let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status();
    let _ = child.kill();
    let _ = child.wait();
}
