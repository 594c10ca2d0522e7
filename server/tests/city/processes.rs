//! Processes that go wrong, in a copy of the demo city with processes of the test's own; and where such a city is reached.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use contract_processes::{StartProcess, TaskFinished};
use db::{Engine, Tx, testing::TestDb};
use house::{App, Call, City, Config, InCity, Module, TaskStuck, handler, job, reaction};
use kernel::{CaseId, Command, Cx, Error, Event, Result, Sources, Subject, TaskOutcome, TaskToken, Timestamp, Uuid};
use meer::modules::MODULES;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use testkit::{Browser, Page, TestCity};

use crate::walks::STAFF_PASSWORD;

/// A step that writes and then says no.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
struct Refuse {
    case: CaseId,
    token: TaskToken,
}

impl Command for Refuse {
    const NAME: &'static str = "fake.refuse";
    const CALLERS: &'static [&'static str] = &["processes"];
    type Answer = TaskOutcome;
}

#[derive(Serialize, Deserialize)]
struct Written {
    case: CaseId,
}

impl Event for Written {
    const NAME: &'static str = "fake.written";
    fn subject(&self) -> Subject {
        self.case.into()
    }
}

async fn refuse(cx: &Cx, tx: &mut Tx, c: Refuse) -> Result<TaskOutcome> {
    journal::emit(tx, cx, &Written { case: c.case }).await?;
    Err(Error::refused("fake-no"))
}

/// A step whose answer comes from a job.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
struct Wait {
    case: CaseId,
    token: TaskToken,
}

impl Command for Wait {
    const NAME: &'static str = "fake.wait";
    const CALLERS: &'static [&'static str] = &["processes"];
    type Answer = TaskOutcome;
}

async fn wait(cx: &Cx, tx: &mut Tx, c: Wait) -> Result<TaskOutcome> {
    jobs::enqueue(tx, cx, &Work { token: c.token }).await?;
    Ok(TaskOutcome::Waiting)
}

#[derive(Serialize, Deserialize)]
struct Work {
    token: TaskToken,
}

impl jobs::Job for Work {
    const NAME: &'static str = "fake.work";
    const MAX_ATTEMPTS: u32 = 1;

    fn task(&self) -> Option<TaskToken> {
        Some(self.token)
    }
}

/// Whether the other side of [`Work`] answers.
static ANSWERS: AtomicBool = AtomicBool::new(false);

async fn work(cx: Cx, job: Work) -> Result<()> {
    if !ANSWERS.load(Ordering::Relaxed) {
        return Err(Error::Peer { peer: "fake", message: "no answer".into() });
    }
    let city = cx.city()?;
    let finished = TaskFinished::new(job.token, []);
    db::write!(city.db, |tx| { journal::emit(tx, &cx, &finished).await.map(|_| ()) })
}

/// What no subscriber can bear.
#[derive(Serialize, Deserialize)]
struct Poison {
    case: CaseId,
}

impl Event for Poison {
    const NAME: &'static str = "fake.poison";
    fn subject(&self) -> Subject {
        self.case.into()
    }
}

async fn hear(_: &Cx, _: &mut Tx, _: Poison, _: Timestamp) -> Result<()> {
    Err(Error::internal("poisoned"))
}

const FAKE: Module = Module {
    name: "fake",
    commands: |c| {
        c.task(handler!(refuse: Refuse));
        c.task(handler!(wait: Wait));
    },
    events: |e| {
        e.on("fake.hear", reaction!(hear: Poison));
    },
    jobs: |j| {
        j.on(job!(work: Work));
    },
    ..Module::EMPTY
};

pub fn process(id: &str, middle: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:meer="urn:meer:bpmn:1"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="{id}-datei" targetNamespace="urn:meer:processes:{id}">
  <bpmn:process id="{id}" name="Muster" isExecutable="true">
    <bpmn:startEvent id="anfang" name="Anfang"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="anfang" targetRef="mitte"/>
    {middle}
    <bpmn:sequenceFlow id="f2" sourceRef="mitte" targetRef="ende"/>
    <bpmn:endEvent id="ende" name="Ende"><bpmn:incoming>f2</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>"#
    )
}

const DATE: &str = r#"<bpmn:intermediateCatchEvent id="mitte" name="Warten bis zum Tag">
  <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing>
  <bpmn:timerEventDefinition id="uhr"><bpmn:timeDate xsi:type="bpmn:tFormalExpression">=tag</bpmn:timeDate>
  </bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"#;
const STEP: &str = r#"<bpmn:serviceTask id="mitte" name="Schritt" meer:command="fake.refuse">
  <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing></bpmn:serviceTask>"#;
const WAIT: &str = r#"<bpmn:serviceTask id="mitte" name="Warten" meer:command="fake.wait">
  <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing></bpmn:serviceTask>"#;

/// Calls the next one and hears its signal while it waits.
const CALL: &str = r#"<bpmn:callActivity id="mitte" name="Aufruf" calledElement="muster-gerufen">
  <bpmn:extensionElements><meer:input name="wort" value="&quot;hallo&quot;"/>
  <meer:output name="antwort" value="result.wort"/></bpmn:extensionElements>
  <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing></bpmn:callActivity>
  <bpmn:boundaryEvent id="gehoert" cancelActivity="false" attachedToRef="mitte"><bpmn:outgoing>f3</bpmn:outgoing>
  <bpmn:signalEventDefinition signalRef="ruf"/></bpmn:boundaryEvent>
  <bpmn:sequenceFlow id="f3" sourceRef="gehoert" targetRef="ende-2"/>
  <bpmn:endEvent id="ende-2"><bpmn:incoming>f3</bpmn:incoming></bpmn:endEvent>"#;
const CALLED: &str = r#"<bpmn:intermediateThrowEvent id="mitte" name="Ruf"><bpmn:incoming>f1</bpmn:incoming>
  <bpmn:outgoing>f2</bpmn:outgoing><bpmn:signalEventDefinition signalRef="ruf"/></bpmn:intermediateThrowEvent>"#;

/// A process of a file that knows the signal.
fn with_signal(id: &str, middle: &str) -> String {
    process(id, middle).replace("<bpmn:process ", "<bpmn:signal id=\"ruf\" name=\"ruf\"/><bpmn:process ")
}

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

struct Town {
    app: Arc<App>,
    city: Arc<City>,
    _folder: tempfile::TempDir,
    _db: Option<TestDb>,
}

/// Meerbusch with five processes more and a host name for staff; `None` when there is no PostgreSQL for tests.
async fn town(postgres: bool) -> Option<Town> {
    let folder = tempfile::tempdir().unwrap();
    let home: PathBuf = folder.path().join("cities/meerbusch");
    copy(&testkit::cities().join("meerbusch"), &home);
    std::fs::write(home.join("processes/muster-datum.bpmn"), process("muster-datum", DATE)).unwrap();
    std::fs::write(home.join("processes/muster-schritt.bpmn"), process("muster-schritt", STEP)).unwrap();
    std::fs::write(home.join("processes/muster-warten.bpmn"), process("muster-warten", WAIT)).unwrap();
    std::fs::write(home.join("processes/muster-rufer.bpmn"), with_signal("muster-rufer", CALL)).unwrap();
    std::fs::write(home.join("processes/muster-gerufen.bpmn"), with_signal("muster-gerufen", CALLED)).unwrap();
    let file = std::fs::read_to_string(home.join("city.toml")).unwrap();
    std::fs::write(home.join("city.toml"), format!("internal_host = \"meer.intern.example\"\n{file}")).unwrap();
    let modules: Vec<Module> = MODULES.iter().copied().chain([FAKE]).collect();
    let mut config =
        Config { data: folder.path().join("data"), cities: folder.path().join("cities"), ..Config::default() };
    // Unknown names lead nowhere then.
    config.production = true;
    // The people of the demo work here.
    config.demo = true;
    let mut database = None;
    if postgres {
        let probe = App::new(config.clone(), Sources::system(), modules.clone()).unwrap();
        let db = db::testing::postgres(&probe.migrations()).await?;
        config.database = Some(db.url_text());
        database = Some(db);
    }
    let app = App::new(config, Sources::system(), modules).unwrap();
    let city = house::open_city(&app, &home).await.unwrap_or_else(|e| panic!("{e:#}"));
    Some(Town { app, city, _folder: folder, _db: database })
}

async fn towns() -> Vec<Town> {
    [town(false).await, town(true).await].into_iter().flatten().collect()
}

/// Starts a process and answers element and message of its incidents.
async fn started(town: &Town, process: &str, vars: &Map<String, Value>) -> Vec<(String, String)> {
    let mut cx = town.app.cx(&town.city, "test");
    cx.actor.via = vec!["services"];
    let case: CaseId = cx.new_id();
    let instance: Uuid = db::write!(town.city.db, |tx| {
        cx.call(tx, StartProcess { process: process.into(), case, vars: vars.clone() }).await
    })
    .unwrap_or_else(|e| panic!("{process}: {e:#}"));
    let sql = "SELECT element, message FROM processes_incident
               WHERE tenant = $1 AND instance = $2 AND resolved_at IS NULL";
    town.city.db.read().await.unwrap().list(sql, db::params![instance]).await.unwrap()
}

fn vars(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_does_not_exist_is_an_incident() {
    for town in towns().await {
        assert_eq!(started(&town, "muster-datum", &vars(json!({"tag": "2027-02-28T08:00:00"}))).await, []);
        for tag in ["2027-02-30T08:00:00", "2027-02-28T25:00:00", "2027-13-01"] {
            let incidents = started(&town, "muster-datum", &vars(json!({"tag": tag}))).await;
            assert_eq!(incidents.len(), 1, "{tag}");
            assert!(incidents[0].0 == "mitte" && incidents[0].1.contains(tag), "{incidents:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_is_refused_leaves_nothing_behind() {
    for town in towns().await {
        let incidents = started(&town, "muster-schritt", &Map::new()).await;
        assert!(incidents.iter().any(|(element, _)| element == "mitte"), "no way is drawn: {incidents:?}");
        journal::settle(&town.city.db).await.unwrap();
        let entries = journal::entries(&mut town.city.db.read().await.unwrap(), 0, 10_000).await.unwrap();
        assert!(!entries.is_empty() && entries.iter().all(|e| e.name != "fake.written"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_calls_another_and_hears_its_signal() {
    for town in towns().await {
        assert_eq!(started(&town, "muster-rufer", &Map::new()).await, []);
        let mut rx = town.city.db.read().await.unwrap();
        let sql = "SELECT process, status, state FROM processes_instance
                   WHERE tenant = $1 AND process IN ('muster-rufer', 'muster-gerufen') ORDER BY process";
        let found: Vec<(String, String, Value)> = rx.list(sql, &[]).await.unwrap();
        let ends: Vec<(&str, &str)> = found.iter().map(|row| (row.0.as_str(), row.1.as_str())).collect();
        assert_eq!(ends, [("muster-gerufen", "completed"), ("muster-rufer", "completed")]);
        assert_eq!(found[1].2.pointer("/vars/antwort"), Some(&json!("hallo")));
        let sql = "SELECT v.element FROM processes_visit v JOIN processes_instance i
                   ON i.tenant = v.tenant AND i.id = v.instance
                   WHERE v.tenant = $1 AND i.process = 'muster-rufer' AND v.element = 'gehoert'";
        let heard: Vec<(String,)> = rx.list(sql, &[]).await.unwrap();
        assert_eq!(heard.len(), 1, "the caller heard it once");
        // What was entered and left in one transaction is written once, with both times.
        let sql = "SELECT i.process, COUNT(*) AS n, COUNT(v.left_at) AS gone FROM processes_visit v
                   JOIN processes_instance i ON i.tenant = v.tenant AND i.id = v.instance
                   WHERE v.tenant = $1 AND i.process IN ('muster-rufer', 'muster-gerufen')
                   GROUP BY i.process ORDER BY i.process";
        let visits: Vec<(String, i64, i64)> = rx.list(sql, &[]).await.unwrap();
        assert!(visits.len() == 2 && visits.iter().all(|(_, n, gone)| *n >= 3 && n == gone), "{visits:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_have_a_host_name_of_their_own() {
    let town = town(false).await.unwrap();
    assert_eq!(town.app.internal_address(&town.city), "http://meer.intern.example:8080");
    assert_eq!(town.app.public_address(&town.city), "http://localhost:8080");
    for host in ["meer.intern.example", "meer.intern.example:8080", "localhost"] {
        assert!(town.app.city_at(host).is_some_and(|city| city.key == "meerbusch"), "{host}");
    }
    assert!(town.app.city_at("meer.fremd.example").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_register_says_what_a_process_is_and_its_figures_hide_small_groups() {
    for town in towns().await {
        let mut browser = Browser::new(house::router(&town.app));
        browser.get("/intern/prozessregister").await.hides("Freigegebene Prozesse");
        browser.staff_sign_in("admin.muster", STAFF_PASSWORD).await.is(200);
        let page = browser.get("/intern/prozessregister").await;
        page.is(200);
        page.shows("Personenstandsurkunde").shows("99014002000000").shows("§ 18 BMG").shows("Standesamt");
        browser.get("/intern/prozessregister/gibt-es-nicht").await.is(404);

        // Each waits at its one step.
        for _ in 0..4 {
            started(&town, "muster-warten", &Map::new()).await;
        }
        let figures = "/intern/prozessregister/muster-warten?tage=30";
        let few = browser.get(figures).await;
        few.is(200);
        few.shows("Warten").shows("weniger als 5").shows("§ 72 LPVG NRW").hides("numeric\">4<");
        for _ in 0..3 {
            started(&town, "muster-warten", &Map::new()).await;
        }
        browser.get(figures).await.shows("numeric\">7<");
        let table = browser.get("/intern/prozessregister/muster-warten/zahlen.csv?tage=30").await;
        table.is(200);
        table.shows("\"Warten\";\"7\";\"\";\"\";\"7\";\"0\";\"0\";\"nein\"").shows("\"Begonnen\";\"7\"");
        table.hides("admin.muster").hides("Admin");

        // A city's own process, with steps that tell of a transfer by hand.
        let page = browser.get("/intern/prozessregister/personenstandsurkunde").await;
        page.is(200);
        page.shows("Medienbruch möglich").shows("Begonnen");
    }
}

/// The page of processes and incidents, as the IT sees it.
async fn overview(mut browser: Browser) -> (Browser, Page) {
    browser.staff_sign_in("admin.muster", STAFF_PASSWORD).await.is(200);
    let page = browser.get("/intern/prozesse").await;
    page.is(200);
    (browser, page)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_given_up_while_a_process_waits_for_it_is_an_incident_until_it_runs_again() {
    for town in towns().await {
        ANSWERS.store(false, Ordering::Relaxed);
        assert_eq!(started(&town, "muster-warten", &Map::new()).await, []);
        let failures = house::settle(&town.app, &town.city).await.unwrap();
        assert!(failures.len() == 1 && failures[0].dead, "{failures:?}");

        let (mut browser, page) = overview(Browser::new(house::router(&town.app))).await;
        page.shows("Muster, Warten")
            .shows("Der Auftrag fake.work ist auch beim letzten Versuch gescheitert (peer fake).");
        // The sentence is made by the page, in the language of whoever looks.
        browser.get("/sprache/en").await;
        browser.get("/intern/prozesse").await.shows("The job fake.work failed at its last attempt too (peer fake).");
        browser.get("/sprache/de").await;
        page.shows("Beheben Sie zuerst die Ursache").hides("/intern/prozesse/auftrag/");
        let retry = page.body.split("action=\"").find(|part| part.starts_with("/intern/prozesse/stoerung/"));
        let retry = retry.and_then(|part| part.split('"').next()).expect("a button to try again").to_owned();

        // Told of twice, it is seen once.
        let sql = "SELECT instance, token, job FROM processes_incident WHERE tenant = $1 AND resolved_at IS NULL";
        let (instance, token, job) =
            town.city.db.read().await.unwrap().one::<(Uuid, i64, Uuid)>(sql, &[]).await.unwrap();
        let token = TaskToken { instance, token: u64::try_from(token).unwrap() };
        let stuck = TaskStuck { token, job, work: "fake.work".into(), error: "peer fake".into() };
        let cx = town.app.cx(&town.city, "test");
        db::write!(town.city.db, |tx| { journal::emit(tx, &cx, &stuck).await.map(|_| ()) }).unwrap();
        assert!(house::settle(&town.app, &town.city).await.unwrap().is_empty());
        let page = browser.get("/intern/prozesse").await;
        assert_eq!(page.body.matches("/intern/prozesse/stoerung/").count(), 1);
        // Of two from an earlier time none is left when one is tried again.
        let sql = "INSERT INTO processes_incident (tenant, id, instance, token, element, message, at, job)
                   SELECT tenant, $2, instance, token, element, message, at, job FROM processes_incident
                   WHERE tenant = $1 AND job = $3";
        db::write!(town.city.db, |tx| { tx.exec_one(sql, db::params![cx.sources.uuid(), job]).await }).unwrap();
        browser.get("/intern/prozesse").await.shows(&retry);

        // Tried again in vain, it is seen again.
        browser.post(&retry, &[]).await.is(303);
        house::settle(&town.app, &town.city).await.unwrap();
        let page = browser.get("/intern/prozesse").await;
        assert_eq!(page.body.matches("/intern/prozesse/stoerung/").count(), 1);
        assert!(!page.body.contains(&retry), "another incident");
        browser.post(&retry, &[]).await.is(404);

        ANSWERS.store(true, Ordering::Relaxed);
        let again = page.body.split("action=\"").find(|part| part.starts_with("/intern/prozesse/stoerung/"));
        let again = again.and_then(|part| part.split('"').next()).unwrap();
        browser.post(again, &[]).await.is(303);
        assert!(house::settle(&town.app, &town.city).await.unwrap().is_empty());
        browser.get("/intern/prozesse").await.shows("Alles läuft");
        let sql = "SELECT status FROM processes_instance WHERE tenant = $1 AND process = 'muster-warten'";
        let (status,) = town.city.db.read().await.unwrap().one::<(String,)>(sql, &[]).await.unwrap();
        assert_eq!(status, "completed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_delivered_is_shown_with_what_to_do() {
    let modules: Vec<Module> = MODULES.iter().copied().chain([FAKE]).collect();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(test) = TestCity::open(&modules, engine).await else { continue };
        let cx = test.app.cx(&test.city, "test");
        let poison = Poison { case: cx.new_id() };
        db::write!(test.city.db, |tx| { journal::emit(tx, &cx, &poison).await.map(|_| ()) }).unwrap();
        assert!(house::settle(&test.app, &test.city).await.is_err(), "the subscriber cannot bear it");
        let (_, page) = overview(test.browser()).await;
        page.hides("fake.hear");
        test.later(1);
        let (_, page) = overview(test.browser()).await;
        page.shows("fake.hear").shows("(fake.poison)").shows("Suchen Sie im Protokoll").hides("Alles läuft");

        // One that has just got on, through entries however old, is at work and not stuck.
        let mut rx = test.city.db.read().await.unwrap();
        let from = journal::cursor(&mut rx, "fake.hear").await.unwrap();
        let entries = journal::entries(&mut rx, from, 10_000).await.unwrap();
        drop(rx);
        let before = entries.iter().find(|entry| entry.name == "fake.poison").unwrap().seq - 1;
        let now = test.app.sources.now();
        db::write!(test.city.db, |tx| { journal::advance(tx, "fake.hear", from, before, now).await }).unwrap();
        let (_, page) = overview(test.browser()).await;
        page.hides("fake.hear");
        test.later(1);
        let (_, page) = overview(test.browser()).await;
        page.shows("fake.hear").shows("(fake.poison)");
    }
}
