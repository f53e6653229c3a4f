//! The fault matrix of reliability.md: inject, and see the required outcome. Each is a short run of the whole system on
//! virtual time ([`preheat_tests::trial`]); the invariants are watched in all of them. That a fault really was injected is
//! asserted, too: a test that met nothing shows nothing.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use preheat_app::send::SendOutcome;
use preheat_core::mailbox::State;
use preheat_local::{Disorder, Fault as AwsFault};
use preheat_sandbox::{Dialled, Fault, FaultRates, Kind, Protocol, Role, Script, Step};
use preheat_stack::stack::{SENDS, SENDS_DEAD, VISITS, VISITS_DEAD};
use preheat_stack::{Event, Function, Interference, Rig};
use preheat_tests::trial::{Report, Trial};

fn quiet(report: &Report) {
    assert_eq!(report.violations, Vec::<String>::new());
}

/// Nothing was violated, and the first day was filled all the same.
fn recovered(report: &Report) {
    quiet(report);
    assert!(report.target > 0, "nothing was to be sent: the trial shows nothing");
    let what = (report.sent, report.open);
    assert_eq!(what, (report.target, 0), "sent of target, and still open: {:?}", report.shortfalls);
}

fn once(mut what: impl FnMut(&Rig)) -> impl FnMut(&Rig, Timestamp) {
    let mut done = false;
    move |rig, _| {
        if !done {
            done = true;
            what(rig);
        }
    }
}

/// A script for the first `count` connections of a protocol.
fn first(protocol: Protocol, count: u64, faults: Vec<Fault>) -> Script {
    let met = std::sync::atomic::AtomicU64::new(0);
    Arc::new(move |dialled: &Dialled| {
        let hit = dialled.protocol == protocol && met.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < count;
        if hit { faults.clone() } else { Vec::new() }
    })
}

/// Connections are only disturbed after the mailboxes were let in: at six in the morning, London.
fn from_six(mut what: impl FnMut(&Rig)) -> impl FnMut(&Rig, Timestamp) {
    let mut done = false;
    move |rig, now| {
        if !done && now >= "2026-03-02T06:00:00Z".parse::<Timestamp>().unwrap() {
            done = true;
            what(rig);
        }
    }
}

#[test]
fn without_a_fault_the_day_is_filled() {
    let report = Trial::default().run(|_, _| {}).unwrap();
    recovered(&report);
    assert!(report.mails >= 10);
}

/// F1 and F2: the `nth` invocation of a function ends at its k-th await, for every k until it has no more.
fn killed_everywhere(function: Function, nth: u64, only_cancel: bool, step: usize) {
    let mut kills = 0;
    for k in (1..).step_by(step) {
        let interference = Interference {
            kill_at: Arc::new(move |killed, n| (killed == function && n == nth).then_some(k)),
            only_cancel,
            ..Interference::default()
        };
        let report = Trial { mailboxes: 3, daily: 2, interference, ..Trial::default() }.run(|_, _| {}).unwrap();
        quiet(&report);
        assert_eq!(report.open, 0, "k = {k}: a send was never settled");
        assert_eq!(report.sent_ever, report.mails, "k = {k}: the ledger and the servers count differently");
        assert_eq!(report.recorded, report.received, "k = {k}: mails were filed that nobody had recorded");
        // A slot that was lost so late that its day ends before the recipient's mailbox was searched is missed.
        assert!(report.sent + 1 >= report.target, "k = {k}: {} of {} sent", report.sent, report.target);
        if report.kills() == 0 {
            break;
        }
        kills += report.kills();
    }
    assert!(kills >= 5, "{function:?} was killed {kills} times only");
}

#[test]
fn f01_the_sender_is_killed_at_every_await() {
    killed_everywhere(Function::Sender, 1, false, 1);
}

#[test]
fn f01_the_replier_is_killed_at_every_await() {
    killed_everywhere(Function::Replier, 6, false, 5);
}

/// A visit that dies after it rescued a mail has recorded before that it lay in spam: nobody can find it there again.
#[test]
fn f01_what_a_killed_visit_rescued_was_recorded_before() {
    let mut kills = 0;
    for k in (1..).step_by(4) {
        let interference = Interference {
            kill_at: Arc::new(move |killed, nth| (killed == Function::Replier && (5..9).contains(&nth)).then_some(k)),
            ..Interference::default()
        };
        let report = Trial { mailboxes: 3, daily: 2, interference, ..Trial::default() }
            .run(once(|rig| {
                for (_, member) in &rig.members {
                    rig.world.spam_streak(member.address.as_str(), Timestamp::MAX);
                }
            }))
            .unwrap();
        quiet(&report);
        assert!(report.received > 0 && report.recorded == report.received, "k = {k}");
        assert_eq!(report.recorded_spam, report.recorded, "k = {k}: all of it lay in spam");
        if report.kills() == 0 {
            break;
        }
        kills += report.kills();
    }
    assert!(kills >= 20, "{kills} kills only");
}

#[test]
fn f02_the_sender_is_cancelled_at_every_await() {
    killed_everywhere(Function::Sender, 2, true, 2);
}

#[test]
fn f02_the_replier_is_cancelled_at_every_await() {
    killed_everywhere(Function::Replier, 7, true, 5);
}

#[test]
fn f03_a_message_delivered_two_to_five_times_at_once_gives_one_data() {
    for copies in 2..=5 {
        let report = Trial::default()
            .run(once(|rig| {
                for queue in [SENDS, VISITS] {
                    rig.aws.queues().deliver_copies(queue, copies).unwrap();
                }
            }))
            .unwrap();
        recovered(&report);
        assert!(report.outcomes(SendOutcome::Taken) > 0, "no copy ever met a claim");
    }
}

#[test]
fn f04_messages_that_come_15_minutes_to_4_days_late_are_stale() {
    let report = Trial { hours: 24 * 6, ..Trial::default() }
        .run(once(|rig| {
            let late = Disorder { copy_share: 0.0, copies: 1, spread_s: 600, late_share: 0.5, late_s: (900, 345_600) };
            rig.aws.queues().disorder(SENDS, Some(late)).unwrap();
        }))
        .unwrap();
    quiet(&report);
    assert!(report.outcomes(SendOutcome::Stale) > 0, "no message came too late");
    // Planned anew at the pace of catch-up, which counts attempts; the rest is carried over or missed, and recorded so.
    assert!(report.sent > 0 && report.sent <= report.target, "{} of {}", report.sent, report.target);
}

#[test]
fn f05_a_whole_batch_fails_and_what_was_done_is_not_done_again() {
    let report = Trial::default()
        .run(|rig, now| {
            // Half an hour in which the ledger answers nothing, in the middle of the window.
            let share = if ("2026-03-02T11:00:00Z".parse::<Timestamp>().unwrap()
                ..="2026-03-02T11:30:00Z".parse().unwrap())
                .contains(&now)
            {
                1.0
            } else {
                0.0
            };
            for operation in ["GetItem", "UpdateItem"] {
                rig.aws.faults().share(operation, AwsFault::Throttle, share);
            }
        })
        .unwrap();
    recovered(&report);
    assert!(report.rig.aws.faults().injected_total() > 0);
    // What was done and comes back all the same ends there, after its fourth time.
    for dead in [SENDS_DEAD, VISITS_DEAD] {
        assert_eq!(report.rig.aws.queues().lying(dead).len(), 0, "{dead}: what was done came back");
    }
}

#[test]
fn f06_dynamodb_throttles_one_to_a_hundred_percent() {
    for share in [0.01, 0.3, 0.7] {
        let report = Trial::default()
            .run(once(|rig| {
                for operation in ["GetItem", "UpdateItem", "PutItem", "Query"] {
                    rig.aws.faults().share(operation, AwsFault::Throttle, share);
                }
            }))
            .unwrap();
        quiet(&report);
        assert!(report.rig.aws.faults().injected_total() > 0);
    }
    // In the middle of the window, with orders in the queue, no claim is answered any more.
    let mut before = None;
    let report = Trial { mailboxes: 6, daily: 5, hours: 20, ..Trial::default() }
        .run(|rig, now| {
            let begins = "2026-03-02T10:00:00Z".parse::<Timestamp>().unwrap();
            if now >= begins && before.is_none() {
                rig.aws.faults().share("UpdateItem", AwsFault::Throttle, 1.0);
                before = Some(u64::try_from(rig.world.ledger().len()).unwrap());
            }
        })
        .unwrap();
    quiet(&report);
    let failed = report.events.iter().filter(|event| matches!(event, Event::SendFailed(_))).count();
    assert!(failed > 0, "no order met a ledger that does not answer");
    let under_way = 2;
    let mails = report.mails - before.unwrap();
    assert!(mails <= under_way, "{mails} mails, and nothing may be said to a mail server without a claim");
}

#[test]
fn f07_a_write_is_applied_and_its_answer_lost() {
    for nth in (1..=25).step_by(2) {
        let report = Trial { mailboxes: 3, daily: 2, ..Trial::default() }
            .run(from_six(|rig| rig.aws.faults().script("UpdateItem", nth, AwsFault::LoseAnswer)))
            .unwrap();
        recovered(&report);
        assert_eq!(report.rig.aws.faults().injected_total(), 1);
    }
}

#[test]
fn f08_throttled_after_the_250_the_slot_is_ambiguous_and_then_found() {
    let mut ambiguous = 0;
    for nth in (2..=20).step_by(3) {
        let report = Trial { mailboxes: 3, daily: 2, ..Trial::default() }
            .run(from_six(|rig| {
                // Longer than the ledger's own patience with an outcome.
                for later in nth..nth + 12 {
                    rig.aws.faults().script("UpdateItem", later, AwsFault::Throttle);
                }
            }))
            .unwrap();
        recovered(&report);
        ambiguous += report.outcomes(SendOutcome::Ambiguous);
    }
    assert!(ambiguous > 0, "no outcome was ever throttled");
}

#[test]
fn f09_a_batch_is_taken_in_part_and_only_those_entries_are_sent_again() {
    // Many mailboxes, so that a batch has several entries.
    let report = Trial { mailboxes: 30, daily: 8, ..Trial::default() }
        .run(once(|rig| rig.aws.faults().share("SendMessageBatch", AwsFault::PartialBatch, 0.5)))
        .unwrap();
    recovered(&report);
    assert!(report.rig.aws.faults().injected_total() > 0);
    assert_eq!(report.outcomes(SendOutcome::Taken), 0, "an entry that was taken was pushed again");
}

#[test]
fn f10_the_fan_out_dies_half_way_or_runs_twice_or_two_at_once() {
    let twins = Interference { fanouts: Arc::new(|_| 2), ..Interference::default() };
    recovered(&Trial { interference: twins, ..Trial::default() }.run(|_, _| {}).unwrap());
    let mut kills = 0;
    for k in (1..400).step_by(21) {
        let dying = Interference {
            kill_at: Arc::new(move |function, nth| (function == Function::Fanout && nth % 2 == 1).then_some(k)),
            ..Interference::default()
        };
        let report = Trial { mailboxes: 3, daily: 2, interference: dying, ..Trial::default() }.run(|_, _| {}).unwrap();
        quiet(&report);
        assert_eq!(report.open, 0);
        kills += report.kills();
    }
    assert!(kills > 20);
}

#[test]
fn f11_a_421_or_4xx_at_each_verb_defers_and_gives_the_quota_back() {
    for verb in ["CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."] {
        for line in ["421 4.3.2 closing", "451 4.3.0 later"] {
            let fault = Fault::Answer { at: Step::first(verb), line: line.to_owned() };
            let report = Trial::default()
                .run(from_six(|rig| rig.network.set_script(Some(first(Protocol::Smtp, 3, vec![fault.clone()])))))
                .unwrap();
            recovered(&report);
            assert!(report.outcomes(SendOutcome::Deferred) > 0, "{verb} {line}");
        }
    }
}

#[test]
fn f12_a_5xx_rejects_the_slot_and_a_refused_login_stops_the_mailbox_at_once() {
    for (verb, line) in [("RCPT", "550 5.1.1 unknown"), ("DATA", "554 5.7.1 no"), (".", "554 5.7.1 spam")] {
        let fault = Fault::Answer { at: Step::first(verb), line: line.to_owned() };
        let report = Trial::default()
            .run(from_six(|rig| rig.network.set_script(Some(first(Protocol::Smtp, 2, vec![fault.clone()])))))
            .unwrap();
        quiet(&report);
        assert_eq!(report.outcomes(SendOutcome::Rejected), 2, "{verb}");
        assert!(report.states.iter().all(|state| *state == State::Warming));
    }
    let mut victim = String::new();
    let report = Trial::default()
        .run(from_six(|rig| {
            victim = rig.members[0].1.address.to_string();
            rig.world.kill_credentials(&victim, true).unwrap();
        }))
        .unwrap();
    quiet(&report);
    assert_eq!(report.states[0], State::Error);
    let refused = report.outcomes(SendOutcome::Unauthorised);
    assert!(refused <= 1, "a refused login was tried again: {refused} times");
    assert!(report.sent > 0, "the others go on");
}

#[test]
fn f13_a_connection_lost_before_the_final_dot_may_be_tried_again() {
    for after in (0..900).step_by(75) {
        let faults = vec![Fault::CutToServer { after }];
        let report = Trial { mailboxes: 3, ..Trial::default() }
            .run(from_six(|rig| rig.network.set_script(Some(first(Protocol::Smtp, 2, faults.clone())))))
            .unwrap();
        recovered(&report);
        assert!(report.rig.network.counts().cut > 0, "after {after} bytes");
    }
}

#[test]
fn f14_a_connection_lost_after_the_final_dot_is_reconciled_by_search() {
    for done in [true, false] {
        let faults = vec![Fault::Cut { at: Step::first("."), done }];
        let report = Trial::default()
            .run(from_six(|rig| rig.network.set_script(Some(first(Protocol::Smtp, 2, faults.clone())))))
            .unwrap();
        quiet(&report);
        assert_eq!(report.outcomes(SendOutcome::Ambiguous), 2);
        assert_eq!(report.open, 0, "both were searched for and settled");
        let settled: BTreeMap<&str, u32> = report.events.iter().fold(BTreeMap::new(), |mut counts, event| {
            if let Event::Visited { report, .. } = event {
                *counts.entry("found").or_default() += report.reconciled;
                *counts.entry("absent").or_default() += report.replanned;
            }
            counts
        });
        let wanted = if done { "found" } else { "absent" };
        assert!(settled[wanted] >= 2, "{settled:?}");
    }
}

#[test]
fn f15_slow_servers_cost_only_their_own_sessions() {
    let faults = vec![Fault::Slow { per_byte: Duration::from_secs(1) }];
    let report = Trial::default()
        .run(from_six(|rig| rig.network.set_script(Some(first(Protocol::Smtp, 2, faults.clone())))))
        .unwrap();
    recovered(&report);
    // Cut at their deadline, before the final dot: planned again. Nobody waited for them.
    assert!(report.outcomes(SendOutcome::Deferred) > 0, "a slow session was not cut");
}

#[test]
fn f17_imap_is_dropped_renumbered_or_lies_in_the_middle_of_a_visit() {
    let troubles = [
        Fault::Cut { at: Step::first("UID FETCH"), done: false },
        Fault::Cut { at: Step::first("UID FETCH"), done: true },
        Fault::WrongLiteral { at: Step::first("UID FETCH") },
        Fault::Meanwhile { at: Step::first("UID STORE"), what: preheat_sandbox::Meanwhile::Renumber },
        Fault::Meanwhile { at: Step::first("UID FETCH"), what: preheat_sandbox::Meanwhile::Renumber },
        Fault::Meanwhile { at: Step::first("UID STORE"), what: preheat_sandbox::Meanwhile::Expunge },
    ];
    // Every visit that was planned was made in the end: a broken one comes again.
    let visits = |report: &Report| report.events.iter().filter(|event| matches!(event, Event::Visited { .. })).count();
    let calm = visits(&Trial { mailboxes: 5, ..Trial::default() }.run(|_, _| {}).unwrap());
    for trouble in troubles {
        let report = Trial { mailboxes: 5, ..Trial::default() }
            .run(from_six(|rig| rig.network.set_script(Some(first(Protocol::Imap, 6, vec![trouble.clone()])))))
            .unwrap();
        recovered(&report);
        assert_eq!(visits(&report), calm, "{trouble:?}");
    }
}

#[test]
fn f18_a_move_interrupted_between_copy_and_delete_is_finished() {
    for (verb, done) in
        [("UID COPY", true), ("UID COPY", false), ("UID MOVE", true), ("UID MOVE", false), ("EXPUNGE", true)]
    {
        let trouble = Fault::Cut { at: Step::first(verb), done };
        // The fifth mailbox is at the old server, which knows no MOVE.
        let report = Trial { mailboxes: 5, hours: 58, ..Trial::default() }
            .run(from_six(|rig| rig.network.set_script(Some(first(Protocol::Imap, 30, vec![trouble.clone()])))))
            .unwrap();
        recovered(&report);
        assert!(report.rig.members.iter().any(|(_, member)| member.kind == Kind::Old));
        let audit = report.rig.world.audit(report.rig.now(), &[30 * 3_600]);
        let leaks: u32 = audit.values().map(|account| account.leaks(0)).sum();
        assert_eq!(leaks, 0, "{verb} {done}: mail left in INBOX or Sent");
        for entry in report.rig.world.ledger() {
            // A mail that bounced is nowhere. Gmail's labels for all, important and starred mail are no copies.
            let mut places = report.rig.world.locate(&entry.to, &entry.message_id).unwrap_or_default();
            places.retain(|(_, role)| matches!(role, Role::Inbox | Role::Junk | Role::User));
            assert!(places.len() <= 1, "{verb} {done}: {} lies in {places:?}", entry.message_id);
        }
    }
}

#[test]
fn f19_days_of_clock_changes_and_leap_days_are_neither_skipped_nor_repeated() {
    // Friday before Europe's change, and a leap day; America's change lies in the first one's week before.
    for start in ["2026-03-26T00:00:00Z", "2026-10-22T00:00:00Z", "2028-02-27T00:00:00Z"] {
        let report = Trial { start, hours: 24 * 7, mailboxes: 6, ..Trial::default() }.run(|_, _| {}).unwrap();
        recovered(&report);
    }
    // Ticks up to 4 minutes late, as a clock that is behind would have them.
    let late = Interference {
        tick_delay: Arc::new(|nth| Some(jiff::SignedDuration::from_secs(i64::try_from(nth % 5).unwrap() * 60))),
        ..Interference::default()
    };
    recovered(&Trial { interference: late, ..Trial::default() }.run(|_, _| {}).unwrap());
}

#[test]
fn f20_poison_and_foreign_versions_become_dead_letters_with_a_reason_and_redrive_is_safe() {
    let mut redriven = 0;
    let report = Trial { hours: 60, ..Trial::default() }
        .run(|rig, now| {
            let queues = rig.aws.queues();
            let at = |text: &str| now == text.parse::<Timestamp>().unwrap();
            if at("2026-03-02T06:00:00Z") {
                for queue in [SENDS, VISITS] {
                    queues.send(queue, "{ not json", &BTreeMap::new(), 0).unwrap();
                    queues.send(queue, r#"{"v": 99, "mailbox": "mb-1"}"#, &BTreeMap::new(), 0).unwrap();
                    queues.send(queue, r#"{"v": 1, "mailbox": 7}"#, &BTreeMap::new(), 0).unwrap();
                }
            }
            if at("2026-03-02T20:00:00Z") {
                for (queue, reason) in [(SENDS_DEAD, "version 99"), (VISITS_DEAD, "version 99")] {
                    let dead = queues.lying(queue);
                    assert_eq!(dead.len(), 3, "{queue}");
                    assert!(dead.iter().all(|letter| letter.attributes.contains_key("reason")), "{dead:?}");
                    assert!(dead.iter().any(|letter| letter.attributes["reason"].contains(reason)), "{dead:?}");
                    redriven += queues.redrive(queue).unwrap();
                }
            }
        })
        .unwrap();
    recovered(&report);
    assert_eq!(redriven, 6);
    for dead in [SENDS_DEAD, VISITS_DEAD] {
        assert_eq!(report.rig.aws.queues().lying(dead).len(), 3, "poison stays poison");
    }
}

#[test]
fn pausing_reaches_orders_that_are_queued_already() {
    let mut paused_at: Option<u64> = None;
    let report = Trial::default()
        .run(|rig, now| {
            if paused_at.is_none() && now >= "2026-03-02T12:00:00Z".parse().unwrap() {
                paused_at = Some(u64::try_from(rig.world.ledger().len()).unwrap());
                let (store, id) = (rig.store.clone(), rig.members[0].0);
                tokio::spawn(async move {
                    store.set_state(id, &State::ALL, State::Paused, Some("by a test"), now).await.unwrap()
                });
            }
        })
        .unwrap();
    quiet(&report);
    let address = report.rig.members[0].1.address.to_string();
    let after = report.rig.world.ledger_since(paused_at.unwrap());
    assert_eq!(after.iter().filter(|entry| entry.from == address).count(), 0);
    assert_eq!(report.states[0], State::Paused);
}

#[test]
fn a_dead_provider_changes_nobody_elses_outcome() {
    let report = Trial { mailboxes: 10, ..Trial::default() }
        .run(from_six(|rig| {
            let (_, outlook) = rig.providers.iter().find(|(kind, _)| *kind == Kind::Outlook).unwrap();
            rig.world.outage(*outlook, rig.now(), rig.now() + jiff::SignedDuration::from_hours(48));
        }))
        .unwrap();
    quiet(&report);
    let outlook: Vec<bool> = report.rig.members.iter().map(|(_, member)| member.kind == Kind::Outlook).collect();
    let sent_by = |index: usize| {
        let address = report.rig.members[index].1.address.to_string();
        report.rig.world.ledger().iter().filter(|entry| entry.from == address && entry.is_taken()).count()
    };
    for (index, down) in outlook.into_iter().enumerate() {
        assert_eq!(sent_by(index) == 0, down, "mailbox {index}");
    }
}

#[test]
fn a_seed_replays_byte_by_byte() {
    let run = || {
        let report = Trial { mailboxes: 6, hours: 48, ..Trial::default() }
            .run(once(|rig| {
                rig.network.set_rates(FaultRates {
                    cut_to_server: 0.05,
                    cut_at_step: 0.05,
                    deferred: 0.05,
                    ..FaultRates::default()
                });
                rig.aws.faults().share("UpdateItem", AwsFault::LoseAnswer, 0.1);
            }))
            .unwrap();
        format!("{:?}\n{:?}", report.events, report.rig.world.ledger())
    };
    assert_eq!(run(), run());
}
