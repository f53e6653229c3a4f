//! Webhook payloads: is each vector accepted or refused as it must be, and does each payload say what its source says it says?
//!
//! - [`case`]: a payload with what stands beside it.
//! - [`play`]: the payload as a request to an endpoint that is made for it.
//! - [`meaning`]: the vocabularies of the sources, and what of ours means the same.
//! - [`judge`]: one case's verdict.
//! - [`report`]: all verdicts as a table and as JSON.

mod case;
mod judge;
mod meaning;
mod play;
mod report;

use std::path::Path;

use anyhow::Result;

use crate::section::Section;

/// Runs a folder.
///
/// # Errors
/// It cannot be read, or holds no payload.
pub(crate) fn run(directory: &Path) -> Result<Section> {
    let cases = case::all(directory)?;
    let verdicts: Vec<judge::Verdict> = cases.iter().map(judge::judge).collect();
    Ok(report::section(&cases, &verdicts))
}
