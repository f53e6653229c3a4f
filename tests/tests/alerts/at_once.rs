//! A state that a visit or a person changes is told at once; the governor, which adopts it later, tells it only if it was not.

use jiff::SignedDuration;
use preheat_app::moved::Parts;
use preheat_core::change::{Kind, Moved};
use preheat_core::decision::Rule;
use preheat_core::mailbox::State;
use preheat_core::message::Look;
use preheat_local::Fault;

use crate::world::{World, acme};

/// Everything about one mailbox that was told, by kind and id.
fn of(world: &World, address: &str) -> Vec<(Kind, String)> {
    let told = world.told().into_iter().filter(|change| change.subject.name.as_deref() == Some(address));
    told.map(|change| (change.kind, change.id)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_first_login_is_told_once_by_the_visit() {
    let world = World::new(2).await;
    let (id, member) = world.members[0].clone();
    let address = member.address.as_str();
    world.visit(id).await;
    let told = of(&world, address);
    assert!(matches!(&told[..], [(Kind::MailboxWarming, _)]), "{told:?}");
    world.pass(SignedDuration::from_mins(20));
    assert_eq!(world.govern(Look::Hourly).await.decided, 1, "it is adopted as a decision all the same");
    assert_eq!(of(&world, address), []);
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_told_once_by_the_visit() {
    let world = World::new(2).await;
    let (id, member) = world.members[0].clone();
    world.visit(id).await;
    world.govern(Look::Hourly).await;
    world.told();
    world.providers.set_password(member.address.as_str(), "another").unwrap();
    world.pass(SignedDuration::from_hours(1));
    world.visit(id).await;
    let told = world.told();
    assert_eq!((told.len(), told[0].kind), (1, Kind::MailboxError));
    assert!(told[0].text.contains("Reason: "), "{}", told[0].text);
    world.govern(Look::Hourly).await;
    assert_eq!(of(&world, member.address.as_str()), []);
}

#[tokio::test(start_paused = true)]
async fn without_the_bus_the_state_is_changed_and_the_governor_tells_it_under_the_same_id() {
    let world = World::new(2).await;
    let (id, member) = world.members[0].clone();
    let address = member.address.as_str();
    world.aws.faults().script_next("PutEvents", 100, Fault::Deny);
    let began = world.now();
    world.visit(id).await;
    assert_eq!(world.row(id).await.state, State::Warming);
    assert_eq!(of(&world, address), []);
    world.aws.faults().clear();
    world.pass(SignedDuration::from_mins(20));
    world.govern(Look::Hourly).await;
    let (tenant, rule) = (acme(), Rule::CredentialsWork);
    let (from, to) = (State::New, State::Warming);
    let moved = Moved { tenant: &tenant, mailbox: id, address, from, to, at: began, rule, reason: None };
    assert_eq!(of(&world, address), [(Kind::MailboxWarming, moved.change().unwrap().id)]);
    world.govern(Look::Hourly).await;
    assert_eq!(of(&world, address), []);
}

#[tokio::test(start_paused = true)]
async fn what_a_person_decides_is_told_once_at_once() {
    let world = World::new(2).await;
    let (id, member) = world.members[0].clone();
    let (tenant, address) = (acme(), member.address.as_str());
    world.visit(id).await;
    world.govern(Look::Hourly).await;
    world.told();
    let steps = [
        (State::Warming, State::Paused, Rule::PausedByHand, Kind::MailboxPaused),
        (State::Paused, State::Warming, Rule::ResumedByHand, Kind::MailboxResumed),
        (State::Warming, State::Paused, Rule::Stopped, Kind::MailboxPaused),
    ];
    for (from, to, rule, kind) in steps {
        world.pass(SignedDuration::from_mins(7));
        let moved =
            Moved { tenant: &tenant, mailbox: id, address, from, to, at: world.now(), rule, reason: Some("so") };
        let parts = Parts::from(&world.app);
        let done = match rule {
            Rule::PausedByHand => parts.pause(&moved).await,
            Rule::Stopped => parts.stop(&moved, "2026-03-03".parse().unwrap()).await,
            _ => parts.enter(&[from], &moved).await,
        };
        assert!(done.unwrap());
        assert_eq!(of(&world, address), [(kind, moved.change().unwrap().id)]);
        if rule == Rule::ResumedByHand {
            // A second one who does the same finds it done.
            let second = Moved { at: world.now() + SignedDuration::from_secs(1), ..moved };
            assert!(parts.enter(&[from], &second).await.unwrap());
        }
        world.govern(Look::Hourly).await;
        assert_eq!(of(&world, address), [], "{rule:?}");
    }
}
