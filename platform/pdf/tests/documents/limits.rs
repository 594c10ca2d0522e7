use std::time::{Duration, Instant};

use pdf::{Limits, Meta, Press, PrintError};
use serde_json::json;

use crate::{PRESS, meta, template};

#[test]
fn data_is_an_object_of_bounded_size() {
    let probe = template("Text");
    for data in [json!(null), json!([]), json!("x"), json!(1)] {
        assert_eq!(PRESS.print(&probe, &data, &meta()).unwrap_err(), PrintError::DataNotAnObject);
    }
    let small = PRESS.with_limits(Limits { data_bytes: 20, ..Limits::default() });
    assert!(small.print(&probe, &json!({ "a": "12345678" }), &meta()).is_ok());
    let error = small.print(&probe, &json!({ "a": "1234567890123" }), &meta()).unwrap_err();
    assert_eq!(error, PrintError::DataTooLarge { bytes: 21, limit: 20 });
}

#[test]
fn pages_are_bounded() {
    let small = PRESS.with_limits(Limits { pages: 3, ..Limits::default() });
    let pages = |n: u32| template(&format!("#for i in range({n}) {{ page[Seite #i] }}"));
    assert!(small.print(&pages(3), &json!({}), &meta()).is_ok());
    let error = small.print(&pages(4), &json!({}), &meta()).unwrap_err();
    assert_eq!(error, PrintError::TooManyPages { pages: 4, limit: 3 });
}

fn hasty_press() -> Press {
    let press = Press::new(pdf::bundled_fonts()).unwrap();
    press.with_limits(Limits { time: Duration::from_millis(200), ..Limits::default() })
}

#[test]
fn a_template_that_takes_too_long_costs_its_caller_only_the_time_allowed() {
    let hasty = hasty_press();
    let endless = template("#for a in range(10000) { for b in range(10000) { let c = a * b } }");
    for _ in 0..2 {
        let start = Instant::now();
        let error = hasty.print(&endless, &json!({}), &meta()).unwrap_err();
        assert_eq!(error, PrintError::TimedOut(Duration::from_millis(200)));
        assert!(start.elapsed() < Duration::from_secs(5));
    }
    // Both still run their loops; a third must not take the last processor.
    assert_eq!(hasty.print(&endless, &json!({}), &meta()).unwrap_err(), PrintError::Busy);
    assert!(PRESS.print(&template("Text"), &json!({}), &meta()).is_ok(), "other presses are not held up");
}

/// Measuring ten million texts would take many minutes; the press is free again as soon as it is stopped.
#[test]
fn layout_without_end_is_stopped() {
    let hasty = hasty_press();
    let endless =
        template("#context for a in range(10000) { for b in range(1000) { let _ = measure[Text #a und #b] } }");
    for _ in 0..2 {
        let error = hasty.print(&endless, &json!({}), &meta()).unwrap_err();
        assert_eq!(error, PrintError::TimedOut(Duration::from_millis(200)));
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    let patient = hasty.with_limits(Limits::default());
    while let Err(error) = patient.print(&template("Text"), &json!({}), &meta()) {
        assert_eq!(error, PrintError::Busy);
        assert!(Instant::now() < deadline, "the press did not recover");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_document_says_who_made_it_and_when() {
    let probe = template("Text");
    let print = |meta: Meta| PRESS.print(&probe, &json!({}), &meta).map(drop);
    assert_eq!(print(meta()), Ok(()));
    assert_eq!(print(Meta { lang: "de", ..meta() }), Ok(()));
    let wrong = |field, problem| Err(PrintError::Meta { field, problem });
    assert_eq!(print(Meta { title: " ", ..meta() }), wrong("title", "empty"));
    assert_eq!(print(Meta { author: "", ..meta() }), wrong("author", "empty"));
    assert_eq!(print(Meta { id: "", ..meta() }), wrong("id", "empty"));
    assert_eq!(print(Meta { title: "a\nb", ..meta() }), wrong("title", "not a single line of text"));
    assert_eq!(print(Meta { title: &"x".repeat(1001), ..meta() }), wrong("title", "too long"));
    for lang in ["", "d", "deutsch", "de-", "de-D\u{fc}", "de-DE-x", "d\"e"] {
        assert_eq!(print(Meta { lang, ..meta() }), wrong("lang", "not a language such as de or de-DE"), "{lang}");
    }
    let before_christ = jiff::Timestamp::MIN;
    assert_eq!(print(Meta { created: before_christ, ..meta() }), wrong("created", "not a date a PDF can hold"));
}
