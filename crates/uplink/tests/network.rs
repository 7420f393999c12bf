//! A network that is slow, or breaks while messages are on their way.

#![allow(clippy::unwrap_used, reason = "a test")]

mod server;

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_nats::jetstream::Context;
use merge_core::{Input, Output};
use server::{Servers, patience, servers, unique, until};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use uplink::{Destination, Link, Login, gather, ship};

/// What a slow network carries, in bytes per second: a chunk takes longer than an answer may, and than a server may be
/// silent.
const SPEED: u32 = 128 * 1024;

/// Which way is slow.
#[derive(Clone, Copy, PartialEq)]
enum Slow {
    /// To the server.
    Up,
    /// From it.
    Down,
}

/// The network between a client and the server.
struct Network {
    url: String,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    /// How many bytes have come from the client.
    sent: AtomicUsize,
    /// How many bytes more the first connection carries to the client. What comes then is lost with it.
    left: AtomicUsize,
}

impl Network {
    async fn start(servers: &Servers, slow: Option<Slow>) -> Self {
        let server = servers.urls[0].trim_start_matches("nats://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("nats://{}", listener.local_addr().unwrap());
        let counts = Arc::new(Counts { left: usize::MAX.into(), ..Counts::default() });
        let network = Self { url, counts: Arc::clone(&counts) };
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(&server).await.unwrap();
                let is_first = counts.connections.fetch_add(1, Ordering::Relaxed) == 0;
                tokio::spawn(pass_on(client, server, slow, Arc::clone(&counts), is_first));
            }
        });
        network
    }

    fn break_after(&self, bytes: usize) {
        self.counts.left.store(bytes, Ordering::Relaxed);
    }

    async fn link(&self, stream: &str) -> Link {
        Link::connect(std::slice::from_ref(&self.url), &Login::default(), stream).await.unwrap()
    }
}

async fn pass_on(client: TcpStream, server: TcpStream, slow: Option<Slow>, counts: Arc<Counts>, may_break: bool) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let travel = async |bytes: usize, way| {
        if slow == Some(way) {
            sleep(Duration::from_secs(1) * u32::try_from(bytes).unwrap() / SPEED).await;
        }
    };
    let up = async {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
            counts.sent.fetch_add(count, Ordering::Relaxed);
            travel(count, Slow::Up).await;
            if to_server.write_all(&buffer[..count]).await.is_err() {
                break;
            }
        }
    };
    let down = async {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
            let left = counts.left.load(Ordering::Relaxed);
            if may_break && left < count {
                // Lost is what comes until the server rests.
                let mut lost = vec![0; 20 * 1024];
                let _ = timeout(Duration::from_millis(100), from_server.read_exact(&mut lost)).await;
                break;
            }
            if left < usize::MAX {
                counts.left.fetch_sub(count.min(left), Ordering::Relaxed);
            }
            travel(count, Slow::Down).await;
            if to_client.write_all(&buffer[..count]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}

/// Runs a test with a watchdog, where there is a server, on a stream of its own.
async fn with_stream(test: impl AsyncFnOnce(&Servers, &str)) {
    let Some(servers) = servers() else { return };
    let stream = unique("network");
    let link = Link::connect(&servers.urls, &Login::default(), &stream).await.unwrap();
    link.create(Some(servers.replicas), None).await.unwrap();
    timeout(Duration::from_secs(patience()), test(servers, &stream)).await.expect("the test hangs");
}

/// Puts a line into the stream.
async fn publish(context: &Context, stream: &str, line: &str) {
    context.publish(format!("{stream}.host.log"), line.to_owned().into()).await.unwrap().await.unwrap();
}

#[tokio::test]
async fn messages_that_were_lost_with_a_connection_are_asked_for_again() {
    // Of many messages some are lost, of few all that come after the break.
    for count in [500, 250] {
        with_stream(async |servers, stream| {
            let context = async_nats::jetstream::new(async_nats::connect(&servers.urls).await.unwrap());
            let mut expected = String::new();
            for number in 0..count {
                let line = format!("{number}\n");
                publish(&context, stream, &line).await;
                expected += &line;
            }
            let network = Network::start(servers, None).await;
            let link = network.link(stream).await;
            let folder = TempDir::new().unwrap();
            let output = folder.path().join("all.log");
            let destination = Destination::open(&output, &link).await.unwrap();
            network.break_after(20 * 1024);
            gather(&link, destination, async {}).await.unwrap();
            assert_eq!(fs::read_to_string(output).unwrap(), expected);
        })
        .await;
    }
}

#[tokio::test]
async fn a_message_that_was_lost_before_any_other_came_is_asked_for_again() {
    with_stream(async |servers, stream| {
        let context = async_nats::jetstream::new(async_nats::connect(&servers.urls).await.unwrap());
        let network = Network::start(servers, None).await;
        let link = network.link(stream).await;
        let destination = Destination::new(Output::new("sink", io::sink()));
        let progress = destination.progress();
        let (stop, stopped) = oneshot::channel::<()>();
        let gathering = tokio::spawn(async move {
            let stopped = async { stopped.await.unwrap() };
            gather(&link, destination, stopped).await
        });
        while context.get_stream(stream).await.unwrap().cached_info().state.consumer_count == 0 {
            sleep(Duration::from_millis(2)).await;
        }
        network.break_after(0);
        publish(&context, stream, "lost\n").await;
        until(|| network.counts.connections.load(Ordering::Relaxed) == 2).await;
        publish(&context, stream, "next\n").await;
        until(|| progress.lines() == 2 || gathering.is_finished()).await;
        let _ = stop.send(());
        assert_eq!(gathering.await.unwrap().unwrap().lines, 2);
    })
    .await;
}

#[tokio::test]
async fn over_a_link_that_is_slow_one_way_every_message_is_sent_once() {
    with_stream(async |servers, stream| {
        let folder = TempDir::new().unwrap();
        let (log, output) = (folder.path().join("web.log"), folder.path().join("all.log"));
        let content = ("x".repeat(999) + "\n").repeat(1000);
        fs::write(&log, &content).unwrap();
        let network = Network::start(servers, Some(Slow::Up)).await;
        let link = Arc::new(network.link(stream).await);
        let inputs = Input::open_all([&log]).unwrap();
        inputs[0].closer().close();
        ship(inputs, Duration::from_millis(2), Arc::clone(&link), "host").await.unwrap();
        let sent = network.counts.sent.load(Ordering::Relaxed);
        assert!(sent < content.len() * 3 / 2, "{sent} bytes were sent for {}", content.len());
        let link = Network::start(servers, Some(Slow::Down)).await.link(stream).await;
        gather(&link, Destination::open(&output, &link).await.unwrap(), async {}).await.unwrap();
        assert_eq!(fs::read_to_string(output).unwrap(), content);
    })
    .await;
}
