//! One channel: decide, claim, send, record.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt};
use jiff::SignedDuration;
use preheat_core::alert::{AlertOrder, Disabled, GIVE_UP_AFTER, Told, Topic, Verdict, groups, plan, retry_after};
use preheat_core::change::Change;
use preheat_platforms::Next;
use preheat_store::{AlertClaim, Secret, StoreError, StoredChannel};

use super::send::{SendFailure, Sending};
use super::{Fate, Outside};
use crate::App;

/// Messages under way at once on one channel; and how many a channel that is down costs a batch.
const AT_ONCE: usize = 8;
/// After so long no further message is begun on a channel in this invocation: few invocations run at once (they are to see what
/// comes together), and one slow channel must not hold them all.
const BUDGET: SignedDuration = SignedDuration::from_secs(20);
/// When the rest is begun: the channel has the notifier for a quarter of the time at most.
const REST_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// Tells a channel what it is to be told of these orders. One fate each.
pub(super) async fn deliver(
    app: &App,
    outside: &Outside,
    stored: &StoredChannel,
    orders: &[AlertOrder],
    attempt: &str,
) -> Result<Vec<Fate>, StoreError> {
    let (channel, now) = (&stored.channel, app.now());
    let changes: Vec<Change> = orders.iter().map(|order| order.change.clone()).collect();
    let plan = plan(channel, &changes, &told(app, stored, &changes).await?, now);
    for (topic, told) in &plan.moved {
        app.store.remember_told(&channel.owner, &channel.id, topic, told).await?;
    }
    let mut fates = vec![Fate::Done; orders.len()];
    let mut won: Vec<(usize, String)> = Vec::new();
    for (i, verdict) in plan.verdicts.into_iter().enumerate() {
        match verdict {
            Verdict::Pass(_) => {}
            Verdict::Hold(at) => fates[i] = Fate::Again { at, tries: orders[i].tries },
            Verdict::Tell { id } => {
                match app.store.claim_alert(&channel.owner, &channel.id, &id, attempt, now).await? {
                    AlertClaim::Won => won.push((i, id)),
                    // Told before, by a process that died before it could remember the topic.
                    AlertClaim::Delivered => remember(app, stored, &changes[i]).await?,
                    AlertClaim::Busy => fates[i] = Fate::Retry("somebody else is telling it".to_owned()),
                }
            }
        }
    }
    if won.is_empty() {
        return Ok(fates);
    }
    let secret = match &stored.sealed {
        Some(sealed) => Some(app.vault.open_channel(&channel.owner, &channel.id, sealed).await?),
        None => None,
    };
    let work = Work { app, outside, stored, secret: secret.as_ref(), orders, attempt };
    let messages = groups(channel, won.len());
    let mut down: Option<SendFailure> = None;
    for chunk in messages.chunks(AT_ONCE) {
        let chunk: Vec<Vec<(usize, String)>> =
            chunk.iter().map(|group| group.iter().map(|&k| won[k].clone()).collect()).collect();
        if down.is_none() && app.now().duration_since(now) >= BUDGET {
            for (i, id) in chunk.iter().flatten() {
                work.release(id).await;
                fates[*i] = Fate::Again { at: app.now() + REST_AFTER, tries: orders[*i].tries };
            }
            continue;
        }
        let tried = futures::future::join_all(chunk.iter().map(|group| work.tell(group, down.as_ref()))).await;
        for (group, failed) in chunk.iter().zip(tried) {
            for (i, _) in group {
                fates[*i] = failed.as_ref().map_or(Fate::Done, |failure| again(app, &orders[*i], failure));
            }
            // The rest of the batch does not run into a door that is shut.
            down = down.or(failed);
        }
    }
    if let Some(gone) = down.filter(|failure| failure.gone) {
        let disabled = Disabled { since: app.now(), reason: gone.reason };
        tracing::warn!(channel = %channel.id, reason = disabled.reason, "the channel is disabled");
        app.store.disable_channel(stored, disabled).await?;
    }
    Ok(fates)
}

/// What a channel remembers of the topics of these changes.
async fn told(app: &App, stored: &StoredChannel, changes: &[Change]) -> Result<BTreeMap<Topic, Told>, StoreError> {
    let topics: std::collections::BTreeSet<Topic> = changes.iter().map(Topic::of).collect();
    let (owner, id) = (&stored.channel.owner, &stored.channel.id);
    futures::stream::iter(topics)
        .map(|topic| async move { Ok(app.store.told(owner, id, &topic).await?.map(|told| (topic, told))) })
        .buffered(AT_ONCE)
        .try_filter_map(|found| async move { Ok(found) })
        .try_collect()
        .await
}

async fn remember(app: &App, stored: &StoredChannel, change: &Change) -> Result<(), StoreError> {
    let told = Told { kind: change.kind, id: change.id.clone(), at: change.at, told_at: app.now() };
    app.store.remember_told(&stored.channel.owner, &stored.channel.id, &Topic::of(change), &told).await
}

struct Work<'a> {
    app: &'a App,
    outside: &'a Outside,
    stored: &'a StoredChannel,
    secret: Option<&'a Secret>,
    orders: &'a [AlertOrder],
    attempt: &'a str,
}

impl Work<'_> {
    /// Sends one message of claimed changes and records that, or gives the claims back. `down`: the channel did not answer
    /// a moment ago, so it is not asked.
    async fn tell(&self, group: &[(usize, String)], down: Option<&SendFailure>) -> Option<SendFailure> {
        let (channel, store) = (&self.stored.channel, &self.app.store);
        let changes: Vec<&Change> = group.iter().map(|&(i, _)| &self.orders[i].change).collect();
        let ids: Vec<&str> = group.iter().map(|(_, id)| id.as_str()).collect();
        let sent = match down {
            Some(failure) => Err(failure.clone()),
            None => {
                let (dial, now) = (self.app.dial.as_ref(), self.app.now());
                let sending = Sending { dial, outside: self.outside, channel, secret: self.secret, now };
                sending.send(&changes, &ids).await
            }
        };
        let Err(failure) = sent else {
            for (change, id) in changes.iter().zip(ids) {
                let recorded = store.alert_delivered(&channel.owner, &channel.id, id, self.app.now()).await;
                let remembered = remember(self.app, self.stored, change).await;
                if let Err(error) = recorded.and(remembered) {
                    tracing::error!(channel = %channel.id, alert = id, %error, "told, but that cannot be recorded");
                }
            }
            return None;
        };
        for id in ids {
            self.release(id).await;
        }
        if down.is_none() {
            tracing::warn!(channel = %channel.id, target = channel.target.name(), error = %failure, "not told");
        }
        Some(failure)
    }

    /// Gives a claim back.
    async fn release(&self, id: &str) {
        let channel = &self.stored.channel;
        if let Err(error) = self.app.store.release_alert(&channel.owner, &channel.id, id, self.attempt).await {
            tracing::warn!(channel = %channel.id, alert = id, %error, "the claim ends by itself");
        }
    }
}

/// When an order that failed is tried again: never on a channel that wants no more.
fn again(app: &App, order: &AlertOrder, failure: &SendFailure) -> Fate {
    if failure.gone {
        return Fate::Done;
    }
    let tries = order.tries.saturating_add(1);
    let asked = match failure.next {
        Next::Later(wait) => wait.and_then(|wait| SignedDuration::try_from(wait).ok()),
        // An operator may mend it within the day; until then the schedule asks ever more rarely.
        Next::Operator | Next::Drop => None,
    };
    match retry_after(tries, asked) {
        Some(wait) if tries < GIVE_UP_AFTER => Fate::Again { at: app.now() + wait, tries },
        _ => Fate::Retry(format!("given up after {tries} tries: {failure}")),
    }
}
