//! What the demo shows while it runs: a live screen, or a line a day where standard output is no terminal.
//!
//! Draws a [`Snapshot`] and nothing else: it asks no clock, reads no store, and decides nothing.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use jiff::Timestamp;
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
    /// Of each day so far: its number, what all targets added up to, what was sent.
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
            // Nothing follows the last day; where nobody can read it, nobody misses it.
            Self::Lines(lines) => drop(lines.finish(&mut std::io::stderr().lock())),
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

/// A line when a day ends: what a log can keep.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    last: Option<Snapshot>,
}

impl Lines {
    fn show(&mut self, snapshot: &Snapshot, out: &mut dyn Write) -> std::io::Result<()> {
        // The last look at a day that is over holds that day's numbers.
        if let Some(last) = self.last.take().filter(|last| last.day < snapshot.day) {
            writeln!(out, "{}", line(&last))?;
        }
        self.last = Some(snapshot.clone());
        Ok(())
    }

    /// Prints the last day, which nothing follows.
    fn finish(&mut self, out: &mut dyn Write) -> std::io::Result<()> {
        self.last.take().map_or(Ok(()), |last| writeln!(out, "{}", line(&last)))
    }
}

fn line(snapshot: &Snapshot) -> String {
    let placements = snapshot.placements();
    let found: u64 = placements.iter().sum();
    let share = |at: usize| {
        (placements[at] * 100).checked_div(found).map_or_else(|| "-".to_owned(), |share| format!("{share} %"))
    };
    format!(
        "{:<9}  {}  target {:>4}  sent {:>4}  received {:>5}  replied {:>4}  rescued {:>3}  inbox {}  spam {}  \
         violations {}",
        snapshot.day_name("/"),
        snapshot.now.strftime("%Y-%m-%d"),
        snapshot.sum(|mailbox| mailbox.target),
        snapshot.sum(|mailbox| mailbox.sent_today),
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
    fn a_line_is_printed_when_a_day_ends_and_not_before() {
        let mut lines = Lines::default();
        let mut out = Vec::new();
        let mut now = snapshot(2);
        lines.show(&now, &mut out).unwrap();
        now.mailboxes[0].sent_today = 20;
        lines.show(&now, &mut out).unwrap();
        assert!(out.is_empty());
        let mut next = snapshot(2);
        next.day = 4;
        lines.show(&next, &mut out).unwrap();
        let first = "day  3/14  2026-03-04  target   40  sent   25  received   180  replied   60  rescued   8  \
                     inbox 80 %  spam 10 %  violations 0\n";
        assert_eq!(String::from_utf8(out.clone()).unwrap(), first);
        lines.finish(&mut out).unwrap();
        lines.finish(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap().lines().count(), 2);
    }

    #[test]
    fn a_day_on_which_nothing_was_found_has_no_share() {
        let mut empty = snapshot(1);
        empty.mailboxes[0].placements = [0; 5];
        assert!(line(&empty).contains("inbox -  spam -"));
    }
}
