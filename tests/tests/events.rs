//! The samples in `events/`: each is what its function really gets, and its bodies parse as the messages they claim
//! to be; the poison ones are refused with a reason. No sample is left unread.

#![allow(clippy::expect_used, reason = "a test says what it expected")]

use std::path::{Path, PathBuf};

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::sqs::SqsEvent;
use preheat_core::alert::AlertOrder;
use preheat_core::message::{Content, GovernOrder, Look, MessageError, SendBatch, VERSION, VisitOrder};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../events")
}

fn sample(name: &str) -> String {
    std::fs::read_to_string(folder().join(format!("{name}.json"))).expect("a sample event")
}

fn bodies(name: &str) -> Vec<String> {
    let event: SqsEvent = serde_json::from_str(&sample(name)).expect("an event of SQS");
    event.records.into_iter().map(|record| record.body.expect("a body")).collect()
}

#[test]
fn every_sample_is_read_here() {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    // The schema of state changes is no sample: a test of shared/platforms holds every kind to it.
    names.retain(|name| name != "schema");
    names.sort();
    // The webhook's are read by tests/hooks/shapes.rs.
    let read = [
        "fanout-poison",
        "fanout-tick",
        "governor-daily",
        "governor-due",
        "governor-hourly",
        "governor-poison",
        "notifier-changes",
        "notifier-poison",
        "replier-poison",
        "replier-visit",
        "sender-batch",
        "sender-poison",
        "webhook-eventbridge",
        "webhook-sns",
        "webhook-sqs",
        "webhook-url",
    ];
    assert_eq!(names, read.map(|name| format!("{name}.json")));
}

#[test]
fn the_tick_is_an_event_of_the_scheduler() {
    let event: EventBridgeEvent = serde_json::from_str(&sample("fanout-tick")).expect("an event of EventBridge");
    assert_eq!(event.source, "aws.scheduler");
    assert!(event.time.is_some());
}

#[test]
fn a_tick_without_a_time_is_refused() {
    let event = serde_json::from_str::<EventBridgeEvent>(&sample("fanout-poison"));
    assert!(event.is_err(), "{event:?}");
}

#[test]
fn the_governors_schedules_say_at_whom_to_look() {
    for (name, look) in [("due", Look::Due), ("hourly", Look::Hourly), ("daily", Look::Daily)] {
        let order = GovernOrder::parse(&sample(&format!("governor-{name}"))).expect("an order");
        assert_eq!(order, GovernOrder { v: VERSION, look });
    }
    assert!(matches!(GovernOrder::parse(&sample("governor-poison")), Err(MessageError::Malformed(_))));
}

#[test]
fn the_batch_holds_an_opening_a_reply_and_a_rewritten_parent() {
    let batches: Vec<SendBatch> =
        bodies("sender-batch").iter().map(|body| SendBatch::parse(body).expect("a batch")).collect();
    let orders: Vec<_> = batches.iter().flat_map(|batch| &batch.orders).collect();
    assert!(batches.iter().all(|batch| batch.v == VERSION));
    assert!(batches.iter().all(|batch| batch.orders.iter().all(|order| order.slot.mailbox == batch.mailbox)));
    assert!(orders.iter().all(|order| order.due_at < order.not_after));
    assert!(orders.iter().any(|order| order.content == Content::Opening));
    assert!(orders.iter().any(|order| matches!(&order.content, Content::Reply { rewritten_id: None, .. })));
    assert!(orders.iter().any(|order| matches!(&order.content, Content::Reply { rewritten_id: Some(_), .. })));
}

#[test]
fn poison_of_the_sender_is_refused_with_its_reason() {
    let refused: Vec<MessageError> =
        bodies("sender-poison").iter().map(|body| SendBatch::parse(body).expect_err("poison")).collect();
    assert_eq!(refused[0], MessageError::Version(9));
    // A line break inside an address never reaches SMTP: the message does not even parse.
    assert!(
        matches!(&refused[1], MessageError::Malformed(why) if why.contains("is not a valid address")),
        "{refused:?}"
    );
    assert!(matches!(&refused[2], MessageError::Malformed(_)), "{refused:?}");
}

#[test]
fn the_visits_are_an_ordinary_one_and_the_last_of_a_day_with_a_search() {
    let visits: Vec<VisitOrder> =
        bodies("replier-visit").iter().map(|body| VisitOrder::parse(body).expect("a visit")).collect();
    assert!(visits.iter().all(|visit| visit.v == VERSION));
    assert!(visits.iter().any(|visit| !visit.last_of_day && visit.search.is_empty()));
    assert!(visits.iter().any(|visit| visit.last_of_day && !visit.search.is_empty()));
}

#[test]
fn poison_of_the_replier_is_refused_with_its_reason() {
    let refused: Vec<MessageError> =
        bodies("replier-poison").iter().map(|body| VisitOrder::parse(body).expect_err("poison")).collect();
    assert_eq!(refused[0], MessageError::Version(9));
    assert!(matches!(&refused[1], MessageError::Malformed(_)), "{refused:?}");
}

#[test]
fn the_changes_are_one_of_a_tenant_one_of_the_stack_and_one_put_back() {
    let orders: Vec<AlertOrder> =
        bodies("notifier-changes").iter().map(|body| AlertOrder::parse(body).expect("a change")).collect();
    assert!(orders.iter().any(|order| order.change.tenant.is_some() && order.only.is_none()));
    assert!(orders.iter().any(|order| order.change.tenant.is_none()));
    assert!(orders.iter().any(|order| order.only.is_some() && order.tries > 0 && order.not_before.is_some()));
}

#[test]
fn poison_of_the_notifier_is_refused_with_its_reason() {
    let refused: Vec<MessageError> =
        bodies("notifier-poison").iter().map(|body| AlertOrder::parse(body).expect_err("poison")).collect();
    assert_eq!(refused[0], MessageError::Version(9));
    assert!(matches!(&refused[1], MessageError::Malformed(why) if why.contains("mailbox.exploded")), "{refused:?}");
    assert!(matches!(&refused[2], MessageError::Malformed(_)), "{refused:?}");
}
