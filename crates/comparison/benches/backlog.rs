//! Prefilled logs, merged to the end: how close does a merge come to plain copying?
//!
//! The baseline is one thread that copies 128 KiB blocks, cut at newlines. It runs before every sample of every
//! contender, so that each share comes from two neighbouring runs.

use comparison::Result;
use comparison::contender::{batch, multi_thread};
use comparison::logs::Logs;
use comparison::pairs::compare;
use comparison::recorder::Recorder;
use criterion::Criterion;

fn main() -> Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut recorder = Recorder::start("backlog");
    let bytes = recorder.profile.pick(1 << 16, 64 << 20, 512 << 20);

    for &count in recorder.profile.cases(&[5, 64, 1_000]) {
        let logs = Logs::prefilled(count, bytes, 100)?;
        let case = (&*format!("{count} inputs"), f64::from(count));
        compare(&mut criterion, &mut recorder, case, batch(), "", (&logs, &multi_thread(count)?));
    }
    criterion.final_summary();
    recorder.save()
}
