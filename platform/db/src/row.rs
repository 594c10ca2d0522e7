use std::sync::Arc;

use jiff::{Timestamp, civil::Date};
use kernel::{Error, Id, Kind, Money, Result, Uuid};
use rusqlite::types::Value as Lite;
use serde_json::Value as Json;

/// One row of an answer, read by column name.
pub struct Row(pub(crate) Inner);

pub(crate) enum Inner {
    Lite { columns: Arc<[String]>, values: Vec<Lite> },
    Pg(tokio_postgres::Row),
}

impl Row {
    /// The value of a column. An unknown name or a value of another type is an internal error: a fault in the program
    /// or in the file, never the user's.
    pub fn get<T: Column>(&self, name: &str) -> Result<T> {
        match &self.0 {
            Inner::Lite { columns, values } => {
                let at = columns.iter().position(|c| c == name);
                let value = at.map(|i| &values[i]).ok_or_else(|| Error::internal(format!("no column {name}")))?;
                T::from_lite(value).ok_or_else(|| Error::internal(format!("column {name} holds {value:?}")))
            }
            Inner::Pg(row) => T::from_pg(row, name),
        }
    }
}

/// A struct made of one row; see [`record!`](crate::record).
pub trait FromRow: Sized {
    fn from_row(row: &Row) -> Result<Self>;
}

/// A Rust type that a column can be read as.
pub trait Column: Sized {
    fn from_lite(value: &Lite) -> Option<Self>;
    fn from_pg(row: &tokio_postgres::Row, name: &str) -> Result<Self>;
}

fn pg_get<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a tokio_postgres::Row, name: &str) -> Result<T> {
    row.try_get(name).map_err(|e| Error::internal(format!("column {name}: {e}")))
}

macro_rules! column {
    ($($ty:ty, $pg:ty, $from_pg:expr, $pattern:pat => $lite:expr);* $(;)?) => {$(
        impl Column for $ty {
            fn from_lite(value: &Lite) -> Option<Self> {
                match value { $pattern => $lite, _ => None }
            }
            fn from_pg(row: &tokio_postgres::Row, name: &str) -> Result<Self> {
                pg_get::<$pg>(row, name).map($from_pg)
            }
        }
        impl Column for Option<$ty> {
            fn from_lite(value: &Lite) -> Option<Self> {
                match value { Lite::Null => Some(None), value => <$ty>::from_lite(value).map(Some) }
            }
            fn from_pg(row: &tokio_postgres::Row, name: &str) -> Result<Self> {
                Ok(pg_get::<Option<$pg>>(row, name)?.map($from_pg))
            }
        }
    )*};
}

column! {
    i64, i64, |v| v, Lite::Integer(v) => Some(*v);
    f64, f64, |v| v, Lite::Real(v) => Some(*v);
    bool, bool, |v| v, Lite::Integer(v) => Some(*v != 0);
    String, String, |v| v, Lite::Text(v) => Some(v.clone());
    Vec<u8>, Vec<u8>, |v| v, Lite::Blob(v) => Some(v.clone());
    Uuid, Uuid, |v| v, Lite::Blob(v) => Uuid::from_slice(v).ok();
    Timestamp, Timestamp, |v| v, Lite::Integer(v) => Timestamp::from_microsecond(*v).ok();
    Date, Date, |v| v, Lite::Text(v) => v.parse().ok();
    Json, Json, |v| v, Lite::Text(v) => serde_json::from_str(v).ok();
    Money, i64, Money, Lite::Integer(v) => Some(Money(*v));
}

impl Column for [u8; 32] {
    fn from_lite(value: &Lite) -> Option<Self> {
        match value {
            Lite::Blob(v) => v.as_slice().try_into().ok(),
            _ => None,
        }
    }
    fn from_pg(row: &tokio_postgres::Row, name: &str) -> Result<Self> {
        pg_get::<&[u8]>(row, name)?.try_into().map_err(|_| Error::internal(format!("column {name} is no hash")))
    }
}

impl Column for Option<[u8; 32]> {
    fn from_lite(value: &Lite) -> Option<Self> {
        match value {
            Lite::Null => Some(None),
            value => <[u8; 32]>::from_lite(value).map(Some),
        }
    }
    fn from_pg(row: &tokio_postgres::Row, name: &str) -> Result<Self> {
        pg_get::<Option<&[u8]>>(row, name)?
            .map(|v| v.try_into().map_err(|_| Error::internal(format!("column {name} is no hash"))))
            .transpose()
    }
}

impl<K: Kind> Column for Id<K> {
    fn from_lite(value: &Lite) -> Option<Self> {
        Uuid::from_lite(value).map(Id::from_uuid)
    }
    fn from_pg(row: &tokio_postgres::Row, name: &str) -> Result<Self> {
        pg_get::<Uuid>(row, name).map(Id::from_uuid)
    }
}

impl<K: Kind> Column for Option<Id<K>> {
    fn from_lite(value: &Lite) -> Option<Self> {
        Option::<Uuid>::from_lite(value).map(|v| v.map(Id::from_uuid))
    }
    fn from_pg(row: &tokio_postgres::Row, name: &str) -> Result<Self> {
        Ok(pg_get::<Option<Uuid>>(row, name)?.map(Id::from_uuid))
    }
}

macro_rules! tuple {
    ($($name:ident $index:tt),+) => {
        /// Columns by position, for small answers: read them by name in everything larger.
        impl<$($name: Column),+> FromRow for ($($name,)+) {
            fn from_row(row: &Row) -> Result<Self> {
                Ok(($(row.at::<$name>($index)?,)+))
            }
        }
    };
}
tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);

impl Row {
    fn at<T: Column>(&self, index: usize) -> Result<T> {
        let name = match &self.0 {
            Inner::Lite { columns, .. } => columns.get(index).cloned(),
            Inner::Pg(row) => row.columns().get(index).map(|c| c.name().to_owned()),
        };
        self.get(&name.ok_or_else(|| Error::internal(format!("no column {index}")))?)
    }
}
