//! What an endpoint knows: whose it is, how its sender proves itself, and what it may speak of.

use std::fmt;

use preheat_core::event::Reporter;
use zeroize::Zeroizing;

/// A secret that a sender shows or signs with, or the public key it signs with. `Debug` shows its kind only.
///
/// **Every header that an endpoint asks for must be shown, and beside them one of its keys must verify; of two secrets for one
/// header, or two keys, either is enough.** So a rotation is two keys for as long as both are about, and basic auth beside a
/// signature is both.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The signing key, token or public key as the provider's console shows it.
    Key(Zeroizing<String>),
    /// `user:password` of HTTP basic auth, which most providers take inside the URL.
    Basic(Zeroizing<String>),
    /// The token of `Authorization: Bearer …`.
    Bearer(Zeroizing<String>),
    /// A header that the sender was told to add.
    Header {
        /// Its name; case does not count.
        name: String,
        /// Its value.
        value: Zeroizing<String>,
    },
}

impl Secret {
    /// A signing key, token or public key.
    #[must_use]
    pub fn key(text: impl Into<String>) -> Self {
        Self::Key(Zeroizing::new(text.into()))
    }
    /// `user:password`.
    #[must_use]
    pub fn basic(text: impl Into<String>) -> Self {
        Self::Basic(Zeroizing::new(text.into()))
    }
    /// A bearer token.
    #[must_use]
    pub fn bearer(text: impl Into<String>) -> Self {
        Self::Bearer(Zeroizing::new(text.into()))
    }
    /// A header of one's own.
    #[must_use]
    pub fn header(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self::Header { name: name.into(), value: Zeroizing::new(value.into()) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Key(…)",
            Self::Basic(_) => "Basic(…)",
            Self::Bearer(_) => "Bearer(…)",
            Self::Header { .. } => "Header(…)",
        })
    }
}

/// Whether times are held against `now`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ages {
    /// Signed times must lie in the provider's window; where none is signed, events over 7 days old go to quarantine;
    /// certificates must be valid.
    #[default]
    Checked,
    /// Only signatures count. For what was kept aside and is read again, and for published vectors.
    Unchecked,
}

/// An endpoint: one a tenant and provider.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Whose requests come in here.
    pub provider: Reporter,
    /// Its id, which becomes the events' account.
    pub account: String,
    /// See [`Secret`]. A provider that signs is refused while no secret is there; one that does not is then protected by
    /// the secrecy of the endpoint's URL alone, and its events say so ([`Signature::None`](preheat_core::event::Signature)).
    pub secrets: Vec<Secret>,
    /// SES: the topics (ARNs) that may speak here, and the AWS account ids, configuration sets and identities (ARNs) whose
    /// EventBridge events may. Without a topic no SNS message is accepted over HTTPS: a valid signature shows only that *some*
    /// AWS account sent it.
    pub sources: Vec<String>,
    /// SES: whether SNS signature version 1 (SHA-1) is refused. Set the topic's `SignatureVersion` to 2 first.
    pub refuse_sns_v1: bool,
    /// Mandrill signs it: the URL exactly as registered, with its query and basic-auth part.
    pub url: Option<String>,
    /// Postal: whether this server has signed with SHA-256 before; then SHA-1 alone is refused.
    pub require_sha256: bool,
    /// Whether times are checked.
    pub ages: Ages,
}

impl Endpoint {
    /// An endpoint with secrets and nothing else.
    #[must_use]
    pub fn new(provider: Reporter, account: impl Into<String>, secrets: Vec<Secret>) -> Self {
        Self {
            provider,
            account: account.into(),
            secrets,
            sources: Vec::new(),
            refuse_sns_v1: false,
            url: None,
            require_sha256: false,
            ages: Ages::Checked,
        }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().filter_map(|secret| match secret {
            Secret::Key(key) => Some(key.as_str()),
            Secret::Basic(_) | Secret::Bearer(_) | Secret::Header { .. } => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let secrets = vec![
            Secret::key("s3cret"),
            Secret::basic("u:s3cret"),
            Secret::bearer("s3cret"),
            Secret::header("x-a", "s3cret"),
        ];
        let shown = format!("{:?}", Endpoint::new(Reporter::Mailgun, "e1", secrets));
        assert!(shown.contains("Key(…)") && !shown.contains("s3cret"), "{shown}");
    }
}
