//! Writes the programs that the tests run: the sources of the other crates as they are, with the names of their
//! primitives led to shuttle; and for each planted bug the same once more, with that one mistake.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "src/planted.rs"]
mod planted;

use planted::PLANTED;

/// The sources under test: the module each becomes, and where it stands, from the folder of all crates.
const SOURCES: [(&str, &str); 11] = [
    ("close", "merge-core/src/close.rs"),
    ("fan_in", "merge-core/src/fan_in.rs"),
    ("input", "merge-core/src/input.rs"),
    ("chunk", "merge-core/src/chunk.rs"),
    ("output", "merge-core/src/output.rs"),
    ("stage1_tail", "stage1/src/tail.rs"),
    ("stage1_top", "stage1/src/top.rs"),
    ("stage2_top", "stage2/src/top.rs"),
    ("stage3_tail", "stage3/src/tail.rs"),
    ("stage4_top", "stage4/src/top.rs"),
    ("stage5_tail", "stage5/src/tail.rs"),
];

/// What is not taken word for word: the names of other crates, which are modules here, and everything that blocks, wakes
/// or is shared.
const RENAMED: [(&str, &str); 10] = [
    ("crate::", "super::"),
    ("merge_core::", "super::"),
    ("stage1::", "super::"),
    ("stage3::", "super::"),
    ("std::sync::", "shuttle::sync::"),
    ("std::fs::", "crate::shim::fs::"),
    ("std::thread", "crate::shim::thread"),
    ("atomic_waker::", "crate::shim::atomic_waker::"),
    ("crossbeam_channel::", "crate::shim::crossbeam_channel::"),
    ("tokio::", "crate::shim::tokio::"),
];

/// Bounds that are reached sooner, so that a schedule needs few steps: a read takes one line, a queue holds one.
const SMALLER: [(&str, &str, &str); 4] = [
    ("chunk", "const BLOCK: usize = 512 * 1024;", "const BLOCK: usize = 8;"),
    ("input", "const PIECE: usize = 16 * 1024;", "const PIECE: usize = 8;"),
    ("stage2_top", "const QUEUE: usize = 16;", "const QUEUE: usize = 1;"),
    ("stage4_top", "const QUEUE: usize = 16;", "const QUEUE: usize = 1;"),
];

/// What the stages and the scenarios import from a program.
const EXPORTS: &str = "
    pub(crate) use merge_core::{MergeError, Result};
    pub(crate) use {close::{Closer, Notifier}, fan_in::{FanIn, Summary}, input::{Found, Input}};
    pub(crate) use {chunk::{Chunk, Position}, output::{Output, Progress}};
    pub(crate) use {stage1_tail::tail_file, stage1_top::run_threads, stage2_top::run_tasks_mixed};
    pub(crate) use {stage3_tail::tail_async, stage4_top::run_tasks};
    pub(crate) use stage5_tail::tail_async as tail_events;
    // Here every call has a thread of its own.
    pub(crate) async fn check_threads() -> Result<()> { Ok(()) }
";

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let mut sources = Vec::new();
    for (module, path) in SOURCES {
        let path = here.join("../..").join(path);
        println!("cargo::rerun-if-changed={}", path.display());
        sources.push((module, read(&path)?));
    }
    for (module, from, to) in SMALLER {
        replace_once(&mut sources, module, from, to)?;
    }

    let mut programs = program("as_it_is", &sources, "pub(crate) use crate::scenarios;");
    // The same scenarios, compiled against each program.
    let scenarios =
        here.join("src/scenarios.rs").into_os_string().into_string().map_err(|_| "a path that is not UTF-8")?;
    let scenarios = format!("#[path = {scenarios:?}] pub(crate) mod scenarios;");
    for planted in PLANTED {
        let mut sources = sources.clone();
        for (right, wrong) in planted.edits {
            replace_once(&mut sources, planted.module, right, wrong)
                .map_err(|error| format!("the planted bug {} no longer fits: {error}", planted.name))?;
        }
        programs += &program(planted.name, &sources, &scenarios);
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("programs.rs"), programs)?;
    Ok(())
}

/// One source, without its own tests and whatever the platform's line ends are.
fn read(path: &Path) -> Result<String, Box<dyn Error>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text.replace("\r\n", "\n").split("#[cfg(test)]").next().unwrap_or_default().to_owned())
}

/// An edit that does not fit exactly once would plant nothing, or too much: it ends the build.
fn replace_once(sources: &mut [(&str, String)], module: &str, from: &str, to: &str) -> Result<(), String> {
    let source = sources.iter_mut().find(|(name, _)| *name == module).ok_or(format!("no source {module}"))?;
    match source.1.matches(from).count() {
        1 => source.1 = source.1.replace(from, to),
        count => return Err(format!("{module} has this text {count} times, not once:\n{from}")),
    }
    Ok(())
}

fn program(name: &str, sources: &[(&str, String)], scenarios: &str) -> String {
    let modules = sources.iter().map(|(module, text)| {
        let text = RENAMED.iter().fold(text.clone(), |text, (from, to)| text.replace(from, to));
        format!("pub(crate) mod {module} {{\n{text}\n}}\n")
    });
    format!("pub(crate) mod {name} {{\n{}{EXPORTS}{scenarios}\n}}\n", modules.collect::<String>())
}
