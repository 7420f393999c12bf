//! Ships the logs of one host: stage 4's top with another end. No queue and no writer, because the servers take the
//! lines of all inputs at once.

use std::sync::Arc;
use std::time::Duration;

use merge_core::{FanIn, Input, MergeError, Result, Summary};
use stage3::tail_async;
use tokio::task::JoinSet;

use crate::{Link, lane};

/// Sends the lines of `inputs`, which are logs of `host`, to the stream until all of them are closed. Each input goes on
/// behind what the stream has of it. The summary counts the lines that the servers have stored.
///
/// Needs a runtime with time and I/O. Blocks no runtime worker. While the servers take nothing, the followers wait.
/// Dropped half way, it closes all inputs; a later run goes on behind the last line that was stored.
///
/// # Errors
///
/// The first error of any input, or a panic of a follower. [`MergeError::Output`] when the servers refuse the lines for
/// good: there is no stream, another ship of this host runs, or a line is too long.
pub async fn ship(inputs: Vec<Input>, interval: Duration, link: Arc<Link>, host: &str) -> Result<Summary> {
    let mut fan_in = FanIn::new(&inputs, &link.shipped());
    let lanes = lane::open_all(&link, host, inputs).await?;
    let mut tasks = JoinSet::new();

    // Fan-out: a task per input.
    for (mut lane, input) in lanes {
        let write_async = async move |chunk| lane.take(chunk).await;
        tasks.spawn(tail_async(input, interval, write_async));
    }

    // Fan-in: the first to end is the first to be joined.
    while let Some(ended) = tasks.join_next().await {
        fan_in.add(ended.unwrap_or_else(|error| Err(MergeError::ended_early(error.try_into_panic().ok()))));
    }
    fan_in.finish()
}
