//! The same backlog in short lines and in long ones: does a stage pay per line or per byte?

use comparison::Result;
use comparison::contender::{batch, multi_thread};
use comparison::logs::Logs;
use comparison::pairs::compare;
use comparison::recorder::Recorder;
use criterion::Criterion;

const INPUTS: u32 = 64;

fn main() -> Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut recorder = Recorder::start("lines");
    let bytes = recorder.profile.pick(1 << 16, 64 << 20, 256 << 20);

    for (case, length) in [("16 B", 16_u32), ("100 B", 100), ("4 KiB", 4 << 10), ("1 MiB", 1 << 20)] {
        let length = recorder.profile.pick(length.min(100), length, length);
        let logs = Logs::prefilled(INPUTS, bytes, length)?;
        let case = (case, f64::from(length));
        compare(&mut criterion, &mut recorder, case, batch(), "", (&logs, &multi_thread(INPUTS)?));
    }
    criterion.final_summary();
    recorder.save()
}
