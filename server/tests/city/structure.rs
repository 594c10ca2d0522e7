//! What holds over the list of all modules.

use std::collections::{BTreeMap, BTreeSet};

use house::{App, Config, Holds};
use kernel::Sources;
use meer::modules::MODULES;
use testkit::TestCity;

fn app() -> std::sync::Arc<App> {
    App::new(Config::default(), Sources::system(), MODULES.to_vec()).expect("the house fits together")
}

#[test]
fn modules_have_names_of_their_own_and_menus_lead_somewhere() {
    let names: BTreeSet<_> = MODULES.iter().map(|m| m.name).collect();
    assert_eq!(names.len(), MODULES.len());
    let routes = house::table(&app());
    for menu in MODULES.iter().flat_map(|m| m.menu) {
        let route = routes.iter().find(|r| r.method == "GET" && r.path == menu.href);
        let route = route.unwrap_or_else(|| panic!("{} leads to {}, which is no route", menu.label, menu.href));
        assert_eq!(route.access, menu.access, "{}", menu.href);
    }
}

#[test]
fn staff_routes_lie_on_the_internal_side_and_only_there() {
    for route in house::table(&app()) {
        let sign_in = route.path.starts_with("/intern/anmelden") || route.path.starts_with("/intern/passwort");
        let internal = route.path == "/intern" || route.path.starts_with("/intern/");
        assert_eq!(route.access.is_staff(), internal && !sign_in, "{} {}", route.method, route.path);
    }
}

#[test]
fn permissions_and_tables_carry_the_name_of_their_module() {
    for module in MODULES {
        // A room that was taken out of another one keeps the names that cities and the journal know.
        let owner = match module.name {
            "accounts" => "identity",
            "annotations" | "circulation" | "disposal" => "records",
            "workshop" => "processes",
            name => name,
        };
        for permission in module.permissions {
            assert!(permission.0.starts_with(&format!("{owner}.")), "{}", permission.0);
        }
        for table in module.tables {
            let own = [module.name, owner].iter().any(|name| table.name.starts_with(&format!("{name}_")));
            assert!(own, "{} in {}", table.name, module.name);
            if let Holds::Person { export, erase, .. } = table.holds {
                assert!(export.contains("$2") && erase.contains("$2"), "{}: export and erase by key", table.name);
            }
        }
    }
}

#[test]
fn every_table_has_one_owner() {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for (table, module) in MODULES.iter().flat_map(|m| m.tables.iter().map(move |t| (t.name, m.name))) {
        let other = owners.insert(table, module);
        assert_eq!(other, None, "{table} is declared by {module}, too");
    }
}

#[test]
fn every_text_of_the_house_exists_in_both_languages() {
    let app = app();
    assert_eq!(app.texts.missing_in(kernel::Lang::De), Vec::<&str>::new(), "missing in German");
    assert_eq!(app.texts.missing_in(kernel::Lang::En), Vec::<&str>::new(), "missing in English");
}

#[test]
fn every_process_task_of_the_demo_cities_is_a_command() {
    let app = app();
    let tasks: BTreeMap<_, _> = app.commands.tasks().iter().collect();
    for city in ["meerbusch", "musterstadt"] {
        for entry in std::fs::read_dir(testkit::cities().join(city).join("processes")).unwrap() {
            let path = entry.unwrap().path();
            let xml = std::fs::read_to_string(&path).unwrap();
            for part in xml.split("meer:command=\"").skip(1) {
                let name = part.split('"').next().unwrap_or_default();
                assert!(tasks.contains_key(&name), "{}: {name}", path.display());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_city_opens_on_both_engines_and_every_table_is_declared() {
    for test in TestCity::both(MODULES).await {
        let declared: BTreeSet<&str> = MODULES.iter().flat_map(|m| m.tables).map(|t| t.name).collect();
        let platform = ["journal_", "jobs_", "files_", "identity_", "content_", "house_", "meer_", "sqlite_"];
        let sql = db::either(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND $1 = $1 ORDER BY name",
            "SELECT CAST(table_name AS TEXT) AS name FROM information_schema.tables
             WHERE table_schema = 'public' AND $1 = CAST($1 AS BIGINT) ORDER BY table_name",
        );
        let mut rx = test.city.db.read().await.unwrap();
        for (name,) in rx.list::<(String,)>(sql, &[]).await.unwrap() {
            let known = declared.contains(name.as_str()) || platform.iter().any(|p| name.starts_with(p));
            assert!(known, "table {name} is declared by no module: whose data does it hold, and for how long?");
        }
    }
}
