//! What every page knows: language, city, person, navigation, texts.

use std::sync::Arc;

use kernel::{Date, Money, Timestamp};

use crate::parts::Errors;
use crate::texts::{Arg, Shown, Texts, ToArg};
use crate::{Lang, assets, format, lang, paths};

/// Which of the two sides of the house a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    /// For everybody: portal, services, postbox.
    #[default]
    Public,
    /// For staff: desk, cases, registers.
    Internal,
}

/// The city as the layout shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CityInfo {
    /// Key of the city in paths and data, e.g. `meerbusch`.
    pub key: String,
    /// Name of the authority in the header, e.g. `Stadt Meerbusch`.
    pub name: String,
    /// Name of the place in running text, e.g. `Meerbusch`.
    pub place: String,
    pub links: CityLinks,
}

/// Where the pages lie that a public body must offer on every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CityLinks {
    /// Impressum (DDG § 5).
    pub imprint: String,
    /// Datenschutzerklärung (DSGVO Art. 13).
    pub privacy: String,
    /// Erklärung zur Barrierefreiheit (Directive (EU) 2016/2102 Art. 7 (1)).
    pub accessibility: String,
    /// Where people report barriers and faults (Feedback-Mechanismus, Directive (EU) 2016/2102 Art. 7 (1) b).
    pub feedback: String,
    /// Leichte Sprache; empty if the city has none.
    pub easy_language: String,
    /// Deutsche Gebärdensprache; empty if the city has none.
    pub sign_language: String,
    /// Kontakt.
    pub contact: String,
}

impl Default for CityLinks {
    fn default() -> Self {
        CityLinks {
            imprint: "/impressum".into(),
            privacy: "/datenschutz".into(),
            accessibility: "/barrierefreiheit".into(),
            feedback: "/feedback".into(),
            easy_language: String::new(),
            sign_language: String::new(),
            contact: "/kontakt".into(),
        }
    }
}

/// Who looks at the page, as the header shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum UserBox {
    #[default]
    Anonymous,
    Citizen {
        display: String,
        /// The trust level in words of the page's language, e.g. `Vor Ort geprüft`; empty to show none.
        level: String,
        /// Unread messages in the postbox.
        unread: u32,
    },
    Staff {
        display: String,
        /// The organisation unit, e.g. `Bürgerbüro Osterath`.
        unit: String,
    },
}

/// An entry of the navigation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NavItem {
    pub label: String,
    pub href: String,
    /// True on the entry whose area contains the page.
    pub current: bool,
    /// A number beside the label, e.g. open tasks.
    pub count: Option<u64>,
}

impl NavItem {
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> NavItem {
        NavItem { label: label.into(), href: href.into(), current: false, count: None }
    }
}

/// The four kinds of notice; each has a colour, an icon and a word, so colour never carries the meaning alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    #[default]
    Info,
    Success,
    Warning,
    Danger,
}

impl Tone {
    /// The modifier in KERN class names, also the name of the icon.
    pub const fn class(self) -> &'static str {
        match self {
            Tone::Info => "info",
            Tone::Success => "success",
            Tone::Warning => "warning",
            Tone::Danger => "danger",
        }
    }
}

impl std::fmt::Display for Tone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.class())
    }
}

/// A notice shown once, on the page after an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    pub tone: Tone,
    /// One sentence, already in the language of the page.
    pub text: String,
}

/// What the layout and the components need. Every template struct has a field `page: &ui::Page`.
#[derive(Debug, Clone)]
pub struct Page {
    pub lang: Lang,
    /// Title of the page; with the city's name it becomes `<title>`.
    pub title: String,
    pub city: Arc<CityInfo>,
    pub user: UserBox,
    pub nav: Vec<NavItem>,
    pub flash: Option<Flash>,
    pub texts: Arc<Texts>,
    /// Shows the banner of the demo city.
    pub demo: bool,
    /// Path and query of the request, for the language switch and for coming back after signing in.
    pub path: String,
    pub side: Side,
    /// Seconds until the session ends without further requests; `None` without a session.
    pub session_expires_in: Option<u32>,
    /// The form on the page was sent back with errors; the title then starts with "Fehler:".
    pub invalid: bool,
}

impl Page {
    /// A public page for an anonymous visitor; the rest is set field by field.
    pub fn new(lang: Lang, texts: Arc<Texts>, city: Arc<CityInfo>) -> Page {
        Page {
            lang,
            title: String::new(),
            city,
            user: UserBox::Anonymous,
            nav: Vec::new(),
            flash: None,
            texts,
            demo: false,
            path: "/".into(),
            side: Side::Public,
            session_expires_in: None,
            invalid: false,
        }
    }

    /// Sets the title from a text key.
    pub fn titled(mut self, key: &str) -> Page {
        self.title = self.t(key);
        self
    }

    /// Marks the page as a form sent back with errors, if there are any.
    pub fn checked(mut self, errors: &Errors) -> Page {
        self.invalid = !errors.is_empty();
        self
    }

    /// The text of a key.
    pub fn t(&self, key: &str) -> String {
        self.texts.plain(self.lang, key)
    }

    /// The text of a key with one value, for templates: `{{ page.t1("desk-open", "n", count) }}`.
    pub fn t1(&self, key: &str, name: &str, value: impl ToArg) -> String {
        self.texts.get(self.lang, key, &[(name, value.to_arg())])
    }

    /// The text of a key with two values, for templates.
    pub fn t2(&self, key: &str, name: &str, value: impl ToArg, name2: &str, value2: impl ToArg) -> String {
        self.texts.get(self.lang, key, &[(name, value.to_arg()), (name2, value2.to_arg())])
    }

    /// The text of a key with any number of values.
    pub fn tf(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.texts.get(self.lang, key, args)
    }

    /// `12.03.2026`
    pub fn date(&self, date: impl Shown<Date>) -> String {
        format::date(self.lang, date.shown())
    }

    /// `12. März 2026`
    pub fn date_long(&self, date: impl Shown<Date>) -> String {
        format::date_long(self.lang, date.shown())
    }

    /// `12.03.2026, 14:05 Uhr`
    pub fn datetime(&self, at: impl Shown<Timestamp>) -> String {
        format::datetime(self.lang, at.shown())
    }

    /// `9,00 €`
    pub fn money(&self, amount: impl Shown<Money>) -> String {
        format::money(self.lang, amount.shown())
    }

    /// `1.234`
    pub fn number(&self, value: impl ToArg) -> String {
        match value.to_arg() {
            Arg::Number(n) => format::number(self.lang, n),
            Arg::Text(text) => text.into_owned(),
        }
    }

    /// The address of a built file, e.g. `page.asset("meer.css")`.
    pub fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    pub fn is_internal(&self) -> bool {
        self.side == Side::Internal
    }

    /// The navigation of this person leads there.
    pub fn leads_to(&self, href: &str) -> bool {
        self.nav.iter().any(|item| item.href == href)
    }

    /// The languages of the language switch with the address that chooses each.
    pub fn languages(&self) -> Vec<LangLink> {
        lang::ALL
            .into_iter()
            .map(|lang| LangLink {
                lang,
                name: lang::own_name(lang),
                href: paths::choose_language(lang, &self.path),
                current: lang == self.lang,
            })
            .collect()
    }

    /// The address of the sign-in page that leads back to this page.
    pub fn sign_in_href(&self) -> String {
        let start = match self.side {
            Side::Public => paths::SIGN_IN,
            Side::Internal => paths::STAFF_SIGN_IN,
        };
        paths::with_return(start, &self.path)
    }

    pub fn home_href(&self) -> &'static str {
        match self.side {
            Side::Public => paths::HOME,
            Side::Internal => paths::STAFF_HOME,
        }
    }
}

/// One entry of the language switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LangLink {
    pub lang: Lang,
    pub name: &'static str,
    pub href: String,
    pub current: bool,
}
