//! Stage 3 from the command line: the same blocking `main`. No line of it knows that the tail is async now.

use std::process::ExitCode;

fn main() -> ExitCode {
    let job = match merge_cli::start(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")) {
        Ok(job) => job,
        Err(code) => return code,
    };
    if let Err(error) = ctrlc::set_handler(move || job.stop.signal()) {
        return job.report.refuse(error);
    }
    let merged = stage3::merge(job.inputs, job.interval, job.output);
    job.report.finish(merged)
}
