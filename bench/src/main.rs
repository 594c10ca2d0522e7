//! `make bench`: the promised figures, measured on this machine. Every missed one is marked, and the program ends with
//! an error then.
//!
//! `scripts/bench.sh 50000` measures with so many cases instead of a million, to try it out.

mod case_page;
mod desk_list;
mod documents;
mod figures;
mod form;
mod full_text;
mod instances;
mod merkle;
mod process;
mod submissions;
mod town;

use std::{
    io::Write as _,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use figures::{Figure, millis, print, quantile};

/// Cases of the clerk's list.
const CASES: i64 = 1_000_000;

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let cases = match std::env::args().nth(1) {
        Some(text) => text.parse::<i64>().context("number of cases")?.max(5_000),
        None => CASES,
    };
    let server = std::env::var_os("MEER_TEST_DATABASE");
    ensure!(server.is_some_and(|server| !server.is_empty()), "{}", db::testing::NOT_SET);
    if cfg!(debug_assertions) {
        eprintln!("This build is not optimised; its figures say nothing (`make bench`).");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench");
    std::fs::create_dir_all(&folder)?;

    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (half, most) = fdatasync(&folder)?;
    // Each part is shown when it is measured: one that breaks takes no other along.
    let mut kept = print(&[
        Figure::stated("cores", cores.to_string()),
        Figure::stated("fdatasync of 4 KiB", format!("p50 {}, p99 {}", millis(half), millis(most))),
    ]);
    eprintln!("submissions …");
    kept &= print(&submissions::measure(&folder, usize::try_from(cases / 25)?).await?);
    eprintln!("list of {cases} cases, filled at the first run …");
    kept &= print(&desk_list::measure(&folder, cases).await?);
    eprintln!("full text of {cases} cases, filled at the first run …");
    kept &= print(&full_text::measure(&folder, cases)?);
    eprintln!("list of {cases} documents, filled at the first run …");
    kept &= print(&documents::measure(&folder, cases).await?);
    eprintln!("a case with 1000 documents …");
    kept &= print(&case_page::measure().await?);
    eprintln!("process instances …");
    kept &= print(&instances::measure(&folder, usize::try_from(cases / 50)?).await?);
    let entries = u64::try_from(cases)? * 10;
    eprintln!("Merkle tree of {entries} entries, filled at the first run …");
    kept &= print(&merkle::measure(&folder, entries).await?);
    eprintln!("the program …");
    kept &= print(&process::measure(&folder)?);
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How long this disk takes to keep 4 KiB: median and 99th hundredth of 200 times.
fn fdatasync(folder: &Path) -> Result<(Duration, Duration)> {
    let path = folder.join("fdatasync");
    let mut file = std::fs::File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..200 {
        file.write_all(&[7; 4096])?;
        let start = Instant::now();
        file.sync_data()?;
        times.push(start.elapsed());
    }
    std::fs::remove_file(&path)?;
    Ok((quantile(&mut times, 0.5), quantile(&mut times, 0.99)))
}
