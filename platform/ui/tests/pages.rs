//! Renders the pattern page and the layout in every variant and checks what holds for every page.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use askama::Template;
use ui::patterns::Patterns;
use ui::{CityInfo, Flash, Lang, Message, NavItem, Page, Side, Texts, Tone, UI_TEXTS, UserBox};

fn page(lang: Lang) -> Page {
    let texts = Arc::new(Texts::build(UI_TEXTS.iter().copied()).unwrap());
    let city = CityInfo { key: "musterstadt".into(), name: "Stadt Musterstadt".into(), ..CityInfo::default() };
    let mut page = Page::new(lang, texts, Arc::new(city));
    page.title = "Bausteine".into();
    page.path = "/muster?seite=2".into();
    page
}

/// All values of an attribute, in order.
fn attribute<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    html.match_indices(&start).filter_map(|(at, _)| html[at + start.len()..].split('"').next()).collect()
}

fn check_references(html: &str) {
    let ids = attribute(html, "id");
    let known: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(known.len(), ids.len(), "an id stands twice: {ids:?}");
    let described = attribute(html, "aria-describedby");
    let labelled = attribute(html, "aria-labelledby");
    let referenced = described.iter().chain(&labelled).flat_map(|ids| ids.split(' '));
    let targets = attribute(html, "href").into_iter().filter_map(|href| href.strip_prefix('#'));
    for id in referenced.chain(attribute(html, "for")).chain(targets) {
        assert!(known.contains(id), "nothing has the id {id:?}");
    }
}

#[test]
fn every_component_renders_in_both_languages_with_all_texts() {
    for lang in [Lang::De, Lang::En] {
        for errors in [false, true] {
            let mut page = page(lang);
            page.invalid = errors;
            let html = Patterns::new(&page, errors).render().unwrap();
            check_references(&html);
            assert_eq!(page.texts.missed(), []);
            assert_eq!(html.contains("role=\"alert\""), errors);
            assert_eq!(html.contains("aria-invalid"), errors);
        }
    }
}

#[test]
fn what_people_type_is_never_markup() {
    let mut page = page(Lang::De);
    let attack = "\"><script>alert(1)</script>";
    page.title = attack.into();
    page.path = format!("/x?{attack}");
    page.flash = Some(Flash { tone: Tone::Info, text: attack.into() });
    page.user = UserBox::Staff { display: attack.into(), unit: attack.into() };
    page.nav = vec![NavItem::new(attack, attack)];
    for side in [Side::Public, Side::Internal] {
        page.side = side;
        let html = Message::new(&page, attack).link(attack, attack).render().unwrap();
        assert!(!html.contains("<script>"), "{html}");
        assert!(!html.contains("\"><script"), "{html}");
    }
}

#[test]
fn nothing_needs_a_weaker_content_security_policy() {
    let mut page = page(Lang::De);
    page.session_expires_in = Some(900);
    page.demo = true;
    for side in [Side::Public, Side::Internal] {
        page.side = side;
        let html = Patterns::new(&page, true).render().unwrap();
        assert!(attribute(&html, "style").is_empty());
        assert!(!html.contains("<style") && !html.contains("javascript:"));
        assert!(html.split("<script").skip(1).all(|tag| tag.starts_with(" src=\"/assets/")));
        for event in ["onclick", "onchange", "onsubmit", "onload", "oninput"] {
            assert!(attribute(&html, event).is_empty());
        }
        let outside = attribute(&html, "href").into_iter().chain(attribute(&html, "src"));
        assert_eq!(outside.filter(|url| url.contains("://")).count(), 0, "nothing is loaded from elsewhere");
    }
}

#[test]
fn the_layout_shows_who_and_where() {
    let mut page = page(Lang::De);
    let render = |page: &Page| Message::new(page, "Text").render().unwrap();

    let anonymous = render(&page);
    assert!(anonymous.contains("href=\"/anmelden?zurueck=/muster%3Fseite%3D2\""));
    assert!(anonymous.contains("<title>Bausteine – Stadt Musterstadt</title>"));
    for link in ["/impressum", "/datenschutz", "/barrierefreiheit", "/feedback"] {
        assert!(anonymous.contains(&format!("href=\"{link}\"")), "{link}");
    }
    assert!(anonymous.contains("Offizielle Website – Stadt Musterstadt"));

    page.demo = true;
    let demo = render(&page);
    assert!(demo.contains("Demo-Stadt – nichts hier ist echt"));
    assert!(!demo.contains("Offizielle Website"), "a demo never claims to be official");

    page.user = UserBox::Citizen { display: "Mia Muster-Beispiel".into(), level: "Basis".into(), unread: 1200 };
    let citizen = render(&page);
    assert!(citizen.contains("1.200") && citizen.contains("ungelesene Nachrichten"));
    assert!(!citizen.contains("/anmelden"));

    page.side = Side::Internal;
    page.invalid = true;
    page.nav = vec![NavItem { current: true, count: Some(7), ..NavItem::new("Meine Aufgaben", "/intern/aufgaben") }];
    let internal = render(&page);
    assert!(internal.contains("<title>Fehler: Bausteine"));
    assert!(internal.contains("href=\"/intern/aufgaben\" aria-current=\"page\""));
    // Folded on narrow screens, with the place said where it is folded.
    let fold = internal.split("<summary").nth(1).and_then(|rest| rest.split("</summary>").next()).unwrap();
    assert!(fold.ends_with(">Menü: Meine Aufgaben"), "{fold}");
}

#[test]
fn all_text_keys_in_the_templates_exist() {
    let texts = Texts::build(UI_TEXTS.iter().copied()).unwrap();
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut used = BTreeSet::new();
    for entry in std::fs::read_dir(templates).unwrap() {
        let source = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        used.extend(ui::texts::keys_used(&source).into_iter().map(str::to_owned));
    }
    let known: BTreeSet<String> = texts.keys(Lang::De).map(|(key, _)| key.to_owned()).collect();
    assert_eq!(used, known, "left: used in templates, right: defined");
}

#[test]
fn every_component_stands_on_the_pattern_page() {
    let read = |name: &str| {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(name)).unwrap()
    };
    let (components, patterns) = (read("components.html"), read("patterns.html"));
    let names: Vec<&str> = components.split("{%- macro ").skip(1).filter_map(|rest| rest.split('(').next()).collect();
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        let part_of_another = components.contains(&format!("{{{{ {name}("));
        assert!(part_of_another || patterns.contains(&format!("c::{name}(")), "{name} is shown nowhere");
    }
}
