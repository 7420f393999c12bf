//! Prefilled logs, merged to the end: how much of the machine's copying speed is left.
//!
//! The limit is one thread that copies 128 KiB blocks, cut at newlines. It runs before every single sample of every
//! contender, so that each share comes from two runs that stood side by side.

use comparison::Result;
use comparison::contender::{BATCH, multi_thread};
use comparison::logs::Logs;
use comparison::pairs::compare;
use comparison::recorder::Recorder;
use criterion::Criterion;

fn main() -> Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut recorder = Recorder::start("backlog");
    let bytes = recorder.profile.pick(1 << 16, 64 << 20, 512 << 20);

    for count in recorder.profile.pick(vec![5], vec![5, 64, 1000], vec![5, 64, 1000]) {
        let logs = Logs::prefilled(count, bytes, 100)?;
        let case = format!("{count} inputs");
        let place = ("backlog", case.as_str(), f64::from(count));
        compare(&mut criterion, &mut recorder, place, BATCH, "", (&logs, &multi_thread(count)?));
    }
    criterion.final_summary();
    recorder.save()
}
