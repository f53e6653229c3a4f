//! A ledger with a mailbox in it, endpoints, and a gate: the webhook function's own code over the embedded AWS.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::{Date, date, time};
use jiff::{SignedDuration, Timestamp};
use preheat_app::events::Desk;
use preheat_app::hooks::{Fetch, Gate, ID_CHARS};
use preheat_core::clock::Clock;
use preheat_core::counters::{Count, Subject};
use preheat_core::endpoint::{Endpoint, Security};
use preheat_core::event::Reporter;
use preheat_core::id::{Address, MailboxId, SlotId, TenantId};
use preheat_core::mailbox::{Days, Mode, Provider, Role, Schedule};
use preheat_core::ramp::Ramp;
use preheat_intake::sample::{Happening, Posted, Scene, Sender, Signer};
use preheat_lambda::hooks::handle;
use preheat_local::Aws;
use preheat_store::{Credential, Hook, NewMailbox, Secret, SecretKind, Store, Vault};
use preheat_tests::providers;
use serde_json::{Value, json};

pub(crate) const TODAY: Date = date(2026, 3, 2);

pub(crate) struct World {
    pub(crate) aws: Aws,
    pub(crate) store: Store,
    pub(crate) mailbox: MailboxId,
    now_ms: Arc<AtomicI64>,
    /// SendGrid's private key, made up.
    sendgrid: EcdsaKeyPair,
    hooks: BTreeMap<Reporter, (Hook, preheat_intake::Endpoint)>,
}

pub(crate) fn acme() -> TenantId {
    "acme".parse().unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    format!("2026-03-02T{text}Z").parse().unwrap()
}

impl World {
    pub(crate) async fn new() -> Self {
        let now_ms = Arc::new(AtomicI64::new(at("12:00:00").as_millisecond()));
        let aws = Aws::memory(clock(&now_ms), 7).unwrap();
        let store = Store::new(aws.dynamodb(), "ledger");
        store.create_table().await.unwrap();
        let sendgrid = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let mut world = Self { aws, store, mailbox: MailboxId(0), now_ms, sendgrid, hooks: BTreeMap::new() };
        let password = Credential::Password(Secret::new("correct horse".to_owned()));
        world.mailbox = world.store.import(&world.vault(), &new_mailbox(), &password).await.unwrap().id;
        // The stack's own keys, which the first tick makes.
        world.vault().secrets().await.unwrap();
        world
    }

    fn vault(&self) -> Vault {
        Vault::new(&self.aws.kms(), self.store.clone(), "alias/preheat", clock(&self.now_ms))
    }

    /// A cold process of the webhook function.
    pub(crate) fn gate(&self) -> Gate {
        let store = Store::new(self.aws.dynamodb(), "ledger");
        let vault = Vault::new(&self.aws.kms(), store.clone(), "alias/preheat", clock(&self.now_ms));
        let nothing: Fetch = Arc::new(|url| Box::pin(async move { Err(format!("nothing is fetched here: {url}")) }));
        Gate::new(Desk::new(store, vault), clock(&self.now_ms), nothing)
    }

    /// A cold process that fetches in this way.
    pub(crate) fn gate_with(&self, fetch: Fetch) -> Gate {
        Gate::new(self.gate().desk, clock(&self.now_ms), fetch)
    }

    /// acme's endpoint for a provider with keys of its own.
    pub(crate) async fn adopt(&self, provider: &providers::Provider) -> Hook {
        let endpoint = &provider.endpoint;
        let mut hook = hook_of(endpoint.provider);
        hook.sources.clone_from(&endpoint.sources);
        hook.url.clone_from(&endpoint.url);
        for secret in &endpoint.secrets {
            let (kind, text) = match secret {
                preheat_intake::Secret::Key(key) => (SecretKind::Key, key),
                preheat_intake::Secret::Basic(pair) => (SecretKind::Basic, pair),
                preheat_intake::Secret::Bearer(token) => (SecretKind::Bearer, token),
                preheat_intake::Secret::Header { name, value } => (SecretKind::Header(name.clone()), value),
            };
            let secret = Secret::new(text.to_string());
            hook.add_secret(&self.vault(), kind, &secret, at("00:00:00"), SignedDuration::ZERO).await.unwrap();
        }
        self.store.put_hook(&hook).await.unwrap();
        hook
    }

    pub(crate) fn now(&self) -> Timestamp {
        clock(&self.now_ms)()
    }

    pub(crate) fn clock(&self) -> Clock {
        clock(&self.now_ms)
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        self.now_ms.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// The id of acme's endpoint of a provider, made now if there is none.
    pub(crate) async fn endpoint(&mut self, provider: Reporter) -> String {
        if let Some((hook, _)) = self.hooks.get(&provider) {
            return hook.id.clone();
        }
        let mut hook = hook_of(provider);
        let id = hook.id.clone();
        let public: PublicKeyX509Der<'_> = self.sendgrid.public_key().as_der().unwrap();
        let public = STANDARD.encode(public.as_ref());
        let (kind, secret) = match provider {
            Reporter::Sendgrid => (SecretKind::Key, public.as_str()),
            Reporter::Brevo => (SecretKind::Basic, "preheat:s3cret"),
            Reporter::Powermta => (SecretKind::Bearer, "s3cret"),
            _ => (SecretKind::Key, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        };
        let clear = match kind {
            SecretKind::Basic => preheat_intake::Secret::basic(secret),
            SecretKind::Bearer => preheat_intake::Secret::bearer(secret),
            _ => preheat_intake::Secret::key(secret),
        };
        let secret = Secret::new(secret.to_owned());
        hook.add_secret(&self.vault(), kind, &secret, at("00:00:00"), SignedDuration::ZERO).await.unwrap();
        self.store.put_hook(&hook).await.unwrap();
        let endpoint = preheat_intake::Endpoint::new(provider, id.clone(), vec![clear]);
        self.hooks.insert(provider, (hook, endpoint));
        id
    }

    /// Gives an endpoint a new secret beside the old one, and signs with the new one from now on.
    pub(crate) async fn rotate(&mut self, provider: Reporter, kind: SecretKind, text: &str) {
        let (vault, now) = (self.vault(), self.now());
        let (hook, endpoint) = self.hooks.get_mut(&provider).expect("an endpoint");
        let secret = Secret::new(text.to_owned());
        hook.add_secret(&vault, kind, &secret, now, SignedDuration::from_hours(24)).await.unwrap();
        self.store.put_hook(hook).await.unwrap();
        endpoint.secrets = vec![preheat_intake::Secret::key(text)];
    }

    /// acme's endpoint of SES, for these topics and accounts.
    pub(crate) async fn ses(&self, sources: &[&str]) {
        let sources = sources.iter().map(|source| (*source).to_owned()).collect();
        let hook = Hook { sources, refuse_sns_v1: true, ..hook_of(Reporter::Ses) };
        self.store.put_hook(&hook).await.unwrap();
    }

    /// The Message-ID of the mailbox's `k`-th send of today.
    pub(crate) async fn message_id(&self, k: u16) -> String {
        let slot = SlotId { mailbox: self.mailbox, date: TODAY, k };
        self.vault().secrets().await.unwrap().tokens.message_id(&"acme".parse().unwrap(), slot, "example.com")
    }

    /// A signed post of one event of mail `n`.
    pub(crate) async fn post(&mut self, provider: Reporter, n: usize, happening: Happening) -> Value {
        let (recipient, message_id) = (format!("r{n}@there.example"), format!("m{n}@example.com"));
        self.post_of(provider, &recipient, &message_id, &format!("evt-{n}-{happening:?}"), happening).await
    }

    /// A signed post of one event.
    pub(crate) async fn post_of(
        &mut self,
        provider: Reporter,
        recipient: &str,
        message_id: &str,
        event: &str,
        happening: Happening,
    ) -> Value {
        let id = self.endpoint(provider).await;
        let at = self.now() - SignedDuration::from_mins(1);
        let scene = Scene { happening, recipient, message_id, id: event, at };
        let signer = match provider {
            Reporter::Sendgrid => {
                let pkcs8 = self.sendgrid.to_pkcs8v1().unwrap();
                Signer::Ecdsa(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref()).unwrap())
            }
            _ => Signer::Shared,
        };
        let sender = Sender::with_key(&self.hooks[&provider].1, &signer);
        let posted = sender.post(&[scene], self.now()).expect("it has its key");
        url_event(&format!("/hooks/{provider}/{id}"), &posted)
    }

    /// The tenant's counters of today.
    pub(crate) async fn counted(&self) -> BTreeMap<Count, u64> {
        self.counted_of(&Subject::Tenant(acme())).await
    }

    pub(crate) async fn counted_of(&self, subject: &Subject) -> BTreeMap<Count, u64> {
        self.store.counters(subject, TODAY..=TODAY).await.unwrap().iter().collect()
    }

    pub(crate) async fn suppressed(&self) -> Vec<String> {
        self.store.suppressed(&acme()).await.unwrap().iter().map(Address::to_string).collect()
    }
}

/// The event that a Function URL makes of a post.
pub(crate) fn url_event(path: &str, posted: &Posted) -> Value {
    let headers: serde_json::Map<String, Value> =
        posted.headers.iter().map(|(name, value)| (name.to_lowercase(), json!(value))).collect();
    json!({
        "version": "2.0", "rawPath": path, "headers": headers,
        "requestContext": { "http": { "method": "POST", "path": path } },
        "body": String::from_utf8(posted.body.clone()).expect("text"), "isBase64Encoded": false,
    })
}

/// What the function answers.
pub(crate) async fn status(gate: &Gate, event: &Value) -> u64 {
    handle(gate, event).await.expect("HTTP is always answered")["statusCode"].as_u64().expect("a status")
}

/// A sample of `events/`.
pub(crate) fn sample(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events").join(format!("{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("a sample event")).expect("JSON")
}

fn clock(now_ms: &Arc<AtomicI64>) -> Clock {
    let now_ms = Arc::clone(now_ms);
    Arc::new(move || Timestamp::from_millisecond(now_ms.load(Ordering::Relaxed)).unwrap())
}

/// acme's endpoint of a provider, with nothing in it yet.
pub(crate) fn hook_of(provider: Reporter) -> Hook {
    let letters = provider.name().bytes().filter(u8::is_ascii_lowercase);
    let id = letters.chain([b'a'; ID_CHARS]).take(ID_CHARS).map(char::from).collect();
    Hook {
        id,
        tenant: acme(),
        provider,
        secrets: Vec::new(),
        sources: Vec::new(),
        refuse_sns_v1: false,
        url: None,
        require_sha256: false,
        made_at: at("00:00:00"),
        until: None,
        former: None,
    }
}

fn new_mailbox() -> NewMailbox {
    let endpoint = |host: &str, port| Endpoint { host: host.to_owned(), port, security: Security::Implicit };
    NewMailbox {
        tenant: acme(),
        address: "ann@example.com".parse().unwrap(),
        display_name: "Ann".to_owned(),
        provider: Provider::Other,
        organisation: "example.com".to_owned(),
        pool: "acme".parse().unwrap(),
        role: Role::Sender,
        mode: Mode::Exchange,
        schedule: Schedule {
            zone: "Europe/Berlin".to_owned(),
            start: time(9, 0, 0, 0),
            end: time(17, 0, 0, 0),
            days: Days::WORKING,
        },
        ramp: Ramp::Linear { start: 10, step: 1, cap: 40 },
        cap_per_day: None,
        reply_rate: 0.3,
        language: preheat_core::content::Language::En,
        smtp: endpoint("smtp.example.com", 465),
        imap: endpoint("imap.example.com", 993),
        user: "ann@example.com".to_owned(),
    }
}
