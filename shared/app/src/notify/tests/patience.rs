//! What a slow channel costs, and one that wants no more.

use super::*;

#[tokio::test]
async fn a_slow_channel_has_its_share_of_an_invocation_and_costs_no_other_a_message() {
    let world = World::new().await;
    // Each answer of the slow one takes 9 s.
    let now_ms = Arc::clone(&world.now_ms);
    let stub = Stub::start(move |seen, _| {
        if seen.path == "/hook" {
            now_ms.fetch_add(9_000 / 8, Ordering::Relaxed);
        }
        Reply::ok("ok")
    });
    let stub = stub.await.unwrap();
    world.webhook(&stub).await;
    world.slack(&stub).await;
    let changes: Vec<Change> = (1..=100).map(|n| world.change(Kind::MailboxError, n)).collect();
    let asked = |path: &str| paths(&stub).iter().filter(|seen| *seen == path).count();
    let began = world.app.now();
    assert!(world.notify(&changes, "a").await.iter().all(|answer| *answer == Next::Done));
    assert!(world.app.now().duration_since(began) <= SignedDuration::from_secs(30), "its execution is free again");
    assert_eq!((asked("/hook"), asked("/slack")), (24, 1), "three rounds of eight");
    let rest = world.queue();
    assert!(rest.iter().all(|order| order.only == Some("crm".parse().unwrap()) && order.tries == 0), "not its fault");
    assert_eq!(rest.len(), 76);
    // Each message arrives once in the end.
    world.pass(SignedDuration::from_mins(2));
    let mut orders = rest;
    for attempt in 1..10 {
        notify(&world.app, &world.outside, &orders, &format!("{attempt}")).await;
        orders = world.queue();
        world.pass(SignedDuration::from_mins(2));
    }
    assert!(orders.is_empty());
    assert_eq!((asked("/hook"), asked("/slack")), (100, 1));
}

#[tokio::test]
async fn a_webhook_that_says_410_is_disabled_and_asked_no_more() {
    let world = World::new().await;
    let stub =
        Stub::start(|seen, _| if seen.path == "/hook" { Reply::status(410, "unsubscribed") } else { Reply::ok("ok") });
    let stub = stub.await.unwrap();
    world.webhook(&stub).await;
    world.slack(&stub).await;
    assert_eq!(world.notify(&[world.change(Kind::MailboxError, 1)], "a").await, [Next::Done]);
    assert!(world.queue().is_empty(), "it is not tried again");
    assert_eq!(world.notify(&[world.change(Kind::MailboxError, 2)], "b").await, [Next::Done]);
    let asked = |path: &str| paths(&stub).iter().filter(|seen| *seen == path).count();
    assert_eq!((asked("/hook"), asked("/slack")), (1, 2));
    let channels = world.app.store.channels(&Owner::Tenant(acme())).await.unwrap();
    let disabled = channels.iter().find(|stored| stored.channel.id.as_str() == "crm").unwrap().channel.disabled.clone();
    let disabled = disabled.unwrap();
    assert_eq!(disabled.since, world.app.now());
    assert!(disabled.reason.contains("410") && disabled.reason.contains("unsubscribed"), "{}", disabled.reason);
    assert!(channels.iter().all(|stored| stored.sealed.is_some()), "added again, it needs no other secret");
}
