//! `book check` says what does not hold in the book and the README, `book lint` the same without running a command,
//! and `book update` writes stale outputs anew.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// For one command, with what has to be compiled first.
const LIMIT: Duration = Duration::from_secs(900);

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let problems = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["check"] => book::check(&root, LIMIT),
        ["lint"] => book::lint(&root),
        ["update"] => book::update(&root, LIMIT),
        _ => {
            eprintln!("usage: book check | lint | update");
            return ExitCode::from(2);
        }
    };
    match problems {
        Ok(problems) if problems.is_empty() => ExitCode::SUCCESS,
        Ok(problems) => {
            for problem in &problems {
                eprintln!("{problem}");
            }
            eprintln!("{} to mend", problems.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("book: {error}");
            ExitCode::FAILURE
        }
    }
}
