//! What the city's data say about units, roles and, for the demo, people.

use std::{future::Future, pin::Pin};

use content::Content;
use house::{App, InCity, Key};
use identity::{NewStaff, Organisation};
use jiff::SignedDuration;
use jobs::Job;
use kernel::{Cx, Error, Result};
use serde::{Deserialize, Serialize};

/// `cities/<city>/organisation.toml`
const ORGANISATION: (&str, &str) = ("city", "organisation");
/// `cities/<city>/people.toml`: people of the demo, loaded only there.
const PEOPLE: (&str, &str) = ("city", "people");

/// People of the demo city, with passwords that everybody may know.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct People {
    #[serde(default)]
    staff: Vec<DemoStaff>,
    #[serde(default)]
    citizen: Vec<DemoCitizen>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoStaff {
    login: String,
    name: String,
    email: String,
    unit: String,
    password: String,
    #[serde(default)]
    role: Vec<DemoRole>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoRole {
    key: String,
    /// None: the whole city.
    #[serde(default)]
    unit: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoCitizen {
    email: String,
    label: String,
    password: String,
}

/// Whether a module knows the permission. One of a module that this house does not have is left alone.
fn known(app: &App, permission: &str) -> bool {
    let own = permission.starts_with("identity.");
    let module = permission.split('.').next().unwrap_or_default();
    if !own && app.modules.iter().all(|m| m.name != module) {
        tracing::warn!(permission, "a role names a permission of a module that is not here");
        return true;
    }
    app.modules.iter().flat_map(|m| m.permissions).any(|known| known.0 == permission)
}

/// Faults of the city's data, with their file.
pub fn check(app: &App, content: &Content) -> Vec<String> {
    let mut faults = Vec::new();
    if content.get(ORGANISATION.0, ORGANISATION.1).is_some() {
        match content.toml::<Organisation>(ORGANISATION.0, ORGANISATION.1) {
            Ok(organisation) => {
                faults.extend(organisation.check().err().map(|fault| format!("organisation.toml: {fault}")));
                for (role, permission) in organisation.unknown_permissions(|p| known(app, p)) {
                    faults.push(format!("organisation.toml: role {role} names the unknown permission {permission}"));
                }
            }
            Err(fault) => faults.push(fault.to_string()),
        }
    }
    if content.get(PEOPLE.0, PEOPLE.1).is_some()
        && let Err(fault) = content.toml::<People>(PEOPLE.0, PEOPLE.1)
    {
        faults.push(fault.to_string());
    }
    faults
}

/// Takes units and roles over; in the demo also its people.
pub fn seed(cx: &Cx, demo: bool) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>> {
    Box::pin(async move {
        let city = cx.city()?;
        if city.content.get(ORGANISATION.0, ORGANISATION.1).is_some() {
            let organisation = city.content.toml::<Organisation>(ORGANISATION.0, ORGANISATION.1)?;
            db::write!(city.db, |tx| { identity::load_organisation(tx, cx, &organisation).await })?;
        }
        if demo && city.content.get(PEOPLE.0, PEOPLE.1).is_some() {
            let people = city.content.toml::<People>(PEOPLE.0, PEOPLE.1)?;
            add_people(cx, &people).await?;
        }
        Ok(())
    })
}

/// Adds whoever is not there yet: a second start changes nothing.
async fn add_people(cx: &Cx, people: &People) -> Result<()> {
    let city = cx.city()?;
    let (db, identity) = (&city.db, &city.identity);
    let staff = identity::all_staff(&mut db.read().await?).await?;
    for new in &people.staff {
        if staff.iter().any(|known| known.login == new.login.to_lowercase()) {
            continue;
        }
        let id = db::write!(db, |tx| {
            let staff = NewStaff {
                login: new.login.clone(),
                name: new.name.clone(),
                email: new.email.clone(),
                unit: new.unit.clone(),
            };
            let id = identity::add_staff(tx, cx, &staff).await?;
            for role in &new.role {
                let unit = role.unit.as_deref();
                identity::give_grant(tx, cx, id, &role.key, unit, cx.today(), None).await?;
            }
            Ok(id)
        })?;
        identity.seed_staff_password(db, cx, id, &new.password).await?;
    }
    for new in &people.citizen {
        if identity::is_seeded(&mut db.read().await?, &new.email, &new.label).await? {
            continue;
        }
        identity.seed_account(db, cx, &new.email, &new.label, &new.password).await?;
    }
    Ok(())
}

/// The daily work of `identity`, soon after midnight.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Upkeep {}

impl Job for Upkeep {
    const NAME: &'static str = "accounts.upkeep";
}

pub async fn upkeep(cx: Cx, _: Upkeep) -> Result<()> {
    let city = cx.city()?;
    db::write!(city.db, |tx| { identity::upkeep(tx, &cx).await })?;
    let days = i64::from(city.identity.policy().staff_left_days);
    let before = cx.now().checked_sub(SignedDuration::from_hours(24 * days)).map_err(Error::internal)?;
    let gone = identity::long_gone(&mut city.db.read().await?, before).await?;
    for staff in gone {
        db::write!(city.db, |tx| {
            identity::forget_staff(tx, &cx, staff).await?;
            house::erase_rows(&cx, tx, Key::Staff, staff.uuid()).await
        })?;
    }
    Ok(())
}
