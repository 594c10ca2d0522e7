use kernel::Uuid;

/// What is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fault {
    /// A journal entry is not what was written.
    EntryChanged,
    /// A number without entry.
    EntryMissing,
    /// Two entries stand in each other's place.
    EntrySwapped,
    /// An entry with a number that the journal never gave.
    EntryAdded,
    /// A private part is gone without an erasure.
    PrivateMissing,
    /// A node of the tree is not what follows from its children, is missing or too many.
    NodeChanged,
    /// Size or right edge of the tree are not what follows from the entries.
    HeadChanged,
    /// A checkpoint kept outside knows more entries: cut off, or an older state was restored.
    TailMissing,
    /// A checkpoint kept outside has another root: the past was written anew.
    PastRewritten,
    /// A row is not what the journal last recorded.
    RowChanged,
    /// A row is gone without an entry.
    RowDeleted,
    /// Two rows have changed places.
    RowSwapped,
    /// A row that the journal does not know, or that it knows as deleted.
    RowAdded,
    ContentsMissing,
    ContentsChanged,
    /// A time-stamp that the journal tells of is gone.
    StampMissing,
    /// What is kept as a time-stamp does not hold for its checkpoint.
    StampChanged,
}

/// One thing that is wrong, in words for operators.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    pub fault: Fault,
    pub table: &'static str,
    /// Of the row or entry.
    pub id: Option<Uuid>,
    /// Number of the journal entry that is wrong, or that holds what should be.
    pub seq: Option<i64>,
    pub de: String,
    pub en: String,
}

pub(super) const ENTRY: &str = "journal_entry";
pub(super) const NODE: &str = "journal_node";
pub(super) const HEAD: &str = "journal_head";
/// No table: the folder with checkpoints.
const STAMPS: &str = "checkpoints";

impl Finding {
    pub(super) fn entry(fault: Fault, seq: i64, id: Option<Uuid>) -> Self {
        let (de, en) = match fault {
            Fault::EntryMissing => (
                format!("Der Journaleintrag {seq} fehlt. Er wurde gelöscht."),
                format!("Journal entry {seq} is missing. It was deleted."),
            ),
            Fault::EntryAdded => (
                format!("Der Journaleintrag {seq} hat eine Nummer, die nie vergeben wurde."),
                format!("Journal entry {seq} has a number that was never given."),
            ),
            Fault::PrivateMissing => (
                format!(
                    "Dem Journaleintrag {seq} fehlt der personenbezogene Teil, ohne dass eine Löschung vermerkt ist."
                ),
                format!("The private part of journal entry {seq} is gone and no erasure is recorded."),
            ),
            _ => (
                format!("Der Journaleintrag {seq} ist nicht mehr der, der geschrieben wurde."),
                format!("Journal entry {seq} is no longer what was written."),
            ),
        };
        Self { fault, table: ENTRY, id, seq: Some(seq), de, en }
    }

    pub(super) fn swapped_entries(a: i64, b: i64, id: Option<Uuid>) -> Self {
        let de = format!("Die Journaleinträge {a} und {b} haben ihre Plätze getauscht.");
        let en = format!("The journal entries {a} and {b} have changed places.");
        Self { fault: Fault::EntrySwapped, table: ENTRY, id, seq: Some(a), de, en }
    }

    pub(super) fn node(level: u8, index: u64) -> Self {
        let de = format!("Der Knoten {index} auf Ebene {level} des Prüfbaums fehlt oder stimmt nicht.");
        let en = format!("Node {index} on level {level} of the Merkle tree is missing or wrong.");
        Self { fault: Fault::NodeChanged, table: NODE, id: None, seq: None, de, en }
    }

    pub(super) fn surplus_nodes(found: i64, expected: i64) -> Self {
        let de = format!("Der Prüfbaum hat {found} Knoten statt {expected}.");
        let en = format!("The Merkle tree has {found} nodes instead of {expected}.");
        Self { fault: Fault::NodeChanged, table: NODE, id: None, seq: None, de, en }
    }

    pub(super) fn head(claimed: Option<u64>, size: i64) -> Self {
        let number = claimed.map_or_else(|| "?".to_owned(), |size| size.to_string());
        let de = format!("Die Spitze des Prüfbaums nennt {number} Einträge und passt nicht zu den {size} vorhandenen.");
        let en = format!("The head of the Merkle tree states {number} entries and does not fit the {size} there are.");
        Self { fault: Fault::HeadChanged, table: HEAD, id: None, seq: Some(size), de, en }
    }

    pub(super) fn tail(size: i64, witnessed: u64) -> Self {
        let de = format!(
            "Das Journal hat {size} Einträge, ein außerhalb verwahrter Prüfpunkt bezeugt {witnessed}. Einträge wurden \
             abgeschnitten, oder ein älterer Stand wurde eingespielt."
        );
        let en = format!(
            "The journal has {size} entries; a checkpoint kept outside attests {witnessed}. Entries were cut off, or \
             an older state was restored."
        );
        Self { fault: Fault::TailMissing, table: ENTRY, id: None, seq: Some(size), de, en }
    }

    pub(super) fn rewritten(size: u64) -> Self {
        let de =
            format!("Die ersten {size} Einträge sind andere als die, die ein außerhalb verwahrter Prüfpunkt bezeugt.");
        let en = format!("The first {size} entries are not those that a checkpoint kept outside attests.");
        Self { fault: Fault::PastRewritten, table: ENTRY, id: None, seq: i64::try_from(size).ok(), de, en }
    }

    /// A time-stamp beside the checkpoint over `size` entries; `why` is German.
    pub fn stamp(fault: Fault, size: u64, why: &str) -> Self {
        let (de, en) = match fault {
            Fault::StampMissing => (
                format!("Der Zeitstempel zum Prüfpunkt über {size} Einträge fehlt. Das Journal nennt ihn."),
                format!("The time-stamp of the checkpoint over {size} entries is missing. The journal tells of it."),
            ),
            _ => (
                format!("Der Zeitstempel zum Prüfpunkt über {size} Einträge stimmt nicht. {why}"),
                format!("The time-stamp of the checkpoint over {size} entries does not hold."),
            ),
        };
        Self { fault, table: STAMPS, id: None, seq: i64::try_from(size).ok(), de, en }
    }

    pub(super) fn row(fault: Fault, table: &'static str, id: Option<Uuid>, seq: Option<i64>) -> Self {
        let row = id.map_or_else(String::new, |id| format!(" {id}"));
        let (de, en) = match fault {
            Fault::RowDeleted => (
                format!("In {table} fehlt die Zeile{row}. Das Journal kennt keine Löschung."),
                format!("Row{row} of {table} is gone. The journal knows of no deletion."),
            ),
            Fault::RowAdded => (
                format!("In {table} steht die Zeile{row}, die das Journal nicht kennt."),
                format!("Row{row} of {table} is not known to the journal."),
            ),
            Fault::ContentsMissing => (
                format!("Zu {table}{row} fehlt der gespeicherte Inhalt."),
                format!("The stored contents of {table}{row} are missing."),
            ),
            Fault::ContentsChanged => (
                format!("Zu {table}{row} wurde der gespeicherte Inhalt verändert."),
                format!("The stored contents of {table}{row} were changed."),
            ),
            _ => (
                format!("In {table} wurde die Zeile{row} am Journal vorbei verändert."),
                format!("Row{row} of {table} was changed behind the journal's back."),
            ),
        };
        Self { fault, table, id, seq, de, en }
    }

    pub(super) fn swapped_rows(table: &'static str, a: Uuid, b: Uuid, seq: Option<i64>) -> Self {
        let de = format!("In {table} haben die Zeilen {a} und {b} ihren Inhalt getauscht.");
        let en = format!("The rows {a} and {b} of {table} have changed places.");
        Self { fault: Fault::RowSwapped, table, id: Some(a), seq, de, en }
    }
}
