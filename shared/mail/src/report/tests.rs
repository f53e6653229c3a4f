//! Reports of our own writing, in the layouts of the mailers that they name.

use std::fmt::Write as _;

use preheat_core::event::Kind;
use proptest::prelude::*;

use super::*;

const TOKEN: &str = "bmolexuh4odpe76snjhj6ae6p6vpjzr45uv642gq";

fn mail(head: &str, body: &str) -> Vec<u8> {
    format!("Date: Mon, 05 Jan 2026 09:10:00 +0000\n{head}\n\n{body}").replace('\n', "\r\n").into_bytes()
}

fn dsn(mail: &[u8]) -> Dsn {
    match read(mail) {
        Report::Dsn(dsn) => dsn,
        other => panic!("{other:?}"),
    }
}

/// `(name, head, body, recipient, action, class)`: text-only layouts.
const LAYOUTS: &[(&str, &str, &str, &str, Action, Class)] = &[
    (
        "qmail",
        "From: MAILER-DAEMON@mx.example.org\nTo: us@warm.example\nSubject: failure notice",
        "Hi. This is the qmail-send program at mx.example.org.\nI'm afraid I wasn't able to deliver your message.\n\n<ada@example.net>:\n192.0.2.7 does not like recipient.\nRemote host said: 550 no such user here\nGiving up on 192.0.2.7.\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <us@warm.example>\nFrom: us@warm.example\nTo: ada@example.net\nMessage-ID: <x@warm.example>\n",
        "ada@example.net",
        Action::Failed,
        Class::Hard,
    ),
    (
        "Exim",
        "From: Mail Delivery System <Mailer-Daemon@mx.example.org>\nTo: us@warm.example\nX-Failed-Recipients: ada@example.net\nAuto-Submitted: auto-replied\nSubject: Mail delivery failed: returning message to sender",
        "A message that you sent could not be delivered. This is a permanent error.\n\n  ada@example.net\n    SMTP error from remote mail server after RCPT TO:<ada@example.net>:\n    host mx.example.net [192.0.2.7]: 552 5.2.2 mailbox ada is full\n\n------ This is a copy of the message, including all the headers. ------\n\nReturn-path: <us@warm.example>\n",
        "ada@example.net",
        Action::Failed,
        Class::MailboxFull,
    ),
    (
        "Exim's warning",
        "From: Mail Delivery System <Mailer-Daemon@mx.example.org>\nTo: us@warm.example\nX-Failed-Recipients: ada@example.net\nAuto-Submitted: auto-replied\nSubject: Warning: message 1abc delayed 24 hours",
        "A message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue.\n\n  ada@example.net\n    Delay reason: Connection timed out\n\nNo action is required on your part. Delivery attempts will continue for\nsome time.\n",
        "ada@example.net",
        Action::Delayed,
        Class::Transient,
    ),
    (
        "Exchange 5.5",
        "From: System Administrator <postmaster@example.net>\nTo: us@warm.example\nSubject: Undeliverable: Quick question",
        "Your message did not reach some or all of the intended recipients.\n\n      To:\tada@example.net\n      Subject:\tQuick question\n\nThe following recipient(s) could not be reached:\n\n      ada@example.net on 1/5/26 9:10 AM\n            Recipient Not Found\n            MSEXCH:IMC:ORG:SITE:SERVER\n",
        "ada@example.net",
        Action::Failed,
        Class::Undetermined,
    ),
    (
        "Notes",
        "From: postmaster@n.example.net\nTo: us@warm.example\nSubject: Undeliverable message",
        "------- Failure Reasons  --------\n\nUser not listed in public Name & Address Book\nada@example.net\n\n------- Returned Message --------\nReceived: from a by b; Mon, 5 Jan 2026\nTo: ada@example.net\nMessage-ID: <x@warm.example>\n",
        "ada@example.net",
        Action::Failed,
        Class::Hard,
    ),
    (
        "sendmail 5",
        "From: Mail Delivery Subsystem <MAILER-DAEMON@example.org>\nTo: us@warm.example\nSubject: Returned mail: User unknown",
        "   ----- Transcript of session follows -----\nWhile talking to mx.example.net:\n>>> RCPT To:<ada@example.net>\n<<< 550 <ada@example.net>... User unknown\n550 <ada@example.net>... User unknown\n\n   ----- Unsent message follows -----\nReceived: by a\nFrom: us@warm.example\nTo: ada@example.net\n",
        "ada@example.net",
        Action::Failed,
        Class::Hard,
    ),
    (
        "Yahoo",
        "From: MAILER-DAEMON@yahoo.example\nTo: us@warm.example\nSubject: Delivery failure",
        "Message from yahoo.example.\nUnable to deliver message to the following address(es).\n\n<ada@yahoo.example>:\nThis user doesn't have a yahoo.example account (ada@yahoo.example) [-9]\n\n--- Original message follows.\n\nTo: ada@yahoo.example\n",
        "ada@yahoo.example",
        Action::Failed,
        Class::Hard,
    ),
    (
        "a German provider",
        "From: Mail Delivery System <mailer-daemon@kunde.example>\nTo: us@warm.example\nSubject: Unzustellbar: Frage",
        "Ihre Nachricht konnte nicht zugestellt werden:\n\nada@example.net:\nDas Postfach des Empfängers ist voll.\n",
        "ada@example.net",
        Action::Failed,
        Class::MailboxFull,
    ),
    (
        "a mailer that hides behind a person's name",
        "From: post_box@mobile.example\nTo: us@warm.example\nSubject: Re: Quick question",
        "Error: Invalid user address\n\nError message below:\n550 - Requested action not taken: no such user here\n\nMessage details:\n  MAIL FROM: us@warm.example\n  RCPT TO: ada@mobile.example\n",
        "ada@mobile.example",
        Action::Failed,
        Class::Undetermined,
    ),
];

#[test]
fn text_only_layouts_are_read() {
    for (name, head, body, address, action, class) in LAYOUTS {
        let dsn = dsn(&mail(head, body));
        let one = dsn.recipients.first().unwrap_or_else(|| panic!("{name}: nobody"));
        assert_eq!(
            (one.address.as_deref(), one.action, one.class),
            (Some(*address), *action, *class),
            "{name}: {one:?}"
        );
        assert_eq!(dsn.recipients.len(), 1, "{name}: {:?}", dsn.recipients);
    }
}

/// A standard report; `blocks` are the per-recipient groups.
fn standard(blocks: &str, notes: &str) -> Vec<u8> {
    let head = "From: MAILER-DAEMON@mx.example.org (Mail Delivery System)\nTo: us@warm.example\nSubject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied\nMessage-ID: <report-1@mx.example.org>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"B\"";
    let body = format!(
        "--B\nContent-Type: text/plain\n\n{notes}\n--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n{blocks}\n--B\nContent-Type: message/rfc822\n\nFrom: us@warm.example\nTo: ada@example.net\nMessage-ID: <{TOKEN}@warm.example>\nX-Entity-Ref-ID: {TOKEN}\nSubject: Quick question\n\nHello\n--B--\n"
    );
    mail(head, &body)
}

#[test]
fn several_recipients_and_their_own_fates_are_told_apart() {
    let blocks = "Final-Recipient: rfc822; ada@example.net\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.1.1 user\n unknown\n\nFinal-Recipient: rfc822;<Bob@Example.net>\nAction: Delayed (try)\nStatus: 4.4.1\n\nOriginal-Recipient: rfc822; eve@example.net\nFinal-Recipient: rfc822; eve@example.net\nAction: relayed\nStatus: 2.1.9\n";
    let dsn = dsn(&standard(blocks, "I'm sorry."));
    let seen: Vec<_> =
        dsn.recipients.iter().map(|one| (one.address.as_deref().unwrap(), one.action, one.class)).collect();
    assert_eq!(seen[0], ("ada@example.net", Action::Failed, Class::Hard));
    assert_eq!(seen[1], ("bob@example.net", Action::Delayed, Class::Transient));
    assert_eq!((seen[2].0, seen[2].1), ("eve@example.net", Action::Relayed));
    assert_eq!(dsn.recipients[0].status.as_deref(), Some("5.1.1"));
    assert_eq!(dsn.recipients[0].code, Some(550));
    assert_eq!(dsn.original.message_id, Some(format!("{TOKEN}@warm.example")));
    assert_eq!(dsn.original.warmup_id(), Some(TOKEN));
    assert_eq!(dsn.original.from.as_deref(), Some("us@warm.example"));
}

#[test]
fn an_event_says_who_and_what_and_leads_to_the_send_and_is_the_same_when_found_again() {
    let report = standard(
        "Final-Recipient: rfc822; ada@example.net\nAction: failed\nStatus: 5.1.1\n\nFinal-Recipient: rfc822; bob@example.net\nAction: delayed\nStatus: 5.1.1\n",
        "",
    );
    let now: Timestamp = "2026-01-06T00:00:00Z".parse().unwrap();
    let first = events(&report, "mailbox-7", now);
    assert_eq!(first.iter().map(|event| event.kind).collect::<Vec<_>>(), [Kind::Bounced(Class::Hard), Kind::Deferred]);
    assert_eq!(first[0].correlation.warmup_id.as_deref(), Some(TOKEN));
    assert_eq!(first[0].occurred_at, "2026-01-05T09:10:00Z".parse().unwrap());
    assert_eq!(first[0].recipient.as_deref(), Some("ada@example.net"));
    assert_ne!(first[0].dedupe_key, first[1].dedupe_key);
    assert!(first.iter().all(|event| event.dedupe_key.len() <= 128 && event.dedupe_key.is_ascii()));
    // The same report, moved to another folder by a server that adds a header.
    let mut again = b"X-Folder: Junk\r\n".to_vec();
    again.extend_from_slice(&report);
    let again = events(&again, "mailbox-7", "2026-01-07T00:00:00Z".parse().unwrap());
    assert_eq!(again[0].dedupe_key, first[0].dedupe_key);
    assert!(again.iter().all(|event| event.occurred_at <= event.received_at));
}

/// webhooks.md §18: by the third part, else by VERP in the envelope's recipient, else by Original-Envelope-Id.
#[test]
fn a_notification_that_returns_nothing_is_led_back_by_its_envelope() {
    let head = "From: mailer-daemon@example.net\nTo: bounces+ada=example.net@warm.example\nSubject: failure\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=B";
    let body = format!(
        "--B\nContent-Type: text/plain\n\nYour mail could not be delivered: user unknown.\n--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\nOriginal-Envelope-Id: {TOKEN}\n\nAction: failed\nStatus: 5.1.1\n\n--B--\n"
    );
    let now: Timestamp = "2026-01-06T00:00:00Z".parse().unwrap();
    let events = events(&mail(head, &body), "mailbox-7", now);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].kind, Kind::Bounced(Class::Hard));
    assert_eq!(events[0].recipient.as_deref(), Some("ada@example.net"));
    assert_eq!(events[0].correlation.warmup_id.as_deref(), Some(TOKEN));
    assert_eq!(events[0].correlation.tags, [format!("envelope-id={TOKEN}")]);
}

#[test]
fn feedback_is_a_complaint_unless_it_is_none() {
    let report = |kind: &str| {
        let head = "From: feedback@example.net\nTo: us@warm.example\nSubject: FW: hi\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary=B";
        let body = format!(
            "--B\nContent-Type: text/plain\n\nThis is a report.\n--B\nContent-Type: message/feedback-report\n\nFeedback-Type: {kind}\nVersion: 1\nOriginal-Rcpt-To: <ada@example.net>\nSource-IP: 192.0.2.9\nArrival-Date: Mon, 05 Jan 2026 08:00:00 +0000\n\n--B\nContent-Type: message/rfc822\n\nFrom: us@warm.example\nTo: redacted@example.net\nMessage-ID: <{TOKEN}@warm.example>\n\nHi\n--B--\n"
        );
        mail(head, &body)
    };
    let now: Timestamp = "2026-01-06T00:00:00Z".parse().unwrap();
    for (kind, expected) in [
        ("abuse", Kind::Complained),
        ("fraud", Kind::Complained),
        ("Virus", Kind::Complained),
        ("something-new", Kind::Complained),
        ("opt-out", Kind::Complained),
        ("not-spam", Kind::Other),
        ("auth-failure", Kind::Other),
    ] {
        let events = events(&report(kind), "mailbox-7", now);
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].kind, expected, "{kind}");
        assert_eq!(events[0].recipient.as_deref(), Some("ada@example.net"));
        assert_eq!(events[0].sending_ip, Some("192.0.2.9".parse().unwrap()));
        assert_eq!(events[0].correlation.warmup_id.as_deref(), Some(TOKEN));
    }
}

#[test]
fn what_is_no_report_is_ordinary() {
    let cases = [
        (
            "From: ada@example.net\nTo: us@warm.example\nSubject: Re: Quick question\nIn-Reply-To: <x@warm.example>",
            "Thanks, that could not be delivered to us any faster! Ada\n",
            Report::Ordinary,
        ),
        ("From: ada@example.net\nSubject: original as attachment", "This is no bounce.\n", Report::Ordinary),
        (
            "From: Postmaster <postmaster@example.net>\nSubject: Maintenance on Friday",
            "The servers are down from 8 to 9.\n",
            Report::Ordinary,
        ),
        (
            "From: news@example.net\nSubject: Our news\nList-Unsubscribe: <https://example.net/u>\nPrecedence: bulk",
            "Read more.\n",
            Report::Bulk,
        ),
        (
            "From: ada@example.net\nSubject: Read: hi\nContent-Type: multipart/report; report-type=disposition-notification; boundary=B",
            "--B\n\nRead.\n--B--\n",
            Report::Mdn,
        ),
    ];
    for (head, body, expected) in cases {
        assert_eq!(read(&mail(head, body)), expected, "{head}");
    }
    assert_eq!(read(b""), Report::Ordinary);
}

#[test]
fn a_daemons_holiday_is_no_bounce_and_a_bounce_that_says_it_is_automatic_is_one() {
    let away = mail(
        "From: Postmaster <postmaster@example.net>\nSubject: Automatic reply: hi\nAuto-Submitted: auto-replied\nReturn-Path: <>",
        "I am out until 12 January 2026.\n",
    );
    let Report::AutoReply(reply) = read(&away) else { panic!("{:?}", read(&away)) };
    assert_eq!(reply.return_date, Some(Date::constant(2026, 1, 12)));
    assert!(matches!(
        read(&standard("Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n", "")),
        Report::Dsn(_)
    ));
}

#[test]
fn user_unknown_after_the_message_was_sent_is_not_hard() {
    let blocks = "Final-Recipient: rfc822; ada@example.net\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 Unknown user ada@example.net\n";
    let late = dsn(&standard(
        blocks,
        "Your message cannot be delivered:\n\n<ada@example.net>:\n>>> DATA\n<<< 550 Unknown user ada@example.net\n",
    ));
    assert_eq!(late.recipients[0].class, Class::Undetermined);
    let early = dsn(&standard(
        blocks,
        ">>> RCPT TO:<ada@example.net>\n<<< 550 Unknown user ada@example.net\n>>> DATA\n<<< 503 no recipients\n",
    ));
    assert_eq!(early.recipients[0].class, Class::Hard);
}

/// "A refusal of the address needs the address to be what was asked about": the same words, with what shows it and without.
#[test]
fn user_unknown_is_hard_where_something_shows_that_the_address_was_asked_about() {
    let failed = "Final-Recipient: rfc822; ada@example.net\nAction: failed\n";
    for (class, status, said, notes) in [
        (Class::Undetermined, "5.0.0", "550 user unknown", ""),
        (Class::Undetermined, "5.2.1", "550 5.2.1 <ada@example.net>... User unknown", ""),
        (Class::Hard, "5.1.1", "550 user unknown", ""),
        (Class::Hard, "5.0.0", "550 5.1.1 user unknown", ""),
        (Class::Hard, "5.0.0", "host mx.example.net said: 550 user unknown (in reply to RCPT TO command)", ""),
        (
            Class::Undetermined,
            "5.0.0",
            "host mx.example.net said: 550 user unknown (in reply to end of DATA command)",
            "",
        ),
        (Class::Hard, "5.0.0", "550 user unknown", ">>> RCPT TO:<ada@example.net>\n<<< 550 user unknown\n"),
        (
            Class::Hard,
            "5.0.0",
            "550 user unknown",
            "<ada@example.net>: host mx.example.net said: 550 user unknown (in reply to RCPT TO\n    command)\n",
        ),
        (
            Class::Undetermined,
            "5.0.0",
            "550 user unknown",
            "<ada@example.net>: host mx.example.net said: 550 user unknown (in reply to end of\n    DATA command)\n",
        ),
        // Another recipient's refusal says nothing of this one.
        (
            Class::Hard,
            "5.0.0",
            "550 user unknown",
            ">>> RCPT TO:<bob@example.net>\n<<< 450 later\n>>> RCPT TO:<ada@example.net>\n<<< 550 user unknown\n",
        ),
        // Nor does another server's.
        (
            Class::Hard,
            "5.0.0",
            "550 user unknown",
            "While talking to mx.example.org:\n>>> RCPT TO:<bob@example.org>\n<<< 250 ok\n>>> DATA\n<<< 550 spam\nWhile talking to mx.example.net:\n>>> RCPT TO:<ada@example.net>\n<<< 550 user unknown\n",
        ),
        (Class::Hard, "5.0.0", "550 user unknown", "<ada@example.net>   (Unknown user ada@example.net)\n"),
        (Class::Undetermined, "5.0.0", "550 user unknown", "<ada@example.net>   (unrecoverable error)\n"),
        (Class::Undetermined, "5.0.0", "550 user unknown", "<bob@example.net>   (user unknown)\n"),
        (Class::Hard, "5.0.0", "User ada (ada@example.net) not listed in Domino Directory", ""),
    ] {
        let block = format!("{failed}Status: {status}\nDiagnostic-Code: smtp; {said}\n");
        let dsn = dsn(&standard(&block, notes));
        assert_eq!(dsn.recipients[0].class, class, "{status} {said} {notes}");
    }
}

#[test]
fn a_closed_account_is_hard_and_marked_as_one_that_can_be_opened_again() {
    let report = |status: &str, said: &str| {
        let block = format!(
            "Final-Recipient: rfc822; ada@example.net\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp; {said}\n"
        );
        let one = dsn(&standard(&block, "")).recipients.remove(0);
        (one.class, one.is_closed)
    };
    assert_eq!(report("5.7.13", "525 5.7.13 <ada@example.net>: no"), (Class::Hard, true));
    assert_eq!(report("5.2.1", "550 5.2.1 <ada@example.net>: no"), (Class::Hard, true));
    assert_eq!(report("5.0.0", "550 this account has been disabled or discontinued"), (Class::Hard, true));
    assert_eq!(report("5.1.1", "550 5.1.1 user unknown"), (Class::Hard, false));
    assert_eq!(report("4.2.1", "450 4.2.1 <ada@example.net>: no"), (Class::Transient, false));
}

#[test]
fn what_the_local_delivery_agent_says_goes_before_the_status_in_front_of_it() {
    let block = "Final-Recipient: rfc822; ada@example.net\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\n";
    for agent in super::words::LOCAL_AGENTS {
        let notes = format!("Your message to <ada@example.net> {agent}\nmailbox full\n");
        assert_eq!(dsn(&standard(block, &notes)).recipients[0].class, Class::MailboxFull, "{agent}");
    }
    assert_eq!(dsn(&standard(block, "Nobody here.")).recipients[0].class, Class::Hard);
}

#[test]
fn no_report_is_longer_than_the_limits_allow() {
    let mut blocks = String::new();
    for n in 0..1_000 {
        let _ = write!(
            blocks,
            "Final-Recipient: rfc822; a{n}@example.net\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; {}\n\n",
            "x ".repeat(300)
        );
    }
    let dsn = dsn(&standard(&blocks, ""));
    assert_eq!(dsn.recipients.len(), RECIPIENTS_MAX);
    assert!(
        dsn.recipients
            .iter()
            .all(|one| one.diagnostic.as_deref().unwrap_or_default().chars().count() <= DIAGNOSTIC_CHARS_MAX)
    );
    // Deep nesting is cut by the parser's own limit, length by ours.
    let mut nested = String::new();
    for n in 0..500 {
        let _ = write!(nested, "Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n");
    }
    let _ = read(nested.as_bytes());
    let _ = read(&vec![b'a'; 2 * BYTES_MAX]);
}

fn samples() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = LAYOUTS.iter().map(|(_, head, body, ..)| mail(head, body)).collect();
    all.push(standard("Final-Recipient: rfc822; ada@example.net\nAction: failed\nStatus: 5.1.1\n", "Sorry"));
    all
}

proptest! {
    #[test]
    fn any_bytes_give_a_report(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = read(&bytes);
        let _ = events(&bytes, "m", Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn cut_and_altered_reports_give_one_too(at in 0_usize..10, cut in 0_usize..3_000, change in 0_usize..3_000, to: u8) {
        let mut bytes = samples()[at].clone();
        if let Some(byte) = bytes.get_mut(change) {
            *byte = to;
        }
        bytes.truncate(cut.max(1));
        for event in events(&bytes, "m", Timestamp::UNIX_EPOCH) {
            prop_assert!((1..=128).contains(&event.dedupe_key.len()));
            prop_assert!(event.occurred_at <= event.received_at);
        }
    }

    #[test]
    fn a_delay_is_never_a_bounce(status in "[45]\\.[0-9]\\.[0-9]{1,2}", text in "[a-z ]{0,60}") {
        let blocks = format!("Final-Recipient: rfc822; ada@example.net\nAction: delayed\nStatus: {status}\nDiagnostic-Code: smtp; 550 {text}\n");
        let events = events(&standard(&blocks, ""), "m", Timestamp::UNIX_EPOCH);
        prop_assert!(events.iter().all(|event| event.kind == Kind::Deferred));
    }
}
