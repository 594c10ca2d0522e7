//! Programs outside that do service tasks, over HTTP: taken once, answered once, and nothing of what they may not see.

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use contract_processes::StartProcess;
use house::Call;
use kernel::CaseId;
use serde_json::{Map, Value, json};
use testkit::Browser;
use tower::ServiceExt;

use crate::{begins::Town, processes::process, walks::STAFF_PASSWORD};

const NOW: &str = "2026-11-23T12:00:00Z";
const WORK: &str = "/api/prozesse/v1/arbeit";

/// A task of a program outside, with a deadline and an error that it may report.
const PRINT: &str = r#"<bpmn:serviceTask id="mitte" name="Drucken" meer:command="external:muster-druck">
  <bpmn:extensionElements><meer:input name="wort" value="&quot;hallo&quot;"/>
  <meer:output name="blatt" value="result.blatt"/></bpmn:extensionElements>
  <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing></bpmn:serviceTask>
  <bpmn:boundaryEvent id="zu-spaet" attachedToRef="mitte"><bpmn:outgoing>f3</bpmn:outgoing>
  <bpmn:timerEventDefinition id="uhr"><bpmn:timeDuration xsi:type="bpmn:tFormalExpression">PT2H</bpmn:timeDuration>
  </bpmn:timerEventDefinition></bpmn:boundaryEvent>
  <bpmn:sequenceFlow id="f3" sourceRef="zu-spaet" targetRef="ende-spaet"/>
  <bpmn:endEvent id="ende-spaet"><bpmn:incoming>f3</bpmn:incoming></bpmn:endEvent>
  <bpmn:boundaryEvent id="leer" attachedToRef="mitte"><bpmn:outgoing>f4</bpmn:outgoing>
  <bpmn:errorEventDefinition id="leer-fehler" errorRef="kein-papier"/></bpmn:boundaryEvent>
  <bpmn:sequenceFlow id="f4" sourceRef="leer" targetRef="ende-leer"/>
  <bpmn:endEvent id="ende-leer"><bpmn:incoming>f4</bpmn:incoming></bpmn:endEvent>"#;

fn files() -> [(&'static str, String); 1] {
    let error = r#"<bpmn:error id="kein-papier" name="Kein Papier" errorCode="kein-papier"/><bpmn:process "#;
    [("muster-druck", process("muster-druck", PRINT).replace("<bpmn:process ", error))]
}

/// A program outside, with its token.
struct Outside {
    router: Router,
    host: &'static str,
    token: String,
}

impl Outside {
    async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("host", self.host)
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn take(&self, count: u16) -> Vec<Value> {
        let asked = json!({"topic": "muster-druck", "count": count, "lock_seconds": 60});
        let (status, answer) = self.post(WORK, &asked).await;
        assert_eq!(status, 200, "{answer}");
        answer["work"].as_array().unwrap().clone()
    }

    async fn one(&self) -> Value {
        let mut taken = self.take(1).await;
        assert_eq!(taken.len(), 1);
        taken.remove(0)
    }

    /// Answers one entry; `verb` is the last part of the address.
    async fn answer(&self, work: &Value, verb: &str, body: Value) -> (StatusCode, Value) {
        let mut body = body;
        body["lock"] = work["lock"].clone();
        self.post(&format!("{WORK}/{}/{verb}", work["id"].as_str().unwrap()), &body).await
    }

    async fn complete(&self, work: &Value, page: &str) -> (StatusCode, Value) {
        self.answer(work, "abschliessen", json!({"outputs": {"blatt": page}})).await
    }
}

/// Creates an access as the IT does it.
async fn admitted(town: &Town, name: &str, topics: &str) -> Outside {
    let mut browser = Browser::new(house::router(&town.app));
    browser.staff_sign_in("admin.muster", STAFF_PASSWORD).await.is(200);
    let page = browser.post("/intern/prozesse/arbeiter", &[("name", name), ("themen", topics)]).await;
    page.is(200);
    let token = page.body.split("meer-arbeiter-").nth(1).map(|rest| &rest[..64]).expect("the token is shown");
    let token = format!("meer-arbeiter-{token}");
    browser.get("/intern/prozesse/arbeiter").await.shows(name).hides(&token);
    Outside { router: house::router(&town.app), host: "localhost", token }
}

fn is_problem(answer: &(StatusCode, Value), status: u16, code: &str) {
    assert_eq!(answer.0.as_u16(), status, "{}", answer.1);
    assert_eq!(answer.1["type"], format!("urn:meer:problem:{code}"), "{}", answer.1);
    assert!(answer.1["detail"].as_str().is_some_and(|detail| detail.len() > 20), "{}", answer.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_is_taken_once_and_its_answer_counts_once() {
    for town in Town::both(NOW, &files()).await {
        let first = admitted(&town, "Druckstraße 1", "muster-druck").await;
        let second = admitted(&town, "Druckstraße 2", "muster-druck, anderes").await;
        assert!(first.take(5).await.is_empty());
        let (_, instance) = town.start("muster-druck", json!({})).await;

        let work = first.one().await;
        assert_eq!(work["inputs"], json!({"wort": "hallo"}), "what the model hands out, and no case");
        assert!(second.take(5).await.is_empty(), "locked");
        assert_eq!(second.complete(&work, "eins").await.0, 409, "the lock is another program's");

        let done = first.complete(&work, "eins").await;
        assert_eq!(done.0, 200, "{}", done.1);
        assert_eq!(first.complete(&work, "eins").await, done, "the same answer, the same result");
        is_problem(&first.complete(&work, "zwei").await, 409, "answered");
        is_problem(&first.answer(&work, "verlaengern", json!({"lock_seconds": 60})).await, 409, "answered");
        town.settle().await;
        assert_eq!(town.status("muster-druck").await, ["completed"]);
        let sql = "SELECT state FROM processes_instance WHERE tenant = $1 AND id = $2";
        let (state,) = town.city.db.read().await.unwrap().one::<(Value,)>(sql, db::params![instance]).await.unwrap();
        assert_eq!(state.pointer("/vars/blatt"), Some(&json!("eins")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_dies_loses_its_work_to_the_next_one() {
    for town in Town::both(NOW, &files()).await {
        let mut first = admitted(&town, "Druckstraße 1", "muster-druck").await;
        let mut second = admitted(&town, "Druckstraße 2", "muster-druck").await;
        town.start("muster-druck", json!({})).await;
        let work = first.one().await;
        // Meer ends and starts again: the lock is still there.
        (first.router, second.router) = (Router::new(), Router::new());
        let town = town.restarted().await;
        (first.router, second.router) = (house::router(&town.app), house::router(&town.app));
        assert!(second.take(1).await.is_empty());
        // Kept for longer, it is still its own when the first time is over.
        assert_eq!(first.answer(&work, "verlaengern", json!({"lock_seconds": 600})).await.0, 200);
        town.clock.advance_minutes(5);
        assert!(second.take(1).await.is_empty());
        // Then it dies.
        town.clock.advance_minutes(6);
        let again = second.one().await;
        assert_eq!((&again["id"], &again["attempt"]), (&work["id"], &json!(2)));
        is_problem(&first.complete(&work, "eins").await, 409, "lock-lost");
        is_problem(&first.answer(&work, "scheitern", json!({"message": "kaputt"})).await, 409, "lock-lost");
        assert_eq!(second.complete(&again, "zwei").await.0, 200);
        is_problem(&first.complete(&work, "eins").await, 409, "lock-lost");
        town.settle().await;
        assert_eq!(town.status("muster-druck").await, ["completed"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_programs_at_once_never_get_the_same_work() {
    for town in Town::both(NOW, &files()).await {
        let first = admitted(&town, "Druckstraße 1", "muster-druck").await;
        let second = admitted(&town, "Druckstraße 2", "muster-druck").await;
        for _ in 0..12 {
            town.start("muster-druck", json!({})).await;
        }
        let mut ids = Vec::new();
        for _ in 0..20 {
            let (one, two) = tokio::join!(first.take(3), second.take(3));
            ids.extend(one.iter().chain(&two).map(|work| work["id"].as_str().unwrap().to_owned()));
        }
        assert_eq!(ids.len(), 12);
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 12, "each once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_takes_its_way_and_a_failure_is_an_incident_that_is_offered_again() {
    for town in Town::both(NOW, &files()).await {
        let outside = admitted(&town, "Druckstraße", "muster-druck").await;
        town.start("muster-druck", json!({})).await;
        let work = outside.one().await;
        assert_eq!(outside.answer(&work, "fehler", json!({"code": "kein-papier"})).await.0, 200);
        town.settle().await;
        assert_eq!(town.status("muster-druck").await, ["completed"]);
        let sql = "SELECT COUNT(*) AS n FROM processes_visit WHERE tenant = $1 AND element = 'ende-leer'";
        let (n,) = town.city.db.read().await.unwrap().one::<(i64,)>(sql, &[]).await.unwrap();
        assert_eq!(n, 1);

        town.clock.advance_minutes(1);
        town.start("muster-druck", json!({})).await;
        let work = outside.one().await;
        let later = json!({"message": "Papierstau", "retries": 1, "after_seconds": 300});
        let put_back = outside.answer(&work, "scheitern", later.clone()).await;
        assert_eq!((put_back.0.as_u16(), &put_back.1["state"]), (200, &json!("open")));
        assert_eq!(outside.answer(&work, "scheitern", later).await, put_back);
        assert!(outside.take(1).await.is_empty(), "not yet");
        town.clock.advance_minutes(5);
        let work = outside.one().await;
        assert_eq!(work["attempt"], 2);
        assert_eq!(outside.answer(&work, "scheitern", json!({"message": "Papierstau"})).await.0, 200);
        assert!(outside.take(1).await.is_empty(), "a person has to look at it");

        let mut browser = Browser::new(house::router(&town.app));
        browser.staff_sign_in("admin.muster", STAFF_PASSWORD).await.is(200);
        let page = browser.get("/intern/prozesse").await;
        page.shows("external:muster-druck").shows("Papierstau");
        let retry = page.body.split("action=\"").find(|part| part.starts_with("/intern/prozesse/stoerung/"));
        let retry = retry.and_then(|part| part.split('"').next()).expect("a button to try again").to_owned();
        browser.post(&retry, &[]).await.is(303);
        browser.get("/intern/prozesse").await.shows("Alles läuft");
        let work = outside.one().await;
        assert_eq!(outside.complete(&work, "drei").await.0, 200);
        town.settle().await;
        assert_eq!(town.status("muster-druck").await, ["completed", "completed"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_no_program_ever_ends_is_an_incident() {
    for town in Town::both(NOW, &files()).await {
        let outside = admitted(&town, "Druckstraße", "muster-druck").await;
        town.start("muster-druck", json!({})).await;
        for attempt in 1..=20 {
            assert_eq!(outside.one().await["attempt"], attempt);
            town.clock.advance_minutes(2);
        }
        assert!(outside.take(1).await.is_empty());
        let sql = "SELECT element, message FROM processes_incident WHERE tenant = $1 AND resolved_at IS NULL";
        let found: Vec<(String, String)> = town.city.db.read().await.unwrap().list(sql, &[]).await.unwrap();
        assert_eq!(found, [("mitte".to_owned(), "timeout".to_owned())]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_process_no_longer_waits_for_takes_no_answer() {
    for town in Town::both(NOW, &files()).await {
        let outside = admitted(&town, "Druckstraße", "muster-druck").await;
        town.start("muster-druck", json!({})).await;
        town.start("muster-druck", json!({})).await;
        let taken = outside.take(1).await;
        // The boundary timer of both.
        town.at("2026-11-23T14:00:00Z").await;
        assert_eq!(town.status("muster-druck").await, ["completed", "completed"]);
        is_problem(&outside.complete(&taken[0], "eins").await, 409, "withdrawn");
        is_problem(&outside.answer(&taken[0], "verlaengern", json!({"lock_seconds": 60})).await, 409, "withdrawn");
        assert!(outside.take(5).await.is_empty(), "the other one is withdrawn too");

        // An incident of work that is withdrawn is over.
        town.start("muster-druck", json!({})).await;
        let work = outside.one().await;
        assert_eq!(outside.answer(&work, "scheitern", json!({"message": "kaputt"})).await.0, 200);
        town.at("2026-11-23T16:00:00Z").await;
        let sql = "SELECT COUNT(*) AS n FROM processes_incident WHERE tenant = $1 AND resolved_at IS NULL";
        let (n,) = town.city.db.read().await.unwrap().one::<(i64,)>(sql, &[]).await.unwrap();
        assert_eq!(n, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_sees_its_topics_in_its_city_and_nothing_else() {
    for town in Town::both(NOW, &files()).await {
        let own = admitted(&town, "Druckstraße", "muster-druck").await;
        let other = admitted(&town, "Mahnlauf", "mahnung").await;
        town.start("muster-druck", json!({})).await;
        let work = own.one().await;
        let asked = json!({"topic": "muster-druck", "lock_seconds": 60});
        is_problem(&other.post(WORK, &asked).await, 404, "not-found");
        is_problem(&other.complete(&work, "eins").await, 404, "not-found");
        let nothing = json!({"id": "01900000-0000-7000-8000-00000000dead", "lock": 1});
        assert_eq!(other.complete(&nothing, "eins").await, other.complete(&work, "eins").await, "as if not there");

        for body in [json!({}), json!({"topic": "muster-druck"}), json!({"topic": "Ä", "lock_seconds": 60}), json!([])]
        {
            is_problem(&own.post(WORK, &body).await, 422, "invalid");
        }
        let too_long = json!({"topic": "muster-druck", "lock_seconds": 60, "wait_seconds": 21});
        is_problem(&own.post(WORK, &too_long).await, 422, "invalid");

        // The other city does not know the token.
        house::open_city(&town.app, &testkit::cities().join("musterstadt")).await.unwrap();
        let abroad = Outside { router: own.router.clone(), host: "musterstadt.localhost", token: own.token.clone() };
        is_problem(&abroad.post(WORK, &asked).await, 401, "sign-in");
        is_problem(&abroad.complete(&work, "eins").await, 401, "sign-in");
        let stranger = Outside { router: own.router.clone(), host: "localhost", token: "meer-arbeiter-0".into() };
        is_problem(&stranger.post(WORK, &asked).await, 401, "sign-in");

        // Shut out, its work is free for others.
        let mut browser = Browser::new(house::router(&town.app));
        browser.staff_sign_in("admin.muster", STAFF_PASSWORD).await.is(200);
        let wrong = [("name", ""), ("themen", "Mahn ung!")];
        browser.post("/intern/prozesse/arbeiter", &wrong).await.is(422).shows("ist kein Thema");
        let page = browser.get("/intern/prozesse/arbeiter").await;
        let actions: Vec<&str> = page
            .body
            .split("action=\"")
            .filter_map(|part| part.split('"').next())
            .filter(|action| action.ends_with("/sperren"))
            .collect();
        assert_eq!(actions.len(), 2);
        for action in actions {
            browser.post(action, &[]).await.is(303);
            browser.post(action, &[]).await.is(404);
        }
        is_problem(&own.complete(&work, "eins").await, 401, "sign-in");
        let next = admitted(&town, "Druckstraße neu", "muster-druck").await;
        let again = next.one().await;
        assert_eq!(again["id"], work["id"]);
        assert_eq!(next.complete(&again, "eins").await.0, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_waits_gets_work_as_soon_as_there_is_some_and_asks_not_too_often() {
    for town in Town::both(NOW, &files()).await {
        let outside = admitted(&town, "Druckstraße", "muster-druck").await;
        let asked = json!({"topic": "muster-druck", "lock_seconds": 60, "wait_seconds": 20});
        let cx = town.cx();
        let case: CaseId = cx.new_id();
        let start = async {
            tokio::time::sleep(std::time::Duration::from_millis(400)).await;
            db::write!(town.city.db, |tx| {
                cx.call(tx, StartProcess { process: "muster-druck".into(), case, vars: Map::new() }).await
            })
            .unwrap();
        };
        let began = std::time::Instant::now();
        let (answer, ()) = tokio::join!(outside.post(WORK, &asked), start);
        assert_eq!(answer.1["work"].as_array().map(Vec::len), Some(1), "{}", answer.1);
        assert!(began.elapsed() < std::time::Duration::from_secs(15), "it did not wait for nothing");

        let asked = json!({"topic": "muster-druck", "lock_seconds": 60});
        let mut last = (StatusCode::OK, Value::Null);
        for _ in 0..600 {
            last = outside.post(WORK, &asked).await;
        }
        is_problem(&last, 429, "throttled");
        town.clock.advance_minutes(1);
        assert_eq!(outside.post(WORK, &asked).await.0, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_names_every_address_of_the_interface() {
    let town = Town::both(NOW, &files()).await.remove(0);
    let mut browser = Browser::new(house::router(&town.app));
    let page = browser.get("/api/prozesse/v1/openapi.json").await;
    page.is(200);
    let document: Value = serde_json::from_str(&page.body).unwrap();
    let described = document["paths"].as_object().unwrap();
    let routes: Vec<_> = house::table(&town.app)
        .into_iter()
        .filter(|route| route.method == "POST" && route.path.starts_with("/api/prozesse/"))
        .collect();
    assert_eq!(routes.len(), 5);
    for route in routes {
        assert!(described.get(route.path).is_some_and(|path| path.get("post").is_some()), "{}", route.path);
    }
}
