//! An embedded ledger with mailboxes, and a stub of a language model.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use preheat_app::Writer;
use preheat_app::stock::{self, Parts, StockReport};
use preheat_core::clock::Clock;
use preheat_core::content::Language;
use preheat_core::endpoint::{Endpoint, Security};
use preheat_core::limits::ContentLimits;
use preheat_core::mailbox::{Days, Mode, Provider, Role, Schedule};
use preheat_core::ramp::Ramp;
use preheat_local::Aws;
use preheat_platforms::stub::{Reply, Seen, Stub};
use preheat_platforms::{Http, Llm};
use preheat_store::{Credential, NewMailbox, Secret, Store, Vault};
use serde_json::{Value, json};

/// Not a real one.
pub(crate) const KEY: &str = "gsk_TEST_KEY_not_a_real_one";

pub(crate) fn at(time: &str) -> Timestamp {
    format!("2026-03-02T{time}Z").parse().unwrap()
}

pub(crate) struct World {
    pub(crate) store: Store,
    vault: Vault,
}

impl World {
    /// A ledger of its own with these mailboxes.
    pub(crate) async fn new(mailboxes: &[(&str, Language)]) -> Self {
        let clock: Clock = Arc::new(|| at("01:00:00"));
        let aws = Aws::memory(clock.clone(), 7).unwrap();
        let store = Store::new(aws.dynamodb(), "ledger");
        store.create_table().await.unwrap();
        let vault = Vault::new(&aws.kms(), store.clone(), "alias/preheat", clock);
        Self { store, vault }.with(mailboxes).await
    }

    /// Another ledger with one Spanish mailbox.
    pub(crate) async fn another(&self) -> Self {
        Self::new(&[("a@one.example", Language::Es)]).await
    }

    /// Another ledger with these mailboxes.
    pub(crate) async fn another_with(&self, mailboxes: &[(&str, Language)]) -> Self {
        Self::new(mailboxes).await
    }

    /// The same ledger with these mailboxes as well.
    pub(crate) async fn with(&self, mailboxes: &[(&str, Language)]) -> Self {
        let password = Credential::Password(Secret::new("not a real one".to_owned()));
        for (address, language) in mailboxes {
            self.store.import(&self.vault, &mailbox(address, *language), &password).await.unwrap();
        }
        Self { store: self.store.clone(), vault: self.vault.clone() }
    }

    pub(crate) async fn run(&self, writer: Option<&Writer>, now: Timestamp) -> StockReport {
        let limits = &ContentLimits::default();
        stock::make(Parts { store: &self.store, vault: &self.vault, writer, limits }, now).await.unwrap()
    }

    pub(crate) fn writer(&self, stub: &Stub, tokens_per_day: u64) -> Writer {
        let llm = Llm::new(Http::local(&[]).unwrap(), &stub.url("/v1"), "test-model", KEY.to_owned().into());
        Writer { llm: Arc::new(llm.within(Duration::from_millis(500))), tokens_per_day }
    }
}

pub(crate) async fn stub(answer: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Stub {
    Stub::start(answer).await.unwrap()
}

/// An API's answer with this content and cost.
pub(crate) fn completion(content: &str, tokens: u64) -> String {
    json!({
        "choices": [{ "message": { "role": "assistant", "content": content }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 0, "completion_tokens": tokens, "total_tokens": tokens },
    })
    .to_string()
}

/// A model's good answer with so many German plans; `nth` keeps topics and texts apart.
pub(crate) fn good(nth: usize, plans: usize) -> String {
    let plans: Vec<Value> = (0..plans).map(|n| plan(&format!("Wald {nth}-{n}"))).collect();
    json!({ "plans": plans }).to_string()
}

/// A good German plan.
pub(crate) fn plan(topic: &str) -> Value {
    let text = |turn: usize| {
        format!(
            "Ich war wieder im Wald, und es war sehr schön ({topic}, {turn}). Gehst du auch gern dort spazieren, oder ist das nichts für dich?"
        )
    };
    let turns: Vec<Value> = (0..6).map(|turn| json!([text(turn)])).collect();
    json!({ "topic": topic, "subjects": ["Im Wald"], "turns": turns })
}

fn mailbox(address: &str, language: Language) -> NewMailbox {
    let endpoint = |host: &str, port| Endpoint { host: host.to_owned(), port, security: Security::Implicit };
    NewMailbox {
        tenant: "acme".parse().unwrap(),
        address: address.parse().unwrap(),
        display_name: "Anna Berg".to_owned(),
        provider: Provider::Other,
        organisation: "example.com".to_owned(),
        pool: "acme".parse().unwrap(),
        role: Role::Sender,
        mode: Mode::Exchange,
        schedule: Schedule {
            zone: "UTC".to_owned(),
            start: jiff::civil::time(9, 0, 0, 0),
            end: jiff::civil::time(17, 0, 0, 0),
            days: Days::WORKING,
        },
        ramp: Ramp::Linear { start: 10, step: 1, cap: 40 },
        cap_per_day: None,
        reply_rate: 0.3,
        language,
        smtp: endpoint("smtp.example.com", 465),
        imap: endpoint("imap.example.com", 993),
        user: address.to_owned(),
    }
}
