//! The table of a class: student × exercise, as CSV for a program and as HTML for a person.

use std::io;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::build_environment::Outcome;
use crate::grade::{Grade, Row};
use crate::notes::{Course, Exercise};

impl Grade {
    /// What stands in the table.
    #[must_use]
    pub fn short(&self) -> String {
        match self {
            Self::Ok => "ok".into(),
            Self::NotHandedIn => "not handed in".into(),
            Self::NotBegun => "not begun".into(),
            Self::Unclear(_) => "unclear".into(),
            Self::DoesNotCompile(_) => "does not compile".into(),
            Self::Fails { scenario, outcome } => match outcome {
                Outcome::TimeOut => format!("{scenario} (time)"),
                Outcome::OutOfMemory => format!("{scenario} (memory)"),
                Outcome::Died(_) => format!("{scenario} (died)"),
                Outcome::Failed(_) | Outcome::Passed => scenario.clone(),
            },
        }
    }

    /// All that is known.
    fn long(&self) -> Option<&str> {
        match self {
            Self::Unclear(said)
            | Self::DoesNotCompile(said)
            | Self::Fails { outcome: Outcome::Failed(said) | Outcome::Died(said), .. } => Some(said),
            Self::Fails { outcome: Outcome::TimeOut, .. } => Some("It took longer than it may."),
            Self::Fails { outcome: Outcome::OutOfMemory, .. } => Some("It took more memory than it may."),
            _ => None,
        }
    }

    fn class(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotHandedIn | Self::NotBegun => "none",
            _ => "fails",
        }
    }
}

/// Writes the table as CSV: a row per student, a column per exercise.
///
/// # Errors
///
/// When `to` fails.
pub fn csv(course: &Course, rows: &[Row], to: impl io::Write) -> Result<(), csv::Error> {
    let mut table = csv::Writer::from_writer(to);
    table.write_field("student")?;
    table.write_record(course.exercises().map(|exercise| &exercise.name))?;
    for row in rows {
        table.write_field(&row.student)?;
        table.write_record(row.grades.iter().map(Grade::short))?;
    }
    table.flush()?;
    Ok(())
}

/// The table as a page that needs nothing else, and below it what was said of each answer that is not ok.
#[must_use]
pub fn html(course: &Course, rows: &[Row]) -> String {
    let exercises: Vec<_> = course.exercises().collect();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { "Grades" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Grades" }
                p { (rows.len()) " students, " (exercises.len()) " exercises. A cell that is not ok names the first scenario that fails." }
                div class="wide" {
                    table {
                        thead { tr {
                            th { "student" }
                            th { "ok" }
                            @for exercise in &exercises { th title=(exercise.header.title) { (exercise.name) } }
                        } }
                        tbody { @for row in rows { (line(row, &exercises)) } }
                    }
                }
                @for row in rows { (reports(row, &exercises)) }
            }
        }
    };
    page.into_string()
}

fn line(row: &Row, exercises: &[&Exercise]) -> Markup {
    html! {
        tr {
            th { (row.student) }
            td { (row.grades.iter().filter(|grade| **grade == Grade::Ok).count()) " of " (row.grades.len()) }
            @for (grade, exercise) in row.grades.iter().zip(exercises) {
                td class=(grade.class()) {
                    @if grade.long().is_some() {
                        a href={ "#" (row.student) "-" (exercise.name) } { (breakable(&grade.short())) }
                    } @else {
                        (grade.short())
                    }
                }
            }
        }
    }
}

/// A scenario's name, which is long: a line may end between its words.
fn breakable(name: &str) -> Markup {
    html! { @for word in name.split_inclusive('_') { (word) wbr; } }
}

fn reports(row: &Row, exercises: &[&Exercise]) -> Markup {
    html! {
        @for (grade, exercise) in row.grades.iter().zip(exercises) {
            @if let Some(long) = grade.long() {
                section id={ (row.student) "-" (exercise.name) } {
                    h2 { (row.student) ", " (exercise.name) ": " (grade.short()) }
                    pre { (long) }
                }
            }
        }
    }
}

const STYLE: &str = "
    :root { color-scheme: light dark; font: 16px/1.4 system-ui, sans-serif; }
    body { margin: 1.5rem; }
    .wide { overflow-x: auto; }
    table { border-collapse: collapse; }
    th, td { border: 1px solid #8888; padding: 0.25rem 0.5rem; text-align: left; vertical-align: top; }
    td { min-width: 5rem; max-width: 12rem; font-size: 0.85rem; }
    th:first-child { position: sticky; left: 0; background: Canvas; }
    .ok { background: #2a72; }
    .fails { background: #d332; }
    .none { opacity: 0.6; }
    section:target { outline: 3px solid #58c; outline-offset: 0.5rem; }
    pre { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 30rem; overflow-y: auto; background: #8882; padding: 0.5rem; }
    h2 { font-size: 1rem; }
";
