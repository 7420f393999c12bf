//! How many threads a stage uses.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;

/// Counts the threads that have come since it was made, and remembers the most.
///
/// Linux lists a process's threads in a folder. Elsewhere there is nothing to count.
#[derive(Debug)]
pub(crate) struct Peak {
    /// The threads that are not the stage's: they were there before it.
    before: Option<HashSet<OsString>>,
    most: usize,
    looks: usize,
}

/// A run that was over after fewer looks says little about its threads.
const FEWEST_LOOKS: usize = 3;

impl Peak {
    /// Make it when the tour's own threads are there and the stage's are not.
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

    /// The most that were seen at once; `None` where threads cannot be counted, or were not looked at often enough.
    pub(crate) fn most(&self) -> Option<usize> {
        (self.looks >= FEWEST_LOOKS).then_some(self.most)
    }
}

/// The threads of this process, by their ids.
fn threads() -> Option<HashSet<OsString>> {
    // A thread may end while the folder is read: that is no error.
    Some(fs::read_dir("/proc/self/task").ok()?.flatten().map(|thread| thread.file_name()).collect())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn threads_that_come_later_are_counted_also_when_they_have_gone() {
        let mut peak = Peak::new();
        assert_eq!(peak.most(), None);
        let together = Barrier::new(4);
        thread::scope(|scope| {
            for _ in 0..3 {
                // Once until all are there, and once until they have been seen.
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
