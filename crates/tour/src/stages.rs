//! The stages in one table.

use equivalence::EntryPoint;

/// One stage: a cell of the two-by-two table.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// Its crate's name.
    pub name: &'static str,
    /// What starts the followers and owns the output.
    pub top: Top,
    /// What follows one input.
    pub tail: Tail,
    /// Its way in.
    pub merge: EntryPoint,
}

/// The upper layer of a stage.
#[derive(Clone, Copy, Debug)]
pub enum Top {
    /// Blocking: a thread per input.
    Threads,
    /// Async: a task per input.
    Tasks,
}

/// The lower layer of a stage.
#[derive(Clone, Copy, Debug)]
pub enum Tail {
    /// `tail_file`.
    Blocking,
    /// `tail_async`.
    Async,
}

/// All stages, in the order of the tour.
pub const STAGES: &[Stage] = &[
    Stage { name: "stage1", top: Top::Threads, tail: Tail::Blocking, merge: stage1::merge },
    Stage { name: "stage2", top: Top::Tasks, tail: Tail::Blocking, merge: stage2::merge },
    Stage { name: "stage3", top: Top::Threads, tail: Tail::Async, merge: stage3::merge },
    Stage { name: "stage4", top: Top::Tasks, tail: Tail::Async, merge: stage4::merge },
];

impl Stage {
    /// What the stage is, in a sentence: it follows from its place in the table.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        match (self.top, self.tail) {
            (Top::Threads, Tail::Blocking) => "A thread per input reads, waits and writes; a mutex guards the output.",
            (Top::Tasks, Tail::Blocking) => "An async top runs the unchanged blocking tail on a pool thread per input.",
            (Top::Threads, Tail::Async) => "The unchanged threads drive an async tail; a pool does only the reads.",
            (Top::Tasks, Tail::Async) => "A task per input waits without a thread; a pool does only the reads.",
        }
    }
}

impl Top {
    /// The word in the table.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Threads => "threads",
            Self::Tasks => "tasks",
        }
    }
}

impl Tail {
    /// The word in the table.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Async => "async",
        }
    }
}
