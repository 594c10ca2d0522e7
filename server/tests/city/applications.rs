//! Applications by the hundred: the shortest way through the forms, one request per page, as a guest on paper.

use std::io;

use kernel::CaseId;
use testkit::{Browser, Page};

/// The pages of a guest's Meldebescheinigung on paper with answers that no two people share.
fn pages(number: usize) -> Vec<(&'static str, Vec<(&'static str, String)>)> {
    let text = |value: &str| value.to_owned();
    vec![
        ("fuer-wen", vec![("fuer_wen", text("selbst"))]),
        ("art", vec![("art", text("einfach"))]),
        ("papier", vec![("papier_weiter", text("papier"))]),
        (
            "person",
            vec![
                ("familienname", format!("Muster-{}", letters(number))),
                ("vornamen", text("Mia")),
                ("geburtsdatum", (number % 28 + 1).to_string()),
                ("geburtsdatum-month", (number / 28 % 12 + 1).to_string()),
                ("geburtsdatum-year", (1940 + number % 60).to_string()),
            ],
        ),
        (
            "anschrift",
            vec![
                ("anschrift", text("Beispielweg")),
                ("anschrift-house-number", (number % 300 + 1).to_string()),
                ("anschrift-postal-code", text("40667")),
                ("anschrift-city", text("Meerbusch")),
            ],
        ),
        ("erklaerung", vec![("erklaerung", text("ja"))]),
    ]
}

/// A number as letters: names hold no digits.
fn letters(mut number: usize) -> String {
    let mut word = String::from("A");
    while number > 0 {
        word.push(char::from(b'a' + u8::try_from(number % 26).unwrap()));
        number /= 26;
    }
    word
}

/// A draft that only waits to be sent off.
pub struct Ready {
    pub browser: Browser,
    /// Where it is sent off, and the revision that the page to check would name.
    pub action: String,
    pub revision: String,
}

/// Begins an application and answers its pages.
///
/// # Errors
/// The program went away meanwhile.
pub async fn fill_in(mut browser: Browser, number: usize) -> io::Result<Ready> {
    let begun = browser.try_post("/leistungen/meldebescheinigung/antrag", &[]).await?;
    let draft = begun.location.clone().unwrap_or_else(|| panic!("no draft was begun: {begun:?}"));
    let pages = pages(number);
    for (revision, (step, answers)) in pages.iter().enumerate() {
        let revision = revision.to_string();
        let mut fields = vec![("stand", revision.as_str())];
        fields.extend(answers.iter().map(|(name, value)| (*name, value.as_str())));
        let taken = browser.try_post(&format!("{draft}/{step}"), &fields).await?;
        assert_eq!(taken.status, 303, "page {step} was not taken: {}", taken.body);
    }
    Ok(Ready { browser, action: format!("{draft}/absenden"), revision: pages.len().to_string() })
}

impl Ready {
    /// Sends the application off; the case is what the answer acknowledges. May be asked again for the same case.
    ///
    /// # Errors
    /// The program went away before it answered.
    pub async fn send_off(&mut self) -> io::Result<CaseId> {
        let sent = self.browser.try_post(&self.action, &[("stand", &self.revision)]).await?;
        Ok(acknowledged(&sent))
    }
}

/// The case that the answer to a submission leads to.
fn acknowledged(sent: &Page) -> CaseId {
    let receipt = sent.location.as_deref().filter(|_| sent.status == 303).unwrap_or_default();
    let case = receipt.strip_prefix("/vorgang/").and_then(|rest| rest.strip_suffix("/eingang"));
    case.and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("no receipt: {} {receipt} {}", sent.status, sent.body))
}
