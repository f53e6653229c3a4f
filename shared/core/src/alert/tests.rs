use proptest::prelude::*;

use super::*;
use crate::change::Subject;
use crate::id::MailboxId;
use crate::message::MessageError;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn noon() -> Timestamp {
    at("2026-03-02T12:00:00Z")
}

fn channel(target: Target) -> Channel {
    Channel::new("one".parse().unwrap(), Owner::Stack, target).unwrap()
}

fn slack() -> Channel {
    channel(Target::Slack)
}

fn webhook() -> Channel {
    channel(Target::Webhook { url: "https://example.com/".to_owned() })
}

fn change(kind: Kind, mailbox: u32, at: Timestamp) -> Change {
    Change::new(kind, None, Subject::mailbox(MailboxId(mailbox), "ann@a.example"), at, "a rule", &[])
}

/// A channel over time: what it remembers, and how many messages it was sent.
struct Life {
    channel: Channel,
    told: BTreeMap<Topic, Told>,
}

impl Life {
    fn new(channel: Channel) -> Self {
        Self { channel, told: BTreeMap::new() }
    }

    fn see(&mut self, changes: &[Change], now: Timestamp) -> Vec<Verdict> {
        let plan = plan(&self.channel, changes, &self.told, now);
        for (change, verdict) in changes.iter().zip(&plan.verdicts) {
            if matches!(verdict, Verdict::Tell { .. }) {
                let new = Told { kind: change.kind, id: change.id.clone(), at: change.at, told_at: now };
                let topic = Topic::of(change);
                // As the store does: what is remembered is never turned back.
                if self.told.get(&topic).is_none_or(|last| last.at <= new.at) {
                    self.told.insert(topic, new);
                }
            }
        }
        self.told.extend(plan.moved);
        plan.verdicts
    }

    fn one(&mut self, change: &Change, now: Timestamp) -> Verdict {
        self.see(std::slice::from_ref(change), now).remove(0)
    }
}

fn tells(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Tell { .. })
}

#[test]
fn one_alert_a_change_and_one_a_day_while_it_lasts() {
    let mut life = Life::new(slack());
    let began = noon();
    let mut told = 0;
    // Three days (of 23 h) of quarter hours: the condition is found again in every tick, half of them under a new id.
    for tick in 0..3 * 92 {
        let now = began + SignedDuration::from_mins(15 * tick);
        let seen_at = if tick % 2 == 0 { began } else { now };
        told += u32::from(tells(&life.one(&change(Kind::QuotaBehind, 1, seen_at), now)));
    }
    assert_eq!(told, 3);
}

#[test]
fn a_repeat_is_a_message_of_its_own_and_a_redelivery_is_not() {
    let mut life = Life::new(webhook());
    let behind = change(Kind::QuotaBehind, 1, noon());
    assert_eq!(life.one(&behind, noon()), Verdict::Tell { id: behind.id.clone() });
    assert_eq!(life.one(&behind, noon() + SignedDuration::from_hours(23)), Verdict::Pass(Pass::Known));
    let next_day = noon() + SignedDuration::from_hours(24);
    assert_eq!(life.one(&behind, next_day), Verdict::Tell { id: format!("{}_1", behind.id) });
}

#[test]
fn a_reminder_of_each_day_is_told_though_the_look_comes_a_little_early() {
    let mut life = Life::new(webhook());
    for (day, early_s) in [(0, 0), (1, 40), (2, 41), (3, 3_000)] {
        let now = noon() + SignedDuration::from_hours(24 * day) - SignedDuration::from_secs(early_s);
        let lasting = change(Kind::MailboxError, 1, noon()).on(&format!("day {day}"));
        assert_eq!(life.one(&lasting, now), Verdict::Tell { id: lasting.id.clone() }, "day {day}");
        let again = now + SignedDuration::from_mins(5);
        assert_eq!(life.one(&lasting, again), Verdict::Pass(Pass::Known));
    }
}

#[test]
fn there_and_back_and_there_again_is_news_each_time() {
    let mut life = Life::new(webhook());
    for (minute, kind) in [Kind::MailboxPaused, Kind::MailboxResumed, Kind::MailboxPaused].into_iter().enumerate() {
        let now = noon() + SignedDuration::from_mins(i64::try_from(minute).unwrap());
        assert!(tells(&life.one(&change(kind, 1, now), now)), "{kind} at minute {minute}");
    }
    // A channel that wants warnings is told that the trouble is over, and of what follows it nothing until there is trouble again.
    let mut life = Life::new(slack());
    let minutes = |n| noon() + SignedDuration::from_mins(n);
    assert!(tells(&life.one(&change(Kind::MailboxPaused, 1, noon()), noon())));
    assert!(tells(&life.one(&change(Kind::MailboxResumed, 1, minutes(1)), minutes(1))));
    assert_eq!(life.one(&change(Kind::MailboxReady, 1, minutes(2)), minutes(2)), Verdict::Pass(Pass::Mild));
    assert!(tells(&life.one(&change(Kind::MailboxPaused, 1, minutes(3)), minutes(3))));
    // Nor of a mild change that ends nothing it was told of.
    assert_eq!(life.one(&change(Kind::MailboxResumed, 2, minutes(4)), minutes(4)), Verdict::Pass(Pass::Mild));
}

#[test]
fn of_one_batch_the_same_rules_hold_in_the_order_of_time() {
    let minutes = |n| noon() + SignedDuration::from_mins(n);
    let mut life = Life::new(webhook());
    let batch = [
        change(Kind::MailboxPaused, 1, minutes(2)),
        change(Kind::MailboxResumed, 1, minutes(1)),
        change(Kind::MailboxPaused, 1, minutes(0)),
        change(Kind::MailboxPaused, 1, minutes(3)),
        change(Kind::MailboxPaused, 2, minutes(3)),
    ];
    let verdicts = life.see(&batch, minutes(5));
    let told: Vec<bool> = verdicts.iter().map(tells).collect();
    assert_eq!(told, [true, true, true, false, true]);
    assert_eq!(verdicts[3], Verdict::Pass(Pass::Lasts));
    assert_eq!(life.told[&Topic::of(&batch[0])].at, minutes(2));
}

#[test]
fn other_things_and_other_families_do_not_silence_each_other() {
    let mut life = Life::new(slack());
    let batch = [
        change(Kind::MailboxPaused, 1, noon()),
        change(Kind::MailboxPaused, 2, noon()),
        change(Kind::SpamHigh, 1, noon()),
        change(Kind::BouncesCritical, 1, noon()),
    ];
    assert!(life.see(&batch, noon()).iter().all(tells));
}

#[test]
fn what_is_milder_than_wanted_is_not_said() {
    for (target, severity) in [
        (Target::Slack, Severity::Warning),
        (Target::Sms { phone: "+4915112345678".to_owned() }, Severity::Emergency),
        (Target::Webhook { url: "https://example.com/".to_owned() }, Severity::Info),
    ] {
        let mut life = Life::new(channel(target));
        for (mailbox, weight) in (1..).zip(Severity::ALL) {
            let change = change(Kind::MailboxPaused, mailbox, noon()).weighing(weight);
            assert_eq!(tells(&life.one(&change, noon())), weight >= severity, "{weight} of {severity}");
        }
    }
}

#[test]
fn quiet_hours_hold_warnings_to_their_end_and_let_critical_pass() {
    let mut quiet = slack();
    quiet.quiet = Some(Quiet::new("22:00-07:00", "Europe/Berlin").unwrap());
    let mut life = Life::new(quiet);
    let night = at("2026-03-02T23:30:00Z");
    let warning = change(Kind::MailboxDegraded, 1, night);
    let morning = at("2026-03-03T06:00:00Z");
    assert_eq!(life.one(&warning, night), Verdict::Hold(morning));
    assert!(tells(&life.one(&change(Kind::MailboxError, 2, night), night)));
    assert!(tells(&life.one(&warning, morning)));
}

#[test]
fn quiet_hours_end_once_whatever_the_clock_does() {
    let quiet = |hours: &str| Quiet::new(hours, "Europe/Berlin").unwrap();
    let table = [
        ("22:00-07:00", "2026-03-02T20:59:00Z", None),
        ("22:00-07:00", "2026-03-02T21:00:00Z", Some("2026-03-03T06:00:00Z")),
        ("22:00-07:00", "2026-03-03T05:59:59Z", Some("2026-03-03T06:00:00Z")),
        ("22:00-07:00", "2026-03-03T06:00:00Z", None),
        ("12:00-14:00", "2026-03-02T11:30:00Z", Some("2026-03-02T13:00:00Z")),
        ("12:00-14:00", "2026-03-02T13:00:00Z", None),
        // Spring: 02:00 to 03:00 does not exist on the 29th; the end is the jump.
        ("22:00-02:30", "2026-03-28T23:00:00Z", Some("2026-03-29T01:30:00Z")),
        // Autumn: 02:30 is shown twice on the 25th; the first ends it, and the second is not quiet again.
        ("22:00-02:30", "2026-10-24T22:00:00Z", Some("2026-10-25T00:30:00Z")),
    ];
    for (hours, now, until) in table {
        assert_eq!(quiet(hours).until(at(now)), until.map(at), "{hours} at {now}");
    }
    for bad in ["22-7", "22:00", "25:00-07:00", "07:00-07:00", ""] {
        assert!(Quiet::new(bad, "Europe/Berlin").is_err(), "{bad}");
    }
    assert!(Quiet::new("22:00-07:00", "Europe/Berln").is_err());
}

proptest! {
    #[test]
    fn whatever_is_held_may_be_said_when_its_time_has_come(minute in 0_i64..2 * 365 * 24 * 60, start in 0_i8..24, end in 0_i8..24) {
        prop_assume!(start != end);
        let quiet = Quiet::new(&format!("{start:02}:00-{end:02}:00"), "America/New_York").unwrap();
        let now = at("2026-01-01T00:00:00Z") + SignedDuration::from_mins(minute);
        if let Some(until) = quiet.until(now) {
            prop_assert!(until > now && until <= now + SignedDuration::from_hours(25));
            prop_assert_eq!(quiet.until(until), None);
        }
    }
}

#[test]
fn more_than_ten_at_once_are_one_message_for_people_and_one_each_for_programs() {
    let changes: Vec<Change> = (1..=23).map(|n| change(Kind::MailboxPaused, n, noon())).collect();
    assert_eq!(groups(&slack(), 10).len(), 10);
    assert_eq!(groups(&slack(), 23), [(0..23).collect::<Vec<_>>()]);
    assert_eq!(groups(&webhook(), 23).len(), 23);
    assert!(groups(&slack(), 0).is_empty());
    let mut all: Vec<&Change> = changes.iter().collect();
    let error = change(Kind::MailboxError, 99, noon());
    all.push(&error);
    let ids: Vec<&str> = all.iter().map(|change| change.id.as_str()).collect();
    let told = message(&all, &ids);
    assert_eq!(told.severity, Severity::Critical);
    assert_eq!(told.title, "critical: 24 changes at once");
    let lines: Vec<&str> = told.text.lines().collect();
    assert_eq!(lines[1..3], ["1 × mailbox.error [critical]", "23 × mailbox.paused [warning]"]);
    assert!(lines[4].starts_with("[critical] ann@a.example cannot be used"), "{}", told.text);
    assert_eq!(lines.last(), Some(&"… and 14 more"));
    // The same id however they are ordered, and another for others.
    let reversed: Vec<&str> = ids.iter().rev().copied().collect();
    assert_eq!(message(&all, &reversed).id, told.id);
    assert_ne!(message(&all[1..], &ids[1..]).id, told.id);
}

#[test]
fn a_message_says_what_when_and_how_bad() {
    let told = message(&[&change(Kind::MailboxPaused, 1, noon())], &["chg_x"]);
    assert_eq!(
        (told.id.as_str(), told.title.as_str()),
        ("chg_x", "warning: ann@a.example is paused: it sends nothing")
    );
    assert_eq!(
        told.text,
        "[warning] ann@a.example is paused: it sends nothing. Rule: a rule. (mailbox.paused, 2026-03-02 12:00:00 UTC)"
    );
}

#[test]
fn retries_are_ever_rarer_heed_what_is_asked_and_end() {
    let waits: Vec<SignedDuration> = (1..).map_while(|tries| retry_after(tries, None)).collect();
    assert!(waits.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(u32::try_from(waits.len()).unwrap() + 1, GIVE_UP_AFTER);
    assert_eq!(retry_after(0, None), None);
    let minute = SignedDuration::from_mins(1);
    assert_eq!(retry_after(1, Some(minute)), Some(minute));
    assert_eq!(retry_after(2, Some(minute)), Some(SignedDuration::from_mins(5)));
}

#[test]
fn the_queue_holds_events_of_the_bus_and_orders_put_back() {
    let paused = change(Kind::MailboxPaused, 1, noon());
    let event = serde_json::json!({
        "version": "0", "id": "x", "detail-type": "mailbox.paused", "source": "preheat", "detail": paused,
    });
    assert_eq!(AlertOrder::parse(&event.to_string()), Ok(AlertOrder::new(paused.clone())));
    let order = AlertOrder {
        only: Some("one".parse().unwrap()),
        tries: 3,
        not_before: Some(noon()),
        ..AlertOrder::new(paused)
    };
    assert_eq!(AlertOrder::parse(&serde_json::to_string(&order).unwrap()), Ok(order.clone()));
    let newer = serde_json::to_string(&AlertOrder { v: 9, ..order }).unwrap();
    assert_eq!(AlertOrder::parse(&newer), Err(MessageError::Version(9)));
    let newer = event.to_string().replace("\"v\":1", "\"v\":7");
    assert_eq!(AlertOrder::parse(&newer), Err(MessageError::Version(7)));
    for bad in ["", "{}", "[]", r#"{"detail":{}}"#] {
        assert!(matches!(AlertOrder::parse(bad), Err(MessageError::Malformed(_))), "{bad}");
    }
}

#[test]
fn phones_are_e164() {
    for (phone, good) in [("+4915112345678", true), ("015112345678", false), ("+0151123456", false), ("+49 151", false)]
    {
        let made = Channel::new("a".parse().unwrap(), Owner::Stack, Target::Sms { phone: phone.to_owned() });
        assert_eq!(made.is_ok(), good, "{phone}");
    }
}
