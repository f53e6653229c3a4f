//! The days as a row holds them, short enough for a fortnight in a kilobyte: `1qk=40G12i9s2M20i20,1ql=…`.
//!
//! A day is its number in base 36, its target, and for each provider a capital, what was sent, and one letter and number for
//! each counter that is not 0; what was reported of the day stands before the first provider. Read mails are written as what was found and *not* read, which is mostly nothing.

use std::fmt::Write;
use std::str::FromStr;

use crate::day::RowError;
use crate::health::{DayTally, Tally};
use crate::id::{base36, date_of, day_number};
use crate::mailbox::Provider;

const PROVIDERS: [(char, Provider); 5] = [
    ('G', Provider::Gmail),
    ('M', Provider::Microsoft),
    ('Y', Provider::Yahoo),
    ('Z', Provider::Zoho),
    ('O', Provider::Other),
];

/// The days, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DaysText(pub Vec<DayTally>);

/// The text of days.
#[must_use]
pub fn days_text(days: &[DayTally]) -> String {
    let texts: Vec<String> = days.iter().map(day_text).collect();
    texts.join(",")
}

fn day_text(day: &DayTally) -> String {
    // Writing to a String never fails.
    let mut text = format!("{}={}", base36(u64::from(day_number(day.date))), day.target);
    let reported = [('b', day.reported_bounces), ('c', day.reported_complaints), ('a', day.reported_attempts)];
    for (letter, count) in reported {
        if count > 0 {
            let _ = write!(text, "{letter}{count}");
        }
    }
    for (letter, provider) in PROVIDERS {
        let Some(tally) = day.by_provider.get(&provider).filter(|tally| !tally.is_empty()) else { continue };
        let _ = write!(text, "{letter}{}", tally.sent);
        for (letter, count) in counters(tally) {
            if count > 0 {
                let _ = write!(text, "{letter}{count}");
            }
        }
    }
    text
}

fn counters(tally: &Tally) -> [(char, u32); 8] {
    [
        ('i', tally.inbox),
        ('s', tally.spam),
        ('p', tally.promotions),
        ('o', tally.other),
        ('m', tally.missing),
        ('b', tally.bounced),
        ('c', tally.complained),
        ('u', tally.found().saturating_sub(tally.read)),
    ]
}

impl FromStr for DaysText {
    type Err = RowError;
    fn from_str(text: &str) -> Result<Self, RowError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let days = text.split(',').map(|day| read_day(day).ok_or_else(|| RowError(day.to_owned())));
        days.collect::<Result<Vec<_>, _>>().map(Self)
    }
}

fn read_day(text: &str) -> Option<DayTally> {
    let (number, rest) = text.split_once('=')?;
    let mut day = DayTally::new(date_of(u16::from_str_radix(number, 36).ok()?));
    let mut rest = rest;
    (day.target, rest) = read_number(rest)?;
    let mut current: Option<Provider> = None;
    while let Some(letter) = rest.chars().next() {
        let count;
        (count, rest) = read_number(rest.get(letter.len_utf8()..)?)?;
        if let Some(&(_, provider)) = PROVIDERS.iter().find(|known| known.0 == letter) {
            finish(&mut day, current);
            current = Some(provider);
            day.by_provider.insert(provider, Tally { sent: count, ..Tally::default() });
            continue;
        }
        let Some(provider) = current else {
            match letter {
                'b' => day.reported_bounces = count,
                'c' => day.reported_complaints = count,
                'a' => day.reported_attempts = count,
                _ => return None,
            }
            continue;
        };
        let tally = day.by_provider.get_mut(&provider)?;
        match letter {
            'i' => tally.inbox = count,
            's' => tally.spam = count,
            'p' => tally.promotions = count,
            'o' => tally.other = count,
            'm' => tally.missing = count,
            'b' => tally.bounced = count,
            'c' => tally.complained = count,
            // Read until the provider's entry is complete.
            'u' => tally.read = count,
            _ => return None,
        }
    }
    finish(&mut day, current);
    Some(day)
}

/// Turns what was not read, as it stands in the text, into what was.
fn finish(day: &mut DayTally, provider: Option<Provider>) {
    if let Some(tally) = provider.and_then(|provider| day.by_provider.get_mut(&provider)) {
        tally.read = tally.found().saturating_sub(tally.read);
    }
}

fn read_number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}
