//! One function per scenario. Each returns the first [`Violation`] that it finds.

// The line above, instead of a section per function.
#![allow(clippy::missing_errors_doc)]

use std::thread;
use std::time::Duration;

use equivalence::Settings;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::fixture::{Client, HOUR, Server};
use super::{EntryPoint, SEATS, STILL_THERE, Violation};

type Outcome = Result<(), Violation>;

/// Silence that a scenario can wait for.
const SOON: Duration = Duration::from_millis(10);

/// One client plays a seeded game, and every answer is checked.
pub fn a_transcript_comes_back_byte_for_byte(merge: EntryPoint, settings: &Settings) -> Outcome {
    let mut random = StdRng::seed_from_u64(settings.seed);
    Server::start(merge, HOUR, settings).holds(|server| {
        let mut anna = server.client("anna")?;
        for _ in 0..100 {
            match random.random_range(0..10) {
                0 => anna.ask(&format!("play anna {} 100", random.random_range(1..50)))?,
                1 => anna.ask("scores")?,
                _ => anna.ask(&format!("guess {}", random.random_range(1..101)))?,
            }
        }
        anna.ask("quit")?;
        anna.expect_end()
    })
}

/// A silent client is asked whether it is still there, and no part of its request is lost.
pub fn a_client_that_is_asked_half_way_loses_nothing(merge: EntryPoint, settings: &Settings) -> Outcome {
    Server::start(merge, SOON, settings).holds(|server| {
        let mut anna = server.client("anna")?;
        let answer = anna.answer("guess 50");
        for piece in ["g", "ues", "s ", "5", "0"] {
            anna.send(piece)?;
            // The first question may be older than the piece. On a busy machine the second one may be as well, but not
            // after each of five pieces.
            anna.expect(STILL_THERE)?;
            anna.expect(STILL_THERE)?;
        }
        anna.send("\n")?;
        anna.expect_at_last(&answer)
    })
}

/// Many requests come at once, and the last of them in the middle of a word.
pub fn requests_in_one_piece_are_answered_one_by_one(merge: EntryPoint, settings: &Settings) -> Outcome {
    Server::start(merge, HOUR, settings).holds(|server| {
        let mut anna = server.client("anna")?;
        let mut piece = String::new();
        let mut answers = Vec::new();
        for guess in 1..=100 {
            let request = format!("guess {guess}");
            answers.push(anna.answer(&request));
            piece += &request;
            piece.push('\n');
        }
        anna.send(piece + "scor")?;
        for answer in answers {
            anna.expect(&answer)?;
        }
        let scores = anna.answer("scores");
        anna.send("es\n")?;
        anna.expect(&scores)
    })
}

/// A second client is served while the first one has an open session and is silent.
pub fn a_client_is_served_beside_a_silent_one(merge: EntryPoint, settings: &Settings) -> Outcome {
    Server::start(merge, HOUR, settings).holds(|server| {
        let mut anna = server.client("anna")?;
        let mut bert = server.client("bert")?;
        bert.ask("guess 50")?;
        bert.ask("quit")?;
        anna.ask("guess 50")
    })
}

/// More sessions than a runtime has workers, and more than its blocking pool has threads by default.
pub fn six_hundred_sessions_are_open_at_once(merge: EntryPoint, settings: &Settings) -> Outcome {
    sessions_are_open_at_once(600, merge, settings)
}

/// As many sessions as may be open at once.
pub fn every_seat_can_be_taken(merge: EntryPoint, settings: &Settings) -> Outcome {
    sessions_are_open_at_once(SEATS, merge, settings)
}

fn sessions_are_open_at_once(sessions: usize, merge: EntryPoint, settings: &Settings) -> Outcome {
    Server::start(merge, HOUR, settings).holds(|server| {
        let mut clients = Vec::new();
        for number in 0..sessions {
            let mut client = server.client(&format!("client-{number}"))?;
            client.ask("guess 50")?;
            clients.push(client);
        }
        clients.iter_mut().rev().try_for_each(|client| client.ask("guess 51"))
    })
}

/// A client sends many requests and reads no answer.
pub fn a_client_that_does_not_read_holds_up_nobody(merge: EntryPoint, settings: &Settings) -> Outcome {
    Server::start(merge, HOUR, settings).holds(|server| {
        let mut other = server.client("other")?;
        let _silent = client_that_does_not_read(server, &mut other)?;
        server.client("late")?.ask("guess 50")
    })
}

/// The stop comes while a session waits in a write.
pub fn the_stop_ends_a_session_whose_client_does_not_read(merge: EntryPoint, settings: &Settings) -> Outcome {
    Server::start(merge, HOUR, settings).holds(|server| {
        let mut other = server.client("other")?;
        let _silent = client_that_does_not_read(server, &mut other)?;
        server.stop()?;
        other.expect_end()
    })
}

/// A client is gone in the middle of a request, another one with an answer that it has not read. The second one breaks
/// its connection: systems send a reset for it.
pub fn a_client_that_goes_away_half_way_harms_nobody(merge: EntryPoint, settings: &Settings) -> Outcome {
    Server::start(merge, HOUR, settings).holds(|server| {
        let mut stays = server.client("stays")?;
        let mut leaves = server.client("leaves")?;
        leaves.ask("guess 20")?;
        leaves.send("guess 3")?;
        drop(leaves);
        let mut breaks = server.client("breaks")?;
        breaks.answer("guess 20");
        breaks.send("guess 20\n")?;
        breaks.waiting(&mut [0])?;
        drop(breaks);
        stays.ask("guess 50")?;
        server.client("comes")?.ask("guess 50")?;
        stays.ask("guess 51")
    })
}

/// Eight clients guess at once, each as fast as it is answered. The board has every guess.
pub fn every_guess_counts_once(merge: EntryPoint, settings: &Settings) -> Outcome {
    Server::start(merge, HOUR, settings).holds(|server| {
        let server = &*server;
        thread::scope(|scope| {
            let play = |number: u64| {
                move || {
                    let mut random = StdRng::seed_from_u64(settings.seed.wrapping_add(number));
                    // Two of them share a name, and a line of the board.
                    let mut client = server.client(["anna", "bert", "cora", "dora"][number as usize / 2])?;
                    for _ in 0..100 {
                        client.ask(&format!("guess {}", random.random_range(1..101)))?;
                    }
                    client.ask("quit")
                }
            };
            let clients: Vec<_> = (0..8).map(|number| scope.spawn(play(number))).collect();
            clients.into_iter().try_for_each(|client| client.join().expect("a client does not panic"))
        })
    })
}

/// One client waits, one is in the middle of a request. The server hangs up on both, and the answered guesses are on
/// the board.
pub fn the_stop_ends_open_sessions(merge: EntryPoint, settings: &Settings) -> Outcome {
    Server::start(merge, HOUR, settings).holds(|server| {
        let mut waits = server.client("waits")?;
        waits.ask("guess 50")?;
        let mut halves = server.client("halves")?;
        halves.ask("guess 50")?;
        halves.send("guess 5")?;
        server.stop()?;
        waits.expect_end()?;
        halves.expect_end()
    })
}

/// No client has connected yet.
pub fn a_stop_before_the_first_client_ends_the_server(merge: EntryPoint, settings: &Settings) -> Outcome {
    Server::start(merge, HOUR, settings).holds(Server::stop)
}

/// One client sends nonsense. The server answers `not understood` and hangs up; the others notice nothing.
pub fn nonsense_ends_one_session_and_not_the_others(merge: EntryPoint, settings: &Settings) -> Outcome {
    Server::start(merge, HOUR, settings).holds(|server| {
        let mut before = server.client("before")?;
        let mut dances = server.client("dances")?;
        dances.ask("dance")?;
        dances.expect_end()?;
        before.ask("guess 50")?;
        server.client("after")?.ask("guess 50")
    })
}

/// A request in bytes that are no text is a request like any other: it is answered, and counted.
pub fn a_request_that_is_no_text_is_refused(merge: EntryPoint, settings: &Settings) -> Outcome {
    Server::start(merge, HOUR, settings).holds(|server| {
        let mut stays = server.client("stays")?;
        let mut odd = server.client("odd")?;
        let answer = odd.answer(b"guess \xff\xfe");
        odd.send(b"guess \xff\xfe\n")?;
        odd.expect(&answer)?;
        odd.expect_end()?;
        stays.ask("guess 50")
    })
}

/// A session panics. Its client loses the connection; the other games go on, and new ones begin.
pub fn a_session_that_panics_ends_no_other(merge: EntryPoint, settings: &Settings) -> Outcome {
    Server::start(merge, HOUR, settings).holds(|server| {
        let mut stays = server.client("stays")?;
        let mut unlucky = server.client("unlucky")?;
        server.panic_next();
        unlucky.send("guess 50\n")?;
        unlucky.expect_end()?;
        stays.ask("guess 50")?;
        server.client("comes")?.ask("guess 50")?;
        stays.ask("guess 51")
    })
}

/// A client whose session waits in a write that does not end. `other` plays meanwhile.
fn client_that_does_not_read(server: &Server, other: &mut Client) -> Result<Client, Violation> {
    // One line of scores is so long that so many of them do not fit into any system's buffers.
    const NAME: usize = 32 * 1024;
    const REQUESTS: usize = 1000;
    // So many times in a row nothing more has come: the session waits in its write.
    const ROUNDS: u32 = 100;

    let mut silent = server.client(&"x".repeat(NAME))?;
    silent.ask("guess 50")?;
    silent.send("scores\n".repeat(REQUESTS))?;
    let mut room = vec![0; NAME * REQUESTS];
    let (mut before, mut rounds) = (0, 0);
    while rounds < ROUNDS {
        other.ask("guess 50")?;
        let waiting = silent.waiting(&mut room)?;
        rounds = if waiting == before { rounds + 1 } else { 0 };
        before = waiting;
    }
    Ok(silent)
}
