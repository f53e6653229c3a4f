//! What is done once a day besides the looks at mailboxes.
//!
//! **The one place where daily work of others is called**: each is a use case of its own that knows what it has done today, may
//! be repeated every hour, and whose failure is its own.

use jiff::Timestamp;
use preheat_core::condition::{Level, Sight, Topic};
use preheat_core::domain::{Report, Subject};

use crate::conditions::By;
use crate::stock::StockReport;
use crate::{App, conditions, domains, ips, stock};

/// The day's work of others: sending IPs whose day is over, domains whose look-up is due, conversation plans for tomorrow. What
/// failed, each with its reason: the next hour tries again.
pub async fn chores(app: &App, look_up: impl AsyncFn(&Subject) -> Report, now: Timestamp) -> Vec<String> {
    let mut failed = Vec::new();
    match Box::pin(ips::daily(app, now)).await {
        Ok(decided) if decided.failed > 0 => failed.push(format!("sending IPs: {} not decided on", decided.failed)),
        Ok(_) => {}
        Err(error) => failed.push(format!("sending IPs: {error}")),
    }
    match Box::pin(domains::daily(app, look_up, now)).await {
        Ok(checked) if checked.failed > 0 => failed.push(format!("domains: {} not checked", checked.failed)),
        Ok(_) => {}
        Err(error) => failed.push(format!("domains: {error}")),
    }
    match Box::pin(stock::run(app, now)).await {
        Ok(report) => {
            let sight = sight_of_llm(&report);
            conditions::note(app, By::Governor, sight.as_slice(), now).await;
            failed.extend(report.failure.map(|reason| format!("conversation plans: {reason}")));
        }
        Err(error) => failed.push(format!("conversation plans: {error}")),
    }
    failed
}

/// What the day's stock says of the language model: that it failed, that it wrote, or nothing, which is so of most hours.
fn sight_of_llm(report: &StockReport) -> Option<Sight> {
    let level = match (&report.failure, report.written) {
        (Some(_), _) => Level::Bad,
        (None, 0) => return None,
        (None, _) => Level::Fine,
    };
    Some(Sight { topic: Topic::Llm, level, numbers: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_as_good_as_the_days_last_request() {
        let level = |failure: Option<&str>, written| {
            let report = StockReport { failure: failure.map(str::to_owned), written, ..StockReport::default() };
            sight_of_llm(&report).map(|sight| sight.level)
        };
        assert_eq!(level(Some("no answer"), 0), Some(Level::Bad));
        assert_eq!(level(None, 5), Some(Level::Fine));
        assert_eq!(level(None, 0), None, "it was not asked");
    }
}
