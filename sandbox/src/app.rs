//! What all peers share.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::Timestamp;
use rand::RngExt;
use subtle::ConstantTimeEq;

use crate::Config;
use crate::city::CityFile;
use crate::eid::{self, Card, Provider};
use crate::faults::Faults;
use crate::kasse::Treasury;
use crate::mail::Mailbox;
use crate::pay::Payments;
use crate::register::Answers;
use crate::residents::Registers;
use crate::timestamp::Authority;

/// A city with its registers.
pub struct City {
    pub file: CityFile,
    pub registers: Registers,
    pub cards: Vec<Card>,
    pub answers: Answers,
}

/// State of the process.
pub struct App {
    pub base_url: String,
    pub cities: Vec<City>,
    pub faults: Faults,
    pub eid: Provider,
    pub payments: Payments,
    pub treasury: Treasury,
    pub mailbox: Mailbox,
    pub timestamps: Authority,
    pub register_answer_time: Duration,
}

impl App {
    pub fn build(config: &Config, base_url: String) -> anyhow::Result<Self> {
        let mut cities: Vec<City> = Vec::new();
        for dir in &config.cities {
            let file = CityFile::load(dir)?;
            let in_file = || format!("{}/sandbox.toml", dir.display());
            let registers = Registers::build(&file).with_context(in_file)?;
            let cards = eid::cards(&file, &registers).with_context(in_file)?;
            if let Some(other) = cities.iter().find(|c| shares_account(&c.file, &file)) {
                bail!("{} and {} share an AGS, a client or a token", other.file.name, file.name);
            }
            cities.push(City { file, registers, cards, answers: Answers::default() });
        }
        if let Some(dir) = &config.data {
            std::fs::create_dir_all(dir).with_context(|| format!("data folder {}", dir.display()))?;
        }
        let data = config.data.as_deref();
        Ok(Self {
            eid: Provider::build(&cities, data, format!("{base_url}/eid"))?,
            payments: Payments::build(&cities, data, config)?,
            treasury: Treasury::build(data, config.refund_after)?,
            mailbox: Mailbox::build(data)?,
            timestamps: Authority::build(data),
            faults: Faults::default(),
            register_answer_time: config.register_answer_time,
            base_url,
            cities,
        })
    }

    pub fn now(&self) -> Timestamp {
        now()
    }

    pub fn city(&self, ags: &str) -> Option<&City> {
        self.cities.iter().find(|city| city.file.ags == ags)
    }
}

fn shares_account(a: &CityFile, b: &CityFile) -> bool {
    a.ags == b.ags
        || a.register.token == b.register.token
        || a.kasse.token == b.kasse.token
        || a.eid.client_id == b.eid.client_id
        || a.pay.originator_id == b.pay.originator_id
        || a.pay.client_id == b.pay.client_id
}

/// The present moment in whole microseconds.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

/// 192 random bits as URL-safe text.
pub fn random_token() -> String {
    let bytes: [u8; 24] = rand::rng().random();
    data_encoding::BASE64URL_NOPAD.encode(&bytes)
}

/// Compares secrets in a time that depends on their length only.
pub fn same_secret(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// Texts that expire, at most `CAPACITY` of them; the oldest go first.
pub struct Expiring<T> {
    entries: HashMap<String, (Timestamp, T)>,
}

impl<T> Default for Expiring<T> {
    fn default() -> Self {
        Self { entries: HashMap::new() }
    }
}

impl<T> Expiring<T> {
    const CAPACITY: usize = 20_000;

    pub fn insert(&mut self, key: String, until: Timestamp, value: T, now: Timestamp) {
        if self.entries.len() >= Self::CAPACITY {
            self.entries.retain(|_, (until, _)| *until > now);
        }
        if self.entries.len() >= Self::CAPACITY
            && let Some(oldest) = self.entries.iter().min_by_key(|(_, (until, _))| *until).map(|(key, _)| key.clone())
        {
            self.entries.remove(&oldest);
        }
        self.entries.insert(key, (until, value));
    }

    pub fn get(&self, key: &str, now: Timestamp) -> Option<&T> {
        self.entries.get(key).filter(|(until, _)| *until > now).map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, key: &str, now: Timestamp) -> Option<&mut T> {
        self.entries.get_mut(key).filter(|(until, _)| *until > now).map(|(_, value)| value)
    }

    pub fn remove(&mut self, key: &str) {
        self.entries.remove(key);
    }
}
