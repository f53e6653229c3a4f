//! `Name: value` lines, as headers, delivery reports and feedback reports have them. Reads what real mailers write: folded,
//! indented, with blank lines in odd places.

/// A line of a block of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// A field: its name in lower case, its value unfolded.
    Field(String, String),
    /// An empty line.
    Blank,
    /// Anything else.
    Other(String),
}

/// Most lines that are read of one block.
const LINES_MAX: usize = 5_000;
/// Longest value kept, in bytes.
const VALUE_BYTES_MAX: usize = 4_096;

/// Reads all lines of a text.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    // A block that is indented as a whole is not one folded field.
    let indent = text.lines().find(|line| !line.trim().is_empty()).map_or(0, indent_of);
    for line in text.lines().take(LINES_MAX) {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            lines.push(Line::Blank);
        } else if let (true, Some(Line::Field(_, value))) = (indent_of(line) > indent, lines.last_mut()) {
            if value.len() + trimmed.len() < VALUE_BYTES_MAX {
                value.push(' ');
                value.push_str(trimmed);
            }
        } else if let Some((name, value)) = field(trimmed) {
            lines.push(Line::Field(name.to_ascii_lowercase(), cut(value, VALUE_BYTES_MAX).to_owned()));
        } else {
            lines.push(Line::Other(cut(trimmed, VALUE_BYTES_MAX).to_owned()));
        }
    }
    lines
}

/// The first value of a field, by its name in lower case.
pub(super) fn first<'a>(lines: &'a [Line], name: &str) -> Option<&'a str> {
    lines.iter().find_map(|line| match line {
        Line::Field(found, value) if found == name && !value.is_empty() => Some(value.as_str()),
        Line::Field(..) | Line::Blank | Line::Other(_) => None,
    })
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Splits `Name: value`. A name is letters, digits and hyphens (RFC 5322 allows more; nobody uses it).
fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end();
    let is_name = (2..=60).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        && name.bytes().any(|b| b.is_ascii_alphabetic());
    is_name.then(|| (name, value.trim()))
}

/// The first bytes of a text, at a character's border.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_indented_and_broken_blocks_are_read() {
        let text = "  Final-Recipient : rfc822;a@b.example\n  Status: 5.0.0\n\n  Diagnostic-Code: smtp; 550 no\n    such user\n  ***";
        let read = lines(text);
        assert_eq!(first(&read, "final-recipient"), Some("rfc822;a@b.example"));
        assert_eq!(first(&read, "diagnostic-code"), Some("smtp; 550 no such user"));
        assert_eq!(read.last(), Some(&Line::Other("***".to_owned())));
        assert_eq!(read.iter().filter(|line| **line == Line::Blank).count(), 1);
    }

    #[test]
    fn sentences_are_no_fields() {
        assert!(field("the reason is: unknown").is_none());
        assert!(field("12:30").is_none());
        assert_eq!(field("X-Token:  abc "), Some(("X-Token", "abc")));
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("añb", 2), "a");
        assert_eq!(cut("añb", 9), "añb");
    }
}
