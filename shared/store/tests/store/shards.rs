//! Reading the fleet.

use aws_sdk_dynamodb::types::AttributeValue;
use preheat_core::id::MailboxId;
use preheat_store::{Key, SHARDS, shard_of};

use crate::world::{TABLE, World, new_mailbox, password};

/// Copies one mailbox's rows under other numbers: faster than importing.
async fn fill(world: &World, count: u32) {
    let id = world.warming("a@example.com", 40).await;
    let client = world.aws.dynamodb();
    let rows = [Key::Plan(id), Key::Box(id)].map(|key| {
        let get = client.get_item().table_name(TABLE);
        get.key("pk", AttributeValue::S(key.pk())).key("sk", AttributeValue::S(key.sk())).send()
    });
    let [plan, found] = rows.map(|row| async { row.await.unwrap().item.unwrap() });
    let (plan, found) = (plan.await, found.await);
    let numbers: Vec<u32> = (id.0 + 1..=count).collect();
    for batch in numbers.chunks(12) {
        let puts = batch.iter().flat_map(|&number| {
            let id = MailboxId(number);
            [(Key::Plan(id), plan.clone()), (Key::Box(id), found.clone())]
        });
        let puts = puts.map(|(key, mut item)| {
            item.insert("pk".to_owned(), AttributeValue::S(key.pk()));
            item.insert("sk".to_owned(), AttributeValue::S(key.sk()));
            let put = aws_sdk_dynamodb::types::PutRequest::builder().set_item(Some(item)).build().unwrap();
            aws_sdk_dynamodb::types::WriteRequest::builder().put_request(put).build()
        });
        client.batch_write_item().request_items(TABLE, puts.collect()).send().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn every_mailbox_is_read_once_in_order() {
    let world = World::new().await;
    fill(&world, 700).await;
    let mut all = Vec::new();
    for shard in 0..SHARDS {
        let read = world.store.shard(shard).await.unwrap();
        assert!(read.unreadable.is_empty());
        let ids: Vec<_> = read.rows.iter().map(|row| row.plan.plan.id).collect();
        assert!(ids.is_sorted() && ids.iter().all(|&id| shard_of(id) == shard));
        all.extend(ids);
    }
    all.sort_unstable();
    assert_eq!(all, (1..=700).map(MailboxId).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_shard_of_several_pages_is_read_whole() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 40).await;
    // A large attribute that nobody reads makes pages of 1 MB out of few rows.
    let client = world.aws.dynamodb();
    let numbers: Vec<MailboxId> =
        (2..2_000).map(MailboxId).filter(|&other| shard_of(other) == shard_of(id)).take(24).collect();
    for source in [Key::Plan(id), Key::Box(id)] {
        let get = client.get_item().table_name(TABLE);
        let get = get.key("pk", AttributeValue::S(source.pk())).key("sk", AttributeValue::S(source.sk()));
        let row = get.send().await.unwrap().item.unwrap();
        for &number in &numbers {
            let key = if source == Key::Plan(id) { Key::Plan(number) } else { Key::Box(number) };
            let mut item = row.clone();
            item.insert("sk".to_owned(), AttributeValue::S(key.sk()));
            item.insert("ballast".to_owned(), AttributeValue::S("x".repeat(100_000)));
            client.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
        }
    }
    let before = world.aws.counts();
    let read = world.store.shard(shard_of(id)).await.unwrap();
    assert!(world.aws.counts().since(&before).of("Query").calls >= 4);
    let ids: Vec<_> = read.rows.iter().map(|row| row.plan.plan.id).collect();
    assert_eq!(ids, [vec![id], numbers].concat());
}

#[tokio::test(start_paused = true)]
async fn a_bad_row_is_told_apart_and_harms_nobody() {
    let world = World::new().await;
    fill(&world, 130).await;
    let client = world.aws.dynamodb();
    let spoil = async |key: Key<'_>, attribute: &str, value: AttributeValue| {
        let update = client.update_item().table_name(TABLE).key("pk", AttributeValue::S(key.pk()));
        let update = update.key("sk", AttributeValue::S(key.sk())).update_expression(format!("SET {attribute} = :v"));
        update.expression_attribute_values(":v", value).send().await.unwrap();
    };
    spoil(Key::Plan(MailboxId(20)), "c", AttributeValue::S("[9,\"a newer form\"]".to_owned())).await;
    spoil(Key::Box(MailboxId(30)), "f", AttributeValue::S("z.z.z".to_owned())).await;
    spoil(Key::Plan(MailboxId(40)), "u", AttributeValue::S("seven".to_owned())).await;
    // A box row without its planning row: a mailbox that is being imported or deleted.
    let gone = Key::Plan(MailboxId(50));
    let delete = client.delete_item().table_name(TABLE).key("pk", AttributeValue::S(gone.pk()));
    delete.key("sk", AttributeValue::S(gone.sk())).send().await.unwrap();

    let mut rows = 0;
    let mut unreadable = Vec::new();
    for shard in 0..SHARDS {
        let read = world.store.shard(shard).await.unwrap();
        rows += read.rows.len();
        unreadable.extend(read.unreadable.into_iter().map(|bad| bad.to_string()));
    }
    unreadable.sort();
    assert_eq!((rows, unreadable.len()), (126, 3), "{unreadable:?}");
    for (text, expected) in unreadable.iter().zip(["00000014#PLAN", "0000001e#BOX", "00000028#PLAN"]) {
        assert!(text.starts_with(expected), "{text}");
    }
    assert!(unreadable[0].contains("version 9"), "{}", unreadable[0]);
}

#[tokio::test(start_paused = true)]
async fn single_rows_are_read_by_number() {
    let world = World::new().await;
    assert_eq!(world.store.plan_row(MailboxId(1)).await.unwrap(), None);
    assert_eq!(world.store.box_row(MailboxId(1)).await.unwrap(), None);
    assert_eq!(world.store.profile(MailboxId(1)).await.unwrap(), None);
    let id = world.store.import(&world.vault, &new_mailbox("a@example.com"), &password()).await.unwrap().id;
    let row = world.row(id).await;
    assert_eq!(world.store.plan_row(id).await.unwrap(), Some(row.plan));
    assert_eq!(world.store.box_row(id).await.unwrap(), Some(row.box_row));
}
