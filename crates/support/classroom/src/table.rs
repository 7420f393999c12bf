//! The table of a class, student × exercise: as CSV for a program and as HTML for a person.

use std::io;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::build_environment::Outcome;
use crate::grade::{Grade, Row};
use crate::limits::Limit;
use crate::notes::Exercise;
use crate::sandbox::Kind;

impl Grade {
    /// The text of the cell, its class in the page, and a report if there is one.
    fn cell(&self) -> (String, &'static str, Option<&str>) {
        fn fails<'a>(text: &str, report: &'a str) -> (String, &'static str, Option<&'a str>) {
            (text.to_owned(), "fails", Some(report))
        }
        match self {
            Self::Ok => ("ok".into(), "ok", None),
            Self::LookAtIt(words) => ("look at it".into(), "look", Some(words)),
            Self::NotHandedIn => ("not handed in".into(), "none", None),
            Self::NotBegun => ("not begun".into(), "none", None),
            Self::Unclear(report) => fails("unclear", report),
            Self::DoesNotCompile(report) => fails("does not compile", report),
            Self::Endless(limit) => fails(&format!("does not compile ({})", limit.name()), limit.report()),
            Self::Fails(scenario, outcome) => match outcome {
                Outcome::Passed => fails(scenario, ""),
                Outcome::Failed(report) => fails(scenario, report),
                Outcome::Died(report) => fails(&format!("{scenario} (died)"), report),
                Outcome::Exceeded(limit) => fails(&format!("{scenario} ({})", limit.name()), limit.report()),
            },
        }
    }
}

impl Limit {
    fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Memory => "memory",
            Self::Output => "output",
        }
    }

    fn report(self) -> &'static str {
        match self {
            Self::Time => "It exceeded the time limit.",
            Self::Memory => "It exceeded the memory limit.",
            Self::Output => "It printed more than 16 MiB.",
        }
    }
}

/// Writes the table as CSV: a row per student, a column per exercise.
pub(crate) fn csv(exercises: &[&Exercise], rows: &[Row], to: impl io::Write) -> csv::Result<()> {
    let mut table = csv::Writer::from_writer(to);
    table.write_field("student")?;
    table.write_record(exercises.iter().map(|exercise| &exercise.name))?;
    for row in rows {
        // A spreadsheet takes a name that begins like this for a formula.
        let quote = if row.student.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
        table.write_field(format!("{quote}{}", row.student))?;
        table.write_record(row.grades.iter().map(|grade| grade.cell().0))?;
    }
    Ok(table.flush()?)
}

/// The table as one self-contained page. Below it stands the report on each answer that is not ok.
pub(crate) fn html(exercises: &[&Exercise], rows: &[Row], sandbox: Kind) -> String {
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
                p { (rows.len()) " students, " (exercises.len()) " exercises. A cell that is not ok names the first scenario that fails. Sandbox: " (sandbox) "." }
                p {
                    "An " em { "ok" } " says that our tests of this exercise have run with this code, to their end, and that each "
                    "of them has passed. It does not say who wrote the code, or that it is good: the notes on each "
                    "exercise list wrong answers that pass. An answer marked " em { "look at it" } " has a word that no "
                    "exercise needs, with which it could get at the tests. Read it before you count it."
                }
                div class="wide" {
                    table {
                        thead { tr {
                            th { "student" }
                            th { "ok" }
                            @for exercise in exercises { th title=(exercise.header.title) { (exercise.name) } }
                        } }
                        tbody { @for row in rows { (line(row, exercises)) } }
                    }
                }
                @for row in rows { (reports(row, exercises)) }
            }
        }
    };
    page.into_string()
}

fn line(row: &Row, exercises: &[&Exercise]) -> Markup {
    html! {
        tr {
            th { (row.student) }
            td { (row.passed()) " of " (row.grades.len()) }
            @for (grade, exercise) in row.grades.iter().zip(exercises) {
                @let (text, class, report) = grade.cell();
                td class=(class) {
                    @if report.is_some() {
                        // A scenario's name is long: a line may end after each word.
                        a href={ "#" (row.student) "-" (exercise.name) } {
                            @for word in text.split_inclusive('_') { (word) wbr; }
                        }
                    } @else {
                        (text)
                    }
                }
            }
        }
    }
}

fn reports(row: &Row, exercises: &[&Exercise]) -> Markup {
    html! {
        @for (grade, exercise) in row.grades.iter().zip(exercises) {
            @if let (text, _, Some(report)) = grade.cell() {
                section id={ (row.student) "-" (exercise.name) } {
                    h2 { (row.student) ", " (exercise.name) ": " (text) }
                    pre { (report) }
                }
            }
        }
    }
}

const STYLE: &str = "
    :root { color-scheme: light dark; font: 16px/1.4 system-ui, sans-serif; }
    body { margin: 1.5rem; }
    .wide { overflow: auto; max-height: 90vh; }
    table { border-collapse: collapse; }
    th, td { border: 1px solid #8888; padding: 0.25rem 0.5rem; text-align: left; vertical-align: top; }
    td { min-width: 5rem; max-width: 12rem; font-size: 0.85rem; }
    th:first-child, thead th { position: sticky; left: 0; background: Canvas; }
    thead th { top: 0; left: auto; z-index: 1; }
    thead th:first-child { left: 0; z-index: 2; }
    .ok { background: #2a72; }
    .fails { background: #d332; }
    .look { background: #d932; }
    .none { opacity: 0.6; }
    section:target { outline: 3px solid #58c; outline-offset: 0.5rem; }
    pre { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 30rem; overflow-y: auto; background: #8882; padding: 0.5rem; }
    h2 { font-size: 1rem; }
";
