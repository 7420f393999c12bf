//! Closing an input from anywhere: one signal, two ways to wait for it.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use atomic_waker::AtomicWaker;
use crossbeam_channel::{Receiver, Sender, bounded};

/// Closes one input: the article's `handle.close()`, called from another thread.
///
/// Its follower wakes at once, whatever the interval, merges what is in the file, and ends. Clones close the same
/// input. Closing twice is the same as closing once.
#[derive(Clone, Debug)]
pub struct Closer(Arc<Signal>);

/// What an input and its closers share.
#[derive(Debug)]
pub(crate) struct Signal {
    /// Set before the follower is woken, so that it sees it.
    closed: AtomicBool,
    /// Wakes a follower that waits on a thread. It holds one message, so closing never blocks.
    wake: Sender<()>,
    woken: Receiver<()>,
    /// Wakes a follower that waits in a task. There is one follower per input, hence one waker.
    waker: AtomicWaker,
    /// See [`Closer::bytes_read`].
    bytes_read: AtomicU64,
}

impl Closer {
    pub(crate) fn new() -> Self {
        let (wake, woken) = bounded(1);
        Self(Arc::new(Signal {
            closed: AtomicBool::new(false),
            wake,
            woken,
            waker: AtomicWaker::new(),
            bytes_read: AtomicU64::new(0),
        }))
    }

    /// Closes the input. Never blocks; may be called from a thread, a task or a signal handler's thread.
    pub fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        // A full channel means that the message is there already.
        let _ = self.0.wake.try_send(());
        self.0.waker.wake();
    }

    /// Whether the input has been closed (the article's `handle.closed`). Never blocks.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
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

    /// Blocks the calling thread until the input is closed, at most for `timeout`.
    pub(crate) fn wait(&self, timeout: Duration) {
        if !self.is_closed() {
            // Whether it was a message or the time, the caller looks again.
            let _ = self.0.woken.recv_timeout(timeout);
        }
    }

    /// Completes when the input is closed. Cancel safe: nothing is lost when it is dropped half way.
    pub(crate) async fn closed(&self) {
        poll_fn(|context| {
            // Register first: a close between the two lines would otherwise wake nobody.
            self.0.waker.register(context.waker());
            if self.is_closed() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
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
        let closer = Closer::new();
        let clone = closer.clone();
        assert!(!clone.is_closed());
        closer.close();
        closer.close();
        assert!(clone.is_closed());
    }

    #[test]
    fn a_wait_ends_at_the_close_whether_it_comes_before_or_after() {
        let _watchdog = Watchdog::start();
        let closer = Closer::new();
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
        let closer = Closer::new();
        closer.wait(Duration::from_millis(1));
        assert!(!closer.is_closed());
    }

    #[test]
    fn a_task_that_waits_is_woken_by_the_close() {
        let woken = Arc::new(Woken(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        let closer = Closer::new();

        let mut waiting = pin!(closer.closed());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        assert_eq!(woken.0.load(Ordering::SeqCst), 0);
        closer.close();
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        assert!(waiting.as_mut().poll(&mut context).is_ready());
        // One that comes later does not wait at all.
        assert!(pin!(closer.closed()).poll(&mut context).is_ready());
    }
}
