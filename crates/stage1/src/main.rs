//! Stage 1 from the command line: a blocking `main`. A signal handler's thread closes the inputs.

use std::process::ExitCode;

fn main() -> ExitCode {
    let job = match merge_cli::start(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")) {
        Ok(job) => job,
        Err(code) => return code,
    };
    if let Err(error) = ctrlc::set_handler(move || job.stop.signal()) {
        return job.report.refuse(error);
    }
    let merged = stage1::merge(job.inputs, job.interval, job.output);
    job.report.finish(merged)
}
