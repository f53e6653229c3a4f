//! IMAP on the ordinary kinds of server.

use super::*;
use crate::Role;

#[tokio::test(start_paused = true)]
async fn folders_show_their_use_where_the_server_knows_it() {
    for (kind, junk, attribute) in [
        (Kind::Dovecot, "Junk", true),
        (Kind::Prefixed, "INBOX.Junk", true),
        (Kind::Outlook, "Junk Email", true),
        (Kind::Old, "Spamverdacht", false),
        (Kind::Gmail, "[Gmail]/Spam", true),
    ] {
        let sandbox = sandbox(Kind::Dovecot, kind);
        let mut session = sandbox.imap(BERT).await;
        let names = all(session.list(Some(""), Some("*")).await.unwrap()).await;
        assert!(names.iter().any(|name| name.name() == "INBOX"));
        let found = names.iter().find(|name| name.name() == junk).unwrap();
        let shown = found.attributes().contains(&async_imap::types::NameAttribute::Junk);
        assert_eq!(shown, attribute, "{kind:?}");
        if kind == Kind::Old {
            assert!(names.iter().any(|name| name.name() == "Entw&APw-rfe"));
        }
        session.logout().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn select_search_fetch_and_flags() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    for n in 1..=3 {
        sandbox.plant(Role::Inbox, &format!("<{n}@alpha.test>"));
        tokio::time::sleep(std::time::Duration::from_secs(86_400)).await;
    }
    let mut session = sandbox.imap(BERT).await;
    let selected = session.select("INBOX").await.unwrap();
    assert_eq!((selected.exists, selected.uid_next), (3, Some(4)));
    assert!(selected.uid_validity.is_some());
    assert!(selected.permanent_flags.contains(&async_imap::types::Flag::MayCreate));

    assert_eq!(uids(&mut session, "ALL").await, [1, 2, 3].into());
    assert_eq!(uids(&mut session, "SINCE 3-Mar-2026").await, [2, 3].into());
    assert_eq!(uids(&mut session, "BEFORE 03-Mar-2026").await, [1].into());
    assert_eq!(uids(&mut session, "SINCE 3-Mar-2026 UID 1:2").await, [2].into());
    assert_eq!(uids(&mut session, "HEADER Message-ID <3@alpha.test>").await, [3].into());
    assert_eq!(uids(&mut session, "HEADER Message-ID \"3@alpha\"").await, [3].into());
    assert_eq!(uids(&mut session, "HEADER X-Entity-Ref-ID \"\" NOT (OR UID 1 UID 2)").await, [3].into());

    let fields = "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID X-ENTITY-REF-ID)])";
    let fetched = all(session.uid_fetch("1:*", fields).await.unwrap()).await;
    assert_eq!(fetched.len(), 3);
    let header = String::from_utf8_lossy(fetched[1].header().unwrap()).into_owned();
    assert_eq!(header, "Message-ID: <2@alpha.test>\r\nX-Entity-Ref-ID: 2@alpha.test\r\n\r\n");
    assert_eq!(fetched[1].internal_date().unwrap().timestamp(), 1_772_524_800);
    assert_eq!(fetched[1].size, Some(u32::try_from(mail(ANNA, BERT, "<2@alpha.test>").len()).unwrap()));
    assert_eq!(uids(&mut session, "UNSEEN").await.len(), 3);

    all(session.uid_store("2", "+FLAGS (\\Seen \\Flagged $Forwarded)").await.unwrap()).await;
    assert_eq!(uids(&mut session, "SEEN KEYWORD $Forwarded").await, [2].into());
    all(session.uid_fetch("3", "BODY[TEXT]").await.unwrap()).await;
    assert_eq!(uids(&mut session, "UNSEEN").await, [1].into());
    let status = session.status("INBOX", "(MESSAGES UNSEEN UIDNEXT)").await.unwrap();
    assert_eq!((status.exists, status.unseen, status.uid_next), (3, Some(1), Some(4)));
    let audit = sandbox.world.audit(sandbox.world.now(), &[0, 2 * 86_400]);
    assert_eq!((audit[BERT].received, audit[BERT].read, audit[BERT].flagged), (3, 2, 1));
    assert_eq!(audit[BERT].folders["INBOX"].older, [3, 1]);
    assert_eq!(audit[BERT].leaks(1), 1);
}

#[tokio::test(start_paused = true)]
async fn a_move_gives_a_new_uid_and_rescues() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    sandbox.plant(Role::Junk, "<1@alpha.test>");
    sandbox.plant(Role::Inbox, "<0@alpha.test>");
    let mut session = sandbox.imap(BERT).await;
    session.select("Junk").await.unwrap();
    session.uid_mv("1", "INBOX").await.unwrap();
    assert!(uids(&mut session, "ALL").await.is_empty());
    // The old UID is gone: a STORE on it does nothing and says nothing.
    assert!(all(session.uid_store("1", "+FLAGS (\\Seen)").await.unwrap()).await.is_empty());
    session.select("INBOX").await.unwrap();
    assert_eq!(uids(&mut session, "HEADER Message-ID <1@alpha.test>").await, [2].into());
    assert_eq!(sandbox.world.audit(sandbox.world.now(), &[])[BERT].rescued, 1);
    // A folder that is not there is not made by a move.
    assert!(session.uid_mv("2", "Preheat").await.is_err());
    session.create("Preheat").await.unwrap();
    session.uid_mv("1:2", "Preheat").await.unwrap();
    assert_eq!(session.select("Preheat").await.unwrap().exists, 2);
}

#[tokio::test(start_paused = true)]
async fn an_old_server_has_copy_and_expunge_only() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Old);
    sandbox.plant(Role::Junk, "<1@alpha.test>");
    let mut session = sandbox.imap(BERT).await;
    let capabilities = session.capabilities().await.unwrap();
    assert!(!capabilities.has_str("MOVE") && !capabilities.has_str("UIDPLUS"));
    session.select("Spamverdacht").await.unwrap();
    assert!(session.uid_mv("1", "INBOX").await.is_err());
    assert!(session.uid_expunge("1").await.is_err() || !uids(&mut session, "ALL").await.is_empty());
    session.uid_copy("1", "INBOX").await.unwrap();
    all(session.uid_store("1", "+FLAGS.SILENT (\\Deleted)").await.unwrap()).await;
    assert_eq!(all(session.expunge().await.unwrap()).await, [1]);
    assert_eq!(sandbox.world.locate(BERT, "<1@alpha.test>").unwrap(), [("INBOX".to_owned(), Role::Inbox)]);
    // No keywords here: they are dropped without a word.
    session.select("INBOX").await.unwrap();
    all(session.uid_store("1", "+FLAGS ($NotJunk \\Seen)").await.unwrap()).await;
    assert!(uids(&mut session, "KEYWORD $NotJunk").await.is_empty());
    assert_eq!(uids(&mut session, "SEEN").await, [1].into());
}

#[tokio::test(start_paused = true)]
async fn uid_expunge_spares_what_others_marked() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    for n in 1..=3 {
        sandbox.plant(Role::Inbox, &format!("<{n}@alpha.test>"));
    }
    let mut session = sandbox.imap(BERT).await;
    session.select("INBOX").await.unwrap();
    all(session.uid_store("1,3", "+FLAGS.SILENT (\\Deleted)").await.unwrap()).await;
    assert_eq!(all(session.uid_expunge("3").await.unwrap()).await, [3]);
    assert_eq!(uids(&mut session, "ALL").await, [1, 2].into());
    // EXAMINE changes nothing.
    session.examine("INBOX").await.unwrap();
    assert!(session.uid_mv("2", "Trash").await.is_err());
    all(session.uid_fetch("2", "BODY[]").await.unwrap()).await;
    assert_eq!(uids(&mut session, "UNSEEN").await, [1, 2].into());
}

#[tokio::test(start_paused = true)]
async fn two_sessions_see_each_others_changes_at_the_right_moment() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    for n in 1..=3 {
        sandbox.plant(Role::Inbox, &format!("<{n}@alpha.test>"));
    }
    let (mut one, mut two) = (sandbox.imap(BERT).await, sandbox.imap(BERT).await);
    one.select("INBOX").await.unwrap();
    two.select("INBOX").await.unwrap();
    all(one.uid_store("1", "+FLAGS.SILENT (\\Deleted)").await.unwrap()).await;
    all(one.expunge().await.unwrap()).await;
    // A FETCH by number must not renumber: message 2 is still UID 2 for the other session.
    let fetched = all(two.fetch("2", "UID").await.unwrap()).await;
    assert_eq!(fetched[0].uid, Some(2));
    two.noop().await.unwrap();
    let fetched = all(two.fetch("2", "UID").await.unwrap()).await;
    assert_eq!(fetched[0].uid, Some(3));
    assert!(all(two.uid_fetch("1", "FLAGS").await.unwrap()).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn append_keeps_flags_and_date_and_speaks_of_its_uid() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    let mut session = sandbox.imap(ANNA).await;
    let raw = mail(ANNA, BERT, "<1@alpha.test>");
    session.append("Sent", Some("(\\Seen)"), Some("\" 1-Mar-2026 10:00:00 +0100\""), &raw).await.unwrap();
    session.select("Sent").await.unwrap();
    assert_eq!(uids(&mut session, "SEEN BEFORE 2-Mar-2026").await, [1].into());
    let fetched = all(session.uid_fetch("1", "BODY.PEEK[]").await.unwrap()).await;
    assert_eq!(fetched[0].body().unwrap(), raw);
    let audit = sandbox.world.audit(sandbox.world.now(), &[3_600]);
    assert_eq!((audit[ANNA].folders["Sent"].older[0], audit[ANNA].received), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_new_uidvalidity_ends_the_session_and_renumbers() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    sandbox.plant(Role::Inbox, "<1@alpha.test>");
    sandbox.plant(Role::Inbox, "<2@alpha.test>");
    sandbox.world.erase(BERT, "<1@alpha.test>").unwrap();
    let mut session = sandbox.imap(BERT).await;
    let before = session.select("INBOX").await.unwrap().uid_validity.unwrap();
    assert_eq!(uids(&mut session, "ALL").await, [2].into());
    sandbox.world.move_uid_validity(BERT, "INBOX").unwrap();
    // async-imap takes the end of the stream for the end of a search: the next command shows that it was one.
    assert!(session.uid_search("ALL").await.map_or(true, |uids| uids.is_empty()));
    assert!(session.noop().await.is_err());
    let mut session = sandbox.imap(BERT).await;
    assert!(session.select("INBOX").await.unwrap().uid_validity.unwrap() > before);
    assert_eq!(uids(&mut session, "ALL").await, [1].into());
}

#[tokio::test(start_paused = true)]
async fn wrong_passwords_states_and_commands_are_refused() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Dovecot);
    let stream = sandbox.network.dial(&endpoint("imap.beta.test", 993)).await.unwrap();
    let mut client = async_imap::Client::new(stream);
    client.read_response().await.unwrap();
    assert!(client.run_command_and_check_ok("SELECT INBOX", None).await.is_err());
    let (error, client) = client.login(BERT, "wrong").await.unwrap_err();
    assert!(error.to_string().contains("AUTHENTICATIONFAILED"), "{error}");
    // Anna is at another provider.
    let (_, client) = client.login(ANNA, "secret").await.unwrap_err();
    let mut session = client.login(BERT, "secret").await.map_err(|(error, _)| error).unwrap();
    for wrong in
        ["UID SEARCH", "FETCH 0 FLAGS", "UID FETCH 1 ENVELOPEX", "SELECT", "CREATE", "NONSENSE", "FETCH 1 FLAGS"]
    {
        assert!(session.run_command_and_check_ok(wrong).await.is_err(), "{wrong}");
    }
    session.select("INBOX").await.unwrap();
    assert!(session.run_command_and_check_ok("FETCH 1 FLAGS").await.is_err(), "no such number");
    assert!(session.run_command_and_check_ok("UID FETCH 1 FLAGS").await.is_ok(), "no such UID is no error");
    assert!(session.run_command_and_check_ok("UID FETCH 1 X-GM-LABELS").await.is_err());
}

struct Oauth(&'static str);
impl async_imap::Authenticator for Oauth {
    type Response = String;
    fn process(&mut self, challenge: &[u8]) -> String {
        if challenge.is_empty() { format!("user={BERT}\u{1}auth=Bearer {}\u{1}\u{1}", self.0) } else { String::new() }
    }
}

#[tokio::test(start_paused = true)]
async fn xoauth2_opens_with_the_token_and_explains_a_bad_one() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Gmail);
    for (token, opens) in [("secret", true), ("stale", false)] {
        let stream = sandbox.network.dial(&endpoint("imap.beta.test", 993)).await.unwrap();
        let mut client = async_imap::Client::new(stream);
        client.read_response().await.unwrap();
        assert_eq!(client.authenticate("XOAUTH2", Oauth(token)).await.is_ok(), opens);
    }
}

#[tokio::test(start_paused = true)]
async fn a_prefixed_server_keeps_everything_below_inbox() {
    let sandbox = sandbox(Kind::Dovecot, Kind::Prefixed);
    let mut session = sandbox.imap(BERT).await;
    assert!(session.create("Preheat").await.is_err());
    session.create("INBOX.Preheat").await.unwrap();
    let names = all(session.list(Some("INBOX."), Some("%")).await.unwrap()).await;
    assert!(names.iter().any(|name| name.name() == "INBOX.Preheat"));
    assert!(names.iter().all(|name| name.delimiter() == Some(".")));
}
