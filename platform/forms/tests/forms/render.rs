//! Pages as HTML: every page of the cities' forms in both languages, with and without errors.

use std::collections::BTreeSet;
use std::sync::Arc;

use forms::{
    AcceptError, FileRef, Submitted, TEXTS, Value, View, render_check, render_print, render_privacy, render_step,
};
use kernel::{FileId, Lang, Level, Uuid};
use ui::{CityInfo, Row, Texts, UI_TEXTS};

use crate::common::{Walk, citizen, city_form, form, guest, pairs};

fn page(lang: Lang) -> ui::Page {
    let texts = Arc::new(Texts::build(UI_TEXTS.iter().chain(TEXTS).copied()).unwrap());
    ui::Page::new(lang, texts, Arc::new(CityInfo::default()))
}

fn view(page: &ui::Page) -> View<'_> {
    View { page, action: "/antrag/1/s", back: "/antrag/1", autosave: "/antrag/1/s/entwurf", later: true }
}

/// All values of an attribute, in order.
fn attribute<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    html.match_indices(&start).filter_map(|(at, _)| html[at + start.len()..].split('"').next()).collect()
}

#[track_caller]
fn check_page(html: &str) {
    let ids = attribute(html, "id");
    let known: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(known.len(), ids.len(), "an id stands twice: {ids:?}");
    let described = attribute(html, "aria-describedby");
    let targets = attribute(html, "href").into_iter().filter_map(|href| href.strip_prefix('#'));
    for id in described.iter().flat_map(|ids| ids.split(' ')).chain(attribute(html, "for")).chain(targets) {
        assert!(known.contains(id), "nothing has the id {id:?} in\n{html}");
    }
    assert_eq!(html.matches("<h1").count(), 1, "one heading:\n{html}");
    assert!(!html.contains('⟦'), "{html}");
}

#[test]
fn every_page_of_the_services_has_whole_references_in_both_languages() {
    for lang in [Lang::De, Lang::En] {
        let page = page(lang);
        for (name, facts, answers) in [
            (
                "meldebescheinigung",
                guest(),
                &[
                    ("fuer_wen", "selbst"),
                    ("art", "erweitert"),
                    ("weitere_daten", "einzug"),
                    ("papier_weiter", "papier"),
                    ("familienname", "O"),
                    ("geburtsdatum", "1"),
                    ("geburtsdatum-month", "1"),
                    ("geburtsdatum-year", "2000"),
                    ("anschrift", "Weg"),
                    ("anschrift-house-number", "1"),
                    ("anschrift-postal-code", "40667"),
                    ("anschrift-city", "Ort"),
                    ("erklaerung", "ja"),
                ][..],
            ),
            (
                "personenstandsurkunde",
                citizen(Level::Hoch),
                &[
                    ("standesamt", "meerbusch"),
                    ("ereignis", "geburt"),
                    ("ereignis_datum", "1"),
                    ("ereignis_datum-month", "1"),
                    ("ereignis_datum-year", "2000"),
                    ("person_familienname", "Muster"),
                    ("beziehung", "andere"),
                    ("alle_verstorben", "ja"),
                    ("berechtigtes_interesse", "Forschung"),
                    ("zweck", "privat"),
                    ("urkunden.1.urkunde_art", "a4"),
                    ("urkunden.1.urkunde_anzahl", "2"),
                    ("erklaerung", "ja"),
                ][..],
            ),
        ] {
            let mut walk = Walk::new(city_form(name), facts);
            let mut seen = Vec::new();
            loop {
                let now = walk.now();
                for shown in walk.path().into_iter().filter(|p| !seen.contains(p)).collect::<Vec<_>>() {
                    let reading = walk.form.read(&walk.answers, &walk.facts).unwrap();
                    let step = reading.page(&shown).unwrap();
                    check_page(&render_step(&reading, step, &[], None, &view(&page)).unwrap());
                    if let Err(AcceptError::Fields(errors)) =
                        walk.form.accept(&shown, &pairs(&[]), &mut walk.answers.clone(), &walk.facts)
                    {
                        let html = render_step(&reading, step, &errors, Some(&pairs(&[])), &view(&page)).unwrap();
                        check_page(&html);
                        assert!(html.contains("role=\"alert\""), "{shown}");
                    }
                    seen.push(shown);
                }
                if now == forms::CHECK_STEP {
                    break;
                }
                walk.answer(&now, answers);
            }
            assert!(seen.len() >= 8, "{seen:?}");
            let reading = walk.form.read(&walk.answers, &walk.facts).unwrap();
            let html =
                render_check(&reading, &[], |step| format!("/antrag/1/{step}"), "Abschicken", &view(&page)).unwrap();
            check_page(&html);
            let print = render_print(&reading, &[Row::new("Eingang", "heute")], &page).unwrap();
            check_page(&print);
            for row in reading.summary(lang).iter().flat_map(|s| &s.rows) {
                let value = row.value.replace('&', "&#38;").replace('\'', "&#39;");
                assert!(html.contains(&value) && print.contains(&value), "{value:?} is missing in\n{html}");
            }
            let privacy = walk.form.privacy.as_ref().unwrap();
            assert!(render_privacy(privacy, &[], &page).unwrap().contains("DSGVO"));
        }
        assert_eq!(page.texts.missed(), []);
    }
}

#[test]
fn scripts_stay_text_everywhere() {
    let form = form(
        r#"
        key = "f"
        title.de = "F"
        [[step]]
        key = "eins"
        title.de = "Eins"
        [[step.field]]
        key = "kurz"
        type = "text"
        label.de = "Kurz"
        [[step.field]]
        key = "lang"
        type = "textarea"
        label.de = "Lang"
        [[step.field]]
        key = "datei"
        type = "file"
        label.de = "Datei"
        accept = ["pdf"]
        required = false
        [[step]]
        key = "zwei"
        title.de = "Zwei"
        text.de = "Sie schrieben {kurz}."
        [[step.field]]
        key = "ort"
        type = "address"
        label.de = "Ort"
        "#,
    );
    let script = "\"><script>alert('x')</script>";
    let page = page(Lang::De);
    let mut walk = Walk::new(form, guest());
    let file = FileRef {
        id: FileId::from_uuid(Uuid::nil()),
        name: "<script>.pdf".into(),
        size: 1,
        media_type: "application/pdf".into(),
    };
    let sent =
        Submitted { fields: pairs(&[("kurz", script), ("lang", script)]).fields, files: vec![("datei".into(), file)] };
    walk.form.accept("eins", &sent, &mut walk.answers, &walk.facts).unwrap();
    let raw = pairs(&[("ort", script), ("ort-city", script)]);
    let Err(AcceptError::Fields(errors)) = walk.form.accept("zwei", &raw, &mut walk.answers, &walk.facts) else {
        panic!("the address is incomplete");
    };
    let reading = walk.form.read(&walk.answers, &walk.facts).unwrap();
    let pages = [
        render_step(&reading, reading.page("eins").unwrap(), &[], None, &view(&page)),
        render_step(&reading, reading.page("eins").unwrap(), &[], Some(&sent), &view(&page)),
        render_step(&reading, reading.page("zwei").unwrap(), &errors, Some(&raw), &view(&page)),
        render_check(&reading, &errors, |_| String::new(), "Senden", &view(&page)),
        render_print(&reading, &[], &page),
    ];
    for html in pages.map(Result::unwrap) {
        assert!(html.contains("script"), "the text is shown");
        assert!(!html.contains("<script"), "{html}");
    }
    assert!(walk.answers.get("kurz") == Some(&Value::Text(script.into())));
}

#[test]
fn text_blocks_stand_under_their_field_with_earlier_answers_and_in_german() {
    let form = form(
        r#"
        key = "f"
        title.de = "F"
        [[step]]
        key = "wer"
        title.de = "Wer"
        [[step.field]]
        key = "name"
        type = "name"
        label.de = "Name"
        [[step]]
        key = "frage"
        title.de = "Frage"
        [[step.field]]
        key = "frage"
        type = "textarea"
        label.de = "Frage"
        [[step.field.blocks]]
        key = "wohnung"
        label.de = "Einzug"
        label.en = "Move"
        text.de = "Guten Tag, {name} & Co.\nseit wann wohnen Sie dort?"
        [[step.field]]
        key = "vermerk"
        type = "textarea"
        label.de = "Vermerk"
        required = false
        "#,
    );
    let mut walk = Walk::new(form, guest());
    walk.answer("wer", &[("name", "Muster")]);
    for (lang, title, label) in [(Lang::De, "Textbausteine", "Einzug"), (Lang::En, "Text blocks", "Move")] {
        let page = page(lang);
        let reading = walk.form.read(&walk.answers, &walk.facts).unwrap();
        let html = render_step(&reading, reading.page("frage").unwrap(), &[], None, &view(&page)).unwrap();
        check_page(&html);
        assert_eq!(html.matches("<details").count(), 1, "a field without blocks offers none: {html}");
        assert!(html.contains(title) && html.contains(label), "{html}");
        // Read and copied by hand without the script, which shows the button.
        let shown =
            "id=\"frage-block-wohnung\" lang=\"de\">Guten Tag, Muster &#38; Co.\nseit wann wohnen Sie dort?</p>";
        assert!(html.contains(shown), "{html}");
        assert_eq!(attribute(&html, "data-insert"), ["frage-block-wohnung"]);
        assert_eq!(attribute(&html, "data-into"), ["frage"]);
        assert_eq!(page.texts.missed(), []);
    }
}

#[test]
fn locked_answers_are_text_and_no_controls() {
    let page = page(Lang::De);
    let mut walk = Walk::new(city_form("personenstandsurkunde"), citizen(Level::Hoch));
    walk.answer("standesamt", &[("standesamt", "meerbusch")]);
    let reading = walk.form.read(&walk.answers, &walk.facts).unwrap();
    let html = render_step(&reading, reading.page("antragsteller").unwrap(), &[], None, &view(&page)).unwrap();
    assert!(html.contains("Muster-Weiß") && html.contains("27.03.1985"));
    assert!(!html.contains("name=\"antragsteller"), "{html}");
}

#[test]
fn controls_help_the_browser_to_fill_in_and_enter_means_continue() {
    let page = page(Lang::De);
    let mut walk = Walk::new(city_form("meldebescheinigung"), guest());
    walk.answer("fuer-wen", &[("fuer_wen", "selbst")])
        .answer("art", &[("art", "einfach")])
        .answer("papier", &[("papier_weiter", "papier")]);
    let reading = walk.form.read(&walk.answers, &walk.facts).unwrap();
    let html = render_step(&reading, reading.page("person").unwrap(), &[], None, &view(&page)).unwrap();
    for token in ["family-name", "given-name", "bday-day", "bday-month", "bday-year"] {
        assert!(attribute(&html, "autocomplete").contains(&token), "{token}");
    }
    assert_eq!(attribute(&html, "inputmode"), ["numeric"; 3]);

    let order = city_form("personenstandsurkunde");
    let group = order.step("urkunden").unwrap();
    let reading_page = forms::Page { step: group, fields: Vec::new(), items: 2, blank: Vec::new(), errors: Vec::new() };
    let html = render_step(&reading, &reading_page, &[], None, &view(&page)).unwrap();
    let first = html.split("<button").nth(1).and_then(|rest| rest.split("</button").next()).unwrap();
    assert!(first.contains("Weiter") && !first.contains("name="), "Enter presses the first button: {first}");
    assert!(html.contains("value=\"weg:2\"") && html.contains("value=\"neu\""));
}
