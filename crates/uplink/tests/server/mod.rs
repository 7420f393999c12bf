//! A server for the tests: one node on this machine, or those that `UPLINK_SERVERS` names.
#![allow(dead_code, reason = "not every test needs all of it")]

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Older ones have stored lines twice.
const OLDEST: (u32, u32) = (2, 11);

/// Where the servers are, and how many copies of a stream they keep.
pub(crate) struct Servers {
    pub(crate) urls: Vec<String>,
    pub(crate) replicas: usize,
    _node: Option<Node>,
}

/// The servers of this test program. They take the longest line of the suite. `None`, with a message, where there is no
/// `nats-server`: the test is then skipped.
pub(crate) fn servers() -> Option<&'static Servers> {
    static SERVERS: OnceLock<Option<Servers>> = OnceLock::new();
    let servers = SERVERS.get_or_init(|| {
        if let Ok(urls) = std::env::var("UPLINK_SERVERS") {
            let urls: Vec<_> = urls.split(',').map(str::to_owned).collect();
            return Some(Servers { replicas: urls.len(), urls, _node: None });
        }
        one_node("max_payload: 18MB")
    });
    servers.as_ref()
}

/// A server as it is by default, with messages of 1 MiB at most.
pub(crate) fn default_server() -> Option<&'static Servers> {
    static SERVER: OnceLock<Option<Servers>> = OnceLock::new();
    SERVER.get_or_init(|| one_node("")).as_ref()
}

fn one_node(configuration: &str) -> Option<Servers> {
    let node = Node::start(&program()?, configuration)?;
    Some(Servers { urls: vec![node.url.clone()], replicas: 1, _node: Some(node) })
}

/// A name that no other test uses.
pub(crate) fn unique(what: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{what}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// How long a test may take, in seconds.
pub(crate) fn patience() -> u64 {
    std::env::var("TEST_PATIENCE").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(60)
}

/// Writes to the end of a file, which may be a new one.
pub(crate) fn append(path: &Path, bytes: &str) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(bytes.as_bytes()).unwrap();
}

/// Waits for `condition`, as long as the test may take.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// The server program, if it is there and new enough.
pub(crate) fn program() -> Option<PathBuf> {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/nats/bin/nats-server");
    let named = std::env::var_os("NATS_SERVER").map(PathBuf::from);
    let program = named.or_else(|| installed.exists().then_some(installed)).unwrap_or_else(|| "nats-server".into());
    let version = Command::new(&program).arg("--version").output().ok();
    let text = version.map(|version| String::from_utf8_lossy(&version.stdout).into_owned()).unwrap_or_default();
    let mut numbers = text.rsplit('v').next().unwrap_or_default().split('.').map_while(|number| number.parse().ok());
    if numbers.next().zip(numbers.next()).is_some_and(|version| version >= OLDEST) {
        return Some(program);
    }
    // Not `eprintln!`: what a test prints is shown only when it fails.
    let _ = writeln!(io::stderr(), "skipped: no nats-server of 2.11 or newer (see `scripts/cluster install`)");
    None
}

/// One server. It ends when this is dropped, or with the test program, however that ends.
pub(crate) struct Node {
    pub(crate) url: String,
    /// Its store is in `store`.
    pub(crate) folder: PathBuf,
    /// The shell that ends the server when its standard input is closed.
    guard: Child,
}

impl Node {
    /// Starts a server with these lines in its configuration.
    pub(crate) fn start(program: &Path, configuration: &str) -> Option<Self> {
        Self::start_in(Self::folder(), program, -1, configuration)
    }

    /// An empty folder for a server.
    pub(crate) fn folder() -> PathBuf {
        tempfile::Builder::new().prefix("uplink-node").tempdir().unwrap().keep()
    }

    /// Starts a server with what is in `folder`, on this port, or on any for -1.
    #[allow(clippy::zombie_processes, reason = "the test program ends, and with it the guard")]
    pub(crate) fn start_in(folder: PathBuf, program: &Path, port: i32, configuration: &str) -> Option<Self> {
        let text = format!(
            "server_name: n1\nlisten: \"127.0.0.1:{port}\"\nports_file_dir: \"{0}\"\njetstream {{ store_dir: \"{0}/store\" }}\n{configuration}\n",
            folder.display()
        );
        fs::write(folder.join("conf"), text).unwrap();
        let script = r#""$1" -c "$2/conf" >"$2/log" 2>&1 & server=$!; read -r _; kill -9 $server; wait; rm -rf "$2""#;
        let guard = Command::new("sh")
            .args(["-c", script, "sh"])
            .args([program, &folder])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        loop {
            let files = fs::read_dir(&folder).unwrap().flatten();
            let ports = files.map(|file| file.path()).find(|path| path.extension().is_some_and(|end| end == "ports"));
            let text = ports.and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
            if let Some(port) = text.split("//127.0.0.1:").nth(1).and_then(|rest| rest.split('"').next()) {
                return Some(Self { url: format!("nats://127.0.0.1:{port}"), folder, guard });
            }
            let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(started.elapsed() < Duration::from_secs(30), "the server does not start:\n{}", log());
            sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}
