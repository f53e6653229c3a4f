//! SMTP replies inside the texts that providers report: their code, and their enhanced code (RFC 3463).

/// What a text says of an SMTP reply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Reply {
    /// 200–599.
    pub(crate) code: Option<u16>,
    /// Such as `5.1.1`.
    pub(crate) enhanced: Option<String>,
}

impl Reply {
    /// Reads a text such as `550 5.1.1 no such user`, `smtp;550 5.1.1 …`, `bounced (550-5.1.1 …)` or `5.1.1 (bad mailbox)`.
    /// Only its beginning is looked at: further on, numbers mean anything.
    pub(crate) fn read(text: &str) -> Self {
        let mut reply = Self::default();
        let words = text
            .split(|c: char| {
                c.is_whitespace() || matches!(c, '(' | ')' | ';' | ':' | ',' | '[' | ']' | '#' | '<' | '>' | '"' | '=')
            })
            .filter(|word| !word.is_empty());
        for word in words.take(12) {
            let (head, tail) = word.split_once('-').unwrap_or((word, ""));
            if reply.code.is_none() && reply.enhanced.is_none() {
                reply.code = code(head);
            }
            if reply.enhanced.is_none() {
                reply.enhanced = enhanced(head).or_else(|| enhanced(tail)).map(str::to_owned);
            }
        }
        reply
    }

    /// With the code and enhanced code that stand in fields of their own, which win.
    pub(crate) fn with(mut self, code: Option<i64>, enhanced_code: Option<&str>) -> Self {
        let given = code.and_then(|code| u16::try_from(code).ok()).filter(|code| (200..600).contains(code));
        self.code = given.or(self.code);
        self.enhanced = enhanced_code.and_then(first_enhanced).map(str::to_owned).or(self.enhanced);
        self
    }
}

fn code(word: &str) -> Option<u16> {
    (word.len() == 3).then(|| word.parse().ok()).flatten().filter(|code| (200..600).contains(code))
}

/// The enhanced code that a text begins with: `5.1.1 (bad mailbox)` is one.
pub(crate) fn first_enhanced(text: &str) -> Option<&str> {
    text.split(|c: char| c.is_whitespace() || c == '(').next().and_then(enhanced)
}

/// `class.subject.detail`, whatever punctuation follows.
fn enhanced(word: &str) -> Option<&str> {
    let word = word.trim_end_matches(['.', '!', '\'']);
    let mut parts = word.split('.');
    let class = parts.next()?;
    let (subject, detail) = (parts.next()?, parts.next()?);
    let short = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    (matches!(class, "2" | "4" | "5") && short(subject) && short(detail) && parts.next().is_none()).then_some(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn replies_are_found_in_what_providers_write() {
        let table = [
            ("550 5.1.1 The email account does not exist", Some(550), Some("5.1.1")),
            ("smtp;550 5.1.1 <nobody@example.net>: User unknown", Some(550), Some("5.1.1")),
            ("smtp; 550-5.7.26 unauthenticated", Some(550), Some("5.7.26")),
            ("bounced (550 5.1.1 gone. a67bc.22 - gsmtp)", Some(550), Some("5.1.1")),
            ("sent (250 2.0.0 OK 1498093527 a67bc12345def.22 - gsmtp)", Some(250), Some("2.0.0")),
            ("550 RecipientError: 550 5.1.1 <x@example.com>", Some(550), Some("5.1.1")),
            ("5.1.1 (bad destination mailbox address)", None, Some("5.1.1")),
            ("4.7.1 Temporary error, please retry", None, Some("4.7.1")),
            ("421 4.7.0 [TSS04] Messages from 87.253.233.123", Some(421), Some("4.7.0")),
            ("554 delivery error: dd", Some(554), None),
            ("No MX for nomx.example.com", None, None),
            ("server at 10.0.0.1 version 5.1", None, None),
            ("", None, None),
        ];
        for (text, code, enhanced) in table {
            let reply = Reply::read(text);
            assert_eq!((reply.code, reply.enhanced.as_deref()), (code, enhanced), "{text}");
        }
    }

    #[test]
    fn fields_of_their_own_win() {
        let reply = Reply::read("550 5.0.0 x").with(Some(554), Some("5.7.1 (blocked)"));
        assert_eq!((reply.code, reply.enhanced.as_deref()), (Some(554), Some("5.7.1")));
        assert_eq!(Reply::read("550 x").with(Some(605), Some("")).code, Some(550), "605 is no SMTP code");
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,80}") {
            let reply = Reply::read(&text);
            prop_assert!(reply.code.is_none_or(|code| (200..600).contains(&code)));
        }
    }
}
