//! Whether two files say the same process: `cargo run -p bpmn --example same a.bpmn b.bpmn`. Ids, the order of the file and
//! the drawing do not count.

use std::process::ExitCode;

fn read(path: Option<String>) -> Result<bpmn::Model, String> {
    let path = path.ok_or("two files are needed")?;
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    bpmn::Model::parse(&text).map_err(|errors| format!("{path}: {errors:?}"))
}

fn main() -> ExitCode {
    let mut paths = std::env::args().skip(1);
    let both = read(paths.next()).and_then(|a| Ok((a, read(paths.next())?)));
    let said = both.and_then(|(a, b)| a.same_process(&b).map_err(|difference| difference.to_string()));
    match said {
        Ok(()) => {
            println!("the same process");
            ExitCode::SUCCESS
        }
        Err(difference) => {
            eprintln!("{difference}");
            ExitCode::FAILURE
        }
    }
}
