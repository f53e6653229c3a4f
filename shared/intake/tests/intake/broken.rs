//! Bodies that do not parse as a whole: what is good in them is taken, and what is bad is kept aside alone.

use preheat_core::event::Reporter;
use preheat_intake::sample::{self, Happening, Sender};
use preheat_intake::{Accepted, Endpoint, Outcome, VALUES_MAX, normalise};
use serde_json::{Value, json};

use crate::rig::{now, providers, scene};

/// The list inside a batch, however it is wrapped.
fn list(batch: &mut Value) -> &mut Vec<Value> {
    let place = ["", "/events", "/events_by_user/0/events"]
        .into_iter()
        .find(|place| batch.pointer(place).is_some_and(Value::is_array));
    batch.pointer_mut(place.unwrap()).and_then(Value::as_array_mut).unwrap()
}

/// A batch of three, whose second element has `broken` in it, too.
fn batch(provider: Reporter, broken: &[u8]) -> Vec<u8> {
    let endpoint = Endpoint::new(provider, "e1", vec![]);
    let scenes = ["1", "2", "3"].map(|id| scene(Happening::Delivered, id, "a@reader.example"));
    let mut batch = sample::unsigned(&endpoint, &scenes).unwrap();
    list(&mut batch)[1]["broken"] = json!("HERE");
    put(&batch, broken)
}

fn put(value: &Value, broken: &[u8]) -> Vec<u8> {
    let text = value.to_string();
    let (before, behind) = text.split_once("\"HERE\"").unwrap();
    [before.as_bytes(), broken, behind.as_bytes()].concat()
}

fn taken(provider: Reporter, body: &[u8]) -> Accepted {
    match normalise(&Endpoint::new(provider, "e1", vec![]), body, now()) {
        Outcome::Accepted(accepted) => accepted,
        other => panic!("{provider}: {other:?}"),
    }
}

fn batching() -> impl Iterator<Item = Reporter> {
    providers().into_iter().filter(|provider| Sender::batch_max(*provider) > 1)
}

#[test]
fn bad_bytes_inside_a_text_cost_nobody_anything() {
    for broken in [&b"\"\\ud83d\""[..], b"\"caf\xe9\"", b"\"a\nb\"", b"\"\xff\xfe\""] {
        for provider in batching() {
            let accepted = taken(provider, &batch(provider, broken));
            assert_eq!((accepted.events.len(), accepted.quarantined.len()), (3, 0), "{provider}: {broken:?}");
        }
        for provider in providers() {
            let endpoint = Endpoint::new(provider, "e1", vec![]);
            let mut one =
                sample::unsigned(&endpoint, &[scene(Happening::HardBounce, "1", "a@reader.example")]).unwrap();
            let place = if Sender::batch_max(provider) > 1 { &mut list(&mut one)[0] } else { &mut one };
            place["broken"] = json!("HERE");
            assert_eq!(taken(provider, &put(&one, broken)).events.len(), 1, "{provider}: {broken:?}");
        }
    }
}

#[test]
fn an_element_that_cannot_be_read_is_kept_aside_whole_and_alone() {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let many = format!("[{}0]", "0,".repeat(VALUES_MAX as usize));
    for broken in ["1e999", "nonsense", "tru", &deep, &many] {
        for provider in batching() {
            let accepted = taken(provider, &batch(provider, broken.as_bytes()));
            let [aside] = &accepted.quarantined[..] else { panic!("{provider}: {} aside", accepted.quarantined.len()) };
            assert_eq!((accepted.events.len(), aside.position), (2, 1), "{provider}");
            assert!(aside.raw.starts_with('{') && aside.raw.ends_with('}') && aside.raw.contains(broken), "{provider}");
        }
    }
}

#[test]
fn a_batch_that_was_cut_off_loses_its_last_element_only() {
    let whole = batch(Reporter::Brevo, b"1");
    let accepted = taken(Reporter::Brevo, &whole[..whole.len() - 20]);
    assert_eq!((accepted.events.len(), accepted.quarantined.len()), (2, 1));
}

#[test]
fn what_holds_no_event_at_all_is_unreadable() {
    for body in ["[", "[nonsense", "[1e999]", "{\"event\":nonsense}", "nonsense"] {
        let outcome = normalise(&Endpoint::new(Reporter::Brevo, "e1", vec![]), body.as_bytes(), now());
        assert!(matches!(outcome, Outcome::Unreadable { status: 200, .. }), "{body}: {outcome:?}");
    }
}
