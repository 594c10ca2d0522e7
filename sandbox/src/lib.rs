//! Outside peers of the demo city and of the tests, in a process of their own.
//!
//! A city's program talks to registers, an eID login, a payment provider, its treasury, a mail server, a virus scanner and
//! a time-stamping authority. The sandbox speaks their protocols over HTTP, SMTP and clamd's, with synthetic people, so that
//! nothing in the program has to know whether it talks to the sandbox. It can also fail on request, as real peers do. See
//! the crate's README for every endpoint.

mod app;
mod city;
mod clamd;
mod eid;
mod faults;
mod generate;
mod http;
mod kasse;
mod mail;
mod names;
mod outgoing;
mod pages;
mod pay;
mod persist;
mod register;
mod residents;
mod timestamp;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;

/// How to start the sandbox.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address of all HTTP peers; port 0 takes a free one.
    pub http: SocketAddr,
    /// Address of the mail sink; port 0 takes a free one.
    pub smtp: SocketAddr,
    /// Address of the scanner for malware; port 0 takes a free one.
    pub clamd: SocketAddr,
    /// Address under which browsers and the city's program reach the HTTP port, without a slash at the end;
    /// `http://localhost:<port>` if not given. It is part of the eID issuer.
    pub public_url: Option<String>,
    /// City folders, each with a `sandbox.toml`.
    pub cities: Vec<PathBuf>,
    /// Folder that keeps payments, refunds, mails, the eID key and the time-stamping authority over restarts; without it nothing is kept.
    pub data: Option<PathBuf>,
    /// Time until a payment "paid later" is paid.
    pub pay_later_after: Duration,
    /// Time until the treasury executes a refund.
    pub refund_after: Duration,
    /// Every answer of the population register takes at least this long, so that its timing says nothing about people.
    pub register_answer_time: Duration,
    /// Notification URL by originator id, before the one of the city file.
    pub notification_urls: BTreeMap<String, String>,
}

impl Config {
    /// The given cities on the default ports of this machine, nothing kept.
    pub fn new(cities: Vec<PathBuf>) -> Self {
        Self {
            http: SocketAddr::from((Ipv4Addr::LOCALHOST, 8090)),
            smtp: SocketAddr::from((Ipv4Addr::LOCALHOST, 8025)),
            clamd: SocketAddr::from((Ipv4Addr::LOCALHOST, 8026)),
            public_url: None,
            cities,
            data: None,
            pay_later_after: Duration::from_secs(20),
            refund_after: Duration::from_secs(5),
            register_answer_time: Duration::from_millis(20),
            notification_urls: BTreeMap::new(),
        }
    }

    /// As [`Config::new`], on free ports and without waiting times worth mentioning, for tests.
    pub fn for_tests(cities: Vec<PathBuf>) -> Self {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            http: free,
            smtp: free,
            clamd: free,
            pay_later_after: Duration::from_millis(300),
            refund_after: Duration::from_millis(100),
            register_answer_time: Duration::from_millis(5),
            ..Self::new(cities)
        }
    }
}

/// A running sandbox; ends when dropped.
pub struct Running {
    /// Base of every HTTP address, without a slash at the end.
    pub base_url: String,
    pub http_addr: SocketAddr,
    pub smtp_addr: SocketAddr,
    pub clamd_addr: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Running {
    /// Ends the sandbox and waits until its ports are free.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Starts all peers. Fails if a city file is wrong, the data folder cannot be read or a port is taken.
pub async fn start(config: Config) -> anyhow::Result<Running> {
    let http = TcpListener::bind(config.http).await.with_context(|| format!("HTTP port {}", config.http))?;
    let smtp = TcpListener::bind(config.smtp).await.with_context(|| format!("SMTP port {}", config.smtp))?;
    let scanner = TcpListener::bind(config.clamd).await.with_context(|| format!("scanner port {}", config.clamd))?;
    let (http_addr, smtp_addr, clamd_addr) = (http.local_addr()?, smtp.local_addr()?, scanner.local_addr()?);
    let base_url = match &config.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://localhost:{}", http_addr.port()),
    };
    let app = Arc::new(App::build(&config, base_url.clone())?);
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    pay::resume(&app);
    app.timestamps.prepare().await;
    tasks.spawn(http::serve(http, Arc::clone(&app), stopped.clone()));
    tasks.spawn(clamd::serve(scanner, Arc::clone(&app), stopped.clone()));
    tasks.spawn(mail::smtp::serve(smtp, app, stopped));
    Ok(Running { base_url, http_addr, smtp_addr, clamd_addr, stop, tasks })
}
