//! The way of one input to the stream: a subject of its own, and one message at a time.
//!
//! The stream is all the memory that a lane has. The last message on its subject says how far the input was shipped
//! (its position), and what was read last (its lines). Each message names the one that it comes behind, so the servers
//! refuse a message that they have already.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::{PublishMessage, StreamMessage};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use memchr::memrchr;
use merge_core::{Chunk, Input, MergeError, Position, Result};
use tokio::task::spawn_blocking;

use crate::Link;
use crate::wait::{Patience, code};

/// How many inputs ask at once where they go on.
const ASKING: usize = 64;
/// How long a subject may be, in bytes. The servers take a command of 4,096 (`max_control_line`), with the subject and what
/// is beside it.
const LONGEST_SUBJECT: usize = 3900;
/// The header with the input's position behind the message: `END`, and `FILE END` for each newer file.
const POSITION: &str = "Uplink-Position";
/// The header that tells the messages of one run from those of another.
const RUN: &str = "Uplink-Run";

/// The way of one input to the stream.
#[derive(Debug)]
pub(crate) struct Lane {
    link: Arc<Link>,
    input: PathBuf,
    subject: String,
    /// The number of the last message on the subject; 0 for none.
    last: u64,
}

/// A lane for each input, which then goes on behind what the stream has of it.
pub(crate) async fn open_all(link: &Arc<Link>, host: &str, inputs: Vec<Input>) -> Result<Vec<(Lane, Input)>> {
    let open = |input| Lane::open(Arc::clone(link), host, input);
    stream::iter(inputs).map(open).buffered(ASKING).try_collect().await
}

impl Lane {
    /// Asks the stream for the last message of `input`, and lets the input go on behind it.
    async fn open(link: Arc<Link>, host: &str, mut input: Input) -> Result<(Self, Input)> {
        let path = input.path().to_owned();
        let absolute = std::path::absolute(&path).map_err(|source| MergeError::Open { path: path.clone(), source })?;
        let subject = format!("{}.{}.{}", link.stream, token(host.as_bytes()), token(bytes_of(&absolute)));
        let mut lane = Self { link, input: path, subject, last: 0 };
        if lane.subject.len() > LONGEST_SUBJECT {
            return Err(
                lane.refused(format!("its path is too long: it makes a subject of {} bytes", lane.subject.len()))
            );
        }
        if let Some(message) = lane.link.last_message(&lane.subject).await? {
            lane.last = message.sequence;
            let position = position_of(&message)
                .ok_or_else(|| lane.refused(format!("message {} of the stream is not from uplink", lane.last)))?;
            let resume = move || (input.resume(&position, &message.payload), input);
            let resumed = spawn_blocking(resume).await;
            let (found, resumed) = resumed.map_err(|error| MergeError::ended_early(error.try_into_panic().ok()))?;
            input = resumed;
            if !found? {
                let path = lane.input.display();
                tracing::warn!(
                    "{path} does not hold what was shipped last, nor does a file beside it: shipping all of it"
                );
            }
        }
        Ok((lane, input))
    }

    /// Sends the chunk, and returns when the servers have it. Waits as long as they take nothing.
    pub(crate) async fn take(&mut self, chunk: Chunk) -> Result<()> {
        let Position { end, newer } = chunk.position().clone();
        let mut rest = Bytes::from_owner(Owned(chunk));
        while !rest.is_empty() {
            // A chunk of long lines may be longer than the servers take at once.
            let most = self.link.longest_message();
            let whole =
                if rest.len() <= most { Some(rest.len()) } else { memrchr(b'\n', &rest[..most]).map(|end| end + 1) };
            let Some(length) = whole else {
                return Err(
                    self.refused(format!("a line is longer than the {most} bytes that the servers take (max_payload)"))
                );
            };
            let lines = rest.split_to(length);
            let position = Position { end: end.saturating_sub(rest.len() as u64), newer: newer.clone() };
            self.send(lines, &position).await?;
        }
        Ok(())
    }

    async fn send(&mut self, lines: Bytes, position: &Position) -> Result<()> {
        let link = Arc::clone(&self.link);
        let _room = link.room(lines.len()).await;
        let mut patience = Patience::new();
        loop {
            let message = PublishMessage::build()
                .payload(lines.clone())
                .header(POSITION, text_of(position))
                .header(RUN, &*link.run)
                .expected_last_subject_sequence(self.last);
            let sent = match link.context.send_publish(self.subject.clone(), message).await {
                Ok(answer) => answer.await,
                Err(error) => Err(error),
            };
            let stored = match sent {
                Ok(stored) => Some(stored.sequence),
                Err(error) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
                    return Err(self.refused(error.to_string()));
                }
                Err(error) => {
                    if is_behind(&error) {
                        // An earlier attempt may be on its way through the cluster.
                        patience.pause().await;
                    } else {
                        link.outlast(&error, &mut patience).await?;
                    }
                    // On a slow link the answer may only be late. Sent again and again, the message would fill the link.
                    self.find_own().await?
                }
            };
            if let Some(sequence) = stored {
                self.last = sequence;
                return link.shipped().write(&lines);
            }
        }
    }

    /// After a failure: the number of the message, if the servers have it nevertheless.
    async fn find_own(&self) -> Result<Option<u64>> {
        match self.link.last_message(&self.subject).await? {
            Some(message) if message.sequence == self.last => Ok(None),
            Some(message) if message.sequence < self.last => Err(self.refused(format!(
                "the stream has lost messages: its last one of this input was {}, and is {}",
                self.last, message.sequence
            ))),
            Some(message) if message.headers.get(RUN).is_some_and(|run| run.as_str() == &*self.link.run) => {
                Ok(Some(message.sequence))
            }
            Some(message) => Err(self.refused(format!(
                "another ship of this host sends this input as well (message {}); only one may run",
                message.sequence
            ))),
            None if self.last == 0 => Ok(None),
            None => Err(self.refused("the stream was deleted and created again".to_owned())),
        }
    }

    fn refused(&self, text: String) -> MergeError {
        self.link.refused(format!("{}: {text}", self.input.display()))
    }
}

/// Whether the subject's last message is another than the one that this one came behind.
fn is_behind(error: &PublishError) -> bool {
    error.kind() == PublishErrorKind::WrongLastSequence
        || code(error) == Some(ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT)
}

/// A chunk as the client wants it.
struct Owned(Chunk);

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

fn text_of(Position { end, newer }: &Position) -> String {
    newer.iter().fold(end.to_string(), |text, (file, end)| format!("{text} {file} {end}"))
}

fn position_of(message: &StreamMessage) -> Option<Position> {
    parse(message.headers.get(POSITION)?.as_str())
}

fn parse(text: &str) -> Option<Position> {
    let mut numbers = text.split(' ').map(|number| number.parse().ok());
    let end = numbers.next()??;
    let mut newer = Vec::new();
    while let Some(file) = numbers.next() {
        newer.push((file?, numbers.next()??));
    }
    Some(Position { end, newer: newer.into() })
}

#[cfg(unix)]
fn bytes_of(path: &Path) -> &[u8] {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str())
}

#[cfg(not(unix))]
fn bytes_of(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// One token of a subject. Dots separate tokens, and `*` and `>` are wildcards, so they are written as in a URL.
fn token(name: &[u8]) -> String {
    let mut token = String::with_capacity(name.len());
    for &byte in name {
        if byte.is_ascii_alphanumeric() || b"-_/".contains(&byte) {
            token.push(byte.into());
        } else {
            // A string takes everything.
            let _ = write!(token, "%{byte:02X}");
        }
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_one_token_and_two_names_never_the_same() {
        assert_eq!(token(b"/var/log/web-1_a.log"), "/var/log/web-1_a%2Elog");
        assert_eq!(token(b"a*b>c d%2E\xff\n"), "a%2Ab%3Ec%20d%252E%FF%0A");
    }

    #[test]
    fn a_position_is_one_number_and_two_for_each_newer_file() {
        for (newer, text) in [(&[][..], "7"), (&[(1, 0)], "7 1 0"), (&[(3, 5), (1, 0)], "7 3 5 1 0")] {
            let position = Position { end: 7, newer: newer.into() };
            assert_eq!(text_of(&position), text);
            assert_eq!(parse(text), Some(position));
        }
        for refused in ["", "x", "7 0", "7 1 0 1", "7 1 x", "-7"] {
            assert_eq!(parse(refused), None, "{refused}");
        }
    }
}
