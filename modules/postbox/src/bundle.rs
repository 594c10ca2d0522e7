//! Several letters as one file for the printer.

use std::collections::BTreeMap;

use kernel::{Error, Result};
use lopdf::{Dictionary, Document, Object, ObjectId, dictionary};

/// What a page may take over from the nodes above it (ISO 32000-1, 7.7.3.4).
const INHERITED: [&[u8]; 4] = [b"Resources", b"MediaBox", b"CropBox", b"Rotate"];
const MAX_DEPTH: usize = 32;

/// Joins letters. Each begins on a front side: printed on both sides, no sheet may carry letters to two people.
///
/// The result is for the printer only; what was delivered and is kept are the single letters.
///
/// # Errors
/// A letter that is no PDF.
pub fn join(letters: &[Vec<u8>]) -> Result<Vec<u8>> {
    let mut objects: BTreeMap<ObjectId, Object> = BTreeMap::new();
    let mut pages: Vec<ObjectId> = Vec::new();
    let mut next = 1;
    for bytes in letters {
        let mut letter = Document::load_mem(bytes).map_err(Error::internal)?;
        letter.renumber_objects_with(next);
        next = letter.max_id + 1;
        let own: Vec<ObjectId> = letter.get_pages().into_values().collect();
        let last = own.last().copied().ok_or_else(|| Error::internal("a letter without pages"))?;
        for id in &own {
            let page = whole_page(&letter, *id)?;
            letter.objects.insert(*id, Object::Dictionary(page));
        }
        objects.append(&mut letter.objects);
        pages.extend(&own);
        if own.len() % 2 == 1 {
            let size = objects.get(&last).and_then(|o| o.as_dict().ok()).and_then(|d| d.get(b"MediaBox").ok()).cloned();
            let blank = (next, 0);
            next += 1;
            let empty = dictionary! {
                "Type" => "Page",
                "MediaBox" => size.unwrap_or_else(|| vec![0.into(), 0.into(), 595.into(), 842.into()].into()),
                "Resources" => Dictionary::new(),
            };
            objects.insert(blank, empty.into());
            pages.push(blank);
        }
    }
    let mut joined = Document::with_version("1.7");
    let tree: ObjectId = (next, 0);
    let catalog: ObjectId = (next + 1, 0);
    for id in &pages {
        if let Some(Object::Dictionary(page)) = objects.get_mut(id) {
            page.set("Parent", tree);
        }
    }
    let count = i64::try_from(pages.len()).map_err(Error::internal)?;
    let kids: Vec<Object> = pages.into_iter().map(Object::Reference).collect();
    objects.insert(tree, dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count }.into());
    objects.insert(catalog, dictionary! { "Type" => "Catalog", "Pages" => tree }.into());
    joined.objects = objects;
    joined.max_id = next + 1;
    joined.trailer.set("Root", catalog);
    // What only the old catalogs named (tags, outlines, metadata) goes.
    joined.prune_objects();
    let mut bytes = Vec::new();
    joined.save_to(&mut bytes).map_err(Error::internal)?;
    Ok(bytes)
}

/// A page with everything it takes over from above, and without its place among the tags of its letter.
fn whole_page(letter: &Document, id: ObjectId) -> Result<Dictionary> {
    let mut page = letter.get_dictionary(id).map_err(Error::internal)?.clone();
    let mut above = page.get(b"Parent").and_then(Object::as_reference).ok();
    for _ in 0..MAX_DEPTH {
        let Some(node) = above.and_then(|id| letter.get_dictionary(id).ok()) else { break };
        for key in INHERITED {
            if !page.has(key)
                && let Ok(value) = node.get(key)
            {
                page.set(key, value.clone());
            }
        }
        above = node.get(b"Parent").and_then(Object::as_reference).ok();
    }
    page.remove(b"StructParents");
    Ok(page)
}

#[cfg(test)]
mod tests {
    use lopdf::content::{Content, Operation};

    use super::*;

    /// A letter of some pages; size and resources stand above the pages.
    fn letter(pages: usize, word: &str) -> Vec<u8> {
        let mut doc = Document::with_version("1.7");
        let tree = doc.new_object_id();
        let kids: Vec<Object> = (0..pages)
            .map(|_| {
                let text = Operation::new("Tj", vec![Object::string_literal(word)]);
                let content = Content { operations: vec![text] }.encode().unwrap();
                let content = doc.add_object(lopdf::Stream::new(Dictionary::new(), content));
                let page = dictionary! {
                    "Type" => "Page", "Parent" => tree, "Contents" => content, "StructParents" => 0
                };
                doc.add_object(page).into()
            })
            .collect();
        let count = i64::try_from(pages).unwrap();
        let node = dictionary! {
            "Type" => "Pages", "Kids" => kids, "Count" => count,
            "MediaBox" => vec![0.into(), 0.into(), 420.into(), 595.into()],
            "Resources" => Dictionary::new(),
        };
        doc.objects.insert(tree, node.into());
        let catalog = doc.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree });
        doc.trailer.set("Root", catalog);
        let mut bytes = Vec::new();
        doc.save_to(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn every_letter_begins_on_a_front_side() {
        let joined = join(&[letter(1, "eins"), letter(2, "zwei"), letter(3, "drei")]).unwrap();
        let joined = Document::load_mem(&joined).unwrap();
        let words: Vec<String> = joined
            .get_pages()
            .into_values()
            .map(|id| {
                let page = joined.get_dictionary(id).unwrap();
                assert_eq!(page.get(b"MediaBox").unwrap().as_array().unwrap()[2].as_i64().unwrap(), 420);
                assert!(!page.has(b"StructParents"));
                let content = String::from_utf8(joined.get_page_content(id)).unwrap();
                ["eins", "zwei", "drei"].into_iter().find(|w| content.contains(w)).unwrap_or("-").to_owned()
            })
            .collect();
        assert_eq!(words, ["eins", "-", "zwei", "zwei", "drei", "drei", "drei", "-"]);
    }

    #[test]
    fn what_is_no_pdf_is_an_error() {
        assert!(join(&[b"kein PDF".to_vec()]).is_err());
    }
}
