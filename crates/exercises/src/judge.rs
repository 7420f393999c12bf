//! Runs the tests of an answer for the grader, in place of Rust's own test harness.
//!
//! The grader compiles an answer with its tests as a library, and links it to a `main` that calls [`run`]. An answer can
//! print what it likes and leave whenever it likes, so neither text nor an exit status says that a test has passed. The
//! grader sends the names of the tests on standard input, each with a secret; a test has passed when its secret comes
//! back. [`run`] reads all of it before any code of the answer runs, and keeps it to itself.

use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// The tests of a `suite!` as plain functions: `#[test]` functions exist only in Rust's own harness.
#[doc(hidden)]
#[macro_export]
macro_rules! judged {
    ($merge:expr; $(#[test] $name:ident)+) => { $(
        pub fn $name() {
            let scenario = $crate::judge::scenarios::$name;
            $crate::judge::check(stringify!($name), scenario, $merge, option_env!("CARGO_BIN_NAME"));
        }
    )+ };
}

#[doc(hidden)]
pub use equivalence::{check, scenarios};

/// Runs those of `tests` that standard input names, a few at a time, and prints how each of them ended: its secret and
/// `ok`, or the report of a test that failed, between two lines with its secret. After a test that failed it starts no
/// other: they start in their order, so the first that fails has been started by then. Blocks.
///
/// # Panics
///
/// When standard input or output is gone.
pub fn run(tests: &[(&str, fn())]) {
    let mut wanted = String::new();
    io::stdin().read_to_string(&mut wanted).expect("the names of the tests");
    let wanted: Vec<_> = wanted.lines().filter_map(|line| line.split_once(' ')).collect();
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let run_some = || {
        while let Some(&(name, secret)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            if failed.load(Ordering::Relaxed) {
                return;
            }
            let Some((_, test)) = tests.iter().find(|(test, _)| *test == name) else { continue };
            let line = match catch_unwind(AssertUnwindSafe(test)) {
                Ok(()) => format!("\n{secret} ok\n"),
                Err(panic) => {
                    failed.store(true, Ordering::Relaxed);
                    let text = panic.downcast_ref::<&str>().copied();
                    let report = text.or(panic.downcast_ref::<String>().map(String::as_str));
                    format!("\n{secret} failed\n{}\n{secret} end\n", report.unwrap_or("(no message)"))
                }
            };
            // In one piece: the answer may print at the same time.
            io::stdout().write_all(line.as_bytes()).expect("an output for the results");
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(run_some);
        }
    });
}
