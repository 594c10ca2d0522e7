//! The retention simulator: exact numbers of what would become due when, and nothing is changed.

use meer::modules::MODULES;
use testkit::{Browser, TestCity};

use crate::walks::{STAFF_PASSWORD, id_in};

async fn staff(test: &TestCity, login: &str) -> Browser {
    let mut browser = test.browser();
    browser.staff_sign_in(login, STAFF_PASSWORD).await.is(200);
    browser
}

async fn case(clerk: &mut Browser, file: &str, title: &str) -> String {
    let sent = clerk.post(&format!("/intern/akte/{file}/vorgang"), &[("title", title)]).await;
    id_in(sent.is(303))
}

/// Numbers of the journal, which nothing but a change moves.
async fn entries(test: &TestCity) -> usize {
    test.settle().await;
    journal::entries(&mut test.city.db.read().await.unwrap(), 0, 100_000).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_counts_what_would_become_due_and_changes_nothing() {
    for test in TestCity::both(MODULES).await {
        let year = i64::from(test.app.cx(&test.city, "test").today().year());
        let mut rita = staff(&test, "rita.registratur").await;
        let fields = [("entry", "61.50"), ("title", "Radweg"), ("unit", "dezernat-1"), ("confidentiality", "normal")];
        let file = id_in(rita.post("/intern/akten", &fields).await.is(303));
        let closed = case(&mut rita, &file, "Ortstermin im Frühjahr").await;
        let held = case(&mut rita, &file, "Terminabsprache").await;
        case(&mut rita, &file, "Noch offen").await;
        for id in [&closed, &held] {
            rita.post(&format!("/intern/vorgang/{id}/zda"), &[]).await.is(303);
        }
        rita.post(&format!("/intern/vorgang/{held}/sperre"), &[("reason", "Klage")]).await.is(303);
        let mut anton = staff(&test, "anton.archiv").await;
        let before = entries(&test).await;

        // The rule of the demo keeps them for two years; numbers stand as now, then, open, held, offered, destroyed.
        let line = |due: i64, numbers: [i64; 6]| {
            let numbers: Vec<String> = numbers.iter().map(|n| format!("\"{n}\"")).collect();
            format!("\"{due}\";{}", numbers.join(";"))
        };
        let csv = "/intern/aussonderung/vorschau.csv?eintrag=61.50";
        let as_is = rita.get(csv).await;
        as_is.is(200).shows(&line(year + 3, [2, 2, 1, 1, 2, 0]));
        let longer = rita.get(&format!("{csv}&jahre=5")).await;
        longer.is(200).shows(&line(year + 3, [2, 1, 0, 1, 1, 0])).shows(&line(year + 6, [0, 1, 1, 0, 1, 0]));
        let all = rita.get(&format!("{csv}&jahre=5&art=V&auch=ja")).await;
        all.is(200).shows(&line(year + 3, [2, 0, 0, 0, 0, 0])).shows(&line(year + 6, [0, 2, 1, 1, 0, 2]));
        // Open matters that are closed on New Year's Eve, or a day later.
        for (day, month, closed, due) in [("31", "12", year, year + 3), ("1", "1", year + 1, year + 4)] {
            let asked = format!("{csv}&schluss={day}&schluss-month={month}&schluss-year={closed}");
            let numbers = if due == year + 3 { [2, 2, 1, 1, 2, 0] } else { [1, 1, 1, 0, 1, 0] };
            rita.get(&asked).await.is(200).shows(&line(due, numbers));
        }
        rita.get(&format!("{csv}&bis={}", year - 1)).await.is(200).hides("\"61.50\"");

        let page = rita.get("/intern/aussonderung/vorschau?eintrag=61.50").await;
        page.is(200).shows("Ortstermin im Frühjahr").shows("gesperrt").shows(&format!("01.01.{}", year + 3));
        rita.get("/intern/aussonderung/vorschau").await.is(200).hides("Ortstermin im Frühjahr");
        let wrong = "schluss=29&schluss-month=2&schluss-year=2027&jahre=ewig&von=2&eintrag=61";
        let page = rita.get(&format!("/intern/aussonderung/vorschau?{wrong}")).await;
        page.is(422).shows("Diesen Tag gibt es nicht").shows("von 0 bis 130").shows("Jahr mit vier Ziffern");
        rita.get(&format!("/intern/aussonderung/vorschau.csv?{wrong}")).await.is(422);

        // Who sees no cases gets the same numbers and none of the cases.
        anton.get("/intern/aussonderung/vorschau?eintrag=61.50").await.is(200).hides("Ortstermin im Frühjahr");
        assert_eq!(anton.get(csv).await.is(200).body, as_is.body);
        assert_eq!(entries(&test).await, before, "a preview changes nothing");
    }
}
