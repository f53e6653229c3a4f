//! What programs send back into a mailbox (domain.md §6; webhooks.md §18), from the server that bounces to the counters and the
//! list of addresses that nobody writes to.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::large_futures, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use jiff::Timestamp;
use preheat_core::counters::{Count, Counters, Subject};
use preheat_core::id::MailboxId;
use preheat_sandbox::{Outcome, Role};
use preheat_stack::{Function, Interference, Rig};
use preheat_tests::days::{Days, play};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Counters of the first week.
async fn counted(rig: &Rig, id: MailboxId) -> Counters {
    let week = jiff::civil::date(2026, 3, 1)..=jiff::civil::date(2026, 3, 8);
    rig.store.counters(&Subject::Mailbox(id), week).await.unwrap()
}

/// Who is disabled: a mailbox in Los Angeles.
const GONE: usize = 3;

/// It is disabled in its night, at midnight there: what Europe and Asia write to it until its first visit notices comes back as
/// a delivery status notification.
async fn bounced(interference: Interference) -> anyhow::Result<Days> {
    let run = Days::new(10, 8, 0.0, interference).await?;
    let gone = run.rig.members[GONE].1.address.clone();
    let mut done = false;
    run.pass(4, |rig, now| {
        if !done && now >= at("2026-03-03T08:00:00Z") {
            done = true;
            rig.world.disable(gone.as_str(), true).unwrap();
        }
    })
    .await?;
    Ok(run)
}

/// Every bounce was counted for its sender, once; the address is suppressed; the report lies where it lay, unread.
async fn held(run: &Days) {
    let gone = &run.rig.members[GONE].1.address;
    let ledger = run.rig.world.ledger();
    let returned = |address: &str| {
        let own = ledger.iter().filter(|entry| entry.from == address);
        own.filter(|entry| matches!(entry.outcome, Outcome::Bounced { .. })).count() as u64
    };
    let mut sum = 0;
    for (id, member) in &run.rig.members {
        let expected = returned(member.address.as_str());
        assert_eq!(counted(&run.rig, *id).await.get(Count::Hard), expected, "{}", member.address);
        sum += expected;
        if expected > 0 {
            assert!(run.rig.store.health(*id).await.unwrap().is_some(), "health is looked at");
            let audit = run.rig.world.audit(run.rig.now(), &[]);
            let inbox = audit[member.address.as_str()].folders.values().find(|folder| folder.role == Role::Inbox);
            assert!(u64::from(inbox.unwrap().messages) >= expected, "the reports were left alone");
        }
    }
    assert!(sum > 0, "nothing bounced: this shows nothing");
    let suppressed = run.rig.store.suppressed(&"demo".parse().unwrap()).await.unwrap();
    assert_eq!(suppressed.iter().collect::<Vec<_>>(), [gone]);
    assert!(ledger.iter().all(|entry| !entry.to.starts_with("mailer-daemon")), "nobody answers a bounce");
}

#[test]
fn a_bounce_is_counted_once_and_its_address_is_written_to_no_more() {
    play(async {
        held(&bounced(Interference::default()).await?).await;
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_bounce_is_counted_once_though_every_third_visit_is_killed() {
    let kill_at =
        |function: Function, nth: u64| (function == Function::Replier && nth % 3 == 1).then_some(20 + nth * 37 % 260);
    play(async {
        let run = bounced(Interference { kill_at: Arc::new(kill_at), ..Interference::default() }).await?;
        assert!(run.kills() > 20, "{} kills", run.kills());
        held(&run).await;
        Ok(())
    })
    .unwrap();
}

fn dsn(original: &str, recipient: &str) -> Vec<u8> {
    format!(
        "Return-Path: <>\r\nFrom: Mail Delivery Subsystem <mailer-daemon@relay.example>\r\nTo: us@ours.example\r\n\
         Date: Tue, 03 Mar 2026 10:00:00 +0000\r\nMessage-ID: <{recipient}.dsn@relay.example>\r\n\
         Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n\r\n\
         Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{original}>\r\nTo: {recipient}\r\n\r\n--b--\r\n"
    )
    .into_bytes()
}

#[test]
fn a_bounce_that_anybody_may_have_written_changes_nothing_and_an_auto_reply_is_not_answered() {
    play(async {
        let run = Days::new(6, 4, 0.0, Interference::default()).await?;
        let (id, member) = run.rig.members[0].clone();
        let address = member.address.as_str();
        let away = format!(
            "Return-Path: <>\r\nFrom: Carla <carla@client.example>\r\nTo: {address}\r\nSubject: Out of office\r\n\
             Date: Tue, 03 Mar 2026 10:00:00 +0000\r\nMessage-ID: <away@client.example>\r\n\
             Auto-Submitted: auto-replied\r\n\r\nI am away until Friday.\r\n"
        );
        let real = "Message-ID: <campaign-1@ours.example>\r\nFrom: us\r\nSubject: Hello\r\n\r\nHello\r\n";
        let mut done = false;
        run.pass(3, |rig, now| {
            if !done && now >= at("2026-03-03T10:00:00Z") {
                done = true;
                let plant = |role, mail: &[u8]| rig.world.plant(address, role, None, mail).unwrap();
                plant(Role::Inbox, &dsn("made-up@nowhere.example", "victim@client.example"));
                plant(Role::Inbox, away.as_bytes());
                plant(Role::Sent, real.as_bytes());
                plant(Role::Inbox, &dsn("campaign-1@ours.example", "gone@client.example"));
            }
        })
        .await?;
        let suppressed = run.rig.store.suppressed(&"demo".parse()?).await?;
        let suppressed: Vec<&str> = suppressed.iter().map(|address| address.as_str()).collect();
        assert_eq!(suppressed, ["gone@client.example"], "its mail lies in Sent; the other is nobody's word");
        let counters = counted(&run.rig, id).await;
        assert_eq!((counters.get(Count::Hard), counters.get(Count::AutoReplied)), (1, 1));
        assert_eq!(counters.get(Count::Other), 1, "the forged one is kept, and changes nothing");
        assert!(run.visited(id, |report| report.reports) >= 3);
        assert_eq!(run.visited(id, |report| report.events), 3, "however often they were read");
        for message in ["<away@client.example>", "<gone@client.example.dsn@relay.example>"] {
            let places = run.rig.world.locate(address, message)?;
            assert!(places.iter().any(|(_, role)| *role == Role::Inbox), "{message} was moved: {places:?}");
        }
        assert!(run.rig.world.ledger().iter().all(|entry| !entry.to.ends_with("client.example")), "nobody answers");
        Ok(())
    })
    .unwrap();
}
