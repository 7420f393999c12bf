//! `select!`: the first of several futures wins, the others are dropped.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::{select, time::sleep};

#[tokio::test]
async fn the_first_one_wins() {
    // ANCHOR: select
    let (close, closed) = oneshot::channel::<()>();
    close.send(()).unwrap();

    let woken_by = select! {
        () = sleep(Duration::from_secs(3600)) => "the hour",
        _ = closed => "the close",
    };
    assert_eq!(woken_by, "the close"); // At once. The sleep was dropped.
    // ANCHOR_END: select
}
