//! What the demo shows while it runs: a live screen, or a line a day where standard output is no terminal.
//!
//! Draws a [`Snapshot`] and nothing else: it asks no clock, reads no store, and decides nothing.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use preheat_core::mailbox::{Provider, State};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};

mod screen;

/// Everything that is shown, at one moment of the demo's own time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Snapshot {
    /// The demo's day, from 1.
    pub(crate) day: u32,
    /// How many days it runs.
    pub(crate) days_total: u32,
    /// The demo's clock.
    pub(crate) now: Timestamp,
    /// Every mailbox, in the order of the fleet.
    pub(crate) mailboxes: Vec<MailboxView>,
    /// Of each day so far, by the mailboxes' own calendars: its number, what all targets added up to, what was sent.
    pub(crate) ramp_history: Vec<(u32, u32, u32)>,
    /// How often a promise was broken; must stay 0.
    pub(crate) violations: u32,
    /// How many times faster than real time; 0: as fast as the program can.
    pub(crate) speed: f64,
}

/// A mailbox as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MailboxView {
    pub(crate) address: String,
    pub(crate) provider: Provider,
    pub(crate) state: State,
    /// Of today.
    pub(crate) target: u32,
    pub(crate) sent_today: u32,
    pub(crate) sent_total: u32,
    pub(crate) received: u32,
    pub(crate) replied: u32,
    pub(crate) rescued: u32,
    /// Where its mails were found: inbox, spam, promotions, other, missing.
    pub(crate) placements: [u32; 5],
}

/// Names of [`MailboxView::placements`], in order.
pub(crate) const PLACEMENTS: [&str; 5] = ["inbox", "spam", "promotions", "other", "missing"];

impl Snapshot {
    /// `day 3 of 14`; behind the last day, while the last mails are found and filed, `settling`.
    fn day_name(&self, of: &str) -> String {
        if self.day > self.days_total {
            "settling".to_owned()
        } else {
            format!("day {:>2}{of}{}", self.day, self.days_total)
        }
    }
    /// How many days are over on every calendar of the world: the last ones end at noon of the next day, UTC.
    fn days_over(&self) -> u32 {
        let is_over = self.now.to_zoned(TimeZone::UTC).hour() >= 12;
        self.day.saturating_sub(if is_over { 1 } else { 2 }).min(self.days_total)
    }
    /// A number of every mailbox, added up.
    fn sum(&self, of: impl Fn(&MailboxView) -> u32) -> u64 {
        self.mailboxes.iter().map(|mailbox| u64::from(of(mailbox))).sum()
    }
    /// Placements of all mailboxes.
    fn placements(&self) -> [u64; 5] {
        std::array::from_fn(|at| self.sum(|mailbox| mailbox.placements[at]))
    }
}

/// Whom the demo tells how it goes.
pub(crate) enum Progress {
    /// The live screen.
    Screen(Box<DefaultTerminal>),
    /// A line a day, to standard error: standard output is for the result.
    Lines(Lines),
}

impl Progress {
    /// The screen where there is a terminal and `headless` is not asked for, else lines.
    ///
    /// # Errors
    /// The terminal cannot be taken over.
    pub(crate) fn open(headless: bool) -> std::io::Result<Self> {
        if headless || !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
            return Ok(Self::Lines(Lines::default()));
        }
        // Also gives the terminal back when the program panics.
        Ok(Self::Screen(Box::new(ratatui::try_init()?)))
    }

    /// Shows a snapshot. `false`: the one who watches has had enough (`q`, Escape or Ctrl-C).
    ///
    /// # Errors
    /// The terminal is gone.
    pub(crate) fn show(&mut self, snapshot: &Snapshot) -> std::io::Result<bool> {
        match self {
            Self::Screen(terminal) => {
                terminal.draw(|frame| screen::draw(frame, snapshot))?;
                wants_more()
            }
            Self::Lines(lines) => {
                lines.show(snapshot, &mut std::io::stderr().lock())?;
                Ok(true)
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        match self {
            Self::Screen(_) => ratatui::restore(),
            Self::Lines(_) => {}
        }
    }
}

/// Reads the keys pressed since the last time, without waiting.
fn wants_more() -> std::io::Result<bool> {
    while event::poll(Duration::ZERO)? {
        if let Event::Key(key) = event::read()? {
            let control_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
            let quits = control_c || matches!(key.code, KeyCode::Char('q' | 'Q') | KeyCode::Esc);
            if quits && key.kind != KeyEventKind::Release {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// A line for each day that is over everywhere: what a log can keep.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// How many days were told.
    told: u32,
}

impl Lines {
    fn show(&mut self, snapshot: &Snapshot, out: &mut dyn Write) -> std::io::Result<()> {
        while self.told < snapshot.days_over() {
            writeln!(out, "{}", line(snapshot, self.told + 1))?;
            self.told += 1;
        }
        Ok(())
    }
}

/// A day by the mailboxes' own calendars; what was received and done with it, and where it was found, until now.
fn line(snapshot: &Snapshot, day: u32) -> String {
    let placements = snapshot.placements();
    let found: u64 = placements.iter().sum();
    let share = |at: usize| {
        (placements[at] * 100).checked_div(found).map_or_else(|| "-".to_owned(), |share| format!("{share} %"))
    };
    let of_day = snapshot.ramp_history.iter().find(|of| of.0 == day);
    let (target, sent) = of_day.map_or((0, 0), |&(_, target, sent)| (target, sent));
    let back = i64::from(snapshot.day) - i64::from(day);
    let date = snapshot.now.to_zoned(TimeZone::UTC).date().saturating_sub(back.days());
    format!(
        "day {day:>2}/{}  {date}  target {target:>4}  sent {sent:>4}  in all: received {:>5}  replied {:>4}  rescued {:>3}  \
         inbox {}  spam {}  violations {}",
        snapshot.days_total,
        snapshot.sum(|mailbox| mailbox.received),
        snapshot.sum(|mailbox| mailbox.replied),
        snapshot.sum(|mailbox| mailbox.rescued),
        share(0),
        share(1),
        snapshot.violations,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn snapshot(mailboxes: usize) -> Snapshot {
        let providers = [Provider::Gmail, Provider::Microsoft, Provider::Other];
        let mailbox = |at: usize| MailboxView {
            address: format!("mailbox-{at}@fleet-{}.example", at % 3),
            provider: providers[at % 3],
            state: if at == 1 { State::Paused } else { State::Warming },
            target: 20,
            sent_today: 5,
            sent_total: 100,
            received: 90,
            replied: 30,
            rescued: 4,
            placements: [80, 10, 5, 3, 2],
        };
        Snapshot {
            day: 3,
            days_total: 14,
            now: "2026-03-04T10:30:00Z".parse().unwrap(),
            mailboxes: (0..mailboxes).map(mailbox).collect(),
            ramp_history: vec![(1, 100, 100), (2, 110, 108), (3, 120, 60)],
            violations: 0,
            speed: 600.0,
        }
    }

    #[test]
    fn a_day_is_told_once_when_it_is_over_everywhere() {
        let mut lines = Lines { told: 1 };
        let mut out = Vec::new();
        let mut now = snapshot(2);
        lines.show(&now, &mut out).unwrap();
        assert!(out.is_empty(), "in Hawaii it is still the second day");
        now.now = "2026-03-04T12:00:00Z".parse().unwrap();
        lines.show(&now, &mut out).unwrap();
        lines.show(&now, &mut out).unwrap();
        let second = "day  2/14  2026-03-03  target  110  sent  108  in all: received   180  replied   60  rescued   8  \
                      inbox 80 %  spam 10 %  violations 0\n";
        assert_eq!(String::from_utf8(out.clone()).unwrap(), second);
        now.day = 20;
        lines.show(&now, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap().lines().count(), 13, "14 days, of which the first was told before");
    }

    #[test]
    fn a_day_on_which_nothing_was_found_has_no_share() {
        let mut empty = snapshot(1);
        empty.mailboxes[0].placements = [0; 5];
        assert!(line(&empty, 3).contains("inbox -  spam -"));
    }
}
