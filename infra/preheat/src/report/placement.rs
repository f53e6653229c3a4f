//! `preheat report placement`: where mail was found, by pair of providers.

use std::collections::BTreeMap;

use preheat_core::facts::finds_of;
use preheat_core::id::MailboxId;
use preheat_core::mailbox::Provider;
use preheat_core::placement::{Counts, Pair, by_pair, refused_by_pair};
use preheat_core::rate::Rate;
use preheat_core::turn::DayArchive;
use serde::Serialize;

use super::{Asked, Ground, Shown, days, days_ago};
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
    /// Refused at once because the address is bad, of what servers took or refused so.
    bounce_rate: Shown,
}

impl Line {
    fn new(pair: Option<Pair>, counts: Counts, refused: Rate) -> Self {
        let (inbox_rate, spam_rate) = (counts.inbox_rate().into(), counts.spam_rate().into());
        let (from, to) = (pair.map(|pair| pair.0), pair.map(|pair| pair.1));
        Self { from, to, counts, inbox_rate, spam_rate, bounce_rate: refused.into() }
    }
}

/// Runs the command.
pub(super) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let ground = args.asked.gather(|now| days_ago(now, args.days - 1)).await?;
    let report = report(&ground, args.days);
    if args.asked.json { crate::json(out, &report) } else { text(&report, out) }
}

fn report(ground: &Ground, days: u16) -> Report {
    let since = days_ago(ground.now, days - 1);
    let providers: BTreeMap<MailboxId, Provider> =
        ground.facts.iter().map(|one| (one.id(), one.row.plan.plan.provider)).collect();
    let finds = finds_of(&ground.facts, &ground.limits.engage);
    let mut pairs: BTreeMap<Pair, (Counts, Rate)> = BTreeMap::new();
    for one in ground.senders() {
        let mut sent: Vec<DayArchive> = one.days_so_far(ground.now);
        sent.retain(|day| day.date >= since);
        let of = |id| providers.get(&id).copied();
        for (pair, counts) in by_pair(one.mails(&sent), &finds, of, ground.now) {
            pairs.entry(pair).or_default().0 += counts;
        }
        for (pair, refused) in refused_by_pair(&sent, of) {
            let sum = &mut pairs.entry(pair).or_default().1;
            *sum = plus(*sum, refused);
        }
    }
    let mut total = (Counts::default(), Rate::default());
    for &(counts, refused) in pairs.values() {
        total.0 += counts;
        total.1 = plus(total.1, refused);
    }
    let note = ground.not_configured();
    Report {
        configured: note.is_none(),
        note,
        days,
        pairs: pairs.into_iter().map(|(pair, (counts, refused))| Line::new(Some(pair), counts, refused)).collect(),
        total: Line::new(None, total.0, total.1),
    }
}

fn plus(a: Rate, b: Rate) -> Rate {
    Rate::new(a.count + b.count, a.of + b.of)
}

fn text(report: &Report, out: Out<'_>) -> Outcome {
    if let Some(note) = &report.note {
        writeln!(out, "{note}")?;
        return Ok(());
    }
    writeln!(
        out,
        "{:<22} {:>6} {:>6} {:>6} {:>6} {:>8} {:>6}  {:<34} {:<34} refused at once",
        "from → to", "inbox", "spam", "tab", "other", "missing", "open", "inbox rate", "spam rate"
    )?;
    for line in report.pairs.iter().chain([&report.total]) {
        let pair = match (line.from, line.to) {
            (Some(from), Some(to)) => format!("{} → {}", name(&from), name(&to)),
            _ => "all".to_owned(),
        };
        let Counts { inbox, spam, promotions, other, missing, open } = line.counts;
        writeln!(
            out,
            "{pair:<22} {inbox:>6} {spam:>6} {promotions:>6} {other:>6} {missing:>8} {open:>6}  {:<34} {:<34} {}",
            line.inbox_rate.text, line.spam_rate.text, line.bounce_rate.text
        )?;
    }
    writeln!(
        out,
        "\nMail of the last {} local days. `missing`: not found 48 h after the send; `open`: not found yet. `other`: a rule of \
         the recipient's put it there, so it says nothing of the provider and is in no rate. `refused at once`: the address is bad, said \
         the server; bounces and complaints that were reported later are counted by mailbox alone (`preheat why`). In brackets: \
         the 95 % interval.",
        report.days
    )?;
    Ok(())
}
