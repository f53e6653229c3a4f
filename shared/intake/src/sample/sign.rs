//! Signatures as each provider makes them.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair as _, RsaKeyPair};
use jiff::Timestamp;
use preheat_core::event::Reporter;
use serde_json::{Value, json};

use super::Posted;
use crate::endpoint::{Endpoint, Secret};
use crate::key::hash;
use crate::seal;

/// What a sample is signed with.
pub enum Signer {
    /// The endpoint's own secrets.
    Shared,
    /// SendGrid's private key.
    Ecdsa(EcdsaKeyPair),
    /// Postal's, or SNS's together with the URL that its certificate is said to lie at.
    Rsa {
        /// The private key.
        pair: RsaKeyPair,
        /// SNS: the certificate's URL.
        certificate_url: String,
    },
}

impl Signer {
    /// A new private key for a provider that signs with one, and its public half as the provider's console shows it. For SNS
    /// that half is for a certificate yet to be made, which will be said to lie at `certificate_url`.
    ///
    /// `None`: the provider signs with a shared secret, or there is no chance to be had from the system.
    #[must_use]
    pub fn made_up(provider: Reporter, certificate_url: &str) -> Option<(Self, String)> {
        match provider {
            Reporter::Sendgrid => {
                let pair = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_ASN1_SIGNING).ok()?;
                let der: PublicKeyX509Der<'_> = pair.public_key().as_der().ok()?;
                let public = seal::to_base64(der.as_ref());
                Some((Self::Ecdsa(pair), public))
            }
            Reporter::Postal | Reporter::Ses => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
                let der: PublicKeyX509Der<'_> = pair.public_key().as_der().ok()?;
                let public = seal::to_base64(der.as_ref());
                Some((Self::Rsa { pair, certificate_url: certificate_url.to_owned() }, public))
            }
            _ => None,
        }
    }

    /// The private key in PKCS#8 (DER), to make a certificate with.
    #[must_use]
    pub fn pkcs8(&self) -> Option<Vec<u8>> {
        let Self::Rsa { pair, .. } = self else { return None };
        let der: Pkcs8V1Der<'_> = pair.as_der().ok()?;
        Some(der.as_ref().to_vec())
    }
}

/// The body, finished and signed.
pub(super) fn sign(endpoint: &Endpoint, signer: &Signer, body: Value, id: &str, now: Timestamp) -> Option<Posted> {
    let mut headers = shown(endpoint);
    let mut add = |name: &str, value: String| headers.push((name.to_owned(), value));
    let key = endpoint.keys().next();
    let stamp = now.as_second().to_string();
    let body = match (endpoint.provider, signer) {
        (Reporter::Ses, Signer::Rsa { pair, certificate_url }) => sns(endpoint, pair, certificate_url, &body, id, now)?,
        (Reporter::Ses, _) => return None,
        (Reporter::Sendgrid, Signer::Ecdsa(pair)) => {
            let body = format!("{body}\r\n").into_bytes();
            let signed = pair.sign(&SystemRandom::new(), &[stamp.as_bytes(), &body].concat()).ok()?;
            add("X-Twilio-Email-Event-Webhook-Signature", seal::to_base64(signed.as_ref()));
            add("X-Twilio-Email-Event-Webhook-Timestamp", stamp);
            body
        }
        (Reporter::Sendgrid | Reporter::Postal, Signer::Shared) if key.is_some() => return None,
        (Reporter::Mailgun, _) => {
            let token = hash(&["token", id, &stamp]);
            let mac = seal::hmac_sha256(key?.as_bytes(), &[stamp.as_bytes(), token.as_bytes()]);
            let mut body = body;
            body["signature"] = json!({"timestamp": stamp, "token": token, "signature": seal::hex(mac.as_ref())});
            body.to_string().into_bytes()
        }
        (Reporter::Resend | Reporter::StandardWebhooks, _) => {
            let body = body.to_string().into_bytes();
            let secret = key?;
            let secret = seal::base64(secret.strip_prefix("whsec_").unwrap_or(secret))?;
            let parts = [id.as_bytes(), b".", stamp.as_bytes(), b".", &body];
            let signature = format!("v1,{}", seal::to_base64(seal::hmac_sha256(&secret, &parts).as_ref()));
            let prefix = if endpoint.provider == Reporter::Resend { "svix" } else { "webhook" };
            add(&format!("{prefix}-id"), id.to_owned());
            add(&format!("{prefix}-timestamp"), stamp);
            add(&format!("{prefix}-signature"), signature);
            body
        }
        (Reporter::Mandrill, _) => {
            let events = body.to_string();
            let parts = [endpoint.url.as_deref()?.as_bytes(), b"mandrill_events", events.as_bytes()];
            add("X-Mandrill-Signature", seal::to_base64(seal::hmac_sha1(key?.as_bytes(), &parts).as_ref()));
            form_urlencoded::Serializer::new(String::new())
                .append_pair("mandrill_events", &events)
                .finish()
                .into_bytes()
        }
        (Reporter::Mailersend, _) => {
            let body = body.to_string().into_bytes();
            add("Signature", seal::hex(seal::hmac_sha256(key?.as_bytes(), &[&body]).as_ref()));
            body
        }
        (Reporter::Postal, Signer::Rsa { pair, .. }) => {
            let body = body.to_string().into_bytes();
            add("X-Postal-Signature-256", seal::to_base64(&rsa(pair, &body)?));
            body
        }
        (Reporter::Smartlead, _) => {
            let mut body = body;
            if let Some(key) = key {
                body["secret_key"] = json!(key);
            }
            body.to_string().into_bytes()
        }
        (Reporter::UnisenderGo, _) => {
            let mut body = body;
            body["auth"] = json!(key?);
            let with_key = body.to_string();
            body["auth"] = json!(seal::md5_hex(&[with_key.as_bytes()]));
            body.to_string().into_bytes()
        }
        _ => body.to_string().into_bytes(),
    };
    let form = endpoint.provider == Reporter::Mandrill;
    let of = if form { "application/x-www-form-urlencoded" } else { "application/json" };
    headers.push(("Content-Type".to_owned(), of.to_owned()));
    Some(Posted { headers, body })
}

/// What the endpoint wants to be shown: the first of each kind.
fn shown(endpoint: &Endpoint) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for secret in &endpoint.secrets {
        let header = match secret {
            Secret::Key(_) => continue,
            Secret::Basic(pair) => ("Authorization".to_owned(), format!("Basic {}", seal::to_base64(pair.as_bytes()))),
            Secret::Bearer(token) => ("Authorization".to_owned(), format!("Bearer {}", token.as_str())),
            Secret::Header { name, value } => (name.clone(), value.as_str().to_owned()),
        };
        if !headers.iter().any(|(name, _)| *name == header.0) {
            headers.push(header);
        }
    }
    headers
}

fn rsa(pair: &RsaKeyPair, message: &[u8]) -> Option<Vec<u8>> {
    let mut signed = vec![0; pair.public_modulus_len()];
    pair.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signed).ok()?;
    Some(signed)
}

fn sns(
    endpoint: &Endpoint,
    pair: &RsaKeyPair,
    certificate_url: &str,
    message: &Value,
    id: &str,
    now: Timestamp,
) -> Option<Vec<u8>> {
    let topic = endpoint.sources.iter().find(|source| source.contains(":sns:"))?;
    let (message, now) = (message.to_string(), now.to_string());
    let signed =
        format!("Message\n{message}\nMessageId\n{id}\nTimestamp\n{now}\nTopicArn\n{topic}\nType\nNotification\n");
    let envelope = json!({"Type": "Notification", "MessageId": id, "TopicArn": topic, "Message": message, "Timestamp": now,
        "SignatureVersion": "2", "Signature": seal::to_base64(&rsa(pair, signed.as_bytes())?),
        "SigningCertURL": certificate_url, "UnsubscribeURL": ""});
    Some(envelope.to_string().into_bytes())
}
