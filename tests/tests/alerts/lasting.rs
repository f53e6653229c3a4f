//! What lasts: one alert when it begins and one a day, over the governor's hourly looks and the notifier.

use jiff::SignedDuration;
use preheat_core::alert::Owner;
use preheat_core::change::{Change, Kind};
use preheat_core::lifecycle::{Cause, Pause, Standing};
use preheat_core::mailbox::State;
use preheat_core::message::Look;

use crate::notifier::{Notifier, alerts_a_day};
use crate::world::{World, acme};

#[tokio::test]
async fn an_error_is_one_alert_and_one_a_day_while_it_lasts() {
    let world = World::new(1).await;
    let mut notifier = Notifier::of(&world, Owner::Tenant(acme())).await;
    let (id, member) = world.members[0].clone();
    world.visit(id).await;
    world.govern(Look::Hourly).await;
    world.told();
    world.providers.set_password(member.address.as_str(), "another").unwrap();
    world.visit(id).await;
    assert_eq!(notifier.take(world.told()).await, 1, "at once");
    assert_eq!(
        alerts_a_day(&world, &mut notifier, 5, async || drop(world.govern(Look::Hourly).await)).await,
        [0, 1, 1, 1, 1]
    );
    // No row is written for it by the hour.
    let before = world.app.store.health(id).await.unwrap();
    world.govern(Look::Hourly).await;
    assert_eq!(world.app.store.health(id).await.unwrap(), before);
}

#[tokio::test]
async fn what_lasts_is_told_under_the_id_of_its_day_and_what_a_person_wanted_is_not() {
    let world = World::new(4).await;
    let standing = |state| Standing::first(state, world.now() - SignedDuration::from_hours(1));
    let auto = Standing { pause: Some(Pause::Auto(Cause::Heat)), ..standing(State::Paused) };
    let degraded = Standing { percent: world.app.limits.health.critical_percent, ..standing(State::Degraded) };
    let planted = [standing(State::Error), auto, degraded, standing(State::Paused)];
    let expected = [Some(Kind::MailboxError), Some(Kind::MailboxPaused), Some(Kind::MailboxDegraded), None];
    for ((id, _), standing) in world.members.iter().zip(planted) {
        world.plant(*id, standing).await;
    }
    let mut told: Vec<Change> = Vec::new();
    for _ in 0..48 {
        world.govern(Look::Hourly).await;
        // Asked again within the hour it is the same change.
        world.govern(Look::Hourly).await;
        told.extend(world.told());
        world.pass(SignedDuration::from_hours(1));
    }
    for ((id, _), kind) in world.members.iter().zip(expected) {
        let of: Vec<&Change> = told.iter().filter(|change| change.subject.id == id.to_string()).collect();
        assert!(of.iter().all(|change| Some(change.kind) == kind), "{of:?}");
        let mut ids: Vec<&str> = of.iter().map(|change| change.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((ids.len(), of.len()), if kind.is_some() { (2, 4) } else { (0, 0) }, "{of:?}");
    }
}
