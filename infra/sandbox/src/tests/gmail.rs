//! Label semantics.

use super::*;
use crate::Role;

fn roles(sandbox: &Sandbox, id: &str) -> Vec<Role> {
    let mut roles: Vec<Role> = sandbox.world.locate(BERT, id).unwrap().into_iter().map(|(_, role)| role).collect();
    roles.sort();
    roles
}

async fn labels(session: &mut Session, uid: &str) -> Vec<String> {
    let fetched = all(session.uid_fetch(uid, "X-GM-LABELS").await.unwrap()).await;
    fetched[0].gmail_labels().unwrap().iter().map(|label| label.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_message_is_one_thing_with_labels() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Gmail);
    sandbox.plant(Role::Inbox, "<1@alpha.test>");
    assert_eq!(roles(&sandbox, "<1@alpha.test>"), [Role::Inbox, Role::All]);
    let mut session = sandbox.imap(BERT).await;
    session.create("Preheat").await.unwrap();
    session.select("INBOX").await.unwrap();
    session.uid_copy("1", "Preheat").await.unwrap();
    assert_eq!(labels(&mut session, "1").await, ["Preheat"]);
    // A flag set in one folder shows in the other, and a star is a label.
    all(session.uid_store("1", "+FLAGS (\\Seen \\Flagged)").await.unwrap()).await;
    session.select("Preheat").await.unwrap();
    assert_eq!(uids(&mut session, "SEEN FLAGGED").await, [1].into());
    assert_eq!(roles(&sandbox, "<1@alpha.test>"), [Role::Inbox, Role::All, Role::Starred, Role::User]);
    // Marked deleted, it leaves the INBOX at once and stays in All Mail.
    session.select("INBOX").await.unwrap();
    all(session.uid_store("1", "+FLAGS (\\Deleted)").await.unwrap()).await;
    assert!(uids(&mut session, "ALL").await.is_empty());
    assert_eq!(roles(&sandbox, "<1@alpha.test>"), [Role::All, Role::Starred, Role::User]);
    // Out of All Mail it does not go; by way of Trash it does.
    session.select("[Gmail]/All Mail").await.unwrap();
    all(session.uid_store("1", "+FLAGS (\\Deleted)").await.unwrap()).await;
    session.expunge().await.unwrap().try_collect::<Vec<_>>().await.unwrap();
    assert_eq!(uids(&mut session, "ALL").await, [1].into());
    session.uid_mv("1", "[Gmail]/Trash").await.unwrap();
    assert_eq!(roles(&sandbox, "<1@alpha.test>"), [Role::Trash]);
    session.select("[Gmail]/Trash").await.unwrap();
    all(session.uid_store("1", "+FLAGS (\\Deleted)").await.unwrap()).await;
    assert!(roles(&sandbox, "<1@alpha.test>").is_empty());
}

#[tokio::test(start_paused = true)]
async fn spam_is_apart_and_a_rescue_brings_all_mail() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Gmail);
    sandbox.plant(Role::Junk, "<1@alpha.test>");
    assert_eq!(roles(&sandbox, "<1@alpha.test>"), [Role::Junk]);
    let mut session = sandbox.imap(BERT).await;
    session.select("[Gmail]/Spam").await.unwrap();
    session.uid_mv("1", "INBOX").await.unwrap();
    assert_eq!(roles(&sandbox, "<1@alpha.test>"), [Role::Inbox, Role::All]);
    assert_eq!(sandbox.world.audit(sandbox.world.now(), &[])[BERT].rescued, 1);
    session.select("INBOX").await.unwrap();
    session.run_command_and_check_ok("UID STORE 1 +X-GM-LABELS (\\Important Preheat)").await.unwrap();
    session.run_command_and_check_ok("UID STORE 1 -X-GM-LABELS (\\Inbox)").await.unwrap();
    assert_eq!(roles(&sandbox, "<1@alpha.test>"), [Role::All, Role::Important, Role::User]);
    session.run_command_and_check_ok("UID STORE 1 +X-GM-LABELS (\\Inbox)").await.unwrap();
    session.noop().await.unwrap();
    assert!(uids(&mut session, "ALL").await.is_empty() || uids(&mut session, "ALL").await == [2].into());
}

#[tokio::test(start_paused = true)]
async fn categories_are_found_by_gmails_own_search() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Gmail);
    for n in 0..60 {
        sandbox.send(ANNA, BERT, &format!("<{n}@alpha.test>")).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(3 * 3_600)).await;
    }
    let placed = |wanted| sandbox.world.ledger().iter().filter(|entry| entry.placement == Some(wanted)).count();
    let (promotions, inbox) = (placed(crate::Placement::Promotions), placed(crate::Placement::Inbox));
    assert!(promotions > 0 && placed(crate::Placement::Spam) > 0);
    let mut session = sandbox.imap(BERT).await;
    assert_eq!(session.select("INBOX").await.unwrap().exists as usize, promotions + inbox);
    let tab = uids(&mut session, "X-GM-RAW \"category:promotions\"").await;
    assert_eq!(tab.len(), promotions);
    assert_eq!(uids(&mut session, "X-GM-RAW \"category:primary in:inbox\"").await.len(), inbox);
    let one = tab.first().unwrap();
    let store = format!("UID STORE {one} -X-GM-LABELS (CATEGORY_PROMOTIONS)");
    session.run_command_and_check_ok(&store).await.unwrap();
    assert_eq!(uids(&mut session, "X-GM-RAW \"category:promotions\"").await.len(), promotions - 1);
}

#[tokio::test(start_paused = true)]
async fn a_sent_copy_stays_in_sent_until_it_goes_to_trash() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Gmail);
    sandbox.send(BERT, ANNA, "<1@beta.test>").await.unwrap();
    assert_eq!(roles(&sandbox, "<1@beta.test>"), [Role::Sent, Role::All]);
    let mut session = sandbox.imap(BERT).await;
    session.create("Preheat").await.unwrap();
    session.select("[Gmail]/Sent Mail").await.unwrap();
    session.uid_mv("1", "Preheat").await.unwrap();
    // Gmail keeps a mail in Sent whatever else it is labelled; only Trash takes it out.
    assert_eq!(roles(&sandbox, "<1@beta.test>"), [Role::Sent, Role::All, Role::User]);
    session.run_command_and_check_ok("UID STORE 1 +X-GM-LABELS (\\Trash)").await.unwrap();
    assert_eq!(roles(&sandbox, "<1@beta.test>"), [Role::Trash]);
}
