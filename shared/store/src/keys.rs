//! The keys of the ledger: the one place where they are spelled. Their table stands in the crate's documentation.

use jiff::civil::Date;
use preheat_core::content::plan::PlanId;
use preheat_core::id::{Address, MailboxId, TenantId};
use preheat_core::mailbox::Provider;

/// Into how many partitions the planning rows are spread. *Fixed*: a change would need a migration of every row.
pub const SHARDS: u8 = 64;

/// The shard of a mailbox: 0–63. Multiplicative (Fibonacci) hashing, so that numbers given one after the other, which
/// is all of them, spread evenly.
#[must_use]
pub fn shard_of(id: MailboxId) -> u8 {
    // The top six bits of the product: always below 64.
    (id.0.wrapping_mul(0x9e37_79b9) >> 26) as u8
}

/// The key of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key<'a> {
    /// `P#{shard}` / `{id}#PLAN`: settings and the local day of a mailbox.
    Plan(MailboxId),
    /// `P#{shard}` / `{id}#BOX`: lease and findings of a mailbox. Sorts right before its planning row.
    Box(MailboxId),
    /// `MBX#{id}` / `PROFILE`: servers and sealed credential of a mailbox.
    Profile(MailboxId),
    /// `MBX#{id}` / `DAY#{date}`: a local day that is over.
    Day(MailboxId, Date),
    /// `MBX#{id}` / `BOX#{date}`: what was found on a local day that is over.
    BoxDay(MailboxId, Date),
    /// `ADDR#{address}` / `ID`: the number of an address.
    Address(&'a Address),
    /// `SYS` / `COUNTER`: the last mailbox number given.
    Counter,
    /// `SYS` / `KEY#{name}`: a data key, encrypted.
    DataKey(&'a str),
    /// `SYS` / `PROVIDER#{provider}`: budget and breaker of a provider.
    Provider(Provider),
    /// `CONTENT` / `PLAN#{id}`: a conversation plan.
    ContentPlan(PlanId),
    /// `CONTENT` / `TALLY#{date}`: what was counted of all plans on a date (UTC).
    ContentTallies(Date),
    /// `CONTENT` / `DECK#{date}`: the plans of the threads that are begun on a date.
    Deck(Date),
    /// `CONTENT` / `DAY#{date}`: what was asked of the language model on a date (UTC).
    ContentDay(Date),
    /// `TENANT#{t}` / `PLAN`: limits of a tenant.
    Tenant(&'a TenantId),
    /// `TENANT#{t}` / `SUPPRESS#{address}`: an address nobody may write to.
    Suppressed(&'a TenantId, &'a Address),
}

impl Key<'_> {
    /// The partition key.
    #[must_use]
    pub fn pk(&self) -> String {
        match self {
            Self::Plan(id) | Self::Box(id) => shard_pk(shard_of(*id)),
            Self::Profile(id) | Self::Day(id, _) | Self::BoxDay(id, _) => mailbox_pk(*id),
            Self::Address(address) => format!("ADDR#{address}"),
            Self::Counter | Self::DataKey(_) | Self::Provider(_) => SYSTEM_PK.to_owned(),
            Self::ContentPlan(_) | Self::ContentTallies(_) | Self::Deck(_) | Self::ContentDay(_) => {
                CONTENT_PK.to_owned()
            }
            Self::Tenant(tenant) | Self::Suppressed(tenant, _) => tenant_pk(tenant),
        }
    }

    /// The sort key.
    #[must_use]
    pub fn sk(&self) -> String {
        match self {
            Self::Plan(id) => format!("{:08x}#PLAN", id.0),
            Self::Box(id) => format!("{:08x}#BOX", id.0),
            Self::Profile(_) => "PROFILE".to_owned(),
            Self::Day(_, date) => format!("{DAY_PREFIX}{date}"),
            Self::BoxDay(_, date) => format!("{BOX_DAY_PREFIX}{date}"),
            Self::Address(_) => "ID".to_owned(),
            Self::Counter => "COUNTER".to_owned(),
            Self::DataKey(name) => format!("{DATA_KEY_PREFIX}{name}"),
            Self::Provider(provider) => format!("{PROVIDER_PREFIX}{}", provider_name(*provider)),
            Self::ContentPlan(id) => format!("{CONTENT_PLAN_PREFIX}{id}"),
            Self::ContentTallies(date) => format!("{TALLIES_PREFIX}{date}"),
            Self::Deck(date) => format!("{DECK_PREFIX}{date}"),
            Self::ContentDay(date) => format!("{DAY_PREFIX}{date}"),
            Self::Tenant(_) => "PLAN".to_owned(),
            Self::Suppressed(_, address) => format!("{SUPPRESSED_PREFIX}{address}"),
        }
    }

    /// Both, for messages and back-off. Holds no secret, but it may hold an address: not for logs.
    pub(crate) fn text(&self) -> String {
        format!("{}/{}", self.pk(), self.sk())
    }
}

/// Partition of everything that is the stack's own.
pub(crate) const SYSTEM_PK: &str = "SYS";
/// Partition of warmup's texts: its own, so that nothing else has to be readable to whoever writes or reads them.
pub(crate) const CONTENT_PK: &str = "CONTENT";
/// Sort keys of conversation plans begin with this.
pub(crate) const CONTENT_PLAN_PREFIX: &str = "PLAN#";
/// Sort keys of a date's tallies of plans begin with this.
pub(crate) const TALLIES_PREFIX: &str = "TALLY#";
/// Sort keys of decks begin with this.
pub(crate) const DECK_PREFIX: &str = "DECK#";
/// Sort keys of archived days begin with this.
pub(crate) const DAY_PREFIX: &str = "DAY#";
/// Sort keys of archived findings begin with this.
pub(crate) const BOX_DAY_PREFIX: &str = "BOX#";
/// Sort keys of data keys begin with this.
pub(crate) const DATA_KEY_PREFIX: &str = "KEY#";
/// Sort keys of providers begin with this.
pub(crate) const PROVIDER_PREFIX: &str = "PROVIDER#";
/// Sort keys of suppressed addresses begin with this.
pub(crate) const SUPPRESSED_PREFIX: &str = "SUPPRESS#";

/// Partition of a shard's hot rows.
pub(crate) fn shard_pk(shard: u8) -> String {
    format!("P#{shard:02}")
}

/// Partition of what belongs to one mailbox and is not hot.
pub(crate) fn mailbox_pk(id: MailboxId) -> String {
    format!("MBX#{:08x}", id.0)
}

/// Partition of a tenant's own settings.
pub(crate) fn tenant_pk(tenant: &TenantId) -> String {
    format!("TENANT#{tenant}")
}

/// A provider's name in keys.
pub(crate) fn provider_name(provider: Provider) -> &'static str {
    match provider {
        Provider::Gmail => "gmail",
        Provider::Microsoft => "microsoft",
        Provider::Yahoo => "yahoo",
        Provider::Zoho => "zoho",
        Provider::Other => "other",
    }
}

/// The provider of a [`provider_name`].
pub(crate) fn provider_of(name: &str) -> Option<Provider> {
    [Provider::Gmail, Provider::Microsoft, Provider::Yahoo, Provider::Zoho, Provider::Other]
        .into_iter()
        .find(|&provider| provider_name(provider) == name)
}

/// Which of a mailbox's two hot rows a sort key names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HotRow {
    /// [`Key::Plan`].
    Plan(MailboxId),
    /// [`Key::Box`].
    Box(MailboxId),
}

/// Reads the sort key of a hot row; `None`: it is none.
pub(crate) fn hot_row(sk: &str) -> Option<HotRow> {
    let (id, kind) = sk.split_once('#')?;
    let id = MailboxId(u32::from_str_radix(id, 16).ok()?);
    match kind {
        "PLAN" => Some(HotRow::Plan(id)),
        "BOX" => Some(HotRow::Box(id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_order_of_keys_is_the_order_of_mailboxes(a: u32, b: u32) {
            let sk = |id| Key::Plan(MailboxId(id)).sk();
            prop_assert_eq!(a.cmp(&b), sk(a).cmp(&sk(b)));
        }

        #[test]
        fn a_box_row_sorts_right_before_its_planning_row(id: u32, other: u32) {
            let (found, plan) = (Key::Box(MailboxId(id)).sk(), Key::Plan(MailboxId(id)).sk());
            prop_assert!(found < plan);
            if id != other {
                let other = Key::Plan(MailboxId(other)).sk();
                prop_assert!(other < found || other > plan);
            }
        }

        #[test]
        fn hot_keys_read_back(id: u32) {
            let id = MailboxId(id);
            prop_assert_eq!(hot_row(&Key::Plan(id).sk()), Some(HotRow::Plan(id)));
            prop_assert_eq!(hot_row(&Key::Box(id).sk()), Some(HotRow::Box(id)));
            prop_assert!(shard_of(id) < SHARDS);
        }
    }

    #[test]
    fn mailboxes_spread_evenly_over_the_shards() {
        let mut counts = [0_u32; SHARDS as usize];
        for id in 1..=100_000 {
            counts[usize::from(shard_of(MailboxId(id)))] += 1;
        }
        let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
        assert!(most - least <= 10, "shards hold {least} to {most} of 100,000");
    }

    #[test]
    fn keys_are_spelled_as_documented() {
        let address: Address = "a@b.example".parse().unwrap();
        let tenant: TenantId = "acme".parse().unwrap();
        let date = jiff::civil::date(2026, 3, 2);
        let spelled = |key: Key<'_>| key.text();
        assert_eq!(spelled(Key::Plan(MailboxId(255))), format!("P#{:02}/000000ff#PLAN", shard_of(MailboxId(255))));
        assert_eq!(spelled(Key::Profile(MailboxId(255))), "MBX#000000ff/PROFILE");
        assert_eq!(spelled(Key::Day(MailboxId(1), date)), "MBX#00000001/DAY#2026-03-02");
        assert_eq!(spelled(Key::BoxDay(MailboxId(1), date)), "MBX#00000001/BOX#2026-03-02");
        assert_eq!(spelled(Key::Address(&address)), "ADDR#a@b.example/ID");
        assert_eq!(spelled(Key::DataKey("tenant-acme")), "SYS/KEY#tenant-acme");
        assert_eq!(spelled(Key::Provider(Provider::Zoho)), "SYS/PROVIDER#zoho");
        assert_eq!(spelled(Key::Suppressed(&tenant, &address)), "TENANT#acme/SUPPRESS#a@b.example");
        let id: PlanId = "2026-03-02-de-3".parse().unwrap();
        assert_eq!(spelled(Key::ContentPlan(id)), "CONTENT/PLAN#2026-03-02-de-3");
        assert_eq!(spelled(Key::ContentTallies(date)), "CONTENT/TALLY#2026-03-02");
        assert_eq!(spelled(Key::Deck(date)), "CONTENT/DECK#2026-03-02");
        assert_eq!(spelled(Key::ContentDay(date)), "CONTENT/DAY#2026-03-02");
        assert_eq!(provider_of("zoho"), Some(Provider::Zoho));
        assert_eq!(hot_row("PROFILE"), None);
    }
}
