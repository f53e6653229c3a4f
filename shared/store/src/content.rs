//! Warmup's own texts: conversation plans, the decks that deal them to threads, and what the language model cost.
//!
//! Plan: `j` script as JSON, `v` what wrote it, `rt` date of retirement. Deck: `j` as JSON. Tallies of a date: `u#{plan}` uses,
//! `o#{plan}` outcomes, `s#{plan}` of them in spam, `t{i}` the tick last counted. Day: `b{n}` tokens of the n-th request, `f` the
//! first failure. All expire.
//!
//! Nothing here is written a mail: what a tick counted of all plans is one update, and only ticks in which local days turn
//! count anything. A plan's record is the sum over dates.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use preheat_core::content::deck::{DECK_DAYS, Deck, Decks, PLAN_DAYS_MAX};
use preheat_core::content::plan::{Plan, PlanId, Via};
use preheat_core::content::tally::Tally;
use preheat_core::rate::Rate;

use crate::error::StoreError;
use crate::fleet::BadRow;
use crate::item::{Fields, Item, Unreadable, number, text};
use crate::keys::{CONTENT_PK, CONTENT_PLAN_PREFIX, DECK_PREFIX, Key, TALLIES_PREFIX};
use crate::plan_row::{date_text, reason_text};
use crate::retry::Patience;
use crate::store::{Store, Write};

/// Attributes of a day's requests begin with this.
const REQUEST_PREFIX: &str = "b";
/// Plans whose counters one update adds to: an expression may hold 300 operators, and a plan has 3 counters.
const TALLIES_AT_ONCE: usize = 80;

/// Every plan that is kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stock {
    /// In the order of their names.
    pub plans: Vec<Plan>,
    /// Items that this version cannot read.
    pub unreadable: Vec<BadRow>,
}

/// What was asked of the language model on a date.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spending {
    /// Tokens by number of the request: reserved, or spent once that is known.
    pub requests: BTreeMap<u32, u64>,
    /// The first failure, if there was one.
    pub failure: Option<String>,
}

impl Spending {
    /// Tokens of the day.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.requests.values().sum()
    }
}

impl Store {
    /// Keeps a plan, if its name is free; whether it was.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn put_content_plan(&self, plan: &Plan) -> Result<bool, StoreError> {
        let key = Key::ContentPlan(plan.id);
        let last = plan.id.made.saturating_add((i64::from(PLAN_DAYS_MAX) + DECK_DAYS).days());
        let via = match plan.via() {
            Via::Llm => "llm",
            Via::Library => "library",
        };
        let item = Item::from([
            ("j".to_owned(), text(json(key, &plan.script)?)),
            ("v".to_owned(), text(via)),
            ("ttl".to_owned(), number(end_of(last))),
        ]);
        Ok(self.put_if_absent(key, item).await?.is_done())
    }

    /// A plan, without its record; `None`: there is none of this name (any more).
    ///
    /// # Errors
    /// The ledger did not answer, or the plan cannot be read.
    pub async fn content_plan(&self, id: PlanId) -> Result<Option<Plan>, StoreError> {
        let key = Key::ContentPlan(id);
        let plan = self.get(key).await?.map(|item| read_plan(id, item)).transpose();
        plan.map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.0 })
    }

    /// Every plan with its record.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn content_stock(&self) -> Result<Stock, StoreError> {
        let mut stock = Stock::default();
        let record = self.content_record().await?;
        for (name, item) in self.query_all(CONTENT_PK, CONTENT_PLAN_PREFIX).await? {
            match name.parse().map_err(Unreadable::from).and_then(|id| read_plan(id, item)) {
                Ok(plan) => {
                    let tally = record.get(&plan.id).copied().unwrap_or_default();
                    stock.plans.push(Plan { uses: tally.uses, spam: Rate::new(tally.spam, tally.outcomes), ..plan });
                }
                Err(error) => stock.unreadable.push(BadRow { key: name, reason: error.0 }),
            }
        }
        Ok(stock)
    }

    /// Adds what was counted in a tick: once, however often it is said.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn add_content_tallies(
        &self,
        tick: Timestamp,
        tallies: &BTreeMap<PlanId, Tally>,
    ) -> Result<(), StoreError> {
        let date = tick.to_zoned(TimeZone::UTC).date();
        let key = Key::ContentTallies(date);
        let last = date.saturating_add((i64::from(PLAN_DAYS_MAX) + DECK_DAYS).days());
        let tallies: Vec<(&PlanId, &Tally)> = tallies.iter().collect();
        for (i, part) in tallies.chunks(TALLIES_AT_ONCE).enumerate() {
            let counters = part.iter().flat_map(|(id, tally)| {
                [("u", tally.uses), ("o", tally.outcomes), ("s", tally.spam)].map(|(kind, count)| (kind, id, count))
            });
            let mut call = self
                .update_item(key)
                .condition_expression("attribute_not_exists(#tick) OR #tick < :tick")
                .expression_attribute_names("#tick", format!("t{i}"))
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_values(":tick", number(tick.as_second()))
                .expression_attribute_values(":ttl", number(end_of(last)));
            let mut added = Vec::new();
            for (n, (kind, id, count)) in counters.filter(|(.., count)| *count > 0).enumerate() {
                added.push(format!("#c{n} :c{n}"));
                call = call
                    .expression_attribute_names(format!("#c{n}"), format!("{kind}#{id}"))
                    .expression_attribute_values(format!(":c{n}"), number(count));
            }
            if !added.is_empty() {
                let call = call.update_expression(format!("SET #tick = :tick, #ttl = :ttl ADD {}", added.join(", ")));
                self.update(key, Patience::Usual, call).await?;
            }
        }
        Ok(())
    }

    /// What was counted of every plan, over all dates that are kept.
    async fn content_record(&self) -> Result<BTreeMap<PlanId, Tally>, StoreError> {
        let mut record: BTreeMap<PlanId, Tally> = BTreeMap::new();
        for item in self.query_all(CONTENT_PK, TALLIES_PREFIX).await?.into_values() {
            for (name, value) in item {
                let Some((kind, Ok(id))) = name.split_once('#').map(|(kind, id)| (kind, id.parse())) else { continue };
                let count: u64 = value.as_n().ok().and_then(|digits| digits.parse().ok()).unwrap_or_default();
                let tally = record.entry(id).or_default();
                match kind {
                    "u" => tally.uses += count,
                    "o" => tally.outcomes += count,
                    "s" => tally.spam += count,
                    _ => {}
                }
            }
        }
        Ok(record)
    }

    /// Takes a plan out of use. The first date stays.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn retire_content_plan(&self, id: PlanId, on: Date) -> Result<(), StoreError> {
        let key = Key::ContentPlan(id);
        let call = self
            .update_item(key)
            .update_expression("SET rt = if_not_exists(rt, :on)")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":on", date_text(on));
        self.update(key, Patience::Usual, call).await.map(drop)
    }

    /// Lays down the deck of a date, if there is none; whether there was none. A deck never changes.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn put_deck(&self, deck: &Deck) -> Result<bool, StoreError> {
        let key = Key::Deck(deck.date);
        let last = deck.date.saturating_add(DECK_DAYS.days());
        let item = Item::from([("j".to_owned(), text(json(key, deck)?)), ("ttl".to_owned(), number(end_of(last)))]);
        Ok(self.put_if_absent(key, item).await?.is_done())
    }

    /// Every deck that is kept. One that cannot be read is as good as none: its threads have the library.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn decks(&self) -> Result<Decks, StoreError> {
        let read = |(date, item): (String, Item)| {
            let deck = Fields(item).text("j").and_then(|json| Ok(serde_json::from_str::<Deck>(&json)?));
            deck.inspect_err(|error| tracing::warn!(date, reason = error.0, "a deck cannot be read")).ok()
        };
        Ok(self.query_all(CONTENT_PK, DECK_PREFIX).await?.into_iter().filter_map(read).collect())
    }

    /// What was asked of the language model on a date.
    ///
    /// # Errors
    /// The ledger did not answer, or the item cannot be read.
    pub async fn content_spending(&self, date: Date) -> Result<Spending, StoreError> {
        let key = Key::ContentDay(date);
        let Some(item) = self.get(key).await? else { return Ok(Spending::default()) };
        read_spending(item).map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.0 })
    }

    /// Reserves tokens for the n-th request of a date, before it is made; whether nobody else has that number.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn reserve_tokens(&self, date: Date, request: u32, tokens: u64) -> Result<bool, StoreError> {
        let key = Key::ContentDay(date);
        let call = self.set_tokens(date, request, tokens).condition_expression("attribute_not_exists(#request)");
        Ok(self.update(key, Patience::Usual, call).await?.is_done())
    }

    /// Writes what a request cost in the place of what was reserved.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn settle_tokens(&self, date: Date, request: u32, tokens: u64) -> Result<(), StoreError> {
        let call = self.set_tokens(date, request, tokens);
        self.update(Key::ContentDay(date), Patience::Outcome, call).await.map(drop)
    }

    fn set_tokens(
        &self,
        date: Date,
        request: u32,
        tokens: u64,
    ) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        self.update_item(Key::ContentDay(date))
            .update_expression("SET #request = :tokens, #ttl = :ttl")
            .expression_attribute_names("#request", format!("{REQUEST_PREFIX}{request}"))
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":tokens", number(tokens))
            .expression_attribute_values(":ttl", number(end_of(date.saturating_add(DECK_DAYS.days()))))
    }

    /// Notes that the language model failed on a date; whether it is the first time, so that it is reported once.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn note_model_failure(&self, date: Date, reason: &str) -> Result<bool, StoreError> {
        let key = Key::ContentDay(date);
        let call = self
            .update_item(key)
            .update_expression("SET f = :reason, #ttl = :ttl")
            .condition_expression("attribute_not_exists(f)")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":reason", reason_text(reason))
            .expression_attribute_values(":ttl", number(end_of(date.saturating_add(DECK_DAYS.days()))));
        Ok(matches!(self.update(key, Patience::Usual, call).await?, Write::Done(_)))
    }
}

fn json(key: Key<'_>, value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.to_string() })
}

/// The last second of a date (UTC), as a TTL.
fn end_of(date: Date) -> i64 {
    let next = date.saturating_add(1.day()).to_zoned(TimeZone::UTC);
    next.map_or(i64::MAX, |midnight| midnight.timestamp().as_second() - 1)
}

fn read_plan(id: PlanId, item: Item) -> Result<Plan, Unreadable> {
    let mut fields = Fields(item);
    let script = serde_json::from_str(&fields.text("j")?)?;
    Ok(Plan { retired: fields.text_or_none("rt")?.map(|date| date.parse()).transpose()?, ..Plan::new(id, script) })
}

fn read_spending(item: Item) -> Result<Spending, Unreadable> {
    let numbers = item.keys().filter_map(|name| name.strip_prefix(REQUEST_PREFIX)?.parse().ok());
    let numbers: Vec<u32> = numbers.collect();
    let mut fields = Fields(item);
    let mut spending = Spending { failure: fields.text_or_none("f")?, ..Spending::default() };
    for request in numbers {
        spending.requests.insert(request, fields.number(&format!("{REQUEST_PREFIX}{request}"))?);
    }
    Ok(spending)
}
