//! The store against DynamoDB and KMS under the real SDK: every conditional write under duplicates, concurrent writers,
//! throttles and lost answers.

#![expect(clippy::unwrap_used, clippy::large_futures, reason = "tests, and what they have in common")]

mod budget;
mod claims;
mod content;
mod imports;
mod interleaving;
mod leases;
mod settings;
mod shards;
mod turns;
mod vault;
mod world;
