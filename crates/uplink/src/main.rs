//! `uplink create | ship | gather`.

mod args;

use std::error::Error;
use std::io::{ErrorKind, IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use merge_cli::{Signals, count, fail, print, print_warnings, raise_file_limit};
use merge_core::{Closer, Input, MergeError, Output, Progress, Summary};
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

/// The line that tells what was done, or the error.
type Ended = Result<String, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn run(command: Command) -> ExitCode {
    let bar = ProgressBar::hidden();
    print_warnings(NAME, bar.clone());
    let ended = match command {
        Command::Create { servers, replicas, max_bytes } => create(&servers, replicas, max_bytes).await,
        Command::Ship { servers, host, interval, no_follow, inputs } => {
            ship_logs(&servers, &host, interval, no_follow, &inputs, &bar).await
        }
        Command::Gather { servers, no_follow, output } => gather_into(&servers, no_follow, &output, &bar).await,
    };
    bar.finish_and_clear();
    match ended {
        Ok(text) => print(NAME, &text),
        Err(error) if reader_is_gone(&*error) => {}
        Err(error) => return fail(NAME, &error.to_string()),
    }
    ExitCode::SUCCESS
}

/// As in the stages, this is no failure: the reader has all that it wanted.
fn reader_is_gone(error: &(dyn Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(MergeError::Output { source, .. }) if source.kind() == ErrorKind::BrokenPipe)
}

async fn create(servers: &Servers, replicas: Option<u8>, max_bytes: Option<u64>) -> Ended {
    let (new, replicas) = servers.connect().await?.create(replicas.map(usize::from), max_bytes).await?;
    let (what, copies) = (if new { "created" } else { "changed" }, if replicas == 1 { "copy" } else { "copies" });
    Ok(format!("{what} stream {} with {replicas} {copies}", servers.stream))
}

async fn ship_logs(
    servers: &Servers,
    host: &str,
    interval: Duration,
    no_follow: bool,
    inputs: &[PathBuf],
    bar: &ProgressBar,
) -> Ended {
    let started = Instant::now();
    let open_files = raise_file_limit();
    let mut inputs = Input::open_all(inputs).map_err(|error| match open_files {
        Some(most) => format!("{error} ({} may be open)", count(most, "file")),
        None => error.to_string(),
    })?;
    let closers: Vec<_> = inputs.iter().map(Input::closer).collect();
    let close_all = move || closers.iter().for_each(Closer::close);
    if no_follow {
        close_all();
    } else {
        inputs.iter_mut().for_each(Input::keep_unfinished);
    }
    tokio::spawn(pass_on_signals(Signals::listen()?, bar.clone(), close_all));
    let link = Arc::new(servers.connect().await?);
    let logs = count(inputs.len() as u64, "input");
    tokio::spawn(show(bar.clone(), format!("shipping {logs}"), link.progress()));
    let shipped = ship(inputs, interval, link, host).await?;
    Ok(format!("shipped {} from {logs} in {:.1} s", amount(shipped), started.elapsed().as_secs_f64()))
}

async fn gather_into(servers: &Servers, no_follow: bool, output: &Path, bar: &ProgressBar) -> Ended {
    let started = Instant::now();
    let stop = Arc::new(Notify::new());
    if no_follow {
        stop.notify_one();
    }
    let signalled = Arc::clone(&stop);
    tokio::spawn(pass_on_signals(Signals::listen()?, bar.clone(), move || signalled.notify_one()));
    let link = servers.connect().await?;
    let destination = if output.as_os_str() == "-" {
        Destination::new(Output::stdout(&[])?)
    } else {
        let destination = Destination::open(output, &link).await?;
        tokio::spawn(show(bar.clone(), "gathering".to_owned(), destination.progress()));
        destination
    };
    let gathered = gather(&link, destination, stop.notified()).await?;
    Ok(format!("gathered {} in {:.1} s", amount(gathered), started.elapsed().as_secs_f64()))
}

fn amount(Summary { lines, bytes, .. }: Summary) -> String {
    format!("{} ({})", count(lines, "line"), HumanBytes(bytes))
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
    if !stderr().is_terminal() {
        return;
    }
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.set_style(ProgressStyle::default_spinner().tick_chars(r"|/-\ "));
    while !bar.is_finished() {
        bar.set_message(format!("{what}: {}, {}", count(progress.lines(), "line"), HumanBytes(progress.bytes())));
        bar.tick();
        sleep(Duration::from_millis(100)).await;
    }
}
