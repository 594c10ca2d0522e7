//! What must not be true when real people's data are at stake.

use files::{Address, Scanner};
use house::{App, Config};
use journal::SigningKey;
use kernel::Result;

/// Every reason why this configuration and its keys must not serve in production; empty when they may.
pub fn reasons(config: &Config) -> Vec<String> {
    let mut reasons = Vec::new();
    if config.demo {
        reasons.push("demo = true: sample people with known passwords would be loaded".to_owned());
    }
    if !config.https {
        reasons.push("https = false: people would send passwords and data in the clear".to_owned());
    }
    if config.checkpoints.is_none() {
        reasons.push("checkpoints is not set: evidence would lie beside what it proves".to_owned());
    }
    if config.https && config.proxies.is_empty() {
        reasons.push("proxies is empty: all people would count as one caller and slow each other down".to_owned());
    }
    if let Some(url) = &config.database
        && !is_near(url)
    {
        reasons.push("database lies on another machine: the connection is not encrypted".to_owned());
    }
    reasons.extend(peers(config));
    reasons.extend(cities(config).iter().filter_map(|city| scanner(config, city)));
    reasons.extend(cities(config).iter().filter_map(|city| signing_key(config, city)));
    reasons
}

/// What is wrong with the key that signs a city's journal. Looked at before a city is opened, which makes a development
/// key where there is none.
fn signing_key(config: &Config, city: &str) -> Option<String> {
    match SigningKey::load(&house::signing_key(config, city)) {
        Ok(Some(key)) if !key.is_development() => None,
        Ok(Some(_)) => {
            Some(format!("city {city}: the journal is signed with a development key; make one with `meer keys`"))
        }
        Ok(None) => Some(format!("city {city}: no key signs the journal; make one with `meer keys`")),
        Err(error) => Some(format!("city {city}: {error}")),
    }
}

/// Why nobody scans for malware what people send to a city.
fn scanner(config: &Config, city: &str) -> Option<String> {
    match config.scanner_of(city) {
        Ok(Scanner::Clamd(Address::Tcp(address))) if !is_near(&format!("tcp://{address}")) => {
            Some(format!("city {city}: scanner {address} is reached without encryption"))
        }
        Ok(Scanner::Clamd(_) | Scanner::Elsewhere(_)) => None,
        Ok(Scanner::Nobody) => Some(format!(
            "city {city}: no scanner for malware is configured (scanner), and nothing says which other component scans \
             (scanned_by)"
        )),
        Err(error) => Some(format!("city {city}: {error}")),
    }
}

/// Whether a database is reached by a socket or on this machine.
fn is_near(url: &str) -> bool {
    let authority = url.split("://").nth(1).unwrap_or_default().split('/').next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.is_empty()
        || ["localhost", "127.0.0.1", "[::1]"]
            .iter()
            .any(|near| host.split(':').next() == Some(near) || host.starts_with(near))
}

/// Every outside system of every city, those of all cities included.
fn peers(config: &Config) -> Vec<String> {
    let mut reasons = Vec::new();
    for name in ["population", "civil", "payment", "treasury", "eid", "smtp"] {
        let own = config
            .city
            .iter()
            .filter_map(|(key, city)| Some((format!("city.{key}.peers.{name}"), city.peers.get(name)?)));
        let all: Vec<_> =
            config.peers.get(name).map(|peer| (format!("peers.{name}"), peer)).into_iter().chain(own).collect();
        for (label, peer) in &all {
            if peer.sandbox {
                reasons.push(format!("{label} is a sandbox"));
            } else if peer.url.starts_with("http://")
                || peer.url.starts_with("smtp://")
                || peer.url.contains("+plain://")
            {
                reasons.push(format!("{label} is reached without encryption"));
            }
        }
        if config.peers.contains_key(name) {
            continue;
        }
        for key in
            cities(config).into_iter().filter(|key| !config.city.get(key).is_some_and(|c| c.peers.contains_key(name)))
        {
            reasons.push(format!("peers.{name} is not configured for {key}"));
        }
    }
    // Time-stamps are a choice; the authority sees a hash only, and signs its answer.
    let own = config.city.iter().map(|(key, city)| (format!("city.{key}.peers.timestamp"), &city.peers));
    for (label, peers) in own.chain([("peers.timestamp".to_owned(), &config.peers)]) {
        if peers.get("timestamp").is_some_and(|peer| peer.sandbox) {
            reasons.push(format!("{label} is a sandbox"));
        }
    }
    reasons
}

/// Keys of the cities of this installation: their folders.
fn cities(config: &Config) -> Vec<String> {
    let folders = std::fs::read_dir(&config.cities).into_iter().flatten().flatten();
    let mut keys: Vec<String> = folders
        .filter(|folder| folder.path().join("city.toml").exists())
        .map(|folder| folder.file_name().to_string_lossy().into_owned())
        .collect();
    keys.sort();
    keys
}

/// Reasons that only the opened cities show: demo accounts, sample fees, sign-in without a second
/// factor.
///
/// # Errors
/// When a city's database does not answer.
pub async fn reasons_in_cities(app: &App) -> Result<Vec<String>> {
    let mut reasons = Vec::new();
    for city in app.cities() {
        let key = &city.key;
        if !city.file.sign_in.staff_second_factor {
            reasons.push(format!("city {key}: staff sign in without a second factor (sign_in.staff_second_factor)"));
        }
        match city.files.scanner().engine().await {
            Ok(Some(engine)) if engine.contains("sandbox") => {
                reasons.push(format!("city {key}: the scanner for malware is a sandbox"));
            }
            // One that does not answer now is asked again; what comes in stays closed until then.
            Ok(_) | Err(_) => {}
        }
        let mut rx = city.db.read().await?;
        let sample = identity::all_staff(&mut rx).await?;
        for person in sample.iter().filter(|s| s.email.ends_with("@example.org")) {
            reasons.push(format!("city {key}: demo account {}", person.login));
        }
        if let Some(fees) = city.content.get("city", "fees") {
            let sample = fees.body.lines().filter(|line| line.replace(' ', "").starts_with("sample=true")).count();
            if sample > 0 {
                reasons.push(format!("city {key}: {sample} fees are samples (fees.toml)"));
            }
        }
        if city.content.get("city", "people").is_some() {
            reasons.push(format!("city {key}: people.toml with known passwords is among its data"));
        }
    }
    Ok(reasons)
}
