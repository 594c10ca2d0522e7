use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, Source};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, World};

use crate::fonts::Fonts;
use crate::template::{DATA_PATH, META_PATH, Template, file_id};

/// Payload of the unwind that ends a compilation whose caller no longer waits.
pub(crate) struct Abandoned;

/// All that one document can see: its template, its data, the fonts. No files, no packages, no clock.
pub(crate) struct Sheet<'a> {
    pub library: &'a LazyHash<Library>,
    pub fonts: &'a Fonts,
    pub template: &'a Template,
    pub main: Source,
    pub data: Bytes,
    pub meta: Bytes,
    pub abandoned: &'a AtomicBool,
}

impl World for Sheet<'_> {
    fn library(&self) -> &LazyHash<Library> {
        self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.fonts.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() {
            return Ok(self.main.clone());
        }
        self.template.source(id).cloned().ok_or(FileError::AccessDenied)
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        static DATA: LazyLock<Option<FileId>> = LazyLock::new(|| file_id(DATA_PATH));
        static META: LazyLock<Option<FileId>> = LazyLock::new(|| file_id(META_PATH));
        match Some(id) {
            data if data == *DATA => Ok(self.data.clone()),
            meta if meta == *META => Ok(self.meta.clone()),
            _ => Err(FileError::AccessDenied),
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        if self.abandoned.load(Ordering::Relaxed) {
            // Typesetting asks for fonts all the time and has no other way to be stopped.
            std::panic::resume_unwind(Box::new(Abandoned));
        }
        self.fonts.fonts.get(index).cloned()
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}
