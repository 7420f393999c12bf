//! The one suite: every stage has to produce the same merged output.
//!
//! A stage's whole test file is
//!
//! ```
//! # mod stage1 {
//! #     use merge_core::{Input, MergeError, Output, Result, Summary};
//! #     pub fn merge(_: Vec<Input>, _: std::time::Duration, _: Output) -> Result<Summary> {
//! #         Err(MergeError::Cancelled)
//! #     }
//! # }
//! equivalence::suite!(stage1::merge);
//! ```
//!
//! which makes a named `#[test]` of every scenario. The list of scenarios stands in one place, so that no stage can
//! leave one out.
//!
//! # Layout
//!
//! - `scenarios.rs`: what is tested, one function per scenario, and the list.
//! - `fixture.rs`: what a scenario works with: log files, a captured output, the running entry point, the watchdog.
//! - `process.rs`: what a scenario sees of its own process, and how it gets one to itself.
//! - `writers.rs`: simulated writers, seeded.
//! - `confirm.rs`: the oracle, `confirm_merge`.
//! - `violation.rs`: the ways to break the contract. A scenario returns one; the suite turns it into a panic.
//! - `heartbeat.rs`: whether an async top keeps its hands off the runtime's workers.
//!
//! Every wait has a deadline, and no scenario sleeps to let something happen.

// A test support crate: where the machine gives no file or thread, the test ends.
#![allow(clippy::missing_panics_doc)]

mod confirm;
mod fixture;
pub mod heartbeat;
mod process;
pub mod scenarios;
mod violation;
mod writers;

use std::time::Duration;

pub use confirm::{Source, confirm, confirm_beginnings, confirm_merge};
pub use fixture::{CapturedOutput, EntryPoint, Fault, Fixture, Running, Settings};
pub use process::{alone, alone_without_threads};
pub use scenarios::{SCENARIOS, Scenario};
pub use violation::{Difference, Reason, Violation};
pub use writers::{Writers, Writing};

/// Makes a `#[test]` of every scenario, for one entry point.
///
/// `suite!(stage4::merge)` puts them into the file itself; `suite!(current_thread: …)` into a module of that name.
/// The entry point is a function, or a closure that captures nothing, of the type [`EntryPoint`].
///
/// An exercise is held to a few scenarios only, each with its attribute: `suite!(merge; #[test] one_input_is_copied)`.
#[macro_export]
macro_rules! suite {
    ($name:ident: $merge:expr) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            $crate::suite!($merge);
        }
    };
    ($merge:expr) => {
        $crate::each_scenario!($crate::tests, $merge);
    };
    ($merge:expr; $(#[test] $name:ident)+) => {
        $crate::tests!($merge; $($name)+);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! tests {
    ($merge:expr; $($name:ident)*) => { $(
        #[test]
        fn $name() {
            let place = concat!(module_path!(), "::", stringify!($name));
            $crate::check(place, $crate::scenarios::$name, $merge, option_env!("CARGO_BIN_NAME"));
        }
    )* };
}

/// Runs [`scenarios::soak`] for `SOAK_MINUTES`, 60 unless it is set. Panics with what it found.
pub fn soak(merge: EntryPoint) {
    let minutes = std::env::var("SOAK_MINUTES").ok().and_then(|minutes| minutes.parse().ok()).unwrap_or(60);
    let settings = Settings::default();
    if let Err(violation) = scenarios::soak(Duration::from_secs(60 * minutes), merge, &settings) {
        panic!("{violation}\n  seed: {}", settings.seed);
    }
}

/// The line of a report that says how to run the scenario again. `program` is the exercise, where it is one.
#[must_use]
pub fn again(name: &str, program: Option<&str>) -> String {
    again_in(cfg!(windows), name, program)
}

/// [`again`] for Bash, or for PowerShell, which sets a variable for all later commands.
fn again_in(powershell: bool, name: &str, program: Option<&str>) -> String {
    let seed = Settings::default().seed;
    let (variable, exercise) = if powershell {
        (format!("$env:EQUIVALENCE_SEED={seed};"), "cargo test --bin")
    } else {
        (format!("EQUIVALENCE_SEED={seed}"), "scripts/exercises test")
    };
    let command = program.map_or("cargo test".to_owned(), |program| format!("{exercise} {program}"));
    format!("  again:    {variable} {command} {name}")
}

/// Runs one scenario for one entry point, and panics with what it found and how to run it again. `place` is the path of
/// its test: crate, modules and name.
#[doc(hidden)]
pub fn check(
    place: &str,
    scenario: fn(EntryPoint, &Settings) -> Result<(), Violation>,
    merge: EntryPoint,
    program: Option<&str>,
) {
    let test = place.split_once("::").map_or(place, |(_crate, test)| test);
    let name = test.rsplit("::").next().unwrap_or(test);
    let run = || {
        if let Err(violation) = scenario(merge, &Settings::default()) {
            panic!("{violation}\n{}\n", again(name, program));
        }
    };
    if name == scenarios::WITHOUT_THREADS {
        alone_without_threads(test, run);
    } else if scenarios::ALONE.contains(&name) {
        alone(test, run);
    } else {
        run();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_runs_a_scenario_again_is_for_the_shell_of_the_system() {
        let seed = Settings::default().seed;
        assert_eq!(
            again_in(false, "one_input_is_copied", Some("threads1")),
            format!("  again:    EQUIVALENCE_SEED={seed} scripts/exercises test threads1 one_input_is_copied")
        );
        assert_eq!(
            again_in(true, "one_input_is_copied", Some("threads1")),
            format!("  again:    $env:EQUIVALENCE_SEED={seed}; cargo test --bin threads1 one_input_is_copied")
        );
        assert!(again_in(true, "bytes_pass_unchanged", None).ends_with("; cargo test bytes_pass_unchanged"));
    }
}
