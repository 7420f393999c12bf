//! What a scenario sees of its own process, and how it gets one to itself.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;
use std::{env, fs};

/// The test that this process was started for, if it was started for one.
const ALONE: &str = "EQUIVALENCE_ALONE";

/// Runs the test called `test` in a process of its own: what `run` measures there is not the work of other tests.
/// Blocks until it has ended. `test` is its whole name, as in `current_thread::one_input_is_copied`.
///
/// # Panics
///
/// With the report of the test, when it fails; and when no process can be started.
pub fn alone(test: &str, run: impl FnOnce()) {
    if env::var_os(ALONE).is_some_and(|alone| alone == test) {
        return run();
    }
    let program = env::current_exe().expect("a test knows its own program");
    let mut command = Command::new(program);
    // The current folder may be a scratch folder that another test has removed.
    command.args(["--exact", test, "--nocapture"]).env(ALONE, test).current_dir("/");
    let ran = command.output().expect("a test can start its own program");
    let report = String::from_utf8_lossy(&ran.stderr);
    assert!(ExitStatus::success(&ran.status), "in a process of its own:\n{report}");
}

/// How long the threads of this process have computed so far, where the system says so.
pub(crate) fn cpu_time() -> Option<Duration> {
    let threads = fs::read_dir("/proc/self/task").ok()?;
    // The first figure is in nanoseconds. A thread that ends meanwhile is left out.
    let figures = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("schedstat")).ok());
    let nanoseconds = figures.filter_map(|text| text.split(' ').next()?.parse::<u64>().ok()).sum();
    (nanoseconds > 0).then(|| Duration::from_nanos(nanoseconds))
}

/// The names of the threads of this process, where the system says so.
pub(crate) fn threads() -> Vec<String> {
    let Ok(threads) = fs::read_dir("/proc/self/task") else { return Vec::new() };
    let name = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("comm")).ok();
    let mut names: Vec<_> = threads.flatten().filter_map(name).map(|name| name.trim().to_owned()).collect();
    names.sort();
    names
}

/// The open files of this process that are in `folder`, where the system says so.
pub(crate) fn open_files_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(files) = fs::read_dir("/proc/self/fd") else { return Vec::new() };
    let files = files.flatten().filter_map(|file| fs::read_link(file.path()).ok());
    files.filter(|file| file.starts_with(folder)).collect()
}
