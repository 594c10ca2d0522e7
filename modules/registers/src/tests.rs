//! Every answer of the registers, over HTTP, on both engines.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use contract_processes::{TaskFailed, TaskFinished};
use contract_records::{AddStep, Address, CaseView, Cases, Party, Status};
use contract_registers::{AskCivil, AskPopulation, NoteCivilEntry, PopulationAnswer};
use db::{Rx, Tx, testing::TestDb};
use house::{App, Call, City, Config, Module, PeerConfig, answer, handler};
use kernel::{
    CaseId, Cx, Event, Lang, Principal, Result, SeededRandom, Sources, SystemClock, TaskOutcome, TaskToken, TenantId,
    Uuid,
};
use serde_json::{Value, json};

use crate::{
    MODULE, jobs,
    model::Kind,
    store::{self, Request},
};

/// The part of `records` that is called here: cases by id, and the steps it was given.
static CASES: LazyLock<Mutex<HashMap<CaseId, CaseView>>> = LazyLock::new(Mutex::default);
static STEPS: LazyLock<Mutex<Vec<AddStep>>> = LazyLock::new(Mutex::default);

async fn cases(_: &Cx, _: &mut Rx, q: Cases) -> Result<Vec<CaseView>> {
    let cases = CASES.lock().unwrap();
    Ok(q.ids.iter().filter_map(|id| cases.get(id).cloned()).collect())
}

async fn add_step(_: &Cx, _: &mut Tx, c: AddStep) -> Result<()> {
    STEPS.lock().unwrap().push(c);
    Ok(())
}

const RECORDS: Module = Module {
    name: "records",
    commands: |c| {
        c.on(handler!(add_step: AddStep));
        c.answers(answer!(cases: Cases));
    },
    ..Module::EMPTY
};

struct World {
    app: Arc<App>,
    city: Arc<City>,
    sandbox: sandbox::Running,
    _folder: tempfile::TempDir,
    _test: TestDb,
}

async fn worlds() -> Vec<World> {
    let migrations = [::jobs::MIGRATIONS, journal::MIGRATIONS, MODULE.migrations.unwrap()];
    let mut all = Vec::new();
    for test in db::testing::both(&migrations).await {
        all.push(World::new(test).await);
    }
    all
}

impl World {
    async fn new(test: TestDb) -> World {
        let cities = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../cities/meerbusch"));
        let sandbox = sandbox::start(sandbox::Config::for_tests(vec![cities])).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("register");
        std::fs::write(&secret, "sandbox-register-meerbusch\n").unwrap();
        let register = PeerConfig {
            url: format!("{}/register/05162022", sandbox.base_url),
            secret_file: Some(secret),
            ..PeerConfig::default()
        };
        let peers = BTreeMap::from([("population".into(), register.clone()), ("civil".into(), register)]);
        // A seed of its own: worlds that begin in one millisecond would make the same ids, and they share `CASES`.
        static SEED: AtomicU64 = AtomicU64::new(7);
        let seed = SEED.fetch_add(1, Ordering::Relaxed);
        let sources = Sources { clock: Arc::new(SystemClock), random: Arc::new(SeededRandom::new(seed)) };
        let app = App::new(Config::default(), sources, vec![MODULE, RECORDS]).unwrap();
        let file = toml::from_str(
            "tenant = 1\nags = \"05162022\"\nname = \"Stadt Meerbusch\"\nplace = \"Meerbusch\"\nhosts = [\"localhost\"]\n\
             sender = { street = \"Musterstraße 1\", postal_code = \"40667\", city = \"Meerbusch\" }",
        );
        let signing = journal::SigningKey::load_or_create(&folder.path().join("key")).unwrap();
        let checkpoints = journal::Checkpoints::new(folder.path().join("checkpoints"), signing, "test").unwrap();
        let city = app.add_city(City {
            key: "meerbusch".into(),
            file: file.unwrap(),
            info: Arc::default(),
            db: test.db.clone(),
            files: Arc::new(files::Store::open(folder.path().join("files")).unwrap()),
            content: content::Content::default(),
            checkpoints: Arc::new(checkpoints),
            search: app.index_in(folder.path(), TenantId(1)).unwrap(),
            identity: identity::Identity::new(identity::Policy::default(), &[1; 32]).unwrap(),
            url: test.url.clone(),
            peers,
        });
        World { app, city, sandbox, _folder: folder, _test: test }
    }

    fn cx(&self, module: &'static str) -> Cx {
        let mut cx = Cx::new(TenantId(1), Principal::System { name: "test" }, self.app.sources.clone());
        cx.house = Some(self.app.clone());
        cx.actor.via = vec![module];
        cx
    }

    /// A case of somebody in the sandbox's register.
    fn case(&self, names: (&str, &str), born: &str, street: &str, number: &str, postal_code: &str) -> CaseId {
        let cx = self.cx("test");
        let case = CaseView {
            id: cx.new_id(),
            number: "33.20/2026/000001".into(),
            service: "meldebescheinigung".into(),
            title: "Meldebescheinigung".into(),
            unit: "buergerbuero".into(),
            cls: 1,
            status: Status::InProgress,
            opened_at: cx.now(),
            closed_at: None,
            account: None,
            lang: Lang::De,
            party: Party {
                family_name: names.0.into(),
                first_names: names.1.into(),
                birth_date: born.parse().ok(),
                address: Address {
                    street: street.into(),
                    house_number: number.into(),
                    postal_code: postal_code.into(),
                    city: "Meerbusch".into(),
                    ..Address::default()
                },
                email: None,
                provenance: "eid".into(),
            },
        };
        let id = case.id;
        CASES.lock().unwrap().insert(id, case);
        id
    }

    fn token(&self) -> TaskToken {
        TaskToken { instance: self.app.sources.uuid(), token: 3 }
    }

    async fn ask_population(&self, case: CaseId, fields: &[&str], corrected: bool) -> (Request, TaskToken) {
        let token = self.token();
        let fields: Vec<String> = fields.iter().map(|f| (*f).to_owned()).collect();
        let cx = self.cx("processes");
        let outcome = db::write!(self.city.db, |tx| {
            let command = AskPopulation { case, token, fields: fields.clone(), corrected };
            cx.call(tx, command).await
        });
        assert_eq!(outcome.unwrap(), TaskOutcome::Waiting);
        let request = store::latest(&mut self.city.db.read().await.unwrap(), case, Kind::Population).await.unwrap();
        (request.unwrap(), token)
    }

    async fn run(&self, request: Uuid) -> Result<()> {
        jobs::ask(self.cx("registers"), jobs::Ask { request, task: None }).await
    }

    async fn stored(&self, id: Uuid) -> Request {
        store::request(&mut self.city.db.read().await.unwrap(), id).await.unwrap()
    }

    /// Facts of the journal entries with this name.
    async fn told(&self, name: &str) -> Vec<Value> {
        journal::settle(&self.city.db).await.unwrap();
        let mut rx = self.city.db.read().await.unwrap();
        let entries = journal::entries(&mut rx, 0, 10_000).await.unwrap();
        let entries = entries.into_iter().filter(|e| e.name == name);
        entries.map(|e| serde_json::from_str(&e.fact_text).unwrap()).collect()
    }

    fn erika(&self) -> CaseId {
        self.case(("Beispiel-Ahorn", "Erika Maria"), "1984-06-12", "Musterweg", "12", "40667")
    }

    async fn fault(&self, peer: &str, mode: &str) {
        let sandbox = peers::Peer::new("sandbox", &self.sandbox.base_url, None).unwrap();
        let fault = json!({ "peer": peer, "mode": mode, "count": 1 });
        sandbox.post_json("/sandbox/faults", &fault).await.unwrap().expect_success().unwrap();
    }
}

#[tokio::test]
async fn a_full_match_keeps_the_record_and_lets_the_process_go_on() {
    for world in worlds().await {
        let case = world.erika();
        let (request, token) = world.ask_population(case, &["geburtsort", "ausweis"], false).await;
        world.run(request.id).await.unwrap();
        let stored = world.stored(request.id).await;
        assert_eq!((stored.state.as_str(), stored.result.as_deref()), ("answered", Some("full")));
        let record = stored.record.unwrap();
        assert_eq!(record["familyName"], "Beispiel-Ahorn");
        assert_eq!(record["birthPlace"], "Meerbusch");
        assert_eq!(record.get("religion"), None, "only what was asked for");
        let finished = world.told(TaskFinished::NAME).await;
        assert_eq!(finished[0]["vars"], json!({ "match": "full", "unavailable": ["ausweis"] }));
        assert_eq!(finished[0]["token"], serde_json::to_value(token).unwrap());
        let steps = STEPS.lock().unwrap();
        let step = steps.iter().find(|s| s.case == case).unwrap();
        assert_eq!((step.code.as_str(), step.args.len()), ("register-asked", 0));
    }
}

#[tokio::test]
async fn running_twice_answers_once() {
    for world in worlds().await {
        let (request, _) = world.ask_population(world.erika(), &["base"], false).await;
        for _ in 0..2 {
            world.run(request.id).await.unwrap();
        }
        assert_eq!(world.told(TaskFinished::NAME).await.len(), 1);
    }
}

#[tokio::test]
async fn a_clerk_who_compared_gets_the_registers_values_taken() {
    for world in worlds().await {
        let case = world.case(("Beispiel-Ahorn", "Erika Maria"), "1984-06-12", "Musterweg", "14", "40667");
        let (request, _) = world.ask_population(case, &["base"], false).await;
        world.run(request.id).await.unwrap();
        let stored = world.stored(request.id).await;
        assert_eq!(stored.result.as_deref(), Some("differs"));
        assert_eq!(stored.record, None);
        let differences = stored.differences.unwrap();
        assert_eq!(differences[0]["field"], "address");
        assert_eq!(differences[0]["register"], "Musterweg 12, 40667 Meerbusch");
        let ask = PopulationAnswer { case };
        let cx = world.cx("certificates");
        let answer = cx.ask(&mut world.city.db.read().await.unwrap(), ask).await.unwrap().unwrap();
        assert!(answer.result == "differs" && answer.record.is_none());

        let (again, _) = world.ask_population(case, &["base"], true).await;
        world.run(again.id).await.unwrap();
        let answer = cx.ask(&mut world.city.db.read().await.unwrap(), PopulationAnswer { case }).await.unwrap();
        let answer = answer.unwrap();
        assert_eq!(answer.result, "full");
        assert_eq!(answer.record.unwrap()["addresses"][0]["houseNumber"], "12");
    }
}

/// Persons of the sandbox with an Auskunftssperre, deceased and unknown, asked with an address that is not theirs.
#[tokio::test]
async fn who_is_not_found_leaves_the_same_row_whatever_the_reason() {
    for world in worlds().await {
        let sandbox = peers::Peer::new("sandbox", &world.sandbox.base_url, None).unwrap();
        let persons: Value = sandbox.get("/sandbox/persons").await.unwrap().json().unwrap();
        let mut rows = Vec::new();
        for key in ["blocked", "deceased", "unknown"] {
            let nobody = json!({ "familyName": "Gibtesnicht", "firstNames": "Nora", "birthDate": "1971-01-02" });
            let person = find(&persons, key).unwrap_or(&nobody);
            assert_eq!(key == "unknown", person == &nobody, "{key}");
            let text = |name: &str| match &person[name] {
                Value::String(text) => text.clone(),
                Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
                _ => String::new(),
            };
            let case =
                world.case((&text("familyName"), &text("firstNames")), &text("birthDate"), "Nirgendweg", "1", "40667");
            let (request, _) = world.ask_population(case, &["base"], false).await;
            world.run(request.id).await.unwrap();
            let stored = world.stored(request.id).await;
            rows.push((stored.state, stored.result, stored.differences, stored.record));
        }
        assert_eq!(rows[0].1.as_deref(), Some("not-found"));
        assert!(rows.iter().all(|row| *row == rows[0]), "{rows:?}");
    }
}

/// The person of a key anywhere in the sandbox's list.
fn find<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Object(map) if map.contains_key("familyName") && map["key"] == key => Some(value),
        Value::Object(map) => map.values().find_map(|inner| find(inner, key)),
        Value::Array(list) => list.iter().find_map(|inner| find(inner, key)),
        _ => None,
    }
}

#[tokio::test]
async fn a_register_that_is_down_is_asked_again_and_a_lost_answer_is_the_same_answer() {
    for world in worlds().await {
        let (request, _) = world.ask_population(world.erika(), &["base"], false).await;
        for mode in ["down", "error500", "garbage", "lost_answer"] {
            world.fault("population", mode).await;
            assert!(world.run(request.id).await.is_err(), "{mode}");
            assert_eq!(world.stored(request.id).await.state, "waiting", "{mode}");
        }
        world.run(request.id).await.unwrap();
        assert_eq!(world.stored(request.id).await.result.as_deref(), Some("full"));
        let (enqueued,) = world
            .city
            .db
            .read()
            .await
            .unwrap()
            .one::<(i64,)>("SELECT COUNT(*) AS n FROM jobs_job WHERE tenant = $1 AND name = 'registers.ask'", &[])
            .await
            .unwrap();
        assert_eq!(enqueued, 1, "the question waits as a durable job");
    }
}

#[tokio::test]
async fn a_question_the_register_refuses_goes_back_to_the_process() {
    for world in worlds().await {
        let case = world.case(("Bei\u{1}spiel", "Erika"), "1984-06-12", "Musterweg", "12", "40667");
        let (request, token) = world.ask_population(case, &["base"], false).await;
        world.run(request.id).await.unwrap();
        assert_eq!(world.stored(request.id).await.state, "failed");
        let failed = world.told(TaskFailed::NAME).await;
        assert_eq!(failed[0]["code"], "register-refused");
        assert_eq!(failed[0]["token"], serde_json::to_value(token).unwrap());
    }
}

#[tokio::test]
async fn civil_entries_and_a_sperrvermerk_that_only_one_permission_sees() {
    for world in worlds().await {
        let sandbox = peers::Peer::new("sandbox", &world.sandbox.base_url, None).unwrap();
        let persons: Value = sandbox.get("/sandbox/persons").await.unwrap().json().unwrap();
        let mut answers = Vec::new();
        for key in ["erika", "adopted", "witness"] {
            let person = find(&persons, key).unwrap_or_else(|| panic!("no person {key} in {persons}"));
            let first_names = match &person["firstNames"] {
                Value::String(text) => text.clone(),
                list => list.as_array().unwrap().iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
            };
            let family_name = person["familyName"].as_str().unwrap().to_owned();
            let born = person["birthDate"].as_str().unwrap();
            answers.push(world.ask_civil(&family_name, &first_names, born, "geburt").await);
        }
        let results: Vec<_> = answers.iter().map(|(r, restricted)| (r.result.as_deref(), *restricted)).collect();
        assert_eq!(
            results,
            [(Some("found"), false), (Some("needs-registrar"), false), (Some("needs-registrar"), true)]
        );
        for (request, _) in &answers {
            assert!(request.record.is_none() && request.differences.is_none(), "no register data are copied");
        }
        let reported = world.told("registers.sperrvermerk-asked").await;
        assert_eq!(reported.len(), 1);
        assert_eq!(reported[0]["request"], json!(answers[2].0.id));
        let vars: Vec<Value> = world.told(TaskFinished::NAME).await.into_iter().map(|f| f["vars"].clone()).collect();
        assert_eq!(vars[1], vars[2], "the process cannot tell a Sperrvermerk from another entry by hand");
        let export = match crate::TABLES[0].holds {
            house::Holds::Person { export, .. } => export,
            _ => panic!("requests hold persons"),
        };
        let mut rx = world.city.db.read().await.unwrap();
        let row = rx.query(export, db::params![answers[2].0.case_id]).await.unwrap();
        assert!(row.len() == 1 && row[0].get::<bool>("restricted").is_err());
    }
}

impl World {
    async fn ask_civil(&self, family_name: &str, first_names: &str, born: &str, event: &str) -> (Request, bool) {
        let case = self.erika();
        let (token, date) = (self.token(), born.parse().ok());
        let (services, processes) = (self.cx("services"), self.cx("processes"));
        let outcome = db::write!(self.city.db, |tx| {
            let entry = NoteCivilEntry {
                case,
                family_name: family_name.into(),
                first_names: first_names.into(),
                date,
                place: "Meerbusch".into(),
                register_number: None,
            };
            services.call(tx, entry).await?;
            processes.call(tx, AskCivil { case, token, event: event.into() }).await
        });
        assert_eq!(outcome.unwrap(), TaskOutcome::Waiting);
        let latest = store::latest(&mut self.city.db.read().await.unwrap(), case, Kind::Civil).await.unwrap();
        let id = latest.unwrap().id;
        self.run(id).await.unwrap();
        let restricted = store::is_restricted(&mut self.city.db.read().await.unwrap(), id).await.unwrap();
        (self.stored(id).await, restricted)
    }
}

#[tokio::test]
async fn an_entry_without_a_date_is_a_registrars_work_and_an_unknown_event_is_refused() {
    for world in worlds().await {
        let (request, restricted) = world.ask_civil("Beispiel", "Erika", "unbekannt", "geburt").await;
        assert_eq!((request.result.as_deref(), restricted), (Some("needs-registrar"), false));
        let cx = world.cx("processes");
        for (case, event, code) in
            [(request.case_id, "taufe", "register-event"), (world.erika(), "geburt", "civil-entry-missing")]
        {
            let token = world.token();
            let refused =
                db::write!(world.city.db, |tx| { cx.call(tx, AskCivil { case, token, event: event.into() }).await });
            assert_eq!(refused.unwrap_err().code(), code);
        }
    }
}

#[tokio::test]
async fn export_and_erasure_cover_both_tables() {
    for world in worlds().await {
        let (request, _) = world.ask_civil("Beispiel", "Erika", "1984-06-12", "geburt").await;
        let other = world.ask_civil("Muster", "Max", "1984-06-12", "geburt").await.0;
        for table in crate::TABLES {
            let house::Holds::Person { export, erase, .. } = table.holds else {
                panic!("{} holds persons", table.name)
            };
            let mut rx = world.city.db.read().await.unwrap();
            assert_eq!(rx.query(export, db::params![request.case_id]).await.unwrap().len(), 1, "{}", table.name);
            drop(rx);
            db::write!(world.city.db, |tx| { tx.exec(erase, db::params![request.case_id]).await }).unwrap();
            let mut rx = world.city.db.read().await.unwrap();
            assert!(rx.query(export, db::params![request.case_id]).await.unwrap().is_empty());
            assert_eq!(rx.query(export, db::params![other.case_id]).await.unwrap().len(), 1, "another case stays");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_not_proved_learns_nothing_of_the_register() {
    for world in worlds().await {
        let carla = ("Beispiel-Wacholder", "Carla Ines");
        let whole = world.case(carla, "1992-05-25", "Beispielring", "31", "40667");
        let request = world.answered(whole).await;
        assert_eq!(request.result.as_deref(), Some("full"), "a protected person gets the own certificate");

        let typed = |case: CaseId| {
            CASES.lock().unwrap().get_mut(&case).unwrap().party.provenance = "typed".into();
            case
        };
        let guessed = typed(world.case(carla, "1992-05-25", "Beispielring", "31", "40667"));
        let request = world.answered(guessed).await;
        let nobody = typed(world.case(("Niemand-Hier", "Nina"), "1992-05-25", "Beispielring", "31", "40667"));
        let unknown = world.answered(nobody).await;
        assert_eq!(request.result, unknown.result, "a protected person is as unknown as nobody");
        assert_eq!((request.differences, request.record), (unknown.differences, unknown.record));

        // What the register said of somebody else is not handed out as one's own data.
        let strange = typed(world.erika());
        let request = world.answered(strange).await;
        assert!(request.record.is_some(), "the office prints from it");
        let house::Holds::Person { export, .. } = crate::TABLES[0].holds else { panic!("requests hold persons") };
        let mut rx = world.city.db.read().await.unwrap();
        for (case, told) in [(whole, true), (strange, false)] {
            let rows = rx.query(export, db::params![case]).await.unwrap();
            for column in ["record", "result"] {
                let value = match column {
                    "result" => rows[0].get::<Option<String>>(column).unwrap().map(Value::from),
                    _ => rows[0].get::<Option<Value>>(column).unwrap(),
                };
                assert_eq!(value.is_some(), told, "{column}");
            }
        }
    }
}

impl World {
    async fn answered(&self, case: CaseId) -> Request {
        let (request, _) = self.ask_population(case, &["base"], false).await;
        self.run(request.id).await.unwrap();
        self.stored(request.id).await
    }
}
