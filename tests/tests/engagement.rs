//! What recipients do with warmup mail (domain.md §6), seen from the outside: by what the sandbox's servers took and hold,
//! not by what the program says of itself. Whole days of the whole system on virtual time.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::large_futures, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use preheat_app::report::gather;
use preheat_core::control::is_drawn;
use preheat_core::facts::finds_of;
use preheat_core::id::{MailboxId, PoolId, SlotId};
use preheat_core::lift::{Verdict, compare};
use preheat_core::limits::Limits;
use preheat_core::mailbox::Mode;
use preheat_core::placement::{Counts, Outcome};
use preheat_core::summary::of_date;
use preheat_core::visit::Placement;
use preheat_sandbox::{Kind, Role};
use preheat_stack::{Function, Interference, Rig};
use preheat_tests::days::{Days, play};

const DAY_S: i64 = 86_400;

#[test]
fn the_night_leaves_nothing_on_any_kind_of_server_and_copies_expire_after_14_days() {
    play(async {
        let run = Days::new(5, 3, 0.0, Interference::default()).await?;
        let kinds: BTreeSet<Kind> = run.rig.members.iter().map(|(_, member)| member.kind).collect();
        assert_eq!(kinds.len(), Kind::ALL.len(), "one of each");
        run.pass(19, |_, _| {}).await?;
        let audit = run.rig.world.audit(run.rig.now(), &[30 * 3_600, 16 * DAY_S]);
        for (id, member) in &run.rig.members {
            let account = &audit[member.address.as_str()];
            assert_eq!(account.leaks(0), 0, "{:?}: INBOX and Sent as the server has them", member.kind);
            let (_, filed) = account.folders.iter().find(|(name, _)| name.ends_with("Preheat")).unwrap();
            assert!(filed.warmup > 10, "{:?}: copies are filed: {filed:?}", member.kind);
            assert_eq!(filed.older[1], 0, "{:?}: and deleted after 14 days", member.kind);
            let nights: Vec<Option<u32>> =
                run.rig.store.box_archives(*id).await.unwrap().into_iter().map(|day| day.left_over).collect();
            assert!(nights.iter().all(|left| left.unwrap_or(0) == 0), "{:?}: {nights:?}", member.kind);
            assert!(nights.iter().filter(|left| left.is_some()).count() > 8, "{:?}: audited {nights:?}", member.kind);
        }
        replies_come_after_reading(&run.rig);
        Ok(())
    })
    .unwrap();
}

/// 45 minutes to 2 days after it was read, and nobody reads a mail in the minute it arrives.
fn replies_come_after_reading(rig: &Rig) {
    let ledger = rig.world.ledger();
    let sent_at: BTreeMap<&str, Timestamp> = ledger.iter().map(|entry| (entry.message_id.as_str(), entry.at)).collect();
    let mut replies = 0;
    for entry in ledger.iter().filter(|entry| entry.is_taken()) {
        let Some(parent) = entry.in_reply_to.as_deref().and_then(|id| sent_at.get(id)) else { continue };
        replies += 1;
        let after = entry.at.duration_since(*parent);
        assert!(after >= SignedDuration::from_mins(46), "{} answers after {after}", entry.message_id);
    }
    assert!(replies > 5, "{replies} replies");
}

#[test]
fn what_an_outage_left_lying_is_counted_by_the_nights_audit_and_filed_later() {
    play(async {
        let run = Days::new(10, 6, 0.0, Interference::default()).await?;
        let (_, outlook) = run.rig.providers.iter().find(|(kind, _)| *kind == Kind::Outlook).copied().unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        run.rig.world.outage(outlook, at("2026-03-03T14:30:00Z"), at("2026-03-04T13:00:00Z"));
        run.pass(5, |_, _| {}).await?;
        let mut left = BTreeMap::new();
        for (id, member) in &run.rig.members {
            for day in run.rig.store.box_archives(*id).await.unwrap() {
                *left.entry((member.kind == Kind::Outlook, day.date)).or_insert(0) += day.left_over.unwrap_or(0);
            }
        }
        let sum =
            |outlook: bool| left.iter().filter(|((is, _), _)| *is == outlook).map(|(_, count)| count).sum::<u32>();
        assert_eq!(sum(false), 0, "{left:?}");
        assert!(left[&(true, jiff::civil::date(2026, 3, 4))] > 0, "nobody could file on Tuesday evening: {left:?}");
        assert_eq!(left.get(&(true, jiff::civil::date(2026, 3, 5))).copied().unwrap_or(0), 0, "{left:?}");
        let audit = run.rig.world.audit(run.rig.now(), &[30 * 3_600]);
        assert!(audit.values().all(|account| account.leaks(0) == 0), "and it is filed when the provider is back");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_rescue_that_does_not_hold_is_not_counted_and_is_tried_again() {
    play(async {
        let run = Days::new(6, 5, 0.0, Interference::default()).await?;
        // One of each kind of server, and all mail of everybody falls into spam.
        let stubborn = run.rig.members[3].clone();
        run.rig.world.put_back(stubborn.1.address.as_str(), true).unwrap();
        for (_, member) in &run.rig.members {
            run.rig.world.spam_streak(member.address.as_str(), run.rig.now() + SignedDuration::from_hours(24 * 9));
        }
        run.pass(2, |_, _| {}).await?;
        assert_eq!(run.visited(stubborn.0, |report| report.rescued), 0);
        assert!(run.visited(stubborn.0, |report| report.rescues_lost) > 0, "the next visits saw them again");
        assert_eq!(run.visited(stubborn.0, |report| report.read), 0, "what was not rescued is not read in spam");
        assert!(run.visited(run.rig.members[0].0, |report| report.rescued) > 0, "elsewhere rescues hold");
        let books = run.rig.world.audit(run.rig.now(), &[])[stubborn.1.address.as_str()].clone();
        assert_eq!(books.rescued, 0);
        run.rig.world.put_back(stubborn.1.address.as_str(), false).unwrap();
        run.pass(1, |_, _| {}).await?;
        assert!(run.visited(stubborn.0, |report| report.rescued) > 0, "and rescued them once that worked");
        Ok(())
    })
    .unwrap();
}

/// Where each mail was put, by the sandbox's own ledger.
fn truth(
    rig: &Rig,
    secrets: &preheat_store::Secrets,
) -> BTreeMap<SlotId, (MailboxId, Option<preheat_sandbox::Placement>)> {
    let pool: PoolId = "demo".parse().unwrap();
    let by_address: BTreeMap<&str, MailboxId> =
        rig.members.iter().map(|(id, member)| (member.address.as_str(), *id)).collect();
    let ledger = rig.world.ledger();
    let mails = ledger.iter().filter(|entry| entry.is_taken());
    mails
        .map(|entry| {
            let slot = secrets.tokens.verify(&pool, entry.token.as_deref().unwrap()).unwrap();
            (slot, (by_address[entry.to.as_str()], entry.placement))
        })
        .collect()
}

#[test]
fn controls_and_measured_mailboxes_are_only_measured_on_both_sides_and_the_report_tells_them_apart() {
    play(async {
        let run = Days::new(12, 6, 0.3, Interference::default()).await?;
        let secrets = run.rig.stack.app(Function::Replier).vault.secrets().await.unwrap();
        let controls: BTreeSet<MailboxId> =
            run.rig.members.iter().map(|(id, _)| *id).filter(|&id| is_drawn(&secrets.seed, id, 0.3)).collect();
        let measured = run.rig.members.iter().map(|(id, _)| *id).find(|id| !controls.contains(id)).unwrap();
        assert!(!controls.is_empty() && controls.len() < 10, "{controls:?}");
        let mut plan = run.rig.store.plan_row(measured).await.unwrap().unwrap().plan;
        plan.mode = Mode::Measure;
        run.rig.store.set_plan(&plan).await.unwrap();
        run.pass(4, |_, _| {}).await?;

        let is_held = |id: MailboxId| controls.contains(&id) || id == measured;
        let address: BTreeMap<MailboxId, &str> =
            run.rig.members.iter().map(|(id, member)| (*id, member.address.as_str())).collect();
        let by_address: BTreeMap<&str, MailboxId> = address.iter().map(|(id, address)| (*address, *id)).collect();
        let ledger = run.rig.world.ledger();
        let audit = run.rig.world.audit(run.rig.now(), &[30 * 3_600]);
        for (&id, &address) in address.iter().filter(|(id, _)| is_held(**id)) {
            let account = &audit[address];
            assert_eq!((account.read, account.flagged, account.rescued, account.replies_sent), (0, 0, 0, 0), "{id}");
            assert_eq!(account.leaks(0), 0, "{id}: measured mail is filed all the same");
        }
        assert!(audit.values().map(|account| account.rescued).sum::<u32>() > 0, "the others rescue");
        let (mut spam_left, mut replies) = (0, 0);
        for entry in ledger.iter().filter(|entry| entry.is_taken()) {
            let (from, to) = (by_address[entry.from.as_str()], by_address[entry.to.as_str()]);
            replies += usize::from(entry.in_reply_to.is_some());
            assert!(entry.in_reply_to.is_none() || !(is_held(from) || is_held(to)), "{} is a reply", entry.message_id);
            if entry.placement == Some(preheat_sandbox::Placement::Spam) && (is_held(from) || is_held(to)) {
                let id = entry.rewritten.as_deref().unwrap_or(&entry.message_id);
                let places = run.rig.world.locate(&entry.to, id).unwrap();
                assert!(places.iter().any(|(_, role)| *role == Role::Junk), "{id} was taken out of spam: {places:?}");
                spam_left += 1;
            }
        }
        assert!(spam_left > 3 && replies > 3, "{spam_left} left in spam, {replies} replies");

        // What the reports say is what the servers did.
        let gathered = gather(&run.rig.store, jiff::civil::date(2026, 3, 1)).await.unwrap();
        let (facts, finds, now) =
            (&gathered.facts, finds_of(&gathered.facts, &Limits::default().engage), run.rig.now());
        let truth = truth(&run.rig, &secrets);
        let mut counts = Counts::default();
        for one in facts {
            let days = one.days_so_far(now);
            for mail in one.mails(&days) {
                let (to, placed) = truth[&mail.slot];
                assert_eq!(mail.to, to);
                let outcome = finds.outcome(&mail, now);
                counts.add(outcome);
                if let (Outcome::Found(found), Some(placed)) = (outcome, placed) {
                    let same = matches!(
                        (found, placed),
                        (Placement::Inbox, preheat_sandbox::Placement::Inbox)
                            | (Placement::Spam, preheat_sandbox::Placement::Spam)
                            | (Placement::Promotions, preheat_sandbox::Placement::Promotions)
                    );
                    assert!(same, "{} was put into {placed:?} and found in {found:?}", mail.slot);
                }
            }
        }
        assert_eq!((counts.missing, counts.other), (0, 0), "{counts:?}");
        // Read is what was seen read on the server: nothing of the held, and most of the others' (the last evening's is not seen yet).
        let (mut engaged, mut read) = (0, 0);
        for slot in truth.keys().filter(|slot| finds.of(**slot).is_some()) {
            let is_measured = is_held(slot.mailbox) || is_held(truth[slot].0);
            assert!(!(is_measured && finds.is_read(*slot)), "{slot} was only measured");
            engaged += u32::from(!is_measured);
            read += u32::from(finds.is_read(*slot));
        }
        let marked: u32 = audit.values().map(|account| account.read).sum();
        assert!(read <= marked && read * 10 >= engaged * 6, "{read} of {engaged} read, {marked} marked");
        assert!(counts.found() > 150, "{counts:?}");
        let lift = compare(facts, &finds, jiff::civil::date(2026, 3, 1), now);
        assert_eq!(lift.control.mailboxes as usize, controls.len());
        assert_eq!(
            lift.exchange.mailboxes as usize,
            run.rig.members.len() - controls.len() - 1,
            "not the measured one"
        );
        assert_eq!(lift.verdict, Verdict::TooFew, "four days are too few, and it says so");
        let tuesday = of_date(facts, jiff::civil::date(2026, 3, 3), &Limits::default().alarm, now);
        let system = tuesday.system();
        assert_eq!((system.mailboxes, system.sent + system.missed.values().sum::<u32>()), (12, system.target));
        assert!(system.replies > 0 && system.placed.found() > 40, "{system:?}");
        // A report of later days reads those alone, and says the same of them.
        let wednesday = jiff::civil::date(2026, 3, 4);
        let later = gather(&run.rig.store, wednesday).await.unwrap().facts;
        assert!(facts.iter().any(|one| one.days.iter().any(|day| day.date < wednesday)));
        assert!(later.iter().all(|one| one.days.iter().all(|day| day.date >= wednesday)));
        assert!(later.iter().all(|one| one.finds.iter().all(|day| day.date >= wednesday)));
        let alarm = Limits::default().alarm;
        assert_eq!(
            of_date(&later, wednesday, &alarm, now).system().sent,
            of_date(facts, wednesday, &alarm, now).system().sent
        );
        Ok(())
    })
    .unwrap();
}
