//! The plots: SVG, readable in light and in dark mode, and on a narrow screen.

use plotters::chart::MeshStyle;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::Result;
use crate::contender::stages;
use crate::results::{Group, Results, Row};

/// Wide enough for seven bars in three cases. On a screen of 390 px a letter is then still 10 px high.
const WIDTH: u32 = 640;
const HEIGHT: u32 = 380;
const TEXT: i32 = 18;

const PAPER: RGBColor = rgb(0xFF_FF_FE);
const INK: RGBColor = rgb(0x1F_23_28);
const GRID: RGBColor = rgb(0xD8_DE_E4);
const GREY: RGBColor = rgb(0x80_86_8E);
const SAND: RGBColor = rgb(0xB5_A1_6A);
/// One colour per stage, in order. Colour-blind readers can tell them apart.
const STAGES: [RGBColor; 5] = [rgb(0x00_72_B2), rgb(0xD5_5E_00), rgb(0x00_9E_73), rgb(0xCC_79_A7), rgb(0x56_B4_E9)];

const fn rgb(hex: u32) -> RGBColor {
    RGBColor((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// In dark mode, paper and ink change places. The other colours are visible on both.
const STYLE: &str = "<style>@media (prefers-color-scheme: dark) {\
[fill='#FFFFFE'] { fill: #1B1E24 } [fill='#1F2328'] { fill: #E6E9ED } [stroke='#1F2328'] { stroke: #E6E9ED } \
[fill='#D8DEE4'] { fill: #3A4049 } [stroke='#D8DEE4'] { stroke: #3A4049 } }</style>";

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A part of a picture: its title, its height, and what draws it.
type Panel<'a> = (String, u32, Box<dyn Fn(&Area<'_>) -> Result<()> + 'a>);

fn panel<'a>(title: impl Into<String>, plot: impl Fn(&Area<'_>) -> Result<()> + 'a) -> Panel<'a> {
    (title.into(), HEIGHT, Box::new(plot))
}

/// The file name and the SVG of each group's picture.
pub fn pictures(results: &Results) -> Result<Vec<(String, String)>> {
    let mut pictures = Vec::new();
    for (name, group) in &results.0 {
        let shares = |title: &str| {
            vec![panel(format!("{title}: speed as a share of the baseline"), |area| bars(area, group, "share"))]
        };
        let panels: Vec<Panel> = match name.as_str() {
            "backlog" => shares("A backlog"),
            "lines" => shares("By length of line"),
            "runtime" => shares("By kind of runtime"),
            "latency" => {
                let title = |case: &str| format!("{case}: % of the lines that have arrived");
                let cases = group.table("latency").cases.into_iter();
                cases.map(|case| panel(title(case), move |area| latency(area, group, case))).collect()
            }
            "idle" => vec![
                panel("Idle inputs: cores in use", |area| curves(area, group, "cpu")),
                panel("Idle inputs: memory, MiB", |area| curves(area, group, "memory")),
                panel("Idle inputs: threads", |area| curves(area, group, "threads")),
            ],
            "load" => vec![
                panel("Under load: processor time, µs per line", |area| bars(area, group, "cpu")),
                panel("Under load: 99 % of the samples show a lag below, ms", |area| bars(area, group, "lag p99")),
            ],
            "leaf" => vec![panel("Reading in a task: MiB a second", |area| bars(area, group, "speed"))],
            _ => continue,
        };
        pictures.push((format!("{name}.svg"), draw(&panels)?));
    }
    Ok(pictures)
}

/// Draws panels below each other.
fn draw(panels: &[Panel]) -> Result<String> {
    let mut svg = String::new();
    {
        let height = panels.iter().map(|(_, height, _)| height).sum();
        let mut rest = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        rest.fill(&PAPER)?;
        for (title, height, plot) in panels {
            let area;
            (area, rest) = rest.split_vertically(*height);
            let area = area.margin(8, 8, 10, 18);
            area.draw(&Text::new(title.as_str(), (6, 4), text(TEXT + 2)))?;
            plot(&area.split_vertically(34).1)?;
        }
        rest.present()?;
    }
    // Behind the opening tag.
    let end = svg.find('>').ok_or("no SVG")? + 1;
    let titles: Vec<_> = panels.iter().map(|(title, ..)| title.as_str()).collect();
    svg.insert_str(end, &format!("\n<title>{}</title>\n{STYLE}", titles.join("; ")));
    Ok(svg)
}

/// A group of bars per case, a bar per contender. A share is a share of the baseline, which is a line across.
fn bars(area: &Area<'_>, group: &Group, measure: &str) -> Result<()> {
    let mut table = group.table(measure);
    table.contenders.retain(|(name, _)| !is_line(name));
    let baseline = (measure == "share").then_some(1.0);
    let area = legend(area, table.contenders.iter().map(|(name, _)| *name))?;
    let highs = table.contenders.iter().flat_map(|(_, rows)| rows.iter().flatten().map(|row| row.high));
    let top = highs.chain(baseline).fold(0.0, f64::max) * 1.1;
    let count = table.cases.len();
    let mut chart = builder(&area).x_label_area_size(30).build_cartesian_2d(0.0..count as f64, 0.0..top)?;
    mesh(&mut chart).disable_x_mesh().x_labels(0).draw()?;
    for (place, case) in table.cases.iter().enumerate() {
        let label = Text::new((*case).to_owned(), (0, 8), text(TEXT).pos(Pos::new(HPos::Center, VPos::Top)));
        chart.draw_series([EmptyElement::at((place as f64 + 0.5, 0.0)) + label])?;
    }
    let step = 0.86 / table.contenders.len() as f64;
    for (place, (name, rows)) in table.contenders.iter().enumerate() {
        for (case, row) in rows.iter().enumerate().filter_map(|(case, row)| Some((case, (*row)?))) {
            let left = case as f64 + 0.07 + place as f64 * step;
            chart.draw_series(swatch(name, [(left, 0.0), (left + step * 0.86, row.median)]))?;
            let middle = left + step * 0.43;
            chart.draw_series([PathElement::new(vec![(middle, row.low), (middle, row.high)], INK.stroke_width(2))])?;
        }
    }
    if let Some(baseline) = baseline {
        chart.draw_series(dashes(&[(0.0, baseline), (count as f64, baseline)]))?;
    }
    Ok(())
}

/// A curve per contender over the number of inputs, on logarithmic scales.
fn curves(area: &Area<'_>, group: &Group, measure: &str) -> Result<()> {
    let table = group.table(measure);
    let area = legend(area, table.contenders.iter().map(|(name, _)| *name))?;
    // A logarithmic scale has no zero: a figure too small to be measured stands at the foot of the plot.
    let point = |row: &Row| (row.x, row.median.max(1e-4));
    let points = || table.contenders.iter().flat_map(|(_, rows)| rows.iter().flatten().map(|row| point(row)));
    let (least, most) = extent(points().map(|point| point.0));
    let (low, high) = extent(points().map(|point| point.1));
    let mut chart =
        builder(&area).build_cartesian_2d((least..most * 1.05).log_scale(), (low / 1.5..high * 1.5).log_scale())?;
    mesh(&mut chart).x_desc("inputs").draw()?;
    for (name, rows) in &table.contenders {
        curve(&mut chart, name, &rows.iter().flatten().map(|row| point(row)).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// The percentage of the lines that have arrived after how long, in one case. The scale is logarithmic: events are a
/// thousand times as fast as polling.
fn latency(area: &Area<'_>, group: &Group, case: &str) -> Result<()> {
    let names: Vec<&str> = group.table("latency").contenders.iter().map(|(name, _)| *name).collect();
    let rows = || group.rows.iter().filter(|row| row.case == case);
    let interval = rows().find(|row| row.measure == "latency").map_or(1.0, |row| row.x);
    let area = legend(area, names.iter().copied().chain(["bound"]))?;
    let right = interval * 1.3;
    let mut chart = builder(&area).build_cartesian_2d((SOONEST..right).log_scale(), 0.0..100.0)?;
    mesh(&mut chart).x_desc("ms after the line was appended").draw()?;
    // The bound of polling: the next look comes at any moment of the interval.
    let steps = (0..=100).map(|step| SOONEST * (interval / SOONEST).powf(f64::from(step) / 100.0));
    curve(&mut chart, "bound", &steps.map(|x| (x, 100.0 * x / interval)).collect::<Vec<_>>())?;
    for name in names {
        let percentiles = rows().filter(|row| row.contender == name && row.measure.starts_with('p'));
        let points = percentiles.map(|row| (row.median, row.x * 100.0));
        let points = points.filter(|point| (SOONEST..right).contains(&point.0));
        let mut points: Vec<_> = points.collect();
        points.sort_by(|a, b| a.1.total_cmp(&b.1));
        curve(&mut chart, name, &points)?;
    }
    Ok(())
}

/// Where the scale of a latency begins, in milliseconds.
const SOONEST: f64 = 0.01;

fn builder<'a, 'b>(area: &'a Area<'b>) -> ChartBuilder<'a, 'b, SVGBackend<'b>> {
    let mut builder = ChartBuilder::on(area);
    builder.x_label_area_size(46).y_label_area_size(66).margin_right(12);
    builder
}

type Chart<'a, 'b, X, Y> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<X, Y>>;

/// Grid, axes and numbers.
fn mesh<'a, 'b, 'c, X, Y>(chart: &'c mut Chart<'a, 'b, X, Y>) -> MeshStyle<'a, 'c, X, Y, SVGBackend<'b>>
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let mut mesh = chart.configure_mesh();
    mesh.x_labels(6).y_labels(6).x_label_formatter(&|x| tick(*x)).y_label_formatter(&|y| tick(*y));
    mesh.light_line_style(TRANSPARENT).bold_line_style(GRID).axis_style(INK);
    mesh.label_style(text(TEXT)).axis_desc_style(text(TEXT));
    mesh
}

/// A curve with a mark at each point, or dashes.
fn curve<X, Y>(chart: &mut Chart<'_, '_, X, Y>, name: &str, points: &[(f64, f64)]) -> Result<()>
where
    X: Ranged<ValueType = f64>,
    Y: Ranged<ValueType = f64>,
{
    if is_line(name) {
        chart.draw_series(dashes(points))?;
    } else {
        chart.draw_series(LineSeries::new(points.to_vec(), colour(name).stroke_width(3)))?;
        chart.draw_series(points.iter().map(|point| Circle::new(*point, 4, colour(name).filled())))?;
    }
    Ok(())
}

/// The names with their colours, in rows; returns the area below them.
fn legend<'a, 'n>(area: &Area<'a>, names: impl Iterator<Item = &'n str>) -> Result<Area<'a>> {
    let (mut x, mut y) = (10, 0);
    for name in names {
        let width = 32 + 9 * i32::try_from(name.len())?;
        if x + width > WIDTH.cast_signed() - 20 {
            (x, y) = (10, y + 24);
        }
        if is_line(name) {
            for start in [x, x + 12] {
                area.draw(&PathElement::new([(start, y + 10), (start + 8, y + 10)], INK.stroke_width(2)))?;
            }
        } else {
            for part in swatch(name, [(x + 2, y + 2), (x + 18, y + 18)]) {
                area.draw(&part)?;
            }
        }
        area.draw(&Text::new(name, (x + 26, y + 2), text(TEXT)))?;
        x += width;
    }
    Ok(area.split_vertically(y + 30).1)
}

/// A contender has the same colour in all pictures.
fn colour(name: &str) -> RGBColor {
    let stage = stages().position(|stage| name.starts_with(stage.name()));
    match (stage, name) {
        (Some(stage), _) => STAGES[stage % STAGES.len()],
        (None, "in place") => STAGES[0],
        (None, "spawn_blocking") => STAGES[1],
        (None, "cat" | "threads + events") => SAND,
        (None, _) => GREY,
    }
}

/// Whether it is drawn as a dashed line: not a contender, but a measure for the contenders.
fn is_line(name: &str) -> bool {
    matches!(name, "baseline" | "bound")
}

fn dashes(points: &[(f64, f64)]) -> DashedLineSeries<std::vec::IntoIter<(f64, f64)>, i32> {
    DashedLineSeries::new(points.to_vec(), 8, 5, INK.stroke_width(2))
}

/// A rectangle in the contender's colour. It is hollow for a current-thread runtime, because the same stage has the same
/// colour on both kinds of runtime.
fn swatch<T>(name: &str, corners: [(T, T); 2]) -> [Rectangle<(T, T)>; 2]
where
    T: Copy,
{
    let inside = if name.ends_with("current") { PAPER.filled() } else { colour(name).filled() };
    [Rectangle::new(corners, inside), Rectangle::new(corners, colour(name).stroke_width(2))]
}

/// A number at an axis, without the noise of binary fractions.
fn tick(value: f64) -> String {
    ((value * 1e6).round() / 1e6).to_string()
}

fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, 0.0), |(low, high), value| (low.min(value), high.max(value)))
}

fn text<'a>(size: i32) -> TextStyle<'a> {
    TextStyle::from(("sans-serif", size).into_font()).color(&INK)
}
