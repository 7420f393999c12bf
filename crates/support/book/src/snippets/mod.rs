//! Small pieces of code that the chapters show and no stage has. Each is a test.

mod backpressure;
mod blocking_pool;
mod both_worlds;
mod bridge;
mod cancelled;
mod configuration;
mod deadlock;
mod future;
mod heartbeat;
mod many_runtimes;
mod own_threads;
mod paused;
mod primer;
mod select;

use std::fs;

/// The book could show a file that no `mod` names, and nothing would compile it.
#[test]
fn every_snippet_is_compiled() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/snippets");
    let this = include_str!("mod.rs");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let name = name.strip_suffix(".rs").unwrap();
        assert!(name == "mod" || this.contains(&format!("mod {name};")), "mod.rs does not name {name}");
    }
}
