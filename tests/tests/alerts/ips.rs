//! Sending IPs: bad events are looked at within minutes, and late ones count.

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use preheat_app::ips::{NewIp, add, daily};
use preheat_core::change::Kind;
use preheat_core::event::{Class, Correlation, Event, Kind as Happened, Reporter, Signature};
use preheat_core::ip::{IpLimits, PlanMode, SendingIp, Status};
use preheat_core::merge::Origin;
use preheat_core::message::Look;
use preheat_store::Noted;

use crate::world::{World, acme};

const TODAY: Date = date(2026, 3, 2);
const OURS: &str = "203.0.113.7";

async fn with_ip() -> World {
    let world = World::new(0).await;
    let new = NewIp {
        tenant: acme(),
        address: OURS.parse().unwrap(),
        domain: "mail.example.com".parse().unwrap(),
        zone: "UTC".to_owned(),
        ramp: PlanMode::Smooth.six_weeks(),
        override_reason: None,
    };
    add(&world.app.store, &new, &IpLimits::default(), world.now()).await.unwrap();
    world
}

/// Mails that left an IP at a moment: so many delivered, so many bounced; each bunch of its own name.
async fn report(world: &World, ip: &str, name: &str, (delivered, bounced): (u32, u32), occurred_at: Timestamp) {
    let ip = Some(ip.parse().unwrap());
    let noted = |n: u32| {
        let kind = if n < delivered { Happened::Delivered } else { Happened::Bounced(Class::Hard) };
        let event = Event {
            provider: Reporter::Powermta,
            account: "pmta".to_owned(),
            provider_event_id: None,
            dedupe_key: format!("{name}-{n}"),
            kind,
            recipient: Some(format!("{name}{n}@example.org")),
            sender: Some("news@mail.example.com".to_owned()),
            sending_ip: ip,
            message_id: Some(format!("{name}{n}@mail.example.com")),
            provider_message_id: None,
            correlation: Correlation::default(),
            smtp_code: None,
            enhanced_code: None,
            diagnostic: None,
            occurred_at,
            received_at: world.now(),
            signature: Signature::Verified,
            raw_ref: None,
        };
        let domain = Some("mail.example.com".to_owned());
        let origin = Origin { mailbox: None, domain, ip, campaign: None, zone: "UTC".to_owned() };
        Noted { event, origin, slot: None }
    };
    let events: Vec<Noted> = (0..delivered + bounced).map(noted).collect();
    world.app.store.take_events(&acme(), &events, world.now()).await.unwrap();
}

async fn ip(world: &World) -> SendingIp {
    world.app.store.ip(&acme(), OURS.parse().unwrap()).await.unwrap().unwrap().ip
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_hard_bounces_pauses_an_ip_within_minutes() {
    let world = with_ip().await;
    report(&world, OURS, "m", (20, 2), world.now()).await;
    world.pass(SignedDuration::from_mins(5));
    world.govern(Look::Due).await;
    assert_eq!(ip(&world).await.status, Status::Warming, "two bad events pause nothing");
    report(&world, OURS, "n", (10, 13), world.now()).await;
    // Somebody else's address, of which the same provider reports: nothing to look at, and the wish is gone.
    report(&world, "198.51.100.9", "o", (0, 9), world.now()).await;
    world.pass(SignedDuration::from_mins(5));
    world.govern(Look::Due).await;
    let paused = ip(&world).await;
    assert!(matches!(paused.status, Status::Paused { .. }), "{paused:?}");
    assert_eq!((paused.day, paused.date, world.kinds()), (1, TODAY, vec![Kind::IpPaused]));
    assert_eq!(world.app.store.looks().await.unwrap().due, []);
    world.govern(Look::Due).await;
    assert_eq!(world.kinds(), []);
    // At 01:00 the day is consolidated as any other; what lasts is said again, under an id of its day.
    world.pass(SignedDuration::from_hours(14));
    daily(&world.app, world.now()).await.unwrap();
    let days = world.app.store.ip_days(&acme(), OURS.parse().unwrap(), TODAY).await.unwrap();
    assert_eq!((days.len(), days[0].counts.bounced), (1, 15));
    assert_eq!(world.kinds(), [Kind::IpPaused]);
}

#[tokio::test(start_paused = true)]
async fn bounces_of_a_day_that_are_told_after_its_decision_count_in_the_next() {
    let world = with_ip().await;
    let monday = world.now();
    report(&world, OURS, "m", (50, 0), monday).await;
    let next_night = SignedDuration::from_hours(14);
    world.pass(next_night);
    daily(&world.app, world.now()).await.unwrap();
    assert_eq!((ip(&world).await.day, ip(&world).await.status), (2, Status::Warming));
    world.pass(SignedDuration::from_hours(8));
    report(&world, OURS, "t", (61, 0), world.now()).await;
    // Monday's bounces come on Tuesday. Nobody looks out of turn: the governor that would is down.
    report(&world, OURS, "late", (0, 30), monday).await;
    world.pass(SignedDuration::from_hours(16));
    daily(&world.app, world.now()).await.unwrap();
    assert!(matches!(ip(&world).await.status, Status::Paused { .. }), "30 of 141 in seven days");
}
