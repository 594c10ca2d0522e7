//! What is written is valid against the schemas of the standard, where they and `xmllint` are at hand.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use xdomea::{Version, write_as};

fn schemas() -> Option<PathBuf> {
    let root = std::env::var_os("MEER_CONFORMANCE")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"), PathBuf::from);
    let schemas = root.join("xdomea/schemes");
    let has_xmllint = Command::new("xmllint").arg("--version").output().is_ok();
    (has_xmllint && schemas.is_dir()).then_some(schemas)
}

/// Bytes without pattern, always the same (xorshift).
fn noise(mut seed: u64, length: usize) -> Vec<u8> {
    (0..length)
        .map(|_| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed >> 32) as u8
        })
        .collect()
}

#[test]
fn random_messages_are_valid() {
    let Some(schemas) = schemas() else {
        println!("xdomea schemas: skipped: no conformance data or no xmllint");
        return;
    };
    const EACH: u64 = 400;
    let folder = std::env::temp_dir().join(format!("xdomea-schema-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut valid = 0;
    for version in Version::ALL {
        // Filing plans have a schema of their own.
        for (group, schema) in [("Aussonderung", "AussonderungDurchfuehren"), ("Aktenplan", "AktenplanAustauschen")] {
            let schema = schemas.join(format!("xdomea_{}/xdomea-Nachrichten-{schema}.xsd", version.number()));
            let mut files = Vec::new();
            for seed in 1..=EACH {
                let message = support::message(&noise(seed * 7919, 40 * seed as usize), version);
                if message.inhalt.name().starts_with(group) {
                    let file = folder.join(format!("{}-{seed}.xml", version.number()));
                    std::fs::write(&file, write_as(&message, version).unwrap()).unwrap();
                    files.push(file);
                }
            }
            let lint = Command::new("xmllint")
                .args(["--noout", "--nonet", "--huge", "--schema"])
                .arg(&schema)
                .args(&files)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&lint.stderr);
            let errors: Vec<&str> = said.lines().filter(|line| !line.ends_with(" validates")).collect();
            assert!(lint.status.success() && errors.is_empty(), "{}", errors.join("\n"));
            valid += files.len();
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    println!("xdomea schemas: {valid} random messages valid");
}
