//! Closing an input, and waking its follower, from anywhere: one signal, two ways to wait for it.

use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use atomic_waker::AtomicWaker;

/// Closes one input: the article's `handle.close()`, called from another thread.
///
/// Its follower wakes at once, whatever the interval, merges what is in the file, and ends. Clones close the same
/// input. Closing twice is the same as closing once.
#[derive(Clone, Debug)]
pub struct Closer(Arc<Signal>);

/// Tells the follower of one input to look now, because something may have happened to its file. Clones wake the same
/// follower.
///
/// A notification is a hint and no data: the follower finds out by its look what there is.
#[derive(Clone, Debug)]
pub struct Notifier(Arc<Signal>);

/// What an input and its handles share.
#[derive(Debug)]
pub(crate) struct Signal {
    path: PathBuf,
    /// Set before the follower is woken, so that it sees it.
    closed: AtomicBool,
    /// Whether there was a notification since the follower last waited.
    notified: AtomicBool,
    /// Whether a follower that waits on a thread shall wake, and what wakes it. A channel for one message would do the
    /// same, and take 640 bytes of each input.
    wake: Mutex<bool>,
    woken: Condvar,
    /// Wakes a follower that waits in a task. There is one follower per input, hence one waker.
    waker: AtomicWaker,
    /// See [`Closer::bytes_read`].
    bytes_read: AtomicU64,
}

impl Closer {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(Arc::new(Signal {
            path,
            closed: AtomicBool::new(false),
            notified: AtomicBool::new(false),
            wake: Mutex::new(false),
            woken: Condvar::new(),
            waker: AtomicWaker::new(),
            bytes_read: AtomicU64::new(0),
        }))
    }

    /// Closes the input. Never blocks; may be called from a thread, a task or a signal handler's thread.
    pub fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        self.0.wake();
    }

    /// Whether the input has been closed (the article's `handle.closed`). Never blocks.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// How many bytes the follower has read from this input so far. What was read and is not yet in the output is
    /// what the program holds in memory.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.0.bytes_read.load(Ordering::Relaxed)
    }

    pub(crate) fn add_bytes_read(&self, bytes: u64) {
        self.0.bytes_read.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn notifier(&self) -> Notifier {
        Notifier(Arc::clone(&self.0))
    }

    /// Blocks the calling thread until the input is closed or notified, at most for `timeout`.
    pub(crate) fn wait(&self, timeout: Duration) {
        if !self.is_closed() {
            self.0.wait(timeout);
            self.take_notification();
        }
    }

    // ANCHOR: closed
    /// Completes when the input is closed. Cancel safe: nothing is lost when it is dropped half way.
    pub(crate) async fn closed(&self) {
        self.wait_until(Self::is_closed).await;
    }
    // ANCHOR_END: closed

    /// Completes when there was a notification since the last wait. Cancel safe, as [`Closer::closed`].
    pub(crate) async fn notified(&self) {
        self.wait_until(Self::take_notification).await;
    }

    // ANCHOR: wait_until
    async fn wait_until(&self, condition: impl Fn(&Self) -> bool) {
        poll_fn(|context| {
            // Register first: a signal between the two lines would otherwise wake nobody.
            self.0.waker.register(context.waker());
            if condition(self) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
    // ANCHOR_END: wait_until

    /// Whether there was a notification. It is then used up: the look that follows sees what it was about.
    fn take_notification(&self) -> bool {
        self.0.notified.swap(false, Ordering::AcqRel)
    }
}

impl Notifier {
    /// The path of the input, as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }
}

// ANCHOR: notify
impl Notifier {
    /// Wakes the follower if it waits, and makes its next wait a short one if it does not. While it is busy, only the
    /// first call costs more than one atomic write. Never blocks.
    pub fn notify(&self) {
        if !self.0.notified.swap(true, Ordering::AcqRel) {
            self.0.wake();
        }
    }
}
// ANCHOR_END: notify

impl Signal {
    fn wake(&self) {
        *self.lock() = true;
        self.woken.notify_one();
        self.waker.wake();
    }

    /// Blocks until [`Signal::wake`] is called or the time is over, whichever is first: the caller looks again in any case.
    fn wait(&self, timeout: Duration) {
        let waited = self.woken.wait_timeout_while(self.lock(), timeout, |wake| !*wake);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
    }

    /// Nothing in here panics with the lock held.
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.wake.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::AtomicUsize;
    use std::task::{Context, Wake, Waker};
    use std::thread;

    use super::*;
    use crate::watchdog::Watchdog;

    /// Counts how often it was woken.
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_closed_input_stays_closed_for_every_clone() {
        let closer = Closer::new("log".into());
        let clone = closer.clone();
        assert!(!clone.is_closed());
        closer.close();
        closer.close();
        assert!(clone.is_closed());
    }

    #[test]
    fn a_wait_ends_at_the_close_whether_it_comes_before_or_after() {
        let _watchdog = Watchdog::start();
        let closer = Closer::new("log".into());
        thread::scope(|scope| {
            scope.spawn(|| closer.wait(HOUR));
            closer.close();
        });
        // Again and again: a close is not used up by the first wait.
        closer.wait(HOUR);
        closer.wait(HOUR);
    }

    #[test]
    fn a_wait_ends_with_its_time() {
        let _watchdog = Watchdog::start();
        let closer = Closer::new("log".into());
        closer.wait(Duration::from_millis(1));
        assert!(!closer.is_closed());
    }

    #[test]
    fn a_task_that_waits_is_woken_by_the_close() {
        let woken = Arc::new(Woken(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        let closer = Closer::new("log".into());

        // ANCHOR: polled
        let mut waiting = pin!(closer.closed());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        assert_eq!(woken.0.load(Ordering::SeqCst), 0);
        closer.close();
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        assert!(waiting.as_mut().poll(&mut context).is_ready());
        // ANCHOR_END: polled
        // One that comes later does not wait at all.
        assert!(pin!(closer.closed()).poll(&mut context).is_ready());
    }

    #[test]
    fn a_notification_ends_one_wait_whether_it_comes_before_or_after() {
        let woken = Arc::new(Woken(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        let closer = Closer::new("log".into());
        let notifier = closer.notifier();

        let mut waiting = pin!(closer.notified());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        notifier.notify();
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        assert!(waiting.as_mut().poll(&mut context).is_ready());

        // Between the look and the wait.
        notifier.notify();
        assert!(pin!(closer.notified()).poll(&mut context).is_ready());
        assert!(pin!(closer.notified()).poll(&mut context).is_pending());
    }

    #[test]
    fn a_busy_follower_is_woken_once() {
        let woken = Arc::new(Woken(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&woken));
        let closer = Closer::new("log".into());
        assert!(pin!(closer.notified()).poll(&mut Context::from_waker(&waker)).is_pending());
        for _ in 0..1000 {
            closer.notifier().notify();
        }
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_notification_wakes_a_thread_as_well() {
        let _watchdog = Watchdog::start();
        let closer = Closer::new("log".into());
        thread::scope(|scope| {
            scope.spawn(|| closer.wait(HOUR));
            closer.notifier().notify();
        });
    }
}
