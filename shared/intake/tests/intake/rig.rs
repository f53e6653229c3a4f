//! Every provider with an endpoint, keys that were made up for the test, and the sender that plays it.

use jiff::Timestamp;
use preheat_core::event::Reporter;
use preheat_intake::sample::{Happening, Posted, Scene, Sender, Signer};
use preheat_intake::{Accepted, Endpoint, Headers, Outcome, Request, Secret, receive};

pub(crate) const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:deliverability";
const CERTIFICATE_URL: &str = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-test.pem";

pub(crate) struct Rig {
    pub(crate) endpoint: Endpoint,
    signer: Signer,
    certificate: Vec<u8>,
}

pub(crate) fn now() -> Timestamp {
    "2026-01-15T14:23:11Z".parse().unwrap()
}

/// All that post.
pub(crate) fn providers() -> Vec<Reporter> {
    Reporter::ALL.into_iter().filter(|provider| *provider != Reporter::Mailbox).collect()
}

/// Whether the whole body is under a signature.
pub(crate) fn signs_body(provider: Reporter) -> bool {
    matches!(
        provider,
        Reporter::Sendgrid
            | Reporter::Resend
            | Reporter::StandardWebhooks
            | Reporter::Postal
            | Reporter::Mailersend
            | Reporter::Mandrill
            | Reporter::UnisenderGo
    )
}

impl Rig {
    pub(crate) fn new(provider: Reporter) -> Self {
        let mut certificate = Vec::new();
        let made_up = Signer::made_up(provider, CERTIFICATE_URL);
        let (signer, secrets) = match (provider, made_up) {
            (Reporter::Ses, Some((signer, _))) => {
                let der = signer.pkcs8().unwrap();
                let key = rcgen::KeyPair::try_from(der.as_slice()).unwrap();
                let mut parameters = rcgen::CertificateParams::new(vec!["sns.amazonaws.com".to_owned()]).unwrap();
                parameters.not_before = rcgen::date_time_ymd(2025, 1, 1);
                parameters.not_after = rcgen::date_time_ymd(2027, 1, 1);
                certificate = parameters.self_signed(&key).unwrap().pem().into_bytes();
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
            ) => (Signer::Shared, vec![Secret::key("old test key"), Secret::key("test key")]),
            (Reporter::Resend | Reporter::StandardWebhooks, None) => {
                (Signer::Shared, vec![Secret::key("whsec_dGVzdCBrZXksIG5vdCBhIHNlY3JldA==")])
            }
            (_, None) => (Signer::Shared, vec![Secret::basic("test:password"), Secret::header("X-Test", "token")]),
        };
        let mut endpoint = Endpoint::new(provider, "e1", secrets);
        endpoint.sources = vec![TOPIC.to_owned()];
        endpoint.url = Some("https://hooks.example/hooks/mandrill/e1".to_owned());
        Self { endpoint, signer, certificate }
    }

    pub(crate) fn post(&self, scenes: &[Scene<'_>]) -> Posted {
        Sender::with_key(&self.endpoint, &self.signer).post(scenes, now()).unwrap()
    }

    pub(crate) fn receive(&self, posted: &Posted) -> Outcome {
        self.receive_at(posted, &posted.body, now())
    }

    /// With another body, at another time.
    pub(crate) fn receive_at(&self, posted: &Posted, body: &[u8], at: Timestamp) -> Outcome {
        let headers: Headers<'_> = posted.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        receive(&self.endpoint, &Request::post(headers, body), at, &|_| Some(self.certificate.clone()))
    }

    pub(crate) fn accepted(&self, posted: &Posted) -> Accepted {
        match self.receive(posted) {
            Outcome::Accepted(accepted) => accepted,
            other => panic!("{}: {other:?}", self.endpoint.provider),
        }
    }
}

pub(crate) fn scene<'a>(happening: Happening, id: &'a str, recipient: &'a str) -> Scene<'a> {
    Scene { happening, recipient, message_id: "m1@sender.example", id, at: now() }
}
