//! Messages of xdomea 2.3.0, 2.4.0 and 3.0.0 for filing plans and the hand-over of files to an archive, without I/O.
//!
//! [`read`] makes a version-neutral [`Message`] of a file, [`write()`] a file of it, [`package`] names and checks what
//! lies beside it. See the README for the messages and elements.

mod fault;
mod foreign;
mod hints;
mod latin;
mod limits;
pub mod model;
pub mod package;
mod read;
mod shape;
mod values;
mod write;

pub use fault::{Dropped, Fault, Position, Rule, Why};
pub use hints::hints;
pub use limits::{MAX_ATTRIBUTES, MAX_BYTES, MAX_DEPTH, MAX_DROPPED, MAX_ELEMENTS, MAX_FAULTS};
pub use model::{Inhalt, Message};
pub use read::{Reading, read};
pub use values::{
    Anschriftstyp, Aussonderungsart, Base64, Beteiligungsstatus, Bewertungsvorschlag, Coded, Codeliste, Date, DateTime,
    Dateiname, Datentyp, Medium, Schriftgutobjekttyp, Time, Uuid, Vertraulichkeitsstufe,
};
pub use write::{write, write_as};

/// A version of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    V2_3_0,
    V2_4_0,
    V3_0_0,
}

impl Version {
    pub const ALL: [Self; 3] = [Self::V2_3_0, Self::V2_4_0, Self::V3_0_0];

    /// `3.0.0`
    #[must_use]
    pub fn number(self) -> &'static str {
        match self {
            Self::V2_3_0 => "2.3.0",
            Self::V2_4_0 => "2.4.0",
            Self::V3_0_0 => "3.0.0",
        }
    }

    /// The namespace of its elements, by which a message says its version.
    #[must_use]
    pub fn namespace(self) -> &'static str {
        match self {
            Self::V2_3_0 => "urn:xoev-de:xdomea:schema:2.3.0",
            Self::V2_4_0 => "urn:xoev-de:xdomea:schema:2.4.0",
            Self::V3_0_0 => "urn:xoev-de:xdomea:schema:3.0.0",
        }
    }
}

/// Before the number of the version in the namespace.
pub(crate) const NAMESPACES: &str = "urn:xoev-de:xdomea:schema:";

/// Makes the content of a message, with nothing in it.
type Empty = fn() -> Inhalt;

/// Name of each message: its root element, and the type in the names of packages.
const MESSAGES: [(&str, Empty); 9] = [
    ("Aktenplan.Aktenplan.0301", || Inhalt::Aktenplan(Default::default())),
    ("Aktenplan.EmpfangBestaetigen.0302", || Inhalt::AktenplanEmpfang),
    ("Aussonderung.Anbieteverzeichnis.0501", || Inhalt::Anbieteverzeichnis(Default::default())),
    ("Aussonderung.Bewertungsverzeichnis.0502", || Inhalt::Bewertungsverzeichnis(Default::default())),
    ("Aussonderung.Aussonderung.0503", || Inhalt::Aussonderung(Default::default())),
    ("Aussonderung.AnbietungEmpfangBestaetigen.0504", || Inhalt::AnbietungEmpfang),
    ("Aussonderung.BewertungEmpfangBestaetigen.0505", || Inhalt::BewertungEmpfang),
    ("Aussonderung.AussonderungImportBestaetigen.0506", || Inhalt::AussonderungImport(Default::default())),
    ("Aussonderung.AussonderungEmpfangBestaetigen.0507", || Inhalt::AussonderungEmpfang),
];

impl Inhalt {
    /// Name of the message: `Aussonderung.Aussonderung.0503`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        let at = match self {
            Self::Aktenplan(_) => 0,
            Self::AktenplanEmpfang => 1,
            Self::Anbieteverzeichnis(_) => 2,
            Self::Bewertungsverzeichnis(_) => 3,
            Self::Aussonderung(_) => 4,
            Self::AnbietungEmpfang => 5,
            Self::BewertungEmpfang => 6,
            Self::AussonderungImport(_) => 7,
            Self::AussonderungEmpfang => 8,
        };
        MESSAGES[at].0
    }

    /// Code of the message type (code list `nachrichtentyp`): `0503`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        let name = self.name();
        name.rsplit_once('.').map_or(name, |(_, code)| code)
    }

    /// A message of this name with nothing in it.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        MESSAGES.iter().find(|(known, _)| *known == name).map(|(_, empty)| empty())
    }
}
