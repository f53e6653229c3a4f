//! A fleet on paper: what the rules do with it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use preheat_core::mailbox::Provider;
use preheat_core::ramp::Ramp;
use preheat_simulate::{Config, ConfigError, Outage, Report, html, simulate};

/// A fleet whose caps bind nothing.
fn config(mailboxes: u32, days: u32) -> Config {
    let mut config = Config::new(mailboxes, days, Ramp::preset("conservative").unwrap());
    config.limits.system_per_hour = 1_000_000;
    config.limits.system_per_minute = 100_000;
    config
}

fn missed(report: &Report) -> u64 {
    report.missed.values().sum()
}

#[test]
fn without_trouble_everything_is_sent_and_everybody_gets_ready() {
    let report = simulate(&config(60, 42)).unwrap();
    assert!(
        report.quota_fill_percent >= 99.5,
        "{} % of {}: {:?}",
        report.quota_fill_percent,
        report.targets,
        report.missed
    );
    assert_eq!((report.days_to_ready.mailboxes, report.paused_ever), (60, 0));
    // Fourteen sending days at least, and a weekend or two between them.
    assert!(report.days_to_ready.min.unwrap() >= 18, "{:?}", report.days_to_ready);
    assert_eq!(report.states.ready, 60);
    for day in &report.days {
        assert!(day.sent <= day.targets + day.targets / 5, "{day:?}");
        let weekend = day.date.weekday().to_monday_zero_offset() >= 5;
        assert_eq!(weekend, day.targets == 0 && day.sent == 0, "{day:?}");
    }
    assert!(report.days.iter().any(|day| day.replies > 0));
    assert!(report.cost.total > 0.0 && report.cost.per_mailbox_month < 0.05, "{:?}", report.cost);
}

#[test]
fn the_same_seed_gives_the_same_report_and_another_another() {
    let of = |seed| simulate(&Config { seed, bounce_rate: 0.02, spam_rate: 0.1, ..config(30, 12) }).unwrap();
    assert_eq!(serde_json::to_string(&of(7)).unwrap(), serde_json::to_string(&of(7)).unwrap());
    assert_ne!(of(7), of(8));
}

#[test]
fn an_hourly_cap_that_cannot_hold_it_is_seen_in_what_is_missed() {
    let mut config = config(100, 12);
    config.limits.system_per_hour = 60;
    let report = simulate(&config).unwrap();
    // 60 an hour for 8 hours.
    assert!(report.days.iter().all(|day| day.sent <= 480), "{:?}", report.days);
    assert!(report.quota_fill_percent < 50.0 && missed(&report) > 0);
    let capped = report.missed.get("held back: the system's cap an hour left no room").copied().unwrap_or(0);
    // The rest waited for a second send of its mailbox, which even a cap with room would not have paced so.
    assert!(capped * 4 > missed(&report) * 3, "{:?}", report.missed);
}

#[test]
fn many_bounces_pause_mailboxes() {
    let report = simulate(&Config { bounce_rate: 0.25, ..config(40, 21) }).unwrap();
    assert!(report.paused_ever >= 30, "{} of 40", report.paused_ever);
    assert_eq!(report.days_to_ready.mailboxes, 0);
    let calm = simulate(&Config { bounce_rate: 0.005, ..config(40, 21) }).unwrap();
    assert!(calm.paused_ever <= 2 && calm.sent > report.sent);
}

#[test]
fn much_spam_degrades_them_and_more_spam_is_never_better() {
    let of = |spam_rate| simulate(&Config { spam_rate, ..config(40, 21) }).unwrap();
    let (none, some, much) = (of(0.0), of(0.2), of(0.7));
    assert!(none.deliverability > some.deliverability && some.deliverability > much.deliverability);
    assert!(much.states.degraded > 0 && much.days_to_ready.mailboxes == 0, "{:?}", much.states);
}

#[test]
fn an_outage_is_caught_up_with_where_there_is_room_and_missed_where_there_is_none() {
    let outage = |provider| vec![Outage { provider, first: 9, last: 10 }];
    let whole = simulate(&Config { outages: outage(None), ..config(40, 19) }).unwrap();
    let sent = |report: &Report, day: usize| report.days[day - 1].sent;
    assert_eq!((sent(&whole, 9), sent(&whole, 10)), (0, 0));
    assert!(whole.missed.contains_key("provider outage"), "{:?}", whole.missed);
    assert!(sent(&whole, 11) > 0);
    // No burst afterwards: a fifth of the day at most is carried over.
    let calm = simulate(&config(40, 19)).unwrap();
    assert!(
        sent(&whole, 11) <= sent(&calm, 11) + sent(&calm, 11) / 4,
        "{} after {}",
        sent(&whole, 11),
        sent(&calm, 11)
    );
    let one = simulate(&Config { outages: outage(Some(Provider::Microsoft)), ..config(40, 19) }).unwrap();
    assert!(sent(&one, 9) > 0 && sent(&one, 9) < sent(&calm, 9));
}

#[test]
fn an_outage_of_four_sending_days_retires_nobody() {
    let outages = vec![Outage { provider: None, first: 9, last: 12 }];
    let report = simulate(&Config { outages, ..config(30, 60) }).unwrap();
    assert_eq!((report.states.out, report.states.degraded), (0, 0), "{:?}", report.states);
    assert_eq!(report.states.ready, 30, "{:?}", report.states);
    let sent = |days: std::ops::Range<usize>| report.days[days].iter().map(|day| day.sent).sum::<u64>();
    assert!(sent(30..60) > sent(0..30), "it goes on growing");
}

#[test]
fn bounces_that_come_back_pause_for_longer_each_time() {
    let report = simulate(&Config { bounce_rate: 0.2, ..config(20, 60) }).unwrap();
    let tried = |days: std::ops::Range<usize>| report.days[days].iter().map(|day| day.sent + day.bounced).sum::<u64>();
    // Two days of sending and two of waiting would be as much in the second month as in the first.
    assert!(tried(32..60) * 3 < tried(0..28) * 2, "{}, then {}", tried(0..28), tried(32..60));
}

#[test]
fn what_cannot_be_is_refused() {
    assert!(matches!(
        simulate(&Config { bounce_rate: 1.5, ..config(1, 1) }),
        Err(ConfigError::Rate { what: "bounce", .. })
    ));
    assert!(matches!(simulate(&Config { spam_rate: f64::NAN, ..config(1, 1) }), Err(ConfigError::Rate { .. })));
    assert!(matches!(simulate(&config(0, 1)), Err(ConfigError::Size { .. })));
    assert!(matches!(
        simulate(&Config { zone: "Middle/Earth".to_owned(), ..config(1, 1) }),
        Err(ConfigError::Schedule(_))
    ));
    // One mailbox has nobody to write to, and says so by sending nothing.
    assert_eq!(simulate(&config(1, 5)).unwrap().sent, 0);
}

#[test]
fn the_page_needs_nothing_else() {
    let page = html::page(&simulate(&config(20, 10)).unwrap());
    assert_eq!(page.matches("<svg").count(), 4);
    for outside in ["http:", "https:", "<script", "<link", "url(", "NaN", "inf"] {
        assert!(!page.contains(outside), "{outside}");
    }
    for tag in ["svg", "table", "p", "h2", "html", "body", "head"] {
        let open = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(open, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}
