//! One module per mistake, in the order of the book: the leaf, stage 2, stage 3, stage 4, stage 5, the suite itself.

use std::time::Duration;

use equivalence::{Reason, heartbeat, scenarios};
use merge_core::{Input, Output, Summary};
use tokio::runtime::Handle;

use crate::Pitfall;

/// Declares the modules and their list. A scenario finds the pitfall in its `merge`, the heartbeat finds it in its
/// `run_tasks`, or the module brings its own `run`.
macro_rules! gallery {
    ($( $name:ident: $mistake:literal, $how:ident $($scenario:ident)?, $reason:ident $says:literal; )*) => {
        $( pub mod $name; )*

        /// Every pitfall, in the order of the list.
        pub(crate) const ALL: &[Pitfall] = &[$( Pitfall {
            name: stringify!($name),
            mistake: $mistake,
            scenario: gallery!(@name $how $($scenario)?),
            reason: Reason::$reason,
            says: $says,
            source: include_str!(concat!(stringify!($name), ".rs")),
            run: gallery!(@run $name $how $($scenario)?),
        } ),*];
    };
    (@name in_scenario $scenario:ident) => { stringify!($scenario) };
    (@name by_heartbeat) => { "a_slow_output_blocks_no_runtime_worker" };
    (@name by_itself $scenario:ident) => { stringify!($scenario) };
    (@run $name:ident in_scenario $scenario:ident) => { |settings| scenarios::$scenario($name::merge, settings) };
    (@run $name:ident by_heartbeat) => {{
        async fn observed(inputs: Vec<Input>, interval: Duration, output: Output) -> merge_core::Result<Summary> {
            stage_parts::observed(&Handle::current());
            $name::run_tasks(inputs, interval, output).await
        }
        |settings| heartbeat::check(equivalence::beating!(observed), settings)
    }};
    (@run $name:ident by_itself $scenario:ident) => { $name::run };
}

gallery! {
    torn_lines: "`lines()` on a file that grows",
        in_scenario a_line_written_in_two_halves_stays_whole, Torn "first ";
    close_checked_after_the_read: "the close signal is checked after the read",
        in_scenario what_is_written_just_before_the_close_is_merged, Lost "-last";
    look_taken_for_a_promise: "a look that finds data is taken for a promise",
        in_scenario a_file_that_is_shorter_than_its_length_says_keeps_no_core_busy, BusyWhileIdle "a core was busy";
    output_opened_first: "the output is opened before it is compared with the inputs",
        by_itself an_output_that_is_an_input_is_refused, Touched "touched";
    lock_released_in_between: "the lock is released between the two halves of a write",
        in_scenario a_slow_output_holds_the_followers_back, Torn "torn";
    joined_in_start_order: "the threads are joined in the order of their start",
        in_scenario an_input_that_fails_ends_the_run_and_the_others_are_merged, Hung "the run to end";
    default_blocking_pool: "a follower per thread on the default blocking pool",
        in_scenario six_hundred_inputs_are_all_followed_at_once, NotVisible "nothing more";
    abort_of_a_blocking_task: "`abort()` to end a blocking task",
        in_scenario an_output_that_fails_ends_idle_followers, Hung "the run to end";
    receiver_kept: "the queue's receiver outlives the runtime",
        in_scenario an_output_that_fails_ends_busy_followers, Hung "the run to end";
    runtime_nobody_drives: "`Handle::block_on` on a current-thread runtime that no thread drives",
        in_scenario appends_in_lockstep_come_out_in_the_order_of_the_script, NotVisible "nothing more";
    block_on_in_a_task: "`block_on` inside a task",
        in_scenario one_input_is_copied, Panicked "Cannot start a runtime from within a runtime";
    blocking_send_in_a_task: "`blocking_send` inside a task",
        in_scenario one_input_is_copied, Panicked "Cannot block the current thread from within a runtime";
    block_in_place_on_one_thread: "`block_in_place` on a current-thread runtime",
        in_scenario one_input_is_copied, Panicked "can call blocking only when running on the multi-threaded runtime";
    runtime_dropped_in_async: "a runtime is dropped inside async code",
        in_scenario one_input_is_copied, Panicked "Cannot drop a runtime in a context where blocking is not allowed";
    crossbeam_in_a_task: "a crossbeam `recv` inside a task",
        by_heartbeat, BlockedWorker "no other task ran";
    blocking_write_in_a_task: "a blocking write inside a task",
        by_heartbeat, BlockedWorker "no other task ran";
    half_line_lost_in_select: "a read that is not cancel safe in `select!`",
        in_scenario a_line_written_in_two_halves_stays_whole, Torn "first second";
    cancelled_send: "a `send` that is cancelled by a timeout",
        in_scenario the_run_returns_only_when_the_output_is_complete, Lost "lost";
    dropped_join_handle: "the `JoinHandle` is dropped",
        in_scenario an_input_that_fails_ends_the_run_and_the_others_are_merged, Hung "the run to end";
    writer_not_awaited: "the writer task is not awaited",
        in_scenario the_run_returns_only_when_the_output_is_complete, Lost "lost";
    one_limit_for_all_runs: "one limit on reads for the whole process",
        in_scenario a_run_whose_output_stands_still_holds_up_no_other_run, NotVisible "nothing more";
    forgotten_sender: "a `Sender` is kept too long",
        in_scenario no_inputs_make_an_empty_output, Hung "the run to end";
    unbounded_queue: "an unbounded queue to the writer",
        in_scenario a_slow_output_holds_the_followers_back, MemoryGrew "memory grew";
    unflushed_file: "a `tokio::fs::File` is dropped without `flush`",
        in_scenario closed_before_the_run_it_merges_what_is_there_and_returns, Lost "lost";
    watch_on_the_file: "the log's file is watched, and not its name",
        in_scenario many_rotations_lose_nothing, NotVisible "nothing more";
    notification_lost: "an event wakes only a follower that waits already",
        in_scenario two_lines_at_any_distance_are_both_visible, NotVisible "nothing more";
    overflow_ignored: "events that do not fit in a queue are dropped",
        in_scenario a_burst_over_many_logs_is_visible_in_each, NotVisible "nothing more";
    event_taken_for_data: "one event, one read",
        in_scenario a_backlog_comes_out_without_waiting, NotVisible "nothing more";
    oracle_that_accepts_foreign_lines: "an oracle that checks only the lines that it expects",
        by_itself concurrent_random_writers_are_merged, Foreign "came from nowhere";
    oracle_that_confuses_paths: "an oracle that attributes lines by their beginning",
        by_itself concurrent_random_writers_are_merged, Foreign "10-";
}
