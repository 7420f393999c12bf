//! What a watch tells, and to whom. An interval of an hour: nothing comes by itself.

// Test code: a case whose setup fails, fails. Clippy permits it only in the `#[test]` functions themselves.
#![allow(clippy::unwrap_used)]

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::runtime::Builder;
use tokio::time::timeout;

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

/// A folder with logs, and a runtime of one thread: the watch runs only while a test awaits.
struct Fixture {
    folder: TempDir,
    inputs: Vec<Input>,
}

impl Fixture {
    fn new(names: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let open = |name: &&str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            File::create(&path).unwrap();
            Input::open(path).unwrap()
        };
        let inputs = names.iter().map(open).collect();
        Self { folder, inputs }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a link, in place of the log that may be there.
    fn link(&self, name: &str, target: &str) {
        let _ = fs::remove_file(self.path(name));
        std::os::unix::fs::symlink(target, self.path(name)).unwrap();
    }

    /// Runs `test` when every follower was notified of the start. Ends with the watchdog.
    fn run(&self, test: impl AsyncFnOnce()) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let watch = watch(&self.inputs, HOUR);
            timeout(Duration::from_secs(60), async {
                for input in &self.inputs {
                    input.notified().await;
                }
                test().await;
            })
            .await
            .expect("a notification has not come");
            watch.stop().await;
        });
    }

    /// Returns when everything that has happened so far was handled: an event of the last log comes behind it.
    async fn settle(&self) {
        let last = self.inputs.last().unwrap();
        append(last.path());
        last.notified().await;
    }

    fn is_notified(&self, input: usize) -> bool {
        self.inputs[input].notified().now_or_never().is_some()
    }
}

fn append(path: impl AsRef<Path>) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(b"x").unwrap();
}

#[test]
fn an_event_wakes_the_follower_of_its_log_and_no_other() {
    let logs = Fixture::new(&["a", "b", "last"]);
    logs.run(async || {
        append(logs.path("a"));
        logs.settle().await;
        assert!(logs.is_notified(0));
        assert!(!logs.is_notified(1));
    });
}

#[test]
fn other_files_of_the_folder_wake_no_follower() {
    let logs = Fixture::new(&["a", "last"]);
    logs.run(async || {
        for number in 0..1000 {
            append(logs.path(&format!("other {}", number % 7)));
        }
        fs::rename(logs.path("other 0"), logs.path("other 9")).unwrap();
        fs::remove_file(logs.path("other 1")).unwrap();
        logs.settle().await;
        assert!(!logs.is_notified(0));
    });
}

#[test]
fn after_an_overflow_every_follower_looks() {
    let logs = Fixture::new(&["a", "b", "c"]);
    let most: usize = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap().trim().parse().unwrap();
    logs.run(async || {
        // Nobody reads events meanwhile. Two files in turn: equal events in a row would count once.
        let files = ["other 0", "other 1"].map(|name| File::create(logs.path(name)).unwrap());
        for number in 0..=most {
            (&files[number % 2]).write_all(b"x").unwrap();
        }
        append(logs.path("a"));
        for input in &logs.inputs {
            input.notified().await;
        }
    });
}

#[test]
fn a_log_is_watched_by_its_name_when_its_file_was_replaced() {
    let logs = Fixture::new(&["a", "last"]);
    logs.run(async || {
        fs::rename(logs.path("a"), logs.path("a.1")).unwrap();
        append(logs.path("a"));
        logs.settle().await;
        assert!(logs.is_notified(0));
        append(logs.path("a"));
        logs.settle().await;
        assert!(logs.is_notified(0));
    });
}

#[test]
fn a_follower_looks_again_when_it_is_permitted_to_read() {
    use std::os::unix::fs::PermissionsExt;
    let logs = Fixture::new(&["a", "last"]);
    logs.run(async || {
        fs::set_permissions(logs.path("a"), fs::Permissions::from_mode(0o600)).unwrap();
        logs.settle().await;
        assert!(logs.is_notified(0));
    });
}

#[test]
fn a_late_write_to_an_old_file_is_seen_under_all_names_that_it_gets() {
    let logs = Fixture::new(&["a", "last"]);
    logs.run(async || {
        for [from, to] in [["a", "a.1"], ["a.1", "a.2"], ["a.2", "a.3"]] {
            fs::rename(logs.path(from), logs.path(to)).unwrap();
            logs.settle().await;
            logs.is_notified(0);
            append(logs.path(to));
            logs.settle().await;
            assert!(logs.is_notified(0), "{to}");
        }
    });
}

#[test]
fn the_old_names_of_a_log_are_forgotten_one_by_one() {
    let logs = Fixture::new(&["a", "last"]);
    logs.run(async || {
        for number in 0..20 {
            fs::rename(logs.path("a"), logs.path(&format!("a.{number}"))).unwrap();
            append(logs.path("a"));
            logs.settle().await;
            logs.is_notified(0);
        }
        append(logs.path("a.0"));
        logs.settle().await;
        assert!(!logs.is_notified(0));
        append(logs.path("a.19"));
        logs.settle().await;
        assert!(logs.is_notified(0));
    });
}

#[test]
fn the_folders_of_all_links_on_the_way_are_watched() {
    let logs = Fixture::new(&["far/target", "near/link", "last"]);
    logs.link("near/link", "../middle");
    logs.link("middle", "far/target");
    logs.run(async || {
        append(logs.path("far/target"));
        logs.settle().await;
        assert!(logs.is_notified(1));
        // The link in the middle leads to a folder that was not watched before.
        fs::create_dir(logs.path("new")).unwrap();
        append(logs.path("new/target"));
        logs.link("middle", "new/target");
        logs.settle().await;
        assert!(logs.is_notified(1));
        append(logs.path("new/target"));
        logs.settle().await;
        assert!(logs.is_notified(1));
    });
}

#[test]
fn the_target_of_a_link_is_watched_by_its_name_however_often_its_file_is_replaced() {
    let logs = Fixture::new(&["link", "last"]);
    logs.link("link", "target");
    append(logs.path("target"));
    logs.run(async || {
        // Its old files move up one by one, as with logrotate.
        let name = |number| if number == 0 { "target".to_owned() } else { format!("target.{number}") };
        for number in 0..3 * watcher::MOST_NAMES {
            for old in (0..=number).rev() {
                fs::rename(logs.path(&name(old)), logs.path(&name(old + 1))).unwrap();
            }
            append(logs.path("target"));
            logs.settle().await;
            assert!(logs.is_notified(0), "replaced {number} times");
            append(logs.path("target"));
            logs.settle().await;
            assert!(logs.is_notified(0), "written after it was replaced {number} times");
        }
    });
}

#[test]
fn a_folder_that_is_moved_or_removed_and_made_again_is_watched() {
    let logs = Fixture::new(&["folder/a", "last"]);
    logs.run(async || {
        fs::rename(logs.path("folder"), logs.path("moved")).unwrap();
        logs.inputs[0].notified().await;
        for _ in 0..2 {
            fs::create_dir(logs.path("folder")).unwrap();
            append(logs.path("folder/a"));
            logs.inputs[0].notified().await;
            fs::remove_dir_all(logs.path("folder")).unwrap();
        }
    });
}

#[test]
fn the_links_of_a_folder_that_was_replaced_are_followed_anew() {
    let logs = Fixture::new(&["near/link", "last"]);
    for (near, far) in [("near", "far"), ("new", "another")] {
        fs::create_dir_all(logs.path(near)).unwrap();
        fs::create_dir(logs.path(far)).unwrap();
        append(logs.path(far).join("target"));
        logs.link(&format!("{near}/link"), &format!("../{far}/target"));
    }
    logs.run(async || {
        fs::rename(logs.path("near"), logs.path("old")).unwrap();
        fs::rename(logs.path("new"), logs.path("near")).unwrap();
        logs.settle().await;
        assert!(logs.is_notified(0));
        append(logs.path("another/target"));
        logs.settle().await;
        assert!(logs.is_notified(0));
    });
}

#[test]
fn the_folder_of_a_links_target_that_is_removed_and_made_again_is_watched() {
    let logs = Fixture::new(&["link", "last"]);
    logs.link("link", "far/target");
    fs::create_dir(logs.path("far")).unwrap();
    append(logs.path("far/target"));
    logs.run(async || {
        // A follower has the old file open, so that the system does not say that the folder is gone.
        let mut open = File::open(logs.path("link")).unwrap();
        for _ in 0..2 {
            fs::remove_dir_all(logs.path("far")).unwrap();
            fs::create_dir(logs.path("far")).unwrap();
            append(logs.path("far/target"));
            logs.inputs[0].notified().await;
            append(logs.path("far/target"));
            logs.settle().await;
            assert!(logs.is_notified(0));
            open = File::open(logs.path("link")).unwrap();
        }
        drop(open);
    });
}

/// What the kernel watches for this test: other tests have queues of their own, in other folders.
fn watched(folder: &Path) -> usize {
    use std::os::unix::fs::MetadataExt;
    let inodes: Vec<_> =
        walk(folder).iter().map(|folder| format!("ino:{:x} ", fs::metadata(folder).unwrap().ino())).collect();
    let queues = fs::read_dir("/proc/self/fdinfo").unwrap().flatten();
    let text: String = queues.filter_map(|queue| fs::read_to_string(queue.path()).ok()).collect();
    text.lines().filter(|line| line.starts_with("inotify") && inodes.iter().any(|inode| line.contains(inode))).count()
}

/// The folder and those in it.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let inner = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    inner.chain([folder.to_owned()]).collect()
}

#[test]
fn folders_that_no_link_leads_to_any_more_are_let_go() {
    let logs = Fixture::new(&["link", "last"]);
    logs.run(async || {
        for number in 0..3 * watcher::MOST_NAMES {
            fs::create_dir(logs.path(&number.to_string())).unwrap();
            append(logs.path(&format!("{number}/target")));
            logs.link("link", &format!("{number}/target"));
            logs.settle().await;
        }
        assert_eq!(watched(logs.folder.path()), watcher::MOST_NAMES + 1);
    });
}

#[test]
fn a_watch_that_was_stopped_or_dropped_leaves_nothing() {
    let logs = Fixture::new(&["a"]);
    logs.run(async || assert_eq!(watched(logs.folder.path()), 1));
    assert_eq!(watched(logs.folder.path()), 0, "after the stop");
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let watch = watch(&logs.inputs, HOUR);
        logs.inputs[0].notified().await;
        assert_eq!(watched(logs.folder.path()), 1);
        drop(watch);
        tokio::task::yield_now().await;
        assert_eq!(watched(logs.folder.path()), 0, "after the drop");
    });
}

#[test]
fn only_a_sixth_wake_up_within_ten_milliseconds_is_fast() {
    let start = Instant::now();
    let mut pace = Pace { since: start, wakeups: 0 };
    let mut fast = |millis| pace.is_fast(start + Duration::from_millis(millis));
    assert_eq!([0, 2, 4, 6, 8, 9, 9].map(&mut fast), [false, false, false, false, false, true, true]);
    assert_eq!([10, 20, 30].map(&mut fast), [false; 3]);
}
