//! How much is measured.

use std::env;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Each case once, as small as possible: `cargo test`. The figures mean nothing.
    Smoke,
    /// Some minutes for all groups: `cargo bench`.
    Quick,
    /// The figures in the book: `BENCH_PROFILE=full cargo bench`.
    Full,
}

impl Profile {
    /// The profile of this run. `cargo bench` passes `--bench` to a bench program, and `cargo test` does not.
    ///
    /// # Panics
    ///
    /// If `BENCH_PROFILE` is neither `quick` nor `full`.
    pub fn of_this_run() -> Self {
        match env::var("BENCH_PROFILE").as_deref() {
            _ if !env::args().any(|argument| argument == "--bench") => Self::Smoke,
            Ok("full") => Self::Full,
            Ok("quick") | Err(_) => Self::Quick,
            Ok(other) => panic!("BENCH_PROFILE is `{other}`: it may be quick or full"),
        }
    }

    /// One of three values.
    pub fn pick<T>(self, smoke: T, quick: T, full: T) -> T {
        match self {
            Self::Smoke => smoke,
            Self::Quick => quick,
            Self::Full => full,
        }
    }

    /// All of `cases`, but only the first in a smoke test.
    pub fn cases<T>(self, cases: &[T]) -> &[T] {
        self.pick(&cases[..1], cases, cases)
    }

    /// Its name in the results.
    pub fn name(self) -> &'static str {
        self.pick("smoke", "quick", "full")
    }
}
