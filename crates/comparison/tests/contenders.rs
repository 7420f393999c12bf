//! Every contender does the whole job.

use comparison::contender::{Contender, batch, current_thread, multi_thread, stages};
use comparison::logs::Logs;
use equivalence::confirm_merge;

#[test]
fn every_contender_merges_the_whole_backlog() {
    let logs = Logs::prefilled(3, 100_000, 100).unwrap();
    for contender in batch() {
        contender.merge_backlog(&logs, &multi_thread(3).unwrap()).unwrap();
        confirm_merge(&logs.paths, &logs.output()).unwrap().unwrap();
    }
}

#[test]
fn every_stage_merges_it_on_a_current_thread_runtime_too() {
    let logs = Logs::prefilled(3, 100_000, 100).unwrap();
    for contender in stages() {
        contender.merge_backlog(&logs, &current_thread(3).unwrap()).unwrap();
        confirm_merge(&logs.paths, &logs.output()).unwrap().unwrap();
    }
}

#[test]
fn the_baseline_copies_a_line_that_is_longer_than_its_block() {
    let logs = Logs::prefilled(2, 1 << 20, 600_000).unwrap();
    Contender::Baseline.merge_backlog(&logs, &current_thread(2).unwrap()).unwrap();
    confirm_merge(&logs.paths, &logs.output()).unwrap().unwrap();
}

#[test]
fn a_merge_that_is_too_short_is_no_sample() {
    let logs = Logs::prefilled(2, 1_000, 100).unwrap();
    std::fs::write(&logs.paths[0], "shorter\n").unwrap();
    let error = Contender::Baseline.merge_backlog(&logs, &current_thread(2).unwrap()).unwrap_err().to_string();
    assert!(error.starts_with("baseline merged "), "{error}");
}

#[test]
fn prefilled_logs_hold_what_they_say() {
    let logs = Logs::prefilled(3, 10_000, 100).unwrap();
    let contents: Vec<_> = logs.paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    assert_eq!(contents.iter().map(Vec::len).sum::<usize>() as u64, logs.bytes);
    assert!(contents.iter().all(|content| content.ends_with(b"\n")));
    // A log always has a line to wait for.
    for path in Logs::prefilled(2, 0, 100).unwrap().paths {
        let content = std::fs::read_to_string(path).unwrap();
        assert_eq!(content.lines().count(), 1, "{content:?}");
    }
}
