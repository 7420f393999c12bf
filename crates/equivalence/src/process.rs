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
    alone_with(test, None, run);
}

/// [`alone`], in a process that gets no thread but those whose stack has a size of its own: the size that the others get
/// is more than there is address space. Linux only; elsewhere it does nothing.
///
/// # Panics
///
/// As [`alone`].
pub fn alone_without_threads(test: &str, run: impl FnOnce()) {
    const TOO_MUCH: &str = "4611686018427387904";
    if cfg!(all(target_os = "linux", target_pointer_width = "64")) {
        alone_with(test, Some(("RUST_MIN_STACK", TOO_MUCH)), run);
    }
}

fn alone_with(test: &str, variable: Option<(&str, &str)>, run: impl FnOnce()) {
    if env::var_os(ALONE).is_some_and(|alone| alone == test) {
        return run();
    }
    let program = env::current_exe().expect("a test knows its own program");
    let mut command = Command::new(program);
    // The current folder may be a scratch folder that another test has removed.
    command.args(["--exact", test, "--nocapture"]).env(ALONE, test).envs(variable).current_dir("/");
    let ran = command.output().expect("a test can start its own program");
    let report = String::from_utf8_lossy(&ran.stderr);
    assert!(ExitStatus::success(&ran.status), "in a process of its own:\n{report}");
}

/// Runs `run` while the standard output and the standard error of this process go to `printed`. Off Unix, they go where
/// they went.
pub(crate) fn with_streams_in<T>(printed: &mut Vec<u8>, run: impl FnOnce() -> T) -> T {
    #[cfg(unix)]
    {
        use std::io::{Read, Seek, Write, stderr, stdout};
        use std::os::fd::AsFd;
        use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

        use rustix::stdio::{dup2_stderr, dup2_stdout};

        let mut file = tempfile::tempfile().expect("a scratch file");
        stdout().flush().expect("standard output can be written");
        let former_output = stdout().as_fd().try_clone_to_owned().expect("standard output is open");
        let former_error = stderr().as_fd().try_clone_to_owned().expect("standard error is open");
        dup2_stdout(&file).expect("standard output can be replaced");
        dup2_stderr(&file).expect("standard error can be replaced");
        let returned = catch_unwind(AssertUnwindSafe(run));
        let _ = stdout().flush();
        dup2_stdout(&former_output).expect("standard output can be replaced");
        dup2_stderr(&former_error).expect("standard error can be replaced");
        file.rewind().and_then(|()| file.read_to_end(printed)).expect("a scratch file can be read");
        returned.unwrap_or_else(|panic| {
            // Its message is among what was printed.
            let _ = stderr().write_all(printed);
            resume_unwind(panic)
        })
    }
    #[cfg(not(unix))]
    {
        let _ = printed;
        run()
    }
}

/// How much memory this process has, in bytes, where the system says so.
pub(crate) fn memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

/// How long the threads of this process have computed so far, and how long they have waited for a core, where the system
/// says so.
pub(crate) fn cpu_time() -> Option<(Duration, Duration)> {
    let threads = fs::read_dir("/proc/self/task").ok()?;
    // The first two figures are in nanoseconds. A thread that ends meanwhile is left out.
    let texts = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("schedstat")).ok());
    let (mut computed, mut waited) = (Duration::ZERO, Duration::ZERO);
    for text in texts {
        let mut figures = text.split(' ').map_while(|figure| figure.parse().ok()).map(Duration::from_nanos);
        computed += figures.next().unwrap_or_default();
        waited += figures.next().unwrap_or_default();
    }
    (!computed.is_zero()).then_some((computed, waited))
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
