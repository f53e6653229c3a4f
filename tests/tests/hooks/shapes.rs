//! The three shapes of Lambda events, from the samples in `events/`, and one bad element in a batch.

use jiff::SignedDuration;
use preheat_app::Bus;
use preheat_core::alert::AlertOrder;
use preheat_core::change::{Change, Kind};
use preheat_core::counters::{Count, Subject};
use preheat_core::event::Reporter;
use preheat_lambda::hooks::handle;
use preheat_local::Fault;
use preheat_stack::stack::{ALERTS, BUS, create_queues};

use super::world::{World, acme, sample, status};

#[tokio::test]
async fn sns_eventbridge_and_sqs_reach_one_handler_and_a_mail_counts_once_over_all_of_them() {
    let world = World::new().await;
    world.ses(&["arn:aws:sns:eu-west-1:123456789012:deliverability", "123456789012"]).await;
    let gate = world.gate();
    for name in ["webhook-sns", "webhook-eventbridge"] {
        let answer = handle(&gate, &sample(name)).await.unwrap();
        assert_eq!(answer["batchItemFailures"], serde_json::json!([]), "{name}");
    }
    let answer = handle(&gate, &sample("webhook-sqs")).await.unwrap();
    assert_eq!(
        answer["batchItemFailures"],
        serde_json::json!([{ "itemIdentifier": "m-nonsense" }]),
        "a stranger's topic goes back to the queue, its neighbours do not"
    );
    let mailbox = world.counted_of(&Subject::Mailbox(world.mailbox)).await;
    assert_eq!(mailbox[&Count::Hard], 1, "the sender's address leads to it; four reports are one mail: {mailbox:?}");
    assert_eq!(world.suppressed().await, ["gone@there.example"]);
}

#[tokio::test]
async fn a_queue_that_a_topic_delivers_to_raw_leads_to_the_endpoint_that_lists_it() {
    let world = World::new().await;
    let mut event = sample("webhook-sqs");
    let envelope: serde_json::Value = serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap();
    event["Records"] = serde_json::json!([event["Records"][0]]);
    event["Records"][0]["body"] = envelope["Message"].clone();
    let failed = handle(&world.gate(), &event).await.unwrap();
    assert_eq!(failed["batchItemFailures"].as_array().map(Vec::len), Some(1), "nobody lists the queue");
    world.ses(&["arn:aws:sqs:eu-west-1:123456789012:ses-events"]).await;
    let answer = handle(&world.gate(), &event).await.unwrap();
    assert_eq!(answer["batchItemFailures"], serde_json::json!([]));
    assert_eq!(world.suppressed().await, ["gone@there.example"]);
}

#[tokio::test]
async fn a_configuration_set_leads_to_its_endpoint_and_another_of_the_account_does_not() {
    let event = sample("webhook-eventbridge");
    let set = event["resources"][0].as_str().expect("a configuration set").to_owned();
    let world = World::new().await;
    world.ses(&[&set]).await;
    assert!(handle(&world.gate(), &event).await.is_ok());
    assert_eq!(world.counted().await[&Count::Hard], 1);
    let world = World::new().await;
    world.ses(&["123456789012", "arn:aws:ses:eu-west-1:123456789012:configuration-set/other"]).await;
    assert!(handle(&world.gate(), &event).await.is_err(), "the account is listed, and the set is not");
    assert!(world.counted().await.is_empty());
}

#[tokio::test]
async fn a_direct_event_of_a_stranger_is_not_taken() {
    let world = World::new().await;
    assert!(handle(&world.gate(), &sample("webhook-eventbridge")).await.is_err());
    assert!(world.counted().await.is_empty());
}

#[tokio::test]
async fn the_sample_of_the_url_is_taken_by_its_endpoint() {
    let mut world = World::new().await;
    world.endpoint(Reporter::Brevo).await;
    let mut event = sample("webhook-url");
    let gate = world.gate();
    assert_eq!(status(&gate, &event).await, 404, "the sample names no endpoint of ours");
    event["rawPath"] = format!("/hooks/brevo/{}", world.endpoint(Reporter::Brevo).await).into();
    assert_eq!(status(&gate, &event).await, 401, "nor does it know our secret");
    event["headers"]["authorization"] = "Basic cHJlaGVhdDpzM2NyZXQ=".into();
    assert_eq!(status(&gate, &event).await, 200);
    assert_eq!(world.counted().await[&Count::Hard], 1);
    assert_eq!(world.suppressed().await, ["gone@there.example"]);
}

#[tokio::test]
async fn one_bad_element_is_kept_aside_and_its_neighbours_are_stored() {
    let mut world = World::new().await;
    let id = world.endpoint(Reporter::Brevo).await;
    let good = |n: u32| {
        serde_json::json!({
            "event": "delivered", "email": format!("r{n}@there.example"), "message-id": format!("<{n}@example.com>"),
            "ts_epoch": world.now().as_millisecond() - 60_000,
        })
    };
    let batch = serde_json::json!([good(1), { "event": "delivered", "email": "r9@there.example", "ts_epoch": "soon" }, good(2)]);
    let mut event = sample("webhook-url");
    event["rawPath"] = format!("/hooks/brevo/{id}").into();
    event["headers"]["authorization"] = "Basic cHJlaGVhdDpzM2NyZXQ=".into();
    event["isBase64Encoded"] = false.into();
    event["body"] = batch.to_string().into();
    let gate = world.gate();
    for _ in 0..2 {
        assert_eq!(status(&gate, &event).await, 200);
    }
    assert_eq!(world.counted().await[&Count::Delivered], 2);
    let aside = world.store.quarantined(&id).await.unwrap();
    assert_eq!(aside.len(), 1);
    assert!(aside[0].raw.contains("r9@there.example") && !aside[0].reason.is_empty(), "{aside:?}");
    assert_eq!(world.store.hook_of(&acme(), Reporter::Brevo).await.unwrap().unwrap().id, id);
}

/// However many elements cannot be read, it is one change an endpoint and hour; of another process under the same id.
#[tokio::test]
async fn what_is_kept_aside_is_told_once_an_hour() {
    let mut world = World::new().await;
    let id = world.endpoint(Reporter::Brevo).await;
    create_queues(&world.aws);
    let gate = || world.gate().with_bus(Some(Bus::new(world.aws.eventbridge(), BUS)));
    let bad = |n: u32| {
        let element =
            serde_json::json!([{ "event": "delivered", "email": format!("r{n}@there.example"), "ts_epoch": "soon" }]);
        let mut event = sample("webhook-url");
        event["rawPath"] = format!("/hooks/brevo/{id}").into();
        event["headers"]["authorization"] = "Basic cHJlaGVhdDpzM2NyZXQ=".into();
        event["isBase64Encoded"] = false.into();
        event["body"] = element.to_string().into();
        event
    };
    let told = || -> Vec<Change> {
        let lying = world.aws.queues().lying(ALERTS);
        lying.iter().map(|message| AlertOrder::parse(&message.body).unwrap().change).collect()
    };
    let warm = gate();
    for n in 0..5 {
        assert_eq!(status(&warm, &bad(n)).await, 200);
    }
    let first = told();
    assert_eq!((first.len(), first[0].kind, first[0].tenant.clone()), (1, Kind::HookQuarantined, Some(acme())));
    assert!(!first[0].text.contains(&id), "who has the id may post");
    assert_eq!(status(&gate(), &bad(6)).await, 200);
    assert_eq!(told()[1].id, first[0].id);
    world.pass(SignedDuration::from_hours(1));
    assert_eq!(status(&warm, &bad(7)).await, 200);
    assert_ne!(told()[2].id, first[0].id);
    // A bus that does not answer is nothing to the provider.
    world.aws.faults().script_next("PutEvents", 10, Fault::Deny);
    world.pass(SignedDuration::from_hours(1));
    assert_eq!(status(&warm, &bad(8)).await, 200);
    assert_eq!(told().len(), 3);
}
