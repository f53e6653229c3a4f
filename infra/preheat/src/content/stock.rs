//! `preheat content stock`: the stored conversation plans and how they fare.

use jiff::civil::Date;
use preheat_core::content::Language;
use preheat_core::content::plan::{Plan, PlanId, Via};
use preheat_core::limits::ContentLimits;
use serde::Serialize;

use crate::ledger::{Directory, LedgerArgs};
use crate::limits::LimitsArgs;
use crate::outcome::Outcome;
use crate::{Out, grouped};

const EXAMPLES: &str = "\
Examples:
  preheat content stock --data ./data
  preheat content stock --table preheat-ledger --language de --json

A plan with 20 or more outcomes of which 15 % or more lie in spam is retired by the next daily run. Counters are added when
a local day ends. What the plans do not carry is written by the library itself, for each thread anew.";

/// Arguments of `preheat content stock`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Only plans in this language: en, de, fr or es
    #[arg(long, value_parser = super::language)]
    language: Option<Language>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    limits: LimitsArgs,
}

#[derive(Debug, Serialize)]
struct Listed {
    id: PlanId,
    language: Language,
    generated_via: Via,
    created: Date,
    topic: String,
    uses: u64,
    outcomes: u64,
    spam: u64,
    /// With its 95 % interval.
    spam_rate: String,
    state: &'static str,
    retired: Option<Date>,
}

impl Listed {
    fn new(plan: &Plan, limits: &ContentLimits) -> Self {
        let state = match (plan.retired, plan.is_spent(limits)) {
            (Some(_), _) => "retired",
            (None, true) => "to be retired",
            (None, false) => "in use",
        };
        Self {
            id: plan.id,
            language: plan.id.language,
            generated_via: plan.via(),
            created: plan.id.made,
            topic: plan.conversation(0).topic.into_owned(),
            uses: plan.uses,
            outcomes: plan.spam.of,
            spam: plan.spam.count,
            spam_rate: plan.spam.to_string(),
            state,
            retired: plan.retired,
        }
    }
}

/// Runs the command.
pub(crate) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let limits = args.limits.effective()?.content;
    let ledger = args.ledger.open(Directory::Exists).await?;
    let stock = ledger.store.content_stock().await?;
    let fits = |plan: &Plan| args.language.is_none_or(|language| plan.id.language == language);
    let listed: Vec<Listed> = stock.plans.into_iter().filter(fits).map(|plan| Listed::new(&plan, &limits)).collect();
    if args.json {
        crate::json(out, &listed)?;
    } else {
        text(&listed, out)?;
    }
    for bad in stock.unreadable {
        eprintln!("preheat: {bad}");
    }
    Ok(())
}

fn text(listed: &[Listed], out: Out<'_>) -> Outcome {
    if listed.is_empty() {
        writeln!(
            out,
            "No plans yet: `preheat content make` makes today's. Until then the library writes every thread anew."
        )?;
        return Ok(());
    }
    writeln!(out, "{:<18} {:<7} {:>6}  {:<28} {:<13} topic", "plan", "via", "uses", "in spam", "state")?;
    for plan in listed {
        let via = match plan.generated_via {
            Via::Llm => "llm",
            Via::Library => "library",
        };
        let Listed { id, uses, spam_rate, state, topic, .. } = plan;
        writeln!(out, "{:<18} {via:<7} {:>6}  {spam_rate:<28} {state:<13} {topic}", id.to_string(), grouped(*uses))?;
    }
    let in_use = listed.iter().filter(|plan| plan.state == "in use").count();
    writeln!(out, "\n{} plans, {in_use} in use.", listed.len())?;
    Ok(())
}
