use askama::Template;
use axum::Form;
use house::{Answer, Csv, Path, Req};
use kernel::{Date, Error};
use serde::Deserialize;
use ui::Page;

use crate::{
    model::{Guidelines, Paragraph, Share, Version},
    perm, service, store,
};

const HERE: &str = "/intern/richtlinien";

/// A paragraph, ready to be shown.
struct Line<'a> {
    paragraph: &'a Paragraph,
    /// The version in force, or the first one to come.
    version: &'a Version,
    in_force: bool,
    acknowledged: bool,
    others: Vec<&'a Version>,
}

#[derive(Template)]
#[template(path = "paragraphs.html")]
struct Paragraphs<'a> {
    page: &'a Page,
    lines: Vec<Line<'a>>,
    may_count: bool,
}

fn line<'a>(paragraph: &'a Paragraph, today: Date, known: &[store::Acknowledgement]) -> Option<Line<'a>> {
    let now = paragraph.on(today);
    let version = now.or_else(|| paragraph.versions.first())?;
    Some(Line {
        paragraph,
        version,
        in_force: now.is_some(),
        acknowledged: service::is_known(known, &paragraph.key, version.version),
        others: paragraph.versions.iter().rev().filter(|other| other.version != version.version).collect(),
    })
}

/// What a paragraph governs, in words.
fn governed(page: &Page, paragraph: &Paragraph) -> String {
    let names =
        paragraph.governs.iter().map(|button| page.t(&format!("guidelines-button-{}", button.replace('.', "-"))));
    names.collect::<Vec<_>>().join(", ")
}

pub async fn paragraphs(rq: Req) -> Answer {
    let guidelines = Guidelines::of(&rq.city.content)?;
    let staff = rq.cx.actor.staff().ok_or(Error::StaffSignIn)?;
    let known = store::of(&mut rq.city.db.read().await?, staff).await?;
    let today = rq.cx.today();
    let lines = guidelines.paragraphs.iter().filter_map(|paragraph| line(paragraph, today, &known)).collect();
    let page = rq.page("guidelines-title");
    rq.html(&Paragraphs { page: &page, lines, may_count: rq.cx.actor.allows(perm::VIEW) })
}

#[derive(Deserialize)]
pub struct Seen {
    #[serde(default)]
    version: i64,
    /// The page that the paragraph stood on.
    #[serde(default)]
    zurueck: String,
}

/// The way back comes from outside: only pages of staff here are followed.
fn back(wanted: &str) -> &str {
    let plain = wanted.len() <= 2000 && wanted.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if wanted.starts_with("/intern/") && plain { wanted } else { HERE }
}

pub async fn acknowledge(rq: Req, Path(key): Path<String>, Form(seen): Form<Seen>) -> Answer {
    db::write!(rq.city.db, |tx| { service::acknowledge(&rq.cx, tx, &key, seen.version).await })?;
    rq.see_other_with(back(&seen.zurueck), "guidelines-done")
}

/// Somebody's own acknowledgements, to take home.
pub async fn own(rq: Req) -> Answer {
    let guidelines = Guidelines::of(&rq.city.content)?;
    let staff = rq.cx.actor.staff().ok_or(Error::StaffSignIn)?;
    let known = store::of(&mut rq.city.db.read().await?, staff).await?;
    let page = rq.untitled();
    let header = ["guidelines-paragraph", "guidelines-field-version", "guidelines-field-at"].map(|key| page.t(key));
    let mut csv = Csv::new(&header.each_ref().map(String::as_str));
    for known in known {
        let title = guidelines.get(&known.paragraph).map_or(known.paragraph.as_str(), |p| p.title.as_str());
        csv.line(&[title, &known.version.to_string(), &page.datetime(known.at)]);
    }
    csv.download("kenntnisnahmen.csv")
}

/// A unit, ready to be shown.
struct Count {
    unit: String,
    people: String,
    text: String,
}

struct Counted<'a> {
    paragraph: &'a Paragraph,
    version: i64,
    units: Vec<Count>,
}

#[derive(Template)]
#[template(path = "counts.html")]
struct Counts<'a> {
    page: &'a Page,
    paragraphs: Vec<Counted<'a>>,
}

fn share(page: &Page, share: Share) -> String {
    match share {
        Share::Hidden => page.t("guidelines-share-hidden"),
        Share::Few => page.t("guidelines-share-few"),
        Share::Most => page.t("guidelines-share-most"),
        Share::Count(n) => page.t1("guidelines-share-count", "n", n),
    }
}

/// How many of each unit have acknowledged the paragraphs in force. Never who, and nothing about small units.
pub async fn counts(rq: Req) -> Answer {
    let guidelines = Guidelines::of(&rq.city.content)?;
    let page = rq.page("guidelines-counts-title");
    let mut rx = rq.city.db.read().await?;
    let mut paragraphs = Vec::new();
    for paragraph in &guidelines.paragraphs {
        let Some(version) = paragraph.on(rq.cx.today()) else { continue };
        let shares = service::shares(&mut rx, &paragraph.key, version.version).await?;
        let units = shares.into_iter().map(|unit| {
            let small = matches!(unit.share, Share::Hidden);
            let people = if small { page.t("guidelines-small") } else { page.number(unit.people) };
            Count { unit: unit.unit, people, text: share(&page, unit.share) }
        });
        paragraphs.push(Counted { paragraph, version: version.version, units: units.collect() });
    }
    drop(rx);
    rq.html(&Counts { page: &page, paragraphs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_staff_are_a_way_back() {
        for path in ["/intern/vorgang/7", "/intern/aussonderung?seite=2"] {
            assert_eq!(back(path), path);
        }
        for path in ["", "//boese.example", "/", "/intern", "https://boese.example", "/intern/\\boese", "/intern/a b"] {
            assert_eq!(back(path), HERE);
        }
    }
}
