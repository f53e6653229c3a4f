//! SES's events through each of their carriers, and what each provider asks for beside its events.

use preheat_core::event::{Class, Kind, Reporter, Signature};
use preheat_intake::sample::Happening;
use preheat_intake::{Endpoint, Headers, Outcome, Refusal, Request, Secret, lambda, normalise, receive};
use serde_json::{Value, json};

use crate::rig::{Rig, TOPIC, now, scene};

fn notification(rig: &Rig) -> Value {
    serde_json::from_slice(&rig.post(&[scene(Happening::HardBounce, "1", "a@reader.example")]).body).unwrap()
}

fn refusal(outcome: Outcome) -> Refusal {
    match outcome {
        Outcome::Refused(refused) => refused.reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_same_bounce_has_the_same_key_through_every_carrier() {
    let rig = Rig::new(Reporter::Ses);
    let envelope = notification(&rig);
    let over_https = rig.accepted(&rig.post(&[scene(Happening::HardBounce, "1", "a@reader.example")])).events.remove(0);
    let detail: Value = serde_json::from_str(envelope["Message"].as_str().unwrap()).unwrap();
    let bridge =
        json!({"id": "other", "source": "aws.ses", "detail-type": "Email Bounced", "account": "1", "detail": detail});
    let mut direct = envelope.clone();
    let url = direct.as_object_mut().unwrap().remove("SigningCertURL").unwrap();
    direct["SigningCertUrl"] = url;
    let queued =
        |body: &Value| json!({"Records": [{"eventSource": "aws:sqs", "messageId": "q", "body": body.to_string()}]});
    let carriers = [
        json!({"Records": [{"EventSource": "aws:sns", "Sns": direct}]}),
        bridge.clone(),
        queued(&envelope),
        queued(&bridge),
        queued(&detail),
    ];
    for carrier in carriers {
        let records = lambda::records(carrier.to_string().as_bytes()).unwrap();
        let Outcome::Accepted(accepted) = normalise(&rig.endpoint, records[0].body.as_bytes(), now()) else {
            panic!("{carrier}")
        };
        assert_eq!(accepted.events[0].dedupe_key, over_https.dedupe_key, "{carrier}");
        assert_eq!(accepted.events[0].kind, Kind::Bounced(Class::Hard));
        assert_eq!(accepted.events[0].signature, Signature::None);
    }
}

#[test]
fn topics_off_the_list_are_refused_before_anything_is_fetched() {
    let rig = Rig::new(Reporter::Ses);
    let posted = rig.post(&[scene(Happening::Delivered, "1", "a@reader.example")]);
    let mut stranger = rig.endpoint.clone();
    stranger.sources = vec!["arn:aws:sns:eu-west-1:111122223333:another".to_owned()];
    let never = |_: &str| -> Option<Vec<u8>> { panic!("a certificate is asked for") };
    assert_eq!(refusal(receive(&stranger, &posted.request(), now(), &never)), Refusal::Source);
    stranger.sources.clear();
    assert_eq!(refusal(receive(&stranger, &posted.request(), now(), &never)), Refusal::Source);
    // On the list, it is asked for once, and only at AWS.
    let outcome = receive(&rig.endpoint, &posted.request(), now(), &|_| None);
    assert!(matches!(outcome, Outcome::Certificate { url } if url.starts_with("https://sns.eu-west-1.amazonaws.com/")));
}

#[test]
fn subscriptions_are_confirmed_only_when_signed() {
    let rig = Rig::new(Reporter::Ses);
    let forged = json!({"Type": "SubscriptionConfirmation", "MessageId": "1", "TopicArn": TOPIC, "Token": "t", "Message": "m",
        "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription", "Timestamp": now().to_string(),
        "SignatureVersion": "2", "Signature": "AAAA",
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/x.pem"});
    let posted = preheat_intake::sample::Posted { headers: vec![], body: forged.to_string().into_bytes() };
    assert_eq!(refusal(rig.receive(&posted)), Refusal::Mismatch);
    // By IAM's word alone the URL must still be AWS's.
    assert!(matches!(normalise(&rig.endpoint, &posted.body, now()), Outcome::Confirm { topic, .. } if topic == TOPIC));
    let mut elsewhere = forged;
    elsewhere["SubscribeURL"] = json!("https://evil.example/");
    let outcome = normalise(&rig.endpoint, elsewhere.to_string().as_bytes(), now());
    assert_eq!(refusal(outcome), Refusal::Url);
}

#[test]
fn sns_is_asked_for_its_credentials() {
    let endpoint = Endpoint::new(Reporter::Ses, "e1", vec![Secret::basic("u:p")]);
    let outcome = receive(&endpoint, &Request::post(Headers::default(), b"{}"), now(), &|_| None);
    let Outcome::Refused(refused) = outcome else { panic!("{outcome:?}") };
    assert!(refused.status == 401 && refused.www_authenticate.is_some_and(|value| value.starts_with("Basic ")));
}

#[test]
fn pings_are_answered_and_unreadable_bodies_each_in_its_providers_way() {
    let open = |provider| Endpoint::new(provider, "e1", vec![]);
    let post =
        |provider, body: &[u8]| receive(&open(provider), &Request::post(Headers::default(), body), now(), &|_| None);
    let Outcome::Accepted(ping) = post(Reporter::Sparkpost, b"[{\"msys\":{}}]") else { panic!("SparkPost's ping") };
    assert!(ping.status == 200 && ping.events.is_empty() && ping.quarantined.is_empty());
    assert!(matches!(post(Reporter::Sparkpost, b"[]"), Outcome::Accepted(_)));
    let head = Request { method: "HEAD", headers: Headers::default(), body: b"" };
    assert!(matches!(receive(&open(Reporter::Mandrill), &head, now(), &|_| None), Outcome::Accepted(_)));
    assert_eq!(refusal(receive(&open(Reporter::Brevo), &head, now(), &|_| None)), Refusal::Method);
    for (provider, wanted) in [(Reporter::Postmark, 403), (Reporter::Brevo, 200), (Reporter::Sparkpost, 400)] {
        assert!(
            matches!(post(provider, b"nonsense"), Outcome::Unreadable { status, .. } if status == wanted),
            "{provider}"
        );
    }
}
