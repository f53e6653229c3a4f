//! The lease on a mailbox's visits: one live visitor a mailbox, and a stale one cannot write (invariant 4).

use jiff::Timestamp;
use preheat_core::id::MailboxId;
use preheat_core::visit::BoxRow;

use aws_sdk_dynamodb::types::ReturnValue;

use crate::box_row::{content, from_item};
use crate::error::StoreError;
use crate::item::{Item, instant, number, text};
use crate::keys::Key;
use crate::plan_row::date_text;
use crate::retry::Patience;
use crate::store::{Store, Write};

/// The right to visit a mailbox, until it expires. It is not given back: expiry is the end of it, and saves a write.
#[derive(Debug, Clone, PartialEq)]
pub struct Lease {
    /// Which mailbox.
    pub id: MailboxId,
    /// Grows with every lease: a record under an older one is refused.
    pub fence: u32,
    /// The row as it stood when the lease was won.
    pub row: BoxRow,
}

impl Store {
    /// Leases a mailbox until `until`: 1 write unit, and no read. `None`: somebody else holds it.
    ///
    /// Where the answer to a won lease is lost, nobody can tell whose it is: `None`, too, and the visit is made when it has
    /// expired. That costs a delay, where guessing could cost a second visitor.
    ///
    /// # Errors
    /// The ledger did not answer, or the row cannot be read.
    pub async fn lease(&self, id: MailboxId, now: Timestamp, until: Timestamp) -> Result<Option<Lease>, StoreError> {
        let key = Key::Box(id);
        let call = self
            .update_item(key)
            .update_expression("SET lu = :until ADD fe :one")
            // A row without a fence was never imported: a lease must not bring a deleted mailbox back.
            .condition_expression("attribute_exists(fe) AND (attribute_not_exists(lu) OR lu <= :now)")
            .expression_attribute_values(":until", instant(until))
            .expression_attribute_values(":now", instant(now))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew);
        match self.update(key, Patience::Usual, call).await? {
            Write::Refused(_) => Ok(None),
            Write::Done(item) => {
                let row = from_item(item).map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.0 })?;
                Ok(Some(Lease { id, fence: row.fence, row }))
            }
        }
    }

    /// Writes what a visit found and what it owes, before anything is done with it: 1 write unit. Fence, lease and date
    /// of `row` are not looked at: they are the lease's. A repeat says the same again.
    ///
    /// # Errors
    /// [`StoreError::StaleFence`]: somebody else has a newer lease, or the day was turned: nothing was written, and nothing may
    /// be done with the mailbox. Others: the ledger did not answer.
    pub async fn record(&self, lease: &Lease, row: &BoxRow) -> Result<(), StoreError> {
        let key = Key::Box(lease.id);
        let call = self.update_item(key);
        let call = set_content(call, row, "").expression_attribute_values(":fe", number(lease.fence));
        let call = match lease.row.date {
            None => call.condition_expression("fe = :fe AND attribute_not_exists(d)"),
            Some(date) => {
                call.condition_expression("fe = :fe AND d = :d").expression_attribute_values(":d", date_text(date))
            }
        };
        if self.update(key, Patience::Usual, call).await?.is_done() { Ok(()) } else { Err(StoreError::StaleFence) }
    }
}

/// Sets everything a visit records, and `more` with it.
pub(crate) fn set_content(
    mut call: aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder,
    row: &BoxRow,
    more: &str,
) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
    for (name, value) in content(row) {
        call = call.expression_attribute_values(format!(":{name}"), value);
    }
    call.update_expression(format!("SET f = :f, fb = :fb, r = :r, p = :p, v = :v, rw = :rw, sw = :sw, lo = :lo{more}"))
}

/// The conditions under which a box row still says what was read of it: fence, date, and everything a visit records.
pub(crate) fn unchanged(
    mut call: aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder,
    old: &BoxRow,
) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
    let mut when = "fe = :ofe AND f = :of AND p = :op AND v = :ov".to_owned();
    let read: Item = content(old).into_iter().filter(|(name, _)| ["f", "p", "v"].contains(&name.as_str())).collect();
    for (name, value) in read {
        call = call.expression_attribute_values(format!(":o{name}"), value);
    }
    call = call.expression_attribute_values(":ofe", number(old.fence));
    match old.date {
        None => when.push_str(" AND attribute_not_exists(d)"),
        Some(date) => {
            when.push_str(" AND d = :od");
            call = call.expression_attribute_values(":od", text(date.to_string()));
        }
    }
    call.condition_expression(when)
}
