//! The stamps: for everybody as files, for staff as a list.

use askama::Template;
use axum::response::IntoResponse;
use house::{Answer, Path, Req};
use http::header;
use jobs::Job as _;
use kernel::Error;
use ui::Page;

use super::{Line, Standing, State, kept, nightly::AskForStamp, standing};
use crate::log;

/// Nights on the page: a quarter of a year.
const SHOWN: usize = 92;

/// Where everybody gets the stamp over a checkpoint.
pub fn address(size: u64) -> String {
    format!("/protokoll/zeitstempel/{size}")
}

/// The answer of the authority as it came (TimeStampResp): whoever keeps it needs nobody to check it.
pub async fn answer(rq: Req, Path(size): Path<String>) -> Answer {
    let size = size.parse::<u64>().map_err(|_| Error::NotFound)?;
    log::admit_part(&rq).await?;
    let bytes = kept(&rq.city, size).await?.ok_or(Error::NotFound)?;
    let head = [
        (header::CONTENT_TYPE, "application/timestamp-reply".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{size}.tsr\"")),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()),
    ];
    Ok((head, bytes).into_response())
}

#[derive(Template)]
#[template(path = "stamps.html")]
struct Stamps<'a> {
    page: &'a Page,
    standing: Standing,
    /// An answer did not hold, or the authority has not answered for days: a person is asked for.
    given_up: bool,
}

impl Stamps<'_> {
    fn stamped(&self, line: &Line) -> String {
        match &line.state {
            State::Holds(stamp) => self.page.datetime(stamp.at),
            State::Missing => self.page.t("evidence-stamp-missing"),
            State::Wrong(_) => self.page.t("evidence-stamp-wrong"),
        }
    }

    fn authority(&self, line: &Line) -> String {
        match &line.state {
            State::Holds(stamp) => stamp.authority.clone(),
            State::Missing => String::new(),
            State::Wrong(fault) => fault.to_string(),
        }
    }

    fn signed(&self, line: &Line) -> String {
        line.signed_at.map(|at| self.page.datetime(at)).unwrap_or_default()
    }

    fn href(&self, line: &Line) -> Option<String> {
        matches!(line.state, State::Holds(_)).then(|| address(line.size))
    }

    fn missing_since(&self) -> String {
        let since = self.standing.missing_since.map(|at| self.page.datetime(at)).unwrap_or_default();
        self.page.t2("evidence-stamps-missing-text", "n", self.standing.missing.to_string(), "since", since)
    }
}

pub async fn list(rq: Req) -> Answer {
    let standing = standing(&rq.city, SHOWN).await?;
    let dead = jobs::dead(&mut rq.city.db.read().await?).await?;
    let page = rq.page("evidence-stamps-title");
    let given_up = dead.iter().any(|job| job.name == AskForStamp::NAME);
    rq.html(&Stamps { page: &page, standing, given_up })
}
