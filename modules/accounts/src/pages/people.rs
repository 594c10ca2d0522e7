//! Who works for the city, and which roles they hold where (Personal und Rollen).

use askama::Template;
use axum::Form;
use house::{Answer, Path, Req};
use identity::{NewStaff, StaffLine};
use kernel::{Date, Error, StaffId};
use serde::Deserialize;
use ui::{Choice, Page, Row};

use super::{Field, FormPage, Trouble, again, citizen::typed_date};
use crate::mails;

const LIST: &str = "/intern/personal";

/// A line of the list.
struct Line {
    name: String,
    login: String,
    unit: String,
    active: bool,
    href: String,
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage<'a> {
    page: &'a Page,
    lines: Vec<Line>,
}

pub async fn list(rq: Req) -> Answer {
    let mut rx = rq.city.db.read().await?;
    let units = identity::units(&mut rx).await?;
    let staff = identity::all_staff(&mut rx).await?;
    drop(rx);
    let line = |s: StaffLine| Line {
        unit: units.get(&s.unit).map_or(s.unit, |unit| unit.name.clone()),
        href: format!("{LIST}/{}", s.id),
        name: s.name,
        login: s.login,
        active: s.active,
    };
    let page = rq.page("accounts-people-title");
    rq.html(&PeoplePage { page: &page, lines: staff.into_iter().map(line).collect() })
}

#[derive(Default, Deserialize)]
pub struct NewForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    login: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    unit: String,
}

fn text(name: &'static str, label: String, value: &str, hint: String) -> Field {
    Field::Text { name, label, value: value.to_owned(), hint, autocomplete: "off" }
}

async fn unit_choices(rq: &Req, chosen: &str) -> kernel::Result<Vec<Choice>> {
    let units = identity::units(&mut rq.city.db.read().await?).await?;
    Ok(units.all().iter().map(|u| Choice::new(&u.key, &u.name).selected(u.key == chosen)).collect())
}

fn new_page<'a>(page: &'a Page, form: &NewForm, units: Vec<Choice>, trouble: Trouble) -> FormPage<'a> {
    FormPage::new(page, "/intern/personal/neu", "accounts-people-add")
        .back(LIST)
        .intro(page.t("accounts-people-new-text"))
        .field(text("name", page.t("accounts-name"), &form.name, String::new()))
        .field(text("login", page.t("accounts-login"), &form.login, page.t("accounts-people-login-hint")))
        .field(Field::Email {
            name: "email",
            label: page.t("accounts-email"),
            value: form.email.clone(),
            hint: String::new(),
        })
        .field(Field::Select {
            name: "unit",
            label: page.t("accounts-unit"),
            choices: units,
            empty: page.t("accounts-choose"),
        })
        .trouble(trouble)
}

pub async fn show_new(rq: Req) -> Answer {
    let page = rq.page("accounts-people-new");
    let units = unit_choices(&rq, "").await?;
    rq.html(&new_page(&page, &NewForm::default(), units, Trouble::default()))
}

pub async fn add(rq: Req, Form(form): Form<NewForm>) -> Answer {
    let new = NewStaff {
        login: form.login.clone(),
        name: form.name.clone(),
        email: form.email.clone(),
        unit: form.unit.clone(),
    };
    let added = db::write!(rq.city.db, |tx| {
        let id = identity::add_staff(tx, &rq.cx, &new).await?;
        let mail = rq.city.identity.invite_staff(tx, &rq.cx, id).await?;
        mails::post(tx, &rq.cx, &mail).await?;
        Ok(id)
    });
    match added {
        Ok(id) => rq.see_other_with(format!("{LIST}/{id}"), "accounts-people-added"),
        Err(error) => {
            let units = unit_choices(&rq, &form.unit).await?;
            let mut page = rq.page("accounts-people-new");
            again(&rq, &mut page, error, |page, trouble| new_page(page, &form, units, trouble))
        }
    }
}

/// A role somebody holds, in words.
struct Held {
    role: String,
    place: String,
    from: String,
    to: String,
    /// Where it can be ended; empty when it is over.
    end: String,
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage<'a> {
    page: &'a Page,
    href: String,
    active: bool,
    rows: Vec<Row>,
    held: Vec<Held>,
    role: FormPage<'a>,
    unit: FormPage<'a>,
}

#[derive(Default, Deserialize)]
pub struct RoleForm {
    #[serde(default)]
    role: String,
    /// Empty: the whole city.
    #[serde(default)]
    place: String,
    #[serde(default)]
    to: String,
    #[serde(default, rename = "to-month")]
    to_month: String,
    #[serde(default, rename = "to-year")]
    to_year: String,
}

impl RoleForm {
    fn last_day(&self) -> Result<Option<Date>, Error> {
        if [&self.to, &self.to_month, &self.to_year].iter().all(|part| part.trim().is_empty()) {
            return Ok(None);
        }
        let day = typed_date(&self.to, &self.to_month, &self.to_year).and_then(|date| date.complete());
        day.map(Some).ok_or_else(|| Error::invalid("to", "date"))
    }
}

pub async fn show(rq: Req, Path(id): Path<StaffId>) -> Answer {
    person(&rq, id, &RoleForm::default(), None).await
}

async fn person(rq: &Req, id: StaffId, asked: &RoleForm, error: Option<Error>) -> Answer {
    let mut rx = rq.city.db.read().await?;
    let staff = identity::staff_line(&mut rx, id).await?;
    let units = identity::units(&mut rx).await?;
    let roles = identity::roles(&mut rx).await?;
    let grants = identity::grants_held(&mut rx, id).await?;
    drop(rx);
    let mut page = rq.untitled();
    page.title.clone_from(&staff.name);
    let failed = error.is_some();
    let trouble = match error {
        Some(error) => Trouble::of(&mut page, error)?,
        None => Trouble::default(),
    };
    let href = format!("{LIST}/{id}");
    let unit_name = |key: &str| units.get(key).map_or(key.to_owned(), |unit| unit.name.clone());
    let role_name = |key: &str| roles.iter().find(|(k, _)| k == key).map_or(key.to_owned(), |(_, name)| name.clone());
    let over = |to: Option<Date>| to.is_some_and(|day| day < rq.cx.today());
    let held = grants.into_iter().map(|g| Held {
        role: role_name(&g.role),
        place: g.unit.as_deref().map_or(page.t("accounts-people-everywhere"), unit_name),
        from: page.date(g.from_day),
        to: g.to_day.map_or(String::new(), |day| page.date(day)),
        end: if over(g.to_day) { String::new() } else { format!("{href}/rolle/{}/beenden", g.id) },
    });
    let held = held.collect();
    let state = page.t(if staff.active { "accounts-people-active" } else { "accounts-people-left" });
    let rows = vec![
        Row::new(page.t("accounts-login"), &staff.login),
        Row::new(page.t("accounts-email"), &staff.email),
        Row::new(page.t("accounts-unit"), unit_name(&staff.unit)),
        Row::new(page.t("accounts-people-state"), state),
    ];
    let choices = |chosen: &str| {
        units.all().iter().map(|u| Choice::new(&u.key, &u.name).selected(u.key == chosen)).collect::<Vec<_>>()
    };
    let role_choices = roles.iter().map(|(key, name)| Choice::new(key, name).selected(*key == asked.role)).collect();
    let role = FormPage::new(&page, format!("{href}/rolle"), "accounts-people-give")
        .field(Field::Select {
            name: "role",
            label: page.t("accounts-people-role"),
            choices: role_choices,
            empty: page.t("accounts-choose"),
        })
        .field(Field::Select {
            name: "place",
            label: page.t("accounts-people-place"),
            choices: choices(&asked.place),
            empty: page.t("accounts-people-everywhere"),
        })
        .field(Field::Date {
            name: "to",
            label: page.t("accounts-people-until"),
            parts: ui::DateParts { day: asked.to.clone(), month: asked.to_month.clone(), year: asked.to_year.clone() },
            hint: page.t("accounts-people-until-hint"),
            birthday: false,
        })
        .trouble(trouble);
    let unit = FormPage::new(&page, format!("{href}/einheit"), "accounts-people-move").field(Field::Select {
        name: "unit",
        label: page.t("accounts-unit"),
        choices: choices(&staff.unit),
        empty: String::new(),
    });
    let view = PersonPage { page: &page, href, active: staff.active, rows, held, role, unit };
    if failed { rq.invalid(&view) } else { rq.html(&view) }
}

pub async fn give(rq: Req, Path(id): Path<StaffId>, Form(form): Form<RoleForm>) -> Answer {
    let place = Some(form.place.as_str()).filter(|place| !place.is_empty());
    let given = match form.last_day() {
        Ok(to) => db::write!(rq.city.db, |tx| {
            identity::give_grant(tx, &rq.cx, id, &form.role, place, rq.cx.today(), to).await
        }),
        Err(error) => Err(error),
    };
    match given {
        Ok(_) => rq.see_other_with(format!("{LIST}/{id}"), "accounts-people-given"),
        Err(Error::NotFound) => Err(Error::NotFound.into()),
        Err(error) => person(&rq, id, &form, Some(error)).await,
    }
}

/// Ends with yesterday: from now on it counts no more.
pub async fn end(rq: Req, Path((id, grant)): Path<(StaffId, identity::GrantId)>) -> Answer {
    let yesterday = rq.cx.today().yesterday().map_err(Error::internal)?;
    let ended = db::write!(rq.city.db, |tx| {
        if identity::grants_held(tx, id).await?.iter().all(|held| held.id != grant) {
            return Err(Error::NotFound);
        }
        identity::end_grant(tx, &rq.cx, grant, yesterday).await
    });
    told(&rq, id, ended, "accounts-people-ended").await
}

pub async fn invite(rq: Req, Path(id): Path<StaffId>) -> Answer {
    db::write!(rq.city.db, |tx| {
        let mail = rq.city.identity.invite_staff(tx, &rq.cx, id).await?;
        mails::post(tx, &rq.cx, &mail).await
    })?;
    rq.see_other_with(format!("{LIST}/{id}"), "accounts-people-invited")
}

#[derive(Deserialize)]
pub struct UnitForm {
    #[serde(default)]
    unit: String,
}

pub async fn change_unit(rq: Req, Path(id): Path<StaffId>, Form(form): Form<UnitForm>) -> Answer {
    let moved = db::write!(rq.city.db, |tx| { identity::move_staff(tx, &rq.cx, id, &form.unit).await });
    told(&rq, id, moved, "accounts-people-moved").await
}

#[derive(Deserialize)]
pub struct StateForm {
    /// `da` or `weg`.
    #[serde(default)]
    zustand: String,
}

pub async fn set_state(rq: Req, Path(id): Path<StaffId>, Form(form): Form<StateForm>) -> Answer {
    let active = form.zustand == "da";
    let set = db::write!(rq.city.db, |tx| { identity::set_staff_active(tx, &rq.cx, id, active).await });
    told(&rq, id, set, if active { "accounts-people-back" } else { "accounts-people-gone" }).await
}

/// Back to the person, with what was done or why not.
async fn told(rq: &Req, id: StaffId, done: kernel::Result<()>, notice: &'static str) -> Answer {
    match done {
        Ok(()) => rq.see_other_with(format!("{LIST}/{id}"), notice),
        Err(error @ (Error::Refused(_) | Error::Invalid(_))) => person(rq, id, &RoleForm::default(), Some(error)).await,
        Err(error) => Err(error.into()),
    }
}
