//! Prints one letter of a city and says how long it took:
//! `cargo run -p pdf --example print -- cities/meerbusch/letters mitteilung data.json out.pdf [repeats]`

use std::error::Error;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, name, data, out, rest @ ..] = args.as_slice() else {
        return Err("usage: print <letters folder> <template> <data.json> <out.pdf> [repeats]".into());
    };
    let repeats = rest.first().map_or(Ok(1), |n| n.parse::<u32>())?;
    let main = format!("{name}.typ");
    let source = std::fs::read_to_string(Path::new(folder).join(&main))?;
    let mut includes = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let file = entry.file_name().to_string_lossy().into_owned();
        if file.ends_with(".typ") && file != main {
            includes.push((file, std::fs::read_to_string(entry.path())?));
        }
    }
    let includes: Vec<(&str, &str)> = includes.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();

    let start = Instant::now();
    let press = pdf::Press::new(pdf::bundled_fonts())?;
    println!("press ready after {:?}", start.elapsed());
    let template = pdf::Template::parse(&main, &source, &includes)?;
    let mut data: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(data)?)?;
    for round in 0..repeats {
        if round > 0
            && let Some(person) = data.get_mut("person")
        {
            person["family_name"] = format!("Muster-{round}").into();
        }
        let id = format!("sample-{round}");
        let meta = pdf::Meta {
            title: "Probedruck",
            author: "Stadt, Amt",
            lang: "de-DE",
            created: jiff::Timestamp::UNIX_EPOCH,
            id: &id,
            watermark: Some("MUSTER – nicht gültig"),
        };
        let start = Instant::now();
        let bytes = press.print(&template, &data, &meta)?;
        println!("{} bytes after {:?}", bytes.len(), start.elapsed());
        if round == 0 {
            std::fs::write(out, bytes)?;
        }
    }
    Ok(())
}
