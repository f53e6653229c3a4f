//! What an event changes, and that it changes it once.

use std::collections::BTreeMap;

use preheat_core::counters::{Count, Subject};
use preheat_core::event::Reporter;
use preheat_intake::sample::Happening;
use serde_json::Value;

use super::world::{World, status};

/// Deliveries, bounces and complaints of twelve mails, as three providers post them.
async fn story(world: &mut World) -> Vec<Value> {
    let mut posts = Vec::new();
    for (provider, from) in [(Reporter::Brevo, 0), (Reporter::Mailgun, 4), (Reporter::Powermta, 8)] {
        for n in from..from + 4 {
            posts.push(world.post(provider, n, Happening::Delivered).await);
        }
        posts.push(world.post(provider, from, Happening::HardBounce).await);
        posts.push(world.post(provider, from + 1, Happening::Complaint).await);
    }
    posts
}

#[tokio::test]
async fn replays_doubled_and_reordered_deliveries_change_no_counter() {
    let mut world = World::new().await;
    let gate = world.gate();
    let posts = story(&mut world).await;
    for post in &posts {
        assert_eq!(status(&gate, post).await, 200, "{post}");
    }
    let counted = world.counted().await;
    let of = |count| counted.get(&count).copied().unwrap_or(0);
    assert_eq!((of(Count::Delivered), of(Count::Hard), of(Count::Complained)), (9, 3, 3), "{counted:?}");
    let suppressed = world.suppressed().await;
    assert_eq!(suppressed, ["r0", "r1", "r4", "r5", "r8", "r9"].map(|name| format!("{name}@there.example")));

    let before = world.aws.counts();
    let other = world.gate();
    for post in posts.iter().rev().chain(&posts) {
        assert_eq!(status(&other, post).await, 200, "a duplicate is acknowledged");
    }
    assert_eq!(world.counted().await, counted);
    let spent = world.aws.counts().since(&before);
    assert_eq!(spent.of("PutItem").calls + spent.of("UpdateItem").calls, 0, "{spent:?}");

    let mut reordered = World::new().await;
    let posts = story(&mut reordered).await;
    let gate = reordered.gate();
    for post in posts.iter().rev() {
        status(&gate, post).await;
    }
    assert_eq!(reordered.counted().await, counted, "the last first");
    assert_eq!(reordered.suppressed().await, suppressed);
}

#[tokio::test]
async fn a_warmup_token_leads_to_the_mailbox_its_domain_and_one_look() {
    let mut world = World::new().await;
    let (gate, message_id) = (world.gate(), world.message_id(3).await);
    let post = world.post_of(Reporter::Resend, "r1@there.example", &message_id, "evt-1", Happening::HardBounce).await;
    assert_eq!(status(&gate, &post).await, 200);
    assert_eq!(status(&gate, &post).await, 200);
    let once = BTreeMap::from([(Count::Hard, 1)]);
    let mailbox = Subject::Mailbox(world.mailbox);
    assert_eq!(world.counted_of(&mailbox).await, once);
    assert_eq!(world.counted().await, once, "nothing is uncorrelated");
    let looks = world.store.looks().await.unwrap().due;
    assert_eq!(looks.iter().map(|look| &look.subject).collect::<Vec<_>>(), [&mailbox]);
}

#[tokio::test]
async fn a_mail_that_nothing_leads_to_is_kept_and_counted_as_such() {
    let mut world = World::new().await;
    let gate = world.gate();
    let post = world
        .post_of(Reporter::Mailersend, "r1@there.example", "1@elsewhere.example", "e1", Happening::Delivered)
        .await;
    assert_eq!(status(&gate, &post).await, 200);
    assert_eq!(world.counted().await, BTreeMap::from([(Count::Delivered, 1), (Count::Uncorrelated, 1)]));
    assert!(world.counted_of(&Subject::Mailbox(world.mailbox)).await.is_empty());
}
