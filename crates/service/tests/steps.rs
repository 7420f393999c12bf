//! What only one step has: what stays behind after a timeout, the facade, the two kinds of trait, computing.
#![allow(clippy::unwrap_used)] // In the helpers too.

mod fixture;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use fixture::{PATIENCE, Server, eventually, leave, sent};
use service::context::{self, IN_TASK};
use service::links::{DynLinks, Links, Sqlite};
use service::shared::{App, Error, Link, Request, Result, Settings};
use service::step2::Pool;
use service::{step2, step3};
use tempfile::TempDir;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

fn app(settings: Settings) -> (App, TempDir) {
    let folder = TempDir::new().unwrap();
    (App::open(&folder.path().join("links.db"), settings).unwrap(), folder)
}

/// Drives `test`, with a watchdog.
fn run<T>(runtime: &Runtime, test: impl Future<Output = T>) -> T {
    runtime.block_on(async { timeout(PATIENCE, test).await.expect("hangs") })
}

// ANCHOR: runs_on
#[test]
fn after_a_timeout_the_thread_runs_on_and_keeps_its_permit() {
    let limit = Duration::from_millis(50);
    let (app, _folder) = app(Settings { connections: 1, limit, ..Settings::default() });
    let (pool, runtime) = (Pool::new(&app), Runtime::new().unwrap());
    let (go_on, waits) = mpsc::channel();
    let stuck = pool.call(move || waits.recv().map_err(|_| Error::Panicked));
    assert!(matches!(run(&runtime, stuck), Err(Error::Busy)));
    assert_eq!(pool.free(), 0);
    go_on.send(()).unwrap();
    eventually("the permit is back", || pool.free() == 1);
}
// ANCHOR_END: runs_on

#[test]
fn a_write_that_was_answered_with_503_may_still_be_done() {
    // The database waits as long as its connection was told at first, and the task for less.
    let (mut app, folder) = app(Settings { limit: PATIENCE, ..Settings::default() });
    app.settings.limit = Duration::from_millis(50);
    let runtime = Runtime::new().unwrap();
    let lock = fixture::lock(&folder.path().join("links.db"));
    let links = Sqlite::new(&app);
    assert!(matches!(run(&runtime, links.add("https://example.com".into())), Err(Error::Busy)));
    drop(lock);
    eventually("the link is stored", || app.database.with(|db| service::shared::find(db, 1)).is_ok());
}

// ANCHOR: dropped
#[test]
fn a_client_that_goes_away_drops_the_async_handler() {
    let handler_dropped = CancellationToken::new();
    let seen = handler_dropped.clone();
    let server = Server::start(
        move |listener, app, stop| {
            let handler = move |_| {
                let guard = seen.clone().drop_guard();
                async move {
                    let _guard = guard;
                    std::future::pending().await
                }
            };
            Runtime::new()?.block_on(step2::serve(listener, app, stop, handler))
        },
        Settings::default(),
    );
    let stream = sent(server.address, "https://example.com");
    server.await_in_work(1);
    assert!(!handler_dropped.is_cancelled());
    leave(stream);
    eventually("the handler is dropped", || handler_dropped.is_cancelled());
}
// ANCHOR_END: dropped

// ANCHOR: try_current
#[test]
fn the_facade_works_in_a_thread_a_task_and_the_pool_and_refuses_a_current_thread_runtime() {
    let runtime = Runtime::new().unwrap();
    let driver = runtime.handle();
    let call = |driver: &Handle| {
        step3::blocking(driver, async {
            tokio::task::yield_now().await;
            Ok(())
        })
    };
    assert!(call(driver).is_ok());
    let (in_task, on_pool) = (driver.clone(), driver.clone());
    assert!(run(&runtime, async { tokio::spawn(async move { call(&in_task) }).await.unwrap() }).is_ok());
    assert!(run(&runtime, async { spawn_blocking(move || call(&on_pool)).await.unwrap() }).is_ok());

    let current_thread = Builder::new_current_thread().enable_time().build().unwrap();
    assert!(matches!(run(&current_thread, async { call(driver) }), Err(Error::InRuntime)));
}
// ANCHOR_END: try_current

// ANCHOR: lost
#[test]
fn a_thread_local_does_not_cross_to_the_pool_by_itself() {
    let (app, _folder) = app(Settings::default());
    let (pool, runtime) = (Pool::new(&app), Runtime::new().unwrap());
    let request = async {
        let bare = context::with("7".into(), || spawn_blocking(context::in_thread)).await.unwrap();
        let copied = pool.call(|| Ok(context::in_thread())).await.unwrap();
        (bare, copied)
    };
    assert_eq!(run(&runtime, IN_TASK.scope("7".into(), request)), (String::new(), "7".into()));
}
// ANCHOR_END: lost

// ANCHOR: in_memory
/// Links without a database, for tests of the handler.
#[derive(Default)]
struct InMemory(Mutex<HashMap<i64, Link>>);

impl Links for InMemory {
    async fn add(&self, url: String) -> Result<i64> {
        let mut links = self.0.lock().unwrap();
        let code = i64::try_from(links.len()).unwrap() + 1;
        links.insert(code, Link { url, request: context::in_task() });
        Ok(code)
    }

    async fn find(&self, code: i64) -> Result<Link> {
        self.0.lock().unwrap().get(&code).cloned().ok_or(Error::NotFound)
    }

    async fn urls(&self) -> Result<Vec<String>> {
        Ok(self.0.lock().unwrap().values().map(|link| link.url.clone()).collect())
    }
}

#[test]
fn the_handler_takes_any_links_and_its_future_can_be_spawned() {
    async fn answers(app: App, links: impl Links + 'static) -> Vec<(u16, String)> {
        let add = Request::new("https://example.com".into());
        let requests = [("POST", "/links", add), ("GET", "/1", Request::default()), ("GET", "/2", Request::default())];
        // `spawn` wants a `Send` future, which the trait promises.
        tokio::spawn(async move {
            let mut answers = Vec::new();
            for (method, path, mut request) in requests {
                *request.method_mut() = method.parse().unwrap();
                *request.uri_mut() = path.parse().unwrap();
                let answer = step3::handle(&app, &links, &request).await;
                let answer = answer.unwrap_or_else(|error| service::shared::failed(&error));
                answers.push((answer.status().as_u16(), answer.into_body()));
            }
            answers
        })
        .await
        .unwrap()
    }
    let (app, _folder) = app(Settings::default());
    let runtime = Runtime::new().unwrap();
    let kinds: [Arc<dyn DynLinks>; 2] = [Arc::new(InMemory::default()), Arc::new(Sqlite::new(&app))];
    let expected =
        [(201, "1\n"), (307, "https://example.com\n"), (404, "not found\n")].map(|(code, text)| (code, text.into()));
    assert_eq!(run(&runtime, answers(app.clone(), InMemory::default())), expected);
    for links in kinds {
        assert_eq!(run(&runtime, answers(app.clone(), links)), expected);
    }
}
// ANCHOR_END: in_memory

// ANCHOR: computing
#[test]
fn a_report_that_nobody_waits_for_stops_computing() {
    let runtime = Runtime::new().unwrap();
    let computed = Arc::new(AtomicUsize::new(0));
    let (go_on, waits) = crossbeam_channel::bounded::<()>(0);
    let begun = Arc::clone(&computed);
    let row = move |_| {
        begun.fetch_add(1, Ordering::SeqCst);
        let _ = waits.recv(); // Until `go_on` is dropped.
        Vec::<()>::new()
    };
    let report = runtime.spawn(step3::compute(10_000, row));
    eventually("a row is being computed", || computed.load(Ordering::SeqCst) > 0);
    report.abort();
    assert!(run(&runtime, report).unwrap_err().is_cancelled());
    drop(go_on);
    // The closure, and its count, go when the last thread has left the report.
    eventually("the report is left", || Arc::strong_count(&computed) == 1);
    let begun = computed.load(Ordering::SeqCst);
    assert!(begun <= rayon::current_num_threads(), "{begun} rows were computed");
}
// ANCHOR_END: computing

#[test]
fn a_panic_on_a_thread_that_computes_reaches_the_task() {
    let runtime = Runtime::new().unwrap();
    let computed = run(&runtime, step3::compute(10, |_| -> Vec<()> { panic!("on purpose") }));
    assert!(matches!(computed, Err(Error::Panicked)));
}

#[cfg(unix)]
mod signals {
    use std::io::{BufRead, BufReader};
    use std::net::{SocketAddr, TcpStream};
    use std::path::Path;
    use std::process::{Child, Command, ExitStatus, Stdio};
    use std::thread::{self, JoinHandle};

    use super::fixture::{Client, Lock, lock, read_to_end, sent};
    use super::{Duration, PATIENCE, TempDir, eventually};

    /// The program, killed at the end of the test.
    struct Program(Child, SocketAddr);

    impl Program {
        /// Starts `step`. It lets one request in at a time.
        fn start(step: &str, file: &Path, drain: Duration) -> Self {
            let mut command = Command::new(env!("CARGO_BIN_EXE_service"));
            command.args([step, "127.0.0.1:0"]).arg(file).env("SERVICE_MAX_REQUESTS", "1");
            command.env("SERVICE_LIMIT_MS", "60000").env("SERVICE_DRAIN_MS", drain.as_millis().to_string());
            let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
            let mut line = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
            let address = line.trim().strip_prefix("http://").unwrap().parse().unwrap();
            Self(child, address)
        }

        fn ended(&mut self) -> ExitStatus {
            let mut status = None;
            eventually("the program ends", || {
                status = self.0.try_wait().unwrap();
                status.is_some()
            });
            status.unwrap()
        }
    }

    impl Drop for Program {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    /// Starts each step, and ends it while it works on a request that a locked database holds up.
    fn terminated_at_work(drain: Duration, then: impl Fn(&str, Lock, JoinHandle<String>, Program)) {
        for step in ["1", "2", "3", "4"] {
            let folder = TempDir::new().unwrap();
            let file = folder.path().join("links.db");
            let program = Program::start(step, &file, drain);
            let lock = lock(&file);
            let post = || {
                let stream = sent(program.1, "https://example.com");
                thread::spawn(move || read_to_end(&stream))
            };
            let mut client = post();
            // There is room for one request. While that is the POST, a GET is refused; and the other way round.
            eventually("the request is in work", || {
                if client.is_finished() {
                    client = post();
                }
                Client::new(program.1).get("/1").status == 503
            });
            assert!(Command::new("kill").args(["-TERM", &program.0.id().to_string()]).status().unwrap().success());
            then(step, lock, client, program);
        }
    }

    #[test]
    fn sigterm_lets_the_request_in_work_end() {
        terminated_at_work(2 * PATIENCE, |step, lock, client, mut program| {
            eventually("no connection is accepted", || TcpStream::connect(program.1).is_err());
            drop(lock);
            let answer = client.join().unwrap();
            assert!(answer.starts_with("HTTP/1.1 201"), "step {step}: {answer}");
            assert!(program.ended().success(), "step {step}");
        });
    }

    #[test]
    fn after_the_drain_the_program_ends_with_an_error() {
        terminated_at_work(Duration::from_millis(100), |step, _lock, client, mut program| {
            assert_eq!(program.ended().code(), Some(1), "step {step}");
            assert_eq!(client.join().unwrap(), "", "step {step}");
        });
    }
}
