//! DynamoDB through the real SDK: conditions, faults, counts, a restart.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, PutRequest, ReturnConsumedCapacity,
    ReturnValue, ReturnValuesOnConditionCheckFailure, ScalarAttributeType, WriteRequest,
};
use jiff::Timestamp;
use preheat_core::clock::Clock;
use preheat_local::{Aws, Fault, QueueSettings};

const TABLE: &str = "ledger";

fn clock() -> Clock {
    let start = tokio::time::Instant::now();
    Arc::new(move || Timestamp::from_second(1_800_000_000).unwrap() + start.elapsed())
}

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

async fn create(client: &aws_sdk_dynamodb::Client) {
    let attribute = |name: &str| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build().unwrap()
    };
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    client
        .create_table()
        .table_name(TABLE)
        .attribute_definitions(attribute("pk"))
        .attribute_definitions(attribute("sk"))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await
        .unwrap();
}

async fn fresh(seed: u64) -> (Aws, aws_sdk_dynamodb::Client) {
    let aws = Aws::memory(clock(), seed).unwrap();
    let client = aws.dynamodb();
    create(&client).await;
    (aws, client)
}

async fn put(client: &aws_sdk_dynamodb::Client, sk: &str, text: &str) {
    client.put_item().table_name(TABLE).item("pk", s("P")).item("sk", s(sk)).item("t", s(text)).send().await.unwrap();
}

fn add_one(
    client: &aws_sdk_dynamodb::Client,
) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
    client
        .update_item()
        .table_name(TABLE)
        .key("pk", s("P"))
        .key("sk", s("a"))
        .update_expression("ADD n :one")
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
}

async fn n(client: &aws_sdk_dynamodb::Client) -> Option<String> {
    let item = client.get_item().table_name(TABLE).key("pk", s("P")).key("sk", s("a")).send().await.unwrap().item?;
    Some(item.get("n")?.as_n().unwrap().clone())
}

#[tokio::test(start_paused = true)]
async fn a_refused_condition_says_so_and_shows_the_item() {
    let (aws, client) = fresh(1).await;
    put(&client, "a", &"x".repeat(1500)).await;
    let error = add_one(&client)
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let refused = match error {
        aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException(refused) => refused,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused.item().unwrap()["t"].as_s().unwrap().len(), 1500);
    let update = aws.counts().of("UpdateItem");
    assert_eq!((update.calls, update.failures), (1, 1));
    assert!((update.write_units - 2.0).abs() < 1e-9, "a refused write of 1.5 kB costs 2 units: {update:?}");

    add_one(&client).condition_expression("attribute_not_exists(pk)").send().await.unwrap_err();
    assert!((aws.counts().of("UpdateItem").write_units - 4.0).abs() < 1e-9, "the same without the item returned");
}

#[tokio::test(start_paused = true)]
async fn units_are_those_of_the_item_sizes() {
    let (aws, client) = fresh(1).await;
    // 1024 bytes in all: pk + P, sk + a, t + text.
    put(&client, "a", &"x".repeat(1024 - 7)).await;
    assert!((aws.counts().write_units() - 1.0).abs() < 1e-9);
    put(&client, "a", &"x".repeat(1024 - 6)).await;
    assert!((aws.counts().write_units() - 3.0).abs() < 1e-9, "1025 bytes cost 2");
    put(&client, "a", "x").await;
    assert!((aws.counts().write_units() - 5.0).abs() < 1e-9, "overwriting 1025 bytes costs 2");

    let query = client
        .query()
        .table_name(TABLE)
        .key_condition_expression("pk = :p")
        .expression_attribute_values(":p", s("P"))
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .unwrap();
    assert_eq!(query.count(), 1);
    assert_eq!(query.consumed_capacity().unwrap().capacity_units(), Some(0.5), "eventually consistent: half");
    assert!((aws.counts().read_units() - 0.5).abs() < 1e-9);
    client.get_item().table_name(TABLE).key("pk", s("P")).key("sk", s("a")).consistent_read(true).send().await.unwrap();
    assert!((aws.counts().of("GetItem").read_units - 1.0).abs() < 1e-9);
    let put_back = client.put_item().table_name(TABLE).item("pk", s("P")).item("sk", s("a")).send().await.unwrap();
    assert!(put_back.consumed_capacity().is_none(), "what was not asked for is not answered");
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_was_applied_and_the_sdk_applies_it_again() {
    let (aws, client) = fresh(1).await;
    aws.faults().script("UpdateItem", 1, Fault::LoseAnswer);
    add_one(&client).return_values(ReturnValue::UpdatedNew).send().await.unwrap();
    assert_eq!(n(&client).await.as_deref(), Some("2"), "the retry cannot know that the first was applied");
    assert_eq!(aws.faults().injected()[&("UpdateItem".to_owned(), "lose-answer")], 1);
    assert_eq!(aws.counts().of("UpdateItem").calls, 2);

    aws.faults().script("UpdateItem", 2, Fault::FailBefore);
    add_one(&client).send().await.unwrap();
    add_one(&client).send().await.unwrap();
    assert_eq!(n(&client).await.as_deref(), Some("4"), "what failed before was not applied");
}

#[tokio::test(start_paused = true)]
async fn throttles_are_retried_on_virtual_time_and_then_reported() {
    let (aws, client) = fresh(1).await;
    let start = tokio::time::Instant::now();
    aws.faults().script_next("UpdateItem", 2, Fault::Throttle);
    add_one(&client).send().await.unwrap();
    assert_eq!(start.elapsed().as_millis(), 200, "two pauses of 100 ms");

    aws.faults().share("UpdateItem", Fault::Throttle, 1.0);
    let error = add_one(&client).send().await.unwrap_err();
    assert_eq!(error.code(), Some("ProvisionedThroughputExceededException"));
    aws.faults().clear();
    add_one(&client).send().await.unwrap();
    assert_eq!(n(&client).await.as_deref(), Some("2"));

    aws.faults().script("UpdateItem", 1, Fault::Latency(std::time::Duration::from_secs(3)));
    let start = tokio::time::Instant::now();
    add_one(&client).send().await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_meets_the_same_faults() {
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let (aws, client) = fresh(seed).await;
        aws.faults().share("*", Fault::Throttle, 0.3);
        aws.faults().share("UpdateItem", Fault::LoseAnswer, 0.2);
        let mut history = Vec::new();
        for _ in 0..60 {
            history.push(add_one(&client).send().await.is_ok());
        }
        aws.faults().clear();
        runs.push((history, n(&client).await, aws.counts()));
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0].2, runs[2].2);
}

#[tokio::test(start_paused = true)]
async fn a_batch_done_in_part_names_the_rest() {
    let (aws, client) = fresh(1).await;
    let request = |sk: &str| {
        let put = PutRequest::builder().item("pk", s("P")).item("sk", s(sk)).build().unwrap();
        WriteRequest::builder().put_request(put).build()
    };
    aws.faults().script_next("BatchWriteItem", 2, Fault::PartialBatch);
    let batch = client.batch_write_item().request_items(TABLE, ["a", "b", "c"].map(request).to_vec());
    let left = batch.send().await.unwrap().unprocessed_items.unwrap();
    assert_eq!(left[TABLE].len(), 1);
    let left = client.batch_write_item().set_request_items(Some(left)).send().await.unwrap().unprocessed_items.unwrap();
    assert_eq!(left[TABLE].len(), 1, "the only entry of a batch fails too");
    client.batch_write_item().set_request_items(Some(left)).send().await.unwrap();
    let all = client.scan().table_name(TABLE).send().await.unwrap();
    assert_eq!(all.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_call_can_be_dropped_before_and_after_it_is_applied() {
    for (polls, expected) in [(1, None), (2, Some("1"))] {
        let (_aws, client) = fresh(1).await;
        {
            let mut call = Box::pin(add_one(&client).send());
            for _ in 0..polls {
                assert!(futures::poll!(call.as_mut()).is_pending());
            }
        }
        assert_eq!(n(&client).await.as_deref(), expected, "dropped after {polls} polls");
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_is_found_again() {
    let directory = tempfile::tempdir().unwrap();
    {
        let client = Aws::file(directory.path(), clock()).unwrap().dynamodb();
        create(&client).await;
        add_one(&client).send().await.unwrap();
    }
    let aws = Aws::file(directory.path(), clock()).unwrap();
    assert_eq!(n(&aws.dynamodb()).await.as_deref(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn a_kill_at_any_moment_loses_nothing_that_was_answered() {
    let (directory, copies) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let aws = Aws::file(directory.path(), clock()).unwrap();
    let client = aws.dynamodb();
    create(&client).await;
    let queue = aws.create_queue("sends", QueueSettings::default());
    for round in 1..=10 {
        add_one(&client).send().await.unwrap();
        aws.sqs().send_message().queue_url(&queue).message_body("text").send().await.unwrap();
        // What a kill leaves: the files as they are, with nothing closed.
        let copy = copies.path().join(round.to_string());
        std::fs::create_dir(&copy).unwrap();
        for file in std::fs::read_dir(directory.path()).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
        }
        let found = Aws::file(&copy, clock()).unwrap();
        found.create_queue("sends", QueueSettings::default());
        assert_eq!(n(&found.dynamodb()).await, Some(round.to_string()));
        assert_eq!(found.queues().depth("sends").visible, round);
    }
}

/// The claim of the ledger: one conditional update of a packed row.
async fn claim(client: &aws_sdk_dynamodb::Client, k: usize) {
    client
        .update_item()
        .table_name(TABLE)
        .key("pk", s("P"))
        .key("sk", s("plan"))
        .update_expression("SET o.#k = :claim, la = :now ADD u :one")
        .condition_expression(
            "st = :st AND d = :d AND u < q AND attribute_not_exists(o.#k) AND (attribute_not_exists(la) OR la <= :now)",
        )
        .expression_attribute_names("#k", k.to_string())
        .expression_attribute_values(":claim", s("C 1234567890 77 1"))
        .expression_attribute_values(":now", AttributeValue::N("1800000000".to_owned()))
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
        .expression_attribute_values(":st", s("warming"))
        .expression_attribute_values(":d", s("2027-01-15"))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await
        .unwrap();
}

async fn put_plan(client: &aws_sdk_dynamodb::Client, pk: &str, sk: &str) {
    let number = |number: u32| AttributeValue::N(number.to_string());
    client
        .put_item()
        .table_name(TABLE)
        .item("pk", s(pk))
        .item("sk", s(sk))
        .item("c", s(&"{\"config\":1}".repeat(30)))
        .item("st", s("warming"))
        .item("d", s("2027-01-15"))
        .item("q", number(1000))
        .item("u", number(0))
        .item("o", AttributeValue::M(std::collections::HashMap::new()))
        .send()
        .await
        .unwrap();
}

/// The time of a call, about 100 µs to 200 µs: `cargo test -p preheat-local --test dynamo -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "a measurement"]
#[allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a measurement")]
async fn time_of_a_call() {
    let (_aws, client) = fresh(1).await;
    let time = |what: &'static str, count: u32, start: std::time::Instant| {
        let mean = start.elapsed() / count;
        println!("{what}: {mean:?}");
        assert!(mean.as_micros() < 2000, "{what}: ten times what it should be, even on a busy machine");
    };
    for _ in 0..300 {
        add_one(&client).send().await.unwrap();
    }
    let start = std::time::Instant::now();
    for _ in 0..2000 {
        add_one(&client).send().await.unwrap();
    }
    time("UpdateItem, small", 2000, start);
    let start = std::time::Instant::now();
    for round in 0..50 {
        put_plan(&client, "P", "plan").await;
        for k in 0..40 {
            claim(&client, round * 40 + k).await;
        }
    }
    time("UpdateItem, a claim on a row of up to 40", 2050, start);
    let start = std::time::Instant::now();
    for number in 0..2000 {
        put_plan(&client, "Q", &format!("{number:08x}#PLAN")).await;
    }
    time("PutItem, a row", 2000, start);
    let start = std::time::Instant::now();
    for _ in 0..2000 {
        n(&client).await;
    }
    time("GetItem, small", 2000, start);
    let start = std::time::Instant::now();
    let query = client.query().table_name(TABLE).key_condition_expression("pk = :p");
    let page = query.expression_attribute_values(":p", s("Q")).send().await.unwrap();
    time("Query, a row of a page", u32::try_from(page.count()).unwrap(), start);
}
