//! How rooms register and talk.
//!
//! A module is a value ([`Module`]) in one explicit list; [`App`] holds the assembled house. Rooms talk by commands
//! and queries ([`Call`]), by journal events ([`Events`]) and by durable jobs ([`Jobs`]), never by each other's code.
//!
//! Architecture invariant: no module is named here.

mod app;
mod bus;
mod csv;
mod events;
mod follow;
mod jobs_list;
mod module;
mod problem;
mod request;
mod scan;
mod serve;
mod stuck;

pub use app::{
    App, City, CityConfig, CityFile, Config, Limits, PeerConfig, Role, SenderAddress, Sharing, checkpoint_folder,
    open_city, open_city_to_look, open_database_to_copy, signing_key,
};
pub use bus::{BoxFuture, Call, CommandHandler, Commands, InCity, QueryHandler, TaskInfo, forget_answers};
pub use csv::Csv;
pub use events::{EventHandler, Events};
pub use follow::CARDS;
pub use jobs_list::{JobHandler, Jobs};
pub use module::{
    CardsFuture, Holds, Key, Machines, Menu, Module, Panel, PanelFuture, Retention, Searchable, Seed, Table, ViewPanel,
    Viewed, erase_rows,
};
pub use request::{Req, clear_session_cookie, set_session_cookie};
pub use scan::{locked_files, scan_text, scanner_notice};
pub use serve::{content_faults, follow_content, router, run_background, settle, table, take_released};
pub use stuck::{StuckSubscriber, TaskStuck, stuck_subscribers};
pub use web::{
    Access, Answer, Cut, Failure, FormData, FormField, Path, RouteInfo, Routes, attachment, framing, inline,
};

/// Turns `async fn f(cx: &Cx, tx: &mut Tx, c: Command) -> Result<Answer>` into a handler.
#[macro_export]
macro_rules! handler {
    ($f:path : $c:ty) => {{
        fn call<'a>(
            cx: &'a ::kernel::Cx,
            tx: &'a mut ::db::Tx,
            c: $c,
        ) -> $crate::BoxFuture<'a, ::kernel::Result<<$c as ::kernel::Command>::Answer>> {
            Box::pin($f(cx, tx, c))
        }
        call as $crate::CommandHandler<$c>
    }};
}

/// Turns `async fn f(cx: &Cx, rx: &mut Rx, q: Query) -> Result<Answer>` into a handler.
#[macro_export]
macro_rules! answer {
    ($f:path : $q:ty) => {{
        fn call<'a>(
            cx: &'a ::kernel::Cx,
            rx: &'a mut ::db::Rx,
            q: $q,
        ) -> $crate::BoxFuture<'a, ::kernel::Result<<$q as ::kernel::Query>::Answer>> {
            Box::pin($f(cx, rx, q))
        }
        call as $crate::QueryHandler<$q>
    }};
}

/// Turns `async fn f(cx: &Cx, tx: &mut Tx, e: Event, at: Timestamp) -> Result<()>` into a subscriber.
#[macro_export]
macro_rules! reaction {
    ($f:path : $e:ty) => {{
        fn call<'a>(
            cx: &'a ::kernel::Cx,
            tx: &'a mut ::db::Tx,
            e: $e,
            at: ::kernel::Timestamp,
        ) -> $crate::BoxFuture<'a, ::kernel::Result<()>> {
            Box::pin($f(cx, tx, e, at))
        }
        call as $crate::EventHandler<$e>
    }};
}

/// Turns `async fn f(cx: Cx, job: Job) -> Result<()>` into a job handler.
#[macro_export]
macro_rules! job {
    ($f:path : $j:ty) => {{
        fn call(cx: ::kernel::Cx, job: $j) -> $crate::BoxFuture<'static, ::kernel::Result<()>> {
            Box::pin($f(cx, job))
        }
        call as $crate::JobHandler<$j>
    }};
}

/// Turns `async fn f(rq: &Req, rx: &mut Rx, case: CaseId) -> Result<Option<String>>` into a panel's renderer.
#[macro_export]
macro_rules! panel {
    ($f:path) => {{
        fn call<'a>(rq: &'a $crate::Req, rx: &'a mut ::db::Rx, case: ::kernel::CaseId) -> $crate::PanelFuture<'a> {
            Box::pin($f(rq, rx, case))
        }
        call
    }};
}

/// Turns `async fn f(rq: &Req, rx: &mut Rx, viewed: Viewed) -> Result<Option<String>>` into the renderer of a
/// [`ViewPanel`].
#[macro_export]
macro_rules! view_panel {
    ($f:path) => {{
        fn call<'a>(rq: &'a $crate::Req, rx: &'a mut ::db::Rx, viewed: $crate::Viewed) -> $crate::PanelFuture<'a> {
            Box::pin($f(rq, rx, viewed))
        }
        call
    }};
}

/// Turns `async fn f(cx: &Cx, rx: &mut Rx, token: &str) -> Result<Option<Principal>>` into what a route for machines asks.
#[macro_export]
macro_rules! machines {
    ($f:path) => {{
        fn call<'a>(
            cx: &'a ::kernel::Cx,
            rx: &'a mut ::db::Rx,
            token: &'a str,
        ) -> $crate::BoxFuture<'a, ::kernel::Result<Option<::kernel::Principal>>> {
            Box::pin($f(cx, rx, token))
        }
        call as $crate::Machines
    }};
}

/// Turns `async fn f(cx: &Cx, rx: &mut Rx, ids: &[Uuid]) -> Result<Vec<search::Card>>` into what a
/// [`Searchable`] asks.
#[macro_export]
macro_rules! cards {
    ($f:path) => {{
        fn call<'a>(cx: &'a ::kernel::Cx, rx: &'a mut ::db::Rx, ids: &'a [::kernel::Uuid]) -> $crate::CardsFuture<'a> {
            Box::pin($f(cx, rx, ids))
        }
        call
    }};
}
