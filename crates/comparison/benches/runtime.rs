//! The stages with a runtime, on both kinds of runtime. The blocking pool does the reads and writes: do more workers
//! help?

use comparison::Result;
use comparison::contender::{current_thread, multi_thread, stages};
use comparison::logs::Logs;
use comparison::pairs::compare;
use comparison::recorder::Recorder;
use criterion::Criterion;

fn main() -> Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut recorder = Recorder::start("runtime");
    let bytes = recorder.profile.pick(1 << 16, 64 << 20, 256 << 20);

    for &count in recorder.profile.cases(&[5, 64, 1_000]) {
        let logs = Logs::prefilled(count, bytes, 100)?;
        let case = (&*format!("{count} inputs"), f64::from(count));
        for (kind, runtime) in [("current", current_thread(count)?), ("multi", multi_thread(count)?)] {
            // Stage 1 has no runtime. In stage 3 each follower drives a multi-thread runtime itself; only one of them
            // can drive a current-thread runtime, and the others wait for that one.
            let stages = stages().skip(1);
            compare(&mut criterion, &mut recorder, case, stages, &format!(", {kind}"), (&logs, &runtime));
        }
    }
    criterion.final_summary();
    recorder.save()
}
