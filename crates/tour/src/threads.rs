//! How many threads a stage uses.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;

/// Counts the threads that were started after it was created, and remembers the most.
///
/// Linux lists the threads of a process in a folder. On other systems it counts nothing.
#[derive(Debug)]
pub(crate) struct Peak {
    /// The threads that ran before the stage, and so are not its own.
    before: Option<HashSet<OsString>>,
    most: usize,
    looks: usize,
}

/// After fewer looks than this, the number of threads is not known well enough.
const FEWEST_LOOKS: usize = 3;

impl Peak {
    /// Create it after the tour's own threads and before the stage's.
    pub(crate) fn new() -> Self {
        Self { before: threads(), most: 0, looks: 0 }
    }

    /// Counts now.
    pub(crate) fn look(&mut self) {
        if let (Some(before), Some(now)) = (&self.before, threads()) {
            self.most = self.most.max(now.difference(before).count());
            self.looks += 1;
        }
    }

    /// The most that were seen at once. `None` if threads cannot be counted, or were not counted often enough.
    pub(crate) fn most(&self) -> Option<usize> {
        (self.looks >= FEWEST_LOOKS).then_some(self.most)
    }
}

/// The threads of this process, by their ids.
fn threads() -> Option<HashSet<OsString>> {
    // A thread that ends while the folder is read is no error.
    Some(fs::read_dir("/proc/self/task").ok()?.flatten().map(|thread| thread.file_name()).collect())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn threads_are_counted_even_after_they_have_ended() {
        let mut peak = Peak::new();
        assert_eq!(peak.most(), None);
        let together = Barrier::new(4);
        thread::scope(|scope| {
            for _ in 0..3 {
                // The first wait ends when all have started, the second when all have been counted.
                scope.spawn(|| (together.wait(), together.wait()));
            }
            together.wait();
            (0..FEWEST_LOOKS).for_each(|_| peak.look());
            together.wait();
        });
        peak.look();
        assert_eq!(peak.most(), Some(3));
    }
}
