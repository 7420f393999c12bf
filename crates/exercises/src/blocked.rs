//! For the exercises on blocked workers: three small programs, the book's nets, and the tests.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use equivalence::{Settings, Violation};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::sleep;
use tokio_metrics::TaskMonitor;

use crate::watchdog::{a_wait_costs_no_processor_time, or_panic, within_patience};

/// Nothing in here panics with a lock held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls `late` whenever no task of this runtime has run for `patience`. Ends with the runtime. The book's own.
fn heartbeat(patience: Duration, mut late: impl FnMut() + Send + 'static) {
    let (beat, beats) = mpsc::channel();
    tokio::spawn(async move {
        while beat.send(()).is_ok() {
            sleep(patience / 10).await;
        }
    });
    // A thread of its own: a watcher that is a task would be stuck as well.
    thread::spawn(move || {
        loop {
            match beats.recv_timeout(patience) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => late(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    });
}

/// A place where a thread waits until another task of the runtime has gone on.
#[derive(Clone, Default)]
struct Gate {
    beats: Arc<AtomicU64>,
    /// Whether a wait has ended with the patience: no task has run.
    stuck: Arc<AtomicBool>,
}

impl Gate {
    fn wait(&self) {
        let until = self.beats.load(Ordering::Relaxed) + 5;
        let deadline = Instant::now() + Settings::default().patience;
        while self.beats.load(Ordering::Relaxed) < until && !self.stuck.load(Ordering::Relaxed) {
            if Instant::now() > deadline {
                // Between the lines that the program prints, it shows where.
                eprintln!("         LATE: no other task has run");
                self.stuck.store(true, Ordering::Relaxed);
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Runs `program` on one thread, beside a task that beats. Panics if a wait at the gate has blocked it.
fn beside_a_beat<T>(gate: &Gate, program: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let beats = Arc::clone(&gate.beats);
    let done = runtime.block_on(async {
        tokio::spawn(async move {
            loop {
                beats.fetch_add(1, Ordering::Relaxed);
                sleep(Duration::from_millis(1)).await;
            }
        });
        program.await
    });
    if gate.stuck.load(Ordering::Relaxed) {
        or_panic::<()>(Err(Violation::BlockedWorker { patience: Settings::default().patience }));
    }
    done
}

/// The sum of the readings of two sensors, each from a thread of its own.
pub type Total<F> = fn(Receiver<u32>, Receiver<u32>) -> F;

/// Both sensors say nothing until another task has run for a while.
///
/// # Panics
///
/// When it cannot run, or the sum is wrong.
pub fn another_task_runs_while_the_sensors_are_silent<F: Future<Output = u32>>(total: Total<F>) {
    for first_to_speak in 0..2 {
        let gate = Gate::default();
        let [(indoors, at_indoors), (outdoors, at_outdoors)] = [mpsc::channel(), mpsc::channel()];
        let sensors = {
            let gate = gate.clone();
            thread::spawn(move || {
                let mut sensors: [Sender<u32>; 2] = [indoors, outdoors];
                sensors.rotate_left(first_to_speak);
                for (number, sensor) in sensors.into_iter().enumerate() {
                    gate.wait();
                    for reading in 1..=3 {
                        // The program may have ended already.
                        let _ = sensor.send(reading + 10 * u32::try_from(number).unwrap_or(0));
                    }
                }
            })
        };
        let sum = beside_a_beat(&gate, total(at_indoors, at_outdoors));
        sensors.join().expect("it does not panic");
        assert_eq!(sum, 42, "the sum of 1, 2, 3, 11, 12 and 13");
    }
}

/// Both sensors say nothing for a while.
///
/// # Panics
///
/// When the runtime worker is busy meanwhile, or the sum is wrong.
pub fn silent_sensors_cost_no_processor_time<F: Future<Output = u32>>(total: Total<F>) {
    let [(indoors, at_indoors), (outdoors, at_outdoors)] = [mpsc::channel(), mpsc::channel()];
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    a_wait_costs_no_processor_time(|time| {
        let sensors = thread::spawn(move || {
            thread::sleep(time);
            // The program may have ended already.
            let _ = (indoors.send(1), outdoors.send(2));
        });
        assert_eq!(runtime.block_on(total(at_indoors, at_outdoors)), 3, "the sum of 1 and 2");
        sensors.join().expect("it does not panic");
    });
}

/// What a customer has ordered.
#[derive(Debug)]
pub struct Order {
    /// What.
    pub article: &'static str,
    /// Tells the customer the price, when the order is in the journal.
    pub confirm: oneshot::Sender<u32>,
}

/// The prices of a shop.
pub type Prices = Arc<Mutex<HashMap<&'static str, u32>>>;

/// The shop's journal, from a library. A clone is the same journal.
#[derive(Clone, Default)]
pub struct Journal(Arc<JournalInner>);

#[derive(Default)]
struct JournalInner {
    lines: Mutex<Vec<String>>,
    /// Called at the beginning of each write.
    slow: Mutex<Option<Box<dyn FnMut() + Send>>>,
}

impl Journal {
    fn with(slow: impl FnMut() + Send + 'static) -> Self {
        let journal = Self::default();
        *lock(&journal.0.slow) = Some(Box::new(slow));
        journal
    }

    /// Adds a line. It is there when this returns.
    pub fn append(&self, line: &str) {
        if let Some(slow) = &mut *lock(&self.0.slow) {
            slow();
        }
        lock(&self.0.lines).push(line.to_owned());
    }
}

/// Counts the words of a text, for the shop's statistics.
#[must_use]
pub fn statistics(text: &str) -> usize {
    text.split_whitespace().count()
}

/// Handles the orders of a shop until no more can come.
pub type Shop<F> = fn(tokio::sync::mpsc::Receiver<Order>, Prices, Journal) -> F;

fn prices() -> Prices {
    Arc::new(Mutex::new(HashMap::from([("apple", 3), ("pear", 4)])))
}

/// Runs the shop for three orders under the book's heartbeat, and prints when it was late.
pub fn under_the_heartbeat<F: Future<Output = usize>>(shop: Shop<F>) {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let start = Instant::now();
    runtime.block_on(async {
        let late = move || eprintln!("{:4} ms  LATE: no task has run for 50 ms", start.elapsed().as_millis());
        heartbeat(Duration::from_millis(50), late);
        let (send, orders) = tokio::sync::mpsc::channel(8);
        for article in ["apple", "pear", "apple"] {
            let (confirm, price) = oneshot::channel();
            // There is room for all of them.
            let _ = send.try_send(Order { article, confirm });
            tokio::spawn(async move {
                let price = price.await.unwrap_or_default();
                eprintln!("{:4} ms  {article}: confirmed, {price}", start.elapsed().as_millis());
            });
        }
        drop(send);
        shop(orders, prices(), Journal::with(|| thread::sleep(Duration::from_millis(120)))).await;
    });
}

/// The disk is slow: the journal waits until another task has run for a while.
///
/// # Panics
///
/// When it cannot run.
pub fn another_task_runs_while_the_shop_is_busy<F: Future<Output = usize>>(shop: Shop<F>) {
    let gate = Gate::default();
    let journal = {
        let gate = gate.clone();
        Journal::with(move || gate.wait())
    };
    let (send, orders) = tokio::sync::mpsc::channel(8);
    let (confirm, _price) = oneshot::channel();
    let _ = send.try_send(Order { article: "pear", confirm });
    drop(send);
    beside_a_beat(&gate, shop(orders, prices(), journal));
}

/// Three orders, and a journal that looks, during each write, at which customers have been told.
///
/// # Panics
///
/// When a customer is told too early, or the journal is wrong, or not complete when the shop returns.
pub fn a_customer_is_told_when_the_order_is_in_the_journal<F: Future<Output = usize> + 'static>(shop: Shop<F>) {
    within_patience("the shop to handle three orders", move || {
        let told = Arc::new(AtomicU64::new(0));
        let (early, mut written) = (Arc::new(AtomicBool::new(false)), 0);
        let journal = {
            let (told, early) = (Arc::clone(&told), Arc::clone(&early));
            Journal::with(move || {
                // A customer who is told at the same time has a moment for it; and a shop that does not wait for the last
                // write has time to return.
                thread::sleep(Duration::from_millis(if written < 2 { 20 } else { 300 }));
                if told.load(Ordering::SeqCst) > written {
                    early.store(true, Ordering::SeqCst);
                }
                written += 1;
            })
        };
        let (send, orders) = tokio::sync::mpsc::channel(8);
        let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
        let (words, written) = runtime.block_on(async {
            let mut customers = Vec::new();
            for article in ["apple", "pear", "apple"] {
                let (confirm, price) = oneshot::channel();
                let _ = send.try_send(Order { article, confirm });
                let told = Arc::clone(&told);
                customers.push(tokio::spawn(async move {
                    let price = price.await.ok();
                    told.fetch_add(1, Ordering::SeqCst);
                    price
                }));
            }
            drop(send);
            let words = shop(orders, prices(), journal.clone()).await;
            let written = lock(&journal.0.lines).len();
            let mut told = Vec::new();
            for customer in customers {
                told.push(customer.await.ok().flatten());
            }
            assert_eq!(told, [Some(3), Some(4), Some(3)], "what the customers were told");
            (words, written)
        });
        assert!(!early.load(Ordering::SeqCst), "a customer was told before the order was in the journal");
        assert_eq!(written, 3, "the orders in the journal when the shop returned");
        assert_eq!(*lock(&journal.0.lines), ["apple 3", "pear 4", "apple 3"], "the journal");
        assert_eq!(words, 6, "the statistics");
    });
}

/// What the readers of a text want to know about it. All of it is computed, and nothing waits.
#[derive(Clone, Default)]
pub struct Desk {
    /// For the tests: the thread that each answer was computed on.
    threads: Arc<Mutex<Vec<(&'static str, ThreadId)>>>,
    /// For the tests: where the slow computation waits for other tasks to go on.
    gate: Option<Gate>,
}

impl Desk {
    fn note(&self, what: &'static str) {
        lock(&self.threads).push((what, thread::current().id()));
    }

    /// A number that is another one for another text.
    #[must_use]
    pub fn digest(&self, text: &str) -> u64 {
        self.note("digest");
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        hasher.finish()
    }

    /// How many different words there are.
    #[must_use]
    pub fn vocabulary(&self, text: &str) -> usize {
        self.note("vocabulary");
        text.split(' ').collect::<HashSet<_>>().len()
    }

    /// How many words are the reverse of another word.
    #[must_use]
    pub fn mirrors(&self, text: &str) -> usize {
        self.note("mirrors");
        if let Some(gate) = &self.gate {
            gate.wait();
        }
        let words: Vec<_> = text.split(' ').collect();
        let is_mirror = |word: &&str| words.iter().any(|other| word.chars().rev().eq(other.chars()));
        words.iter().filter(|word| is_mirror(word)).count()
    }
}

/// The answers about one text: digest, vocabulary and mirrors.
pub type Answers = (u64, usize, usize);

/// Answers all three questions about each text. Each of the monitors is for one question.
pub type Ask<F> = fn(Desk, Vec<Arc<str>>, [TaskMonitor; 3]) -> F;

/// Texts of many words. Those of one text have one length, so that their ends have to be compared.
fn texts(words: usize) -> Vec<Arc<str>> {
    let text =
        |number: usize| (0..words).map(|word| format!("{:06}", word * 7919 + number)).collect::<Vec<_>>().join(" ");
    (0..4).map(|number| text(number).into()).collect()
}

fn monitors() -> [TaskMonitor; 3] {
    [(); 3].map(|()| {
        let mut builder = TaskMonitor::builder();
        builder.with_slow_poll_threshold(Duration::from_millis(5));
        builder.build()
    })
}

/// Runs the program for four texts, and prints how long the polls of each kind of task took.
pub fn with_metrics<F: Future<Output = Vec<Answers>>>(ask: Ask<F>) {
    let runtime = Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let monitors = monitors();
    runtime.block_on(ask(Desk::default(), texts(800), monitors.clone()));
    println!("a poll is slow from 5 ms on");
    for (name, monitor) in ["digest", "vocabulary", "mirrors"].into_iter().zip(monitors) {
        let metrics = monitor.cumulative();
        let (polls, slow, mean) =
            (metrics.total_poll_count, metrics.total_slow_poll_count, metrics.mean_poll_duration());
        println!("{name:<12} polls {polls}, slow polls {slow}, mean poll {mean:.1?}");
    }
}

/// Runs the program on one thread.
fn asked<F: Future<Output = Vec<Answers>>>(ask: Ask<F>) -> (Vec<Answers>, Vec<(&'static str, bool)>) {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let desk = Desk::default();
    let answers = runtime.block_on(ask(desk.clone(), texts(50), monitors()));
    let worker = thread::current().id();
    let on_worker = lock(&desk.threads).iter().map(|&(what, thread)| (what, thread == worker)).collect();
    (answers, on_worker)
}

/// # Panics
///
/// When an answer is wrong.
pub fn all_questions_are_answered<F: Future<Output = Vec<Answers>> + 'static>(ask: Ask<F>) {
    within_patience("the answers", move || {
        let desk = Desk::default();
        let right = |text: &Arc<str>| (desk.digest(text), desk.vocabulary(text), desk.mirrors(text));
        let expected: Vec<_> = texts(50).iter().map(right).collect();
        assert_eq!(asked(ask).0, expected);
    });
}

/// # Panics
///
/// When the slow question is answered on a runtime worker.
pub fn what_takes_long_runs_on_no_runtime_worker<F: Future<Output = Vec<Answers>> + 'static>(ask: Ask<F>) {
    within_patience("the answers", move || {
        let slow = asked(ask).1.into_iter().any(|(what, on_worker)| what == "mirrors" && on_worker);
        assert!(!slow, "a computation that takes long ran on a runtime worker, and nothing else could run there");
    });
    // A worker that waits for another thread is blocked as well.
    let gate = Gate::default();
    let desk = Desk { gate: Some(gate.clone()), ..Desk::default() };
    beside_a_beat(&gate, ask(desk, texts(50), monitors()));
}

/// # Panics
///
/// When a quick question is answered on another thread.
pub fn what_is_quick_stays_in_its_task<F: Future<Output = Vec<Answers>> + 'static>(ask: Ask<F>) {
    within_patience("the answers", move || {
        let away = asked(ask).1.into_iter().find(|(what, on_worker)| *what != "mirrors" && !on_worker);
        assert!(away.is_none(), "a computation that takes microseconds was sent to another thread, which costs more");
    });
}
