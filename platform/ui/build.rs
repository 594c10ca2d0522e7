//! Embeds the built files of the browser side into release builds.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=MEER_WEB_DIST");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("embedded.rs");
    let mut table = String::new();
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        let dist = env::var_os("MEER_WEB_DIST").map_or_else(|| PathBuf::from("../../web/dist"), PathBuf::from);
        let manifest = dist.join("manifest.json");
        println!("cargo::rerun-if-changed={}", manifest.display());
        match names(&manifest) {
            Ok(names) => write_table(&mut table, &dist, &names)?,
            Err(error) => {
                println!("cargo::error=cannot read {}: {error}; run `make web` first", manifest.display());
                return Ok(());
            }
        }
    }
    let code =
        format!("/// Plain name, name with hash, content.\nstatic EMBEDDED: &[(&str, &str, &[u8])] = &[\n{table}];\n");
    fs::write(out, code)
}

fn names(manifest: &Path) -> io::Result<BTreeMap<String, String>> {
    Ok(serde_json::from_str(&fs::read_to_string(manifest)?)?)
}

fn write_table(table: &mut String, dist: &Path, names: &BTreeMap<String, String>) -> io::Result<()> {
    for (plain, hashed) in names {
        let file = dist.join(hashed).canonicalize()?;
        writeln!(table, "    ({plain:?}, {hashed:?}, include_bytes!({:?})),", file.display().to_string())
            .map_err(io::Error::other)?;
    }
    Ok(())
}
