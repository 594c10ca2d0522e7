//! The two services as people walk through them.

use forms::{AcceptError, Accepted, End, Migrated, SubmitError, Value};
use kernel::{Lang, Level, Money};
use serde_json::json;

use crate::common::{Walk, citizen, city_form, form, guest, home, pairs};

const PERSON: &[(&str, &str)] = &[
    ("familienname", "Muster-Weiß"),
    ("vornamen", "Mia"),
    ("geburtsdatum", "27"),
    ("geburtsdatum-month", "3"),
    ("geburtsdatum-year", "1985"),
];

const ADDRESS: &[(&str, &str)] = &[
    ("anschrift", "Musterweg"),
    ("anschrift-house-number", "1a"),
    ("anschrift-postal-code", "40667"),
    ("anschrift-city", "Meerbusch"),
    ("anschrift-country", "Deutschland"),
];

#[test]
fn with_the_online_id_the_certificate_is_electronic_and_free() {
    let mut walk = Walk::new(city_form("meldebescheinigung"), citizen(Level::Hoch));
    walk.answer("fuer-wen", &[("fuer_wen", "selbst")])
        .answer("art", &[("art", "erweitert")])
        .answer("weitere-daten", &[("weitere_daten", "geburtsort"), ("weitere_daten", "einzug")])
        .answer("zustellung", &[("zustellung", "elektronisch")]);
    assert_eq!(walk.now(), "erklaerung", "what the identity card says is not asked");
    walk.answer("person", &[("familienname", "Falsch"), ("geburtsdatum-year", "1900")]);
    assert_eq!(walk.value("familienname"), Some(Value::Text("Muster-Weiß".into())), "locked");
    walk.answer("zweck", &[("zweck", "Bank")]).answer("erklaerung", &[("erklaerung", "ja"), ("gebuehr", "900")]);

    let complete = walk.form.validate_all(&walk.answers, &walk.facts).unwrap();
    assert_eq!(complete.computed["gebuehr"], Value::Money(Money(0)));
    assert_eq!(complete.computed["zustellweg"], Value::Choice("elektronisch".into()));
    assert!(complete.facts.known.is_empty(), "the identity is not stored beside the answers");
    let again = walk.form.read(&complete.answers, &complete.facts).unwrap();
    assert_eq!(again.end(), End::Check, "the case reads the same without the identity");

    let facts = serde_json::Value::Object(again.facts());
    assert_eq!(
        facts,
        json!({
            "fuer_wen": "selbst", "art": "erweitert", "weitere_daten": ["geburtsort", "einzug"],
            "zustellung": "elektronisch", "zustellweg": "elektronisch", "gebuehr": 0, "erklaerung": true,
        })
    );
}

#[test]
fn a_guest_gets_paper_for_the_fee_of_the_city() {
    let mut walk = Walk::new(city_form("meldebescheinigung"), guest());
    walk.answer("fuer-wen", &[("fuer_wen", "selbst")]).answer("art", &[("art", "einfach")]);
    assert_eq!(walk.now(), "papier");
    let not_asked =
        walk.form.accept("zustellung", &pairs(&[("zustellung", "elektronisch")]), &mut walk.answers, &walk.facts);
    assert_eq!(not_asked, Err(AcceptError::NotOnPath));
    walk.answer("papier", &[("papier_weiter", "papier"), ("zustellung", "elektronisch")])
        .answer("person", PERSON)
        .answer("anschrift", ADDRESS)
        .answer("zweck", &[("email", "mia@muster.example")])
        .answer("erklaerung", &[("erklaerung", "ja"), ("gebuehr", "0")]);
    let complete = walk.form.validate_all(&walk.answers, &walk.facts).unwrap();
    assert_eq!(complete.computed["gebuehr"], Value::Money(Money(900)));
    assert_eq!(complete.answers.get("anschrift"), Some(&Value::Address(home())));
    assert!(complete.answers.get("zustellung").is_none());

    let reading = walk.form.read(&complete.answers, &complete.facts).unwrap();
    let summary = reading.summary(Lang::De);
    let fee = summary.iter().flat_map(|s| &s.rows).find(|row| row.field == "gebuehr").unwrap();
    assert_eq!((fee.label.as_str(), fee.value.as_str()), ("Gebühr", "9,00\u{a0}€"));
    let born = summary.iter().flat_map(|s| &s.rows).find(|row| row.field == "geburtsdatum").unwrap();
    assert_eq!(born.value, "27.03.1985");
}

#[test]
fn exits_end_the_path_and_cannot_be_submitted() {
    let mut walk = Walk::new(city_form("meldebescheinigung"), guest());
    walk.answer("fuer-wen", &[("fuer_wen", "vertretung")]);
    assert_eq!(walk.path(), ["fuer-wen", "vertretung"]);
    assert_eq!(walk.form.validate_all(&walk.answers, &walk.facts), Err(SubmitError::Exit("vertretung".into())));
    assert_eq!(
        walk.form.accept("vertretung", &pairs(&[]), &mut walk.answers, &walk.facts),
        Err(AcceptError::NotOnPath)
    );
    walk.answer("fuer-wen", &[("fuer_wen", "selbst")]);
    assert_eq!(walk.now(), "art");
}

#[test]
fn the_draft_waits_while_the_level_is_raised() {
    let mut walk = Walk::new(city_form("meldebescheinigung"), guest());
    walk.answer("fuer-wen", &[("fuer_wen", "selbst")])
        .answer("art", &[("art", "einfach")])
        .answer("papier", &[("papier_weiter", "online-ausweis")]);
    assert_eq!(walk.now(), "online-ausweis");
    walk.facts = citizen(Level::Hoch);
    assert_eq!(walk.now(), "zustellung");
    walk.answer("zustellung", &[("zustellung", "elektronisch")]);
    assert!(walk.answers.get("papier_weiter").is_none(), "the hidden branch is gone");
    assert_eq!(walk.answers.get("art"), Some(&Value::Choice("einfach".into())));
}

#[test]
fn a_level_from_the_counter_does_not_open_the_electronic_way() {
    for level in [Level::Basis, Level::VorOrt, Level::Substantiell] {
        let mut walk = Walk::new(city_form("meldebescheinigung"), citizen(level));
        walk.answer("fuer-wen", &[("fuer_wen", "selbst")]).answer("art", &[("art", "einfach")]);
        assert_eq!(walk.now(), "papier", "{level:?}");
        let mut walk = Walk::new(city_form("personenstandsurkunde"), citizen(level));
        walk.answer("standesamt", &[("standesamt", "meerbusch")]);
        assert_eq!(walk.now(), "online-ausweis", "{level:?}");
    }
}

#[test]
fn another_registry_office_is_named_and_costs_nothing() {
    let mut walk = Walk::new(city_form("personenstandsurkunde"), citizen(Level::Hoch));
    walk.answer("standesamt", &[("standesamt", "anderes")])
        .answer("anderes-standesamt", &[("anderer_ort", "Musterstadt")]);
    let reading = walk.form.read(&walk.answers, &walk.facts).unwrap();
    assert_eq!(reading.end(), End::Exit("nicht-zustaendig"));
    let text = reading.fill(reading.pages().last().unwrap().step.text.as_ref().unwrap(), Lang::De);
    assert!(text.contains("das Standesamt in Musterstadt."), "{text}");
    assert!(reading.computed().is_empty());
}

fn order(event: &str, [day, month, year]: [&str; 3]) -> Walk {
    let mut walk = Walk::new(city_form("personenstandsurkunde"), citizen(Level::Hoch));
    walk.answer("standesamt", &[("standesamt", "meerbusch")])
        .answer("ereignis", &[("ereignis", event)])
        .answer("wann", &[("ereignis_datum", day), ("ereignis_datum-month", month), ("ereignis_datum-year", year)]);
    walk
}

#[test]
fn after_110_80_and_30_years_the_archive_has_the_entry() {
    for (event, date, archive) in [
        ("geburt", ["12", "3", "1916"], false),
        ("geburt", ["11", "3", "1916"], true),
        ("ehe", ["12", "3", "1946"], false),
        ("ehe", ["11", "3", "1946"], true),
        ("lebenspartnerschaft", ["1", "8", "2001"], false),
        ("tod", ["12", "3", "1996"], false),
        ("tod", ["11", "3", "1996"], true),
        ("geburt", ["", "", "1916"], false),
        ("geburt", ["", "", "1915"], true),
        ("tod", ["", "3", "1996"], false),
    ] {
        assert_eq!(order(event, date).now() == "stadtarchiv", archive, "{event} {date:?}");
    }
}

#[test]
fn under_sixteen_nobody_orders_alone() {
    let known = |day: &str| {
        let born = Value::Date(day.parse().unwrap());
        citizen(Level::Hoch).knowing("identity.birth_date", born)
    };
    for (born, exit) in [("2010-03-13", true), ("2010-03-12", false), ("1930-01-01", false)] {
        let mut walk = Walk::new(city_form("personenstandsurkunde"), known(born));
        walk.answer("standesamt", &[("standesamt", "meerbusch")]);
        assert_eq!(walk.now() == "zu-jung", exit, "{born}");
    }
}

#[test]
fn who_may_have_a_certificate_decides_what_is_asked() {
    let relation = |event: &str, relation: &str, all_dead: Option<&str>| {
        let mut walk = order(event, ["1", "1", "2000"]);
        if event == "ehe" {
            walk.answer("paar", &[("partner1_familienname", "A"), ("partner2_familienname", "B")]);
        } else {
            walk.answer("person", &[("person_familienname", "Muster")]);
        }
        walk.answer("eintrag", &[]).answer("beziehung", &[("beziehung", relation)]);
        if let Some(answer) = all_dead {
            walk.answer("alle-verstorben", &[("alle_verstorben", answer)]);
        }
        walk.now()
    };
    assert_eq!(relation("geburt", "selbst", None), "zweck");
    assert_eq!(relation("ehe", "vorfahre", None), "zweck");
    assert_eq!(relation("geburt", "geschwister", None), "berechtigtes-interesse");
    assert_eq!(relation("geburt", "andere", Some("ja")), "berechtigtes-interesse");
    assert_eq!(relation("geburt", "andere", Some("nein")), "rechtliches-interesse");

    // Siblings are entitled to birth and death entries only (§ 62 (1) sentence 2 PStG); nobody orders the own death.
    for (event, choice) in [("ehe", "geschwister"), ("tod", "selbst")] {
        let mut walk = order(event, ["1", "1", "2000"]);
        match event {
            "ehe" => walk.answer("paar", &[("partner1_familienname", "A"), ("partner2_familienname", "B")]),
            _ => walk.answer("person", &[("person_familienname", "Muster")]),
        };
        walk.answer("eintrag", &[]);
        let errors = walk.refused("beziehung", &[("beziehung", choice)]);
        assert_eq!(errors, [("beziehung".to_owned(), "required-choice".to_owned())], "{event} {choice}");
    }
}

fn until_order() -> Walk {
    let mut walk = order("geburt", ["1", "1", "2000"]);
    walk.answer("person", &[("person_familienname", "Muster")])
        .answer("eintrag", &[("registernummer", "G 123/2000")])
        .answer("beziehung", &[("beziehung", "nachkomme")])
        .answer("zweck", &[("zweck", "behoerde")]);
    walk
}

#[test]
fn the_first_of_each_kind_costs_more_than_the_further_ones() {
    let mut walk = until_order();
    walk.answer(
        "urkunden",
        &[
            ("urkunden.1.urkunde_art", "a4"),
            ("urkunden.1.urkunde_anzahl", "3"),
            ("urkunden.2.urkunde_art", "mehrsprachig"),
            ("urkunden.2.urkunde_anzahl", "1"),
        ],
    );
    assert_eq!(walk.now(), "erklaerung", "the address is known");
    walk.answer("erklaerung", &[("erklaerung", "ja"), ("gebuehr", "1"), ("anzahl_gesamt", "1")]);
    let complete = walk.form.validate_all(&walk.answers, &walk.facts).unwrap();
    assert_eq!(complete.computed["gebuehr"], Value::Money(Money(2 * 1500 + 2 * 750)));
    assert_eq!(complete.computed["anzahl_gesamt"], Value::Integer(4));
    let facts = walk.form.read(&complete.answers, &complete.facts).unwrap().facts();
    assert_eq!(
        facts["urkunden"],
        json!([{"urkunde_art": "a4", "urkunde_anzahl": 3}, {"urkunde_art": "mehrsprachig", "urkunde_anzahl": 1}])
    );
    let text = serde_json::to_string(&facts).unwrap();
    for personal in ["Muster", "G 123", "1985", "2000", "Musterweg"] {
        assert!(!text.contains(personal), "{personal} in {text}");
    }

    walk.answer("zweck", &[("zweck", "rente")]).answer("erklaerung", &[("erklaerung", "ja")]);
    let complete = walk.form.validate_all(&walk.answers, &walk.facts).unwrap();
    assert_eq!(complete.computed["gebuehr"], Value::Money(Money(0)), "free for pensions");
}

#[test]
fn rules_over_all_items_are_shown_at_the_group() {
    let mut walk = until_order();
    let twice = [
        ("urkunden.1.urkunde_art", "a4"),
        ("urkunden.1.urkunde_anzahl", "1"),
        ("urkunden.2.urkunde_art", "a4"),
        ("urkunden.2.urkunde_anzahl", "1"),
    ];
    assert_eq!(walk.refused("urkunden", &twice), [("urkunden".to_owned(), "rule".to_owned())]);
    let wrong = [("urkunden-anzahl", "2"), ("urkunden.1.urkunde_art", "a4"), ("urkunden.1.urkunde_anzahl", "11")];
    let errors = walk.refused("urkunden", &wrong);
    let expected = [
        ("urkunden.1.urkunde_anzahl", "number-max"),
        ("urkunden.2.urkunde_art", "required-choice"),
        ("urkunden.2.urkunde_anzahl", "required"),
    ];
    assert_eq!(errors, expected.map(|(field, code)| (field.to_owned(), code.to_owned())));
}

#[test]
fn items_are_added_and_removed_by_buttons_and_nothing_typed_is_lost() {
    let mut walk = until_order();
    let typed = [
        ("urkunden-anzahl", "1"),
        ("urkunden.1.urkunde_art", "a4"),
        ("urkunden.1.urkunde_anzahl", "viele"),
        ("aktion", "neu"),
    ];
    let Ok(Accepted::Stay(shown)) = walk.form.accept("urkunden", &pairs(&typed), &mut walk.answers, &walk.facts) else {
        panic!("an item should have been added");
    };
    assert!(shown.fields.contains(&("urkunden-anzahl".into(), "2".into())));
    assert!(shown.fields.contains(&("urkunden.1.urkunde_anzahl".into(), "viele".into())), "kept to be corrected");
    let Some(Value::Items(items)) = walk.answers.get("urkunden").cloned() else { panic!("no items") };
    assert_eq!(items.len(), 2);
    assert_eq!(items[0].get("urkunde_art"), Some(&Value::Choice("a4".into())));

    let three = [
        ("urkunden-anzahl", "3"),
        ("urkunden.1.urkunde_anzahl", "1"),
        ("urkunden.2.urkunde_anzahl", "2"),
        ("urkunden.3.urkunde_anzahl", "drei"),
        ("aktion", "weg:2"),
    ];
    let Ok(Accepted::Stay(shown)) = walk.form.accept("urkunden", &pairs(&three), &mut walk.answers, &walk.facts) else {
        panic!("an item should have been removed");
    };
    let expected =
        pairs(&[("urkunden.1.urkunde_anzahl", "1"), ("urkunden.2.urkunde_anzahl", "drei"), ("urkunden-anzahl", "2")]);
    assert_eq!(shown, expected);

    // The last item stays, and there are never more than allowed.
    let last = [("urkunden-anzahl", "1"), ("urkunden.1.urkunde_art", "a4"), ("aktion", "weg:1")];
    assert!(!walk.refused("urkunden", &last).is_empty());
    let full = [("urkunden-anzahl", "5"), ("aktion", "neu")];
    assert!(!walk.refused("urkunden", &full).is_empty());
    walk.refused("urkunden", &[("urkunden-anzahl", "99999999"), ("urkunden.400000.urkunde_art", "a4")]);
}

#[test]
fn a_changed_answer_takes_its_branch_along() {
    let mut walk = Walk::new(city_form("meldebescheinigung"), citizen(Level::Hoch));
    walk.answer("fuer-wen", &[("fuer_wen", "selbst")])
        .answer("art", &[("art", "erweitert")])
        .answer("weitere-daten", &[("weitere_daten", "religion")])
        .answer("zustellung", &[("zustellung", "papier")])
        .answer("art", &[("art", "einfach")]);
    assert!(walk.answers.get("weitere_daten").is_none());
    assert_eq!(walk.answers.get("zustellung"), Some(&Value::Choice("papier".into())), "later answers stay");
}

#[test]
fn a_draft_is_carried_over_to_a_changed_form() {
    let old = form(
        r#"
        key = "f"
        title.de = "F"
        [[step]]
        key = "s"
        title.de = "S"
        [[step.field]]
        key = "art"
        type = "choice"
        label.de = "Art"
        options = [{ code = "a", label.de = "A" }, { code = "b", label.de = "B" }]
        [[step.field]]
        key = "tag"
        type = "date"
        label.de = "Tag"
        [[step.field]]
        key = "alt"
        type = "text"
        label.de = "Alt"
        "#,
    );
    let new = form(
        r#"
        key = "f"
        title.de = "F"
        [[step]]
        key = "s"
        title.de = "S"
        [[step.field]]
        key = "art"
        type = "choice"
        label.de = "Art"
        options = [{ code = "a", label.de = "A" }, { code = "c", label.de = "C" }]
        [[step.field]]
        key = "tag"
        type = "partial-date"
        label.de = "Tag"
        "#,
    );
    assert_ne!(old.version, new.version);
    let mut walk = Walk::new(old, guest());
    walk.answer("s", &[("art", "b"), ("tag", "1"), ("tag-month", "2"), ("tag-year", "2000"), ("alt", "x")]);
    assert_eq!(new.validate_all(&walk.answers, &walk.facts), Err(SubmitError::OtherVersion));
    let stored = serde_json::to_string(&walk.answers).unwrap();
    let (carried, report) = new.migrate(serde_json::from_str(&stored).unwrap());
    assert_eq!(carried.get("tag"), Some(&Value::PartialDate("2000-02-01".parse().unwrap())));
    assert_eq!(report, [Migrated::Dropped { key: "alt".into() }, Migrated::Review { key: "art".into() }]);
    let again = new.migrate(carried.clone());
    assert_eq!(again, (carried, vec![]));
}

#[test]
fn a_condition_without_value_is_an_error_and_never_false() {
    let form = form(
        r#"
        key = "f"
        title.de = "F"
        [[step]]
        key = "alter"
        title.de = "Alter"
        [[step.field]]
        key = "jahre"
        type = "integer"
        label.de = "Jahre"
        required = false
        [[step]]
        key = "jung"
        title.de = "Jung"
        when = "jahre < 16"
        [[step.field]]
        key = "wer"
        type = "text"
        label.de = "Wer"
        "#,
    );
    let fault = form.read(&form.blank(&guest()), &guest()).unwrap_err();
    assert_eq!((fault.file.as_str(), fault.line), ("test.toml", 15));
    assert_eq!(fault.rule, "jahre < 16");
    assert!(fault.to_string().contains("lässt sich nicht entscheiden"), "{fault}");
}

#[test]
fn a_missing_or_wrong_fact_of_the_city_stops_the_form() {
    let form = city_form("meldebescheinigung");
    let mut facts = guest();
    let fee = facts.city.remove("gebuehren.meldebescheinigung_papier");
    assert!(form.read(&form.blank(&facts), &facts).unwrap_err().to_string().contains("meldebescheinigung_papier"));
    facts.city.insert("gebuehren.meldebescheinigung_papier".into(), forms::Fact::Text("9".into()));
    assert!(form.read(&form.blank(&facts), &facts).is_err());
    facts.city.extend(fee.map(|fee| ("gebuehren.meldebescheinigung_papier".to_owned(), fee)));
    assert!(form.read(&form.blank(&facts), &facts).is_ok());
}

#[test]
fn a_first_name_known_to_be_missing_is_locked_and_a_required_one_is_asked() {
    let facts = citizen(Level::Hoch).knowing("identity.first_names", Value::Text(String::new()));
    let facts = facts.knowing("identity.family_name", Value::Text(String::new()));
    let mut walk = Walk::new(city_form("personenstandsurkunde"), facts);
    walk.answer("standesamt", &[("standesamt", "meerbusch")]);
    assert_eq!(walk.now(), "antragsteller");
    walk.answer("antragsteller", &[("antragsteller_familienname", "O"), ("antragsteller_vornamen", "Erfunden")]);
    assert_eq!(walk.value("antragsteller_familienname"), Some(Value::Text("O".into())));
    assert_eq!(walk.value("antragsteller_vornamen"), None);
}

#[test]
fn forms_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>() {}
    shared::<forms::Form>();
}

#[test]
fn clerks_decide_with_reasons() {
    let mut walk = Walk::new(city_form("tasks/personenstandsurkunde-bearbeiten"), citizen(Level::Basis));
    let errors = walk.refused("ergebnis", &[("ergebnis", "ausgestellt")]);
    assert_eq!(errors, [("register_gesehen".to_owned(), "required-declaration".to_owned())]);
    walk.answer("ergebnis", &[("register_gesehen", "ja"), ("ergebnis", "ablehnen")]);
    assert_eq!(walk.refused("ablehnen", &[("ablehnungsgrund", "sonstiges")])[0].1, "required");
    walk.answer("ablehnen", &[("ablehnungsgrund", "interesse-fehlt"), ("ablehnung_text", "Zeile 1\r\nZeile 2")]);
    assert_eq!(walk.now(), "pruefen");
    assert_eq!(walk.value("ablehnung_text"), Some(Value::Text("Zeile 1\nZeile 2".into())));

    let mut walk = Walk::new(city_form("tasks/meldebescheinigung-abgleich"), citizen(Level::Basis));
    walk.answer("entscheidung", &[("entscheidung", "ausstellen")]);
    let errors = walk.refused("ausstellen", &[("ausstellen_grund", "umzug"), ("ausstellen_vermerk", " ")]);
    assert_eq!(errors, [("ausstellen_vermerk".to_owned(), "required".to_owned())], "nobody decides without a note");
    walk.answer("ausstellen", &[("ausstellen_grund", "umzug"), ("ausstellen_vermerk", "Umzug nachgewiesen.")]);
    assert_eq!(walk.now(), "pruefen");
}

#[test]
fn a_check_names_the_field_it_is_about() {
    let form = form(
        r#"
        key = "f"
        title.de = "F"
        [facts]
        bezahlt = "money"
        [[step]]
        key = "betrag"
        title.de = "Betrag"
        [[step.field]]
        key = "grund"
        type = "text"
        label.de = "Grund"
        [[step.field]]
        key = "betrag"
        type = "money"
        label.de = "Betrag"
        [[step.check]]
        rule = "betrag <= bezahlt"
        field = "betrag"
        text.de = "Das ist mehr, als bezahlt wurde."
        "#,
    );
    let mut walk = Walk::new(form, guest().with("bezahlt", forms::Fact::Money(Money(2250))));
    let errors = walk.refused("betrag", &[("grund", "abgelehnt"), ("betrag", "22,51")]);
    assert_eq!(errors, [("betrag".to_owned(), "rule".to_owned())]);
    walk.answer("betrag", &[("grund", "abgelehnt"), ("betrag", "22,50")]);
}

#[test]
fn a_draft_keeps_what_is_good_while_typing() {
    let mut walk = Walk::new(city_form("meldebescheinigung"), guest());
    walk.answer("fuer-wen", &[("fuer_wen", "selbst")])
        .answer("art", &[("art", "einfach")])
        .answer("papier", &[("papier_weiter", "papier")]);
    let half = pairs(&[
        ("familienname", "Muster"),
        ("geburtsdatum", "31"),
        ("geburtsdatum-month", "2"),
        ("geburtsdatum-year", "1990"),
    ]);
    walk.form.keep("person", &half, &mut walk.answers, &walk.facts).unwrap();
    assert_eq!(walk.answers.get("familienname"), Some(&Value::Text("Muster".into())));
    assert!(walk.answers.get("geburtsdatum").is_none());
    assert_eq!(walk.now(), "person");
}
