//! Processes that begin by themselves and that wait for a time, in a copy of the demo city whose clock the test sets: over
//! both changes of clocks, at New Year's Eve, and when the program ends and starts again in between.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use contract_processes::{SendMessage, SendSignal, StartProcess};
use db::testing::TestDb;
use house::{App, Call, City, Config};
use kernel::{CaseId, Cx, FixedClock, OsRandom, Sources, Uuid};
use meer::modules::MODULES;
use serde_json::{Map, Value, json};
use testkit::Browser;

use crate::{
    processes::{copy, process},
    walks::STAFF_PASSWORD,
};

/// A city with processes of the test's own, on a clock that stands still.
pub struct Town {
    pub app: Arc<App>,
    pub city: Arc<City>,
    pub clock: Arc<FixedClock>,
    config: Config,
    pub home: PathBuf,
    folder: tempfile::TempDir,
    db: Option<TestDb>,
}

async fn assembled(
    config: &Config,
    clock: &Arc<FixedClock>,
    home: &Path,
) -> Result<(Arc<App>, Arc<City>), kernel::Error> {
    let sources = Sources { clock: clock.clone(), random: Arc::new(OsRandom) };
    let app = App::new(config.clone(), sources, MODULES.to_vec())?;
    let city = house::open_city(&app, home).await?;
    Ok((app, city))
}

impl Town {
    /// `None` when there is no PostgreSQL for tests.
    async fn open(postgres: bool, now: &str, files: &[(&str, String)]) -> Option<Town> {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("cities/meerbusch");
        copy(&testkit::cities().join("meerbusch"), &home);
        for (name, text) in files {
            std::fs::write(home.join(format!("processes/{name}.bpmn")), text).unwrap();
        }
        let mut config =
            Config { data: folder.path().join("data"), cities: folder.path().join("cities"), ..Config::default() };
        config.demo = true;
        let mut db = None;
        if postgres {
            let probe = App::new(config.clone(), Sources::system(), MODULES.to_vec()).unwrap();
            let there = db::testing::postgres(&probe.migrations()).await?;
            config.database = Some(there.url_text());
            db = Some(there);
        }
        let clock = Arc::new(FixedClock::new(now.parse().unwrap()));
        let (app, city) = assembled(&config, &clock, &home).await.unwrap_or_else(|e| panic!("{e:#}"));
        Some(Town { app, city, clock, config, home, folder, db })
    }

    /// One on each engine that this machine offers.
    pub async fn both(now: &str, files: &[(&str, String)]) -> Vec<Town> {
        let mut towns = Vec::new();
        for postgres in [false, true] {
            towns.extend(Town::open(postgres, now, files).await);
        }
        towns
    }

    /// The program ends and starts again.
    pub async fn restarted(self) -> Town {
        let Town { app, city, clock, config, home, folder, db } = self;
        drop((app, city));
        let (app, city) = assembled(&config, &clock, &home).await.unwrap_or_else(|e| panic!("{e:#}"));
        Town { app, city, clock, config, home, folder, db }
    }

    /// Another node on the same database.
    pub async fn beside(&self) -> (Arc<App>, Arc<City>) {
        assembled(&self.config, &self.clock, &self.home).await.unwrap_or_else(|e| panic!("{e:#}"))
    }

    /// Sets the clock and does what is due. What else a city does at night needs peers that are not there.
    pub async fn at(&self, now: &str) {
        self.clock.set(now.parse().unwrap());
        self.settle().await;
    }

    pub async fn settle(&self) {
        let failures = house::settle(&self.app, &self.city).await.unwrap();
        assert!(failures.iter().all(|failure| !failure.name.starts_with("processes.")), "{failures:?}");
    }

    pub fn cx(&self) -> Cx {
        let mut cx = self.app.cx(&self.city, "test");
        cx.actor.via = vec!["services"];
        cx
    }

    /// Starts a process in a case that is not there.
    pub async fn start(&self, process: &str, vars: Value) -> (CaseId, Uuid) {
        let cx = self.cx();
        let case: CaseId = cx.new_id();
        let vars: Map<String, Value> = vars.as_object().unwrap().clone();
        let id = db::write!(self.city.db, |tx| {
            cx.call(tx, StartProcess { process: process.into(), case, vars: vars.clone() }).await
        });
        (case, id.unwrap_or_else(|e| panic!("{process}: {e:#}")))
    }

    async fn send(&self, case: CaseId, name: &str, vars: Value) {
        let cx = self.cx();
        let vars: Map<String, Value> = vars.as_object().unwrap().clone();
        let sent = SendMessage { case, name: name.into(), key: Value::Null, vars };
        db::write!(self.city.db, |tx| { cx.call(tx, sent.clone()).await }).unwrap();
    }

    /// Status of the instances of a process, the oldest first.
    pub async fn status(&self, process: &str) -> Vec<String> {
        let sql = "SELECT status FROM processes_instance WHERE tenant = $1 AND process = $2 ORDER BY started_at, id";
        let found: Vec<(String,)> = self.city.db.read().await.unwrap().list(sql, db::params![process]).await.unwrap();
        found.into_iter().map(|(status,)| status).collect()
    }

    /// Reference of the cases in which a process ran, the oldest first.
    async fn cases(&self, process: &str) -> Vec<String> {
        let sql = "SELECT c.number FROM records_case c JOIN processes_instance i
                   ON i.tenant = c.tenant AND i.case_id = c.id
                   WHERE c.tenant = $1 AND i.process = $2 ORDER BY c.opened_at, c.id";
        let found: Vec<(String,)> = self.city.db.read().await.unwrap().list(sql, db::params![process]).await.unwrap();
        found.into_iter().map(|(number,)| number).collect()
    }
}

/// A process that begins with this event and ends.
pub fn begun(id: &str, roots: &str, attributes: &str, definition: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:meer="urn:meer:bpmn:1"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="{id}-datei" targetNamespace="urn:meer:processes:{id}">{roots}
  <bpmn:process id="{id}" name="Muster" isExecutable="true">
    <bpmn:startEvent id="anfang" name="Anfang von selbst" {attributes}><bpmn:outgoing>f1</bpmn:outgoing>{definition}</bpmn:startEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="anfang" targetRef="ende"/>
    <bpmn:endEvent id="ende" name="Ende"><bpmn:incoming>f1</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>"#
    )
}

const PLACE: &str = r#"meer:plan="10.10" meer:unit="buergerbuero-osterath""#;

fn timer(kind: &str, text: &str) -> String {
    format!(
        r#"<bpmn:timerEventDefinition id="uhr"><bpmn:{kind} xsi:type="bpmn:tFormalExpression">{text}</bpmn:{kind}></bpmn:timerEventDefinition>"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daily_process_begins_at_its_hour_over_both_changes_of_clocks_and_restarts() {
    let daily = begun("muster-taeglich", "", PLACE, &timer("timeCycle", "R/2026-03-28T06:00:00/P1D"));
    for town in Town::both("2026-03-27T12:00:00Z", &[("muster-taeglich", daily)]).await {
        let name = "muster-taeglich";
        town.at("2026-03-28T04:59:59Z").await;
        assert!(town.status(name).await.is_empty(), "06:00 in winter is 05:00 UTC");
        town.at("2026-03-28T05:00:00Z").await;
        town.settle().await;
        assert_eq!(town.status(name).await, ["completed"]);
        // The clocks go forward on 29 March.
        let town = town.restarted().await;
        town.at("2026-03-29T03:59:59Z").await;
        assert_eq!(town.status(name).await.len(), 1, "06:00 in summer is 04:00 UTC");
        town.at("2026-03-29T04:00:00Z").await;
        assert_eq!(town.status(name).await.len(), 2);
        // Half a year without the program: made up for once.
        let town = town.restarted().await;
        town.at("2026-10-25T04:59:59Z").await;
        assert_eq!(town.status(name).await.len(), 3);
        // The clocks went back on 25 October.
        let town = town.restarted().await;
        town.settle().await;
        assert_eq!(town.status(name).await.len(), 3, "06:00 in winter is 05:00 UTC again");
        town.at("2026-10-25T05:00:00Z").await;
        assert_eq!(town.status(name).await.len(), 4);
        let cases = town.cases(name).await;
        assert_eq!(cases.len(), 4, "each in a case of its own: {cases:?}");
        assert!(cases.iter().all(|number| number.starts_with("10.10/2026/")), "{cases:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_on_new_years_eve_is_in_the_old_year_and_moves_with_a_new_version() {
    let dated = |text: &str| begun("muster-silvester", "", PLACE, &timer("timeDate", text));
    let later = |text: &str| begun("muster-verschoben", "", PLACE, &timer("timeDate", text));
    let files =
        [("muster-silvester", dated("2026-12-31T23:30:00")), ("muster-verschoben", later("2026-12-31T23:30:00"))];
    for town in Town::both("2026-12-30T12:00:00Z", &files).await {
        town.settle().await;
        std::fs::write(town.home.join("processes/muster-verschoben.bpmn"), later("2027-01-02T08:00:00")).unwrap();
        let town = town.restarted().await;
        town.at("2026-12-31T22:29:59Z").await;
        assert!(town.cases("muster-silvester").await.is_empty());
        town.at("2026-12-31T22:30:00Z").await;
        let cases = town.cases("muster-silvester").await;
        assert!(cases.len() == 1 && cases[0].starts_with("10.10/2026/"), "{cases:?}");
        assert!(town.cases("muster-verschoben").await.is_empty(), "the new version begins later");
        town.at("2027-01-02T07:00:00Z").await;
        town.at("2027-01-03T07:00:00Z").await;
        let cases = town.cases("muster-verschoben").await;
        assert!(cases.len() == 1 && cases[0].starts_with("10.10/2027/"), "{cases:?}");
        assert_eq!(town.cases("muster-silvester").await.len(), 1, "a date comes once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_at_a_time_without_a_place_for_its_case_is_refused_by_name() {
    let cycle = timer("timeCycle", "R/2026-03-28T06:00:00/P1D");
    for (attributes, definition, told) in [
        ("", cycle.as_str(), "meer:plan"),
        (r#"meer:plan="10.10""#, cycle.as_str(), "meer:unit"),
        (
            r#"meer:plan="10" meer:unit="buergerbuero""#,
            cycle.as_str(),
            "keinen Eintrag „10“ mit einer Aufbewahrungsregel",
        ),
        (r#"meer:plan="10.10" meer:unit="gibt-es-nicht""#, cycle.as_str(), "Organisationseinheit „gibt-es-nicht“"),
        (PLACE, timer("timeCycle", "R/PT5S").as_str(), "öfter als jede Minute"),
        (PLACE, timer("timeDate", "= tag").as_str(), "feste Zeitangabe"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("cities/meerbusch");
        copy(&testkit::cities().join("meerbusch"), &home);
        let file = begun("muster-falsch", "", attributes, definition);
        std::fs::write(home.join("processes/muster-falsch.bpmn"), file).unwrap();
        let config =
            Config { data: folder.path().join("data"), cities: folder.path().join("cities"), ..Config::default() };
        let clock = Arc::new(FixedClock::new("2026-03-27T12:00:00Z".parse().unwrap()));
        let Err(error) = assembled(&config, &clock, &home).await else { panic!("{told}: the city opens") };
        let error = format!("{error:#}");
        assert!(error.contains(told) && error.contains("Anfang von selbst"), "{told}: {error}");
    }
}

const WAITS: &str = r#"<bpmn:intermediateCatchEvent id="mitte" name="Warten auf Brief">
  <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing>
  <bpmn:messageEventDefinition id="post" messageRef="brief"/></bpmn:intermediateCatchEvent>"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_nobody_waits_for_begins_a_process_and_a_signal_begins_all() {
    let message = r#"<bpmn:message id="brief" name="brief"/>"#;
    let signal = r#"<bpmn:signal id="sturm" name="sturm"/>"#;
    let waiting = process("muster-wartet", WAITS).replace("<bpmn:process ", &format!("{message}<bpmn:process "));
    let by_signal = |id: &str| begun(id, signal, "", r#"<bpmn:signalEventDefinition id="ruf" signalRef="sturm"/>"#);
    let files = [
        ("muster-wartet", waiting),
        (
            "muster-brief",
            begun("muster-brief", message, "", r#"<bpmn:messageEventDefinition id="post" messageRef="brief"/>"#),
        ),
        ("muster-sturm-1", by_signal("muster-sturm-1")),
        ("muster-sturm-2", by_signal("muster-sturm-2")),
    ];
    for town in Town::both("2026-11-23T12:00:00Z", &files).await {
        let (case, _) = town.start("muster-wartet", json!({})).await;
        town.send(case, "brief", json!({})).await;
        assert_eq!(town.status("muster-wartet").await, ["completed"]);
        assert!(town.status("muster-brief").await.is_empty(), "somebody waited for it");
        town.send(case, "brief", json!({"seiten": "zwei"})).await;
        assert_eq!(town.status("muster-brief").await, ["completed"]);
        let sql =
            "SELECT state FROM processes_instance WHERE tenant = $1 AND process = 'muster-brief' AND case_id = $2";
        let (state,) = town.city.db.read().await.unwrap().one::<(Value,)>(sql, db::params![case]).await.unwrap();
        assert_eq!(state.pointer("/vars/seiten"), Some(&json!("zwei")));
        town.send(case, "unbekannt", json!({})).await;

        let cx = town.cx();
        let sent = SendSignal { case, name: "sturm".into(), vars: Map::new() };
        db::write!(town.city.db, |tx| { cx.call(tx, sent.clone()).await }).unwrap();
        for name in ["muster-sturm-1", "muster-sturm-2"] {
            assert_eq!(town.status(name).await, ["completed"]);
        }
    }
}

const DAY: &str = r#"<bpmn:intermediateCatchEvent id="mitte" name="Warten">
  <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing><bpmn:timerEventDefinition id="uhr">
  <bpmn:timeDuration xsi:type="bpmn:tFormalExpression">P1D</bpmn:timeDuration></bpmn:timerEventDefinition>
  </bpmn:intermediateCatchEvent>"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_process_goes_on_at_its_hour_over_a_change_of_clocks_and_a_restart() {
    for (began, early, due) in [
        ("2026-03-28T11:00:00Z", "2026-03-29T09:59:59Z", "2026-03-29T10:00:00Z"),
        ("2026-10-24T10:00:00Z", "2026-10-25T10:59:59Z", "2026-10-25T11:00:00Z"),
        ("2026-12-31T22:30:00Z", "2027-01-01T22:29:59Z", "2027-01-01T22:30:00Z"),
    ] {
        for town in Town::both(began, &[("muster-tag", process("muster-tag", DAY))]).await {
            town.start("muster-tag", json!({})).await;
            town.settle().await;
            let town = town.restarted().await;
            town.at(early).await;
            assert_eq!(town.status("muster-tag").await, ["running"], "{early}");
            let town = town.restarted().await;
            town.at(due).await;
            assert_eq!(town.status("muster-tag").await, ["completed"], "{due}");
        }
    }
}

/// Running instances, more than one look at the database takes.
const MANY: usize = 1_050;

/// Lets the program work in the background for so long, and ends it wherever it is by then.
fn work_for(town: &Town, time: Duration) {
    let (app, city) = (town.app.clone(), town.city.clone());
    let program = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let _ = runtime.block_on(async { tokio::time::timeout(time, house::settle(&app, &city)).await.is_ok() });
        // What runs on its own ends with its runtime.
        runtime.shutdown_timeout(Duration::from_secs(10));
    });
    tokio::task::block_in_place(|| program.join().unwrap());
}

async fn sabine(town: &Town) -> Browser {
    let mut browser = Browser::new(house::router(&town.app));
    browser.staff_sign_in("sabine.beispiel", STAFF_PASSWORD).await.is(200);
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn all_running_instances_are_led_over_once_each_though_the_program_ends_in_the_middle() {
    let first = process("muster-tag", DAY);
    let second = first.replace("\"mitte\"", "\"pause\"");
    for town in Town::both("2026-11-23T12:00:00Z", &[("muster-tag", first)]).await {
        let (_, one) = town.start("muster-tag", json!({})).await;
        town.settle().await;
        let sql = "SELECT state FROM processes_instance WHERE tenant = $1 AND id = $2";
        let (state,) = town.city.db.read().await.unwrap().one::<(Value,)>(sql, db::params![one]).await.unwrap();
        // One of them stands at a place that its version does not have.
        let mut lost = state.clone();
        *lost.pointer_mut("/tokens/0/at").expect("it waits") = json!("weg");
        let cx = town.cx();
        let copied = db::write!(town.city.db, |tx| {
            let sql = "INSERT INTO processes_instance
                         (tenant, id, process, version, case_id, state, status, started_at)
                       SELECT tenant, $2, process, version, case_id, $3, status, started_at FROM processes_instance
                       WHERE tenant = $1 AND id = $4";
            for n in 0..MANY {
                let state = if n == 0 { &lost } else { &state };
                tx.exec_one(sql, db::params![cx.sources.uuid(), state, one]).await?;
            }
            Ok(())
        });
        copied.unwrap();

        std::fs::write(town.home.join("processes/muster-tag.bpmn"), &second).unwrap();
        let town = town.restarted().await;
        let mut browser = sabine(&town).await;
        let at = "/intern/prozesse/muster-tag/versionen/1";
        let shown = browser.get(at).await;
        shown.is(200).shows("„Warten“").shows("braucht eine Zuordnung").shows("Das geht nicht: 1.051");
        let shown = browser.get(&format!("{at}?nach-mitte=pause")).await;
        shown.is(200).shows("Das geht: 1.050").shows("Das geht nicht: weniger als 5");
        let begun = browser.post(at, &[("auf", "2"), ("nach-mitte", "pause")]).await;
        let run = begun.is(303).location.clone().expect("a page of its own");
        browser.get(&run).await.is(200).shows("von 1.051 Vorgängen");

        // Ends somewhere in the middle, and goes on when its lease is over. A page that is still open would keep the program's
        // last transaction.
        drop(browser);
        work_for(&town, Duration::from_millis(500));
        let town = town.restarted().await;
        town.at("2026-11-23T13:00:00Z").await;

        let sql = "SELECT version, COUNT(*) AS n FROM processes_instance
                   WHERE tenant = $1 AND process = 'muster-tag' GROUP BY version ORDER BY version";
        let versions: Vec<(i64, i64)> = town.city.db.read().await.unwrap().list(sql, &[]).await.unwrap();
        assert_eq!(versions, [(1, 1), (2, i64::try_from(MANY).unwrap())]);
        let mut rx = town.city.db.read().await.unwrap();
        let mut entries = journal::entries(&mut rx, 0, 100_000).await.unwrap();
        drop(rx);
        entries.retain(|entry| entry.name == "processes.migrated");
        assert!(
            entries.iter().all(|e| e.fact["steps"] == json!([{"from": "mitte", "to": "pause"}])),
            "what became what"
        );
        let led: BTreeSet<String> = entries.iter().map(|entry| entry.fact["instance"].to_string()).collect();
        assert_eq!((entries.len(), led.len()), (MANY, MANY), "each once");

        let mut browser = sabine(&town).await;
        let page = browser.get(&run).await;
        page.is(200).shows("Die Umstellung ist seit").shows("Umgestellte Vorgänge: 1.050");
        page.shows("Der gespeicherte Stand passt nicht").shows("Vorgang öffnen").shows("Vorschau für die übrigen");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_has_come_when_a_new_version_is_released_begins_once_by_the_version_that_planned_it() {
    let name = "muster-taeglich";
    let daily = |text: &str| begun(name, "", PLACE, &timer("timeCycle", text));
    let versions = async |town: &Town| -> Vec<i64> {
        let sql = "SELECT version FROM processes_instance WHERE tenant = $1 AND process = 'muster-taeglich'
                   ORDER BY started_at, id";
        let found: Vec<(i64,)> = town.city.db.read().await.unwrap().list(sql, &[]).await.unwrap();
        found.into_iter().map(|(version,)| version).collect()
    };
    // Released at the very moment, and later: the program did not run in between.
    for released in ["2026-11-24T05:00:00Z", "2026-11-24T05:00:01Z", "2026-11-24T20:00:00Z"] {
        for town in Town::both("2026-11-23T12:00:00Z", &[(name, daily("R/2026-11-24T06:00:00/P1D"))]).await {
            town.settle().await;
            town.clock.set(released.parse().unwrap());
            let file = daily("R/2026-11-24T06:00:00/P1D").replace("name=\"Ende\"", "name=\"Schluss\"");
            std::fs::write(town.home.join("processes/muster-taeglich.bpmn"), file).unwrap();
            let town = town.restarted().await;
            town.settle().await;
            assert_eq!(versions(&town).await, [1], "{released}: not lost, and not by both");
            let town = town.restarted().await;
            town.settle().await;
            assert_eq!(versions(&town).await, [1], "{released}");
            town.at("2026-11-25T04:59:59Z").await;
            assert_eq!(versions(&town).await, [1], "{released}");
            town.at("2026-11-25T05:00:00Z").await;
            assert_eq!(versions(&town).await, [1, 2], "{released}: the next time is that of the new version");
        }
    }
    // A start that the new version does not have any more, and one that has not come yet.
    for (now, expected) in [("2026-11-24T06:00:00Z", vec![1]), ("2026-11-24T04:59:59Z", Vec::new())] {
        for town in Town::both("2026-11-23T12:00:00Z", &[(name, daily("R/2026-11-24T06:00:00/P1D"))]).await {
            town.settle().await;
            town.clock.set(now.parse().unwrap());
            let file = process(name, DAY);
            std::fs::write(town.home.join("processes/muster-taeglich.bpmn"), file).unwrap();
            let town = town.restarted().await;
            town.settle().await;
            town.at("2026-11-25T12:00:00Z").await;
            assert_eq!(versions(&town).await, expected, "{now}");
        }
    }
}

/// Two inclusive joins of which each can be reached from the other.
fn deadlock() -> String {
    let catch = |id: &str| {
        format!(
            r#"<bpmn:intermediateCatchEvent id="{id}"><bpmn:messageEventDefinition id="post-{id}" messageRef="{id}-brief"/></bpmn:intermediateCatchEvent>"#
        )
    };
    let flow = |id: &str, from: &str, to: &str| {
        format!(r#"<bpmn:sequenceFlow id="{id}" sourceRef="{from}" targetRef="{to}"/>"#)
    };
    let only_when = |id: &str, from: &str, to: &str| {
        format!(
            r#"<bpmn:sequenceFlow id="{id}" sourceRef="{from}" targetRef="{to}"><bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">hinueber</bpmn:conditionExpression></bpmn:sequenceFlow>"#
        )
    };
    let parts = [
        r#"<bpmn:startEvent id="s"/><bpmn:parallelGateway id="f"/>"#.to_owned(),
        catch("a"),
        catch("b"),
        r#"<bpmn:inclusiveGateway id="j" name="Links"/><bpmn:inclusiveGateway id="k" name="Rechts"/>
           <bpmn:exclusiveGateway id="x" default="x-e1"/><bpmn:exclusiveGateway id="y" default="y-e2"/>
           <bpmn:endEvent id="e1"/><bpmn:endEvent id="e2"/>"#
            .to_owned(),
        flow("s-f", "s", "f"),
        flow("f-a", "f", "a"),
        flow("f-b", "f", "b"),
        flow("a-j", "a", "j"),
        flow("b-k", "b", "k"),
        flow("j-x", "j", "x"),
        only_when("x-k", "x", "k"),
        flow("x-e1", "x", "e1"),
        flow("k-y", "k", "y"),
        only_when("y-j", "y", "j"),
        flow("y-e2", "y", "e2"),
    ];
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  id="muster-klemmt-datei" targetNamespace="urn:meer:processes:muster-klemmt">
  <bpmn:message id="a-brief" name="a-brief"/><bpmn:message id="b-brief" name="b-brief"/>
  <bpmn:process id="muster-klemmt" name="Muster" isExecutable="true">{}</bpmn:process></bpmn:definitions>"#,
        parts.concat()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn inclusive_joins_that_wait_for_each_other_are_incidents_and_not_a_silent_stop() {
    for town in Town::both("2026-11-23T12:00:00Z", &[("muster-klemmt", deadlock())]).await {
        let (case, instance) = town.start("muster-klemmt", json!({"hinueber": false})).await;
        town.send(case, "a-brief", json!({})).await;
        town.send(case, "b-brief", json!({})).await;
        let sql = "SELECT element, message FROM processes_incident
                   WHERE tenant = $1 AND instance = $2 AND resolved_at IS NULL ORDER BY element";
        let found: Vec<(String, String)> =
            town.city.db.read().await.unwrap().list(sql, db::params![instance]).await.unwrap();
        assert_eq!(found.iter().map(|(element, _)| element.as_str()).collect::<Vec<_>>(), ["j", "k"]);
        assert!(found.iter().all(|(_, message)| message.contains("die nicht mehr kommen können")), "{found:?}");
        assert_eq!(town.status("muster-klemmt").await, ["running"]);
    }
}
