use db::{Rx, Tx, params};
use kernel::{CaseId, Result, StaffId, Timestamp, Uuid};

/// Lines of a list that are shown at once.
const MOST: i64 = 200;
/// Cases that are asked about by one statement.
const AT_ONCE: usize = 20;

/// A case or a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Thing {
    Case(CaseId),
    File(Uuid),
}

impl Thing {
    pub fn case(self) -> Option<CaseId> {
        match self {
            Thing::Case(id) => Some(id),
            Thing::File(_) => None,
        }
    }

    pub fn file(self) -> Option<Uuid> {
        match self {
            Thing::Case(_) => None,
            Thing::File(id) => Some(id),
        }
    }

    fn id(self) -> Uuid {
        match self {
            Thing::Case(id) => id.uuid(),
            Thing::File(id) => id,
        }
    }
}

db::record! {
    /// A reference (Verweis) as one of its two sides has it.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Reference {
        pub id: Uuid,
        /// `see-also`, `predecessor` or `successor`: what the other side is, read from the side where it was made.
        pub kind: String,
        pub other_case: Option<CaseId>,
        pub other_file: Option<Uuid>,
        /// It was made on this side.
        pub forward: bool,
    }
}

impl Reference {
    /// What the other side is to this one.
    pub fn other_is(&self) -> &str {
        match (self.forward, self.kind.as_str()) {
            (false, "predecessor") => "successor",
            (false, "successor") => "predecessor",
            (_, kind) => kind,
        }
    }
}

pub struct NewReference<'a> {
    pub id: Uuid,
    pub kind: &'a str,
    pub from: Thing,
    pub to: Thing,
    pub by: StaffId,
    pub at: Timestamp,
}

pub async fn add(tx: &mut Tx, r: &NewReference<'_>) -> Result<()> {
    let sql =
        "INSERT INTO records_reference (tenant, id, kind, from_case, from_file, to_case, to_file, made_by, made_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let (from, to) = (r.from, r.to);
    tx.exec_one(sql, params![r.id, r.kind, from.case(), from.file(), to.case(), to.file(), r.by, r.at]).await
}

/// References of a case or file, whichever side they were made on. What the other side is called is read with the
/// reader's own rights.
pub async fn of(rx: &mut Rx, thing: Thing) -> Result<Vec<Reference>> {
    let sql = "SELECT id, kind, to_case AS other_case, to_file AS other_file, TRUE AS forward FROM records_reference
               WHERE tenant = $1 AND (from_case = $2 OR from_file = $2)
               UNION ALL
               SELECT id, kind, from_case AS other_case, from_file AS other_file, FALSE AS forward
               FROM records_reference WHERE tenant = $1 AND (to_case = $2 OR to_file = $2)
               ORDER BY id LIMIT $3";
    rx.list(sql, params![thing.id(), MOST]).await
}

pub async fn remove(tx: &mut Tx, id: Uuid, thing: Thing) -> Result<()> {
    let sql = "DELETE FROM records_reference WHERE tenant = $1 AND id = $2
               AND (from_case = $3 OR from_file = $3 OR to_case = $3 OR to_file = $3)";
    tx.exec_one(sql, params![id, thing.id()]).await
}

db::record! {
    /// Whom to talk to about a case.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Contact {
        pub id: Uuid,
        pub case_id: CaseId,
        pub name: String,
        /// What they have to do with it, e.g. `Architekturbüro`.
        pub role: String,
        pub address: String,
        pub phone: String,
        pub email: String,
    }
}

pub async fn add_contact(tx: &mut Tx, c: &Contact, by: StaffId, at: Timestamp) -> Result<()> {
    let sql = "INSERT INTO records_contact (tenant, id, case_id, name, role, address, phone, email, added_by, added_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = params![c.id, c.case_id, &c.name, &c.role, &c.address, &c.phone, &c.email, by, at];
    tx.exec_one(sql, values).await
}

pub async fn contacts_of(rx: &mut Rx, case: CaseId) -> Result<Vec<Contact>> {
    let sql = "SELECT id, case_id, name, role, address, phone, email FROM records_contact
               WHERE tenant = $1 AND case_id = $2 ORDER BY name, id LIMIT $3";
    rx.list(sql, params![case, MOST]).await
}

/// Contacts of these cases, by name.
pub async fn contacts_in(rx: &mut Rx, cases: &[CaseId]) -> Result<Vec<Contact>> {
    let sql = "SELECT id, case_id, name, role, address, phone, email FROM records_contact
               WHERE tenant = $1 AND case_id IN
                 ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
               ORDER BY name, id LIMIT $22";
    let mut found: Vec<Contact> = Vec::new();
    for some in cases.chunks(AT_ONCE) {
        // Fewer than twenty are filled up with the first.
        let Some(first) = some.first() else { continue };
        let mut bound: Vec<db::V> = (0..AT_ONCE).map(|n| db::V::from(*some.get(n).unwrap_or(first))).collect();
        bound.push(db::V::from(MOST));
        found.extend(rx.list::<Contact>(sql, &bound).await?);
    }
    found.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
    found.truncate(usize::try_from(MOST).unwrap_or(0));
    Ok(found)
}

pub async fn remove_contact(tx: &mut Tx, case: CaseId, id: Uuid) -> Result<()> {
    let sql = "DELETE FROM records_contact WHERE tenant = $1 AND id = $2 AND case_id = $3";
    tx.exec_one(sql, params![id, case]).await
}
