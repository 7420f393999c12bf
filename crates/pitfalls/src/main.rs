//! Shows the gallery: `list` names all pitfalls, `show` runs one, `explain` says what is right, and `nets` runs all of
//! them under each net.

mod nets;

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
    /// Prints how it shows, why it happens and what is right, as Markdown: for one of them, or for all.
    Explain {
        /// Its name in the list.
        name: Option<String>,
    },
    /// Runs all of them under each net, and prints which net sees which. Takes some minutes.
    Nets,
    /// Runs one of them, and prints what the nets inside the program see.
    #[command(hide = true)]
    Watch {
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
        Command::Explain { name: None } => {
            for pitfall in GALLERY {
                println!(
                    "<details><summary>{}: {}</summary>\n",
                    code(&format!("`{}`", pitfall.name)),
                    code(pitfall.mistake)
                );
                println!("{}\n\n</details>\n", pitfall.text());
            }
            ExitCode::SUCCESS
        }
        Command::Nets => nets::table(),
        Command::Show { name } => one(&name, show),
        Command::Watch { name } => one(&name, nets::watch),
        Command::Explain { name: Some(name) } => one(&name, |pitfall| {
            println!("{}\n\n{}", pitfall.mistake, pitfall.text());
            ExitCode::SUCCESS
        }),
    }
}

fn one(name: &str, then: fn(&Pitfall) -> ExitCode) -> ExitCode {
    let Some(pitfall) = GALLERY.iter().find(|pitfall| pitfall.name == name) else {
        eprintln!("pitfalls: there is no pitfall `{name}`; `list` names all of them");
        return ExitCode::from(2);
    };
    then(pitfall)
}

/// Markdown's code as HTML: Markdown is not read inside of a `summary`.
fn code(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(number, part)| if number % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() }).collect()
}

fn show(pitfall: &Pitfall) -> ExitCode {
    println!("mistake:    {}", pitfall.mistake);
    println!("code:       crates/pitfalls/src/gallery/{}.rs", pitfall.name);
    println!("scenario:   {}", pitfall.scenario.replace('_', " "));
    let settings = settings();
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

/// Some pitfalls hang. The others are found much sooner.
fn settings() -> Settings {
    Settings { patience: Duration::from_secs(3), ..Settings::default() }
}
