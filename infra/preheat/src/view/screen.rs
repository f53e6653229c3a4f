//! The live screen: header, mailboxes with gauges, the ramp, placements, and what the words mean.

use preheat_core::mailbox::State;
use ratatui::Frame;
use ratatui::layout::{Constraint, Direction, Layout, Rect};
use ratatui::style::{Color, Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Block, Cell, Chart, Dataset, GraphType, Paragraph, Row, Table};

use super::{PLACEMENTS, Snapshot};
use crate::chart;
use crate::grouped;

/// Narrower or lower than this, only the header is drawn.
const WIDTH_MIN: u16 = 70;
const HEIGHT_MIN: u16 = 16;
/// From this width on the charts stand beside the mailboxes, else below them.
const WIDTH_WIDE: u16 = 130;
/// From this height on there is room to explain the words.
const HEIGHT_LEGEND: u16 = 32;

const LEGEND: [(&str, &str); 8] = [
    ("target", "what a mailbox should send today; it grows along the ramp, day by day"),
    ("sent", "what its server has taken, today and in all; mailboxes write only to each other"),
    ("received", "mail of the other mailboxes, found by looking into its folders"),
    ("replied", "about three in ten mails are answered, hours later, as people do"),
    ("rescued", "mail found in spam and moved to the inbox: what teaches the provider"),
    ("placement", "where a mail was first found: inbox, spam, a tab, elsewhere, or nowhere in 48 h"),
    ("paused", "sends nothing until resumed; error: its log-in was refused"),
    ("violations", "double sends, over quota, outside the window, mail left behind: must be 0"),
];

/// Draws one snapshot.
pub(super) fn draw(frame: &mut Frame<'_>, snapshot: &Snapshot) {
    let area = frame.area();
    if area.width < WIDTH_MIN || area.height < HEIGHT_MIN {
        frame.render_widget(Paragraph::new(header(snapshot)), area);
        return;
    }
    let legend_rows = if area.height >= HEIGHT_LEGEND { LEGEND.len() as u16 + 2 } else { 0 };
    let rows = [Constraint::Length(3), Constraint::Min(8), Constraint::Length(legend_rows), Constraint::Length(1)];
    let [head, body, legend, keys] = split(Direction::Vertical, area, rows);
    frame.render_widget(Paragraph::new(header(snapshot)), head);
    let bars = PLACEMENTS.len() as u16 + 2;
    if area.width >= WIDTH_WIDE {
        let halves = [Constraint::Percentage(62), Constraint::Percentage(38)];
        let [left, right] = split(Direction::Horizontal, body, halves);
        let [upper, lower] = split(Direction::Vertical, right, [Constraint::Min(4), Constraint::Length(bars)]);
        mailboxes(frame, left, snapshot);
        ramp(frame, upper, snapshot);
        placements(frame, lower, snapshot);
    } else {
        let [upper, lower] = split(Direction::Vertical, body, [Constraint::Min(5), Constraint::Length(bars)]);
        let halves = [Constraint::Percentage(50), Constraint::Percentage(50)];
        let [left, right] = split(Direction::Horizontal, lower, halves);
        mailboxes(frame, upper, snapshot);
        ramp(frame, left, snapshot);
        placements(frame, right, snapshot);
    }
    if legend_rows > 0 {
        let lines: Vec<Line<'_>> = LEGEND
            .iter()
            .map(|(word, meaning)| Line::from(vec![Span::from(format!("{word:>10}  ")).bold(), Span::from(*meaning)]))
            .collect();
        frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" What the words mean ")), legend);
    }
    let hint = Line::from(vec![" q ".reversed(), " quits".into()]);
    frame.render_widget(Paragraph::new(hint), keys);
}

fn split<const N: usize>(direction: Direction, area: Rect, parts: [Constraint; N]) -> [Rect; N] {
    Layout::new(direction, parts).areas(area)
}

fn header(snapshot: &Snapshot) -> Vec<Line<'static>> {
    let violations = format!("violations {}", snapshot.violations);
    let violations = if snapshot.violations == 0 { violations.green() } else { violations.red().bold() };
    let speed =
        if snapshot.speed > 0.0 { format!("{:.0} times real time", snapshot.speed) } else { "full speed".to_owned() };
    let number = |of: fn(&super::MailboxView) -> u32| grouped(snapshot.sum(of));
    vec![
        Line::from(vec![
            " preheat demo ".bold().reversed(),
            format!(
                "  {}   {} UTC   {speed}   ",
                snapshot.day_name(" of "),
                snapshot.now.strftime("%a %Y-%m-%d %H:%M"),
            )
            .into(),
            violations,
        ]),
        Line::from(format!(
            " {} mailboxes   today {} of {}   sent {}   received {}   replied {}   rescued {}",
            snapshot.mailboxes.len(),
            number(|mailbox| mailbox.sent_today),
            number(|mailbox| mailbox.target),
            number(|mailbox| mailbox.sent_total),
            number(|mailbox| mailbox.received),
            number(|mailbox| mailbox.replied),
            number(|mailbox| mailbox.rescued),
        )),
    ]
}

fn mailboxes(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    // Two of border, one of heading.
    let room = usize::from(area.height.saturating_sub(3));
    let hidden = snapshot.mailboxes.len().saturating_sub(room);
    let shown = if hidden > 0 { room.saturating_sub(1) } else { room };
    let mut rows: Vec<Row<'_>> = snapshot.mailboxes.iter().take(shown).map(mailbox).collect();
    if hidden > 0 {
        rows.push(Row::new([Cell::from(format!("… and {} more", snapshot.mailboxes.len() - shown).dim())]));
    }
    let widths = [
        Constraint::Min(16),
        Constraint::Length(9),
        Constraint::Length(8),
        Constraint::Length(GAUGE as u16 + 6),
        Constraint::Length(5),
        Constraint::Length(5),
        Constraint::Length(4),
        Constraint::Length(4),
    ];
    let heading = Row::new(["mailbox", "provider", "state", "sent of target", "all", "recv", "repl", "resc"]).bold();
    let table = Table::new(rows, widths).header(heading).block(Block::bordered().title(" Mailboxes "));
    frame.render_widget(table, area);
}

/// Cells of a mailbox's gauge.
const GAUGE: usize = 10;

fn mailbox(mailbox: &super::MailboxView) -> Row<'_> {
    let state = state(mailbox.state);
    let colour = match mailbox.state {
        State::Warming | State::Ready => Color::Green,
        State::New => Color::Gray,
        State::Degraded | State::Paused => Color::Yellow,
        State::Error | State::Retired => Color::Red,
    };
    let gauge = chart::bar(f64::from(mailbox.sent_today), f64::from(mailbox.target), GAUGE);
    let blank = " ".repeat(GAUGE.saturating_sub(gauge.chars().count()));
    let counts = format!(" {:>2}/{}", mailbox.sent_today, mailbox.target);
    Row::new([
        Cell::from(mailbox.address.as_str()),
        Cell::from(mailbox.provider.name()),
        Cell::from(state.fg(colour)),
        Cell::from(Line::from(vec![gauge.fg(colour), blank.into(), counts.into()])),
        Cell::from(format!("{:>5}", mailbox.sent_total)),
        Cell::from(format!("{:>5}", mailbox.received)),
        Cell::from(format!("{:>4}", mailbox.replied)),
        Cell::from(format!("{:>4}", mailbox.rescued)),
    ])
}

fn state(state: State) -> &'static str {
    match state {
        State::New => "new",
        State::Warming => "warming",
        State::Ready => "ready",
        State::Degraded => "degraded",
        State::Paused => "paused",
        State::Error => "error",
        State::Retired => "retired",
    }
}

fn ramp(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let points = |of: fn(&(u32, u32, u32)) -> u32| -> Vec<(f64, f64)> {
        snapshot.ramp_history.iter().map(|day| (f64::from(day.0), f64::from(of(day)))).collect()
    };
    let (target, sent) = (points(|day| day.1), points(|day| day.2));
    let most = target.iter().chain(&sent).map(|point| point.1).fold(1.0, f64::max);
    let dataset = |name: &'static str, data, colour, marker| {
        Dataset::default()
            .name(name)
            .data(data)
            .graph_type(GraphType::Line)
            .marker(marker)
            .style(Style::default().fg(colour))
    };
    let datasets = vec![
        dataset("target", &target, Color::Yellow, Marker::Braille),
        dataset("sent", &sent, Color::Green, Marker::Dot),
    ];
    let days = f64::from(snapshot.days_total.max(2));
    let chart = Chart::new(datasets)
        .block(Block::bordered().title(" Sends a day, all mailboxes "))
        .x_axis(Axis::default().bounds([1.0, days]).labels(["day 1".to_owned(), snapshot.days_total.to_string()]))
        .y_axis(Axis::default().bounds([0.0, most * 1.1]).labels(["0".to_owned(), format!("{:.0}", most * 1.1)]));
    frame.render_widget(chart, area);
}

fn placements(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let counts = snapshot.placements();
    let found: u64 = counts.iter().sum();
    let colours = [Color::Green, Color::Red, Color::Yellow, Color::Gray, Color::Magenta];
    let most = counts.iter().copied().max().unwrap_or(0) as f64;
    // Two of border, the label, the numbers.
    let cells = usize::from(area.width).saturating_sub(2 + 11 + 16);
    let lines: Vec<Line<'_>> = (0..PLACEMENTS.len())
        .map(|at| {
            let share = if found == 0 { 0.0 } else { counts[at] as f64 * 100.0 / found as f64 };
            let number = format!("{} ({share:.0} %)", grouped(counts[at]));
            let bar = chart::bar(counts[at] as f64, most, cells);
            Line::from(vec![format!("{:<11}{number:<16}", PLACEMENTS[at]).into(), bar.fg(colours[at])])
        })
        .collect();
    let block = Block::bordered().title(" Where mails were found first ");
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::snapshot;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn drawn(width: u16, height: u16, snapshot: &Snapshot) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, snapshot)).unwrap();
        let buffer = terminal.backend().buffer().clone();
        let row = |y| (0..width).map(|x| buffer[(x, y)].symbol().to_owned()).collect::<String>().trim_end().to_owned();
        (0..height).map(row).collect::<Vec<String>>().join("\n")
    }

    #[test]
    fn a_whole_screen_shows_every_part() {
        let screen = drawn(140, 40, &snapshot(6));
        for part in [
            "day  3 of 14   Wed 2026-03-04 10:30 UTC   600 times real time   violations 0",
            "6 mailboxes   today 30 of 120   sent 600   received 540   replied 180   rescued 24",
            "mailbox-0@fleet-0.example",
            "microsoft",
            "paused",
            "██▌         5/20",
            "target",
            "480 (80 %)",
            "60 (10 %)",
            "Sends a day, all mailboxes",
            "Where mails were found first",
            "What the words mean",
            "moved to the inbox",
            " q  quits",
        ] {
            assert!(screen.contains(part), "`{part}` is not in\n{screen}");
        }
        assert!(!screen.contains("more"), "{screen}");
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let screen = drawn(100, 20, &snapshot(50));
        assert!(!screen.contains("What the words mean"), "{screen}");
        let shown = screen.matches("@fleet-").count();
        assert!(shown >= 5, "{screen}");
        assert!(screen.contains(&format!("… and {} more", 50 - shown)), "{screen}");
    }

    #[test]
    fn a_tiny_terminal_gets_the_header() {
        let screen = drawn(40, 4, &snapshot(3));
        assert!(screen.contains("day  3 of 14"), "{screen}");
        assert!(!screen.contains("Mailboxes"), "{screen}");
    }

    #[test]
    fn behind_the_last_day_the_rest_is_filed() {
        let mut settling = snapshot(1);
        settling.day = 15;
        let screen = drawn(140, 40, &settling);
        assert!(screen.contains("settling   Wed"), "{screen}");
    }

    #[test]
    fn an_empty_demo_and_extreme_numbers_draw() {
        let mut empty = snapshot(0);
        empty.ramp_history.clear();
        empty.days_total = 0;
        drawn(140, 40, &empty);
        let mut full = snapshot(1);
        full.mailboxes[0].sent_today = u32::MAX;
        full.mailboxes[0].target = 0;
        full.ramp_history = vec![(1, u32::MAX, u32::MAX)];
        full.violations = 3;
        full.speed = 0.0;
        assert!(drawn(140, 40, &full).contains("full speed   violations 3"));
    }
}
