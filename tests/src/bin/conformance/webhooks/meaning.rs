//! The vocabularies that the samples' sources state events in, and what of ours means the same.

use jiff::Timestamp;
use preheat_core::event::{Class, Event, Kind};
use serde_json::Value;

/// How well two words agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Agreement {
    /// They mean the same.
    Same,
    /// Ours says it differently, for a reason that is listed.
    Wider(&'static str),
    /// They do not.
    Differs,
}

/// One event as its source states it, in the words of either suite.
pub(crate) struct Stated<'a>(pub(crate) &'a Value);

impl<'a> Stated<'a> {
    /// The source's word for what happened.
    pub(crate) fn word(&self) -> &'a str {
        self.0["event_type"].as_str().or_else(|| self.0["name"].as_str()).unwrap_or_default()
    }
    /// The mail's id, in whichever sense the source means.
    pub(crate) fn message_id(&self) -> Option<String> {
        plain(&self.0["message_id"]).or_else(|| plain(&self.0["id"]))
    }
    pub(crate) fn event_id(&self) -> Option<String> {
        plain(&self.0["event_id"])
    }
    pub(crate) fn recipient(&self) -> Option<String> {
        plain(&self.0["recipient"]).map(|text| text.to_lowercase())
    }
    /// What the server said; a description only where there is nothing better.
    pub(crate) fn said(&self) -> Option<String> {
        ["mta_response", "reason", "description"].iter().find_map(|name| plain(&self.0[*name]))
    }
    pub(crate) fn time(&self) -> Option<Timestamp> {
        let text = plain(&self.0["timestamp"]).or_else(|| plain(&self.0["date_php"]))?;
        let text = text.trim_matches('\'');
        if let Ok(seconds) = text.parse::<f64>() {
            #[expect(clippy::cast_possible_truncation, reason = "whole seconds are what is compared")]
            return Timestamp::from_second(seconds as i64).ok();
        }
        text.parse().ok()
    }
    /// Tags, and metadata as `name=value`.
    pub(crate) fn tags(&self) -> Vec<String> {
        let mut tags = Vec::new();
        flatten(&self.0["tags"], &mut tags);
        if let Some(list) = self.0["tags_php"].as_str() {
            let inner = list.trim().trim_start_matches('[').trim_end_matches(']');
            tags.extend(
                inner.split(", ").map(|tag| tag.trim_matches(['\'', '"']).to_owned()).filter(|tag| !tag.is_empty()),
            );
        }
        for (name, value) in self.0["metadata"].as_object().into_iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            tags.push(format!("{name}={value}"));
        }
        tags
    }
}

fn plain(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn flatten(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|value| flatten(value, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
    }
}

const LISTED: &str = "the provider did not send, as the address is on its list: suppressed, which is no new signal";
const UNKNOWN: &str = "the source does not know this event, we do";
const TRYING: &str = "a soft failure: the source calls it deferred, the provider names it a bounce";

/// Whether our kind means what the source's word does. `listed` says whether the payload speaks of a suppression list.
pub(crate) fn agree(word: &str, kind: Kind, listed: bool) -> Agreement {
    use Agreement::{Differs, Same, Wider};
    let same = |holds: bool| if holds { Same } else { Differs };
    match (word, kind) {
        ("bounced" | "BOUNCE" | "complained", Kind::Suppressed) if listed => Wider(LISTED),
        ("queued" | "sent" | "RECEIVED", kind) => same(kind == Kind::Accepted),
        ("delivered" | "DELIVERED", kind) => same(kind == Kind::Delivered),
        ("deferred", Kind::Bounced(Class::Transient | Class::MailboxFull | Class::RateLimit)) => Wider(TRYING),
        ("deferred" | "DEFERRED", kind) => same(kind == Kind::Deferred),
        ("bounced" | "BOUNCE", kind) => same(matches!(kind, Kind::Bounced(_) | Kind::AutoReplied | Kind::Challenge)),
        ("rejected" | "DROPPED" | "failed", kind) => same(matches!(kind, Kind::Suppressed | Kind::Bounced(_))),
        ("complained" | "SPAM", kind) => same(kind == Kind::Complained),
        ("opened" | "OPEN", kind) => same(matches!(kind, Kind::Opened { .. })),
        ("clicked" | "CLICK", kind) => same(kind == Kind::Clicked),
        ("unsubscribed" | "UNSUBSCRIBE", kind) => same(kind == Kind::Unsubscribed),
        ("autoresponded", kind) => same(matches!(kind, Kind::AutoReplied | Kind::Challenge)),
        ("subscribed" | "inbound" | "inbound_failed" | "unknown", Kind::Other) => Same,
        ("unknown", _) => Wider(UNKNOWN),
        _ => Differs,
    }
}

/// Whether one of the ids that an event carries is the stated one.
pub(crate) fn carries_id(event: &Event, stated: &str) -> bool {
    let bare = |text: &str| text.trim_matches(['<', '>']).to_owned();
    let stated = bare(stated);
    let ids = [&event.message_id, &event.provider_message_id, &event.provider_event_id].into_iter().flatten();
    let ids = ids.map(String::as_str).chain([event.dedupe_key.as_str()]);
    // SendGrid's message id is the part before the first dot; some suites state an id of their own, sent along as metadata.
    let mut ids = ids.chain(event.correlation.tags.iter().filter_map(|tag| Some(tag.split_once('=')?.1)));
    ids.any(|id| bare(id) == stated || stated.strip_prefix(id).is_some_and(|rest| rest.starts_with('.')))
}
