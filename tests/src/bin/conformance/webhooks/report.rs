//! All verdicts as a table a provider, a list of exceptions with their reasons, a list of what is wrong, and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::case::{Case, Want};
use super::judge::Verdict;
use crate::section::{Section, table};

/// A provider's row.
#[derive(Default)]
struct Row {
    payloads: usize,
    accepted: (usize, usize),
    refused: (usize, usize),
    read: (usize, usize),
    matched: (usize, usize),
    exceptions: usize,
    wrong: usize,
    skipped: usize,
}

impl Row {
    fn add(&mut self, verdict: &Verdict) {
        self.payloads += 1;
        if verdict.skipped {
            self.skipped += 1;
            return;
        }
        let clean = verdict.wrong.is_empty();
        let as_wanted = !verdict.wrong.iter().any(|what| what.starts_with("must be"));
        let (done, all) = match verdict.want {
            Want::Accept => &mut self.accepted,
            Want::Refuse => &mut self.refused,
            Want::Read => &mut self.read,
        };
        *done += usize::from(as_wanted);
        *all += 1;
        if verdict.compared {
            self.matched.0 += usize::from(clean);
            self.matched.1 += 1;
        }
        self.exceptions += usize::from(!verdict.excused.is_empty());
        self.wrong += usize::from(!clean);
    }

    fn cells(&self, name: &str) -> Vec<String> {
        let of = |(done, all): (usize, usize)| if all == 0 { "-".to_owned() } else { format!("{done}/{all}") };
        let first = if self.skipped == self.payloads { format!("{name} (no adapter)") } else { name.to_owned() };
        vec![
            first,
            self.payloads.to_string(),
            of(self.accepted),
            of(self.refused),
            of(self.read),
            of(self.matched),
            self.exceptions.to_string(),
            self.wrong.to_string(),
        ]
    }
}

/// The result of a folder.
pub(crate) fn section(cases: &[Case], verdicts: &[Verdict]) -> Section {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let mut all = Row::default();
    for (case, verdict) in cases.iter().zip(verdicts) {
        rows.entry(&case.folder).or_default().add(verdict);
        all.add(verdict);
    }
    let head =
        ["provider", "payloads", "valid accepted", "invalid refused", "read", "as stated", "with exceptions", "wrong"];
    let mut cells: Vec<Vec<String>> = rows.iter().map(|(name, row)| row.cells(name)).collect();
    cells.push(all.cells("all"));
    let mut text = format!("webhooks\n\n{}\n", table(&head, &cells));
    list(&mut text, "exceptions, each with its reason", cases, verdicts, |verdict| &verdict.excused);
    list(&mut text, "wrong", cases, verdicts, |verdict| &verdict.wrong);
    Section { name: "webhooks", text, json: as_json(cases, verdicts, &all), wrong: all.wrong }
}

fn list(text: &mut String, title: &str, cases: &[Case], verdicts: &[Verdict], pick: impl Fn(&Verdict) -> &Vec<String>) {
    let mut lines = String::new();
    for (case, verdict) in cases.iter().zip(verdicts) {
        for line in pick(verdict) {
            let _ = writeln!(lines, "  {}: {line}", case.file());
        }
    }
    if !lines.is_empty() {
        let _ = write!(text, "\n{title}:\n{lines}");
    }
}

fn as_json(cases: &[Case], verdicts: &[Verdict], all: &Row) -> Value {
    let each: Vec<Value> = cases
        .iter()
        .zip(verdicts)
        .map(|(case, verdict)| {
            let want = match verdict.want {
                Want::Accept => "accept",
                Want::Refuse => "refuse",
                Want::Read => "read",
            };
            json!({"file": case.file(), "provider": case.provider, "want": want, "got": verdict.got,
                "compared": verdict.compared, "events": verdict.events, "exceptions": verdict.excused, "wrong": verdict.wrong})
        })
        .collect();
    json!({"payloads": all.payloads, "no_adapter": all.skipped, "wrong": all.wrong, "cases": each})
}
