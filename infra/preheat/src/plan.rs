//! `preheat plan`: a ramp day by day, as a table with bars, and what the check says of it.

use preheat_core::mailbox::Provider;
use preheat_core::ramp::{PRESETS, Per, Preset, Ramp, RampFor};
use serde::Serialize;

use crate::outcome::{BadInput, Outcome};
use crate::{Out, chart, grouped, json, near, width};

const EXAMPLES: &str = "\
Examples:
  preheat plan --ramp conservative
  preheat plan --ramp linear:10,2,60 --days 30 --provider gmail
  preheat plan --ramp exponential:20,1.4,500 --json
  preheat plan --ramp 'weekly:50,200,500;exact' --ip
  preheat plan --ramp 'bands:1-7=5..20+3,8-14=20..40+5,15-=40..60+2'

Presets: conservative, standard, safeguard, ip-six-week, esp-hourly.";

/// Arguments of `preheat plan`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A preset's name, or KIND:NUMBERS
    #[arg(long, allow_hyphen_values = true)]
    ramp: String,
    /// How many sending days to show
    #[arg(long, default_value_t = 45, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// Whose limits the ramp is checked against
    #[arg(long, default_value = "other", conflicts_with = "ip", value_parser = parse_provider)]
    provider: Provider,
    /// The ramp is for a sending IP, not for a mailbox
    #[arg(long)]
    ip: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A provider by its name.
pub(crate) fn parse_provider(name: &str) -> Result<Provider, String> {
    match name.to_lowercase().as_str() {
        "gmail" | "google" => Ok(Provider::Gmail),
        "microsoft" | "outlook" | "office365" => Ok(Provider::Microsoft),
        "yahoo" => Ok(Provider::Yahoo),
        "zoho" => Ok(Provider::Zoho),
        "other" => Ok(Provider::Other),
        _ => Err("it is one of gmail, microsoft, yahoo, zoho, other".to_owned()),
    }
}

#[derive(Debug, Serialize)]
struct Plan {
    ramp: String,
    preset: Option<&'static str>,
    /// What a number counts: sends in a `day` or an `hour`.
    per: &'static str,
    days: Vec<Day>,
    plateau: f64,
    plateau_from_day: u32,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Day {
    day: u32,
    volume: u64,
    exact: f64,
    total: u64,
}

/// Runs the command.
pub(crate) fn run(args: &Args, out: Out<'_>) -> Outcome {
    let preset = Preset::named(args.ramp.trim());
    let ramp: Ramp = args.ramp.parse().map_err(|error| {
        let meant = if args.ramp.contains(':') { String::new() } else { near::did_you_mean(&args.ramp, PRESETS) };
        BadInput::error(format!("--ramp: {error}{meant}"))
    })?;
    let purpose = if args.ip { RampFor::Ip } else { RampFor::Mailbox { provider: args.provider } };
    let warnings = ramp.check(purpose).map_err(|error| BadInput::error(format!("--ramp: {error}")))?;
    let mut total = 0;
    let days = (1..=args.days).map(|day| {
        let exact = ramp.volume(day);
        let volume = whole(exact);
        total += volume;
        Day { day, volume, exact, total }
    });
    let plan = Plan {
        ramp: ramp.to_string(),
        preset: preset.as_ref().map(|preset| preset.name),
        per: if preset.as_ref().is_some_and(|preset| preset.per == Per::Hour) { "hour" } else { "day" },
        days: days.collect(),
        plateau: ramp.plateau(),
        plateau_from_day: ramp.days_to_plateau(),
        warnings: warnings.iter().map(ToString::to_string).collect(),
    };
    if args.json { json(out, &plan) } else { table(&plan, preset.as_ref(), out) }
}

/// A volume as a count: what a day can be asked for, before variation and ceilings.
fn whole(volume: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a volume is 0 to u32::MAX")]
    let whole = volume.round() as u64;
    whole
}

/// Longest definition that is written beside a preset's name, in characters.
const DEFINITION_MAX: usize = 60;

fn table(plan: &Plan, preset: Option<&Preset>, out: Out<'_>) -> Outcome {
    match preset {
        // A preset's definition, unless it is a long table.
        Some(preset) if plan.ramp.len() > DEFINITION_MAX => {
            writeln!(out, "Ramp `{}`, from {}.", preset.name, preset.source)?;
        }
        Some(preset) => writeln!(out, "Ramp `{}` = {}, from {}.", preset.name, plan.ramp, preset.source)?,
        None => writeln!(out, "Ramp {}.", plan.ramp)?,
    }
    let per = plan.per;
    writeln!(out, "Sends a {per} by sending day: days off and pauses do not count. Each {per} varies by ±10 %.\n")?;
    let max = plan.days.iter().map(|day| day.exact).fold(0.0, f64::max);
    // Day 4, volume 9, total 13, and the gaps between them.
    let cells = width().saturating_sub(32).clamp(8, 100);
    let totals = per == "day";
    writeln!(out, " day    volume{}", if totals { "         total" } else { "" })?;
    for day in &plan.days {
        write!(out, "{:4} {:>9}", day.day, grouped(day.volume))?;
        if totals {
            write!(out, " {:>13}", grouped(day.total))?;
        }
        writeln!(out, "  {}", chart::bar(day.exact, max, cells))?;
    }
    writeln!(out, "\nPlateau: {} a {per} from day {} on.", grouped(whole(plan.plateau)), plan.plateau_from_day)?;
    for warning in &plan.warnings {
        writeln!(out, "Warning: {warning}.")?;
    }
    Ok(())
}
