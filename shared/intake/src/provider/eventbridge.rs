//! SES's events through EventBridge (webhooks.md §2): the event object as JSON inside an envelope. No signature: trust is IAM,
//! the account, and the configuration set or identity where the endpoint names some.

use preheat_core::event::Kind;
use serde_json::Value;

use super::ses;
use crate::draft::Draft;
use crate::outcome::Reason;
use crate::{field, time};

/// Why an envelope is not opened.
pub(super) enum Refused {
    /// Its account, or all of its resources, are not on the endpoint's list.
    Source,
    /// It cannot be read.
    Reason(Reason),
}

/// Whether one of the sources of a kind fits, or there is none of the kind to be held against.
pub(super) fn allows(sources: &[String], of_kind: impl Fn(&str) -> bool, fits: impl Fn(&str) -> bool) -> bool {
    let mut listed = sources.iter().filter(|source| of_kind(source)).peekable();
    listed.peek().is_none() || listed.any(|source| fits(source))
}

/// Whether this is an EventBridge event.
pub(super) fn is_envelope(body: &Value) -> bool {
    body.get("detail-type").is_some() && body.get("source").is_some()
}

/// The events of an envelope that may speak to an endpoint with these sources.
pub(super) fn events(body: &Value, sources: &[String]) -> Result<Vec<Draft>, Refused> {
    let account = field::text(body, "/account").unwrap_or_default();
    let resources = field::list(body, "/resources");
    let of_account = allows(sources, |source| !source.contains(':'), |listed| *listed == *account);
    let of_resource = allows(
        sources,
        |source| source.contains(":ses:"),
        |listed| resources.iter().any(|resource| resource.as_str() == Some(listed)),
    );
    if !(of_account && of_resource) {
        return Err(Refused::Source);
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
        let drafts = events(&body, &["111122223333".to_owned()]).ok().unwrap();
        assert_eq!(drafts[0].event_id.as_deref(), Some("e"));
        let stopped = json!({"id": "e", "detail-type": "Sending Status Disabled", "source": "aws.ses", "detail": {}});
        assert_eq!(events(&stopped, &[]).ok().unwrap()[0].kind, Kind::AccountError);
    }

    #[test]
    fn account_and_resources_must_be_listed_where_any_are() {
        let (set, identity) =
            ("arn:aws:ses:eu-west-1:1:configuration-set/c", "arn:aws:ses:eu-west-1:1:identity/sender.example");
        let body = json!({"id": "e", "detail-type": "Email Sent", "source": "aws.ses", "account": "1", "resources": [set],
            "detail": {"eventType": "Send", "mail": {"messageId": "m"}}});
        let table: [(&[&str], bool); 8] = [
            (&[], true),
            (&["1"], true),
            (&["2"], false),
            (&[set], true),
            (&[identity], false),
            (&["1", identity, set], true),
            (&["1", identity], false),
            (&["2", set], false),
        ];
        for (sources, allowed) in table {
            let sources: Vec<String> = sources.iter().map(|source| (*source).to_owned()).collect();
            assert_eq!(events(&body, &sources).is_ok(), allowed, "{sources:?}");
        }
    }
}
