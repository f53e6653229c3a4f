//! What cannot be an event: kept aside whole, behind its good neighbours, and once however often it comes.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use preheat_app::events::take_events;
use preheat_app::hooks::Done;
use preheat_core::counters::Count;
use preheat_core::event::Reporter;
use preheat_intake::lambda::Record;
use preheat_intake::{Endpoint, Outcome, normalise};
use preheat_lambda::hooks::handle;
use preheat_stack::kill::KillAt;
use preheat_store::Key;
use serde_json::{Value, json};

use super::world::{World, acme, sample, status};

const BAD: usize = 4_000;
const GOOD: usize = 10;

/// A post of Brevo's with this body.
async fn brevo(world: &mut World, body: &[u8]) -> Value {
    use base64::Engine;
    let mut event = sample("webhook-url");
    event["rawPath"] = format!("/hooks/brevo/{}", world.endpoint(Reporter::Brevo).await).into();
    event["headers"]["authorization"] = "Basic cHJlaGVhdDpzM2NyZXQ=".into();
    event["isBase64Encoded"] = true.into();
    event["body"] = base64::engine::general_purpose::STANDARD.encode(body).into();
    event
}

fn good(world: &World, n: usize) -> Value {
    json!({"event": "delivered", "email": format!("r{n}@there.example"), "message-id": format!("<{n}@example.com>"),
        "ts_epoch": world.now().as_millisecond() - 60_000})
}

#[tokio::test]
async fn a_flood_of_bad_elements_that_outlives_the_function_costs_the_good_ones_nothing() {
    let mut world = World::new().await;
    let id = world.endpoint(Reporter::Brevo).await;
    let bad = (0..BAD).map(|n| json!({"event": "delivered", "n": n, "ts_epoch": "soon"}));
    let batch: Vec<Value> = bad.chain((0..GOOD).map(|n| good(&world, n))).collect();
    let post = brevo(&mut world, &serde_json::to_vec(&batch).unwrap()).await;
    // It dies with some of them put aside.
    let end = KillAt::new(status(&world.gate(), &post), Some(400)).await;
    assert!(end.is_err(), "it was done before it could be killed");
    let aside = world.store.quarantined(&id).await.unwrap().len();
    assert!(aside < BAD, "all of them were put aside before it was killed");
    assert_eq!(world.counted().await[&Count::Delivered], GOOD as u64, "the good ones are stored first");
    for _ in 0..2 {
        assert_eq!(status(&world.gate(), &post).await, 200);
        assert_eq!(world.store.quarantined(&id).await.unwrap().len(), BAD);
    }
    assert_eq!(world.counted().await[&Count::Delivered], GOOD as u64);
}

#[tokio::test]
async fn one_bad_byte_in_a_batch_costs_no_event() {
    let mut world = World::new().await;
    let id = world.endpoint(Reporter::Brevo).await;
    let mut body = b"[".to_vec();
    for n in 0..4 {
        let text = good(&world, n).to_string();
        body.extend_from_slice(text.strip_suffix('}').unwrap().as_bytes());
        body.extend_from_slice(match n {
            0 => b",\"reason\":\"\\ud83d\"},",
            1 => b",\"reason\":\"caf\xe9\"},",
            2 => b",\"reason\":1e999},",
            _ => b"}]",
        });
    }
    let post = brevo(&mut world, &body).await;
    assert_eq!(status(&world.gate(), &post).await, 200);
    assert_eq!(world.counted().await[&Count::Delivered], 3);
    let aside = world.store.quarantined(&id).await.unwrap();
    assert!(aside.len() == 1 && aside[0].raw.contains("r2@there.example"), "{aside:?}");
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_kept_whole() {
    let mut world = World::new().await;
    let id = world.endpoint(Reporter::Brevo).await;
    let bodies = ["1", "2"].map(|end| format!("nonsense {}{end}", "x".repeat(1_000_000)));
    for body in bodies.iter().chain(&bodies) {
        let post = brevo(&mut world, body.as_bytes()).await;
        assert_eq!(status(&world.gate(), &post).await, 200, "Brevo would throw it away at anything else");
    }
    let mut kept: Vec<String> = world.store.quarantined(&id).await.unwrap().into_iter().map(|bad| bad.raw).collect();
    kept.sort();
    assert!(kept == bodies, "both, whole, and once");
}

/// What SendGrid reports of a recipient, mail by mail.
fn sendgrid(world: &World, kind: &str, n: usize) -> Vec<preheat_core::event::Event> {
    let body = json!([{"event": "bounce", "type": kind, "email": "r1@there.example", "status": "5.2.2",
        "bounce_classification": "Mailbox Unavailable", "smtp-id": format!("<{n}@example.com>"),
        "sg_event_id": format!("{kind}-{n}"), "timestamp": world.now().as_second() - 60}]);
    match normalise(&Endpoint::new(Reporter::Sendgrid, "e1", vec![]), body.to_string().as_bytes(), world.now()) {
        Outcome::Accepted(accepted) => accepted.events,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn three_blocked_mails_suppress_nobody_and_three_soft_bounces_do() {
    for (kind, suppressed) in [("blocked", &[][..]), ("bounce", &["r1@there.example"][..])] {
        let world = World::new().await;
        let desk = world.gate().desk;
        for n in 0..3 {
            take_events(&desk, &acme(), sendgrid(&world, kind, n), world.now()).await.unwrap();
        }
        assert_eq!(world.suppressed().await, suppressed, "{kind}");
        assert_eq!(world.counted().await.values().sum::<u64>(), 6, "three events, and three that lead nowhere");
    }
}

#[tokio::test]
async fn a_replay_of_an_old_event_is_kept_aside_once() {
    let world = World::new().await;
    let desk = world.gate().desk;
    let old = sendgrid(&world, "bounce", 1);
    world.pass(SignedDuration::from_hours(8 * 24));
    for _ in 0..3 {
        world.pass(SignedDuration::from_hours(1));
        let replayed = old.iter().map(|event| preheat_core::event::Event { received_at: world.now(), ..event.clone() });
        let tally = take_events(&desk, &acme(), replayed.collect(), world.now()).await.unwrap();
        assert_eq!((tally.too_old, tally.stored), (1, 0));
    }
    assert_eq!(world.store.quarantined("e1").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named_without_the_address_in_its_key() {
    let world = World::new().await;
    world.ses(&["arn:aws:sns:eu-west-1:123456789012:deliverability"]).await;
    let address = "ann@example.com".parse().unwrap();
    let key = Key::Address(&address);
    let keys = [("pk", key.pk()), ("sk", key.sk())].map(|(name, text)| (name.to_owned(), AttributeValue::S(text)));
    let broken = world.aws.dynamodb().put_item().table_name("ledger").set_item(Some(keys.into_iter().collect()));
    broken.send().await.unwrap();
    let envelope = sample("webhook-sns")["Records"][0]["Sns"].to_string();
    let record = Record { sqs_message_id: None, queue: None, body: envelope };
    let answer = world.gate().receive_direct(&record).await;
    let Done::NotStored(why) = answer.done else { panic!("{answer:?}") };
    assert!(why.contains("cannot be read") && !why.contains("ann@"), "{why}");
    let error = handle(&world.gate(), &sample("webhook-sns")).await.unwrap_err();
    assert!(!error.to_string().contains("ann@"), "{error}");
    assert_eq!(world.counted().await, BTreeMap::new());
}
