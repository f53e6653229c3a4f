//! What came of a folder: rows, tallies, gates; as text and as JSON.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::section::{Section, table};

/// Least share of rows that must be right, in per cent (issue 3).
pub(crate) const RIGHT_PERCENT_MIN: usize = 97;

/// A line of `expected.csv`, by the names of its columns.
pub(crate) type Expected = BTreeMap<String, String>;

/// What a row wanted and what it got.
pub(crate) struct Row {
    /// The file, and the recipient if the row is about one.
    pub(crate) what: String,
    /// The kind that was expected, by which rows are counted.
    pub(crate) kind: String,
    /// All that was expected, in words.
    pub(crate) expected: String,
    /// What the program says, in words.
    pub(crate) got: String,
    /// Whether that is right, by the letter.
    pub(crate) right: bool,
    /// Why one that is not right may be no fault. It is listed with the others, and counts as they do.
    pub(crate) open: Option<&'static str>,
}

/// A count that is shown and gates nothing, or must be zero.
pub(crate) struct Count {
    /// What is counted.
    pub(crate) what: &'static str,
    /// How many.
    pub(crate) found: usize,
    /// Of how many.
    pub(crate) of: usize,
}

/// What came of a folder.
pub(crate) struct Verdict {
    /// Which kind of folder.
    pub(crate) name: &'static str,
    /// All rows.
    pub(crate) rows: Vec<Row>,
    /// What must not happen at all.
    pub(crate) never: Vec<Count>,
    /// What is shown besides.
    pub(crate) besides: Vec<Count>,
}

impl Verdict {
    /// As the command prints it. `wrong` is 0 when all gates held: the few rows that a gate allows are listed all the same.
    pub(crate) fn section(&self) -> Section {
        let wrong = self.rows.len() - self.right() + self.never.iter().map(|count| count.found).sum::<usize>();
        let wrong = if self.holds() { 0 } else { wrong.max(1) };
        Section { name: self.name, text: self.to_string(), json: self.to_json(), wrong }
    }

    /// Whether all gates held.
    fn holds(&self) -> bool {
        let enough = self.right() * 100 >= self.rows.len() * RIGHT_PERCENT_MIN;
        enough && !self.rows.is_empty() && self.never.iter().all(|count| count.found == 0)
    }

    fn right(&self) -> usize {
        self.rows.iter().filter(|row| row.right).count()
    }

    /// Right and all, by kind.
    fn by_kind(&self) -> BTreeMap<&str, (usize, usize)> {
        let mut kinds = BTreeMap::new();
        for row in &self.rows {
            let tally: &mut (usize, usize) = kinds.entry(row.kind.as_str()).or_default();
            tally.0 += usize::from(row.right);
            tally.1 += 1;
        }
        kinds
    }

    /// The same as JSON.
    fn to_json(&self) -> Value {
        let counts = |counts: &[Count]| -> Value {
            counts.iter().map(|count| (count.what.to_owned(), json!({"found": count.found, "of": count.of}))).collect()
        };
        let kinds: Value = self
            .by_kind()
            .into_iter()
            .map(|(kind, (right, all))| (kind.to_owned(), json!({"right": right, "wrong": all - right})))
            .collect();
        let listed = |of: &dyn Fn(&Row) -> bool| -> Vec<Value> {
            let rows = self.rows.iter().filter(|row| of(row));
            rows.map(|row| json!({"what": row.what, "expected": row.expected, "got": row.got, "open": row.open}))
                .collect()
        };
        json!({
            "holds": self.holds(), "rows": self.rows.len(), "right": self.right(), "kinds": kinds,
            "never": counts(&self.never), "besides": counts(&self.besides),
            "wrong": listed(&|row| !row.right),
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (right, all) = (self.right(), self.rows.len());
        let tenths = (right * 1_000).checked_div(all).unwrap_or(0);
        let verdict = if self.holds() { "holds" } else { "DOES NOT HOLD" };
        writeln!(f, "{}: {right} of {all} rows right ({}.{} %): {verdict}", self.name, tenths / 10, tenths % 10)?;
        let kinds: Vec<Vec<String>> = self
            .by_kind()
            .into_iter()
            .map(|(kind, (right, all))| vec![kind.to_owned(), right.to_string(), (all - right).to_string()])
            .collect();
        writeln!(f, "{}", table(&["kind", "right", "wrong"], &kinds))?;
        for count in &self.never {
            writeln!(f, "  {:<44} {:>4} of {} (must be 0)", count.what, count.found, count.of)?;
        }
        for count in &self.besides {
            writeln!(f, "  {:<44} {:>4} of {}", count.what, count.found, count.of)?;
        }
        for row in self.rows.iter().filter(|row| !row.right) {
            writeln!(f, "  wrong: {}\n    expected {}\n    got      {}", row.what, row.expected, row.got)?;
            if let Some(why) = row.open {
                writeln!(f, "    but      {why}")?;
            }
        }
        Ok(())
    }
}

/// Reads a folder's `expected.csv`.
///
/// # Errors
/// It is not there, or is no CSV with a header.
pub(crate) fn expected(folder: &Path) -> anyhow::Result<Vec<Expected>> {
    let path = folder.join("expected.csv");
    let mut reader = csv::Reader::from_path(&path).with_context(|| format!("reading {}", path.display()))?;
    let rows: Result<Vec<Expected>, _> = reader.deserialize().collect();
    let rows = rows.with_context(|| format!("reading {}", path.display()))?;
    anyhow::ensure!(!rows.is_empty(), "{} has no rows", path.display());
    Ok(rows)
}

/// Reads a file that a row names.
///
/// # Errors
/// It is not there: a folder that lacks a file is no folder to be judged by.
pub(crate) fn file(folder: &Path, row: &Expected) -> anyhow::Result<Vec<u8>> {
    let path = folder.join(column(row, "file"));
    std::fs::read(&path).with_context(|| format!("reading {}", path.display()))
}

/// A column's text; empty if there is none.
pub(crate) fn column<'r>(row: &'r Expected, name: &str) -> &'r str {
    row.get(name).map_or("", String::as_str)
}
