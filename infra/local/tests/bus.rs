//! EventBridge and SNS through the real SDK: what is published lies in the queue behind the bus; what is refused says why.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use aws_sdk_eventbridge::error::ProvideErrorMetadata;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use jiff::Timestamp;
use preheat_local::{Aws, Fault, QueueSettings, Text};

fn aws() -> Aws {
    let aws = Aws::memory(Arc::new(|| Timestamp::from_second(1_800_000_000).unwrap()), 1).unwrap();
    aws.create_queue("alerts", QueueSettings::default());
    aws.create_bus("changes", "alerts");
    aws
}

fn entry(bus: &str, detail: &str) -> PutEventsRequestEntry {
    PutEventsRequestEntry::builder().event_bus_name(bus).source("s").detail_type("d").detail(detail).build()
}

#[tokio::test(start_paused = true)]
async fn an_event_lies_in_the_queue_behind_its_bus() {
    let aws = aws();
    let answer = aws.eventbridge().put_events().entries(entry("changes", r#"{"n":1}"#)).send().await.unwrap();
    assert_eq!(answer.failed_entry_count(), 0);
    let lying = aws.queues().lying("alerts");
    let event: serde_json::Value = serde_json::from_str(&lying[0].body).unwrap();
    assert_eq!((&event["source"], &event["detail-type"], &event["detail"]["n"]), (&"s".into(), &"d".into(), &1.into()));
    assert_eq!(event["time"], "2027-01-15T08:00:00Z");
}

#[tokio::test(start_paused = true)]
async fn an_event_goes_into_the_queue_of_every_rule_once() {
    let aws = aws();
    aws.create_queue("audit", QueueSettings::default());
    for queue in ["audit", "audit", "alerts"] {
        aws.create_bus("changes", queue);
    }
    aws.eventbridge().put_events().entries(entry("changes", "{}")).send().await.unwrap();
    let depths = ["alerts", "audit"].map(|queue| aws.queues().depth(queue).visible);
    assert_eq!(depths, [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_bad_entry_fails_alone() {
    let aws = aws();
    let entries = vec![entry("changes", "{}"), entry("changes", "{"), entry("nowhere", "{}")];
    let answer = aws.eventbridge().put_events().set_entries(Some(entries)).send().await.unwrap();
    assert_eq!(answer.failed_entry_count(), 2);
    let codes: Vec<Option<&str>> = answer.entries().iter().map(|entry| entry.error_code()).collect();
    assert_eq!(codes, [None, Some("MalformedDetail"), Some("ResourceNotFoundException")]);
    assert_eq!(aws.queues().depth("alerts").visible, 1);
}

#[tokio::test(start_paused = true)]
async fn a_batch_can_fail_in_part() {
    let aws = aws();
    aws.faults().script("PutEvents", 1, Fault::PartialBatch);
    let entries = (0..3).map(|_| entry("changes", "{}")).collect();
    let answer = aws.eventbridge().put_events().set_entries(Some(entries)).send().await.unwrap();
    assert_eq!(answer.failed_entry_count(), 1);
    assert!(answer.entries()[1].error_code().is_some());
    assert_eq!(aws.queues().depth("alerts").visible, 2);
}

#[tokio::test(start_paused = true)]
async fn texts_arrive_as_they_were_written_and_bad_numbers_are_refused() {
    let aws = aws();
    let message = "Mailbox ann@a.example is paused: 5 of 40 & more; ü";
    aws.sns().publish().phone_number("+4915112345678").message(message).send().await.unwrap();
    assert_eq!(aws.texts(), [Text { phone: "+4915112345678".to_owned(), message: message.to_owned() }]);
    let refused = aws.sns().publish().phone_number("0151").message("x").send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameter"));
}
