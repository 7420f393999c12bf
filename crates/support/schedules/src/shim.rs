//! The names that the sources import, made of shuttle's primitives. Only what the sources call is here, and it does
//! what the original promises, not how: a checker of schedules needs to know what blocks and what wakes.

/// Others may run here. Not shuttle's `yield_now`: that also wakes the caller's own waker, and a task that is woken
/// for nothing hides a wake-up that was lost.
pub(crate) fn scheduling_point() {
    shuttle::thread::sleep(std::time::Duration::ZERO);
}

/// `std::fs`: the real files. Others may run before a look at one, as before any step that others can see.
pub(crate) mod fs {
    use std::io;
    use std::path::Path;

    pub(crate) use std::fs::{File, Metadata, OpenOptions, TryLockError};

    pub(crate) fn metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
        super::scheduling_point();
        std::fs::metadata(path)
    }
}

/// `std::thread`. Shuttle has all of it but a builder of scoped threads.
pub(crate) mod thread {
    use std::io;

    use shuttle::thread::ScopedJoinHandle;
    pub(crate) use shuttle::thread::{Scope, scope};

    pub(crate) struct Builder;

    impl Builder {
        pub(crate) fn new() -> Self {
            Self
        }

        pub(crate) fn name(self, _name: String) -> Self {
            self
        }

        #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "std's has a name, and may fail")]
        pub(crate) fn spawn_scoped<'scope, T: Send + 'scope>(
            self,
            scope: &'scope Scope<'scope, '_>,
            run: impl FnOnce() -> T + Send + 'scope,
        ) -> io::Result<ScopedJoinHandle<'scope, T>> {
            Ok(scope.spawn(run))
        }
    }
}

/// `crossbeam_channel`.
pub(crate) mod crossbeam_channel {
    use shuttle::sync::mpsc::sync_channel;
    pub(crate) use shuttle::sync::mpsc::{Receiver, SyncSender as Sender};

    /// More than any scenario sends is as good as no bound.
    pub(crate) fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
        sync_channel(64)
    }
}

/// `atomic_waker`: a lock for its two atomic steps. The real one has no scheduling points that shuttle could see.
pub(crate) mod atomic_waker {
    use std::task::Waker;

    use shuttle::sync::Mutex;

    #[derive(Debug)]
    pub(crate) struct AtomicWaker(Mutex<Option<Waker>>);

    impl AtomicWaker {
        pub(crate) fn new() -> Self {
            Self(Mutex::new(None))
        }

        pub(crate) fn register(&self, waker: &Waker) {
            *self.0.lock().unwrap() = Some(waker.clone());
        }

        pub(crate) fn wake(&self) {
            let waker = self.0.lock().unwrap().take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

/// `tokio`, as far as the stages use it. A `block_on` on a thread of its own drives each future, so "pending" may as well
/// block that thread.
pub(crate) mod tokio {
    /// Time stands still here, so a sleep and other futures together wait for the others.
    macro_rules! select {
        (() = sleep($interval:expr) => {} () = $other:expr => $then:expr $(,)?) => {{
            let _ = $interval;
            $other.await;
            $then
        }};
        (() = sleep($interval:expr) => {} () = $one:expr => {} () = $other:expr => {}) => {{
            let _ = $interval;
            let (mut one, mut other) = (std::pin::pin!($one), std::pin::pin!($other));
            std::future::poll_fn(|context| {
                if one.as_mut().poll(context).is_ready() {
                    std::task::Poll::Ready(())
                } else {
                    other.as_mut().poll(context)
                }
            })
            .await;
        }};
    }
    pub(crate) use select;

    pub(crate) mod time {
        /// The name that the tail imports. `select!` takes it away.
        pub(crate) use std::convert::identity as sleep;
    }

    pub(crate) mod runtime {
        pub(crate) struct Handle;

        impl Handle {
            pub(crate) fn current() -> Self {
                Self
            }

            #[expect(clippy::unused_self, reason = "tokio's handle is what it runs on")]
            pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
                shuttle::future::block_on(future)
            }
        }
    }

    pub(crate) mod sync {
        pub(crate) mod mpsc {
            use shuttle::sync::mpsc::{self, SendError};

            pub(crate) struct Sender<T>(mpsc::SyncSender<T>);
            pub(crate) struct Receiver<T>(mpsc::Receiver<T>);

            pub(crate) fn channel<T>(bound: usize) -> (Sender<T>, Receiver<T>) {
                let (sender, receiver) = mpsc::sync_channel(bound);
                (Sender(sender), Receiver(receiver))
            }

            impl<T> Clone for Sender<T> {
                fn clone(&self) -> Self {
                    Self(self.0.clone())
                }
            }

            impl<T> Sender<T> {
                #[expect(clippy::unused_async, reason = "it blocks where tokio's would be pending")]
                pub(crate) async fn send(&self, value: T) -> Result<(), SendError<T>> {
                    self.0.send(value)
                }
            }

            impl<T> Receiver<T> {
                pub(crate) fn blocking_recv(&mut self) -> Option<T> {
                    self.0.recv().ok()
                }
            }
        }
    }

    pub(crate) mod task {
        use std::any::Any;
        use std::panic::{AssertUnwindSafe, catch_unwind};

        use shuttle::sync::mpsc::{Receiver, Sender, channel};

        /// Starts at once, on a thread of its own.
        pub(crate) fn spawn_blocking<T: Send + 'static>(
            run: impl FnOnce() -> T + Send + 'static,
        ) -> impl Future<Output = Result<T, JoinError>> {
            let thread = shuttle::thread::spawn(move || catch_unwind(AssertUnwindSafe(run)).map_err(JoinError));
            async { thread.join().unwrap() }
        }

        /// Each task reports its own end, so that the first to end is the first to be joined.
        pub(crate) struct JoinSet<T> {
            running: usize,
            ended: Sender<Result<T, JoinError>>,
            all_ended: Receiver<Result<T, JoinError>>,
        }

        pub(crate) struct JoinError(Box<dyn Any + Send>);

        impl JoinError {
            #[expect(clippy::unnecessary_wraps, reason = "tokio's task may also have been cancelled")]
            pub(crate) fn try_into_panic(self) -> Result<Box<dyn Any + Send>, Self> {
                Ok(self.0)
            }
        }

        impl<T: Send + 'static> JoinSet<T> {
            pub(crate) fn new() -> Self {
                let (ended, all_ended) = channel();
                Self { running: 0, ended, all_ended }
            }

            pub(crate) fn spawn_blocking(&mut self, run: impl FnOnce() -> T + Send + 'static) {
                self.running += 1;
                let ended = self.ended.clone();
                shuttle::thread::spawn(move || {
                    let end = catch_unwind(AssertUnwindSafe(run)).map_err(JoinError);
                    // The receiver is gone once the set is.
                    let _ = ended.send(end);
                });
            }

            pub(crate) fn spawn(&mut self, future: impl Future<Output = T> + Send + 'static) {
                self.spawn_blocking(|| shuttle::future::block_on(future));
            }

            #[expect(clippy::unused_async, reason = "it blocks where tokio's would be pending")]
            pub(crate) async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
                self.running = self.running.checked_sub(1)?;
                self.all_ended.recv().ok()
            }
        }
    }
}
