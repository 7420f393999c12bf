//! The same backlog in short lines and in long ones: does a stage pay per line or per byte?

use comparison::Result;
use comparison::contender::{batch, multi_thread};
use comparison::pairs::run;

fn main() -> Result<()> {
    let cases = [("16 B", 64, 16), ("100 B", 64, 100), ("4 KiB", 64, 4 << 10), ("1 MiB", 64, 1 << 20)];
    run("lines", 256 << 20, &cases, batch, &[("", multi_thread)])
}
