//! What was checked, how it ended, how long it took. Nothing that did not run is counted as passed.

use std::time::{Duration, Instant};

use anyhow::Result;

/// How a check ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It holds. The text is shown beside it; may be empty.
    Passed(String),
    /// It could not be run here, for this reason.
    Skipped(String),
    /// It does not hold.
    Failed(String),
}

struct Row {
    name: String,
    outcome: Outcome,
    took: Duration,
}

/// The rows of one run.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// Runs a check and keeps how it ended. An error is a failure: the run goes on, so that one report shows all.
    #[expect(clippy::disallowed_methods, reason = "how long a check took is for people, and decides nothing")]
    pub(crate) fn step(&mut self, name: &str, check: impl FnOnce() -> Result<Outcome>) {
        println!("\n=== {name}");
        let start = Instant::now();
        let outcome = check().unwrap_or_else(|error| Outcome::Failed(format!("{error:#}")));
        match &outcome {
            Outcome::Passed(_) => {}
            Outcome::Skipped(why) => println!("!!! SKIPPED: {name}: {why}"),
            Outcome::Failed(why) => println!("!!! FAILED: {name}: {why}"),
        }
        self.rows.push(Row { name: name.to_owned(), outcome, took: start.elapsed() });
    }

    /// Keeps a failure that is not a check's.
    pub(crate) fn fail(&mut self, name: &str, error: &anyhow::Error) {
        let outcome = Outcome::Failed(format!("{error:#}"));
        self.rows.push(Row { name: name.to_owned(), outcome, took: Duration::ZERO });
    }

    /// Whether nothing failed. Something skipped is not a failure, but `print` says it loudly.
    pub(crate) fn is_green(&self) -> bool {
        !self.rows.iter().any(|row| matches!(row.outcome, Outcome::Failed(_)))
    }

    /// The table and its last line: `N passed, N failed, N skipped`.
    pub(crate) fn print(&self) {
        let (mut passed, mut failed, mut skipped) = (0, 0, 0);
        println!("\n{:<32} {:>8}  result", "check", "seconds");
        for row in &self.rows {
            let (word, text) = match &row.outcome {
                Outcome::Passed(text) => (&mut passed, format!("passed   {text}")),
                Outcome::Skipped(text) => (&mut skipped, format!("SKIPPED  {text}")),
                Outcome::Failed(text) => (&mut failed, format!("FAILED   {text}")),
            };
            *word += 1;
            println!("{:<32} {:>8.1}  {}", row.name, row.took.as_secs_f64(), text.trim_end());
        }
        println!("\n{passed} passed, {failed} failed, {skipped} skipped");
    }
}
