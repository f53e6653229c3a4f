//! Visits against a small IMAP server: with and without each extension, cut at every byte, and against servers that say
//! what no server should.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may: its helpers are part of it")]

mod support;

use std::time::Duration;

use jiff::civil::date;
use preheat_mail::imap::{Category, Folder, ImapError, ImapStage, Moved, Special, Visit};
use preheat_mail::{Account, Auth, Deadlines, Next, Security};
use proptest::prelude::*;
use support::imap::{Imap, Mail};
use support::{Cut, Log, Memory, account, endpoint, line, say};
use tokio::time::Instant;

const ID: &str = "abcdefghijklmnopqrstuvwxyz234567@example.org";
const OTHER: &str = "other-and-older@example.net";
const MODERN: &str = "MOVE UIDPLUS SPECIAL-USE AUTH=PLAIN SASL-IR LITERAL+";

async fn open(memory: &Memory) -> Result<Visit, ImapError> {
    let endpoint = endpoint(Security::Implicit);
    Visit::open(memory, &account(&endpoint), &Deadlines::IMAP).await
}

fn folder(raw: &str) -> Folder {
    Folder { name: raw.to_owned(), raw: raw.to_owned(), special: None }
}

/// INBOX with one of ours and a stranger's that its owner marked deleted; Junk and Preheat empty.
fn usual(capabilities: &'static str) -> Imap {
    Imap::new(capabilities)
        .folder("INBOX", "", vec![Mail::new(ID), Mail::new(OTHER).flagged("\\Deleted")])
        .folder("Junk", "\\Junk", vec![])
        .folder("Preheat", "", vec![])
}

/// With both, either and neither of the extensions that make a move safe.
const EXTENSIONS: [&str; 4] = ["MOVE UIDPLUS", "MOVE", "UIDPLUS", ""];

#[tokio::test(start_paused = true)]
async fn a_visit_scans_reads_flags_files_and_leaves() {
    let server = usual(MODERN);
    let mut visit = open(&server.dial()).await.unwrap();
    let folders = visit.folders().await.unwrap();
    assert_eq!(folders.junk.as_ref().unwrap().raw, "Junk");
    let seen = visit.scan(&folders.inbox, date(2026, 3, 2)).await.unwrap();
    assert_eq!(seen.len(), 1, "what is marked deleted is gone");
    assert_eq!(seen[0].message_id.as_deref(), Some(ID));
    assert_eq!(seen[0].token.as_deref(), Some("abcdefghijklmnopqrstuvwxyz234567"));
    assert_eq!(seen[0].from.as_deref(), Some("bob@example.org"));
    assert_eq!(seen[0].subject, "Grüße");
    assert_eq!(seen[0].internal_date, "2026-03-02T08:14:00Z".parse().unwrap());
    assert!(!seen[0].seen && !seen[0].flagged);
    assert!(visit.scan(&folders.inbox, date(2026, 3, 3)).await.unwrap().is_empty());

    assert!(visit.mark_seen(&folders.inbox, ID).await.unwrap());
    assert!(visit.flag(&folders.inbox, ID).await.unwrap());
    assert!(visit.not_junk(&folders.inbox, ID).await.unwrap());
    assert!(!visit.mark_important(&folders.inbox, ID).await.unwrap(), "Gmail only");
    assert!(!visit.mark_seen(&folders.inbox, "nobody-knows-this-one@x.org").await.unwrap());
    let seen = visit.scan(&folders.inbox, date(2026, 3, 2)).await.unwrap();
    assert!(seen[0].seen && seen[0].flagged);

    let preheat = visit.ensure_folder("Preheat").await.unwrap();
    assert_eq!(visit.move_to(&folders.inbox, ID, &preheat).await.unwrap(), Moved::Moved);
    assert_eq!(visit.move_to(&folders.inbox, ID, &preheat).await.unwrap(), Moved::Already);
    assert_eq!(visit.move_to(&folders.inbox, "gone-since-long-ago@x.org", &preheat).await.unwrap(), Moved::Missing);
    // The flags went along, and the mail is found where it is now.
    assert!(visit.mark_seen(&preheat, ID).await.unwrap());
    assert_eq!(server.ids("Preheat"), [ID]);
    visit.logout().await;
    assert!(server.log.saw("LOGOUT"));
}

#[tokio::test(start_paused = true)]
async fn a_move_works_with_and_without_extensions_and_spares_other_mail() {
    for capabilities in EXTENSIONS {
        let server = usual(capabilities);
        let mut visit = open(&server.dial()).await.unwrap();
        let moved = visit.move_to(&folder("INBOX"), ID, &folder("Preheat")).await.unwrap();
        assert_eq!(moved, Moved::Moved, "{capabilities}");
        assert_eq!(server.ids("Preheat"), [ID], "{capabilities}");
        let left = server.ids("INBOX");
        assert!(left.contains(&format!("{OTHER}!")), "{capabilities}: another's mail was expunged");
        assert!(!left.contains(&ID.to_owned()), "{capabilities}");
        // With nobody else's mail in the way even plain EXPUNGE removes it for good.
        let server = usual(capabilities).folder("INBOX", "", vec![Mail::new(ID), Mail::new(OTHER)]);
        let mut visit = open(&server.dial()).await.unwrap();
        visit.move_to(&folder("INBOX"), ID, &folder("Preheat")).await.unwrap();
        assert_eq!(server.ids("INBOX"), [OTHER], "{capabilities}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_move_that_is_cut_at_any_byte_is_finished_by_the_next_visit_with_one_copy() {
    for capabilities in EXTENSIONS {
        let mut after = 1;
        loop {
            let server = usual(capabilities);
            let mut memory = server.dial();
            memory.cut = Some(Cut { after, silent: false });
            let first = async {
                let mut visit = open(&memory).await?;
                visit.move_to(&folder("INBOX"), ID, &folder("Preheat")).await
            };
            let first = first.await;
            tokio::time::sleep(Duration::from_secs(1)).await;

            let mut visit = open(&server.dial()).await.unwrap();
            let second = visit.move_to(&folder("INBOX"), ID, &folder("Preheat")).await.unwrap();
            assert!(matches!(second, Moved::Moved | Moved::Already), "{capabilities}, cut after {after}");
            assert_eq!(server.ids("Preheat"), [ID], "{capabilities}, cut after {after}");
            assert!(!server.ids("INBOX").contains(&ID.to_owned()), "{capabilities}, cut after {after}");
            assert!(server.ids("INBOX").contains(&format!("{OTHER}!")), "{capabilities}, cut after {after}");
            match first {
                Ok(moved) => {
                    assert_eq!(moved, Moved::Moved);
                    break;
                }
                Err(error) => assert_eq!(error.next(), Next::Retry, "{error:?}"),
            }
            after += 1;
        }
        assert!(after > 100, "{capabilities}: the cuts went through the whole session, {after}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_ends_anywhere_before_its_end_is_never_an_empty_result() {
    let header = "Message-ID: <x-rewritten@example.org>\r\n\r\n";
    let fetch = format!(
        "* 1 FETCH (UID 100 FLAGS () INTERNALDATE \"02-Mar-2026 09:14:00 +0100\" \
         BODY[HEADER.FIELDS (MESSAGE-ID)]<0> {{{}}}\r\n{header})\r\n{{tag}} OK done\r\n",
        header.len()
    );
    let search = "* SEARCH 100\r\n{tag} OK done\r\n".to_owned();
    for (verb, answer) in [("UID SEARCH", search), ("UID FETCH", fetch)] {
        for length in 0..answer.len() {
            // `{tag}` stands for five bytes; cut texts keep it whole or lose it.
            let part = answer[..length].to_owned();
            if part.ends_with(['{', 't', 'a', 'g']) {
                continue;
            }
            let server = usual(MODERN).hook(move |command| command.starts_with(verb).then(|| format!("{part}<close>")));
            let mut visit = open(&server.dial()).await.unwrap();
            let error = visit.scan(&folder("INBOX"), date(2026, 3, 1)).await.expect_err("half an answer");
            assert!(matches!(error, ImapError::Lost { .. }), "{verb} {length}: {error:?}");
            // A connection that was not read to its end is not used again.
            let again = visit.find(&folder("Junk"), ID).await.unwrap_err();
            assert!(matches!(again, ImapError::Lost { .. }), "{again:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_search_is_an_error_and_not_an_absence() {
    for (answer, busy) in [("NO [UNAVAILABLE] later", true), ("NO cannot", false), ("BAD syntax", false)] {
        let server = usual(MODERN)
            .hook(move |command| command.starts_with("UID SEARCH").then(|| format!("{{tag}} {answer}\r\n")));
        let mut visit = open(&server.dial()).await.unwrap();
        let error = visit.find(&folder("INBOX"), ID).await.unwrap_err();
        assert_eq!(matches!(error, ImapError::Busy { .. }), busy, "{error:?}");
        assert!(error.session_lives());
        visit.folders().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_rewritten_message_id_is_found_by_the_token_in_the_other_header() {
    let mut mail = Mail::new(ID);
    mail.header = mail.header.replace(&format!("<{ID}>"), "<CAF-rewritten@mail.example.com>");
    let server = usual(MODERN).folder("INBOX", "", vec![mail]);
    let mut visit = open(&server.dial()).await.unwrap();
    assert_eq!(visit.find(&folder("INBOX"), ID).await.unwrap(), Some(100));
    assert_eq!(visit.find(&folder("INBOX"), "CAF-rewritten@mail.example.com").await.unwrap(), Some(100));
    assert_eq!(visit.find(&folder("Junk"), ID).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn uids_of_a_folder_that_is_rebuilt_under_us_are_not_used() {
    let server = usual(MODERN).hook(|command| {
        let rebuilt = "* OK [UIDVALIDITY 99] rebuilt\r\n* SEARCH 100\r\n{tag} OK done\r\n";
        command.starts_with("UID SEARCH").then(|| rebuilt.to_owned())
    });
    let mut visit = open(&server.dial()).await.unwrap();
    let error = visit.move_to(&folder("INBOX"), ID, &folder("Preheat")).await.unwrap_err();
    assert_eq!(error, ImapError::Rebuilt { command: "SEARCH" });
    assert!(!server.log.saw("UID MOVE") && !server.log.saw("UID STORE"));

    // Between two SELECTs the UIDs change: each action looks the mail up again.
    let server = usual("UIDPLUS");
    let mut visit = open(&server.dial()).await.unwrap();
    visit.mark_seen(&folder("INBOX"), ID).await.unwrap();
    {
        let mut model = server.model.lock().unwrap();
        let inbox = model.folders.get_mut("INBOX").unwrap();
        inbox.uid_validity += 1;
        inbox.mails.iter_mut().for_each(|mail| mail.uid += 1);
    }
    visit.find(&folder("Junk"), ID).await.unwrap();
    assert_eq!(visit.move_to(&folder("INBOX"), ID, &folder("Preheat")).await.unwrap(), Moved::Moved);
    assert_eq!(server.ids("INBOX"), [format!("{OTHER}!")]);
}

#[tokio::test(start_paused = true)]
async fn mails_expunged_by_another_session_are_just_not_there() {
    // FETCH: the rest comes. STORE on a UID that is gone says OK and does nothing: that is noticed.
    let server = usual(MODERN).hook(|command| {
        if command.starts_with("UID FETCH") && command.contains("HEADER") {
            return Some("* 2 EXPUNGE\r\n{tag} NO [EXPUNGEISSUED] some are gone\r\n".to_owned());
        }
        let gone = command.starts_with("UID STORE") || command.starts_with("UID FETCH");
        gone.then(|| "* 1 FETCH (UID 777 FLAGS (\\Seen))\r\n{tag} OK done\r\n".to_owned())
    });
    let mut visit = open(&server.dial()).await.unwrap();
    assert!(visit.scan(&folder("INBOX"), date(2026, 3, 1)).await.unwrap().is_empty());
    let error = visit.mark_seen(&folder("INBOX"), ID).await.unwrap_err();
    assert!(matches!(error, ImapError::Refused { command: "STORE", .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_moved_and_moved_nothing_is_caught() {
    for (capabilities, verb) in [("MOVE", "UID MOVE"), ("", "UID COPY")] {
        let server =
            usual(capabilities).hook(move |command| command.starts_with(verb).then(|| "{tag} OK sure\r\n".to_owned()));
        let mut visit = open(&server.dial()).await.unwrap();
        let error = visit.move_to(&folder("INBOX"), ID, &folder("Preheat")).await.unwrap_err();
        assert!(matches!(error, ImapError::Refused { .. }), "{error:?}");
        assert!(server.ids("INBOX").contains(&ID.to_owned()), "nothing was deleted");
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_vanished_is_made_again() {
    let server = usual(MODERN);
    let mut visit = open(&server.dial()).await.unwrap();
    assert_eq!(visit.move_to(&folder("INBOX"), ID, &folder("Preheat 2")).await.unwrap(), Moved::Moved);
    assert_eq!(server.ids("Preheat 2"), [ID]);
}

#[tokio::test(start_paused = true)]
async fn the_folder_is_made_where_the_server_wants_it() {
    // Everything lies below INBOX.
    let below = |server: &Imap| {
        let mut model = server.model.lock().unwrap();
        (model.delimiter, model.must_start_with) = ('.', "INBOX.");
    };
    let server = Imap::new(MODERN).folder("INBOX.spam", "", vec![]).folder("INBOX.Sent", "", vec![]);
    below(&server);
    let mut visit = open(&server.dial()).await.unwrap();
    let folders = visit.folders().await.unwrap();
    assert_eq!((folders.prefix.as_str(), folders.junk.unwrap().raw.as_str()), ("INBOX.", "INBOX.spam"));
    assert_eq!(visit.ensure_folder("Preheat").await.unwrap().raw, "INBOX.Preheat");
    assert_eq!(visit.folders().await.unwrap().preheat.unwrap().raw, "INBOX.Preheat");
    let creates = || server.log.lines().iter().filter(|l| l.starts_with("CREATE")).count();
    visit.ensure_folder("Preheat").await.unwrap();
    assert_eq!(creates(), 1);

    // The same server, where INBOX is all there is: only the refusal shows it.
    let server = Imap::new(MODERN);
    below(&server);
    let mut visit = open(&server.dial()).await.unwrap();
    assert_eq!(visit.ensure_folder("Preheat").await.unwrap().raw, "INBOX.Preheat");
    // The next visit finds it.
    let mut visit = open(&server.dial()).await.unwrap();
    assert_eq!(visit.folders().await.unwrap().preheat.unwrap().raw, "INBOX.Preheat");
}

#[tokio::test(start_paused = true)]
async fn only_our_own_old_mails_expire() {
    let mut old = Mail::new(ID);
    old.date = "01-Feb-2026 09:14:00 +0100".to_owned();
    let mut owners = Mail::new(OTHER);
    owners.header = owners.header.replace("X-Entity-Ref-ID", "X-Other");
    owners.date.clone_from(&old.date);
    for capabilities in EXTENSIONS {
        let young = Mail::new("bcdefghijklmnopqrstuvwxyz2345678@example.org");
        let server = usual(capabilities).folder("Preheat", "", vec![old.clone(), owners.clone(), young]);
        let mut visit = open(&server.dial()).await.unwrap();
        assert_eq!(visit.expire(&folder("Preheat"), date(2026, 2, 15)).await.unwrap(), 1);
        assert_eq!(server.ids("Preheat"), [OTHER, "bcdefghijklmnopqrstuvwxyz2345678@example.org"]);
        assert_eq!(visit.expire(&folder("Preheat"), date(2026, 2, 15)).await.unwrap(), 0);
        let mine = visit.expire_where(&folder("Preheat"), date(2026, 2, 15), |seen| seen.token.is_none()).await;
        assert_eq!(mine, Ok(1), "the caller may know better what is ours");
    }
}

#[tokio::test(start_paused = true)]
async fn gmail_has_labels_categories_and_a_sent_label_that_sticks() {
    let mut promoted = Mail::new(ID);
    promoted.labels.extend(["\\Important".to_owned(), "Receipts (2026)".to_owned()]);
    let server = Imap::new("X-GM-EXT-1 MOVE UIDPLUS SPECIAL-USE")
        .folder("INBOX", "\\HasNoChildren", vec![promoted, Mail::new(OTHER)])
        .folder("[Gmail]", "\\Noselect \\HasChildren", vec![])
        .folder("[Gmail]/All Mail", "\\All", vec![])
        .folder("[Gmail]/Important", "\\Important", vec![])
        .folder("[Gmail]/Sent Mail", "\\Sent", vec![Mail::new(ID)])
        .folder("[Gmail]/Spam", "\\Junk", vec![])
        .folder("[Gmail]/Trash", "\\Trash", vec![]);
    server.model.lock().unwrap().categories.insert(ID.to_owned(), "promotions");
    let mut visit = open(&server.dial()).await.unwrap();
    let folders = visit.folders().await.unwrap();
    assert!(folders.gmail && folders.others.is_empty(), "{:?}", folders.others);
    let everywhere: Vec<&str> = folders.everywhere().iter().map(|f| f.raw.as_str()).collect();
    assert_eq!(everywhere, ["INBOX", "[Gmail]/Spam", "[Gmail]/All Mail", "[Gmail]/Trash"]);

    let seen = visit.scan(&folders.inbox, date(2026, 3, 1)).await.unwrap();
    let categories: Vec<_> = seen.iter().map(|mail| mail.category).collect();
    assert_eq!(categories, [Some(Category::Promotions), None]);
    assert_eq!(seen[0].labels, ["Receipts (2026)", "\\Important"]);
    assert!(visit.to_primary(&folders.inbox, ID).await.unwrap());
    assert!(visit.mark_important(&folders.inbox, ID).await.unwrap());
    let seen = visit.scan(&folders.inbox, date(2026, 3, 1)).await.unwrap();
    assert_eq!(seen[0].category, None);

    // Gmail says OK to a move out of Sent, and the mail stays there: only Trash takes it away.
    let stays = server
        .clone()
        .hook(|command| (command.starts_with("UID MOVE")).then(|| "{tag} OK [COPYUID 8 100 1] done\r\n".to_owned()));
    let mut visit = open(&stays.dial()).await.unwrap();
    let sent = visit.folders().await.unwrap().sent.unwrap();
    assert_eq!(sent.special, Some(Special::Sent));
    assert_eq!(visit.move_to(&sent, ID, &folder("Preheat")).await.unwrap(), Moved::Moved);
    assert!(stays.log.saw("+X-GM-LABELS (\\Trash)"));
}

#[tokio::test(start_paused = true)]
async fn who_we_are_is_said_in_the_form_the_server_takes() {
    let login = async |capabilities: &'static str, credential: Auth<'_>| {
        let server = Imap::new(capabilities);
        let endpoint = endpoint(Security::Implicit);
        let account = Account { endpoint: &endpoint, user: "anna@example.com", credential };
        let result = Visit::open(&server.dial(), &account, &Deadlines::IMAP).await;
        (result.map(|_| ()), server.log.lines())
    };
    let plain = "AGFubmFAZXhhbXBsZS5jb20AcHc=";
    let (result, said) = login("AUTH=PLAIN SASL-IR", Auth::Password("pw")).await;
    assert_eq!((result, said[1].as_str()), (Ok(()), format!("AUTHENTICATE PLAIN {plain}").as_str()));
    let (_, said) = login("AUTH=PLAIN", Auth::Password("pw")).await;
    assert_eq!(said[1..3], ["AUTHENTICATE PLAIN", plain]);
    let (_, said) = login("", Auth::Password("p\"w\\")).await;
    assert_eq!(said[1], r#"LOGIN "anna@example.com" "p\"w\\""#);
    for literals in ["", "LITERAL+"] {
        let (result, said) = login(literals, Auth::Password("pässwort")).await;
        assert_eq!((result, said[1].as_str()), (Ok(()), "LOGIN \"anna@example.com\" «pässwort»"));
    }
    let (result, said) = login("AUTH=XOAUTH2 SASL-IR", Auth::XOauth2("tok")).await;
    let token = "dXNlcj1hbm5hQGV4YW1wbGUuY29tAWF1dGg9QmVhcmVyIHRvawEB";
    assert_eq!((result, said[1].as_str()), (Ok(()), format!("AUTHENTICATE XOAUTH2 {token}").as_str()));
    // Nothing is said where it would be no use, or would break out of its line.
    for (capabilities, secret) in [("LOGINDISABLED", "pw"), ("", "p\r\nA2 DELETE INBOX"), ("AUTH=PLAIN", "p\0w")] {
        let (result, said) = login(capabilities, Auth::Password(secret)).await;
        assert!(matches!(result, Err(ImapError::Credentials { .. })), "{result:?}");
        assert_eq!(said, ["CAPABILITY"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_told_from_a_busy_server() {
    for (answer, next) in [
        ("NO [AUTHENTICATIONFAILED] Invalid credentials", Next::Pause),
        ("NO login failed for correct horse", Next::Pause),
        ("BAD [CLIENTBUG] no", Next::Pause),
        ("NO [UNAVAILABLE] Temporary authentication failure.", Next::Replan),
        ("NO [ALERT] Too many simultaneous connections. (Failure)", Next::Replan),
        ("NO [LIMIT] rate", Next::Replan),
    ] {
        let server = Imap::new("AUTH=PLAIN SASL-IR")
            .hook(move |command| command.starts_with("AUTH").then(|| format!("{{tag}} {answer}\r\n")));
        let error = open(&server.dial()).await.unwrap_err();
        assert_eq!(error.next(), next, "{answer}: {error:?}");
        assert!(!error.to_string().contains("correct horse"), "{error}");
    }
    // A refused token: its explanation is answered with an empty line, then comes the NO.
    let memory = Memory::new(|mut stream| async move {
        say(&mut stream, "* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR] hi\r\n").await;
        line(&mut stream).await;
        say(&mut stream, "+ eyJzdGF0dXMiOiI0MDAifQ==\r\n").await;
        assert_eq!(line(&mut stream).await.as_deref(), Some(""));
        say(&mut stream, "A0001 NO [AUTHENTICATIONFAILED] Invalid credentials\r\n").await;
    });
    let endpoint = endpoint(Security::Implicit);
    let with_token = Account { credential: Auth::XOauth2("tok"), ..account(&endpoint) };
    let error = Visit::open(&memory, &with_token, &Deadlines::IMAP).await.unwrap_err();
    assert!(matches!(error, ImapError::Credentials { .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_secret_is_said_before_the_way_in_is_safe() {
    for (security, greeting, starttls, words) in [
        (Security::Implicit, "* PREAUTH welcome back\r\n", "", "PREAUTH"),
        (Security::StartTls, "* PREAUTH welcome back\r\n", "", "PREAUTH"),
        (Security::StartTls, "* OK ready\r\n", "", "does not offer STARTTLS"),
        (Security::StartTls, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n", "", "does not offer STARTTLS"),
        (Security::StartTls, "* OK [CAPABILITY STARTTLS] ready\r\n", "NO not today\r\n", "not today"),
        (
            Security::StartTls,
            "* OK [CAPABILITY STARTTLS] ready\r\n",
            "OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n",
            "plaintext after STARTTLS",
        ),
        (Security::Implicit, "* BYE full\r\n", "", "full"),
        (Security::Implicit, "220 this is SMTP\r\n", "", "not an IMAP server"),
        (Security::Implicit, "", "", "in time"),
    ] {
        let mut server = Imap::new("AUTH=PLAIN SASL-IR").hook(move |command| {
            (command == "STARTTLS" && !starttls.is_empty()).then(|| format!("{{tag}} {starttls}"))
        });
        server.greeting = greeting;
        let endpoint = endpoint(security);
        let error = Visit::open(&server.dial(), &account(&endpoint), &Deadlines::IMAP).await.unwrap_err();
        assert!(matches!(error, ImapError::Unreachable { .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(!server.log.saw("AUTHENTICATE") && !server.log.saw("LOGIN"), "{:?}", server.log.lines());
    }
    // And where it is safe, what was offered in clear is forgotten and asked for again.
    let mut server = Imap::new("STARTTLS AUTH=PLAIN SASL-IR");
    server.greeting = "* OK [CAPABILITY IMAP4rev1 STARTTLS MOVE] ready\r\n";
    let endpoint = endpoint(Security::StartTls);
    let visit = Visit::open(&server.dial(), &account(&endpoint), &Deadlines::IMAP).await.unwrap();
    assert!(!visit.capabilities().has("MOVE"));
}

#[tokio::test(start_paused = true)]
async fn servers_that_talk_without_end_or_sense_cost_a_line_of_memory_and_end_the_session() {
    let endless: &str = &"a".repeat(300 * 1024);
    let deep: &str = &format!("* 1 FETCH (BODYSTRUCTURE {}\r\n", "(".repeat(5_000));
    let many: &str = &"* 1 EXISTS\r\n".repeat(500_000);
    for (answer, words) in [
        (endless, "endless line"),
        (many, "too long"),
        (deep, "malformed"),
        ("* 1 FETCH (UID 100 BODY[] {104857600}\r\nx", "literal"),
        ("* 1 FETCH (UID 100 BODY[] {99999999999999999999999}\r\nx", "literal"),
        ("* 1 FETCH (UID 100 INTERNALDATE NIL)\r\n{tag} OK done\r\n", "malformed"),
        ("* 1 FETCH (UID 100 BODY[] {2}\r\nabcdef)\r\n{tag} OK done\r\n", "parse"),
        ("complete nonsense\r\n", "parse"),
        ("A9999 OK whose?\r\n", "another command"),
        ("* BYE shutting down\r\n<close>", "shutting down"),
    ] {
        let text = answer.to_owned();
        let server = usual(MODERN).hook(move |command| command.starts_with("UID SEARCH").then(|| text.clone()));
        let mut visit = open(&server.dial()).await.unwrap();
        let start = Instant::now();
        let error = visit.find(&folder("INBOX"), ID).await.unwrap_err();
        assert!(matches!(error, ImapError::Lost { .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{words}: {error}");
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
    // A literal that is announced longer than it is: the deadline.
    let server = usual(MODERN).hook(|command| {
        let short = "* 1 FETCH (UID 100 BODY[] {2000}\r\nabc)\r\n{tag} OK done\r\n<hang>";
        command.starts_with("UID SEARCH").then(|| short.to_owned())
    });
    let mut visit = open(&server.dial()).await.unwrap();
    let start = Instant::now();
    assert!(matches!(visit.find(&folder("INBOX"), ID).await, Err(ImapError::Lost { .. })));
    assert_eq!(start.elapsed(), Deadlines::IMAP.command);
}

#[tokio::test(start_paused = true)]
async fn odd_but_lawful_answers_do_no_harm() {
    // Non-ASCII right behind a response code (imap-proto panics on it), a brace in a text, an alert, news of others.
    for odd in [
        "* OK [ALERT]\u{e9}\u{e9}\r\n",
        "* OK [UNSEEN 1]\u{1f600}\r\n",
        "* OK the answer is {42}\r\n",
        "* 5 EXISTS\r\n* 1 RECENT\r\n* 3 FETCH (FLAGS (\\Seen))\r\n",
        "* NO disk is nearly full\r\n",
    ] {
        let text = format!("{odd}* SEARCH 100\r\n{{tag}} OK [ALERT]\u{e9}done\r\n");
        let server = usual(MODERN).hook(move |command| command.starts_with("UID SEARCH").then(|| text.clone()));
        let mut visit = open(&server.dial()).await.unwrap();
        assert_eq!(visit.find(&folder("INBOX"), ID).await, Ok(Some(100)), "{odd}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_byte_a_second_meets_the_deadline_before_and_after_login() {
    for logged_in in [false, true] {
        let memory = Memory::new(move |mut stream| async move {
            if logged_in {
                say(&mut stream, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\n").await;
                line(&mut stream).await;
            }
            for byte in "* OK a line that takes its time, more than half a minute of it\r\n".repeat(9).bytes() {
                tokio::time::sleep(Duration::from_secs(1)).await;
                say(&mut stream, &char::from(byte).to_string()).await;
            }
        });
        let start = Instant::now();
        let error = open(&memory).await.unwrap_err();
        assert_eq!(error.next(), Next::Retry, "{error:?}");
        let limit = if logged_in { Deadlines::IMAP.command } else { Deadlines::IMAP.greeting };
        assert_eq!(start.elapsed(), limit);
    }
}

#[tokio::test(start_paused = true)]
async fn the_whole_visit_has_an_end_however_many_commands_each_meet_theirs() {
    let memory = Memory::new(|mut stream| async move {
        say(&mut stream, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\n").await;
        while let Some(said) = line(&mut stream).await {
            tokio::time::sleep(Duration::from_secs(25)).await;
            let tag = said.split(' ').next().unwrap();
            say(&mut stream, &format!("{tag} OK [CAPABILITY IMAP4rev1] done\r\n")).await;
        }
    });
    let start = Instant::now();
    let mut visit = open(&memory).await.unwrap();
    let error = loop {
        if let Err(error) = visit.find(&folder("INBOX"), ID).await {
            break error;
        }
    };
    assert!(matches!(error, ImapError::Lost { .. }));
    assert_eq!(start.elapsed(), Deadlines::IMAP.total);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_future_ends_the_session() {
    let server =
        usual(MODERN).hook(|command| command.starts_with("UID SEARCH").then(|| "* SEARCH 100\r\n<hang>".to_owned()));
    let mut visit = open(&server.dial()).await.unwrap();
    let dropped = tokio::time::timeout(Duration::from_secs(1), visit.find(&folder("INBOX"), ID)).await;
    assert!(dropped.is_err());
    let start = Instant::now();
    for _ in 0..2 {
        let error = visit.find(&folder("INBOX"), ID).await.unwrap_err();
        assert!(matches!(error, ImapError::Lost { .. }), "{error:?}");
    }
    assert_eq!(start.elapsed(), Duration::ZERO, "the half-read connection was asked again");
    let said = server.log.lines();
    assert_eq!(said.last().map(|last| last.starts_with("UID SEARCH")), Some(true), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn arguments_with_line_breaks_are_never_said() {
    let server = usual(MODERN);
    let mut visit = open(&server.dial()).await.unwrap();
    let before = server.log.lines().len();
    for bad in ["a@b\r\nA1 DELETE INBOX", "a@b\n", "a\0@b", "ä@b", ""] {
        let result = visit.find(&folder("INBOX"), bad).await;
        assert!(bad.is_empty() || matches!(result, Err(ImapError::Argument { .. })), "{bad:?}: {result:?}");
    }
    assert!(matches!(visit.find(&folder("IN\r\nBOX"), ID).await, Err(ImapError::Argument { .. })));
    assert!(!server.log.saw("DELETE INBOX") && server.log.lines().len() <= before + 2, "{:?}", server.log.lines());
}

#[tokio::test(start_paused = true)]
async fn a_server_without_partial_fetch_is_asked_for_whole_headers() {
    let server = usual(MODERN)
        .hook(|command| (command.contains("<0.")).then(|| "{tag} BAD partial fetch not supported\r\n".to_owned()));
    let mut visit = open(&server.dial()).await.unwrap();
    assert_eq!(visit.scan(&folder("INBOX"), date(2026, 3, 1)).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_large_folder_is_scanned_in_pieces() {
    let mails = (0..230).map(|k| Mail::new(&format!("abcdefghijklmnopqrstuvwxyz{k:06}@example.org"))).collect();
    let server = usual(MODERN).folder("INBOX", "", mails);
    let mut visit = open(&server.dial()).await.unwrap();
    let seen = visit.scan(&folder("INBOX"), date(2026, 3, 1)).await.unwrap();
    assert_eq!(seen.len(), 230);
    assert!(seen.is_sorted_by_key(|mail| mail.uid));
    assert_eq!(server.log.lines().iter().filter(|said| said.starts_with("UID FETCH")).count(), 5);
}

#[test]
fn a_visit_can_cross_threads() {
    fn is_send<T: Send>(_: &T) {}
    let endpoint = endpoint(Security::Implicit);
    let account = account(&endpoint);
    let memory = Memory::new(|_| async {});
    let log = Log::default();
    let visit = async {
        let mut visit = Visit::open(&memory, &account, &Deadlines::IMAP).await?;
        let folders = visit.folders().await?;
        visit.scan(&folders.inbox, date(2026, 3, 1)).await?;
        visit.move_to(&folders.inbox, ID, &folders.inbox).await?;
        visit.expire(&folders.inbox, date(2026, 3, 1)).await
    };
    is_send(&visit);
    is_send(&log);
    let stage = ImapStage::Greeting;
    assert_eq!(stage.to_string(), "greeting");
}

#[tokio::test(start_paused = true)]
async fn answers_that_nobody_asked_for_are_passed_over_with_their_literals() {
    let news = "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n* METADATA \"\" (/private/comment \"\u{e9}\")\r\n* ID (\"x\" NIL)\r\n\
                * XNEWS {6}\r\nA0 OK\r and {3}\r\nabc\r\n* QUOTA \"\" (STORAGE 10 512)\r\n* SEARCH 100\r\n{tag} OK done\r\n";
    let server = usual(MODERN).hook(move |command| command.starts_with("UID SEARCH").then(|| news.to_owned()));
    let mut visit = open(&server.dial()).await.unwrap();
    assert_eq!(visit.find(&folder("INBOX"), ID).await, Ok(Some(100)));
}

/// Bits of IMAP that servers say, right and wrong, to be thrown together.
fn babble() -> impl Strategy<Value = String> {
    let bits = [
        "* ",
        "1 ",
        "100 ",
        "FETCH (",
        "UID 100 ",
        "FLAGS (\\Seen) ",
        "FLAGS () ",
        "INTERNALDATE ",
        "NIL ",
        "\"",
        "\\",
        "BODY[",
        "HEADER.FIELDS (X)",
        "]",
        "<0> ",
        "{3}\r\n",
        "{0}\r\n",
        "{9}\r\n",
        "abc",
        ")",
        "(",
        "\r\n",
        "\r",
        "\n",
        "SEARCH ",
        "LIST ",
        "(\\Noselect) ",
        "OK ",
        "NO ",
        "BAD ",
        "BYE ",
        "[",
        "ALERT",
        "UIDVALIDITY 7",
        "COPYUID 1 2 3",
        "CAPABILITY IMAP4rev1 ",
        "EXISTS",
        "EXPUNGE",
        "\u{e9}",
        "\u{1f600}",
        "\0",
        "+ ",
        "{tag} ",
        "ENVELOPE (",
        "BODYSTRUCTURE ((",
        "X-GM-LABELS (",
        "4294967296 ",
        "METADATA ",
        "ESEARCH ",
        "\"2-Mar-2026 09:14:00 +0100\" ",
    ];
    proptest::collection::vec(proptest::sample::select(bits.to_vec()), 0..40).prop_map(|bits| bits.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_babble_panics_hangs_or_passes_for_a_finished_command(text in babble(), fetch in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let verb = if fetch { "UID FETCH" } else { "UID SEARCH" };
            let finished = text.contains("{tag} OK") || text.contains("{tag} NO") || text.contains("{tag} BAD");
            let said = format!("{text}<hang>");
            let server = usual(MODERN).hook(move |command| command.starts_with(verb).then(|| said.clone()));
            let mut visit = open(&server.dial()).await.unwrap();
            let start = Instant::now();
            let result = visit.scan(&folder("INBOX"), date(2026, 3, 1)).await;
            assert!(start.elapsed() <= Duration::from_secs(60));
            assert!(result.is_err() || finished, "{text:?}: {result:?}");
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_repeats_what_it_was_told_gives_no_secret_away() {
    for (capabilities, secret, expected) in [
        ("AUTH=PLAIN SASL-IR", "correct horse", "unknown: AUTHENTICATE PLAIN ***"),
        ("", "quo\"te\\d", "unknown: LOGIN \"***@example.com\" \"***\""),
    ] {
        let server = Imap::new(capabilities).hook(|command| {
            (!command.starts_with("CAPABILITY")).then(|| format!("{{tag}} BAD unknown: {command}\r\n"))
        });
        let endpoint = endpoint(Security::Implicit);
        let account = Account { credential: Auth::Password(secret), ..account(&endpoint) };
        let error = Visit::open(&server.dial(), &account, &Deadlines::IMAP).await.unwrap_err();
        assert_eq!(error, ImapError::Credentials { reply: expected.to_owned() });
    }
}
