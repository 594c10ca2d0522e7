//! A small city with one evidential table.

use std::sync::Arc;

use db::{Db, Migrations, Step, Tx, params, testing::TestDb};
use journal::{Evidence, Kind};
use kernel::{Cx, Error, Event, Id, OsRandom, Principal, Result, Sources, Subject, SystemClock, TenantId, Uuid, id};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub const MIGRATIONS: &[Migrations] = &[
    journal::MIGRATIONS,
    Migrations {
        module: "fees",
        steps: &[Step {
            name: "0001",
            sql: "CREATE TABLE fees_fee (tenant BIGINT NOT NULL, id UUID NOT NULL, cents BIGINT NOT NULL, reason TEXT,\n\
                  paid BOOLEAN NOT NULL, due DATE, at TIMESTAMPTZ, receipt BYTEA, office UUID, extra JSONB,\n\
                  PRIMARY KEY (tenant, id));",
        }],
    },
];

id!(FeeId, FeeKind, "fee");

pub const FEE: Evidence = Evidence {
    subject: "fee",
    table: "fees_fee",
    one: "SELECT cents, reason, paid, due, at, receipt, office, extra FROM fees_fee WHERE tenant = $1 AND id = $2",
    page: "SELECT id, cents, reason, paid, due, at, receipt, office, extra FROM fees_fee
           WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
    columns: &[
        ("cents", Kind::Int),
        ("reason", Kind::Text),
        ("paid", Kind::Bool),
        ("due", Kind::Date),
        ("at", Kind::Time),
        ("receipt", Kind::Bytes),
        ("office", Kind::Uuid),
        ("extra", Kind::Json),
    ],
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Charged {
    pub fee: FeeId,
    pub cents: i64,
}

impl Event for Charged {
    const NAME: &'static str = "fees.charged";
    fn subject(&self) -> Subject {
        self.fee.into()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Noted {
    pub fee: FeeId,
    pub n: i64,
}

impl Event for Noted {
    const NAME: &'static str = "fees.noted";
    fn subject(&self) -> Subject {
        self.fee.into()
    }
}

pub fn sources() -> Sources {
    Sources { clock: Arc::new(SystemClock), random: Arc::new(OsRandom) }
}

pub fn cx() -> Cx {
    Cx::new(TenantId(1), Principal::System { name: "test" }, sources())
}

pub fn fee(n: u128) -> FeeId {
    Id::from_uuid(Uuid::from_u128(n))
}

/// A fee row with its evidential entry.
pub async fn charge(tx: &mut Tx, cx: &Cx, fee: FeeId, cents: i64) -> Result<()> {
    let sql = "INSERT INTO fees_fee (tenant, id, cents, reason, paid, due, at, receipt, office, extra)
               VALUES ($1, $2, $3, 'Gebühr', $4, $5, $6, $7, $8, $9)";
    let due: kernel::Date = "2027-01-31".parse().map_err(Error::internal)?;
    let values =
        params![fee, cents, cents > 1000, due, cx.now(), vec![0u8, 255], fee, json!({"b": [1, null], "a": "ß"})];
    tx.exec_one(sql, values).await?;
    journal::emit_evidence(tx, cx, &Charged { fee, cents }, None, &FEE).await?;
    Ok(())
}

/// The city's databases, numbering as in the running program.
pub async fn cities() -> Vec<TestDb> {
    let all = db::testing::both(MIGRATIONS).await;
    for test in &all {
        install(&test.db);
    }
    all
}

pub fn install(db: &Db) {
    db.set_before_commit(Arc::new(journal::Sequencer));
}
