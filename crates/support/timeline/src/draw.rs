//! The picture: an SVG for a page, in its light or its dark colours.
//!
//! The text is large in relation to the width, so that it can be read where the page is narrow.
//!
//! The SVG is written with `format!`. It has two kinds of element, `text` and `path`, so a crate for SVG would add a
//! dependency and lines.

use std::collections::BTreeMap;
use std::fmt::{Arguments, Write};
use std::time::Duration;

use crate::recording::{Lane, follower, group};
use crate::{Kind, Recording, Span, Work};

/// One stage to draw.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The stage's name.
    pub name: String,
    /// Its place in the table.
    pub place: String,
    /// A sentence that describes it.
    pub sentence: String,
    /// The recorded run.
    pub recording: Recording,
}

/// Draws one picture for each, all with the same scale, so that they can be compared.
#[must_use]
pub fn draw(pictures: &[Picture]) -> Vec<String> {
    let time = Time::of(pictures);
    let sheet = Sheet { width: 640.0, gutter: 102.0, font: 18.0 };
    let draw = |picture: &Picture| {
        let (panel, height) = sheet.panel(picture, &time);
        let title = format!("{}: {}", picture.name, picture.place);
        sheet.card(&title, &picture.recording.caption(), height, &panel, picture.recording.inputs())
    };
    pictures.iter().map(draw).collect()
}

/// Draws all in one picture, two in a row.
#[must_use]
pub fn draw_all(pictures: &[Picture]) -> String {
    let time = Time::of(pictures);
    let sheet = Sheet { width: 960.0, gutter: 0.0, font: 24.0 };
    let cell = Sheet { width: sheet.width / 2.0, ..sheet };
    let (mut body, mut y) = (String::new(), 0.0);
    for row in pictures.chunks(2) {
        let panels: Vec<_> = row.iter().map(|picture| cell.panel(picture, &time)).collect();
        for ((panel, _), x) in panels.iter().zip([0.0, cell.width]) {
            body += &moved(x, y, panel);
        }
        y += panels.iter().map(|(_, height)| *height).fold(0.0, f64::max);
    }
    let captions = pictures.iter().map(|picture| format!("{}\n{}", picture.name, picture.recording.caption()));
    let inputs = pictures.iter().map(|picture| picture.recording.inputs()).max().unwrap_or(0);
    sheet.card("All stages side by side", &captions.collect::<String>(), y, &body, inputs)
}

/// The colours of the inputs, on light and on dark: Okabe and Ito's, which nearly everybody can tell apart.
const COLOURS: [[&str; 2]; 5] = [
    ["#0072b2", "#56b4e9"],
    ["#d98c00", "#e69f00"],
    ["#009e73", "#00b98a"],
    ["#c05a96", "#e08fc0"],
    ["#c8500a", "#f0703a"],
];

const STYLE: &str = "\
text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;fill:#1c2126}
.card{fill:#fff;stroke:#c9ced4}.big{font-weight:700}.dim{fill:#59626c}
.grid{stroke:#dfe3e7}.line{stroke:#8a939c;stroke-width:1.5}
.any{fill:#4b545d;stroke:#4b545d}.mark{stroke-width:0}.held{stroke-width:0;fill-opacity:.3}
.task{fill:none;stroke-width:2;stroke-dasharray:2 5}
";
const DARK: &str = "\
text{fill:#e8ebee}.card{fill:#171b20;stroke:#3c444d}.dim{fill:#a5aeb8}
.grid{stroke:#2c333b}.line{stroke:#7c8690}.any{fill:#bcc4cc;stroke:#bcc4cc}
";

/// Half the height of a lane.
const HALF: f64 = 12.0;
/// The distance from lane to lane.
const LANE: f64 = 28.0;
/// The distance from task to task.
const TASK: f64 = 20.0;
/// The least width of a mark, so that work of a few microseconds is visible.
const LEAST: f64 = 3.0;
/// How far a mark may move to the right, to stand beside the marks before it.
const MOST_MOVED: f64 = 4.0 * LEAST;
const MARGIN: f64 = 16.0;

/// The axis that all pictures share, in milliseconds.
struct Time {
    end: f64,
    step: f64,
}

impl Time {
    fn of(pictures: &[Picture]) -> Self {
        let longest = pictures.iter().map(|picture| picture.recording.length).max().unwrap_or_default();
        let end = milliseconds(longest).max(1.0) * 1.02;
        // The smallest of 1, 2, 5, 10 with zeros that gives at most five steps.
        let power = 10_f64.powf((end / 5.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|nice| nice * power).into_iter().find(|step| end / step <= 5.0);
        Self { end, step: step.unwrap_or(end) }
    }

    fn ticks(&self) -> Vec<(f64, String)> {
        let ticks = (0..=5).map(|number| self.step * f64::from(number)).filter(|tick| *tick <= self.end);
        let mut ticks: Vec<_> = ticks.map(|tick| (tick, tick.to_string())).collect();
        if let Some((_, label)) = ticks.last_mut() {
            label.push_str(" ms");
        }
        ticks
    }
}

/// The sizes of a picture.
#[derive(Clone, Copy)]
struct Sheet {
    width: f64,
    /// The room for the lanes' names. Without it they have none.
    gutter: f64,
    font: f64,
}

impl Sheet {
    /// The opaque card with `body` and the legend on it, and a description for screen readers.
    fn card(&self, title: &str, description: &str, height: f64, body: &str, inputs: usize) -> String {
        let Self { width, font, .. } = *self;
        let legend = moved(0.0, height, &self.legend(inputs));
        let height = height + font * 3.0;
        let colours = |dark: usize| {
            let rule = |(input, pair): (usize, &[&str; 2])| format!(".i{input}{{fill:{0};stroke:{0}}}", pair[dark]);
            COLOURS.iter().enumerate().map(rule).collect::<String>()
        };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height:.0}\" viewBox=\"0 0 {width} {height:.0}\" \
             font-size=\"{font}\" role=\"img\">\n\
             <title>{}</title>\n<desc>{}</desc>\n\
             <style>{STYLE}{}\n@media (prefers-color-scheme:dark){{{DARK}{}}}</style>\n\
             <rect class=\"card\" x=\".5\" y=\".5\" width=\"{}\" height=\"{:.0}\" rx=\"10\"/>\n{body}{legend}</svg>\n",
            escaped(title),
            escaped(description),
            colours(0),
            colours(1),
            width - 1.0,
            height - 1.0,
        )
    }

    /// One stage, and its height.
    fn panel(&self, Picture { name, place, sentence, recording }: &Picture, time: &Time) -> (String, f64) {
        let (lanes, named) = (recording.lanes(), self.gutter > 0.0);
        let (left, right) = (MARGIN + self.gutter, self.width - MARGIN);
        let x = |ms: f64| left + ms / time.end * (right - left);
        let at = |time: Duration| x(milliseconds(time));
        let mut out = String::new();
        let mut y = MARGIN + self.font;
        let held = lanes.iter().filter(|lane| !lane.held.is_empty()).count();
        text(&mut out, "big", MARGIN, y, "start", name);
        text(&mut out, "big", right, y, "end", &format!("{}, {held} held", count(lanes.len(), "thread")));
        y += self.font * 1.35;
        text(&mut out, "", MARGIN, y, "start", place);
        for line in halves(sentence).filter(|_| named) {
            y += self.font * 1.35;
            text(&mut out, "dim", MARGIN, y, "start", line);
        }
        y += 4.0;

        let first = y;
        let mut rows = String::new();
        let heading = |rows: &mut String, y: &mut f64, heading: &str| {
            *y += self.font * 1.5;
            text(rows, "dim", MARGIN, *y, "start", heading);
            *y += 6.0;
        };
        let label = |rows: &mut String, y: f64, name: &str| {
            if named {
                text(rows, "", MARGIN, y + self.font * 0.35, "start", name);
            }
        };
        for group in lanes.chunk_by(|a, b| group(a.thread.kind) == group(b.thread.kind)) {
            let kind = match group[0].thread.kind {
                Kind::Plain => "plain thread",
                Kind::Worker(_) => "runtime worker",
                Kind::Pool => "blocking-pool thread",
            };
            heading(&mut rows, &mut y, &count(group.len(), kind));
            for Lane { thread, name, held, works } in group {
                let middle = y + LANE / 2.0;
                label(&mut rows, middle, name);
                path(&mut rows, "line", format_args!("M{:.1} {middle:.1}H{:.1}", at(thread.from), at(thread.to)));
                marks(&mut rows, "held", held, at, |_| (middle - 7.0, 14.0));
                marks(&mut rows, "mark", works, at, |work| match work {
                    Work::Read => (middle - HALF, HALF),
                    Work::Write => (middle, HALF),
                    _ => (middle - 4.0, 8.0),
                });
                y += LANE;
            }
        }
        let mut tasks: Vec<_> = recording.free_tasks().collect();
        tasks.sort_by_key(|task| task.input);
        if !tasks.is_empty() {
            let what = if named { "tasks: their waits hold no thread" } else { "tasks: hold no thread" };
            heading(&mut rows, &mut y, &format!("{} {what}", tasks.len()));
        }
        for task in tasks {
            let middle = y + TASK / 2.0;
            label(&mut rows, middle, &task.input.map_or("task".into(), follower));
            let life = format_args!("M{:.1} {middle:.1}H{:.1}", at(task.from), at(task.to));
            path(&mut rows, &format!("task {}", class(task.input)), life);
            let polls: Vec<_> = recording.all(Work::Poll).filter(|poll| poll.input == task.input).copied().collect();
            marks(&mut rows, "mark", &polls, at, |_| (middle - 4.0, 8.0));
            y += TASK;
        }

        // The grid lies under the lanes.
        for (tick, label) in time.ticks() {
            path(&mut out, "grid", format_args!("M{:.1} {:.1}V{:.1}", x(tick), first + 10.0, y + 6.0));
            let anchor = if tick == 0.0 { "start" } else { "middle" };
            text(&mut out, "dim", x(tick), y + 6.0 + self.font, anchor, &label);
        }
        (out + &rows, y + 6.0 + self.font * 2.2)
    }

    /// The meaning of the marks and of the colours.
    fn legend(&self, inputs: usize) -> String {
        let (font, mut out) = (self.font, String::new());
        let mut row = |mut at: f64, y: f64, line: &str, items: &[(String, &str, String)]| {
            for (class, shape, label) in items {
                let mut mark = String::new();
                for (class, shape) in [("line", line), (class, *shape)].iter().filter(|(_, shape)| !shape.is_empty()) {
                    path(&mut mark, class, format_args!("{shape}"));
                }
                out += &moved(at, y - font * 0.35, &mark);
                text(&mut out, "", at + 28.0, y, "start", label);
                // A letter is about half as wide as it is high.
                at += 28.0 + font * (1.0 + 0.52 * f64::from(u32::try_from(label.len()).unwrap_or(0)));
            }
        };
        let marks = [
            ("any mark", "M9 -12h5v12h-5z", "read"),
            ("any mark", "M9 0h5v12h-5z", "write"),
            ("any mark", "M9 -4h5v8h-5z", "task poll"),
            ("any held", "M0 -7h22v14h-22z", "thread held"),
            ("any", "", "thread free"),
        ];
        row(MARGIN, font * 0.6, "M0 0H22", &marks.map(|(class, shape, label)| (class.into(), shape, label.into())));
        let square = |input: Option<usize>, label| (format!("{} mark", class(input)), "M6 -7h16v14h-16z", label);
        let inputs = (0..inputs.min(COLOURS.len())).map(|input| square(Some(input), (input + 1).to_string()));
        let all = inputs.chain([square(None, "all of them".into())]).collect::<Vec<_>>();
        row(MARGIN + font * 3.0, font * 2.3, "", &all);
        text(&mut out, "", MARGIN, font * 2.3, "start", "input");
        out
    }
}

/// Draws `spans` as boxes, with one path per colour and kind of work. Boxes that would cover each other are moved a
/// little, so that they stand side by side. But the boxes of one input are joined, so that the picture of a long run
/// does not grow.
fn marks(
    out: &mut String,
    class_of_all: &str,
    spans: &[Span],
    x: impl Fn(Duration) -> f64,
    place: impl Fn(Work) -> (f64, f64),
) {
    let mut boxes: BTreeMap<_, Vec<(f64, f64)>> = BTreeMap::new();
    // Where the last box of a kind ends.
    let mut ends = BTreeMap::new();
    let mut spans = spans.to_vec();
    spans.sort_by_key(|span| span.from);
    for span in spans {
        let (from, to) = (x(span.from), x(span.to));
        let boxes = boxes.entry((span.work, span.input)).or_default();
        let end = ends.entry(span.work).or_insert(from);
        match boxes.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => {
                let from = end.clamp(from, from + MOST_MOVED);
                boxes.push((from, to.max(from + LEAST)));
            }
        }
        *end = boxes.last().map_or(*end, |last| end.max(last.1));
    }
    for ((work, input), boxes) in boxes {
        let (y, height) = place(work);
        let shape = |(from, to)| format!("M{from:.1} {y:.1}h{:.1}v{height}H{from:.1}z", to - from);
        let shapes: String = boxes.into_iter().map(shape).collect();
        path(out, &format!("{} {class_of_all}", class(input)), format_args!("{shapes}"));
    }
}

/// A sentence in two lines, if it is too long for one.
fn halves(text: &str) -> impl Iterator<Item = &str> {
    let near_the_middle = |(at, _): &(usize, &str)| at.abs_diff(text.len() / 2);
    let space = text.match_indices(' ').min_by_key(near_the_middle).filter(|_| text.len() > 60);
    let (first, second) = space.map_or((text, None), |(at, _)| (&text[..at], Some(&text[at + 1..])));
    [Some(first), second].into_iter().flatten()
}

fn class(input: Option<usize>) -> String {
    input.map_or("any".into(), |input| format!("i{}", input % COLOURS.len()))
}

// Writing to a String cannot fail.

fn text(out: &mut String, class: &str, x: f64, y: f64, anchor: &str, text: &str) {
    let text = escaped(text);
    let _ = writeln!(out, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>");
}

fn path(out: &mut String, class: &str, shape: Arguments<'_>) {
    let _ = writeln!(out, "<path class=\"{class}\" d=\"{shape}\"/>");
}

fn moved(x: f64, y: f64, what: &str) -> String {
    format!("<g transform=\"translate({x:.1} {y:.1})\">\n{what}</g>\n")
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// A thread may have any name, and XML allows few control characters.
fn escaped(text: &str) -> String {
    let text = text.replace(|c: char| c.is_control() && c != '\n', "?");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use roxmltree::Document;

    use super::*;
    use crate::Thread;

    const fn ms(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    /// A thread that does `works` for inputs, each for a microsecond.
    fn picture(length: Duration, works: &[(Duration, Work, usize)]) -> Picture {
        let span = |&(from, work, input): &(Duration, Work, usize)| Span {
            thread: 0,
            work,
            input: Some(input),
            from,
            to: from + Duration::from_micros(1),
        };
        let thread = Thread { name: "a thread".into(), kind: Kind::Plain, from: ms(0), to: length };
        let recording = Recording { threads: vec![thread], spans: works.iter().map(span).collect(), length };
        Picture { name: "stage".into(), place: "top, tail".into(), sentence: "It works.".into(), recording }
    }

    /// The left and right edges of the boxes of this class.
    fn boxes(drawn: &str, class: &str) -> Vec<(f64, f64)> {
        let document = Document::parse(drawn).unwrap();
        let path = document.descendants().find(|node| node.attribute("class") == Some(class)).unwrap();
        // As in `M1.5 2.0h3.0v12H1.5z`.
        let edges = |shape: &str| {
            let numbers: Vec<f64> = shape.split([' ', 'h', 'v']).map_while(|number| number.parse().ok()).collect();
            (numbers[0], numbers[0] + numbers[2])
        };
        path.attribute("d").unwrap().split('M').skip(1).map(edges).collect()
    }

    #[test]
    fn work_of_a_microsecond_is_wide_enough_to_be_seen() {
        let drawn = draw(&[picture(ms(1000), &[(ms(500), Work::Read, 0)])]).remove(0);
        let [(from, to)] = boxes(&drawn, "i0 mark")[..] else { panic!("not one box") };
        assert!(to - from > 2.5, "{from} to {to}");
    }

    #[test]
    fn inputs_at_the_same_time_stand_side_by_side() {
        let same = [0, 1, 2].map(|input| (ms(500), Work::Poll, input));
        let drawn = draw(&[picture(ms(1000), &same)]).remove(0);
        let all = ["i0 mark", "i1 mark", "i2 mark"].map(|class| boxes(&drawn, class)[0]);
        assert!(all[0].1 <= all[1].0 + 0.1 && all[1].1 <= all[2].0 + 0.1, "{all:?}");
    }

    #[test]
    fn all_pictures_have_the_scale_of_the_longest() {
        let half_way = [(ms(100), Work::Read, 0)];
        let pictures = [picture(ms(200), &half_way), picture(ms(2000), &half_way)];
        let starts: Vec<_> = draw(&pictures).iter().map(|drawn| boxes(drawn, "i0 mark")[0].0).collect();
        assert!((starts[0] - starts[1]).abs() < 0.1, "{starts:?}");
        let alone = boxes(&draw(&pictures[..1])[0], "i0 mark")[0].0;
        assert!(alone > starts[0] + 100.0, "{alone}");
    }

    #[test]
    fn the_picture_of_a_long_run_is_small() {
        let works: Vec<_> = (0..100_000).map(|at| (ms(at), Work::Read, (at % 7) as usize)).collect();
        let drawn = draw(&[picture(ms(100_000), &works)]).remove(0);
        assert!(drawn.len() < 50_000, "{} bytes", drawn.len());
        Document::parse(&drawn).unwrap();
    }

    #[test]
    fn a_recording_of_nothing_can_be_drawn() {
        let nothing = Picture { recording: Recording::default(), ..picture(ms(0), &[]) };
        for drawn in [draw(std::slice::from_ref(&nothing)).remove(0), draw_all(&[nothing]), draw_all(&[])] {
            Document::parse(&drawn).unwrap();
            assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
        }
    }

    #[test]
    fn a_thread_may_have_any_name() {
        let mut picture = picture(ms(10), &[]);
        picture.recording.threads[0].name = "<a> & \"b\" \u{1b}[31m".into();
        let drawn = draw(&[picture]).remove(0);
        let document = Document::parse(&drawn).unwrap();
        assert!(document.descendants().any(|node| node.text() == Some("<a> & \"b\" ?[31m")), "{drawn}");
    }

    #[test]
    fn the_axis_has_few_ticks_at_round_times() {
        for (length, labels) in [
            (0, "0 0.5 1 ms"),
            (3, "0 1 2 3 ms"),
            (95, "0 20 40 60 80 ms"),
            (730, "0 200 400 600 ms"),
            (60_000, "0 20000 40000 60000 ms"),
        ] {
            let ticks = Time::of(&[picture(ms(length), &[])]).ticks();
            assert_eq!(ticks.into_iter().map(|(_, label)| label).collect::<Vec<_>>().join(" "), labels);
        }
    }
}
