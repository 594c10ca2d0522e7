//! Starts the outside peers of the demo city.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use sandbox::Config;
use tracing_subscriber::EnvFilter;

/// Outside peers of the demo city: registers, eID login, payment provider, treasury, mail sink, scanner.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// City folder with a sandbox.toml; may be given several times. Without it, every folder under cities/ that has one.
    #[arg(long = "city", value_name = "DIR")]
    cities: Vec<PathBuf>,
    /// Address of the HTTP port.
    #[arg(long, default_value = "127.0.0.1:8090")]
    http: SocketAddr,
    /// Address of the SMTP port.
    #[arg(long, default_value = "127.0.0.1:8025")]
    smtp: SocketAddr,
    /// Address of the scanner for malware.
    #[arg(long, default_value = "127.0.0.1:8026")]
    clamd: SocketAddr,
    /// Address under which browsers reach the HTTP port.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Folder that keeps payments, refunds and mails over restarts.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Seconds until a payment "paid later" is paid.
    #[arg(long, default_value_t = 20)]
    pay_later_after: u64,
    /// Notification address of an originator, before the one of its city file: originator=http://...
    #[arg(long = "notify", value_name = "ORIGINATOR=URL", value_parser = originator_url)]
    notify: Vec<(String, String)>,
}

fn originator_url(text: &str) -> Result<(String, String), String> {
    let (originator, url) = text.split_once('=').ok_or("ORIGINATOR=URL expected")?;
    Ok((originator.to_owned(), url.to_owned()))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let args = Args::parse();
    let cities = if args.cities.is_empty() { cities_here()? } else { args.cities };
    let running = sandbox::start(Config {
        http: args.http,
        smtp: args.smtp,
        clamd: args.clamd,
        public_url: args.public_url,
        data: args.data,
        pay_later_after: Duration::from_secs(args.pay_later_after),
        notification_urls: args.notify.into_iter().collect(),
        ..Config::new(cities)
    })
    .await?;
    println!(
        "Testumgebung: {}  (E-Mail-Eingang: {}, Virenscanner: {})",
        running.base_url, running.smtp_addr, running.clamd_addr
    );
    wait_for_end().await?;
    running.shutdown().await;
    Ok(())
}

/// Ctrl-C or, as service supervisors send it, SIGTERM.
async fn wait_for_end() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    Ok(())
}

fn cities_here() -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir("cities").context("no --city given and no folder cities/ here")?;
    let mut dirs: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    dirs.retain(|dir| dir.join("sandbox.toml").is_file());
    dirs.sort();
    anyhow::ensure!(!dirs.is_empty(), "no --city given and no cities/*/sandbox.toml here");
    Ok(dirs)
}
