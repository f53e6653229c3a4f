//! A report as normalised events (webhooks.md §19): what the rest of the program counts.

use jiff::Timestamp;
use mail_parser::MessageParser;
use preheat_core::event::{Correlation, Event, Kind, Reporter, Signature};
use sha2::{Digest as _, Sha256};

use super::{Action, BYTES_MAX, FeedbackKind, Original, Recipient, Report, read};

/// Reads a mail that was found in a mailbox of ours and says what happened, by that mail: nothing, one event, or one a
/// recipient. `account` is the mailbox. The same mail found again gives the same keys.
#[must_use]
pub fn events(mail: &[u8], account: &str, received_at: Timestamp) -> Vec<Event> {
    let report = read(mail);
    let letter = std::panic::catch_unwind(|| identity(mail)).unwrap_or_else(|_| Identity::of_bytes(mail));
    let base = |kind: Kind, recipient: Option<&str>, original: &Original| Event {
        provider: Reporter::Mailbox,
        account: account.to_owned(),
        provider_event_id: letter.message_id.clone(),
        dedupe_key: letter.key(kind, recipient),
        kind,
        recipient: recipient.map(str::to_owned),
        sender: original.from.clone(),
        sending_ip: None,
        message_id: original.message_id.clone(),
        provider_message_id: None,
        correlation: Correlation { warmup_id: original.warmup_id().map(str::to_owned), ..Correlation::default() },
        smtp_code: None,
        enhanced_code: None,
        diagnostic: None,
        // A clock that is ahead of ours does not make an event of tomorrow.
        occurred_at: letter.sent_at.filter(|sent| *sent <= received_at).unwrap_or(received_at),
        received_at,
        signature: Signature::None,
        raw_ref: None,
    };
    match &report {
        Report::Dsn(dsn) => dsn
            .recipients
            .iter()
            .map(|one| of_recipient(one, base(kind_of(one), one.address.as_deref(), &dsn.original)))
            .map(|mut event| {
                event.correlation.tags.extend(dsn.original.envelope_id.iter().map(|id| format!("envelope-id={id}")));
                event
            })
            .collect(),
        Report::Feedback(feedback) => {
            let (kind, tag) = kind_of_feedback(feedback.kind);
            let mut event = base(kind, feedback.recipient.as_deref(), &feedback.original);
            event.sending_ip = feedback.source_ip;
            event.correlation.tags = vec![format!("feedback={tag}")];
            vec![event]
        }
        Report::AutoReply(reply) => {
            let mut event = base(Kind::AutoReplied, reply.from.as_deref(), &reply.original);
            event.correlation.tags = reply.return_date.map(|date| format!("return={date}")).into_iter().collect();
            vec![event]
        }
        Report::Challenge(challenge) => vec![base(Kind::Challenge, challenge.from.as_deref(), &challenge.original)],
        Report::Mdn | Report::Bulk | Report::Ordinary => Vec::new(),
    }
}

/// A delay is a deferral whatever its code says; only what was given up has bounced.
fn kind_of(one: &Recipient) -> Kind {
    match one.action {
        Action::Failed => Kind::Bounced(one.class),
        Action::Delayed => Kind::Deferred,
        Action::Delivered | Action::Expanded => Kind::Delivered,
        Action::Relayed => Kind::Accepted,
    }
}

fn of_recipient(one: &Recipient, event: Event) -> Event {
    Event { smtp_code: one.code, enhanced_code: one.status.clone(), diagnostic: one.diagnostic.clone(), ..event }
}

/// An authentication failure is a DMARC report, "not spam" is praise: neither is a complaint.
fn kind_of_feedback(kind: FeedbackKind) -> (Kind, &'static str) {
    match kind {
        FeedbackKind::Abuse => (Kind::Complained, "abuse"),
        FeedbackKind::Fraud => (Kind::Complained, "fraud"),
        FeedbackKind::Virus => (Kind::Complained, "virus"),
        FeedbackKind::Other => (Kind::Complained, "other"),
        FeedbackKind::OptOut => (Kind::Complained, "opt-out"),
        FeedbackKind::NotSpam => (Kind::Other, "not-spam"),
        FeedbackKind::AuthFailure => (Kind::Other, "auth-failure"),
    }
}

/// What makes the report itself recognisable when it is found again.
struct Identity {
    message_id: Option<String>,
    sent_at: Option<Timestamp>,
    digest: [u8; 32],
}

impl Identity {
    fn of_bytes(mail: &[u8]) -> Self {
        Self { message_id: None, sent_at: None, digest: Sha256::digest(mail).into() }
    }

    /// `mail-` and 40 hexadecimal digits over the report, the recipient and what happened to it.
    fn key(&self, kind: Kind, recipient: Option<&str>) -> String {
        let mut hash = Sha256::new();
        hash.update(self.digest);
        hash.update(recipient.unwrap_or_default().as_bytes());
        hash.update([0]);
        // The class is ours and may be read better one day: it is no part of what happened.
        let what = match kind {
            Kind::Bounced(_) => "bounced".to_owned(),
            other => format!("{other:?}"),
        };
        hash.update(what.as_bytes());
        let digest = hash.finalize();
        digest.iter().take(20).fold("mail-".to_owned(), |key, byte| format!("{key}{byte:02x}"))
    }
}

/// By its Message-ID and date, which a second copy shares; by all its bytes if it has none.
fn identity(mail: &[u8]) -> Identity {
    let mail = &mail[..mail.len().min(BYTES_MAX)];
    let bytes = Identity::of_bytes(mail);
    let Some(message) = MessageParser::default().parse_headers(mail) else { return bytes };
    let sent_at =
        message.date().filter(|date| date.is_valid()).and_then(|date| Timestamp::from_second(date.to_timestamp()).ok());
    let message_id = message.message_id().filter(|id| super::original::is_id(id)).map(str::to_owned);
    let digest = message_id.as_ref().map_or(bytes.digest, |id| {
        let second = sent_at.map_or(0, Timestamp::as_second);
        Sha256::digest(format!("{id}\n{second}")).into()
    });
    Identity { message_id, sent_at, digest }
}
