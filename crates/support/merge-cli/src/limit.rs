//! The system's limit on open files, which following thousands of inputs meets first.

use merge_core::MergeError;

/// How many files beside the inputs a program needs: the output, the runtime's own, the signal handler's.
#[cfg(unix)]
const SPARE_FILES: usize = 16;

/// "Too many open files", the same number on every Unix that Rust's standard library knows.
#[cfg(unix)]
const EMFILE: i32 = 24;

/// Raises the soft limit to the hard one, and says how many files may then be open, where it is known.
///
/// It asks for no number: a rotation opens a second file beside the first, for as many inputs as rotate together.
#[cfg(unix)]
pub(crate) fn raise() -> Option<u64> {
    // Where it may not be raised, opening the inputs shows whether it was needed.
    rlimit::increase_nofile_limit(u64::MAX).or_else(|_| rlimit::Resource::NOFILE.get_soft()).ok()
}

/// Runs `open` with some open files less than the limit, so that what is opened after it finds room. Then it is an
/// input that meets the limit, before the output is touched, and never a signal handler or a runtime half way.
#[cfg(unix)]
pub(crate) fn with_spare_files<T>(open: impl FnOnce() -> T) -> T {
    let spare: Vec<_> = (0..SPARE_FILES).map_while(|_| std::fs::File::open("/dev/null").ok()).collect();
    let opened = open();
    drop(spare);
    opened
}

/// The text of `error`, with the numbers that the system leaves out where it met the limit on open files.
#[cfg(unix)]
pub(crate) fn explain(error: &MergeError, inputs: usize, open_files: Option<u64>) -> String {
    use std::error::Error;
    use std::io;

    use indicatif::HumanCount;

    let cause = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    match open_files {
        Some(open_files) if cause.is_some_and(|cause| cause.raw_os_error() == Some(EMFILE)) => format!(
            "{error}: the hard limit is {} open files, too few for {}",
            HumanCount(open_files),
            crate::report::count(inputs as u64, "input")
        ),
        _ => error.to_string(),
    }
}

#[cfg(not(unix))]
pub(crate) fn raise() -> Option<u64> {
    None
}

#[cfg(not(unix))]
pub(crate) fn with_spare_files<T>(open: impl FnOnce() -> T) -> T {
    open()
}

#[cfg(not(unix))]
pub(crate) fn explain(error: &MergeError, _inputs: usize, _open_files: Option<u64>) -> String {
    error.to_string()
}
