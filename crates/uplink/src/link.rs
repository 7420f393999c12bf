//! The connection to the servers, the stream, and what their errors mean.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_nats::connection::State;
use async_nats::jetstream::context::{
    CreateStreamError, CreateStreamErrorKind, GetStreamError, GetStreamErrorKind, PublishError, PublishErrorKind,
};
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{
    Config, ConsumerError, ConsumerErrorKind, DiscardPolicy, Info, LastRawMessageError, LastRawMessageErrorKind,
    StorageType, Stream,
};
use async_nats::jetstream::{self, Context, ErrorCode};
use async_nats::{ConnectErrorKind, ConnectOptions, Event};
use merge_core::{MergeError, Output, Progress};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::sleep;

/// How many bytes may be on their way to the servers, from all inputs together.
const WINDOW: usize = 8 * 1024 * 1024;
/// What a message may take beside its lines, in bytes: the subject and the headers. A path has at most 4 KiB, and each
/// of its bytes becomes three at most.
const BESIDE: usize = 16 * 1024;
/// How long an answer may take. Then the request is repeated.
const ANSWER: Duration = Duration::from_secs(3);
/// A silent connection is dead after three of these.
const PING: Duration = Duration::from_secs(2);

/// A connection to the servers, for one stream.
pub struct Link {
    pub(crate) context: Context,
    pub(crate) stream: String,
    /// Tells the messages of this run from those of another.
    pub(crate) run: String,
    window: Semaphore,
    /// Counts what the servers have taken.
    shipped: Mutex<Output>,
    warned: Mutex<Option<Instant>>,
}

/// How the servers know who connects, and how their certificate is checked. All of it is optional.
#[derive(Clone, Default)]
pub struct Login {
    /// The user's name and password.
    pub user: Option<(String, String)>,
    /// A token.
    pub token: Option<String>,
    /// A file with the seed of a key (NKEY).
    pub nkey: Option<PathBuf>,
    /// A credentials file, with a JWT and a seed.
    pub creds: Option<PathBuf>,
    /// A file with the certificates to trust, as PEM. Asks for TLS.
    pub ca: Option<PathBuf>,
    /// Files with the client's certificate and key, as PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl Login {
    async fn options(&self) -> Result<ConnectOptions, String> {
        let mut options = ConnectOptions::new();
        if let Some((user, password)) = &self.user {
            options = options.user_and_password(user.clone(), password.clone());
        }
        if let Some(token) = &self.token {
            options = options.token(token.clone());
        }
        let cannot_read = |file: &PathBuf, error| format!("cannot read {}: {error}", file.display());
        if let Some(file) = &self.nkey {
            let seed = std::fs::read_to_string(file).map_err(|error| cannot_read(file, error))?;
            options = options.nkey(seed.trim().to_owned());
        }
        if let Some(file) = &self.creds {
            options = options.credentials_file(file).await.map_err(|error| cannot_read(file, error))?;
        }
        if let Some(file) = &self.ca {
            options = options.add_root_certificates(file.clone()).require_tls(true);
        }
        if let Some((certificate, key)) = &self.identity {
            options = options.add_client_certificate(certificate.clone(), key.clone()).require_tls(true);
        }
        Ok(options)
    }
}

impl Link {
    /// Connects to one of `servers`, for the stream of this name. Later it connects again by itself, to any of them.
    ///
    /// # Errors
    ///
    /// A text for a person: no server answers, or none lets us in.
    pub async fn connect(servers: &[String], login: &Login, stream: &str) -> Result<Self, String> {
        let known = AtomicBool::new(false);
        let options = login.options().await?.name("uplink").ping_interval(PING).event_callback(move |event| {
            let known = known.swap(true, Ordering::Relaxed);
            async move {
                match event {
                    Event::Connected if known => tracing::warn!("connected again"),
                    Event::Disconnected => tracing::warn!("the connection is lost: waiting for a server"),
                    Event::ServerError(error) => tracing::warn!("a server says: {error}"),
                    _ => {}
                }
            }
        });
        let client = options.connect(servers).await.map_err(|error| {
            let servers = servers.join(", ");
            let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            match error.kind() {
                ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => format!(
                    "{servers} refuses the login: check --user and --password, --token, --nkey or --creds ({error})"
                ),
                // The client does not always say that it was TLS.
                kind if kind == ConnectErrorKind::Tls || cause.contains("certificate") => {
                    format!("{servers}: no secure connection: check --ca ({cause})")
                }
                ConnectErrorKind::ServerParse => {
                    format!("{servers} is no address such as nats://localhost:4222 ({cause})")
                }
                _ => format!("no server answers at {servers}: {cause}"),
            }
        })?;
        let context = jetstream::ContextBuilder::new().timeout(ANSWER).ack_timeout(ANSWER).build(client);
        // No two runs on one machine start in the same nanosecond with the same number.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self {
            context,
            stream: stream.to_owned(),
            run: format!("{}-{}", std::process::id(), now.as_nanos()),
            window: Semaphore::new(WINDOW),
            shipped: Mutex::new(Output::new(format!("stream {stream}"), io::sink())),
            warned: Mutex::new(None),
        })
    }

    /// Creates the stream, with so many copies, and at most `max_bytes` long. Of one that is there already, these two are
    /// changed. Returns whether it is new.
    ///
    /// # Errors
    ///
    /// A text for a person.
    pub async fn create(&self, replicas: usize, max_bytes: Option<u64>) -> Result<bool, String> {
        let limit = max_bytes.map_or(-1, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
        let mut patience = Patience::new();
        loop {
            let made = match self.context.get_stream(&self.stream).await {
                Ok(stream) => {
                    let mut config = stream.cached_info().config.clone();
                    config.num_replicas = replicas;
                    config.max_bytes = limit;
                    let updated = self.context.update_stream(config).await;
                    updated.map(|_| false).map_err(|error| (code(&error), error.to_string()))
                }
                Err(error) if code(&error) == Some(ErrorCode::STREAM_NOT_FOUND) => {
                    let created = self.context.create_stream(self.config(replicas, limit)).await;
                    created.map(|_| true).map_err(|error| (code(&error), error.to_string()))
                }
                Err(error) => Err((code(&error), error.to_string())),
            };
            match made {
                Ok(new) => return Ok(new),
                Err((Some(ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED), text)) => {
                    return Err(format!("too few servers for {replicas} copies with room for the stream: {text}"));
                }
                // A cluster that has just started has no leader yet, or its leader does not know all servers.
                Err((code, text))
                    if matches!(code, None | Some(ErrorCode::CLUSTER_NOT_AVAILABLE | ErrorCode::CLUSTER_NO_PEERS))
                        && patience.since.elapsed() < 3 * ANSWER =>
                {
                    self.warn(&patience, &format!("waiting for the servers: {text}"));
                    patience.pause().await;
                }
                Err((Some(ErrorCode::CLUSTER_NO_PEERS), text)) => {
                    return Err(format!("too few servers for {replicas} copies with room for the stream: {text}"));
                }
                Err((_, text)) => return Err(format!("cannot create stream {}: {text}", self.stream)),
            }
        }
    }

    fn config(&self, num_replicas: usize, max_bytes: i64) -> Config {
        Config {
            name: self.stream.clone(),
            subjects: vec![format!("{}.>", self.stream)],
            storage: StorageType::File,
            num_replicas,
            max_bytes,
            // The default removes old lines in silence.
            discard: DiscardPolicy::New,
            deny_delete: true,
            deny_purge: true,
            ..Config::default()
        }
    }

    /// How much the servers have taken from this run.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.shipped().progress()
    }

    pub(crate) fn shipped(&self) -> MutexGuard<'_, Output> {
        self.shipped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room for so many bytes on the way to the servers.
    pub(crate) async fn room(&self, bytes: usize) -> Option<SemaphorePermit<'_>> {
        // It is never closed, so there is always a permit in the end.
        self.window.acquire_many(u32::try_from(bytes.min(WINDOW)).unwrap_or(u32::MAX)).await.ok()
    }

    /// How many bytes of lines one message may have.
    pub(crate) fn longest_message(&self) -> usize {
        self.context.client().max_payload().saturating_sub(BESIDE)
    }

    /// An error of the stream, for good.
    pub(crate) fn refused(&self, text: String) -> MergeError {
        MergeError::Output { path: format!("stream {}", self.stream).into(), source: io::Error::other(text) }
    }

    /// The last message on `subject`, as the leader knows it. Waits for an answer.
    pub(crate) async fn last_message(&self, subject: &str) -> Result<Option<StreamMessage>, String> {
        let mut patience = Patience::new();
        loop {
            let error = match self.stream().await?.get_last_raw_message_by_subject(subject).await {
                Ok(message) => return Ok(Some(message)),
                Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => return Ok(None),
                Err(error) => error,
            };
            self.outlast(&error, &mut patience).await?;
        }
    }

    /// What the leader knows of the stream. Waits for an answer.
    pub(crate) async fn info(&self) -> Result<Info, String> {
        let mut patience = Patience::new();
        loop {
            match self.context.get_stream(&self.stream).await {
                Ok(stream) => return Ok(stream.cached_info().clone()),
                Err(error) => self.outlast(&error, &mut patience).await?,
            }
        }
    }

    /// The stream, without a question to the servers.
    pub(crate) async fn stream(&self) -> Result<Stream<()>, String> {
        self.context.get_stream_no_info(&self.stream).await.map_err(|error| error.to_string())
    }

    /// After a failure that may pass: waits a moment, and says now and then for what. Otherwise says what is wrong.
    pub(crate) async fn outlast(
        &self,
        error: &(dyn Error + Send + Sync + 'static),
        patience: &mut Patience,
    ) -> Result<(), String> {
        let stream = &self.stream;
        let why = match code(error) {
            Some(ErrorCode::STREAM_NOT_FOUND) => self.not_found(patience)?,
            Some(ErrorCode::STREAM_STORE_FAILED) => {
                format!("stream {stream} is full (max_bytes): waiting for `uplink create --max-bytes` with more")
            }
            Some(
                ErrorCode::INSUFFICIENT_RESOURCES
                | ErrorCode::STORAGE_RESOURCES_EXCEEDED
                | ErrorCode::ACCOUNT_RESOURCES_EXCEEDED,
            ) => format!("the servers have no room left: waiting ({error})"),
            Some(ErrorCode::CLUSTER_NOT_AVAILABLE | ErrorCode::CLUSTER_NOT_LEADER) => no_majority(stream),
            // An election may be behind it. What stays is an error.
            Some(_) if patience.since.elapsed() < 10 * ANSWER => format!("waiting: {error}"),
            Some(_) => return Err(error.to_string()),
            // No answer, or nobody who listens: there are three causes.
            None => self.look_for_the_cause(error, patience).await?,
        };
        self.warn(patience, &why);
        patience.pause().await;
        Ok(())
    }

    /// The same sign has three causes: no stream, a stream without a leader, and one whose leader takes nothing.
    async fn look_for_the_cause(
        &self,
        error: &(dyn Error + Send + Sync + 'static),
        patience: &mut Patience,
    ) -> Result<String, String> {
        if self.context.client().connection_state() != State::Connected {
            return Ok("not connected: waiting for a server".to_owned());
        }
        match self.context.get_stream(&self.stream).await {
            Ok(stream) => {
                let cluster = stream.cached_info().cluster.as_ref();
                let leader = cluster.map_or(Some("the server"), |cluster| cluster.leader.as_deref());
                let stream = &self.stream;
                let nobody_listens = error
                    .downcast_ref::<PublishError>()
                    .is_some_and(|error| error.kind() == PublishErrorKind::StreamNotFound);
                Ok(match leader {
                    None => no_majority(stream),
                    Some(leader) if nobody_listens => format!(
                        "{leader} leads stream {stream} and does not take it: is its disk, or max_file_store, full? Waiting"
                    ),
                    Some(leader) => format!("{leader} leads stream {stream} and does not answer: waiting"),
                })
            }
            Err(error) if code(&error) == Some(ErrorCode::STREAM_NOT_FOUND) => self.not_found(patience),
            Err(error)
                if matches!(
                    code(&error),
                    Some(ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT)
                ) =>
            {
                Err(format!("the servers have no JetStream for this user: {error}"))
            }
            Err(_) => Ok(no_majority(&self.stream)),
        }
    }

    /// A cluster that is starting may not know its streams yet: the answer counts when it stays the same.
    fn not_found(&self, patience: &mut Patience) -> Result<String, String> {
        let stream = &self.stream;
        patience.not_found += 1;
        if patience.not_found < 4 {
            return Ok(format!("the servers do not know stream {stream}: waiting"));
        }
        Err(format!("there is no stream {stream} on these servers: `uplink create` makes one"))
    }

    /// Says what is waited for, when it takes long, and not for each input.
    pub(crate) fn warn(&self, patience: &Patience, text: &str) {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if patience.since.elapsed() > ANSWER && warned.is_none_or(|warned| warned.elapsed() > 5 * ANSWER) {
            *warned = Some(Instant::now());
            tracing::warn!("{text}");
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("stream", &self.stream).field("run", &self.run).finish_non_exhaustive()
    }
}

fn no_majority(stream: &str) -> String {
    format!("stream {stream} has no leader: waiting for a majority of its servers")
}

/// One wait for the servers.
#[derive(Debug)]
pub(crate) struct Patience {
    since: Instant,
    pause: Duration,
    not_found: u32,
}

impl Patience {
    pub(crate) fn new() -> Self {
        Self { since: Instant::now(), pause: Duration::from_millis(50), not_found: 0 }
    }

    /// Longer each time.
    pub(crate) async fn pause(&mut self) {
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(Duration::from_secs(1));
    }
}

/// The code that the servers gave, if it was they who failed the request. The client keeps it in one place or another.
pub(crate) fn code(error: &(dyn Error + 'static)) -> Option<ErrorCode> {
    macro_rules! kept_in {
        ($($error:ident $kind:ident;)*) => { $(
            if let Some($kind::JetStream(error)) = error.downcast_ref::<$error>().map($error::kind) {
                return Some(error.error_code());
            }
        )* };
    }
    kept_in! {
        CreateStreamError CreateStreamErrorKind;
        GetStreamError GetStreamErrorKind;
        LastRawMessageError LastRawMessageErrorKind;
        ConsumerError ConsumerErrorKind;
    }
    error.downcast_ref::<jetstream::Error>().map(jetstream::Error::error_code).or_else(|| code(error.source()?))
}
