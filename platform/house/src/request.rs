use std::sync::Arc;

use askama::Template;
use axum::{
    extract::FromRequestParts,
    response::{Html, IntoResponse, Redirect, Response},
};
use http::{HeaderValue, header, request::Parts};
use kernel::{Cx, Error, Principal};
use ui::{Flash, NavItem, Page, Side, Tone, UserBox};
use web::{Answer, Failure, allowed};

use crate::{App, City};

/// One request: the city it is for, who asks, in which language. Cheap to clone.
#[derive(Clone)]
pub struct Req {
    pub app: Arc<App>,
    pub city: Arc<City>,
    pub cx: Cx,
    pub session: Option<Arc<identity::Session>>,
    pub(crate) path: Arc<str>,
    /// The name by which the city was called, when it is one of the city's own.
    pub(crate) host: Option<Arc<str>>,
    pub(crate) flash: Option<Arc<str>>,
    /// Address of the caller, for rate limits only.
    pub caller: std::net::IpAddr,
    pub user_agent: Arc<str>,
    /// Cookies as sent.
    pub(crate) cookies: Arc<str>,
}

impl<S: Send + Sync> FromRequestParts<S> for Req {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        parts.extensions.get::<Req>().cloned().ok_or_else(|| Error::internal("request without context").into())
    }
}

impl Req {
    /// A page with its title, the navigation this person may use, and the notice of the action before.
    pub fn page(&self, title: &str) -> Page {
        let mut page = self.untitled();
        page.title = page.t(title);
        page
    }

    /// A page whose title is not a fixed text.
    pub fn untitled(&self) -> Page {
        let mut page = Page::new(self.cx.lang, self.app.texts.clone(), self.city.info.clone());
        page.demo = self.app.config.demo;
        page.path = self.path.to_string();
        page.side = if is_internal(&self.path) { Side::Internal } else { Side::Public };
        page.session_expires_in = self.session.as_ref().map(|s| s.expires_in);
        page.user = self.user_box(&page);
        page.nav = self.navigation(&page);
        page.flash = self.flash.as_ref().map(|key| {
            // A key that ends in "-fehler" is bad news, every other one good.
            let tone = if key.ends_with("-fehler") { Tone::Danger } else { Tone::Success };
            Flash { tone, text: page.t(key) }
        });
        page
    }

    fn user_box(&self, page: &Page) -> UserBox {
        let Some(session) = &self.session else { return UserBox::Anonymous };
        match &session.principal {
            Principal::Citizen { level, .. } => UserBox::Citizen {
                display: session.display.clone(),
                level: page.t(&format!("level-header-{}", level.code())),
                unread: 0,
            },
            Principal::Staff { .. } => {
                UserBox::Staff { display: session.display.clone(), unit: session.unit_name.clone() }
            }
            _ => UserBox::Anonymous,
        }
    }

    fn navigation(&self, page: &Page) -> Vec<NavItem> {
        let internal = page.side == Side::Internal;
        let modules = self.app.modules.iter().filter(|m| self.city.offers(m.name));
        let mut menu: Vec<_> = modules
            .flat_map(|m| m.menu)
            .filter(|m| is_internal(m.href) == internal && allowed(m.access, &self.cx.actor.principal).is_ok())
            .collect();
        menu.sort_by_key(|m| m.order);
        menu.into_iter()
            .map(|m| NavItem {
                current: self.path.split('?').next() == Some(m.href),
                ..NavItem::new(page.t(m.label), m.href)
            })
            .collect()
    }

    pub fn html(&self, template: &impl Template) -> Answer {
        Ok(Html(template.render().map_err(Error::internal)?).into_response())
    }

    /// A page whose form was sent back: status 422.
    pub fn invalid(&self, template: &impl Template) -> Answer {
        let mut response = self.html(template)?;
        *response.status_mut() = http::StatusCode::UNPROCESSABLE_ENTITY;
        Ok(response)
    }

    /// Leads on after a `POST` (303).
    pub fn see_other(&self, url: impl AsRef<str>) -> Answer {
        Ok(Redirect::to(url.as_ref()).into_response())
    }

    /// Leads on and shows a notice there, by text key.
    pub fn see_other_with(&self, url: impl AsRef<str>, notice: &'static str) -> Answer {
        let mut response = self.see_other(url)?;
        let cookie = format!("meer_flash={notice}; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
        response.headers_mut().append(header::SET_COOKIE, value(&cookie)?);
        Ok(response)
    }

    /// The city's address by the name that this browser calls it by: its session is known only there. A name that is not
    /// literally one of the city's own is never taken from a request, see [`App::public_address`].
    pub fn own_address(&self) -> String {
        match &self.host {
            Some(host) => self.app.address(host),
            None => self.app.public_address(&self.city),
        }
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        cookie(&self.cookies, name)
    }

    /// Path and query of the request.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Attributes that every cookie of ours carries.
    pub fn cookie_attributes(&self) -> &'static str {
        if self.app.config.https {
            "; Path=/; HttpOnly; SameSite=Lax; Secure"
        } else {
            "; Path=/; HttpOnly; SameSite=Lax"
        }
    }

    /// Name of the session cookie; with HTTPS the prefix binds it to this host.
    pub(crate) fn session_cookie(app: &App) -> &'static str {
        if app.config.https { "__Host-meer_session" } else { "meer_session" }
    }
}

pub(crate) fn is_internal(path: &str) -> bool {
    path == "/intern" || path.starts_with("/intern/") || path.starts_with("/intern?")
}

pub(crate) fn cookie<'a>(cookies: &'a str, name: &str) -> Option<&'a str> {
    cookies.split(';').find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

fn value(text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text).map_err(Error::internal)
}

/// Puts a new session's token into the browser.
pub fn set_session_cookie(response: &mut Response, rq: &Req, token: &str) -> Result<(), Error> {
    let cookie = format!("{}={token}{}", Req::session_cookie(&rq.app), rq.cookie_attributes());
    response.headers_mut().append(header::SET_COOKIE, value(&cookie)?);
    Ok(())
}

/// Takes the session's token out of the browser.
pub fn clear_session_cookie(response: &mut Response, rq: &Req) -> Result<(), Error> {
    let cookie = format!("{}=; Max-Age=0{}", Req::session_cookie(&rq.app), rq.cookie_attributes());
    response.headers_mut().append(header::SET_COOKIE, value(&cookie)?);
    Ok(())
}
