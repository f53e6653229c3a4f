//! A round over a fleet of which each mailbox is to be decided on by another rule: killed at every await and repeated, it ends
//! as one that was not killed, to the last attribute of the last row, and with the same ids on the bus.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp, ToSpan};
use preheat_app::govern;
use preheat_core::alert::AlertOrder;
use preheat_core::decision::Rule;
use preheat_core::health::DayTally;
use preheat_core::lifecycle::{Cause, Pause, Standing};
use preheat_core::mailbox::State;
use preheat_core::ramp::Ramp;
use preheat_local::QueueSettings;
use preheat_stack::kill::KillAt;
use preheat_stack::stack::BUS;
use preheat_stack::time::virtual_runtime;
use preheat_stack::{Function, Rig};

use super::{force, number, options, plant};

/// A queue behind the bus that nobody else reads.
const HEARD: &str = "heard";

/// How often a health row was written.
const WRITES: &str = "g";

type Table = BTreeMap<(String, String), HashMap<String, AttributeValue>>;

/// The whole ledger.
async fn table(rig: &Rig) -> Result<Table> {
    let text = |item: &HashMap<String, AttributeValue>, name: &str| {
        item.get(name).and_then(|value| value.as_s().ok()).cloned().context("a key")
    };
    let mut rows = Table::new();
    let mut pages = rig.aws.dynamodb().scan().table_name("ledger").into_paginator().items().send();
    while let Some(item) = pages.next().await {
        let item = item?;
        rows.insert((text(&item, "pk")?, text(&item, "sk")?), item);
    }
    Ok(rows)
}

/// Makes the ledger what it was.
async fn restore(rig: &Rig, wanted: &Table) -> Result<()> {
    let (dynamo, there) = (rig.aws.dynamodb(), table(rig).await?);
    for (pk, sk) in there.keys().filter(|key| !wanted.contains_key(*key)) {
        let key = |text: &String| AttributeValue::S(text.clone());
        dynamo.delete_item().table_name("ledger").key("pk", key(pk)).key("sk", key(sk)).send().await?;
    }
    for (key, item) in wanted.iter().filter(|(key, item)| there.get(*key) != Some(*item)) {
        let put = dynamo.put_item().table_name("ledger").set_item(Some(item.clone())).send().await;
        put.with_context(|| format!("{key:?}"))?;
    }
    Ok(())
}

/// What differs, but for the count of writes of a health row: one that died before its write made one more.
fn differences(one: &Table, other: &Table) -> Vec<String> {
    let keys: BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let (none, mut found) = (HashMap::new(), Vec::new());
    for key in keys {
        let (one, other) = (one.get(key).unwrap_or(&none), other.get(key).unwrap_or(&none));
        let names: BTreeSet<_> = one.keys().chain(other.keys()).filter(|name| *name != WRITES).collect();
        let differing = names.into_iter().filter(|name| one.get(*name) != other.get(*name));
        found.extend(differing.map(|name| format!("{key:?} {name}: {:?}, not {:?}", one.get(name), other.get(name))));
    }
    found
}

/// The ids on the bus since this was asked last.
fn heard(rig: &Rig) -> Result<BTreeSet<String>> {
    let mut ids = BTreeSet::new();
    loop {
        let messages = rig.aws.queues().receive(HEARD, 10)?;
        if messages.is_empty() {
            return Ok(ids);
        }
        for message in messages {
            rig.aws.queues().delete(HEARD, &message.receipt)?;
            ids.insert(AlertOrder::parse(&message.body)?.change.id);
        }
    }
}

/// Five mailboxes on a Wednesday noon: one whose pause is over, one that did not recover, one with so many bounces that its
/// domain stops, its neighbour there, and one that a person has paused without anybody's being told.
async fn fleet() -> Result<Rig> {
    let rig = Rig::new(options(5, Ramp::Table { days: vec![20] })?, |_| {}).await?;
    rig.stack.run(rig.now() + SignedDuration::from_hours(60)).await;
    let id = |place: usize| rig.members.get(place).map(|(id, _)| *id).context("a member");
    let ago = |hours: i64| rig.now() - SignedDuration::from_hours(hours);
    let state = |word: &str| AttributeValue::S(word.to_owned());
    let over = Standing { pause: Some(Pause::Auto(Cause::Bounces)), ..Standing::first(State::Paused, ago(49)) };
    plant(&rig, id(0)?, over, Vec::new()).await?;
    let values = [(":st", state("paused")), (":i", number(20)), (":gs", number(0))];
    force(&rig, id(0)?, "SET st = :st, i = :i, gs = :gs", &values).await?;
    let degraded = Standing { percent: 50, ..Standing::first(State::Degraded, ago(24 * 31)) };
    plant(&rig, id(1)?, degraded, Vec::new()).await?;
    let values = [(":st", state("degraded")), (":gs", number(0))];
    force(&rig, id(1)?, "SET st = :st, gs = :gs", &values).await?;
    let today = rig.store.plan_row(id(2)?).await?.context("its row")?.date.context("its day")?;
    let bounced = DayTally { reported_bounces: 15, ..DayTally::new(today.saturating_sub(3.days())) };
    plant(&rig, id(2)?, Standing::first(State::Warming, ago(90)), vec![bounced]).await?;
    force(&rig, id(2)?, "SET gs = :gs", &[(":gs", number(0))]).await?;
    rig.store.pause(id(4)?, "moving", ago(1)).await?;
    rig.aws.create_queue(HEARD, QueueSettings::default());
    rig.aws.create_bus(BUS, HEARD);
    Ok(rig)
}

/// A round that is killed at its k-th await, and what follows it: the next rounds, and that of the next day, as a health row
/// says of a day under way what was so when it was last written. Whether it was killed before it ended.
async fn round(rig: &Rig, now: Timestamp, k: Option<u64>) -> Result<bool> {
    let app = rig.stack.app(Function::Governor);
    let killed = KillAt::new(govern::hourly(&app, now), k).await.is_err();
    for hours in [0, 0, 24] {
        let report = govern::hourly(&app, now + SignedDuration::from_hours(hours)).await?;
        ensure!(report.failed.is_empty(), "{:?}", report.failed);
    }
    Ok(killed)
}

#[test]
fn a_round_killed_anywhere_and_repeated_ends_as_one_that_was_not() -> Result<()> {
    virtual_runtime()?.block_on(async {
        let rig = fleet().await?;
        let (now, before) = (rig.now(), table(&rig).await?);
        round(&rig, now, None).await?;
        let (after, told) = (table(&rig).await?, heard(&rig)?);
        let mut rules = Vec::new();
        for (id, _) in &rig.members {
            let decisions = rig.store.decisions(*id).await?;
            rules.push(decisions.last().context(format!("{id}: nothing was decided"))?.rule);
        }
        let paused = |cause| Rule::Paused(cause);
        let wanted =
            [Rule::Resumed, Rule::NotRecovered, paused(Cause::Emergency), paused(Cause::Domain), Rule::PausedByHand];
        assert_eq!(rules, wanted);
        assert!(told.len() >= rules.len(), "{told:?}");
        for k in 1.. {
            restore(&rig, &before).await?;
            let killed = round(&rig, now, Some(k)).await?;
            let ended = table(&rig).await?;
            assert_eq!(differences(&ended, &after), Vec::<String>::new(), "killed at await {k}");
            assert_eq!(heard(&rig)?, told, "killed at await {k}");
            if !killed {
                assert!(k > 60, "a round waits at more than {k} places");
                return Ok(());
            }
        }
        Ok(())
    })
}

/// Whatever a process that died had decided: a mailbox that was not yet paused is paused for the whole time from then on.
#[test]
fn a_pause_that_nobody_carried_out_is_counted_from_when_it_holds() -> Result<()> {
    virtual_runtime()?.block_on(async {
        let rig = fleet().await?;
        let (now, before) = (rig.now(), table(&rig).await?);
        let (app, later) = (rig.stack.app(Function::Governor), now + SignedDuration::from_hours(5));
        let (id, _) = rig.members.get(2).context("the one that bounces")?;
        let mut abandoned = 0;
        for k in 1.. {
            restore(&rig, &before).await?;
            let killed = KillAt::new(govern::hourly(&app, now), Some(k)).await.is_err();
            let was_paused = rig.store.plan_row(*id).await?.context("its row")?.state == State::Paused;
            govern::hourly(&app, later).await?;
            let decisions = rig.store.decisions(*id).await?;
            let pauses = decisions.iter().filter(|one| !one.void && one.rule == Rule::Paused(Cause::Emergency));
            assert_eq!(pauses.count(), 1, "killed at await {k}");
            let since = rig.store.health(*id).await?.context("its health")?.row.standing.since;
            assert_eq!(since, if was_paused { now } else { later }, "killed at await {k}");
            abandoned += u32::from(decisions.iter().any(|one| one.void));
            if !killed {
                assert!(abandoned > 0, "no decision was left behind: this shows nothing");
                return Ok(());
            }
        }
        Ok(())
    })
}
