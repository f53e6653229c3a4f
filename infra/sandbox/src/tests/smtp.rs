//! Submission, delivery, limits, bounces.

use std::time::Duration;

use super::*;
use crate::{Outcome, Placement, Role};

#[tokio::test(start_paused = true)]
async fn a_mail_arrives_byte_for_byte_below_its_trace() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    assert!(sandbox.send(ANNA, BERT, "<1@alpha.test>").await.unwrap().contains("OK"));
    let entries = sandbox.world.ledger();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].from.as_str(), entries[0].to.as_str()), (ANNA, BERT));
    assert_eq!(entries[0].outcome, Outcome::Accepted);
    assert_eq!(entries[0].token.as_deref(), Some("1@alpha.test"));
    assert!(entries[0].answered && entries[0].placement.is_some());

    let folder = if entries[0].placement == Some(Placement::Inbox) { "INBOX" } else { "Junk" };
    let mut session = sandbox.imap(BERT).await;
    session.select(folder).await.unwrap();
    let fetched = all(session.uid_fetch("1:*", "BODY.PEEK[]").await.unwrap()).await;
    let body = fetched[0].body().unwrap();
    assert!(body.starts_with(b"Return-Path: <anna@alpha.test>\r\n"));
    // lettre ends a message with one more line break; nothing else may differ, the stuffed dot least of all.
    let mut sent = mail(ANNA, BERT, "<1@alpha.test>");
    sent.extend_from_slice(b"\r\n");
    assert!(body.ends_with(&sent), "{}", String::from_utf8_lossy(body));
}

#[tokio::test(start_paused = true)]
async fn every_mechanism_logs_in_and_dead_credentials_do_not() {
    let sandbox = sandbox(Kind::Gmail, Kind::Dovecot);
    for mechanism in [Mechanism::Plain, Mechanism::Login, Mechanism::Xoauth2] {
        sandbox.smtp(ANNA, mechanism).await.unwrap();
    }
    sandbox.world.kill_credentials(ANNA, true).unwrap();
    for mechanism in [Mechanism::Plain, Mechanism::Login] {
        let error = sandbox.smtp(ANNA, mechanism).await.err().unwrap();
        assert!(error.is_permanent() && error.to_string().contains("535"), "{error}");
    }
    // lettre answers the error challenge of XOAUTH2 and then hears the refusal.
    assert!(sandbox.smtp(ANNA, Mechanism::Xoauth2).await.is_err());
    sandbox.world.kill_credentials(ANNA, false).unwrap();
    sandbox.smtp(ANNA, Mechanism::Plain).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_sender_must_be_who_logged_in() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    let mut connection = sandbox.smtp(ANNA, Mechanism::Plain).await.unwrap();
    let envelope = Envelope::new(Some(BERT.parse().unwrap()), vec![BERT.parse().unwrap()]).unwrap();
    assert!(connection.send(&envelope, b"x\r\n").await.unwrap_err().is_permanent());
    assert_eq!(sandbox.world.ledger().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_recipient_comes_back_as_a_report() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    sandbox.send(ANNA, "nobody@beta.test", "<2@alpha.test>").await.unwrap();
    sandbox.send(ANNA, "nobody@nowhere.test", "<3@alpha.test>").await.unwrap();
    sandbox.world.disable(BERT, true).unwrap();
    sandbox.send(ANNA, BERT, "<4@alpha.test>").await.unwrap();
    let outcomes: Vec<Outcome> = sandbox.world.ledger().into_iter().map(|entry| entry.outcome).collect();
    let bounced = |status: &str| Outcome::Bounced { status: status.to_owned() };
    assert_eq!(outcomes, [bounced("5.1.1"), bounced("5.1.2"), bounced("5.2.1")]);
    let mut session = sandbox.imap(ANNA).await;
    assert_eq!(session.select("INBOX").await.unwrap().exists, 3);
    let fetched = all(session.fetch("1", "BODY.PEEK[]").await.unwrap()).await;
    let report = String::from_utf8_lossy(fetched[0].body().unwrap()).into_owned();
    for part in ["report-type=delivery-status", "Final-Recipient: rfc822; nobody@beta.test", "Status: 5.1.1"] {
        assert!(report.contains(part), "{part} is missing in {report}");
    }
    // A report is not warmup mail, though it quotes one.
    let audit = sandbox.world.audit(sandbox.world.now(), &[0]);
    assert_eq!(audit[ANNA].folders["INBOX"].warmup, 0);
}

#[tokio::test(start_paused = true)]
async fn outlook_defers_the_thirty_first_mail_of_a_minute_and_the_fourth_session() {
    let sandbox = sandbox(Kind::Outlook, Kind::Dovecot);
    let mut connection = sandbox.smtp(ANNA, Mechanism::Plain).await.unwrap();
    let envelope = Envelope::new(Some(ANNA.parse().unwrap()), vec![BERT.parse().unwrap()]).unwrap();
    for n in 0..30 {
        connection.send(&envelope, &mail(ANNA, BERT, &format!("<{n}@alpha.test>"))).await.unwrap();
    }
    let error = connection.send(&envelope, &mail(ANNA, BERT, "<30@alpha.test>")).await.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("421"), "{error}");
    drop(connection);
    tokio::time::sleep(Duration::from_secs(61)).await;
    sandbox.send(ANNA, BERT, "<31@alpha.test>").await.unwrap();

    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(sandbox.smtp(ANNA, Mechanism::Plain).await.unwrap());
    }
    let error = sandbox.send(ANNA, BERT, "<32@alpha.test>").await.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("432"), "{error}");
    drop(held);
    tokio::task::yield_now().await;
    sandbox.send(ANNA, BERT, "<32@alpha.test>").await.unwrap();
    assert_eq!(sandbox.world.ledger().len(), 32);
}

#[tokio::test(start_paused = true)]
async fn gmail_takes_two_thousand_in_any_day() {
    let sandbox = sandbox(Kind::Gmail, Kind::Dovecot);
    let mut connection = sandbox.smtp(ANNA, Mechanism::Plain).await.unwrap();
    let envelope = Envelope::new(Some(ANNA.parse().unwrap()), vec![BERT.parse().unwrap()]).unwrap();
    for n in 0..2_000 {
        connection.send(&envelope, &mail(ANNA, BERT, &format!("<{n}@alpha.test>"))).await.unwrap();
    }
    let error = connection.send(&envelope, &mail(ANNA, BERT, "<last@alpha.test>")).await.unwrap_err();
    assert!(error.is_permanent() && error.to_string().contains("Daily user sending limit"), "{error}");
    tokio::time::sleep(Duration::from_secs(24 * 3_600)).await;
    sandbox.send(ANNA, BERT, "<last@alpha.test>").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn greylisting_opens_after_its_wait() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    sandbox.world.greylist(sandbox.alpha, Some(300));
    assert!(sandbox.send(ANNA, BERT, "<1@alpha.test>").await.unwrap_err().is_transient());
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert!(sandbox.send(ANNA, BERT, "<1@alpha.test>").await.unwrap_err().is_transient());
    tokio::time::sleep(Duration::from_secs(101)).await;
    sandbox.send(ANNA, BERT, "<1@alpha.test>").await.unwrap();
    assert_eq!(sandbox.taken("<1@alpha.test>"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_421_for_everybody_and_then_over() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    let now = sandbox.world.now();
    sandbox.world.outage(sandbox.alpha, now, now + SignedDuration::from_hours(1));
    let error = sandbox.send(ANNA, BERT, "<1@alpha.test>").await.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("421"), "{error}");
    let mut client = async_imap::Client::new(sandbox.network.dial(&endpoint("imap.alpha.test", 993)).await.unwrap());
    let greeting = client.read_response().await.unwrap().unwrap();
    assert!(format!("{:?}", greeting.parsed()).contains("Bye"));
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    sandbox.send(ANNA, BERT, "<1@alpha.test>").await.unwrap();
    assert!(!sandbox.world.is_down(sandbox.alpha, sandbox.world.now()));
}

#[tokio::test(start_paused = true)]
async fn delivery_takes_its_time_and_sent_copies_are_the_providers() {
    let sandbox = sandbox(Kind::Outlook, Kind::Dovecot);
    sandbox.world.set_delivery_delay(sandbox.alpha, 30, 90);
    sandbox.send(ANNA, BERT, "<1@alpha.test>").await.unwrap();
    assert!(sandbox.world.locate(BERT, "<1@alpha.test>").unwrap().is_empty());
    assert_eq!(sandbox.world.locate(ANNA, "<1@alpha.test>").unwrap(), [("Sent Items".to_owned(), Role::Sent)]);
    tokio::time::sleep(Duration::from_secs(91)).await;
    assert_eq!(sandbox.world.locate(BERT, "<1@alpha.test>").unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_rewriting_tenant_changes_the_id_but_not_the_token() {
    let sandbox = sandbox(Kind::Outlook, Kind::Dovecot);
    sandbox.world.rewrite_message_ids(sandbox.alpha, 1.0);
    sandbox.send(ANNA, BERT, "<1@alpha.test>").await.unwrap();
    let entry = sandbox.world.ledger().remove(0);
    let rewritten = entry.rewritten.unwrap();
    assert_eq!(entry.message_id, "<1@alpha.test>");
    assert!(sandbox.world.locate(BERT, "<1@alpha.test>").unwrap().is_empty());
    assert_eq!(sandbox.world.locate(BERT, &rewritten).unwrap().len(), 1);
    let audit = sandbox.world.audit(sandbox.world.now(), &[]);
    assert_eq!(audit[BERT].received, 1);
}

#[tokio::test(start_paused = true)]
async fn a_streak_sends_everything_to_junk_and_ends() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Outlook);
    sandbox.world.spam_streak(ANNA, sandbox.world.now() + SignedDuration::from_hours(1));
    for n in 0..5 {
        sandbox.send(ANNA, BERT, &format!("<{n}@alpha.test>")).await.unwrap();
    }
    assert!(sandbox.world.ledger().iter().all(|entry| entry.placement == Some(Placement::Spam)));
    assert_eq!(sandbox.world.locate(BERT, "<0@alpha.test>").unwrap(), [("Junk Email".to_owned(), Role::Junk)]);
    tokio::time::sleep(Duration::from_secs(3_700)).await;
    for n in 5..25 {
        sandbox.send(ANNA, BERT, &format!("<{n}@alpha.test>")).await.unwrap();
    }
    let later = sandbox.world.ledger_since(5);
    assert!(later.iter().any(|entry| entry.placement == Some(Placement::Inbox)));
}

#[tokio::test(start_paused = true)]
async fn starttls_ports_want_starttls_first() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    let plain = Endpoint { host: "smtp.alpha.test".to_owned(), port: 587, security: Security::StartTls };
    let stream = sandbox.network.dial(&plain).await.unwrap();
    let hello = ClientId::Domain("client.test".to_owned());
    let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(Lettre(stream)), &hello).await.unwrap();
    assert!(connection.can_starttls());
    let credentials = Credentials::new(ANNA.to_owned(), "secret".to_owned());
    assert!(connection.auth(&[Mechanism::Plain], &credentials).await.is_err());
    assert!(connection.command("STARTTLS\r\n").await.unwrap().is_positive());
    assert!(connection.command("EHLO client.test\r\n").await.unwrap().message().any(|line| line.starts_with("AUTH")));
}

#[tokio::test(start_paused = true)]
async fn bare_line_feeds_and_endless_lines_are_refused_after_the_dot() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    for (mail, code) in [("a: b\n\r\nx".to_owned(), "550"), (format!("a: b\r\n\r\n{}", "y".repeat(999)), "554")] {
        let mut connection = sandbox.smtp(ANNA, Mechanism::Plain).await.unwrap();
        for command in [format!("MAIL FROM:<{ANNA}>\r\n"), format!("RCPT TO:<{BERT}>\r\n"), "DATA\r\n".to_owned()] {
            connection.command(command).await.unwrap();
        }
        let error = connection.command(format!("{mail}\r\n.\r\n")).await.unwrap_err();
        assert!(error.to_string().contains(code), "{error}");
    }
    assert!(sandbox.world.ledger().iter().all(|entry| matches!(entry.outcome, Outcome::Refused { .. })));
}
