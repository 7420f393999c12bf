//! The live status line.

use std::fmt;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::style::ProgressTracker;
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};
use merge_core::Progress;

use crate::Stop;
use crate::report::count;

/// How often the line is redrawn.
const TICK: Duration = Duration::from_millis(100);
/// The time over which the rate is measured. A number that changes once a second can be read.
const RATE_SPAN: Duration = Duration::from_secs(1);
/// How many columns stay free at the right: see [`Terminal`].
const MARGIN: u16 = 6;

/// Shows the line on `bar` if standard error is a terminal. The merged lines must go to a file: on standard output they
/// mostly end up on the same terminal, perhaps through `| grep`, and the status line would cut into them.
pub(crate) fn show(bar: &ProgressBar, inputs: usize, progress: Progress, stop: Stop) {
    if !io::stderr().is_terminal() {
        return;
    }
    let line = Line { inputs, progress, stop, since: Instant::now(), bytes: 0, rate: 0 };
    let style = ProgressStyle::default_spinner().tick_chars(r"|/-\ ").with_key("line", line);
    let terminal = Terminal(Term::buffered_stderr());
    bar.set_draw_target(ProgressDrawTarget::term_like(Box::new(terminal)));
    // The template is a valid constant. If it were not, only the spinner would show.
    bar.set_style(style.clone().template("{spinner} {line}").unwrap_or(style));
    bar.enable_steady_tick(TICK);
}

/// The text of the line.
#[derive(Clone, Debug)]
struct Line {
    inputs: usize,
    progress: Progress,
    /// Holds the bar as well, so both stay until the process ends.
    stop: Stop,
    /// When the current measurement of the rate began, and the number of bytes at that time.
    since: Instant,
    bytes: u64,
    /// In bytes per second.
    rate: u64,
}

impl ProgressTracker for Line {
    fn clone_box(&self) -> Box<dyn ProgressTracker> {
        Box::new(self.clone())
    }

    fn tick(&mut self, _: &ProgressState, now: Instant) {
        let span = now.saturating_duration_since(self.since);
        if span >= RATE_SPAN {
            let bytes = self.progress.bytes();
            let per_second = u128::from(bytes - self.bytes) * 1000 / span.as_millis();
            self.rate = u64::try_from(per_second).unwrap_or(u64::MAX);
            (self.since, self.bytes) = (now, bytes);
        }
    }

    fn reset(&mut self, _: &ProgressState, _: Instant) {}

    fn write(&self, _: &ProgressState, line: &mut dyn fmt::Write) {
        let draining = self.stop.is_draining();
        // The bar cannot report that its own buffer failed.
        let _ = write!(
            line,
            "{} {}: {}, {}, {}/s{}",
            if draining { "draining" } else { "following" },
            count(self.inputs as u64, "input"),
            count(self.progress.lines(), "line"),
            HumanBytes(self.progress.bytes()),
            HumanBytes(self.rate),
            if draining { " (ctrl-c: end now)" } else { "" },
        );
    }
}

/// Standard error, made a few columns narrower.
///
/// The bar fills its line up to the last column. So the `^C` that a terminal prints at ctrl-c would start a new line,
/// and the bar would clear that line instead of its own.
#[derive(Debug)]
struct Terminal(Term);

/// Methods that do the same as those of the terminal.
macro_rules! pass_on {
    ($($method:ident($($argument:ident: $type:ty)?);)*) => {$(
        fn $method(&self $(, $argument: $type)?) -> io::Result<()> {
            self.0.$method($($argument)?)
        }
    )*};
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        TermLike::width(&self.0).saturating_sub(MARGIN).max(1)
    }

    fn height(&self) -> u16 {
        TermLike::height(&self.0)
    }

    pass_on! {
        move_cursor_up(lines: usize);
        move_cursor_down(lines: usize);
        move_cursor_right(columns: usize);
        move_cursor_left(columns: usize);
        write_line(line: &str);
        write_str(text: &str);
        clear_line();
        flush();
    }
}
