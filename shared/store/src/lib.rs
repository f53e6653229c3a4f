//! The ledger: what the program knows, in one DynamoDB table, behind one concrete [`Store`] on the AWS SDK.
//!
//! # Access patterns
//!
//! Table: `pk` (partition) and `sk` (sort), both strings, on demand, TTL attribute `ttl`. `{shard}` is [`shard_of`] in two
//! digits, `{id}` the mailbox's number in eight hex digits. WU = write units of one call, "m-day" = mailbox and day.
//!
//! | key ([`Key`]) | what it holds | who reads it, at what rate | who writes it | WU |
//! |---|---|---|---|---|
//! | `P#{shard}` / `{id}#PLAN` | settings, state, the local day: quota, used, every slot | fan-out: all of a shard, every 15 min; replier: 1 a visit, and 1 in 5 min, process and sender in sight | sender: claim 1 + outcome 1 a mail; fan-out: 1 a m-day; operator; governor: 1 a change | 1 |
//! | `P#{shard}` / `{id}#BOX` | lease, mails found today, replies owed, the night's audit | fan-out: with the row above; replier: by its lease | replier: lease 1 + record 1 a visit, ≤ 5 visits a m-day; fan-out: 1 a m-day | 1 |
//! | `MBX#{id}` / `PROFILE` | address, servers, user, sealed credential | sender, replier: 1 in 5 min and process | import, operator | 1 |
//! | `MBX#{id}` / `DAY#{date}` | a day that is over: target, outcomes, what was missed and why | reports | fan-out: 1 a m-day; reconciliation | 1 |
//! | `MBX#{id}` / `BOX#{date}` | what was found on that day | reports | fan-out: 1 a m-day | 1 |
//! | `H#{part}` / `{id}` | health: standing, scores, the last ten days | governor: all of a part, hourly; operator | governor: 1 a m-day, and on change | 1 |
//! | `MBX#{id}` / `WHY#{seq}` | a decision about the mailbox, 400 days | operator | governor: 1 a change | 1–2 |
//! | `TENANT#{t}` / `INVESTIGATION#{id}` | what an emergency leaves behind | operator | governor: 1 an emergency | 1 |
//! | `ADDR#{address}` / `ID` | the number and tenant of an address | import, operator | import | 1 |
//! | `SYS` / `COUNTER` | the last number given | import | import: 1 a mailbox | 1 |
//! | `SYS` / `KEY#{name}` | a data key, encrypted by KMS | every process: 1 an hour and tenant | whoever needs it first | 1 |
//! | `SYS` / `PROVIDER#{provider}` | budget and breaker of a provider, trouble since the last tick | fan-out: 1 a tick | sender: 1 a deferred mail; fan-out: ≤ 1 a tick | 1 |
//! | `CONTENT` / `PLAN#{id}` | a conversation plan: text or theme, date of retirement | stock: all, 1 a day; sender: 1 in 1 h, plan and process | stock: ≥ 5 a language and day | 1–5 |
//! | `CONTENT` / `TALLY#{date}` | uses and spam outcomes of plans, by plan | stock: all (≤ 90), 1 a day | fan-out: 1 a tick in which local days turn | 1–10 |
//! | `CONTENT` / `DECK#{date}` | which plans the threads begun on a date may have | fan-out: all (≤ 30), every tick | stock: 1 a day | 1–4 |
//! | `CONTENT` / `DAY#{date}` | tokens asked of the language model, its first failure | stock: 1 a day | stock: 2 a request | 1 |
//! | `TENANT#{t}` / `PLAN` | limits of a tenant | fan-out: 1 a tick | operator | 1 |
//! | `SYS` / `IP#{address}` | whose sending IP it is | governor: all, 1 an hour | operator: 1 an IP | 1 |
//! | `TENANT#{t}` / `IP#{address}` | a sending IP: plan, status, day | governor: all of a tenant, 1 an hour; operator | governor: 1 a day (transaction, 2 each); operator | 2 |
//! | `TENANT#{t}` / `ADMITTED` | when the last domain or IP came in | operator | operator: 1 an IP, in its transaction | 2 |
//! | `TENANT#{t}` / `DOMAIN#{name}` | a domain: its checks, since when it fails | governor: all of a tenant, 1 an hour; operator | governor: 1 a day | 1–3 |
//! | `IP#{t}#{address}` / `DAY#{date}` | a day of a sending IP that is over: quota, counters | governor: 7 a day; reports | governor: 1 a day, with its decision | 2 |
//! | `IP#{t}#{address}` / `WHY#{instant}` | a decision: rule, inputs, bounds, result | operator | governor: 1 a day, with the day | 2 |
//! | `TENANT#{t}` / `SUPPRESS#{address}` | an address nobody may write to | fan-out: all of a tenant, every tick | operator, events | 1 |
//! | `TENANT#{t}` / `SOFT#{address}` | soft bounces of an address in 30 days | events | events: 1 a soft bounce | 2 |
//! | `TENANT#{t}` / `ZONE` | the zone of a tenant's days | events: 1 in 5 min and process | operator | 1 |
//! | `EVT#{provider}#{digest}` / `E` | an event, 7 days | reports | events: 1 an event | 2 |
//! | `MAIL#{digest}` / `M` | what the events of a mail make of it, 30 days | events: 1 an event | events: ≤ 1 an event | 2 |
//! | `CNT#{subject}#{part}` / `{date}` | counters of a mailbox, IP, domain or tenant and local day, in 1 or 32 parts | governor, reports | events: ≤ 4 for up to 16 events | 2 |
//! | `CNT#campaign/{t}#{part}` / `{date}#{name}` | the same of a campaign; a range of days lists them | `preheat report events` | events that name a campaign: ≤ 1 a campaign for up to 16 events | 2 |
//! | `QUAR#{account}` / `{digest}` | what came in and could not be an event, 30 days | operator | events: 1 a bad element | 1 |
//! | `HOOK#{id}` / `HOOK` | an endpoint: tenant, provider, sealed secrets | webhook: 1 in 5 min, endpoint and process | operator | 1 |
//! | `TENANT#{t}` / `HOOK#{provider}`, `HOOKSRC#{source}` / `HOOK` | the id of an endpoint | operator; webhook: 1 a direct event | operator | 1 |
//! | `LOOKS` / `{subject}` | whose health is to be looked at out of turn | governor: all, every minute | events: 1 for up to 16 bad events; governor: 1 a look | 2 |
//! | `{owner}` / `CHANNEL#{id}` | an alert channel: where it leads, severity, quiet hours, sealed secret | notifier: all of an owner, 1 a batch | operator | 1 |
//! | `{owner}` / `TOLD#{channel}#{topic}` | what a channel was last told of a topic | notifier: 1 a change and channel | notifier: 1 an alert | 1 |
//! | `{owner}` / `ALERT#{channel}#{message}` | that a channel is being told something, or was | notifier, in its claim | notifier: claim 1 + outcome 1 an alert | 1 |
//!
//! `{owner}` is `TENANT#{t}`, or `SYS` for what belongs to no tenant.
//!
//! An event and all that it changes are one transaction (`events.rs`). So a mail costs 2 write units (claim and outcome) and its
//! share of the mailbox's day: (5 visits × 2 + turn 4 + health 1) / 40 = 0.375.
//! The two hot rows stay under 1 kB at 40 sends a day and carry no index; tests hold both.
//!
//! # How writes stay right
//!
//! - Every change is one conditional update. What was read before is never trusted: the condition says it again.
//! - Every write may be repeated. Where the answer to a write was lost, the repeat meets its own effect, knows it (by its
//!   fence, or because the row says what it wanted to say) and answers as the first one would have.
//! - Repeats after throttling and lost answers are made here ([`Store::new`] switches the SDK's own off), with a back-off
//!   that is a function of the key and the attempt, so that a simulation replays byte by byte.
//!
//! # What this crate may not do
//!
//! Decide anything that core could decide; read a clock; log or return a secret; let an error through without saying what
//! to do now ([`StoreError::next`]).

mod alert;
mod archive;
mod box_row;
mod claim;
mod condition;
mod content;
mod counter;
mod credential;
mod data_key;
mod decision;
mod domain;
mod error;
mod events;
mod fleet;
mod health;
mod hooks;
mod import;
mod item;
mod keys;
mod lease;
mod looks;
mod mailbox;
mod outcome;
mod plan_row;
mod profile;
mod provider;
mod quarantine;
mod resolve;
mod retry;
mod sending_ip;
mod store;
mod suppressed;
mod table;
mod tallies;
mod tenant;
mod transact;
mod turn;
mod vault;

pub use alert::{AlertClaim, StoredChannel};
pub use archive::Readable;
pub use claim::{Claim, ClaimRequest, Held, Lost};
pub use content::{Spending, Stock};
pub use credential::{Credential, Sealed, Secret};
pub use decision::{CarriedOut, Investigation};
pub use domain::Domains;
pub use error::{Next, StoreError};
pub use events::{EVENT_KEPT_DAYS, Noted, Taken};
pub use fleet::{BadRow, Shard};
pub use health::{HealthPart, HealthSeen};
pub use hooks::{Hook, HookSecret, SecretKind, SeenHook};
pub use import::{Imported, NewMailbox};
pub use keys::{HEALTH_PARTS, Key, SHARDS, shard_of};
pub use lease::Lease;
pub use looks::{Look, Looks};
pub use mailbox::StateNote;
pub use profile::Profile;
pub use quarantine::Quarantined;
pub use resolve::Resolved;
pub use sending_ip::{Adding, StoredIp};
pub use store::Store;
pub use suppressed::Suppression;
pub use vault::{Secrets, Vault};
