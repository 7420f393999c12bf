//! A network that is slow, or breaks while messages are on their way.

#![allow(clippy::unwrap_used, reason = "a test")]

mod server;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use merge_core::Input;
use server::{Servers, servers, unique};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use uplink::{Destination, Link, Login, gather, ship};

/// The network between a client and a server.
struct Network {
    url: String,
    /// How many bytes have come from the client.
    sent: Arc<AtomicUsize>,
}

/// What is wrong with it.
#[derive(Clone, Copy)]
enum Fault {
    /// The first connection breaks after so many bytes from the server. What was on its way is lost.
    BreaksAfter(usize),
    /// It takes so many bytes a second from the client.
    Slow(usize),
}

impl Network {
    async fn start(servers: &Servers, fault: Fault) -> Self {
        let server = servers.urls[0].trim_start_matches("nats://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("nats://{}", listener.local_addr().unwrap());
        let sent = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&sent);
        tokio::spawn(async move {
            for number in 0.. {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(&server).await.unwrap();
                let broken = matches!(fault, Fault::BreaksAfter(_)) && number == 0;
                tokio::spawn(pass_on(client, server, fault, broken, Arc::clone(&counter)));
            }
        });
        Self { url, sent }
    }

    async fn link(&self, stream: &str) -> Link {
        Link::connect(std::slice::from_ref(&self.url), &Login::default(), stream).await.unwrap()
    }
}

async fn pass_on(client: TcpStream, server: TcpStream, fault: Fault, broken: bool, sent: Arc<AtomicUsize>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = async {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
            sent.fetch_add(count, Ordering::Relaxed);
            if let Fault::Slow(per_second) = fault {
                sleep(Duration::from_secs(1) * u32::try_from(count).unwrap() / u32::try_from(per_second).unwrap())
                    .await;
            }
            if to_server.write_all(&buffer[..count]).await.is_err() {
                break;
            }
        }
    };
    let down = async {
        let mut buffer = vec![0; 1024];
        let mut came = 0;
        while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
            came += count;
            if let Fault::BreaksAfter(bytes) = fault
                && broken
                && came > bytes
            {
                // Lost is what comes until the server rests, or as much again.
                let mut lost = vec![0; bytes];
                let _ = timeout(Duration::from_millis(100), from_server.read_exact(&mut lost)).await;
                break;
            }
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
    timeout(Duration::from_secs(60), test(servers, &stream)).await.expect("the test hangs");
}

#[tokio::test]
async fn messages_that_were_lost_with_a_connection_are_asked_for_again() {
    // Of many messages some are lost, of few all that come after the fault.
    for count in [500, 250] {
        gather_over_a_broken_connection(count).await;
    }
}

async fn gather_over_a_broken_connection(count: usize) {
    with_stream(async |servers, stream| {
        let client = async_nats::connect(&servers.urls).await.unwrap();
        let context = async_nats::jetstream::new(client);
        let mut expected = String::new();
        for number in 0..count {
            let line = format!("{number}\n");
            expected += &line;
            context.publish(format!("{stream}.host.log"), line.into()).await.unwrap().await.unwrap();
        }
        let network = Network::start(servers, Fault::BreaksAfter(20 * 1024)).await;
        let link = network.link(stream).await;
        let folder = TempDir::new().unwrap();
        let output = folder.path().join("all.log");
        gather(&link, Destination::open(&output, &link).await.unwrap(), async {}).await.unwrap();
        assert_eq!(fs::read_to_string(output).unwrap(), expected);
    })
    .await;
}

#[tokio::test]
async fn over_a_slow_link_every_message_is_sent_once() {
    with_stream(async |servers, stream| {
        let folder = TempDir::new().unwrap();
        let log = folder.path().join("web.log");
        let content = ("x".repeat(999) + "\n").repeat(1000);
        fs::write(&log, &content).unwrap();
        // A chunk takes longer than an answer may.
        let network = Network::start(servers, Fault::Slow(128 * 1024)).await;
        let link = Arc::new(network.link(stream).await);
        let inputs = Input::open_all([&log]).unwrap();
        inputs[0].closer().close();
        ship(inputs, Duration::from_millis(2), link, "host").await.unwrap();
        let sent = network.sent.load(Ordering::Relaxed);
        assert!(sent < content.len() * 3 / 2, "{sent} bytes were sent for {}", content.len());
    })
    .await;
}
