//! The ledger: what the program knows, in one DynamoDB table, behind one concrete [`Store`] on the AWS SDK.
//!
//! # Access patterns
//!
//! Table: `pk` (partition) and `sk` (sort), both strings, on demand, TTL attribute `ttl`. `{shard}` is [`shard_of`] in two
//! digits, `{id}` the mailbox's number in eight hex digits. WU = write units of one call, "m-day" = mailbox and day.
//!
//! | key ([`Key`]) | what it holds | who reads it, at what rate | who writes it | WU |
//! |---|---|---|---|---|
//! | `P#{shard}` / `{id}#PLAN` | settings, state, the local day: quota, used, every slot | fan-out: all of a shard, every 15 min; replier: 1 a visit | sender: claim 1 + outcome 1 a mail; fan-out: 1 a m-day; operator | 1 |
//! | `P#{shard}` / `{id}#BOX` | lease, mails found today, replies owed | fan-out: with the row above; replier: by its lease | replier: lease 1 + record 1 a visit, ≤ 5 visits a m-day; fan-out: 1 a m-day | 1 |
//! | `MBX#{id}` / `PROFILE` | address, servers, user, sealed credential | sender, replier: 1 in 5 min and process | import, operator | 1 |
//! | `MBX#{id}` / `DAY#{date}` | a day that is over: target, outcomes, what was missed and why | reports | fan-out: 1 a m-day; reconciliation | 1 |
//! | `MBX#{id}` / `BOX#{date}` | what was found on that day | reports | fan-out: 1 a m-day | 1 |
//! | `ADDR#{address}` / `ID` | the number and tenant of an address | import, operator | import | 1 |
//! | `SYS` / `COUNTER` | the last number given | import | import: 1 a mailbox | 1 |
//! | `SYS` / `KEY#{name}` | a data key, encrypted by KMS | every process: 1 an hour and tenant | whoever needs it first | 1 |
//! | `SYS` / `PROVIDER#{provider}` | budget and breaker of a provider, trouble since the last tick | fan-out: 1 a tick | sender: 1 a deferred mail; fan-out: ≤ 1 a tick | 1 |
//! | `CONTENT` / `PLAN#{id}` | a conversation plan: text or theme, date of retirement | stock: all, 1 a day; sender: 1 in 1 h, plan and process | stock: ≥ 5 a language and day | 1–5 |
//! | `CONTENT` / `TALLY#{date}` | uses and spam outcomes of plans, by plan | stock: all (≤ 90), 1 a day | fan-out: 1 a tick in which local days turn | 1–10 |
//! | `CONTENT` / `DECK#{date}` | which plans the threads begun on a date may have | fan-out: all (≤ 30), every tick | stock: 1 a day | 1–4 |
//! | `CONTENT` / `DAY#{date}` | tokens asked of the language model, its first failure | stock: 1 a day | stock: 2 a request | 1 |
//! | `TENANT#{t}` / `PLAN` | limits of a tenant | fan-out: 1 a tick | operator | 1 |
//! | `TENANT#{t}` / `SUPPRESS#{address}` | an address nobody may write to | fan-out: all of a tenant, every tick | operator | 1 |
//!
//! So a mail costs 2 write units (claim and outcome) and its share of the mailbox's day: (5 visits × 2 + turn 4) / 40 = 0.35.
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

mod archive;
mod box_row;
mod claim;
mod content;
mod counter;
mod credential;
mod data_key;
mod error;
mod fleet;
mod import;
mod item;
mod keys;
mod lease;
mod mailbox;
mod outcome;
mod plan_row;
mod profile;
mod provider;
mod resolve;
mod retry;
mod store;
mod table;
mod tenant;
mod turn;
mod vault;

pub use claim::{Claim, ClaimRequest, Held, Lost};
pub use content::{Spending, Stock};
pub use credential::{Credential, Sealed, Secret};
pub use error::{Next, StoreError};
pub use fleet::{BadRow, Shard};
pub use import::{Imported, NewMailbox};
pub use keys::{Key, SHARDS, shard_of};
pub use lease::Lease;
pub use profile::Profile;
pub use resolve::Resolved;
pub use store::Store;
pub use vault::{Secrets, Vault};
