//! For the primer: what its exercises are given, and their tests.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use equivalence::{Settings, Violation};
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
use tokio::join;
use tokio::runtime::Builder;
use tokio::sync::{Barrier, mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use crate::watchdog::{or_panic, within_patience};

/// Runs `future` on this thread alone, with time.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_time().build().expect("a runtime").block_on(future)
}

fn hung(waiting_for: &str) -> Violation {
    Violation::Hung { waiting_for: waiting_for.to_owned(), patience: Settings::default().patience }
}

/// Counts how often a task is woken.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Wakes {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// A letter box in two parts: a function that puts the letter in, and a future that takes it out.
pub type Parts<F> = fn() -> (Put, F);

/// Puts the letter in.
pub type Put = Box<dyn FnOnce(&str) + Send>;

/// The letter is there before the first poll.
///
/// # Panics
///
/// When that poll does not take it.
pub fn a_letter_that_is_there_is_taken_at_once<F: Future<Output = String> + 'static>(parts: Parts<F>) {
    within_patience("a poll", move || {
        let (put, letter) = parts();
        put("hello");
        let polled = pin!(letter).poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(polled, Poll::Ready("hello".to_owned()), "the letter was in the box");
    });
}

/// The letter comes after the first poll.
///
/// # Panics
///
/// When the task is not woken, or is woken before there is a letter.
pub fn the_task_is_woken_when_the_letter_comes<F: Future<Output = String> + 'static>(parts: Parts<F>) {
    within_patience("a poll to return: it must not wait itself", move || {
        let (put, letter) = parts();
        let mut letter = pin!(letter);
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let mut context = Context::from_waker(&waker);

        assert_eq!(letter.as_mut().poll(&mut context), Poll::Pending, "there is no letter yet");
        let early = wakes.count();
        assert!(early == 0, "the task was woken {early} times, and there is no letter: a runtime would never rest");
        put("hello");
        assert!(wakes.count() == 1, "the task was not woken: the letter is in the box, and the task sleeps for ever");
        assert_eq!(letter.as_mut().poll(&mut context), Poll::Ready("hello".to_owned()));
    });
}

/// A future may be polled with another waker each time: its task may have moved into another one.
///
/// # Panics
///
/// When the task is not woken by the waker of the last poll.
pub fn the_waker_of_the_last_poll_is_woken<F: Future<Output = String> + 'static>(parts: Parts<F>) {
    within_patience("a poll to return: it must not wait itself", move || {
        let (put, letter) = parts();
        let mut letter = pin!(letter);
        let (first, last) = (Arc::new(Wakes::default()), Arc::new(Wakes::default()));
        for wakes in [&first, &last] {
            let waker = Waker::from(Arc::clone(wakes));
            assert_eq!(letter.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Pending);
        }
        put("hello");
        assert!(last.count() == 1, "the last poll had another waker than the first, and only the first was woken");
    });
}

/// A task of a real runtime waits for a letter, which another thread brings.
///
/// # Panics
///
/// When it waits for ever.
pub fn a_runtime_waits_for_the_letter<F: Future<Output = String> + 'static>(parts: Parts<F>) {
    within_patience("a letter that another thread has put into the box", move || {
        let (put, letter) = parts();
        let (waits, waiting) = channel();
        let bring = thread::spawn(move || {
            // An error would be a panic of the other side.
            let _ = waiting.recv();
            put("hello");
        });
        let letter = block_on(async {
            let waits = async { waits.send(()) };
            join!(letter, waits).0
        });
        assert_eq!(letter, "hello");
        bring.join().expect("it does not panic");
    });
}

/// A question to the server: how many lines are there?
pub type Ping = oneshot::Sender<usize>;

/// Collects lines until the stream ends, and answers pings.
pub type Server<F> = fn(DuplexStream, mpsc::Receiver<Ping>) -> F;

async fn ping(pings: &mpsc::Sender<Ping>) -> usize {
    let (ask, answer) = oneshot::channel();
    assert!(pings.send(ask).await.is_ok(), "the server has ended");
    answer.await.expect("an answer")
}

fn texts(lines: Vec<Vec<u8>>) -> Vec<String> {
    lines.into_iter().map(|line| String::from_utf8_lossy(&line).into_owned()).collect()
}

/// A ping comes when half of a line has been read.
///
/// # Panics
///
/// When the line does not come out whole.
pub fn a_ping_in_the_middle_of_a_line_loses_nothing<F: Future<Output = Vec<Vec<u8>>> + 'static>(server: Server<F>) {
    within_patience("an answer to a ping, while half of a line is there", move || {
        // It has room for four bytes, so the fifth says that the server has read some.
        let (mut client, stream) = duplex(4);
        let (pings, asked) = mpsc::channel(1);
        let client = async move {
            client.write_all(b"first\nsecond").await.expect("the server reads");
            ping(&pings).await;
            client.write_all(b" half\n").await.expect("the server reads");
            drop(client);
        };
        let (lines, ()) = block_on(async { join!(server(stream, asked), client) });
        assert_eq!(texts(lines), ["first\n", "second half\n"], "what the server got (left), what was sent (right)");
    });
}

/// Lines come in one piece.
///
/// # Panics
///
/// When one is missing.
pub fn lines_that_come_in_one_piece_are_all_there<F: Future<Output = Vec<Vec<u8>>> + 'static>(server: Server<F>) {
    within_patience("the end of the lines", move || {
        let (mut client, stream) = duplex(1024);
        let (pings, asked) = mpsc::channel(1);
        let client = async move {
            client.write_all(b"a\nb\nc\n").await.expect("there is room");
            ping(&pings).await;
            drop(client);
        };
        let (lines, ()) = block_on(async { join!(server(stream, asked), client) });
        assert_eq!(texts(lines), ["a\n", "b\n", "c\n"], "what the server got (left), what was sent (right)");
    });
}

/// Runs the two tasks of `count` on two workers.
///
/// # Panics
///
/// When they do not both count two.
pub fn two_tasks_count_each_other(count: fn(Arc<Mutex<usize>>, Arc<Barrier>) -> JoinHandle<usize>) {
    within_patience("two tasks to meet: one of them holds the lock while it waits", move || {
        let runtime = Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
        let (counted, barrier) = (Arc::new(Mutex::new(0)), Arc::new(Barrier::new(2)));
        let counts = runtime.block_on(async {
            let [first, second] = [(); 2].map(|()| count(Arc::clone(&counted), Arc::clone(&barrier)));
            join!(first, second)
        });
        assert_eq!(counts.0.ok(), Some(2), "a task returned the count from before the other one came");
        assert_eq!(counts.1.ok(), Some(2), "a task returned the count from before the other one came");
    });
}

/// Runs the tasks of `greet` on two workers.
///
/// # Panics
///
/// When a greeting is missing.
pub fn each_name_is_greeted(greet: fn(&str, &[&str]) -> JoinSet<String>) {
    within_patience("the greetings", move || {
        let runtime = Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
        let mut greetings = runtime.block_on(async { greet("Hello", &["Anna", "Bela"]).join_all().await });
        greetings.sort();
        assert_eq!(greetings, ["Hello, Anna", "Hello, Bela"]);
    });
}

/// A library's type that must stay on its thread: an `Rc` is in it.
#[derive(Clone, Debug, Default)]
pub struct Notepad(Rc<RefCell<String>>);

impl Notepad {
    /// Adds a line.
    pub fn write(&self, line: &str) {
        let mut text = self.0.borrow_mut();
        text.push_str(line);
        text.push('\n');
    }

    /// All lines.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.borrow().clone()
    }
}

/// Fills two notepads with the lines of two channels. The second one's lines all come before the first one's.
///
/// # Panics
///
/// When one waits for the other.
pub fn both_notepads_are_filled_at_the_same_time<F>(fill_both: fn([(Notepad, mpsc::Receiver<String>); 2]) -> F)
where
    F: Future<Output = [String; 2]> + 'static,
{
    within_patience("the second notepad to take its lines, while the first one has none", move || {
        let ((first, first_lines), (second, second_lines)) = (mpsc::channel(1), mpsc::channel(1));
        let feed = async move {
            for number in 0..4 {
                second.send(number.to_string()).await.expect("a notepad takes it");
            }
            first.send("a".to_owned()).await.expect("a notepad takes it");
        };
        let notepads = [(Notepad::default(), first_lines), (Notepad::default(), second_lines)];
        let (texts, ()) = block_on(async { join!(fill_both(notepads), feed) });
        assert_eq!(texts, ["a\n", "0\n1\n2\n3\n"]);
    });
}

/// One step of a search: whether it has found something.
pub type Step = Box<dyn FnMut() -> Option<u64> + Send>;

/// A step that takes a while and finds nothing, and a channel that ends when the step is dropped.
fn endless() -> (Step, Receiver<()>) {
    let (steps, dropped) = channel();
    let step = move || {
        // The receiver is gone when the test has failed.
        let _ = steps.send(());
        thread::sleep(Duration::from_millis(1));
        None
    };
    (Box::new(step), dropped)
}

/// Waits until the step of [`endless`] has been dropped.
fn await_end(dropped: &Receiver<()>) -> Result<(), Violation> {
    let deadline = Instant::now() + Settings::default().patience;
    while Instant::now() < deadline {
        if dropped.recv_timeout(Duration::from_millis(20)) == Err(RecvTimeoutError::Disconnected) {
            return Ok(());
        }
    }
    Err(hung("the search to stop: the caller has gone, and it runs on"))
}

/// The third step finds a number.
///
/// # Panics
///
/// When it does not come back.
pub fn what_is_found_in_time_comes_back<F: Future<Output = Option<u64>> + 'static>(search: fn(Duration, Step) -> F) {
    within_patience("a number that the third step finds", move || {
        let mut steps = 0;
        let step = move || {
            steps += 1;
            (steps == 3).then_some(42)
        };
        let found = block_on(search(Duration::from_secs(3600), Box::new(step)));
        assert_eq!(found, Some(42), "what the search found (left), where the third step finds 42 (right)");
    });
}

/// The third step finds a number. The runtime has one thread.
///
/// # Panics
///
/// When a step runs there.
pub fn no_step_blocks_the_runtime<F: Future<Output = Option<u64>> + 'static>(search: fn(Duration, Step) -> F) {
    within_patience("a number that the third step finds", move || {
        let (ran_on, threads) = channel();
        let mut steps = 0;
        let step = move || {
            // The receiver is gone when the test has failed.
            let _ = ran_on.send(thread::current().id());
            steps += 1;
            (steps == 3).then_some(42)
        };
        block_on(search(Duration::from_secs(3600), Box::new(step)));
        let worker = thread::current().id();
        let blocked = threads.try_iter().any(|thread| thread == worker);
        assert!(!blocked, "a step ran on the runtime's thread: while it blocks, no other task runs");
    });
}

/// Runs a search that finds nothing. The runtime is not dropped: that would wait for a search that runs on.
fn give_up<F: Future<Output = Option<u64>>>(search: fn(Duration, Step) -> F, step: Step) {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let found = runtime.block_on(search(Duration::from_millis(10), step));
    runtime.shutdown_background();
    assert_eq!(found, None);
}

/// Nothing is found, and the time passes.
///
/// # Panics
///
/// When the search does not give up.
pub fn a_search_that_takes_too_long_gives_up<F: Future<Output = Option<u64>> + 'static>(
    search: fn(Duration, Step) -> F,
) {
    let (step, _dropped) = endless();
    within_patience("the search to give up after 10 ms", move || give_up(search, step));
}

/// The same, and the blocking call ends as well.
///
/// # Panics
///
/// When it runs on.
pub fn after_the_timeout_nothing_runs_on<F: Future<Output = Option<u64>> + 'static>(search: fn(Duration, Step) -> F) {
    let (step, dropped) = endless();
    within_patience("the search to give up after 10 ms", move || give_up(search, step));
    or_panic(await_end(&dropped));
}

/// The future is dropped before its time is over.
///
/// # Panics
///
/// When the search runs on.
pub fn after_a_drop_nothing_runs_on<F: Future<Output = Option<u64>> + 'static>(search: fn(Duration, Step) -> F) {
    let (step, dropped) = endless();
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let mut search = pin!(search(Duration::from_secs(3600), step));
        let polled = std::future::poll_fn(|context| Poll::Ready(search.as_mut().poll(context))).await;
        assert!(polled.is_pending(), "nothing was found");
    });
    let ended = await_end(&dropped);
    runtime.shutdown_background();
    or_panic(ended);
}

/// The future is dropped during the first step, which goes on until then.
///
/// # Panics
///
/// When there is a second step.
pub fn after_a_drop_no_step_begins<F: Future<Output = Option<u64>> + 'static>(search: fn(Duration, Step) -> F) {
    within_patience("the first step to begin and end, while the caller goes", move || {
        let (begun, steps) = channel();
        let (release, released) = channel::<()>();
        let step = move || {
            // The other sides are gone when the test has failed.
            let _ = begun.send(());
            let _ = released.recv();
            None
        };
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_time().build().expect("a runtime");
        runtime.block_on(async {
            let mut search = pin!(search(Duration::from_secs(3600), Box::new(step)));
            let polled = std::future::poll_fn(|context| Poll::Ready(search.as_mut().poll(context))).await;
            assert!(polled.is_pending(), "nothing was found");
            assert_eq!(steps.recv(), Ok(()), "no step began");
        });
        runtime.shutdown_background();
        drop(release);
        assert!(steps.recv().is_err(), "the caller had gone, and after the step that ran then, another one began");
    });
}
