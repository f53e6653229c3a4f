//! `preheat up` as an operator runs it: the real program, TLS on loopback, real time; killed in the middle, started again.

#![expect(clippy::expect_used, reason = "a test fails by panicking; its helpers do, too")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use preheat_sandbox::{Entry, Kind, Loopback, World, duplicates};

const NAMES: [&str; 4] = ["ada", "ben", "cy", "di"];
const DOMAINS: [&str; 3] = ["one.example", "two.example", "six.example"];
/// Sends a day and mailbox: as many as it has partners elsewhere.
const DAILY: usize = 8;
/// The shortest there is.
const TICK_S: &str = "60";
/// How long mailboxes send.
const WINDOW: SignedDuration = SignedDuration::from_mins(16);

fn people() -> impl Iterator<Item = String> {
    DOMAINS.iter().flat_map(|domain| NAMES.map(|name| format!("{name}@{domain}")))
}

#[expect(clippy::disallowed_methods, reason = "the program runs in real time, and so does its test")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// A zone whose clocks show noon: far from midnight, inside the hours of visits. The sign of these names is POSIX's.
fn zone() -> String {
    let utc = now().to_zoned(TimeZone::UTC).hour();
    match 12 - utc {
        0 => "Etc/GMT".to_owned(),
        ahead @ 1.. => format!("Etc/GMT-{ahead}"),
        behind => format!("Etc/GMT+{}", -behind),
    }
}

/// The fleet's file: every mailbox at the provider that listens on loopback, its window opening now.
fn csv(at: &Loopback) -> String {
    let zone = zone();
    let local = |at: Timestamp| at.to_zoned(TimeZone::get(&zone).expect("a zone")).strftime("%H:%M").to_string();
    let window = format!("{}-{}", local(now()), local(now() + WINDOW));
    let columns = "address,password,provider,smtp_host,smtp_port,smtp_security,imap_host,imap_port,imap_security";
    let mut csv = format!("{columns},zone,window,days,ramp\n");
    for address in people() {
        let (smtp, imap) = (at.smtp.port(), at.imap.port());
        csv += &format!("{address},secret-{address},other,127.0.0.1,{smtp},implicit,127.0.0.1,{imap},implicit,");
        csv += &format!("{zone},{window},");
        csv += &format!("mon-sun,table:{DAILY}\n");
    }
    csv
}

/// The program; killed when this is dropped.
struct Up(Child);

impl Up {
    fn start(folder: &Path, more: &[&str]) -> Self {
        let (data, roots) = (folder.join("data"), folder.join("roots.pem"));
        let child = Command::new(env!("CARGO_BIN_EXE_preheat"))
            .args(["up", "--allow-local-mail", "--tick-s", TICK_S, "--data"])
            .arg(data)
            .arg("--extra-roots")
            .arg(roots)
            .args(more)
            .spawn();
        Self(child.expect("the program starts"))
    }
}

/// SIGKILL: no chance to tidy up.
impl Drop for Up {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Waits until so many mails were taken, and gives all that were by then.
async fn taken(world: &World, up: &mut Up, least: usize) -> Vec<Entry> {
    for _ in 0..2 * 420 {
        assert_eq!(up.0.try_wait().expect("asked"), None, "it ended by itself");
        let entries: Vec<Entry> = world.ledger().into_iter().filter(Entry::is_taken).collect();
        if entries.len() >= least {
            return entries;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("{} mails were taken, {least} awaited", world.ledger().len());
}

#[tokio::test]
async fn a_fleet_warms_up_is_killed_in_the_middle_and_goes_on_without_sending_twice() {
    let world = World::new(Arc::new(now), 7);
    let provider = world.add_provider(Kind::Dovecot, "smtp.sandbox", "imap.sandbox").expect("a provider");
    for address in people() {
        world.add_account(&address, &format!("secret-{address}"), provider).expect("an account");
    }
    let listening = world.listen(provider).await.expect("it listens");
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::write(folder.path().join("roots.pem"), &listening.certificate_pem).expect("written");
    let fleet = folder.path().join("fleet.csv");
    std::fs::write(&fleet, csv(&listening)).expect("written");

    let mut up = Up::start(folder.path(), &["--mailboxes", fleet.to_str().expect("UTF-8")]);
    let before = taken(&world, &mut up, 3).await.len();
    drop(up);
    // The same command again, as after a power cut: mailboxes that are there already are not imported twice.
    let mut up = Up::start(folder.path(), &["--mailboxes", fleet.to_str().expect("UTF-8")]);
    let entries = taken(&world, &mut up, before + 2).await;

    assert_eq!(duplicates(&entries), [], "a mail was sent twice");
    let mut by_sender = BTreeMap::<String, usize>::new();
    for entry in &entries {
        *by_sender.entry(entry.from.clone()).or_default() += 1;
    }
    assert!(by_sender.values().all(|&sent| sent <= DAILY), "over the quota: {by_sender:?}");
}
