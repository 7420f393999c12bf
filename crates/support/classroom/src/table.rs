//! The table of a class, student × exercise: as CSV for a program and as HTML for a person.

use std::io;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::build_environment::Outcome;
use crate::grade::{Grade, Row};
use crate::limits::Limit;
use crate::notes::{Course, Exercise};

impl Grade {
    /// The text of the cell, its class in the page, and a report if there is one.
    fn cell(&self) -> (String, &'static str, Option<&str>) {
        fn fails<'a>(text: &str, report: &'a str) -> (String, &'static str, Option<&'a str>) {
            (text.to_owned(), "fails", Some(report))
        }
        match self {
            Self::Ok => ("ok".into(), "ok", None),
            Self::NotHandedIn => ("not handed in".into(), "none", None),
            Self::NotBegun => ("not begun".into(), "none", None),
            Self::Unclear(report) => fails("unclear", report),
            Self::DoesNotCompile(report) => fails("does not compile", report),
            Self::Fails(scenario, outcome) => match outcome {
                Outcome::Passed => fails(scenario, ""),
                Outcome::Failed(report) => fails(scenario, report),
                Outcome::Died(report) => fails(&format!("{scenario} (died)"), report),
                Outcome::Exceeded(Limit::Time) => fails(&format!("{scenario} (time)"), "It exceeded the time limit."),
                Outcome::Exceeded(Limit::Memory) => {
                    fails(&format!("{scenario} (memory)"), "It exceeded the memory limit.")
                }
            },
        }
    }
}

/// Writes the table as CSV: a row per student, a column per exercise.
pub(crate) fn csv(course: &Course, rows: &[Row], to: impl io::Write) -> csv::Result<()> {
    let mut table = csv::Writer::from_writer(to);
    table.write_field("student")?;
    table.write_record(course.exercises().map(|exercise| &exercise.name))?;
    for row in rows {
        table.write_field(&row.student)?;
        table.write_record(row.grades.iter().map(|grade| grade.cell().0))?;
    }
    Ok(table.flush()?)
}

/// The table as one self-contained page. Below it stands the report on each answer that is not ok.
pub(crate) fn html(course: &Course, rows: &[Row]) -> String {
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
