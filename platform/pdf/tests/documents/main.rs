//! Every letter of the demo cities, printed and read back.

mod hard_cases;
mod letters;
mod limits;
mod reader;
mod templates;
mod typefaces;

use std::path::PathBuf;
use std::sync::LazyLock;

use pdf::{Meta, Press, PrintError, Template};
use serde_json::Value;

pub const CITIES: [&str; 2] = ["meerbusch", "musterstadt"];
/// Template and the data it is printed with.
pub const LETTERS: [(&str, &str); 5] = [
    ("meldebescheinigung", "meldebescheinigung"),
    ("meldebescheinigung", "meldebescheinigung-erweitert"),
    ("bescheid-ablehnung", "bescheid-ablehnung"),
    ("mitteilung", "mitteilung"),
    ("antrag", "antrag"),
];
pub const WATERMARK: &str = "MUSTER – nicht gültig";

pub static PRESS: LazyLock<Press> = LazyLock::new(|| Press::new(pdf::bundled_fonts()).expect("fonts"));

pub fn meta() -> Meta<'static> {
    Meta {
        title: "Titel „für“ Lesegeräte & mehr",
        author: "Stadt Musterstadt, Bürgerbüro",
        lang: "de-DE",
        created: "2026-11-23T10:15:30.123456Z".parse().expect("an instant"),
        id: "0193b5a0-0000-7000-8000-000000000001",
        watermark: None,
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn city_template(city: &str, name: &str) -> Template {
    let folder = root().join("../../cities").join(city).join("letters");
    let mut files: Vec<(String, String)> = std::fs::read_dir(&folder)
        .expect("a letters folder")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("a text"))
        })
        .collect();
    let main = files.iter().position(|(file, _)| *file == format!("{name}.typ")).expect("the template");
    let (main, source) = files.swap_remove(main);
    let includes: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    Template::parse(&main, &source, &includes).unwrap_or_else(|error| panic!("{error}"))
}

pub fn sample(name: &str) -> Value {
    let path = root().join("tests/data").join(format!("{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("data")).expect("JSON")
}

pub fn print(city: &str, template: &str, data: &Value) -> Result<Vec<u8>, PrintError> {
    PRESS.print(&city_template(city, template), data, &meta())
}

/// A template of a test, in one file.
pub fn template(source: &str) -> Template {
    Template::parse("probe.typ", source, &[]).unwrap_or_else(|error| panic!("{error}"))
}

/// Line breaks swallow spaces, so texts are compared without them.
pub fn compact(text: &str) -> String {
    text.split_whitespace().collect()
}
