//! SNS over HTTPS, from the envelope to the ledger: certificates, subscriptions, and what is served in their place.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preheat_app::hooks::{Answer, Done, Fetch, Gate};
use preheat_core::counters::Count;
use preheat_core::event::Reporter;
use preheat_intake::{Headers, Request};
use serde_json::{Value, json};

use super::world::{World, hook_of};

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:deliverability";
const CERTIFICATE: &str = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-test.pem";
const SUBSCRIBE: &str = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t";

/// AWS, as far as it is asked: what it serves, and what was asked of it.
struct Amazon {
    key: RsaKeyPair,
    pem: Vec<u8>,
    /// What lies at the certificate's URL.
    serves: Arc<Mutex<Result<Vec<u8>, String>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Amazon {
    fn new() -> Self {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
        let certified = rcgen::KeyPair::try_from(der.as_ref()).unwrap();
        let parameters = rcgen::CertificateParams::new(vec!["sns.amazonaws.com".to_owned()]).unwrap();
        let pem = parameters.self_signed(&certified).unwrap().pem().into_bytes();
        let serves = Arc::new(Mutex::new(Ok(pem.clone())));
        Self { key, pem, serves, asked: Arc::default() }
    }

    fn serve(&self, what: Result<&[u8], &str>) {
        *self.serves.lock().unwrap() = what.map(<[u8]>::to_vec).map_err(str::to_owned);
    }

    /// How often a URL was asked for.
    fn asked(&self, url: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == url).count()
    }

    fn fetch(&self) -> Fetch {
        let (serves, asked) = (Arc::clone(&self.serves), Arc::clone(&self.asked));
        Arc::new(move |url| {
            let served = if url == CERTIFICATE { serves.lock().unwrap().clone() } else { Ok(b"<ok/>".to_vec()) };
            asked.lock().unwrap().push(url);
            Box::pin(async move { served })
        })
    }

    /// An envelope with its signature.
    fn signed(&self, mut envelope: Value, keys: &[&str]) -> Vec<u8> {
        let text: String = keys.iter().map(|key| format!("{key}\n{}\n", envelope[*key].as_str().unwrap())).collect();
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
        envelope["Signature"] = json!(STANDARD.encode(signature));
        envelope["SignatureVersion"] = json!("2");
        envelope["SigningCertURL"] = json!(CERTIFICATE);
        envelope.to_string().into_bytes()
    }

    fn notification(&self, world: &World, id: usize) -> Vec<u8> {
        let event = json!({"eventType": "Bounce", "mail": {"messageId": format!("0102-{id}"), "source": "ann@example.com",
            "destination": [format!("r{id}@there.example")]}, "bounce": {"bounceType": "Permanent", "bounceSubType": "General",
            "feedbackId": format!("f{id}"), "timestamp": world.now().to_string(),
            "bouncedRecipients": [{"emailAddress": format!("r{id}@there.example"), "status": "5.1.1"}]}});
        let envelope = json!({"Type": "Notification", "MessageId": format!("id-{id}"), "TopicArn": TOPIC,
            "Message": event.to_string(), "Timestamp": world.now().to_string()});
        self.signed(envelope, &["Message", "MessageId", "Timestamp", "TopicArn", "Type"])
    }

    fn confirmation(&self, world: &World, url: &str) -> Vec<u8> {
        let envelope = json!({"Type": "SubscriptionConfirmation", "MessageId": "c", "TopicArn": TOPIC, "Token": "t",
            "Message": "You have chosen to subscribe", "SubscribeURL": url, "Timestamp": world.now().to_string()});
        self.signed(envelope, &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"])
    }
}

async fn post(gate: &Gate, body: &[u8]) -> Answer {
    let hook = hook_of(Reporter::Ses);
    gate.receive("ses", &hook.id, &Request::post(Headers::default(), body)).await
}

#[tokio::test]
async fn a_notification_is_stored_and_its_certificate_fetched_once() {
    let (world, amazon) = (World::new().await, Amazon::new());
    world.ses(&[TOPIC]).await;
    let gate = world.gate_with(amazon.fetch());
    for id in 0..5 {
        let answer = post(&gate, &amazon.notification(&world, id)).await;
        assert!(answer.status == 200 && matches!(answer.done, Done::Taken { .. }), "{answer:?}");
    }
    assert_eq!(post(&gate, &amazon.notification(&world, 0)).await.status, 200, "a repeat");
    assert_eq!(world.counted().await[&Count::Hard], 5);
    assert_eq!(world.suppressed().await.len(), 5);
    assert_eq!(amazon.asked(CERTIFICATE), 1);
    let forged = Amazon::new().notification(&world, 9);
    assert_eq!(post(&gate, &forged).await.status, 401, "another key under the same URL");
    assert_eq!((amazon.asked(CERTIFICATE), world.counted().await[&Count::Hard]), (1, 5));
}

#[tokio::test]
async fn a_subscription_is_confirmed_at_awss_own_host_and_nowhere_else() {
    let (world, amazon) = (World::new().await, Amazon::new());
    world.ses(&[TOPIC]).await;
    let gate = world.gate_with(amazon.fetch());
    let answer = post(&gate, &amazon.confirmation(&world, SUBSCRIBE)).await;
    assert_eq!((answer.status, answer.done), (200, Done::Confirmed { topic: TOPIC.to_owned() }));
    assert_eq!(amazon.asked(SUBSCRIBE), 1);
    let elsewhere = [
        "http://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
        "https://evil.example/?Action=ConfirmSubscription",
        "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription",
        "https://sns.eu-west-1.amazonaws.com.evil.example/",
    ];
    for url in elsewhere {
        assert_eq!(post(&gate, &amazon.confirmation(&world, url)).await.status, 401, "{url}");
        assert_eq!(amazon.asked(url), 0, "{url}");
    }
    // Signed by nobody: nothing is confirmed.
    let forged = Amazon::new().confirmation(&world, SUBSCRIBE);
    assert_eq!((post(&gate, &forged).await.status, amazon.asked(SUBSCRIBE)), (401, 1));
}

#[tokio::test]
async fn a_certificate_that_is_not_to_be_had_is_asked_for_again() {
    let (world, amazon) = (World::new().await, Amazon::new());
    world.ses(&[TOPIC]).await;
    let gate = world.gate_with(amazon.fetch());
    let body = amazon.notification(&world, 1);
    for (served, asked) in [(Err("no route"), 1), (Ok(&b"<html>busy</html>"[..]), 2), (Ok(&b""[..]), 3)] {
        amazon.serve(served);
        let answer = post(&gate, &body).await;
        assert!(answer.status == 503 && matches!(answer.done, Done::NotStored(_)), "{answer:?}");
        assert_eq!(amazon.asked(CERTIFICATE), asked, "once a request");
    }
    assert!(world.counted().await.is_empty());
    amazon.serve(Ok(&amazon.pem));
    assert_eq!(post(&gate, &body).await.status, 200, "what was no certificate is not kept");
    assert_eq!(world.counted().await[&Count::Hard], 1);
}

#[tokio::test]
async fn a_confirmation_that_does_not_reach_aws_is_sent_again() {
    let (world, amazon) = (World::new().await, Amazon::new());
    world.ses(&[TOPIC]).await;
    let down = Arc::new(AtomicUsize::new(1));
    let (left, through) = (Arc::clone(&down), amazon.fetch());
    let fetch: Fetch = Arc::new(move |url| {
        let fails = url == SUBSCRIBE && left.swap(0, Ordering::Relaxed) > 0;
        if fails { Box::pin(async { Err("no route".to_owned()) }) } else { through(url) }
    });
    let gate = world.gate_with(fetch);
    let body = amazon.confirmation(&world, SUBSCRIBE);
    assert_eq!(post(&gate, &body).await.status, 503);
    assert_eq!(post(&gate, &body).await.status, 200);
}
