//! Stage 5's program.

mod cases;

#[cfg(target_os = "linux")]
#[allow(clippy::unwrap_used, reason = "test code: a case whose setup fails, fails")]
mod limits {
    use std::process::Command;

    use crate::cases::program::{Fixture, skip};

    /// Follows two logs in two folders under a limit of inotify's, in a user namespace of its own.
    fn is_followed_by_polling(limit: &str, warning: &str) {
        let set = format!("echo {limit} && exec \"$0\" \"$@\"");
        let in_a_namespace = |program: &str| {
            let mut command = Command::new("unshare");
            command.args(["--user", "--map-root-user", "sh", "-c", &set, program]);
            command
        };
        if !in_a_namespace("true").status().is_ok_and(|status| status.success()) {
            return skip("no user namespace");
        }
        let fixture = Fixture::with(&[("1.log", "1\n")]);
        std::fs::create_dir(fixture.path("folder")).unwrap();
        fixture.write("folder/2.log", "2\n");
        let mut command = in_a_namespace(fixture.program.to_str().unwrap());
        command.args(["--output", "out", "1.log", "folder/2.log"]).current_dir(fixture.path(""));
        let mut running = fixture.start(command);
        running.wait_for_lines(2);
        for number in 3..6 {
            fixture.append("1.log", &format!("{number}\n"));
            running.wait_for_line(&number.to_string());
            fixture.append("folder/2.log", &format!("{number}{number}\n"));
            running.wait_for_line(&format!("{number}{number}"));
        }
        running.signal("TERM");
        let ended = running.end();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let expected = format!("stage5: cannot watch all inputs: {warning}; the others are looked at every 100ms\n");
        assert!(ended.stderr.starts_with(&expected), "{}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);
    }

    #[test]
    fn without_an_inotify_instance_it_polls_and_says_so() {
        is_followed_by_polling(
            "0 >/proc/sys/user/max_inotify_instances",
            "Too many open files (os error 24) (the limit is fs.inotify.max_user_instances)",
        );
    }

    #[test]
    fn without_a_watch_for_each_folder_it_polls_the_others_and_says_so() {
        is_followed_by_polling(
            "1 >/proc/sys/user/max_inotify_watches",
            "No space left on device (os error 28) (the limit is fs.inotify.max_user_watches)",
        );
    }
}
