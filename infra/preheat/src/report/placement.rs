//! `preheat report placement`: where mail was found, by pair of providers.

use std::collections::BTreeMap;

use preheat_core::facts::finds_of;
use preheat_core::id::MailboxId;
use preheat_core::mailbox::Provider;
use preheat_core::placement::{Counts, Pair, by_pair};
use preheat_core::turn::DayArchive;
use serde::Serialize;

use super::{Asked, Ground, Shown, days};
use crate::Out;
use crate::mailbox::list::name;
use crate::outcome::Outcome;

const EXAMPLES: &str = "\
Examples:
  preheat report placement --data ./data
  preheat report placement --table preheat-ledger --tenant acme --days 30 --json";

/// Arguments of `preheat report placement`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    asked: Asked,
    /// Mail of so many local days, today's among them: 1 to 120
    #[arg(long, default_value = "7", value_parser = days)]
    days: u16,
}

#[derive(Serialize)]
struct Report {
    configured: bool,
    note: Option<String>,
    days: u16,
    pairs: Vec<Line>,
    total: Line,
}

#[derive(Serialize)]
struct Line {
    /// Provider of the sender; absent in the total.
    from: Option<Provider>,
    /// Provider of the recipient; absent in the total.
    to: Option<Provider>,
    #[serde(flatten)]
    counts: Counts,
    inbox_rate: Shown,
    spam_rate: Shown,
}

impl Line {
    fn new(pair: Option<Pair>, counts: Counts) -> Self {
        let (inbox_rate, spam_rate) = (counts.inbox_rate().into(), counts.spam_rate().into());
        Self { from: pair.map(|pair| pair.0), to: pair.map(|pair| pair.1), counts, inbox_rate, spam_rate }
    }
}

/// Runs the command.
pub(super) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let ground = args.asked.gather().await?;
    let report = report(&ground, args.days);
    if args.asked.json { crate::json(out, &report) } else { text(&report, out) }
}

fn report(ground: &Ground, days: u16) -> Report {
    let since = ground.days_ago(days - 1);
    let providers: BTreeMap<MailboxId, Provider> =
        ground.facts.iter().map(|one| (one.id(), one.row.plan.plan.provider)).collect();
    let finds = finds_of(&ground.facts);
    let mut pairs: BTreeMap<Pair, Counts> = BTreeMap::new();
    for one in ground.senders() {
        let mut sent: Vec<DayArchive> = one.days_so_far(ground.now);
        sent.retain(|day| day.date >= since);
        let of = |id| providers.get(&id).copied();
        for (pair, counts) in by_pair(one.mails(&sent), &finds, of, ground.now) {
            *pairs.entry(pair).or_default() += counts;
        }
    }
    let mut total = Counts::default();
    pairs.values().for_each(|&counts| total += counts);
    let note = ground.not_configured();
    Report {
        configured: note.is_none(),
        note,
        days,
        pairs: pairs.into_iter().map(|(pair, counts)| Line::new(Some(pair), counts)).collect(),
        total: Line::new(None, total),
    }
}

fn text(report: &Report, out: Out<'_>) -> Outcome {
    if let Some(note) = &report.note {
        writeln!(out, "{note}")?;
        return Ok(());
    }
    writeln!(
        out,
        "{:<22} {:>6} {:>6} {:>6} {:>6} {:>8} {:>6}  {:<34} spam rate",
        "from → to", "inbox", "spam", "tab", "other", "missing", "open", "inbox rate"
    )?;
    for line in report.pairs.iter().chain([&report.total]) {
        let pair = match (line.from, line.to) {
            (Some(from), Some(to)) => format!("{} → {}", name(&from), name(&to)),
            _ => "all".to_owned(),
        };
        let Counts { inbox, spam, promotions, other, missing, open } = line.counts;
        writeln!(
            out,
            "{pair:<22} {inbox:>6} {spam:>6} {promotions:>6} {other:>6} {missing:>8} {open:>6}  {:<34} {}",
            line.inbox_rate.text, line.spam_rate.text
        )?;
    }
    writeln!(
        out,
        "\nMail of the last {} local days. `missing`: not found 48 h after the send; `open`: not found yet. `other`: a rule of \
         the recipient's put it there, so it says nothing of the provider and is in no rate. In brackets: the 95 % interval.",
        report.days
    )?;
    Ok(())
}
