//! Past one machine: the logs of many hosts become one durable stream, on NATS `JetStream`.
//!
//! [`ship`] follows the logs of one host and sends their lines to a stream that the servers keep in several copies.
//! [`gather`] writes the stream to one output. Either of them, and any server, may be killed and started again: each
//! input still comes out whole, in order, exactly once.
//!
//! # Layout
//!
//! - `ship.rs`: stage 4's top with another end. It takes the tail as it is.
//! - `lane.rs`: the way of one input to the stream. The last message there says where the input goes on after a restart.
//! - `gather.rs`: reads the stream by number. `destination.rs` writes it, and remembers how far.
//! - `link.rs`: the connection, the stream, and what the servers' errors mean.
//! - `main.rs`: the command line.
//!
//! In the book, when it is built (`scripts/book build`): [Past one machine](../../book/one-machine.html).

mod destination;
mod gather;
mod lane;
mod link;
mod login;
mod ship;
mod wait;

pub use destination::Destination;
pub use gather::gather;
pub use link::Link;
pub use login::Login;
pub use ship::ship;
