//! Lines of servers, made fit for parsers that trust them too much. Pure.
//!
//! Each function is here because of one way in which a server's line panics, misleads or overflows lettre or imap-proto.

/// Nested parentheses beyond this are an attack on a recursive parser, not mail.
pub(crate) const NESTING_MAX: usize = 40;

/// Mends the SMTP line that ends at `end`; returns by how much it grew.
///
/// lettre does not read `250` without a space behind it (which RFC 5321 §4.2 allows), takes a line that is not UTF-8 for
/// a broken connection (and so an acceptance in Latin-1 for none), and panics on an EHLO line of spaces only.
pub(crate) fn mend_smtp(unread: &mut Vec<u8>, end: usize) -> usize {
    let grown = usize::from(end == 5 && unread[..end].ends_with(b"\r\n"));
    if grown > 0 {
        unread.insert(3, b' ');
    }
    let line = &mut unread[..end + grown];
    let text = line.len() - if line.ends_with(b"\r\n") { 2 } else { 1 };
    for byte in &mut line[..text] {
        if !(b' '..=b'~').contains(byte) {
            *byte = b'?';
        }
    }
    if text > 4 && line[4..text].iter().all(|&b| b == b' ') {
        line[4] = b'.';
    }
    grown
}

/// The last line of a negative SMTP answer: `4yz text` or `5yz text`. `4yz-text` has more to come.
pub(crate) fn is_refusal(line: &[u8]) -> bool {
    matches!(line, [b'4' | b'5', _, _, b' ', ..])
}

/// Whether an IMAP line is a status answer: `+ …`, or `OK`, `NO`, `BAD`, `BYE`, `PREAUTH` behind `*` or a tag.
pub(crate) fn is_status(line: &[u8]) -> bool {
    if line.starts_with(b"+") {
        return true;
    }
    let word = words(line).nth(1).unwrap_or_default();
    is_one_of(word, &["OK", "NO", "BAD", "BYE", "PREAUTH"])
}

/// Whether an IMAP line is the start of an answer that we ask for, or is tagged. Servers may say anything else at any
/// time; imap-proto ends the connection over an answer it does not know (`* NAMESPACE`) and panics on bytes that are
/// not UTF-8 in one that it does (`* METADATA`).
pub(crate) fn is_wanted(line: &[u8]) -> bool {
    let mut words = words(line);
    if words.next() != Some(b"*") {
        return true;
    }
    let (Some(first), second) = (words.next(), words.next().unwrap_or_default()) else { return false };
    if first.first().is_some_and(u8::is_ascii_digit) {
        return is_one_of(second, &["EXISTS", "RECENT", "EXPUNGE", "FETCH"]);
    }
    is_one_of(first, &["CAPABILITY", "LIST", "SEARCH", "FLAGS"])
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|b| matches!(b, b' ' | b'\r' | b'\n'))
}

fn is_one_of(word: &[u8], names: &[&str]) -> bool {
    names.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
}

/// imap-proto cuts the first byte behind a response code off, as the space it should be, and panics where that byte is
/// the first of several of one character.
pub(crate) fn part_code_from_text(line: &mut [u8]) {
    if let Some(end) = line.iter().position(|&b| b == b']')
        && let Some(byte) = line.get_mut(end + 1)
        && !byte.is_ascii()
    {
        *byte = b' ';
    }
}

/// Refuses IMAP lines that crash imap-proto: nesting without bound overflows its stack, and `INTERNALDATE NIL` panics.
pub(crate) fn is_sane(line: &[u8]) -> bool {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    for &byte in line {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    let nil_date = line.windows(16).any(|part| part.eq_ignore_ascii_case(b"INTERNALDATE NIL"));
    deepest <= NESTING_MAX && !nil_date
}

/// The size of the literal that a line announces at its end (RFC 3501 §4.3: `{n}`, RFC 7888: `{n+}`), else 0.
pub(crate) fn literal_size(line: &[u8]) -> usize {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let Some(line) = line.strip_suffix(b"}") else { return 0 };
    let line = line.strip_suffix(b"+").unwrap_or(line);
    let digits = line.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || !line[..line.len() - digits].ends_with(b"{") {
        return 0;
    }
    // A number beyond usize is larger than any limit, too.
    std::str::from_utf8(&line[line.len() - digits..]).ok().and_then(|n| n.parse().ok()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mended(line: &[u8]) -> Vec<u8> {
        let mut unread = [line, b"250 next\r\n"].concat();
        let end = line.len() + mend_smtp(&mut unread, line.len());
        assert_eq!(&unread[end..], b"250 next\r\n");
        unread.truncate(end);
        unread
    }

    #[test]
    fn smtp_lines_become_readable_and_keep_their_code() {
        for (said, read) in [
            (&b"250 ok\r\n"[..], &b"250 ok\r\n"[..]),
            (b"250\r\n", b"250 \r\n"),
            (b"354\r\n", b"354 \r\n"),
            (b"250-   \r\n", b"250-.  \r\n"),
            (b"550 Empf\xe4nger\r\n", b"550 Empf?nger\r\n"),
            (b"550 a\0b\tc\r\n", b"550 a?b?c\r\n"),
            (b"\n", b"\n"),
            (b"25\n", b"25\n"),
            (b"\xff\xff\xff\xff\n", b"????\n"),
        ] {
            assert_eq!(mended(said), read, "{}", String::from_utf8_lossy(said));
        }
    }

    #[test]
    fn literals_are_seen_only_at_the_end_of_a_line() {
        for (line, size) in [
            (&b"* 1 FETCH (BODY[] {12}\r\n"[..], 12),
            (b"x {12+}\r\n", 12),
            (b"{99999999999999999999999999}\r\n", usize::MAX),
            (b"{12} x\r\n", 0),
            (b"12}\r\n", 0),
            (b"{}\r\n", 0),
            (b"{-1}\r\n", 0),
        ] {
            assert_eq!(literal_size(line), size, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn answers_that_nobody_asked_for_are_told_from_those_we_read() {
        for wanted in
            ["* SEARCH 1 2\r\n", "* list () nil x\r\n", "* 12 fetch (UID 1)\r\n", "A1 OK\r\n", "* 3 EXISTS\r\n"]
        {
            assert!(is_wanted(wanted.as_bytes()), "{wanted}");
        }
        for other in ["* NAMESPACE nil nil nil\r\n", "* METADATA x\r\n", "* ID nil\r\n", "* 3 MIGRATED\r\n", "*\r\n"] {
            assert!(!is_wanted(other.as_bytes()), "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_line_panics(line in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut line = line;
            line.retain(|&b| b != b'\n');
            line.push(b'\n');
            let (mut smtp, end) = (line.clone(), line.len());
            let grown = mend_smtp(&mut smtp, end);
            prop_assert_eq!(smtp.len(), end + grown);
            is_refusal(&smtp);
            is_status(&line);
            is_wanted(&line);
            is_sane(&line);
            literal_size(&line);
            part_code_from_text(&mut line);
        }
    }
}
