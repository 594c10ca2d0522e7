//! Writes the pattern page in all its variants as files, for the browser tests: `patterns <folder>`.

use std::path::PathBuf;
use std::sync::Arc;

use askama::Template;
use ui::patterns::Patterns;
use ui::{CityInfo, CityLinks, Flash, Lang, Message, NavItem, Page, Side, Texts, Tone, UI_TEXTS, UserBox};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: patterns <folder>")?);
    std::fs::create_dir_all(&folder)?;
    let write = |name: &str, html: String| std::fs::write(folder.join(name).with_extension("html"), html);
    let texts = Arc::new(Texts::build(UI_TEXTS.iter().copied())?);

    let public = public_page(Lang::De, Arc::clone(&texts));
    write("muster", Patterns::new(&public, false).render()?)?;

    let mut sent_back = citizen_page(Arc::clone(&texts));
    sent_back.invalid = true;
    write("muster-fehler", Patterns::new(&sent_back, true).render()?)?;

    let english = public_page(Lang::En, Arc::clone(&texts));
    write("muster-en", Message::new(&english, "This page does not exist.").link("To the home page", "/").render()?)?;

    let mut short_session = citizen_page(Arc::clone(&texts));
    short_session.session_expires_in = Some(4);
    write("muster-sitzung", Message::new(&short_session, "Diese Sitzung dauert vier Sekunden.").render()?)?;

    let internal = staff_page(texts);
    write("muster-intern", Patterns::new(&internal, false).render()?)?;
    Ok(())
}

fn public_page(lang: Lang, texts: Arc<Texts>) -> Page {
    let city = CityInfo {
        key: "musterstadt".into(),
        name: "Stadt Musterstadt".into(),
        place: "Musterstadt".into(),
        links: CityLinks {
            easy_language: "/leichte-sprache".into(),
            sign_language: "/gebaerdensprache".into(),
            ..CityLinks::default()
        },
    };
    let mut page = Page::new(lang, texts, Arc::new(city));
    page.title = "Bausteine".into();
    page.path = "/muster".into();
    page.nav = vec![
        NavItem { current: true, ..NavItem::new("Leistungen", "/leistungen") },
        NavItem::new("Dokument prüfen", "/pruefen"),
        NavItem::new("Ämter", "/aemter"),
    ];
    page
}

fn citizen_page(texts: Arc<Texts>) -> Page {
    let mut page = public_page(Lang::De, texts);
    page.demo = true;
    page.user = UserBox::Citizen { display: "Mia Muster-Beispiel".into(), level: "Vor Ort geprüft".into(), unread: 2 };
    page.session_expires_in = Some(1800);
    page
}

fn staff_page(texts: Arc<Texts>) -> Page {
    let mut page = public_page(Lang::De, texts);
    page.side = Side::Internal;
    page.demo = true;
    page.user = UserBox::Staff { display: "Alex Beispiel".into(), unit: "Bürgerbüro Musterviertel".into() };
    page.nav = vec![
        NavItem { current: true, count: Some(12), ..NavItem::new("Meine Aufgaben", "/intern/aufgaben") },
        NavItem { count: Some(1204), ..NavItem::new("Aufgaben des Amts", "/intern/amt") },
        NavItem::new("Vorgänge", "/intern/vorgaenge"),
        NavItem::new("Auskunft am Telefon", "/intern/auskunft"),
    ];
    page.flash = Some(Flash { tone: Tone::Success, text: "Sie haben die Aufgabe übernommen.".into() });
    page
}
