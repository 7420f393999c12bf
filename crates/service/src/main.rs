//! The service as a program: `service STEP ADDRESS FILE`. SIGTERM and ctrl-c drain it.

use std::error::Error;
use std::net::TcpListener;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;
use std::{env, io};

use service::shared::{App, Settings};
use service::{step1, step2, step3, step4};
use tokio_util::sync::CancellationToken;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [step, address, file] = &arguments[..] else { return Err("usage: service STEP ADDRESS FILE".into()) };
    // ANCHOR: switch
    let run = match step.as_str() {
        "1" => step1::run,
        "2" => step2::run,
        "3" => step3::run,
        "4" => step4::run,
        _ => return Err("STEP is 1, 2, 3 or 4".into()),
    };
    // ANCHOR_END: switch
    let default = Settings::default();
    let limits = Settings {
        max_requests: from_env("SERVICE_MAX_REQUESTS", default.max_requests)?,
        limit: Duration::from_millis(from_env("SERVICE_LIMIT_MS", 2_000)?),
        drain: Duration::from_millis(from_env("SERVICE_DRAIN_MS", 10_000)?),
        ..default
    };
    let app = App::open(Path::new(file), limits)?;
    let shutdown = CancellationToken::new();
    let signal = shutdown.clone();
    // SIGTERM, SIGHUP and ctrl-c, on a thread of their own: that works in all steps.
    ctrlc::set_handler(move || signal.cancel())?;
    let listener = TcpListener::bind(address)?;
    println!("http://{}", listener.local_addr()?);
    match run(listener, app, shutdown) {
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Err("requests were still in work at the end".into()),
        result => Ok(result?),
    }
}

/// The value of `name`, or the default.
fn from_env<T: FromStr<Err: Error + 'static>>(name: &str, default: T) -> Result<T, Box<dyn Error>> {
    env::var(name).map_or(Ok(default), |text| Ok(text.parse()?))
}
