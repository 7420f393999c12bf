//! Another program to migrate: a server of guessing games. The same four steps, on TCP instead of logs.
//!
//! A client connects and has a *session*: a game of its own. It plays, guesses, and hears whether it gets warmer. All
//! sessions share a score board.
//!
//! | request | answer |
//! |---------|--------|
//! | `play NAME LOW HIGH` | `ready`: there is a number to guess, from LOW to HIGH |
//! | `guess NUMBER` | `not yet` the first time, then `warmer`, `colder` or `as warm`; or `correct` |
//! | `scores` | `scores NAME=GUESSES NAME=GUESSES …` |
//! | `quit` | `bye`, and the server hangs up |
//! | anything else | `not understood`, and the server hangs up |
//!
//! A request is a line, and so is an answer. Each request gets one answer, in order. A client that is silent for a
//! while is asked `still there?`. A part without a newline at the end of the connection is not a request. (Here a
//! request may have any length. A public server needs a limit.)
//!
//! # Layout
//!
//! Given in all four exercises:
//!
//! - `game.rs`: the rules, [`Game::answer`]. No reads, no writes, no waiting: it stays as it is in every step.
//! - `room.rs`: [`Room`], which all sessions share, [`Stop`], and [`Report`], the fan-in.
//!
//! The answers of earlier exercises:
//!
//! - `answer_of_transfer1.rs`: [`serve_threads`] and [`session`], the threaded server.
//! - `answer_of_transfer3.rs`: [`session_async`].
//!
//! The suite:
//!
//! - `scenarios.rs`: what is tested, one function per scenario.
//! - `fixture.rs`: a running [`Server`], and [`Client`]s that know the right answers.
//! - `violation.rs`: the ways to break the contract.
//!
//! # The suite
//!
//! The [`EntryPoint`] is the one function that every step has. [`suite!`] makes a `#[test]` of each scenario that is
//! named. To add a scenario, write a function like
//!
//! ```
//! use equivalence::Settings;
//! use exercises::guessing::{EntryPoint, HOUR, Server, Violation};
//!
//! pub fn a_game_can_begin_again(merge: EntryPoint, settings: &Settings) -> Result<(), Violation> {
//!     Server::start(merge, HOUR, settings).holds(|server| {
//!         let mut anna = server.client("anna")?;
//!         anna.ask("guess 50")?;
//!         anna.ask("play anna 1 10")?;
//!         anna.ask("guess 5")
//!     })
//! }
//! ```
//!
//! to `scenarios.rs`, add its name to the tests at the end of `mod.rs`, which hold the threaded server to all
//! scenarios, and name it in the exercises that need it. A client knows the rules: it computes the right answer itself,
//! and counts what the report and the board must show. [`Server::holds`] stops the server and compares. Every wait has
//! a deadline, and no scenario sleeps to let something happen: it waits for an answer. If the order of two requests
//! matters, the first must have been *answered* before the second is sent.
//!
//! See a new scenario fail once: break `answer_of_transfer1.rs` in the way that the scenario should find.

mod answer_of_transfer1;
mod answer_of_transfer3;
mod fixture;
mod game;
mod room;
pub mod scenarios;
mod violation;

use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use equivalence::Settings;

pub use answer_of_transfer1::{serve_threads, session};
pub use answer_of_transfer3::{on_one_thread, session_async};
pub use fixture::{Client, HOUR, Server};
pub use game::{Answer, Board, Ended, Game, STILL_THERE};
pub use room::{HangUp, Report, Room, SEATS, Stop, is_idle, lock};
pub use violation::Violation;

#[doc(inline)]
pub use crate::guessing_suite as suite;

/// Serves the clients of the listener until [`Room::stop`] says so, and returns when all sessions have ended. Blocks.
pub type EntryPoint = fn(TcpListener, Arc<Room>) -> io::Result<Report>;

/// Makes a `#[test]` of each named scenario, for one entry point: `suite!(serve; #[test] the_stop_ends_open_sessions)`.
/// The entry point is a function, or a closure that captures nothing, of the type [`EntryPoint`].
#[macro_export]
macro_rules! guessing_suite {
    ($merge:expr; $(#[test] $name:ident)+) => { $(
        #[cfg_attr(test, test)]
        pub fn $name() {
            let scenario = $crate::guessing::scenarios::$name;
            $crate::guessing::check(stringify!($name), scenario, $merge, option_env!("CARGO_BIN_NAME"));
        }
    )+ };
}

/// The pieces come one after the other. `expected` are the requests that are whole after each of them.
///
/// # Panics
///
/// When `next_request` takes others.
pub fn requests(next_request: fn(&mut Vec<u8>) -> Option<Vec<u8>>, pieces: &[&str], expected: &[&[&str]]) {
    let mut received = Vec::new();
    for (piece, expected) in pieces.iter().zip(expected) {
        received.extend(piece.as_bytes());
        // A request too many shows. Without a limit, empty ones would never end.
        let taken = std::iter::from_fn(|| next_request(&mut received)).take(expected.len() + 1);
        let taken: Vec<_> = taken.map(|request| String::from_utf8_lossy(&request).into_owned()).collect();
        assert_eq!(taken, *expected, "after {piece:?} these were taken (left), and should be (right)");
    }
}

/// Runs one scenario for one entry point, and panics with what it found and how to run it again.
#[doc(hidden)]
pub fn check(
    name: &str,
    scenario: fn(EntryPoint, &Settings) -> Result<(), Violation>,
    merge: EntryPoint,
    program: Option<&str>,
) {
    let settings = Settings::default();
    if let Err(violation) = scenario(merge, &settings) {
        panic!("{violation}\n{}\n", equivalence::again(name, program));
    }
}

#[cfg(test)]
mod tests {
    super::suite! {
        |listener, room| crate::guessing::serve_threads(listener, &room, crate::guessing::session);
        #[test]
        a_transcript_comes_back_byte_for_byte
        #[test]
        a_client_that_is_asked_half_way_loses_nothing
        #[test]
        requests_in_one_piece_are_answered_one_by_one
        #[test]
        a_client_is_served_beside_a_silent_one
        #[test]
        six_hundred_sessions_are_open_at_once
        #[test]
        a_client_that_does_not_read_holds_up_nobody
        #[test]
        the_stop_ends_a_session_whose_client_does_not_read
        #[test]
        a_client_that_goes_away_half_way_harms_nobody
        #[test]
        every_guess_counts_once
        #[test]
        the_stop_ends_open_sessions
        #[test]
        a_stop_before_the_first_client_ends_the_server
        #[test]
        nonsense_ends_one_session_and_not_the_others
        #[test]
        every_seat_can_be_taken
        #[test]
        a_request_that_is_no_text_is_refused
    }
}
