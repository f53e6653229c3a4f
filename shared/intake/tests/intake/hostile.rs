//! What is not from the provider: altered, forged, or no delivery at all.

use preheat_core::event::Reporter;
use preheat_intake::sample::{self, Happening, Posted};
use preheat_intake::{
    BODY_BYTES_MAX, Endpoint, Headers, Outcome, Refusal, Request, Secret, lambda, normalise, receive,
};
use proptest::prelude::*;
use serde_json::json;

use crate::rig::{Rig, now, providers, scene, signs_body};

/// Every byte, each altered in one way.
#[test]
fn any_altered_byte_of_a_signed_body_is_refused() {
    for provider in providers().into_iter().filter(|provider| signs_body(*provider)) {
        let rig = Rig::new(provider);
        let posted = rig.post(&[scene(Happening::HardBounce, "1", "a@reader.example")]);
        for at in 0..posted.body.len() {
            let mut body = posted.body.clone();
            body[at] ^= 1 << (at % 7);
            let outcome = rig.receive_at(&posted, &body, now());
            // Mandrill signs decoded fields: where another byte decodes to the same (`%3a`, `%3A`), nothing was altered.
            let same = provider == Reporter::Mandrill && body.eq_ignore_ascii_case(&posted.body);
            assert!(matches!(outcome, Outcome::Refused(_)) || same, "{provider}: byte {at} of {}", posted.body.len());
        }
        let longer = [&posted.body[..], b" "].concat();
        let trailing = matches!(rig.receive_at(&posted, &longer, now()), Outcome::Refused(_));
        assert!(trailing || provider == Reporter::Mandrill, "{provider}: a byte more");
    }
}

#[test]
fn the_values_that_sns_signs_cannot_be_altered() {
    let rig = Rig::new(Reporter::Ses);
    let posted = rig.post(&[scene(Happening::HardBounce, "1", "a@reader.example")]);
    let envelope: serde_json::Value = serde_json::from_slice(&posted.body).unwrap();
    for field in
        ["Message", "MessageId", "Timestamp", "TopicArn", "Type", "SignatureVersion", "Signature", "SigningCertURL"]
    {
        let mut altered = envelope.clone();
        altered[field] = json!(format!("{}x", altered[field].as_str().unwrap()));
        let outcome = rig.receive(&Posted { headers: vec![], body: altered.to_string().into_bytes() });
        assert!(matches!(outcome, Outcome::Refused(_)), "{field}: {outcome:?}");
    }
    let mut subject = envelope;
    subject["Subject"] = json!("added");
    let outcome = rig.receive(&Posted { headers: vec![], body: subject.to_string().into_bytes() });
    assert!(matches!(outcome, Outcome::Refused(_)));
}

#[test]
fn nobody_gets_in_without_what_the_endpoint_asks_for() {
    for provider in providers() {
        let rig = Rig::new(provider);
        let mut posted = rig.post(&[scene(Happening::Delivered, "1", "a@reader.example")]);
        posted.headers.clear();
        let in_body =
            matches!(provider, Reporter::Ses | Reporter::Mailgun | Reporter::Smartlead | Reporter::UnisenderGo);
        let outcome = rig.receive_at(&posted, if in_body { b"{}" } else { &posted.body }, now());
        let Outcome::Refused(refused) = outcome else { panic!("{provider}: {outcome:?}") };
        assert!(refused.status == 401 && refused.reason == Refusal::Missing, "{provider}: {refused:?}");
    }
}

#[test]
fn a_provider_that_signs_is_refused_while_the_endpoint_has_no_key() {
    for provider in providers().into_iter().filter(|provider| signs_body(*provider)) {
        let rig = Rig::new(provider);
        let posted = rig.post(&[scene(Happening::Delivered, "1", "a@reader.example")]);
        let bare = Endpoint { secrets: vec![], ..rig.endpoint.clone() };
        let outcome = receive(&bare, &posted.request(), now(), &|_| None);
        assert!(matches!(outcome, Outcome::Refused(refused) if refused.reason == Refusal::NoSecret), "{provider}");
    }
}

#[test]
fn what_is_too_large_is_not_looked_at() {
    let body = vec![b'['; BODY_BYTES_MAX + 1];
    for provider in providers() {
        let endpoint = Endpoint::new(provider, "e1", vec![]);
        let outcome = receive(&endpoint, &Request::post(Headers::default(), &body), now(), &|_| None);
        assert!(matches!(outcome, Outcome::Refused(refused) if refused.status == 413), "{provider}");
    }
}

#[test]
fn a_batch_beyond_all_bounds_is_kept_aside_as_a_whole() {
    let many = format!("[{}{{}}]", "{},".repeat(preheat_intake::ELEMENTS_MAX + 1));
    let endpoint = Endpoint::new(Reporter::Mailjet, "e1", vec![]);
    assert!(matches!(normalise(&endpoint, many.as_bytes(), now()), Outcome::Unreadable { .. }));
}

fn any_provider() -> impl Strategy<Value = Reporter> {
    prop::sample::select(providers())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_from_anybody_harm_nobody(
        provider in any_provider(),
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..400),
            "[\\[\\]{}:,\"a-z0-9_.@%&=+\\- \\\\\r\n]{0,400}".prop_map(String::into_bytes),
        ],
        header in "[ -~]{0,80}",
    ) {
        let endpoint = Endpoint::new(provider, "e1", vec![Secret::key("whsec_dGVzdA=="), Secret::basic("u:p")]);
        let names = ["authorization", "signature", "svix-id", "svix-timestamp", "svix-signature", "x-postal-signature",
            "x-mandrill-signature", "x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp"];
        let headers: Headers<'_> = names.iter().map(|name| (*name, header.as_str())).collect();
        let outcome = receive(&endpoint, &Request::post(headers, &body), now(), &|_| None);
        prop_assert!(matches!(outcome, Outcome::Refused(_)), "{:?}", outcome);
        // What would be read of it, were it trusted.
        let _ = normalise(&endpoint, &body, now());
        let _ = lambda::records(&body);
    }

    #[test]
    fn any_json_in_the_place_of_any_value_is_read(
        provider in any_provider(),
        at in any::<prop::sample::Index>(),
        with in prop::sample::select(vec!["null", "true", "-1", "1e300", "18446744073709551615", "\"\"", "[]", "{}", "[[1]]", "\"\\u0000\"", "\"x@y\""]),
    ) {
        let mut value = unsigned(provider);
        let mut places = 0;
        replace(&mut value, &mut places, usize::MAX, &serde_json::Value::Null);
        let wanted = at.index(places.max(1));
        let mut seen = 0;
        replace(&mut value, &mut seen, wanted, &serde_json::from_str(with).unwrap());
        let endpoint = Endpoint::new(provider, "e1", vec![]);
        if let Outcome::Accepted(accepted) = normalise(&endpoint, value.to_string().as_bytes(), now()) {
            for event in accepted.events {
                prop_assert!((1..=128).contains(&event.dedupe_key.len()), "{}", event.dedupe_key);
                prop_assert!(event.dedupe_key.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}

/// Puts `with` in the place of the `wanted`-th value, counted in the order of the text.
fn replace(value: &mut serde_json::Value, seen: &mut usize, wanted: usize, with: &serde_json::Value) {
    if *seen == wanted {
        *value = with.clone();
        *seen += 1;
        return;
    }
    *seen += 1;
    match value {
        serde_json::Value::Array(list) => list.iter_mut().for_each(|inner| replace(inner, seen, wanted, with)),
        serde_json::Value::Object(map) => map.values_mut().for_each(|inner| replace(inner, seen, wanted, with)),
        _ => {}
    }
}

/// A delivery's JSON, unsigned.
fn unsigned(provider: Reporter) -> serde_json::Value {
    let endpoint = Endpoint::new(provider, "e1", vec![]);
    sample::unsigned(&endpoint, &[scene(Happening::HardBounce, "1", "a@reader.example")]).unwrap()
}

#[test]
fn a_strangers_envelope_is_not_read_beyond_its_own_texts() {
    let rig = Rig::new(Reporter::Ses);
    let mut envelope: serde_json::Value =
        serde_json::from_slice(&rig.post(&[scene(Happening::Delivered, "1", "a@reader.example")]).body).unwrap();
    envelope["Other"] = serde_json::json!("HERE");
    // Nested deeper than JSON may be here: were it read, the envelope would not be.
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let body = envelope.to_string().replace("\"HERE\"", &deep);
    assert!(matches!(rig.receive(&Posted { headers: vec![], body: body.into_bytes() }), Outcome::Accepted(_)));
}

#[test]
fn a_proof_inside_the_body_is_found_without_reading_the_rest() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for provider in [Reporter::Mailgun, Reporter::Smartlead] {
        let rig = Rig::new(provider);
        let posted = rig.post(&[scene(Happening::Delivered, "1", "a@reader.example")]);
        let text = String::from_utf8(posted.body).unwrap();
        let body = format!("{{\"deep\":{deep},{}", text.strip_prefix('{').unwrap());
        let outcome = rig.receive_at(&Posted { headers: posted.headers, body: vec![] }, body.as_bytes(), now());
        assert!(matches!(outcome, Outcome::Unreadable { .. }), "{provider}: authentic, but not to be read");
    }
}
