//! Form definitions as data (Formulardefinitionen): read and checked from TOML, answered page by page, resumed,
//! submitted, shown and printed. `README.md` is the reference of the TOML.
//!
//! Architecture invariants: the server is the only authority, nothing the browser sends is taken unless the rules ask
//! for it; no I/O, no clock, no database and no HTTP happen here.

mod accept;
mod definition;
mod display;
mod facts;
mod input;
mod latin;
mod load;
mod reading;
mod render;
mod rules;
mod source;
mod text;
mod value;

pub use accept::{AcceptError, Accepted, Complete, Migrated, SubmitError};
pub use definition::{
    Body, Choice, ComputeRule, DayRule, Exit, ExitLink, Field, FileKind, Form, Group, Kind, LegalBasis, PersonalField,
    Privacy, ResultKind, Retention, Service, Step, TextBlock, TextCharset,
};
pub use facts::{Account, Fact, FactKind, Facts};
pub use input::{ACTION, ADD_ITEM, LATER, REMOVE_FILE, REMOVE_ITEM, Submitted};
pub use kernel::FieldError;
pub use load::{CHECK_STEP, SOURCES};
pub use reading::{Asked, End, Next, Page, Reading, Section, SummaryRow};
pub use render::{TEXTS, View, render_check, render_print, render_privacy, render_step, translated};
pub use rules::RuleFault;
pub use source::LoadError;
pub use text::{Block, Template, Text, blocks};
pub use value::{Address, Answers, FileRef, GERMANY, Item, Value};
