//! Shows the gallery: `list` names all pitfalls, `show` runs one.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use equivalence::Settings;
use pitfalls::{GALLERY, Pitfall};

/// The classic mistakes on the way from threads to async, and how the suite finds them.
#[derive(Parser)]
#[command(version, after_help = "Example: cargo run -p pitfalls -- show torn_lines")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Lists all of them.
    List,
    /// Runs one of them, and shows what the suite finds.
    Show {
        /// Its name in the list.
        name: String,
    },
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::List => {
            for Pitfall { name, mistake, reason, .. } in GALLERY {
                println!("{name:<34} found as: {reason}\n    {mistake}");
            }
            println!("\nRun one: cargo run -p pitfalls -- show {}", GALLERY[0].name);
            ExitCode::SUCCESS
        }
        Command::Show { name } => {
            let Some(pitfall) = GALLERY.iter().find(|pitfall| pitfall.name == name) else {
                eprintln!("pitfalls: there is no pitfall `{name}`; `list` names all of them");
                return ExitCode::from(2);
            };
            show(pitfall)
        }
    }
}

fn show(pitfall: &Pitfall) -> ExitCode {
    println!("mistake:    {}", pitfall.mistake);
    println!("code:       crates/pitfalls/src/gallery/{}.rs", pitfall.name);
    println!("scenario:   {}", pitfall.scenario.replace('_', " "));
    let settings = Settings { patience: Duration::from_secs(3), ..Settings::default() };
    let start = Instant::now();
    let outcome = (pitfall.run)(&settings);
    let time = start.elapsed();
    // The threads of a run that hangs never end. Returning from `main` does not wait for them.
    if let Err(violation) = outcome {
        println!("\n{violation}\n\nnoticed:    {} after {time:.1?}", violation.reason());
        ExitCode::SUCCESS
    } else {
        println!("\nnoticed:    nothing, in {time:.1?}. This mistake does not show every time: try again.");
        ExitCode::FAILURE
    }
}
