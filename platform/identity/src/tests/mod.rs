//! All rules on both engines, with a clock that is moved and random bytes that repeat.

mod accounts;
mod external;
mod factors;
mod rights;
mod sessions;
mod staff;
mod throttle;

use std::{net::IpAddr, sync::Arc};

use db::testing::TestDb;
use jiff::SignedDuration;
use kernel::{
    AccountId, Cx, Error, FixedClock, Grants, Level, Permission, Principal, Result, Scope, SeededRandom, Sources,
    StaffId, TenantId,
};

use crate::{Argon2Cost, Client, Identity, NewSession, Organisation, Policy, Session, SignedIn, resolve};

pub const MAIL: &str = "erika.muster@beispiel.example";
pub const PASSWORD: &str = "Regen auf dem Deich";

/// One city with its clock.
pub struct World {
    pub test: TestDb,
    pub clock: Arc<FixedClock>,
    pub sources: Sources,
    pub identity: Identity,
}

/// The world on each engine that there is.
pub async fn worlds() -> Vec<World> {
    worlds_with(Policy::default()).await
}

pub async fn worlds_with(policy: Policy) -> Vec<World> {
    let policy = Policy { argon2: Argon2Cost { memory_kib: 64, passes: 1, lanes: 1 }, ..policy };
    let tests = db::testing::both(&[journal::MIGRATIONS, crate::MIGRATIONS]).await;
    let make = |test| {
        let clock = Arc::new(FixedClock::new("2026-11-23T08:00:00Z".parse().unwrap()));
        let sources = Sources { clock: clock.clone(), random: Arc::new(SeededRandom::new(7)) };
        World { test, clock, sources, identity: Identity::new(policy.clone(), &[9; 32]).unwrap() }
    };
    tests.into_iter().map(make).collect()
}

impl World {
    pub fn cx(&self, principal: Principal) -> Cx {
        Cx::new(TenantId(1), principal, self.sources.clone())
    }

    pub fn nobody(&self) -> Cx {
        self.cx(Principal::Anonymous)
    }

    pub fn system(&self) -> Cx {
        self.cx(Principal::System { name: "test" })
    }

    pub fn citizen(&self, account: AccountId, level: Level) -> Cx {
        self.cx(Principal::Citizen { account, level })
    }

    /// A member of staff with these permissions in the unit `buergerbuero`.
    pub fn clerk(&self, user: StaffId, permissions: &[Permission]) -> Cx {
        let mut grants = Grants::default();
        for permission in permissions {
            grants.add(permission.0, Scope::Units(vec!["buergerbuero".into()]));
        }
        self.cx(Principal::Staff { user, unit: "buergerbuero".into(), grants: Arc::new(grants) })
    }

    /// A member of staff with these permissions for the whole city.
    pub fn chief(&self, user: StaffId, permissions: &[Permission]) -> Cx {
        let mut grants = Grants::default();
        for permission in permissions {
            grants.add(permission.0, Scope::City);
        }
        self.cx(Principal::Staff { user, unit: "buergerbuero".into(), grants: Arc::new(grants) })
    }

    pub fn later(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// An account made by the program itself.
    pub async fn account(&self, email: &str, password: &str) -> AccountId {
        let account = self.identity.seed_account(&self.test.db, &self.system(), email, "Erika", password).await;
        self.later(1);
        account.unwrap()
    }

    pub async fn sign_in(&self, client: &Client, email: &str, password: &str) -> Result<SignedIn> {
        self.identity.sign_in(&self.test.db, &self.nobody(), client, email, password).await
    }

    pub async fn session(&self, client: &Client, email: &str, password: &str) -> NewSession {
        done(self.sign_in(client, email, password).await.unwrap())
    }

    pub async fn resolve(&self, token: &str) -> Option<Session> {
        resolve(&self.test.db, &self.sources, token).await.unwrap()
    }

    /// Sets up a second factor for the one who acts; the secret as text and the recovery codes.
    pub async fn factor(&self, cx: &Cx) -> (String, Vec<String>) {
        let db = &self.test.db;
        let factor = db::write!(db, |tx| { self.identity.start_factor(tx, cx, "Stadt", "x").await }).unwrap();
        let code = self.code(&factor.secret);
        let codes = self.identity.finish_factor(db, cx, &at("192.0.2.1"), &code, "").await.unwrap();
        self.later(30);
        (factor.secret, codes)
    }

    pub fn code(&self, secret: &str) -> String {
        crate::current_code(secret, self.sources.now()).unwrap()
    }

    /// Names of all journal entries, in order.
    pub async fn journal(&self) -> Vec<String> {
        journal::settle(&self.test.db).await.unwrap();
        let mut rx = self.test.db.read().await.unwrap();
        journal::entries(&mut rx, 0, 10_000).await.unwrap().into_iter().map(|e| e.name).collect()
    }

    pub async fn organisation(&self) {
        let organisation: Organisation = toml::from_str(CITY).unwrap();
        db::write!(self.test.db, |tx| { crate::load_organisation(tx, &self.system(), &organisation).await }).unwrap();
    }
}

/// A browser at an address, without cookies.
pub fn at(ip: &str) -> Client {
    let ip: IpAddr = ip.parse().unwrap();
    Client::new(ip, "Mozilla/5.0 Firefox/140.0", None, None)
}

/// The same with a device cookie.
pub fn known_at(ip: &str, device: &str) -> Client {
    Client::new(ip.parse().unwrap(), "Mozilla/5.0 Firefox/140.0", Some(device.to_owned()), None)
}

pub fn done(signed_in: SignedIn) -> NewSession {
    match signed_in {
        SignedIn::Done(session) => session,
        other => panic!("not signed in: {other:?}"),
    }
}

pub fn code_of<T: std::fmt::Debug>(result: Result<T>) -> String {
    match result {
        Err(Error::Invalid(errors)) => format!("{}: {}", errors[0].field, errors[0].code),
        Err(error) => error.code().to_owned(),
        Ok(value) => panic!("no error but {value:?}"),
    }
}

pub const VIEW: Permission = Permission("records.view");
pub const DECIDE: Permission = Permission("records.decide");
pub const CITY: &str = r#"
    [[unit]]
    key = "dezernat-2"
    name = "Dezernat II"
    [[unit]]
    key = "buergerbuero"
    name = "Bürgerbüro"
    parent = "dezernat-2"
    [[unit]]
    key = "standesamt"
    name = "Standesamt"
    parent = "dezernat-2"
    [[unit]]
    key = "kaemmerei"
    name = "Kämmerei"

    [[role]]
    key = "sachbearbeitung"
    name = "Sachbearbeitung"
    clearance = "normal"
    permissions = ["records.view"]
    [[role]]
    key = "leitung"
    name = "Leitung"
    permissions = ["records.view", "records.decide"]
    clearance = "vertraulich"
    [[role]]
    key = "sperrvermerke"
    name = "Sperrvermerke"
    permissions = ["records.view"]
    clearance = "streng-vertraulich"
    special = ["sperrvermerk"]
    deputies = false
    [[role]]
    key = "schalter"
    name = "Schalter"
    permissions = ["records.open"]
"#;
