//! Every pitfall under each net: the lints of an async-only crate, the suite, a heartbeat, a look at the workers.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use pitfalls::{GALLERY, Pitfall};
use tokio::runtime::{Handle, RuntimeMetrics};
use tokio::time::sleep;

/// How long a runtime may be silent, and a worker awake, before a net sees it.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the nets look.
const LOOK: Duration = Duration::from_millis(100);

/// The cell of a stage without a runtime.
const NONE: &str = "(no runtime)";

/// The functions of this workspace that block. Each crate has to list its own.
const OWN: &str = r#"
    { path = "merge_core::Output::write" },
    { path = "merge_core::Input::read_lines" },
"#;

/// Prints the table as Markdown.
pub(crate) fn table() -> ExitCode {
    let lints = match lints() {
        Ok(lints) => lints,
        Err(error) => {
            eprintln!("pitfalls: cargo clippy: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("| mistake | a person sees | clippy | suite | heartbeat | workers |");
    println!("|---------|---------------|--------|-------|-----------|---------|");
    for pitfall in GALLERY {
        match watched(pitfall) {
            Ok(seen) => {
                // Where there is no runtime, a thread may block.
                let has_runtime = !seen.contains(NONE);
                let lint = lints.get(pitfall.name).filter(|_| has_runtime).map(String::as_str).unwrap_or_default();
                println!("| `{}` | {} | {lint} | {seen} |", pitfall.name, pitfall.shows_as());
            }
            Err(error) => {
                eprintln!("pitfalls: {}: {error}", pitfall.name);
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// Runs a pitfall in a process of its own: the threads of one that hangs never end.
fn watched(pitfall: &Pitfall) -> io::Result<String> {
    let run = Command::new(std::env::current_exe()?).args(["watch", pitfall.name]).stderr(Stdio::null()).output()?;
    let text = String::from_utf8_lossy(&run.stdout);
    text.lines().last().map(str::to_owned).ok_or_else(|| io::Error::other("it printed nothing"))
}

/// The lints of stage 4, and this workspace's own functions, on the gallery: per pitfall, what clippy says at the
/// mistake.
fn lints() -> io::Result<BTreeMap<String, String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let start = "disallowed-methods = [";
    let lists = fs::read_to_string(root.join("crates/stage4/clippy.toml"))?.replace(start, &format!("{start}{OWN}"));
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("clippy.toml"), lists)?;
    let run = Command::new("cargo")
        .args(["clippy", "--quiet", "--package", "pitfalls", "--lib", "--message-format", "short"])
        .args(["--target-dir", "target/nets"])
        .env("CLIPPY_CONF_DIR", folder.path())
        .current_dir(&root)
        .output()?;
    let messages = String::from_utf8_lossy(&run.stderr);
    if !run.status.success() {
        return Err(io::Error::other(messages.into_owned()));
    }
    let mut found = BTreeMap::new();
    for (name, line, what) in messages.lines().filter_map(message) {
        let Some(pitfall) = GALLERY.iter().find(|pitfall| pitfall.name == name) else { continue };
        if is_the_mistake(pitfall, line) {
            found.entry(name.to_owned()).or_insert(what);
        }
    }
    Ok(found)
}

/// The pitfall, the line and the function of a message: `…/gallery/NAME.rs:LINE:COLUMN: warning: …`
fn message(text: &str) -> Option<(&str, usize, String)> {
    let (_, place) = text.split_once("gallery/")?;
    let (name, place) = place.split_once(".rs:")?;
    let (line, message) = place.split_once(':')?;
    if !message.contains("disallowed method") && !message.contains("await point") {
        return None;
    }
    let path = message.split('`').nth(1)?;
    let mut parts: Vec<_> = path.rsplit("::").take(2).collect();
    parts.reverse();
    Some((name, line.parse().ok()?, format!("`{}`", parts.join("::"))))
}

/// Whether the line is the one below the comment that marks the mistake, or the next. A call inside of `spawn_blocking`
/// is none.
fn is_the_mistake(pitfall: &Pitfall, line: usize) -> bool {
    let lines: Vec<_> = pitfall.source.lines().map(str::trim).collect();
    let code = |from: usize| (from..lines.len()).find(|&index| !lines[index].starts_with("//"));
    let marked = (0..lines.len()).filter(|&index| lines[index].starts_with("// The mistake")).filter_map(code);
    let mut marked = marked.map(|index| index + 1);
    !lines[line - 1].contains("spawn_blocking") && marked.any(|marked| (marked..=marked + 1).contains(&line))
}

static RUNTIMES: Mutex<Vec<Watched>> = Mutex::new(Vec::new());

/// A runtime, and what the nets have seen of it.
struct Watched {
    metrics: RuntimeMetrics,
    last_beat: Arc<Mutex<Instant>>,
    shut_down: Arc<AtomicBool>,
    counts: Vec<(u64, Instant)>,
    silent: bool,
    stuck: bool,
    ended: Option<Instant>,
}

/// Runs a pitfall, and prints what the suite, the heartbeat and the workers say, as cells of the table.
pub(crate) fn watch(pitfall: &Pitfall) -> ExitCode {
    stage_parts::observe(|runtime| {
        let last_beat = Arc::new(Mutex::new(Instant::now()));
        let shut_down = Arc::new(AtomicBool::new(false));
        runtime.spawn(beat(Arc::clone(&last_beat), SetOnDrop(Arc::clone(&shut_down))));
        let watched = Watched {
            metrics: Handle::metrics(runtime),
            last_beat,
            shut_down,
            counts: Vec::new(),
            silent: false,
            stuck: false,
            ended: None,
        };
        RUNTIMES.lock().unwrap_or_else(PoisonError::into_inner).push(watched);
    });
    thread::spawn(|| {
        loop {
            RUNTIMES.lock().unwrap_or_else(PoisonError::into_inner).iter_mut().for_each(look);
            thread::sleep(LOOK);
        }
    });
    let outcome = (pitfall.run)(&crate::settings());
    let suite = outcome.err().map_or("not in this run".to_owned(), |violation| violation.reason().to_string());

    let runtimes = RUNTIMES.lock().unwrap_or_else(PoisonError::into_inner);
    let long_ended = |runtime: &Watched| runtime.ended.is_some_and(|ended| ended.elapsed() > PATIENCE);
    let heartbeat = if runtimes.is_empty() {
        NONE
    } else if runtimes.iter().any(|runtime| runtime.silent) {
        "silent"
    } else if runtimes.iter().all(long_ended) {
        "ended, the run did not"
    } else {
        ""
    };
    let workers = if runtimes.iter().any(|runtime| runtime.stuck) { "stuck" } else { "" };
    println!("{suite} | {heartbeat} | {workers}");
    ExitCode::SUCCESS
}

async fn beat(last: Arc<Mutex<Instant>>, _shut_down: SetOnDrop) {
    loop {
        *last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        sleep(LOOK / 10).await;
    }
}

/// A runtime that shuts down drops its tasks.
struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn look(runtime: &mut Watched) {
    let now = Instant::now();
    if runtime.shut_down.load(Ordering::Relaxed) {
        runtime.ended.get_or_insert(now);
        return;
    }
    runtime.silent |= runtime.last_beat.lock().unwrap_or_else(PoisonError::into_inner).elapsed() > PATIENCE;
    for worker in 0..runtime.metrics.num_workers() {
        let count = runtime.metrics.worker_park_unpark_count(worker);
        match runtime.counts.get_mut(worker) {
            None => runtime.counts.push((count, now)),
            Some((last, since)) if *last != count => (*last, *since) = (count, now),
            Some((_, since)) => runtime.stuck |= count.is_multiple_of(2) && since.elapsed() > PATIENCE,
        }
    }
}
