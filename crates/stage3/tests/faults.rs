//! Stage 3's program when the world goes wrong: the same cases as for every stage.

#![cfg(unix)]

merge_cli::fault_suite!(env!("CARGO_BIN_EXE_stage3"));
