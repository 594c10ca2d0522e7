//! A step of a form over HTTP: shown and sent by somebody without an account, 50 requests a second.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};

use crate::figures::{Figure, millis, quantile};

/// Time between two requests.
const EVERY: Duration = Duration::from_millis(20);
/// Pairs of a page shown and sent.
const PAIRS: usize = 300;

/// Asks the program that listens there.
pub fn measure(program: SocketAddr, build: &str) -> Result<Figure> {
    let begun = ask(program, "POST", "/leistungen/meldebescheinigung/antrag", "", Some(""))?;
    let draft = begun.header("location").context("no draft was begun")?.to_owned();
    let cookie = begun.header("set-cookie").context("no cookie for the draft")?;
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    let step = format!("{draft}/fuer-wen");
    let mut times = Vec::with_capacity(2 * PAIRS);
    let start = Instant::now();
    let mut timed = |n: usize, method: &str, body: Option<&str>| -> Result<Reply> {
        let due = EVERY * u32::try_from(n)?;
        std::thread::sleep(due.saturating_sub(start.elapsed()));
        let asked = Instant::now();
        let reply = ask(program, method, &step, &cookie, body)?;
        times.push(asked.elapsed());
        Ok(reply)
    };
    for pair in 0..PAIRS {
        let page = timed(2 * pair, "GET", None)?;
        ensure!(page.status == 200, "the step answered {}", page.status);
        let revision = page.text.split("name=\"stand\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let revision = revision.context("the step has no revision")?;
        let body = format!("stand={revision}&fuer_wen=selbst");
        let sent = timed(2 * pair + 1, "POST", Some(&body))?;
        ensure!(sent.status == 303, "the step was answered with {}", sent.status);
    }
    let half = quantile(&mut times, 0.5);
    let name = format!("step of a form, 50 requests/s, {build}, p99");
    let mut figure = Figure::at_most(name, quantile(&mut times, 0.99), Duration::from_millis(10));
    figure.measured = format!("{} (p50 {})", figure.measured, millis(half));
    Ok(figure)
}

struct Reply {
    status: u16,
    text: String,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next()?;
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

fn ask(program: SocketAddr, method: &str, path: &str, cookie: &str, body: Option<&str>) -> Result<Reply> {
    let mut stream = TcpStream::connect(program)?;
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: {cookie}\r\n");
    if let Some(body) = body {
        let length = body.len();
        request += &format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n");
    }
    request += "\r\n";
    request += body.unwrap_or_default();
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no HTTP answer")?;
    Ok(Reply { status, text })
}
