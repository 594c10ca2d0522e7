//! Who holds which role where and when, and who represents whom.

use std::collections::BTreeSet;

use db::{Rx, Tx, params, record};
use jiff::{Span, ToSpan as _};
use kernel::{Cx, Date, Error, Grants, Permission, Principal, Result, Scope, StaffId, UnitKey, id};

use crate::{
    access,
    events::{DeputyEnded, DeputySet, GrantEnded, Granted},
    org, perm, staff,
};

id!(
    /// A role held by somebody.
    GrantId, GrantKind, "grant"
);
id!(
    /// A representation (Vertretung).
    DeputyId, DeputyKind, "deputy"
);

/// Longest representation: a forgotten one must not last for ever.
const LONGEST: i32 = 366;

record! {
    /// A role held by somebody; both days included.
    #[derive(Clone, Debug)]
    pub struct Grant {
        pub id: GrantId,
        pub staff: StaffId,
        pub role: String,
        /// `None`: the whole city. A unit includes those below it.
        pub unit: Option<String>,
        pub from_day: Date,
        pub to_day: Option<Date>,
    }
}

record! {
    /// A representation; both days included.
    #[derive(Clone, Debug)]
    pub struct Deputy {
        pub id: DeputyId,
        pub absent: StaffId,
        pub absent_name: String,
        pub deputy: StaffId,
        pub deputy_name: String,
        pub from_day: Date,
        pub to_day: Date,
    }
}

/// What somebody may do on a day: own roles and those of persons represented.
pub async fn grants_of(rx: &mut Rx, staff: StaffId, today: Date) -> Result<Grants> {
    let sql = "SELECT DISTINCT p.permission, g.unit
               FROM identity_grant g
               JOIN identity_role r ON r.tenant = g.tenant AND r.key = g.role AND r.active = TRUE
               JOIN identity_role_permission p ON p.tenant = g.tenant AND p.role = g.role
               JOIN identity_staff s ON s.tenant = g.tenant AND s.id = g.staff AND s.state = 'active'
               WHERE g.tenant = $1 AND g.from_day <= $3 AND (g.to_day IS NULL OR g.to_day >= $3)
                 AND (g.staff = $2 OR (r.deputies = TRUE AND EXISTS (
                   SELECT 1 FROM identity_deputy d
                   WHERE d.tenant = g.tenant AND d.absent = g.staff AND d.deputy = $2
                     AND d.from_day <= $3 AND d.to_day >= $3)))
               ORDER BY p.permission, g.unit";
    let rows = rx.list::<(String, Option<String>)>(sql, params![staff, today]).await?;
    let units = match rows.iter().any(|(_, unit)| unit.is_some()) {
        true => org::units(rx).await?,
        false => org::Units::default(),
    };
    let mut grants = Grants::default();
    for (permission, unit) in rows {
        grants.add(&permission, unit.map_or(Scope::City, |unit| Scope::Units(units.under(&unit))));
    }
    Ok(grants)
}

/// Everything somebody holds, held or will hold.
pub async fn grants_held(rx: &mut Rx, staff: StaffId) -> Result<Vec<Grant>> {
    let sql = "SELECT id, staff, role, unit, from_day, to_day FROM identity_grant
               WHERE tenant = $1 AND staff = $2 ORDER BY from_day, id";
    rx.list(sql, params![staff]).await
}

record! {
    /// Somebody who may do something by a role of their own.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Holder {
        pub id: StaffId,
        pub name: String,
        /// Where; `None`: the whole city. A unit includes those below it.
        pub unit: Option<String>,
    }
}

/// Active staff who hold a permission on a day by themselves and not as a deputy, by name.
pub async fn holders_of(rx: &mut Rx, permission: Permission, today: Date) -> Result<Vec<Holder>> {
    let sql = "SELECT DISTINCT s.id, s.name, g.unit FROM identity_grant g
               JOIN identity_role r ON r.tenant = g.tenant AND r.key = g.role AND r.active = TRUE
               JOIN identity_role_permission p ON p.tenant = g.tenant AND p.role = g.role
               JOIN identity_staff s ON s.tenant = g.tenant AND s.id = g.staff AND s.state = 'active'
               WHERE g.tenant = $1 AND p.permission = $2 AND g.from_day <= $3
                 AND (g.to_day IS NULL OR g.to_day >= $3)
               ORDER BY s.name, s.id, g.unit";
    rx.list(sql, params![permission.0, today]).await
}

fn refuse_own(cx: &Cx, staff: StaffId) -> Result<()> {
    match cx.actor.principal {
        Principal::Staff { user, .. } if user == staff => Err(Error::refused("own-rights")),
        _ => Ok(()),
    }
}

/// Gives a role from a day on, until a day or without end. Nobody gives one to oneself, and nobody gives one beyond the
/// place where they may: a role for the whole city needs the permission for the whole city.
///
/// # Errors
/// `Forbidden`; `Refused("own-rights")`; `Invalid` for `role`, `unit`, `to`; `NotFound` for the member of staff.
pub async fn give_grant(
    tx: &mut Tx,
    cx: &Cx,
    staff: StaffId,
    role: &str,
    unit: Option<&str>,
    from: Date,
    to: Option<Date>,
) -> Result<GrantId> {
    perm::ask_in(cx, perm::STAFF, unit)?;
    refuse_own(cx, staff)?;
    staff::active(tx, staff).await?;
    if to.is_some_and(|to| to < from) {
        return Err(Error::invalid("to", "before-start"));
    }
    if !org::roles(tx).await?.iter().any(|(key, _)| key == role) {
        return Err(Error::invalid("role", "unknown"));
    }
    if let Some(unit) = unit
        && org::units(tx).await?.get(unit).is_none()
    {
        return Err(Error::invalid("unit", "unknown"));
    }
    let id: GrantId = cx.new_id();
    let sql = "INSERT INTO identity_grant (tenant, id, staff, role, unit, from_day, to_day)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    tx.exec_one(sql, params![id, staff, role, unit.map(str::to_owned), from, to]).await?;
    let event = Granted { grant: id, staff, role: role.to_owned(), unit: unit.map(str::to_owned), from, to };
    journal::emit(tx, cx, &event).await?;
    touch_access(tx, cx, staff).await?;
    Ok(id)
}

/// Ends a role with a day (included); one that would end before it began is gone at once, and one that has ended by then
/// stays as it is.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Refused("own-rights")`.
pub async fn end_grant(tx: &mut Tx, cx: &Cx, id: GrantId, last: Date) -> Result<()> {
    perm::ask(cx, perm::STAFF)?;
    let sql = "SELECT id, staff, role, unit, from_day, to_day FROM identity_grant WHERE tenant = $1 AND id = $2";
    let grant = tx.one::<Grant>(sql, params![id]).await?;
    perm::ask_in(cx, perm::STAFF, grant.unit.as_deref())?;
    refuse_own(cx, grant.staff)?;
    if grant.to_day.is_some_and(|day| day <= last) {
        return Ok(());
    }
    if last < grant.from_day {
        tx.exec_one("DELETE FROM identity_grant WHERE tenant = $1 AND id = $2", params![id]).await?;
    } else {
        let sql = "UPDATE identity_grant SET to_day = $3
                   WHERE tenant = $1 AND id = $2 AND (to_day IS NULL OR to_day > $3)";
        tx.exec_one(sql, params![id, last]).await?;
    }
    journal::emit(tx, cx, &GrantEnded { grant: id, to: last }).await?;
    touch_access(tx, cx, grant.staff).await
}

/// Names a deputy for some days, both included: for oneself, or for others with [`perm::DEPUTIES`]. A deputy of a
/// deputy gains nothing. Nobody names themselves the deputy of somebody else: with the right to give roles that would be
/// a way to any role.
///
/// # Errors
/// `Forbidden`; `Refused("own-rights")`; `Invalid` for `deputy`, `from`, `to`.
pub async fn set_deputy(
    tx: &mut Tx,
    cx: &Cx,
    absent: StaffId,
    deputy: StaffId,
    from: Date,
    to: Date,
) -> Result<DeputyId> {
    may_set(cx, absent)?;
    if deputy != absent {
        refuse_own(cx, deputy)?;
    }
    staff::active(tx, absent).await?;
    if deputy == absent || staff::active(tx, deputy).await.is_err() {
        return Err(Error::invalid("deputy", "unknown"));
    }
    let longest: Span = LONGEST.days();
    if to < from {
        return Err(Error::invalid("to", "before-start"));
    }
    if to < cx.today() {
        return Err(Error::invalid("to", "in-the-past"));
    }
    if from.saturating_add(longest) < to {
        return Err(Error::Invalid(vec![kernel::FieldError::new("to", "too-late").with("days", LONGEST)]));
    }
    let id: DeputyId = cx.new_id();
    let sql = "INSERT INTO identity_deputy (tenant, id, absent, deputy, from_day, to_day)
               VALUES ($1, $2, $3, $4, $5, $6)";
    tx.exec_one(sql, params![id, absent, deputy, from, to]).await?;
    journal::emit(tx, cx, &DeputySet { deputy_id: id, absent, deputy, from, to }).await?;
    access::recompute_for(tx, cx.today(), &BTreeSet::from([deputy])).await?;
    Ok(id)
}

/// Ends a representation before today.
///
/// # Errors
/// `NotFound`, also for one that the one who acts may not end.
pub async fn end_deputy(tx: &mut Tx, cx: &Cx, id: DeputyId) -> Result<()> {
    let sql = "SELECT absent, deputy, from_day FROM identity_deputy WHERE tenant = $1 AND id = $2";
    let (absent, deputy, from) = tx.one::<(StaffId, StaffId, Date)>(sql, params![id]).await?;
    may_set(cx, absent).map_err(|_| Error::NotFound)?;
    let today = cx.today();
    if from < today {
        let last = today.yesterday().map_err(Error::internal)?;
        let sql = "UPDATE identity_deputy SET to_day = $3 WHERE tenant = $1 AND id = $2 AND to_day > $3";
        tx.exec(sql, params![id, last]).await?;
    } else {
        tx.exec_one("DELETE FROM identity_deputy WHERE tenant = $1 AND id = $2", params![id]).await?;
    }
    journal::emit(tx, cx, &DeputyEnded { deputy_id: id }).await?;
    access::recompute_for(tx, today, &BTreeSet::from([deputy])).await
}

fn may_set(cx: &Cx, absent: StaffId) -> Result<()> {
    match cx.actor.principal {
        Principal::Staff { user, .. } if user == absent => Ok(()),
        _ => perm::ask(cx, perm::DEPUTIES),
    }
}

/// Present and coming representations in which somebody is absent or deputy; all of them for `None`.
pub async fn deputies_of(rx: &mut Rx, staff: Option<StaffId>, today: Date) -> Result<Vec<Deputy>> {
    let sql = "SELECT d.id, d.absent, s.name AS absent_name, d.deputy, t.name AS deputy_name, d.from_day, d.to_day
               FROM identity_deputy d
               JOIN identity_staff s ON s.tenant = d.tenant AND s.id = d.absent
               JOIN identity_staff t ON t.tenant = d.tenant AND t.id = d.deputy
               WHERE d.tenant = $1 AND d.to_day >= $2
                 AND (CAST($3 AS UUID) IS NULL OR d.absent = $3 OR d.deputy = $3)
               ORDER BY d.from_day, d.id";
    rx.list(sql, params![today, staff]).await
}

/// Those whom a member of staff represents on a day, for lists such as "my tasks and those of …".
pub async fn represented_by(rx: &mut Rx, deputy: StaffId, today: Date) -> Result<Vec<StaffId>> {
    let sql = "SELECT DISTINCT d.absent FROM identity_deputy d
               JOIN identity_staff s ON s.tenant = d.tenant AND s.id = d.absent AND s.state = 'active'
               WHERE d.tenant = $1 AND d.deputy = $2 AND d.from_day <= $3 AND d.to_day >= $3 ORDER BY d.absent";
    Ok(rx.list::<(StaffId,)>(sql, params![deputy, today]).await?.into_iter().map(|(id,)| id).collect())
}

/// The units in which somebody holds a role today, by themselves: the home of their work.
pub async fn units_of(rx: &mut Rx, staff: StaffId, today: Date) -> Result<Vec<UnitKey>> {
    let sql = "SELECT DISTINCT unit FROM identity_grant
               WHERE tenant = $1 AND staff = $2 AND unit IS NOT NULL AND from_day <= $3
                 AND (to_day IS NULL OR to_day >= $3) ORDER BY unit";
    Ok(rx.list::<(String,)>(sql, params![staff, today]).await?.into_iter().map(|(unit,)| unit).collect())
}

/// Somebody's grants changed: their own access and that of whoever represents them.
pub(crate) async fn touch_access(tx: &mut Tx, cx: &Cx, staff: StaffId) -> Result<()> {
    let sql = "SELECT DISTINCT deputy FROM identity_deputy
               WHERE tenant = $1 AND absent = $2 AND from_day <= $3 AND to_day >= $3";
    let deputies = tx.list::<(StaffId,)>(sql, params![staff, cx.today()]).await?;
    let mut affected: BTreeSet<StaffId> = deputies.into_iter().map(|(id,)| id).collect();
    affected.insert(staff);
    access::recompute_for(tx, cx.today(), &affected).await
}
