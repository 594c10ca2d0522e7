//! Several nodes on one database: what is released on one is used on the others, without a restart.

use std::{sync::Arc, time::Duration};

use contract_processes::StartProcess;
use house::{App, Call, City};
use kernel::{CaseId, Uuid};
use serde_json::Map;
use tokio::sync::watch;

use crate::begins::{Town, begun};

const NAME: &str = "muster-knoten";
const OTHER: &str = "muster-anderer";
/// How often the second node asks here; the program's own interval is a few seconds.
const EVERY: Duration = Duration::from_millis(50);

/// A process that does nothing; the text differs from version to version.
fn body(version: &str) -> String {
    format!("{}<!-- {version} -->", begun(NAME, "", "", ""))
}

async fn start(app: &Arc<App>, city: &Arc<City>) -> kernel::Result<i64> {
    let mut cx = app.cx(city, "test");
    cx.actor.via = vec!["services"];
    let case: CaseId = cx.new_id();
    let id: Uuid =
        db::write!(city.db, |tx| { cx.call(tx, StartProcess { process: NAME.into(), case, vars: Map::new() }).await })?;
    let sql = "SELECT version FROM processes_instance WHERE tenant = $1 AND id = $2";
    Ok(city.db.read().await?.one::<(i64,)>(sql, db::params![id]).await?.0)
}

/// Waits until the city knows this version, for much longer than an interval.
async fn known(city: &City, version: i64) -> bool {
    for _ in 0..200 {
        if city.content.get("processes", NAME).is_some_and(|item| item.version == version) {
            return true;
        }
        tokio::time::sleep(EVERY / 2).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_releases_another_one_uses() {
    for town in Town::both("2026-11-23T08:00:00Z", &[]).await {
        let (app, city) = town.beside().await;
        let (stop, stopped) = watch::channel(false);
        let following = tokio::spawn(house::follow_content(app.clone(), city.clone(), EVERY, stopped));
        assert!(start(&app, &city).await.is_err(), "there is no such process yet");

        let cx = town.cx();
        let made = db::write!(town.city.db, |tx| {
            content::create(tx, &cx, "processes", NAME, "processes/muster-knoten.bpmn", &body("Eins")).await
        });
        assert_eq!(made.unwrap(), 1);
        assert!(known(&city, 1).await, "the second node does not follow");
        assert_eq!(start(&app, &city).await.unwrap(), 1);

        town.city.content.refresh(&town.city.db).await.unwrap();
        let seen = town.city.content.get("processes", NAME).unwrap();
        db::write!(town.city.db, |tx| { content::edit(tx, &cx, &seen, &body("Zwei")).await }).unwrap();
        assert!(known(&city, 2).await);
        assert_eq!(start(&app, &city).await.unwrap(), 2);

        // What this program cannot read, a newer one may have released: the version that was good stays in use.
        let seen = city.content.get("processes", NAME).unwrap();
        db::write!(town.city.db, |tx| { content::edit(tx, &cx, &seen, "<keins/>").await }).unwrap();
        tokio::time::sleep(EVERY * 10).await;
        assert_eq!(start(&app, &city).await.unwrap(), 2);
        // Also when this node releases something else, which it uses at once.
        let other = begun(OTHER, "", "", "");
        let name = "processes/muster-anderer.bpmn";
        db::write!(city.db, |tx| { content::create(tx, &cx, "processes", OTHER, name, &other).await }).unwrap();
        house::take_released(&app, &city).await.unwrap();
        assert!(city.content.get("processes", OTHER).is_some());
        assert_eq!(start(&app, &city).await.unwrap(), 2);
        // And what mends it is taken.
        let broken = content::Item { version: 3, ..seen.as_ref().clone() };
        db::write!(town.city.db, |tx| { content::edit(tx, &cx, &broken, &body("Vier")).await }).unwrap();
        assert!(known(&city, 4).await);

        stop.send(true).unwrap();
        following.await.unwrap().unwrap();
    }
}
