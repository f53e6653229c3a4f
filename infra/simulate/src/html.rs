//! The report as one HTML file that needs nothing else: its charts are SVG inside it, no script, nothing fetched.

use std::fmt::Write as _;

use crate::report::{Day, Report};

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 62.0;
const BOTTOM: f64 = 24.0;
const TOP: f64 = 12.0;

/// A line of a chart: its name, colour, and a value a day; no value leaves a gap.
type Line<'a> = (&'a str, &'a str, Vec<Option<f64>>);

/// The page.
#[must_use]
pub fn page(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String never fails.
    let _ = write_to(&mut out, report);
    out
}

fn write_to(out: &mut String, report: &Report) -> std::fmt::Result {
    let about = &report.about;
    out.push_str(HEAD);
    writeln!(out, "<h1>{} mailboxes over {} days</h1>", grouped(u64::from(about.mailboxes)), about.days)?;
    let outages = if about.outages.is_empty() { "none".to_owned() } else { about.outages.join("; ") };
    writeln!(
        out,
        "<p>Ramp {}, window {}, caps {} an hour and {} a minute, bounces {}, spam {}, complaints {}, outages: {}, seed {}.</p>",
        escaped(&about.ramp),
        escaped(&about.window),
        grouped(u64::from(about.hourly_cap)),
        grouped(u64::from(about.minute_cap)),
        about.bounce_rate,
        about.spam_rate,
        about.complaint_rate,
        escaped(&outages),
        about.seed
    )?;
    figures(out, report)?;
    let days = &report.days;
    let of = |value: fn(&Day) -> u64| days.iter().map(|day| Some(as_f64(value(day)))).collect::<Vec<_>>();
    chart(
        out,
        "Mails a day",
        &[
            ("target", "#9aa5b1", of(|day| day.targets)),
            ("sent", "#1f6feb", of(|day| day.sent)),
            ("replies", "#2da44e", of(|day| day.replies)),
        ],
    )?;
    let state = |value: fn(&Day) -> u32| days.iter().map(|day| Some(f64::from(value(day)))).collect::<Vec<_>>();
    chart(
        out,
        "Mailboxes by state",
        &[
            ("warming", "#1f6feb", state(|day| day.states.warming)),
            ("ready", "#2da44e", state(|day| day.states.ready)),
            ("degraded", "#bf8700", state(|day| day.states.degraded)),
            ("paused", "#cf222e", state(|day| day.states.paused)),
        ],
    )?;
    let score = |value: fn(&Day) -> Option<f64>| days.iter().map(value).collect::<Vec<_>>();
    chart(
        out,
        "Scores, average of all mailboxes (0–100)",
        &[
            ("deliverability", "#8250df", score(|day| day.deliverability)),
            ("heat", "#bf8700", score(|day| day.heat)),
            ("warmup score", "#2da44e", score(|day| day.score)),
        ],
    )?;
    let missed = |day: &Day| Some(as_f64(day.missed.values().sum()));
    chart(out, "Missed for good", &[("missed", "#cf222e", days.iter().map(missed).collect())])?;
    reasons(out, report)?;
    table(out, days)?;
    out.push_str("</body></html>\n");
    Ok(())
}

fn figures(out: &mut String, report: &Report) -> std::fmt::Result {
    let ready = &report.days_to_ready;
    let days = |days: Option<i32>| days.map_or_else(|| "–".to_owned(), |days| days.to_string());
    let rows = [
        ("Sent", format!("{} of {} = {} %", grouped(report.sent), grouped(report.targets), report.quota_fill_percent)),
        ("Bounced", report.bounce_rate.clone()),
        ("Spam", report.spam_rate.clone()),
        (
            "Ready",
            format!(
                "{} mailboxes; days: {} to {}, median {}, 90 % by {}",
                ready.mailboxes,
                days(ready.min),
                days(ready.max),
                days(ready.median),
                days(ready.p90)
            ),
        ),
        ("Paused by a rule at least once", report.paused_ever.to_string()),
        (
            "Deliverability at the end",
            report.deliverability.map_or_else(|| "unknown".to_owned(), |value| value.to_string()),
        ),
        (
            "Cost",
            format!(
                "{:.2} dollars in all (DynamoDB {:.2}, SQS {:.2}, Lambda {:.2}), {:.4} a mailbox and month; list prices {}",
                report.cost.total,
                report.cost.dynamodb,
                report.cost.sqs,
                report.cost.lambda,
                report.cost.per_mailbox_month,
                report.cost.prices
            ),
        ),
    ];
    out.push_str("<table class=\"figures\">\n");
    for (name, value) in rows {
        writeln!(out, "<tr><th>{name}</th><td>{}</td></tr>", escaped(&value))?;
    }
    out.push_str("</table>\n");
    Ok(())
}

fn reasons(out: &mut String, report: &Report) -> std::fmt::Result {
    if report.missed.is_empty() {
        out.push_str("<p>Nothing was missed.</p>\n");
        return Ok(());
    }
    out.push_str("<h2>Missed, by reason</h2>\n<table>\n");
    for (reason, count) in &report.missed {
        writeln!(out, "<tr><td>{}</td><td class=\"n\">{}</td></tr>", escaped(reason), grouped(*count))?;
    }
    out.push_str("</table>\n");
    Ok(())
}

fn table(out: &mut String, days: &[Day]) -> std::fmt::Result {
    out.push_str("<h2>Day by day</h2>\n<table>\n<tr><th>date</th><th>target</th><th>sent</th><th>replies</th><th>bounced</th><th>spam</th><th>missed</th><th>ready</th><th>paused</th><th>score</th></tr>\n");
    for day in days {
        let score = day.score.map_or_else(|| "–".to_owned(), |score| score.to_string());
        let missed: u64 = day.missed.values().sum();
        write!(out, "<tr><td>{}</td>", day.date)?;
        for number in [
            day.targets,
            day.sent,
            day.replies,
            day.bounced,
            day.spam,
            missed,
            u64::from(day.states.ready),
            u64::from(day.states.paused),
        ] {
            write!(out, "<td class=\"n\">{}</td>", grouped(number))?;
        }
        writeln!(out, "<td class=\"n\">{score}</td></tr>")?;
    }
    out.push_str("</table>\n");
    Ok(())
}

fn chart(out: &mut String, title: &str, lines: &[Line<'_>]) -> std::fmt::Result {
    let most = lines.iter().flat_map(|(_, _, values)| values.iter().flatten()).copied().fold(0.0, f64::max);
    let top = nice(most);
    let count = lines.iter().map(|(_, _, values)| values.len()).max().unwrap_or(0);
    let x =
        |at: usize| LEFT + (WIDTH - LEFT - 10.0) * as_f64(at as u64) / as_f64(count.saturating_sub(1).max(1) as u64);
    let y = |value: f64| TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - value / top);
    writeln!(out, "<h2>{title}</h2>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">")?;
    for step in 0..=4 {
        let value = top * f64::from(step) / 4.0;
        let at = y(value);
        writeln!(out, "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{}\" y2=\"{at:.1}\"/>", WIDTH - 10.0)?;
        writeln!(out, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>", LEFT - 6.0, at + 4.0, label(value))?;
    }
    for at in (0..count).step_by((count / 10).max(1)) {
        writeln!(out, "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>", x(at), HEIGHT - 6.0, at + 1)?;
    }
    for (_, colour, values) in lines {
        let mut path = String::new();
        let mut pen_is_down = false;
        for (at, value) in values.iter().enumerate() {
            let Some(value) = value else {
                pen_is_down = false;
                continue;
            };
            write!(path, "{}{:.1} {:.1}", if pen_is_down { "L" } else { "M" }, x(at), y(*value))?;
            pen_is_down = true;
        }
        writeln!(out, "<path d=\"{path}\" stroke=\"{colour}\"/>")?;
    }
    out.push_str("</svg>\n<p class=\"key\">");
    for (name, colour, _) in lines {
        write!(out, "<span style=\"color:{colour}\">■</span> {name} ")?;
    }
    out.push_str("</p>\n");
    Ok(())
}

/// The least of 1, 2, 5 times a power of ten that is not below it.
fn nice(most: f64) -> f64 {
    if most <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(most.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|&top| top >= most).unwrap_or(most)
}

fn label(value: f64) -> String {
    if value.fract() == 0.0 && (0.0..1e15).contains(&value) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0..1e15")]
        let whole = value as u64;
        grouped(whole)
    } else {
        format!("{value:.2}")
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of mails are far below 2^53")]
fn as_f64(count: u64) -> f64 {
    count as f64
}

/// 375000 as 375,000.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const HEAD: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Preheat simulation</title>
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<style>
body{font:15px/1.5 system-ui,sans-serif;max-width:900px;margin:2rem auto;padding:0 1rem;color:#1f2328}
h1{font-size:1.5rem}h2{font-size:1.05rem;margin:1.6rem 0 .3rem}
svg{width:100%;height:auto}path{fill:none;stroke-width:2}.grid{stroke:#d0d7de;stroke-width:1}
text{font-size:11px;fill:#57606a}.key{margin:.2rem 0;font-size:.85rem}
table{border-collapse:collapse;font-size:.85rem}th,td{padding:.15rem .6rem;border-bottom:1px solid #d0d7de;text-align:left}
.n{text-align:right;font-variant-numeric:tabular-nums}
</style></head><body>
";
