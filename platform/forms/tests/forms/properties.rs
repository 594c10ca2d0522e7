//! Whatever is sent in whatever order: no panic, nothing hidden, locked or unknown gets in, pruning is idempotent.

use std::collections::BTreeMap;

use forms::{AcceptError, Accepted, Answers, Body, Facts, FileRef, Form, Kind, Next, Submitted, Value};
use kernel::{FileId, Lang, Level, Uuid};
use proptest::prelude::*;

use crate::common::{citizen, city_form, guest};

fn forms() -> Vec<Form> {
    ["meldebescheinigung", "personenstandsurkunde", "tasks/personenstandsurkunde-bearbeiten"].map(city_form).to_vec()
}

/// Names a browser could send to a form: real controls, their parts, and nonsense.
fn names(form: &Form) -> Vec<String> {
    let mut names: Vec<String> =
        ["aktion", "heute", "konto.level", "gebuehr", "x", "", "urkunden-anzahl"].map(str::to_owned).to_vec();
    for step in &form.steps {
        for field in step.fields() {
            let paths = match &step.body {
                Body::Items(_) => {
                    vec![format!("{}.1.{}", step.key, field.key), format!("{}.2.{}", step.key, field.key)]
                }
                _ => vec![field.key.clone()],
            };
            for path in paths {
                for part in ["-month", "-year", "-house-number", "-postal-code", "-city", "-country"] {
                    if matches!(field.kind, Kind::Date { .. } | Kind::PartialDate { .. } | Kind::Address) {
                        names.push(format!("{path}{part}"));
                    }
                }
                names.push(path);
            }
        }
    }
    names
}

/// Values that mean something to some field, and arbitrary text.
fn values(form: &Form) -> impl Strategy<Value = String> + use<> {
    let fields = form.steps.iter().flat_map(|s| s.fields());
    let mut known: Vec<String> = fields
        .flat_map(|f| match &f.kind {
            Kind::Choice { options, .. } | Kind::Choices { options } => {
                options.iter().map(|o| o.code.clone()).collect()
            }
            _ => Vec::new(),
        })
        .collect();
    known.extend(
        ["ja", "nein", "1", "3", "1985", "2000", "40667", "Muster", "neu", "weg:1", "weg:2"].map(str::to_owned),
    );
    prop_oneof![4 => proptest::sample::select(known), 1 => any::<String>()]
}

type Page = (usize, Vec<(String, String)>);

fn visits(form: &Form) -> impl Strategy<Value = Vec<Page>> + use<> {
    let pair = (proptest::sample::select(names(form)), values(form));
    proptest::collection::vec((0..form.steps.len(), proptest::collection::vec(pair, 0..30)), 0..25)
}

fn check(form: &Form, answers: &Answers, facts: &Facts) {
    let reading = form.read(answers, facts).expect("the rules of the cities can always be decided");

    let mut pruned = answers.clone();
    form.prune(&mut pruned, facts).unwrap();
    let mut twice = pruned.clone();
    form.prune(&mut twice, facts).unwrap();
    assert_eq!(pruned, twice, "pruning is idempotent");
    let again = form.read(&pruned, facts).unwrap();
    assert_eq!(reading.path().collect::<Vec<_>>(), again.path().collect::<Vec<_>>(), "pruning changes no decision");
    assert_eq!(reading.summary(Lang::De), again.summary(Lang::De));

    for key in answers.values.keys() {
        let input = form.field(key).is_some_and(|f| f.kind.is_input());
        let group = form.step(key).is_some_and(|s| matches!(s.body, Body::Items(_)));
        assert!(input || group, "{key} is no question");
    }

    // The summary shows exactly what is visible and answered.
    let shown: Vec<String> = reading.summary(Lang::De).into_iter().flat_map(|s| s.rows).map(|r| r.field).collect();
    let visible = reading.pages().iter().flat_map(|p| &p.fields);
    let expected: Vec<String> = visible
        .filter(|a| {
            a.value.is_some() && !matches!(a.field.kind, Kind::Computed { shown: false, .. } | Kind::Note { .. })
        })
        .map(|a| a.path.clone())
        .collect();
    assert_eq!(shown, expected);

    // What the identity card says cannot be changed.
    for asked in reading.pages().iter().flat_map(|p| &p.fields).filter(|a| a.locked && a.field.kind.is_input()) {
        let source = asked.field.prefill.as_ref().unwrap();
        let same = match (&facts.known[source], asked.value.as_ref().unwrap()) {
            (Value::Date(known), Value::PartialDate(value)) => Some(*known) == value.complete(),
            (known, value) => known == value,
        };
        assert!(same, "{} was changed", asked.path);
    }
}

fn run(form: &Form, facts: &Facts, visits: Vec<Page>) {
    let mut answers = form.blank(facts);
    for (number, pairs) in visits {
        let open = match form.read(&answers, facts).unwrap().resume() {
            Next::Step(step) => step.to_owned(),
            Next::Check => form.steps[number].key.clone(),
        };
        let (step, submitted) = match form.read(&answers, facts).unwrap().page(&open) {
            Some(page) if number % 3 > 0 => {
                // Junk first: of a name sent twice, the first value counts.
                let mut submitted = sensible(page, number);
                submitted.fields.splice(0..0, pairs.into_iter().take(number % 3 * 2 - 2));
                (open, submitted)
            }
            _ => (form.steps[number].key.clone(), Submitted::from(pairs)),
        };
        let step = &step;
        let before = answers.clone();
        let visible: Vec<String> = {
            let reading = form.read(&answers, facts).unwrap();
            let page = reading.page(step);
            let fields = page.map(|p| p.fields.iter().filter(|a| !a.locked).map(|a| a.field.key.clone()).collect());
            let group = page.filter(|p| matches!(p.step.body, Body::Items(_))).map(|p| p.step.key.clone());
            let mut visible: Vec<String> = fields.unwrap_or_default();
            visible.extend(group);
            visible
        };
        match form.accept(step, &submitted, &mut answers, facts) {
            Ok(_) => {
                for (key, value) in &answers.values {
                    let locked = form.field(key).is_some_and(|f| f.prefill.is_some());
                    assert!(
                        before.get(key) == Some(value) || visible.contains(key) || locked,
                        "{key} came in on {step} without being asked"
                    );
                }
            }
            Err(AcceptError::Fields(errors)) => {
                assert!(!errors.is_empty());
                let without_files = |answers: &Answers| {
                    let values = answers.values.iter().filter(|(_, value)| !matches!(value, Value::Files(_)));
                    values.map(|(key, value)| (key.clone(), value.clone())).collect::<BTreeMap<_, _>>()
                };
                assert_eq!(without_files(&answers), without_files(&before), "a refused page changes nothing but files");
            }
            Err(AcceptError::NotOnPath) => assert_eq!(answers, before),
            Err(AcceptError::Rule(fault)) => panic!("{fault}"),
        }
        check(form, &answers, facts);
        let mut draft = answers.clone();
        let _ = form.keep(step, &submitted, &mut draft, facts);
        check(form, &draft, facts);
    }
    let _ = form.validate_all(&answers, facts);
}

/// Answers of the kind each visible field asks for, chosen by `seed`.
fn sensible(page: &forms::Page<'_>, seed: usize) -> Submitted {
    let mut sent = Submitted::default();
    let asked = if page.items == 0 { page.fields.iter().chain(&page.blank) } else { page.fields.iter().chain(&[]) };
    for (n, asked) in asked.enumerate() {
        let pick = seed.wrapping_mul(31).wrapping_add(n * 7);
        let mut say = |part: &str, value: String| sent.fields.push((format!("{}{part}", asked.path), value));
        match &asked.field.kind {
            Kind::Choice { .. } => say("", asked.options[pick % asked.options.len()].code.clone()),
            Kind::Choices { .. } => {
                for option in asked.options.iter().skip(pick % asked.options.len()) {
                    say("", option.code.clone());
                }
            }
            Kind::YesNo => say("", if pick.is_multiple_of(2) { "ja" } else { "nein" }.into()),
            Kind::Declaration { .. } => say("", "ja".into()),
            Kind::Date { .. } | Kind::PartialDate { .. } => {
                say("", "1".into());
                say("-month", "2".into());
                say("-year", (1880 + pick % 146).to_string());
            }
            Kind::Address => {
                for (part, value) in [("", "Weg"), ("-house-number", "1"), ("-postal-code", "40667"), ("-city", "Ort")]
                {
                    say(part, value.into());
                }
            }
            Kind::Integer { min, .. } => say("", min.to_string()),
            Kind::Email => say("", "mia@muster.example".into()),
            Kind::File { .. } => sent.files.push((asked.path.clone(), some_file())),
            Kind::Computed { .. } | Kind::Note { .. } => {}
            _ => say("", "Muster".into()),
        }
    }
    sent
}

fn some_file() -> FileRef {
    FileRef {
        id: FileId::from_uuid(Uuid::from_u128(1)),
        name: "a.pdf".into(),
        size: 1,
        media_type: "application/pdf".into(),
    }
}

#[test]
fn sensible_answers_always_lead_to_the_end() {
    let mut ends = BTreeMap::new();
    for form in forms() {
        for facts in [guest(), citizen(Level::Basis), citizen(Level::Hoch)] {
            for seed in 0..200 {
                let mut answers = form.blank(&facts);
                let mut page = form.steps[0].key.clone();
                let end = loop {
                    let reading = form.read(&answers, &facts).unwrap();
                    let shown = reading.page(&page).unwrap();
                    if shown.step.is_exit() {
                        break page;
                    }
                    let sent = sensible(shown, seed);
                    let accepted = form.accept(&page, &sent, &mut answers, &facts);
                    assert_eq!(accepted, Ok(Accepted::Next), "{page} {sent:?}");
                    check(&form, &answers, &facts);
                    match form.read(&answers, &facts).unwrap().next(&page) {
                        Next::Step(next) => page = next.to_owned(),
                        Next::Check => break forms::CHECK_STEP.to_owned(),
                    }
                };
                let submitted = form.validate_all(&answers, &facts);
                assert_eq!(submitted.is_ok(), end == forms::CHECK_STEP, "{submitted:?}");
                *ends.entry(end).or_insert(0) += 1;
            }
        }
    }
    for exit in ["pruefen", "vertretung", "online-ausweis", "nicht-zustaendig", "stadtarchiv"] {
        assert!(ends.contains_key(exit), "no walk ended at {exit}: {ends:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_guest_may_send_anything((form, visits) in proptest::sample::select(forms()).prop_flat_map(|f| (Just(f.clone()), visits(&f)))) {
        run(&form, &guest(), visits);
    }

    #[test]
    fn a_citizen_may_send_anything((form, visits) in proptest::sample::select(forms()).prop_flat_map(|f| (Just(f.clone()), visits(&f)))) {
        run(&form, &citizen(Level::Hoch), visits);
    }

    #[test]
    fn stored_answers_may_be_anything(json in "[{}\\[\\]\":,a-z0-9_-]{0,80}", text in any::<String>()) {
        let form = city_form("meldebescheinigung");
        if let Ok(answers) = serde_json::from_str::<Answers>(&json) {
            let (carried, _) = form.migrate(answers);
            check(&form, &carried, &guest());
        }
        let mut answers = form.blank(&guest());
        for step in &form.steps {
            for field in step.fields() {
                answers.values.insert(field.key.clone(), Value::Text(text.clone()));
            }
        }
        form.prune(&mut answers, &guest()).unwrap();
        check(&form, &answers, &guest());
    }

    #[test]
    fn any_text_loads_or_says_why(text in any::<String>(), rest in "[a-z_\\[\\]=\"'. \n{}0-9]{0,200}") {
        for text in [text, format!("key = \"f\"\ntitle.de = \"F\"\n[[step]]\n{rest}")] {
            if let Err(errors) = Form::load("f", &text) {
                prop_assert!(!errors.is_empty());
                prop_assert!(errors.iter().all(|e| e.line > 0 && e.column > 0 && !e.text.is_empty()));
            }
        }
    }
}
