//! What the mistakes with events share: the system's events, by the crate that most programs take.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use merge_core::{Input, MergeError, Result};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

/// The interval of a follower that relies on events. It never passes in a test.
pub(crate) const NET: Duration = Duration::from_secs(3600);

/// Calls `then` at each event of the folder of the inputs, with the number of the input whose name it has. Ends when
/// it is dropped.
pub(crate) fn watch_names(inputs: &[Input], then: impl Fn(usize) + Send + 'static) -> Result<RecommendedWatcher> {
    let name = |(number, input): (usize, &Input)| Some((input.path().file_name()?.to_owned(), number));
    let numbers: HashMap<OsString, usize> = inputs.iter().enumerate().filter_map(name).collect();
    let folder = inputs.first().and_then(|input| input.path().parent());
    watch(folder.into_iter().map(Path::to_owned), move |event| {
        let names = event.paths.iter().filter_map(|path| path.file_name());
        names.filter_map(|name| numbers.get(name)).for_each(|number| then(*number));
    })
}

/// Calls `then` at each event of one of the `paths`.
pub(crate) fn watch(
    paths: impl IntoIterator<Item = PathBuf>,
    then: impl Fn(Event) + Send + 'static,
) -> Result<RecommendedWatcher> {
    let failed = |error: notify::Error| MergeError::Start(std::io::Error::other(error));
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        let _ = event.map(&then);
    })
    .map_err(failed)?;
    for path in paths {
        watcher.watch(&path, RecursiveMode::NonRecursive).map_err(failed)?;
    }
    Ok(watcher)
}
