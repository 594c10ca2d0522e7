//! A file or a case as a ZIP to take along: the documents in all their versions, and a list of what is in it. Only what the
//! reader may see; every case goes into the access log.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::{Form, body::Body, response::Response};
use contract_records::{CaseView, DocumentView};
use files::{Meta, Part, Paths, bundle};
use house::{Answer, Csv, Path, Req};
use http::{HeaderValue, header};
use kernel::{CaseId, DocumentId, Error, Result, Uuid};
use ui::Page;

use crate::{
    document,
    file::{self, service::staff},
    store,
};

/// Largest ZIP, in bytes.
const MOST_BYTES: i64 = 2 * 1024 * 1024 * 1024;
/// Most documents and versions in one.
const MOST_FILES: usize = 10_000;

/// A line of the list of contents.
struct Line {
    number: String,
    title: String,
    version: i64,
    at: String,
    /// Where it lies in the ZIP; or why it does not.
    path: String,
    size: i64,
    /// Hexadecimal digits.
    sha256: String,
}

#[derive(Template)]
#[template(path = "package.html")]
struct Contents<'a> {
    page: &'a Page,
    lines: &'a [Line],
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Everything that goes into a ZIP.
#[derive(Default)]
struct Packing {
    paths: Paths,
    parts: Vec<Part>,
    lines: Vec<Line>,
    bytes: i64,
}

impl Packing {
    fn put(&mut self, page: &Page, case: &CaseView, document: &DocumentView, n: i64, meta: Meta) -> Result<()> {
        self.bytes += meta.size;
        if self.bytes > MOST_BYTES || self.parts.len() >= MOST_FILES {
            let gigabytes = MOST_BYTES / 1024 / 1024 / 1024;
            let args = vec![("gb", gigabytes.to_string()), ("files", MOST_FILES.to_string())];
            return Err(Error::refused_with("records-package-large", args));
        }
        let ending = meta.name.rsplit_once('.').map(|(_, ending)| format!(".{ending}")).unwrap_or_default();
        let valid = meta.id == document.file;
        let version = page.t1("records-version", "n", n);
        let name = if valid { document.title.clone() } else { format!("{} ({version})", document.title) };
        // What is not opened for anybody is in the list, with the reason in place of its path.
        let locked = house::scan_text(page, &meta.scan);
        let path = match &locked {
            Some(reason) => reason.clone(),
            None => self.paths.free(&[&case.number], &format!("{name}{ending}")),
        };
        self.lines.push(Line {
            number: case.number.clone(),
            title: document.title.clone(),
            version: n,
            at: page.datetime(meta.created_at),
            path: path.clone(),
            size: meta.size,
            sha256: hex(&meta.sha256),
        });
        if locked.is_none() {
            self.parts.push(Part::Stored { path, meta });
        }
        Ok(())
    }

    /// Puts the list of contents in front: as a table and as a page.
    fn finish(mut self, page: &Page) -> Result<Vec<Part>> {
        let html = Contents { page, lines: &self.lines }.render().map_err(Error::internal)?;
        let heads = ["records-col-number", "records-col-document", "records-col-version", "records-col-added"]
            .map(|key| page.texts.plain(page.lang, key));
        let [number, title, version, at] = &heads;
        let (path, bytes) = (page.t("records-package-path"), page.t("records-package-bytes"));
        let mut csv = Csv::new(&[number, title, version, at, &path, &bytes, "SHA-256"]);
        for line in &self.lines {
            let (version, size) = (line.version.to_string(), line.size.to_string());
            csv.line(&[&line.number, &line.title, &version, &line.at, &line.path, &size, &line.sha256]);
        }
        let mut parts = vec![
            Part::Made { path: "inhalt.csv".into(), bytes: csv.into_bytes() },
            Part::Made { path: "inhalt.html".into(), bytes: html.into_bytes() },
        ];
        parts.append(&mut self.parts);
        Ok(parts)
    }
}

/// Sends the documents of these cases, or `only` some of them. The caller has read the cases with the reader's own rights.
///
/// # Errors
/// Refused when it would be too large for one ZIP.
pub async fn send(rq: &Req, cases: &[CaseView], only: Option<&BTreeSet<DocumentId>>, name: &str) -> Answer {
    let me = staff(&rq.cx)?;
    let mut page = rq.untitled();
    page.title = page.t1("records-package-title", "name", name);
    let mut packing = Packing::default();
    // The list of contents has its place before a case could take it.
    packing.paths.free(&[], "inhalt.csv");
    packing.paths.free(&[], "inhalt.html");
    let mut rx = rq.city.db.read_long().await?;
    for case in cases {
        for view in store::documents_of(&mut rx, case.id).await? {
            if only.is_some_and(|only| !only.contains(&view.id)) {
                continue;
            }
            let versions = document::store::versions(&mut rx, view.id).await?;
            if versions.is_empty() {
                let meta = files::meta(&mut rx, view.file).await?;
                packing.put(&page, case, &view, 1, meta)?;
            }
            // The same bytes may be two versions; one path each.
            let newest: BTreeMap<_, _> = versions.iter().map(|version| (version.file_id, version.n)).collect();
            for (file, n) in newest {
                let meta = files::meta(&mut rx, file).await?;
                packing.put(&page, case, &view, n, meta)?;
            }
        }
    }
    drop(rx);
    let parts = packing.finish(&page)?;
    db::write!(rq.city.db, |tx| {
        for case in cases {
            store::log_access(tx, rq.cx.sources.uuid(), rq.cx.now(), me, case.id, "package").await?;
        }
        Ok(())
    })?;
    let mut response = Response::new(Body::from_stream(bundle(rq.city.files.clone(), parts)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    let value = format!("attachment; filename=\"{plain}.zip\"");
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_str(&value).map_err(Error::internal)?);
    Ok(response)
}

/// Cases of a file and of its parts that somebody sees.
pub async fn cases_in(rq: &Req, file: Uuid) -> Result<Vec<CaseView>> {
    let me = staff(&rq.cx)?;
    let mut rx = rq.city.db.read_long().await?;
    let (mut cases, mut open, mut seen) = (Vec::new(), vec![file], BTreeSet::from([file]));
    while let Some(file) = open.pop() {
        cases.extend(file::store::all_cases(&mut rx, me, file).await?);
        for part in file::store::parts(&mut rx, me, file).await? {
            if seen.insert(part.id) {
                open.push(part.id);
            }
        }
    }
    Ok(cases)
}

pub async fn of_case(rq: Req, Path(id): Path<CaseId>) -> Answer {
    let case = store::case_for_staff(&mut rq.city.db.read().await?, id, staff(&rq.cx)?).await?;
    let number = case.number.clone();
    send(&rq, &[case], None, &number).await
}

/// Some documents of a case, by their boxes in its list.
pub async fn of_documents(rq: Req, Path(id): Path<CaseId>, Form(sent): Form<Vec<(String, String)>>) -> Answer {
    let case = store::case_for_staff(&mut rq.city.db.read().await?, id, staff(&rq.cx)?).await?;
    let boxes = sent.iter().filter(|(field, _)| field == "dokument");
    let only: BTreeSet<DocumentId> = boxes.filter_map(|(_, id)| id.parse().ok()).collect();
    if only.is_empty() {
        return rq.see_other_with(format!("/intern/vorgang/{id}/dokumente"), "records-package-none-fehler");
    }
    let number = case.number.clone();
    send(&rq, &[case], Some(&only), &number).await
}

pub async fn of_file(rq: Req, Path(id): Path<Uuid>) -> Answer {
    let file = file::store::file_for_staff(&mut rq.city.db.read().await?, id, staff(&rq.cx)?).await?;
    let cases = cases_in(&rq, id).await?;
    send(&rq, &cases, None, &file.number()).await
}
