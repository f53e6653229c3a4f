//! Automatic answers.
//!
//! A row is right if `is_auto_reply` is answered rightly, and the kind where it is one that the program tells apart:
//! challenges, receipts, bulk mail. Return dates are counted besides.

use std::path::Path;

use preheat_mail::report::{Report, read};

use crate::section::Section;
use crate::verdict::{Count, Row, Verdict, column, expected, file};

/// Judges a folder.
///
/// # Errors
/// It cannot be read.
pub(crate) fn run(folder: &Path) -> anyhow::Result<Section> {
    let mut rows = Vec::new();
    let mut dates = (0, 0);
    let mut as_bounce = (0, 0);
    let mut person_as_reply = (0, 0);
    for row in expected(folder)? {
        let report = read(&file(folder, &row)?);
        let kind = column(&row, "kind");
        let is_auto = column(&row, "is_auto_reply") == "yes";
        let got = name(&report);
        let right = match kind {
            // A suite may call a challenge an automatic answer: it is one, of a kind of its own.
            "challenge" => got == "challenge",
            "mdn" | "bulk" => got == kind,
            _ if is_auto => got == "auto-reply",
            _ => !["auto-reply", "challenge", "bounce"].contains(&got),
        };
        as_bounce.0 += usize::from(is_auto && got == "bounce");
        as_bounce.1 += usize::from(is_auto);
        person_as_reply.0 += usize::from(!is_auto && kind != "challenge" && got == "auto-reply");
        person_as_reply.1 += usize::from(!is_auto);
        let date = column(&row, "return_date");
        let stated = match &report {
            Report::AutoReply(reply) => reply.return_date.map(|date| date.to_string()),
            _ => None,
        };
        if is_auto {
            dates.0 += usize::from(stated.unwrap_or_default() == date);
            dates.1 += 1;
        }
        rows.push(Row {
            what: column(&row, "file").to_owned(),
            kind: kind.to_owned(),
            expected: format!("{kind}, auto-reply {} ({})", column(&row, "is_auto_reply"), column(&row, "signals")),
            got: got.to_owned(),
            right,
            open: None,
        });
    }
    let count = |what, (found, of): (usize, usize)| Count { what, found, of };
    let verdict = Verdict {
        name: "ooo",
        rows,
        never: vec![
            count("auto-replies taken for bounces", as_bounce),
            count("other mail taken for auto-replies", person_as_reply),
        ],
        besides: vec![count("return date as stated (or none)", dates)],
    };
    Ok(verdict.section())
}

fn name(report: &Report) -> &'static str {
    match report {
        Report::Dsn(_) => "bounce",
        Report::Feedback(_) => "complaint",
        Report::AutoReply(_) => "auto-reply",
        Report::Challenge(_) => "challenge",
        Report::Mdn => "mdn",
        Report::Bulk => "bulk",
        Report::Ordinary => "ordinary",
    }
}
