//! From samples to rows, tables and plots.

use comparison::plot::pictures;
use comparison::results::{Group, Results, Row, quantile, short};
use comparison::tables;

fn row(case: &str, contender: &str, measure: &str, samples: &[f64]) -> Row {
    Row::new(case, 1.0, contender, measure, "of the baseline", samples).expect("there are samples")
}

fn results(profile: &str, rows: Vec<Row>) -> Results {
    let (profile, date, machine) = (profile.into(), "2026-11-22".into(), "a processor, 2 cores".into());
    Results([("backlog".to_owned(), Group { profile, date, machine, rows })].into())
}

#[test]
fn a_row_holds_the_median_and_the_middle_half_of_its_samples() {
    let row = row("5 inputs", "stage 1", "share", &[5.0, 1.0, 4.0, 2.0, 3.0]);
    assert_eq!((row.low, row.median, row.high, row.samples), (2.0, 3.0, 4.0, 5));
    assert_eq!(Row::new("", 0.0, "", "", "", &[]), None, "without samples there is no row");
}

#[test]
fn a_quantile_between_two_samples_is_between_them() {
    assert_eq!(quantile(&[1.0, 2.0], 0.25), Some(1.25));
    assert_eq!(quantile(&[7.0], 0.99), Some(7.0));
    assert_eq!(quantile(&[], 0.5), None);
}

#[test]
fn a_figure_is_printed_with_the_digits_that_count() {
    let printed = [0.0, 0.0012, 0.1234, 1.234, 12.34, 1234.4].map(short);
    assert_eq!(printed, ["0", "0.0012", "0.123", "1.23", "12.3", "1234"]);
}

#[test]
fn quick_figures_replace_quick_ones_and_full_ones_replace_all() {
    for (old, new) in [("quick", "quick"), ("quick", "full"), ("full", "full")] {
        let mut published = results(old, vec![]);
        let refused = published.take_in(results(new, vec![row("", "", "", &[1.0])]));
        assert!(refused.is_empty() && published.0["backlog"].rows.len() == 1, "{new} over {old}");
    }
}

#[test]
fn quick_figures_do_not_replace_full_ones() {
    let mut full = results("full", vec![]);
    assert_eq!(full.take_in(results("quick", vec![row("", "", "", &[1.0])])), ["backlog"]);
    assert!(full.0["backlog"].rows.is_empty());
}

#[test]
fn a_table_has_a_row_per_contender_and_a_column_per_case() {
    let rows = vec![
        row("5 inputs", "stage 1", "share", &[0.5]),
        row("64 inputs", "stage 1", "share", &[0.6]),
        row("64 inputs", "stage 2", "share", &[0.7]),
        row("64 inputs", "stage 2", "time", &[7.0]),
    ];
    let table = tables::table(&results("full", rows), "backlog", "share").unwrap();
    let expected = "\
| share, of the baseline | 5 inputs | 64 inputs |
|---|---:|---:|
| stage 1 | 0.500 | 0.600 |
| stage 2 |  | 0.700 |

*full run of 2026-11-22: a processor, 2 cores*
";
    assert_eq!(table, expected);
    let error = tables::table(&results("full", vec![]), "backlog", "share").unwrap_err().to_string();
    assert_eq!(error, "`backlog` has no measure `share`");
}

#[test]
fn a_picture_has_its_baseline_its_legend_and_colours_for_the_dark() {
    let rows = vec![row("5 inputs", "stage 1", "share", &[0.5]), row("5 inputs", "baseline", "share", &[1.0])];
    let pictures = pictures(&results("full", rows)).unwrap();
    let [(file, svg)] = &pictures[..] else { panic!("one group, one picture") };
    assert_eq!(file, "backlog.svg");
    let count = |text: &str| svg.matches(text).count();
    assert_eq!(count("<svg "), 1);
    assert_eq!(count("</svg>"), 1);
    assert_eq!(count("\nstage 1\n"), 1, "in the legend");
    assert_eq!(count("\nbaseline\n"), 0, "it is a line, not a bar");
    assert!(count("prefers-color-scheme: dark") == 1 && count("<title>") == 1);
}
