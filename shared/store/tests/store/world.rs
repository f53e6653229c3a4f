//! A small ledger with a mailbox in it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use preheat_core::clock::Clock;
use preheat_core::day::PlanRow;
use preheat_core::endpoint::{Endpoint, Security};
use preheat_core::id::{MailboxId, SlotId};
use preheat_core::mailbox::{Days, Mode, Provider, Role, Schedule, State};
use preheat_core::ramp::Ramp;
use preheat_core::tick::FleetRow;
use preheat_core::turn::Turned;
use preheat_local::Aws;
use preheat_store::{Claim, ClaimRequest, Credential, Held, NewMailbox, Secret, Store, Vault, shard_of};

pub(crate) const TABLE: &str = "ledger";
pub(crate) const TODAY: Date = jiff::civil::date(2026, 3, 2);
pub(crate) const PARTNER: MailboxId = MailboxId(77);

pub(crate) fn at(time: &str) -> Timestamp {
    format!("2026-03-02T{time}Z").parse().unwrap()
}

pub(crate) struct World {
    pub(crate) aws: Aws,
    pub(crate) store: Store,
    pub(crate) vault: Vault,
    now_ms: Arc<AtomicI64>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let now_ms = Arc::new(AtomicI64::new(at("08:00:00").as_millisecond()));
        let clock: Clock = {
            let now_ms = Arc::clone(&now_ms);
            Arc::new(move || Timestamp::from_millisecond(now_ms.load(Ordering::Relaxed)).unwrap())
        };
        let aws = Aws::memory(clock.clone(), 7).unwrap();
        let store = Store::new(aws.dynamodb(), TABLE);
        store.create_table().await.unwrap();
        let vault = Vault::new(&aws.kms(), store.clone(), "alias/preheat", clock);
        Self { aws, store, vault, now_ms }
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        self.now_ms.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// Another process: nothing in common but the table.
    pub(crate) fn another_store(&self) -> Store {
        Store::new(self.aws.dynamodb(), TABLE)
    }

    pub(crate) fn another_vault(&self) -> Vault {
        let now_ms = Arc::clone(&self.now_ms);
        let clock: Clock = Arc::new(move || Timestamp::from_millisecond(now_ms.load(Ordering::Relaxed)).unwrap());
        Vault::new(&self.aws.kms(), self.another_store(), "alias/preheat", clock)
    }

    /// A mailbox that sends today, with this quota.
    pub(crate) async fn warming(&self, address: &str, quota: u32) -> MailboxId {
        let imported = self.store.import(&self.vault, &new_mailbox(address), &password()).await.unwrap();
        self.store.set_state(imported.id, &State::ALL, State::Warming, None, at("09:00:00")).await.unwrap();
        let old = self.row(imported.id).await;
        let mut turned = unchanged(&old);
        turned.plan.date = Some(TODAY);
        turned.plan.day_index = 1;
        turned.plan.quota = quota;
        turned.box_row.date = Some(TODAY);
        assert!(self.store.turn(&old, &turned).await.unwrap());
        imported.id
    }

    /// Both rows of a mailbox.
    pub(crate) async fn row(&self, id: MailboxId) -> FleetRow {
        let shard = self.store.shard(shard_of(id)).await.unwrap();
        assert!(shard.unreadable.is_empty(), "{:?}", shard.unreadable);
        shard.rows.into_iter().find(|row| row.plan.plan.id == id).unwrap()
    }

    /// The planning row, after a look at what must always hold of it.
    pub(crate) async fn sound(&self, id: MailboxId) -> PlanRow {
        let row = self.store.plan_row(id).await.unwrap().unwrap();
        let fold = row.slots.values().filter(|state| state.counts()).count();
        assert_eq!(usize::try_from(row.used).unwrap(), fold, "used is not the fold of the slots: {row:?}");
        assert!(row.used <= row.quota, "over quota: {row:?}");
        for k in row.replied.values() {
            assert!(row.slots.contains_key(k), "a reply without its slot: {row:?}");
        }
        row
    }

    /// Every item of the table.
    pub(crate) async fn items(&self) -> Vec<BTreeMap<String, AttributeValue>> {
        let scanned = self.aws.dynamodb().scan().table_name(TABLE).send().await.unwrap();
        assert!(scanned.last_evaluated_key().is_none(), "a small table");
        scanned.items.unwrap_or_default().into_iter().map(|item| item.into_iter().collect()).collect()
    }
}

/// A turn that changes nothing yet.
pub(crate) fn unchanged(old: &FleetRow) -> Turned {
    Turned { plan: old.plan.clone(), box_row: old.box_row.clone(), archive: None, box_archive: None }
}

pub(crate) fn password() -> Credential {
    Credential::Password(Secret::new("correct horse battery staple".to_owned()))
}

pub(crate) fn new_mailbox(address: &str) -> NewMailbox {
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
        language: preheat_core::content::Language::default(),
        smtp: endpoint("smtp.example.com", 465),
        imap: endpoint("imap.example.com", 993),
        user: address.to_owned(),
    }
}

pub(crate) fn slot(id: MailboxId, k: u16) -> SlotId {
    SlotId { mailbox: id, date: TODAY, k }
}

/// The mail of a partner that a reply replies to.
pub(crate) fn parent(k: u16) -> SlotId {
    slot(PARTNER, k)
}

pub(crate) fn request(id: MailboxId, k: u16, fence: u32, now: Timestamp) -> ClaimRequest {
    ClaimRequest {
        slot: slot(id, k),
        partner: PARTNER,
        parent: None,
        fence,
        now,
        expires_at: now + SignedDuration::from_mins(10),
        spacing_s: 60,
    }
}

/// A claim that must be won.
pub(crate) async fn won(store: &Store, request: &ClaimRequest) -> Held {
    match store.claim(request).await.unwrap() {
        Claim::Won(held) => held,
        Claim::Lost(lost) => panic!("{request:?} was lost: {lost:?}"),
    }
}
