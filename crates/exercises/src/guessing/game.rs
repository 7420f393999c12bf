//! The rules: the answer to each request. Nothing here reads, writes or waits.

use std::collections::BTreeMap;
use std::fmt::Write;

/// The server's question to a client that has been silent for [`Room::idle`](super::Room::idle).
pub const STILL_THERE: &str = "still there?\n";

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Write this. The session goes on.
    Reply(String),
    /// Write this. Then the session has ended, in this way.
    Last(String, Ended),
}

/// How a session has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The client has said `quit`.
    Quit,
    /// The client has sent a request that the server does not understand.
    Refused,
    /// The connection ended before that: the client has gone, or the server was stopped.
    Left,
}

/// The state of one session.
#[derive(Debug, Default)]
pub struct Game {
    player: Option<Player>,
}

#[derive(Debug)]
struct Player {
    name: String,
    secret: u32,
    /// How far the last guess was off.
    distance: Option<u32>,
}

impl Game {
    /// Takes one request, with its newline, and counts a guess on `board`. Neither blocks nor waits.
    pub fn answer(&mut self, request: &[u8], board: &mut Board) -> Answer {
        self.reply(request, board).unwrap_or_else(|| Answer::Last("not understood\n".into(), Ended::Refused))
    }

    /// `None` when the request is not valid.
    fn reply(&mut self, request: &[u8], board: &mut Board) -> Option<Answer> {
        let request = str::from_utf8(request).ok()?.strip_suffix('\n')?;
        let words: Vec<_> = request.split(' ').collect();
        let reply = match words[..] {
            ["play", name, low, high] if !name.is_empty() => {
                let secret = secret(name, low.parse().ok()?, high.parse().ok()?)?;
                self.player = Some(Player { name: name.to_owned(), secret, distance: None });
                "ready\n".to_owned()
            }
            ["guess", number] => {
                let player = self.player.as_mut()?;
                let distance = player.secret.abs_diff(number.parse().ok()?);
                board.count(&player.name);
                let warmth = match player.distance.replace(distance) {
                    _ if distance == 0 => "correct\n",
                    None => "not yet\n",
                    Some(before) if distance < before => "warmer\n",
                    Some(before) if distance > before => "colder\n",
                    Some(_) => "as warm\n",
                };
                warmth.to_owned()
            }
            ["scores"] => board.to_line(),
            ["quit"] => return Some(Answer::Last("bye\n".into(), Ended::Quit)),
            _ => return None,
        };
        Some(Answer::Reply(reply))
    }
}

/// The number to guess. It depends only on the request, so that a test knows it as well. `None` for an empty range.
fn secret(name: &str, low: u32, high: u32) -> Option<u32> {
    let numbers = u64::from(high.checked_sub(low)?) + 1;
    // FNV-1a: its quality does not matter here.
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    u32::try_from(u64::from(low) + hash % numbers).ok()
}

/// The score board: how many guesses each player has made. All sessions share one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Board(BTreeMap<String, u64>);

impl Board {
    fn count(&mut self, name: &str) {
        *self.0.entry(name.to_owned()).or_default() += 1;
    }

    /// The players in the order of their names.
    fn to_line(&self) -> String {
        let mut line = String::from("scores");
        for (name, guesses) in &self.0 {
            // A write to a `String` does not fail.
            let _ = write!(line, " {name}={guesses}");
        }
        line.push('\n');
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(requests: &str) -> Vec<Answer> {
        let (mut game, mut board) = (Game::default(), Board::default());
        requests.split_inclusive('\n').map(|request| game.answer(request.as_bytes(), &mut board)).collect()
    }

    fn reply(text: &str) -> Answer {
        Answer::Reply(text.into())
    }

    #[test]
    fn a_game_gets_warmer_and_colder() {
        let secret = secret("anna", 1, 9).unwrap();
        let (near, far) = if secret < 5 { (secret + 1, 20) } else { (secret - 1, 20) };
        let answers = play(&format!(
            "play anna 1 9\nguess {far}\nguess {near}\nguess {near}\nguess {far}\nguess {secret}\nscores\nquit\n"
        ));
        let expected = ["ready\n", "not yet\n", "warmer\n", "as warm\n", "colder\n", "correct\n", "scores anna=5\n"];
        assert_eq!(answers[..7], expected.map(reply));
        assert_eq!(answers[7], Answer::Last("bye\n".into(), Ended::Quit));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for request in ["dance\n", "guess 3\n", "play  1 9\n", "play anna 9 1\n", "play anna 1 x\n", "quit", "\n"] {
            let refused = Answer::Last("not understood\n".into(), Ended::Refused);
            assert_eq!(play(request), [refused], "{request:?}");
        }
    }
}
