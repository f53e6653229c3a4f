//! Messages out and headers in: what is composed reads back the same, whatever is in it, and nothing breaks out.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may: its helpers are part of it")]

use jiff::Zoned;
use mail_parser::MessageParser;
use preheat_core::id::Address;
use preheat_mail::compose::{ComposeError, Draft, compose};
use preheat_mail::read::headers;
use proptest::prelude::*;

const ID: &str = "abcdefghijklmnopqrstuvwxyz234567@example.com";

struct Given {
    from: Address,
    to: Address,
    date: Zoned,
    references: Vec<String>,
}

impl Given {
    fn new() -> Self {
        Self {
            from: "anna@example.com".parse().unwrap(),
            to: "bob@example.org".parse().unwrap(),
            date: "2026-03-02T09:14:05+01:00[Europe/Berlin]".parse().unwrap(),
            references: Vec::new(),
        }
    }
    fn draft(&self) -> Draft<'_> {
        Draft {
            from: &self.from,
            from_name: "Anna Müller",
            to: &self.to,
            subject: "Re: Kaffee & Kuchen",
            body: "Hallo Bob,\n\nbis morgen!\nAnna",
            message_id: ID,
            token: "abcdefghijklmnopqrstuvwxyz234567",
            in_reply_to: self.references.last().map(String::as_str),
            references: &self.references,
            date: &self.date,
        }
    }
}

#[test]
fn a_reply_in_full() {
    let mut given = Given::new();
    given.references = vec!["first@example.org".to_owned(), "second@example.com".to_owned()];
    let text = String::from_utf8(compose(&given.draft()).unwrap()).unwrap();
    let expected = "Date: Mon, 02 Mar 2026 09:14:05 +0100\r\n\
        From: =?utf-8?B?QW5uYSBNw7xsbGVy?= <anna@example.com>\r\n\
        To: <bob@example.org>\r\n\
        Subject: Re: Kaffee & Kuchen\r\n\
        Message-ID: <abcdefghijklmnopqrstuvwxyz234567@example.com>\r\n\
        X-Entity-Ref-ID: abcdefghijklmnopqrstuvwxyz234567\r\n\
        In-Reply-To: <second@example.com>\r\n\
        References: <first@example.org>\r\n \
        <second@example.com>\r\n\
        MIME-Version: 1.0\r\n\
        Content-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: 7bit\r\n\
        \r\n\
        Hallo Bob,\r\n\r\nbis morgen!\r\nAnna\r\n";
    assert_eq!(text, expected);
}

#[test]
fn composing_twice_gives_the_same_bytes() {
    let given = Given::new();
    assert_eq!(compose(&given.draft()).unwrap(), compose(&given.draft()).unwrap());
}

#[test]
fn nothing_breaks_out_of_its_header() {
    let given = Given::new();
    for evil in ["a\r\nBcc: x@y.z", "a\nb", "a\rb", "a\0b", "a\u{85}b"] {
        let draft = given.draft();
        assert_eq!(compose(&Draft { subject: evil, ..draft }), Err(ComposeError::Control("subject")));
        assert_eq!(compose(&Draft { from_name: evil, ..draft }), Err(ComposeError::Control("sender's name")));
        assert_eq!(compose(&Draft { message_id: evil, ..draft }), Err(ComposeError::Control("Message-ID")));
        assert_eq!(compose(&Draft { token: evil, ..draft }), Err(ComposeError::Control("token")));
        assert_eq!(compose(&Draft { in_reply_to: Some(evil), ..draft }), Err(ComposeError::Control("In-Reply-To")));
        let references = [evil.to_owned()];
        assert_eq!(compose(&Draft { references: &references, ..draft }), Err(ComposeError::Control("References")));
    }
    for odd in ["", "no-at-sign", "@x", "x@", "a b@c", "<a@b>", "ä@b"] {
        assert_eq!(compose(&Draft { message_id: odd, ..given.draft() }), Err(ComposeError::Identifier("Message-ID")));
    }
    assert_eq!(compose(&Draft { body: "a\0b", ..given.draft() }), Err(ComposeError::Control("body")));
    let long = "x".repeat(501);
    assert_eq!(compose(&Draft { subject: &long, ..given.draft() }), Err(ComposeError::TooLong("subject")));
}

#[test]
fn many_references_keep_the_first_and_the_latest() {
    let mut given = Given::new();
    given.references = (0..40).map(|k| format!("mail-{k}@example.org")).collect();
    let message = compose(&given.draft()).unwrap();
    let read = headers(&message);
    assert_eq!(read.references.len(), 12);
    assert_eq!(
        (read.references[0].as_str(), read.references[11].as_str()),
        ("mail-0@example.org", "mail-39@example.org")
    );
    assert_eq!(read.in_reply_to.as_deref(), Some("mail-39@example.org"));
}

#[test]
fn programs_and_lists_are_known_and_people_are_not_taken_for_them() {
    for automatic in
        ["Auto-Submitted: auto-replied\r\n", "Precedence: bulk\r\n", "Return-Path: <>\r\n", "List-Id: <x.y>\r\n"]
    {
        assert!(headers(format!("From: a@b.c\r\n{automatic}\r\n").as_bytes()).automatic, "{automatic}");
    }
    for personal in ["Auto-Submitted: no\r\n", "Return-Path: <a@b.c>\r\n", "Precedence: first-class\r\n"] {
        assert!(!headers(format!("From: a@b.c\r\n{personal}\r\n").as_bytes()).automatic, "{personal}");
    }
    assert!(!headers(&compose(&Given::new().draft()).unwrap()).automatic);
}

#[test]
fn identifiers_that_would_break_a_search_or_a_reply_are_not_taken() {
    let read = headers(b"Message-ID: <a\"b@c>\r\nX-Entity-Ref-ID: two words\r\nIn-Reply-To: <ok@x.y>\r\n\r\n");
    assert_eq!((read.message_id, read.token, read.in_reply_to.as_deref()), (None, None, Some("ok@x.y")));
}

proptest! {
    #[test]
    fn what_is_composed_reads_back(
        subject in "[ -~äöüßéñ漢字😀]{0,120}",
        name in "[A-Za-zäöüéñ \"<>@,.;'()-]{0,60}",
        body in "[ -~äöü漢字😀\n\t.]{0,2000}",
    ) {
        let given = Given::new();
        let message = compose(&Draft { subject: &subject, from_name: &name, body: &body, ..given.draft() }).unwrap();
        prop_assert!(message.is_ascii());
        for line in message.split(|&b| b == b'\n') {
            prop_assert!(line.len() <= 999, "a line of {}", line.len());
        }
        prop_assert_eq!(message.iter().filter(|&&b| b == b'\n').count(), message.windows(2).filter(|w| w == b"\r\n").count());

        let parsed = MessageParser::default().parse(&message).unwrap();
        let from = parsed.from().and_then(|from| from.first()).unwrap();
        prop_assert_eq!(from.address(), Some("anna@example.com"));
        prop_assert_eq!(parsed.from().unwrap().iter().count(), 1);
        prop_assert_eq!(parsed.message_id(), Some(ID));
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(squeezed(parsed.subject().unwrap_or_default()), squeezed(&subject));
        let text = parsed.body_text(0).unwrap_or_default().replace("\r\n", "\n");
        prop_assert_eq!(text.trim_end_matches('\n'), body.trim_end_matches('\n'));
        // No header more and no header less than was written.
        prop_assert_eq!(parsed.headers().iter().count(), 9);
    }

    #[test]
    fn reading_never_fails(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let read = headers(&bytes);
        prop_assert!(read.subject.chars().count() <= 300);
    }

    #[test]
    fn reading_mangled_headers_never_fails(cut in 0_usize..400, at in 0_usize..400, byte in any::<u8>()) {
        let mut given = Given::new();
        given.references = vec!["first@example.org".to_owned()];
        let mut message = compose(&given.draft()).unwrap();
        let at = at.min(message.len() - 1);
        message[at] = byte;
        message.truncate(cut);
        let read = headers(&message);
        prop_assert!(read.references.len() <= 50);
    }
}
