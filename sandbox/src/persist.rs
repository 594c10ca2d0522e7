//! Files of JSON lines that keep the state over restarts: each line is the newest state of one object.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Appends to one file, or to nothing when the sandbox keeps no data.
pub struct Lines {
    file: Option<(PathBuf, Mutex<File>)>,
}

impl Lines {
    /// Opens `name` in the data folder and reads what is there. A last line without its end (the process died while
    /// writing) is cut off; any other unreadable line is an error.
    pub fn open<T: DeserializeOwned>(dir: Option<&Path>, name: &str) -> anyhow::Result<(Self, Vec<T>)> {
        let Some(dir) = dir else { return Ok((Self { file: None }, Vec::new())) };
        let path = dir.join(name);
        let file = OpenOptions::new().create(true).read(true).append(true).open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        let mut items = Vec::new();
        let mut whole = 0;
        let mut reader = BufReader::new(&file);
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)?;
            if length == 0 {
                break;
            }
            if line.last() != Some(&b'\n') {
                file.set_len(whole)?;
                break;
            }
            items.push(serde_json::from_slice(&line).with_context(|| format!("{}:{number}", path.display()))?);
            whole += length as u64;
        }
        Ok((Self { file: Some((path, Mutex::new(file))) }, items))
    }

    /// Appends the state of an object. A full disk must not take a peer down, so a failure is only reported.
    pub fn append<T: Serialize>(&self, item: &T) {
        let Some((path, file)) = &self.file else { return };
        let written = serde_json::to_vec(item).map_err(std::io::Error::other).and_then(|mut line| {
            line.push(b'\n');
            file.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
        });
        if let Err(error) = written {
            tracing::error!(path = %path.display(), %error, "state not kept");
        }
    }

    /// Empties the file.
    pub fn clear(&self) {
        let Some((path, file)) = &self.file else { return };
        if let Err(error) = file.lock().unwrap_or_else(PoisonError::into_inner).set_len(0) {
            tracing::error!(path = %path.display(), %error, "state not cleared");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_last_line_is_cut_off_and_the_file_stays_usable() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("x.jsonl"), "1\n2\n3").unwrap();
        let (lines, read) = Lines::open::<u32>(Some(dir.path()), "x.jsonl").unwrap();
        assert_eq!(read, [1, 2]);
        lines.append(&4_u32);
        let (_, read) = Lines::open::<u32>(Some(dir.path()), "x.jsonl").unwrap();
        assert_eq!(read, [1, 2, 4]);
    }

    #[test]
    fn a_broken_line_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("x.jsonl"), "1\n{\n3\n").unwrap();
        let error = Lines::open::<u32>(Some(dir.path()), "x.jsonl").err().unwrap().to_string();
        assert!(error.ends_with("x.jsonl:2"), "{error}");
    }
}
