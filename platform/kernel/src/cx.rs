use std::{
    any::Any,
    sync::{Arc, Mutex},
};

use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

use crate::{Actor, Id, Kind, Principal, TenantId};

/// Language of a page or letter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    #[default]
    De,
    En,
}

impl Lang {
    pub fn code(self) -> &'static str {
        match self {
            Lang::De => "de",
            Lang::En => "en",
        }
    }

    pub fn from_code(code: &str) -> Option<Lang> {
        match code {
            "de" => Some(Lang::De),
            "en" => Some(Lang::En),
            _ => None,
        }
    }
}

/// Where the present comes from. Logic never asks the operating system.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that tests set and move.
pub struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    pub fn new(at: Timestamp) -> Self {
        Self(Mutex::new(at))
    }

    pub fn set(&self, at: Timestamp) {
        *self.0.lock().unwrap_or_else(|e| e.into_inner()) = at;
    }

    pub fn advance_hours(&self, hours: i64) {
        self.advance(jiff::SignedDuration::from_hours(hours));
    }

    pub fn advance_minutes(&self, minutes: u32) {
        self.advance(jiff::SignedDuration::from_mins(i64::from(minutes)));
    }

    pub fn advance(&self, by: jiff::SignedDuration) {
        let mut at = self.0.lock().unwrap_or_else(|e| e.into_inner());
        *at = at.saturating_add(by).unwrap_or(*at);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// Where random bytes come from.
pub trait Random: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator, through a thread-local reseeded ChaCha.
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

/// Replayable bytes for tests.
pub struct SeededRandom(Mutex<StdRng>);

impl SeededRandom {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(|e| e.into_inner()).fill_bytes(bytes);
    }
}

/// Time and randomness of one running program.
#[derive(Clone)]
pub struct Sources {
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
}

impl Sources {
    pub fn system() -> Self {
        Self { clock: Arc::new(SystemClock), random: Arc::new(OsRandom) }
    }

    /// Microseconds since 1970-01-01T00:00:00Z: the finest grain that both databases keep.
    pub fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    pub fn uuid(&self) -> Uuid {
        let millis = u64::try_from(self.now().as_millisecond()).unwrap_or(0);
        let mut random = [0u8; 10];
        self.random.fill(&mut random);
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

/// The context of one request or job: for which city, who acts, in which language, with which time and randomness.
#[derive(Clone)]
pub struct Cx {
    pub tenant: TenantId,
    pub actor: Actor,
    pub lang: Lang,
    pub sources: Sources,
    /// The assembled house, set and read by the crate `house` only.
    pub house: Option<Arc<dyn Any + Send + Sync>>,
}

impl Cx {
    pub fn new(tenant: TenantId, principal: Principal, sources: Sources) -> Self {
        Self { tenant, actor: Actor::new(principal), lang: Lang::De, sources, house: None }
    }

    /// The same context for another principal, e.g. a job that goes on in the name of the program.
    #[must_use]
    pub fn as_principal(&self, principal: Principal) -> Self {
        Self { actor: Actor::new(principal), ..self.clone() }
    }

    pub fn now(&self) -> Timestamp {
        self.sources.now()
    }

    /// The present on the city's wall clock (Europe/Berlin).
    pub fn local_now(&self) -> Zoned {
        self.now().to_zoned(berlin())
    }

    pub fn today(&self) -> Date {
        self.local_now().date()
    }

    pub fn new_id<K: Kind>(&self) -> Id<K> {
        Id::from_uuid(self.sources.uuid())
    }

    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0u8; N];
        self.sources.random.fill(&mut bytes);
        bytes
    }
}

/// Legal time in Germany (§ 1 EinhZeitG), from the bundled time-zone data.
pub fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn berlin_is_known_and_new_year_is_local() {
        let clock = Arc::new(FixedClock::new("2026-12-31T23:30:00Z".parse().unwrap()));
        let cx = Cx::new(TenantId(1), Principal::Anonymous, Sources { clock, random: Arc::new(SeededRandom::new(1)) });
        assert_eq!(cx.today().to_string(), "2027-01-01");
    }

    #[test]
    fn ids_sort_by_time_and_replay_by_seed() {
        let clock = Arc::new(FixedClock::new("2026-01-01T00:00:00Z".parse().unwrap()));
        let sources = |seed| Sources { clock: clock.clone(), random: Arc::new(SeededRandom::new(seed)) };
        assert_eq!(sources(7).uuid(), sources(7).uuid());
        assert_ne!(sources(7).uuid(), sources(8).uuid());
        let early = sources(9).uuid();
        clock.advance(jiff::SignedDuration::from_secs(1));
        assert!(early < sources(1).uuid());
        assert_eq!(early.get_version_num(), 7);
    }
}
