//! The suite that holds the stages, through real servers: create a stream, ship, and gather, in one process.

#![allow(clippy::unwrap_used, reason = "a test")]

mod server;

use std::sync::Arc;
use std::time::Duration;

use merge_core::{Closer, Input, MergeError, Output, Result, Summary};
use server::{Servers, default_server, servers, unique};
use tokio::runtime::Builder;
use tokio::select;
use tokio::sync::oneshot;
use uplink::{Destination, Link, Login, gather, ship};

fn merge(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    merge_through(servers().unwrap(), inputs, interval, output)
}

/// Gather has room for the longest message that the server takes. That of the other servers would hide a leak.
fn merge_in_little_memory(inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    merge_through(default_server().unwrap(), inputs, interval, output)
}

fn merge_through(servers: &Servers, inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(MergeError::Start)?;
    runtime.block_on(run(servers, inputs, interval, output))
}

async fn run(servers: &Servers, inputs: Vec<Input>, interval: Duration, output: Output) -> Result<Summary> {
    let name = unique("suite");
    let connect = async || Link::connect(&servers.urls, &Login::default(), &name).await.unwrap();
    let (sender, receiver) = (Arc::new(connect().await), connect().await);
    sender.create(Some(servers.replicas), None).await.unwrap();

    let closers: Vec<_> = inputs.iter().map(Input::closer).collect();
    let (shipped, end) = oneshot::channel::<()>();
    let stop = async {
        let _ = end.await;
    };
    let mut gathering = Box::pin(gather(&receiver, Destination::new(output), stop));
    let mut shipping = Box::pin(ship(inputs, interval, sender, "host"));
    let summary = select! {
        sent = &mut shipping => {
            drop(shipped);
            let gathered = gathering.await;
            // The error that was first.
            sent.and_then(|sent| Ok(Summary { inputs: sent.inputs, ..gathered? }))
        }
        gathered = &mut gathering => {
            closers.iter().for_each(Closer::close);
            let _ = shipping.await;
            gathered
        }
    };
    let client = async_nats::connect(&servers.urls).await.unwrap();
    async_nats::jetstream::new(client).delete_stream(&name).await.unwrap();
    summary
}

macro_rules! tests {
    ($merge:ident; $($name:ident)*) => { $(test!($merge; $name);)* };
}

macro_rules! test {
    // The stream is the buffer: a slow output holds no follower back. A full stream does, which `restarts.rs` tests.
    ($merge:ident; a_slow_output_holds_the_followers_back) => {};
    ($merge:ident; long_lines_and_a_slow_output_take_no_more_than_they_may) => {};
    ($merge:ident; a_run_holds_no_more_chunks_than_it_may) => {};
    // The output fails in another program than the input: which error is the first is not for one of them to say.
    ($merge:ident; an_output_that_fails_later_hides_no_error) => {};
    ($merge:ident; lines_that_are_written_take_no_memory) => {
        test!(as merge_in_little_memory; lines_that_are_written_take_no_memory);
    };
    ($merge:ident; $name:ident) => {
        test!(as $merge; $name);
    };
    (as $merge:ident; $name:ident) => {
        #[test]
        fn $name() {
            if servers().is_some() {
                let place = concat!(module_path!(), "::", stringify!($name));
                equivalence::check(place, equivalence::scenarios::$name, $merge, None);
            }
        }
    };
}

equivalence::each_scenario!(tests, merge);
