//! HTTP/1.1 on a blocking socket: what the blocking top needs, and no more. No chunked bodies.

use std::io::{self, Read, Write};

use http::header::{CONNECTION, CONTENT_LENGTH, HeaderName};
use http::{HeaderValue, StatusCode, Version};

use crate::shared::{MAX_BODY, Request, Response, text};

/// The longest head of a request, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// The requests of one connection.
pub struct Requests<S> {
    stream: S,
    unread: Vec<u8>,
}

impl<S: Read + Write> Requests<S> {
    /// Takes the connection.
    pub fn new(stream: S) -> Self {
        Self { stream, unread: Vec::new() }
    }

    /// Blocks until the next request is read. `None` when the connection ends between two requests. `Err` in the inside
    /// is the answer to a request that cannot be read; the connection has to end after it.
    ///
    /// # Errors
    ///
    /// When the connection fails or ends in the middle of a request.
    pub fn read(&mut self) -> io::Result<Option<Result<Request, Response>>> {
        let (request, head, body) = loop {
            match parse_head(&self.unread) {
                Ok(Some(found)) => break found,
                Ok(None) if self.unread.len() < MAX_HEAD => {}
                Ok(None) | Err(_) => return Ok(Some(Err(text(StatusCode::BAD_REQUEST, "bad request")))),
            }
            if !self.read_more()? {
                return if self.unread.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        };
        if body > MAX_BODY {
            return Ok(Some(Err(text(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long"))));
        }
        while self.unread.len() < head + body {
            if !self.read_more()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let text_of_body = String::from_utf8(self.unread[head..head + body].to_vec());
        self.unread.drain(..head + body);
        Ok(Some(match text_of_body {
            Ok(body) => Ok(request.map(|()| body)),
            Err(_) => Err(text(StatusCode::BAD_REQUEST, "the body is no text")),
        }))
    }

    /// Writes a response, in one piece.
    ///
    /// # Errors
    ///
    /// When the client has gone.
    pub fn answer(&mut self, response: &Response) -> io::Result<()> {
        let mut bytes = format!("HTTP/1.1 {}\r\n", response.status()).into_bytes();
        for (name, value) in response.headers() {
            bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        bytes.extend(format!("content-length: {}\r\n\r\n{}", response.body().len(), response.body()).into_bytes());
        self.stream.write_all(&bytes)
    }

    fn read_more(&mut self) -> io::Result<bool> {
        let mut block = [0; 4096];
        let count = self.stream.read(&mut block)?;
        self.unread.extend_from_slice(&block[..count]);
        Ok(count > 0)
    }
}

/// Whether the client wants the connection to end after this request.
#[must_use]
pub fn is_last(request: &Request) -> bool {
    let close = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"close");
    request.version() == Version::HTTP_10 || request.headers().get(CONNECTION).is_some_and(close)
}

/// A head: the request without its body, the length of the head, and that of the body.
type Head = (http::Request<()>, usize, usize);

/// `None` when there is more to read.
fn parse_head(bytes: &[u8]) -> Result<Option<Head>, Box<dyn std::error::Error>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(length) = head.parse(bytes)? else { return Ok(None) };
    let version = if head.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
    let mut request = http::Request::builder()
        .method(head.method.unwrap_or_default())
        .uri(head.path.unwrap_or_default())
        .version(version)
        .body(())?;
    for header in head.headers.iter() {
        request.headers_mut().append(HeaderName::try_from(header.name)?, HeaderValue::from_bytes(header.value)?);
    }
    if request.headers().contains_key(http::header::TRANSFER_ENCODING) {
        return Err("no chunked bodies".into());
    }
    let body = request.headers().get(CONTENT_LENGTH).map_or(Ok("0"), HeaderValue::to_str)?.parse()?;
    Ok(Some((request, length, body)))
}
