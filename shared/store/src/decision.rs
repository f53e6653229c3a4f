//! Decisions: kept so that everybody can ask for them, and so that what was decided is carried out and told even if the
//! process that decided dies.
//!
//! A decision goes four steps, each of which may be the last before a crash, and each of which may be repeated:
//!
//! 1. It is stored, once a number ([`Store::decide`]): whoever comes second, also a later look, goes on with what is there.
//! 2. It is carried out in the planning row ([`Store::carry_out`]), which remembers its number: once.
//! 3. It is told. Its id is the same however often.
//! 4. The health row takes its number and standing ([`Store::put_health`]): it is done. Until then the next look begins at 1.

use jiff::{SignedDuration, Timestamp};
use preheat_core::day::PlanRow;
use preheat_core::decision::Decision;
use preheat_core::id::{MailboxId, TenantId};
use preheat_core::mailbox::State;

use crate::error::StoreError;
use crate::item::{Fields, Item, number, text};
use crate::keys::{DECISION_PREFIX, INVESTIGATION_PREFIX, Key, mailbox_pk, tenant_pk};
use crate::plan_row::{self, date_text, reason_text, state_text};
use crate::retry::Patience;
use crate::store::{Store, Write};
use crate::table::TTL;

/// How long a decision is kept, in days: a year back is a long memory. Ours.
const KEPT_DAYS: i64 = 400;
/// How often a row that changes under a decision is read again: claims come a minute apart.
const TRIES_MAX: u32 = 6;

/// What became of a decision in the planning row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CarriedOut {
    /// It is carried out; now, or before.
    Done,
    /// Somebody else has changed the state since: it is void.
    Overtaken,
    /// The mailbox is gone.
    Gone,
}

impl Store {
    /// Stores a decision under its number. The one that stands there: this one, or that of whoever was faster.
    ///
    /// # Errors
    /// The ledger did not answer, or what stands there cannot be read.
    pub async fn decide(&self, decision: &Decision) -> Result<Decision, StoreError> {
        let key = Key::Decision(decision.mailbox, decision.seq);
        let corrupt = |reason: String| StoreError::Corrupt { key: key.text(), reason };
        let json = serde_json::to_string(decision).map_err(|error| corrupt(error.to_string()))?;
        let until = decision.at + SignedDuration::from_hours(24 * KEPT_DAYS);
        let item = Item::from([("j".to_owned(), text(json)), (TTL.to_owned(), number(until.as_second()))]);
        match self.put_if_absent(key, item).await? {
            Write::Done(_) => Ok(decision.clone()),
            Write::Refused(item) => read(item).map_err(corrupt),
        }
    }

    /// Notes that a decision was never carried out: somebody had changed the state before.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn void(&self, decision: &Decision) -> Result<(), StoreError> {
        let key = Key::Decision(decision.mailbox, decision.seq);
        let void = Decision { void: true, ..decision.clone() };
        let json = serde_json::to_string(&void)
            .map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.to_string() })?;
        let call = self
            .update_item(key)
            .update_expression("SET j = :j")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":j", text(json));
        self.update(key, Patience::Usual, call).await.map(drop)
    }

    /// The decision of this number, if there is one.
    ///
    /// # Errors
    /// The ledger did not answer, or it cannot be read.
    pub async fn decision(&self, id: MailboxId, seq: u32) -> Result<Option<Decision>, StoreError> {
        let key = Key::Decision(id, seq);
        let found = self.get(key).await?.map(read).transpose();
        found.map_err(|reason| StoreError::Corrupt { key: key.text(), reason })
    }

    /// Every decision of a mailbox that is kept, oldest first.
    ///
    /// # Errors
    /// The ledger did not answer, or one cannot be read.
    pub async fn decisions(&self, id: MailboxId) -> Result<Vec<Decision>, StoreError> {
        let pk = mailbox_pk(id);
        let items = self.query_all(&pk, DECISION_PREFIX).await?;
        let read = |(seq, item)| {
            read(item).map_err(|reason| StoreError::Corrupt { key: format!("{pk}/{DECISION_PREFIX}{seq}"), reason })
        };
        items.into_iter().map(read).collect()
    }

    /// Carries a decision out in the planning row: state, multiplier, day index, and what is left of today's quota. Once,
    /// however often it is called, and only while the mailbox is in the state that was decided on. Never un-counts what is
    /// claimed: a quota is lowered to what is used at the least.
    ///
    /// # Errors
    /// The ledger did not answer, the row cannot be read, or it kept changing: call again.
    pub async fn carry_out(&self, decision: &Decision) -> Result<CarriedOut, StoreError> {
        let (id, key) = (decision.mailbox, Key::Plan(decision.mailbox));
        let Some(mut row) = self.plan_row(id).await? else { return Ok(CarriedOut::Gone) };
        for _ in 0..TRIES_MAX {
            if row.decided >= decision.seq {
                return Ok(CarriedOut::Done);
            }
            if row.state != decision.from || (row.by_hand && is_resume(decision)) {
                return Ok(CarriedOut::Overtaken);
            }
            let item = match self.update(key, Patience::Usual, self.carrying_out(decision, &row)).await? {
                Write::Done(_) => return Ok(CarriedOut::Done),
                Write::Refused(item) => item,
            };
            if item.is_empty() {
                return Ok(CarriedOut::Gone);
            }
            row = plan_row::from_item(id, item)
                .map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.0 })?;
        }
        Err(StoreError::Contended(key.text()))
    }

    fn carrying_out(
        &self,
        decision: &Decision,
        row: &PlanRow,
    ) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        let percent = decision.percent.1;
        let mut set = "SET st = :st, hm = :hm, gs = :gs".to_owned();
        let mut when = "st = :ost AND (attribute_not_exists(gs) OR gs < :gs)".to_owned();
        let mut call = self
            .update_item(Key::Plan(decision.mailbox))
            .expression_attribute_values(":st", text(state_text(decision.to)))
            .expression_attribute_values(":hm", number(percent))
            .expression_attribute_values(":gs", number(decision.seq))
            .expression_attribute_values(":ost", text(state_text(decision.from)));
        if decision.to != decision.from {
            set.push_str(", sr = :sr");
            call = call.expression_attribute_values(":sr", reason_text(&decision.words));
        }
        if decision.day_index.0 != decision.day_index.1 {
            // A day that was turned since has grown the index: it goes back by as much, from where it is.
            let back = decision.day_index.0.saturating_sub(decision.day_index.1);
            let to = if decision.day_index.1 == 0 { 0 } else { row.day_index.saturating_sub(back).max(1) };
            set.push_str(", i = :i");
            when.push_str(" AND i = :oi");
            call = call
                .expression_attribute_values(":i", number(to))
                .expression_attribute_values(":oi", number(row.day_index));
        }
        if let Some((quota, carried_in)) = row.lowered(percent) {
            set.push_str(", q = :q, ci = :ci, hq = :hm");
            // No claim since that would be beyond the lower quota, and no other day.
            when.push_str(" AND q = :oq AND u <= :q");
            call = call
                .expression_attribute_values(":q", number(quota))
                .expression_attribute_values(":ci", number(carried_in))
                .expression_attribute_values(":oq", number(row.quota));
            match row.date {
                None => when.push_str(" AND attribute_not_exists(d)"),
                Some(date) => {
                    when.push_str(" AND d = :d");
                    call = call.expression_attribute_values(":d", date_text(date));
                }
            }
        }
        if is_resume(decision) {
            // A person may have taken the pause over since.
            when.push_str(" AND attribute_not_exists(bh)");
        }
        if decision.to != State::Paused {
            set.push_str(" REMOVE bh");
        }
        call.update_expression(set).condition_expression(when)
    }

    /// Opens the record of an investigation: what an emergency leaves behind for people. Once an emergency.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn open_investigation(&self, decision: &Decision, domain: &str) -> Result<(), StoreError> {
        let id = decision.id();
        let item = Item::from([
            ("opened".to_owned(), text(decision.at.to_string())),
            ("domain".to_owned(), text(domain)),
            ("mailbox".to_owned(), text(decision.mailbox.to_string())),
            ("why".to_owned(), text(decision.words.clone())),
        ]);
        self.put_if_absent(Key::Investigation(&decision.tenant, &id), item).await.map(drop)
    }

    /// The investigations of a tenant, by the id of the decision that opened each.
    ///
    /// # Errors
    /// The ledger did not answer, or one cannot be read.
    pub async fn investigations(&self, tenant: &TenantId) -> Result<Vec<Investigation>, StoreError> {
        let pk = tenant_pk(tenant);
        let items = self.query_all(&pk, INVESTIGATION_PREFIX).await?;
        items
            .into_iter()
            .map(|(id, item)| {
                let mut fields = Fields(item);
                let key = format!("{pk}/{INVESTIGATION_PREFIX}{id}");
                let mut read = || -> Result<Investigation, crate::item::Unreadable> {
                    Ok(Investigation {
                        id: id.clone(),
                        opened_at: fields.text("opened")?.parse()?,
                        domain: fields.text("domain")?,
                        mailbox: fields.text("mailbox")?.parse()?,
                        why: fields.text("why")?,
                    })
                };
                read().map_err(|error| StoreError::Corrupt { key, reason: error.0 })
            })
            .collect()
    }
}

/// An investigation that an emergency opened.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Investigation {
    /// The id of the decision.
    pub id: String,
    /// When.
    pub opened_at: Timestamp,
    /// Which domain was paused.
    pub domain: String,
    /// Whose bounces it was.
    pub mailbox: MailboxId,
    /// What was seen.
    pub why: String,
}

/// Whether it ends a pause: a rule ends none that a person has made.
fn is_resume(decision: &Decision) -> bool {
    decision.from == State::Paused && matches!(decision.to, State::Warming | State::New)
}

fn read(item: Item) -> Result<Decision, String> {
    let json = Fields(item).text("j").map_err(|error| error.0)?;
    serde_json::from_str(&json).map_err(|error| error.to_string())
}
