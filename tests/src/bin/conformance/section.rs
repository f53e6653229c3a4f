//! The result for one kind of sample.

use serde_json::Value;

/// What a folder came to.
pub(crate) struct Section {
    /// The key in JSON.
    pub(crate) name: &'static str,
    /// Tables and lists, for people.
    pub(crate) text: String,
    /// The same and more, for programs.
    pub(crate) json: Value,
    /// How many samples are not as stated, beyond the exceptions with their reasons.
    pub(crate) wrong: usize,
}

/// A table with its columns lined up; the first column to the left, the others to the right.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (0..head.len())
        .map(|k| rows.iter().map(|row| row[k].chars().count()).chain([head[k].chars().count()]).max().unwrap_or(0))
        .collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> = cells
            .zip(&widths)
            .enumerate()
            .map(|(k, (cell, &width))| if k == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") })
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    let mut text = line(&mut head.iter().copied());
    for row in rows {
        text.push('\n');
        text.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    text
}
