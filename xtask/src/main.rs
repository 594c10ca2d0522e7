//! Tasks of the repository: `cargo run -p xtask -- conformance [--failures]` runs the conformance suites, `tidy` checks
//! what a compiler does not see.

mod conformance;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo run -p xtask -- conformance [--failures] [suite] | tidy";

fn main() -> anyhow::Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.split_first() {
        Some((task, rest)) if task == "conformance" => {
            let failures = rest.iter().any(|a| a == "--failures");
            let suite = rest.iter().find(|a| !a.starts_with("--"));
            conformance::run(suite.map(String::as_str), failures)?;
            Ok(ExitCode::SUCCESS)
        }
        Some((task, [])) if task == "tidy" => Ok(if tidy::run()? { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
        _ => {
            eprintln!("{USAGE}");
            Ok(ExitCode::from(2))
        }
    }
}
