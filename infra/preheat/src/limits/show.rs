//! `preheat limits show`: every number as it stands.

use preheat_core::limits::{FIELDS, Limits};
use serde::Serialize;
use serde_json::Value;

use super::LimitsArgs;
use crate::Out;
use crate::outcome::Outcome;

const EXAMPLES: &str = "\
Examples:
  preheat limits show
  preheat limits show --limits limits.json --json";

/// Arguments of `preheat limits show`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    limits: LimitsArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A number as it stands.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) value: Value,
    pub(super) default: Value,
    pub(super) source: String,
    pub(super) must_be: String,
}

/// Runs the command.
pub(super) fn run(args: &Args, out: Out<'_>) -> Outcome {
    let lines = lines(&args.limits.effective()?)?;
    if args.json {
        return crate::json(out, &lines);
    }
    let longest = lines.iter().map(|line| line.name.len()).max().unwrap_or(0);
    for line in &lines {
        let Line { name, value, default, source, must_be } = line;
        let is_changed = if value == default { String::new() } else { format!(", by default {default}") };
        writeln!(out, "{name:<longest$}  {:<16}  {source}: {must_be}{is_changed}", value.to_string())?;
    }
    Ok(())
}

/// Every number, in the order of its declaration.
pub(super) fn lines(limits: &Limits) -> anyhow::Result<Vec<Line>> {
    let (now, defaults) = (serde_json::to_value(limits)?, serde_json::to_value(Limits::default())?);
    let at = |all: &Value, path: &str| {
        path.split('.').try_fold(all, |value, name| value.get(name)).cloned().unwrap_or_default()
    };
    let line = |field: &preheat_core::limits::Field| Line {
        name: field.path,
        value: at(&now, field.path),
        default: at(&defaults, field.path),
        source: if field.source == "ours" { "ours".to_owned() } else { format!("domain.md {}", field.source) },
        must_be: field.kind.to_string(),
    };
    Ok(FIELDS.iter().map(line).collect())
}
