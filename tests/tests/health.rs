//! Health on the whole system: rows that cannot be read, emergencies of a domain, and what people do beside the governor.

#![allow(clippy::large_futures, reason = "tests run whole systems in one future")]

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan};
use preheat_app::govern::{self, GovernReport};
use preheat_core::counters::Subject;
use preheat_core::day::PlanRow;
use preheat_core::decision::Rule;
use preheat_core::domain::state::DomainState;
use preheat_core::domain::{self, Check, Report, Topic};
use preheat_core::health::{DayTally, HealthRow};
use preheat_core::id::{DomainName, MailboxId, TenantId};
use preheat_core::lifecycle::{Cause, Pause, Standing};
use preheat_core::limits::Limits;
use preheat_core::mailbox::State;
use preheat_core::message::Look;
use preheat_core::ramp::Ramp;
use preheat_stack::time::virtual_runtime;
use preheat_stack::{Function, Interference, Rig, RigOptions};
use preheat_store::{HealthSeen, Key};

/// Four mailboxes, the last two of one domain; Wednesday noon, so that two days are archived and the third is under way.
async fn rig() -> Result<Rig> {
    let options = RigOptions {
        mailboxes: 4,
        seed: 7,
        start: "2026-03-02T00:00:00Z".parse()?,
        ramp: Ramp::Table { days: vec![20] },
        limits: Limits::default(),
        interference: Interference::default(),
    };
    let rig = Rig::new(options, |_| {}).await?;
    rig.stack.run(rig.now() + SignedDuration::from_hours(60)).await;
    Ok(rig)
}

fn id(rig: &Rig, place: usize) -> Result<MailboxId> {
    Ok(rig.members.get(place).context("a member")?.0)
}

fn words(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// Puts an item past every rule, as only a test may.
async fn plant(rig: &Rig, (pk, sk): (String, String), attributes: &[(&str, AttributeValue)]) -> Result<()> {
    let mut call = rig.aws.dynamodb().put_item().table_name("ledger").item("pk", words(&pk)).item("sk", words(&sk));
    for (name, value) in attributes {
        call = call.item(*name, value.clone());
    }
    call.send().await?;
    Ok(())
}

/// Writes one attribute of a row past every rule.
async fn force(rig: &Rig, key: Key<'_>, name: &str, value: AttributeValue) -> Result<()> {
    let call = rig.aws.dynamodb().update_item().table_name("ledger").key("pk", words(&key.pk()));
    let call = call.key("sk", words(&key.sk())).update_expression("SET #n = :v");
    call.expression_attribute_names("#n", name).expression_attribute_values(":v", value).send().await?;
    Ok(())
}

/// The health row of a mailbox that stands so, on this evidence.
async fn stand(rig: &Rig, id: MailboxId, standing: Standing, days: Vec<DayTally>) -> Result<()> {
    let seen = rig.store.health(id).await?.context("a health row")?;
    let row = HealthRow { standing, days, ..seen.row.clone() };
    rig.store.put_health(id, &seen, row).await?.context("nobody else writes")?;
    Ok(())
}

async fn seen(rig: &Rig, id: MailboxId) -> Result<HealthSeen> {
    rig.store.health(id).await?.context("a health row")
}

async fn row(rig: &Rig, id: MailboxId) -> Result<PlanRow> {
    rig.store.plan_row(id).await?.context("a planning row")
}

/// One run of the governor, as its schedule asks for it. Domains are not looked up.
async fn govern(rig: &Rig, look: Look) -> Result<GovernReport> {
    let app = rig.stack.app(Function::Governor);
    let nothing = async |subject: &domain::Subject| Report { domain: subject.domain.clone(), checks: Vec::new() };
    Ok(govern::govern(&app, look, nothing, rig.now()).await?)
}

async fn wish(rig: &Rig, subject: &Subject) -> Result<()> {
    let key = Key::Look(subject);
    let instant = AttributeValue::N(rig.now().as_millisecond().to_string());
    plant(rig, (key.pk(), key.sk()), &[("n", AttributeValue::N("1".to_owned())), ("la", instant)]).await
}

/// Bounces that were reported of a mailbox today.
async fn bouncing(rig: &Rig, id: MailboxId) -> Result<Vec<DayTally>> {
    let today = row(rig, id).await?.plan.schedule.local_date(rig.now());
    Ok(vec![DayTally { reported_bounces: 40, reported_attempts: 100, ..DayTally::new(today) }])
}

#[test]
fn a_row_of_each_kind_that_cannot_be_read_costs_nobody_else() -> Result<()> {
    virtual_runtime()?.block_on(async {
        let rig = rig().await?;
        // Friday: Monday's mail would be missing by now.
        rig.stack.run(rig.now() + SignedDuration::from_hours(48)).await;
        let tenant: TenantId = "demo".parse()?;
        let monday = "2026-03-02".parse::<Date>()?;
        let broken = || [("j", words("{"))];
        let (ours, theirs) = (Key::Day(id(&rig, 0)?, monday), Key::BoxDay(id(&rig, 1)?, monday));
        let name: DomainName = "damaged.example".parse()?;
        let domain = Key::Domain(&tenant, &name);
        for key in [ours, theirs, domain] {
            plant(&rig, (key.pk(), key.sk()), &broken()).await?;
        }
        let before = seen(&rig, id(&rig, 0)?).await?.row.days;
        let report = govern(&rig, Look::Hourly).await?;
        assert_eq!((report.looked, report.failed.len()), (4, 3), "{:?}", report.failed);
        for key in [ours, theirs, domain] {
            assert!(report.failed.iter().any(|bad| bad.contains(&key.sk())), "{:?}", report.failed);
        }
        // What was known of the day goes on to hold, and what lies in a mailbox whose finds are lost is not missing.
        let after = seen(&rig, id(&rig, 0)?).await?.row.days;
        assert_eq!(before.iter().find(|day| day.date == monday), after.iter().find(|day| day.date == monday));
        for place in 0..4 {
            let days = seen(&rig, id(&rig, place)?).await?.row.days;
            assert_eq!(days.iter().map(|day| day.all().missing).sum::<u32>(), 0);
        }

        // Out of turn: an item that is none, a mailbox whose row is damaged, one that is gone, and one that is well.
        plant(&rig, ("LOOKS".to_owned(), "nobody/7".to_owned()), &[("n", AttributeValue::N("1".to_owned()))]).await?;
        let (damaged, gone, well) = (id(&rig, 2)?, MailboxId(999), id(&rig, 3)?);
        for mailbox in [damaged, gone, well] {
            wish(&rig, &Subject::Mailbox(mailbox)).await?;
        }
        force(&rig, Key::Plan(damaged), "c", words("[9]")).await?;
        let report = govern(&rig, Look::Due).await?;
        assert!(report.failed.iter().any(|bad| bad.contains("nobody/7")), "{:?}", report.failed);
        assert!(report.failed.iter().any(|bad| bad.starts_with(&damaged.to_string())), "{:?}", report.failed);
        let open: BTreeSet<Subject> = rig.store.looks().await?.due.into_iter().map(|look| look.subject).collect();
        assert_eq!(open, [Subject::Mailbox(damaged)].into(), "only the one that could not be looked at is still due");
        Ok(())
    })
}

#[test]
fn an_emergency_pauses_its_domain_new_mailboxes_as_well_for_as_long_as_it_lasts() -> Result<()> {
    virtual_runtime()?.block_on(async {
        let rig = rig().await?;
        let (bad, new, foreign) = (id(&rig, 2)?, id(&rig, 3)?, id(&rig, 0)?);
        assert_eq!(row(&rig, bad).await?.plan.address.domain(), row(&rig, new).await?.plan.address.domain());
        govern(&rig, Look::Hourly).await?;
        // One begins anew: it was imported again, say, and nobody has logged in to it yet.
        rig.store.set_state(new, &State::ALL, State::New, None, rig.now()).await?;
        govern(&rig, Look::Hourly).await?;
        let standing = Standing::first(State::Warming, rig.now() - SignedDuration::from_hours(30));
        stand(&rig, bad, standing, bouncing(&rig, bad).await?).await?;
        let report = govern(&rig, Look::Hourly).await?;
        assert!(report.failed.is_empty(), "{:?}", report.failed);
        let paused =
            async |id| Ok::<_, anyhow::Error>((row(&rig, id).await?.state, seen(&rig, id).await?.row.standing.pause));
        assert_eq!(paused(bad).await?, (State::Paused, Some(Pause::Auto(Cause::Emergency))));
        assert_eq!(paused(new).await?, (State::Paused, Some(Pause::Auto(Cause::Domain))));
        assert_eq!(row(&rig, foreign).await?.state, State::Warming);

        // Three days on the emergency is not over (it bounces still), so neither is the other's pause.
        for mailbox in [bad, new] {
            let known = seen(&rig, mailbox).await?.row;
            let since = rig.now() - SignedDuration::from_hours(72);
            stand(&rig, mailbox, Standing { since, ..known.standing }, known.days).await?;
        }
        for look in [Look::Hourly, Look::Due] {
            wish(&rig, &Subject::Mailbox(new)).await?;
            govern(&rig, look).await?;
            assert_eq!(paused(new).await?.0, State::Paused, "{look:?}");
        }
        // A person takes the emergency over: the domain is free, and who was new is new.
        assert!(rig.store.pause(bad, "looked into", rig.now()).await?);
        govern(&rig, Look::Hourly).await?;
        govern(&rig, Look::Hourly).await?;
        assert_eq!(paused(bad).await?, (State::Paused, Some(Pause::Hand)));
        let state = row(&rig, new).await?.state;
        assert!(state != State::Paused, "{state:?}");
        Ok(())
    })
}

#[test]
fn a_stop_ends_an_automatic_pause_for_good_and_what_was_before_it_counts_no_more() -> Result<()> {
    virtual_runtime()?.block_on(async {
        let rig = rig().await?;
        let id = id(&rig, 0)?;
        govern(&rig, Look::Hourly).await?;
        assert!(seen(&rig, id).await?.row.sent() > 0);
        let since = rig.now() - SignedDuration::from_hours(100);
        let standing = Standing { pause: Some(Pause::Auto(Cause::Bounces)), ..Standing::first(State::Paused, since) };
        let days = seen(&rig, id).await?.row.days;
        stand(&rig, id, standing, days).await?;
        rig.store.set_state(id, &State::ALL, State::Paused, None, rig.now()).await?;
        let today = row(&rig, id).await?.plan.schedule.local_date(rig.now());
        assert!(rig.store.stop(id, "starts over", today.tomorrow()?, rig.now()).await?);
        for hour in 0..3 {
            govern(&rig, Look::Hourly).await?;
            let known = seen(&rig, id).await?.row;
            assert_eq!((known.standing.pause, known.sent()), (Some(Pause::Hand), 0), "hour {hour}");
            assert_eq!((row(&rig, id).await?.state, known.scores), (State::Paused, None));
        }
        let decisions = rig.store.decisions(id).await?;
        let last = decisions.last().context("a decision")?;
        assert_eq!((last.rule, last.observed), (Rule::Stopped, true));
        assert!(last.words.contains("starts over"), "{}", last.words);
        // Stopped again, while it is paused by hand: that is on record as well.
        assert!(rig.store.stop(id, "once more", today.saturating_add(2.days()), rig.now()).await?);
        govern(&rig, Look::Hourly).await?;
        let again = rig.store.decisions(id).await?;
        assert_eq!(again.iter().filter(|one| one.rule == Rule::Stopped).count(), 2, "{again:?}");
        Ok(())
    })
}

/// A check that nobody knows of beside records that pass: what was stopped for them sends again.
#[test]
fn a_domain_that_fails_no_longer_gives_its_mailboxes_back() -> Result<()> {
    virtual_runtime()?.block_on(async {
        let rig = rig().await?;
        let id = id(&rig, 0)?;
        govern(&rig, Look::Hourly).await?;
        let failing = Standing {
            dns_failing_since: Some(rig.now() - SignedDuration::from_hours(100)),
            percent: 0,
            ..Standing::first(State::Warming, rig.now() - SignedDuration::from_hours(100))
        };
        stand(&rig, id, failing, Vec::new()).await?;
        force(&rig, Key::Plan(id), "hm", AttributeValue::N("0".to_owned())).await?;
        let plan = row(&rig, id).await?.plan;
        let domain: DomainName = plan.address.domain().parse()?;
        // SPF was mended while nobody could look the rest up.
        let spf = Check {
            topic: Topic::Spf,
            about: domain.to_string(),
            verdict: domain::Verdict::Passing,
            required: true,
            finding: "as it should be".to_owned(),
            advice: None,
        };
        let report = Report { domain: domain.clone(), checks: vec![spf] };
        let unknown = DomainState { verdict: domain::Verdict::Unknown, ..DomainState::after(None, report, rig.now()) };
        rig.store.set_domain_state(&plan.tenant, &unknown).await?;
        govern(&rig, Look::Hourly).await?;
        assert_eq!(row(&rig, id).await?.percent, 100);
        Ok(())
    })
}
