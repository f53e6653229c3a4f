//! The function dies, the ledger stutters: what was acknowledged is stored, what was not comes again, nothing counts twice.

use std::collections::BTreeMap;

use preheat_core::counters::Count;
use preheat_core::event::Reporter;
use preheat_intake::sample::Happening;
use preheat_local::Fault;
use preheat_stack::kill::KillAt;

use super::world::{World, status};

#[tokio::test]
async fn killed_at_every_await_a_bounce_is_counted_once_when_its_sender_has_come_again() {
    for (killed_before, k) in (1..).enumerate() {
        let mut world = World::new().await;
        let post = world.post(Reporter::Resend, 1, Happening::HardBounce).await;
        // A cold process each time: it dies with all it knew.
        let end = KillAt::new(status(&world.gate(), &post), Some(k)).await;
        let stored = world.counted().await.contains_key(&Count::Hard);
        assert_eq!(stored, !world.suppressed().await.is_empty(), "killed at {k}: all of it or nothing");
        let Err(_killed) = end else {
            assert!(stored, "acknowledged and not stored");
            assert!(killed_before >= 4, "died at {killed_before} places only");
            return;
        };
        assert_eq!(status(&world.gate(), &post).await, 200);
        assert_eq!(world.counted().await[&Count::Hard], 1, "killed at {k}");
        assert_eq!(world.suppressed().await, ["r1@there.example"], "killed at {k}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_throttles_or_loses_answers_is_never_answered_2xx_for_what_it_lacks() {
    for fault in [Fault::Throttle, Fault::LoseAnswer, Fault::FailBefore] {
        let mut world = World::new().await;
        let mut posts = Vec::new();
        for n in 0..12 {
            posts.push(world.post(Reporter::Resend, n, Happening::Delivered).await);
        }
        world.aws.faults().share(preheat_local::faults::ANY, fault, 0.5);
        let gate = world.gate();
        let mut acknowledged = 0;
        let mut refused = 0;
        // As a provider does: again, until it is told yes.
        for post in &posts {
            while status(&gate, post).await != 200 {
                refused += 1;
                assert!(refused < 2_000, "{fault:?}");
            }
            acknowledged += 1;
        }
        assert!(world.aws.faults().injected_total() > 0);
        world.aws.faults().clear();
        let delivered = world.counted().await[&Count::Delivered];
        assert_eq!(delivered, acknowledged, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_is_gone_has_every_provider_come_again() {
    let mut world = World::new().await;
    let mut posts = BTreeMap::new();
    for provider in [Reporter::Brevo, Reporter::Resend, Reporter::Mailersend] {
        posts.insert(provider, world.post(provider, 1, Happening::HardBounce).await);
    }
    let gate = world.gate();
    world.aws.faults().share("TransactWriteItems", Fault::FailBefore, 1.0);
    for (provider, post) in &posts {
        let expected = if *provider == Reporter::Brevo { 429 } else { 503 };
        assert_eq!(status(&gate, post).await, expected, "{provider}");
    }
    assert!(world.counted().await.is_empty() && world.suppressed().await.is_empty());
}
