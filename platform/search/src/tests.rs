use std::{path::Path, sync::Arc};

use kernel::{TenantId, Timestamp, Uuid};
use tempfile::TempDir;

use crate::{Card, Change, Hits, Index, Place, Question, Readers};

struct Fixture {
    index: Index,
    folder: TempDir,
}

fn index_at(folder: &Path, tenant: i64) -> Index {
    Index::new(folder.join("search"), TenantId(tenant), &["case"], Arc::new(Readers::new(2)))
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { index: index_at(folder.path(), 1), folder }
    }

    /// Looks at these cases: those with a card are there, the others are gone.
    fn look(&self, ids: &[u128], cards: &[Card]) {
        let from = self.index.state().unwrap().place;
        let of: Vec<_> = ids.iter().map(|id| ("case", Uuid::from_u128(*id))).collect();
        let cards: Vec<_> = cards.iter().map(|card| ("case", card.clone())).collect();
        let change = Change { of: &of, cards: &cards, from, to: place(from.seq + 1), caught_up: true };
        assert!(self.index.write(&change).unwrap());
    }

    fn put(&self, cards: &[Card]) {
        let ids: Vec<u128> = cards.iter().map(|card| card.id.as_u128()).collect();
        self.look(&ids, cards);
    }

    fn find(&self, classes: &[i64], text: &str) -> Vec<u128> {
        let hits = self.ask(classes, text, 0, 50);
        assert_eq!(hits.total, hits.ids.len(), "{text}");
        assert!(!hits.building);
        hits.ids.iter().map(Uuid::as_u128).collect()
    }

    fn ask(&self, classes: &[i64], text: &str, skip: usize, take: usize) -> Hits {
        let classes = classes.to_vec();
        self.index.find(&Question { kind: "case", classes, text: text.to_owned(), skip, take }).unwrap()
    }

    /// Whether this word lies in a file of the index, also among those of deleted cards. Files that no part of the
    /// index uses any more count as such.
    fn on_disk(&self, word: &str) -> bool {
        let folder = self.folder.path().join("search");
        let open = Readers::new(1).get(&folder).unwrap();
        let searcher = open.reader.searcher();
        let used: Vec<String> = searcher.segment_readers().iter().map(|s| s.segment_id().uuid_string()).collect();
        let files = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let unused = files
            .filter(|name| name.ends_with(".term"))
            .any(|name| !used.iter().any(|segment| name.starts_with(segment)));
        unused
            || searcher.segment_readers().iter().any(|segment| {
                let words = segment.inverted_index(open.fields.word).unwrap();
                let mut keys = words.terms().stream().unwrap();
                std::iter::from_fn(|| keys.next().map(|(key, _)| key.ends_with(word.as_bytes()))).any(|has| has)
            })
    }
}

fn place(seq: i64) -> Place {
    Place { seq, entry: Uuid::from_u128(seq as u128) }
}

fn card(id: u128, cls: i64, names: &str, text: &str) -> Card {
    Card {
        id: Uuid::from_u128(id),
        cls,
        number: format!("33.20/2026/{id:06}"),
        names: names.to_owned(),
        text: text.to_owned(),
        at: Timestamp::from_second(i64::try_from(id).unwrap()).unwrap(),
    }
}

#[test]
fn umlauts_inflections_and_beginnings_are_found() {
    let f = Fixture::new();
    f.put(&[
        card(1, 7, "Jörg Müller", "Meldebescheinigung"),
        card(2, 7, "Anna Beispiel", "Anträge auf Geburtsurkunden"),
    ]);
    for text in ["Müller", "mueller", "MULLER", "Mu\u{308}ller", "Jörg Müller", "müller joerg", "Mül", "mue"] {
        assert_eq!(f.find(&[7], text), [1], "{text}");
    }
    for text in ["Antrag", "antraege", "Geburtsurkunde", "geburtsurkunden Anna", "Anna Geb"] {
        assert_eq!(f.find(&[7], text), [2], "{text}");
    }
    // Only the last word may go on, and only from three letters.
    for text in ["Mü", "Mül Jörg", "Müller Beispiel", "", "  ", "–"] {
        assert_eq!(f.find(&[7], text), [], "{text}");
    }
    // Names have no stem.
    assert_eq!(f.find(&[7], "Müll Jörg"), []);
}

#[test]
fn a_reference_leads_to_its_case_alone() {
    let f = Fixture::new();
    f.put(&[card(42, 7, "A", "x"), card(142, 7, "B", "y"), card(2026, 7, "C", "33.20/2026/000042")]);
    assert_eq!(f.find(&[7], "33.20/2026/000042"), [42]);
    assert_eq!(f.find(&[7], " 33.20 / 2026 / 000042"), [42]);
    assert_eq!(f.find(&[7], "000142"), [142]);
    assert_eq!(f.find(&[7], "142"), [142]);
    assert_eq!(f.find(&[7], "33.20/2026/000043"), []);
    // Where it may not be seen, it is as if it were not there: the words decide.
    f.put(&[card(42, 8, "A", "x")]);
    assert_eq!(f.find(&[7], "33.20/2026/000042"), [2026]);
}

#[test]
fn other_classes_are_neither_found_nor_counted() {
    let f = Fixture::new();
    let all: Vec<Card> = (1..=60).map(|n| card(n, i64::try_from(n).unwrap() % 3, "Erika Muster", "Ausweis")).collect();
    f.put(&all);
    for (classes, total) in [(&[0][..], 20), (&[1, 2], 40), (&[2, 1, 2], 40), (&[0, 1, 2], 60), (&[9], 0), (&[], 0)] {
        for text in ["Muster", "Ausweis", "erika aus"] {
            let hits = f.ask(classes, text, 0, 10);
            assert_eq!((hits.total, hits.ids.len()), (total, total.min(10)), "{classes:?} {text}");
        }
    }
    // Negative numbers are classes too.
    f.put(&[card(99, -5, "Erika Muster", "Ausweis")]);
    assert_eq!(f.find(&[-5], "muster"), [99]);
}

#[test]
fn pages_go_from_the_newest_to_the_oldest() {
    let f = Fixture::new();
    for n in 1..=25 {
        f.put(&[card(n, 1, "Muster", "Ausweis")]);
    }
    let ids = |hits: Hits| hits.ids.iter().map(Uuid::as_u128).collect::<Vec<_>>();
    assert_eq!(ids(f.ask(&[1], "muster", 0, 10)), (16..=25).rev().collect::<Vec<_>>());
    assert_eq!(ids(f.ask(&[1], "muster", 20, 10)), (1..=5).rev().collect::<Vec<_>>());
    assert_eq!(f.ask(&[1], "muster", 30, 10), Hits { total: 25, ..Hits::default() });
    assert_eq!(f.ask(&[1], "muster", usize::MAX, 10).total, 25);
}

#[test]
fn a_changed_card_replaces_the_old_one() {
    let f = Fixture::new();
    f.put(&[card(1, 1, "Alt", "Ausweis")]);
    f.put(&[card(1, 2, "Neu", "Ausweis")]);
    assert_eq!(f.find(&[1, 2], "alt"), []);
    assert_eq!(f.find(&[1], "neu"), []);
    assert_eq!(f.find(&[2], "ausweis"), [1]);
}

#[test]
fn what_is_gone_is_not_found_and_after_the_purge_not_on_the_disk() {
    let f = Fixture::new();
    f.put(&[card(1, 1, "Zwiebelfisch", "Ausweis"), card(2, 1, "Muster", "Ausweis")]);
    f.put(&[card(3, 1, "Zwiebelfisch", "Ausweis")]);
    // A change leaves the old words in the file.
    f.put(&[card(1, 1, "Zwiebelfisch", "Pass")]);
    assert!(f.on_disk("zwiebelfisch"));
    f.look(&[1, 3], &[]);
    assert_eq!(f.find(&[1], "zwiebelfisch"), []);
    assert_eq!(f.find(&[1], "ausweis"), [2]);
    assert!(f.index.state().unwrap().leftovers);
    assert!(f.index.purge().unwrap());
    assert!(!f.on_disk("zwiebelfisch"));
    assert!(!f.index.state().unwrap().leftovers);
    assert_eq!(f.find(&[1], "ausweis"), [2]);
    assert_eq!(f.index.state().unwrap().place, place(4), "the purge moves nothing on");
}

#[test]
fn cards_and_place_are_committed_together() {
    let f = Fixture::new();
    f.put(&[card(1, 1, "Muster", "Ausweis")]);
    let before = f.index.state().unwrap();
    {
        // What a program that dies here leaves behind: cards added, nothing committed.
        let open = Readers::new(1).get(&f.folder.path().join("search")).unwrap();
        let mut writer: tantivy::IndexWriter = open.index.writer_with_num_threads(1, 15_000_000).unwrap();
        let mut document = tantivy::TantivyDocument::new();
        document.add_bytes(open.fields.word, &crate::find::key(1, "case", crate::find::Sort::Word, "verloren"));
        writer.add_document(document).unwrap();
        writer.prepare_commit().unwrap();
        let change = Change { of: &[], cards: &[], from: before.place, to: place(9), caught_up: true };
        assert!(!f.index.write(&change).unwrap(), "only one writes at a time");
        assert!(!f.index.purge().unwrap());
    }
    let again = index_at(f.folder.path(), 1);
    assert_eq!(again.state().unwrap(), before);
    let question = |text: &str| Question { kind: "case", classes: vec![1], text: text.into(), skip: 0, take: 9 };
    assert_eq!(again.find(&question("verloren")).unwrap().total, 0);
    assert_eq!(again.find(&question("muster")).unwrap().total, 1);
    let change = Change { of: &[], cards: &[], from: place(5), to: place(9), caught_up: true };
    assert!(!again.write(&change).unwrap(), "the index stands elsewhere");
}

/// The folder that the process to be killed writes to.
const FOLDER: &str = "MEER_SEARCH_TEST_FOLDER";

/// Runs inside the next test, until it is killed; does nothing by itself.
#[test]
fn writes_until_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let index = index_at(Path::new(&folder), 1);
    loop {
        let from = index.state().unwrap().place;
        let next = card(u128::try_from(from.seq).unwrap() + 1, 1, "Muster", "Ausweis");
        let change = Change {
            of: &[("case", next.id)],
            cards: &[("case", next.clone())],
            from,
            to: place(from.seq + 1),
            caught_up: true,
        };
        assert!(index.write(&change).unwrap());
    }
}

#[test]
fn a_killed_program_leaves_the_cards_up_to_its_place_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let mut last = 0;
    for kill in 0..12 {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tests::writes_until_killed"])
            .env(FOLDER, folder.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(150 + 37 * kill));
        child.kill().unwrap();
        child.wait().unwrap();
        let index = index_at(folder.path(), 1);
        let place = index.state().unwrap().place;
        assert!(place.seq >= last, "nothing committed is lost");
        last = place.seq;
        let question = Question { kind: "case", classes: vec![1], text: "muster".into(), skip: 0, take: 10_000 };
        let mut ids: Vec<u128> = index.find(&question).unwrap().ids.iter().map(Uuid::as_u128).collect();
        ids.sort_unstable();
        assert_eq!(ids, (1..=u128::try_from(last).unwrap()).collect::<Vec<_>>());
    }
    assert!(last > 0, "it never got to write");
}

#[test]
fn an_index_of_another_city_or_version_or_without_sense_is_made_anew() {
    let f = Fixture::new();
    f.put(&[card(1, 1, "Muster", "Ausweis")]);
    let question = || Question { kind: "case", classes: vec![1], text: "muster".into(), skip: 0, take: 9 };
    let other = index_at(f.folder.path(), 2);
    assert_eq!(other.find(&question()).unwrap(), Hits { building: true, ..Hits::default() });
    assert_eq!(other.state().unwrap().place, Place::START);
    assert!(!other.is_there());
    f.put(&[card(1, 1, "Muster", "Ausweis")]);
    for nonsense in ["", "{}", "nonsense"] {
        std::fs::write(f.folder.path().join("search/meta.json"), nonsense).unwrap();
        assert_eq!(index_at(f.folder.path(), 1).state().unwrap().place, Place::START);
    }
}

#[test]
fn a_folder_that_was_deleted_is_made_anew() {
    let f = Fixture::new();
    f.put(&[card(1, 1, "Muster", "Ausweis")]);
    assert_eq!(f.find(&[1], "muster"), [1]);
    std::fs::remove_dir_all(f.folder.path().join("search")).unwrap();
    assert!(f.ask(&[1], "muster", 0, 9).building);
    assert_eq!(f.index.state().unwrap().place, Place::START);
    f.put(&[card(1, 1, "Muster", "Ausweis")]);
    assert_eq!(f.find(&[1], "muster"), [1]);
}

#[test]
fn a_reader_sees_what_another_process_wrote() {
    let f = Fixture::new();
    f.put(&[card(1, 1, "Muster", "Ausweis")]);
    assert_eq!(f.find(&[1], "muster"), [1]);
    let other = Fixture { index: index_at(f.folder.path(), 1), folder: tempfile::tempdir().unwrap() };
    other.put(&[card(2, 1, "Muster", "Ausweis")]);
    assert_eq!(f.find(&[1], "muster"), [2, 1]);
}

#[test]
fn indexes_that_nobody_uses_are_closed() {
    let folder = tempfile::tempdir().unwrap();
    let readers = Arc::new(Readers::new(2));
    let city = |n: i64| Index::new(folder.path().join(n.to_string()), TenantId(n), &["case"], readers.clone());
    for n in [1, 2, 3, 1, 2] {
        assert_eq!(city(n).state().unwrap().place, Place::START);
        assert!(readers.len() <= 2);
    }
}
