//! `cargo xtask conformance --webhooks DIR [--json]`: what the intake of events makes of any folder of samples, held against what
//! the samples' sources say.
//!
//! Each kind of sample is a module with one function `run(directory) -> Section`; this file adds them up. Exit code 0: all as
//! stated; 1: a mismatch; 2: bad input.

mod section;
mod webhooks;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use serde_json::{Map, Value};

use crate::section::Section;

/// Runs folders of samples through the readers of events and compares.
///
/// Examples:
///   cargo xtask conformance --webhooks ../shared/fixtures/webhooks
///   cargo xtask conformance --webhooks ../shared/fixtures/webhooks --json
#[derive(Parser)]
#[command(name = "conformance", verbatim_doc_comment)]
struct Arguments {
    /// A folder of webhook payloads: one folder a provider; beside `NAME.json|form|csv` a `NAME.headers.json` and a
    /// `NAME.expected.json`, either of which may be missing.
    #[arg(long)]
    webhooks: Option<PathBuf>,
    /// Everything as JSON, each sample with the events that were read from it.
    #[arg(long)]
    json: bool,
}

fn sections(arguments: &Arguments) -> Result<Vec<Section>> {
    let mut sections = Vec::new();
    if let Some(directory) = &arguments.webhooks {
        sections.push(webhooks::run(directory)?);
    }
    anyhow::ensure!(!sections.is_empty(), "nothing to do: name a folder (see --help)");
    Ok(sections)
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match sections(&arguments).and_then(|sections| print(&arguments, &sections).map(|()| sections)) {
        Ok(sections) if sections.iter().all(|section| section.wrong == 0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::from(2)
        }
    }
}

fn print(arguments: &Arguments, sections: &[Section]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let all: Map<String, Value> =
            sections.iter().map(|section| (section.name.to_owned(), section.json.clone())).collect();
        writeln!(out, "{:#}", Value::Object(all)).context("nobody reads the result")?;
        return Ok(());
    }
    for section in sections {
        writeln!(out, "{}", section.text).context("nobody reads the result")?;
    }
    Ok(())
}
