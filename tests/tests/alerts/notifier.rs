//! The notifier over a world's ledger, and a Slack that takes what it is told.

use std::sync::Arc;

use jiff::SignedDuration;
use preheat_app::notify::{Outside, notify};
use preheat_app::{App, Next};
use preheat_core::alert::{AlertOrder, Channel, Owner, Target};
use preheat_core::change::{Change, Severity};
use preheat_mail::NetDial;
use preheat_platforms::Http;
use preheat_platforms::stub::{Reply, Stub};
use preheat_store::{Secret, StoredChannel};

use crate::world::World;

/// A notifier, and the Slack of one owner.
pub(crate) struct Notifier {
    app: App,
    outside: Outside,
    slack: Stub,
    calls: u32,
}

impl Notifier {
    /// A channel that is told what is good to know, too: that something is over.
    pub(crate) async fn of(world: &World, owner: Owner) -> Self {
        let app = App { dial: Arc::new(NetDial::new(true, &[]).unwrap()), ..world.app.clone() };
        let slack = Stub::start(|_, _| Reply::ok("ok")).await.unwrap();
        let mut channel = Channel::new("ops".parse().unwrap(), owner, Target::Slack).unwrap();
        channel.at_least = Severity::Info;
        let url = Secret::new(slack.url("/slack"));
        let sealed = app.vault.seal_channel(&channel.owner, &channel.id, &url).await.unwrap();
        assert!(app.store.add_channel(&StoredChannel { channel, sealed: Some(sealed) }).await.unwrap());
        let outside = Outside::new(Http::local(&[]).unwrap(), world.aws.sns());
        Self { app, outside, slack, calls: 0 }
    }

    /// How many alerts of these changes reached Slack.
    pub(crate) async fn take(&mut self, changes: Vec<Change>) -> usize {
        let orders: Vec<AlertOrder> = changes.into_iter().map(AlertOrder::new).collect();
        let before = self.slack.seen().len();
        self.calls += 1;
        let answers = notify(&self.app, &self.outside, &orders, &self.calls.to_string()).await;
        assert!(answers.iter().all(|answer| *answer == Next::Done), "{answers:?}");
        self.slack.seen().len() - before
    }

    /// What Slack was told last.
    pub(crate) fn last(&self) -> String {
        self.slack.seen().pop().unwrap_or_default().body
    }
}

/// Hourly looks over some days: how many alerts there were on each.
pub(crate) async fn alerts_a_day(
    world: &World,
    notifier: &mut Notifier,
    days: usize,
    look: impl AsyncFn(),
) -> Vec<usize> {
    let mut alerts = Vec::new();
    for _ in 0..days {
        let mut of_day = 0;
        for _ in 0..24 {
            look().await;
            of_day += notifier.take(world.told()).await;
            world.pass(SignedDuration::from_hours(1));
        }
        alerts.push(of_day);
    }
    alerts
}
