//! `book check` prints every problem in the book, the READMEs and the translation, `book lint` those that need no
//! command to be run, and `book update` replaces stale outputs. `scripts/book` uses the rest for the Chinese edition.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// The time for one command, with all that cargo compiles for it.
const LIMIT: Duration = Duration::from_secs(900);

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let problems = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["check"] => book::check(&root, LIMIT),
        ["lint"] => book::lint(&root),
        ["update"] => book::update(&root, LIMIT),
        ["reduce", template] => book::reduce(Path::new(template)).map(|()| Vec::new()),
        ["behind", template] => book::behind(&root, Path::new(template)),
        ["editions", folder] => book::editions(Path::new(folder)),
        // Before mdBook sends a book to a preprocessor, it asks whether the preprocessor supports the renderer.
        ["prepare", "supports", _] => Ok(Vec::new()),
        ["prepare"] => io::read_to_string(io::stdin()).and_then(|input| book::prepare(&input)).map(|output| {
            println!("{output}");
            Vec::new()
        }),
        _ => {
            eprintln!("usage: book check | lint | update | reduce POT | behind POT | editions FOLDER | prepare");
            return ExitCode::from(2);
        }
    };
    match problems {
        Ok(problems) if problems.is_empty() => ExitCode::SUCCESS,
        Ok(problems) => {
            for problem in &problems {
                eprintln!("{problem}");
            }
            eprintln!("{} to fix", problems.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("book: {error}");
            ExitCode::FAILURE
        }
    }
}
