//! A CSV file as rows of named cells: encoding, header, quoting and field counts. What a cell means is `row`'s.
//!
//! A file is read as a whole: nothing of it is used before every fault of it is known.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::near;

/// Largest file that is read, in bytes: some 300,000 mailboxes.
pub(crate) const BYTES_MAX: u64 = 64 << 20;

/// A place in the file and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Fault {
    /// Line of the file on which the row begins, from 1.
    pub(crate) line: usize,
    /// The column's name; `None`: the row as a whole.
    pub(crate) column: Option<String>,
    /// What is wrong, and what is expected. Never shows a password.
    pub(crate) reason: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.column {
            Some(column) => write!(f, "line {}, {column}: {}", self.line, self.reason),
            None => write!(f, "line {}: {}", self.line, self.reason),
        }
    }
}

/// A row that has as many fields as the header.
#[derive(Debug)]
pub(crate) struct Cells {
    /// Line on which it begins, from 1.
    pub(crate) line: usize,
    values: BTreeMap<&'static str, String>,
}

impl Cells {
    /// The value of a column without blanks around it; empty where the file has no such column.
    pub(crate) fn get(&self, column: &str) -> &str {
        // Blanks only: a line break at either end is a fault to be seen.
        self.raw(column).trim_matches([' ', '\t'])
    }
    /// The same as it stands in the file.
    pub(crate) fn raw(&self, column: &str) -> &str {
        self.values.get(column).map_or("", String::as_str)
    }
}

/// A file's good rows and its faults. A fault of the file as a whole leaves no rows.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) rows: Vec<Cells>,
    pub(crate) faults: Vec<Fault>,
}

/// Reads a file's bytes. `columns` are those it may have, of which `required` must be there.
pub(crate) fn read(bytes: &[u8], columns: &[&'static str], required: &[&'static str]) -> Sheet {
    let broken = |line, reason: String| Sheet { rows: Vec::new(), faults: vec![Fault { line, column: None, reason }] };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return broken(1, "the file is UTF-16: save it as CSV UTF-8".to_owned());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|&&b| b == b'\n').count();
            return broken(line, "the file is not UTF-8 from here on: save it as CSV UTF-8".to_owned());
        }
    };
    if let Some(line) = open_quote(text) {
        return broken(line, "a quote is opened here and never closed".to_owned());
    }
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let Some(Ok(header)) = records.next() else {
        return broken(1, "the file is empty: its first line must name the columns".to_owned());
    };
    let names = match names(&header, lines.of(&header), columns, required) {
        Ok(names) => names,
        Err(faults) => return Sheet { rows: Vec::new(), faults },
    };
    let mut sheet = Sheet::default();
    for record in records.flatten() {
        // A sheet's trailing rows of nothing but commas.
        if record.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        let line = lines.of(&record);
        if record.len() == names.len() {
            let values = names.iter().copied().zip(record.iter().map(ToOwned::to_owned)).collect();
            sheet.rows.push(Cells { line, values });
        } else {
            let reason = format!(
                "the row has {} fields, the header has {}: put quotes around values that hold a comma",
                record.len(),
                names.len()
            );
            sheet.faults.push(Fault { line, column: None, reason });
        }
    }
    sheet
}

/// The header's names in order, or what is wrong with it.
fn names(
    header: &csv::StringRecord,
    line: usize,
    columns: &[&'static str],
    required: &[&'static str],
) -> Result<Vec<&'static str>, Vec<Fault>> {
    let mut names: Vec<&'static str> = Vec::new();
    let mut faults = Vec::new();
    let mut fault = |column: &str, reason: String| {
        faults.push(Fault { line, column: Some(column.escape_debug().to_string()), reason });
    };
    for field in header {
        let name = field.trim().to_lowercase();
        match columns.iter().find(|column| **column == name) {
            Some(column) if names.contains(column) => fault(&name, "the column is there twice".to_owned()),
            Some(column) => names.push(column),
            None => {
                let meant = near::did_you_mean(&name, columns.iter().copied());
                fault(&name, format!("there is no such column{meant}"));
            }
        }
    }
    for column in required.iter().filter(|column| !names.contains(column)) {
        fault(column, "the column is missing".to_owned());
    }
    if faults.is_empty() { Ok(names) } else { Err(faults) }
}

/// A comma, or the semicolon that spreadsheets write where the comma is the decimal sign.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    if header.contains(';') && !header.contains(',') { b';' } else { b',' }
}

/// The line on which a quote is opened that nothing closes. A doubled quote inside quotes opens and closes at once.
fn open_quote(text: &str) -> Option<usize> {
    let (mut line, mut opened) = (1, None);
    for byte in text.bytes() {
        match byte {
            b'"' => opened = if opened.is_some() { None } else { Some(line) },
            b'\n' => line += 1,
            _ => {}
        }
    }
    opened
}

/// Counts lines along the text: the reader's own count stands before the empty lines that it skips.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn of(&mut self, record: &csv::StringRecord) -> usize {
        let bytes = self.text.as_bytes();
        let start = record.position().map_or(self.at, |position| usize::try_from(position.byte()).unwrap_or(self.at));
        let skipped = bytes.get(start..).unwrap_or_default().iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let to = (start + skipped).clamp(self.at, bytes.len());
        self.line += bytes[self.at..to].iter().filter(|&&b| b == b'\n').count();
        self.at = to;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [&str; 3] = ["address", "zone", "cap"];

    fn sheet(text: &str) -> Sheet {
        read(text.as_bytes(), &COLUMNS, &["address"])
    }

    fn faults(bytes: &[u8]) -> Vec<String> {
        read(bytes, &COLUMNS, &["address"]).faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn cells_are_found_by_name_whatever_the_order_and_case() {
        let sheet = sheet("\u{feff}Zone , ADDRESS\nUTC, a@b.example \n");
        assert_eq!(sheet.faults, []);
        assert_eq!((sheet.rows[0].get("address"), sheet.rows[0].get("zone")), ("a@b.example", "UTC"));
        assert_eq!((sheet.rows[0].get("cap"), sheet.rows[0].raw("address")), ("", " a@b.example "));
    }

    #[test]
    fn lines_are_those_of_the_file() {
        let text = "address,zone\r\n\r\n\r\na,UTC\r\n\"b\r\nb\",UTC\r\n,\r\n\r\nc,UTC\r\nd\r\n";
        let sheet = sheet(text);
        let lines: Vec<(usize, &str)> = sheet.rows.iter().map(|row| (row.line, row.get("address"))).collect();
        assert_eq!(lines, [(4, "a"), (5, "b\r\nb"), (9, "c")]);
        assert_eq!(sheet.faults[0].line, 10);
    }

    #[test]
    fn semicolons_are_taken_where_the_header_has_no_comma() {
        let sheet = sheet("address;zone\na;\"UTC;\"\n");
        assert_eq!((sheet.rows[0].get("address"), sheet.rows[0].get("zone")), ("a", "UTC;"));
    }

    #[test]
    fn a_wrong_count_of_fields_is_a_fault_of_that_row_only() {
        let sheet = sheet("address,zone\na,UTC,x\nb,UTC\n");
        assert_eq!(sheet.rows.len(), 1);
        assert_eq!(
            sheet.faults[0].to_string(),
            "line 2: the row has 3 fields, the header has 2: put quotes around values that hold a comma"
        );
    }

    #[test]
    fn a_bad_header_names_every_fault_and_leaves_no_rows() {
        let sheet = sheet("adress,zone,zone,x\na,b,c,d\n");
        assert!(sheet.rows.is_empty());
        let faults: Vec<String> = sheet.faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            faults,
            [
                "line 1, adress: there is no such column; did you mean address?",
                "line 1, zone: the column is there twice",
                "line 1, x: there is no such column",
                "line 1, address: the column is missing",
            ]
        );
    }

    #[test]
    fn a_file_that_is_no_text_is_said_to_be_none() {
        assert_eq!(faults(b""), ["line 1: the file is empty: its first line must name the columns"]);
        assert_eq!(faults(b"\xff\xfea\0"), ["line 1: the file is UTF-16: save it as CSV UTF-8"]);
        assert_eq!(faults(b"address\na\n\xe4\n"), ["line 3: the file is not UTF-8 from here on: save it as CSV UTF-8"]);
        assert_eq!(faults(b"address\na\n\"b\nc\n"), ["line 3: a quote is opened here and never closed"]);
        assert_eq!(faults(b"address\n\"a \"\"b\"\" c\"\n"), Vec::<String>::new());
    }
}
