//! The parsers, each as a function of bytes that returns a print of what it answered.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use jiff::Timestamp;
use preheat_core::bounce;
use preheat_core::event::Reporter;
use preheat_intake::sample::{Happening, unsigned};
use preheat_intake::{Endpoint, Headers, Outcome, Request, Secret, lambda, normalise, receive};
use preheat_tests::providers::Provider;

/// What a parser does with bytes.
pub(crate) type Reader = Box<dyn Fn(&[u8]) -> u64>;

/// A parser.
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) seeds: Vec<Vec<u8>>,
    /// Reads; what it returns is the same for inputs that were answered alike.
    pub(crate) read: Reader,
}

/// All of them.
///
/// # Errors
/// A corpus cannot be read.
pub(crate) fn all() -> Result<Vec<Target>> {
    let mut targets = Vec::new();
    for provider in Provider::all() {
        targets.push(of_provider(provider)?);
    }
    let events =
        |bytes: &[u8]| print(&lambda::records(bytes).map(|records| records.len().min(4)).map_err(|e| e.to_string()));
    targets.push(Target { name: "lambda".to_owned(), seeds: corpus("lambda")?, read: Box::new(events) });
    let mail = |bytes: &[u8]| {
        let report = format!("{:?}", preheat_mail::report::read(bytes));
        print(&report.chars().take_while(|c| c.is_alphanumeric()).collect::<String>())
    };
    targets.push(Target { name: "mail-report".to_owned(), seeds: corpus("mail-report")?, read: Box::new(mail) });
    let headers = |bytes: &[u8]| {
        let read = preheat_mail::read::headers(bytes);
        print(&(read.message_id.is_some(), read.token.is_some(), read.in_reply_to.is_some()))
    };
    targets.push(Target { name: "mail-headers".to_owned(), seeds: corpus("mail-report")?, read: Box::new(headers) });
    let reply = |bytes: &[u8]| print(&format!("{:?}", bounce::classify(None, None, &String::from_utf8_lossy(bytes))));
    targets.push(Target { name: "smtp-reply".to_owned(), seeds: corpus("smtp-reply")?, read: Box::new(reply) });
    Ok(targets)
}

/// A provider's verification and reading: as a stranger's request, and as if it were trusted.
fn of_provider(provider: Reporter) -> Result<Target> {
    let now = Timestamp::from_second(1_768_486_991)?;
    let mut seeds = corpus(provider.name())?;
    let open = Endpoint::new(provider, "e1", vec![]);
    let posts = Provider::new(provider)?;
    for happening in [Happening::Delivered, Happening::HardBounce, Happening::Complaint] {
        seeds.push(posts.post(2, happening, now)?.body);
        let scene = preheat_intake::sample::Scene {
            happening,
            recipient: "reader@reader.example",
            message_id: "m@sender.example",
            id: "1",
            at: now,
        };
        seeds.extend(unsigned(&open, &[scene]).map(|value| value.to_string().into_bytes()));
    }
    let locked = Endpoint::new(provider, "e1", vec![Secret::key("whsec_dGVzdA=="), Secret::basic("u:p")]);
    let read = move |bytes: &[u8]| {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(120)]).into_owned();
        let names = ["authorization", "signature", "svix-id", "svix-timestamp", "svix-signature", "x-postal-signature"];
        let headers: Headers<'_> = names.iter().map(|name| (*name, text.as_str())).collect();
        let stranger = receive(&locked, &Request::post(headers, bytes), now, &|_| Some(bytes.to_vec()));
        // Nobody has the secret: whatever the bytes are, this must not be accepted.
        assert!(matches!(stranger, Outcome::Refused(_)), "accepted from a stranger: {stranger:?}");
        outcome(&normalise(&open, bytes, now))
    };
    Ok(Target { name: provider.name().to_owned(), seeds, read: Box::new(read) })
}

fn outcome(outcome: &Outcome) -> u64 {
    match outcome {
        Outcome::Accepted(accepted) => {
            for event in &accepted.events {
                assert!((1..=128).contains(&event.dedupe_key.len()), "a key of {} bytes", event.dedupe_key.len());
            }
            let kinds: Vec<String> = accepted.events.iter().take(3).map(|event| format!("{:?}", event.kind)).collect();
            let reasons: Vec<String> =
                accepted.quarantined.iter().take(2).map(|bad| word(&bad.reason.to_string())).collect();
            let filled: Vec<_> = accepted
                .events
                .first()
                .map(|event| {
                    (
                        event.recipient.is_some(),
                        event.message_id.is_some(),
                        event.smtp_code,
                        event.enhanced_code.is_some(),
                    )
                })
                .into_iter()
                .collect();
            print(&(kinds, reasons, filled))
        }
        Outcome::Refused(refused) => print(&refused.reason.to_string()),
        Outcome::Unreadable { reason, .. } => print(&word(&reason.to_string())),
        Outcome::Confirm { .. } => 1,
        Outcome::Certificate { .. } => 2,
    }
}

/// A reason without its numbers: `line 1 column 17` is no news.
fn word(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).take(30).collect()
}

fn print(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Where corpora lie.
pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn corpus(name: &str) -> Result<Vec<Vec<u8>>> {
    let path = directory().join(name);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let mut files = std::fs::read_dir(&path)
        .with_context(|| format!("{} cannot be read", path.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    // Directories list in any order; the sequence of inputs must not.
    files.sort();
    files.iter().map(|file| std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))).collect()
}
