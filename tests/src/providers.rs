//! Every provider that posts events, with an endpoint and keys made up on the spot: what the bench measures and the fuzzer starts
//! from.

use anyhow::{Context, Result};
use jiff::Timestamp;
use preheat_core::event::Reporter;
use preheat_intake::sample::{Happening, Posted, Scene, Sender, Signer};
use preheat_intake::{Endpoint, Outcome, Secret, receive};

/// The topic of the SNS samples.
const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:deliverability";
/// Where their certificate is said to lie.
const CERTIFICATE_URL: &str = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-test.pem";

/// A provider, ready to post.
pub struct Provider {
    /// The endpoint it posts to.
    pub endpoint: Endpoint,
    signer: Signer,
    certificate: Vec<u8>,
}

impl Provider {
    /// With new keys.
    ///
    /// # Errors
    /// No certificate can be made.
    pub fn new(provider: Reporter) -> Result<Self> {
        let mut certificate = Vec::new();
        let (signer, secrets) = match (provider, Signer::made_up(provider, CERTIFICATE_URL)) {
            (Reporter::Ses, Some((signer, _))) => {
                let key = rcgen::KeyPair::try_from(signer.pkcs8().context("an RSA key")?.as_slice())?;
                let parameters = rcgen::CertificateParams::new(vec!["sns.amazonaws.com".to_owned()])?;
                certificate = parameters.self_signed(&key)?.pem().into_bytes();
                (signer, vec![])
            }
            (_, Some((signer, public))) => (signer, vec![Secret::key(public)]),
            (
                Reporter::Mailgun
                | Reporter::Mandrill
                | Reporter::Mailersend
                | Reporter::Smartlead
                | Reporter::UnisenderGo,
                None,
            ) => (Signer::Shared, vec![Secret::key("test key")]),
            (Reporter::Resend | Reporter::StandardWebhooks, None) => {
                (Signer::Shared, vec![Secret::key("whsec_dGVzdCBrZXksIG5vdCBhIHNlY3JldA==")])
            }
            (_, None) => (Signer::Shared, vec![Secret::basic("test:password")]),
        };
        let mut endpoint = Endpoint::new(provider, "e1", secrets);
        endpoint.sources = vec![TOPIC.to_owned()];
        endpoint.url = Some("https://hooks.example/hooks/mandrill/e1".to_owned());
        Ok(Self { endpoint, signer, certificate })
    }

    /// All that post.
    pub fn all() -> impl Iterator<Item = Reporter> {
        Reporter::ALL.into_iter().filter(|provider| *provider != Reporter::Mailbox)
    }

    /// The same provider with keys of somebody else's: what it posts is forged.
    ///
    /// # Errors
    /// No certificate can be made.
    pub fn forger(&self) -> Result<Self> {
        let mut forger = Self::new(self.endpoint.provider)?;
        for secret in &mut forger.endpoint.secrets {
            *secret = match secret {
                Secret::Key(key) if key.starts_with("whsec_") => Secret::key("whsec_Zm9yZ2Vk"),
                Secret::Key(_) => Secret::key("forged"),
                _ => Secret::basic("test:forged"),
            };
        }
        Ok(forger)
    }

    /// What is served at the URL of SNS's signing certificate; empty for others.
    #[must_use]
    pub fn certificate(&self) -> Vec<u8> {
        self.certificate.clone()
    }

    /// A signed post of these events, or of as many of them as this provider puts into one.
    ///
    /// # Errors
    /// It cannot be signed.
    pub fn post_of(&self, scenes: &[Scene<'_>], now: Timestamp) -> Result<Posted> {
        Sender::with_key(&self.endpoint, &self.signer).post(scenes, now).context("the sample cannot be signed")
    }

    /// A signed post of as many events as this provider puts into one, at most `events`.
    ///
    /// # Errors
    /// It cannot be signed.
    pub fn post(&self, events: usize, happening: Happening, now: Timestamp) -> Result<Posted> {
        let ids: Vec<String> = (0..events).map(|k| format!("event-{k}")).collect();
        let scenes: Vec<Scene<'_>> = ids
            .iter()
            .map(|id| Scene {
                happening,
                recipient: "reader@reader.example",
                message_id: "m1@sender.example",
                id,
                at: now,
            })
            .collect();
        self.post_of(&scenes, now)
    }

    /// What becomes of it.
    #[must_use]
    pub fn receive(&self, posted: &Posted, now: Timestamp) -> Outcome {
        receive(&self.endpoint, &posted.request(), now, &|_| Some(self.certificate.clone()))
    }
}
