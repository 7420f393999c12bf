//! The stages with a runtime, on both kinds of runtime. The blocking pool does the reads and writes: do more workers
//! help?

use comparison::Result;
use comparison::contender::{current_thread, multi_thread, stages};
use comparison::pairs::run;

fn main() -> Result<()> {
    let cases = [("5 inputs", 5, 100), ("64 inputs", 64, 100), ("1000 inputs", 1_000, 100)];
    // In stage 3 each follower drives a multi-thread runtime itself; only one of them can drive a current-thread
    // runtime, and the others wait for that one.
    let runtimes = [(", current", current_thread as _), (", multi", multi_thread as _)];
    // Stage 1 has no runtime.
    run("runtime", 256 << 20, &cases, || stages().skip(1), &runtimes)
}
