//! Sign-in of staff, their account, and who represents whom.

use askama::Template;
use axum::{Form, extract::Query};
use house::{Answer, Path, Req};
use identity::{Deputy, FactorState, SignInSide, SignedIn, perm};
use kernel::{Date, Error};
use serde::Deserialize;
use ui::{Choice, DateParts, Message, Page, Row};

use super::{
    Back, Field, FormPage, STEP_COOKIE, Trouble, again,
    citizen::{CodeForm, code_page},
    client, cookie,
    factor::{CodesPage, FactorPage, drawn},
    password::new_password,
    register::expired,
    set_cookie, signed_in,
};
use crate::{mails, next};

const START: &str = ui::paths::STAFF_SIGN_IN;
const SIDE: SignInSide = SignInSide::Staff;

fn back(asked: &Back) -> &str {
    next::safe(asked.zurueck.as_deref(), true, ui::paths::STAFF_HOME)
}

#[derive(Deserialize)]
pub struct SignInForm {
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: String,
}

fn login_field(page: &Page, login: &str) -> Field {
    Field::Text {
        name: "login",
        label: page.t("accounts-login"),
        value: login.to_owned(),
        hint: String::new(),
        autocomplete: "username",
    }
}

fn sign_in_page<'a>(page: &'a Page, next: &str, login: &str, trouble: Trouble) -> FormPage<'a> {
    FormPage::new(page, next::with(START, next), "accounts-sign-in")
        .field(login_field(page, login))
        .field(Field::Password {
            name: "password",
            label: page.t("accounts-password"),
            hint: String::new(),
            autocomplete: "current-password",
        })
        .link("accounts-forgotten", "/intern/passwort-vergessen")
        .trouble(trouble)
}

pub async fn show(rq: Req, Query(asked): Query<Back>) -> Answer {
    let page = rq.page("accounts-staff-sign-in-title");
    rq.html(&sign_in_page(&page, back(&asked), "", Trouble::default()))
}

pub async fn sign_in(rq: Req, Query(asked): Query<Back>, Form(form): Form<SignInForm>) -> Answer {
    let next = back(&asked);
    let client = client(&rq);
    let signed = rq.city.identity.staff_sign_in(&rq.city.db, &rq.cx, &client, &form.login, &form.password).await;
    let (page, ticket) = match signed {
        Ok(SignedIn::Done(session)) => return signed_in(&rq, rq.see_other(next)?, &session),
        Ok(SignedIn::SecondFactor(ticket)) => ("/intern/anmelden/code", ticket),
        Ok(SignedIn::SetUpFactor(ticket)) => ("/intern/anmelden/einrichten", ticket),
        Err(error) => {
            let mut page = rq.page("accounts-staff-sign-in-title");
            return again(&rq, &mut page, error, |page, trouble| sign_in_page(page, next, &form.login, trouble));
        }
    };
    let mut response = rq.see_other(next::with(page, next))?;
    set_cookie(&mut response, &rq, STEP_COOKIE, &ticket, 600)?;
    Ok(response)
}

pub async fn show_code(rq: Req, Query(asked): Query<Back>) -> Answer {
    let next = back(&asked);
    let start = next::with(START, next);
    if cookie(&rq, STEP_COOKIE).is_none() {
        return rq.see_other(start);
    }
    let page = rq.page("accounts-code-title");
    rq.html(&code_page(&page, next::with("/intern/anmelden/code", next), &start, Trouble::default()))
}

pub async fn code(rq: Req, Query(asked): Query<Back>, Form(form): Form<CodeForm>) -> Answer {
    let next = back(&asked);
    let start = next::with(START, next);
    let (ticket, client) = (cookie(&rq, STEP_COOKIE).unwrap_or_default(), client(&rq));
    match rq.city.identity.second_factor(&rq.city.db, &rq.cx, &client, SIDE, ticket, &form.code).await {
        Ok((session, _)) => signed_in(&rq, rq.see_other(next)?, &session),
        Err(Error::Refused(refusal)) if refusal.code == "link-expired" => {
            rq.see_other_with(start, "accounts-step-expired-fehler")
        }
        Err(error) => {
            let mut page = rq.page("accounts-code-title");
            let action = next::with("/intern/anmelden/code", next);
            again(&rq, &mut page, error, |page, trouble| code_page(page, action, &start, trouble))
        }
    }
}

async fn set_up_page(rq: &Req, next: &str, ticket: &str, error: Option<Error>) -> Answer {
    let issuer = &rq.city.info.name;
    let shown = rq.city.identity.staff_factor_to_set_up(&rq.city.db, &rq.cx, ticket, issuer).await;
    let factor = match shown {
        Ok(factor) => factor,
        Err(Error::Refused(_)) => {
            return rq.see_other_with(next::with(START, next), "accounts-step-expired-fehler");
        }
        Err(error) => return Err(error.into()),
    };
    let mut page = rq.page("accounts-factor-title");
    let failed = error.is_some();
    let trouble = match error {
        Some(error) => Trouble::of(&mut page, error)?,
        None => Trouble::default(),
    };
    let view = FactorPage {
        page: &page,
        back: START,
        action: next::with("/intern/anmelden/einrichten", next),
        qr: drawn(&page, &factor)?,
        secret: factor.secret,
        state: FactorState { since: None, recovery_left: 0 },
        removable: false,
        errors: trouble.errors,
        notice: trouble.notice.unwrap_or_default(),
    };
    if failed { rq.invalid(&view) } else { rq.html(&view) }
}

pub async fn show_set_up(rq: Req, Query(asked): Query<Back>) -> Answer {
    let ticket = cookie(&rq, STEP_COOKIE).unwrap_or_default();
    set_up_page(&rq, back(&asked), ticket, None).await
}

pub async fn set_up(rq: Req, Query(asked): Query<Back>, Form(form): Form<CodeForm>) -> Answer {
    let next = back(&asked);
    let (ticket, client) = (cookie(&rq, STEP_COOKIE).unwrap_or_default(), client(&rq));
    match rq.city.identity.second_factor(&rq.city.db, &rq.cx, &client, SIDE, ticket, &form.code).await {
        Ok((session, codes)) => {
            let page = rq.page("accounts-codes-title");
            signed_in(&rq, rq.html(&CodesPage { page: &page, codes, next })?, &session)
        }
        Err(error) => set_up_page(&rq, next, ticket, Some(error)).await,
    }
}

#[derive(Deserialize)]
pub struct LoginForm {
    #[serde(default)]
    login: String,
}

fn forgotten_page<'a>(page: &'a Page, login: &str, trouble: Trouble) -> FormPage<'a> {
    FormPage::new(page, "/intern/passwort-vergessen", "accounts-forgotten-send")
        .back(START)
        .intro(page.t("accounts-staff-forgotten-text"))
        .field(login_field(page, login))
        .trouble(trouble)
}

pub async fn show_forgotten(rq: Req) -> Answer {
    let page = rq.page("accounts-forgotten-title");
    rq.html(&forgotten_page(&page, "", Trouble::default()))
}

pub async fn forgotten(rq: Req, Form(form): Form<LoginForm>) -> Answer {
    let client = client(&rq);
    let done = db::write!(rq.city.db, |tx| {
        match rq.city.identity.start_staff_reset(tx, &rq.cx, &client, &form.login).await? {
            Some(mail) => mails::post(tx, &rq.cx, &mail).await,
            None => Ok(()),
        }
    });
    match done {
        Ok(()) => {
            let page = rq.page("accounts-mail-sent-title");
            let minutes = rq.city.identity.policy().reset_minutes;
            rq.html(&Message::new(&page, page.t1("accounts-staff-forgotten-sent", "minutes", minutes)))
        }
        Err(error) => {
            let mut page = rq.page("accounts-forgotten-title");
            again(&rq, &mut page, error, |page, trouble| forgotten_page(page, &form.login, trouble))
        }
    }
}

#[derive(Deserialize)]
pub struct ResetForm {
    #[serde(default)]
    password: String,
}

fn reset_page<'a>(page: &'a Page, token: &str, login: &str, trouble: Trouble) -> FormPage<'a> {
    FormPage::new(page, format!("/intern/passwort-neu/{token}"), "accounts-password-save")
        .intro(page.t1("accounts-staff-reset-text", "login", login))
        .field(new_password(page))
        .trouble(trouble)
}

pub async fn show_reset(rq: Req, Path(token): Path<String>) -> Answer {
    match rq.city.identity.staff_resetting(&mut rq.city.db.read().await?, &rq.cx, &token).await {
        Ok(login) => {
            let page = rq.page("accounts-reset-title");
            rq.html(&reset_page(&page, &token, &login, Trouble::default()))
        }
        Err(Error::Refused(_)) => expired(&rq, "/intern/passwort-vergessen"),
        Err(error) => Err(error.into()),
    }
}

pub async fn reset(rq: Req, Path(token): Path<String>, Form(form): Form<ResetForm>) -> Answer {
    let db = &rq.city.db;
    match rq.city.identity.finish_staff_reset(db, &rq.cx, &token, &form.password).await {
        Ok(notice) => {
            db::write!(db, |tx| { mails::post(tx, &rq.cx, &notice).await })?;
            rq.see_other_with(START, "accounts-password-saved")
        }
        Err(Error::Refused(_)) => expired(&rq, "/intern/passwort-vergessen"),
        Err(error) => {
            let login = rq.city.identity.staff_resetting(&mut db.read().await?, &rq.cx, &token).await?;
            let mut page = rq.page("accounts-reset-title");
            again(&rq, &mut page, error, |page, trouble| reset_page(page, &token, &login, trouble))
        }
    }
}

#[derive(Template)]
#[template(path = "staff_account.html")]
struct StaffAccountPage<'a> {
    page: &'a Page,
    rows: Vec<Row>,
}

pub async fn account(rq: Req) -> Answer {
    let id = rq.cx.actor.staff().ok_or(Error::NotFound)?;
    let mut rx = rq.city.db.read().await?;
    let staff = identity::staff_line(&mut rx, id).await?;
    let factor = identity::own_factor(&mut rx, &rq.cx).await?;
    let units = identity::units(&mut rx).await?;
    let page = rq.page("accounts-account-title");
    let unit = units.get(&staff.unit).map_or(staff.unit.clone(), |unit| unit.name.clone());
    let factor = match factor.since {
        Some(since) => page.t2(
            "accounts-factor-since",
            "date",
            page.date(since.to_zoned(kernel::berlin()).date()),
            "codes",
            factor.recovery_left,
        ),
        None => page.t("accounts-factor-none"),
    };
    let rows = vec![
        Row::new(page.t("accounts-name"), staff.name),
        Row::new(page.t("accounts-login"), staff.login),
        Row::new(page.t("accounts-email"), staff.email),
        Row::new(page.t("accounts-unit"), unit),
        Row::new(page.t("accounts-password"), page.t("accounts-password-set")).change("/intern/konto/passwort"),
        Row::new(page.t("accounts-factor"), factor).change("/intern/konto/zweiter-faktor"),
    ];
    rq.html(&StaffAccountPage { page: &page, rows })
}

#[derive(Template)]
#[template(path = "deputies.html")]
struct DeputiesPage<'a> {
    page: &'a Page,
    lines: Vec<Deputy>,
    form: FormPage<'a>,
    may_end: Box<dyn Fn(&Deputy) -> bool + Send + Sync + 'a>,
}

#[derive(Default, Deserialize)]
pub struct DeputyForm {
    /// Empty: the one who asks.
    #[serde(default)]
    absent: String,
    #[serde(default)]
    deputy: String,
    #[serde(default)]
    from: String,
    #[serde(default, rename = "from-month")]
    from_month: String,
    #[serde(default, rename = "from-year")]
    from_year: String,
    #[serde(default)]
    to: String,
    #[serde(default, rename = "to-month")]
    to_month: String,
    #[serde(default, rename = "to-year")]
    to_year: String,
}

impl DeputyForm {
    fn day(day: &str, month: &str, year: &str, field: &str) -> Result<Date, Error> {
        let whole = super::citizen::typed_date(day, month, year).and_then(|date| date.complete());
        whole.ok_or_else(|| Error::invalid(field, "date"))
    }

    fn days(&self) -> Result<(Date, Date), Error> {
        let from = Self::day(&self.from, &self.from_month, &self.from_year, "from")?;
        Ok((from, Self::day(&self.to, &self.to_month, &self.to_year, "to")?))
    }
}

async fn deputies_page(rq: &Req, asked: &DeputyForm, error: Option<Error>) -> Answer {
    let me = rq.cx.actor.staff().ok_or(Error::NotFound)?;
    let all = rq.cx.actor.allows(perm::DEPUTIES);
    let mut rx = rq.city.db.read().await?;
    let lines = identity::deputies_of(&mut rx, (!all).then_some(me), rq.cx.today()).await?;
    let staff = identity::all_staff(&mut rx).await?;
    drop(rx);
    let mut page = rq.page("accounts-deputies-title");
    let failed = error.is_some();
    let trouble = match error {
        Some(error) => Trouble::of(&mut page, error)?,
        None => Trouble::default(),
    };
    let choices = |chosen: &str, without: Option<&str>| {
        let active = staff.iter().filter(|s| s.active && without != Some(&s.id.to_string()));
        active
            .map(|s| {
                Choice::new(s.id.to_string(), format!("{} ({})", s.name, s.login)).selected(s.id.to_string() == chosen)
            })
            .collect::<Vec<_>>()
    };
    let date = |name, label: &str, day: &str, month: &str, year: &str| Field::Date {
        name,
        label: page.t(label),
        parts: DateParts { day: day.to_owned(), month: month.to_owned(), year: year.to_owned() },
        hint: String::new(),
        birthday: false,
    };
    let own = me.to_string();
    let mut form = FormPage::new(&page, "/intern/vertretung", "accounts-deputy-save");
    if all {
        let absent = if asked.absent.is_empty() { own.as_str() } else { asked.absent.as_str() };
        form = form.field(Field::Select {
            name: "absent",
            label: page.t("accounts-deputy-absent"),
            choices: choices(absent, None),
            empty: String::new(),
        });
    }
    let form = form
        .field(Field::Select {
            name: "deputy",
            label: page.t("accounts-deputy"),
            choices: choices(&asked.deputy, (!all).then_some(own.as_str())),
            empty: page.t("accounts-choose"),
        })
        .field(date("from", "accounts-deputy-from", &asked.from, &asked.from_month, &asked.from_year))
        .field(date("to", "accounts-deputy-to", &asked.to, &asked.to_month, &asked.to_year))
        .trouble(trouble);
    let may_end = Box::new(move |line: &Deputy| all || line.absent == me);
    let view = DeputiesPage { page: &page, lines, form, may_end };
    if failed { rq.invalid(&view) } else { rq.html(&view) }
}

pub async fn deputies(rq: Req) -> Answer {
    deputies_page(&rq, &DeputyForm::default(), None).await
}

pub async fn set_deputy(rq: Req, Form(form): Form<DeputyForm>) -> Answer {
    let me = rq.cx.actor.staff().ok_or(Error::NotFound)?;
    let absent = if form.absent.is_empty() { me } else { identity::id_from(&form.absent)? };
    let chosen = identity::id_from(&form.deputy).map_err(|_| Error::invalid("deputy", "choose"));
    let asked = form.days().and_then(|days| Ok((days, chosen?)));
    let done = match asked {
        Ok(((from, to), deputy)) => {
            db::write!(rq.city.db, |tx| { identity::set_deputy(tx, &rq.cx, absent, deputy, from, to).await })
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => rq.see_other_with("/intern/vertretung", "accounts-deputy-saved"),
        Err(error) => deputies_page(&rq, &form, Some(error)).await,
    }
}

pub async fn end_deputy(rq: Req, Path(id): Path<String>) -> Answer {
    let id = identity::id_from(&id)?;
    db::write!(rq.city.db, |tx| { identity::end_deputy(tx, &rq.cx, id).await })?;
    rq.see_other_with("/intern/vertretung", "accounts-deputy-ended")
}
