//! Runs each distinct command once, from the root of the repository, with a time limit.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// The outputs of the commands so far.
pub(crate) struct Commands {
    root: PathBuf,
    limit: Duration,
    outputs: HashMap<String, Result<Output, String>>,
    /// What the first block of a command shows, for its other blocks.
    pub(crate) shown: HashMap<String, Vec<String>>,
}

impl Commands {
    pub(crate) fn new(root: &Path, limit: Duration) -> Self {
        Self { root: root.to_owned(), limit, outputs: HashMap::new(), shown: HashMap::new() }
    }

    /// The output of `command`, or why there is none.
    pub(crate) fn run(&mut self, command: &str) -> Result<Output, String> {
        let run = || run(command, &self.root, self.limit);
        self.outputs.entry(command.to_owned()).or_insert_with(run).clone()
    }
}

fn run(command: &str, root: &Path, limit: Duration) -> Result<Output, String> {
    let mut bash = Command::new("bash");
    bash.args(["-o", "pipefail", "-c", command]).current_dir(root).env("CARGO_TERM_COLOR", "never");
    bash.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A process group of its own, so that the whole pipeline can be killed.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut bash, 0);
    let child = bash.spawn().map_err(|error| format!("cannot start bash: {error}"))?;
    let group = format!("-{}", child.id());
    let (sender, receiver) = channel();
    // After the limit the receiver is gone, and the output is of no use.
    thread::spawn(move || _ = sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(limit) else {
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        return Err(format!("it did not end within {limit:?}"));
    };
    output.map_err(|error| error.to_string())
}
