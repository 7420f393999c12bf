//! Timelines show which thread does what while a stage runs. They are recorded from its `tracing` spans and drawn as
//! pictures.
//!
//! ```sh
//! cargo run --release -p tour -- --timeline timelines
//! ```
//!
//! # The picture
//!
//! Time goes from left to right. Every thread of the stage has a lane: a thin line while the thread exists, and a pale
//! band while something *holds* it, so that it can do nothing else. The work is drawn on the lane: reads above the
//! middle, polls of a task on the middle, writes below it. A waiting task holds no thread, so it has a lane of its own
//! below the threads.
//!
//! # Layout
//!
//! - `record.rs`: the layer that records the spans and the threads that they ran on.
//! - `recording.rs`: a recorded run, and what it shows: who held a thread, and the caption.
//! - `draw.rs`: the picture.
//!
//! # The spans
//!
//! | span          | where                   | meaning                                                        |
//! |---------------|-------------------------|----------------------------------------------------------------|
//! | `tail_file`   | `stage1::tail_file`     | a follower that holds its thread                               |
//! | `tail_async`  | `stage3::tail_async`    | entered and left once per poll; alive as long as the task      |
//! | `read_lines`  | `merge_core::Input`     | a read                                                         |
//! | `wait_closed` | `merge_core::Input`     | a wait that holds its thread                                   |
//! | `write`       | `merge_core::Output`    | a write                                                        |
//! | `top`         | [`top`], by the caller  | the entry point of a stage, which holds its thread                    |

mod draw;
mod record;
mod recording;

pub use draw::{Picture, draw, draw_all};
pub use record::{begin, install, recorded, top, watched};
pub use recording::{Kind, Recording, Span, Thread, Work};
