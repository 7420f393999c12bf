//! What a restart finds again, and what is refused.

#![allow(clippy::unwrap_used, reason = "a test")]

mod server;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use merge_core::{Closer, Input, Output, Result, Summary};
use server::{Servers, append, patience, servers, unique, until};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use uplink::{Destination, Link, Login, gather, ship};

/// A stream of its own, a log and an output.
struct Lab {
    servers: &'static Servers,
    stream: String,
    folder: TempDir,
}

impl Lab {
    async fn new() -> Option<Self> {
        let servers = servers()?;
        let lab = Self { servers, stream: unique("restart"), folder: TempDir::new().unwrap() };
        lab.link().await.create(Some(servers.replicas), None).await.unwrap();
        fs::write(lab.log(), "").unwrap();
        Some(lab)
    }

    async fn link(&self) -> Link {
        Link::connect(&self.servers.urls, &Login::default(), &self.stream).await.unwrap()
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("web.log")
    }

    fn output(&self) -> PathBuf {
        self.folder.path().join("all.log")
    }

    fn append(&self, bytes: &str) {
        append(&self.log(), bytes);
    }

    /// Ships what the log holds, and leaves a half line where it is.
    async fn ship(&self) -> Result<Summary> {
        let mut inputs = Input::open_all([self.log()])?;
        inputs[0].keep_unfinished();
        inputs[0].closer().close();
        ship(inputs, Duration::from_millis(2), Arc::new(self.link().await), "host").await
    }

    /// A ship that goes on until its log is closed.
    async fn start_ship(&self) -> (Closer, Arc<Link>, JoinHandle<Result<Summary>>) {
        let inputs = Input::open_all([self.log()]).unwrap();
        let closer = inputs[0].closer();
        let link = Arc::new(self.link().await);
        let running = tokio::spawn(ship(inputs, Duration::from_millis(2), Arc::clone(&link), "host"));
        (closer, link, running)
    }

    /// Gathers what the stream holds, into the file.
    async fn gather(&self) -> Result<Summary> {
        let link = self.link().await;
        gather(&link, Destination::open(&self.output(), &link).await?, async {}).await
    }

    fn gathered(&self) -> String {
        fs::read_to_string(self.output()).unwrap()
    }

    async fn delete(&self) {
        let client = async_nats::connect(&self.servers.urls).await.unwrap();
        async_nats::jetstream::new(client).delete_stream(&self.stream).await.unwrap();
    }
}

/// Runs a test with a watchdog, where there is a server.
async fn with_lab(test: impl AsyncFnOnce(Lab)) {
    let run = async {
        if let Some(lab) = Lab::new().await {
            test(lab).await;
        }
    };
    timeout(Duration::from_secs(patience()), run).await.expect("the test hangs");
}

#[tokio::test]
async fn a_ship_goes_on_behind_what_the_stream_has() {
    with_lab(async |lab| {
        lab.append("a\nb\nhal");
        assert_eq!(lab.ship().await.unwrap(), Summary { inputs: 1, lines: 2, bytes: 4 });
        lab.append("f\nc\n");
        assert_eq!(lab.ship().await.unwrap(), Summary { inputs: 1, lines: 2, bytes: 7 });
        assert_eq!(lab.ship().await.unwrap(), Summary { inputs: 1, lines: 0, bytes: 0 });
        lab.gather().await.unwrap();
        assert_eq!(lab.gathered(), "a\nb\nhalf\nc\n");
    })
    .await;
}

#[tokio::test]
async fn a_log_that_was_rotated_while_no_ship_ran_loses_nothing() {
    with_lab(async |lab| {
        lab.append("a\n");
        lab.ship().await.unwrap();
        lab.append("b\n");
        fs::rename(lab.log(), lab.log().with_extension("log.1")).unwrap();
        lab.append("c\n");
        lab.ship().await.unwrap();
        lab.gather().await.unwrap();
        assert_eq!(lab.gathered(), "a\nb\nc\n");
    })
    .await;
}

#[tokio::test]
async fn a_gather_that_was_killed_writes_the_same_bytes_again() {
    with_lab(async |lab| {
        lab.append("a\n");
        lab.ship().await.unwrap();
        lab.gather().await.unwrap();
        lab.append("b\n");
        lab.ship().await.unwrap();
        // It was killed between the lines and their position.
        append(&lab.output(), "b\n");
        lab.gather().await.unwrap();
        assert_eq!(lab.gathered(), "a\nb\n");
    })
    .await;
}

#[tokio::test]
async fn standard_output_gets_the_stream_from_its_first_line() {
    with_lab(async |lab| {
        lab.append("a\n");
        lab.ship().await.unwrap();
        let link = lab.link().await;
        for _ in 0..2 {
            let summary = gather(&link, Destination::new(Output::new("sink", io::sink())), async {}).await.unwrap();
            assert_eq!(summary.lines, 1);
        }
    })
    .await;
}

#[tokio::test]
async fn two_gathers_of_one_file_are_refused() {
    with_lab(async |lab| {
        let link = lab.link().await;
        let first = Destination::open(&lab.output(), &link).await.unwrap();
        let error = lab.gather().await.unwrap_err().to_string();
        assert_eq!(error, format!("another merge writes to output {}", lab.output().display()));
        drop(first);
        lab.gather().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn of_two_ships_of_one_host_one_ends_and_nothing_comes_twice() {
    with_lab(async |lab| {
        let (_first, _, one) = lab.start_ship().await;
        lab.append("a\n");
        let (_second, _, other) = lab.start_ship().await;
        // Both send now; each line is taken once.
        until(|| {
            lab.append("next\n");
            one.is_finished() || other.is_finished()
        })
        .await;
        let (ended, goes_on) = if one.is_finished() { (one, other) } else { (other, one) };
        let error = ended.await.unwrap().unwrap_err().to_string();
        assert!(error.contains("another ship of this host"), "{error}");
        goes_on.abort();
        lab.ship().await.unwrap();
        lab.gather().await.unwrap();
        assert_eq!(lab.gathered(), fs::read_to_string(lab.log()).unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_is_not_there_is_named_with_what_helps() {
    with_lab(async |lab| {
        lab.delete().await;
        let expected =
            format!("stream {}: there is no such stream on these servers: `uplink create` makes", lab.stream);
        for error in [lab.ship().await.unwrap_err(), lab.gather().await.unwrap_err()] {
            assert!(error.to_string().contains(&expected), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_is_deleted_ends_its_ship_and_its_gather() {
    with_lab(async |lab| {
        let (_closer, link, shipping) = lab.start_ship().await;
        let reader = lab.link().await;
        let destination = Destination::open(&lab.output(), &reader).await.unwrap();
        let gathering = tokio::spawn(async move { gather(&reader, destination, std::future::pending()).await });
        lab.append("a\n");
        let progress = link.progress();
        until(|| progress.lines() == 1).await;
        lab.delete().await;
        lab.append("b\n");
        for error in [shipping.await.unwrap().unwrap_err(), gathering.await.unwrap().unwrap_err()] {
            assert!(error.to_string().contains("there is no such stream"), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_was_created_again_is_another_one() {
    with_lab(async |lab| {
        lab.append("a\n");
        lab.ship().await.unwrap();
        lab.gather().await.unwrap();
        let (_closer, link, shipping) = lab.start_ship().await;
        lab.append("b\n");
        let progress = link.progress();
        until(|| progress.lines() == 1).await;
        let reader = lab.link().await;
        let destination = Destination::open(&lab.folder.path().join("another.log"), &reader).await.unwrap();
        let gathered = destination.progress();
        let gathering = tokio::spawn(async move { gather(&reader, destination, std::future::pending()).await });
        until(|| gathered.lines() == 2).await;
        lab.delete().await;
        lab.link().await.create(Some(lab.servers.replicas), None).await.unwrap();
        lab.append("c\n");
        for error in [shipping.await.unwrap().unwrap_err(), gathering.await.unwrap().unwrap_err()] {
            assert!(error.to_string().contains("deleted and created again"), "{error}");
        }
        let error = lab.gather().await.unwrap_err().to_string();
        assert!(error.contains("it is of another stream of this name"), "{error}");
        assert_eq!(lab.gathered(), "a\n", "it is left as it was");
    })
    .await;
}

#[tokio::test]
async fn an_output_that_was_shortened_is_refused() {
    with_lab(async |lab| {
        lab.append("a\nb\n");
        lab.ship().await.unwrap();
        lab.gather().await.unwrap();
        fs::write(lab.output(), "a\n").unwrap();
        let error = lab.gather().await.unwrap_err().to_string();
        assert!(error.contains("it is shorter than it was"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_full_stream_holds_the_follower_back_until_it_has_room() {
    with_lab(async |lab| {
        lab.link().await.create(Some(lab.servers.replicas), Some(64 * 1024)).await.unwrap();
        lab.append("a\n");
        lab.ship().await.unwrap();
        let (closer, link, shipping) = lab.start_ship().await;
        lab.append(&("x".repeat(999) + "\n").repeat(8 * 1024));
        until(|| closer.bytes_read() > 0).await;
        // How long it must stand still can only be a guess. A wrong one lets a bad ship pass, and never fails a good one.
        sleep(Duration::from_millis(200)).await;
        assert!(!shipping.is_finished(), "it waits for room");
        assert!(closer.bytes_read() <= 1024 * 1024, "it holds {} bytes", closer.bytes_read());
        assert_eq!(link.progress().lines(), 0);
        closer.close();
        lab.link().await.create(Some(lab.servers.replicas), Some(64 * 1024 * 1024)).await.unwrap();
        assert_eq!(shipping.await.unwrap().unwrap().lines, 8 * 1024);
        lab.gather().await.unwrap();
        assert_eq!(lab.gathered(), fs::read_to_string(lab.log()).unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_line_that_the_servers_do_not_take_is_an_error_that_names_the_limit() {
    with_lab(async |lab| {
        let client = async_nats::connect(&lab.servers.urls).await.unwrap();
        lab.append("a\n");
        lab.append(&("x".repeat(client.max_payload()) + "\n"));
        let error = lab.ship().await.unwrap_err().to_string();
        assert!(error.contains("web.log: a line is longer than the") && error.contains("(max_payload)"), "{error}");
        lab.gather().await.unwrap();
        assert_eq!(lab.gathered(), "a\n");
    })
    .await;
}

#[tokio::test]
async fn a_path_that_is_too_long_for_a_subject_is_refused() {
    with_lab(async |lab| {
        let mut folder = lab.folder.path().to_owned();
        // Each dot takes three bytes of the subject.
        folder.extend(vec![".x".repeat(120); 9]);
        fs::create_dir_all(&folder).unwrap();
        let log = folder.join("web.log");
        fs::write(&log, "a\n").unwrap();
        let inputs = Input::open_all([&log]).unwrap();
        let running = ship(inputs, Duration::from_millis(2), Arc::new(lab.link().await), "host");
        let error = running.await.unwrap_err().to_string();
        assert!(error.contains("web.log: its path is too long"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn of_a_stream_that_is_there_only_what_is_given_is_changed() {
    with_lab(async |lab| {
        let (link, replicas) = (lab.link().await, lab.servers.replicas);
        assert_eq!(link.create(None, Some(1000)).await, Ok((false, replicas)));
        assert_eq!(link.create(Some(replicas), None).await, Ok((false, replicas)));
        let client = async_nats::connect(&lab.servers.urls).await.unwrap();
        let stream = async_nats::jetstream::new(client).get_stream(&lab.stream).await.unwrap();
        assert_eq!(stream.cached_info().config.max_bytes, 1000);
    })
    .await;
}

#[tokio::test]
async fn more_copies_than_servers_are_refused() {
    with_lab(async |lab| {
        let link = Link::connect(&lab.servers.urls, &Login::default(), &unique("copies")).await.unwrap();
        let error = link.create(Some(5), None).await.unwrap_err();
        assert!(error.contains("too few servers for 5 copies"), "{error}");
    })
    .await;
}
