//! Events: counted exactly once, in whatever order, however often, whatever is lost (invariant 13).

use std::collections::BTreeMap;

use jiff::SignedDuration;
use preheat_core::counters::{Count, Counters, Subject};
use preheat_core::event::{Class, Correlation, Event, Kind, Reporter, Signature};
use preheat_core::id::{MailboxId, TenantId};
use preheat_core::merge::Origin;
use preheat_core::suppression::Reason;
use preheat_local::Fault;
use preheat_store::{Noted, Store, StoreError, Suppression, Taken};

use crate::world::{World, at};

const MAILBOX: MailboxId = MailboxId(7);

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

fn noted(key: &str, mail: &str, kind: Kind) -> Noted {
    let event = Event {
        provider: Reporter::Sendgrid,
        account: "endpoint".to_owned(),
        provider_event_id: None,
        dedupe_key: key.to_owned(),
        kind,
        recipient: Some(format!("{mail}@there.example")),
        sender: None,
        sending_ip: None,
        message_id: None,
        provider_message_id: Some(mail.to_owned()),
        correlation: Correlation::default(),
        smtp_code: None,
        enhanced_code: None,
        diagnostic: None,
        occurred_at: at("09:00:00"),
        received_at: at("09:00:01"),
        signature: Signature::Verified,
        raw_ref: None,
    };
    let origin = Origin {
        mailbox: Some((MAILBOX, "UTC".to_owned())),
        domain: Some("example.com".to_owned()),
        ip: Some([192, 0, 2, 1].into()),
        campaign: None,
        zone: "UTC".to_owned(),
    };
    Noted { event, origin, slot: None }
}

fn subjects() -> [Subject; 4] {
    [
        Subject::Mailbox(MAILBOX),
        Subject::Ip(acme(), [192, 0, 2, 1].into()),
        Subject::Domain(acme(), "example.com".to_owned()),
        Subject::Tenant(acme()),
    ]
}

/// The counters of every subject, which must agree: all events here are of one mailbox, IP and domain.
async fn counted(store: &Store) -> BTreeMap<Count, u64> {
    let day = crate::world::TODAY;
    let mut all = Vec::new();
    for subject in subjects() {
        all.push(store.counters(&subject, day..=day).await.unwrap());
    }
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{all:?}");
    all[0].iter().collect()
}

/// Twenty mails: accepted, delivered, and for some of them worse.
fn story() -> Vec<Noted> {
    let mut story = Vec::new();
    for n in 0..20 {
        let mail = format!("m{n}");
        let mut tell = |kind: Kind| story.push(noted(&format!("{mail}-{}", story.len()), &mail, kind));
        tell(Kind::Accepted);
        tell(Kind::Delivered);
        match n {
            0 | 1 => tell(Kind::Bounced(Class::Hard)),
            2 => tell(Kind::Complained),
            3 => tell(Kind::Bounced(Class::MailboxFull)),
            4 => tell(Kind::Unsubscribed),
            5..=9 => tell(Kind::Opened { machine: n % 2 == 0 }),
            _ => {}
        }
    }
    story
}

fn of_story() -> BTreeMap<Count, u64> {
    BTreeMap::from([
        (Count::Accepted, 20),
        (Count::Delivered, 17),
        (Count::Hard, 2),
        (Count::MailboxFull, 1),
        (Count::Complained, 1),
        (Count::Unsubscribed, 1),
        (Count::Opened, 3),
        (Count::MachineOpened, 2),
    ])
}

async fn take(store: &Store, events: &[Noted]) -> Result<Vec<Taken>, StoreError> {
    store.take_events(&acme(), events, at("09:01:00")).await
}

#[tokio::test(start_paused = true)]
async fn a_story_is_counted_once_however_often_and_in_whatever_order_it_is_told() {
    let world = World::new().await;
    let story = story();
    assert!(take(&world.store, &story).await.unwrap().iter().all(|taken| *taken == Taken::Stored));
    assert_eq!(counted(&world.store).await, of_story());
    let before = world.items().await;
    let mut backwards: Vec<Noted> = story.iter().rev().chain(&story).cloned().collect();
    assert!(take(&world.another_store(), &backwards).await.unwrap().iter().all(|taken| *taken == Taken::Duplicate));
    assert_eq!(world.items().await, before, "a replay writes nothing");

    let other = World::new().await;
    backwards.truncate(story.len() + 5);
    for event in &backwards {
        take(&other.store, std::slice::from_ref(event)).await.unwrap();
    }
    assert_eq!(counted(&other.store).await, of_story(), "one by one, the last first");
}

#[tokio::test(start_paused = true)]
async fn throttles_and_lost_answers_count_nothing_twice_and_lose_nothing() {
    for fault in [Fault::Throttle, Fault::LoseAnswer, Fault::FailBefore] {
        let world = World::new().await;
        for operation in ["TransactWriteItems", "BatchGetItem"] {
            world.aws.faults().share(operation, fault, 0.4);
        }
        let story = story();
        // As a provider does: again, all of it, until it is taken.
        let mut tries = 0;
        while take(&world.another_store(), &story).await.is_err() {
            tries += 1;
            assert!(tries < 50, "{fault:?}");
        }
        assert!(world.aws.faults().injected_total() > 0);
        world.aws.faults().clear();
        assert_eq!(counted(&world.store).await, of_story(), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_processes_at_once_with_the_same_and_with_other_events_of_the_same_mails() {
    let world = World::new().await;
    world.aws.faults().share("TransactWriteItems", Fault::Latency(std::time::Duration::from_millis(7)), 0.5);
    let story = story();
    let (other, third) = (world.another_store(), world.another_store());
    let odd: Vec<Noted> = story.iter().skip(1).step_by(2).cloned().collect();
    let even: Vec<Noted> = story.iter().step_by(2).cloned().collect();
    let (a, b, c) = tokio::join!(take(&world.store, &odd), take(&other, &even), take(&third, &story));
    let stored = [a, b, c].into_iter().flat_map(Result::unwrap).filter(|taken| *taken == Taken::Stored).count();
    assert_eq!(stored, story.len());
    assert_eq!(counted(&world.store).await, of_story());
}

#[tokio::test(start_paused = true)]
async fn hard_bounces_complaints_and_unsubscriptions_suppress_and_a_soft_one_only_the_third_time() {
    let world = World::new().await;
    take(&world.store, &story()).await.unwrap();
    let reasons: Vec<(String, Reason)> = world
        .store
        .suppressions(&acme())
        .await
        .unwrap()
        .into_iter()
        .map(|one| (one.address.local_part().to_owned(), one.reason))
        .collect();
    let named = |name: &str, reason| (name.to_owned(), reason);
    assert_eq!(
        reasons,
        [
            named("m0", Reason::Hard),
            named("m1", Reason::Hard),
            named("m2", Reason::Complaint),
            named("m4", Reason::Unsubscribed)
        ]
    );
    let soft = |n: u32, class| {
        let mut soft = noted(&format!("soft-{n}"), &format!("mail-{n}"), Kind::Bounced(class));
        soft.event.recipient = Some("full@there.example".to_owned());
        soft
    };
    let is_suppressed =
        async || world.store.suppressed(&acme()).await.unwrap().contains(&"full@there.example".parse().unwrap());
    for (n, class) in (0..).zip([Class::MailboxFull, Class::Transient, Class::Policy, Class::ReputationBlock]) {
        take(&world.store, &[soft(n, class)]).await.unwrap();
        take(&world.store, &[soft(n, class)]).await.unwrap();
    }
    assert!(!is_suppressed().await, "two soft bounces, each told twice, and two that speak of us");
    take(&world.store, &[soft(9, Class::Undetermined)]).await.unwrap();
    assert!(is_suppressed().await);
}

#[tokio::test(start_paused = true)]
async fn what_an_operator_lifted_stays_lifted_when_the_event_comes_again() {
    let world = World::new().await;
    let bounce = [noted("k", "gone", Kind::Bounced(Class::Hard))];
    take(&world.store, &bounce).await.unwrap();
    let address = "gone@there.example".parse().unwrap();
    world.store.unsuppress(&acme(), &address).await.unwrap();
    take(&world.store, &bounce).await.unwrap();
    assert!(world.store.suppressed(&acme()).await.unwrap().is_empty());
    assert!(matches!(world.store.unsuppress(&acme(), &address).await, Err(StoreError::NotFound(_))));
    let by_hand = Suppression { address, reason: Reason::ByHand, source: "operator".to_owned(), since: at("09:00:00") };
    assert!(world.store.suppress(&acme(), &by_hand).await.unwrap());
    take(&world.store, &[noted("k2", "gone", Kind::Complained)]).await.unwrap();
    assert_eq!(world.store.suppressions(&acme()).await.unwrap(), [by_hand], "the first reason stays");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_bad_events_wish_one_look_and_those_that_come_meanwhile_another() {
    let world = World::new().await;
    let bad: Vec<Noted> =
        (0..1_000).map(|n| noted(&format!("k{n}"), &format!("m{n}"), Kind::Bounced(Class::Hard))).collect();
    take(&world.store, &bad).await.unwrap();
    let looks = world.store.looks().await.unwrap().due;
    assert_eq!(
        looks.iter().map(|look| look.subject.clone()).collect::<Vec<_>>(),
        [subjects()[1].clone(), subjects()[0].clone()]
    );
    take(&world.store, &[noted("one more", "one-more", Kind::Complained)]).await.unwrap();
    for look in &looks {
        world.store.looked(look, at("09:02:00")).await.unwrap();
    }
    let again = world.store.looks().await.unwrap().due;
    assert_eq!(again.len(), 2, "what came during the look");
    for look in &again {
        world.store.looked(look, at("09:03:00")).await.unwrap();
    }
    assert!(world.store.looks().await.unwrap().due.is_empty());
    take(&world.store, &[noted("fine", "fine", Kind::Delivered)]).await.unwrap();
    take(&world.store, &bad).await.unwrap();
    assert!(world.store.looks().await.unwrap().due.is_empty(), "neither a good event nor a replay wishes a look");
}

#[tokio::test(start_paused = true)]
async fn an_event_is_forgotten_after_a_week_and_its_day_is_not() {
    let world = World::new().await;
    take(&world.store, &[noted("k", "m", Kind::Deferred)]).await.unwrap();
    world.pass(SignedDuration::from_hours(24 * 8));
    assert_eq!(world.aws.sweep_expired().unwrap(), 1, "the event");
    let day = crate::world::TODAY;
    let days = world.store.counters_by_day(&subjects()[0], day..=day).await.unwrap();
    let mut deferred = Counters::default();
    deferred.add(Count::Deferred, 1);
    assert_eq!(days, BTreeMap::from([(day, deferred)]), "a day with any event is kept, nothing sent");
}

#[tokio::test(start_paused = true)]
async fn campaigns_are_counted_and_listed_and_a_redelivery_changes_nothing() {
    let world = World::new().await;
    let day = crate::world::TODAY;
    let of = |key: &str, mail: &str, kind, campaign: &str| {
        let mut noted = noted(key, mail, kind);
        noted.origin.campaign = Some(preheat_core::merge::campaign_name(campaign));
        noted
    };
    let hostile = "é#".repeat(2_000);
    let mut told = vec![
        of("1", "a", Kind::Delivered, "q1"),
        of("2", "a", Kind::Clicked, "q1"),
        of("3", "b", Kind::Bounced(Class::Hard), "q1"),
        of("4", "c", Kind::Delivered, "q1#2026-03-02"),
        of("5", "d", Kind::Delivered, &hostile),
        noted("6", "e", Kind::Delivered),
    ];
    take(&world.store, &told).await.unwrap();
    let listed = async |days: std::ops::RangeInclusive<_>| world.store.campaigns(&acme(), days).await.unwrap();
    let counts = |pairs: &[(Count, u64)]| {
        let mut counters = Counters::default();
        pairs.iter().for_each(|(count, mails)| counters.add(*count, *mails));
        counters
    };
    let expected = BTreeMap::from([
        ("q1".to_owned(), counts(&[(Count::Delivered, 1), (Count::Clicked, 1), (Count::Hard, 1)])),
        ("q1#2026-03-02".to_owned(), counts(&[(Count::Delivered, 1)])),
        (preheat_core::merge::campaign_name(&hostile), counts(&[(Count::Delivered, 1)])),
    ]);
    assert_eq!(listed(day..=day).await, expected);
    let before = world.items().await;
    told.reverse();
    take(&world.another_store(), &told).await.unwrap();
    assert_eq!((listed(day..=day).await, world.items().await), (expected, before), "a redelivery");
    let q1 = world.store.counters(&Subject::Campaign(acme(), "q1".to_owned()), day..=day).await.unwrap();
    assert_eq!(q1, counts(&[(Count::Delivered, 1), (Count::Clicked, 1), (Count::Hard, 1)]), "and no other's");
    let next = day.tomorrow().unwrap();
    assert!(listed(next..=next).await.is_empty());
    // Corrections reach the campaign too.
    take(&world.store, &[of("7", "a", Kind::Bounced(Class::Hard), "q1")]).await.unwrap();
    let q1 = world.store.counters(&Subject::Campaign(acme(), "q1".to_owned()), day..=day).await.unwrap();
    assert_eq!(q1, counts(&[(Count::Clicked, 1), (Count::Hard, 2)]));
}

/// A bounce that a mailbox of ours found: it knows the wire's Message-ID alone.
fn notification(key: &str, mail: &str, wire: &str) -> Noted {
    let mut noted = noted(key, mail, Kind::Bounced(Class::Hard));
    noted.event.provider = Reporter::Mailbox;
    noted.event.account = MAILBOX.to_string();
    noted.event.provider_message_id = None;
    noted.event.message_id = Some(wire.to_owned());
    noted
}

fn with_wire(mut noted: Noted, wire: &str) -> Noted {
    noted.event.message_id = Some(wire.to_owned());
    noted
}

#[tokio::test(start_paused = true)]
async fn a_bounce_that_a_platform_and_a_mailbox_report_counts_once_in_every_order() {
    let platform = noted("webhook", "m", Kind::Bounced(Class::Hard));
    let delivered = with_wire(noted("delivered", "m", Kind::Delivered), "m@acme.example");
    let dsn = notification("dsn", "m", "m@acme.example");
    let orders: [[&Noted; 3]; 6] = [
        [&platform, &delivered, &dsn],
        [&platform, &dsn, &delivered],
        [&delivered, &platform, &dsn],
        [&delivered, &dsn, &platform],
        [&dsn, &platform, &delivered],
        [&dsn, &delivered, &platform],
    ];
    for order in orders {
        for together in [true, false] {
            let world = World::new().await;
            let order: Vec<Noted> = order.iter().copied().cloned().collect();
            if together {
                take(&world.store, &order).await.unwrap();
            } else {
                for event in &order {
                    take(&world.another_store(), std::slice::from_ref(event)).await.unwrap();
                }
            }
            assert_eq!(counted(&world.store).await, BTreeMap::from([(Count::Hard, 1)]), "{order:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slot_is_one_mail_whatever_ids_its_relay_gave_it() {
    let world = World::new().await;
    let slot = Some("mb-7/2026-03-02/3".parse().unwrap());
    let webhook = Noted { slot, ..noted("webhook", "relay", Kind::Bounced(Class::Hard)) };
    let dsn = Noted { slot, ..notification("dsn", "relay", "rewritten@relay.example") };
    take(&world.store, &[webhook]).await.unwrap();
    take(&world.store, &[dsn]).await.unwrap();
    assert_eq!(counted(&world.store).await, BTreeMap::from([(Count::Hard, 1)]));
}

#[tokio::test(start_paused = true)]
async fn processes_that_join_the_names_of_a_mail_at_once_count_it_once() {
    let world = World::new().await;
    world.aws.faults().share("TransactWriteItems", Fault::Latency(std::time::Duration::from_millis(7)), 0.5);
    let told: Vec<Noted> = (0..12)
        .flat_map(|n| {
            let (mail, wire) = (format!("m{n}"), format!("m{n}@acme.example"));
            [
                noted(&format!("a{n}"), &mail, Kind::Bounced(Class::Hard)),
                with_wire(noted(&format!("b{n}"), &mail, Kind::Accepted), &wire),
                notification(&format!("c{n}"), &mail, &wire),
            ]
        })
        .collect();
    let part = |of: usize| told.iter().skip(of).step_by(3).cloned().collect::<Vec<_>>();
    let (parts, stores) = ([part(0), part(1), part(2)], [world.another_store(), world.another_store()]);
    let (a, b, c) =
        tokio::join!(take(&world.store, &parts[0]), take(&stores[0], &parts[1]), take(&stores[1], &parts[2]));
    let stored = [a, b, c].into_iter().flat_map(Result::unwrap).filter(|taken| *taken == Taken::Stored).count();
    assert_eq!(stored, told.len());
    assert_eq!(counted(&world.store).await, BTreeMap::from([(Count::Accepted, 12), (Count::Hard, 12)]));
}
