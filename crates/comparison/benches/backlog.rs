//! Prefilled logs, merged to the end: how close does a merge come to plain copying?
//!
//! The baseline is one thread that copies 128 KiB blocks, cut at newlines. It runs before every sample of every
//! contender, so that each share comes from two neighbouring runs.

use comparison::Result;
use comparison::contender::{batch, multi_thread};
use comparison::pairs::run;

fn main() -> Result<()> {
    let cases = [("5 inputs", 5, 100), ("64 inputs", 64, 100), ("1000 inputs", 1_000, 100)];
    run("backlog", 512 << 20, &cases, batch, &[("", multi_thread)])
}
