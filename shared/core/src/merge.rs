//! What is known of one mail, put together from its events in whatever order and however often they come (webhooks.md §0:
//! merge by event time and rank, never by arrival).
//!
//! [`Standing::note`] only ever joins: the earliest event of each kind is kept. So it is commutative, associative and
//! idempotent, and what a mail counts for (`Standing::counted`) is a function of the *set* of its events. Whoever stores
//! events adds the difference of before and after to the counters, in the same transaction, and they can never drift.
//! Which events are of one mail, [`names()`] says.

mod names;

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::counters::{Count, Subject};
use crate::event::Kind;
use crate::id::{MailboxId, TenantId};

pub use names::{MailName, names};

/// Where a mail came from, as far as one event tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The mailbox that sent it, and its IANA zone.
    pub mailbox: Option<(MailboxId, String)>,
    /// The domain it was sent from, lower case.
    pub domain: Option<String>,
    /// The address of ours it was sent from.
    pub ip: Option<IpAddr>,
    /// The campaign it belongs to, as [`campaign_name`] has it.
    pub campaign: Option<String>,
    /// The tenant's IANA zone.
    pub zone: String,
}

/// Longest name that a campaign is counted under, in bytes.
pub const CAMPAIGN_BYTES_MAX: usize = 100;

/// The name that a campaign is counted under: its id, cut. Ids are short; whoever posts long ones gets rows no longer, and
/// campaigns that differ only behind the cut are one. How many campaigns a day names is its sender's affair.
#[must_use]
pub fn campaign_name(id: &str) -> String {
    let end = (0..=CAMPAIGN_BYTES_MAX.min(id.len())).rev().find(|&end| id.is_char_boundary(end)).unwrap_or(0);
    id[..end].to_owned()
}

/// The first event of a kind: when, and from which address of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    #[serde(rename = "a")]
    at_ms: i64,
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    ip: Option<IpAddr>,
}

impl Mark {
    /// The earlier comes first; of two at once the one that names an address.
    fn order(&self) -> (i64, bool, Option<IpAddr>) {
        (self.at_ms, self.ip.is_none(), self.ip)
    }
}

/// What is known of one mail.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Standing {
    #[serde(rename = "m")]
    marks: BTreeMap<Count, Mark>,
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    mailbox: Option<(MailboxId, String)>,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    campaign: Option<String>,
    #[serde(rename = "z", default)]
    zone: Option<String>,
}

/// How much a counter of a subject and local day changes: mails.
pub type Changes = BTreeMap<(Subject, Date), BTreeMap<Count, i64>>;

impl Standing {
    /// Joins an event.
    pub fn note(&mut self, kind: Kind, at: Timestamp, origin: &Origin) {
        self.mark(Count::of(kind), Mark { at_ms: at.as_millisecond(), ip: origin.ip });
        // Where events contradict each other the smaller holds: any choice will do that does not depend on their order.
        join(&mut self.mailbox, origin.mailbox.as_ref());
        join(&mut self.domain, origin.domain.as_ref());
        join(&mut self.zone, Some(&origin.zone));
        join(&mut self.campaign, origin.campaign.as_ref());
    }

    /// Joins what is known of the same mail under another name: as if this had noted the other's events as well.
    pub fn join(&mut self, other: &Self) {
        for (count, mark) in &other.marks {
            self.mark(*count, *mark);
        }
        join(&mut self.mailbox, other.mailbox.as_ref());
        join(&mut self.domain, other.domain.as_ref());
        join(&mut self.zone, other.zone.as_ref());
        join(&mut self.campaign, other.campaign.as_ref());
    }

    fn mark(&mut self, count: Count, mark: Mark) {
        let kept = self.marks.entry(count).or_insert(mark);
        if mark.order() < kept.order() {
            *kept = mark;
        }
    }

    /// Whether it bounced softly in a way that speaks of the address, not of us.
    #[must_use]
    pub fn is_soft_of_address(&self) -> bool {
        self.marks.keys().any(|&count| matches!(count, Count::MailboxFull | Count::Transient | Count::Undetermined))
    }

    /// The mailbox that sent it, if an event told so far.
    #[must_use]
    pub fn mailbox(&self) -> Option<MailboxId> {
        self.mailbox.as_ref().map(|(id, _)| *id)
    }

    /// What it counts for, each at the event that says so: a complaint outranks a bounce, a hard bounce a soft one, a bounce
    /// a delivery. A complaint does not undo the delivery: the mail arrived. Of several soft bounces the last one says why.
    fn counted(&self) -> Vec<(Count, Mark)> {
        let has = |count: Count| self.marks.contains_key(&count);
        let soft =
            self.marks.iter().filter(|(count, _)| count.is_soft()).max_by_key(|(count, mark)| (mark.at_ms, **count));
        let bounce = match (has(Count::Complained), has(Count::Hard)) {
            (true, _) => None,
            (false, true) => Some(Count::Hard),
            (false, false) => soft.map(|(count, _)| *count),
        };
        let mut counted: Vec<(Count, Mark)> = self
            .marks
            .iter()
            .map(|(count, mark)| (*count, *mark))
            .filter(|(count, _)| match count {
                Count::Delivered => bounce.is_none(),
                Count::Hard => bounce == Some(Count::Hard),
                count if count.is_soft() => bounce == Some(*count),
                _ => true,
            })
            .collect();
        let known = self.mailbox.is_some() || self.campaign.is_some() || self.address_of_ours().is_some();
        if !known && let Some(first) = self.marks.values().min_by_key(|mark| mark.order()) {
            counted.push((Count::Uncorrelated, *first));
        }
        counted
    }

    /// The address of ours that the latest event that knows one names.
    fn address_of_ours(&self) -> Option<IpAddr> {
        self.marks.values().filter(|mark| mark.ip.is_some()).max_by_key(|mark| (mark.at_ms, mark.ip))?.ip
    }

    /// Adds what it counts for, or takes it away.
    fn apply(&self, tenant: &TenantId, sign: i64, changes: &mut Changes) {
        let tenant_zone = zone_of(self.zone.as_deref());
        let mailbox_zone = self.mailbox.as_ref().map(|(_, zone)| zone_of(Some(zone)));
        for (count, mark) in self.counted() {
            let at = Timestamp::from_millisecond(mark.at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
            let day = |zone: &TimeZone| at.to_zoned(zone.clone()).date();
            let mut add = |subject: Subject, day: Date| {
                *changes.entry((subject, day)).or_default().entry(count).or_default() += sign;
            };
            let today = day(&tenant_zone);
            add(Subject::Tenant(tenant.clone()), today);
            if let Some(domain) = &self.domain {
                add(Subject::Domain(tenant.clone(), domain.clone()), today);
            }
            if let Some(ip) = mark.ip.or_else(|| self.address_of_ours()) {
                add(Subject::Ip(tenant.clone(), ip), today);
            }
            if let Some(campaign) = &self.campaign {
                add(Subject::Campaign(tenant.clone(), campaign.clone()), today);
            }
            if let (Some((id, _)), Some(zone)) = (&self.mailbox, &mailbox_zone) {
                add(Subject::Mailbox(*id), day(zone));
            }
        }
    }
}

/// Adds to `changes` what the counters of a tenant gain and lose when a mail that stood as `before` stands as `after`.
pub fn difference(tenant: &TenantId, before: &Standing, after: &Standing, changes: &mut Changes) {
    if before == after {
        return;
    }
    before.apply(tenant, -1, changes);
    after.apply(tenant, 1, changes);
}

/// Leaves out of `changes` what cancels itself.
pub fn settle(changes: &mut Changes) {
    changes.retain(|_, counts| {
        counts.retain(|_, change| *change != 0);
        !counts.is_empty()
    });
}

fn join<T: Ord + Clone>(kept: &mut Option<T>, told: Option<&T>) {
    if let Some(told) = told
        && kept.as_ref().is_none_or(|kept| told < kept)
    {
        *kept = Some(told.clone());
    }
}

/// A zone by its name; UTC for one that is not known: the day of a counter is never lost.
fn zone_of(name: Option<&str>) -> TimeZone {
    name.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::Class;

    const KINDS: [Kind; 9] = [
        Kind::Accepted,
        Kind::Deferred,
        Kind::Delivered,
        Kind::Bounced(Class::Transient),
        Kind::Bounced(Class::Policy),
        Kind::Bounced(Class::Hard),
        Kind::Complained,
        Kind::Opened { machine: false },
        Kind::Other,
    ];

    fn tenant() -> TenantId {
        "acme".parse().unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_772_000_000 + second).unwrap()
    }

    fn origin() -> Origin {
        Origin {
            mailbox: Some((MailboxId(7), "America/New_York".to_owned())),
            domain: Some("example.com".to_owned()),
            ip: None,
            campaign: None,
            zone: "UTC".to_owned(),
        }
    }

    fn changes(before: &Standing, after: &Standing) -> Changes {
        let mut changes = Changes::new();
        difference(&tenant(), before, after, &mut changes);
        settle(&mut changes);
        changes
    }

    /// What the tenant's counters say after these events, each applied as it comes.
    fn folded(events: &[(Kind, i64, Origin)]) -> Changes {
        let (mut standing, mut sum) = (Standing::default(), Changes::new());
        for (kind, second, origin) in events {
            let before = standing.clone();
            standing.note(*kind, at(*second), origin);
            difference(&tenant(), &before, &standing, &mut sum);
        }
        settle(&mut sum);
        sum
    }

    fn of_tenant(changes: &Changes) -> BTreeMap<Count, i64> {
        let mut sum = BTreeMap::new();
        for ((subject, _), counts) in changes {
            if *subject == Subject::Tenant(tenant()) {
                for (count, change) in counts {
                    *sum.entry(*count).or_default() += change;
                }
            }
        }
        sum
    }

    fn event() -> impl Strategy<Value = (Kind, i64, Origin)> {
        let campaign = proptest::option::of("[ab]");
        (0..KINDS.len(), 0_i64..400_000, proptest::option::of(1_u8..3), any::<bool>(), campaign).prop_map(
            |(kind, second, ip, knows_mailbox, campaign)| {
                let ip = ip.map(|last| IpAddr::from([192, 0, 2, last]));
                let known =
                    if knows_mailbox { origin() } else { Origin { zone: "UTC".to_owned(), ..Origin::default() } };
                (KINDS[kind], second, Origin { ip, campaign, ..known })
            },
        )
    }

    proptest! {
        #[test]
        fn counters_are_the_same_in_every_order_and_under_repeats(
            (events, shuffled) in proptest::collection::vec(event(), 1..9)
                .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle())),
            again in 0_usize..9,
        ) {
            let mut doubled = shuffled.clone();
            doubled.push(shuffled[again % shuffled.len()].clone());
            prop_assert_eq!(folded(&events), folded(&doubled));
        }

        #[test]
        fn what_stands_under_two_names_joins_to_what_would_stand_under_one(
            events in proptest::collection::vec(event(), 1..9), split in 0_usize..9,
        ) {
            let stand = |events: &[(Kind, i64, Origin)]| {
                let mut standing = Standing::default();
                for (kind, second, origin) in events {
                    standing.note(*kind, at(*second), origin);
                }
                standing
            };
            let (one, other) = events.split_at(split.min(events.len()));
            let mut joined = stand(one);
            joined.join(&stand(other));
            prop_assert_eq!(joined, stand(&events));
        }

        #[test]
        fn a_mail_is_delivered_or_bounced_and_counts_once(events in proptest::collection::vec(event(), 1..9)) {
            let counts = of_tenant(&folded(&events));
            prop_assert!(counts.values().all(|&count| count == 1), "{counts:?}");
            let ends = counts.keys().filter(|&&count| count == Count::Delivered || count == Count::Hard || count.is_soft());
            prop_assert!(ends.count() <= 1, "{counts:?}");
        }
    }

    #[test]
    fn a_late_bounce_takes_the_delivery_back_on_the_day_it_was_counted() {
        let mut before = Standing::default();
        before.note(Kind::Delivered, at(0), &origin());
        let mut after = before.clone();
        after.note(Kind::Bounced(Class::Hard), at(3 * 86_400), &origin());
        let changes = changes(&before, &after);
        let of = |day: &str, count: Count| {
            changes[&(Subject::Mailbox(MailboxId(7)), day.parse().unwrap())].get(&count).copied()
        };
        assert_eq!(of("2026-02-25", Count::Delivered), Some(-1));
        assert_eq!(of("2026-02-28", Count::Hard), Some(1));
    }

    #[test]
    fn a_complaint_keeps_the_delivery_and_a_late_delivery_after_a_bounce_changes_nothing() {
        let of = |kinds: &[Kind]| {
            let events: Vec<_> = (0..).zip(kinds).map(|(second, kind)| (*kind, second, origin())).collect();
            of_tenant(&folded(&events)).into_keys().collect::<Vec<_>>()
        };
        assert_eq!(of(&[Kind::Delivered, Kind::Complained]), [Count::Delivered, Count::Complained]);
        assert_eq!(of(&[Kind::Complained]), [Count::Complained], "what nobody reported is not counted");
        assert_eq!(of(&[Kind::Bounced(Class::Hard), Kind::Delivered]), [Count::Hard]);
        assert_eq!(of(&[Kind::Bounced(Class::Policy), Kind::Bounced(Class::Transient)]), [Count::Transient]);
    }

    #[test]
    fn what_is_learnt_later_is_counted_for_whom_it_belongs_to() {
        let mut before = Standing::default();
        before.note(Kind::Delivered, at(0), &Origin { zone: "UTC".to_owned(), ..Origin::default() });
        let uncorrelated = changes(&Standing::default(), &before);
        assert_eq!(of_tenant(&uncorrelated).into_keys().collect::<Vec<_>>(), [Count::Delivered, Count::Uncorrelated]);
        let mut after = before.clone();
        after.note(Kind::Opened { machine: true }, at(60), &origin());
        let changes = changes(&before, &after);
        assert_eq!(of_tenant(&changes)[&Count::Uncorrelated], -1);
        let mailbox = &changes[&(Subject::Mailbox(MailboxId(7)), "2026-02-25".parse().unwrap())];
        assert_eq!(mailbox[&Count::Delivered], 1);
    }

    #[test]
    fn a_mail_is_counted_for_its_campaign_and_leads_somewhere_by_it() {
        let told = Origin { campaign: Some("q1".to_owned()), zone: "UTC".to_owned(), ..Origin::default() };
        let (mut before, mut after) = (Standing::default(), Standing::default());
        before.note(Kind::Delivered, at(0), &Origin { campaign: None, ..told.clone() });
        after.join(&before);
        after.note(Kind::Clicked, at(60), &told);
        let changes = changes(&before, &after);
        let campaign = &changes[&(Subject::Campaign(tenant(), "q1".to_owned()), "2026-02-25".parse().unwrap())];
        assert_eq!(*campaign, BTreeMap::from([(Count::Delivered, 1), (Count::Clicked, 1)]), "what was before as well");
        assert_eq!(of_tenant(&changes), BTreeMap::from([(Count::Clicked, 1), (Count::Uncorrelated, -1)]));
    }

    #[test]
    fn a_campaigns_name_is_cut_at_a_characters_border() {
        assert_eq!(campaign_name("q1"), "q1");
        assert_eq!(campaign_name(&"x".repeat(5_000)).len(), CAMPAIGN_BYTES_MAX);
        assert_eq!(campaign_name(&"é".repeat(CAMPAIGN_BYTES_MAX)).len(), CAMPAIGN_BYTES_MAX);
        assert_eq!(campaign_name(&format!("x{}", "é".repeat(CAMPAIGN_BYTES_MAX))).len(), CAMPAIGN_BYTES_MAX - 1);
    }

    #[test]
    fn a_standing_is_small_and_reads_back() {
        let mut standing = Standing::default();
        for kind in [Kind::Accepted, Kind::Delivered, Kind::Opened { machine: false }, Kind::Clicked] {
            standing.note(kind, at(1), &Origin { ip: Some([192, 0, 2, 1].into()), ..origin() });
        }
        let text = serde_json::to_string(&standing).unwrap();
        assert!(text.len() < 400, "{text}");
        assert_eq!(serde_json::from_str::<Standing>(&text).unwrap(), standing);
    }
}
