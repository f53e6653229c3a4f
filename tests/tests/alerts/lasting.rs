//! What lasts: one alert when it begins and one a day, over the governor's hourly looks and the notifier.

use std::sync::Arc;

use jiff::SignedDuration;
use preheat_app::notify::{Outside, notify};
use preheat_app::{App, Next};
use preheat_core::alert::{AlertOrder, Channel, Owner, Target};
use preheat_core::change::{Change, Kind};
use preheat_core::lifecycle::{Cause, Pause, Standing};
use preheat_core::mailbox::State;
use preheat_core::message::Look;
use preheat_mail::NetDial;
use preheat_platforms::Http;
use preheat_platforms::stub::{Reply, Stub};
use preheat_store::{Secret, StoredChannel};

use crate::world::{World, acme};

/// A notifier over the world's ledger, and a Slack that takes what it is told.
struct Notifier {
    app: App,
    outside: Outside,
    slack: Stub,
    calls: u32,
}

impl Notifier {
    async fn of(world: &World) -> Self {
        let app = App { dial: Arc::new(NetDial::new(true, &[]).unwrap()), ..world.app.clone() };
        let slack = Stub::start(|_, _| Reply::ok("ok")).await.unwrap();
        let channel = Channel::new("ops".parse().unwrap(), Owner::Tenant(acme()), Target::Slack).unwrap();
        let url = Secret::new(slack.url("/slack"));
        let sealed = app.vault.seal_channel(&channel.owner, &channel.id, &url).await.unwrap();
        assert!(app.store.add_channel(&StoredChannel { channel, sealed: Some(sealed) }).await.unwrap());
        let outside = Outside::new(Http::local(&[]).unwrap(), world.aws.sns());
        Self { app, outside, slack, calls: 0 }
    }

    /// How many alerts of these changes reached Slack.
    async fn take(&mut self, changes: Vec<Change>) -> usize {
        let orders: Vec<AlertOrder> = changes.into_iter().map(AlertOrder::new).collect();
        let before = self.slack.seen().len();
        self.calls += 1;
        let answers = notify(&self.app, &self.outside, &orders, &self.calls.to_string()).await;
        assert!(answers.iter().all(|answer| *answer == Next::Done), "{answers:?}");
        self.slack.seen().len() - before
    }
}

/// Hourly looks over some days: how many alerts there were on each.
async fn alerts_a_day(world: &World, notifier: &mut Notifier, days: usize) -> Vec<usize> {
    let mut alerts = Vec::new();
    for _ in 0..days {
        let mut of_day = 0;
        for _ in 0..24 {
            world.govern(Look::Hourly).await;
            of_day += notifier.take(world.told()).await;
            world.pass(SignedDuration::from_hours(1));
        }
        alerts.push(of_day);
    }
    alerts
}

#[tokio::test]
async fn an_error_is_one_alert_and_one_a_day_while_it_lasts() {
    let world = World::new(1).await;
    let mut notifier = Notifier::of(&world).await;
    let (id, member) = world.members[0].clone();
    world.visit(id).await;
    world.govern(Look::Hourly).await;
    world.told();
    world.providers.set_password(member.address.as_str(), "another").unwrap();
    world.visit(id).await;
    assert_eq!(notifier.take(world.told()).await, 1, "at once");
    assert_eq!(alerts_a_day(&world, &mut notifier, 5).await, [0, 1, 1, 1, 1]);
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
