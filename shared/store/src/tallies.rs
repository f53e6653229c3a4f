//! Counters of events by subject and local day: additive, one item a day, spread over parts where many write at once.
//!
//! Changes come only out of the transaction that stores the events they count ([`crate::events`]); here they are written
//! down as its parts, and read.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use aws_sdk_dynamodb::types::{AttributeValue, Update};
use futures::future::try_join_all;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use preheat_core::counters::{Count, Counters, Subject};
use preheat_core::id::TenantId;

use crate::error::{StoreError, unbuilt};
use crate::item::{Item, Unreadable, number, text};
use crate::keys::{Key, counters_pk};
use crate::store::Store;
use crate::table::TTL;

/// How long a day of counters is kept, in days: a year and a month to compare it with. Ours.
const KEPT_DAYS: i64 = 400;

/// Parts of what is shared by many mails. At 500 events a second, one a transaction of some 20 ms, a part is busy a third of the
/// time: conflicts are then the exception, and the store's back-off ends them.
const PARTS: u8 = 32;

/// Into how many items the counters of a day are spread. A transaction locks what it writes: a mailbox has some mails a
/// minute at most, everything that is shared by a tenant's mailboxes has many a second.
fn parts(subject: &Subject) -> u8 {
    match subject {
        Subject::Mailbox(_) => 1,
        Subject::Ip(..) | Subject::Domain(..) | Subject::Tenant(_) | Subject::Campaign(..) => PARTS,
    }
}

impl Store {
    /// The counters of a subject over local days, both ends included. Eventually consistent.
    ///
    /// # Errors
    /// The ledger did not answer, or an item cannot be read.
    pub async fn counters(&self, subject: &Subject, days: RangeInclusive<Date>) -> Result<Counters, StoreError> {
        Ok(self.counters_by_day(subject, days).await?.into_values().sum())
    }

    /// The same day by day. A day is there if it has any event at all, sent or not.
    ///
    /// # Errors
    /// As for [`Store::counters`].
    pub async fn counters_by_day(
        &self,
        subject: &Subject,
        days: RangeInclusive<Date>,
    ) -> Result<BTreeMap<Date, Counters>, StoreError> {
        let named = match subject {
            Subject::Campaign(_, name) => Some(name.as_str()),
            Subject::Mailbox(_) | Subject::Ip(..) | Subject::Domain(..) | Subject::Tenant(_) => None,
        };
        let mut days = self.sums(subject, days).await?;
        days.retain(|(_, name), _| name.as_deref() == named);
        Ok(days.into_iter().map(|((day, _), counts)| (day, counters(counts))).collect())
    }

    /// The counters of every campaign of a tenant that anything was reported of in these days of the tenant's, both ends
    /// included. Eventually consistent; reads as many rows as there are campaigns and days, 32 times at most.
    ///
    /// # Errors
    /// As for [`Store::counters`].
    pub async fn campaigns(
        &self,
        tenant: &TenantId,
        days: RangeInclusive<Date>,
    ) -> Result<BTreeMap<String, Counters>, StoreError> {
        let any = Subject::Campaign(tenant.clone(), String::new());
        let mut campaigns: BTreeMap<String, Counters> = BTreeMap::new();
        for ((_, name), counts) in self.sums(&any, days).await? {
            *campaigns.entry(name.unwrap_or_default()).or_default() += counters(counts);
        }
        campaigns.retain(|_, counters| !counters.is_empty());
        Ok(campaigns)
    }

    /// What lies in a subject's parts in a range of days, by day and (of campaigns) by name.
    async fn sums(&self, subject: &Subject, days: RangeInclusive<Date>) -> Result<Sums, StoreError> {
        // `$` comes after `#`: the last day's names are within.
        let range = &(days.start().to_string(), format!("{}$", days.end()));
        let read = |part| async move {
            let (pk, mut items) = (counters_pk(subject, part), Vec::new());
            self.query_between(&pk, (&range.0, &range.1), |item| items.push(item)).await?;
            Ok::<_, StoreError>((pk, items))
        };
        let mut sums = Sums::new();
        for (pk, items) in try_join_all((0..parts(subject)).map(read)).await? {
            for item in items {
                add(&item, &mut sums).map_err(|error| StoreError::Corrupt { key: pk.clone(), reason: error.0 })?;
            }
        }
        Ok(sums)
    }

    /// A change of counters, as a part of a transaction. `spread` chooses the part: any number.
    pub(crate) fn counting(
        &self,
        (subject, day): (&Subject, Date),
        changes: &BTreeMap<Count, i64>,
        spread: u8,
        now: Timestamp,
    ) -> Result<Update, StoreError> {
        let key = Key::Counters(subject, spread % parts(subject), day);
        let until = now + SignedDuration::from_hours(24 * KEPT_DAYS);
        let mut update = Update::builder()
            .table_name(&*self.table)
            .key("pk", text(key.pk()))
            .key("sk", text(key.sk()))
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":ttl", number(until.as_second()));
        let mut expression = String::from("SET #ttl = if_not_exists(#ttl, :ttl) ADD ");
        for (i, (count, change)) in changes.iter().enumerate() {
            // Some names are reserved words.
            expression.push_str(&format!("{}#c{i} :c{i}", if i == 0 { "" } else { ", " }));
            update = update
                .expression_attribute_names(format!("#c{i}"), count.name())
                .expression_attribute_values(format!(":c{i}"), number(change));
        }
        update.update_expression(expression).build().map_err(|error| unbuilt("TransactWriteItems", &error))
    }
}

/// Sums over parts, by day and (of campaigns) by name.
type Sums = BTreeMap<(Date, Option<String>), BTreeMap<Count, i64>>;

fn add(item: &Item, sums: &mut Sums) -> Result<(), Unreadable> {
    let key = item.get("sk").and_then(|sk| sk.as_s().ok()).ok_or_else(|| Unreadable("no day".to_owned()))?;
    let (day, name) = key.split_once('#').map_or((key.as_str(), None), |(day, name)| (day, Some(name.to_owned())));
    let day = sums.entry((day.parse()?, name)).or_default();
    for (name, value) in item {
        // What a newer version counts besides is not ours to judge.
        let (Some(count), AttributeValue::N(digits)) = (Count::named(name), value) else { continue };
        let change: i64 = digits.parse().map_err(|_| Unreadable(format!("`{name}` is {digits}")))?;
        *day.entry(count).or_default() += change;
    }
    Ok(())
}

/// A part may be below zero, where a correction fell into another than what it corrects; the sum is not.
fn counters(sums: BTreeMap<Count, i64>) -> Counters {
    let mut counters = Counters::default();
    for (count, sum) in sums {
        counters.add(count, u64::try_from(sum).unwrap_or(0));
    }
    counters
}
