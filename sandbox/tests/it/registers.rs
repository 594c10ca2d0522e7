use std::time::{Duration, Instant};

use sandbox::Running;
use serde_json::{Value, json};

use crate::client::{
    MEERBUSCH, MUSTERSTADT, REGISTER_TOKEN, Reply, config, fresh, get, post_json, post_raw, send, start,
};

fn population(sandbox: &Running) -> String {
    format!("{}/register/{MEERBUSCH}/population/match", sandbox.base_url)
}

fn civil(sandbox: &Running) -> String {
    format!("{}/register/{MEERBUSCH}/civil/lookup", sandbox.base_url)
}

fn address(street: &str, house_number: &str, postal_code: &str) -> Value {
    json!({ "street": street, "houseNumber": house_number, "postalCode": postal_code, "city": "Meerbusch" })
}

fn person(family_name: &str, first_names: &str, birth_date: &str, address: Value) -> Value {
    json!({ "familyName": family_name, "firstNames": first_names, "birthDate": birth_date, "address": address })
}

fn erika() -> Value {
    person("Beispiel-Ahorn", "Erika Maria", "1984-06-12", address("Musterweg", "12", "40667"))
}

fn blocked() -> Value {
    person("Beispiel-Wacholder", "Carla Ines", "1992-05-25", address("Beispielring", "31", "40667"))
}

async fn ask(sandbox: &Running, person: Value, fields: &[&str]) -> Value {
    let question =
        json!({ "requestId": fresh(), "purpose": "Test", "identityProven": true, "person": person, "fields": fields });
    let reply = post_json(&population(sandbox), REGISTER_TOKEN, &question).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let answer = reply.json();
    assert_eq!(answer["requestId"], question["requestId"]);
    answer
}

async fn result(sandbox: &Running, person: Value) -> String {
    ask(sandbox, person, &["base"]).await["result"].as_str().unwrap().to_owned()
}

/// The answer without what differs between any two requests.
fn bare(mut answer: Value) -> Value {
    let answer_fields = answer.as_object_mut().unwrap();
    answer_fields.remove("requestId").unwrap();
    answer_fields.remove("answeredAt").unwrap();
    answer
}

#[tokio::test]
async fn a_full_match_brings_only_the_data_asked_for() {
    let sandbox = start().await;
    let answer = ask(&sandbox, erika(), &["base"]).await;
    assert_eq!(answer["result"], "match");
    assert_eq!(
        answer["record"],
        json!({
            "familyName": "Beispiel-Ahorn", "firstNames": ["Erika", "Maria"], "callNameIndex": 0, "doctorate": "Dr.",
            "birthDate": "1984-06-12",
            "addresses": [{ "kind": "main", "street": "Musterweg", "houseNumber": "12", "postalCode": "40667",
                            "city": "Meerbusch", "movedIn": "2015-04-01" }],
        })
    );
    let answer = ask(&sandbox, erika(), &["religion", "birthName", "maritalStatus"]).await;
    assert_eq!(
        answer["record"],
        json!({
            "birthName": "Muster-Linde",
            "maritalStatus": { "code": "VH", "name": "verheiratet" },
            "religion": { "code": "rk", "name": "römisch-katholisch" },
        })
    );
}

#[tokio::test]
async fn relatives_of_a_family() {
    let sandbox = start().await;
    let record = &ask(&sandbox, erika(), &["spouse", "children"]).await["record"];
    assert_eq!(record["spouse"]["firstNames"], json!(["Max"]));
    assert_eq!(record["children"][0]["firstNames"], json!(["Nele", "Sofia"]));
    let nele = person("Beispiel-Ahorn", "Nele Sofia", "2016-02-29", address("Musterweg", "12", "40667"));
    let record = &ask(&sandbox, nele, &["representatives"]).await["record"];
    let names: Vec<&Value> =
        record["representatives"].as_array().unwrap().iter().map(|r| &r["firstNames"][0]).collect();
    assert_eq!(names, ["Erika", "Max"]);
    assert_eq!(record["representatives"][0]["address"]["street"], "Musterweg");
}

#[tokio::test]
async fn spellings_that_mean_the_same() {
    let sandbox = start().await;
    for same in [
        person("BEISPIEL-AHORN", " erika  MARIA ", "1984-06-12", address("MUSTERWEG", "12", "40667")),
        person("Beispiel-Ahorn", "Erika Maria", "1984-06-12", address("Musterweg 12", "", "40667")),
        person(
            "Mu\u{302}ste\u{328}r\u{30c}\u{f8}va\u{301}-S\u{302}pec\u{30c}ia\u{304}l\u{327}",
            "Łucja Þóra G\u{30c}a\u{304}zi\u{304}",
            "1979-12-24",
            address("Vorlagenweg", "3", "40670"),
        ),
        json!({ "familyName": "Beispiel-Ahorn", "firstNames": ["Erika", "Maria"], "birthDate": "1984-06-12",
                "address": address("Musterweg", "12", "40667") }),
    ] {
        let shown = same.to_string();
        assert_eq!(result(&sandbox, same).await, "match", "{shown}");
    }
}

#[tokio::test]
async fn each_single_difference_is_shown_with_both_values() {
    let sandbox = start().await;
    for (field, given, register, changed) in [
        ("familyName", "Beispiel-Ahörn", "Beispiel-Ahorn", json!("Beispiel-Ahörn")),
        ("firstNames", "Erika", "Erika Maria", json!("Erika")),
        ("birthDate", "1984-06-13", "1984-06-12", json!("1984-06-13")),
        (
            "address",
            "Musterallee 1, 40667 Meerbusch",
            "Musterweg 12, 40667 Meerbusch",
            address("Musterallee", "1", "40667"),
        ),
    ] {
        let mut person = erika();
        person[field] = changed;
        let answer = ask(&sandbox, person, &["base", "religion"]).await;
        assert_eq!(answer["result"], "differs");
        assert_eq!(answer["differences"], json!([{ "field": field, "given": given, "register": register }]));
        assert_eq!(answer.get("record"), None);
    }
}

#[tokio::test]
async fn two_differences_are_nobody() {
    let sandbox = start().await;
    let mut person = erika();
    person["birthDate"] = json!("1984-06-13");
    person["address"] = address("Musterallee", "1", "40667");
    assert_eq!(result(&sandbox, person).await, "not_found");
}

#[tokio::test]
async fn people_with_unusual_names_and_dates() {
    let sandbox = start().await;
    let surya = address("Beispielallee", "44", "40670");
    for person in [
        json!({ "familyName": "Mustersurya", "birthDate": "1990-08-17", "address": surya }),
        json!({ "familyName": "", "firstNames": "Mustersurya", "birthDate": "1990-08-17", "address": surya }),
        json!({ "familyName": "Mustersurya", "firstNames": "", "birthDate": "1990-08-17", "address": surya }),
        person("ö", "å", "2001-05-03", address("Musterdeich", "1", "40668")),
        json!({ "familyName": "Probe-Namenlos", "birthDate": "1988-02-14", "address": address("Beispielgasse", "9", "40670") }),
        person("Beispiel-Quitte", "Fatima", "1950", address("Probestr.", "15", "40668")),
        person("Beispiel-Quitte", "Fatima", "1950-00-00", address("Probestrasse", "15", "40668")),
        person("Probe-Weizen", "Yusuf", "1950-03", address("Probestraße", "17", "40668")),
        person("Vorlage-Kiesel", "Amir", "0000-00-00", address("Testweg", "2", "40668")),
        person("Vorlage-Möwe", "Lars Henrik", "1998-06-06", address("Beispieldeich", "13", "40668")),
    ] {
        let shown = person.to_string();
        assert_eq!(result(&sandbox, person).await, "match", "{shown}");
    }
    let answer =
        ask(&sandbox, person("Beispiel-Quitte", "Fatima", "1950", address("Probeweg", "15", "40668")), &["base"]).await;
    assert_eq!(answer["result"], "differs");
    let partial = person("Beispiel-Quitte", "Fatima", "1950-01-01", address("Probestraße", "15", "40668"));
    let answer = ask(&sandbox, partial, &["base"]).await;
    assert_eq!(answer["differences"][0]["register"], "1950-00-00");
}

#[tokio::test]
async fn a_person_who_moved_away_has_no_address() {
    let sandbox = start().await;
    let answer =
        ask(&sandbox, person("Test-Schilf", "Svenja", "1995-07-19", address("Probierweg", "6", "40668")), &["base"])
            .await;
    assert_eq!(answer["result"], "differs");
    assert_eq!(answer["differences"][0]["register"], "verzogen am 30.09.2025");
}

#[tokio::test]
async fn several_candidates_are_ambiguous() {
    let sandbox = start().await;
    let namesake = person("Muster-Klee", "Thomas", "1975-10-10", address("Neuweg", "2", "40667"));
    let twin = person("Test-Amsel", "Mea", "2004-04-04", address("Beispielweg", "22", "40670"));
    for person in [namesake, twin] {
        let answer = bare(ask(&sandbox, person, &["base"]).await);
        assert_eq!(answer, json!({ "result": "ambiguous", "differences": [] }));
    }
    let known = person("Muster-Klee", "Thomas", "1975-10-10", address("Musterfeld", "19", "40668"));
    assert_eq!(result(&sandbox, known).await, "match");
}

#[tokio::test]
async fn a_blocked_person_is_known_on_a_full_match_only_and_without_a_hint() {
    let sandbox = start().await;
    let nobody = bare(
        ask(&sandbox, person("Probe-Niemand", "Nina", "1990-01-01", address("Nirgendweg", "1", "40667")), &["base"])
            .await,
    );
    assert_eq!(nobody, json!({ "result": "not_found", "differences": [] }));
    for (field, changed) in [
        ("familyName", json!("Beispiel-Wachholder")),
        ("firstNames", json!("Carla")),
        ("birthDate", json!("1992-05-26")),
        ("address", address("Vormalsweg", "2", "99999")),
        ("address", Value::Null),
    ] {
        let mut person = blocked();
        person[field] = changed;
        assert_eq!(bare(ask(&sandbox, person, &["base", "spouse", "children"]).await), nobody, "{field}");
    }
    let all = [
        "base",
        "birthName",
        "birthPlace",
        "formerAddresses",
        "nationality",
        "maritalStatus",
        "religion",
        "spouse",
        "children",
        "representatives",
    ];
    let own = ask(&sandbox, blocked(), &all).await;
    assert_eq!(own["result"], "match");
    let other = ask(&sandbox, erika(), &all).await;
    let mut keys: Vec<&String> = own["record"].as_object().unwrap().keys().collect();
    let others: Vec<&String> = other["record"].as_object().unwrap().keys().collect();
    keys.retain(|key| !others.contains(key));
    assert_eq!(keys, Vec::<&String>::new(), "a blocked person's record has a key that others do not have");
}

#[tokio::test]
async fn relatives_of_a_blocked_person_do_not_show_that_person() {
    let sandbox = start().await;
    let paul = person("Beispiel-Wacholder", "Paul", "1990-03-08", address("Beispielring", "31", "40667"));
    let answer = ask(&sandbox, paul, &["base", "maritalStatus", "spouse", "children"]).await;
    assert_eq!(answer["record"].get("spouse"), None);
    assert_eq!(answer["record"]["children"][0]["firstNames"], json!(["Ida"]));
    assert!(!answer.to_string().contains("Carla"));
    let ida = person("Beispiel-Wacholder", "Ida", "2018-11-11", address("Beispielring", "31", "40667"));
    let answer = ask(&sandbox, ida, &["base", "representatives"]).await;
    assert_eq!(answer["record"]["representatives"].as_array().unwrap().len(), 1);
    assert!(!answer.to_string().contains("Carla"));
}

#[tokio::test]
async fn the_dead_are_unknown() {
    let sandbox = start().await;
    let otto = person("Muster-Ulme", "Otto", "1931-04-02", address("Musterplatz", "5", "40667"));
    assert_eq!(result(&sandbox, otto).await, "not_found");
    let helga = person("Muster-Ulme", "Helga", "1934-10-21", address("Musterplatz", "5", "40667"));
    let answer = ask(&sandbox, helga, &["spouse"]).await;
    assert_eq!((answer["result"].as_str(), answer["record"].get("spouse")), (Some("match"), None));
}

#[tokio::test]
async fn every_answer_takes_the_same_time_at_least() {
    let least = Duration::from_millis(60);
    let sandbox = sandbox::start(sandbox::Config { register_answer_time: least, ..config() }).await.unwrap();
    let mut nearly_blocked = blocked();
    nearly_blocked["address"] = address("Vormalsweg", "2", "99999");
    for person in [erika(), blocked(), nearly_blocked, person("Probe-Niemand", "Nina", "1990-01-01", Value::Null)] {
        let started = Instant::now();
        ask(&sandbox, person, &["base"]).await;
        assert!(started.elapsed() >= least);
    }
}

#[tokio::test]
async fn generated_residents_match_with_their_own_data() {
    let sandbox = start().await;
    for (ags, token, at_least) in
        [(MEERBUSCH, REGISTER_TOKEN, 2_000), (MUSTERSTADT, "sandbox-register-musterstadt", 1_800)]
    {
        let all = get(&format!("{}/sandbox/residents?ags={ags}&limit=5000", sandbox.base_url)).await.json();
        let all = all.as_array().unwrap();
        assert!(all.len() >= at_least, "{}", all.len());
        for resident in all.iter().step_by(37) {
            let question = json!({ "requestId": fresh(), "purpose": "Test", "person": resident, "fields": ["base"] });
            let url = format!("{}/register/{ags}/population/match", sandbox.base_url);
            let answer = post_json(&url, token, &question).await.json();
            assert_eq!(answer["result"], "match", "{resident}");
        }
    }
}

#[tokio::test]
async fn a_repeated_question_gets_the_same_answer() {
    let sandbox = start().await;
    let question = json!({ "requestId": "r-1", "purpose": "Test", "person": erika(), "fields": ["base"] });
    let first = post_json(&population(&sandbox), REGISTER_TOKEN, &question).await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    let second = post_json(&population(&sandbox), REGISTER_TOKEN, &question).await;
    assert_eq!(first.body, second.body);
    let mut other = question.clone();
    other["fields"] = json!(["base", "religion"]);
    assert_eq!(post_json(&population(&sandbox), REGISTER_TOKEN, &other).await.status, 409);
}

#[tokio::test]
async fn only_the_city_itself_may_ask() {
    let sandbox = start().await;
    let question = json!({ "requestId": fresh(), "purpose": "Test", "person": erika() });
    for token in ["", "sandbox-register-meerbusc", "sandbox-register-musterstadt", "sandbox-kasse-meerbusch"] {
        let reply = post_json(&population(&sandbox), token, &question).await;
        assert_eq!((reply.status, reply.headers["www-authenticate"].to_str().unwrap()), (401, "Bearer"), "{token:?}");
    }
    let json_only = [("content-type", "application/json")];
    let reply = send("POST", &population(&sandbox), &json_only, question.to_string()).await.unwrap();
    assert_eq!(reply.status, 401);
    // Without a token, nothing is said about the body either.
    assert_eq!(post_raw(&population(&sandbox), "wrong", "{").await.status, 401);
    let unknown = population(&sandbox).replace(MEERBUSCH, "05000000");
    assert_eq!(post_json(&unknown, REGISTER_TOKEN, &question).await.status, 401);
}

#[tokio::test]
async fn bad_questions_are_refused() {
    let sandbox = start().await;
    let good = json!({ "requestId": "x", "purpose": "Test", "person": erika(), "fields": ["base"] });
    let changed = |pointer: &str, value: Value| {
        let mut question = good.clone();
        *question.pointer_mut(pointer).unwrap() = value;
        question.to_string()
    };
    let long = "ä".repeat(401);
    for body in [
        String::new(),
        "{".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "\u{0}".to_owned(),
        "[".repeat(10_000),
        good.to_string().replace("\"purpose\"", "\"purrpose\""),
        changed("/requestId", json!("")),
        changed("/requestId", json!("ü")),
        changed("/requestId", json!("x".repeat(65))),
        changed("/requestId", json!(7)),
        changed("/purpose", json!(" ")),
        changed("/fields", json!([])),
        changed("/fields", json!(["everything"])),
        changed("/person/birthDate", json!("12.06.1984")),
        changed("/person/birthDate", json!("1984-02-30")),
        changed("/person/birthDate", json!(null)),
        changed("/person/familyName", json!(long)),
        changed("/person/familyName", json!("Beispiel\u{0}Ahorn")),
        changed("/person", json!({ "birthDate": "1984-06-12" })),
        changed("/person", json!({ "familyName": " ", "firstNames": "", "birthDate": "1984-06-12" })),
        changed("/person/address", json!({ "street": "Musterweg" })),
        changed("/person/address", json!("Musterweg 12")),
    ] {
        let reply = post_raw(&population(&sandbox), REGISTER_TOKEN, body.clone()).await;
        assert_eq!(reply.status, 400, "{body}");
        assert_eq!(reply.json()["status"], 400);
    }
    let huge = changed("/purpose", json!("x".repeat(300_000)));
    assert_eq!(post_raw(&population(&sandbox), REGISTER_TOKEN, huge).await.status, 413);
    let bearer = format!("Bearer {REGISTER_TOKEN}");
    let text = [("authorization", bearer.as_str()), ("content-type", "text/plain")];
    assert_eq!(send("POST", &population(&sandbox), &text, good.to_string()).await.unwrap().status, 415);
    assert_eq!(send("GET", &population(&sandbox), &text, "").await.unwrap().status, 405);
    assert_eq!(post_raw(&population(&sandbox), REGISTER_TOKEN, vec![0xff; 10]).await.status, 400);
    assert_eq!(post_raw(&population(&sandbox), REGISTER_TOKEN, good.to_string()).await.json()["result"], "match");
}

async fn look_up(sandbox: &Running, question: Value) -> Reply {
    let mut question = question;
    question["requestId"] = json!(fresh());
    post_json(&civil(sandbox), REGISTER_TOKEN, &question).await
}

#[tokio::test]
async fn civil_registers_say_whether_there_is_an_entry_and_nothing_else() {
    let sandbox = start().await;
    let birth = |family_name: &str, first_names: &str, date: &str| {
        json!({ "event": "birth", "date": date, "place": "Meerbusch",
                "person": { "familyName": family_name, "firstNames": first_names } })
    };
    let marriage = |person: (&str, &str), partner: (&str, &str), date: &str| {
        json!({ "event": "marriage", "date": date,
                "person": { "familyName": person.0, "firstNames": person.1 },
                "partner": { "familyName": partner.0, "firstNames": partner.1 } })
    };
    let erika = ("Beispiel-Ahorn", "Erika Maria");
    for (question, expected) in [
        (birth("Beispiel-Ahorn", "Erika Maria", "1984-06-12"), "found"),
        (birth("muster-linde", "ERIKA MARIA", "1984"), "found"),
        (birth("Beispiel-Ahorn", "Erika Maria", "1984-06-13"), "not_found"),
        (birth("Beispiel-Ahorn", "Erika", "1984-06-12"), "not_found"),
        (birth("Beispiel-Ahorn", "Max", "1982-11-30"), "not_found"),
        (birth("Probe-Kastanie", "Emil", "1999-12-31"), "needs_registrar"),
        (birth("Vorlage-Dachs", "Rosa", "1985-01-17"), "blocked"),
        (birth("Muster-Ulme", "Otto", "1931-04-02"), "found"),
        (marriage(erika, ("Beispiel-Ahorn", "Max"), "2014-08-22"), "found"),
        (marriage(("Beispiel-Ahorn", "Max"), ("Muster-Linde", "Erika Maria"), "2014-08-22"), "found"),
        (marriage(erika, ("Beispiel-Ahorn", "Moritz"), "2014-08-22"), "not_found"),
        (marriage(erika, erika, "2014-08-22"), "not_found"),
        (
            json!({ "event": "partnership", "date": "2006-06", "person": { "familyName": "Test-Drossel", "firstNames": "Petra Luise" } }),
            "found",
        ),
        (
            json!({ "event": "death", "date": "2025-02-11", "person": { "familyName": "Muster-Ulme", "firstNames": "Otto" } }),
            "found",
        ),
        (
            json!({ "event": "death", "date": "2025", "person": { "familyName": "Muster-Ulme", "firstNames": "Helga" } }),
            "not_found",
        ),
    ] {
        let reply = look_up(&sandbox, question.clone()).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(bare(reply.json()), json!({ "result": expected }), "{question}");
    }
}

#[tokio::test]
async fn the_place_has_to_be_the_city_or_a_district() {
    let sandbox = start().await;
    for (place, expected) in [
        ("meerbusch", "found"),
        ("Büderich", "found"),
        ("Meerbusch-Lank-Latum", "found"),
        ("", "found"),
        ("Beispielstadt", "not_found"),
        ("Meerbusch-Beispielstadt", "not_found"),
    ] {
        let question = json!({ "event": "birth", "date": "1984-06-12", "place": place,
                               "person": { "familyName": "Muster-Linde", "firstNames": "Erika Maria" } });
        assert_eq!(look_up(&sandbox, question).await.json()["result"], expected, "{place}");
    }
}

#[tokio::test]
async fn bad_lookups_are_refused() {
    let sandbox = start().await;
    let erika = json!({ "familyName": "Muster-Linde", "firstNames": "Erika Maria" });
    for question in [
        json!({ "event": "baptism", "date": "1984-06-12", "person": erika }),
        json!({ "event": "birth", "date": "0000-00-00", "person": erika }),
        json!({ "event": "birth", "person": erika }),
        json!({ "event": "birth", "date": "1984-06-12", "person": {} }),
        json!({ "event": "birth", "date": "1984-06-12", "person": erika, "partner": {} }),
        json!({ "event": "birth", "date": "1984-06-12", "person": erika, "place": "\n" }),
        json!({ "event": "birth", "date": "1984-06-12", "person": erika, "registerData": true }),
    ] {
        assert_eq!(look_up(&sandbox, question.clone()).await.status, 400, "{question}");
    }
    let question = json!({ "requestId": "c-1", "event": "birth", "date": "1984-06-12", "person": erika });
    assert_eq!(post_json(&civil(&sandbox), "wrong", &question).await.status, 401);
    let first = post_json(&civil(&sandbox), REGISTER_TOKEN, &question).await;
    assert_eq!(post_json(&civil(&sandbox), REGISTER_TOKEN, &question).await.body, first.body);
    assert_eq!(post_raw(&civil(&sandbox), REGISTER_TOKEN, vec![b' '; 300_000]).await.status, 413);
}
