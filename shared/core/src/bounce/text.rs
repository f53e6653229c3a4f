//! A reply's text made comparable, and the codes that stand in it.

use super::TEXT_BYTES_MAX;

/// Lower case, one blank between words and around them all, plain quotes, cut to about [`TEXT_BYTES_MAX`].
pub(super) fn normal(text: &str) -> String {
    let mut normal = String::with_capacity(text.len().min(TEXT_BYTES_MAX) + 2);
    normal.push(' ');
    for character in text.chars() {
        if normal.len() >= TEXT_BYTES_MAX {
            break;
        }
        match character {
            '\u{2018}' | '\u{2019}' | '`' | '\u{b4}' => normal.push('\''),
            '\u{201c}' | '\u{201d}' => normal.push('"'),
            blank if blank.is_whitespace() || blank.is_control() => {
                if !normal.ends_with(' ') {
                    normal.push(' ');
                }
            }
            other => normal.extend(other.to_lowercase()),
        }
    }
    if !normal.ends_with(' ') {
        normal.push(' ');
    }
    normal
}

/// Whether this is an enhanced status code as RFC 3463 §2 writes it: class 2, 4 or 5, subject and detail up to 999.
#[must_use]
pub fn is_enhanced(text: &str) -> bool {
    let mut parts = text.split('.');
    let class = matches!(parts.next(), Some("2" | "4" | "5"));
    let number = |part: Option<&str>| {
        part.is_some_and(|part| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
    };
    class && number(parts.next()) && number(parts.next()) && parts.next().is_none()
}

/// Says nothing but good or bad: x.0.0.
pub(super) fn is_generic(enhanced: &str) -> bool {
    enhanced.ends_with(".0.0")
}

/// The first enhanced status code in a text that says something, else the first generic one. An address (`5.1.1.9`)
/// and a version (`v5.1.2`) are none.
#[must_use]
pub fn enhanced_in(text: &str) -> Option<&str> {
    let mut generic = None;
    for word in words(text) {
        if is_enhanced(word) && !word.starts_with('2') {
            if !is_generic(word) {
                return Some(word);
            }
            generic = generic.or(Some(word));
        }
    }
    generic
}

/// The first SMTP reply code in a text that refuses: three digits from 4 or 5 that stand alone, as `550 ` or `550-`.
#[must_use]
pub fn reply_in(text: &str) -> Option<u16> {
    let bytes = text.as_bytes();
    let alone = |at: usize| {
        let before = at == 0 || matches!(bytes[at - 1], b' ' | b';' | b':' | b'(' | b'[' | b'"' | b'\'' | b'#' | b'>');
        let after = bytes.get(at + 3).is_none_or(|next| matches!(next, b' ' | b'-' | b':' | b',' | b'#' | b')' | b'"'));
        // `<550 …`, `550-5.1.1`, but not `550-123456`.
        let range = bytes.get(at + 3) == Some(&b'-') && bytes.get(at + 5).is_some_and(u8::is_ascii_digit);
        before && after && !range
    };
    (0..bytes.len().saturating_sub(2)).find_map(|at| {
        let (class, second, third) = (bytes[at], bytes[at + 1], bytes[at + 2]);
        let fits = matches!(class, b'4' | b'5') && (b'0'..=b'7').contains(&second) && third.is_ascii_digit();
        (fits && alone(at))
            .then(|| u16::from(class - b'0') * 100 + u16::from(second - b'0') * 10 + u16::from(third - b'0'))
    })
}

/// What stands between characters that cannot be part of a code.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '@' | '/')))
        .map(|word| word.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_where_they_stand_and_nowhere_else() {
        let found = [
            ("550 5.1.1 <a@b.example>: unknown", Some(550), Some("5.1.1")),
            ("smtp;550-5.7.26 multi line", Some(550), Some("5.7.26")),
            ("host mx.example[192.0.2.5] said: 452 4.2.2 full", Some(452), Some("4.2.2")),
            ("#5.1.1 bad address", None, Some("5.1.1")),
            ("554 5.0.0 service (550 5.2.2 quota)", Some(554), Some("5.2.2")),
            ("554 5.0.0 service", Some(554), Some("5.0.0")),
            ("connect to 5.1.1.9[5.1.1.9]:25: timed out", None, None),
            ("exim v5.1.2 at 550a or 1550", None, None),
            ("id 550-1234567", None, None),
            ("(#4.4.1)", None, Some("4.4.1")),
            ("", None, None),
        ];
        for (text, code, enhanced) in found {
            assert_eq!((reply_in(text), enhanced_in(text)), (code, enhanced), "{text}");
        }
    }

    #[test]
    fn blanks_quotes_and_case_do_not_count() {
        assert_eq!(normal("User \u{2019}X\u{2019}\r\n\tNOT  known"), " user 'x' not known ");
        assert!(normal(&"a".repeat(10 * TEXT_BYTES_MAX)).len() <= TEXT_BYTES_MAX + 2);
    }

    #[test]
    fn an_enhanced_code_has_three_numbers() {
        for good in ["5.1.1", "4.7.500", "2.0.0"] {
            assert!(is_enhanced(good), "{good}");
        }
        for bad in ["5.1", "6.1.1", "5.1.1.1", "5.1.1000", "5..1", "", "5.1.x"] {
            assert!(!is_enhanced(bad), "{bad}");
        }
    }
}
