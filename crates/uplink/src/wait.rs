//! What the servers' errors mean: which of them are waited for, and which end a run.

use std::error::Error;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use async_nats::connection::State;
use async_nats::jetstream::context::{
    CreateStreamError, CreateStreamErrorKind, GetStreamError, GetStreamErrorKind, PublishError, PublishErrorKind,
};
use async_nats::jetstream::stream::{ConsumerError, ConsumerErrorKind, LastRawMessageError, LastRawMessageErrorKind};
use async_nats::jetstream::{self, ErrorCode};
use merge_core::Result;
use tokio::time::sleep;

use crate::Link;

/// How long an answer may take. Then the request is repeated.
pub(crate) const ANSWER: Duration = Duration::from_secs(3);

/// Any error of the client library.
pub(crate) type Failure = dyn Error + Send + Sync;

/// One wait for the servers.
#[derive(Debug)]
pub(crate) struct Patience {
    since: Instant,
    pause: Duration,
    /// Since when the servers have said that there is no such stream.
    not_found: Option<Instant>,
    /// Since when they have given an answer that nobody expects.
    unexpected: Option<Instant>,
}

impl Patience {
    pub(crate) fn new() -> Self {
        Self { since: Instant::now(), pause: Duration::from_millis(50), not_found: None, unexpected: None }
    }

    /// How long this wait has taken.
    pub(crate) fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }

    /// The servers have answered: what comes next is another wait.
    pub(crate) fn answered(&mut self) {
        *self = Self { pause: self.pause, ..Self::new() };
    }

    /// Waits a moment, which is longer each time, up to a second.
    pub(crate) async fn pause(&mut self) {
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(Duration::from_secs(1));
    }
}

impl Link {
    /// After a failure that may pass: waits a moment, and says now and then for what. Otherwise returns what is wrong.
    pub(crate) async fn outlast(&self, error: &Failure, patience: &mut Patience) -> Result<()> {
        let stream = &self.stream;
        // Only the same answer again and again counts.
        let not_found = patience.not_found.take();
        let unexpected = patience.unexpected.take();
        let why = match code(error) {
            Some(ErrorCode::STREAM_NOT_FOUND) => self.not_found(not_found, patience)?,
            Some(ErrorCode::STREAM_STORE_FAILED) => {
                format!("stream {stream} is full (max_bytes): waiting for `uplink create --max-bytes` with more")
            }
            Some(ErrorCode::CLUSTER_NOT_AVAILABLE | ErrorCode::CLUSTER_NOT_LEADER) => no_leader(stream),
            Some(ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT) => {
                return Err(self.refused(format!("the servers have no JetStream for this user: {error}")));
            }
            Some(
                ErrorCode::INSUFFICIENT_RESOURCES
                | ErrorCode::STORAGE_RESOURCES_EXCEEDED
                | ErrorCode::ACCOUNT_RESOURCES_EXCEEDED,
            ) => format!("the servers have no room left: waiting ({error})"),
            // An election may be behind it. What stays is an error.
            Some(_) => {
                if patience.unexpected.insert(unexpected.unwrap_or_else(Instant::now)).elapsed() > 10 * ANSWER {
                    return Err(self.refused(error.to_string()));
                }
                format!("waiting: {error}")
            }
            None => self.look_for_the_cause(error, not_found, patience).await?,
        };
        self.warn(patience, &why);
        patience.pause().await;
        Ok(())
    }

    /// No answer has three causes: there is no stream, it has no leader, or its leader takes nothing.
    async fn look_for_the_cause(
        &self,
        error: &Failure,
        not_found: Option<Instant>,
        patience: &mut Patience,
    ) -> Result<String> {
        let stream = &self.stream;
        if self.context.client().connection_state() != State::Connected {
            return Ok("not connected: waiting for a server".to_owned());
        }
        let found = match self.context.get_stream(stream).await {
            Ok(found) => found,
            Err(error) if code(&error) == Some(ErrorCode::STREAM_NOT_FOUND) => {
                return self.not_found(not_found, patience);
            }
            Err(_) => return Ok(no_leader(stream)),
        };
        let cluster = found.cached_info().cluster.as_ref();
        let Some(leader) = cluster.map_or(Some("the server"), |cluster| cluster.leader.as_deref()) else {
            return Ok(no_leader(stream));
        };
        let published = error.downcast_ref::<PublishError>().map(PublishError::kind);
        Ok(if published == Some(PublishErrorKind::StreamNotFound) {
            format!("{leader} leads stream {stream} and takes nothing: waiting. Has it room (disk, max_file_store)?")
        } else {
            format!("{leader} leads stream {stream} and does not answer: waiting")
        })
    }

    /// A cluster that is starting may not know its streams yet: the answer counts when it stays the same.
    fn not_found(&self, since: Option<Instant>, patience: &mut Patience) -> Result<String> {
        let stream = &self.stream;
        if patience.not_found.insert(since.unwrap_or_else(Instant::now)).elapsed() < ANSWER {
            return Ok(format!("the servers do not know stream {stream}: waiting"));
        }
        Err(self.refused("there is no such stream on these servers: `uplink create` makes one".to_owned()))
    }

    /// Says what is waited for, if it takes long, and only once for all inputs.
    pub(crate) fn warn(&self, patience: &Patience, text: &str) {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if patience.elapsed() > ANSWER && warned.is_none_or(|warned| warned.elapsed() > 5 * ANSWER) {
            *warned = Some(Instant::now());
            tracing::warn!("{text}");
        }
    }
}

fn no_leader(stream: &str) -> String {
    format!(
        "stream {stream} has no leader: waiting. Are most of its servers up, and have they room (disk, max_file_store)?"
    )
}

/// The code of an error that the servers have answered. Each of the client's types keeps it in a place of its own.
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
