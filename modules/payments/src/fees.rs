//! The city's own fee rows for outcomes: an application that is refused, withdrawn, or finds nothing (`fees.toml`).

use content::Content;
use contract_payments::FeeItem;
use kernel::{Date, Error, Money, Result};
use serde::Deserialize;

/// The part of the city's fee file that is read here; `services` checks the whole of it.
#[derive(Debug, Default, Deserialize)]
struct File {
    #[serde(default)]
    fee: Vec<Row>,
}

#[derive(Clone, Debug, Deserialize)]
struct Row {
    key: String,
    text: String,
    cents: i64,
    valid_from: Date,
    #[serde(default)]
    valid_to: Option<Date>,
    basis: String,
    #[serde(default)]
    service: Option<String>,
    #[serde(default)]
    outcome: Option<String>,
}

impl Row {
    fn holds(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }
}

/// Outcomes that may have a fee of their own.
const OUTCOMES: [&str; 3] = ["refused", "withdrawn", "nothing-found"];

/// What is owed for an outcome by the row of the day; nothing where the city has no such row. Of a fee by effort
/// (Rahmengebühr) the lower end counts.
///
/// # Errors
/// `payment-outcome` for an unknown outcome; a fault of the file.
pub fn of_outcome(content: &Content, service: &str, outcome: &str, day: Date) -> Result<Option<FeeItem>> {
    if !OUTCOMES.contains(&outcome) {
        return Err(Error::refused("payment-outcome"));
    }
    if content.get("city", "fees").is_none() {
        return Ok(None);
    }
    let file = content.toml::<File>("city", "fees")?;
    let names = |row: &&Row| row.service.as_deref() == Some(service) && row.outcome.as_deref() == Some(outcome);
    let Some(row) = file.fee.iter().filter(|row| row.holds(day)).find(names) else { return Ok(None) };
    if row.cents < 0 {
        return Err(Error::internal(format!("fee {} is negative", row.key)));
    }
    Ok(Some(FeeItem {
        fee: row.key.clone(),
        text: row.text.clone(),
        quantity: 1,
        single: Money(row.cents),
        basis: row.basis.clone(),
    }))
}
