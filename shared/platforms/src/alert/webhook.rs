//! Signed webhooks out, by the Standard Webhooks specification (1.0.0): other people's verifiers accept them.
//!
//! `webhook-id` is the same over every repeat; `webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over
//! `id.timestamp.body`, one for each of the secrets (two while they are being changed).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{ChannelError, WITHIN, taken};
use crate::{Http, Request};

/// What a secret begins with.
pub const SECRET_PREFIX: &str = "whsec_";
/// Bytes that a secret must have (Standard Webhooks, *Signature scheme*: 24 to 64).
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A message to be signed.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The same over every repeat, different for every other message.
    pub id: &'a str,
    /// When it is sent, in seconds since 1970: receivers refuse what is five minutes off.
    pub timestamp_s: i64,
    /// JSON.
    pub body: &'a str,
}

/// The value of `webhook-signature`.
///
/// # Errors
/// A secret is not `whsec_` and base64 of 24 to 64 bytes.
pub fn signature(secrets: &[&str], message: &Message<'_>) -> Result<String, ChannelError> {
    let mut signatures = Vec::new();
    for secret in secrets {
        let mut mac = keyed(secret)?;
        mac.update(format!("{}.{}.", message.id, message.timestamp_s).as_bytes());
        mac.update(message.body.as_bytes());
        signatures.push(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
    }
    Ok(signatures.join(" "))
}

/// Whether a secret is one that messages can be signed with.
///
/// # Errors
/// Says what one looks like.
pub fn check_secret(secret: &str) -> Result<(), ChannelError> {
    keyed(secret).map(drop)
}

fn keyed(secret: &str) -> Result<Hmac<Sha256>, ChannelError> {
    let wrong = ChannelError::Settings("a webhook's secret is `whsec_` and the base64 of 24 to 64 bytes");
    let text = secret.strip_prefix(SECRET_PREFIX).unwrap_or_default();
    let Ok(key) = STANDARD.decode(text).map(Zeroizing::new) else { return Err(wrong) };
    if !SECRET_BYTES.contains(&key.len()) {
        return Err(wrong);
    }
    <Hmac<Sha256> as Mac>::new_from_slice(&key).map_err(|_| wrong)
}

/// Posts a message. Any 2xx takes it; 410 says that nobody wants more of them.
///
/// # Errors
/// It was not taken.
pub async fn send(http: &Http, url: &str, secrets: &[&str], message: &Message<'_>) -> Result<(), ChannelError> {
    let request = Request {
        url,
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", message.id.to_owned()),
            ("webhook-timestamp", message.timestamp_s.to_string()),
            ("webhook-signature", signature(secrets, message)?),
        ],
        body: Some(message.body.as_bytes().to_vec()),
        within: WITHIN,
    };
    let response = http.send(&request).await?;
    taken(&response, &[410], secrets)
}
