//! Whether a configuration can be met at all, with the constraint that binds and the arithmetic (domain.md §4).
//!
//! Asked before a configuration is accepted, and by an operator. Averages over the window: the activity curve asks for
//! more at its busiest (1.28 times, [`crate::slot::ACTIVITY`]), which a cap only puts off within the day. May not know of single mailboxes.

use std::fmt;

use jiff::civil::Time;

use crate::limits::Limits;

/// What is asked for, and the caps it must fit under. All mailboxes in one zone: the worst case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// Mailboxes that send.
    pub mailboxes: u64,
    /// Sends of each, a day.
    pub daily: u32,
    /// The window, local.
    pub window: (Time, Time),
    /// Cap on all sends in an hour.
    pub hourly_cap: u64,
    /// Cap on all sends in a minute, if there is one.
    pub minute_cap: Option<u64>,
    /// Cap on all sends in a day (a tenant's plan), if there is one.
    pub daily_cap: Option<u64>,
    /// What the provider takes from a mailbox a day, if it says so.
    pub provider_per_day: Option<u32>,
}

/// What may bind a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Constraint {
    /// The window is empty.
    Window,
    /// Too few mailboxes in the pool to write to.
    Partners,
    /// Warmup mails that a mailbox may receive a day.
    Inbound,
    /// Gaps between a mailbox's sends do not fit into the window.
    Spacing,
    /// The provider's limit a mailbox.
    Provider,
    /// The cap on a day.
    DailyCap,
    /// The cap on an hour.
    HourlyCap,
    /// The cap on a minute.
    MinuteCap,
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Window => "the window",
            Self::Partners => "the number of partners",
            Self::Inbound => "the inbound cap of a mailbox",
            Self::Spacing => "the gap between two sends",
            Self::Provider => "the provider's limit",
            Self::DailyCap => "the daily cap",
            Self::HourlyCap => "the hourly cap",
            Self::MinuteCap => "the minute cap",
        })
    }
}

/// Whether it can be met.
#[derive(Debug, Clone, PartialEq)]
pub struct Feasibility {
    /// Whether everything fits.
    pub ok: bool,
    /// What binds most: the constraint that is exceeded by the largest factor, or comes closest to it.
    pub binding: Constraint,
    /// The arithmetic, a line a constraint, the binding one last.
    pub lines: Vec<String>,
}

/// Whether every mailbox of the demand can send its daily number, and if not, why.
#[must_use]
pub fn feasible(demand: &Demand, limits: &Limits) -> Feasibility {
    let window_s = u64::try_from(demand.window.0.duration_until(demand.window.1).as_secs()).unwrap_or(0);
    let daily = u64::from(demand.daily);
    let total = demand.mailboxes.saturating_mul(daily);
    let (start, end) = (hour_minute(demand.window.0), hour_minute(demand.window.1));
    if window_s == 0 {
        let line = format!("window: {start} to {end} holds no time");
        return Feasibility { ok: false, binding: Constraint::Window, lines: vec![line] };
    }
    let hours = format!("{} h", trim(window_s, 3600));
    // A need per hour or minute is rounded up: half a mail is a mail.
    let per = |unit_s: u64| (u128::from(total) * u128::from(unit_s)).div_ceil(u128::from(window_s));
    let per = |unit_s: u64| u64::try_from(per(unit_s)).unwrap_or(u64::MAX);
    let mut checks = Vec::new();
    let mut check =
        |constraint: Constraint, need: u64, most: u64, how: String| checks.push(Check { constraint, need, most, how });
    let n = grouped;
    let partners = demand.mailboxes.saturating_sub(1).saturating_mul(u64::from(limits.inbound_from_same_per_day));
    // Fewer than two partners are none (§5).
    let partners = if demand.mailboxes <= u64::from(limits.eligible_partners_min) { 0 } else { partners };
    check(
        Constraint::Partners,
        daily,
        partners,
        format!(
            "partners: {} a day to different mailboxes; {} mailboxes leave {}",
            n(daily),
            n(demand.mailboxes),
            n(partners)
        ),
    );
    let inbound = u64::from(limits.inbound_per_day);
    check(
        Constraint::Inbound,
        daily,
        inbound,
        format!("inbound: who sends {} a day receives as many; {} are allowed", n(daily), n(inbound)),
    );
    let gap_s = u64::from(limits.spacing_s + limits.spacing_jitter_s / 2).max(1);
    check(
        Constraint::Spacing,
        daily,
        window_s / gap_s,
        format!("spacing: {} s between two sends; {hours} hold {}", n(gap_s), n(window_s / gap_s)),
    );
    if let Some(limit) = demand.provider_per_day.map(u64::from) {
        check(
            Constraint::Provider,
            daily,
            limit,
            format!("provider: {} a mailbox and day; it takes {}", n(daily), n(limit)),
        );
    }
    let product = format!("{} mailboxes x {} a day = {}", n(demand.mailboxes), n(daily), n(total));
    if let Some(cap) = demand.daily_cap {
        check(Constraint::DailyCap, total, cap, format!("day: {product}; the cap is {}", n(cap)));
    }
    let rate = |unit_s, unit: &str, cap| {
        let need = n(per(unit_s));
        format!("{unit}: {product}; / {hours} = {need} {} {unit}; the cap is {}", article(unit), n(cap))
    };
    check(Constraint::HourlyCap, per(3600), demand.hourly_cap, rate(3600, "hour", demand.hourly_cap));
    if let Some(cap) = demand.minute_cap {
        check(Constraint::MinuteCap, per(60), cap, rate(60, "minute", cap));
    }
    judge(checks)
}

struct Check {
    constraint: Constraint,
    need: u64,
    most: u64,
    how: String,
}

impl Check {
    /// How much of the constraint is used up; over 1.0 it does not fit.
    fn load(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a ratio for comparison")]
        match (self.need, self.most) {
            (0, _) => 0.0,
            (_, 0) => f64::INFINITY,
            (need, most) => need as f64 / most as f64,
        }
    }
}

fn judge(mut checks: Vec<Check>) -> Feasibility {
    // A stable order: by load, and among equals by the list above.
    checks.sort_by(|a, b| a.load().total_cmp(&b.load()));
    let lines = checks.iter().map(|check| {
        let verdict = if check.need > check.most {
            match check.most {
                0 => "cannot hold".to_owned(),
                _ => format!("cannot hold: {:.1} times too much", check.load()),
            }
        } else {
            format!("fits, {:.0} % used", check.load() * 100.0)
        };
        format!("{}: {verdict}", check.how)
    });
    let lines: Vec<String> = lines.collect();
    let ok = checks.iter().all(|check| check.need <= check.most);
    let binding = checks.last().map_or(Constraint::Window, |check| check.constraint);
    Feasibility { ok, binding, lines }
}

fn article(unit: &str) -> &'static str {
    // The h of "hour" is silent.
    if unit == "hour" { "an" } else { "a" }
}

fn hour_minute(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// `8` for 8 hours, `7.5` for seven and a half.
fn trim(seconds: u64, unit_s: u64) -> String {
    let hundredths = seconds * 100 / unit_s;
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `375,000`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
