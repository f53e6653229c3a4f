//! SES's events through EventBridge (webhooks.md §2): the event object as JSON inside an envelope. No signature: trust is IAM,
//! and the account.

use preheat_core::event::Kind;
use serde_json::Value;

use super::ses;
use crate::draft::Draft;
use crate::outcome::Reason;
use crate::{field, time};

/// Why an envelope is not opened.
pub(super) enum Refused {
    /// Its account is not on the endpoint's list.
    Account,
    /// It cannot be read.
    Reason(Reason),
}

/// Whether this is an EventBridge event.
pub(super) fn is_envelope(body: &Value) -> bool {
    body.get("detail-type").is_some() && body.get("source").is_some()
}

/// The events of an envelope whose account is allowed.
pub(super) fn events(body: &Value, allowed: impl Fn(&str) -> bool) -> Result<Vec<Draft>, Refused> {
    if !allowed(&field::text(body, "/account").unwrap_or_default()) {
        return Err(Refused::Account);
    }
    let context = ses::Context {
        delivery_id: field::owned(body, &["/id"]),
        fallback_time: time::at(body, &["/time"]).ok().flatten(),
    };
    let about = field::text(body, "/detail-type").unwrap_or_default();
    // The account's own state: SES stopped sending for it.
    if about.eq_ignore_ascii_case("Sending Status Disabled") {
        return Ok(vec![Draft { kind: Kind::AccountError, ..ses::foreign(&context, body) }]);
    }
    let detail = body.get("detail").unwrap_or(&Value::Null);
    if !detail.is_object() || body.get("source").and_then(Value::as_str) != Some("aws.ses") {
        return Ok(vec![ses::foreign(&context, body)]);
    }
    ses::events(detail, &context).map_err(Refused::Reason)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_detail_is_sess_event() {
        let body = json!({"version": "0", "id": "e", "detail-type": "Email Bounced", "source": "aws.ses",
            "account": "111122223333", "detail": {"eventType": "Bounce", "mail": {"messageId": "m"},
            "bounce": {"bounceType": "Transient", "bounceSubType": "MailboxFull", "bouncedRecipients": [{"emailAddress": "a@b"}]}}});
        assert!(is_envelope(&body));
        let drafts = events(&body, |account| account == "111122223333").ok().unwrap();
        assert_eq!(drafts[0].event_id.as_deref(), Some("e"));
        assert!(matches!(events(&body, |_| false), Err(Refused::Account)));
        let stopped = json!({"id": "e", "detail-type": "Sending Status Disabled", "source": "aws.ses", "detail": {}});
        assert_eq!(events(&stopped, |_| true).ok().unwrap()[0].kind, Kind::AccountError);
    }
}
