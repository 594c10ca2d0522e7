//! Who gets where: every route of the router against every kind of visitor, with the ids of somebody else's things.
//! The expectation follows from the route's declared access, so a new route is covered the moment it exists.

use std::collections::BTreeSet;

use db::Engine;
use house::{Access, RouteInfo};
use identity::NewStaff;
use meer::modules::MODULES;
use serde::Deserialize;
use testkit::{Browser, Page, TestCity};

use crate::walks::{self, CITIZEN, PASSWORD, STAFF_PASSWORD};

/// A path of the route with ids of a case that belongs to somebody else, or of nothing at all.
fn concrete(path: &str, case: &str) -> String {
    path.split('/')
        .map(|part| match part {
            "{case}" => case.to_owned(),
            part if part.starts_with('{') => "01900000-0000-7000-8000-00000000dead".to_owned(),
            part => part.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("/")
}

/// Sends what the route takes, without any answers.
async fn knock(browser: &mut Browser, route: &RouteInfo, case: &str) -> (String, Page) {
    let path = concrete(route.path, case);
    let page = match route.method {
        "GET" => browser.get(&path).await,
        _ => browser.post(&path, &[]).await,
    };
    (path, page)
}

/// Led to the sign-in, or told that the right is missing.
fn turned_away(page: &Page) -> bool {
    match page.status.as_u16() {
        401 | 403 => true,
        303 => page.location.as_deref().is_some_and(|l| l.contains("anmelden")),
        _ => false,
    }
}

/// Signing out would end the walk.
fn ends_the_walk(route: &RouteInfo) -> bool {
    route.path == "/abmelden" || route.path.starts_with("/konto/schliessen")
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_where_the_route_does_not_let_them() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let case = walks::matched_certificate(&test).await;
    let number = walks::number_of(&test, &case).await;

    let anonymous = test.browser();
    let mut citizen = test.browser();
    citizen.sign_in(CITIZEN, PASSWORD).await;
    let mut other_office = test.browser();
    other_office.staff_sign_in("paula.poststelle", STAFF_PASSWORD).await;
    let mut visitors =
        [("anonymous", anonymous, 0), ("another citizen", citizen, 1), ("clerk of another office", other_office, 2)];

    let mut tried = 0;
    for route in house::table(&test.app) {
        for (who, browser, kind) in &mut visitors {
            if ends_the_walk(&route) {
                continue;
            }
            let (path, page) = knock(browser, &route, &case).await;
            let at = format!("{who}: {} {} → {}", route.method, path, page.status);
            tried += 1;
            assert!(page.status.as_u16() < 500, "{at}: {}", page.body);
            assert!(!page.body.contains(&number), "{at}: shows somebody else's file reference");
            let may_enter = match (route.access, *kind) {
                (Access::Public | Access::EverySide, _)
                | (Access::Citizen | Access::Applicant, 1)
                | (Access::AnyStaff, 2) => true,
                // Paula may print letters, and nothing else.
                (Access::Staff(permission), 2) => permission.0.starts_with("postbox."),
                _ => false,
            };
            if may_enter {
                let somebody_elses =
                    route.path.contains("{case}") && !matches!(route.access, Access::Public | Access::EverySide);
                assert!(!somebody_elses || page.status == 404, "{at}: somebody else's case must look like none");
                continue;
            }
            assert!(turned_away(&page), "{at}: must not get in");
        }
    }
    assert!(tried > 150, "{tried} requests: are the modules there?");
}

/// `Sec-Fetch-Site` and `Origin` of a request to `http://localhost`, and whether it may change something.
const SENDERS: [(Option<&str>, Option<&str>, bool); 19] = [
    // Our own pages, in browsers of today and in those that send the origin only.
    (Some("same-origin"), Some("http://localhost"), true),
    (Some("same-origin"), None, true),
    (None, Some("http://localhost"), true),
    // A proxy speaks HTTPS for us: the scheme is not compared.
    (None, Some("https://localhost"), true),
    // Typed in or opened from a bookmark: no page has sent it.
    (Some("none"), None, true),
    // No browser; nobody's cookies are with it.
    (None, None, true),
    (Some("cross-site"), Some("https://boese.example"), false),
    (Some("cross-site"), None, false),
    (Some("cross-site"), Some("null"), false),
    // What the browser says counts, also when the origin looks like ours.
    (Some("cross-site"), Some("http://localhost"), false),
    // Another name below the same domain is another site's page to us.
    (Some("same-site"), Some("https://blog.localhost"), false),
    (Some("same-site"), None, false),
    // What no browser says.
    (Some("Same-Origin"), None, false),
    (None, Some("https://boese.example"), false),
    // A page without an origin of its own: in a sandboxed frame, or a file.
    (None, Some("null"), false),
    (None, Some("https://localhost.boese.example"), false),
    (None, Some("http://localhost:8081"), false),
    (None, Some("http://musterstadt.localhost"), false),
    (None, Some("file://localhost"), false),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_request_from_a_foreign_site_changes_nothing() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let router = house::router(&test.app);
    for route in house::table(&test.app).into_iter().filter(|r| r.method == "POST") {
        if route.path.starts_with("/api/") {
            continue;
        }
        for (site, origin, passes) in SENDERS {
            let mut request = axum::http::Request::builder()
                .method("POST")
                .uri(concrete(route.path, "01900000-0000-7000-8000-00000000dead"))
                .header("host", "localhost")
                .header("accept-language", "de");
            for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
                if let Some(value) = value {
                    request = request.header(name, value);
                }
            }
            let request = request.body(axum::body::Body::empty()).unwrap();
            let response = tower::ServiceExt::oneshot(router.clone(), request).await.unwrap();
            let status = response.status();
            let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            // Who gets past this check may still lack the right, so the page tells the two apart.
            let foreign = String::from_utf8_lossy(&body).contains("Diese Anfrage kam von einer fremden Seite");
            let at = format!("{} with Sec-Fetch-Site {site:?} and Origin {origin:?} → {status}", route.path);
            assert_eq!(!foreign, passes, "{at}");
            assert!(passes || status == 403, "{at}");
        }
    }
}

#[derive(Deserialize)]
struct Organisation {
    role: Vec<Role>,
}

#[derive(Deserialize)]
struct Role {
    key: String,
    permissions: BTreeSet<String>,
}

#[derive(Deserialize)]
struct People {
    staff: Vec<Person>,
}

#[derive(Deserialize)]
struct Person {
    unit: String,
    role: Vec<Given>,
}

/// A role with the unit it is given for.
#[derive(Deserialize, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Given {
    key: String,
    unit: Option<String>,
}

fn read<T: for<'a> Deserialize<'a>>(file: &str) -> T {
    let path = testkit::cities().join("meerbusch").join(file);
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Somebody who holds nothing but this role.
async fn hire(test: &TestCity, login: &str, home: &str, given: &Given) -> Browser {
    let cx = test.app.cx(&test.city, "test");
    let new = NewStaff {
        login: login.to_owned(),
        name: "Robin Muster".to_owned(),
        email: format!("{login}@example.org"),
        unit: home.to_owned(),
    };
    let id = db::write!(test.city.db, |tx| {
        let id = identity::add_staff(tx, &cx, &new).await?;
        identity::give_grant(tx, &cx, id, &given.key, given.unit.as_deref(), cx.today(), None).await?;
        Ok(id)
    })
    .unwrap();
    test.city.identity.seed_staff_password(&test.city.db, &cx, id, STAFF_PASSWORD).await.unwrap();
    let mut browser = test.browser();
    browser.staff_sign_in(login, STAFF_PASSWORD).await.is(200);
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_of_the_demo_opens_what_its_permissions_say_and_nothing_else() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let case = walks::matched_certificate(&test).await;
    let number = walks::number_of(&test, &case).await;
    let (organisation, people) = (read::<Organisation>("organisation.toml"), read::<People>("people.toml"));
    let known: BTreeSet<&str> = MODULES.iter().flat_map(|m| m.permissions).map(|p| p.0).collect();
    let held: BTreeSet<&str> =
        organisation.role.iter().flat_map(|role| &role.permissions).map(String::as_str).collect();
    assert_eq!(known, held, "each permission of a module is in some role of the demo, and no role names another");
    let given: BTreeSet<(Given, String)> =
        people.staff.iter().flat_map(|p| p.role.iter().map(|g| (g.clone(), p.unit.clone()))).collect();
    let mut roles: BTreeSet<&str> = organisation.role.iter().map(|role| role.key.as_str()).collect();
    let (mut opened, mut refused) = (0, 0);
    for (n, (given, home)) in given.iter().enumerate() {
        let role = organisation.role.iter().find(|role| role.key == given.key).unwrap();
        roles.remove(role.key.as_str());
        let mut browser = hire(&test, &format!("robin.muster{n}"), home, given).await;
        for route in house::table(&test.app).into_iter().filter(|route| route.access.is_staff()) {
            let (path, page) = knock(&mut browser, &route, &case).await;
            let at = format!("{given:?}: {} {path} → {}", route.method, page.status);
            assert!(page.status.as_u16() < 500, "{at}: {}", page.body);
            let may = match route.access {
                Access::Staff(permission) => role.permissions.contains(permission.0),
                _ => true,
            };
            assert_eq!(turned_away(&page), !may, "{at}");
            *(if may { &mut opened } else { &mut refused }) += 1;
        }
        // The case is of the Bürgerbüro: whoever sees cases, and not these, finds nothing there.
        let page = browser.get(&format!("/intern/vorgang/{case}")).await;
        let expected = match (role.permissions.contains("records.view"), given.unit.as_deref()) {
            (true, Some("buergerbuero") | None) => 200,
            (true, _) => 404,
            (false, _) => 403,
        };
        assert_eq!(page.status.as_u16(), expected, "{given:?}: the page of a case of the Bürgerbüro");
        assert_eq!(page.body.contains(&number), expected == 200, "{given:?}");
    }
    assert!(roles.is_empty(), "nobody of the demo holds {roles:?}");
    assert!(opened > 50 && refused > 200, "{opened} opened and {refused} refused: are the routes there?");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_of_the_other_city_finds_nothing_of_this_one() {
    for test in TestCity::both(MODULES).await {
        let other = house::open_city(&test.app, &testkit::cities().join("musterstadt")).await.unwrap();
        let case = walks::matched_certificate(&test).await;
        let number = walks::number_of(&test, &case).await;
        let mut clerk = test.browser().at_host("musterstadt.localhost");
        clerk.staff_sign_in("melde.muster", STAFF_PASSWORD).await.is(200).shows("Moritz Muster-Meldewesen");
        let permitted = [
            "records.view",
            "records.file",
            "records.caller",
            "desk.",
            "registers.view",
            "certificates.",
            "identity.onsite",
        ];
        for route in house::table(&test.app) {
            if ends_the_walk(&route) {
                continue;
            }
            let (path, page) = knock(&mut clerk, &route, &case).await;
            let at = format!("at home: {} {path} → {}", route.method, page.status);
            assert!(page.status.as_u16() < 500, "{at}: {}", page.body);
            assert!(
                !page.body.contains(&number) && !page.body.contains("Beispiel-Ahorn"),
                "{at}: shows the other city"
            );
            let may = matches!(route.access, Access::Staff(p) if permitted.iter().any(|known| p.0.starts_with(known)));
            // What is no form with a file is refused before anybody looks for the case.
            let looked = !matches!(page.status.as_u16(), 400 | 422) || !route.path.contains("dokument");
            assert!(
                !may || !looked || !route.path.contains("{case}") || page.status == 404,
                "{at}: it must look like no case"
            );
        }
        // The telephone: the same person, asked for in the other city.
        let asked = [("name", "Beispiel-Ahorn"), ("born", "12"), ("born-month", "6"), ("born-year", "1984")];
        let page = clerk.post("/intern/auskunft", &asked).await;
        page.is(200).shows("gibt es keinen Vorgang").hides(&number);
        // The session is worth nothing here, though login and password are the same.
        let mut stranger = clerk.clone().at_host("localhost");
        for route in house::table(&test.app).into_iter().filter(|route| route.access.is_staff()) {
            let (path, page) = knock(&mut stranger, &route, &case).await;
            assert!(turned_away(&page), "with a session of {}: {} {path} → {}", other.key, route.method, page.status);
        }
    }
}
