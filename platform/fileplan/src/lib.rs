//! The file plan (Aktenplan) of a city with its rules of retention, and the types of files (Aktentypen) under it: city
//! data, read and checked.

mod plan;
mod types;

pub use plan::{Appraisal, Changes, Entry, Fault, KEY, KIND, MOST_YEARS, Plan, Rule};
pub use types::{FileType, Types, checklist};
