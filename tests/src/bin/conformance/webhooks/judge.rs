//! One case's verdict.

use jiff::Timestamp;
use preheat_core::event::{Event, Kind, Reporter};
use preheat_intake::Outcome;
use serde_json::Value;

use super::case::{Case, Want};
use super::meaning::{self, Agreement, Stated};
use super::play;

/// What is wrong with samples, not with us; each with its reason, printed with the result.
const EXCEPTIONS: [(&str, &str); 1] = [(
    "mailgun/anymail_legacy_metadata_key_conflicts",
    "the sample lost the first of its repeated form fields when it was written down: the real event, recipient and token are not in it",
)];

/// What came of a case.
pub(crate) struct Verdict {
    pub(crate) want: Want,
    /// In words: accepted, refused (why), …
    pub(crate) got: String,
    pub(crate) events: Vec<Event>,
    /// Whether something was stated of its events, and it could be compared.
    pub(crate) compared: bool,
    /// What differs, and is wrong.
    pub(crate) wrong: Vec<String>,
    /// What differs for a reason.
    pub(crate) excused: Vec<String>,
    /// Nobody reads this provider.
    pub(crate) skipped: bool,
}

/// Plays a case and compares.
pub(crate) fn judge(case: &Case) -> Verdict {
    let want = case.want();
    let mut verdict = Verdict {
        want,
        got: String::new(),
        events: Vec::new(),
        compared: false,
        wrong: Vec::new(),
        excused: Vec::new(),
        skipped: false,
    };
    let Some(provider) = case.provider else {
        "no adapter".clone_into(&mut verdict.got);
        verdict.skipped = true;
        return verdict;
    };
    let outcomes = play::play(case, provider);
    verdict.got = outcomes.iter().map(word).collect::<Vec<_>>().join(", ");
    let accepted = outcomes.iter().all(|outcome| matches!(outcome, Outcome::Accepted(_) | Outcome::Confirm { .. }));
    let refused = outcomes.iter().all(|outcome| matches!(outcome, Outcome::Refused(_)));
    let as_wanted = match want {
        Want::Accept | Want::Read => accepted,
        Want::Refuse => refused,
    };
    if !as_wanted {
        verdict.wrong.push(format!("must be {}, is {}", wanted(want), verdict.got));
    }
    // What was refused for its signature still says something, and is compared too.
    let read = if want == Want::Refuse { play::read(case, provider) } else { outcomes };
    let mut elements_aside = Vec::new();
    for outcome in read {
        if let Outcome::Accepted(accepted) = outcome {
            verdict.events.extend(accepted.events);
            elements_aside.extend(accepted.quarantined.into_iter().map(|bad| bad.reason.to_string()));
        }
    }
    if want != Want::Refuse {
        verdict
            .wrong
            .extend(elements_aside.into_iter().map(|reason| format!("an element went to quarantine: {reason}")));
        again(case, provider, &mut verdict);
    }
    compare(case, &mut verdict);
    if let Some((_, reason)) = EXCEPTIONS.iter().find(|(file, _)| *file == case.file()) {
        let wrong: Vec<_> = verdict.wrong.drain(..).collect();
        verdict.excused.extend(wrong.into_iter().map(|what| format!("{what}: {reason}")));
    }
    verdict
}

fn wanted(want: Want) -> &'static str {
    match want {
        Want::Accept => "accepted",
        Want::Refuse => "refused",
        Want::Read => "read",
    }
}

fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted(_) => "accepted".to_owned(),
        Outcome::Refused(refused) => format!("refused ({})", refused.reason),
        Outcome::Unreadable { reason, .. } => format!("unreadable ({reason})"),
        Outcome::Confirm { .. } => "to be confirmed".to_owned(),
        Outcome::Certificate { .. } => "in want of a certificate".to_owned(),
    }
}

/// A second delivery must have the same keys, in the same order.
fn again(case: &Case, provider: Reporter, verdict: &mut Verdict) {
    let keys = |events: &[Event]| events.iter().map(|event| event.dedupe_key.clone()).collect::<Vec<_>>();
    let second: Vec<Event> = play::play(case, provider)
        .into_iter()
        .filter_map(|outcome| match outcome {
            Outcome::Accepted(accepted) => Some(accepted.events),
            Outcome::Refused(_)
            | Outcome::Unreadable { .. }
            | Outcome::Confirm { .. }
            | Outcome::Certificate { .. } => None,
        })
        .flatten()
        .collect();
    if keys(&verdict.events) != keys(&second) {
        verdict.wrong.push("a second delivery has other keys".to_owned());
    }
}

fn compare(case: &Case, verdict: &mut Verdict) {
    let Some(expected) = &case.expected else { return };
    let stated: Vec<Stated<'_>> = match expected {
        // Nothing is stated of what was refused.
        Value::Array(list) if list.is_empty() && verdict.want == Want::Refuse => return,
        Value::Array(list) => list.iter().map(Stated).collect(),
        other => vec![Stated(other)],
    };
    verdict.compared = true;
    let text = readable(&case.body);
    let mut left: Vec<&Event> = verdict.events.iter().collect();
    let (mut wrong, mut excused) = (Vec::new(), Vec::new());
    for stated in &stated {
        let listed = text.contains("suppress");
        let fits = |event: &&Event| {
            meaning::agree(stated.word(), event.kind, listed) != Agreement::Differs
                && stated.recipient().is_none_or(|recipient| event.recipient.as_deref() == Some(&recipient))
        };
        let Some(at) = left.iter().position(fits).or(if left.is_empty() { None } else { Some(0) }) else {
            wrong.push(format!("`{}` of {:?} is missing", stated.word(), stated.recipient()));
            continue;
        };
        let event = left.remove(at);
        match meaning::agree(stated.word(), event.kind, listed) {
            Agreement::Same => {}
            Agreement::Wider(reason) => excused.push(format!("`{}` is {:?}: {reason}", stated.word(), event.kind)),
            Agreement::Differs => wrong.push(format!("`{}` is {:?}", stated.word(), event.kind)),
        }
        fields(stated, event, &text, &mut wrong, &mut excused);
    }
    // What nobody states may be kept, as long as it changes nothing.
    for event in left.into_iter().filter(|event| event.kind != Kind::Other) {
        wrong.push(format!("{:?} of {:?} is not stated", event.kind, event.recipient));
    }
    verdict.wrong.extend(wrong);
    verdict.excused.extend(excused);
}

fn fields(stated: &Stated<'_>, event: &Event, text: &str, wrong: &mut Vec<String>, excused: &mut Vec<String>) {
    let mut differs = |what: &str, value: &str, is: String| {
        // A value that is nowhere in the payload was known to the source from elsewhere.
        if text.contains(&value.to_lowercase()) {
            wrong.push(format!("{what} `{value}` is {is}"));
        } else {
            excused.push(format!("{what} `{value}` is {is}: the value does not stand in the payload"));
        }
    };
    if let Some(recipient) = stated.recipient()
        && event.recipient.as_deref() != Some(&recipient)
    {
        differs("recipient", &recipient, format!("{:?}", event.recipient));
    }
    for (what, id) in [("message id", stated.message_id()), ("event id", stated.event_id())] {
        if let Some(id) = id
            && !meaning::carries_id(event, &id)
        {
            differs(what, &id, format!("{:?} {:?}", event.message_id, event.provider_message_id));
        }
    }
    if let Some(said) = stated.said() {
        let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (said, ours) = (squeeze(&said), squeeze(event.diagnostic.as_deref().unwrap_or_default()));
        let start: String = said.chars().take(200).collect();
        if !ours.contains(&start) {
            differs("text", &start, format!("{ours:?}"));
        }
    }
    for tag in stated.tags() {
        let has = event.correlation.tags.contains(&tag) || event.correlation.campaign.as_deref() == Some(tag.as_str());
        if !has {
            let value = tag.split_once('=').map_or(tag.as_str(), |(_, value)| value).to_owned();
            differs("tag", &value, format!("not among {:?}", event.correlation.tags));
        }
    }
    if let Some(time) = stated.time() {
        times(time, event.occurred_at, wrong, excused);
    }
}

fn times(stated: Timestamp, ours: Timestamp, wrong: &mut Vec<String>, excused: &mut Vec<String>) {
    if (stated.as_second() - ours.as_second()).abs() <= 1 {
        return;
    }
    // 1990: no webhook is older.
    if stated.as_second() < 631_152_000 {
        excused.push(format!("time {stated} is {ours}: the source took seconds for milliseconds"));
    } else {
        wrong.push(format!("time {stated} is {ours}"));
    }
}

/// All that a payload says, in lower case: as it is, decoded as a form, and its JSON texts unescaped.
fn readable(body: &[u8]) -> String {
    let raw = String::from_utf8_lossy(body).into_owned();
    let mut text = raw.clone();
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        texts(&value, &mut text);
    } else {
        for (name, value) in form(&raw) {
            text.push('\n');
            text.push_str(&name);
            text.push('\n');
            text.push_str(&value);
            if let Ok(inner) = serde_json::from_str::<Value>(&value) {
                texts(&inner, &mut text);
            }
        }
    }
    text.to_lowercase()
}

fn texts(value: &Value, into: &mut String) {
    match value {
        Value::String(text) => {
            into.push('\n');
            into.push_str(&text.split_whitespace().collect::<Vec<_>>().join(" "));
            if let Ok(inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str::<Value>(text) {
                texts(&inner, into);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| texts(value, into)),
        Value::Object(map) => map.values().for_each(|value| texts(value, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn form(raw: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(raw.as_bytes()).into_owned().collect()
}
