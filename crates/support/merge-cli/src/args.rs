//! The arguments and their help page.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches, Parser};

/// What differs between the programs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) waits: Waits,
}

/// What a follower waits for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Waits {
    ByTime,
    ForEvents,
}

/// Follows growing log files and merges their lines into one output.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// How often to look for new lines
    #[arg(long, value_name = "TIME", default_value = "100ms", value_parser = interval, allow_hyphen_values = true)]
    pub(crate) interval: Duration,

    /// How long a line may be, such as 1MiB [default: 64MiB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_line: Option<usize>,

    /// Merge what the inputs hold now, and exit
    #[arg(long)]
    pub(crate) no_follow: bool,

    /// A file (emptied first), or - for standard output
    #[arg(long, value_name = "PATH|-")]
    pub(crate) output: PathBuf,

    /// Log files. They may be truncated or replaced at any time
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,
}

impl Args {
    /// Reads the arguments of the program. `Err` is the exit code of a program that exits at once. The page that was
    /// asked for, or the error, has then been printed.
    pub(crate) fn parse(program: Program) -> Result<Self, ExitCode> {
        let Program { name, version, waits } = program;
        let mut command = Self::command().name(name).bin_name(name).version(version).after_help(more_help(program));
        if let Waits::ForEvents = waits {
            let help = "How often to look if no event comes";
            command = command.mut_arg("interval", |interval| interval.default_value("30s").help(help));
        }
        command.try_get_matches().and_then(|matches| Self::from_arg_matches(&matches)).map_err(|error| {
            // If the reader of the page has gone, this error cannot be reported.
            let _ = error.print();
            u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
        })
    }
}

/// Breaks its lines itself: to fit them to the terminal would take one more crate.
fn more_help(Program { name, waits, .. }: Program) -> String {
    let interval = match waits {
        Waits::ByTime => "--interval 2s --output all.txt *.log   look for new lines less often",
        Waits::ForEvents => "--interval 1s --output all.txt *.log   where no events come",
    };
    format!(
        "\
Every line stays whole, and the lines of one input stay in order. Ctrl-c,
SIGTERM or SIGHUP closes all inputs: what they hold is still merged. A second
signal, 0.3 s later or more, stops the program at once. With --no-follow, the
first one does.

Examples:
  {name} --output all.txt web.log db.log        follow two logs into a file
  {name} --output - *.log | grep ERROR          follow many logs into a pipe
  {name} --no-follow --output all.txt *.log     merge what is there, and exit
  {name} {interval}

Exit codes: 0 merged, 1 failed, 2 wrong usage, 130 stopped at once by a signal"
    )
}

/// To look more often than this keeps a processor core busy and shows no line sooner.
const SHORTEST: Duration = Duration::from_millis(1);

fn interval(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(interval) if interval >= SHORTEST => Ok(interval),
        Ok(_) => Err("it must be at least 1ms, such as 100ms, 2s or 1m".to_owned()),
        Err(_) => Err("give a number and a unit, such as 100ms, 2s or 1m".to_owned()),
    }
}

/// A number of bytes.
fn size(text: &str) -> Result<usize, String> {
    let (number, unit) = text.split_at(text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len()));
    let unit = match unit {
        "" => Some(1),
        "KiB" => Some(1024),
        "MiB" => Some(1024 * 1024),
        _ => None,
    };
    let bytes = unit.and_then(|unit| number.parse::<usize>().ok()?.checked_mul(unit));
    bytes.filter(|&bytes| bytes > 0).ok_or_else(|| "give a number of bytes, such as 1000, 64KiB or 1MiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_has_a_unit_and_is_at_least_a_millisecond() {
        assert_eq!(interval("100ms"), Ok(Duration::from_millis(100)));
        assert_eq!(interval("1ms"), Ok(SHORTEST));
        assert_eq!(interval("1m 30s"), Ok(Duration::from_secs(90)));
        for refused in ["", "0", "0ms", "999us", "-1s", "5", "abc", "1e9y", "99999999999999999999s", "1 lightyear"] {
            assert!(interval(refused).is_err_and(|text| text.ends_with("such as 100ms, 2s or 1m")), "{refused}");
        }
    }

    #[test]
    fn a_size_is_a_number_of_bytes_and_at_least_one() {
        assert_eq!(size("1000"), Ok(1000));
        assert_eq!(size("64KiB"), Ok(65_536));
        assert_eq!(size("2MiB"), Ok(2_097_152));
        for refused in ["", "0", "0MiB", "KiB", "-1", "1.5MiB", "1 MiB", "1kb", "99999999999999999MiB"] {
            assert!(size(refused).is_err_and(|text| text.ends_with("such as 1000, 64KiB or 1MiB")), "{refused}");
        }
    }

    #[test]
    fn clap_accepts_the_arguments() {
        Args::command().debug_assert();
    }
}
