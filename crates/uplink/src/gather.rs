//! Writes the stream to one output, in the order of its messages.

use std::pin::pin;
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::pull::{Config, MessagesErrorKind, Stream};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use async_nats::jetstream::stream::Info;
use bytes::Bytes;
use futures_util::StreamExt;
use merge_core::{MergeError, Result, Summary};
use tokio::select;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::wait::{ANSWER, Failure, Patience};
use crate::{Destination, Link};

/// How many messages may wait for the writer.
const QUEUE: usize = 4;
/// How many bytes the servers may send ahead of it.
const AHEAD: usize = 4 * 1024 * 1024;
/// A server from which nothing comes for two of these is gone.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// More bytes than this in that time are a message that is on its way, and not the servers' answers to pings.
const SMALL: u64 = 1024;

/// Writes the stream to `destination`, behind what is there, until `stop` completes. What the stream holds at that moment
/// is still written. The summary counts this run only, as one input.
///
/// Needs a runtime with time and I/O, and one thread of its blocking pool; blocks no runtime worker. Dropped before it
/// completes, it leaves a file that the next run goes on with: no line is lost or comes twice.
///
/// # Errors
///
/// [`MergeError::Output`] when `destination` fails, when there is no stream or it was created again, or when a message was
/// deleted from it. A lost connection and an election are waited for.
pub async fn gather(link: &Link, mut destination: Destination, stop: impl Future<Output = ()>) -> Result<Summary> {
    let start = (destination.created(), destination.next());
    let progress = destination.progress();
    let (queue, mut messages) = mpsc::channel::<(u64, Bytes)>(QUEUE);
    // The one writer. It blocks, so it has a thread of its own.
    let writer = spawn_blocking(move || {
        while let Some((number, lines)) = messages.blocking_recv() {
            destination.write(number, &lines)?;
            if messages.is_empty() {
                destination.save()?;
            }
        }
        destination.save()
    });
    let read = read(link, start, queue, stop).await;
    // The writer's error is the cause when both have failed.
    writer.await.unwrap_or_else(|error| Err(MergeError::ended_early(error.try_into_panic().ok())))?;
    read?;
    Ok(Summary { inputs: 1, lines: progress.lines(), bytes: progress.bytes() })
}

/// Hands on the messages from number `next` on, of the stream that was `created` then.
async fn read(
    link: &Link,
    (mut created, mut next): (Option<i128>, u64),
    queue: mpsc::Sender<(u64, Bytes)>,
    stop: impl Future<Output = ()>,
) -> Result<()> {
    let mut stop = pin!(stop);
    // The last message, once it is known.
    let mut until = None;
    let mut patience = Patience::new();
    // The message that the last consumer has left out.
    let mut missing = None;
    // Since when the stream has been shorter than it was.
    let mut behind: Option<Instant> = None;
    loop {
        let connections = link.connections();
        let opened = open(link, next).await;
        let mut messages = match opened {
            Ok(messages) => messages,
            Err(error) => {
                link.outlast(&*error, &mut patience).await?;
                continue;
            }
        };
        let last = info(link, &mut created).await?.state.last_sequence;
        if last + 1 < next {
            // A new leader may not have come so far yet.
            if behind.get_or_insert_with(Instant::now).elapsed() > ANSWER {
                let held = next - 1;
                return Err(link.refused(format!("the stream has lost messages: it had {held}, and has {last}")));
            }
            patience.pause().await;
            continue;
        }
        behind = None;
        patience.answered();
        let mut arrived = link.bytes_received();
        let mut reconnected = pin!(link.reconnected(connections));
        loop {
            if until.is_some_and(|until| next > until) {
                return Ok(());
            }
            let message = select! {
                () = &mut stop, if until.is_none() => {
                    until = Some(info(link, &mut created).await?.state.last_sequence);
                    continue;
                }
                () = queue.closed() => return Err(MergeError::OutputGone),
                // What was on its way was lost with the connection, and the consumer does not send it again.
                () = &mut reconnected => break,
                message = messages.next() => message,
            };
            let message = match message {
                Some(Ok(message)) => message,
                // On a slow link a message may take longer than that.
                Some(Err(error))
                    if error.kind() == MessagesErrorKind::MissingHeartbeat
                        && arrived + SMALL < link.bytes_received() =>
                {
                    arrived = link.bytes_received();
                    continue;
                }
                // A server is gone, or the consumer with it: open another.
                _ => break,
            };
            let number = message.info().map_err(|error| link.refused(error.to_string()))?.stream_sequence;
            if number < next {
                continue;
            }
            if number > next {
                // It was lost on its way, and another consumer sends it again, or it was deleted.
                if missing == Some(next) && link.connections() == connections {
                    return Err(link.refused(format!("message {next} is missing: it was deleted from the stream")));
                }
                missing = Some(next);
                break;
            }
            patience = Patience::new();
            next += 1;
            if queue.send((number, message.message.payload)).await.is_err() {
                return Err(MergeError::OutputGone);
            }
        }
        patience.pause().await;
    }
}

/// What the leader knows of the stream, which has to be the one that was `created` then.
async fn info(link: &Link, created: &mut Option<i128>) -> Result<Info> {
    let info = link.info().await?;
    let now = info.created.unix_timestamp_nanos();
    if *created.get_or_insert(now) != now {
        return Err(link.refused("the stream was deleted and created again".to_owned()));
    }
    Ok(info)
}

/// A consumer that the servers forget when it is not used for a while.
async fn open(link: &Link, next: u64) -> Result<Stream, Box<Failure>> {
    let config = Config {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: next },
        ack_policy: AckPolicy::None,
        memory_storage: true,
        num_replicas: 1,
        inactive_threshold: 30 * HEARTBEAT,
        ..Config::default()
    };
    let consumer = link.context.create_consumer_on_stream(config, &link.stream).await?;
    // One message has to fit, whatever it takes.
    let ahead = AHEAD.max(link.context.client().max_payload());
    Ok(consumer.stream().max_bytes_per_batch(ahead).heartbeat(HEARTBEAT).messages().await?)
}
