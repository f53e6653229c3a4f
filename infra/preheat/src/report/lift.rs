//! `preheat report lift`: does warming work? Whichever way it comes out.

use preheat_core::facts::finds_of;
use preheat_core::lift::{Lift, MAILBOXES_MIN, MAILS_MIN, Side, Verdict, compare};
use serde::Serialize;

use super::{Asked, Shown, days, days_ago};
use crate::Out;
use crate::outcome::Outcome;

const EXAMPLES: &str = "\
Examples:
  preheat report lift --data ./data
  preheat report lift --table preheat-ledger --days 60 --json";

/// Arguments of `preheat report lift`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    asked: Asked,
    /// Mail of so many local days that are over: 1 to 120
    #[arg(long, default_value = "28", value_parser = days)]
    days: u16,
}

#[derive(Serialize)]
struct Report {
    configured: bool,
    note: Option<String>,
    days: u16,
    #[serde(flatten)]
    lift: Lift,
    exchange_inbox_rate: Shown,
    control_inbox_rate: Shown,
    method: &'static str,
    says: String,
}

const METHOD: &str = "difference of two proportions with Newcombe's hybrid score interval, 95 % (Statistics in Medicine 17 \
                      (1998), 873-890, method 10)";

/// Runs the command.
pub(super) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let ground = args.asked.gather(|now| days_ago(now, args.days)).await?;
    let lift = compare(
        ground.senders(),
        &finds_of(&ground.facts, &ground.limits.engage),
        days_ago(ground.now, args.days),
        ground.now,
    );
    let note = ground.not_configured();
    let report = Report {
        configured: note.is_none(),
        note,
        days: args.days,
        exchange_inbox_rate: lift.exchange.counts.inbox_rate().into(),
        control_inbox_rate: lift.control.counts.inbox_rate().into(),
        method: METHOD,
        says: says(&lift),
        lift,
    };
    if args.asked.json { crate::json(out, &report) } else { text(&report, out) }
}

fn points(share: f64) -> String {
    format!("{:+.1}", 100.0 * share)
}

/// The verdict in plain words.
fn says(lift: &Lift) -> String {
    let interval = format!("{} to {} points", points(lift.interval.0), points(lift.interval.1));
    let difference = lift.difference.map(points).unwrap_or_default();
    match lift.verdict {
        Verdict::NoControls => {
            "No mailbox is held out as a control, so there is nothing to compare with. Set the share of \
                                controls (PREHEAT_CONTROL_SHARE, such as 0.1) and ask again in some weeks."
                .to_owned()
        }
        Verdict::TooFew => format!(
            "Too little to conclude anything: it takes {MAILS_MIN} mails of known fate and {MAILBOXES_MIN} mailboxes on each \
             side. As it stands, the difference lies anywhere from {interval}."
        ),
        Verdict::Better => {
            format!("Warmed mailboxes reach the inbox more often, by {difference} points ({interval}).")
        }
        Verdict::Worse => {
            format!("Warmed mailboxes reach the inbox LESS often, by {difference} points ({interval}).")
        }
        Verdict::NotShown => format!(
            "No difference is shown: {difference} points, and the interval ({interval}) holds zero. That is not proof that \
             there is none."
        ),
    }
}

fn text(report: &Report, out: Out<'_>) -> Outcome {
    if let Some(note) = &report.note {
        writeln!(out, "{note}")?;
        return Ok(());
    }
    writeln!(out, "{:<22} {:>9}  inbox rate", "", "mailboxes")?;
    let mut side =
        |name: &str, side: &Side, rate: &Shown| writeln!(out, "{name:<22} {:>9}  {}", side.mailboxes, rate.text);
    side("warmed", &report.lift.exchange, &report.exchange_inbox_rate)?;
    side("held out as controls", &report.lift.control, &report.control_inbox_rate)?;
    writeln!(out, "\n{}", report.says)?;
    writeln!(
        out,
        "\nOver the last {} local days that are over; {}. Controls are drawn by chance and their mail is only measured. Mails of \
         one mailbox share its reputation, so with few mailboxes the true interval is wider than this one.",
        report.days, report.method
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use preheat_core::placement::Counts;

    use super::*;

    fn side(inbox: u32, spam: u32) -> Side {
        Side { mailboxes: 10, counts: Counts { inbox, spam, ..Counts::default() } }
    }

    #[test]
    fn it_says_what_came_out() {
        let said = |exchange, control| says(&Lift::of(exchange, control));
        assert!(
            said(side(950, 50), side(160, 40)).starts_with("Warmed mailboxes reach the inbox more often, by +15.0")
        );
        assert!(
            said(side(800, 200), side(190, 10)).starts_with("Warmed mailboxes reach the inbox LESS often, by -15.0")
        );
        assert!(said(side(90, 10), side(89, 11)).starts_with("No difference is shown: +1.0 points"));
        assert!(said(side(90, 10), side(9, 1)).contains("Too little to conclude"));
        assert!(said(side(90, 10), Side::default()).contains("nothing to compare with"));
    }
}
