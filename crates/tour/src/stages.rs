//! The stages in one table.

use std::time::Duration;

use equivalence::EntryPoint;

/// The interval of a stage that waits for events.
pub(crate) const SAFETY_NET: Duration = Duration::from_secs(30);

/// One stage.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// The name of its crate.
    pub name: &'static str,
    /// The layer that starts the followers and owns the output: `threads` or `tasks`.
    pub top: &'static str,
    /// The layer that follows one input: `blocking` or `async`.
    pub tail: &'static str,
    /// One sentence on how it works.
    pub sentence: &'static str,
    /// Its entry point.
    pub merge: EntryPoint,
}

/// All stages, in the order of the tour.
pub const STAGES: &[Stage] = &[
    Stage {
        name: "stage1",
        top: "threads",
        tail: "blocking",
        sentence: "A thread per input reads, waits and writes; a mutex guards the output.",
        merge: stage1::merge,
    },
    Stage {
        name: "stage2",
        top: "tasks",
        tail: "blocking",
        sentence: "An async top runs the unchanged blocking tail on a pool thread per input.",
        merge: stage2::merge,
    },
    Stage {
        name: "stage3",
        top: "threads",
        tail: "async",
        sentence: "The unchanged threads drive an async tail; a pool does only the reads.",
        merge: stage3::merge,
    },
    Stage {
        name: "stage4",
        top: "tasks",
        tail: "async",
        sentence: "A task per input waits without a thread; a pool does only the reads.",
        merge: stage4::merge,
    },
    Stage {
        name: "stage5",
        top: "tasks",
        tail: "async",
        sentence: "The same tasks wait for events of the system, not for the next interval.",
        merge: |inputs, _, output| stage5::merge(inputs, SAFETY_NET, output),
    },
];
