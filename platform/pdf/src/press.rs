use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use jiff::Timestamp;
use typst::diag::{SourceDiagnostic, Warned};
use typst::foundations::{Bytes, Datetime, Smart};
use typst::syntax::{DiagSpan, Source};
use typst::utils::LazyHash;
use typst::{Feature, Library, LibraryExt as _, World as _};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use crate::clusters;
use crate::fonts::{FAMILIES, FontError, Fonts};
use crate::qr;
use crate::template::{META_PATH, Template, display_name, file_id, position};
use crate::world::Sheet;

/// Typesetting recurses deeply; the default stack of a thread is too small for nested content.
const STACK_BYTES: usize = 16 << 20;
/// Results unused for this many prints leave typst's process-wide cache, so memory stays bounded.
const CACHE_AGE: usize = 8;
/// Compilations that outlived their time and still run; more of them would starve the machine.
const MAX_ABANDONED: usize = 2;
const MAX_META_BYTES: usize = 1000;

/// Bounds of one document.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Size of the data as JSON, in bytes.
    pub data_bytes: usize,
    pub pages: usize,
    /// Time from [`Press::print`] to its answer.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { data_bytes: 1 << 20, pages: 200, time: Duration::from_secs(20) }
    }
}

/// What a document says about itself, and the only source of time and identity in it.
#[derive(Debug, Clone, Copy)]
pub struct Meta<'a> {
    /// Shown by readers in place of the file name; must not be empty (PDF/UA-1, ISO 14289-1 section 7.1).
    pub title: &'a str,
    /// The office that issues the document.
    pub author: &'a str,
    /// BCP 47, language and optional region: `de`, `de-DE`.
    pub lang: &'a str,
    /// Written with a precision of seconds, in UTC.
    pub created: Timestamp,
    /// Identifies the document for good, such as its UUID; only a hash of it gets into the file.
    pub id: &'a str,
    /// Printed across every page as decoration and once as readable text, such as `MUSTER – nicht gültig`.
    pub watermark: Option<&'a str>,
}

/// A document that could not be printed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrintError {
    /// The template met data it cannot print: a missing key, a character no font has, a rule of the letter not kept.
    #[error("{file}:{line}:{column}: {message}")]
    Template {
        /// Name of the template; files of the platform start with `meer/`. Empty when no place is known.
        file: String,
        /// Starts at 1; 0 when no place is known.
        line: usize,
        /// In characters, starts at 1; 0 when no place is known.
        column: usize,
        message: String,
    },
    #[error("the data of a document is a JSON object")]
    DataNotAnObject,
    #[error("the data has {bytes} bytes, more than the {limit} allowed")]
    DataTooLarge { bytes: usize, limit: usize },
    #[error("{field} of the document is {problem}")]
    Meta { field: &'static str, problem: &'static str },
    #[error("the document has {pages} pages, more than the {limit} allowed")]
    TooManyPages { pages: usize, limit: usize },
    #[error("the document was not ready after {0:?}")]
    TimedOut(Duration),
    #[error("earlier documents that took too long are still being stopped")]
    Busy,
    #[error("typesetting failed: {0}")]
    Internal(String),
}

/// Prints documents. Fonts are loaded once; share one `Press` per process behind an `Arc` or by cloning it.
#[derive(Clone)]
pub struct Press {
    shared: Arc<Shared>,
    limits: Limits,
}

struct Shared {
    library: LazyHash<Library>,
    fonts: Fonts,
    standards: PdfStandards,
    abandoned: AtomicUsize,
}

impl Press {
    /// `fonts` are whole TrueType or OpenType files, usually [`bundled_fonts`](crate::bundled_fonts).
    ///
    /// # Errors
    /// A file that is not a font.
    pub fn new(fonts: impl IntoIterator<Item = &'static [u8]>) -> Result<Self, FontError> {
        let fonts = Fonts::load(fonts)?;
        let mut library = Library::builder().with_features([Feature::A11yExtras].into_iter().collect()).build();
        library.global.scope_mut().define_func_with_data(&qr::QR);
        let standards = PdfStandards::new(&[PdfStandard::A_2a, PdfStandard::Ua_1])
            .expect("PDF/A-2a and PDF/UA-1 share PDF version 1.7");
        Ok(Self {
            shared: Arc::new(Shared {
                library: LazyHash::new(library),
                fonts,
                standards,
                abandoned: AtomicUsize::new(0),
            }),
            limits: Limits::default(),
        })
    }

    /// The same press with other bounds; fonts stay shared.
    #[must_use]
    pub fn with_limits(&self, limits: Limits) -> Self {
        Self { limits, ..self.clone() }
    }

    /// Prints one document as PDF/A-2a and PDF/UA-1.
    ///
    /// **Blocks** the calling thread for the whole typesetting (tens of milliseconds, at most [`Limits::time`]): call it
    /// from a background job or inside `tokio::task::spawn_blocking`. The work itself runs on a thread of its own, so
    /// that a template that takes too long costs its caller only the time allowed. Layout is then stopped; a loop of the
    /// template runs to its end (typst allows 10,000 rounds each), and until then at most two of those are tolerated
    /// before further prints are [`PrintError::Busy`]. Memory has no bound of its own: templates are code of the city
    /// and are tried before release.
    ///
    /// # Errors
    /// See [`PrintError`]; no input makes it panic.
    pub fn print(&self, template: &Template, data: &serde_json::Value, meta: &Meta) -> Result<Vec<u8>, PrintError> {
        if !data.is_object() {
            return Err(PrintError::DataNotAnObject);
        }
        let data = data.to_string().into_bytes();
        if data.len() > self.limits.data_bytes {
            return Err(PrintError::DataTooLarge { bytes: data.len(), limit: self.limits.data_bytes });
        }
        if self.shared.abandoned.load(Ordering::SeqCst) >= MAX_ABANDONED {
            return Err(PrintError::Busy);
        }
        let job = Job {
            shared: Arc::clone(&self.shared),
            template: template.clone(),
            data,
            meta: meta_json(meta)?.to_string().into_bytes(),
            timestamp: timestamp(meta.created)?,
            ident: meta.id.to_owned(),
            max_pages: self.limits.pages,
            abandoned: Arc::new(AtomicBool::new(false)),
        };
        self.run(job)
    }

    fn run(&self, job: Job) -> Result<Vec<u8>, PrintError> {
        let abandoned = Arc::clone(&job.abandoned);
        let (answer, waiting) = mpsc::sync_channel(1);
        std::thread::Builder::new()
            .name("press".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                let printed = catch_unwind(AssertUnwindSafe(|| job.print()))
                    .unwrap_or_else(|panic| Err(PrintError::Internal(panic_text(panic.as_ref()))));
                typst::comemo::evict(CACHE_AGE);
                // Whoever takes the flag second knows that the caller gave up before the work ended.
                if job.abandoned.swap(true, Ordering::SeqCst) {
                    job.shared.abandoned.fetch_sub(1, Ordering::SeqCst);
                }
                let _ = answer.send(printed);
            })
            .map_err(|error| PrintError::Internal(error.to_string()))?;
        match waiting.recv_timeout(self.limits.time) {
            Ok(printed) => printed,
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                Err(PrintError::Internal("the thread ended without an answer".to_owned()))
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {
                self.shared.abandoned.fetch_add(1, Ordering::SeqCst);
                if abandoned.swap(true, Ordering::SeqCst) {
                    self.shared.abandoned.fetch_sub(1, Ordering::SeqCst);
                }
                Err(PrintError::TimedOut(self.limits.time))
            }
        }
    }
}

struct Job {
    shared: Arc<Shared>,
    template: Template,
    data: Vec<u8>,
    meta: Vec<u8>,
    timestamp: typst_pdf::Timestamp,
    ident: String,
    max_pages: usize,
    abandoned: Arc<AtomicBool>,
}

impl Job {
    fn print(&self) -> Result<Vec<u8>, PrintError> {
        let main = file_id("/main.typ").ok_or_else(|| PrintError::Internal("no main file".to_owned()))?;
        let sheet = Sheet {
            library: &self.shared.library,
            fonts: &self.shared.fonts,
            template: &self.template,
            main: Source::new(main, wrapper(self.template.main_path())),
            data: Bytes::new(self.data.clone()),
            meta: Bytes::new(self.meta.clone()),
            abandoned: &self.abandoned,
        };
        let Warned { output, warnings } = typst::compile::<PagedDocument>(&sheet);
        let document = clusters::join(output.map_err(|errors| first_error(&sheet, &errors))?);
        if !warnings.is_empty() {
            return Err(first_error(&sheet, &warnings));
        }
        let pages = document.pages().len();
        if pages > self.max_pages {
            return Err(PrintError::TooManyPages { pages, limit: self.max_pages });
        }
        let options = PdfOptions {
            ident: Smart::Custom(self.ident.clone()),
            creator: Smart::Custom(Some("Meer".to_owned())),
            timestamp: Some(self.timestamp),
            standards: self.shared.standards.clone(),
            ..PdfOptions::default()
        };
        typst_pdf::pdf(&document, &options).map_err(|errors| first_error(&sheet, &errors))
    }
}

/// Sets what no template may forget: title, office, language, fonts and the watermark.
///
/// The watermark is an artifact: read aloud on every page it would drown the letter. `letter.typ` prints it once as text.
fn wrapper(template: &str) -> String {
    format!(
        r#"#let meta = json("{META_PATH}")
#set document(title: meta.title, author: meta.author)
#set text(font: {FAMILIES}, size: 11pt, lang: meta.lang, region: meta.region)
#set page(paper: "a4", foreground: if meta.watermark != none {{
  pdf.artifact(rotate(-52deg, text(size: 50pt, weight: "bold", fill: rgb(90, 90, 90, 38), meta.watermark)))
}})
#include "{template}"
"#
    )
}

fn meta_json(meta: &Meta) -> Result<serde_json::Value, PrintError> {
    for (field, value) in [("title", meta.title), ("author", meta.author), ("id", meta.id)] {
        check_meta(field, value)?;
    }
    if let Some(watermark) = meta.watermark {
        check_meta("watermark", watermark)?;
    }
    let (lang, region) = match meta.lang.split_once('-') {
        Some((lang, region)) => (lang, Some(region)),
        None => (meta.lang, None),
    };
    let is_alphabetic = |s: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphabetic())
    };
    if !is_alphabetic(lang, 2..=3) || !region.is_none_or(|region| is_alphabetic(region, 2..=2)) {
        return Err(PrintError::Meta { field: "lang", problem: "not a language such as de or de-DE" });
    }
    Ok(serde_json::json!({
        "title": meta.title, "author": meta.author, "lang": lang, "region": region, "watermark": meta.watermark,
    }))
}

fn check_meta(field: &'static str, value: &str) -> Result<(), PrintError> {
    let problem = if value.trim().is_empty() {
        "empty"
    } else if value.len() > MAX_META_BYTES {
        "too long"
    } else if value.chars().any(char::is_control) {
        "not a single line of text"
    } else {
        return Ok(());
    };
    Err(PrintError::Meta { field, problem })
}

fn timestamp(created: Timestamp) -> Result<typst_pdf::Timestamp, PrintError> {
    let utc = created.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    // Months to seconds are within their ranges, so they fit; a year before 0 has no form in a PDF.
    let part = |value: i8| u8::try_from(value).unwrap_or_default();
    Datetime::from_ymd_hms(
        i32::from(utc.year()),
        part(utc.month()),
        part(utc.day()),
        part(utc.hour()),
        part(utc.minute()),
        part(utc.second()),
    )
    .filter(|_| utc.year() >= 0)
    .map(typst_pdf::Timestamp::new_utc)
    .ok_or(PrintError::Meta { field: "created", problem: "not a date a PDF can hold" })
}

/// The first error at its place in a file, or else at the innermost call that led to it.
fn first_error(sheet: &Sheet, errors: &[SourceDiagnostic]) -> PrintError {
    let Some(error) = errors.first() else {
        return PrintError::Internal("an error without a text".to_owned());
    };
    let mut message = error.message.to_string();
    for hint in &error.hints {
        message.push_str("; ");
        message.push_str(&hint.v);
    }
    let calls = error.trace.iter().map(|call| DiagSpan::from(call.span));
    let place = std::iter::once(error.span).chain(calls).find_map(|span| {
        let source = sheet.source(span.id()?).ok().filter(|source| source.id() != sheet.main.id())?;
        Some((display_name(source.id()), position(&source, span)?))
    });
    let (file, (line, column)) = place.unwrap_or_default();
    PrintError::Template { file, line, column, message }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "the work was stopped".to_owned(),
    }
}
