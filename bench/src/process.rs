//! The program itself: time until it answers on existing data, and its memory when idle.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use crate::figures::Figure;

/// How long the first start may take: it makes the database and the demo data.
const FIRST_START: Duration = Duration::from_secs(120);

/// A started program that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn measure(folder: &Path) -> Result<Vec<Figure>> {
    const READY: &str = "ready on existing data";
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let program = root.join("target/release/meer");
    if !program.exists() {
        return Ok(vec![
            Figure::not_measured(READY, "target/release/meer is not there (`make dist` builds it)"),
            Figure::not_measured("idle memory", "the same"),
        ]);
    }
    let data = folder.join("meer");
    let _ = std::fs::remove_dir_all(&data);
    std::fs::create_dir_all(&data)?;
    let config = data.join("meer.toml");
    std::fs::write(&config, format!("data = {data:?}\ncities = {:?}\n", root.join("cities")))?;
    drop(start(&program, &config, FIRST_START)?);
    let begun = Instant::now();
    let running = start(&program, &config, FIRST_START)?;
    let ready = begun.elapsed();
    std::thread::sleep(Duration::from_secs(3));
    let memory = resident(running.0.id())?;
    Ok(vec![Figure::at_most(READY, ready, Duration::from_secs(1)), Figure::stated("idle memory", memory)])
}

/// Starts the program and waits until it answers.
fn start(program: &Path, config: &Path, limit: Duration) -> Result<Running> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let child = Command::new(program)
        .args(["--config".as_ref(), config.as_os_str()])
        .args(["serve", "--listen", &address.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| program.display().to_string())?;
    let mut running = Running(child);
    let begun = Instant::now();
    while begun.elapsed() < limit {
        if healthy(address) {
            return Ok(running);
        }
        if let Some(status) = running.0.try_wait()? {
            bail!("the program ended while it started: {status}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    bail!("the program did not answer within {} s", limit.as_secs())
}

fn healthy(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let request = b"GET /gesund HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    stream.write_all(request).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

/// Resident memory of a process, as the kernel states it.
fn resident(pid: u32) -> Result<String> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(format!("{} MiB", kib / 1024))
}
