//! What is known of the person behind an account, and from where.

use db::{Rx, Tx, params, record};
use kernel::{AccountId, Actor, Cx, Error, Level, PartialDate, Result, Timestamp, Uuid};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use crate::events::PersonStated;

/// Source of what the person said.
pub const SELF_STATED: &str = "selbst";
/// Source of what a clerk compared with a document.
pub const VOR_ORT: &str = "vor-ort";

/// Longest name or address line in characters (a register's field is no longer).
const MAX_CHARS: usize = 120;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Address {
    /// Street with house number.
    pub street: String,
    pub postal_code: String,
    pub city: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

/// A natural person as a source names them. Fields that a source did not give stay empty.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Person {
    pub family_name: String,
    /// Empty for people with one name.
    pub given_names: String,
    pub birth_date: Option<PartialDate>,
    pub address: Option<Address>,
}

/// A person with provenance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Known {
    pub person: Person,
    /// [`SELF_STATED`], [`VOR_ORT`] or the key of a login source.
    pub source: String,
    /// How sure the source was of them.
    pub level: Level,
    pub read_at: Timestamp,
}

record! {
    struct Stored { id: Uuid, source: String, level: String, data: serde_json::Value, read_at: Timestamp }
}

impl Stored {
    fn known(self) -> Result<Known> {
        let level = Level::from_code(&self.level).ok_or_else(|| Error::internal("a person has an unknown level"))?;
        Ok(Known { person: serde_json::from_value(self.data)?, source: self.source, level, read_at: self.read_at })
    }
}

impl Person {
    /// Trims and normalises, and refuses what no register would hold.
    ///
    /// # Errors
    /// `Invalid` with fields `family_name`, `given_names`, `birth_date`, `street`, `postal_code`, `city`.
    pub(crate) fn checked(mut self) -> Result<Person> {
        let mut errors = Vec::new();
        let mut line = |field: &str, value: &mut String, needed: bool| {
            *value = value.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect();
            if value.chars().any(char::is_control) {
                errors.push(kernel::FieldError::new(field, "characters"));
            } else if value.chars().count() > MAX_CHARS {
                errors.push(kernel::FieldError::new(field, "too-long").with("max", MAX_CHARS));
            } else if needed && value.is_empty() {
                errors.push(kernel::FieldError::new(field, "required"));
            }
        };
        line("family_name", &mut self.family_name, true);
        line("given_names", &mut self.given_names, false);
        if let Some(address) = &mut self.address {
            line("street", &mut address.street, true);
            line("postal_code", &mut address.postal_code, true);
            line("city", &mut address.city, true);
            line("country", &mut address.country, true);
        }
        if errors.is_empty() { Ok(self) } else { Err(Error::Invalid(errors)) }
    }

    /// Whether the two can be one person: what both give must agree (addresses change, so they do not count).
    pub(crate) fn agrees_with(&self, other: &Person) -> bool {
        let birth = match (self.birth_date, other.birth_date) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        birth
            && fold(&self.family_name) == fold(&other.family_name)
            && fold(&self.given_names) == fold(&other.given_names)
    }
}

pub(crate) fn fold(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").nfc().flat_map(char::to_lowercase).collect()
}

/// The person as far as this session may rely on them: at level `Hoch` or `Substantiell` what the login source read,
/// at `VorOrt` what the clerk compared, else what they said of themselves.
pub async fn person_of(rx: &mut Rx, actor: &Actor) -> Result<Option<Known>> {
    let Some(account) = actor.account() else { return Ok(None) };
    let level = actor.level().unwrap_or(Level::Basis);
    let known = all(rx, account).await?;
    let found = match level {
        Level::Substantiell | Level::Hoch => {
            known.into_iter().find(|k| k.source != SELF_STATED && k.source != VOR_ORT && k.level >= level)
        }
        Level::VorOrt => known.into_iter().find(|k| k.source == VOR_ORT),
        Level::Basis => known.into_iter().find(|k| k.source == SELF_STATED),
    };
    Ok(found)
}

/// Everything known of an account's person, newest first.
pub(crate) async fn all(rx: &mut Rx, account: AccountId) -> Result<Vec<Known>> {
    let sql = "SELECT id, source, level, data, read_at FROM identity_person
               WHERE tenant = $1 AND account = $2 ORDER BY read_at DESC, id DESC";
    rx.list::<Stored>(sql, params![account]).await?.into_iter().map(Stored::known).collect()
}

/// Stores what a source says now; the same as before only renews the date. Returns the row's id.
pub(crate) async fn store(
    tx: &mut Tx,
    cx: &Cx,
    account: AccountId,
    source: &str,
    level: Level,
    person: &Person,
) -> Result<Uuid> {
    let sql = "SELECT id, source, level, data, read_at FROM identity_person
               WHERE tenant = $1 AND account = $2 AND source = $3 ORDER BY read_at DESC, id DESC LIMIT 1";
    let before = tx.opt::<Stored>(sql, params![account, source]).await?;
    let data = serde_json::to_value(person)?;
    if let Some(before) = before
        && before.data == data
        && before.level == level.code()
    {
        let sql = "UPDATE identity_person SET read_at = $3 WHERE tenant = $1 AND id = $2";
        tx.exec_one(sql, params![before.id, cx.now()]).await?;
        return Ok(before.id);
    }
    let id = cx.sources.uuid();
    let sql = "INSERT INTO identity_person (tenant, id, account, source, level, family_key, birth_date, data, read_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let birth_date = person.birth_date.map(|d| d.to_string()).unwrap_or_default();
    let values =
        params![id, account, source, level.code(), fold(&person.family_name), birth_date, data.clone(), cx.now()];
    tx.exec_one(sql, values).await?;
    let event = PersonStated { account, source: source.to_owned() };
    journal::emit_private(tx, cx, &event, data).await?;
    Ok(id)
}

/// Away with what a source said before, unless a kept session relied on it.
pub(crate) async fn drop_outdated(tx: &mut Tx) -> Result<()> {
    let sql = "DELETE FROM identity_person WHERE tenant = $1
                 AND EXISTS (SELECT 1 FROM identity_person n WHERE n.tenant = identity_person.tenant
                       AND n.account = identity_person.account AND n.source = identity_person.source
                       AND (n.read_at > identity_person.read_at
                            OR (n.read_at = identity_person.read_at AND n.id > identity_person.id)))
                 AND NOT EXISTS (SELECT 1 FROM identity_session s WHERE s.tenant = identity_person.tenant
                       AND s.person = identity_person.id)";
    tx.exec(sql, &[]).await?;
    Ok(())
}

/// Stores what the one who acts says of themselves, for the clerk at the counter to compare.
///
/// # Errors
/// `Invalid`; `SignIn` without an account.
pub async fn state_person(tx: &mut Tx, cx: &Cx, person: Person) -> Result<()> {
    let account = cx.actor.account().ok_or(Error::SignIn(Level::Basis))?;
    let person = person.checked()?;
    store(tx, cx, account, SELF_STATED, Level::Basis, &person).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(family: &str, given: &str, birth: Option<&str>) -> Person {
        let birth_date = birth.map(|b| b.parse().unwrap());
        Person { family_name: family.into(), given_names: given.into(), birth_date, address: None }
    }

    #[test]
    fn persons_agree_in_what_both_give() {
        let card = person("Muster-Linde", "Erika Maria", Some("1984-06-12"));
        assert!(card.agrees_with(&person(" MUSTER-LINDE ", "erika  maria", Some("1984-06-12"))));
        assert!(card.agrees_with(&person("Muster-Linde", "Erika Maria", None)));
        assert!(!card.agrees_with(&person("Muster-Linde", "Erika Maria", Some("1984-06-00"))));
        assert!(!card.agrees_with(&person("Muster-Linde", "Maria", Some("1984-06-12"))));
    }

    #[test]
    fn every_wrong_line_is_named() {
        let mut bad = person(" ", &"x".repeat(121), None);
        bad.address = Some(Address {
            street: "Weg 1\u{7}".into(),
            postal_code: String::new(),
            city: "Meer".into(),
            country: "DE".into(),
        });
        let Err(Error::Invalid(errors)) = bad.checked() else { panic!("accepted") };
        let named: Vec<_> = errors.iter().map(|e| (e.field.as_str(), e.code.as_str())).collect();
        assert_eq!(
            named,
            [
                ("family_name", "required"),
                ("given_names", "too-long"),
                ("street", "characters"),
                ("postal_code", "required")
            ]
        );
    }
}
