//! The page with every component in every state, for people who write pages and for the browser tests.

use askama::Template;
use kernel::{Date, Money};

use crate::{Choice, DateParts, Errors, Guideline, Page, Pagination, Row, Task, TimelineEntry, Tone};

#[derive(Template)]
#[template(path = "patterns.html")]
pub struct Patterns<'a> {
    page: &'a Page,
    errors: Errors,
    choices: Vec<Choice>,
    yes_no: Vec<Choice>,
    no_date: DateParts,
    wrong_date: DateParts,
    rows: Vec<Row>,
    tasks: Vec<Task>,
    timeline: Vec<TimelineEntry>,
    fees: Vec<Money>,
    day: Date,
    guidelines: Vec<Guideline>,
    first_pages: Pagination,
    middle_pages: Pagination,
}

impl<'a> Patterns<'a> {
    /// With `errors`, the form is shown as the server sends it back; without, as it is first seen.
    pub fn new(page: &'a Page, errors: bool) -> Patterns<'a> {
        let faults = [
            ("mail", "Die E-Mail-Adresse ist unvollständig. Sie sieht so aus: name@beispiel.de"),
            ("passwort", "Geben Sie Ihr Passwort ein."),
            ("anzahl", "Bestellen Sie mindestens eine Urkunde."),
            ("grund", "Schreiben Sie einen Grund auf."),
            ("staat", "Wählen Sie einen Staat."),
            ("zweck", "Wählen Sie einen Zweck."),
            ("kinder", "Wählen Sie mindestens ein Kind."),
            ("einwilligung", "Bestätigen Sie, dass Sie die Hinweise gelesen haben."),
            ("geburt", "Den 31. Februar gibt es nicht. Prüfen Sie Tag und Monat."),
            ("vollmacht", "Die Datei ist leer. Wählen Sie eine andere."),
        ];
        Patterns {
            page,
            errors: faults.into_iter().take(if errors { faults.len() } else { 0 }).collect(),
            choices: vec![
                Choice::new("a", "Büderich").hint("mit dem Rathaus am Dorfplatz"),
                Choice::new("b", "Osterath").selected(true),
                Choice::new("c", "Lank-Latum"),
            ],
            yes_no: vec![Choice::new("ja", "Ja"), Choice::new("nein", "Nein")],
            no_date: DateParts::default(),
            wrong_date: DateParts { day: "31".into(), month: "2".into(), year: "1990".into() },
            rows: vec![
                Row::new("Name", "Mia Muster-Beispiel"),
                Row::new("Anschrift", "Musterweg 1\n40667 Musterort").change("/muster/2"),
            ],
            tasks: vec![
                task("Angaben zur Person", "/muster/1", "Erledigt", Tone::Success),
                task("Nachweise hochladen", "/muster/2", "Offen", Tone::Info),
                task("Bezahlen", "", "Noch nicht möglich", Tone::Warning),
            ],
            timeline: vec![
                TimelineEntry {
                    when: "voraussichtlich diese Woche".into(),
                    title: "Wir schicken die Urkunde ab".into(),
                    ..TimelineEntry::default()
                },
                TimelineEntry {
                    when: "12. März 2026".into(),
                    machine_time: "2026-03-12".into(),
                    who: "Stefan Muster-Standesamt".into(),
                    title: "Die Gebühr ist bezahlt".into(),
                    text: "9,00 € mit girocard".into(),
                    href: "/beleg".into(),
                    link_text: "Beleg ansehen".into(),
                    tone: Tone::Success,
                    done: true,
                },
                TimelineEntry {
                    when: "11. März 2026".into(),
                    machine_time: "2026-03-11".into(),
                    title: "Wir haben Ihren Antrag bekommen".into(),
                    done: true,
                    ..TimelineEntry::default()
                },
            ],
            fees: vec![Money(0), Money(900), Money(123_456)],
            day: kernel::Date::constant(2026, 3, 12),
            guidelines: vec![guideline("/intern/richtlinien/muster/kenntnis"), guideline("")],
            first_pages: Pagination::new("/antraege", 1, 3),
            middle_pages: Pagination::new("/antraege?stand=offen", 7, 20),
        }
    }
}

fn guideline(acknowledge: &str) -> Guideline {
    Guideline {
        title: "Wann ein Vorgang zu den Akten geht".into(),
        source: "Muster-Richtlinien zur Anwendung, Nr. 4".into(),
        version: 2,
        text: vec!["Erst wenn nichts mehr offen ist.".into()],
        href: "/intern/richtlinien#zda".into(),
        acknowledge: acknowledge.into(),
    }
}

fn task(title: &str, href: &str, status: &str, tone: Tone) -> Task {
    Task { title: title.into(), href: href.into(), status: status.into(), tone }
}
