use jiff::{Timestamp, civil::Date};
use kernel::{Id, Kind, Money, TenantId, Uuid};
use rusqlite::types::{ToSqlOutput, Value as Lite, ValueRef};
use serde_json::Value as Json;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// A parameter value. NULL carries its type because PostgreSQL refuses a text NULL for a uuid column.
#[derive(Clone, Debug, PartialEq)]
pub enum V {
    I64(Option<i64>),
    F64(Option<f64>),
    Bool(Option<bool>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Uuid(Option<Uuid>),
    Time(Option<Timestamp>),
    Date(Option<Date>),
    Json(Option<Json>),
}

macro_rules! from {
    ($($ty:ty => $variant:ident, $convert:expr);* $(;)?) => {$(
        impl From<$ty> for V {
            fn from(value: $ty) -> V { V::$variant(Some($convert(value))) }
        }
        impl From<Option<$ty>> for V {
            fn from(value: Option<$ty>) -> V { V::$variant(value.map($convert)) }
        }
    )*};
}

from! {
    i64 => I64, |v| v;
    i32 => I64, i64::from;
    u32 => I64, i64::from;
    i16 => I64, i64::from;
    f64 => F64, |v| v;
    bool => Bool, |v| v;
    String => Text, |v| v;
    &String => Text, |v: &String| v.clone();
    &str => Text, |v: &str| v.to_owned();
    Vec<u8> => Bytes, |v| v;
    &[u8] => Bytes, |v: &[u8]| v.to_vec();
    [u8; 32] => Bytes, |v: [u8; 32]| v.to_vec();
    Uuid => Uuid, |v| v;
    Timestamp => Time, |v| v;
    Date => Date, |v| v;
    Json => Json, |v| v;
    &Json => Json, |v: &Json| v.clone();
    Money => I64, |v: Money| v.cents();
    TenantId => I64, |v: TenantId| v.0;
}

impl<K: Kind> From<Id<K>> for V {
    fn from(id: Id<K>) -> V {
        V::Uuid(Some(id.uuid()))
    }
}

impl<K: Kind> From<Option<Id<K>>> for V {
    fn from(id: Option<Id<K>>) -> V {
        V::Uuid(id.map(Id::uuid))
    }
}

impl rusqlite::ToSql for V {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let null = || ToSqlOutput::Owned(Lite::Null);
        Ok(match self {
            V::I64(v) => v.map_or_else(null, |v| ToSqlOutput::Owned(Lite::Integer(v))),
            V::F64(v) => v.map_or_else(null, |v| ToSqlOutput::Owned(Lite::Real(v))),
            V::Bool(v) => v.map_or_else(null, |v| ToSqlOutput::Owned(Lite::Integer(i64::from(v)))),
            V::Text(v) => v.as_ref().map_or_else(null, |v| ToSqlOutput::Borrowed(ValueRef::Text(v.as_bytes()))),
            V::Bytes(v) => v.as_ref().map_or_else(null, |v| ToSqlOutput::Borrowed(ValueRef::Blob(v))),
            V::Uuid(v) => v.as_ref().map_or_else(null, |v| ToSqlOutput::Borrowed(ValueRef::Blob(v.as_bytes()))),
            V::Time(v) => v.map_or_else(null, |v| ToSqlOutput::Owned(Lite::Integer(v.as_microsecond()))),
            V::Date(v) => v.map_or_else(null, |v| ToSqlOutput::Owned(Lite::Text(v.to_string()))),
            V::Json(v) => v.as_ref().map_or_else(null, |v| ToSqlOutput::Owned(Lite::Text(v.to_string()))),
        })
    }
}

impl ToSql for V {
    fn to_sql(&self, ty: &Type, out: &mut bytes::BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            V::I64(v) => v.to_sql_checked(ty, out),
            V::F64(v) => v.to_sql_checked(ty, out),
            V::Bool(v) => v.to_sql_checked(ty, out),
            V::Text(v) => v.to_sql_checked(ty, out),
            V::Bytes(v) => v.to_sql_checked(ty, out),
            V::Uuid(v) => v.to_sql_checked(ty, out),
            V::Time(v) => v.to_sql_checked(ty, out),
            V::Date(v) => v.to_sql_checked(ty, out),
            V::Json(v) => v.to_sql_checked(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
