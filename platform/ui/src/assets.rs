//! Built files of the browser side (`web/dist`): style sheet, script, fonts.
//!
//! A release build embeds them; building it without `web/dist` stops with a message. Any other build reads them from
//! `web/dist` once, when the first is asked for, so tests compile and pages render without Node.js: then the addresses
//! carry no hash and lead to nothing. `MEER_WEB_DIST` names another folder.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::paths;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// For answers with an asset: its name carries a hash of its content, so it never changes.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// A built file.
#[derive(Debug, Clone)]
pub struct Asset {
    pub content_type: &'static str,
    pub bytes: Cow<'static, [u8]>,
}

struct Built {
    /// Plain name → name with hash.
    names: BTreeMap<String, String>,
    /// Name with hash → file.
    files: BTreeMap<String, Asset>,
}

static BUILT: LazyLock<Built> = LazyLock::new(|| if EMBEDDED.is_empty() { from_disk(&dist()) } else { embedded() });

/// The file of a name with hash, as it stands behind [`paths::ASSETS`].
pub fn file(name: &str) -> Option<&'static Asset> {
    BUILT.files.get(name)
}

/// The address of a file by its plain name: `meer.css` → `/assets/meer-4f1c….css`.
pub fn url(name: &str) -> String {
    let hashed = BUILT.names.get(name).map_or(name, String::as_str);
    format!("{}/{hashed}", paths::ASSETS)
}

/// What to do if the files are not there; `None` if they are. For the log line at start.
pub fn missing() -> Option<String> {
    BUILT
        .files
        .is_empty()
        .then(|| format!("{} holds no built files; run `make web` to build the styles and scripts", dist().display()))
}

fn dist() -> PathBuf {
    std::env::var_os("MEER_WEB_DIST")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist"), PathBuf::from)
}

fn embedded() -> Built {
    let mut built = Built { names: BTreeMap::new(), files: BTreeMap::new() };
    for (plain, hashed, bytes) in EMBEDDED {
        built.names.insert((*plain).to_owned(), (*hashed).to_owned());
        let asset = Asset { content_type: content_type(hashed), bytes: Cow::Borrowed(*bytes) };
        built.files.insert((*hashed).to_owned(), asset);
    }
    built
}

fn from_disk(dist: &Path) -> Built {
    let mut built = Built { names: BTreeMap::new(), files: BTreeMap::new() };
    let Ok(manifest) = std::fs::read_to_string(dist.join("manifest.json")) else { return built };
    let Ok(names) = serde_json::from_str::<BTreeMap<String, String>>(&manifest) else { return built };
    for hashed in names.values() {
        if let Ok(bytes) = std::fs::read(dist.join(hashed)) {
            let asset = Asset { content_type: content_type(hashed), bytes: Cow::Owned(bytes) };
            built.files.insert(hashed.clone(), asset);
        }
    }
    built.names = names;
    built
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "woff2" => "font/woff2",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_the_hashed_names_of_the_manifest() {
        let dist = tempfile::tempdir().unwrap();
        std::fs::write(dist.path().join("manifest.json"), r#"{"a.css":"a-1.css","gone.js":"gone-2.js"}"#).unwrap();
        std::fs::write(dist.path().join("a-1.css"), "p{}").unwrap();
        std::fs::write(dist.path().join("secret.txt"), "no").unwrap();

        let built = from_disk(dist.path());
        assert_eq!(built.names["a.css"], "a-1.css");
        assert_eq!(&*built.files["a-1.css"].bytes, b"p{}");
        assert_eq!(built.files["a-1.css"].content_type, "text/css; charset=utf-8");
        assert_eq!(built.files.len(), 1, "only files of the manifest that exist are served");
    }

    #[test]
    fn without_built_files_nothing_is_served() {
        let dist = tempfile::tempdir().unwrap();
        assert!(from_disk(dist.path()).files.is_empty());
        std::fs::write(dist.path().join("manifest.json"), "[]").unwrap();
        assert!(from_disk(dist.path()).files.is_empty());
    }

    #[test]
    fn an_unknown_name_keeps_its_name_and_has_no_file() {
        assert_eq!(url("no-such-file.css"), "/assets/no-such-file.css");
        assert!(file("../Cargo.toml").is_none());
    }
}
