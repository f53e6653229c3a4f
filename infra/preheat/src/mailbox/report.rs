//! What an import says about a file: good rows, faults, and how many were imported; as text, JSON or CSV.

use serde::Serialize;

use super::row::{Candidate, Candidates};
use super::sheet::Fault;
use crate::Out;
use crate::outcome::Outcome;

/// The result of reading a file, and of importing it.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    /// Rows that can be imported.
    good: Vec<Good<'a>>,
    /// What is wrong, row by row.
    faults: &'a [Fault],
    /// What was good and could not be imported.
    pub(crate) refused: Vec<Fault>,
    /// How many mailboxes were imported.
    pub(crate) imported: usize,
    /// How many were there already.
    pub(crate) existed: usize,
    dry_run: bool,
}

#[derive(Debug, Serialize)]
struct Good<'a> {
    line: usize,
    address: &'a str,
    provider: preheat_core::mailbox::Provider,
    smtp: String,
    imap: String,
    zone: &'a str,
    window: String,
    ramp: String,
    warnings: &'a [String],
}

impl<'a> From<&'a Candidate> for Good<'a> {
    fn from(candidate: &'a Candidate) -> Self {
        let Candidate { line, new, warnings, .. } = candidate;
        let schedule = &new.schedule;
        Self {
            line: *line,
            address: new.address.as_str(),
            provider: new.provider,
            smtp: format!("{}:{}", new.smtp.host, new.smtp.port),
            imap: format!("{}:{}", new.imap.host, new.imap.port),
            zone: &schedule.zone,
            window: format!("{}-{}", schedule.start.strftime("%H:%M"), schedule.end.strftime("%H:%M")),
            ramp: new.ramp.to_string(),
            warnings,
        }
    }
}

impl<'a> Report<'a> {
    /// A report of a file of which nothing was imported yet.
    pub(crate) fn new(read: &'a Candidates, dry_run: bool) -> Self {
        let good = read.good.iter().map(Good::from).collect();
        Self { good, faults: &read.faults, refused: Vec::new(), imported: 0, existed: 0, dry_run }
    }

    /// As people read it. Faults come first: they are what must be acted upon.
    pub(crate) fn text(&self, out: Out<'_>) -> Outcome {
        for fault in self.faults {
            writeln!(out, "{fault}")?;
        }
        if !self.faults.is_empty() && !self.good.is_empty() {
            writeln!(out)?;
        }
        let longest = |of: fn(&Good<'_>) -> usize| self.good.iter().map(of).max().unwrap_or(0);
        let (address, smtp, zone) =
            (longest(|good| good.address.len()), longest(|good| good.smtp.len()), longest(|good| good.zone.len()));
        for good in &self.good {
            let Good { line, smtp: host, zone: zone_name, window, ramp, .. } = good;
            let name = good.address;
            writeln!(out, "line {line}: {name:address$}  {host:smtp$}  {zone_name:zone$}  {window}  {ramp}")?;
            for warning in good.warnings {
                writeln!(out, "line {line}: warning: {warning}")?;
            }
        }
        for fault in &self.refused {
            writeln!(out, "{fault}")?;
        }
        if !self.faults.is_empty() || !self.good.is_empty() {
            writeln!(out)?;
        }
        writeln!(out, "{}", self.summary())?;
        Ok(())
    }

    fn summary(&self) -> String {
        let rows = |count: usize, what: &str| format!("{count} {what} row{}", if count == 1 { "" } else { "s" });
        let faulty: std::collections::BTreeSet<usize> = self.faults.iter().map(|fault| fault.line).collect();
        let head = format!("{}, {}", rows(self.good.len(), "good"), rows(faulty.len(), "faulty"));
        if self.dry_run {
            return format!("{head}. Dry run: nothing was imported.");
        }
        match (self.imported, self.existed) {
            (0, 0) => format!("{head}. Nothing was imported."),
            (imported, 0) => format!("{head}. {imported} imported."),
            (imported, existed) => {
                format!("{head}. {imported} imported, {existed} were there already: their settings were changed.")
            }
        }
    }

    /// As a sheet: line, column, reason of each fault, and the good rows without a reason.
    pub(crate) fn csv(&self, out: Out<'_>) -> Outcome {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(["line", "address", "column", "reason"])?;
        for fault in self.faults.iter().chain(&self.refused) {
            let (line, column) = (fault.line.to_string(), fault.column.as_deref().unwrap_or_default());
            writer.write_record([&line, "", &harmless(column), &harmless(&fault.reason)])?;
        }
        for good in &self.good {
            writer.write_record([&good.line.to_string(), &harmless(good.address), "", ""])?;
        }
        writer.flush()?;
        Ok(())
    }
}

/// A cell that no spreadsheet takes for a formula: one that starts like one gets a `'` in front.
pub(crate) fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn cells_that_start_a_formula_are_neutralised() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(harmless(formula), format!("'{formula}"));
        }
        assert_eq!(harmless("a=b@c"), "a=b@c");
    }
}
