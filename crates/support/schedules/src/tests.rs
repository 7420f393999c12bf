//! The program as it is holds; each planted bug is found.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use shuttle::scheduler::{DfsScheduler, RandomScheduler};
use shuttle::{Config, Runner};

use crate::programs;

/// How many random schedules a whole run must survive: ten times what finds the bugs planted there.
const SURVIVES: usize = 10 * FOUND_WITHIN;
/// How many random schedules it takes at most to find a bug planted in a whole run. Half of it was enough with each
/// of a hundred seeds.
const FOUND_WITHIN: usize = 60;
/// Any number: it makes the schedules the same in every run.
const SEED: u64 = 1;
/// Where [`Schedules::Every`] gives up. There are some thousands; a scenario that has grown too large must say so.
const TOO_MANY: usize = 50_000;

/// Which schedules a scenario is run in.
enum Schedules {
    /// All there are, for a scenario of few steps. Some of its bugs show in less than one schedule of a hundred.
    Every,
    /// A number of them, by [`SEED`].
    Random(usize),
}

/// Runs `scenario` once per schedule. All of them share a folder.
fn check(schedules: Schedules, scenario: impl Fn(&Path) + Send + Sync + 'static) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let once = move || scenario(&path);
    let mut config = Config::default();
    // It warns that it takes every atomic for sequentially consistent; this crate's page says so.
    config.silence_warnings = true;
    match schedules {
        Schedules::Every => {
            let tried = Runner::new(DfsScheduler::new(Some(TOO_MANY), false), config).run(once);
            assert!(tried < TOO_MANY, "there are more schedules than that: {tried}");
        }
        Schedules::Random(count) => {
            Runner::new(RandomScheduler::new_from_seed(SEED, count), config).run(once);
        }
    }
}

/// `scenario` must fail in one of the schedules, and say `reason`.
fn finds(reason: &str, schedules: Schedules, scenario: impl Fn(&Path) + Send + Sync + 'static) {
    let checked = catch_unwind(AssertUnwindSafe(|| check(schedules, scenario)));
    let panic = checked.expect_err("the planted bug was not found");
    let message = panic.downcast_ref::<String>().map_or("(no text)", String::as_str);
    assert!(message.contains(reason), "found, but not for its reason ({reason}): {message}");
}

/// A scenario of one of the programs, on the top given.
macro_rules! scenario {
    ($program:ident, $scenario:ident $(, $top:ident)?) => {
        |folder: &Path| programs::$program::scenarios::$scenario(folder $(, programs::$program::scenarios::$top)?)
    };
}

mod close_versus_read_versus_wait {
    use super::Schedules::{Every, Random};
    use super::*;

    #[test]
    fn a_close_wakes_a_thread_and_no_line_is_lost() {
        check(Every, scenario!(as_it_is, a_close_wakes_a_thread));
    }

    #[test]
    fn a_close_wakes_a_task_and_no_line_is_lost() {
        // A close wakes a thread first and then a task: too many steps for all of their orders.
        check(Random(10 * SURVIVES), scenario!(as_it_is, a_close_wakes_a_task));
    }

    #[test]
    fn a_notification_between_a_look_and_a_wait_is_not_lost() {
        check(Random(10 * SURVIVES), scenario!(as_it_is, a_notification_wakes_a_task));
    }

    #[test]
    fn a_notification_set_after_the_wake_up_is_lost() {
        finds("deadlock", Random(SURVIVES), scenario!(notified_after_the_wake_up, a_notification_wakes_a_task));
    }

    #[test]
    fn a_waker_registered_after_the_check_misses_a_notification() {
        finds("deadlock", Random(SURVIVES), scenario!(waker_registered_after_the_check, a_notification_wakes_a_task));
    }

    #[test]
    fn a_close_looked_at_after_the_file_loses_a_line() {
        finds("a line was lost", Every, scenario!(close_looked_at_after_the_file, a_close_wakes_a_thread));
    }

    #[test]
    fn a_flag_set_after_the_wake_up_leaves_the_follower_asleep() {
        finds("deadlock", Every, scenario!(flag_set_after_the_wake_up, a_close_wakes_a_thread));
        finds("deadlock", Every, scenario!(flag_set_after_the_wake_up, a_close_wakes_a_task));
    }

    #[test]
    fn a_close_that_ends_the_tail_at_once_loses_a_line() {
        finds("a line was lost", Every, scenario!(close_ends_the_tail_at_once, a_close_wakes_a_task));
    }

    #[test]
    fn a_waker_registered_after_the_check_leaves_the_task_asleep() {
        finds("deadlock", Every, scenario!(waker_registered_after_the_check, a_close_wakes_a_task));
    }
}

mod fan_in_with_an_early_failure {
    use super::Schedules::Random;
    use super::*;

    #[test]
    fn an_early_failure_ends_the_run_with_its_error() {
        check(Random(SURVIVES), scenario!(as_it_is, an_early_failure_ends_the_run, ON_THREADS));
        check(Random(SURVIVES), scenario!(as_it_is, an_early_failure_ends_the_run, MIXED));
        check(Random(SURVIVES), scenario!(as_it_is, an_early_failure_ends_the_run, IN_TASKS));
    }

    #[test]
    fn followers_joined_in_start_order_hide_the_failure() {
        finds(
            "deadlock",
            Random(FOUND_WITHIN),
            scenario!(joined_in_start_order, an_early_failure_ends_the_run, ON_THREADS),
        );
    }

    #[test]
    fn a_last_sender_that_is_not_dropped_keeps_the_run_alive() {
        finds(
            "deadlock",
            Random(FOUND_WITHIN),
            scenario!(last_sender_not_dropped, an_early_failure_ends_the_run, ON_THREADS),
        );
        finds(
            "deadlock",
            Random(FOUND_WITHIN),
            scenario!(last_queue_not_dropped, an_early_failure_ends_the_run, MIXED),
        );
        finds(
            "deadlock",
            Random(FOUND_WITHIN),
            scenario!(last_async_queue_not_dropped, an_early_failure_ends_the_run, IN_TASKS),
        );
    }

    #[test]
    fn inputs_that_are_not_closed_keep_the_run_alive() {
        finds(
            "deadlock",
            Random(FOUND_WITHIN),
            scenario!(others_not_closed, an_early_failure_ends_the_run, ON_THREADS),
        );
        finds("deadlock", Random(FOUND_WITHIN), scenario!(others_not_closed, an_early_failure_ends_the_run, IN_TASKS));
    }
}

mod hand_over_to_the_writer {
    use super::Schedules::Random;
    use super::*;

    #[test]
    fn a_good_output_gets_every_line() {
        check(Random(SURVIVES), scenario!(as_it_is, a_good_output_gets_every_line, ON_THREADS));
        check(Random(SURVIVES), scenario!(as_it_is, a_good_output_gets_every_line, MIXED));
        check(Random(SURVIVES), scenario!(as_it_is, a_good_output_gets_every_line, IN_TASKS));
    }

    #[test]
    fn a_failing_output_ends_the_run_with_its_error() {
        check(Random(SURVIVES), scenario!(as_it_is, a_failing_output_ends_the_run, ON_THREADS));
        check(Random(SURVIVES), scenario!(as_it_is, a_failing_output_ends_the_run, MIXED));
        check(Random(SURVIVES), scenario!(as_it_is, a_failing_output_ends_the_run, IN_TASKS));
    }

    #[test]
    fn a_receiver_kept_alive_holds_the_followers_for_ever() {
        finds("deadlock", Random(FOUND_WITHIN), scenario!(receiver_kept_alive, a_failing_output_ends_the_run, MIXED));
    }

    #[test]
    fn an_output_gone_that_does_not_give_way_hides_the_cause() {
        finds(
            "OutputGone",
            Random(FOUND_WITHIN),
            scenario!(output_gone_wins, a_failing_output_ends_the_run, ON_THREADS),
        );
        finds("OutputGone", Random(FOUND_WITHIN), scenario!(output_gone_wins, a_failing_output_ends_the_run, IN_TASKS));
    }

    #[test]
    fn a_lock_released_inside_a_line_tears_it() {
        finds(
            "torn",
            Random(FOUND_WITHIN),
            scenario!(lock_released_inside_a_line, a_good_output_gets_every_line, ON_THREADS),
        );
    }
}
