//! A stream that has gone back: its server was restored from a copy, or has lost what it wrote last.

#![allow(clippy::unwrap_used, reason = "a test")]

mod server;

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use merge_core::Input;
use server::{Node, append, patience, program, until};
use tempfile::TempDir;
use tokio::time::timeout;
use uplink::{Destination, Link, Login, gather, ship};

/// Whether a file below `folder` holds `text`.
fn holds(folder: &Path, text: &str) -> bool {
    Command::new("grep").args(["-rq", "-e", text]).arg(folder).status().unwrap().success()
}

#[tokio::test]
async fn a_ship_and_a_gather_end_when_the_stream_has_lost_messages() {
    let Some(program) = program() else { return };
    let test = async {
        let node = Node::start(&program, "").unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let urls = [node.url.clone(), format!("nats://127.0.0.1:{port}")];
        let link = async || Link::connect(&urls, &Login::default(), "logs").await.unwrap();
        let sender = Arc::new(link().await);
        sender.create(Some(1), None).await.unwrap();

        let folder = TempDir::new().unwrap();
        let log = folder.path().join("web.log");
        fs::write(&log, "first\n").unwrap();
        let inputs = Input::open_all([&log]).unwrap();
        let shipped = sender.progress();
        let shipping = tokio::spawn(ship(inputs, Duration::from_millis(2), sender, "host"));
        let reader = link().await;
        let destination = Destination::open(&folder.path().join("all.log"), &reader).await.unwrap();
        let gathered = destination.progress();
        let gathering = tokio::spawn(async move { gather(&reader, destination, std::future::pending()).await });
        until(|| gathered.lines() == 1 && holds(&node.folder.join("store"), "first")).await;

        let copy = Node::folder();
        assert!(
            Command::new("cp").arg("-r").args([node.folder.join("store"), copy.clone()]).status().unwrap().success()
        );
        append(&log, "second\n");
        until(|| shipped.lines() == 2 && gathered.lines() == 2).await;
        drop(node);
        let _restored = Node::start_in(copy, &program, port.into(), "").unwrap();
        append(&log, "third\n");
        for error in [shipping.await.unwrap().unwrap_err(), gathering.await.unwrap().unwrap_err()] {
            assert!(error.to_string().contains("the stream has lost messages"), "{error}");
        }
    };
    timeout(Duration::from_secs(patience()), test).await.expect("the test hangs");
}
