//! The governor on the whole system: six weeks of a fleet in which things go wrong, and a governor that is killed anywhere.

#![allow(clippy::large_futures, reason = "tests run whole systems in one future")]

#[path = "governor/round.rs"]
mod round;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use preheat_app::govern;
use preheat_core::day::{PlanRow, SlotState};
use preheat_core::decision::{Decision, Rule};
use preheat_core::domain::state::DomainState;
use preheat_core::domain::{Check, Report, Topic, Verdict};
use preheat_core::health::{DayTally, HealthRow, Tally};
use preheat_core::id::{DomainName, MailboxId};
use preheat_core::lifecycle::{Cause, Pause, Standing};
use preheat_core::limits::Limits;
use preheat_core::mailbox::{Provider, State};
use preheat_core::ramp::Ramp;
use preheat_stack::incident::INCIDENTS;
use preheat_stack::kill::KillAt;
use preheat_stack::time::{sleep_until, virtual_runtime};
use preheat_stack::{Function, Interference, Rig, RigOptions, Watch};
use preheat_store::{HealthSeen, Key};

const START: &str = "2026-03-02T00:00:00Z";

fn options(mailboxes: usize, ramp: Ramp) -> Result<RigOptions> {
    Ok(RigOptions {
        mailboxes,
        seed: 7,
        start: START.parse()?,
        ramp,
        limits: Limits::default(),
        interference: Interference::default(),
    })
}

fn way(decisions: &[Decision]) -> Vec<State> {
    let moves = decisions.iter().filter(|decision| decision.from != decision.to && !decision.void);
    moves.map(|decision| decision.to).collect()
}

/// Issue 3: mailboxes go new → warming → ready; one with a spam streak is degraded and recovers; one with dead credentials is in
/// error and says why; each visible in `why`.
#[test]
fn in_six_weeks_mailboxes_become_ready_degrade_recover_and_fail_and_say_why() -> Result<()> {
    virtual_runtime()?.block_on(async {
        let ramp = Ramp::preset("conservative").context("a preset")?;
        let rig = Rig::new(options(12, ramp)?, |_| {}).await?;
        let start: Timestamp = START.parse()?;
        let end = start + SignedDuration::from_hours(24 * 42);
        let mut watch = Watch::default();
        {
            let running = rig.stack.run(end);
            let mut running = std::pin::pin!(running);
            let mut incidents = INCIDENTS.to_vec();
            incidents.sort_by_key(|incident| incident.begins(start));
            for incident in incidents {
                tokio::select! {
                    biased;
                    () = sleep_until(&rig.clock, incident.begins(start)) => {}
                    () = &mut running => {}
                }
                incident.happen(&rig, start)?;
                watch.look(&rig).await?;
            }
            running.await;
        }
        watch.look(&rig).await?;
        assert!(watch.violations.is_empty(), "{:?}", watch.violations);
        let (spammed, dead) = (INCIDENTS[0].member(), INCIDENTS[1].member());
        for (place, (id, member)) in rig.members.iter().enumerate() {
            let decisions = rig.store.decisions(*id).await?;
            let shown: Vec<String> =
                decisions.iter().map(|one| format!("{} {}: {}", one.at, one.rule.name(), one.words)).collect();
            let way = way(&decisions);
            assert_eq!(way.first(), Some(&State::Warming), "{}: {shown:#?}", member.address);
            if place == dead {
                assert_eq!(way.last(), Some(&State::Error), "{shown:#?}");
                let last = decisions.last().context("a decision")?;
                assert!(last.words.contains("refused"), "{}", last.words);
            } else if place == spammed {
                let degraded =
                    decisions.iter().position(|one| one.rule == Rule::Degraded).context(format!("{shown:#?}"))?;
                let recovered = decisions.iter().position(|one| one.rule == Rule::Recovered);
                assert!(recovered > Some(degraded), "{shown:#?}");
                let words = &decisions[degraded].words;
                assert!(words.contains("heat") && words.contains("in the inbox"), "{words}");
            } else {
                assert!(way.contains(&State::Ready), "{}: {shown:#?}", member.address);
                assert!(!way.contains(&State::Error) && !way.contains(&State::Paused), "{shown:#?}");
            }
            // Numbers follow one another, and nothing was decided that the row does not know.
            assert!(decisions.iter().zip(1..).all(|(one, seq)| one.seq == seq), "{shown:#?}");
        }
        Ok(())
    })
}

/// Changes a planning row past every rule, as only a test may.
async fn force(rig: &Rig, id: MailboxId, expression: &str, values: &[(&str, AttributeValue)]) -> Result<()> {
    let key = Key::Plan(id);
    let mut call = rig
        .aws
        .dynamodb()
        .update_item()
        .table_name("ledger")
        .key("pk", AttributeValue::S(key.pk()))
        .key("sk", AttributeValue::S(key.sk()))
        .update_expression(expression);
    for (name, value) in values {
        call = call.expression_attribute_values(*name, value.clone());
    }
    call.send().await?;
    Ok(())
}

fn number(value: u32) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The health row of a mailbox that stands so, on this evidence, with no decision before.
async fn plant(rig: &Rig, id: MailboxId, standing: Standing, days: Vec<DayTally>) -> Result<()> {
    let key = Key::Health(id);
    let dynamo = rig.aws.dynamodb();
    let delete = dynamo.delete_item().table_name("ledger");
    delete.key("pk", AttributeValue::S(key.pk())).key("sk", AttributeValue::S(key.sk())).send().await?;
    for seq in 1..4 {
        let key = Key::Decision(id, seq);
        let delete = dynamo.delete_item().table_name("ledger");
        delete.key("pk", AttributeValue::S(key.pk())).key("sk", AttributeValue::S(key.sk())).send().await?;
    }
    let row = HealthRow { standing, days, ..HealthRow::first(State::Warming, rig.now()) };
    rig.store.put_health(id, &HealthSeen::absent(row.clone()), row).await?.context("it was just deleted")?;
    Ok(())
}

async fn row_of(rig: &Rig, id: MailboxId) -> Result<PlanRow> {
    rig.store.plan_row(id).await?.context("the row")
}

/// Kills a look at its k-th await for every k, looks again without, and hands what came of it to `check`.
async fn killed_anywhere(
    rig: &Rig,
    prepare: impl AsyncFn() -> Result<()>,
    check: impl AsyncFn(u64) -> Result<()>,
) -> Result<()> {
    for k in 1.. {
        prepare().await?;
        // A killed process loses all that it kept.
        let app = rig.stack.app(Function::Governor);
        let killed = KillAt::new(govern::hourly(&app, rig.now()), Some(k)).await.is_err();
        let report = govern::hourly(&app, rig.now()).await?;
        assert!(report.failed.is_empty(), "k={k}: {:?}", report.failed);
        // A look that has nothing to decide changes nothing.
        govern::hourly(&app, rig.now()).await?;
        check(k).await?;
        if !killed {
            assert!(k > 30, "a look waits at more than {k} places");
            return Ok(());
        }
    }
    Ok(())
}

async fn small_rig() -> Result<(Rig, MailboxId)> {
    small_rig_by(Limits::default()).await
}

async fn small_rig_by(limits: Limits) -> Result<(Rig, MailboxId)> {
    let options = RigOptions { limits, ..options(4, Ramp::Table { days: vec![20] })? };
    let rig = Rig::new(options, |_| {}).await?;
    // Wednesday noon in UTC: days are under way.
    rig.stack.run(rig.now() + SignedDuration::from_hours(60)).await;
    let id = rig.members.first().context("a member")?.0;
    Ok((rig, id))
}

#[test]
fn a_governor_killed_anywhere_rolls_a_ramp_back_once() -> Result<()> {
    virtual_runtime()?.block_on(async {
        let (rig, id) = small_rig().await?;
        let prepare = async || {
            let since = rig.now() - SignedDuration::from_hours(49);
            let standing =
                Standing { pause: Some(Pause::Auto(Cause::Bounces)), ..Standing::first(State::Paused, since) };
            plant(&rig, id, standing, Vec::new()).await?;
            let values = [(":st", AttributeValue::S("paused".to_owned())), (":i", number(20)), (":gs", number(0))];
            force(&rig, id, "SET st = :st, i = :i, gs = :gs", &values).await
        };
        let check = async |k: u64| {
            let row = row_of(&rig, id).await?;
            assert_eq!((row.state, row.day_index), (State::Warming, 13), "k={k}");
            let decisions = rig.store.decisions(id).await?;
            let rules: Vec<Rule> = decisions.iter().filter(|one| !one.void).map(|one| one.rule).collect();
            assert_eq!(rules, [Rule::Resumed], "k={k}");
            let health = rig.store.health(id).await?.context("a row")?.row;
            assert_eq!((health.seq, health.standing.state), (1, State::Warming), "k={k}");
            Ok(())
        };
        killed_anywhere(&rig, prepare, check).await
    })
}

#[test]
fn a_governor_killed_anywhere_lowers_a_day_once_and_uncounts_nothing() -> Result<()> {
    virtual_runtime()?.block_on(async {
        let (rig, id) = small_rig().await?;
        let before = row_of(&rig, id).await?;
        // Before the run began, so that no archive of that day is folded in its place; inside the window of seven days.
        let sunday = before.date.context("a day")?.checked_sub(jiff::Span::new().days(3))?;
        assert!(before.slots.values().any(|state| matches!(state, SlotState::Sent { .. })), "{before:?}");
        let prepare = async || {
            // 3 of some 20 bounced: critical, so half of what is left.
            let tally = Tally { sent: 19, inbox: 16, read: 16, ..Tally::default() };
            let day = DayTally {
                by_provider: [(Provider::Other, tally)].into(),
                reported_bounces: 3,
                ..DayTally::new(sunday)
            };
            plant(&rig, id, Standing::first(State::Warming, rig.now() - SignedDuration::from_hours(30)), vec![day])
                .await?;
            let values = [(":q", number(40)), (":zero", number(0)), (":st", AttributeValue::S("warming".to_owned()))];
            force(&rig, id, "SET q = :q, ci = :zero, st = :st, gs = :zero REMOVE hm, hq", &values).await
        };
        let check = async |k: u64| {
            let row = row_of(&rig, id).await?;
            assert_eq!((row.percent, row.quota_percent), (50, 50), "k={k}");
            assert_eq!(row.quota, 20.max(before.used), "k={k}");
            assert_eq!((row.used, &row.slots), (before.used, &before.slots), "k={k}");
            Ok(())
        };
        killed_anywhere(&rig, prepare, check).await
    })
}

/// 3 bounces of some 20 to 80 sends, as an operator's document would have them judged: more than 2 % is a warning and over 3 %
/// critical by default; what another document says of it is what the planning row is told.
#[test]
fn an_operators_document_changes_what_the_governor_does() -> Result<()> {
    for (document, percent, rule) in [
        ("{}", 50, "critical"),
        (r#"{"health": {"critical_percent": 40}}"#, 40, "critical"),
        (r#"{"health": {"tier_critical": 0.2, "tier_pause": 0.3, "tier_emergency": 0.4}}"#, 75, "warning"),
        (
            r#"{"health": {"tier_warning": 0.2, "tier_critical": 0.3, "tier_pause": 0.4, "tier_emergency": 0.5}}"#,
            100,
            "",
        ),
    ] {
        virtual_runtime()?.block_on(async {
            let (rig, id) = small_rig_by(Limits::read(document)?).await?;
            let monday = row_of(&rig, id).await?.date.context("a day")?.checked_sub(jiff::Span::new().days(1))?;
            let tally = Tally { sent: 19, inbox: 16, read: 16, bounced: 3, ..Tally::default() };
            let sunday = monday.checked_sub(jiff::Span::new().days(2))?;
            let day = DayTally { by_provider: [(Provider::Other, tally)].into(), ..DayTally::new(sunday) };
            plant(&rig, id, Standing::first(State::Warming, rig.now() - SignedDuration::from_hours(30)), vec![day])
                .await?;
            govern::hourly(&rig.stack.app(Function::Governor), rig.now()).await?;
            let row = row_of(&rig, id).await?;
            assert_eq!(row.percent, percent, "{document}");
            let decisions = rig.store.decisions(id).await?;
            assert_eq!(decisions.iter().filter(|one| one.rule == Rule::Tier).count(), usize::from(percent < 100));
            assert!(
                rule.is_empty() || decisions.iter().any(|one| one.words.contains(rule)),
                "{document}: {decisions:?}"
            );
            Ok::<_, anyhow::Error>(())
        })?;
    }
    Ok(())
}

/// domain.md §7: `new` → `warming` when the logins work *and* the domain's DNS passes or is within its grace.
#[test]
fn a_new_mailbox_does_not_begin_on_a_domain_that_fails_beyond_its_grace() -> Result<()> {
    virtual_runtime()?.block_on(async {
        let rig = Rig::new(options(4, Ramp::Table { days: vec![20] })?, |_| {}).await?;
        let (id, member) = rig.members.first().context("a member")?;
        let domain: DomainName = member.address.domain().parse()?;
        let check = Check {
            topic: Topic::Spf,
            about: domain.to_string(),
            verdict: Verdict::Failing,
            required: true,
            finding: "there is no record".to_owned(),
            advice: None,
        };
        let report = Report { domain: domain.clone(), checks: vec![check] };
        let failing = DomainState::after(None, report, rig.now() - SignedDuration::from_hours(80));
        // Nobody looks again while the test runs.
        let state = DomainState { checked_at: rig.now() + SignedDuration::from_hours(1), ..failing };
        rig.store.set_domain_state(&"demo".parse()?, &state).await?;
        rig.stack.run(rig.now() + SignedDuration::from_mins(40)).await;
        assert_eq!(row_of(&rig, *id).await?.state, State::Error);
        let rules: Vec<Rule> = rig.store.decisions(*id).await?.iter().map(|one| one.rule).collect();
        assert_eq!(rules, [Rule::DnsFails], "it never began to warm");
        let mut others = 0;
        for (id, other) in rig.members.iter().filter(|(_, other)| other.address.domain() != domain.as_str()) {
            assert_eq!(row_of(&rig, *id).await?.state, State::Warming, "{}", other.address);
            others += 1;
        }
        assert!(others > 0);
        Ok(())
    })
}
