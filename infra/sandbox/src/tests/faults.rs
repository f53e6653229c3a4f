//! What the network does to connections, and what the ledger then says.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::{Fault, FaultRates, Meanwhile, Outcome, Placement, Role, Step};

const SMTP: (&str, u16) = ("smtp.alpha.test", 465);

impl Sandbox {
    fn next(&self, (host, port): (&str, u16), fault: Fault) {
        self.network.next_connection(host, port, vec![fault]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cut_at_every_byte_either_takes_the_mail_whole_or_not_at_all() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    let (mut taken, mut told, mut not) = (0, 0, 0);
    for after in 0..700 {
        for to_server in [true, false] {
            let fault = if to_server { Fault::CutToServer { after } } else { Fault::CutToClient { after } };
            sandbox.next(SMTP, fault);
            let id = format!("<{after}.{to_server}@alpha.test>");
            let answer = sandbox.send(ANNA, BERT, &id).await;
            tokio::task::yield_now().await;
            match (sandbox.taken(&id), answer) {
                (0, Ok(_)) => panic!("{id} was confirmed and not taken"),
                (0, Err(_)) => not += 1,
                (1, Ok(_)) => told += 1,
                (1, Err(_)) => taken += 1,
                (n, _) => panic!("{id} was taken {n} times"),
            }
        }
    }
    // Each of the three happens: before the dot, between dot and answer, and after the answer.
    assert!(not > 400 && taken > 20 && told > 20, "{not} {taken} {told}");
    assert_eq!(sandbox.network.counts().dialled, 1_400);
}

#[tokio::test(start_paused = true)]
async fn the_ledger_tells_a_lost_mail_from_a_lost_answer() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    for (done, outcome) in [(true, Outcome::Accepted), (false, Outcome::Lost)] {
        sandbox.next(SMTP, Fault::Cut { at: Step::first("."), done });
        assert!(sandbox.send(ANNA, BERT, &format!("<{done}@alpha.test>")).await.is_err());
        let entry = sandbox.world.ledger().pop().unwrap();
        assert_eq!((entry.outcome, entry.answered), (outcome, false));
    }
    assert_eq!(sandbox.network.counts().cut, 2);
}

#[tokio::test(start_paused = true)]
async fn any_verb_can_be_answered_with_a_refusal() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    for verb in ["CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."] {
        sandbox.next(SMTP, Fault::Answer { at: Step::first(verb), line: "451 4.3.0 later".to_owned() });
        let error = sandbox.send(ANNA, BERT, "<1@alpha.test>").await.unwrap_err();
        assert!(error.is_transient(), "{verb}: {error}");
    }
    assert_eq!(sandbox.taken("<1@alpha.test>"), 0);
    sandbox.send(ANNA, BERT, "<1@alpha.test>").await.unwrap();
    assert_eq!(sandbox.taken("<1@alpha.test>"), 1);
}

#[tokio::test(start_paused = true)]
async fn refused_silent_and_slow_hosts() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    sandbox.next(SMTP, Fault::Refuse);
    assert!(sandbox.network.dial(&endpoint(SMTP.0, SMTP.1)).await.is_err());
    assert!(sandbox.network.dial(&endpoint("smtp.nowhere.test", 465)).await.is_err());
    sandbox.next(SMTP, Fault::StallToClient { after: 10 });
    assert!(tokio::time::timeout(Duration::from_secs(600), sandbox.send(ANNA, BERT, "<1@alpha.test>")).await.is_err());
    sandbox.next(SMTP, Fault::Slow { per_byte: Duration::from_secs(1) });
    let begin = tokio::time::Instant::now();
    sandbox.send(ANNA, BERT, "<1@alpha.test>").await.unwrap();
    assert!(begin.elapsed() > Duration::from_secs(500), "{:?}", begin.elapsed());
    let counts = sandbox.network.counts();
    assert_eq!((counts.refused, counts.stalled, counts.faulted), (1, 1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_move_cut_after_it_was_done_is_done() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    for (done, folder) in [(false, "Junk"), (true, "INBOX")] {
        let id = format!("<{done}@alpha.test>");
        sandbox.plant(Role::Junk, &id);
        sandbox.next(("imap.beta.test", 993), Fault::Cut { at: Step::first("UID MOVE"), done });
        let mut session = sandbox.imap(BERT).await;
        session.select("Junk").await.unwrap();
        let uid = uids(&mut session, &format!("HEADER Message-ID {id}")).await.pop_first().unwrap();
        assert!(session.uid_mv(uid.to_string(), "INBOX").await.is_err());
        assert_eq!(sandbox.world.locate(BERT, &id).unwrap()[0].0, folder);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_literal_reaches_the_client() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    sandbox.plant(Role::Inbox, "<1@alpha.test>");
    sandbox.next(("imap.beta.test", 993), Fault::WrongLiteral { at: Step::first("UID FETCH") });
    let mut session = sandbox.imap(BERT).await;
    session.select("INBOX").await.unwrap();
    let read = async { session.uid_fetch("1", "BODY.PEEK[]").await.unwrap().try_collect::<Vec<_>>().await };
    let outcome = tokio::time::timeout(Duration::from_secs(60), read).await;
    assert!(!matches!(outcome, Ok(Ok(messages)) if messages.len() == 1 && messages[0].body().is_some()));
}

/// A day of mail under faults by shares; what the ledger and network say at its end.
async fn history(seed: u64) -> String {
    let mut sandbox = sandbox(Kind::Dovecot, Kind::Gmail);
    sandbox.network = Network::new(sandbox.world.clone(), seed);
    sandbox.network.set_latency(Duration::from_millis(20));
    sandbox.network.set_rates(FaultRates {
        cut_to_server: 0.1,
        cut_to_client: 0.1,
        cut_at_step: 0.1,
        deferred: 0.1,
        ..FaultRates::default()
    });
    for n in 0..120 {
        sandbox.send(ANNA, BERT, &format!("<{n}@alpha.test>")).await.ok();
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    format!("{:?} {:?}", sandbox.world.ledger(), sandbox.network.counts())
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_history() {
    assert_eq!(history(5).await, history(5).await);
    assert_ne!(history(5).await, history(6).await);
}

#[tokio::test(start_paused = true)]
async fn a_script_decides_by_connection() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    sandbox.network.set_script(Some(Arc::new(|dialled| {
        if dialled.nth % 2 == 0 { vec![Fault::Cut { at: Step::first("MAIL"), done: false }] } else { Vec::new() }
    })));
    assert!(sandbox.send(ANNA, BERT, "<1@alpha.test>").await.is_err());
    assert!(sandbox.send(ANNA, BERT, "<1@alpha.test>").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn warming_improves_placement() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Outlook);
    let recipients: Vec<String> = (0..8).map(|n| format!("b{n}@beta.test")).collect();
    for recipient in &recipients {
        sandbox.world.add_account(recipient, "secret", sandbox.beta).unwrap();
    }
    let mut spam = [0, 0];
    for day in 0..30 {
        for (n, recipient) in recipients.iter().enumerate() {
            sandbox.send(ANNA, recipient, &format!("<{day}.{n}@alpha.test>")).await.unwrap();
        }
        let today = sandbox.world.ledger_since(day * 8);
        let half = usize::from(day >= 15);
        spam[half] += today.iter().filter(|entry| entry.placement == Some(Placement::Spam)).count();
        for recipient in &recipients {
            let mut session = sandbox.imap(recipient).await;
            if session.select("Junk Email").await.unwrap().exists > 0 {
                session.uid_mv("1:*", "INBOX").await.unwrap();
            }
            session.select("INBOX").await.unwrap();
            all(session.uid_store("1:*", "+FLAGS.SILENT (\\Seen)").await.unwrap()).await;
            session.logout().await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(86_400)).await;
    }
    assert!((6..40).contains(&spam[0]) && spam[1] * 2 < spam[0], "{spam:?}");
}

#[tokio::test(start_paused = true)]
async fn another_session_can_expunge_or_renumber_in_between() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    let imap = ("imap.beta.test", 993);
    sandbox.plant(Role::Inbox, "<1@alpha.test>");
    sandbox.plant(Role::Inbox, "<2@alpha.test>");
    sandbox.next(imap, Fault::Meanwhile { at: Step::first("UID STORE"), what: Meanwhile::Expunge });
    let mut session = sandbox.imap(BERT).await;
    session.select("INBOX").await.unwrap();
    assert!(all(session.uid_store("1", "+FLAGS (\\Seen)").await.unwrap()).await.is_empty());
    assert!(sandbox.world.locate(BERT, "<1@alpha.test>").unwrap().is_empty());
    assert_eq!(uids(&mut session, "ALL").await, [2].into());
    sandbox.next(imap, Fault::Meanwhile { at: Step::first("UID MOVE"), what: Meanwhile::Renumber });
    let mut session = sandbox.imap(BERT).await;
    session.select("INBOX").await.unwrap();
    assert!(session.uid_mv("2", "Junk").await.is_err());
    assert_eq!(sandbox.world.locate(BERT, "<2@alpha.test>").unwrap(), [("INBOX".to_owned(), Role::Inbox)]);
}

#[tokio::test(start_paused = true)]
async fn a_mail_sent_again_after_a_lost_answer_is_a_duplicate() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    sandbox.next(SMTP, Fault::Cut { at: Step::first("."), done: true });
    assert!(sandbox.send(ANNA, BERT, "<1@alpha.test>").await.is_err());
    assert!(crate::duplicates(&sandbox.world.ledger()).is_empty());
    sandbox.send(ANNA, BERT, "<1@alpha.test>").await.unwrap();
    let expected = ("<1@alpha.test>".to_owned(), BERT.to_owned(), 2);
    assert_eq!(crate::duplicates(&sandbox.world.ledger()), [expected]);
}
