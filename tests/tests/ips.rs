//! Sending IPs and domains over the real store: events in, the day's decision out; once, whoever calls how often.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::large_futures, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use preheat_app::ips::{AddError, Decided, NewIp, add, daily};
use preheat_app::{App, domains};
use preheat_core::clock::Clock;
use preheat_core::domain::{Check, Report, Subject, Topic, Verdict};
use preheat_core::event::{Correlation, Event, Kind, Reporter, Signature};
use preheat_core::id::TenantId;
use preheat_core::ip::daily::Rule;
use preheat_core::ip::{IpLimits, PlanMode, SendingIp, Status};
use preheat_core::limits::Limits;
use preheat_core::merge::Origin;
use preheat_local::Aws;
use preheat_sandbox::{Network, World as Providers};
use preheat_stack::rig::app_over;
use preheat_stack::stack::create_queues;
use preheat_store::Noted;

const DAY_1: Date = date(2026, 3, 2);
const IP: &str = "203.0.113.7";

struct World {
    app: App,
    now_ms: Arc<AtomicI64>,
    mails: u32,
}

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

fn at(date: Date, hour: i8) -> Timestamp {
    date.at(hour, 0, 0, 0).in_tz("UTC").unwrap().timestamp()
}

impl World {
    async fn new() -> Self {
        let now_ms = Arc::new(AtomicI64::new(at(DAY_1, 8).as_millisecond()));
        let clock: Clock = {
            let now_ms = Arc::clone(&now_ms);
            Arc::new(move || Timestamp::from_millisecond(now_ms.load(Ordering::Relaxed)).unwrap())
        };
        let aws = Aws::memory(clock.clone(), 7).unwrap();
        create_queues(&aws);
        let network = Network::new(Providers::new(clock.clone(), 7), 7);
        let app = app_over(&aws, Arc::new(network), &clock, &Limits::default());
        app.store.create_table().await.unwrap();
        Self { app, now_ms, mails: 0 }
    }

    fn new_ip(address: &str) -> NewIp {
        NewIp {
            tenant: acme(),
            address: address.parse().unwrap(),
            domain: "mail.example.com".parse().unwrap(),
            zone: "UTC".to_owned(),
            ramp: PlanMode::Smooth.six_weeks(),
            override_reason: None,
        }
    }

    /// Events of mails that left the IP on a date: so many delivered, so many bounced.
    async fn report(&mut self, date: Date, delivered: u32, bounced: u32) {
        let kinds = (0..delivered).map(|_| Kind::Delivered);
        let kinds = kinds.chain((0..bounced).map(|_| Kind::Bounced(preheat_core::event::Class::Hard)));
        let events: Vec<Noted> = kinds.map(|kind| self.noted(kind, at(date, 10))).collect();
        self.app.store.take_events(&acme(), &events, at(date, 11)).await.unwrap();
    }

    fn noted(&mut self, kind: Kind, occurred_at: Timestamp) -> Noted {
        self.mails += 1;
        let ip = IP.parse().unwrap();
        let event = Event {
            provider: Reporter::Powermta,
            account: "pmta".to_owned(),
            provider_event_id: None,
            dedupe_key: format!("event-{}", self.mails),
            kind,
            recipient: Some(format!("r{}@example.org", self.mails)),
            sender: Some("news@mail.example.com".to_owned()),
            sending_ip: Some(ip),
            message_id: Some(format!("m{}@mail.example.com", self.mails)),
            provider_message_id: None,
            correlation: Correlation::default(),
            smtp_code: None,
            enhanced_code: None,
            diagnostic: None,
            occurred_at,
            received_at: occurred_at,
            signature: Signature::Verified,
            raw_ref: None,
        };
        let domain = Some("mail.example.com".to_owned());
        let origin = Origin { mailbox: None, domain, ip: Some(ip), campaign: None, zone: "UTC".to_owned() };
        Noted { event, origin, slot: None }
    }

    async fn decide(&self, now: Timestamp) -> Decided {
        self.now_ms.store(now.as_millisecond(), Ordering::Relaxed);
        daily(&self.app, now).await.unwrap()
    }

    async fn ip(&self) -> SendingIp {
        self.app.store.ip(&acme(), IP.parse().unwrap()).await.unwrap().unwrap().ip
    }
}

#[tokio::test(start_paused = true)]
async fn events_of_a_day_decide_the_next_once() {
    let mut world = World::new().await;
    let limits = IpLimits::default();
    add(&world.app.store, &World::new_ip(IP), &limits, at(DAY_1, 8)).await.unwrap();
    assert_eq!(world.decide(at(DAY_1, 9)).await, Decided { decided: 0, idle: 1, failed: 0 });
    // No event ever says `sent`: what was delivered and what bounced was.
    world.report(DAY_1, 29, 1).await;
    let day_2 = DAY_1.tomorrow().unwrap();
    assert_eq!(world.decide(at(day_2, 0)).await.decided, 0, "before 01:00");
    let (one, two) = tokio::join!(daily(&world.app, at(day_2, 1)), daily(&world.app, at(day_2, 1)));
    assert!(one.unwrap().failed + two.unwrap().failed == 0);
    assert_eq!(world.decide(at(day_2, 2)).await, Decided { decided: 0, idle: 1, failed: 0 });
    let ip = world.ip().await;
    assert_eq!((ip.day, ip.quota(), ip.status), (2, 61, Status::Warming));
    let days = world.app.store.ip_days(&acme(), IP.parse().unwrap(), DAY_1).await.unwrap();
    assert_eq!((days.len(), days[0].counts.volume(), days[0].counts.bounced, days[0].quota), (1, 30, 1, 50));
    // A day without any event is consolidated, and does not count.
    let day_3 = day_2.tomorrow().unwrap();
    world.decide(at(day_3, 1)).await;
    assert_eq!(world.ip().await.day, 2);
    // What comes late is counted in the window, and changes no decision.
    world.report(day_2, 40, 0).await;
    assert_eq!(world.ip().await.day, 2);
    // Far too many bounces: paused, and after 48 h on again.
    world.report(day_3, 20, 15).await;
    let day_4 = day_3.tomorrow().unwrap();
    world.decide(at(day_4, 1)).await;
    assert!(matches!(world.ip().await.status, Status::Paused { .. }));
    world.decide(at(day_4, 1) + SignedDuration::from_hours(24)).await;
    world.decide(at(day_4, 1) + SignedDuration::from_hours(47)).await;
    assert_eq!(world.ip().await.quota(), 0);
    world.decide(at(day_4, 1) + SignedDuration::from_hours(48)).await;
    let ip = world.ip().await;
    assert_eq!((ip.status, ip.day), (Status::Warming, 1));
    let decisions = world.app.store.ip_decisions(&acme(), IP.parse().unwrap()).await.unwrap();
    let rules: Vec<Rule> = decisions.iter().map(|decision| decision.rule).collect();
    let expected =
        [Rule::Added, Rule::VolumeReached, Rule::VolumeLow, Rule::Bounces, Rule::PauseInForce, Rule::PauseOver];
    assert_eq!(rules, expected);
}

#[tokio::test(start_paused = true)]
async fn one_ip_a_week_unless_somebody_says_why() {
    let world = World::new().await;
    let (store, limits, now) = (&world.app.store, IpLimits::default(), at(DAY_1, 8));
    add(store, &World::new_ip(IP), &limits, now).await.unwrap();
    let second = World::new_ip("203.0.113.8");
    assert!(matches!(add(store, &World::new_ip(IP), &limits, now).await, Err(AddError::Exists(_))));
    let error = add(store, &second, &limits, now + SignedDuration::from_hours(24 * 6)).await.unwrap_err();
    assert!(matches!(error, AddError::Wait { .. }), "{error}");
    assert!(store.ip(&acme(), second.address).await.unwrap().is_none());
    let reasoned = NewIp { override_reason: Some("the first is blocked".to_owned()), ..second };
    let added = add(store, &reasoned, &limits, now + SignedDuration::from_hours(1)).await.unwrap();
    assert_eq!(added.decision.note.as_deref(), Some("the first is blocked"));
    let other = NewIp { tenant: "other".parse().unwrap(), ..World::new_ip(IP) };
    assert!(matches!(add(store, &other, &limits, now).await, Err(AddError::Taken(_))));
    add(store, &World::new_ip("203.0.113.9"), &limits, now + SignedDuration::from_hours(24 * 7 + 1)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn domains_in_use_are_looked_up_daily_and_hourly_while_they_fail() {
    let world = World::new().await;
    let now = at(DAY_1, 8);
    add(&world.app.store, &World::new_ip(IP), &IpLimits::default(), now).await.unwrap();
    let answer = |verdict: Verdict| {
        move |subject: &Subject| {
            assert_eq!(subject.ips, [IP.parse::<std::net::IpAddr>().unwrap()]);
            let check = Check {
                topic: Topic::Spf,
                about: subject.domain.to_string(),
                verdict,
                required: true,
                finding: "as told".to_owned(),
                advice: None,
            };
            std::future::ready(Report { domain: subject.domain.clone(), checks: vec![check] })
        }
    };
    let hour = |n: i64| now + SignedDuration::from_hours(n);
    let checked = async |verdict, n| domains::daily(&world.app, answer(verdict), hour(n)).await.unwrap();
    let state = async || {
        let domain = "mail.example.com".parse().unwrap();
        world.app.store.domain_state(&acme(), &domain).await.unwrap().unwrap()
    };
    assert_eq!(checked(Verdict::Passing, 0).await.checked, 1);
    assert_eq!(checked(Verdict::Failing, 1).await.recent, 1, "a day has not passed");
    assert_eq!(checked(Verdict::Failing, 24).await.failing, 1);
    assert_eq!(checked(Verdict::Failing, 25).await.checked, 1);
    assert!(state().await.may_send(hour(25), &Limits::default().health));
    assert_eq!(checked(Verdict::Unknown, 48).await.failing, 1, "a failed look-up changes nothing");
    assert_eq!(checked(Verdict::Failing, 97).await.failing, 1);
    assert!(!state().await.may_send(hour(97), &Limits::default().health));
    assert_eq!(checked(Verdict::Passing, 98).await.failing, 0);
    assert!(state().await.may_send(hour(98), &Limits::default().health));
}
