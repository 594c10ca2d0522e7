//! Full-text search over many cases and 500 access classes: the index alone, as a page of hits with the exact count.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use kernel::{TenantId, Timestamp, Uuid};
use search::{Card, Change, Index, Place, Question, Readers};

use crate::figures::{Figure, millis, quantile};

const KIND: &str = "case";
const CLASSES: i64 = 500;
/// The first hundred classes share a fiftieth of all cases, the other four hundred the rest.
const SMALL: i64 = 100;
/// Questions per clerk.
const ASKED: u64 = 700;
/// Cases per commit of the filling.
const BATCH: i64 = 50_000;

const FIRST_NAMES: &[&str] = &[
    "Anna", "Bärbel", "Cem", "Dörte", "Emma", "Fatma", "Günther", "Hannah", "Ilse", "Jörg", "Käthe", "Lukas", "Mia",
    "Noah", "Özlem", "Paul", "Quirin", "René", "Søren", "Timo", "Ute", "Vera", "Wolfgang", "Xaver", "Yasmin", "Zoë",
];
const BEGINNINGS: &[&str] = &[
    "Ahorn",
    "Birken",
    "Buchen",
    "Dorn",
    "Eichen",
    "Erlen",
    "Eschen",
    "Fichten",
    "Ginster",
    "Hasel",
    "Holunder",
    "Kiefern",
    "Kirsch",
    "Lärchen",
    "Linden",
    "Mühlen",
    "Nuss",
    "Pappel",
    "Schlehen",
    "Schwarz",
    "Tannen",
    "Ulmen",
    "Wacholder",
    "Weiden",
    "Zedern",
    "Müller",
    "Schmidt",
    "Schäfer",
    "Schneider",
    "Schröder",
];
const ENDS: &[&str] = &[
    "", "bach", "baum", "berg", "blatt", "feld", "garten", "grund", "hain", "haus", "heim", "hof", "kamp", "mann",
    "müller", "rode", "see", "stein", "tal", "wald", "weg", "werth", "wiese", "zweig",
];
/// The first is a third of all.
const SERVICES: &[&str] = &[
    "Meldebescheinigung",
    "Personenstandsurkunde",
    "Geburtsurkunde",
    "Bewohnerparkausweis",
    "Hundesteuer",
    "Wohnberechtigungsschein",
    "Führungszeugnis",
    "Gewerbeanmeldung",
    "Baugenehmigung",
    "Sperrmüllabholung",
];

/// A number that looks like chance and is the same in every run.
fn mixed(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn pick(list: &[&'static str], chance: u64) -> &'static str {
    list[(chance % list.len() as u64) as usize]
}

fn class_of(number: i64) -> i64 {
    if number % 50 == 0 { (number / 50) % SMALL } else { SMALL + (number * 31 + number / 400) % (CLASSES - SMALL) }
}

fn first_name(number: i64) -> &'static str {
    pick(FIRST_NAMES, mixed(number as u64) >> 3)
}

/// One of 520 000 family names; half of the people have one of 720.
fn family_name(number: i64) -> String {
    let chance = mixed(number as u64);
    let part = |chance: u64| format!("{}{}", pick(BEGINNINGS, chance), pick(ENDS, chance >> 8));
    let single = part(chance >> 10);
    if chance.is_multiple_of(2) { single } else { format!("{single}-{}", part(chance >> 30)) }
}

fn service(number: i64) -> &'static str {
    let chance = mixed(number as u64) >> 50;
    if chance.is_multiple_of(3) { SERVICES[0] } else { pick(&SERVICES[1..], chance / 3) }
}

fn reference(number: i64) -> String {
    format!("33.20/2024/{number:06}")
}

fn card(number: i64) -> Result<Card> {
    Ok(Card {
        id: Uuid::from_u128(number as u128),
        cls: class_of(number),
        number: reference(number),
        names: format!("{} {}", first_name(number), family_name(number)),
        text: service(number).to_owned(),
        at: Timestamp::from_second(1_704_063_600 + number * 60)?,
    })
}

/// What the questions ask, in turn.
const SORTS: u64 = 7;

/// A reference, a person, a family name in another spelling, the beginning of one, a service, a service with the
/// beginning of a name, somebody who is not there.
fn question(round: u64, cases: i64) -> String {
    let number = (mixed(round) % cases as u64) as i64;
    let beginning = |letters: usize| family_name(number).chars().take(letters).collect::<String>();
    match round % SORTS {
        0 => reference(number),
        1 => format!("{} {}", first_name(number), family_name(number)),
        2 => family_name(number).replace('ü', "ue").replace('ä', "ae").to_uppercase(),
        3 => beginning(4),
        4 => service(number).to_owned(),
        5 => format!("{} {}", service(number), beginning(3)),
        _ => "Gibtesnicht".to_owned(),
    }
}

pub fn measure(folder: &Path, cases: i64) -> Result<Vec<Figure>> {
    // Kept from run to run: the name says what lies in it.
    let folder = folder.join(format!("search-{cases}"));
    let index = Index::new(folder.clone(), TenantId(1), &[KIND], Arc::new(Readers::new(1)));
    let mut figures = Vec::new();
    let start = Instant::now();
    let filled = fill(&index, cases)?;
    if filled > 0 {
        let per_second = filled as f64 / start.elapsed().as_secs_f64();
        figures.push(Figure::stated("filling the search index", format!("{per_second:.0} cases/s, one thread")));
    }
    figures.push(Figure::stated(format!("search index of {cases} cases"), format!("{} MiB", size(&folder)? >> 20)));

    // 5 of the small classes are a thousandth of all cases, 245 of the large ones about sixty hundredths.
    let little: Vec<i64> = (0..SMALL).step_by(SMALL as usize / 5).collect();
    let much: Vec<i64> = (SMALL..SMALL + 245).collect();
    for (who, classes) in [("scattered", little), ("most", much)] {
        let visible = (0..cases).filter(|number| classes.contains(&class_of(*number))).count();
        let mut times = ask(&index, &classes, cases)?;
        let share = 100.0 * visible as f64 / cases as f64;
        let name = format!("full-text search, {cases} cases, {CLASSES} classes, sees {share:.1} % ({who}), p95");
        let (half, most) = (quantile(&mut times, 0.5), quantile(&mut times, 1.0));
        let mut figure = Figure::at_most(name, quantile(&mut times, 0.95), Duration::from_millis(50));
        figure.measured = format!("{} (p50 {}, worst {})", figure.measured, millis(half), millis(most));
        figures.push(figure);
    }
    Ok(figures)
}

fn ask(index: &Index, classes: &[i64], cases: i64) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for round in 0..ASKED {
        let text = question(round, cases);
        let asked = Question { kind: KIND, classes: classes.to_vec(), text, skip: 0, take: 20 };
        let start = Instant::now();
        let hits = index.find(&asked)?;
        times.push(start.elapsed());
        ensure!(hits.total >= hits.ids.len() && !hits.building, "the index is not complete");
        let somebody = round % SORTS == 4;
        ensure!(!somebody || hits.total > 0, "nobody finds {}", asked.text);
    }
    Ok(times)
}

/// Puts the cases in that are missing; answers how many.
fn fill(index: &Index, cases: i64) -> Result<i64> {
    let begun = index.state()?.place.seq;
    let at = |seq: i64| Place { seq, entry: Uuid::from_u128(seq as u128) };
    let mut from = begun;
    while from < cases {
        let upto = (from + BATCH).min(cases);
        let cards = (from..upto).map(|n| Ok((KIND, card(n)?))).collect::<Result<Vec<_>>>()?;
        let change = Change { of: &[], cards: &cards, from: at(from), to: at(upto), caught_up: upto == cases };
        ensure!(index.write(&change)?, "another program writes the index");
        from = upto;
    }
    Ok(cases - begun)
}

fn size(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        sum += entry?.metadata()?.len();
    }
    Ok(sum)
}
