//! One SQL text on SQLite and PostgreSQL; the only crate that names a driver
