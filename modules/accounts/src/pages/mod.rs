//! Pages. Each asks `identity`, shows what it answers, and knows which page comes next.

pub mod citizen;
pub mod counter;
pub mod eid;
pub mod factor;
pub mod guest;
pub mod password;
pub mod people;
pub mod register;
pub mod sessions;
pub mod staff;

use askama::Template;
use axum::response::Response;
use house::{Answer, Failure, Req, set_session_cookie};
use http::{HeaderValue, StatusCode, header};
use identity::{Client, NewSession};
use kernel::Error;
use serde::Deserialize;
use ui::{Choice, DateParts, Errors, Page, Tone};

/// Holds the second step of a sign-in; ten minutes.
const STEP_COOKIE: &str = "meer_step";
/// Holds what proves that the browser that went to a login source came back.
const WAY_COOKIE: &str = "meer_way";
const DEVICE_COOKIE: &str = "meer_device";

/// The way back, as a query field.
#[derive(Debug, Default, Deserialize)]
pub struct Back {
    #[serde(default)]
    pub zurueck: Option<String>,
    /// The trust level that is needed where the person comes from.
    #[serde(default)]
    pub niveau: Option<String>,
}

/// A field of a [`FormPage`].
pub enum Field {
    Text {
        name: &'static str,
        label: String,
        value: String,
        hint: String,
        autocomplete: &'static str,
    },
    /// Digits, shown with a numeric keyboard.
    Code {
        name: &'static str,
        label: String,
        hint: String,
    },
    Email {
        name: &'static str,
        label: String,
        value: String,
        hint: String,
    },
    Password {
        name: &'static str,
        label: String,
        hint: String,
        autocomplete: &'static str,
    },
    Radios {
        name: &'static str,
        label: String,
        choices: Vec<Choice>,
    },
    Select {
        name: &'static str,
        label: String,
        choices: Vec<Choice>,
        empty: String,
    },
    Date {
        name: &'static str,
        label: String,
        parts: DateParts,
        hint: String,
        birthday: bool,
    },
}

/// A button that posts something else than the form.
pub struct Other {
    pub title: String,
    pub text: String,
    pub label: String,
    pub action: String,
    pub name: &'static str,
    pub value: String,
}

/// A page that asks for a few things.
#[derive(Template)]
#[template(path = "form.html")]
pub struct FormPage<'a> {
    page: &'a Page,
    back: String,
    intro: Vec<String>,
    notice: Option<(Tone, String)>,
    action: String,
    fields: Vec<Field>,
    errors: Errors,
    submit: String,
    links: Vec<(String, String)>,
    others: Vec<Other>,
    others_first: bool,
}

impl<'a> FormPage<'a> {
    pub fn new(page: &'a Page, action: impl Into<String>, submit: &str) -> FormPage<'a> {
        FormPage {
            page,
            back: String::new(),
            intro: Vec::new(),
            notice: None,
            action: action.into(),
            fields: Vec::new(),
            errors: Errors::new(),
            submit: page.t(submit),
            links: Vec::new(),
            others: Vec::new(),
            others_first: false,
        }
    }

    /// The other ways stand first and prominent, the form after them.
    pub fn others_first(mut self) -> Self {
        self.others_first = true;
        self
    }

    pub fn back(mut self, href: &str) -> Self {
        self.back = href.to_owned();
        self
    }

    pub fn intro(mut self, text: impl Into<String>) -> Self {
        self.intro.push(text.into());
        self
    }

    pub fn notice(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.notice = Some((tone, text.into()));
        self
    }

    pub fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    pub fn link(mut self, label: &str, href: impl Into<String>) -> Self {
        self.links.push((self.page.t(label), href.into()));
        self
    }

    pub fn other(mut self, other: Other) -> Self {
        self.others.push(other);
        self
    }

    pub fn trouble(mut self, trouble: Trouble) -> Self {
        self.errors = trouble.errors;
        if let Some(text) = trouble.notice {
            self.notice = Some((Tone::Danger, text));
        }
        self
    }
}

/// What was wrong with something sent: shown on the page that was sent.
#[derive(Default)]
pub struct Trouble {
    errors: Errors,
    notice: Option<String>,
}

impl Trouble {
    /// Errors of fields, refusals and waits become part of the page; everything else goes on to the error page.
    pub fn of(page: &mut Page, error: Error) -> Result<Trouble, Error> {
        page.invalid = true;
        match error {
            Error::Invalid(errors) => {
                let text = |e: &kernel::FieldError| {
                    let args: Vec<(&str, ui::Arg<'_>)> = e.args.iter().map(|(n, v)| (n.as_str(), v.into())).collect();
                    let key = format!("accounts-error-{}", e.code);
                    let of_field = format!("{key}-{}", e.field);
                    let key = if page.texts.has(page.lang, &of_field) { of_field } else { key };
                    (e.field.clone(), page.tf(&key, &args))
                };
                Ok(Trouble { errors: errors.iter().map(text).collect(), notice: None })
            }
            Error::Refused(refusal) => {
                let notice = Some(page.t(&format!("refusal-{}", refusal.code)));
                Ok(Trouble { errors: Errors::new(), notice })
            }
            Error::Throttled { seconds } => {
                let notice = Some(page.t1("accounts-wait", "seconds", seconds));
                Ok(Trouble { errors: Errors::new(), notice })
            }
            other => Err(other),
        }
    }
}

/// Shows a form again with what was wrong: `show` fills the page.
pub fn again<'a>(
    rq: &Req,
    page: &'a mut Page,
    error: Error,
    show: impl FnOnce(&'a Page, Trouble) -> FormPage<'a>,
) -> Answer {
    let status = match error {
        Error::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let trouble = Trouble::of(page, error)?;
    let mut response = rq.html(&show(page, trouble))?;
    *response.status_mut() = status;
    Ok(response)
}

pub fn client(rq: &Req) -> Client {
    let device = rq.cookie(&cookie_name(rq, DEVICE_COOKIE)).map(str::to_owned);
    Client::new(rq.caller, &rq.user_agent, device, rq.session.as_ref().map(|s| s.id))
}

fn cookie_name(rq: &Req, name: &str) -> String {
    if rq.app.config.https { format!("__Host-{name}") } else { name.to_owned() }
}

/// The value of one of this module's cookies.
pub fn cookie<'a>(rq: &'a Req, name: &str) -> Option<&'a str> {
    rq.cookie(&cookie_name(rq, name)).filter(|value| !value.is_empty())
}

/// Sets one of this module's cookies; no seconds take it away.
pub fn set_cookie(response: &mut Response, rq: &Req, name: &str, value: &str, seconds: u64) -> Result<(), Error> {
    let cookie = format!("{}={value}; Max-Age={seconds}{}", cookie_name(rq, name), rq.cookie_attributes());
    let value = HeaderValue::from_str(&cookie).map_err(Error::internal)?;
    response.headers_mut().append(header::SET_COOKIE, value);
    Ok(())
}

/// Puts a new session and a new device into the browser and takes the steps before it away.
pub fn signed_in(rq: &Req, mut response: Response, session: &NewSession) -> Answer {
    set_session_cookie(&mut response, rq, &session.token)?;
    if let Some(device) = &session.device {
        set_device(&mut response, rq, device)?;
    }
    for name in [STEP_COOKIE, WAY_COOKIE] {
        if cookie(rq, name).is_some() {
            set_cookie(&mut response, rq, name, "", 0)?;
        }
    }
    Ok(response)
}

pub fn set_device(response: &mut Response, rq: &Req, device: &str) -> Result<(), Failure> {
    let seconds = u64::from(rq.city.identity.policy().device_days) * 24 * 3600;
    set_cookie(response, rq, DEVICE_COOKIE, device, seconds)?;
    Ok(())
}

/// The title that a page of both sides has, and the account page it belongs to.
pub fn account_page(rq: &Req) -> &'static str {
    if rq.cx.actor.staff().is_some() { ui::paths::STAFF_ACCOUNT } else { ui::paths::ACCOUNT }
}
