//! The mailboxes of the rehearsal and what the ledger says of them, through the project's own store on the real SDK.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::{Message, QueueAttributeName};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use preheat_core::counters::{Count, Subject};
use preheat_core::day::SlotState;
use preheat_core::endpoint::{Endpoint, Security};
use preheat_core::event::Reporter;
use preheat_core::id::{Address, MailboxId, PoolId, SlotId, TenantId};
use preheat_core::mailbox::{Days, Mode, Provider, Role, Schedule, State};
use preheat_core::message::{Search, VERSION, VisitOrder};
use preheat_core::ramp::Ramp;
use preheat_core::visit::BoxRow;
use preheat_intake::sample::{Happening, Scene, Sender};
use preheat_store::{Credential, Hook, Key, NewMailbox, Secret, SecretKind, Secrets, Store, Vault};
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::mail_host::{DOMAINS, MailHost};

/// Everybody's password.
pub(crate) const PASSWORD: &str = "rehearsal-secret";

/// Local parts of each domain's mailboxes. 15 in all: each has 10 partners outside its own organisation.
const PEOPLE: [&str; 5] = ["ada", "ben", "cleo", "dan", "eva"];

/// How long the sending window is. Long enough for every scene, short enough that mails are minutes apart.
const WINDOW: SignedDuration = SignedDuration::from_mins(30);

/// Sends of each mailbox in that window: as many as it has partners elsewhere.
const SENDS: u32 = 10;

/// The mailboxes' wall clocks show this hour, early enough that the day's ordinary visits (from 07:30) do not come in
/// between, and far from midnight.
const LOCAL_HOUR: i8 = 5;

/// The time. The rehearsal is real: nothing of it can be replayed.
#[expect(clippy::disallowed_methods, reason = "the rehearsal runs in real time, beside real servers")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// All addresses.
pub(crate) fn addresses() -> Vec<String> {
    DOMAINS.iter().flat_map(|domain| PEOPLE.map(|person| format!("{person}@{domain}"))).collect()
}

/// A slot's state, with the address it was to go from.
pub(crate) struct Slot {
    /// Whose it is.
    pub(crate) from: Address,
    /// How it stands.
    pub(crate) state: SlotState,
}

/// The fleet.
pub(crate) struct Fleet {
    store: Store,
    vault: Vault,
    secrets: Arc<Secrets>,
    dynamodb: aws_sdk_dynamodb::Client,
    sqs: aws_sdk_sqs::Client,
    table: String,
    sends_url: String,
    visits_url: String,
    members: BTreeMap<MailboxId, Address>,
    tenant: TenantId,
    pool: PoolId,
    date: Date,
}

impl Fleet {
    /// Imports the mailboxes, as `preheat mailbox import` does, and starts their warmup.
    ///
    /// # Errors
    /// The ledger or the key service does not do what the store expects of it.
    pub(crate) async fn import(cloud: &Cloud, host: &MailHost) -> Result<Self> {
        let table = cloud.output("LedgerTable")?.to_owned();
        let store = Store::new(cloud.dynamodb(), table.clone());
        let vault = Vault::new(&cloud.kms(), store.clone(), cloud.output("KeyArn")?, Arc::new(now));
        let (tenant, pool): (TenantId, PoolId) = ("rehearsal".parse()?, "rehearsal".parse()?);
        let zone = zone(now());
        let schedule = schedule(&zone, now())?;
        let date = now().to_zoned(TimeZone::get(&zone)?).date();
        let mut members = BTreeMap::new();
        for (nth, address) in addresses().into_iter().enumerate() {
            let address: Address = address.parse()?;
            // Both ways of protecting a connection are used.
            let (smtp, imap) = if nth % 2 == 0 {
                ((host.submissions, Security::Implicit), (host.imaps, Security::Implicit))
            } else {
                ((host.submission, Security::StartTls), (host.imap, Security::StartTls))
            };
            let endpoint = |(port, security)| Endpoint { host: "127.0.0.1".to_owned(), port, security };
            let new = NewMailbox {
                tenant: tenant.clone(),
                display_name: format!("{} Example", address.local_part()),
                provider: Provider::Other,
                organisation: address.domain().to_owned(),
                pool: pool.clone(),
                role: Role::Sender,
                mode: Mode::Exchange,
                schedule: schedule.clone(),
                ramp: Ramp::Table { days: vec![SENDS] },
                cap_per_day: None,
                reply_rate: 0.5,
                language: preheat_core::content::Language::default(),
                smtp: endpoint(smtp),
                imap: endpoint(imap),
                user: address.as_str().to_owned(),
                address: address.clone(),
            };
            let credential = Credential::Password(Secret::new(PASSWORD.to_owned()));
            let imported = store.import(&vault, &new, &credential).await.context("importing a mailbox")?;
            store.set_state(imported.id, &State::ALL, State::Warming, None, now()).await?;
            members.insert(imported.id, address);
        }
        Ok(Self {
            secrets: vault.secrets().await.context("the stack's secrets")?,
            store,
            vault,
            dynamodb: cloud.dynamodb(),
            sqs: cloud.sqs(),
            table,
            sends_url: cloud.output("SendsUrl")?.to_owned(),
            visits_url: cloud.output("VisitsUrl")?.to_owned(),
            members,
            tenant,
            pool,
            date,
        })
    }

    /// An endpoint for Mailgun, as `preheat hooks add mailgun` makes it, and what a Function URL makes of a signed post to it: a
    /// mail of ours to `gone` bounced.
    ///
    /// # Errors
    /// The ledger or the key service does not do what the store expects of it.
    pub(crate) async fn bounce(&self, message_id: &str, gone: &str) -> Result<Value> {
        let (id, key) = ("rehearsalaaaaaaaaaaaaaaaaa".to_owned(), "rehearsal-signing-key");
        let mut hook = Hook {
            id: id.clone(),
            tenant: self.tenant.clone(),
            provider: Reporter::Mailgun,
            secrets: Vec::new(),
            sources: Vec::new(),
            refuse_sns_v1: false,
            url: None,
            require_sha256: false,
            made_at: now(),
            until: None,
            former: None,
        };
        let secret = Secret::new(key.to_owned());
        hook.add_secret(&self.vault, SecretKind::Key, &secret, now(), SignedDuration::ZERO).await?;
        self.store.put_hook(&hook).await?;
        let endpoint = preheat_intake::Endpoint::new(hook.provider, id.clone(), vec![preheat_intake::Secret::key(key)]);
        let scene =
            Scene { happening: Happening::HardBounce, recipient: gone, message_id, id: "rehearsal-1", at: now() };
        let posted = Sender::new(&endpoint).post(&[scene], now()).context("a sample")?;
        let headers: serde_json::Map<String, Value> =
            posted.headers.iter().map(|(name, value)| (name.to_lowercase(), json!(value))).collect();
        let path = format!("/hooks/{}/{id}", hook.provider);
        Ok(json!({
            "version": "2.0", "rawPath": path, "headers": headers,
            "requestContext": { "http": { "method": "POST", "path": path } },
            "body": String::from_utf8(posted.body)?, "isBase64Encoded": false,
        }))
    }

    /// Hard bounces that were counted for the tenant today and yesterday, and whom nobody may write to.
    ///
    /// # Errors
    /// The ledger does not answer.
    pub(crate) async fn bounced(&self) -> Result<(u64, Vec<String>)> {
        let days = self.date.yesterday()?..=self.date.tomorrow()?;
        let counted = self.store.counters(&Subject::Tenant(self.tenant.clone()), days).await?;
        let suppressed = self.store.suppressed(&self.tenant).await?;
        Ok((counted.get(Count::Hard), suppressed.iter().map(ToString::to_string).collect()))
    }

    /// How many decisions on health are on record.
    ///
    /// # Errors
    /// The ledger does not answer.
    pub(crate) async fn decisions(&self, of: MailboxId) -> Result<usize> {
        Ok(self.store.decisions(of).await?.len())
    }

    /// How many mailboxes there are.
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// How many of them have a day with a quota, and the quotas' sum: the fan-out's work.
    ///
    /// # Errors
    /// The ledger does not answer.
    pub(crate) async fn begun(&self) -> Result<(usize, u32)> {
        let (mut begun, mut quota) = (0, 0);
        for &id in self.members.keys() {
            let row = self.store.plan_row(id).await?.context("a planning row")?;
            begun += usize::from(row.date == Some(self.date));
            quota += row.quota;
        }
        Ok((begun, quota))
    }

    /// Every slot of the day that has a state.
    ///
    /// # Errors
    /// The ledger does not answer.
    pub(crate) async fn slots(&self) -> Result<BTreeMap<SlotId, Slot>> {
        let mut slots = BTreeMap::new();
        for (&mailbox, from) in &self.members {
            let row = self.store.plan_row(mailbox).await?.context("a planning row")?;
            let date = row.date.unwrap_or(self.date);
            anyhow::ensure!(u32::try_from(row.slots.values().filter(|state| state.counts()).count())? == row.used);
            anyhow::ensure!(row.used <= row.quota, "{mailbox} used {} of {}", row.used, row.quota);
            for (k, state) in row.slots {
                slots.insert(SlotId { mailbox, date, k }, Slot { from: from.clone(), state });
            }
        }
        Ok(slots)
    }

    /// What was found and which replies are owed.
    ///
    /// # Errors
    /// The ledger does not answer.
    pub(crate) async fn boxes(&self) -> Result<Vec<BoxRow>> {
        let mut rows = Vec::new();
        for &id in self.members.keys() {
            rows.push(self.store.box_row(id).await?.context("a box row")?);
        }
        Ok(rows)
    }

    /// The slot that a Message-ID stands for, if it is one of ours.
    pub(crate) fn slot_of(&self, message_id: &str) -> Option<SlotId> {
        self.secrets.tokens.verify(&self.pool, message_id)
    }

    /// Puts a visit of every mailbox into the queue, as the fan-out does at a day's end: nobody waits for the evening.
    /// Sends whose fate is unknown are searched for.
    ///
    /// # Errors
    /// The queue does not take it.
    pub(crate) async fn ask_for_visits(&self, visit: u8) -> Result<()> {
        let slots = self.slots().await?;
        for &mailbox in self.members.keys() {
            let unknown = |(&slot, of): (&SlotId, &Slot)| {
                let open = matches!(of.state, SlotState::Claimed { .. } | SlotState::Ambiguous { .. });
                let since = of.state.ambiguous_since(now()).unwrap_or_else(now);
                (open && of.state.partner() == mailbox).then(|| Search { slot, from: of.from.clone(), since })
            };
            let order = VisitOrder {
                v: VERSION,
                tenant: self.tenant.clone(),
                mailbox,
                date: self.date,
                visit,
                last_of_day: true,
                not_after: now() + SignedDuration::from_mins(10),
                search: slots.iter().filter_map(unknown).collect(),
            };
            let body = serde_json::to_string(&order)?;
            self.sqs.send_message().queue_url(&self.visits_url).message_body(body).send().await?;
        }
        Ok(())
    }

    /// Makes every owed reply due now, as if hours had passed: a reply comes 45 minutes to 2 days after its mail was
    /// read, and a rehearsal has minutes. Returns how many there were.
    ///
    /// # Errors
    /// The ledger does not answer, or a row changed meanwhile.
    pub(crate) async fn hurry_replies(&self) -> Result<usize> {
        let text = |row: &BoxRow| row.pending.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let mut hurried = 0;
        for &id in self.members.keys() {
            let mut row = self.store.box_row(id).await?.context("a box row")?;
            if row.pending.is_empty() {
                continue;
            }
            let before = text(&row);
            for reply in &mut row.pending {
                reply.due_at = reply.due_at.min(now());
                hurried += 1;
            }
            let key = Key::Box(id);
            let update = self.dynamodb.update_item().table_name(&self.table);
            update
                .key("pk", AttributeValue::S(key.pk()))
                .key("sk", AttributeValue::S(key.sk()))
                .update_expression("SET p = :after")
                .condition_expression("p = :before")
                .expression_attribute_values(":after", AttributeValue::S(text(&row)))
                .expression_attribute_values(":before", AttributeValue::S(before))
                .send()
                .await
                .context("making replies due")?;
        }
        Ok(hurried)
    }

    /// Messages that lie in the queue `sends` ready to be taken.
    ///
    /// # Errors
    /// The queue does not answer.
    pub(crate) async fn in_sight(&self) -> Result<u32> {
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let call = self.sqs.get_queue_attributes().queue_url(&self.sends_url).attribute_names(name.clone());
        let answer = call.send().await?;
        let count = answer.attributes().and_then(|all| all.get(&name)).context("the queue does not say its depth")?;
        Ok(count.parse()?)
    }

    /// Looks at what lies in the queue `sends` without taking it: the bodies of the messages in sight that are `fresh`. The
    /// others are taken away: the sender would drop them, and looked at again they would become dead letters.
    ///
    /// # Errors
    /// The queue does not answer.
    pub(crate) async fn peek(&self, fresh: impl Fn(&str) -> bool) -> Result<Vec<String>> {
        let mut bodies = BTreeMap::new();
        for _ in 0..3 {
            let call = self.sqs.receive_message().queue_url(&self.sends_url).max_number_of_messages(10);
            let answer = call.visibility_timeout(2).wait_time_seconds(0).send().await?;
            for message in answer.messages() {
                let Message { message_id, body, receipt_handle, .. } = message;
                let body = body.clone().unwrap_or_default();
                if fresh(&body) {
                    bodies.insert(message_id.clone().unwrap_or_default(), body);
                } else {
                    let delete = self.sqs.delete_message().queue_url(&self.sends_url);
                    delete.receipt_handle(receipt_handle.clone().unwrap_or_default()).send().await?;
                }
            }
        }
        Ok(bodies.into_values().collect())
    }

    /// Puts copies of messages into the queue `sends`: what SQS does now and then by itself.
    ///
    /// # Errors
    /// The queue does not take them.
    pub(crate) async fn deliver_again(&self, bodies: &[String]) -> Result<()> {
        for body in bodies {
            self.sqs.send_message().queue_url(&self.sends_url).message_body(body).send().await?;
        }
        Ok(())
    }

    /// Pauses every mailbox, as an operator would.
    ///
    /// # Errors
    /// The ledger does not answer.
    pub(crate) async fn pause(&self) -> Result<()> {
        for &id in self.members.keys() {
            self.store.set_state(id, &State::ALL, State::Paused, Some("the rehearsal is over"), now()).await?;
        }
        Ok(())
    }
}

/// A zone whose clocks show [`LOCAL_HOUR`]. The sign of these names is the other way round (POSIX).
fn zone(now: Timestamp) -> String {
    let utc = now.to_zoned(TimeZone::UTC).hour();
    let ahead = (LOCAL_HOUR - utc).rem_euclid(24);
    match ahead {
        0 => "Etc/GMT".to_owned(),
        1..=12 => format!("Etc/GMT-{ahead}"),
        _ => format!("Etc/GMT+{}", 24 - ahead),
    }
}

/// A window that opens half a minute from now.
fn schedule(zone: &str, now: Timestamp) -> Result<Schedule> {
    let opens = (now + SignedDuration::from_secs(30)).to_zoned(TimeZone::get(zone)?);
    let closes = &opens + WINDOW;
    let second = |at: &jiff::Zoned| at.time().with().subsec_nanosecond(0).build();
    Ok(Schedule { zone: zone.to_owned(), start: second(&opens)?, end: second(&closes)?, days: Days::ALL })
}
