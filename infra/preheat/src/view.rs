//! What the demo shows while it runs: a live screen, or a line a day where standard output is no terminal.
//!
//! Draws a [`Snapshot`] and nothing else: it asks no clock, reads no store, and decides nothing.

use std::collections::BTreeMap;
use std::io::{Stderr, Write, stderr};
use std::time::Duration;

use jiff::Timestamp;
use preheat_core::mailbox::{Provider, State};
use preheat_core::visit::Placement;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::crossterm::{cursor, execute};

mod screen;

/// Everything that is shown, at one moment of the demo's own time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Snapshot {
    /// The demo's day, from 1.
    pub(crate) day: u32,
    /// How many days it runs.
    pub(crate) days: u32,
    /// The demo's clock.
    pub(crate) now: Timestamp,
    /// Every mailbox, in the order of the fleet.
    pub(crate) mailboxes: Vec<MailboxView>,
    /// Each day so far.
    pub(crate) ramp: Vec<RampDay>,
    /// Where mails were found first, and how many.
    pub(crate) placements: BTreeMap<Placement, u32>,
    /// How often each promise was broken, by its name; must stay 0.
    pub(crate) violations: Vec<(&'static str, u32)>,
    /// Work that failed and is tried again: normal, as long as it is little.
    pub(crate) trouble: u32,
    /// How many times faster than real time; 0: as fast as the program can.
    pub(crate) speed: u32,
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
}

/// A day of the whole fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RampDay {
    pub(crate) day: u32,
    /// What all targets add up to.
    pub(crate) target: u32,
    pub(crate) sent: u32,
}

/// Every placement with its name, in the order in which they are shown.
const PLACEMENTS: [(Placement, &str); 4] = [
    (Placement::Inbox, "inbox"),
    (Placement::Spam, "spam"),
    (Placement::Promotions, "promotions"),
    (Placement::Other, "other"),
];

impl Snapshot {
    /// A number of every mailbox, added up.
    fn sum(&self, of: impl Fn(&MailboxView) -> u32) -> u64 {
        self.mailboxes.iter().map(|mailbox| u64::from(of(mailbox))).sum()
    }
    /// How many mails were found at a placement first.
    fn placed(&self, placement: Placement) -> u64 {
        self.placements.get(&placement).copied().map_or(0, u64::from)
    }
    /// How many mails were found at all.
    fn found(&self) -> u64 {
        self.placements.values().copied().map(u64::from).sum()
    }
    /// How many promises were broken.
    fn violated(&self) -> u64 {
        self.violations.iter().map(|&(_, count)| u64::from(count)).sum()
    }
}

/// Whom the demo tells how it goes: a live screen, or lines. Both on standard error: standard output is for the result.
pub(crate) struct Screen(Sink);

enum Sink {
    Live(Box<Terminal<CrosstermBackend<Stderr>>>),
    Lines(Lines),
}

impl Screen {
    /// A live screen, unless `headless` is asked for or standard error is no terminal.
    ///
    /// # Errors
    /// The terminal cannot be taken over.
    pub(crate) fn start(headless: bool, is_terminal: bool) -> std::io::Result<Self> {
        if headless || !is_terminal {
            return Ok(Self(Sink::Lines(Lines::default())));
        }
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            hook(panic);
        }));
        enable_raw_mode()?;
        execute!(stderr(), EnterAlternateScreen, cursor::Hide)?;
        Ok(Self(Sink::Live(Box::new(Terminal::new(CrosstermBackend::new(stderr()))?))))
    }

    /// Whether somebody watches live: then nothing else may write to the terminal.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.0, Sink::Live(_))
    }

    /// Shows a snapshot. `false`: the one who watches has had enough (`q`, Escape or Ctrl-C).
    ///
    /// # Errors
    /// The terminal is gone.
    pub(crate) fn show(&mut self, snapshot: &Snapshot) -> std::io::Result<bool> {
        match &mut self.0 {
            Sink::Live(terminal) => {
                terminal.draw(|frame| screen::draw(frame, snapshot))?;
                wants_more()
            }
            Sink::Lines(lines) => lines.show(snapshot, &mut stderr().lock()).map(|()| true),
        }
    }

    /// Gives the terminal back, or prints the last day.
    ///
    /// # Errors
    /// The terminal is gone.
    pub(crate) fn end(mut self) -> std::io::Result<()> {
        match &mut self.0 {
            Sink::Live(_) => Ok(()),
            Sink::Lines(lines) => lines.finish(&mut stderr().lock()),
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.is_live() {
            give_back();
        }
    }
}

/// Puts the terminal back as it was. What fails here fails because the terminal is gone.
fn give_back() {
    let _ = disable_raw_mode();
    let _ = execute!(stderr(), LeaveAlternateScreen, cursor::Show);
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
    pub(crate) fn finish(&mut self, out: &mut dyn Write) -> std::io::Result<()> {
        self.last.take().map_or(Ok(()), |last| writeln!(out, "{}", line(&last)))
    }
}

fn line(snapshot: &Snapshot) -> String {
    let share = |placement| {
        let share = (snapshot.placed(placement) * 100).checked_div(snapshot.found());
        share.map_or_else(|| "-".to_owned(), |share| format!("{share} %"))
    };
    format!(
        "day {:>2}/{}  {}  target {:>4}  sent {:>4}  received {:>5}  replied {:>4}  rescued {:>3}  inbox {}  spam {}  \
         violations {}",
        snapshot.day,
        snapshot.days,
        snapshot.now.strftime("%Y-%m-%d"),
        snapshot.sum(|mailbox| mailbox.target),
        snapshot.sum(|mailbox| mailbox.sent_today),
        snapshot.sum(|mailbox| mailbox.received),
        snapshot.sum(|mailbox| mailbox.replied),
        snapshot.sum(|mailbox| mailbox.rescued),
        share(Placement::Inbox),
        share(Placement::Spam),
        snapshot.violated(),
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
        };
        let day = |day, target, sent| RampDay { day, target, sent };
        Snapshot {
            day: 3,
            days: 14,
            now: "2026-03-04T10:30:00Z".parse().unwrap(),
            mailboxes: (0..mailboxes).map(mailbox).collect(),
            ramp: vec![day(1, 100, 100), day(2, 110, 108), day(3, 120, 60)],
            placements: [(Placement::Inbox, 480), (Placement::Spam, 60), (Placement::Promotions, 60)].into(),
            violations: vec![("duplicates", 0), ("leaks", 0)],
            trouble: 2,
            speed: 600,
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
        empty.placements.clear();
        assert!(line(&empty).contains("inbox -  spam -"));
    }

    #[test]
    fn without_a_terminal_there_are_lines() {
        assert!(!Screen::start(false, false).unwrap().is_live());
        assert!(!Screen::start(true, true).unwrap().is_live());
    }
}
