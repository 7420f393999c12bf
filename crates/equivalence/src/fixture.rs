//! A scenario's surroundings: log files, a captured output, and the entry point running on a thread of its own.

use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use merge_core::{Closer, Input, MergeError, Output, Summary};
use tempfile::TempDir;

use crate::confirm::{Source, confirm, lines_with_ends};
use crate::violation::{Difference, Violation, show};

/// What every stage exports: `merge(inputs, interval, output)`.
pub type EntryPoint = fn(Vec<Input>, Duration, Output) -> merge_core::Result<Summary>;

/// An [`EntryPoint`], or a closure that does the same and captures something.
pub trait AnyEntryPoint: FnOnce(Vec<Input>, Duration, Output) -> merge_core::Result<Summary> + Send + 'static {}

impl<D: FnOnce(Vec<Input>, Duration, Output) -> merge_core::Result<Summary> + Send + 'static> AnyEntryPoint for D {}

/// What all scenarios of one run have in common.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Where all randomness comes from.
    pub seed: u64,
    /// How long a scenario waits for anything before it says that the run hangs. No scenario takes that long when
    /// all is well.
    pub patience: Duration,
}

impl Default for Settings {
    /// The seed is `EQUIVALENCE_SEED` where it is set, and the patience `TEST_PATIENCE`, in seconds.
    fn default() -> Self {
        let number = |name, otherwise| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise);
        let patience = Duration::from_secs(number("TEST_PATIENCE", 60));
        Self { seed: number("EQUIVALENCE_SEED", 20_240_827), patience }
    }
}

/// Short enough that a scenario does not wait for it, long enough that hundreds of followers can poll.
const INTERVAL: Duration = Duration::from_millis(2);
/// The usual size.
const STACK: usize = 2 * 1024 * 1024;
/// So long that a scenario which needs it to pass would hang.
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// Log files in a folder of their own, and what was written to them.
#[derive(Debug)]
pub struct Fixture {
    folder: TempDir,
    /// The logs: their names are `0`, `1`, …
    pub paths: Vec<PathBuf>,
    /// All that was ever written to each of them.
    history: Vec<Vec<u8>>,
    /// Where the run writes to.
    pub captured: CapturedOutput,
    /// The interval that the run gets.
    pub interval: Duration,
    settings: Settings,
}

impl Fixture {
    /// `inputs` empty logs.
    ///
    /// # Panics
    ///
    /// When the machine gives no scratch files; so do all other methods.
    #[must_use]
    pub fn new(inputs: usize, settings: &Settings) -> Self {
        // Hundreds of inputs are open at once; some systems allow 256 files.
        #[cfg(unix)]
        let _ = rlimit::increase_nofile_limit(4096);

        let folder = TempDir::new().expect("a scratch folder");
        let paths: Vec<_> = (0..inputs).map(|number| folder.path().join(number.to_string())).collect();
        for path in &paths {
            File::create(path).expect("a scratch file");
        }
        Self {
            folder,
            paths,
            history: vec![Vec::new(); inputs],
            captured: CapturedOutput::default(),
            interval: INTERVAL,
            settings: *settings,
        }
    }

    /// The same with an interval of an hour: what happens in this run happens without waiting for it.
    #[must_use]
    pub fn with_an_hour(mut self) -> Self {
        self.interval = HOUR;
        self
    }

    /// Where the scenario may put files of its own.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Appends to an input and remembers what.
    pub fn append(&mut self, input: usize, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.history[input].extend(bytes);
        append(&self.paths[input], bytes);
    }

    /// Gives each input a backlog of about `bytes`, in lines of 16 KiB.
    pub fn append_backlogs(&mut self, bytes: usize) {
        (0..self.paths.len()).for_each(|input| self.append_backlog(input, bytes));
    }

    /// Gives an input a backlog of about `bytes`, in lines of 16 KiB.
    pub fn append_backlog(&mut self, input: usize, bytes: usize) {
        const LINE: usize = 16 * 1024;
        let line = |number| format!("{input}-{number}-{}\n", "x".repeat(LINE));
        let backlog: String = (0..bytes / LINE).map(line).collect();
        self.append(input, backlog);
    }

    /// Remembers what somebody else has written to an input.
    pub fn remember(&mut self, input: usize, bytes: impl AsRef<[u8]>) {
        self.history[input].extend(bytes.as_ref());
    }

    /// Empties an input in place and writes `bytes` to it.
    pub fn truncate(&mut self, input: usize, bytes: impl AsRef<[u8]>) {
        self.history[input].extend(bytes.as_ref());
        fs::write(&self.paths[input], bytes).expect("a scratch file can be truncated");
    }

    /// Renames an input's file, as a rotation does. Its name is then free.
    pub fn rename(&self, input: usize, ending: &str) {
        let path = &self.paths[input];
        fs::rename(path, path.with_extension(ending)).expect("a scratch file can be renamed");
    }

    /// What was written to all inputs.
    #[must_use]
    pub fn sources(&self) -> Vec<Source> {
        let source = |(path, bytes): (&PathBuf, &Vec<u8>)| Source {
            name: path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            bytes: bytes.clone(),
        };
        self.paths.iter().zip(&self.history).map(source).collect()
    }

    /// Starts the entry point on the fixture's inputs, which write to its [`CapturedOutput`].
    #[must_use]
    pub fn start(&self, merge: impl AnyEntryPoint) -> Running {
        self.start_with(merge, self.captured.output())
    }

    /// Starts the entry point with another output.
    #[must_use]
    pub fn start_with(&self, merge: impl AnyEntryPoint, output: Output) -> Running {
        let inputs = Input::open_all(&self.paths).expect("scratch files can be opened");
        self.start_opened(merge, inputs, output)
    }

    /// Starts the entry point with inputs that have been opened, and perhaps closed, before.
    #[must_use]
    pub fn start_opened(&self, merge: impl AnyEntryPoint, inputs: Vec<Input>, output: Output) -> Running {
        let closers = inputs.iter().map(Input::closer).collect();
        let interval = self.interval;
        let (ended, end) = mpsc::channel();
        let (folder, captured) = (self.folder.path().to_owned(), self.captured.clone());
        let run = move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| merge(inputs, interval, output)));
            // Contract 5, seen at the very moment of the return.
            let left = left_behind(&folder, &captured);
            // The scenario may have given up by now.
            let _ = ended.send((outcome.map_err(|panic| MergeError::ended_early(Some(panic)).to_string()), left));
        };
        // A size of its own: a process may be started in such a way that no other thread is given.
        let thread = thread::Builder::new().name("merge".into()).stack_size(STACK);
        thread.spawn(run).expect("a thread for the entry point");
        Running {
            closers,
            end,
            ended: RefCell::new(None),
            left: RefCell::new(None),
            captured: self.captured.clone(),
            settings: self.settings,
        }
    }
}

/// What a run that has just returned has not let go.
fn left_behind(folder: &Path, captured: &CapturedOutput) -> Option<String> {
    if captured.lock().writers > 0 {
        return Some("the output".into());
    }
    crate::process::open_files_in(folder).first().map(|file| format!("the open file {}", file.display()))
}

/// Appends to any file, creating it where it is missing.
pub(crate) fn append(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).expect("a scratch file");
    file.write_all(bytes).expect("a scratch file can be written");
}

/// How the run ended, and what it left behind.
type Outcome = (Result<merge_core::Result<Summary>, String>, Option<String>);

/// An entry point that is running.
#[derive(Debug)]
pub struct Running {
    /// The closers of the inputs, in order.
    pub closers: Vec<Closer>,
    end: Receiver<Outcome>,
    /// The end, when it has been seen and not yet been taken.
    ended: RefCell<Option<Outcome>>,
    /// What the run has left behind, when its end has been taken.
    left: RefCell<Option<String>>,
    captured: CapturedOutput,
    settings: Settings,
}

impl Running {
    /// Closes all inputs.
    pub fn close_all(&self) {
        self.closers.iter().for_each(Closer::close);
    }

    /// Waits until the output is `expected` to the byte, while the run goes on.
    ///
    /// # Errors
    ///
    /// As soon as the output is something else; or when nothing more comes.
    pub fn await_output(&self, expected: &[u8]) -> Result<(), Violation> {
        match self.await_that("the output to grow", |merged| merged.len() >= expected.len()) {
            Ok(()) | Err(Violation::Hung { .. }) => {}
            Err(other) => return Err(other),
        }
        let merged = self.captured.bytes();
        if merged == expected { Ok(()) } else { Err(first_difference(expected, &merged)) }
    }

    /// Waits until the output is `sources` merged in any order, while the run goes on.
    ///
    /// # Errors
    ///
    /// As [`confirm`], when as many bytes have come or nothing more comes.
    pub fn await_merge(&self, sources: &[Source]) -> Result<(), Violation> {
        let length: usize = sources.iter().map(|source| source.bytes.len()).sum();
        let grown = self.await_that("the output to grow", |merged| merged.len() >= length);
        match (grown, confirm(sources, &self.captured.bytes())) {
            (Err(Violation::Hung { .. }), Err(Violation::Lost(Difference { input, expected, .. }))) => {
                let expected = format!("{} (input {})", expected.unwrap_or_default(), input.unwrap_or_default());
                Err(Violation::NotVisible { expected, found: "nothing more".into() })
            }
            (Err(Violation::Hung { .. }) | Ok(()), confirmed) => confirmed,
            (Err(other), _) => Err(other),
        }
    }

    /// Waits until the output is as long as all that was written, while the run goes on.
    pub(crate) fn await_all(&self, fixture: &Fixture) -> Result<(), Violation> {
        let length: usize = fixture.history.iter().map(Vec::len).sum();
        self.await_that("the output to grow", |merged| merged.len() >= length)
    }

    /// Waits until `condition` holds for the output, while the run goes on.
    ///
    /// # Errors
    ///
    /// [`Violation::Hung`] when the patience ends; how the run ended, when it did.
    pub fn await_that(&self, what: &str, condition: impl Fn(&[u8]) -> bool) -> Result<(), Violation> {
        self.await_state(what, |state| condition(&state.bytes))
    }

    /// Waits until a write is being held back.
    ///
    /// # Errors
    ///
    /// As [`Running::await_that`].
    pub fn await_held(&self) -> Result<(), Violation> {
        self.await_state("a write", |state| state.waiting)
    }

    /// Waits until `bytes` were read from an input. Returns false where the follower's own leaf does not count them.
    ///
    /// # Errors
    ///
    /// [`Violation::Hung`] when the patience ends.
    pub fn await_read(&self, input: usize, bytes: u64) -> Result<bool, Violation> {
        self.await_condition("a read", || {
            let read = self.closers[input].bytes_read();
            read >= bytes || read == 0
        })?;
        Ok(self.closers[input].bytes_read() > 0)
    }

    /// Waits until `condition` holds, whatever the output does.
    ///
    /// # Errors
    ///
    /// [`Violation::Hung`] when the patience ends.
    pub(crate) fn await_condition(&self, what: &str, condition: impl Fn() -> bool) -> Result<(), Violation> {
        let deadline = Instant::now() + self.settings.patience;
        while !condition() {
            if Instant::now() >= deadline {
                return Err(self.hung(what));
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Waits until a write is being held back and no follower reads any more.
    ///
    /// How long followers must stand still can only be a guess. A wrong one lets a bad stage pass and never fails a
    /// good one.
    ///
    /// # Errors
    ///
    /// [`Violation::MemoryGrew`] when more than `allowed` bytes were read by then; else as [`Running::await_that`].
    pub fn await_standstill(&self, allowed: u64) -> Result<(), Violation> {
        self.await_held()?;
        let held = || self.closers.iter().map(Closer::bytes_read).sum::<u64>();
        let (mut before, mut still) = (held(), 0);
        while still < 50 {
            thread::sleep(Duration::from_millis(1));
            let now = held();
            if now > allowed {
                return Err(Violation::MemoryGrew { held: now, allowed });
            }
            still = if now == before { still + 1 } else { 0 };
            before = now;
        }
        Ok(())
    }

    /// Waits a second in which nothing is written and nothing closed, and looks at what the process has computed
    /// meanwhile. Only a scenario that has its process to itself may ask. Where the system does not say, this returns
    /// at once.
    ///
    /// # Errors
    ///
    /// [`Violation::BusyWhileIdle`] when it was more than a twentieth of that second. On a busy machine a thread that spins
    /// may get less, but then it waits for a core most of the time.
    pub fn await_idle(&self) -> Result<(), Violation> {
        const SECOND: Duration = Duration::from_secs(1);
        let mut busy = Duration::ZERO;
        // On a busy machine followers may still be on their way to their first wait. What spins is busy every time.
        for _ in 0..5 {
            let Some((computed, waited)) = crate::process::cpu_time() else { return Ok(()) };
            thread::sleep(SECOND);
            let (computed_now, waited_now) = crate::process::cpu_time().unwrap_or((computed, waited));
            busy = computed_now.saturating_sub(computed);
            if busy <= SECOND / 20 && waited_now.saturating_sub(waited) <= SECOND / 2 {
                return Ok(());
            }
        }
        Err(Violation::BusyWhileIdle { busy, of: SECOND })
    }

    fn await_state(&self, what: &str, condition: impl Fn(&State) -> bool) -> Result<(), Violation> {
        let deadline = Instant::now() + self.settings.patience;
        while !self.captured.wait(deadline.min(Instant::now() + TICK), &condition) {
            if self.has_ended() && !condition(&self.captured.lock()) {
                let summary = self.outcome()?.map_err(Violation::Failed)?;
                return Err(Violation::EndedEarly { waiting_for: what.to_owned(), found: format!("{summary:?}") });
            }
            if Instant::now() >= deadline {
                return Err(self.hung(what));
            }
        }
        Ok(())
    }

    /// Waits for the end of a run that should succeed, and confirms that the output is `sources` merged.
    ///
    /// # Errors
    ///
    /// When it hangs, fails or panics; as [`confirm`]; when its summary says what is not so.
    pub fn end_confirmed(self, sources: &[Source]) -> Result<(), Violation> {
        let captured = self.captured.clone();
        self.end_confirmed_in(|| captured.bytes(), sources)
    }

    /// The same for a run that wrote somewhere else; `merged` reads it.
    ///
    /// # Errors
    ///
    /// As [`Running::end_confirmed`].
    pub fn end_confirmed_in(self, merged: impl FnOnce() -> Vec<u8>, sources: &[Source]) -> Result<(), Violation> {
        let summary = self.outcome()?.map_err(Violation::Failed)?;
        let merged = merged();
        confirm(sources, &merged)?;
        let lines = lines_with_ends(&merged).count() as u64;
        let expected = Summary { inputs: self.closers.len(), lines, bytes: merged.len() as u64 };
        if summary == expected {
            self.nothing_left()
        } else {
            Err(Violation::WrongSummary { expected: format!("{expected:?}"), found: format!("{summary:?}") })
        }
    }

    /// Waits for the end of a run that should succeed, whatever it has merged.
    ///
    /// # Errors
    ///
    /// When it hangs, fails or panics.
    pub fn await_end(self) -> Result<Summary, Violation> {
        let summary = self.outcome()?.map_err(Violation::Failed)?;
        self.nothing_left().map(|()| summary)
    }

    /// Whether the run has ended, without waiting for it.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        let mut ended = self.ended.borrow_mut();
        if ended.is_none() {
            *ended = self.end.try_recv().ok();
        }
        ended.is_some()
    }

    /// Waits for the end of a run that should fail with an error like `expected`.
    ///
    /// # Errors
    ///
    /// When it hangs or panics, or ends otherwise.
    pub fn end_with_error(self, expected: &str, is_it: impl Fn(&MergeError) -> bool) -> Result<(), Violation> {
        let found = match self.outcome()? {
            Err(error) if is_it(&error) => return self.nothing_left(),
            Err(error) => format!("{error} ({error:?})"),
            Ok(summary) => format!("no error: {summary:?}"),
        };
        Err(Violation::WrongError { expected: expected.to_owned(), found })
    }

    /// The end of the run, which can be taken once.
    fn outcome(&self) -> Result<merge_core::Result<Summary>, Violation> {
        let ended = self.ended.take();
        match ended.map_or_else(|| self.end.recv_timeout(self.settings.patience), Ok) {
            Ok((outcome, left)) => {
                *self.left.borrow_mut() = left;
                outcome.map_err(|message| Violation::Panicked { message })
            }
            Err(RecvTimeoutError::Timeout) => Err(self.hung("the run to end")),
            Err(RecvTimeoutError::Disconnected) => {
                Err(Violation::Panicked { message: "the entry point is gone".into() })
            }
        }
    }

    fn nothing_left(&self) -> Result<(), Violation> {
        self.left.take().map_or(Ok(()), |what| Err(Violation::LeftBehind { what }))
    }

    fn hung(&self, what: &str) -> Violation {
        Violation::Hung { waiting_for: what.to_owned(), patience: self.settings.patience }
    }
}

impl Drop for Running {
    /// A scenario that gives up lets the run go, as far as the run listens.
    fn drop(&mut self) {
        self.close_all();
        self.captured.release();
    }
}

/// How often a wait looks whether the run has ended meanwhile.
const TICK: Duration = Duration::from_millis(20);

/// What differs first between an output that is known to the byte and what came.
fn first_difference(expected: &[u8], merged: &[u8]) -> Violation {
    // Is it a merge of the same lines at all? Then the kind of the difference is known.
    let source = Source { name: "the script".into(), bytes: expected.to_vec() };
    let kind = confirm(&[source], merged);
    let different = |(_, (expected, found)): &(usize, (&[u8], &[u8]))| expected != found;
    let nothing: &[u8] = b"";
    let lines = |bytes| lines_with_ends(bytes).chain(std::iter::repeat(nothing));
    let pairs = lines(expected).zip(lines(merged));
    let most = lines_with_ends(expected).count().max(lines_with_ends(merged).count());
    let first = pairs.enumerate().take(most).find(different);
    let (number, (expected_line, found)) = first.unwrap_or((0, (nothing, nothing)));
    match kind {
        Err(Violation::Lost(_)) if found.is_empty() => {
            Violation::NotVisible { expected: show(expected_line), found: "nothing more".into() }
        }
        Err(Violation::Reordered(_)) | Ok(()) => Violation::OutOfStep(Difference {
            expected: Some(show(expected_line)),
            output_line: Some(number + 1),
            found: Some(show(found)),
            ..Difference::default()
        }),
        Err(other) => other,
    }
}

/// An output in memory that can be watched, held back and made to fail.
#[derive(Clone, Default)]
pub struct CapturedOutput(Arc<Watched>);

#[derive(Default)]
struct Watched {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// What has been written and flushed.
    bytes: Vec<u8>,
    /// What has been written since the last flush.
    unflushed: Vec<u8>,
    /// Whether a write takes at most seven bytes, and every other write is interrupted.
    stutters: bool,
    /// How many writes there were.
    writes: u64,
    /// How many outputs write to it.
    writers: usize,
    /// Writes wait while this is set.
    held: bool,
    /// A write is waiting.
    waiting: bool,
    /// How a write after so many bytes ends.
    fault: Option<(usize, Fault)>,
    /// Called after each write, without the lock.
    after_write: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// How a captured output can end.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// With an error, as a full disk does.
    Full,
    /// With an error when it has taken what fits. The next write finds room again.
    FullOnce,
    /// With an error, as a pipe does whose reader has gone.
    BrokenPipe,
    /// With a panic in the writer.
    Panic,
}

impl CapturedOutput {
    /// A new output that writes to it, under the name `(captured)`.
    #[must_use]
    pub fn output(&self) -> Output {
        self.lock().writers += 1;
        Output::new("(captured)", Writer(self.clone()))
    }

    /// What has been written and flushed.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.lock().bytes.clone()
    }

    /// What has been written, flushed or not.
    pub(crate) fn unconfirmed_bytes(&self) -> Vec<u8> {
        let state = self.lock();
        [&state.bytes[..], &state.unflushed].concat()
    }

    /// How many writes there were.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.lock().writes
    }

    /// Makes every write take at most seven bytes, and interrupts every other one.
    pub fn stutter(&self) {
        self.lock().stutters = true;
    }

    /// Makes every write wait until [`CapturedOutput::release`].
    pub fn hold(&self) {
        self.lock().held = true;
    }

    /// Lets all writes go.
    pub fn release(&self) {
        self.lock().held = false;
        self.0.changed.notify_all();
    }

    /// Makes the write that goes past `bytes` fail.
    pub fn fail_after(&self, bytes: usize, fault: Fault) {
        self.lock().fault = Some((bytes, fault));
    }

    /// Calls `hook` after each flush, before the writer goes on.
    pub fn after_each_write(&self, hook: impl Fn() + Send + Sync + 'static) {
        self.lock().after_write = Some(Arc::new(hook));
    }

    /// Waits until `condition` holds or `deadline` has passed, and says whether it holds.
    fn wait(&self, deadline: Instant, condition: impl Fn(&State) -> bool) -> bool {
        let mut state = self.lock();
        loop {
            if condition(&state) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.0.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an output writes with. It shows when the output is dropped.
struct Writer(CapturedOutput);

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.lock().writers -= 1;
    }
}

impl Write for CapturedOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.lock();
        while state.held {
            state.waiting = true;
            self.0.changed.notify_all();
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting = false;
        state.writes += 1;
        if state.stutters && state.writes % 2 == 1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let bytes = if state.stutters { &bytes[..bytes.len().min(7)] } else { bytes };
        let written = state.bytes.len() + state.unflushed.len() + bytes.len();
        match state.fault {
            Some((most, Fault::FullOnce)) if written > most => {
                let room = most.saturating_sub(written - bytes.len());
                if room == 0 {
                    state.fault = None;
                    return Err(io::ErrorKind::StorageFull.into());
                }
                state.unflushed.extend(&bytes[..room]);
                return Ok(room);
            }
            Some((most, Fault::Full)) if written > most => return Err(io::ErrorKind::StorageFull.into()),
            Some((most, Fault::BrokenPipe)) if written > most => return Err(io::ErrorKind::BrokenPipe.into()),
            Some((most, Fault::Panic)) if written > most => {
                drop(state);
                panic!("the captured output panics, as it was told to");
            }
            _ => {}
        }
        state.unflushed.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut state = self.lock();
        let mut unflushed = std::mem::take(&mut state.unflushed);
        state.bytes.append(&mut unflushed);
        let hook = state.after_write.clone();
        drop(state);
        self.0.changed.notify_all();
        if let Some(hook) = hook {
            hook();
        }
        Ok(())
    }
}

impl std::fmt::Debug for CapturedOutput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.lock();
        write!(f, "CapturedOutput({} bytes{})", state.bytes.len(), if state.held { ", held" } else { "" })
    }
}
