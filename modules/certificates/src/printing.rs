//! From data and a template of the city to a stored PDF.

use std::{collections::BTreeSet, sync::Arc};

use content::Content;
use files::Stored;
use house::{App, City};
use kernel::{Cx, Error, Hash, Result, Uuid};
use pdf::{Meta, Press, Template};
use serde_json::Value;

/// Goes across every page in a demo city.
const WATERMARK: &str = "MUSTER – nicht gültig";

/// Names of the city's letter files, without ending.
pub fn letters(content: &Content) -> BTreeSet<String> {
    content.all("letters").iter().map(|item| item.key.clone()).collect()
}

/// A letter template with all other letter files as possible includes.
///
/// # Errors
/// No such letter; what is wrong with it, with file, line and column.
pub fn template(content: &Content, name: &str) -> Result<Template> {
    let mut files: Vec<(String, Arc<str>)> =
        content.all("letters").iter().map(|item| (format!("{}.typ", item.key), item.body.clone())).collect();
    let main = files.iter().position(|(file, _)| file.strip_suffix(".typ") == Some(name));
    let main = main.ok_or_else(|| Error::internal(format!("the city has no letter {name}")))?;
    let (file, source) = files.swap_remove(main);
    let includes: Vec<(&str, &str)> = files.iter().map(|(file, source)| (file.as_str(), &**source)).collect();
    Template::parse(&file, &source, &includes).map_err(|e| Error::internal(format!("letters/{e}")))
}

/// A document to be printed.
pub struct Sheet<'a> {
    pub template: &'a str,
    pub title: &'a str,
    /// Issuing office.
    pub author: &'a str,
    pub id: Uuid,
    pub data: Value,
}

/// A printed document; its row is still to be written.
pub struct Printed {
    pub stored: Stored,
    pub sha256: Hash,
}

/// Prints and stores. What follows in the database must record the file ([`files::record`]).
pub async fn print(cx: &Cx, app: &App, city: &City, sheet: Sheet<'_>) -> Result<Printed> {
    let press = app.shared::<Press>(|_| Press::new(pdf::bundled_fonts()).map_err(Error::internal))?;
    let template = template(&city.content, sheet.template)?;
    let (title, author, id) = (sheet.title.to_owned(), sheet.author.to_owned(), sheet.id.to_string());
    let (created, demo, data) = (cx.now(), app.config.demo, sheet.data);
    // Typesetting takes milliseconds of a core: not on a thread that answers requests.
    let bytes = tokio::task::spawn_blocking(move || {
        let watermark = demo.then_some(WATERMARK);
        press.print(&template, &data, &Meta { title: &title, author: &author, lang: "de", created, id: &id, watermark })
    });
    let bytes = bytes.await.map_err(Error::internal)?.map_err(Error::internal)?;
    let stored = city.files.put(cx, bytes).await?;
    Ok(Printed { sha256: stored.sha256, stored })
}
