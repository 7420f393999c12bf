//! What all steps share. Nothing here knows about threads or tasks, and every database function blocks.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{Method, StatusCode};
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::context;

/// A request whose body has been read.
pub type Request = http::Request<String>;
/// A response that is complete.
pub type Response = http::Response<String>;
/// What the handlers and the database functions return.
pub type Result<T> = std::result::Result<T, Error>;

/// The longest body that is read, in bytes.
pub const MAX_BODY: usize = 8 * 1024;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such route, or no such link.
    #[error("not found")]
    NotFound,
    /// The policy refuses this URL.
    #[error("this URL is not allowed")]
    NotAllowed,
    /// All connections stayed in use, or the database stayed locked, for the whole time limit.
    #[error("the database is busy")]
    Busy,
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(rusqlite::Error),
    /// The work panicked.
    #[error("the work panicked")]
    Panicked,
    /// The blocking facade was called where it must not block.
    #[error("a blocking call on a current-thread runtime: await the async function there")]
    InRuntime,
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => Self::Busy,
            _ => Self::Database(error),
        }
    }
}

/// What the operator sets.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many connections the database gets.
    pub connections: usize,
    /// How many requests may be in work at once. The next one is refused with 503.
    pub max_requests: usize,
    /// How long a request waits for the database.
    pub limit: Duration,
    /// How long `run` waits for the requests in work after `stop`.
    pub drain: Duration,
    /// The policy: which URLs may be shortened. It is somebody else's code, so it may panic.
    pub allowed: fn(&str) -> bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connections: 4,
            max_requests: 256,
            limit: Duration::from_secs(2),
            drain: Duration::from_secs(10),
            allowed: |url| url.starts_with("http://") || url.starts_with("https://"),
        }
    }
}

/// The service without its top: the settings, the database, and the count of requests in work. Clones share it.
#[derive(Clone)]
pub struct App {
    /// What the operator sets.
    pub settings: Settings,
    /// The pool of connections.
    pub database: Database,
    gate: Arc<Semaphore>,
}

impl App {
    /// Opens the database.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened or is no database.
    pub fn open(path: &Path, settings: Settings) -> Result<Self> {
        let database = Database::open(path, settings.connections, settings.limit)?;
        Ok(Self { settings, database, gate: Arc::new(Semaphore::new(settings.max_requests)) })
    }

    // ANCHOR: enter
    /// Lets one more request in, or `None` when `max_requests` are in work. Never waits.
    ///
    /// `try_acquire` needs no runtime, so that threads and tasks use the same semaphore.
    #[must_use]
    pub fn enter(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.gate).try_acquire_owned().ok()
    }
    // ANCHOR_END: enter

    /// How many requests are in work.
    #[must_use]
    pub fn in_work(&self) -> usize {
        self.settings.max_requests - self.gate.available_permits()
    }

    /// Asks the policy.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`].
    pub fn check(&self, url: &str) -> Result<()> {
        if (self.settings.allowed)(url) { Ok(()) } else { Err(Error::NotAllowed) }
    }
}

/// What a request asks for.
#[derive(Debug)]
pub enum Route {
    /// `POST /links`: shorten the URL in the body.
    Add(String),
    /// `GET /CODE`: go to the URL.
    Follow(i64),
    /// `GET /links/CODE`: the URL, and the request that added it.
    About(i64),
    /// `GET /report`: pairs of URLs that look alike. This one computes.
    Report,
}

impl Route {
    /// What `request` asks for.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn of(request: &Request) -> Result<Self> {
        let code = |text| i64::from_str_radix(text, 16).map_err(|_| Error::NotFound);
        match (request.method(), request.uri().path()) {
            (&Method::POST, "/links") => Ok(Self::Add(request.body().clone())),
            (&Method::GET, "/report") => Ok(Self::Report),
            (&Method::GET, path) => match path.strip_prefix("/links/") {
                Some(text) => code(text).map(Self::About),
                None => code(path.trim_start_matches('/')).map(Self::Follow),
            },
            _ => Err(Error::NotFound),
        }
    }
}

/// A response of one line of text.
#[must_use]
pub fn text(status: StatusCode, text: &str) -> Response {
    let mut response = Response::new(format!("{text}\n"));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// The answer to [`Route::Add`].
#[must_use]
pub fn created(code: i64) -> Response {
    text(StatusCode::CREATED, &format!("{code:x}"))
}

/// The answer to [`Route::Follow`].
///
/// # Errors
///
/// [`Error::NotFound`] when the URL is no header value.
pub fn redirect(url: &str) -> Result<Response> {
    let mut response = text(StatusCode::TEMPORARY_REDIRECT, url);
    response.headers_mut().insert(LOCATION, url.parse().map_err(|_| Error::NotFound)?);
    Ok(response)
}

/// The answer to [`Route::About`].
#[must_use]
pub fn about(link: &Link) -> Response {
    text(StatusCode::OK, &format!("{} added by request {}", link.url, link.request))
}

/// The answer to [`Route::Report`].
#[must_use]
pub fn report(pairs: &[(String, String)]) -> Response {
    let lines: Vec<_> = pairs.iter().map(|(one, other)| format!("{one} {other}")).collect();
    text(StatusCode::OK, &lines.join("\n"))
}

/// The answer when too many requests are in work, and to a handler that failed.
#[must_use]
pub fn failed(error: &Error) -> Response {
    let status = match error {
        Error::NotFound => StatusCode::NOT_FOUND,
        Error::NotAllowed => StatusCode::FORBIDDEN,
        Error::Busy => StatusCode::SERVICE_UNAVAILABLE,
        Error::Database(_) | Error::Panicked | Error::InRuntime => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut response = text(status, &error.to_string());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, http::HeaderValue::from_static("1"));
    }
    response
}

/// A link as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub url: String,
    /// The request that added it.
    pub request: String,
}

/// Stores `url`, and returns its code. The same URL has the same code, so a client may repeat a request.
///
/// # Errors
///
/// When the database fails or stays locked. Blocks.
pub fn add(connection: &Connection, url: &str) -> Result<i64> {
    let sql = "INSERT INTO links (url, request) VALUES (?1, ?2)
               ON CONFLICT (url) DO UPDATE SET url = url RETURNING code";
    let mut insert = connection.prepare_cached(sql)?;
    Ok(insert.query_one(params![url, context::in_thread()], |row| row.get(0))?)
}

/// Finds a link. Blocks.
///
/// # Errors
///
/// [`Error::NotFound`], or when the database fails.
pub fn find(connection: &Connection, code: i64) -> Result<Link> {
    let mut select = connection.prepare_cached("SELECT url, request FROM links WHERE code = ?1")?;
    let link = select.query_one([code], |row| Ok(Link { url: row.get(0)?, request: row.get(1)? }));
    link.optional()?.ok_or(Error::NotFound)
}

/// All URLs, oldest first. Blocks.
///
/// # Errors
///
/// When the database fails.
pub fn urls(connection: &Connection) -> Result<Vec<String>> {
    let mut select = connection.prepare_cached("SELECT url FROM links ORDER BY code")?;
    let urls = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(urls)
}

/// The URLs behind `urls[index]` that differ from it by at most two characters: one row of the report. Computes.
#[must_use]
pub fn look_alikes(urls: &[String], index: usize) -> Vec<(String, String)> {
    let (one, others) = (&urls[index], &urls[index + 1..]);
    let alike = others.iter().filter(|other| strsim::levenshtein(one, other) <= 2);
    alike.map(|other| (one.clone(), other.clone())).collect()
}

/// A pool of connections to one `SQLite` file. Clones share it.
#[derive(Clone)]
pub struct Database {
    idle: Receiver<Connection>,
    back: Sender<Connection>,
    limit: Duration,
}

impl Database {
    fn open(path: &Path, connections: usize, limit: Duration) -> Result<Self> {
        let (back, idle) = bounded(connections);
        for _ in 0..connections {
            let connection = Connection::open(path)?;
            connection.busy_timeout(limit)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            connection.execute_batch(
                "CREATE TABLE IF NOT EXISTS links (code INTEGER PRIMARY KEY, url TEXT UNIQUE, request TEXT)",
            )?;
            // The channel has room for all of them, and `idle` is not dropped.
            let _ = back.send(connection);
        }
        Ok(Self { idle, back, limit })
    }

    /// Calls `work` with a connection. Blocks: waits for a connection, and then for the database.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] when no connection comes free in time, or as `work`.
    pub fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let connection = self.idle.recv_timeout(self.limit).map_err(|_| Error::Busy)?;
        // Gives the connection back, also when the work panics. The channel has room: the connection came from it.
        let lent = scopeguard::guard(connection, |connection| drop(self.back.send(connection)));
        work(&lent)
    }
}
