//! The contract, held against all four steps by a real HTTP client.
#![allow(clippy::unwrap_used)] // In the helpers too.

mod fixture;

use std::io;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use fixture::{Client, PATIENCE, Run, Server, eventually, leave, read_to_end, sent};
use service::shared::{Settings, find};

// ANCHOR: each_step
/// Every scenario is a test of every step.
macro_rules! each_step {
    ($($step:ident)*: $scenarios:tt) => { $(each_step! { @ $step $scenarios })* };
    (@ $step:ident { $($scenario:ident)* }) => {
        mod $step {
            $(#[test] fn $scenario() { super::$scenario(service::$step::run); })*
        }
    };
}

each_step! { step1 step2 step3 step4: {
    a_link_leads_to_its_url
    what_is_not_there_is_not_found
    the_same_url_has_the_same_code
    the_policy_can_refuse_a_url
    a_body_that_is_too_long_is_refused
    the_report_names_the_urls_that_look_alike
    many_clients_each_get_their_own_link
    each_link_names_the_request_that_added_it
    a_panic_answers_500_and_the_service_goes_on
    a_database_that_fails_answers_500_with_its_reason
    a_locked_database_answers_503_after_the_limit
    reading_goes_on_while_a_write_waits
    one_request_too_many_is_refused_at_once
    a_client_that_goes_away_leaves_its_link
    stop_lets_a_request_in_work_end
    stop_closes_idle_connections
    stop_gives_up_after_the_drain
} }
// ANCHOR_END: each_step

const URL: &str = "https://example.com/a";

/// A limit that no test waits for.
fn patient() -> Settings {
    Settings { limit: 2 * PATIENCE, drain: 2 * PATIENCE, ..Settings::default() }
}

fn a_link_leads_to_its_url(run: Run) {
    let server = Server::start(run, patient());
    assert_eq!(server.post(URL).brief(), (201, "1"));
    let answer = server.get("/1");
    assert_eq!((answer.status, answer.location.as_deref()), (307, Some(URL)));
}

fn what_is_not_there_is_not_found(run: Run) {
    let server = Server::start(run, patient());
    for path in ["/1", "/links/1", "/", "/nothing", "/links/", "/links"] {
        assert_eq!(server.get(path).brief(), (404, "not found"), "{path}");
    }
}

fn the_same_url_has_the_same_code(run: Run) {
    let server = Server::start(run, patient());
    let client = Client::new(server.address);
    let codes: Vec<_> = [URL, "https://example.com/b", URL].map(|url| client.post(url).body).into();
    assert_eq!(codes, ["1", "2", "1"]);
}

fn the_policy_can_refuse_a_url(run: Run) {
    let server = Server::start(run, patient());
    assert_eq!(server.post("file:///etc/passwd").brief(), (403, "this URL is not allowed"));
}

fn a_body_that_is_too_long_is_refused(run: Run) {
    let server = Server::start(run, patient());
    let client = Client::new(server.address);
    let longest = format!("http://{}", "a".repeat(8192 - 7));
    assert_eq!(client.post(&longest).status, 201);
    assert_eq!(client.post(&format!("{longest}a")).brief(), (413, "the body is too long"));
}

fn the_report_names_the_urls_that_look_alike(run: Run) {
    let server = Server::start(run, patient());
    assert_eq!(server.get("/report").brief(), (200, ""));
    for name in ["bank", "shop", "bamk", "news", "shops"] {
        server.post(&format!("https://{name}.example"));
    }
    let pairs = "https://bank.example https://bamk.example\nhttps://shop.example https://shops.example";
    assert_eq!(server.get("/report").brief(), (200, pairs));
}

fn many_clients_each_get_their_own_link(run: Run) {
    let server = Server::start(run, patient());
    thread::scope(|scope| {
        for client in 0..32 {
            let address = server.address;
            scope.spawn(move || {
                let connection = Client::new(address);
                for link in 0..4 {
                    let url = format!("https://example.com/{client}/{link}");
                    let code = connection.post(&url).body;
                    assert_eq!(connection.get(&format!("/{code}")).location, Some(url));
                }
            });
        }
    });
}

fn each_link_names_the_request_that_added_it(run: Run) {
    let server = Server::start(run, patient());
    thread::scope(|scope| {
        for client in 0..16 {
            let address = server.address;
            scope.spawn(move || {
                let (connection, id) = (Client::new(address), format!("request-{client}"));
                let url = format!("https://example.com/{client}");
                let answer = connection.post_as(&id, &url);
                assert_eq!(answer.request.as_ref(), Some(&id));
                let about = connection.get(&format!("/links/{}", answer.body));
                assert_eq!(about.brief(), (200, &*format!("{url} added by request {id}")));
            });
        }
    });
}

fn a_panic_answers_500_and_the_service_goes_on(run: Run) {
    let allowed = |url: &str| if url.is_empty() { panic!("on purpose") } else { true };
    let server = Server::start(run, Settings { connections: 1, max_requests: 1, allowed, ..patient() });
    let client = Client::new(server.address);
    assert_eq!(client.post("").brief(), (500, "the work panicked"));
    assert_eq!(client.post(URL).brief(), (201, "1"));
}

fn a_database_that_fails_answers_500_with_its_reason(run: Run) {
    let server = Server::start(run, patient());
    rusqlite::Connection::open(server.file()).unwrap().execute_batch("DROP TABLE links").unwrap();
    let answer = server.post(URL);
    assert_eq!(answer.status, 500);
    assert!(answer.body.contains("no such table: links"), "{answer:?}");
}

fn a_locked_database_answers_503_after_the_limit(run: Run) {
    let limit = Duration::from_millis(200);
    let server = Server::start(run, Settings { limit, ..patient() });
    let lock = server.lock();
    let start = Instant::now();
    let answer = server.post(URL);
    assert_eq!(answer.brief(), (503, "the database is busy"));
    assert_eq!(answer.retry_after.as_deref(), Some("1"));
    assert!(start.elapsed() >= limit / 2, "refused after {:?}", start.elapsed());
    drop(lock);
    // The client may repeat it, whether the first try has been stored or not.
    eventually("the link is stored", || server.post(URL).brief() == (201, "1"));
}

fn reading_goes_on_while_a_write_waits(run: Run) {
    let server = Server::start(run, patient());
    server.post(URL);
    let lock = server.lock();
    let posting = server.posting("https://example.com/b");
    server.await_in_work(1);
    assert_eq!(server.get("/1").status, 307);
    assert!(!posting.is_finished());
    drop(lock);
    assert_eq!(posting.join().unwrap().brief(), (201, "2"));
}

// ANCHOR: overload
fn one_request_too_many_is_refused_at_once(run: Run) {
    let server = Server::start(run, Settings { max_requests: 2, ..patient() });
    let lock = server.lock();
    let waiting = [server.posting("https://example.com/a"), server.posting("https://example.com/b")];
    server.await_in_work(2);
    let refused = server.get("/1");
    assert_eq!((refused.status, refused.retry_after.as_deref()), (503, Some("1")));
    drop(lock);
    for posting in waiting {
        assert_eq!(posting.join().unwrap().status, 201);
    }
    assert_eq!(server.get("/1").status, 307);
}
// ANCHOR_END: overload

fn a_client_that_goes_away_leaves_its_link(run: Run) {
    let server = Server::start(run, Settings { connections: 1, ..patient() });
    let lock = server.lock();
    let stream = sent(server.address, URL);
    server.await_in_work(1);
    leave(stream);
    drop(lock);
    eventually("the link is stored", || server.app.database.with(|db| find(db, 1)).is_ok());
    // And the one connection is free again.
    server.await_in_work(0);
    assert_eq!(server.get("/1").status, 307);
}

fn stop_lets_a_request_in_work_end(run: Run) {
    let server = Server::start(run, patient());
    let lock = server.lock();
    let posting = server.posting(URL);
    server.await_in_work(1);
    server.stop.cancel();
    eventually("no connection is accepted", || TcpStream::connect(server.address).is_err());
    assert!(!posting.is_finished());
    drop(lock);
    assert_eq!(posting.join().unwrap().brief(), (201, "1"));
    server.ended().unwrap();
}

fn stop_closes_idle_connections(run: Run) {
    let server = Server::start(run, patient());
    let used = Client::new(server.address);
    used.get("/1");
    let unused = TcpStream::connect(server.address).unwrap();
    unused.set_read_timeout(Some(PATIENCE)).unwrap();
    server.stop.cancel();
    assert_eq!(read_to_end(&unused), "");
    server.ended().unwrap();
}

fn stop_gives_up_after_the_drain(run: Run) {
    let server = Server::start(run, Settings { drain: Duration::from_millis(200), ..patient() });
    let _lock = server.lock();
    let stream = sent(server.address, URL);
    server.await_in_work(1);
    server.stop.cancel();
    assert_eq!(server.ended().unwrap_err().kind(), io::ErrorKind::TimedOut);
    drop(stream);
}
