//! The program itself: time until it answers on existing data, its memory when idle, a step of a form over HTTP.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use crate::{figures::Figure, form};

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
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let builds = [("release build", target.join("release/meer")), ("development build", target.join("debug/meer"))];
    let Some((build, program)) = builds.into_iter().find(|(_, program)| program.exists()) else {
        let names = [READY, "idle memory", "step of a form"];
        return Ok(names.map(|name| Figure::not_measured(name, "no program is built (`make dist`)")).into());
    };
    let data = folder.join("meer");
    let _ = std::fs::remove_dir_all(&data);
    std::fs::create_dir_all(&data)?;
    let config = data.join("meer.toml");
    std::fs::write(&config, format!("data = {data:?}\ncities = {:?}\n", root.join("cities")))?;
    drop(start(&program, &config, FIRST_START)?);
    let begun = Instant::now();
    let (running, address) = start(&program, &config, FIRST_START)?;
    let ready = begun.elapsed();
    std::thread::sleep(Duration::from_secs(3));
    let memory = resident(running.0.id())?;
    Ok(vec![
        Figure::at_most(format!("{READY}, {build}"), ready, Duration::from_secs(1)),
        Figure::stated(format!("idle memory, {build}"), memory),
        form::measure(address, build)?,
    ])
}

/// Starts the program and waits until it answers.
fn start(program: &Path, config: &Path, limit: Duration) -> Result<(Running, SocketAddr)> {
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
            return Ok((running, address));
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
