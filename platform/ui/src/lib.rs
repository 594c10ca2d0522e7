//! Layout, components and texts of every page, on the KERN design system.
//!
//! A module writes `askama.toml` with `dirs = ["templates", "../../platform/ui/templates"]`, gives each template struct
//! a field `page: &ui::Page`, starts its templates with `{% extends "layout.html" %}` and takes the components from
//! `{% import "components.html" as c %}`. Every component is shown, with its states, in `templates/patterns.html`.

// Templates name `ui::…`, in this crate as in the modules that use them.
extern crate self as ui;

pub mod assets;
pub mod format;
pub mod lang;
pub mod message;
mod page;
mod parts;
pub mod paths;
pub mod patterns;
pub mod texts;

pub use lang::Lang;
pub use message::Message;
pub use page::{CityInfo, CityLinks, Flash, LangLink, NavItem, Page, Side, Tone, UserBox};
pub use parts::{Choice, DateParts, Errors, FieldError, Guideline, Pagination, Row, Task, TimelineEntry};
pub use texts::{Arg, Texts, TextsError, ToArg, UI_TEXTS};
