//! `uplink create | ship | gather`.

mod args;

use std::future::{pending, ready};
use std::io::ErrorKind;
use std::path::Path;
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use indicatif::{HumanBytes, ProgressBar};
use merge_cli::{Signals, count, fail, print, print_warnings, raise_file_limit};
use merge_core::{Input, MergeError, Output, Progress, Summary};
use tokio::select;
use tokio::sync::Notify;
use tokio::time::sleep;
use uplink::{Destination, gather, ship};

use args::{Args, Command, Servers};

const NAME: &str = "uplink";
/// The exit code of a program that ctrl-c ended: 128 and the number of the signal.
const INTERRUPTED: i32 = 130;
/// Signals that follow the first one this soon belong to it, as in the stages.
const TOGETHER: Duration = Duration::from_millis(300);

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // If the reader of the page has gone, this error cannot be reported.
            let _ = error.print();
            return u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
        }
    };
    run(args.command)
}

#[tokio::main]
async fn run(command: Command) -> ExitCode {
    let bar = ProgressBar::hidden();
    print_warnings(NAME, bar.clone());
    let started = Instant::now();
    let (verb, ended) = match command {
        Command::Create { servers, replicas, max_bytes } => return create(&servers, replicas, max_bytes).await,
        Command::Ship { servers, host, interval, no_follow, inputs } => {
            let open_files = raise_file_limit();
            let opened = Input::open_all(&inputs).map_err(|error| match open_files {
                Some(most) => format!("{error} ({} may be open)", count(most, "file")),
                None => error.to_string(),
            });
            let inputs = match opened {
                Ok(inputs) => inputs,
                Err(error) => return fail(NAME, &error),
            };
            ("shipped", run_ship(&servers, &host, interval, no_follow, inputs, &bar).await)
        }
        Command::Gather { servers, no_follow, output } => {
            ("gathered", run_gather(&servers, no_follow, &output, &bar).await)
        }
    };
    bar.finish_and_clear();
    match ended {
        Ok(Summary { inputs, lines, bytes }) => {
            let from =
                if verb == "shipped" { format!(" from {}", count(inputs as u64, "input")) } else { String::new() };
            let took = started.elapsed().as_secs_f64();
            print(NAME, &format!("{verb} {} ({}){from} in {took:.1} s", count(lines, "line"), HumanBytes(bytes)));
            ExitCode::SUCCESS
        }
        Err(Failure::Merge(MergeError::Output { source, .. })) if source.kind() == ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(Failure::Merge(error)) => fail(NAME, &error.to_string()),
        Err(Failure::Text(error)) => fail(NAME, &error),
    }
}

enum Failure {
    Merge(MergeError),
    Text(String),
}

impl From<MergeError> for Failure {
    fn from(error: MergeError) -> Self {
        Self::Merge(error)
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

async fn create(servers: &Servers, replicas: u8, max_bytes: Option<u64>) -> ExitCode {
    let created = async {
        let link = servers.connect().await?;
        link.create(replicas.into(), max_bytes).await
    };
    match created.await {
        Ok(new) => {
            let what = if new { "created" } else { "changed" };
            let copies = if replicas == 1 { "1 copy".to_owned() } else { format!("{replicas} copies") };
            print(NAME, &format!("{what} stream {} with {copies}", servers.stream));
            ExitCode::SUCCESS
        }
        Err(error) => fail(NAME, &error),
    }
}

async fn run_ship(
    servers: &Servers,
    host: &str,
    interval: Duration,
    no_follow: bool,
    mut inputs: Vec<Input>,
    bar: &ProgressBar,
) -> Result<Summary, Failure> {
    let signals = Signals::listen().map_err(MergeError::Start)?;
    let closers: Vec<_> = inputs.iter().map(Input::closer).collect();
    let close_all = move || closers.iter().for_each(merge_core::Closer::close);
    if no_follow {
        close_all();
    } else {
        inputs.iter_mut().for_each(Input::keep_unfinished);
    }
    tokio::spawn(pass_on_signals(signals, bar.clone(), close_all));
    let link = Arc::new(servers.connect().await?);
    let following = format!("shipping {}", count(inputs.len() as u64, "input"));
    tokio::spawn(show(bar.clone(), following, link.progress()));
    Ok(ship(inputs, interval, link, host).await?)
}

async fn run_gather(servers: &Servers, no_follow: bool, output: &Path, bar: &ProgressBar) -> Result<Summary, Failure> {
    let signals = Signals::listen().map_err(MergeError::Start)?;
    let stopped = Arc::new(Notify::new());
    let stop = Arc::clone(&stopped);
    tokio::spawn(pass_on_signals(signals, bar.clone(), move || stop.notify_one()));
    let link = servers.connect().await?;
    let destination = if output.as_os_str() == "-" {
        Destination::new(Output::stdout(&[])?)
    } else {
        let destination = Destination::open(output, &link).await?;
        tokio::spawn(show(bar.clone(), "gathering".to_owned(), destination.progress()));
        destination
    };
    let stop = async {
        select! {
            () = stopped.notified() => {}
            () = async { if no_follow { ready(()).await } else { pending().await } } => {}
        }
    };
    Ok(gather(&link, destination, stop).await?)
}

/// The first signal calls `stop`. A later one ends the process: the servers may take nothing.
async fn pass_on_signals(mut signals: Signals, bar: ProgressBar, stop: impl Fn()) {
    signals.recv().await;
    let first = Instant::now();
    stop();
    loop {
        signals.recv().await;
        if first.elapsed() > TOGETHER {
            bar.finish_and_clear();
            process::exit(INTERRUPTED);
        }
    }
}

/// Shows the status line. Ends with the runtime.
async fn show(bar: ProgressBar, what: String, progress: Progress) {
    if !std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        return;
    }
    bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
    bar.set_style(indicatif::ProgressStyle::default_spinner().tick_chars(r"|/-\ "));
    while !bar.is_finished() {
        bar.set_message(format!("{what}: {}, {}", count(progress.lines(), "line"), HumanBytes(progress.bytes())));
        bar.tick();
        sleep(Duration::from_millis(100)).await;
    }
}
