//! Stage 3's program, as a person or a script runs it: the same cases as for every stage.

merge_cli::cli_suite!(env!("CARGO_BIN_EXE_stage3"));
