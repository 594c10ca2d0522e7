//! Sign-in of citizens and their account.

use askama::Template;
use axum::{Form, extract::Query};
use house::{Answer, Key, Path, Req};
use identity::{AccountOverview, Address, Known, Person, SignInSide, SignedIn};
use kernel::{Error, Level, PartialDate, Principal};
use serde::Deserialize;
use ui::{DateParts, Page, Row, Tone};

use super::{Back, Field, FormPage, Other, STEP_COOKIE, Trouble, again, client, cookie, set_cookie, signed_in};
use crate::{mails, next, oidc::Oidc};

#[derive(Deserialize)]
pub struct SignInForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

/// The way back of a citizen.
pub fn back(asked: &Back) -> &str {
    next::safe(asked.zurueck.as_deref(), false, ui::paths::ACCOUNT)
}

fn sign_in_page<'a>(rq: &Req, page: &'a Page, next: &str, email: &str, trouble: Trouble) -> FormPage<'a> {
    let mut form = FormPage::new(page, next::with("/anmelden", next), "accounts-sign-in");
    let citizen = rq.session.as_ref().filter(|session| matches!(session.principal, Principal::Citizen { .. }));
    if let Some(session) = citizen {
        form = form.notice(Tone::Info, page.t1("accounts-signed-in-as", "name", &session.display));
    }
    form = form
        .intro(page.t("accounts-sign-in-text"))
        .field(Field::Email {
            name: "email",
            label: page.t("accounts-email"),
            value: email.to_owned(),
            hint: String::new(),
        })
        .field(Field::Password {
            name: "password",
            label: page.t("accounts-password"),
            hint: String::new(),
            autocomplete: "current-password",
        })
        .link("accounts-no-account", next::with("/registrieren", next))
        .link("accounts-forgotten", "/passwort-vergessen")
        .link("accounts-have-claim", "/abholen")
        .trouble(trouble);
    if Oidc::is_configured(&rq.city) {
        form = form.other(Other {
            title: page.t("accounts-eid-title"),
            text: match citizen {
                Some(session) => page.t1("accounts-eid-raise-text", "name", &session.display),
                None => page.t("accounts-eid-text"),
            },
            label: page.t("accounts-eid-button"),
            action: next::with("/anmelden/eid", next),
            name: "verknuepfen",
            value: if citizen.is_some() { "wenn-neu".into() } else { String::new() },
        });
    }
    form
}

pub async fn show(rq: Req, Query(asked): Query<Back>) -> Answer {
    let page = rq.page("accounts-sign-in-title");
    let form = sign_in_page(&rq, &page, back(&asked), "", Trouble::default());
    let eid_first = asked.niveau.as_deref() == Some(Level::Hoch.code());
    rq.html(&if eid_first { form.others_first() } else { form })
}

pub async fn sign_in(rq: Req, Query(asked): Query<Back>, Form(form): Form<SignInForm>) -> Answer {
    let next = back(&asked);
    let signed = rq.city.identity.sign_in(&rq.city.db, &rq.cx, &client(&rq), &form.email, &form.password).await;
    match signed {
        Ok(SignedIn::Done(session)) => signed_in(&rq, rq.see_other(next)?, &session),
        Ok(SignedIn::SecondFactor(ticket) | SignedIn::SetUpFactor(ticket)) => {
            let mut response = rq.see_other(next::with("/anmelden/code", next))?;
            set_cookie(&mut response, &rq, STEP_COOKIE, &ticket, 600)?;
            Ok(response)
        }
        Err(error) => {
            let mut page = rq.page("accounts-sign-in-title");
            again(&rq, &mut page, error, |page, trouble| sign_in_page(&rq, page, next, &form.email, trouble))
        }
    }
}

#[derive(Deserialize)]
pub struct CodeForm {
    #[serde(default)]
    pub code: String,
}

/// Asks for the code of the second factor, on either side.
pub fn code_page<'a>(page: &'a Page, action: String, start: &str, trouble: Trouble) -> FormPage<'a> {
    FormPage::new(page, action, "accounts-continue")
        .back(start)
        .intro(page.t("accounts-code-text"))
        .field(Field::Code { name: "code", label: page.t("accounts-code"), hint: page.t("accounts-code-hint") })
        .trouble(trouble)
}

pub async fn show_code(rq: Req, Query(asked): Query<Back>) -> Answer {
    let next = back(&asked);
    let start = next::with("/anmelden", next);
    if cookie(&rq, STEP_COOKIE).is_none() {
        return rq.see_other(start);
    }
    let page = rq.page("accounts-code-title");
    rq.html(&code_page(&page, next::with("/anmelden/code", next), &start, Trouble::default()))
}

pub async fn code(rq: Req, Query(asked): Query<Back>, Form(form): Form<CodeForm>) -> Answer {
    let next = back(&asked);
    let start = next::with("/anmelden", next);
    let ticket = cookie(&rq, STEP_COOKIE).unwrap_or_default();
    let side = SignInSide::Citizen;
    let done = rq.city.identity.second_factor(&rq.city.db, &rq.cx, &client(&rq), side, ticket, &form.code).await;
    match done {
        Ok((session, _)) => signed_in(&rq, rq.see_other(next)?, &session),
        Err(Error::Refused(refusal)) if refusal.code == "link-expired" => {
            rq.see_other_with(start, "accounts-step-expired-fehler")
        }
        Err(error) => {
            let mut page = rq.page("accounts-code-title");
            let action = next::with("/anmelden/code", next);
            again(&rq, &mut page, error, |page, trouble| code_page(page, action, &start, trouble))
        }
    }
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    page: &'a Page,
    account: AccountOverview,
    level: Level,
    eid: bool,
}

impl AccountPage<'_> {
    fn rows(&self) -> Vec<Row> {
        let (page, account) = (self.page, &self.account);
        let email = account.email.clone().unwrap_or_else(|| page.t("accounts-no-email"));
        let mut rows = vec![
            Row::new(page.t("accounts-label"), &account.label).change("/konto/bezeichnung"),
            Row::new(page.t("accounts-email"), email).change("/konto/email"),
        ];
        if account.email.is_some() {
            let password = if account.has_password { "accounts-password-set" } else { "accounts-password-none" };
            rows.push(Row::new(page.t("accounts-password"), page.t(password)).change("/konto/passwort"));
        }
        let factor = match account.factor.since {
            Some(since) => page.t2(
                "accounts-factor-since",
                "date",
                page.date(since.to_zoned(kernel::berlin()).date()),
                "codes",
                account.factor.recovery_left,
            ),
            None => page.t("accounts-factor-none"),
        };
        rows.push(Row::new(page.t("accounts-factor"), factor).change("/konto/zweiter-faktor"));
        rows
    }

    fn level_text(&self) -> String {
        self.page.t(&format!("accounts-level-text-{}", self.level.code()))
    }

    fn level_name(&self) -> String {
        self.page.t(&format!("level-{}", self.level.code()))
    }

    fn persons(&self) -> Vec<(String, Vec<Row>)> {
        let page = self.page;
        let title = |known: &Known| {
            let key = match known.source.as_str() {
                identity::SELF_STATED => "accounts-person-stated",
                identity::VOR_ORT => "accounts-person-onsite",
                _ => "accounts-person-eid",
            };
            page.t1(key, "date", page.date(known.read_at.to_zoned(kernel::berlin()).date()))
        };
        let mut seen = Vec::new();
        let mut shown = Vec::new();
        for known in &self.account.known {
            if !seen.contains(&&known.source) {
                seen.push(&known.source);
                shown.push((title(known), person_rows(page, &known.person)));
            }
        }
        shown
    }

    fn onsite_text(&self) -> Option<String> {
        let (day, document) = self.account.onsite.as_ref()?;
        let document = self.page.t(&format!("accounts-document-{document}"));
        Some(self.page.t2("accounts-onsite-done", "date", self.page.date(*day), "document", document))
    }
}

/// Name, birth date and address as lines.
pub fn person_rows(page: &Page, person: &Person) -> Vec<Row> {
    let mut rows = vec![
        Row::new(page.t("accounts-family-name"), &person.family_name),
        Row::new(page.t("accounts-given-names"), &person.given_names),
    ];
    if let Some(birth_date) = person.birth_date {
        let iso = birth_date.to_string();
        let german: Vec<&str> = iso.split('-').rev().collect();
        rows.push(Row::new(page.t("accounts-birth-date"), german.join(".")));
    }
    if let Some(a) = &person.address {
        rows.push(Row::new(page.t("accounts-address"), format!("{}\n{} {}", a.street, a.postal_code, a.city)));
    }
    rows.retain(|row| !row.value.is_empty());
    rows
}

pub async fn account(rq: Req) -> Answer {
    let account = identity::own_account(&mut rq.city.db.read().await?, &rq.cx).await?;
    let page = rq.page("accounts-account-title");
    let level = rq.cx.actor.level().unwrap_or(Level::Basis);
    rq.html(&AccountPage { page: &page, account, level, eid: Oidc::is_configured(&rq.city) })
}

#[derive(Deserialize)]
pub struct LabelForm {
    #[serde(default)]
    label: String,
}

fn label_page<'a>(page: &'a Page, label: &str, trouble: Trouble) -> FormPage<'a> {
    FormPage::new(page, "/konto/bezeichnung", "accounts-save")
        .back(ui::paths::ACCOUNT)
        .intro(page.t("accounts-label-text"))
        .field(Field::Text {
            name: "label",
            label: page.t("accounts-label"),
            value: label.to_owned(),
            hint: String::new(),
            autocomplete: "off",
        })
        .trouble(trouble)
}

pub async fn show_label(rq: Req) -> Answer {
    let account = identity::own_account(&mut rq.city.db.read().await?, &rq.cx).await?;
    let page = rq.page("accounts-label-title");
    rq.html(&label_page(&page, &account.label, Trouble::default()))
}

pub async fn label(rq: Req, Form(form): Form<LabelForm>) -> Answer {
    match db::write!(rq.city.db, |tx| { identity::rename_account(tx, &rq.cx, &form.label).await }) {
        Ok(()) => rq.see_other_with(ui::paths::ACCOUNT, "accounts-saved"),
        Err(error) => {
            let mut page = rq.page("accounts-label-title");
            again(&rq, &mut page, error, |page, trouble| label_page(page, &form.label, trouble))
        }
    }
}

#[derive(Deserialize)]
pub struct EmailForm {
    #[serde(default)]
    email: String,
}

fn email_page<'a>(page: &'a Page, email: &str, trouble: Trouble) -> FormPage<'a> {
    FormPage::new(page, "/konto/email", "accounts-email-send")
        .back(ui::paths::ACCOUNT)
        .intro(page.t("accounts-email-text"))
        .field(Field::Email {
            name: "email",
            label: page.t("accounts-email-new"),
            value: email.to_owned(),
            hint: String::new(),
        })
        .trouble(trouble)
}

pub async fn show_email(rq: Req) -> Answer {
    let page = rq.page("accounts-email-title");
    rq.html(&email_page(&page, "", Trouble::default()))
}

pub async fn email(rq: Req, Form(form): Form<EmailForm>) -> Answer {
    let client = client(&rq);
    let done = db::write!(rq.city.db, |tx| {
        if let Some(mail) = rq.city.identity.start_email_change(tx, &rq.cx, &client, &form.email).await? {
            mails::post(tx, &rq.cx, &mail).await?;
        }
        Ok(())
    });
    match done {
        Ok(()) => rq.see_other_with(ui::paths::ACCOUNT, "accounts-mail-sent"),
        Err(error) => {
            let mut page = rq.page("accounts-email-title");
            again(&rq, &mut page, error, |page, trouble| email_page(page, &form.email, trouble))
        }
    }
}

#[derive(Deserialize)]
pub struct PasswordForm {
    #[serde(default)]
    password: String,
}

fn email_link_page<'a>(page: &'a Page, token: &str, email: &str, ask: bool, trouble: Trouble) -> FormPage<'a> {
    let mut form = FormPage::new(page, format!("/konto/email/{token}"), "accounts-confirm").intro(page.t1(
        "accounts-email-confirm-text",
        "email",
        email,
    ));
    if ask {
        form = form.field(Field::Password {
            name: "password",
            label: page.t("accounts-password"),
            hint: page.t("accounts-email-password-hint"),
            autocomplete: "current-password",
        });
    }
    form.trouble(trouble)
}

pub async fn show_email_link(rq: Req, Path(token): Path<String>) -> Answer {
    let (email, ask) = rq.city.identity.changing_email(&mut rq.city.db.read().await?, &rq.cx, &token).await?;
    let page = rq.page("accounts-email-title");
    rq.html(&email_link_page(&page, &token, &email, ask, Trouble::default()))
}

pub async fn email_link(rq: Req, Path(token): Path<String>, Form(form): Form<PasswordForm>) -> Answer {
    let (email, ask) = rq.city.identity.changing_email(&mut rq.city.db.read().await?, &rq.cx, &token).await?;
    let (db, client) = (&rq.city.db, client(&rq));
    match rq.city.identity.finish_email_change(db, &rq.cx, &client, &token, &form.password).await {
        Ok(notice) => {
            if let Some(notice) = notice {
                db::write!(db, |tx| { mails::post(tx, &rq.cx, &notice).await })?;
            }
            rq.see_other_with(ui::paths::ACCOUNT, "accounts-email-changed")
        }
        Err(error) => {
            let mut page = rq.page("accounts-email-title");
            again(&rq, &mut page, error, |page, trouble| email_link_page(page, &token, &email, ask, trouble))
        }
    }
}

/// A person as typed, with the field names of `identity`.
#[derive(Clone, Default, Deserialize)]
pub struct PersonForm {
    #[serde(default)]
    pub family_name: String,
    #[serde(default)]
    pub given_names: String,
    #[serde(default)]
    pub birth_date: String,
    #[serde(default, rename = "birth_date-month")]
    pub birth_month: String,
    #[serde(default, rename = "birth_date-year")]
    pub birth_year: String,
    #[serde(default)]
    pub street: String,
    #[serde(default)]
    pub postal_code: String,
    #[serde(default)]
    pub city: String,
}

impl PersonForm {
    pub fn of(person: &Person) -> PersonForm {
        let date = person.birth_date.map(|d| d.to_string()).unwrap_or_default();
        let mut parts = date.split('-').map(str::to_owned);
        let address = person.address.clone();
        PersonForm {
            family_name: person.family_name.clone(),
            given_names: person.given_names.clone(),
            birth_year: parts.next().unwrap_or_default(),
            birth_month: parts.next().unwrap_or_default(),
            birth_date: parts.next().unwrap_or_default(),
            street: address.as_ref().map(|a| a.street.clone()).unwrap_or_default(),
            postal_code: address.as_ref().map(|a| a.postal_code.clone()).unwrap_or_default(),
            city: address.map(|a| a.city).unwrap_or_default(),
        }
    }

    /// # Errors
    /// `Invalid` when the birth date is none; unknown days and months may be left out.
    pub fn person(&self) -> Result<Person, Error> {
        Ok(Person {
            family_name: self.family_name.clone(),
            given_names: self.given_names.clone(),
            birth_date: Some(
                typed_date(&self.birth_date, &self.birth_month, &self.birth_year)
                    .ok_or_else(|| Error::invalid("birth_date", "date"))?,
            ),
            address: Some(Address {
                street: self.street.clone(),
                postal_code: self.postal_code.clone(),
                city: self.city.clone(),
                country: "DE".to_owned(),
            }),
        })
    }

    /// The fields of a page that asks for a person.
    pub fn fields<'a>(&self, page: &'a Page, form: FormPage<'a>) -> FormPage<'a> {
        let text = |name, label: &str, value: &str, autocomplete| Field::Text {
            name,
            label: page.t(label),
            value: value.to_owned(),
            hint: String::new(),
            autocomplete,
        };
        form.field(text("family_name", "accounts-family-name", &self.family_name, "family-name"))
            .field(text("given_names", "accounts-given-names", &self.given_names, "given-name"))
            .field(Field::Date {
                name: "birth_date",
                label: page.t("accounts-birth-date"),
                parts: DateParts {
                    day: self.birth_date.clone(),
                    month: self.birth_month.clone(),
                    year: self.birth_year.clone(),
                },
                hint: page.t("accounts-birth-date-hint"),
                birthday: true,
            })
            .field(text("street", "accounts-street", &self.street, "street-address"))
            .field(text("postal_code", "accounts-postal-code", &self.postal_code, "postal-code"))
            .field(text("city", "accounts-city", &self.city, "address-level2"))
    }
}

/// A date typed in parts; empty and zero parts are unknown.
pub fn typed_date(day: &str, month: &str, year: &str) -> Option<PartialDate> {
    let number = |text: &str| match text.trim() {
        "" => Some(0),
        digits if digits.len() <= 4 && digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse::<i16>().ok(),
        _ => None,
    };
    let (day, month) = (i8::try_from(number(day)?).ok()?, i8::try_from(number(month)?).ok()?);
    PartialDate::new(number(year)?, month, day).ok()
}

#[derive(Template)]
#[template(path = "onsite.html")]
struct OnsitePage<'a> {
    page: &'a Page,
    code: String,
    days: u32,
    has_factor: bool,
}

fn onsite_page<'a>(page: &'a Page, person: &PersonForm, trouble: Trouble) -> FormPage<'a> {
    let form = FormPage::new(page, "/konto/vor-ort", "accounts-onsite-make-code")
        .back(ui::paths::ACCOUNT)
        .intro(page.t("accounts-onsite-text"))
        .intro(page.t("accounts-onsite-person-text"));
    person.fields(page, form).trouble(trouble)
}

pub async fn show_onsite(rq: Req) -> Answer {
    let account = identity::own_account(&mut rq.city.db.read().await?, &rq.cx).await?;
    let known = account.known.into_iter().max_by_key(|k| k.level);
    let person = known.map(|k| PersonForm::of(&k.person)).unwrap_or_default();
    let page = rq.page("accounts-onsite-title");
    rq.html(&onsite_page(&page, &person, Trouble::default()))
}

pub async fn onsite(rq: Req, Form(form): Form<PersonForm>) -> Answer {
    let made = match form.person() {
        Ok(person) => db::write!(rq.city.db, |tx| {
            identity::state_person(tx, &rq.cx, person.clone()).await?;
            let code = rq.city.identity.make_counter_code(tx, &rq.cx).await?;
            Ok((code, identity::own_account(tx, &rq.cx).await?.factor.since.is_some()))
        }),
        Err(error) => Err(error),
    };
    match made {
        Ok((code, has_factor)) => {
            let page = rq.page("accounts-onsite-title");
            let days = rq.city.identity.policy().counter_code_days;
            rq.html(&OnsitePage { page: &page, code, days, has_factor })
        }
        Err(error) => {
            let mut page = rq.page("accounts-onsite-title");
            again(&rq, &mut page, error, |page, trouble| onsite_page(page, &form, trouble))
        }
    }
}

#[derive(Template)]
#[template(path = "close.html")]
struct ClosePage<'a> {
    page: &'a Page,
}

pub async fn show_close(rq: Req) -> Answer {
    let page = rq.page("accounts-close-title");
    rq.html(&ClosePage { page: &page })
}

pub async fn close(rq: Req) -> Answer {
    let account = rq.cx.actor.account().ok_or(Error::SignIn(Level::Basis))?;
    db::write!(rq.city.db, |tx| {
        identity::close_account(tx, &rq.cx).await?;
        house::erase_rows(&rq.cx, tx, Key::Account, account.uuid()).await
    })?;
    let mut response = rq.see_other_with(ui::paths::HOME, "accounts-closed")?;
    house::clear_session_cookie(&mut response, &rq)?;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_people_type_them() {
        let read = |d, m, y| typed_date(d, m, y).map(|date| date.to_string());
        assert_eq!(read(" 7", "3", "1985").as_deref(), Some("1985-03-07"));
        assert_eq!(read("", "", "1950").as_deref(), Some("1950-00-00"));
        assert_eq!(read("00", "03", "1950").as_deref(), Some("1950-03-00"));
        for (d, m, y) in [
            ("31", "2", "1990"),
            ("7", "", "1985"),
            ("7", "3", ""),
            ("x", "3", "1985"),
            ("-7", "3", "1985"),
            ("300", "3", "1985"),
            ("7", "3", "99999"),
            ("７", "3", "1985"),
        ] {
            assert_eq!(read(d, m, y), None, "{d}.{m}.{y}");
        }
    }

    #[test]
    fn a_person_survives_the_form() {
        let person = Person {
            family_name: "Muster".into(),
            given_names: "Mia".into(),
            birth_date: "1950-03-00".parse().ok(),
            address: Some(Address {
                street: "Musterweg 1".into(),
                postal_code: "40667".into(),
                city: "Meerbusch".into(),
                country: "DE".into(),
            }),
        };
        assert_eq!(PersonForm::of(&person).person().unwrap(), person);
    }
}
