//! The pictures: SVG, readable in light and in dark, and on a narrow screen.

use std::error::Error;

use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::prelude::*;

use crate::Result;
use crate::contender::STAGES;
use crate::results::{Results, Row};
use crate::tables::in_order;

/// Wide enough for seven bars in three cases. On a screen of 390 px a letter is then still 10 px high.
const WIDTH: u32 = 640;
const PANEL: u32 = 380;
const TEXT: i32 = 18;

const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFE);
const INK: RGBColor = RGBColor(0x1F, 0x23, 0x28);
const GRID: RGBColor = RGBColor(0xD8, 0xDE, 0xE4);

/// In the dark, paper and ink change places. The contenders' colours are seen well on both.
const STYLE: &str = "<style>@media (prefers-color-scheme: dark) {\
[fill='#FFFFFE'] { fill: #1B1E24 } [fill='#1F2328'] { fill: #E6E9ED } [stroke='#1F2328'] { stroke: #E6E9ED } \
[fill='#D8DEE4'] { fill: #3A4049 } [stroke='#D8DEE4'] { stroke: #3A4049 } }</style>";

/// One picture: the name of its file, what it says in words, and the SVG.
#[derive(Debug)]
pub struct Picture {
    /// As in `backlog.svg`.
    pub file: String,
    /// The text.
    pub svg: String,
}

/// All pictures that the results are enough for.
///
/// # Errors
///
/// When one cannot be drawn.
pub fn pictures(results: &Results) -> Result<Vec<Picture>> {
    let mut pictures = Vec::new();
    for (group, found) in &results.0 {
        let rows = &found.rows;
        let panels: Vec<Panel> = match group.as_str() {
            "backlog" => vec![bars(rows, "share", "A backlog: speed as a part of the limit", Some(1.0))],
            "lines" => vec![bars(rows, "share", "By length of line: speed as a part of the limit", Some(1.0))],
            "runtime" => vec![bars(rows, "share", "By kind of runtime: speed as a part of the limit", Some(1.0))],
            "latency" => latency(rows),
            "idle" => vec![
                curves(rows, "cpu", "Idle inputs: cores in use", "inputs"),
                curves(rows, "memory", "Idle inputs: memory, MiB", "inputs"),
                curves(rows, "threads", "Idle inputs: threads", "inputs"),
            ],
            "load" => vec![
                bars(rows, "cpu", "Under load: processor time, µs per line", None),
                bars(rows, "lag p99", "Under load: 99 % of the looks find a lag below, ms", None),
            ],
            "hops" => vec![prices(rows, "time", "One value handed over; each line is ten times the last")],
            "leaf" => vec![bars(rows, "speed", "Reading in a task: MiB a second", None)],
            _ => continue,
        };
        pictures.push(Picture { file: format!("{group}.svg"), svg: draw(&panels)? });
    }
    Ok(pictures)
}

/// What one panel shows.
struct Panel {
    title: String,
    kind: Kind,
}

/// The rows of one contender, by case.
type Bars = (String, Vec<Option<Row>>);
/// The points of one contender.
type Curve = (String, Vec<(f64, f64)>);

enum Kind {
    /// Groups of bars, a group per case; a line across, where there is a limit.
    Bars { cases: Vec<String>, series: Vec<Bars>, limit: Option<f64> },
    /// Lying bars with their names, on a scale of powers of ten.
    Prices(Vec<Row>),
    /// Curves on scales of powers of ten.
    Curves { x: String, series: Vec<Curve> },
    /// How many of the lines have come after how long; the ideal is drawn in.
    Shares { interval: f64, series: Vec<Curve> },
}

fn named(row: &Row) -> &str {
    &row.contender
}

fn bars(rows: &[Row], measure: &str, title: &str, limit: Option<f64>) -> Panel {
    let rows: Vec<&Row> = rows.iter().filter(|row| row.measure == measure).collect();
    let cases: Vec<_> = in_order(rows.iter().map(|row| row.case.as_str())).into_iter().map(str::to_owned).collect();
    // The limit is a line, not a bar.
    let names = in_order(rows.iter().map(|row| named(row)).filter(|name| *name != "limit"));
    let find = |case: &String, name: &str| rows.iter().find(|row| row.case == *case && named(row) == name);
    let series = names.into_iter().map(|name| {
        let values = cases.iter().map(|case| find(case, name).copied().cloned()).collect();
        (name.to_owned(), values)
    });
    Panel { title: title.to_owned(), kind: Kind::Bars { series: series.collect(), cases: cases.clone(), limit } }
}

fn prices(rows: &[Row], measure: &str, title: &str) -> Panel {
    let rows = rows.iter().filter(|row| row.measure == measure).cloned().collect();
    Panel { title: title.to_owned(), kind: Kind::Prices(rows) }
}

fn curves(rows: &[Row], measure: &str, title: &str, x: &str) -> Panel {
    let rows: Vec<&Row> = rows.iter().filter(|row| row.measure == measure).collect();
    let series = in_order(rows.iter().map(|row| named(row))).into_iter().map(|name| {
        let own = rows.iter().filter(|row| named(row) == name);
        // A logarithm knows no zero: what was too little to be measured stands at the foot of the plot.
        (name.to_owned(), own.map(|row| (row.x, row.median.max(1e-4))).collect())
    });
    Panel { title: title.to_owned(), kind: Kind::Curves { x: x.to_owned(), series: series.collect() } }
}

fn latency(rows: &[Row]) -> Vec<Panel> {
    let panel = |case: &str| {
        let interval =
            case.rsplit(", ").next().and_then(|text| text.trim_end_matches(" ms").parse().ok()).unwrap_or(1.0);
        let percent = |row: &&Row| row.case == case && row.measure.starts_with('p');
        let series = in_order(rows.iter().filter(percent).map(named)).into_iter().map(|name| {
            let mut points: Vec<_> = rows
                .iter()
                .filter(percent)
                .filter(|row| named(row) == name)
                .map(|row| (row.median, row.x * 100.0))
                .collect();
            points.sort_by(|a, b| a.1.total_cmp(&b.1));
            (name.to_owned(), points)
        });
        let title = format!("{case}: % of the lines that have come");
        Panel { title, kind: Kind::Shares { interval, series: series.collect() } }
    };
    in_order(rows.iter().map(|row| row.case.as_str())).into_iter().map(panel).collect()
}

/// The colour of a contender: the same in all pictures, and told apart by colour-blind readers.
fn colour(name: &str) -> RGBColor {
    let stage = STAGES.iter().position(|stage| name.starts_with(stage.name()));
    match (stage, name) {
        (Some(0), _) | (None, "in place") => RGBColor(0x00, 0x72, 0xB2),
        (Some(1), _) | (None, "spawn_blocking") => RGBColor(0xD5, 0x5E, 0x00),
        (Some(2), _) => RGBColor(0x00, 0x9E, 0x73),
        (Some(_), _) => RGBColor(0xCC, 0x79, 0xA7),
        (None, "limit") => INK,
        (None, "cat") => RGBColor(0xB5, 0xA1, 0x6A),
        (None, _) => RGBColor(0x80, 0x86, 0x8E),
    }
}

/// Draws panels below each other.
fn draw(panels: &[Panel]) -> Result<String> {
    let mut svg = String::new();
    {
        let heights: Vec<u32> = panels.iter().map(|panel| panel.kind.height()).collect();
        let root = SVGBackend::with_string(&mut svg, (WIDTH, heights.iter().sum())).into_drawing_area();
        root.fill(&PAPER).map_err(broken)?;
        let mut rest = root.clone();
        for (panel, height) in panels.iter().zip(heights) {
            let area;
            (area, rest) = rest.split_vertically(height);
            panel.draw(&area).map_err(broken)?;
        }
        root.present().map_err(broken)?;
    }
    // Behind the opening tag.
    let end = svg.find('>').ok_or("no SVG")? + 1;
    let titles: Vec<_> = panels.iter().map(|panel| panel.title.as_str()).collect();
    svg.insert_str(end, &format!("\n<title>{}</title>\n{STYLE}", titles.join("; ")));
    Ok(svg)
}

fn broken(error: impl Error) -> String {
    format!("cannot draw: {error}")
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn<'a> = std::result::Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

impl Kind {
    fn height(&self) -> u32 {
        match self {
            Self::Prices(rows) => 90 + 34 * u32::try_from(rows.len()).unwrap_or(20),
            _ => PANEL,
        }
    }
}

impl Panel {
    fn draw<'a>(&self, area: &Area<'a>) -> Drawn<'a> {
        let area = area.margin(8, 8, 10, 18);
        area.draw(&Text::new(self.title.clone(), (6, 4), text(TEXT + 2)))?;
        let (_, area) = area.split_vertically(34);
        match &self.kind {
            Kind::Bars { cases, series, limit } => draw_bars(&area, cases, series, *limit),
            Kind::Prices(rows) => draw_prices(&area, rows),
            Kind::Curves { x, series } => draw_curves(&area, x, series),
            Kind::Shares { interval, series } => draw_shares(&area, *interval, series),
        }
    }
}

fn draw_bars<'a>(area: &Area<'a>, cases: &[String], series: &[Bars], limit: Option<f64>) -> Drawn<'a> {
    let names: Vec<_> = series.iter().map(|(name, _)| name.as_str()).collect();
    let area = legend(area, &names)?;
    let values = series.iter().flat_map(|(_, rows)| rows.iter().flatten().map(|row| row.high));
    let top = values.chain(limit).fold(0.0, f64::max) * 1.1;
    let groups = cases.len() as f64;
    let mut chart = ChartBuilder::on(&area)
        .x_label_area_size(30)
        .y_label_area_size(66)
        .build_cartesian_2d(0.0..groups, 0.0..top)?;
    let label = |x: &f64| cases.get((x - 0.25) as usize).cloned().unwrap_or_default();
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(0)
        .y_labels(6)
        .y_label_formatter(&|y| crate::results::short(*y))
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(INK)
        .label_style(text(TEXT))
        .draw()?;
    let step = 0.86 / series.len() as f64;
    for (place, (name, rows)) in series.iter().enumerate() {
        let colour = colour(name);
        for (case, row) in rows.iter().enumerate().filter_map(|(case, row)| Some((case, row.as_ref()?))) {
            let left = case as f64 + 0.07 + place as f64 * step;
            let bar = [(left, 0.0), (left + step * 0.86, row.median)];
            chart.draw_series([Rectangle::new(bar, fill(colour, name))])?;
            chart.draw_series([Rectangle::new(bar, colour.stroke_width(2))])?;
            let middle = left + step * 0.43;
            let spread = PathElement::new(vec![(middle, row.low), (middle, row.high)], INK.stroke_width(2));
            chart.draw_series([spread])?;
        }
    }
    if let Some(limit) = limit {
        let across = vec![(0.0, limit), (groups, limit)];
        chart.draw_series(DashedLineSeries::new(across, 8, 5, INK.stroke_width(2)))?;
    }
    for case in 0..cases.len() {
        let (x, y) = chart.backend_coord(&(case as f64 + 0.5, 0.0));
        let (left, above) = area.get_base_pixel();
        let style = text(TEXT).pos(centre());
        area.draw(&Text::new(label(&(case as f64 + 0.5)), (x - left, y - above + 8), style))?;
    }
    Ok(())
}

fn draw_prices<'a>(area: &Area<'a>, rows: &[Row]) -> Drawn<'a> {
    let top = rows.iter().map(|row| row.high).fold(1.0, f64::max) * 12.0;
    let count = rows.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .x_label_area_size(30)
        .margin_left(300)
        .build_cartesian_2d((1.0..top).log_scale(), 0.0..count)?;
    mesh(&mut chart, 6, 0, &|x| time(*x), &|_| String::new(), "")?;
    for (place, row) in rows.iter().enumerate() {
        let foot = count - place as f64;
        let bar = [(1.0, foot - 0.15), (row.median.max(1.05), foot - 0.85)];
        chart.draw_series([Rectangle::new(bar, RGBColor(0x00, 0x72, 0xB2).filled())])?;
        let (x, y) = chart.backend_coord(&(row.median.max(1.05), foot - 0.5));
        let (left, above) = area.get_base_pixel();
        let middle = text(TEXT).pos(beside());
        area.draw(&Text::new(time(row.median), (x - left + 6, y - above), middle.clone()))?;
        area.draw(&Text::new(row.contender.clone(), (6, y - above), middle))?;
    }
    Ok(())
}

fn draw_curves<'a>(area: &Area<'a>, x: &str, series: &[Curve]) -> Drawn<'a> {
    let names: Vec<_> = series.iter().map(|(name, _)| name.as_str()).collect();
    let area = legend(area, &names)?;
    let points = || series.iter().flat_map(|(_, points)| points.iter().copied());
    let (least, most) = extent(points().map(|point| point.0));
    let (low, high) = extent(points().map(|point| point.1));
    let mut chart = ChartBuilder::on(&area)
        .x_label_area_size(46)
        .y_label_area_size(66)
        .margin_right(12)
        .build_cartesian_2d((least..most * 1.05).log_scale(), (low / 1.5..high * 1.5).log_scale())?;
    mesh(&mut chart, 5, 6, &|x| format!("{x:.0}"), &|y| crate::results::short(*y), x)?;
    for (name, points) in series {
        line(&mut chart, name, points)?;
    }
    Ok(())
}

fn draw_shares<'a>(area: &Area<'a>, interval: f64, series: &[Curve]) -> Drawn<'a> {
    let names: Vec<_> = series.iter().map(|(name, _)| name.as_str()).chain(["limit"]).collect();
    let area = legend(area, &names)?;
    let mut chart = ChartBuilder::on(&area)
        .x_label_area_size(46)
        .y_label_area_size(66)
        .margin_right(12)
        .build_cartesian_2d(0.0..interval * 1.3, 0.0..100.0)?;
    mesh(&mut chart, 6, 6, &|x| format!("{x:.0}"), &|y| format!("{y:.0}"), "ms after the line was appended")?;
    let ideal = vec![(0.0, 0.0), (interval, 100.0)];
    chart.draw_series(DashedLineSeries::new(ideal, 8, 5, INK.stroke_width(2)))?;
    for (name, points) in series {
        let inside: Vec<_> = points.iter().copied().filter(|point| point.0 <= interval * 1.3).collect();
        line(&mut chart, name, &inside)?;
    }
    Ok(())
}

/// Grid, axes and numbers.
fn mesh<'a, X, Y>(
    chart: &mut ChartContext<'_, SVGBackend<'a>, Cartesian2d<X, Y>>,
    x_labels: usize,
    y_labels: usize,
    x_format: &dyn Fn(&f64) -> String,
    y_format: &dyn Fn(&f64) -> String,
    x_name: &str,
) -> Drawn<'a>
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    chart
        .configure_mesh()
        .x_labels(x_labels)
        .y_labels(y_labels)
        .x_label_formatter(&x_format)
        .y_label_formatter(&y_format)
        .x_desc(x_name)
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(INK)
        .label_style(text(TEXT))
        .axis_desc_style(text(TEXT))
        .draw()
}

/// A curve with a mark at each point. The limit is dashed everywhere.
fn line<'a, X, Y>(
    chart: &mut ChartContext<'_, SVGBackend<'a>, Cartesian2d<X, Y>>,
    name: &str,
    points: &[(f64, f64)],
) -> Drawn<'a>
where
    X: Ranged<ValueType = f64>,
    Y: Ranged<ValueType = f64>,
{
    let colour = colour(name);
    if name == "limit" {
        chart.draw_series(DashedLineSeries::new(points.to_vec(), 8, 5, colour.stroke_width(2)))?;
    } else {
        chart.draw_series(LineSeries::new(points.to_vec(), colour.stroke_width(3)))?;
        chart.draw_series(points.iter().map(|point| Circle::new(*point, 4, colour.filled())))?;
    }
    Ok(())
}

/// The names with their colours, in rows; returns what is left below them.
fn legend<'a>(
    area: &Area<'a>,
    names: &[&str],
) -> std::result::Result<Area<'a>, DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>> {
    let (mut x, mut y) = (10, 0);
    for name in names {
        let width = 34 + 10 * i32::try_from(name.len()).unwrap_or(20);
        if x + width > WIDTH.cast_signed() - 20 {
            (x, y) = (10, y + 24);
        }
        let colour = colour(name);
        if *name == "limit" {
            for start in [x, x + 12] {
                area.draw(&PathElement::new(vec![(start, y + 10), (start + 8, y + 10)], colour.stroke_width(2)))?;
            }
        } else {
            area.draw(&Rectangle::new([(x + 2, y + 2), (x + 18, y + 18)], fill(colour, name)))?;
            area.draw(&Rectangle::new([(x + 2, y + 2), (x + 18, y + 18)], colour.stroke_width(2)))?;
        }
        area.draw(&Text::new((*name).to_owned(), (x + 26, y + 2), text(TEXT)))?;
        x += width;
    }
    Ok(area.split_vertically(y + 30).1)
}

/// A current-thread runtime is drawn hollow: the same stage has the same colour on both kinds.
fn fill(colour: RGBColor, name: &str) -> ShapeStyle {
    if name.ends_with("current") { PAPER.filled() } else { colour.filled() }
}

/// Nanoseconds, in the unit that fits.
fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ..1e3 => format!("{nanoseconds:.0} ns"),
        ..1e6 => format!("{:.0} µs", nanoseconds / 1e3),
        _ => format!("{:.0} ms", nanoseconds / 1e6),
    }
}

fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, 0.0), |(low, high), value| (low.min(value), high.max(value)))
}

fn text<'a>(size: i32) -> TextStyle<'a> {
    TextStyle::from(("sans-serif", size).into_font()).color(&INK)
}

fn centre() -> plotters::style::text_anchor::Pos {
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    Pos::new(HPos::Center, VPos::Top)
}

fn beside() -> plotters::style::text_anchor::Pos {
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    Pos::new(HPos::Left, VPos::Center)
}
