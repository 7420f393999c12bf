//! Collects samples while a group runs, prints them, and writes them down.

use std::path::PathBuf;

use crate::Result;
use crate::child::raise_file_limit;
use crate::profile::Profile;
use crate::results::{Group, Machine, Results, Row};

/// Collects the samples of one group.
#[derive(Debug)]
pub struct Recorder {
    /// How much is to be measured.
    pub profile: Profile,
    group: String,
    rows: Vec<Row>,
}

impl Recorder {
    /// A recorder for the group of that name. It lets this process open as many files as the system allows.
    #[must_use]
    pub fn start(group: &str) -> Self {
        let _ = raise_file_limit();
        Self { profile: Profile::of_this_run(), group: group.to_owned(), rows: Vec::new() }
    }

    /// Adds what was measured of one contender in one case, and prints it. `x` is the case as a number, for a plot's
    /// axis. Nothing is added when there are no samples.
    pub fn add(&mut self, case: &str, x: f64, contender: &str, measure: &str, unit: &str, samples: &[f64]) {
        let Some(row) = Row::new(case, x, contender, measure, unit, samples) else { return };
        if self.profile != Profile::Smoke {
            println!("{:8} {row}", self.group);
        }
        self.rows.push(row);
    }

    /// Writes the rows into the folder that `COMPARISON_RESULTS` names. Without it, they have only been printed.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn save(self) -> Result<()> {
        let Some(folder) = std::env::var_os("COMPARISON_RESULTS") else { return Ok(()) };
        if self.profile == Profile::Smoke {
            return Ok(());
        }
        let group = Group { profile: self.profile.name().to_owned(), machine: Machine::here(), rows: self.rows };
        let path = PathBuf::from(folder).join(format!("{}.json", self.group));
        Results([(self.group, group)].into()).write(&path)
    }
}
