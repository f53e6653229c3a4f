//! PowerMTA (webhooks.md §12): accounting records as CSV with a header line, as JSON with the same names, and the early shape of
//! this product. No signature: the forwarder shows what it was told to show.
//!
//! Records are read by header names, never by position. `t` and `tq` are deferrals: they never count as bounces.

use preheat_core::event::{Class, Kind};
use serde_json::{Map, Value};

use super::{Adapter, Reading, shown_only};
use crate::draft::{Batch, Draft, Origin};
use crate::field::{self, Tags};
use crate::key::Key;
use crate::outcome::Reason;
use crate::reply::Reply;
use crate::{class, json, time};

pub(super) const ADAPTER: Adapter = Adapter { verify: shown_only, read, signs_time: false };

/// The most columns of a record.
const COLUMNS_MAX: usize = 256;

fn read<'a>(reading: &Reading<'a>) -> Result<Batch<'a>, Reason> {
    let body = json::without_mark(reading.body);
    match body.trim_ascii_start().first() {
        Some(b'{' | b'[') => Batch::of_json(body, reading.origin, event),
        _ => csv(body, reading.origin),
    }
}

fn csv<'a>(body: &[u8], origin: Origin<'a>) -> Result<Batch<'a>, Reason> {
    let mut batch = Batch::new(origin);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(body);
    let mut names: Option<Vec<String>> = None;
    let mut record = csv::ByteRecord::new();
    let mut position = 0;
    while reader.read_byte_record(&mut record).map_err(|error| Reason::Syntax(error.to_string()))? {
        if record.len() > COLUMNS_MAX {
            return Err(Reason::TooMany);
        }
        // The header comes first, and again after every change of it.
        if record.get(0).is_some_and(|first| first.eq_ignore_ascii_case(b"type")) {
            names = Some(record.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect());
            continue;
        }
        let names = names.as_ref().ok_or(Reason::Shape("no header line"))?;
        let read = row(names, &record).and_then(|element| event(&element));
        let raw = || record.iter().map(String::from_utf8_lossy).collect::<Vec<_>>().join(",");
        batch.take(position, read, raw)?;
        position += 1;
    }
    if names.is_none() { Err(Reason::Shape("no header line")) } else { Ok(batch) }
}

fn row(names: &[String], record: &csv::ByteRecord) -> Result<Value, Reason> {
    if names.len() != record.len() {
        return Err(Reason::Shape("a record with more or fewer fields than its header"));
    }
    let mut element = Map::new();
    for (name, value) in names.iter().zip(record) {
        element.insert(name.clone(), Value::String(String::from_utf8_lossy(value).into_owned()));
    }
    Ok(Value::Object(element))
}

fn event(element: &Value) -> Result<Vec<Draft>, Reason> {
    if element.get("type").is_none() && element.get("event").is_some() {
        return early(element);
    }
    let name = field::text(element, "/type").ok_or(Reason::Shape("no `type`"))?;
    let status = field::text(element, "/dsnStatus");
    let diag = field::text(element, "/dsnDiag");
    let said = diag.as_deref().or(status.as_deref()).unwrap_or_default();
    let reply = Reply::read(said).with(None, status.as_deref());
    let kind = match &*name {
        "d" => Kind::Delivered,
        "b" | "rb" => Kind::Bounced(bounced(element, "/bounceCat", &reply, said)),
        "t" | "tq" => Kind::Deferred,
        "r" => Kind::Accepted,
        "f" => feedback(field::text(element, "/feedbackType").as_deref()),
        "rs" => remote_status(element, &reply, said),
        _ => Kind::Other,
    };
    let message = header(element, "Message-Id");
    let logged = field::text(element, "/timeLogged");
    let recipient = field::text(element, "/rcpt");
    let sender = field::text(element, "/orig");
    let (envelope, job) = (field::text(element, "/envId"), field::text(element, "/jobId"));
    let fields = [
        Some(&*name),
        logged.as_deref(),
        recipient.as_deref(),
        sender.as_deref(),
        message.as_deref(),
        envelope.as_deref(),
        job.as_deref(),
        diag.as_deref(),
    ];
    // Two columns alone (a custom pipe) would make two mails to one recipient the same: then the whole record tells.
    let key = if logged.is_some() { Key::derived(&fields, element) } else { Key::derived(&[Some(&name)], element) };
    Ok(vec![Draft {
        recipient: recipient.as_deref().map(str::to_owned),
        sender: header(element, "From").or_else(|| sender.as_deref().map(str::to_owned)),
        sending_ip: field::owned(element, &["/dlvSourceIp", "/repSourceIp"]),
        message_id: message,
        provider_message_id: header(element, "x-sp-message-id").or_else(|| field::owned(element, &["/envId"])),
        campaign: field::owned(element, &["/jobId"]),
        tags: tags(element),
        diagnostic: Some(said.to_owned()),
        reply,
        occurred_at: time::at(element, &["/timeLogged"])?,
        ..Draft::new(kind, key)
    }])
}

/// A column `header_<Name>`, whatever its case.
fn header(element: &Value, name: &str) -> Option<String> {
    let fields = element.as_object()?;
    let found = fields.iter().find(|(column, _)| {
        column.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("header_"))
            && column[7..].eq_ignore_ascii_case(name)
    });
    found.and_then(|(_, value)| field::as_text(value)).map(Into::into)
}

fn tags(element: &Value) -> Tags {
    let mut tags = Tags::default();
    for (column, value) in element.as_object().into_iter().flatten() {
        let header = column.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("header_x-"));
        if let (true, Some(value)) = (header, field::as_text(value)) {
            tags.add(format!("{}={value}", &column[7..]));
        }
    }
    for name in ["vmta", "vmtaPool", "queue"] {
        if let Some(value) = field::text(element, &format!("/{name}")) {
            tags.add(format!("{name}={value}"));
        }
    }
    tags
}

fn bounced(element: &Value, pointer: &str, reply: &Reply, said: &str) -> Class {
    match field::text(element, pointer).unwrap_or_default().to_ascii_lowercase().as_str() {
        "bad-mailbox" | "bad-domain" | "inactive-mailbox" => Class::Hard,
        "quota-issues" => Class::MailboxFull,
        "no-answer-from-host" | "bad-connection" | "routing-errors" | "message-expired" => Class::Transient,
        "spam-related" => Class::ReputationBlock,
        "policy-related" | "relaying-issues" | "protocol-errors" => Class::Policy,
        "content-related" | "virus-related" => Class::Content,
        "invalid-sender" | "bad-configuration" => Class::OwnError,
        // No category, or "other": PowerMTA knew no rule for the reply; the core may.
        _ => class::of_reply(reply, said),
    }
}

/// Feedback types of RFC 5965 and 6591.
pub(super) fn feedback(kind: Option<&str>) -> Kind {
    match kind.unwrap_or_default().to_ascii_lowercase().as_str() {
        "not-spam" | "auth-failure" => Kind::Other,
        "opt-out" | "opt-out-list" => Kind::Unsubscribed,
        _ => Kind::Complained,
    }
}

fn remote_status(element: &Value, reply: &Reply, said: &str) -> Kind {
    match field::text(element, "/dsnAction").unwrap_or_default().to_ascii_lowercase().as_str() {
        "failed" => Kind::Bounced(bounced(element, "/bounceCat", reply, said)),
        "delayed" => Kind::Deferred,
        "delivered" => Kind::Delivered,
        _ => Kind::Other,
    }
}

fn early(element: &Value) -> Result<Vec<Draft>, Reason> {
    let name = field::text(element, "/event").ok_or(Reason::Shape("no `event`"))?;
    let said = field::text(element, "/smtp_response").unwrap_or_default();
    let reply = Reply::read(&said);
    let kind = match &*name {
        "delivered" => Kind::Delivered,
        "deferred" => Kind::Deferred,
        "bounced" => Kind::Bounced(bounced(element, "/bounce_category", &reply, &said)),
        "complained" => Kind::Complained,
        _ => Kind::Other,
    };
    let message = field::text(element, "/message_id");
    let recipient = field::text(element, "/recipient");
    let moment = field::text(element, "/timestamp");
    let fields = [Some(&*name), moment.as_deref(), recipient.as_deref(), message.as_deref()];
    Ok(vec![Draft {
        recipient: recipient.as_deref().map(str::to_owned),
        sending_ip: field::owned(element, &["/sending_ip"]),
        message_id: message.as_deref().map(str::to_owned),
        tags: tags(element),
        diagnostic: Some(said.to_string()),
        reply,
        occurred_at: time::at(element, &["/timestamp"])?,
        ..Draft::new(kind, Key::derived(&fields, element))
    }])
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use preheat_core::event::{Event, Reporter, Signature};
    use serde_json::json;

    use super::*;
    use crate::request::Headers;

    fn of(body: &str) -> Result<(Vec<Event>, usize), Reason> {
        let origin = Origin {
            provider: Reporter::Powermta,
            account: "e1",
            received_at: Timestamp::UNIX_EPOCH,
            signature: Signature::None,
            event_age_checked: false,
            delivery: crate::draft::Delivery::of(b""),
        };
        let headers = Headers::default();
        let batch = read(&Reading { headers: &headers, body: body.as_bytes(), origin })?;
        Ok((batch.events, batch.quarantined.len()))
    }

    #[test]
    fn columns_are_found_by_name_and_the_header_may_change() {
        let body = "type,timeLogged,rcpt,dsnDiag,bounceCat\r\n\
            b,2026-01-15 14:23:12+0000,a@b.example,\"smtp;550 5.1.1 <a>, \"\"gone\"\"\",bad-mailbox\r\n\
            type,rcpt,timeLogged,bounceCat\r\n\
            b,a@b.example,2026-01-15 14:23:12+0000,quota-issues\r\n\
            b,short\r\n\
            t,a@b.example,2026-01-15 14:23:12+0000,policy-related\r\n";
        let (events, quarantined) = of(body).unwrap();
        let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [Kind::Bounced(Class::Hard), Kind::Bounced(Class::MailboxFull), Kind::Deferred]);
        assert_eq!(events[0].diagnostic.as_deref(), Some("smtp;550 5.1.1 <a>, \"gone\""));
        assert_eq!(quarantined, 1, "the short record, and nothing else");
        assert!(of("b,2026-01-15 14:23:12+0000,a@b.example\n").is_err(), "without a header nothing is known");
        assert!(of("").is_err());
    }

    #[test]
    fn a_byte_order_mark_begins_csv_and_json_alike() {
        let line = "type,timeLogged,rcpt\nd,2026-01-15 14:23:12+0000,a@b.example\n";
        assert_eq!(of(&format!("\u{feff}{line}")).unwrap().0.len(), 1);
        assert_eq!(of("\u{feff}[{\"type\":\"d\"}]").unwrap().0.len(), 1);
        // Written by one tool behind the mark of another.
        assert_eq!(of(&format!("\u{feff}\r\n{line}")).unwrap().0.len(), 1);
    }

    #[test]
    fn a_file_of_short_records_is_bounded_by_its_bytes_alone() {
        let record = "d,1768486991,a@b.c\n";
        let records = (crate::BODY_BYTES_MAX - 64) / record.len();
        let (events, quarantined) = of(&format!("type,timeLogged,rcpt\n{}", record.repeat(records))).unwrap();
        assert_eq!((events.len(), quarantined), (records, 0));
        assert!(records > 100_000, "{records}");
    }

    #[test]
    fn categories_have_their_classes() {
        let table = [
            ("bad-mailbox", Class::Hard),
            ("bad-domain", Class::Hard),
            ("inactive-mailbox", Class::Hard),
            ("quota-issues", Class::MailboxFull),
            ("no-answer-from-host", Class::Transient),
            ("message-expired", Class::Transient),
            ("spam-related", Class::ReputationBlock),
            ("policy-related", Class::Policy),
            ("relaying-issues", Class::Policy),
            ("content-related", Class::Content),
            ("virus-related", Class::Content),
            ("invalid-sender", Class::OwnError),
            ("bad-configuration", Class::OwnError),
            ("other", Class::Undetermined),
        ];
        for (category, class) in table {
            let element =
                json!({"type": "b", "timeLogged": "1768486991", "rcpt": "a@b.example", "bounceCat": category});
            assert_eq!(event(&element).unwrap()[0].kind, Kind::Bounced(class), "{category}");
        }
    }

    #[test]
    fn record_types_have_their_kinds() {
        let kind = |element: Value| event(&element).unwrap()[0].kind;
        assert_eq!(kind(json!({"type": "d"})), Kind::Delivered);
        assert_eq!(kind(json!({"type": "tq", "bounceCat": "policy-related"})), Kind::Deferred);
        assert_eq!(kind(json!({"type": "r"})), Kind::Accepted);
        assert_eq!(kind(json!({"type": "f", "feedbackType": "abuse"})), Kind::Complained);
        assert_eq!(kind(json!({"type": "f", "feedbackType": "not-spam"})), Kind::Other);
        assert_eq!(kind(json!({"type": "rs", "dsnAction": "delayed"})), Kind::Deferred);
        assert_eq!(kind(json!({"type": "zz"})), Kind::Other);
        let early = json!({"event": "deferred", "recipient": "a@b.example", "bounce_category": "policy-related"});
        assert_eq!(kind(early), Kind::Deferred, "an early design counted it as a bounce");
    }
}
