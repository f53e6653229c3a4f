//! The store against DynamoDB and KMS under the real SDK: every conditional write under duplicates, concurrent writers,
//! throttles and lost answers.

#![expect(clippy::unwrap_used, clippy::large_futures, reason = "tests, and what they have in common")]

mod alerts;
mod budget;
mod claims;
mod decisions;
mod events;
mod hooks;
mod imports;
mod interleaving;
mod leases;
mod sending_ips;
mod settings;
mod shards;
mod turns;
mod vault;
mod world;
