//! The arguments and their help pages.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Parser, Subcommand};
use uplink::{Link, Login};

/// Ships the logs of many hosts to one durable stream on NATS, and gathers it.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  uplink create --replicas 3                       once, on any machine
  uplink ship --host web1 /var/log/nginx/*.log     on each host
  uplink gather --output all.log                   where the lines are wanted
  uplink gather --output - | grep ERROR            from the first line on

Several --server, and all that a login needs, may also be given by the
variables that the program `nats` reads: NATS_URL, NATS_USER, NATS_PASSWORD,
NATS_TOKEN, NATS_NKEY, NATS_CREDS, NATS_CA, NATS_CERT, NATS_KEY.

Run ship and gather under a supervisor that starts them again: each goes on
where it has stopped. Ctrl-c, SIGTERM or SIGHUP ends them in good order. A
second signal, 0.3 s later or more, stops the program at once.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by a second signal";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Creates the stream, or changes how many copies it has and how long it may be
    #[command(after_help = "\
Examples:
  uplink create                                 3 copies, as long as the disks allow
  uplink create --replicas 1 --max-bytes 20GiB  one copy, which needs one server")]
    Create {
        #[command(flatten)]
        servers: Servers,
        /// How many servers keep a copy: 1, 3 or 5. Of 3, one may be down [default of a new stream: 3]
        #[arg(long, value_parser = clap::value_parser!(u8).range(1..=5))]
        replicas: Option<u8>,
        /// The greatest length of the stream, such as 20GiB. A full stream holds the ships back
        #[arg(long, value_name = "SIZE", value_parser = size)]
        max_bytes: Option<u64>,
    },
    /// Follows the logs of one host and sends their lines to the stream
    #[command(after_help = "\
Each log goes on behind what the stream has of it. A last line without its
newline waits in its file; with --no-follow it is ended.

Examples:
  uplink ship --host web1 /var/log/nginx/*.log
  uplink ship --host web1 --no-follow old.log        ship what is there, and exit
  uplink ship --host web1 --server nats://n1:4222 --server nats://n2:4222 *.log")]
    Ship {
        #[command(flatten)]
        servers: Servers,
        /// The name of this host. No other may use it
        #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
        host: String,
        /// How often to look for new lines
        #[arg(long, value_name = "TIME", default_value = "100ms", value_parser = interval)]
        interval: Duration,
        /// Ship what the inputs hold now, and exit
        #[arg(long)]
        no_follow: bool,
        /// Log files. They may be truncated or replaced at any time
        #[arg(required = true, value_name = "INPUT")]
        inputs: Vec<PathBuf>,
    },
    /// Writes the stream to one output
    #[command(after_help = "\
PATH.position, beside the file, says how far it has come. To gather all of the
stream again, remove it.

Examples:
  uplink gather --output all.log                go on where it has stopped
  uplink gather --no-follow --output all.log    gather what is there, and exit
  uplink gather --output - | grep ERROR         from the first line on")]
    Gather {
        #[command(flatten)]
        servers: Servers,
        /// Gather what the stream holds now, and exit
        #[arg(long)]
        no_follow: bool,
        /// A file, or - for standard output
        #[arg(long, value_name = "PATH|-")]
        output: PathBuf,
    },
}

/// Where the servers are, and how they know us.
#[allow(clippy::doc_markdown, reason = "help pages are plain text")]
#[derive(clap::Args, Debug)]
pub(crate) struct Servers {
    /// The address of a server. Give several, in case one is down
    #[arg(long = "server", value_name = "URL", env = "NATS_URL", value_delimiter = ',', hide_env = true)]
    #[arg(default_value = "nats://localhost:4222")]
    urls: Vec<String>,
    /// The name of the stream
    #[arg(long, default_value = "logs", value_parser = stream)]
    pub(crate) stream: String,
    /// The user's name
    #[arg(long, env = "NATS_USER", hide_env = true, requires = "password")]
    user: Option<String>,
    /// The user's password. Others can see arguments: better set NATS_PASSWORD
    #[arg(long, env = "NATS_PASSWORD", hide_env = true, requires = "user")]
    password: Option<String>,
    /// A token. Better set NATS_TOKEN
    #[arg(long, env = "NATS_TOKEN", hide_env = true)]
    token: Option<String>,
    /// A file with the seed of a key (NKEY)
    #[arg(long, value_name = "FILE", env = "NATS_NKEY", hide_env = true)]
    nkey: Option<PathBuf>,
    /// A credentials file
    #[arg(long, value_name = "FILE", env = "NATS_CREDS", hide_env = true)]
    creds: Option<PathBuf>,
    /// Use TLS, and trust these certificates (PEM)
    #[arg(long, value_name = "FILE", env = "NATS_CA", hide_env = true)]
    ca: Option<PathBuf>,
    /// Our own certificate (PEM), for servers that ask for it
    #[arg(long, value_name = "FILE", env = "NATS_CERT", hide_env = true, requires = "key")]
    cert: Option<PathBuf>,
    /// Its key (PEM)
    #[arg(long, value_name = "FILE", env = "NATS_KEY", hide_env = true, requires = "cert")]
    key: Option<PathBuf>,
}

impl Servers {
    pub(crate) async fn connect(&self) -> Result<Link, String> {
        let login = Login {
            user: self.user.clone().zip(self.password.clone()),
            token: self.token.clone(),
            nkey: self.nkey.clone(),
            creds: self.creds.clone(),
            ca: self.ca.clone(),
            identity: self.cert.clone().zip(self.key.clone()),
        };
        Link::connect(&self.urls, &login, &self.stream).await
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    let interval = humantime::parse_duration(text).ok().filter(|interval| *interval >= Duration::from_millis(1));
    interval.ok_or_else(|| "give at least 1ms, such as 100ms, 2s or 1m".to_owned())
}

/// A number of bytes.
fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = text.split_at(text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len()));
    let power = ["", "KiB", "MiB", "GiB", "TiB"].iter().position(|known| *known == unit);
    let unit = power.and_then(|power| 1024_u64.checked_pow(u32::try_from(power).ok()?));
    let bytes = unit.and_then(|unit| number.parse::<u64>().ok()?.checked_mul(unit));
    bytes.filter(|&bytes| bytes > 0).ok_or_else(|| "give a number of bytes, such as 1000, 64MiB or 20GiB".to_owned())
}

/// A name that can begin a subject.
fn stream(text: &str) -> Result<String, String> {
    let plain = !text.is_empty() && text.chars().all(|char| char.is_ascii_alphanumeric() || "-_".contains(char));
    if plain { Ok(text.to_owned()) } else { Err("use letters, digits, - and _".to_owned()) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn clap_accepts_the_arguments() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_size_is_a_number_of_bytes_and_at_least_one() {
        assert_eq!(size("1000"), Ok(1000));
        assert_eq!(size("20GiB"), Ok(20 << 30));
        for refused in ["", "0", "GiB", "-1", "1.5MiB", "1 MiB", "99999999999TiB"] {
            assert!(size(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_stream_has_a_plain_name() {
        assert!(stream("web-logs_2").is_ok());
        for refused in ["", "a.b", "a b", "*", ">"] {
            assert!(stream(refused).is_err(), "{refused}");
        }
    }
}
