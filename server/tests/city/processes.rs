//! Processes that go wrong, in a copy of the demo city with processes of the test's own; and where such a city is reached.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use contract_processes::StartProcess;
use db::{Tx, testing::TestDb};
use house::{App, Call, City, Config, Module, handler};
use kernel::{CaseId, Command, Cx, Error, Event, Result, Sources, Subject, TaskOutcome, TaskToken, Uuid};
use meer::modules::MODULES;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

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

const FAKE: Module = Module {
    name: "fake",
    commands: |c| {
        c.task(handler!(refuse: Refuse));
    },
    ..Module::EMPTY
};

fn process(id: &str, middle: &str) -> String {
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

fn copy(from: &Path, to: &Path) {
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

/// Meerbusch with four processes more and a host name for staff; `None` when there is no PostgreSQL for tests.
async fn town(postgres: bool) -> Option<Town> {
    let folder = tempfile::tempdir().unwrap();
    let home: PathBuf = folder.path().join("cities/meerbusch");
    copy(&testkit::cities().join("meerbusch"), &home);
    std::fs::write(home.join("processes/muster-datum.bpmn"), process("muster-datum", DATE)).unwrap();
    std::fs::write(home.join("processes/muster-schritt.bpmn"), process("muster-schritt", STEP)).unwrap();
    std::fs::write(home.join("processes/muster-rufer.bpmn"), with_signal("muster-rufer", CALL)).unwrap();
    std::fs::write(home.join("processes/muster-gerufen.bpmn"), with_signal("muster-gerufen", CALLED)).unwrap();
    let file = std::fs::read_to_string(home.join("city.toml")).unwrap();
    std::fs::write(home.join("city.toml"), format!("internal_host = \"meer.intern.example\"\n{file}")).unwrap();
    let modules: Vec<Module> = MODULES.iter().copied().chain([FAKE]).collect();
    let mut config =
        Config { data: folder.path().join("data"), cities: folder.path().join("cities"), ..Config::default() };
    // Unknown names lead nowhere then.
    config.production = true;
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
