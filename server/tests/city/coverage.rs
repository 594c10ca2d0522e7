//! Who gets where: every route of the router against every kind of visitor, with the ids of somebody else's things.
//! The expectation follows from the route's declared access, so a new route is covered the moment it exists.

use db::Engine;
use house::Access;
use meer::modules::MODULES;
use testkit::TestCity;

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
        let path = concrete(route.path, &case);
        for (who, browser, kind) in &mut visitors {
            // Signing out would end the walk.
            if route.path == "/abmelden" || route.path.starts_with("/konto/schliessen") {
                continue;
            }
            let page = match route.method {
                "GET" => browser.get(&path).await,
                _ => browser.post(&path, &[]).await,
            };
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
            let turned_away = match page.status.as_u16() {
                401 | 403 => true,
                303 => page.location.as_deref().is_some_and(|l| l.contains("anmelden")),
                _ => false,
            };
            assert!(turned_away, "{at}: must not get in");
        }
    }
    assert!(tried > 150, "{tried} requests: are the modules there?");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_from_a_foreign_site_changes_nothing() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let router = house::router(&test.app);
    for route in house::table(&test.app).into_iter().filter(|r| r.method == "POST") {
        if route.path.starts_with("/api/") {
            continue;
        }
        let request = axum::http::Request::builder()
            .method("POST")
            .uri(concrete(route.path, "01900000-0000-7000-8000-00000000dead"))
            .header("host", "localhost")
            .header("origin", "https://boese.example")
            .header("sec-fetch-site", "cross-site")
            .body(axum::body::Body::empty())
            .unwrap();
        let response = tower::ServiceExt::oneshot(router.clone(), request).await.unwrap();
        assert_eq!(response.status(), 403, "{}", route.path);
    }
}
