use askama::Template;
use axum::Form;
use house::{Answer, Path, Req};
use identity::Units;
use kernel::{CaseId, Date, Error, Result, Uuid};
use serde::Deserialize;
use ui::{Choice, DateParts, Errors, Page};

use super::{
    service::{self, Invitation},
    store::{self, Participation},
};
use crate::{
    file::{service::staff, store as files},
    perm, store as cases,
};

/// Longest reason, in characters.
const LONGEST: usize = 500;

#[derive(Deserialize, Default)]
pub struct InvitationForm {
    #[serde(default, rename = "stelle")]
    unit: String,
    #[serde(default, rename = "recht")]
    right: String,
    #[serde(default, rename = "grund")]
    reason: String,
    #[serde(default, rename = "bis")]
    day: String,
    #[serde(default, rename = "bis-month")]
    month: String,
    #[serde(default, rename = "bis-year")]
    year: String,
}

impl InvitationForm {
    fn parts(&self) -> DateParts {
        DateParts { day: self.day.clone(), month: self.month.clone(), year: self.year.clone() }
    }

    /// The last day; none when nothing was typed.
    ///
    /// # Errors
    /// What was typed is no date.
    fn last_day(&self) -> Result<Option<Date>, ()> {
        if [&self.day, &self.month, &self.year].iter().all(|part| part.trim().is_empty()) {
            return Ok(None);
        }
        let part = |text: &str| text.trim().parse::<i16>().map_err(|_| ());
        let small = |text: &str| part(text).and_then(|n| i8::try_from(n).map_err(|_| ()));
        Date::new(part(&self.year)?, small(&self.month)?, small(&self.day)?).map(Some).map_err(|_| ())
    }
}

/// The case or file that somebody is invited to.
struct Place {
    base: String,
    title: String,
    number: String,
    unit: String,
    whole_file: bool,
}

#[derive(Template)]
#[template(path = "participation.html")]
struct Participations<'a> {
    page: &'a Page,
    place: Place,
    all: Vec<Participation>,
    names: Units,
    may_lead: bool,
    sealed: bool,
    units: Vec<Choice>,
    rights: Vec<Choice>,
    asked: InvitationForm,
    errors: Errors,
}

impl Participations<'_> {
    fn name<'b>(&'b self, key: &'b str) -> &'b str {
        self.names.get(key).map_or(key, |unit| &unit.name)
    }

    fn right(&self, participation: &Participation) -> String {
        self.page.t(if participation.may_work { "records-share-work" } else { "records-share-read" })
    }
}

fn shown<'a>(
    rq: &Req,
    page: &'a Page,
    place: Place,
    all: Vec<Participation>,
    names: Units,
    asked: InvitationForm,
    errors: Errors,
) -> Participations<'a> {
    let units: Vec<Choice> = service::to_invite(&names, &place.unit)
        .into_iter()
        .map(|unit| Choice::new(unit.key.as_str(), unit.name.as_str()).selected(unit.key == asked.unit))
        .collect();
    let rights = [("lesen", "records-share-read"), ("bearbeiten", "records-share-work")].map(|(code, key)| {
        let chosen = code == asked.right || (asked.right.is_empty() && code == "lesen");
        Choice::new(code, page.t(key)).selected(chosen)
    });
    Participations {
        page,
        all,
        may_lead: rq.cx.actor.allows_in(perm::FILE, &place.unit),
        sealed: names.get(&place.unit).is_some_and(|unit| unit.sealed),
        place,
        names,
        units,
        rights: rights.to_vec(),
        asked,
        errors,
    }
}

/// What was asked for, or what is wrong with it.
fn read(rq: &Req, page: &Page, names: &Units, leading: &str, asked: &InvitationForm) -> Result<Invitation, Errors> {
    let mut errors = Errors::new();
    if service::to_invite(names, leading).iter().all(|unit| unit.key != asked.unit) {
        errors.push("stelle", page.t("records-share-unit-missing"));
    }
    let reason: String = asked.reason.trim().chars().take(LONGEST).collect();
    if reason.is_empty() {
        errors.push("grund", page.t("records-share-reason-missing"));
    }
    let last_day = asked.last_day();
    let today = rq.cx.today();
    if !last_day.is_ok_and(|day| day.is_none_or(|day| day >= today)) {
        errors.push("bis", page.t("records-share-day-wrong"));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let may_work = asked.right == "bearbeiten";
    Ok(Invitation { unit: asked.unit.clone(), may_work, reason, last_day: last_day.unwrap_or_default() })
}

async fn of_case(rq: &Req, id: CaseId) -> Result<(Place, Vec<Participation>, Units)> {
    let mut rx = rq.city.db.read().await?;
    let case = cases::case_for_staff(&mut rx, id, staff(&rq.cx)?).await?;
    let (all, names) = (store::of_case(&mut rx, id).await?, identity::units(&mut rx).await?);
    let base = format!("/intern/vorgang/{id}");
    Ok((Place { base, title: case.title, number: case.number, unit: case.unit, whole_file: false }, all, names))
}

async fn of_file(rq: &Req, id: Uuid) -> Result<(Place, Vec<Participation>, Units)> {
    let mut rx = rq.city.db.read().await?;
    let file = files::file_for_staff(&mut rx, id, staff(&rq.cx)?).await?;
    let (all, names) = (store::of_file(&mut rx, id).await?, identity::units(&mut rx).await?);
    let base = format!("/intern/akte/{id}");
    let number = file.number();
    Ok((Place { base, title: file.title, number, unit: file.unit, whole_file: true }, all, names))
}

pub async fn case_page(rq: Req, Path(id): Path<CaseId>) -> Answer {
    let (place, all, names) = of_case(&rq, id).await?;
    let page = rq.page("records-share-title");
    rq.html(&shown(&rq, &page, place, all, names, InvitationForm::default(), Errors::new()))
}

pub async fn file_page(rq: Req, Path(id): Path<Uuid>) -> Answer {
    let (place, all, names) = of_file(&rq, id).await?;
    let page = rq.page("records-share-title");
    rq.html(&shown(&rq, &page, place, all, names, InvitationForm::default(), Errors::new()))
}

pub async fn invite_to_case(rq: Req, Path(id): Path<CaseId>, Form(asked): Form<InvitationForm>) -> Answer {
    let (place, all, names) = of_case(&rq, id).await?;
    if !rq.cx.actor.allows_in(perm::FILE, &place.unit) {
        return Err(Error::Forbidden.into());
    }
    let page = rq.page("records-share-title");
    let new = match read(&rq, &page, &names, &place.unit, &asked) {
        Ok(new) => new,
        Err(errors) => {
            let page = page.checked(&errors);
            return rq.invalid(&shown(&rq, &page, place, all, names, asked, errors));
        }
    };
    let me = staff(&rq.cx)?;
    db::write!(rq.city.db, |tx| {
        let case = cases::case_for_staff(tx, id, me).await?;
        service::invite_to_case(&rq.cx, tx, &case, &new).await
    })?;
    rq.see_other_with(format!("/intern/vorgang/{id}/beteiligung"), "records-done-shared")
}

pub async fn invite_to_file(rq: Req, Path(id): Path<Uuid>, Form(asked): Form<InvitationForm>) -> Answer {
    let (place, all, names) = of_file(&rq, id).await?;
    if !rq.cx.actor.allows_in(perm::FILE, &place.unit) {
        return Err(Error::Forbidden.into());
    }
    let page = rq.page("records-share-title");
    let new = match read(&rq, &page, &names, &place.unit, &asked) {
        Ok(new) => new,
        Err(errors) => {
            let page = page.checked(&errors);
            return rq.invalid(&shown(&rq, &page, place, all, names, asked, errors));
        }
    };
    let me = staff(&rq.cx)?;
    db::write!(rq.city.db, |tx| {
        let file = files::file_for_staff(tx, id, me).await?;
        service::invite_to_file(&rq.cx, tx, &file, &new).await
    })?;
    rq.see_other_with(format!("/intern/akte/{id}/beteiligung"), "records-done-shared")
}

pub async fn end_of_case(rq: Req, Path((case, id)): Path<(CaseId, Uuid)>) -> Answer {
    cases::case_for_staff(&mut rq.city.db.read().await?, case, staff(&rq.cx)?).await?;
    db::write!(rq.city.db, |tx| { service::end(&rq.cx, tx, id).await })?;
    rq.see_other_with(format!("/intern/vorgang/{case}/beteiligung"), "records-done-unshared")
}

pub async fn end_of_file(rq: Req, Path((file, id)): Path<(Uuid, Uuid)>) -> Answer {
    files::file_for_staff(&mut rq.city.db.read().await?, file, staff(&rq.cx)?).await?;
    db::write!(rq.city.db, |tx| { service::end(&rq.cx, tx, id).await })?;
    rq.see_other_with(format!("/intern/akte/{file}/beteiligung"), "records-done-unshared")
}
