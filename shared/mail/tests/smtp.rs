//! One send against scripted servers: every answer at every verb, the connection cut at every byte, servers that talk
//! without end or hardly at all.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may: its helpers are part of it")]

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use preheat_mail::smtp::{Accepted, Refusal, SendError, Stage, send};
use preheat_mail::{Auth, Deadlines, Next, Security};
use proptest::prelude::*;
use support::{Cut, Log, Memory, account, endpoint, line, say};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::Instant;

const MESSAGE: &[u8] = b"Subject: hi\r\n\r\nHello,\r\n.one dot\r\n..two\r\nBye\r\n";
/// `MESSAGE` as it must lie in the recipient's mailbox.
const DELIVERED: &str = "Subject: hi\r\n\r\nHello,\r\n.one dot\r\n..two\r\nBye\r\n";

type Answers = BTreeMap<&'static str, &'static str>;

/// A server that answers as `answers` says, else positively, and logs each verb; `MESSAGE …` on a complete message.
async fn server(mut stream: DuplexStream, answers: Answers, log: Log) {
    let answer = |verb: &str, usual: &'static str| answers.get(verb).copied().unwrap_or(usual).to_owned();
    say(&mut stream, &answer("GREETING", "220 mail.example.com ESMTP\r\n")).await;
    while let Some(command) = line(&mut stream).await {
        log.push(command.clone());
        let verb = command.split([' ', ':']).next().unwrap_or_default().to_owned();
        let usual = match verb.as_str() {
            "EHLO" => "250-mail.example.com\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN XOAUTH2\r\n",
            "STARTTLS" => "220 go ahead\r\n",
            "AUTH" => "235 2.7.0 welcome\r\n",
            "DATA" => "354 go ahead\r\n",
            "QUIT" => "221 bye\r\n",
            _ => "250 2.0.0 ok\r\n",
        };
        let text = answer(&verb, usual);
        if text.is_empty() {
            return;
        }
        say(&mut stream, &text).await;
        if verb == "DATA" && text.starts_with("354") {
            let mut body = String::new();
            while let Some(next) = line(&mut stream).await {
                if next == "." {
                    log.push(format!("MESSAGE {body}"));
                    say(&mut stream, &answer("DOT", "250 2.0.0 queued as 42\r\n")).await;
                    if answers.contains_key("DOT") {
                        return;
                    }
                    break;
                }
                body.push_str(next.strip_prefix('.').unwrap_or(&next));
                body.push_str("\r\n");
            }
        }
    }
}

fn memory(answers: &[(&'static str, &'static str)], log: &Log) -> Memory {
    let (answers, log): (Answers, Log) = (answers.iter().copied().collect(), log.clone());
    Memory::new(move |stream| server(stream, answers.clone(), log.clone()))
}

async fn try_send(memory: &Memory, security: Security) -> Result<Accepted, SendError> {
    let endpoint = endpoint(security);
    let (from, to) = ("anna@example.com".parse().unwrap(), "bob@example.org".parse().unwrap());
    send(memory, &account(&endpoint), &from, &to, MESSAGE, &Deadlines::SMTP).await
}

#[tokio::test(start_paused = true)]
async fn a_message_arrives_byte_for_byte() {
    for security in [Security::Implicit, Security::StartTls] {
        let log = Log::default();
        let accepted = try_send(&memory(&[], &log), security).await.unwrap();
        assert_eq!(accepted.reply, "2.0.0 queued as 42");
        assert!(log.saw(&format!("MESSAGE {DELIVERED}")), "{:?}", log.lines());
        let verbs: Vec<String> = log.lines().iter().map(|l| l.split([' ', ':']).next().unwrap().to_owned()).collect();
        let tls: &[&str] = if security == Security::StartTls { &["EHLO", "STARTTLS"] } else { &[] };
        let rest = ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "MESSAGE", "QUIT"];
        assert_eq!(verbs, [tls, &rest].concat());
    }
}

#[tokio::test(start_paused = true)]
async fn every_negative_answer_at_every_verb_has_its_name() {
    type Is = fn(&SendError) -> bool;
    let unreachable: Is = |e| matches!(e, SendError::Unreachable { next: Next::Replan, .. });
    let credentials: Is = |e| matches!(e, SendError::Credentials { .. });
    let sender: Is = |e| matches!(e, SendError::Refused { what: Refusal::Sender, code: 550, .. });
    let recipient: Is = |e| matches!(e, SendError::Refused { what: Refusal::Recipient, code: 550, .. });
    let message: Is = |e| matches!(e, SendError::Refused { what: Refusal::Message, code: 550, .. });
    let stages: [(&'static str, Stage, Is); 8] = [
        ("GREETING", Stage::Greeting, unreachable),
        ("EHLO", Stage::Greeting, unreachable),
        ("STARTTLS", Stage::StartTls, unreachable),
        ("AUTH", Stage::Auth, credentials),
        ("MAIL", Stage::MailFrom, sender),
        ("RCPT", Stage::RcptTo, recipient),
        ("DATA", Stage::Data, message),
        ("DOT", Stage::Dot, message),
    ];
    for (verb, at, is_refusal) in stages {
        for (answer, code) in [("421 4.3.2 closing\r\n", 421), ("451-4.7.1 grey\r\n451 4.7.1 later\r\n", 451)] {
            let log = Log::default();
            let error = try_send(&memory(&[(verb, answer)], &log), Security::StartTls).await.unwrap_err();
            assert!(
                matches!(&error, SendError::Deferred { stage, code: c, .. } if *stage == at && *c == code),
                "{verb} {answer}: {error:?}"
            );
            assert_eq!(error.next(), Next::Replan);
        }
        let log = Log::default();
        let error = try_send(&memory(&[(verb, "550 5.7.1 no\r\n")], &log), Security::StartTls).await.unwrap_err();
        assert!(is_refusal(&error), "{verb}: {error:?}");
        assert_eq!(log.saw("MESSAGE"), verb == "DOT");
        // Nobody who was refused tries on.
        let last = log.lines().last().cloned().unwrap_or_default();
        assert!(verb == "GREETING" || last.starts_with(verb) || last == "QUIT" || verb == "DOT", "{verb}: {last}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_at_once_even_if_the_server_then_says_nothing_more() {
    for verb in ["GREETING", "EHLO"] {
        let memory = Memory::new(move |mut stream| async move {
            if verb == "EHLO" {
                say(&mut stream, "220 hello\r\n").await;
                line(&mut stream).await;
            }
            say(&mut stream, "421 go away\r\n").await;
            std::future::pending::<()>().await;
        });
        let start = Instant::now();
        let error = try_send(&memory, Security::Implicit).await.unwrap_err();
        assert!(matches!(error, SendError::Deferred { stage: Stage::Greeting, code: 421, .. }), "{error:?}");
        assert_eq!(start.elapsed(), Duration::ZERO, "{verb}");
    }
}

#[tokio::test(start_paused = true)]
async fn limits_that_providers_announce_as_permanent_are_deferrals() {
    for (verb, answer) in
        [("RCPT", "550 5.4.5 Daily user sending limit exceeded\r\n"), ("DOT", "554 5.1.90 daily recipient limit\r\n")]
    {
        let error = try_send(&memory(&[(verb, answer)], &Log::default()), Security::Implicit).await.unwrap_err();
        assert!(matches!(error, SendError::Deferred { .. }), "{error:?}");
    }
}

/// How many bytes a client writes up to the message, up to the terminator, and up to its end.
async fn offsets() -> (usize, usize, usize) {
    let log = Log::default();
    try_send(&memory(&[], &log), Security::Implicit).await.unwrap();
    let before: usize = log.lines().iter().take_while(|l| !l.starts_with("MESSAGE")).map(|l| l.len() + 2).sum();
    // Two lines begin with a dot and get another; the last line end belongs to the terminator.
    let dot = before + MESSAGE.len() + 2 - 2;
    (before, dot, dot + "\r\n.\r\n".len())
}

#[tokio::test(start_paused = true)]
async fn a_connection_cut_at_any_byte_is_never_called_unsent_once_the_message_may_be_out() {
    let (body, dot, end) = offsets().await;
    for silent in [false, true] {
        for after in 1..=end {
            let log = Log::default();
            let mut memory = memory(&[], &log);
            memory.cut = Some(Cut { after, silent });
            let start = Instant::now();
            let error = try_send(&memory, Security::Implicit).await.expect_err("the connection was cut");
            assert!(start.elapsed() <= Duration::from_secs(60));
            // Let the server read what still came.
            tokio::time::sleep(Duration::from_secs(1)).await;
            let unknown = matches!(error, SendError::Unknown { .. });
            assert!(unknown || !log.saw("MESSAGE"), "cut after {after}: the message was taken, and {error:?}");
            // Where the cut shows before the first byte of the terminator, it is known that nothing was sent. A silent
            // one within the message shows too late.
            let expected = if silent { after > body } else { after > dot };
            assert_eq!(unknown, expected, "cut after {after} of {body}..{dot}..{end}, silent {silent}: {error:?}");
            assert_eq!(log.saw("MESSAGE"), after == end, "cut after {after}");
            let next = if unknown { Next::Reconcile } else { Next::Retry };
            assert_eq!(error.next(), next, "cut after {after}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn half_an_answer_to_the_dot_is_no_answer() {
    for answer in ["250 2.0.0 queued\r\n", "250-2.0.0 queued\r\n250 ok\r\n", "451 4.3.0 later\r\n", "550 5.7.1 no\r\n"]
    {
        for length in 0..=answer.len() {
            let part: &'static str = &answer[..length];
            let result = try_send(&memory(&[("DOT", part)], &Log::default()), Security::Implicit).await;
            let complete = length == answer.len();
            match result {
                Ok(_) => assert!(complete && answer.starts_with("250")),
                Err(SendError::Unknown { .. }) => assert!(!complete, "{part:?}"),
                Err(SendError::Deferred { stage: Stage::Dot, .. }) => assert!(complete && answer.starts_with("451")),
                Err(SendError::Refused { what: Refusal::Message, .. }) => {
                    assert!(complete && answer.starts_with("550"));
                }
                Err(other) => panic!("{part:?}: {other:?}"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nonsense_after_the_dot_is_unknown_too() {
    for answer in ["354 more?\r\n", "what?\r\n", "250-a\r\n550 b\r\n", "\0\0\0\r\n", "199 x\r\n"] {
        let error = try_send(&memory(&[("DOT", answer)], &Log::default()), Security::Implicit).await.unwrap_err();
        assert!(matches!(error, SendError::Unknown { .. }), "{answer:?}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_before_the_dot_is_heard_and_the_dot_is_not_sent() {
    for (early, expected) in [("421 4.4.2 time is up\r\n", true), ("552 5.3.4 too big\r\n", false)] {
        let log = Log::default();
        let seen = log.clone();
        let memory = Memory::new(move |mut stream| {
            let seen = seen.clone();
            async move {
                say(&mut stream, "220 hi\r\n").await;
                for answer in ["250 AUTH PLAIN\r\n", "235 ok\r\n", "250 ok\r\n", "250 ok\r\n"] {
                    line(&mut stream).await;
                    say(&mut stream, answer).await;
                }
                line(&mut stream).await;
                say(&mut stream, &format!("354 go\r\n{early}")).await;
                let mut rest = String::new();
                let _ = stream.read_to_string(&mut rest).await;
                seen.push(rest);
            }
        });
        let error = try_send(&memory, Security::Implicit).await.unwrap_err();
        tokio::time::sleep(Duration::from_secs(1)).await;
        if expected {
            assert!(matches!(error, SendError::Deferred { stage: Stage::Body, code: 421, .. }), "{error:?}");
        } else {
            assert!(matches!(error, SendError::Refused { what: Refusal::Message, code: 552, .. }), "{error:?}");
        }
        assert!(!log.saw("\r\n.\r\n"), "{:?}", log.lines());
    }
}

#[tokio::test(start_paused = true)]
async fn one_byte_a_second_meets_the_deadline_at_every_stage() {
    // The server trickles its answer to the n-th line (0: the greeting), an endless multi-line one.
    for slow_at in 0..=5_usize {
        let memory = Memory::new(move |mut stream| async move {
            let usual =
                ["220 hi\r\n", "250-x\r\n250 AUTH PLAIN\r\n", "235 ok\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"];
            for (k, answer) in usual.into_iter().enumerate() {
                if k > 0 && line(&mut stream).await.is_none() {
                    return;
                }
                if k == slow_at {
                    break;
                }
                say(&mut stream, answer).await;
            }
            loop {
                for byte in "250-slow\r\n".bytes() {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    if stream.write_all(&[byte]).await.is_err() {
                        return;
                    }
                }
            }
        });
        let start = Instant::now();
        let error = try_send(&memory, Security::Implicit).await.unwrap_err();
        assert!(start.elapsed() <= Duration::from_secs(20), "{slow_at}: {:?}", start.elapsed());
        assert_eq!(error.next(), Next::Retry, "{slow_at}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_to_the_dot_is_unknown_and_the_whole_send_stays_within_a_minute() {
    let memory = Memory::new(|mut stream| async move {
        let answers =
            ["220 hi\r\n", "250-x\r\n250 AUTH PLAIN\r\n", "235 ok\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"];
        for (k, answer) in answers.into_iter().enumerate() {
            if k > 0 {
                line(&mut stream).await;
            }
            tokio::time::sleep(Duration::from_secs(7)).await;
            say(&mut stream, answer).await;
        }
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    });
    let start = Instant::now();
    let error = try_send(&memory, Security::Implicit).await.unwrap_err();
    assert!(matches!(error, SendError::Unknown { .. }), "{error:?}");
    assert_eq!(start.elapsed(), Duration::from_secs(60));
}

/// Talks without end and counts what the client took.
async fn flood(mut stream: DuplexStream, greeting: &'static str, piece: &'static [u8], taken: Log) {
    say(&mut stream, greeting).await;
    if !greeting.is_empty() {
        line(&mut stream).await;
    }
    let mut sent = 0_usize;
    while sent < 100 * 1024 * 1024 && stream.write_all(piece).await.is_ok() {
        sent += piece.len();
    }
    taken.push(sent.to_string());
}

#[tokio::test(start_paused = true)]
async fn endless_lines_and_answers_cost_little_memory_and_no_time() {
    let piece: &'static [u8] = &[b'a'; 1000];
    for (greeting, piece, limit) in [
        ("", piece, 2 * 1024),
        ("220 hi\r\n", piece, 2 * 1024),
        ("220 hi\r\n", b"250-and another line\r\n".as_slice(), 64 * 1024),
    ] {
        let taken = Log::default();
        let seen = taken.clone();
        let memory = Memory::new(move |stream| flood(stream, greeting, piece, seen.clone()));
        let start = Instant::now();
        let error = try_send(&memory, Security::Implicit).await.unwrap_err();
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert!(matches!(error, SendError::Unreachable { stage: Stage::Greeting, .. }), "{error:?}");
        assert!(error.to_string().contains("endless") || error.to_string().contains("too long"), "{error}");
        tokio::time::sleep(Duration::from_secs(1)).await;
        let sent: usize = taken.lines()[0].parse().unwrap();
        // What lies in the connection's own buffers counts, too: 16 kB, one read, one piece.
        assert!(sent <= limit + 16 * 1024 + 4 * 1024 + 1000, "{sent}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_starttls_nothing_is_said_and_plaintext_behind_it_is_not_believed() {
    for (answers, words) in [
        (vec![("EHLO", "250-x\r\n250 AUTH PLAIN\r\n")], "does not offer STARTTLS"),
        (vec![("STARTTLS", "220 go\r\n250-x\r\n250 AUTH PLAIN\r\n")], "plaintext after STARTTLS"),
        (vec![("STARTTLS", "250 ok\r\n")], "did not go over to TLS"),
    ] {
        let log = Log::default();
        let error = try_send(&memory(&answers, &log), Security::StartTls).await.unwrap_err();
        assert!(matches!(error, SendError::Unreachable { stage: Stage::StartTls, .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(!log.saw("AUTH") && !log.saw("MAIL"), "{:?}", log.lines());
    }
}

#[tokio::test(start_paused = true)]
async fn each_way_to_log_in() {
    let ehlo_login = ("EHLO", "250-x\r\n250 AUTH LOGIN\r\n");
    let script = |answers: Vec<(&'static str, &'static str)>, log: &Log| {
        let log = log.clone();
        Memory::new(move |mut stream| {
            let (answers, log) = (answers.clone(), log.clone());
            async move {
                say(&mut stream, "220 hi\r\n").await;
                for (_, answer) in answers {
                    let Some(said) = line(&mut stream).await else { return };
                    log.push(said);
                    say(&mut stream, answer).await;
                }
                // Nothing more than the login is wanted.
            }
        })
    };
    // LOGIN: user and password each on a challenge, whatever its words.
    let log = Log::default();
    let memory =
        script(vec![ehlo_login, ("AUTH", "334 VXNlcg==\r\n"), ("", "334 \r\n"), ("", "535 5.7.8 no\r\n")], &log);
    let error = try_send(&memory, Security::Implicit).await.unwrap_err();
    assert_eq!(error, SendError::Credentials { reply: "535 5.7.8 no".to_owned() });
    assert_eq!(log.lines()[1..], ["AUTH LOGIN", "YW5uYUBleGFtcGxlLmNvbQ==", "Y29ycmVjdCBob3JzZQ=="]);

    // XOAUTH2: the explanation of a refusal is answered with an empty line.
    let log = Log::default();
    let memory = script(
        vec![
            ("EHLO", "250-x\r\n250 AUTH XOAUTH2\r\n"),
            ("AUTH", "334 eyJzdGF0dXMiOiI0MDAifQ==\r\n"),
            ("", "535 5.7.8 token xyzzytoken expired\r\n"),
        ],
        &log,
    );
    let endpoint = endpoint(Security::Implicit);
    let mut with_token = account(&endpoint);
    with_token.credential = Auth::XOauth2("xyzzytoken");
    let (from, to) = ("anna@example.com".parse().unwrap(), "bob@example.org".parse().unwrap());
    let error = send(&memory, &with_token, &from, &to, MESSAGE, &Deadlines::SMTP).await.unwrap_err();
    // The secret is not repeated, even if the server repeats it.
    assert_eq!(error, SendError::Credentials { reply: "535 5.7.8 token *** expired".to_owned() });
    assert_eq!(log.lines()[2], "");

    // No way that we know: the mailbox waits for its operator.
    let log = Log::default();
    let error = try_send(&script(vec![("EHLO", "250-x\r\n250 AUTH GSSAPI\r\n")], &log), Security::Implicit).await;
    assert_eq!(error.unwrap_err().next(), Next::Pause);
    assert!(!log.saw("AUTH"));
}

#[tokio::test(start_paused = true)]
async fn messages_that_servers_read_differently_are_refused_before_anything_is_said() {
    let endpoint = endpoint(Security::Implicit);
    let (from, to) = ("anna@example.com".parse().unwrap(), "bob@example.org".parse().unwrap());
    for bad in [&b"a\n.\r\nMAIL FROM:<x@y.z>\r\n"[..], b"a\r.\r\n", b"a\0b\r\n", b"a\r\r\n", b"a\r", &[b'x'; 999]] {
        let log = Log::default();
        let memory = memory(&[], &log);
        let error = send(&memory, &account(&endpoint), &from, &to, bad, &Deadlines::SMTP).await.unwrap_err();
        assert!(matches!(error, SendError::Refused { what: Refusal::Message, code: 0, .. }), "{bad:?}: {error:?}");
        assert!(log.lines().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn quit_is_a_courtesy_whose_answer_changes_nothing() {
    // A server that never answers QUIT costs a second, and the mail is accepted.
    let log = Log::default();
    let memory = memory(&[("DOT", "250 2.0.0 queued as 7\r\n"), ("QUIT", "")], &log);
    let start = Instant::now();
    assert_eq!(try_send(&memory, Security::Implicit).await.unwrap().reply, "2.0.0 queued as 7");
    assert!(start.elapsed() <= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_odd_but_clear_are_understood() {
    // No text behind the code, spaces only in an EHLO line (lettre panics on it), Latin-1 and control characters.
    let odd = [
        ("EHLO", "250-x\r\n250-\r\n250-   \r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n"),
        ("AUTH", "235\r\n"),
        ("MAIL", "250\r\n"),
        ("RCPT", "250 \r\n"),
        ("DATA", "354\r\n"),
        ("DOT", "250-2.0.0\r\n250\r\n"),
    ];
    for count in 0..=odd.len() {
        let log = Log::default();
        let accepted = try_send(&memory(&odd[..count], &log), Security::Implicit).await;
        assert!(accepted.is_ok(), "{:?}: {accepted:?}", odd.get(count.wrapping_sub(1)));
    }
    let memory = Memory::new(|mut stream| async move {
        let _ = stream.write_all(b"554 Zugang f\xfcr Sie\tgesperrt \xff\x07\r\n").await;
        line(&mut stream).await;
    });
    let error = try_send(&memory, Security::Implicit).await.unwrap_err();
    assert!(error.to_string().contains("554 Zugang f?r Sie?gesperrt"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_babble_panics_or_passes_for_an_acceptance(
        at in 0_usize..6,
        text in proptest::collection::vec(
            proptest::sample::select(vec![
                "250", "354", "220", "451", "550", "-", " ", "ok", "AUTH PLAIN", "\r\n", "\n", "\r", "\0", "\u{e9}", "2",
                "\u{a0}", "5.7.1", "\t",
            ]),
            0..12,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let text = text.concat();
            let verbs = ["GREETING", "EHLO", "AUTH", "MAIL", "RCPT", "DOT"];
            let said: &'static str = text.clone().leak();
            let log = Log::default();
            let result = try_send(&memory(&[(verbs[at], said)], &log), Security::Implicit).await;
            if verbs[at] == "DOT" {
                let accepted = text.lines().any(|line| line.starts_with('2'));
                assert!(result.is_err() || accepted, "{text:?}");
                // Once the dot is out only a complete answer says that nothing was taken.
                let refused = text.contains("451") || text.contains("550");
                assert!(refused || !result.is_err_and(|error| !matches!(error, SendError::Unknown { .. })), "{text:?}");
            } else {
                assert!(result.is_err() || log.saw("MESSAGE"));
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_out_of_step_gets_no_further_word() {
    // The server falls silent after its k-th answer (0: the greeting), and listens on.
    let answers = ["220 hi\r\n", "250-x\r\n250 AUTH PLAIN\r\n", "235 ok\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"];
    for silent_after in 0..answers.len() {
        let log = Log::default();
        let seen = log.clone();
        let memory = Memory::new(move |mut stream| {
            let seen = seen.clone();
            async move {
                for answer in &answers[..=silent_after] {
                    say(&mut stream, answer).await;
                    if !answer.starts_with("354") {
                        seen.push(line(&mut stream).await.unwrap_or_default());
                    }
                }
                let mut rest = String::new();
                let _ = stream.read_to_string(&mut rest).await;
                seen.push(rest);
            }
        });
        let error = try_send(&memory, Security::Implicit).await.unwrap_err();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(matches!(error.next(), Next::Retry | Next::Reconcile), "{error:?}");
        assert!(!log.saw("QUIT"), "{silent_after}: {:?}", log.lines());
    }
    // In step, it is said goodbye to.
    let log = Log::default();
    try_send(&memory(&[("RCPT", "550 no\r\n")], &log), Security::Implicit).await.unwrap_err();
    assert!(log.saw("QUIT"));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_repeats_what_it_was_told_gives_no_secret_away() {
    let memory = Memory::new(|mut stream| async move {
        say(&mut stream, "220 hi\r\n").await;
        while let Some(said) = line(&mut stream).await {
            let answer = if said.starts_with("EHLO") {
                "250-x\r\n250 AUTH PLAIN\r\n".to_owned()
            } else {
                format!("500 unknown command: {said}, or correct horse\r\n")
            };
            say(&mut stream, &answer).await;
        }
    });
    let error = try_send(&memory, Security::Implicit).await.unwrap_err();
    assert_eq!(error, SendError::Credentials { reply: "500 unknown command: AUTH PLAIN ***, or ***".to_owned() });
}
