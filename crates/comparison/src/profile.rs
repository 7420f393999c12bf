//! How much is measured.

use std::env;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Each case once, as small as it can be: `cargo test`. The figures mean nothing.
    Smoke,
    /// Some minutes for all groups: `cargo bench`.
    Quick,
    /// What the book shows: `BENCH_PROFILE=full cargo bench`.
    Full,
}

impl Profile {
    /// What this run is meant to be. `cargo bench` gives a bench program `--bench`, and `cargo test` does not.
    ///
    /// # Panics
    ///
    /// When `BENCH_PROFILE` is neither `quick` nor `full`.
    #[must_use]
    pub fn of_this_run() -> Self {
        match env::var("BENCH_PROFILE").as_deref() {
            _ if !env::args().any(|argument| argument == "--bench") => Self::Smoke,
            Ok("full") => Self::Full,
            Ok("quick") | Err(_) => Self::Quick,
            Ok(other) => panic!("BENCH_PROFILE is `{other}`: it may be quick or full"),
        }
    }

    /// One of three values, as the profile asks.
    pub fn pick<T>(self, smoke: T, quick: T, full: T) -> T {
        match self {
            Self::Smoke => smoke,
            Self::Quick => quick,
            Self::Full => full,
        }
    }

    /// Its name in the results.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.pick("smoke", "quick", "full")
    }
}
