//! Paying and giving back, against the sandbox's provider and treasury, over HTTP, on both engines.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{body::Body, response::Response};
use contract_payments::{FeeItem, FeesOf, PaymentSettled, RefundId, Refunded, RequestPayment, SetFees, SettleOutcome};
use contract_processes::TaskFinished;
use contract_records::{AddStep, CaseView, Cases, Party, SetStatus, Status as CaseStatus, StatusChanged, VisibleCase};
use db::{Rx, Tx, testing::TestDb};
use house::{App, Call, City, Config, Module, PeerConfig, answer, handler};
use http::{Request, StatusCode, header};
use kernel::{
    CaseId, Cx, Error, Event, Grants, Lang, Money, Permission, Principal, Result, Scope, SeededRandom, Sources,
    StaffId, SystemClock, TaskOutcome, TaskToken, TenantId, Uuid,
};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{
    EVIDENCE, MODULE, jobs,
    model::{RefundState, Said, State, Status, TxState},
    perm, refunds, service,
    store::{self, Payment, Refund, Transaction},
};

/// The part of `records` that is called here.
static CASES: LazyLock<Mutex<HashMap<CaseId, CaseView>>> = LazyLock::new(Mutex::default);
static STEPS: LazyLock<Mutex<Vec<AddStep>>> = LazyLock::new(Mutex::default);

async fn cases(_: &Cx, _: &mut Rx, q: Cases) -> Result<Vec<CaseView>> {
    let cases = CASES.lock().unwrap();
    Ok(q.ids.iter().filter_map(|id| cases.get(id).cloned()).collect())
}

async fn visible_case(cx: &Cx, _: &mut Rx, q: VisibleCase) -> Result<CaseView> {
    match cx.actor.principal {
        Principal::Guest { case } if case == q.case => CASES.lock().unwrap().get(&case).cloned().ok_or(Error::NotFound),
        _ => Err(Error::NotFound),
    }
}

async fn add_step(_: &Cx, _: &mut Tx, c: AddStep) -> Result<()> {
    STEPS.lock().unwrap().push(c);
    Ok(())
}

async fn set_status(_: &Cx, _: &mut Tx, c: SetStatus) -> Result<TaskOutcome> {
    if let Some(case) = CASES.lock().unwrap().get_mut(&c.case) {
        case.status = c.status;
    }
    Ok(TaskOutcome::done([]))
}

const RECORDS: Module = Module {
    name: "records",
    commands: |c| {
        c.on(handler!(add_step: AddStep));
        c.task(handler!(set_status: SetStatus));
        c.answers(answer!(cases: Cases));
        c.answers(answer!(visible_case: VisibleCase));
    },
    ..Module::EMPTY
};

const FEES: &str = r#"
[[fee]]
key = "urkunde-erste"
text = "Urkunde"
cents = 1500
valid_from = "2024-01-01"
basis = "Satzung"

[[fee]]
key = "urkunde-abgelehnt"
text = "Ablehnung"
cents = 600
valid_from = "2024-01-01"
valid_to = "2025-12-31"
basis = "Satzung"
service = "personenstandsurkunde"
outcome = "refused"

[[fee]]
key = "urkunde-abgelehnt"
text = "Ablehnung"
cents = 750
max_cents = 900
valid_from = "2026-01-01"
basis = "Satzung"
service = "personenstandsurkunde"
outcome = "refused"

[[fee]]
key = "suche"
text = "Suche ohne Ergebnis"
cents = 1700
valid_from = "2024-01-01"
basis = "Satzung"
service = "personenstandsurkunde"
outcome = "nothing-found"
"#;

struct World {
    app: Arc<App>,
    city: Arc<City>,
    sandbox: sandbox::Running,
    folder: tempfile::TempDir,
    _test: TestDb,
}

async fn worlds() -> Vec<World> {
    let migrations = [
        ::jobs::MIGRATIONS,
        journal::MIGRATIONS,
        identity::MIGRATIONS,
        content::MIGRATIONS,
        MODULE.migrations.unwrap(),
    ];
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
        let peer = |path: &str, client: &str, secret: &str| {
            let file = folder.path().join(path);
            std::fs::write(&file, secret).unwrap();
            PeerConfig {
                url: format!("{}/{path}", sandbox.base_url),
                secret_file: Some(file),
                client: client.into(),
                ..PeerConfig::default()
            }
        };
        let peers = BTreeMap::from([
            ("payment".to_owned(), peer("pay", "meer-meerbusch-pay", "sandbox-pay-secret-meerbusch")),
            ("treasury".to_owned(), peer("kasse", "", "sandbox-kasse-meerbusch")),
        ]);
        // Tests run side by side and note their steps in one place: their cases must not be called the same.
        static SEED: AtomicU64 = AtomicU64::new(7);
        let seed = SEED.fetch_add(1, Ordering::Relaxed);
        let sources = Sources { clock: Arc::new(SystemClock), random: Arc::new(SeededRandom::new(seed)) };
        let app = App::new(Config::default(), sources, vec![MODULE, RECORDS]).unwrap();
        let mut cx = Cx::new(TenantId(1), Principal::System { name: "test" }, app.sources.clone());
        cx.house = Some(app.clone());
        let data = folder.path().join("city");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("fees.toml"), FEES).unwrap();
        db::write!(test.db, |tx| { content::import(tx, &cx, &data).await }).unwrap();
        let file = toml::from_str(
            "tenant = 1\nags = \"05162022\"\nname = \"Stadt Meerbusch\"\nplace = \"Meerbusch\"\nhosts = [\"localhost\", \"127.0.0.1\"]\n\
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
            content: content::Content::load(&test.db).await.unwrap(),
            checkpoints: Arc::new(checkpoints),
            search: app.index_in(folder.path(), TenantId(1)).unwrap(),
            identity: identity::Identity::new(identity::Policy::default(), &[1; 32]).unwrap(),
            url: test.url.clone(),
            peers,
        });
        World { app, city, sandbox, folder, _test: test }
    }

    fn cx(&self, module: &'static str) -> Cx {
        let mut cx = Cx::new(TenantId(1), Principal::System { name: "test" }, self.app.sources.clone());
        cx.house = Some(self.app.clone());
        cx.actor.via = vec![module];
        cx
    }

    /// A member of staff with these rights in the Standesamt.
    fn clerk(&self, permissions: &[Permission], unit: &str) -> Cx {
        let mut grants = Grants::default();
        for permission in permissions {
            grants.add(permission.0, Scope::Units(vec![unit.into()]));
        }
        let user = StaffId::from_uuid(self.app.sources.uuid());
        let mut cx =
            self.cx("payments").as_principal(Principal::Staff { user, unit: unit.into(), grants: Arc::new(grants) });
        cx.actor.via = vec!["payments"];
        cx
    }

    fn case(&self) -> CaseId {
        let cx = self.cx("test");
        let id: CaseId = cx.new_id();
        let case = CaseView {
            id,
            number: format!("34.10/2026/{}", &id.to_string()[30..]),
            service: "personenstandsurkunde".into(),
            title: "Personenstandsurkunde".into(),
            unit: "standesamt".into(),
            cls: 1,
            status: CaseStatus::Received,
            opened_at: cx.now(),
            closed_at: None,
            account: None,
            lang: Lang::De,
            party: Party {
                family_name: "Muster-Eiche".into(),
                first_names: "Ida".into(),
                birth_date: None,
                address: contract_records::Address::default(),
                email: None,
                provenance: "typed".into(),
            },
        };
        CASES.lock().unwrap().insert(id, case);
        id
    }

    async fn set_fees(&self, case: CaseId, cents: i64, quantity: i64) -> Result<Money> {
        let item = FeeItem {
            fee: "urkunde-erste".into(),
            text: "Urkunde".into(),
            quantity,
            single: Money(cents),
            basis: "Satzung".into(),
        };
        let cx = self.cx("services");
        db::write!(self.city.db, |tx| { cx.call(tx, SetFees { case, items: vec![item.clone()] }).await })
    }

    async fn request(&self, case: CaseId) -> Result<TaskOutcome> {
        let token = TaskToken { instance: case.uuid(), token: 5 };
        let cx = self.cx("processes");
        db::write!(self.city.db, |tx| { cx.call(tx, RequestPayment { case, token }).await })
    }

    async fn settle(&self, case: CaseId, outcome: &str) -> Result<TaskOutcome> {
        let token = TaskToken { instance: case.uuid(), token: 9 };
        let cx = self.cx("processes");
        db::write!(self.city.db, |tx| { cx.call(tx, SettleOutcome { case, token, outcome: outcome.to_owned() }).await })
    }

    /// A case that waits for 31.02 euros.
    async fn waiting(&self) -> CaseId {
        let case = self.case();
        assert_eq!(self.set_fees(case, 1551, 2).await.unwrap(), Money(3102));
        assert_eq!(self.request(case).await.unwrap(), TaskOutcome::Waiting);
        case
    }

    async fn payment(&self, case: CaseId) -> Payment {
        store::payment_of(&mut self.city.db.read().await.unwrap(), case).await.unwrap().unwrap()
    }

    async fn transactions(&self, case: CaseId) -> Vec<Transaction> {
        let payment = self.payment(case).await.id;
        store::transactions_of(&mut self.city.db.read().await.unwrap(), payment).await.unwrap()
    }

    async fn refunds(&self, case: CaseId) -> Vec<Refund> {
        store::refunds_of(&mut self.city.db.read().await.unwrap(), case).await.unwrap()
    }

    async fn state(&self, case: CaseId) -> String {
        let cx = self.cx("services");
        cx.ask(&mut self.city.db.read().await.unwrap(), FeesOf { case }).await.unwrap().unwrap().state
    }

    /// The cookie of the guest of a case.
    async fn guest(&self, case: CaseId) -> String {
        let cx = self.cx("test").as_principal(Principal::Guest { case });
        let client = identity::Client::new(std::net::Ipv4Addr::LOCALHOST.into(), "test", None, None);
        let identity = &self.city.identity;
        let session = db::write!(self.city.db, |tx| {
            identity
                .issue_claim(tx, &cx, case, cx.now().saturating_add(jiff::SignedDuration::from_hours(1)).unwrap())
                .await?;
            identity.start_guest(tx, &cx, &client, case).await
        });
        format!("meer_session={}", session.unwrap().token)
    }

    async fn send(&self, method: &str, path: &str, cookie: &str, body: &str) -> Response {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost:8080")
            .header(header::COOKIE, cookie)
            .body(Body::from(body.to_owned()));
        house::router(&self.app).oneshot(request.unwrap()).await.unwrap()
    }

    /// Clicks on "pay"; the address of the provider's page.
    async fn pay(&self, case: CaseId, cookie: &str) -> String {
        location(&self.send("POST", &format!("/vorgang/{case}/bezahlen"), cookie, "").await)
    }

    /// The page that the provider sends the browser back to, with whatever the address claims.
    async fn back(&self, case: CaseId, cookie: &str, query: &str) -> String {
        let response = self.send("GET", &format!("/vorgang/{case}/zahlung{query}"), cookie, "").await;
        assert_eq!(response.status(), StatusCode::OK);
        text(response).await
    }

    /// Chooses on the provider's page.
    async fn choose(&self, url: &str, choice: &str) {
        let (base, path) = url.split_at(self.sandbox.base_url.len());
        let provider = peers::Peer::new("sandbox", base, None).unwrap();
        let answer = provider.post_form(path, &[("choice", choice)]).await.unwrap();
        assert!(answer.status < 400, "{choice}: {}", answer.status);
    }

    async fn fault(&self, peer: &str, mode: &str) {
        let sandbox = peers::Peer::new("sandbox", &self.sandbox.base_url, None).unwrap();
        let fault = json!({ "peer": peer, "mode": mode, "count": 1 });
        sandbox.post_json("/sandbox/faults", &fault).await.unwrap().expect_success().unwrap();
    }

    async fn told(&self, name: &str) -> Vec<Value> {
        journal::settle(&self.city.db).await.unwrap();
        let mut rx = self.city.db.read().await.unwrap();
        let entries = journal::entries(&mut rx, 0, 10_000).await.unwrap();
        let entries = entries.into_iter().filter(|e| e.name == name);
        entries.map(|e| serde_json::from_str(&e.fact_text).unwrap()).collect()
    }

    async fn hear(&self, transaction: Uuid, said: &Said) {
        let cx = self.cx("payments");
        db::write!(self.city.db, |tx| { service::hear(&cx, tx, transaction, said).await }).unwrap();
    }

    /// A paid case.
    async fn paid(&self) -> CaseId {
        let case = self.waiting().await;
        let cookie = self.guest(case).await;
        let url = self.pay(case, &cookie).await;
        self.choose(&url, "bezahlen").await;
        self.back(case, &cookie, "").await;
        assert_eq!(self.payment(case).await.state, State::Paid);
        case
    }
}

fn location(response: &Response) -> String {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

async fn text(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn steps(case: CaseId) -> Vec<String> {
    STEPS.lock().unwrap().iter().filter(|s| s.case == case).map(|s| s.code.clone()).collect()
}

#[tokio::test]
async fn a_payment_from_request_to_settled() {
    for world in worlds().await {
        let case = world.waiting().await;
        assert_eq!(world.state(case).await, "open");
        let cookie = world.guest(case).await;
        let url = world.pay(case, &cookie).await;
        assert!(url.starts_with(&world.sandbox.base_url), "{url}");
        assert!(world.back(case, &cookie, "").await.contains("noch offen"));
        world.choose(&url, "bezahlen").await;
        let page = world.back(case, &cookie, "").await;
        assert!(page.contains("Die Zahlung ist eingegangen") && page.contains("31,02"));
        let payment = world.payment(case).await;
        assert!(payment.reference.unwrap().starts_with("MB"));
        assert_eq!(world.state(case).await, "paid");
        // Looking again, and the notification after that, change nothing.
        world.back(case, &cookie, "").await;
        let transaction = world.transactions(case).await[0].id;
        jobs::check(world.cx("payments"), jobs::Check { transaction }).await.unwrap();
        let settled = world.told(PaymentSettled::NAME).await;
        assert_eq!((settled.len(), &settled[0]["cents"]), (1, &json!(3102)));
        let finished = world.told(TaskFinished::NAME).await;
        assert_eq!((finished.len(), &finished[0]["vars"]), (1, &json!({ "payment": "paid" })));
        assert_eq!(steps(case), ["payment-requested", "payment-paid"]);
        assert_eq!(CASES.lock().unwrap()[&case].status, CaseStatus::InProgress);
        let check = journal::check::run(&world.city.db, EVIDENCE, &[], &[], &mut |_| {}).await.unwrap();
        assert!(check.is_whole(), "{:?}", check.findings);
    }
}

#[tokio::test]
async fn every_choice_on_the_providers_page() {
    // choice, what the browser claims on its way back, state at once, state in the end
    let outcomes = [
        ("ablehnen", "", State::Failed, State::Failed),
        ("abbrechen", "", State::Cancelled, State::Cancelled),
        ("spaeter", "", State::Pending, State::Paid),
        ("doppelt", "", State::Paid, State::Paid),
        ("verfaelscht", "?status=FAILED&transactionId=fremd", State::Paid, State::Paid),
        ("vorgetaeuscht", "?status=PAYED", State::Pending, State::Pending),
        ("ohne-ruecksprung", "", State::Paid, State::Paid),
        ("abbrechen-und-bezahlen", "", State::Cancelled, State::Paid),
    ];
    for world in worlds().await {
        for (choice, claim, at_once, in_the_end) in outcomes {
            let case = world.waiting().await;
            let cookie = world.guest(case).await;
            let url = world.pay(case, &cookie).await;
            world.choose(&url, choice).await;
            let page = world.back(case, &cookie, claim).await;
            assert_eq!(world.payment(case).await.state, at_once, "{choice}");
            let words = match at_once {
                State::Paid => "Die Zahlung ist eingegangen",
                State::Failed => "Die Zahlung hat nicht geklappt",
                State::Cancelled => "Sie haben die Zahlung abgebrochen",
                _ => "Die Zahlung ist noch offen",
            };
            assert!(page.contains(words), "{choice}");
            if at_once != in_the_end {
                tokio::time::sleep(Duration::from_millis(400)).await;
            }
            let transaction = world.transactions(case).await[0].id;
            for _ in 0..2 {
                jobs::check(world.cx("payments"), jobs::Check { transaction }).await.unwrap();
            }
            assert_eq!(world.payment(case).await.state, in_the_end, "{choice}");
            let paid = steps(case).iter().filter(|s| *s == "payment-paid").count();
            assert_eq!(paid, usize::from(in_the_end == State::Paid), "{choice}");
            assert!(world.refunds(case).await.is_empty(), "{choice}");
        }
    }
}

#[tokio::test]
async fn a_provider_that_is_down_loses_nothing_and_asks_for_one_transaction() {
    for world in worlds().await {
        let case = world.waiting().await;
        let cookie = world.guest(case).await;
        // The access token is known from an earlier payment, so that it is the payment that fails.
        world.paid().await;
        for mode in ["down", "error500", "garbage", "lost_answer"] {
            world.fault("pay", mode).await;
            assert_eq!(world.pay(case, &cookie).await, format!("/vorgang/{case}"), "{mode}");
        }
        let url = world.pay(case, &cookie).await;
        assert_eq!(world.transactions(case).await.len(), 1, "one requestId for all attempts");
        world.choose(&url, "bezahlen").await;
        world.fault("pay", "down").await;
        assert!(world.back(case, &cookie, "?status=PAYED").await.contains("Wir wissen noch nicht"));
        assert_eq!(world.payment(case).await.state, State::Pending);
        assert!(world.back(case, &cookie, "").await.contains("Die Zahlung ist eingegangen"));
    }
}

#[tokio::test]
async fn the_way_back_from_the_provider_is_the_citys_own_address_by_the_name_it_was_called() {
    for world in worlds().await {
        for (called, own) in [
            ("localhost:8080", "localhost"),
            // The session is a cookie of this name: another one of the city's own would lose it.
            ("127.0.0.1:8080", "127.0.0.1"),
            ("127.0.0.1", "127.0.0.1"),
            // Whatever else a request names.
            ("fremd.example", "localhost"),
            ("127.0.0.1.fremd.example:8080", "localhost"),
            ("127.0.0.1@fremd.example", "localhost"),
        ] {
            let case = world.waiting().await;
            let request = Request::builder()
                .method("POST")
                .uri(format!("/vorgang/{case}/bezahlen"))
                .header(header::HOST, called)
                .header(header::COOKIE, world.guest(case).await)
                .body(Body::empty());
            location(&house::router(&world.app).oneshot(request.unwrap()).await.unwrap());
            let way_back = world.transactions(case).await.remove(0).redirect_url;
            assert_eq!(way_back, format!("http://{own}:8080/vorgang/{case}/zahlung"), "called {called}");
        }
    }
}

#[tokio::test]
async fn the_case_of_somebody_else_is_like_no_case() {
    for world in worlds().await {
        let (mine, other) = (world.waiting().await, world.waiting().await);
        let cookie = world.guest(mine).await;
        for (method, path) in [("POST", "bezahlen"), ("GET", "zahlung")] {
            for case in [other.to_string(), Uuid::nil().to_string()] {
                let response = world.send(method, &format!("/vorgang/{case}/{path}"), &cookie, "").await;
                assert_eq!(response.status(), StatusCode::NOT_FOUND, "{method} {path}");
            }
        }
        assert!(world.transactions(other).await.is_empty());
    }
}

#[tokio::test]
async fn a_notification_only_announces() {
    for world in worlds().await {
        let case = world.waiting().await;
        let cookie = world.guest(case).await;
        let url = world.pay(case, &cookie).await;
        let transaction = world.transactions(case).await.remove(0);
        let id = transaction.provider_id.unwrap();
        let path = "/api/v1/payments/notification";
        let claim = json!({ "transactionId": id, "status": "PAYED" }).to_string();
        for body in [claim.as_str(), claim.as_str(), r#"{"transactionId":"unbekannt"}"#] {
            assert_eq!(world.send("POST", path, "", body).await.status(), StatusCode::NO_CONTENT);
        }
        assert_eq!(world.payment(case).await.state, State::Pending, "a claim is no proof");
        let jobs = "SELECT COUNT(*) AS n FROM jobs_job WHERE tenant = $1 AND name = 'payments.check'";
        let (waiting,) = world.city.db.read().await.unwrap().one::<(i64,)>(jobs, &[]).await.unwrap();
        assert_eq!(waiting, 1, "two notifications are one job, an unknown id is none");
        world.choose(&url, "bezahlen").await;
        jobs::check(world.cx("payments"), jobs::Check { transaction: transaction.id }).await.unwrap();
        assert_eq!(world.payment(case).await.state, State::Paid);
        for body in ["", "[]", "{}", "\u{0}", r#"{"transactionId":1}"#] {
            assert_eq!(world.send("POST", path, "", body).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        }
        let large = "x".repeat(5000);
        assert_eq!(world.send("POST", path, "", &large).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}

#[tokio::test]
async fn the_poller_finds_what_no_notification_told() {
    for world in worlds().await {
        let case = world.waiting().await;
        let cookie = world.guest(case).await;
        let url = world.pay(case, &cookie).await;
        world.choose(&url, "ohne-ruecksprung").await;
        let transaction = world.transactions(case).await[0].id;
        let now = world.cx("payments").now();
        db::write!(world.city.db, |tx| { store::set_transaction(tx, transaction, TxState::Initial, Some(now)).await })
            .unwrap();
        jobs::poll(world.cx("payments"), jobs::Poll {}).await.unwrap();
        let jobs = "SELECT COUNT(*) AS n FROM jobs_job WHERE tenant = $1 AND name = 'payments.check'";
        let (waiting,) = world.city.db.read().await.unwrap().one::<(i64,)>(jobs, &[]).await.unwrap();
        assert_eq!(waiting, 1);
        let due = store::due(&mut world.city.db.read().await.unwrap(), world.cx("payments").now(), 10).await.unwrap();
        assert!(due.is_empty(), "asked about once, then later");
        crate::jobs::check(world.cx("payments"), crate::jobs::Check { transaction }).await.unwrap();
        assert_eq!(world.payment(case).await.state, State::Paid);
    }
}

#[tokio::test]
async fn another_amount_is_never_accepted_in_silence() {
    for world in worlds().await {
        let case = world.waiting().await;
        let cookie = world.guest(case).await;
        world.pay(case, &cookie).await;
        let transaction = world.transactions(case).await.remove(0);
        let reference = transaction.reference.clone().unwrap();
        let said = Said { status: Status::Payed, cents: Money(3101), reference: reference.clone() };
        for _ in 0..2 {
            world.hear(transaction.id, &said).await;
        }
        assert_eq!(world.payment(case).await.state, State::Checking);
        assert!(world.told(TaskFinished::NAME).await.is_empty());
        let response = world.send("POST", &format!("/vorgang/{case}/bezahlen"), &cookie, "").await;
        assert_eq!(response.status(), StatusCode::CONFLICT, "nobody is asked to pay again");
        let mismatches = store::mismatches_of(&mut world.city.db.read().await.unwrap(), case).await.unwrap();
        assert_eq!(mismatches.len(), 1);
        assert_eq!((mismatches[0].expected, mismatches[0].got), (Money(3102), Money(3101)));

        let elsewhere = world.clerk(&[perm::REFUND_PROPOSE], "buergerbuero");
        let clerk = world.clerk(&[perm::REFUND_PROPOSE], "standesamt");
        let id = mismatches[0].id;
        let refused = db::write!(world.city.db, |tx| { service::resolve_mismatch(&elsewhere, tx, id).await });
        assert!(matches!(refused, Err(Error::NotFound)));
        db::write!(world.city.db, |tx| { service::resolve_mismatch(&clerk, tx, id).await }).unwrap();
        let again = db::write!(world.city.db, |tx| { service::resolve_mismatch(&clerk, tx, id).await });
        assert!(matches!(again, Err(Error::NotFound)));
        assert_eq!(world.payment(case).await.state, State::Open);
        let refunds = world.refunds(case).await;
        assert_eq!((refunds.len(), refunds[0].cents, refunds[0].reference.as_str()), (1, Money(3101), &*reference));
    }
}

#[tokio::test]
async fn paid_twice_and_paid_too_late_are_given_back() {
    for world in worlds().await {
        let case = world.waiting().await;
        let cookie = world.guest(case).await;
        world.pay(case, &cookie).await;
        let first = world.transactions(case).await.remove(0);
        let said = |t: &Transaction, status| Said { status, cents: t.cents, reference: t.reference.clone().unwrap() };
        world.hear(first.id, &said(&first, Status::Canceled)).await;
        world.pay(case, &cookie).await;
        let second = world.transactions(case).await.remove(1);
        assert_ne!(first.id, second.id);
        world.hear(second.id, &said(&second, Status::Payed)).await;
        for _ in 0..2 {
            world.hear(first.id, &said(&first, Status::Payed)).await;
        }
        let payment = world.payment(case).await;
        assert_eq!((payment.state, payment.paid_by), (State::Paid, Some(second.id)));
        let refunds = world.refunds(case).await;
        assert_eq!(refunds.len(), 1);
        assert_eq!((refunds[0].reason.as_str(), refunds[0].cents), ("paid-twice", Money(3102)));
        assert_eq!(Some(refunds[0].reference.as_str()), first.reference.as_deref());

        let late = world.waiting().await;
        let cookie = world.guest(late).await;
        world.pay(late, &cookie).await;
        let transaction = world.transactions(late).await.remove(0);
        let cx = world.cx("payments");
        let closed = StatusChanged { case: late, status: CaseStatus::Withdrawn };
        for _ in 0..2 {
            db::write!(world.city.db, |tx| { service::case_changed(&cx, tx, closed.clone(), cx.now()).await }).unwrap();
        }
        world.hear(transaction.id, &said(&transaction, Status::Payed)).await;
        assert_eq!(world.payment(late).await.state, State::Dropped);
        assert_eq!(world.refunds(late).await[0].reason, "paid-late");
        let response = world.send("POST", &format!("/vorgang/{late}/bezahlen"), &cookie, "").await;
        assert_eq!(response.status(), StatusCode::CONFLICT);
    }
}

#[tokio::test]
async fn nothing_to_pay_is_free_and_a_broken_fee_is_refused() {
    for world in worlds().await {
        let case = world.case();
        let free = TaskOutcome::done([("payment", json!("free"))]);
        assert_eq!(world.request(case).await.unwrap(), free);
        world.set_fees(case, 0, 1).await.unwrap();
        assert_eq!(world.request(case).await.unwrap(), free);
        for (cents, quantity) in [(-1, 1), (100, 0), (-100, -1), (i64::MAX, 2)] {
            assert!(world.set_fees(case, cents, quantity).await.is_err(), "{cents} × {quantity}");
        }
        let paid = world.paid().await;
        assert_eq!(world.request(paid).await.unwrap(), TaskOutcome::done([("payment", json!("paid"))]));
        world.set_fees(paid, 100, 1).await.unwrap();
        assert_eq!(world.request(paid).await.unwrap_err().code(), "payment-already");
    }
}

#[tokio::test]
async fn outcomes_have_fees_of_their_own() {
    // outcome, fee that stays, refund of 31.02
    let cases = [("refused", 750, 2352), ("withdrawn", 0, 3102), ("nothing-found", 1700, 1402)];
    for world in worlds().await {
        for (outcome, owed, back) in cases {
            let case = world.paid().await;
            let proposed = TaskOutcome::done([("refund", json!("proposed"))]);
            assert_eq!(world.settle(case, outcome).await.unwrap(), proposed, "{outcome}");
            let refunds = world.refunds(case).await;
            assert_eq!((refunds.len(), refunds[0].cents), (1, Money(back)), "{outcome}");
            let fees = store::fees(&mut world.city.db.read().await.unwrap(), case).await.unwrap().unwrap();
            assert_eq!(fees.total, Money(owed), "{outcome}");
            assert_eq!(world.state(case).await, "refund-proposed");
            let none = TaskOutcome::done([("refund", json!("none"))]);
            assert_eq!(world.settle(case, outcome).await.unwrap(), none, "nothing is given back twice");
        }
        let unpaid = world.waiting().await;
        world.settle(unpaid, "withdrawn").await.unwrap();
        assert_eq!(world.payment(unpaid).await.state, State::Dropped);
        assert!(world.refunds(unpaid).await.is_empty());
        let odd = world.paid().await;
        assert_eq!(world.settle(odd, "vielleicht").await.unwrap_err().code(), "payment-outcome");
    }
}

#[tokio::test]
async fn a_refund_by_four_eyes_until_the_treasury_has_paid() {
    for world in worlds().await {
        let case = world.paid().await;
        world.settle(case, "withdrawn").await.unwrap();
        let id = world.refunds(case).await[0].id;
        let both = [perm::REFUND_PROPOSE, perm::REFUND_APPROVE];
        let (a, b) = (world.clerk(&both, "standesamt"), world.clerk(&both, "standesamt"));
        let elsewhere = world.clerk(&both, "buergerbuero");
        let approve = async |cx: &Cx| db::write!(world.city.db, |tx| { refunds::approve(cx, tx, id).await });
        let propose = async |cx: &Cx| db::write!(world.city.db, |tx| { refunds::propose(cx, tx, id).await });
        assert_eq!(approve(&a).await.unwrap_err().code(), "refund-state");
        assert!(matches!(propose(&elsewhere).await, Err(Error::NotFound)));
        propose(&a).await.unwrap();
        assert_eq!(approve(&a).await.unwrap_err().code(), "refund-four-eyes");
        assert!(matches!(approve(&elsewhere).await, Err(Error::NotFound)));
        // The tables hold it too, whatever the program above them does.
        let (staff_a, now) = (a.actor.staff().unwrap(), a.now());
        let by_sql = db::write!(world.city.db, |tx| { store::approve(tx, id, staff_a, now).await });
        assert!(matches!(by_sql, Err(Error::NotFound)));
        let forced = db::write!(world.city.db, |tx| {
            let sql = "UPDATE payments_refund SET approved_by = proposed_by WHERE tenant = $1 AND id = $2";
            tx.exec(sql, db::params![id]).await
        });
        assert!(forced.is_err(), "the check of the table");
        db::write!(world.city.db, |tx| { refunds::send_back(&b, tx, id).await }).unwrap();
        propose(&b).await.unwrap();
        approve(&a).await.unwrap();
        assert_eq!(approve(&a).await.unwrap_err().code(), "refund-state");

        world.fault("kasse", "lost_answer").await;
        assert!(jobs::hand_over(world.cx("payments"), jobs::HandOver { refund: id }).await.is_err());
        assert_eq!(world.refunds(case).await[0].state, RefundState::Approved);
        for _ in 0..2 {
            jobs::hand_over(world.cx("payments"), jobs::HandOver { refund: id }).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        for _ in 0..2 {
            jobs::follow(world.cx("payments"), jobs::Follow { refund: id }).await.unwrap();
        }
        assert_eq!(world.refunds(case).await[0].state, RefundState::Executed);
        assert_eq!(world.told(Refunded::NAME).await.len(), 1);
        assert_eq!(world.state(case).await, "refunded");
        assert_eq!(steps(case), ["payment-requested", "payment-paid", "refund-proposed", "refunded"]);
        let check = journal::check::run(&world.city.db, EVIDENCE, &[], &[], &mut |_| {}).await.unwrap();
        assert!(check.is_whole(), "{:?}", check.findings);
    }
}

#[tokio::test]
async fn what_the_treasury_rejects_can_be_prepared_anew_once() {
    for world in worlds().await {
        let case = world.paid().await;
        let payment = world.payment(case).await;
        let cx = world.cx("payments");
        // More than was paid: the treasury will not have it.
        let id: RefundId = db::write!(world.city.db, |tx| {
            refunds::prepare(&cx, tx, &payment, payment.reference.as_deref().unwrap(), Money(9999), "paid-twice").await
        })
        .unwrap();
        let (a, b) =
            (world.clerk(&[perm::REFUND_PROPOSE], "standesamt"), world.clerk(&[perm::REFUND_APPROVE], "standesamt"));
        db::write!(world.city.db, |tx| { refunds::propose(&a, tx, id).await }).unwrap();
        db::write!(world.city.db, |tx| { refunds::approve(&b, tx, id).await }).unwrap();
        jobs::hand_over(world.cx("payments"), jobs::HandOver { refund: id }).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        jobs::follow(world.cx("payments"), jobs::Follow { refund: id }).await.unwrap();
        let refund = world.refunds(case).await.remove(0);
        assert_eq!((refund.state, refund.rejection.as_deref()), (RefundState::Rejected, Some("amount_too_high")));
        assert_eq!(world.state(case).await, "paid");
        let again = db::write!(world.city.db, |tx| { refunds::repeat(&a, tx, id).await }).unwrap();
        assert_ne!(again, id);
        let twice = db::write!(world.city.db, |tx| { refunds::repeat(&a, tx, id).await });
        assert_eq!(twice.unwrap_err().code(), "refund-state");
    }
}

#[tokio::test]
async fn export_and_erasure_cover_every_table() {
    for world in worlds().await {
        let (case, other) = (world.paid().await, world.paid().await);
        for id in [case, other] {
            world.settle(id, "withdrawn").await.unwrap();
            let transaction = world.transactions(id).await.remove(0);
            let reference = transaction.reference.clone().unwrap();
            world.hear(transaction.id, &Said { status: Status::Failed, cents: transaction.cents, reference }).await;
        }
        for table in crate::TABLES {
            let house::Holds::Person { export, erase, .. } = table.holds else { panic!("{}", table.name) };
            let rows = async |case: CaseId| {
                world.city.db.read().await.unwrap().query(export, db::params![case]).await.unwrap().len()
            };
            assert_eq!(rows(case).await, 1, "{}", table.name);
            db::write!(world.city.db, |tx| { tx.exec(erase, db::params![case]).await }).unwrap();
            assert_eq!((rows(case).await, rows(other).await), (0, 1), "{}", table.name);
        }
    }
}

#[tokio::test]
async fn a_wrong_secret_is_a_fault_of_the_peer_and_no_panic() {
    for world in worlds().await {
        let case = world.waiting().await;
        let cookie = world.guest(case).await;
        std::fs::write(world.folder.path().join("pay"), "falsch").unwrap();
        assert_eq!(world.pay(case, &cookie).await, format!("/vorgang/{case}"));
        assert_eq!(world.payment(case).await.state, State::Open);
    }
}

#[test]
fn every_state_and_reason_has_words_in_both_languages() {
    let sources = Sources { clock: Arc::new(SystemClock), random: Arc::new(SeededRandom::new(7)) };
    let app = App::new(Config::default(), sources, vec![MODULE]).unwrap();
    let states = State::ALL.iter().map(|s| format!("payments-state-{}", s.code()));
    let transactions = TxState::ALL.iter().map(|s| format!("payments-tx-{}", s.code()));
    let refunds = RefundState::ALL.iter().map(|s| format!("payments-refund-{}", s.code()));
    let back = ["paid", "open", "unclear", "failed", "cancelled", "checking", "dropped"];
    let back = back.iter().flat_map(|b| [format!("payments-back-{b}"), format!("payments-back-{b}-text")]);
    let reasons = ["refused", "withdrawn", "nothing-found", "paid-twice", "paid-late", "mismatch"];
    let reasons = reasons.iter().map(|r| format!("payments-reason-{r}"));
    let mismatches = ["amount", "reference", "status", "fee-changed"].iter().map(|m| format!("payments-mismatch-{m}"));
    let keys: Vec<String> =
        states.chain(transactions).chain(refunds).chain(back).chain(reasons).chain(mismatches).collect();
    for lang in [Lang::De, Lang::En] {
        for key in &keys {
            assert!(!app.texts.plain(lang, key).contains(key.as_str()), "{key} in {lang:?}");
        }
    }
}
