//! Stages 2 to 4 on both kinds of runtime: the reads and the writes are on the blocking pool, so what do more workers
//! bring?

use comparison::Result;
use comparison::contender::{STAGES, current_thread, multi_thread};
use comparison::logs::Logs;
use comparison::pairs::compare;
use comparison::recorder::Recorder;
use criterion::Criterion;

fn main() -> Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut recorder = Recorder::start("runtime");
    let bytes = recorder.profile.pick(1 << 16, 64 << 20, 256 << 20);

    for count in recorder.profile.pick(vec![5], vec![5, 64, 1000], vec![5, 64, 1000]) {
        let logs = Logs::prefilled(count, bytes, 100)?;
        let case = format!("{count} inputs");
        let place = ("runtime", case.as_str(), f64::from(count));
        for (kind, runtime) in [("current", current_thread(count)?), ("multi", multi_thread(count)?)] {
            // Stage 1 has no runtime. Stage 3's followers drive a multi-thread one themselves; on a current-thread one
            // only one of them drives it, and the others wait for that one.
            let suffix = format!(", {kind}");
            compare(&mut criterion, &mut recorder, place, STAGES.into_iter().skip(1), &suffix, (&logs, &runtime));
        }
    }
    criterion.final_summary();
    recorder.save()
}
