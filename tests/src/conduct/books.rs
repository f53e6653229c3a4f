//! The roll-ups against what mail servers took: counted once, whoever died meanwhile (reliability.md, invariant 5).

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::civil::Date;
use preheat_core::day::{PlanRow, SlotState};
use preheat_core::health::{HealthRow, Scores};
use preheat_core::mailbox::State;
use preheat_core::slots::Slots;
use preheat_stack::Rig;

/// What is wrong with the books of a mailbox at rest.
pub(super) async fn check(rig: &Rig, row: &PlanRow, health: &HealthRow, address: &str) -> Result<Vec<String>> {
    let mut taken: BTreeMap<Date, u32> = BTreeMap::new();
    for entry in rig.world.ledger().iter().filter(|entry| entry.from == address) {
        if entry.token.is_some() && entry.is_taken() {
            // A window lies within one date, and its last session, too.
            *taken.entry(row.plan.schedule.local_date(entry.at)).or_default() += 1;
        }
    }
    let mut slots: BTreeMap<Date, Slots> = BTreeMap::new();
    for day in rig.store.archives(row.plan.id).await? {
        slots.insert(day.date, day.slots);
    }
    if let Some(date) = row.date {
        slots.insert(date, row.slots.clone());
    }
    // A day is rolled up once it is over.
    let today = row.plan.schedule.local_date(rig.now());
    slots.retain(|date, _| *date < today);
    Ok(judge(&taken, &slots, health))
}

/// All that the governor writes of mailboxes: what a round that has nothing to do leaves alone.
pub(super) async fn everything(rig: &Rig) -> Result<Vec<(PlanRow, Option<HealthRow>, usize)>> {
    let mut all = Vec::new();
    for row in rig.rows().await? {
        let health = rig.store.health(row.plan.id).await?.map(|seen| seen.row);
        let decisions = rig.store.decisions(row.plan.id).await?.len();
        all.push((row, health, decisions));
    }
    Ok(all)
}

/// Compares the days of three books: the servers', the ledger's, and the governor's.
fn judge(taken: &BTreeMap<Date, u32>, slots: &BTreeMap<Date, Slots>, health: &HealthRow) -> Vec<String> {
    let mut found = Vec::new();
    for (date, slots) in slots {
        let count = |wanted: fn(&SlotState) -> bool| slots.values().filter(|state| wanted(state)).count();
        let sent = count(|state| matches!(state, SlotState::Sent { .. }));
        let open = count(|state| matches!(state, SlotState::Claimed { .. } | SlotState::Ambiguous { .. }));
        let (bounced, took) = (count(|state| matches!(state, SlotState::Bounced { .. })), of(taken, *date));
        if took < sent || took > sent + open {
            found.push(format!("servers took {took} mails of {date}; its slots say {sent} sent and {open} unknown"));
        }
        let Some(day) = health.days.iter().find(|day| day.date == *date) else {
            if took > 0 {
                found.push(format!("servers took {took} mails of {date}, which the roll-up does not know"));
            }
            continue;
        };
        let counted = day.by_provider.values().map(|tally| tally.sent as usize).sum::<usize>();
        if counted < sent + bounced || counted > sent + bounced + open {
            found.push(format!(
                "the roll-up of {date} counts {counted}; its slots say {sent} sent, {bounced} bounced, {open} unknown"
            ));
        }
        let placed = day.all().found() + day.all().missing;
        if placed as usize > counted {
            found.push(format!("the roll-up of {date} counts {counted} mails in {placed} places"));
        }
    }
    let days: u32 = health.days.iter().map(|day| day.all().sent).sum();
    if health.sent() != days + health.sent_before {
        found.push(format!("{} sent in all, {days} on its days and {} before", health.sent(), health.sent_before));
    }
    found.extend(health.scores.and_then(out_of_bounds));
    if health.standing.state == State::Ready && health.scores.is_none() {
        found.push("it is ready, and its health is unknown".to_owned());
    }
    found
}

fn of(taken: &BTreeMap<Date, u32>, date: Date) -> usize {
    taken.get(&date).copied().unwrap_or(0) as usize
}

fn out_of_bounds(scores: Scores) -> Option<String> {
    let own = scores.reputation();
    let all = [scores.deliverability, scores.heat, scores.score, own.deliverability, own.heat];
    all.into_iter().any(|score| score > 100).then(|| format!("a score is beyond 100: {scores:?}"))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::date;
    use preheat_core::health::{DayTally, Tally};
    use preheat_core::id::MailboxId;
    use preheat_core::mailbox::Provider;

    use super::*;

    const DAY: Date = date(2026, 3, 2);

    /// A day of which each book says what is given: taken by servers, slots by state, counted by the governor.
    fn found(took: u32, states: &[SlotState], counted: u32) -> Vec<String> {
        let slots = (0..).zip(states.iter().copied()).collect();
        let tally = Tally { sent: counted, inbox: counted, ..Tally::default() };
        let day = DayTally { by_provider: [(Provider::Other, tally)].into(), ..DayTally::new(DAY) };
        let health = HealthRow { days: vec![day], ..HealthRow::first(State::Warming, Timestamp::UNIX_EPOCH) };
        judge(&[(DAY, took)].into(), &[(DAY, slots)].into(), &health)
    }

    #[test]
    fn books_that_differ_are_found() {
        let partner = MailboxId(2);
        let (sent, bounced) = (SlotState::Sent { partner }, SlotState::Bounced { partner });
        let open = SlotState::Ambiguous { since: Timestamp::UNIX_EPOCH, partner };
        for (took, states, counted) in [
            (2, vec![sent, sent], 2),
            (2, vec![sent, sent, bounced], 3),
            (2, vec![sent, open], 1),
            (1, vec![sent, open], 2),
        ] {
            assert_eq!(found(took, &states, counted), Vec::<String>::new(), "{took} {states:?} {counted}");
        }
        for (took, states, counted, what) in [
            (3, vec![sent, sent], 2, "servers took 3"),
            (1, vec![sent, sent], 2, "servers took 1"),
            (2, vec![sent, sent], 4, "counts 4"),
            (2, vec![sent, sent], 1, "counts 1"),
            (2, vec![sent, sent, bounced], 2, "counts 2"),
        ] {
            let found = found(took, &states, counted);
            assert!(found.len() == 1 && found[0].contains(what), "{took} {states:?} {counted}: {found:?}");
        }
    }

    #[test]
    fn a_day_that_was_never_rolled_up_and_a_score_of_101_are_found() {
        let scores =
            Scores { deliverability: 90, heat: 101, score: 80, ready: true, estimated_ready: None, uncapped: None };
        let slots: Slots = [(0, SlotState::Sent { partner: MailboxId(2) })].into_iter().collect();
        let health = HealthRow { scores: Some(scores), ..HealthRow::first(State::Warming, Timestamp::UNIX_EPOCH) };
        let found = judge(&[(DAY, 1)].into(), &[(DAY, slots)].into(), &health);
        assert!(found[0].contains("does not know") && found[1].contains("beyond 100"), "{found:?}");
        let unknown = HealthRow::first(State::Ready, Timestamp::UNIX_EPOCH);
        assert_eq!(judge(&[].into(), &[].into(), &unknown), ["it is ready, and its health is unknown"]);
    }
}
