//! The arguments and their help page.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches, Parser};

/// Follows growing log files and merges their lines into one output.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// How often to look for new lines
    #[arg(long, value_name = "TIME", default_value = "100ms", value_parser = interval, allow_hyphen_values = true)]
    pub(crate) interval: Duration,

    /// Merge what is there now, and end
    #[arg(long)]
    pub(crate) no_follow: bool,

    /// A file (emptied first), or - for standard output
    #[arg(long, value_name = "PATH|-")]
    pub(crate) output: PathBuf,

    /// The log files, which may be truncated or replaced meanwhile
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,
}

impl Args {
    /// Reads the arguments that the program was started with. `Err` has its exit code, when it is to end here: the
    /// page that was asked for, or what is wrong, has been printed.
    pub(crate) fn parse(name: &'static str, version: &'static str) -> Result<Self, ExitCode> {
        let command = Self::command().name(name).version(version).after_help(more_help(name));
        command.try_get_matches().and_then(|matches| Self::from_arg_matches(&matches)).map_err(|error| {
            // Nobody is left to tell when the reader of the page has gone.
            let _ = error.print();
            u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
        })
    }
}

/// The lines are broken here: to break them for the terminal's width would take one more crate.
fn more_help(name: &str) -> String {
    format!(
        "\
Lines come out whole, and those of one input in their order. Ctrl-c and SIGTERM
close all inputs: what they hold is still merged. A second one ends at once.

Examples:
  {name} --output all.log web.log db.log        follow two logs into a file
  {name} --output - *.log | grep ERROR          follow many logs into a pipe
  {name} --no-follow --output all.log *.log     merge what is there, and end
  {name} --interval 2s --output all.log *.log   look less often

Exit codes: 0 merged, 1 something failed, 2 usage, 130 ended by a second signal"
    )
}

fn interval(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(interval) if !interval.is_zero() => Ok(interval),
        Ok(_) => Err("it must be longer than 0, such as 100ms, 2s or 1m".to_owned()),
        Err(_) => Err("give a number and a unit, such as 100ms, 2s or 1m".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_has_a_unit_and_is_longer_than_nothing() {
        assert_eq!(interval("100ms"), Ok(Duration::from_millis(100)));
        assert_eq!(interval("1m 30s"), Ok(Duration::from_secs(90)));
        for refused in ["", "0", "0ms", "-1s", "5", "abc", "1e9y", "99999999999999999999s", "1 lightyear"] {
            assert!(interval(refused).is_err_and(|text| text.ends_with("such as 100ms, 2s or 1m")), "{refused}");
        }
    }

    #[test]
    fn the_arguments_are_put_together_as_clap_wants_them() {
        Args::command().debug_assert();
    }
}
