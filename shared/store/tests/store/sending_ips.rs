//! Sending IPs and domains: whole or not at all, once or not at all.

use jiff::{SignedDuration, Timestamp, ToSpan};
use preheat_core::domain::state::DomainState;
use preheat_core::domain::{Report, Verdict};
use preheat_core::id::TenantId;
use preheat_core::ip::admission::Admitted;
use preheat_core::ip::daily::{added, consolidate, decide};
use preheat_core::ip::{Counts, IpLimits, PlanMode, SendingIp};
use preheat_local::Fault;
use preheat_store::{Adding, Next};

use crate::world::{World, at};

fn ip(tenant: &str, address: &str, now: Timestamp) -> SendingIp {
    let domain = format!("mail-{}.example.com", address.rsplit('.').next().unwrap());
    SendingIp::new(
        tenant.parse().unwrap(),
        address.parse().unwrap(),
        domain.parse().unwrap(),
        "UTC".to_owned(),
        PlanMode::Smooth.six_weeks(),
        now,
    )
    .unwrap()
    .0
}

async fn add(world: &World, ip: &SendingIp, admitted: &Admitted) -> Adding {
    world.store.add_ip(ip, &added(ip, None, &IpLimits::default()), admitted).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_ip_comes_in_whole_or_not_at_all() {
    let world = World::new().await;
    let now = at("09:00:00");
    let new = ip("acme", "203.0.113.7", now);
    let admitted = world.store.admitted(&new.tenant).await.unwrap();
    assert_eq!(admitted, Admitted::default());
    assert_eq!(add(&world, &new, &admitted).await, Adding::Done);
    assert_eq!(world.store.ip(&new.tenant, new.address).await.unwrap().unwrap().ip, new);
    assert_eq!(world.store.ip_owner(new.address).await.unwrap().as_ref(), Some(&new.tenant));
    assert_eq!(
        world.store.domains(&new.tenant).await.unwrap().states.into_iter().collect::<Vec<_>>(),
        [(new.domain.clone(), None)]
    );
    assert_eq!(world.store.ip_decisions(&new.tenant, new.address).await.unwrap().len(), 1);
    let items = world.items().await.len();
    // The same again, of this tenant and of another; and another one whose view of the admission is old.
    assert_eq!(
        add(&world, &SendingIp { added_at: now + SignedDuration::from_secs(1), ..new.clone() }, &admitted).await,
        Adding::Exists
    );
    assert_eq!(add(&world, &ip("other", "203.0.113.7", now), &admitted).await, Adding::Taken);
    assert_eq!(add(&world, &ip("acme", "203.0.113.8", now), &admitted).await, Adding::Crossed);
    assert_eq!(world.items().await.len(), items, "what was refused left nothing behind");
    let admitted = world.store.admitted(&new.tenant).await.unwrap();
    assert_eq!((admitted.last_at, admitted.count), (Some(now), 1));
    assert_eq!(
        add(&world, &ip("acme", "203.0.113.8", now + SignedDuration::from_hours(1)), &admitted).await,
        Adding::Done
    );
    assert_eq!(world.store.ips(&new.tenant).await.unwrap().len(), 2);
    assert!(world.store.ips(&"other".parse().unwrap()).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_adds_once_and_decides_once() {
    let world = World::new().await;
    let new = ip("acme", "203.0.113.7", at("09:00:00"));
    world.aws.faults().script_next("TransactWriteItems", 1, Fault::LoseAnswer);
    assert_eq!(add(&world, &new, &Admitted::default()).await, Adding::Done);
    let stored = world.store.ip(&new.tenant, new.address).await.unwrap().unwrap();
    let tomorrow = new.date.tomorrow().unwrap().at(1, 0, 0, 0).in_tz("UTC").unwrap().timestamp();
    let day = consolidate(&new, new.date, Counts { delivered: 40, ..Counts::default() });
    let (next, decision) = decide(&new, &[day], tomorrow, &IpLimits::default());
    world.aws.faults().script_next("TransactWriteItems", 1, Fault::LoseAnswer);
    assert!(world.store.decide_ip(&stored, &next, &[day], &decision).await.unwrap());
    assert_eq!(world.store.ip(&new.tenant, new.address).await.unwrap().unwrap().ip, next);
    assert_eq!(world.store.ip_days(&new.tenant, new.address, new.date).await.unwrap(), [day]);
    assert_eq!(world.store.ip_decisions(&new.tenant, new.address).await.unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn of_two_governors_one_decides() {
    let world = World::new().await;
    let new = ip("acme", "203.0.113.7", at("09:00:00"));
    add(&world, &new, &Admitted::default()).await;
    let stored = world.store.ip(&new.tenant, new.address).await.unwrap().unwrap();
    let tomorrow = new.date.tomorrow().unwrap().at(1, 0, 0, 0).in_tz("UTC").unwrap().timestamp();
    let decided = |sent, seconds| {
        let day = consolidate(&new, new.date, Counts { sent, ..Counts::default() });
        let (next, decision) =
            decide(&new, &[day], tomorrow + SignedDuration::from_secs(seconds), &IpLimits::default());
        (next, day, decision)
    };
    // One saw more events than the other.
    let ((held, few, why_held), (advanced, many, why_advanced)) = (decided(10, 0), decided(50, 1));
    let other = world.another_store();
    let (one, two) = tokio::join!(
        world.store.decide_ip(&stored, &held, std::slice::from_ref(&few), &why_held),
        other.decide_ip(&stored, &advanced, std::slice::from_ref(&many), &why_advanced)
    );
    assert_ne!(one.unwrap(), two.unwrap());
    let now = world.store.ip(&new.tenant, new.address).await.unwrap().unwrap().ip;
    let days = world.store.ip_days(&new.tenant, new.address, new.date).await.unwrap();
    assert_eq!(
        (now.day, days),
        if now == held { (1, vec![few]) } else { (2, vec![many]) },
        "day and state are of one decision"
    );
    assert_eq!(world.store.ip_decisions(&new.tenant, new.address).await.unwrap().len(), 2);
    assert!(world.store.ip_days(&new.tenant, new.address, new.date.saturating_add(1.day())).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn throttled_it_says_so_and_wrote_nothing() {
    let world = World::new().await;
    let new = ip("acme", "203.0.113.7", at("09:00:00"));
    world.aws.faults().share("TransactWriteItems", Fault::Throttle, 1.0);
    let error =
        world.store.add_ip(&new, &added(&new, None, &IpLimits::default()), &Admitted::default()).await.unwrap_err();
    assert_eq!(error.next(), Next::Retry);
    assert!(world.items().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_older_check_of_a_domain_never_replaces_a_newer() {
    let world = World::new().await;
    let (tenant, other): (TenantId, TenantId) = ("acme".parse().unwrap(), "other".parse().unwrap());
    let domain: preheat_core::id::DomainName = "example.com".parse().unwrap();
    let state = |time: &str| DomainState::after(None, Report { domain: domain.clone(), checks: Vec::new() }, at(time));
    assert!(world.store.set_domain_state(&tenant, &state("10:00:00")).await.unwrap());
    assert!(!world.store.set_domain_state(&tenant, &state("09:00:00")).await.unwrap());
    assert!(world.store.set_domain_state(&tenant, &state("10:00:00")).await.unwrap(), "the same again");
    let read = world.store.domain_state(&tenant, &domain).await.unwrap().unwrap();
    assert_eq!((read.checked_at, read.verdict), (at("10:00:00"), Verdict::Passing));
    assert_eq!(world.store.domain_state(&other, &domain).await.unwrap(), None);
}
