//! The keys of the ledger: the one place where they are spelled. Their table stands in the crate's documentation.

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::Date;
use preheat_core::alert::{ChannelId, Owner, Topic};
use preheat_core::content::plan::PlanId;
use preheat_core::counters::Subject;
use preheat_core::event::Reporter;
use preheat_core::id::{Address, DomainName, MailboxId, TenantId};
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
    /// `H#{part}` / `{id}`: health of a mailbox.
    Health(MailboxId),
    /// `MBX#{id}` / `WHY#{seq}`: a decision about a mailbox.
    Decision(MailboxId, u32),
    /// `TENANT#{t}` / `INVESTIGATION#{id}`: what an emergency leaves behind.
    Investigation(&'a TenantId, &'a str),
    /// `ADDR#{address}` / `ID`: the number of an address.
    Address(&'a Address),
    /// `SYS` / `COUNTER`: the last mailbox number given.
    Counter,
    /// `SYS` / `KEY#{name}`: a data key, encrypted.
    DataKey(&'a str),
    /// `SYS` / `PROVIDER#{provider}`: budget and breaker of a provider.
    Provider(Provider),
    /// `SYS` / `CONDITIONS#{by}`: what is not as it should be, as the tick or the governor has told.
    Conditions(&'a str),
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
    /// `SYS` / `IP#{address}`: whose sending IP it is.
    IpOwner(IpAddr),
    /// `TENANT#{t}` / `IP#{address}`: a sending IP with its plan.
    Ip(&'a TenantId, IpAddr),
    /// `TENANT#{t}` / `ADMITTED`: when the last domain or IP came in.
    Admitted(&'a TenantId),
    /// `TENANT#{t}` / `DOMAIN#{name}`: a domain, and how its records stand.
    Domain(&'a TenantId, &'a DomainName),
    /// `IP#{t}#{address}` / `DAY#{date}`: a local day of a sending IP that is over.
    IpDay(&'a TenantId, IpAddr, Date),
    /// `IP#{t}#{address}` / `WHY#{instant}`: a decision on a sending IP.
    IpDecision(&'a TenantId, IpAddr, Timestamp),
    /// `{owner}` / `CHANNEL#{id}`: an alert channel. `{owner}` is `TENANT#{t}`, or `SYS` for the stack's own.
    Channel(&'a Owner, &'a ChannelId),
    /// `{owner}` / `TOLD#{channel}#{topic}`: what a channel was last told of a topic.
    Told(&'a Owner, &'a ChannelId, &'a Topic),
    /// `{owner}` / `ALERT#{channel}#{message}`: that a channel is being told something, or was.
    Alert(&'a Owner, &'a ChannelId, &'a str),
    /// `TENANT#{t}` / `SOFT#{address}`: how often mail to an address bounced softly.
    SoftBounces(&'a TenantId, &'a Address),
    /// `TENANT#{t}` / `ZONE`: the zone of a tenant's days.
    Zone(&'a TenantId),
    /// `EVT#{provider}#{digest}` / `E`: an event.
    Event(Reporter, &'a str),
    /// `MAIL#{digest}` / `M`: what is known of a mail from its events, under one of its names; or under which it lies.
    Mail(&'a str),
    /// `CNT#{subject}#{part}` / `{date}`: a part of a subject's counters of a local day. Campaigns lie together by tenant and are
    /// told apart in the sort key (`CNT#campaign/{t}#{part}` / `{date}#{name}`): so a range of days lists them.
    Counters(&'a Subject, u8, Date),
    /// `QUAR#{account}` / `{digest}`: what came in and could not be an event.
    Quarantine(&'a str, &'a str),
    /// `QUAR#{account}` / `{digest}#{part}`: a further part of it, where it is too long for one item.
    QuarantinePart(&'a str, &'a str, u16),
    /// `HOOK#{id}` / `HOOK`: an endpoint that events come in at.
    Hook(&'a str),
    /// `TENANT#{t}` / `HOOK#{provider}`: the id of a tenant's endpoint of a provider.
    TenantHook(&'a TenantId, Reporter),
    /// `HOOKSRC#{source}` / `HOOK`: the id of the endpoint that a topic, queue, SES resource or AWS account speaks to.
    HookSource(&'a str),
    /// `LOOKS` / `{subject}`: whose health is to be looked at out of turn.
    Look(&'a Subject),
}

impl Key<'_> {
    /// The partition key.
    #[must_use]
    pub fn pk(&self) -> String {
        match self {
            Self::Plan(id) | Self::Box(id) => shard_pk(shard_of(*id)),
            Self::Profile(id) | Self::Day(id, _) | Self::BoxDay(id, _) | Self::Decision(id, _) => mailbox_pk(*id),
            Self::Health(id) => health_pk(health_part(*id)),
            Self::Investigation(tenant, _) => tenant_pk(tenant),
            Self::Address(address) => format!("ADDR#{address}"),
            Self::Counter | Self::DataKey(_) | Self::Provider(_) | Self::IpOwner(_) | Self::Conditions(_) => {
                SYSTEM_PK.to_owned()
            }
            Self::Ip(tenant, _) | Self::Admitted(tenant) | Self::Domain(tenant, _) => tenant_pk(tenant),
            Self::IpDay(tenant, address, _) | Self::IpDecision(tenant, address, _) => ip_pk(tenant, *address),
            Self::Channel(owner, _) | Self::Told(owner, ..) | Self::Alert(owner, ..) => owner_pk(owner),
            Self::Tenant(tenant) | Self::Suppressed(tenant, _) | Self::SoftBounces(tenant, _) | Self::Zone(tenant) => {
                tenant_pk(tenant)
            }
            Self::TenantHook(tenant, _) => tenant_pk(tenant),
            Self::Quarantine(account, _) | Self::QuarantinePart(account, ..) => quarantine_pk(account),
            Self::Hook(id) => format!("HOOK#{id}"),
            Self::HookSource(source) => format!("HOOKSRC#{source}"),
            Self::Event(reporter, digest) => format!("EVT#{reporter}#{digest}"),
            Self::Mail(digest) => format!("MAIL#{digest}"),
            Self::Counters(subject, part, _) => counters_pk(subject, *part),
            Self::Look(_) => LOOKS_PK.to_owned(),
            Self::ContentPlan(_) | Self::ContentTallies(_) | Self::Deck(_) | Self::ContentDay(_) => {
                CONTENT_PK.to_owned()
            }
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
            Self::Health(id) => format!("{:08x}", id.0),
            Self::Decision(_, seq) => format!("{DECISION_PREFIX}{seq:08}"),
            Self::Investigation(_, id) => format!("{INVESTIGATION_PREFIX}{id}"),
            Self::Address(_) => "ID".to_owned(),
            Self::Counter => "COUNTER".to_owned(),
            Self::DataKey(name) => format!("{DATA_KEY_PREFIX}{name}"),
            Self::Conditions(by) => format!("CONDITIONS#{by}"),
            Self::Provider(provider) => format!("{PROVIDER_PREFIX}{}", provider.name()),
            Self::ContentPlan(id) => format!("{CONTENT_PLAN_PREFIX}{id}"),
            Self::ContentTallies(date) => format!("{TALLIES_PREFIX}{date}"),
            Self::Deck(date) => format!("{DECK_PREFIX}{date}"),
            Self::ContentDay(date) => format!("{DAY_PREFIX}{date}"),
            Self::Tenant(_) => "PLAN".to_owned(),
            Self::Suppressed(_, address) => format!("{SUPPRESSED_PREFIX}{address}"),
            Self::IpOwner(address) | Self::Ip(_, address) => format!("{IP_PREFIX}{address}"),
            Self::Admitted(_) => "ADMITTED".to_owned(),
            Self::Domain(_, domain) => format!("{DOMAIN_PREFIX}{domain}"),
            Self::IpDay(_, _, date) => format!("{DAY_PREFIX}{date}"),
            // Milliseconds in 15 digits: their order is that of time, to the year 33658.
            Self::IpDecision(_, _, at) => format!("{DECISION_PREFIX}{:015}", at.as_millisecond().max(0)),
            Self::Channel(_, id) => format!("{CHANNEL_PREFIX}{id}"),
            Self::Told(_, id, topic) => format!("TOLD#{id}#{}", topic.0),
            Self::Alert(_, id, message) => format!("ALERT#{id}#{message}"),
            Self::SoftBounces(_, address) => format!("SOFT#{address}"),
            Self::Zone(_) => "ZONE".to_owned(),
            Self::Event(..) => "E".to_owned(),
            Self::Mail(_) => "M".to_owned(),
            Self::Counters(Subject::Campaign(_, name), _, date) => format!("{date}#{name}"),
            Self::Counters(_, _, date) => date.to_string(),
            Self::Look(subject) => subject.to_string(),
            Self::Quarantine(_, digest) => (*digest).to_owned(),
            Self::QuarantinePart(_, digest, part) => format!("{digest}#{part:02}"),
            Self::Hook(_) | Self::HookSource(_) => "HOOK".to_owned(),
            Self::TenantHook(_, provider) => format!("{HOOK_PREFIX}{provider}"),
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

/// Into how many partitions the health rows are spread: fewer than the planning rows, as they are read once an hour and written
/// once a day. *Fixed*.
pub const HEALTH_PARTS: u8 = 16;
/// Sort keys of decisions begin with this.
pub(crate) const DECISION_PREFIX: &str = "WHY#";
/// Sort keys of investigations begin with this.
pub(crate) const INVESTIGATION_PREFIX: &str = "INVESTIGATION#";

/// The part of a mailbox's health row.
pub(crate) fn health_part(id: MailboxId) -> u8 {
    shard_of(id) >> 2
}

/// Partition of a part's health rows.
pub(crate) fn health_pk(part: u8) -> String {
    format!("H#{part:02}")
}

/// Sort keys of sending IPs begin with this.
pub(crate) const IP_PREFIX: &str = "IP#";
/// Sort keys of domains begin with this.
pub(crate) const DOMAIN_PREFIX: &str = "DOMAIN#";

/// Partition of the history of a sending IP.
pub(crate) fn ip_pk(tenant: &TenantId, address: IpAddr) -> String {
    format!("IP#{tenant}#{address}")
}

/// Sort keys of alert channels begin with this.
pub(crate) const CHANNEL_PREFIX: &str = "CHANNEL#";

/// Partition of what belongs to an owner of alert channels.
pub(crate) fn owner_pk(owner: &Owner) -> String {
    owner.tenant().map_or_else(|| SYSTEM_PK.to_owned(), tenant_pk)
}

/// Partition of everything whose health is to be looked at.
pub(crate) const LOOKS_PK: &str = "LOOKS";

/// Sort keys of a tenant's endpoints begin with this.
pub(crate) const HOOK_PREFIX: &str = "HOOK#";

/// Partition of what an account sent that could not be an event.
pub(crate) fn quarantine_pk(account: &str) -> String {
    format!("QUAR#{account}")
}

/// Partition of a part of a subject's counters.
pub(crate) fn counters_pk(subject: &Subject, part: u8) -> String {
    match subject {
        Subject::Campaign(tenant, _) => format!("CNT#campaign/{tenant}#{part}"),
        Subject::Mailbox(_) | Subject::Ip(..) | Subject::Domain(..) | Subject::Tenant(_) => {
            format!("CNT#{subject}#{part}")
        }
    }
}

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

/// The provider of a name in a key.
pub(crate) fn provider_of(name: &str) -> Option<Provider> {
    [Provider::Gmail, Provider::Microsoft, Provider::Yahoo, Provider::Zoho, Provider::Other]
        .into_iter()
        .find(|provider| provider.name() == name)
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
            prop_assert!(shard_of(id) < SHARDS && health_part(id) < HEALTH_PARTS);
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
        assert_eq!(spelled(Key::Health(MailboxId(255))), format!("H#{:02}/000000ff", health_part(MailboxId(255))));
        assert_eq!(spelled(Key::Decision(MailboxId(1), 12)), "MBX#00000001/WHY#00000012");
        assert_eq!(spelled(Key::Investigation(&tenant, "mb-1/12")), "TENANT#acme/INVESTIGATION#mb-1/12");
        assert_eq!(spelled(Key::Address(&address)), "ADDR#a@b.example/ID");
        assert_eq!(spelled(Key::DataKey("tenant-acme")), "SYS/KEY#tenant-acme");
        assert_eq!(spelled(Key::Provider(Provider::Zoho)), "SYS/PROVIDER#zoho");
        assert_eq!(spelled(Key::Conditions("tick")), "SYS/CONDITIONS#tick");
        assert_eq!(spelled(Key::Suppressed(&tenant, &address)), "TENANT#acme/SUPPRESS#a@b.example");
        let (ip, six) = ("203.0.113.7".parse().unwrap(), "2001:db8::7".parse().unwrap());
        assert_eq!(spelled(Key::IpOwner(six)), "SYS/IP#2001:db8::7");
        assert_eq!(spelled(Key::Ip(&tenant, ip)), "TENANT#acme/IP#203.0.113.7");
        assert_eq!(spelled(Key::Admitted(&tenant)), "TENANT#acme/ADMITTED");
        assert_eq!(spelled(Key::Domain(&tenant, &"b.example".parse().unwrap())), "TENANT#acme/DOMAIN#b.example");
        assert_eq!(spelled(Key::IpDay(&tenant, ip, date)), "IP#acme#203.0.113.7/DAY#2026-03-02");
        let at = jiff::Timestamp::from_millisecond(1_772_442_000_123).unwrap();
        assert_eq!(spelled(Key::IpDecision(&tenant, ip, at)), "IP#acme#203.0.113.7/WHY#001772442000123");
        let (owner, channel) = (Owner::Tenant(tenant.clone()), "ops".parse().unwrap());
        assert_eq!(spelled(Key::Channel(&Owner::Stack, &channel)), "SYS/CHANNEL#ops");
        let topic = Topic("mailbox/mailbox/mb-1".to_owned());
        assert_eq!(spelled(Key::Told(&owner, &channel, &topic)), "TENANT#acme/TOLD#ops#mailbox/mailbox/mb-1");
        assert_eq!(spelled(Key::Alert(&owner, &channel, "chg_0")), "TENANT#acme/ALERT#ops#chg_0");
        assert_eq!(spelled(Key::SoftBounces(&tenant, &address)), "TENANT#acme/SOFT#a@b.example");
        assert_eq!(spelled(Key::Event(Reporter::Ses, "0f")), "EVT#ses#0f/E");
        let subject = Subject::Campaign(tenant.clone(), "q1#a/b".to_owned());
        assert_eq!(spelled(Key::Counters(&subject, 3, date)), "CNT#campaign/acme#3/2026-03-02#q1#a/b");
        let subject = Subject::Domain(tenant, "b.example".to_owned());
        assert_eq!(spelled(Key::Counters(&subject, 3, date)), "CNT#domain/acme/b.example#3/2026-03-02");
        assert_eq!(spelled(Key::Look(&subject)), "LOOKS/domain/acme/b.example");
        let id: PlanId = "2026-03-02-de-3".parse().unwrap();
        assert_eq!(spelled(Key::ContentPlan(id)), "CONTENT/PLAN#2026-03-02-de-3");
        assert_eq!(spelled(Key::ContentTallies(date)), "CONTENT/TALLY#2026-03-02");
        assert_eq!(spelled(Key::Deck(date)), "CONTENT/DECK#2026-03-02");
        assert_eq!(spelled(Key::ContentDay(date)), "CONTENT/DAY#2026-03-02");
        assert_eq!(provider_of("zoho"), Some(Provider::Zoho));
        assert_eq!(hot_row("PROFILE"), None);
    }
}
