//! How each provider can prove itself (webhooks.md §0 and the providers' sections).

use preheat_core::event::Reporter;

/// What an endpoint asks of its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// A key that the provider makes, and shows at this place.
    Key {
        /// Where.
        shown_at: &'static str,
    },
    /// Basic auth inside the URL.
    Basic,
    /// A bearer token.
    Bearer,
    /// A header of this name.
    Header(&'static str),
    /// Nothing but the URL.
    Url,
    /// AWS's signature, and a list of topics and accounts.
    Source,
}

/// The proof of a provider.
pub(super) fn proof(provider: Reporter) -> Proof {
    match provider {
        Reporter::Ses => Proof::Source,
        Reporter::Sendgrid => Proof::Key {
            shown_at: "Settings › Mail Settings › Event Webhooks › Signature Verification: the public key",
        },
        Reporter::Mailgun => Proof::Key { shown_at: "API Security: the HTTP webhook signing key" },
        Reporter::Resend => Proof::Key { shown_at: "the webhook's page: the signing secret (whsec_…)" },
        Reporter::StandardWebhooks => Proof::Key { shown_at: "the sender's console: the signing secret (whsec_…)" },
        Reporter::Mandrill => Proof::Key { shown_at: "Settings › Webhooks: the webhook's key" },
        Reporter::Smartlead => Proof::Key { shown_at: "the webhook's page: its secret_key" },
        Reporter::Postal => Proof::Key { shown_at: "the p= value of the server's DKIM record" },
        Reporter::Mailersend => Proof::Key { shown_at: "the webhook's page: the signing secret" },
        Reporter::UnisenderGo => Proof::Key { shown_at: "the account's API key" },
        Reporter::Postmark | Reporter::Sparkpost | Reporter::Brevo | Reporter::Mailjet | Reporter::Mailtrap => {
            Proof::Basic
        }
        Reporter::Powermta | Reporter::Kumomta => Proof::Bearer,
        Reporter::Instantly => Proof::Header("x-preheat-secret"),
        Reporter::Mailwizz | Reporter::Mailbox => Proof::Url,
    }
}
