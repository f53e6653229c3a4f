//! SQS through the real SDK, and Lambda's part of it: delay, visibility, dead letters, redrive, restart, the pump.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::cell::RefCell;
use std::sync::Arc;

use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, MessageAttributeValue, QueueAttributeName, SendMessageBatchRequestEntry,
};
use jiff::{SignedDuration, Timestamp};
use preheat_core::clock::Clock;
use preheat_local::{
    Aws, DeadLetters, Disorder, Failure, Fault, Mapping, Pump, QueueSettings, Queues, Received, Settled,
};
use tokio::time::{Duration, advance};

const VISIBILITY_S: u32 = 60;

fn clock() -> Clock {
    let start = tokio::time::Instant::now();
    Arc::new(move || Timestamp::from_second(1_800_000_000).unwrap() + start.elapsed())
}

fn set_up(aws: &Aws) -> String {
    aws.create_queue("dead", QueueSettings::default());
    let dead_letters = Some(DeadLetters { queue: "dead".to_owned(), max_receive_count: 2 });
    aws.create_queue("sends", QueueSettings { visibility_s: VISIBILITY_S, dead_letters, ..QueueSettings::default() })
}

fn memory(seed: u64) -> (Aws, aws_sdk_sqs::Client, String) {
    let aws = Aws::memory(clock(), seed).unwrap();
    let url = set_up(&aws);
    let client = aws.sqs();
    (aws, client, url)
}

async fn send(client: &aws_sdk_sqs::Client, url: &str, body: &str, delay_s: i32) {
    client.send_message().queue_url(url).message_body(body).delay_seconds(delay_s).send().await.unwrap();
}

async fn receive(client: &aws_sdk_sqs::Client, url: &str) -> Vec<(String, String)> {
    let answer = client.receive_message().queue_url(url).max_number_of_messages(10).send().await.unwrap();
    let pair = |message: &aws_sdk_sqs::types::Message| {
        (message.body().unwrap().to_owned(), message.receipt_handle().unwrap().to_owned())
    };
    answer.messages().iter().map(pair).collect()
}

async fn bodies(client: &aws_sdk_sqs::Client, url: &str) -> Vec<String> {
    receive(client, url).await.into_iter().map(|(body, _)| body).collect()
}

async fn after_s(seconds: u64) {
    advance(Duration::from_secs(seconds)).await;
}

fn pump(aws: &Aws, batch_size: usize, window_s: u32) -> Pump {
    Pump::new(aws.queues().clone(), Mapping { queue: "sends".to_owned(), batch_size, window_s })
}

fn texts(batch: &[Received]) -> Vec<&str> {
    batch.iter().map(|message| message.body.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn messages_come_after_their_delay_in_the_order_of_their_times() {
    let (aws, client, url) = memory(1);
    send(&client, &url, "later", 900).await;
    send(&client, &url, "soon", 60).await;
    send(&client, &url, "now", 0).await;
    assert_eq!(bodies(&client, &url).await, ["now"]);
    after_s(59).await;
    assert!(bodies(&client, &url).await.is_empty());
    after_s(900).await;
    assert_eq!(bodies(&client, &url).await, ["soon", "now", "later"], "each when it became visible");

    let error = client.send_message().queue_url(&url).message_body("x").delay_seconds(901).send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameterValue"));
    let error = client.send_message().queue_url(Queues::url("none")).message_body("x").send().await.unwrap_err();
    assert!(error.into_service_error().is_queue_does_not_exist());
    assert_eq!(aws.counts().of("SendMessage").calls, 5);
    assert_eq!(aws.counts().queue_calls(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_received_message_is_hidden_and_an_old_receipt_deletes_nothing() {
    let (_aws, client, url) = memory(1);
    send(&client, &url, "a", 0).await;
    let first = receive(&client, &url).await.remove(0).1;
    assert!(receive(&client, &url).await.is_empty(), "hidden");
    after_s(u64::from(VISIBILITY_S)).await;
    let second = receive(&client, &url).await.remove(0).1;
    client.delete_message().queue_url(&url).receipt_handle(&first).send().await.unwrap();
    client
        .change_message_visibility()
        .queue_url(&url)
        .receipt_handle(&second)
        .visibility_timeout(5)
        .send()
        .await
        .unwrap();
    let depth = |client: &aws_sdk_sqs::Client| {
        client.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::All).send()
    };
    let attributes = depth(&client).await.unwrap().attributes.unwrap();
    assert_eq!(attributes[&QueueAttributeName::ApproximateNumberOfMessagesNotVisible], "1");
    assert!(attributes[&QueueAttributeName::RedrivePolicy].contains("\"maxReceiveCount\":2"));
    client.delete_message().queue_url(&url).receipt_handle(&second).send().await.unwrap();
    send(&client, &url, "b", 0).await;
    after_s(1).await;
    let peek = client.receive_message().queue_url(&url).max_number_of_messages(10).visibility_timeout(0);
    assert_eq!(peek.send().await.unwrap().messages().len(), 1, "once in one answer, though it stays visible");
    let third = receive(&client, &url).await.remove(0).1;
    client.delete_message().queue_url(&url).receipt_handle(&third).send().await.unwrap();
    after_s(3600).await;
    assert!(receive(&client, &url).await.is_empty());
    let error = client.delete_message().queue_url(&url).receipt_handle("?").send().await.unwrap_err();
    assert!(error.into_service_error().is_receipt_handle_is_invalid());
}

#[tokio::test(start_paused = true)]
async fn what_is_never_deleted_becomes_a_dead_letter_and_can_be_put_back() {
    let (aws, client, url) = memory(1);
    send(&client, &url, "poison", 0).await;
    for _ in 0..2 {
        assert_eq!(bodies(&client, &url).await, ["poison"]);
        after_s(u64::from(VISIBILITY_S)).await;
    }
    assert!(bodies(&client, &url).await.is_empty(), "the third receive moves it");
    let dead = client.get_queue_url().queue_name("dead").send().await.unwrap().queue_url.unwrap();
    let letters = client.receive_message().queue_url(&dead).message_attribute_names("All").send().await.unwrap();
    let reason = &letters.messages()[0].message_attributes().unwrap()["reason"];
    assert_eq!(reason.string_value(), Some("received 2 times, and never deleted"));

    assert_eq!(aws.queues().redrive("dead").unwrap(), 1);
    assert_eq!(bodies(&client, &url).await, ["poison"]);
    assert_eq!(aws.queues().depth("dead").visible, 0);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_can_send_a_dead_letter_itself() {
    let (aws, client, url) = memory(1);
    let reason = MessageAttributeValue::builder().data_type("String").string_value("version 9").build().unwrap();
    client
        .send_message()
        .queue_url(Queues::url("dead"))
        .message_body("{}")
        .message_attributes("reason", reason)
        .send()
        .await
        .unwrap();
    assert_eq!(aws.queues().lying("dead")[0].attributes["reason"], "version 9");
    aws.queues().redrive("dead").unwrap();
    assert_eq!(bodies(&client, &url).await, ["{}"], "back to the queue whose dead letters these are");
}

#[tokio::test(start_paused = true)]
async fn a_batch_fails_in_part_and_only_those_entries_are_missing() {
    let (aws, client, url) = memory(1);
    let entry = |id: &str| SendMessageBatchRequestEntry::builder().id(id).message_body(id).build().unwrap();
    aws.faults().script("SendMessageBatch", 1, Fault::PartialBatch);
    let send = client.send_message_batch().queue_url(&url).set_entries(Some(["a", "b", "c"].map(entry).to_vec()));
    let answer = send.send().await.unwrap();
    assert_eq!(answer.successful().iter().map(|one| one.id()).collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!(answer.failed().iter().map(|one| (one.id(), one.sender_fault())).collect::<Vec<_>>(), [("b", false)]);
    assert_eq!(aws.faults().injected()[&("SendMessageBatch".to_owned(), "partial-batch")], 1);

    let late = SendMessageBatchRequestEntry::builder().id("d").message_body("d").delay_seconds(1000).build().unwrap();
    let answer = client.send_message_batch().queue_url(&url).entries(late).send().await.unwrap();
    assert_eq!((answer.failed()[0].code(), answer.failed()[0].sender_fault()), ("InvalidParameterValue", true));

    aws.faults().script("SendMessageBatch", 1, Fault::PartialBatch);
    let answer = client.send_message_batch().queue_url(&url).entries(entry("e")).send().await.unwrap();
    assert_eq!((answer.successful().len(), answer.failed()[0].id()), (0, "e"), "the only one of a batch");

    let received = receive(&client, &url).await;
    let delete = |(index, (_, receipt)): (usize, &(String, String))| {
        DeleteMessageBatchRequestEntry::builder().id(index.to_string()).receipt_handle(receipt).build().unwrap()
    };
    let entries = received.iter().enumerate().map(delete).collect();
    let answer = client.delete_message_batch().queue_url(&url).set_entries(Some(entries)).send().await.unwrap();
    assert_eq!((answer.successful().len(), answer.failed().len()), (2, 0));
    after_s(3600).await;
    assert!(receive(&client, &url).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_doubles_a_message() {
    let (aws, client, url) = memory(1);
    aws.faults().script("SendMessage", 1, Fault::LoseAnswer);
    send(&client, &url, "a", 0).await;
    assert_eq!(bodies(&client, &url).await, ["a", "a"]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_waits_for_its_window_unless_it_is_full() {
    let (aws, client, url) = memory(1);
    let pump = pump(&aws, 3, 20);
    let start = aws.queues().next_visible_at("sends");
    assert_eq!((start, pump.next_batch_at()), (None, None));
    send(&client, &url, "a", 10).await;
    let visible = pump.next_visible_at().unwrap();
    let later = |seconds| visible + SignedDuration::from_secs(seconds);
    assert_eq!(pump.next_batch_at(), Some(later(20)));
    assert!(pump.take_batch(later(19)).unwrap().is_empty());
    send(&client, &url, "b", 12).await;
    send(&client, &url, "c", 14).await;
    send(&client, &url, "d", 16).await;
    assert_eq!(pump.next_batch_at(), Some(later(4)), "full");
    assert_eq!(texts(&pump.take_batch(later(4)).unwrap()), ["a", "b", "c"]);
    assert_eq!(pump.next_batch_at(), Some(later(26)));
    assert_eq!(texts(&pump.take_batch(later(30)).unwrap()), ["d"]);
}

#[tokio::test(start_paused = true)]
async fn failures_come_again_and_die_with_the_reason_that_was_given() {
    let (aws, client, url) = memory(1);
    let pump = pump(&aws, 10, 0);
    send(&client, &url, "good", 0).await;
    send(&client, &url, "bad", 0).await;
    let handler = async |batch: Vec<Received>| {
        let bad = batch.iter().filter(|message| message.body == "bad");
        let failure = |message: &Received| Failure {
            message_id: message.message_id.clone(),
            reason: Some(format!("attempt {}", message.receive_count)),
        };
        Ok(bad.map(failure).collect())
    };
    assert_eq!(pump.step(handler).await.unwrap(), Some(Settled { done: 1, failed: 1 }));
    assert_eq!(pump.step(handler).await.unwrap(), None, "hidden");
    after_s(u64::from(VISIBILITY_S)).await;
    assert_eq!(pump.step(handler).await.unwrap(), Some(Settled { done: 0, failed: 1 }));
    after_s(u64::from(VISIBILITY_S)).await;
    assert_eq!(pump.step(handler).await.unwrap(), None);
    let dead = aws.queues().lying("dead");
    assert_eq!((dead[0].body.as_str(), dead[0].attributes["reason"].as_str()), ("bad", "attempt 2"));
    assert_eq!(dead[0].source.as_deref(), Some("sends"));
}

#[tokio::test(start_paused = true)]
async fn an_error_or_an_unknown_failure_fails_the_whole_batch() {
    let (aws, client, url) = memory(1);
    let pump = pump(&aws, 10, 0);
    send(&client, &url, "a", 0).await;
    send(&client, &url, "b", 0).await;
    assert_eq!(pump.step(async |_| Err("time-out".to_owned())).await.unwrap(), Some(Settled { done: 0, failed: 2 }));
    after_s(u64::from(VISIBILITY_S)).await;
    let stranger = async |_| Ok(vec![Failure { message_id: "nobody".to_owned(), reason: None }]);
    assert_eq!(pump.step(stranger).await.unwrap(), Some(Settled { done: 0, failed: 2 }));
    assert_eq!(aws.queues().depth("sends").in_flight, 2);
}

#[tokio::test(start_paused = true)]
async fn a_killed_function_leaves_its_batch_to_come_again() {
    let (aws, client, url) = memory(1);
    let pump = pump(&aws, 10, 0);
    send(&client, &url, "a", 0).await;
    {
        let mut step = Box::pin(pump.step(async |_| std::future::pending().await));
        assert!(futures::poll!(step.as_mut()).is_pending());
    }
    assert_eq!(aws.queues().depth("sends").in_flight, 1);
    after_s(u64::from(VISIBILITY_S)).await;
    assert_eq!(pump.step(async |_| Ok(Vec::new())).await.unwrap(), Some(Settled { done: 1, failed: 0 }));
}

#[tokio::test(start_paused = true)]
async fn copies_come_at_once_and_late_ones_out_of_order() {
    let (aws, client, url) = memory(3);
    aws.queues().deliver_copies("sends", 3).unwrap();
    send(&client, &url, "a", 0).await;
    let batch = pump(&aws, 10, 0).take_batch(aws.queues().next_visible_at("sends").unwrap()).unwrap();
    assert_eq!(texts(&batch), ["a", "a", "a"]);
    assert_eq!(batch[0].message_id, batch[2].message_id);
    assert_ne!(batch[0].receipt, batch[2].receipt);

    let order = |seed| async move {
        let (aws, client, url) = memory(seed);
        let disorder = Disorder { copy_share: 0.2, copies: 2, spread_s: 120, late_share: 0.3, late_s: (900, 345_600) };
        aws.queues().disorder("sends", Some(disorder)).unwrap();
        for number in 0..20 {
            send(&client, &url, &number.to_string(), 0).await;
        }
        after_s(345_000).await;
        let batch = pump(&aws, 100, 0)
            .take_batch(aws.queues().next_visible_at("sends").unwrap() + SignedDuration::from_hours(95))
            .unwrap();
        texts(&batch).iter().map(|text| text.parse::<u32>().unwrap()).collect::<Vec<_>>()
    };
    let (first, second, other) = (order(5).await, order(5).await, order(6).await);
    assert_eq!(first, second);
    assert_ne!(first, other);
    assert!(!first.is_sorted() && first.len() > 20, "{first:?}");
}

#[tokio::test(start_paused = true)]
async fn the_pump_runs_on_virtual_time_and_stops_when_told() {
    let (aws, client, url) = memory(1);
    let clock = clock();
    let start = clock();
    send(&client, &url, "a", 0).await;
    send(&client, &url, "b", 600).await;
    let seen = RefCell::new(Vec::new());
    let stop = tokio::time::sleep(Duration::from_secs(7200));
    let handler = |batch: Vec<Received>| {
        let client = client.clone();
        let (url, seen, clock) = (url.clone(), &seen, &clock);
        async move {
            for message in batch {
                seen.borrow_mut().push((message.body.clone(), clock().duration_since(start).as_secs()));
                if message.body == "b" {
                    send(&client, &url, "c", 30).await;
                    return Err("the first time".to_owned());
                }
            }
            Ok(Vec::new())
        }
    };
    pump(&aws, 10, 0).run(stop, 2, 1.0, handler).await.unwrap();
    let expected = [("a", 0), ("b", 600), ("c", 630), ("b", 660), ("c", 690)];
    let expected: Vec<_> = expected.iter().map(|(body, at)| ((*body).to_owned(), *at)).collect();
    assert_eq!(*seen.borrow(), expected);
    assert_eq!(aws.queues().lying("dead").len(), 1, "b failed twice");
}

#[tokio::test(start_paused = true)]
async fn messages_are_forgotten_after_their_retention() {
    let (_aws, client, url) = memory(1);
    send(&client, &url, "old", 0).await;
    after_s(345_601).await;
    assert!(bodies(&client, &url).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_restart_keeps_messages_counts_and_dead_letters() {
    let directory = tempfile::tempdir().unwrap();
    let clock = clock();
    {
        let aws = Aws::file(directory.path(), clock.clone()).unwrap();
        let url = set_up(&aws);
        let client = aws.sqs();
        for number in 0..40 {
            send(&client, &url, &number.to_string(), 0).await;
        }
        let received = receive(&client, &url).await;
        client.delete_message().queue_url(&url).receipt_handle(&received[0].1).send().await.unwrap();
        aws.queues().note_failure("sends", &received[1].1, "no route").unwrap();
    }
    after_s(u64::from(VISIBILITY_S)).await;
    let aws = Aws::file(directory.path(), clock.clone()).unwrap();
    let url = set_up(&aws);
    let client = aws.sqs();
    assert_eq!(aws.queues().depth("sends").visible, 39);
    // Those that were never received are first; of the nine received before, every one is received a second time.
    for _ in 0..4 {
        receive(&client, &url).await;
    }
    after_s(u64::from(VISIBILITY_S)).await;
    for _ in 0..4 {
        receive(&client, &url).await;
    }
    let dead = aws.queues().lying("dead");
    assert_eq!(dead.len(), 9);
    assert_eq!((dead[0].body.as_str(), dead[0].attributes["reason"].as_str()), ("1", "no route"));
    drop(aws);
    let aws = Aws::file(directory.path(), clock).unwrap();
    set_up(&aws);
    assert_eq!(aws.queues().lying("dead").len(), 9);
    assert_eq!(aws.queues().lying("sends").len(), 30);
}
