//! What must not be true when real people's data are at stake.

use house::{App, Config};
use kernel::Result;

/// Every reason why this configuration must not serve in production; empty when it may.
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
    for name in ["population", "civil", "payment", "treasury", "eid", "smtp"] {
        match config.peers.get(name) {
            None => reasons.push(format!("peers.{name} is not configured")),
            Some(peer) if peer.sandbox => reasons.push(format!("peers.{name} is a sandbox")),
            Some(peer) if peer.url.starts_with("http://") => {
                reasons.push(format!("peers.{name} is reached over plain HTTP"));
            }
            Some(_) => {}
        }
    }
    reasons
}

/// Reasons that only the opened cities show: development keys, demo accounts, sample fees, sign-in without a second
/// factor.
///
/// # Errors
/// When a city's database does not answer.
pub async fn reasons_in_cities(app: &App) -> Result<Vec<String>> {
    let mut reasons = Vec::new();
    for city in app.cities() {
        let key = &city.key;
        if city.checkpoints.is_development() {
            reasons.push(format!("city {key}: the journal is signed with a development key"));
        }
        if !city.file.sign_in.staff_second_factor {
            reasons.push(format!("city {key}: staff sign in without a second factor (sign_in.staff_second_factor)"));
        }
        let mut rx = city.db.read().await?;
        let sample = identity::all_staff(&mut rx).await?;
        for person in sample.iter().filter(|s| s.email.ends_with("@example.org")) {
            reasons.push(format!("city {key}: demo account {}", person.login));
        }
        if city.content.get("city", "people").is_some() {
            reasons.push(format!("city {key}: people.toml with known passwords is among its data"));
        }
    }
    Ok(reasons)
}
