//! What to do in each provider's console, word for word. Menus are as of the vendors' documentation in 2026; they move.

use preheat_core::event::Reporter;

use super::proof::{Proof, proof};

/// The steps. `secret` is what was made here; `has_key` says whether the provider's key is known already.
pub(super) fn steps(provider: Reporter, url: &str, secret: Option<&str>, has_key: bool) -> Vec<String> {
    let secret = secret.unwrap_or("(unchanged)");
    let mut steps: Vec<String> = match provider {
        Reporter::Ses => vec![
            "SES › Configuration sets › your set › Event destinations: add Amazon SNS (or EventBridge) for bounces, complaints, deliveries, delays and rejects".to_owned(),
            "SNS › the topic › Edit: set SignatureVersion to 2, and leave raw message delivery off".to_owned(),
            format!("SNS › the topic › Create subscription: HTTPS, {url}; it is confirmed by itself"),
            "Leave the identity's own notifications off: the same bounce would come in twice".to_owned(),
        ],
        Reporter::Sendgrid => vec![
            format!("Settings › Mail Settings › Event Webhooks › Create: Post URL {url}"),
            "Choose all deliverability events, and spam reports and unsubscribes".to_owned(),
            "Security: switch on Signature Verification".to_owned(),
        ],
        Reporter::Mailgun => vec![format!(
            "Sending › Webhooks › Add: {url} for each of accepted, delivered, permanent and temporary failure, complained, unsubscribed"
        )],
        Reporter::Postmark => vec![
            format!("Server › message stream › Webhooks › Add: {url}"),
            "Choose delivery, bounce, spam complaint and subscription change".to_owned(),
        ],
        Reporter::Sparkpost => vec![
            format!("Configuration › Webhooks › Create: target {url} (basic auth: the user and password in it)"),
            "Choose message, unsubscribe and (if you track) engagement events".to_owned(),
        ],
        Reporter::Resend => vec![format!("Webhooks › Add: {url}; choose all email.* events")],
        Reporter::StandardWebhooks => vec![format!("In the sender's console, add the endpoint {url}")],
        Reporter::Brevo => vec![
            format!("Transactional › Settings › Webhook › Add: {url}"),
            "Choose delivered, deferred, soft and hard bounce, invalid email, blocked, error, complaint and unsubscribed".to_owned(),
        ],
        Reporter::Mailjet => vec![
            format!("Account › Event notifications: {url} for sent, bounce, blocked, spam and unsub"),
            "Switch on grouped events (version 2)".to_owned(),
        ],
        Reporter::Mandrill => vec![
            format!("Settings › Webhooks › Add: {url}, exactly so: it is a part of what is signed"),
            "Choose sent, delivered, deferred, bounced, marked as spam, unsubscribed and rejected".to_owned(),
        ],
        Reporter::Mailwizz => vec![
            format!("Campaign › Settings › Webhooks: {url} for opens and clicks"),
            "It pushes no bounces: connect the ESP or MTA behind it, too".to_owned(),
        ],
        Reporter::Powermta => vec![
            "acct-file: records d, b, t, f, rb; with header_Message-Id and dlvSourceIp".to_owned(),
            format!("Have your forwarder POST JSON arrays (or the CSV with its header line) to {url}"),
            format!("Have it send: {secret}"),
        ],
        Reporter::Kumomta => vec![
            format!("init.lua: log_hooks:new_json {{ name = \"preheat\", url = \"{url}\" }} with Message-ID in log_parameters.headers"),
            format!("Add the header to the hook's request: {secret}"),
        ],
        Reporter::Smartlead => vec![
            format!("Settings › Webhooks › Add: {url} for sent, reply, bounce and unsubscribed"),
        ],
        Reporter::Instantly => vec![
            format!("Settings › Integrations › Webhooks › Add: {url}, all events"),
            format!("Headers: {secret}"),
        ],
        Reporter::Postal => vec![format!("Server › Webhooks › Add: {url}, all events")],
        Reporter::Mailersend => vec![format!("Domain › Webhooks › Create: {url}, all activity events")],
        Reporter::Mailtrap => vec![format!("Sending domain › Webhooks › Create: {url}, JSON, all events")],
        Reporter::UnisenderGo => vec![format!("Webhooks › Add: {url}, delivery statuses")],
        Reporter::Mailbox => Vec::new(),
    };
    if let Proof::Key { shown_at } = proof(provider)
        && !has_key
    {
        steps.push(format!(
            "Copy its key ({shown_at}) into an environment variable and run: preheat hooks rotate {provider} --key-env NAME"
        ));
    }
    steps
}
