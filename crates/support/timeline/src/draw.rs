//! The picture: an SVG for a page, in its light or its dark colours.
//!
//! Text is large beside the width, so that it can be read where the page is narrow.

use std::collections::BTreeMap;
use std::fmt::Write;
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
    /// What it is, in a sentence.
    pub sentence: String,
    /// What it did.
    pub recording: Recording,
}

/// Draws each for itself, all with the same scale, so that they can be compared.
#[must_use]
pub fn draw(pictures: &[Picture]) -> Vec<String> {
    let time = Time::of(pictures);
    let draw = |picture: &Picture| {
        let sheet = Sheet { width: 640.0, gutter: 102.0, font: 18.0 };
        let (panel, height) = sheet.panel(picture, &time);
        let legend = sheet.legend(inputs(std::slice::from_ref(picture)));
        let title = format!("{}: {}", picture.name, picture.place);
        let body = format!("{}{}", moved(0.0, 0.0, &panel), moved(0.0, height, &legend));
        sheet.card(&title, &picture.recording.caption(), height + sheet.legend_height(), &body)
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
    body += &moved(0.0, y, &sheet.legend(inputs(pictures)));
    let captions = pictures.iter().map(|picture| format!("{}\n{}", picture.name, picture.recording.caption()));
    sheet.card("All stages side by side", &captions.collect::<String>(), y + sheet.legend_height(), &body)
}

/// The colours of the inputs, on light and on dark: Okabe and Ito's, which nearly everybody can tell apart.
const COLOURS: [(&str, &str); 5] = [
    ("#0072b2", "#56b4e9"),
    ("#d98c00", "#e69f00"),
    ("#009e73", "#00b98a"),
    ("#c05a96", "#e08fc0"),
    ("#c8500a", "#f0703a"),
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
/// From lane to lane.
const LANE: f64 = 28.0;
/// From task to task.
const TASK: f64 = 20.0;
/// The least width of a mark: what takes microseconds must be seen as well.
const LEAST: f64 = 3.0;
/// How far a mark may stand from where it belongs, to the right of those that came first.
const MOST_MOVED: f64 = 4.0 * LEAST;
const MARGIN: f64 = 16.0;

/// The axis that all pictures share.
struct Time {
    /// Milliseconds at its end.
    end: f64,
    /// Milliseconds between two ticks.
    step: f64,
}

impl Time {
    fn of(pictures: &[Picture]) -> Self {
        let longest = pictures.iter().map(|picture| picture.recording.length).max().unwrap_or_default();
        let end = milliseconds(longest).max(1.0) * 1.02;
        // 1, 2 or 5, and zeros: the smallest of them that gives few ticks.
        let power = 10_f64.powf((end / 5.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|nice| nice * power).into_iter().find(|step| end / step <= 5.0);
        Self { end, step: step.unwrap_or(end) }
    }

    /// The ticks, in milliseconds, and what stands at them.
    fn ticks(&self) -> Vec<(f64, String)> {
        // At most five steps fit.
        let ticks = (0..=5).map(|number| self.step * f64::from(number)).filter(|tick| *tick <= self.end);
        let mut ticks: Vec<_> = ticks.map(|tick| (tick, tick.to_string())).collect();
        if let Some((_, label)) = ticks.last_mut() {
            label.push_str(" ms");
        }
        ticks
    }
}

/// What is drawn on: sizes in units of the picture.
#[derive(Clone, Copy)]
struct Sheet {
    width: f64,
    /// Room for the lanes' names; without it they have none.
    gutter: f64,
    font: f64,
}

impl Sheet {
    /// The opaque card that everything is on, with what stands behind it for those who cannot see it.
    fn card(&self, title: &str, description: &str, height: f64, body: &str) -> String {
        let Self { width, font, .. } = *self;
        let (title, description) = (escaped(title), escaped(description));
        let colours = |dark: bool| {
            let rule = |(input, (light, deep)): (usize, &(&str, &str))| {
                let colour = if dark { deep } else { light };
                format!(".i{input}{{fill:{colour};stroke:{colour}}}")
            };
            COLOURS.iter().enumerate().map(rule).collect::<String>()
        };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height:.0}\" viewBox=\"0 0 {width} {height:.0}\" \
             font-size=\"{font}\" role=\"img\">\n\
             <title>{title}</title>\n<desc>{description}</desc>\n\
             <style>{STYLE}{}\n@media (prefers-color-scheme:dark){{{DARK}{}}}</style>\n\
             <rect class=\"card\" x=\".5\" y=\".5\" width=\"{}\" height=\"{:.0}\" rx=\"10\"/>\n{body}</svg>\n",
            colours(false),
            colours(true),
            width - 1.0,
            height - 1.0,
        )
    }

    /// One stage, and its height.
    fn panel(&self, picture: &Picture, time: &Time) -> (String, f64) {
        let lanes = picture.recording.lanes();
        let (left, right) = (MARGIN + self.gutter, self.width - MARGIN);
        let x = |ms: f64| left + ms / time.end * (right - left);
        let at = |time: Duration| x(milliseconds(time));
        let mut out = String::new();
        let mut y = MARGIN + self.font;
        let held = lanes.iter().filter(|lane| !lane.held.is_empty()).count();
        let threads = format!("{}, {held} held", count(lanes.len(), "thread"));
        text(&mut out, "big", MARGIN, y, "start", &picture.name);
        text(&mut out, "big", right, y, "end", &threads);
        y += self.font * 1.35;
        text(&mut out, "", MARGIN, y, "start", &picture.place);
        if self.gutter > 0.0 {
            for line in wrapped(&picture.sentence, 60) {
                y += self.font * 1.35;
                text(&mut out, "dim", MARGIN, y, "start", &line);
            }
        }
        y += 4.0;

        let first = y;
        let mut rows = String::new();
        for group in lanes.chunk_by(|a, b| group(a.thread.kind) == group(b.thread.kind)) {
            y += self.font * 1.5;
            text(&mut rows, "dim", MARGIN, y, "start", &heading(group));
            y += 6.0;
            for lane in group {
                self.lane(&mut rows, lane, y + LANE / 2.0, at);
                y += LANE;
            }
        }
        let mut tasks: Vec<_> = picture.recording.free_tasks().collect();
        tasks.sort_by_key(|task| task.input);
        if !tasks.is_empty() {
            y += self.font * 1.5;
            let heading = if self.gutter > 0.0 { "tasks: their waits hold no thread" } else { "tasks: hold no thread" };
            text(&mut rows, "dim", MARGIN, y, "start", &format!("{} {heading}", tasks.len()));
            y += 6.0;
        }
        for task in tasks {
            let polls = picture.recording.all(Work::Poll).filter(|poll| poll.input == task.input);
            self.task(&mut rows, task, &polls.copied().collect::<Vec<_>>(), y + TASK / 2.0, at);
            y += TASK;
        }

        // Under the lanes.
        for (tick, label) in time.ticks() {
            let x = x(tick);
            let _ = writeln!(out, "<path class=\"grid\" d=\"M{x:.1} {:.1}V{:.1}\"/>", first + 10.0, y + 6.0);
            let anchor = if tick == 0.0 { "start" } else { "middle" };
            text(&mut out, "dim", x, y + 6.0 + self.font, anchor, &label);
        }
        out += &rows;
        (out, y + 6.0 + self.font * 2.2)
    }

    /// A thread: its life, who held it, and what was done on it.
    fn lane(&self, out: &mut String, lane: &Lane<'_>, y: f64, at: impl Fn(Duration) -> f64) {
        self.name(out, y, &lane.name);
        let (from, to) = (at(lane.thread.from), at(lane.thread.to));
        let _ = writeln!(out, "<path class=\"line\" d=\"M{from:.1} {y:.1}H{to:.1}\"/>");
        marks(out, "held", &lane.held, &at, |_| (y - 7.0, 14.0));
        marks(out, "mark", &lane.works, &at, |work| match work {
            Work::Read => (y - HALF, HALF),
            Work::Write => (y, HALF),
            _ => (y - 4.0, 8.0),
        });
    }

    /// A task that waits without a thread: its life and its polls, wherever they were.
    fn task(&self, out: &mut String, task: &Span, polls: &[Span], y: f64, at: impl Fn(Duration) -> f64) {
        self.name(out, y, &task.input.map_or("task".into(), follower));
        let (class, from, to) = (class(task.input), at(task.from), at(task.to));
        let _ = writeln!(out, "<path class=\"task {class}\" d=\"M{from:.1} {y:.1}H{to:.1}\"/>");
        marks(out, "mark", polls, &at, |_| (y - 4.0, 8.0));
    }

    /// What stands before a lane, where there is room for it.
    fn name(&self, out: &mut String, y: f64, name: &str) {
        if self.gutter > 0.0 {
            text(out, "", MARGIN, y + self.font * 0.35, "start", name);
        }
    }

    /// What the marks mean, and whose colour is whose.
    fn legend(&self, inputs: usize) -> String {
        let (font, mut out) = (self.font, String::new());
        let mut y = font * 0.6;
        let mut at = MARGIN;
        let item = |out: &mut String, y: f64, at: &mut f64, shape: &str, label: &str| {
            let _ = writeln!(out, "<g transform=\"translate({:.1} {:.1})\">{shape}</g>", *at, y - font * 0.35);
            text(out, "", *at + 28.0, y, "start", label);
            // Letters are about half as wide as high.
            *at += 28.0 + font * (1.0 + 0.52 * f64::from(u32::try_from(label.len()).unwrap_or(0)));
        };
        let line = "<path class=\"line\" d=\"M0 0H22\"/>";
        let mark = |y: f64, height: f64| format!("{line}<path class=\"any mark\" d=\"M9 {y}h5v{height}h-5z\"/>");
        let held = format!("{line}<path class=\"any held\" d=\"M0 -7h22v14h-22z\"/>");
        item(&mut out, y, &mut at, &mark(-HALF, HALF), "read");
        item(&mut out, y, &mut at, &mark(0.0, HALF), "write");
        item(&mut out, y, &mut at, &mark(-4.0, 8.0), "task poll");
        item(&mut out, y, &mut at, &held, "thread held");
        item(&mut out, y, &mut at, line, "thread free");
        y += font * 1.7;
        at = MARGIN;
        text(&mut out, "", at, y, "start", "input");
        at += font * 3.0;
        for input in 0..inputs.min(COLOURS.len()) {
            let square = format!("<path class=\"i{input} mark\" d=\"M6 -7h16v14h-16z\"/>");
            item(&mut out, y, &mut at, &square, &(input + 1).to_string());
        }
        item(&mut out, y, &mut at, "<path class=\"any mark\" d=\"M6 -7h16v14h-16z\"/>", "all of them");
        out
    }

    fn legend_height(&self) -> f64 {
        self.font * 3.0
    }
}

/// Draws `spans` as boxes: a path per colour and kind. What would lie on each other is moved a little, so that it stands
/// side by side; but the boxes of one input become one, so that the picture of a long run is not larger than that of a
/// short one.
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
        let _ = write!(out, "<path class=\"{} {class_of_all}\" d=\"", class(input));
        for (from, to) in boxes {
            let _ = write!(out, "M{from:.1} {y:.1}h{:.1}v{height}H{from:.1}z", to - from);
        }
        out.push_str("\"/>\n");
    }
}

/// The words of `text` in lines of at most `width` letters or a few more, none of them much shorter than the others.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = text.len() / text.len().div_ceil(width).max(1) + 6;
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + word.len() < width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn heading(lanes: &[Lane<'_>]) -> String {
    match lanes[0].thread.kind {
        Kind::Plain => count(lanes.len(), "plain thread"),
        Kind::Worker(_) => count(lanes.len(), "runtime worker"),
        Kind::Pool => count(lanes.len(), "blocking-pool thread"),
    }
}

fn class(input: Option<usize>) -> String {
    input.map_or("any".into(), |input| format!("i{}", input % COLOURS.len()))
}

fn inputs(pictures: &[Picture]) -> usize {
    pictures.iter().map(|picture| picture.recording.inputs()).max().unwrap_or(0)
}

fn text(out: &mut String, class: &str, x: f64, y: f64, anchor: &str, text: &str) {
    let text = escaped(text);
    let _ = writeln!(out, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>");
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

    /// A thread that does `works` for `input`s, each for a microsecond.
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

    /// Where boxes of this class are: from, to.
    fn boxes(drawn: &str, class: &str) -> Vec<(f64, f64)> {
        let document = Document::parse(drawn).unwrap();
        let path = document.descendants().find(|node| node.attribute("class") == Some(class));
        let Some(path) = path.and_then(|path| path.attribute("d")) else { return Vec::new() };
        let of_box = |shape: &str| {
            let (from, rest) = shape.split_once(' ').unwrap();
            let width = rest.split(['h', 'v']).nth(1).unwrap();
            let from: f64 = from.parse().unwrap();
            (from, from + width.parse::<f64>().unwrap())
        };
        path.split('M').skip(1).map(of_box).collect()
    }

    #[test]
    fn what_takes_a_microsecond_is_wide_enough_to_be_seen() {
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
