//! A payload and what stands beside it, as the manifest of the samples describes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use preheat_core::event::Reporter;
use serde_json::Value;

/// A payload.
pub(crate) struct Case {
    /// The folder's name.
    pub(crate) folder: String,
    /// Whose format it is; `None` for folders of providers that are no part of the product.
    pub(crate) provider: Option<Reporter>,
    /// The file's name without its last ending.
    pub(crate) name: String,
    pub(crate) body: Vec<u8>,
    /// `NAME.headers.json`.
    pub(crate) about: Value,
    /// `NAME.expected.json`.
    pub(crate) expected: Option<Value>,
    /// The manifest's word: complete-valid, complete-invalid, basic-auth, none.
    vector: Option<String>,
}

/// What must become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    /// Its signature or secret holds: it must be accepted.
    Accept,
    /// It must be refused.
    Refuse,
    /// Nothing to verify: it must be read.
    Read,
}

impl Case {
    /// What must become of it: its own `accept`, else the manifest's word, else whether its signature is valid. One that its
    /// source refused although it carries no signature at all must be refused for the want of one.
    pub(crate) fn want(&self) -> Want {
        if let Some(accept) = self.about["accept"].as_bool() {
            return if accept { Want::Accept } else { Want::Refuse };
        }
        match (self.vector.as_deref(), self.about["signature_valid"].as_bool()) {
            (Some("complete-valid"), _) => Want::Accept,
            (Some("complete-invalid"), _) => Want::Refuse,
            (_, Some(true)) => Want::Accept,
            (_, Some(false)) => Want::Refuse,
            _ if self.lacks_its_signature() => Want::Refuse,
            _ => Want::Read,
        }
    }

    /// Whether its source answered 4xx as the signature was missing.
    pub(crate) fn lacks_its_signature(&self) -> bool {
        let refused = self.about["source_status"].as_u64().is_some_and(|status| (400..500).contains(&status));
        refused && self.about["signature_valid"].is_null() && self.about["scheme"].is_null()
    }

    pub(crate) fn file(&self) -> String {
        format!("{}/{}", self.folder, self.name)
    }
}

/// The payloads of a folder, in order: of its subfolders, or its own if it is one provider's.
///
/// # Errors
/// It cannot be read, or holds no payload.
pub(crate) fn all(directory: &Path) -> Result<Vec<Case>> {
    let vectors = manifest(directory);
    let mut cases = Vec::new();
    for path in entries(directory)? {
        if path.is_dir() {
            let folder = file_name(&path);
            for file in entries(&path)? {
                cases.extend(case(&file, &folder, &vectors)?);
            }
        }
    }
    if cases.is_empty() {
        let whole = directory.canonicalize().unwrap_or_else(|_| directory.to_path_buf());
        for file in entries(directory)? {
            cases.extend(case(&file, &file_name(&whole), &vectors)?);
        }
    }
    ensure!(!cases.is_empty(), "{} holds no payload", directory.display());
    Ok(cases)
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let listed = fs::read_dir(directory).with_context(|| format!("{} cannot be read", directory.display()))?;
    let mut paths = listed.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn case(file: &Path, folder: &str, vectors: &BTreeMap<String, String>) -> Result<Option<Case>> {
    let full = file_name(file);
    let (name, ending) = full.rsplit_once('.').unwrap_or((&full, ""));
    let beside = name.ends_with(".headers") || name.ends_with(".expected");
    if beside || !matches!(ending, "json" | "form" | "csv" | "bin" | "txt") {
        return Ok(None);
    }
    let read = |kind: &str| -> Result<Option<Value>> {
        let path = file.with_file_name(format!("{name}.{kind}.json"));
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        serde_json::from_str(&text).map(Some).with_context(|| format!("{} is no JSON", path.display()))
    };
    Ok(Some(Case {
        folder: folder.to_owned(),
        provider: provider(folder),
        name: name.to_owned(),
        body: fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?,
        about: read("headers")?.unwrap_or(Value::Null),
        expected: read("expected")?,
        vector: vectors.get(&format!("{folder}/{full}")).cloned(),
    }))
}

fn provider(folder: &str) -> Option<Reporter> {
    match folder {
        "ses-sns" | "ses-eventbridge" | "ses-sqs" | "sns" | "eventbridge" => Some(Reporter::Ses),
        "svix" => Some(Reporter::StandardWebhooks),
        other => other.parse().ok().filter(|reporter| *reporter != Reporter::Mailbox),
    }
}

/// The column `vector` of MANIFEST.md by file, where there is one.
fn manifest(directory: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(directory.join("MANIFEST.md")).unwrap_or_default();
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        let (file, _, vector) = (cells.next()?, cells.next()?, cells.next()?);
        file.contains('/').then(|| (file.to_owned(), vector.to_owned()))
    });
    rows.collect()
}
