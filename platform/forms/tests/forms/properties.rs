//! Whatever is sent in whatever order: no panic, nothing hidden, locked or unknown gets in, pruning is idempotent.

use forms::{AcceptError, Answers, Body, Facts, Form, Kind, Submitted, Value};
use kernel::{Lang, Level};
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
    for (step, pairs) in visits {
        let step = &form.steps[step].key;
        let submitted = Submitted::from(pairs);
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
                assert_eq!(answers, before, "a refused page changes nothing");
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
