//! The project's own client, `preheat-mail`, on every kind of provider: what a visit does must be what the world shows.

use preheat_mail::imap::{FILED_FOLDER, Moved, Rescue, Visit};
use preheat_mail::{Account, Auth, Deadlines, smtp};

use super::*;
use crate::{Placement, Role};

fn account<'a>(endpoint: &'a Endpoint, user: &'a str) -> Account<'a> {
    Account { endpoint, user, credential: Auth::Password("secret") }
}

async fn visit(sandbox: &Sandbox, user: &str) -> Visit {
    let host = endpoint(&format!("imap.{}", user.split_once('@').unwrap().1), 993);
    Visit::open(&sandbox.network, &account(&host, user), &Deadlines::IMAP).await.unwrap()
}

async fn submit(sandbox: &Sandbox, from: &str, to: &str, id: &str) {
    let host = endpoint(&format!("smtp.{}", from.split_once('@').unwrap().1), 465);
    let (sender, recipient) = (from.parse().unwrap(), to.parse().unwrap());
    let message = mail(from, to, &format!("<{id}>"));
    smtp::send(&sandbox.network, &account(&host, from), &sender, &recipient, &message, &Deadlines::SMTP).await.unwrap();
}

/// A visit's whole work on one received mail, wherever it was put.
async fn engage(sandbox: &Sandbox, id: &str) {
    let mut visit = visit(sandbox, BERT).await;
    let folders = visit.folders().await.unwrap();
    let today = jiff::civil::date(2026, 3, 1);
    let mut found = Vec::new();
    for folder in [Some(&folders.inbox), folders.junk.as_ref()].into_iter().flatten() {
        found.extend(visit.scan(folder, today).await.unwrap().into_iter().map(|seen| (folder.clone(), seen)));
    }
    assert_eq!(found.len(), 1, "{found:?}");
    let (folder, seen) = found.remove(0);
    assert_eq!(seen.message_id.as_deref(), Some(id));
    assert!(!seen.seen && !seen.automatic);
    if folder.raw != folders.inbox.raw {
        assert_eq!(visit.move_to(&folder, id, &folders.inbox).await.unwrap(), Moved::Moved);
        visit.not_junk(&folders.inbox, id).await.unwrap();
    }
    if seen.category.is_some() {
        assert!(visit.to_primary(&folders.inbox, id).await.unwrap());
    }
    assert!(visit.mark_seen(&folders.inbox, id).await.unwrap());
    assert!(visit.flag(&folders.inbox, id).await.unwrap());
    visit.mark_important(&folders.inbox, id).await.unwrap();
    let filed = visit.ensure_folder(FILED_FOLDER).await.unwrap();
    assert_eq!(visit.move_to(&folders.inbox, id, &filed).await.unwrap(), Moved::Moved);
    assert_eq!(visit.move_to(&folders.inbox, id, &filed).await.unwrap(), Moved::Already);
    visit.logout().await;
}

async fn expire(sandbox: &Sandbox, user: &str) -> u32 {
    let mut visit = visit(sandbox, user).await;
    visit.folders().await.unwrap();
    let filed = visit.ensure_folder(FILED_FOLDER).await.unwrap();
    let count = visit.expire(&filed, jiff::civil::date(2026, 4, 1)).await.unwrap();
    visit.logout().await;
    count
}

#[tokio::test(start_paused = true)]
async fn a_visit_files_every_mail_on_every_kind_of_provider() {
    for kind in Kind::ALL {
        let sandbox = sandbox(Kind::Dovecot, kind);
        let mut met = BTreeSet::new();
        for n in 0..30 {
            let id = format!("{n}.0123456789abcdefghij@alpha.test");
            submit(&sandbox, ANNA, BERT, &id).await;
            met.insert(sandbox.world.ledger()[n].placement.unwrap());
            engage(&sandbox, &id).await;
            tokio::time::sleep(std::time::Duration::from_secs(4 * 3_600)).await;
        }
        assert!(met.contains(&Placement::Spam) && met.contains(&Placement::Inbox), "{kind:?}: {met:?}");
        let audit = sandbox.world.audit(sandbox.world.now(), &[0]);
        let bert = &audit[BERT];
        assert_eq!((bert.received, bert.read, bert.flagged, bert.leaks(0)), (30, 30, 30, 0), "{kind:?}");
        assert_eq!(
            bert.rescued as usize,
            sandbox.world.ledger().iter().filter(|e| e.placement != Some(Placement::Inbox)).count()
        );
        let filed = bert.folders.iter().find(|(name, _)| name.ends_with(FILED_FOLDER)).unwrap().1;
        assert_eq!(filed.warmup, 30, "{kind:?}");
        tokio::time::sleep(std::time::Duration::from_secs(30 * 86_400)).await;
        assert_eq!(expire(&sandbox, BERT).await, 30, "{kind:?}");
        let audit = sandbox.world.audit(sandbox.world.now(), &[0]);
        let left: u32 =
            audit[BERT].folders.values().filter(|folder| folder.role != Role::Trash).map(|folder| folder.warmup).sum();
        assert_eq!(left, 0, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rescue_counts_only_where_it_holds() {
    for kind in Kind::ALL {
        let sandbox = sandbox(Kind::Dovecot, kind);
        sandbox.world.spam_streak(ANNA, sandbox.world.now() + jiff::SignedDuration::from_hours(24));
        let id = "0123456789abcdefghij@alpha.test";
        submit(&sandbox, ANNA, BERT, id).await;
        let mut visit = visit(&sandbox, BERT).await;
        let folders = visit.folders().await.unwrap();
        let junk = folders.junk.unwrap();
        let places = || {
            let all = sandbox.world.locate(BERT, &format!("<{id}>")).unwrap();
            all.into_iter().map(|(_, role)| role).filter(|role| *role != Role::All).collect::<Vec<_>>()
        };
        sandbox.world.put_back(BERT, true).unwrap();
        assert_eq!(visit.rescue(&junk, id, &folders.inbox).await.unwrap(), Rescue::Lost, "{kind:?}");
        // Where there is no MOVE the filter takes back the copy, and the original never left.
        assert!(!places().is_empty() && places().iter().all(|role| *role == Role::Junk), "{kind:?}");
        sandbox.world.put_back(BERT, false).unwrap();
        assert_eq!(visit.rescue(&junk, id, &folders.inbox).await.unwrap(), Rescue::Held, "{kind:?}");
        assert_eq!(places(), [Role::Inbox], "{kind:?}");
        assert_eq!(visit.rescue(&junk, id, &folders.inbox).await.unwrap(), Rescue::Already, "{kind:?}");
        sandbox.world.erase(BERT, &format!("<{id}>")).unwrap();
        assert_eq!(visit.rescue(&junk, id, &folders.inbox).await.unwrap(), Rescue::Missing, "{kind:?}");
        visit.logout().await;
    }
}

#[tokio::test(start_paused = true)]
async fn sent_copies_are_filed_where_the_provider_keeps_them() {
    for kind in [Kind::Gmail, Kind::Outlook] {
        let sandbox = sandbox(kind, Kind::Dovecot);
        let id = "0123456789abcdefghij@alpha.test";
        submit(&sandbox, ANNA, BERT, id).await;
        let mut visit = visit(&sandbox, ANNA).await;
        let folders = visit.folders().await.unwrap();
        let sent = folders.sent.unwrap();
        assert!(visit.find(&sent, id).await.unwrap().is_some());
        let filed = visit.ensure_folder(FILED_FOLDER).await.unwrap();
        assert_eq!(visit.move_to(&sent, id, &filed).await.unwrap(), Moved::Moved);
        assert!(visit.find(&sent, id).await.unwrap().is_none());
        visit.logout().await;
        assert_eq!(sandbox.world.audit(sandbox.world.now(), &[-1])[ANNA].leaks(0), 0);
    }
}

#[tokio::test]
async fn loopback_speaks_tls_to_a_client_that_trusts_its_certificate() {
    let monday: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
    let world = World::new(std::sync::Arc::new(move || monday), 7);
    let provider = world.add_provider(Kind::Outlook, "smtp.alpha.test", "imap.alpha.test").unwrap();
    world.add_account(ANNA, "secret", provider).unwrap();
    let loopback = world.listen(provider).await.unwrap();
    let trusting = preheat_mail::NetDial::new(true, loopback.certificate_pem.as_bytes()).unwrap();
    let (host, id) = (endpoint("localhost", loopback.smtp.port()), "0123456789abcdefghij@alpha.test");
    let anna = ANNA.parse().unwrap();
    let message = mail(ANNA, ANNA, &format!("<{id}>"));
    smtp::send(&trusting, &account(&host, ANNA), &anna, &anna, &message, &Deadlines::SMTP).await.unwrap();
    let host = endpoint("127.0.0.1", loopback.imap.port());
    let mut visit = Visit::open(&trusting, &account(&host, ANNA), &Deadlines::IMAP).await.unwrap();
    let sent = visit.folders().await.unwrap().sent.unwrap();
    assert!(visit.find(&sent, id).await.unwrap().is_some());
    visit.logout().await;
    // A client that does not trust the certificate says nothing.
    let wary = preheat_mail::NetDial::new(true, b"").unwrap();
    assert!(Visit::open(&wary, &account(&host, ANNA), &Deadlines::IMAP).await.is_err());
}
