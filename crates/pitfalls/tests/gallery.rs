//! The suite rejects every pitfall, in its scenario and for its reason.

use std::path::Path;
use std::time::Duration;

use equivalence::{Reason, SCENARIOS, Settings, alone};
use pitfalls::GALLERY;

/// One test per pitfall. The list is checked against the gallery below.
macro_rules! rejected {
    ($($name:ident)*) => {
        const TESTED: &[&str] = &[$(stringify!($name)),*];
        $(
            #[test]
            fn $name() {
                is_rejected(stringify!($name));
            }
        )*
    };
}

rejected! {
    torn_lines
    close_checked_after_the_read
    look_taken_for_a_promise
    output_opened_first
    lock_released_in_between
    joined_in_start_order
    default_blocking_pool
    abort_of_a_blocking_task
    receiver_kept
    runtime_nobody_drives
    block_on_in_a_task
    blocking_send_in_a_task
    block_in_place_on_one_thread
    runtime_dropped_in_async
    crossbeam_in_a_task
    blocking_write_in_a_task
    half_line_lost_in_select
    cancelled_send
    dropped_join_handle
    writer_not_awaited
    one_limit_for_all_runs
    forgotten_sender
    unbounded_queue
    unflushed_file
    watch_on_the_file
    notification_lost
    overflow_ignored
    event_taken_for_data
    oracle_that_accepts_foreign_lines
    oracle_that_confuses_paths
}

fn is_rejected(name: &str) {
    if name == "watch_on_the_file" && !cfg!(target_os = "linux") {
        eprintln!("skipped: {name}, because other systems watch by name");
        return;
    }
    let pitfall = GALLERY.iter().find(|pitfall| pitfall.name == name).expect("it is in the gallery");
    let check = || {
        // Some pitfalls hang. The others are found much sooner.
        let settings = Settings { patience: Duration::from_secs(3), ..Settings::default() };
        // A race shows in most runs, and not in each.
        let attempts = if name == "notification_lost" { 20 } else { 1 };
        let mut violations = (0..attempts).filter_map(|_| (pitfall.run)(&settings).err()).peekable();
        let Some(other) = violations.peek().map(ToString::to_string) else {
            panic!("{name} passes {}", pitfall.scenario)
        };
        let Some(violation) = violations.find(|violation| violation.reason() == pitfall.reason) else {
            panic!("{name} is rejected for another reason: {other}")
        };
        assert!(violation.to_string().contains(pitfall.says), "does not say {:?}: {violation}", pitfall.says);
    };
    if pitfall.reason != Reason::BusyWhileIdle {
        check();
    } else if ["/sys/class/net/lo/mtu", "/proc/self/schedstat"].iter().all(|file| Path::new(file).exists()) {
        // The scenario measures its whole process. It needs both files, and passes everything without them.
        alone(name, check);
    }
}

#[test]
fn every_pitfall_has_a_test() {
    assert_eq!(GALLERY.iter().map(|pitfall| pitfall.name).collect::<Vec<_>>(), TESTED);
}

#[test]
fn every_scenario_that_a_pitfall_names_is_in_the_suite() {
    for pitfall in GALLERY {
        let known = SCENARIOS.iter().any(|scenario| scenario.name == pitfall.scenario);
        assert!(known || pitfall.scenario == "a_slow_output_blocks_no_runtime_worker", "{}", pitfall.scenario);
    }
}
