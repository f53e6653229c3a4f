//! Sandbox mail providers: small SMTP and IMAP servers that behave like Gmail, Outlook and others, over an in-memory
//! network (or TLS on loopback), for `preheat demo`, the simulation and tests.
//!
//! Build a [`World`], add providers and accounts, put a [`Network`] in front of it and dial. Deterministic: time comes
//! from the world's clock, chance from its seed. It never replaces tests on real servers, and nothing deployed may
//! depend on it.

mod account;
mod chance;
mod fault;
mod filter;
mod imap;
mod ledger;
mod loopback;
mod message;
mod network;
mod operator;
mod pipe;
mod post;
mod provider;
mod sasl;
mod smtp;
#[cfg(test)]
mod tests;
mod wire;
mod world;

pub use chance::Chance;
pub use fault::{Dialled, Fault, FaultRates, Meanwhile, Step};
pub use filter::Placement;
pub use ledger::{AccountAudit, Audit, Entry, FolderAudit, Outcome, duplicates};
pub use loopback::Loopback;
pub use message::{Category, TOKEN_HEADER};
pub use network::{Network, NetworkCounts, Script};
pub use pipe::MemoryStream;
pub use provider::{Kind, Protocol, Role};
pub use world::{ProviderId, World, WorldError};
