//! The reference models of the BPMN Model Interchange Working Group: each is read, written from the typed model and
//! compared with what it was read from, element by element. How they are executed is tested in `formats/bpmn`.

use std::fs;
use std::path::Path;

use anyhow::Result;
use bpmn::Model;
use roxmltree::Document;

use super::Tally;

#[path = "../../../formats/bpmn/tests/bpmn/support/tree.rs"]
mod tree;

pub(crate) fn run(folder: &Path) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut files: Vec<_> =
        fs::read_dir(folder.join("Reference"))?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "bpmn"));
    files.sort();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let source = fs::read_to_string(&file)?;
        tally.count(&name, kept(&name, &source));
    }
    Ok(tally)
}

fn kept(name: &str, source: &str) -> Result<(), String> {
    let parse = |text: &str| Model::parse(text).map_err(|errors| format!("{errors:?}"));
    let written = parse(source)?.to_xml();
    let before = Document::parse(source).map_err(|error| error.to_string())?;
    let after = Document::parse(&written).map_err(|error| error.to_string())?;
    tree::compare(name, &tree::of(before.root_element()), &tree::of(after.root_element()))?;
    if parse(&written)?.to_xml() == written { Ok(()) } else { Err("written again, it is another text".to_owned()) }
}
