//! The stages in one table.

use equivalence::EntryPoint;

/// One stage: a cell of the two-by-two table.
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
];
