use std::{cmp::Ordering, fmt, hash, marker::PhantomData, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// Names what an [`Id`] points at, so that ids of different things cannot be mixed up.
pub trait Kind: 'static {
    /// Lower-case name used in the journal and in error texts, e.g. `case`.
    const NAME: &'static str;
}

/// A UUIDv7 made by the application for one kind of thing.
pub struct Id<K: Kind>(Uuid, PhantomData<fn() -> K>);

impl<K: Kind> Id<K> {
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl<K: Kind> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K: Kind> Copy for Id<K> {}
impl<K: Kind> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K: Kind> Eq for Id<K> {}
impl<K: Kind> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K: Kind> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K: Kind> hash::Hash for Id<K> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", K::NAME, self.0)
    }
}
impl<K: Kind> FromStr for Id<K> {
    type Err = uuid::Error;
    fn from_str(s: &str) -> Result<Self, uuid::Error> {
        Ok(Self::from_uuid(Uuid::parse_str(s)?))
    }
}
impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(Self::from_uuid)
    }
}
impl<K: Kind> JsonSchema for Id<K> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("{}_id", K::NAME).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Uuid::json_schema(generator)
    }
}

/// Declares a kind and its id type: `id!(CaseId, CaseKind, "case")`.
#[macro_export]
macro_rules! id {
    ($(#[$meta:meta])* $id:ident, $kind:ident, $name:literal) => {
        #[doc = concat!("Marks ids of a ", $name, ".")]
        pub enum $kind {}
        impl $crate::Kind for $kind {
            const NAME: &'static str = $name;
        }
        $(#[$meta])*
        pub type $id = $crate::Id<$kind>;
    };
}

id!(
    /// A case (Vorgang).
    CaseId, CaseKind, "case"
);
id!(
    /// A document in a case (Dokument).
    DocumentId, DocumentKind, "document"
);
id!(
    /// Stored bytes of a document version.
    FileId, FileKind, "file"
);
id!(
    /// A citizen's city account (Servicekonto der Stadt).
    AccountId, AccountKind, "account"
);
id!(
    /// A member of staff.
    StaffId, StaffKind, "staff"
);

/// The municipality (Gemeinde) whose data a row belongs to. Never shown to people.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TenantId(pub i64);

/// Key of an organisation unit (Organisationseinheit) in the city's data, e.g. `standesamt`.
pub type UnitKey = String;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_what_they_print() {
        let id = CaseId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
        assert_eq!(id.to_string().parse::<CaseId>().unwrap(), id);
        assert!("not-an-id".parse::<CaseId>().is_err());
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{id}\""));
    }
}
