//! The budgets that are counts (budgets.md): requests, capacity units and bytes a mail. They are exact, so they are tests;
//! timings are printed by `cargo xtask bench`, and held by its `--check`. One of them is held here as well: a webhook's, whose
//! slowest provider is five times as fast as it must be already in the profile of the tests.

use preheat_core::limits::Limits;
use preheat_tests::bench::intake::{self, EVENTS_PER_S_MIN};
use preheat_tests::bench::{mapping, whole};

/// The size at which budgets.md speaks: 40 sends a day, and no partner is written to twice a day by the same mailbox, so
/// there must be clearly more than 40 others.
const RUN: whole::Run = whole::Run { mailboxes: 60, sends_per_day: 40, days: 1, visits_per_day: 5 };

#[test]
fn a_mail_costs_its_budget_of_writes_and_bytes() {
    assert_eq!(RUN.visits_per_day, Limits::default().visits_per_day);
    let spent = whole::measure(RUN).unwrap();
    let (writes, bytes) = (spent.write_units_per_mail(), spent.bytes_out_per_mail());
    let shown = format!(
        "{} mails, {writes:.3} write units and {bytes:.0} bytes a mail ({} to mail servers, {} to AWS)\n{}",
        spent.mails,
        spent.mail_bytes,
        spent.aws_bytes,
        spent.by_operation()
    );
    // A run that hardly sends would keep any budget.
    assert!(spent.mails >= 2_000, "{shown}");
    assert!(writes <= 2.4, "{shown}");
    assert!(bytes <= 5_000.0, "{shown}");
}

/// At this size a batch of Lambda's mapping fills within its window; small fleets pay more calls a mail, and cost little.
const LARGE: u32 = 20_000;

#[test]
fn a_mail_of_a_large_fleet_costs_its_budget_of_queue_calls() {
    let visits_per_day = Limits::default().visits_per_day;
    let calls = mapping::measure(LARGE, 1, visits_per_day).unwrap();
    assert!(calls.mails.orders > u64::from(LARGE) / 2 && calls.visits.orders > 0, "{calls:?}");
    let per_mail = calls.per_mail(visits_per_day);
    assert!(per_mail <= 0.35, "{per_mail:.3} queue calls a mail: {calls:?}");
}

/// By the processor time of this thread: verified, read and normalised, nothing stored.
#[test]
fn every_provider_is_read_at_its_budget_of_events_a_second() {
    let figures = intake::measure(0.2).unwrap();
    let shown: Vec<String> =
        figures.iter().map(|one| format!("{}: {:.0} events/s", one.provider, one.events_per_s)).collect();
    assert!(figures.len() >= 18, "{shown:#?}");
    assert!(figures.iter().all(|one| one.events_per_s >= EVENTS_PER_S_MIN), "{shown:#?}");
}
