//! Writing the turn of a local day (core's `turn_day` has decided it): archives first, then the box row, then the planning row.
//!
//! Each step may be the last before a crash, and the next tick repairs it by doing all of them again:
//!
//! - The planning row goes last, because it knows which replies were sent and how many mails: the box row's turn needs both.
//! - Both rows are replaced only if they still say everything that was read of them, so no outcome, claim or finding in between
//!   is lost: the turn is then made anew from the newer rows. The box row's fence grows, so a visit under way cannot record.
//! - An archive is put only where there is none. One that is there was left by a turn that got no further (and may be older than
//!   the row) or belongs to a turn that is done (and must not be touched: a search may have settled its slots since). So it is
//!   replaced in one transaction with the planning row: only by whoever turns the row.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use preheat_core::day::PlanRow;
use preheat_core::tick::FleetRow;
use preheat_core::turn::Turned;
use preheat_core::visit::BoxRow;

use crate::box_row;
use crate::error::{StoreError, failure};
use crate::item::{Item, instant, number, number_set, text};
use crate::keys::Key;
use crate::lease::{set_content, unchanged};
use crate::plan_row::{
    self, date_text, exact_instant, open_map, percent_attribute, reason_text, replied_map, slots_map, state_text,
};
use crate::retry::{Patience, repeat};
use crate::store::{Store, Write};

impl Store {
    /// Replaces a mailbox's day: 4 write units. False: a row has changed since it was read, or somebody else was faster; the
    /// mailbox is left out of this tick and turned in the next. Where somebody else has made the very same turn, that is
    /// as good as one's own: true.
    ///
    /// # Errors
    /// The ledger did not answer. What was written stays; the next tick does the rest.
    pub async fn turn(&self, old: &FleetRow, turned: &Turned) -> Result<bool, StoreError> {
        let id = old.plan.plan.id;
        if old.box_row != turned.box_row {
            let archive = match &turned.box_archive {
                None => None,
                Some(archive) => {
                    Some((Key::BoxDay(archive.mailbox, archive.date), crate::archive::to_item(archive, archive.date)?))
                }
            };
            let update = turn_box(self.update_item(Key::Box(id)), &old.box_row, &turned.box_row);
            if let Write::Refused(item) = self.replace(Key::Box(id), update, archive).await?
                && box_row::from_item(item) != Ok(turned.box_row.clone())
            {
                return Ok(false);
            }
        }
        if old.plan == turned.plan {
            return Ok(true);
        }
        let archive = match &turned.archive {
            None => None,
            Some(archive) => {
                Some((Key::Day(archive.mailbox, archive.date), crate::archive::to_item(archive, archive.date)?))
            }
        };
        let update = turn_plan(self.update_item(Key::Plan(id)), &old.plan, &turned.plan);
        match self.replace(Key::Plan(id), update, archive).await? {
            Write::Done(_) => Ok(true),
            Write::Refused(item) => Ok(is_turned(&item, &turned.plan)),
        }
    }

    /// Replaces a row's day, its archive before it.
    async fn replace(
        &self,
        key: Key<'_>,
        update: UpdateItemFluentBuilder,
        archive: Option<(Key<'_>, Item)>,
    ) -> Result<Write, StoreError> {
        if let Some((archive_key, archive)) = archive
            && !self.put_if_absent(archive_key, archive.clone()).await?.is_done()
        {
            let archive = self.put_item(archive_key, archive).get_item().clone();
            if self.replace_both(key, &update, archive).await? {
                return Ok(Write::Done(Item::new()));
            }
            return Ok(Write::Refused(self.get(key).await?.unwrap_or_default()));
        }
        self.update(key, Patience::Usual, update).await
    }

    /// Replaces the row's day and puts its archive: both or neither.
    async fn replace_both(
        &self,
        key: Key<'_>,
        update: &UpdateItemFluentBuilder,
        archive: Option<Item>,
    ) -> Result<bool, StoreError> {
        let ours = |error: aws_sdk_dynamodb::error::BuildError| StoreError::Refused {
            operation: "TransactWriteItems",
            code: "Build".to_owned(),
            message: error.to_string(),
        };
        let update = Update::builder()
            .table_name(&*self.table)
            .set_key(update.get_key().clone())
            .set_update_expression(update.get_update_expression().clone())
            .set_condition_expression(update.get_condition_expression().clone())
            .set_expression_attribute_names(update.get_expression_attribute_names().clone())
            .set_expression_attribute_values(update.get_expression_attribute_values().clone())
            .build()
            .map_err(ours)?;
        let put = Put::builder().table_name(&*self.table).set_item(archive).build().map_err(ours)?;
        let call = self
            .client
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().update(update).build())
            .transact_items(TransactWriteItem::builder().put(put).build());
        repeat(Patience::Usual, &key.text(), || {
            let call = call.clone();
            async move {
                let Err(error) = Box::pin(call.send()).await else { return Ok(true) };
                match error.as_service_error() {
                    Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                        let is = |code| cancelled.cancellation_reasons().iter().any(|why| why.code() == Some(code));
                        if is("ConditionalCheckFailed") {
                            return Ok(false);
                        }
                        Err(StoreError::Throttled { operation: "TransactWriteItems", attempts: 1 })
                    }
                    _ => Err(failure("TransactWriteItems", &error)),
                }
            }
        })
        .await
    }
}

/// Sets the box's day, under the condition that the row still says all that was read of it.
fn turn_box(call: UpdateItemFluentBuilder, old: &BoxRow, new: &BoxRow) -> UpdateItemFluentBuilder {
    let mut call = unchanged(call, old).expression_attribute_values(":fe", number(new.fence));
    let mut more = ", fe = :fe".to_owned();
    if let Some(date) = new.date {
        more.push_str(", d = :d");
        call = call.expression_attribute_values(":d", date_text(date));
    }
    match new.lease_until {
        None => more.push_str(" REMOVE lu"),
        Some(until) => {
            more.push_str(", lu = :lu");
            call = call.expression_attribute_values(":lu", instant(until));
        }
    }
    set_content(call, new, &more)
}

/// Sets the day, under the condition that the row still says all that was read of it. The settings are neither written nor
/// compared: they may be changed at any time, and the next tick goes by them.
fn turn_plan(call: UpdateItemFluentBuilder, old: &PlanRow, new: &PlanRow) -> UpdateItemFluentBuilder {
    let mut set = "SET st = :st, i = :i, q = :q, ci = :ci, u = :u, o = :o, rp = :rp, op = :op".to_owned();
    let mut remove = String::new();
    let mut when = "st = :ost AND i = :oi AND q = :oq AND u = :ou AND o = :oo AND rp = :orp AND op = :oop".to_owned();
    let mut call = call
        .expression_attribute_values(":st", text(state_text(new.state)))
        .expression_attribute_values(":i", number(new.day_index))
        .expression_attribute_values(":q", number(new.quota))
        .expression_attribute_values(":ci", number(new.carried_in))
        .expression_attribute_values(":u", number(new.used))
        .expression_attribute_values(":o", slots_map(new))
        .expression_attribute_values(":rp", replied_map(new))
        .expression_attribute_values(":op", open_map(new))
        .expression_attribute_values(":ost", text(state_text(old.state)))
        .expression_attribute_values(":oi", number(old.day_index))
        .expression_attribute_values(":oq", number(old.quota))
        .expression_attribute_values(":ou", number(old.used))
        .expression_attribute_values(":oo", slots_map(old))
        .expression_attribute_values(":orp", replied_map(old))
        .expression_attribute_values(":oop", open_map(old));
    let mut place = |name: &str, value| match value {
        Some(value) => {
            set.push_str(&format!(", {name} = :{name}"));
            Some((format!(":{name}"), value))
        }
        None => {
            remove.push_str(if remove.is_empty() { " REMOVE " } else { ", " });
            remove.push_str(name);
            None
        }
    };
    let placed = [
        place("d", new.date.map(date_text)),
        place("ba", new.begun_at.map(exact_instant)),
        place("la", new.last_claim_at.map(instant)),
        place("lt", new.last_trouble.as_deref().map(reason_text)),
        place("td", (!new.troubled.is_empty()).then(|| number_set(new.troubled.iter().copied()))),
        place("hb", new.held_back.map(|held| text(held.letter()))),
        place("hq", percent_attribute(new.quota_percent)),
    ];
    for (name, value) in placed.into_iter().flatten() {
        call = call.expression_attribute_values(name, value);
    }
    match old.date {
        None => when.push_str(" AND attribute_not_exists(d)"),
        Some(date) => {
            when.push_str(" AND d = :od");
            call = call.expression_attribute_values(":od", date_text(date));
        }
    }
    // A multiplier that fell since the row was read: the target is made anew with it.
    match percent_attribute(old.percent) {
        None => {
            when.push_str(" AND (attribute_not_exists(hm) OR hm = :ohm)");
            call = call.expression_attribute_values(":ohm", number(100));
        }
        Some(percent) => {
            when.push_str(" AND hm = :ohm");
            call = call.expression_attribute_values(":ohm", percent);
        }
    }
    call.update_expression(set + &remove).condition_expression(when)
}

/// Whether the row says already what the turn wants it to say.
fn is_turned(item: &Item, new: &PlanRow) -> bool {
    let wanted = plan_row::to_item(new);
    ["d", "i", "q", "ci", "ba", "u", "o", "rp", "op", "hq"].iter().all(|&name| item.get(name) == wanted.get(name))
}
