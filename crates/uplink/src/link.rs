//! A connection to the servers, and what is asked of the stream.

use std::fmt;
use std::io;
use std::process;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, LastRawMessageErrorKind, StorageType};
use async_nats::jetstream::{Context, ContextBuilder, ErrorCode};
use merge_core::{MergeError, Output, Progress};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::sleep;

use crate::Login;
use crate::wait::{ANSWER, Failure, Patience, code};

/// How many bytes may be on their way to the servers, from all inputs together.
const WINDOW: usize = 8 * 1024 * 1024;
/// What a message may take beside its lines, in bytes: the subject and the headers. A path has at most 4 KiB, and each
/// of its bytes becomes three at most.
const BESIDE: usize = 16 * 1024;

/// How many copies a new stream has.
const REPLICAS: usize = 3;

/// A connection to the servers, for one stream.
pub struct Link {
    pub(crate) context: Context,
    pub(crate) stream: String,
    /// Tells the messages of this run from those of another.
    pub(crate) run: String,
    window: Semaphore,
    /// Counts what the servers have taken.
    shipped: Mutex<Output>,
    /// When a wait was last reported.
    pub(crate) warned: Mutex<Option<Instant>>,
}

impl Link {
    /// Connects to one of `servers`, for the stream of this name. Later it connects again by itself, to any of them.
    ///
    /// Needs a runtime with time and I/O, and reads the files of `login`. Cancel safe.
    ///
    /// # Errors
    ///
    /// A text for a person: no server answers, none lets us in, or a file cannot be read.
    pub async fn connect(servers: &[String], login: &Login, stream: &str) -> Result<Self, String> {
        let client = login.connect(servers).await?;
        let context = ContextBuilder::new().timeout(ANSWER).ack_timeout(ANSWER).build(client);
        // No two runs on one machine start in the same nanosecond with the same number.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self {
            context,
            stream: stream.to_owned(),
            run: format!("{}-{}", process::id(), now.as_nanos()),
            window: Semaphore::new(WINDOW),
            shipped: Mutex::new(Output::new(format!("stream {stream}"), io::sink())),
            warned: Mutex::new(None),
        })
    }

    /// Creates the stream, with `replicas` copies (1 to 5; 3 for `None`) and at most `max_bytes` long (no limit for `None`).
    /// Of a stream that is there already, only what is given is changed. Returns whether it is new, and how many copies it
    /// has. Waits about ten seconds at most for a cluster that is starting. Dropped before it completes, it may have changed
    /// the stream.
    ///
    /// # Errors
    ///
    /// A text for a person.
    pub async fn create(&self, replicas: Option<usize>, max_bytes: Option<u64>) -> Result<(bool, usize), String> {
        let max_bytes = max_bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
        let mut patience = Patience::new();
        loop {
            let error = match self.try_create(replicas, max_bytes).await {
                Ok(created) => return Ok(created),
                Err(error) => error,
            };
            let code = code(&*error);
            // A cluster that has just started has no leader yet, or its leader does not know all servers.
            let starting = matches!(code, None | Some(ErrorCode::CLUSTER_NOT_AVAILABLE | ErrorCode::CLUSTER_NO_PEERS));
            if !starting || patience.elapsed() > 3 * ANSWER {
                let few = [ErrorCode::CLUSTER_NO_PEERS, ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED];
                return Err(if code.is_some_and(|code| few.contains(&code)) {
                    let copies = replicas.unwrap_or(REPLICAS);
                    format!("too few servers for {copies} copies with room for the stream: {error}")
                } else {
                    format!("cannot create stream {}: {error}", self.stream)
                });
            }
            self.warn(&patience, &format!("waiting for the servers: {error}"));
            patience.pause().await;
        }
    }

    async fn try_create(&self, replicas: Option<usize>, max_bytes: Option<i64>) -> Result<(bool, usize), Box<Failure>> {
        match self.context.get_stream(&self.stream).await {
            Ok(stream) => {
                let mut config = stream.cached_info().config.clone();
                config.num_replicas = replicas.unwrap_or(config.num_replicas);
                config.max_bytes = max_bytes.unwrap_or(config.max_bytes);
                Ok((false, self.context.update_stream(config).await?.config.num_replicas))
            }
            Err(error) if code(&error) == Some(ErrorCode::STREAM_NOT_FOUND) => {
                let config = Config {
                    name: self.stream.clone(),
                    subjects: vec![format!("{}.>", self.stream)],
                    storage: StorageType::File,
                    num_replicas: replicas.unwrap_or(REPLICAS),
                    max_bytes: max_bytes.unwrap_or(-1),
                    // The default removes old lines in silence.
                    discard: DiscardPolicy::New,
                    deny_delete: true,
                    deny_purge: true,
                    ..Config::default()
                };
                Ok((true, self.context.create_stream(config).await?.cached_info().config.num_replicas))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A view of how many lines and bytes the servers have stored for this run.
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

    /// How often the client has connected.
    pub(crate) fn connections(&self) -> u64 {
        self.context.client().statistics().connects.load(Ordering::Relaxed)
    }

    /// How many bytes have come from the servers.
    pub(crate) fn bytes_received(&self) -> u64 {
        self.context.client().statistics().in_bytes.load(Ordering::Relaxed)
    }

    /// Completes within a second after the client has made more than so many `connections`. Cancel safe.
    pub(crate) async fn reconnected(&self, connections: u64) {
        while self.connections() == connections {
            sleep(Duration::from_secs(1)).await;
        }
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
    pub(crate) async fn last_message(&self, subject: &str) -> merge_core::Result<Option<StreamMessage>> {
        let mut patience = Patience::new();
        loop {
            // Asks no server yet.
            let stream = self.context.get_stream_no_info(&self.stream).await;
            let stream = stream.map_err(|error| self.refused(error.to_string()))?;
            match stream.get_last_raw_message_by_subject(subject).await {
                Ok(message) => return Ok(Some(message)),
                Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => return Ok(None),
                Err(error) => self.outlast(&error, &mut patience).await?,
            }
        }
    }

    /// What the leader knows of the stream. Waits for an answer.
    pub(crate) async fn info(&self) -> merge_core::Result<Info> {
        let mut patience = Patience::new();
        loop {
            match self.context.get_stream(&self.stream).await {
                Ok(stream) => return Ok(stream.cached_info().clone()),
                Err(error) => self.outlast(&error, &mut patience).await?,
            }
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("stream", &self.stream).field("run", &self.run).finish_non_exhaustive()
    }
}
