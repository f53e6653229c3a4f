//! Instantly (webhooks.md §15): one object; static headers that were set on the webhook.

use preheat_core::event::{Class, Kind};
use serde_json::Value;

use super::{Adapter, Reading, shown_only};
use crate::draft::{Batch, Draft};
use crate::key::Key;
use crate::outcome::Reason;
use crate::{field, time};

pub(super) const ADAPTER: Adapter = Adapter { verify: shown_only, read, signs_time: false };

fn read<'a>(reading: &Reading<'a>) -> Result<Batch<'a>, Reason> {
    Batch::of_json(reading.body, reading.origin, event)
}

fn event(element: &Value) -> Result<Vec<Draft>, Reason> {
    let name = field::text(element, "/event_type").ok_or(Reason::Shape("no `event_type`"))?;
    let kind = match &*name {
        "email_sent" => Kind::Accepted,
        "email_opened" => Kind::Opened { machine: false },
        "reply_received" => Kind::Replied,
        "auto_reply_received" | "lead_out_of_office" => Kind::AutoReplied,
        "link_clicked" | "email_link_clicked" => Kind::Clicked,
        // The documented payload does not say why: the DSN lies in the mailbox, and is read there.
        "email_bounced" => Kind::Bounced(Class::Undetermined),
        "lead_unsubscribed" => Kind::Unsubscribed,
        "account_error" => Kind::AccountError,
        // Labels, among them any text that the account's owner chose.
        _ => Kind::Other,
    };
    let text = |pointer| field::text(element, pointer);
    let (moment, lead, campaign) = (text("/timestamp"), text("/lead_email"), text("/campaign_id"));
    let (email, step) = (text("/email_id"), text("/step"));
    let fields =
        [Some(&*name), moment.as_deref(), lead.as_deref(), campaign.as_deref(), email.as_deref(), step.as_deref()];
    let mut draft = Draft::new(kind, Key::derived(&fields, element));
    for label in ["workspace", "step", "variant"] {
        if let Some(value) = field::text(element, &format!("/{label}")) {
            draft.tags.add(format!("{label}={value}"));
        }
    }
    Ok(vec![Draft {
        recipient: lead.as_deref().map(str::to_owned),
        sender: field::owned(element, &["/email_account"]),
        provider_message_id: email.as_deref().map(str::to_owned),
        campaign: campaign.as_deref().map(str::to_owned),
        occurred_at: time::at(element, &["/timestamp"])?,
        ..draft
    }])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_have_their_kinds() {
        let table = [
            ("email_sent", Kind::Accepted),
            ("email_opened", Kind::Opened { machine: false }),
            ("reply_received", Kind::Replied),
            ("auto_reply_received", Kind::AutoReplied),
            ("link_clicked", Kind::Clicked),
            ("email_link_clicked", Kind::Clicked),
            ("email_bounced", Kind::Bounced(Class::Undetermined)),
            ("lead_unsubscribed", Kind::Unsubscribed),
            ("account_error", Kind::AccountError),
            ("lead_interested", Kind::Other),
            ("My own label", Kind::Other),
        ];
        for (name, kind) in table {
            assert_eq!(event(&json!({"event_type": name})).unwrap()[0].kind, kind, "{name}");
        }
    }
}
