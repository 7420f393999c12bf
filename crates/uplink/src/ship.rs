//! Ships the logs of one host: stage 4's top with another end. No queue and no writer, because the servers take the
//! lines of all inputs at once.

use std::sync::Arc;
use std::time::Duration;

use merge_core::{FanIn, Input, MergeError, Result, Summary};
use stage3::tail_async;
use tokio::task::JoinSet;

use crate::{Link, lane};

/// Sends the lines of `inputs`, which are logs of `host`, until all of them are closed. Each goes on behind what the
/// stream has of it.
///
/// A line that is summed up is in the stream. While no server takes any, the followers wait.
///
/// # Errors
///
/// The first error of any input. [`MergeError::Output`] when the servers refuse the lines for good.
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
