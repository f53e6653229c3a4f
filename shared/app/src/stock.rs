//! The daily stock of conversation plans (domain.md §6): each day begins with fresh ones, made ahead of time.
//!
//! Called once a day by the governor, and by hand; a repeat on the same day makes only what is still missing. A plan that
//! landed in spam too often is retired; where a language has fewer than five plans of today, more are made, by the language
//! model within its own daily budget of tokens, else from the library; then the deck of the next date is dealt. What goes
//! wrong with the model costs its texts and nothing else: the library is always enough.
//!
//! Reads and writes warmup's own texts and reads planning rows; knows nothing of campaigns.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use preheat_core::content::Language;
use preheat_core::content::answer;
use preheat_core::content::ask::{self, BATCH_MAX, REQUEST_TOKENS_MAX};
use preheat_core::content::deck::{Deck, next_open_date};
use preheat_core::content::plan::{Plan, PlanId, Script, Written};
use preheat_core::id::day_number;
use preheat_core::limits::ContentLimits;
use preheat_core::mailbox::Role;
use preheat_store::{SHARDS, Store, Vault};
use serde::Serialize;

use crate::{App, AppError, Writer};

/// Topics that a request names to be avoided, at most.
const AVOIDED_MAX: usize = 30;
/// Plans of a language and day, at most.
const NAMES_MAX: u16 = 1_000;
/// Shards read at once.
const AT_ONCE: usize = 16;

/// What the stock is made with.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// The ledger.
    pub store: &'a Store,
    /// Holds the stack's seed: no two stacks have the same themes.
    pub vault: &'a Vault,
    /// The language model; `None`: the library alone.
    pub writer: Option<&'a Writer>,
    /// How many plans are made, and when one is retired.
    pub limits: &'a ContentLimits,
}

impl<'a> From<&'a App> for Parts<'a> {
    fn from(app: &'a App) -> Self {
        Self { store: &app.store, vault: &app.vault, writer: app.writer.as_ref(), limits: &app.limits.content }
    }
}

/// What there is to do today.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Needs {
    /// Sends expected in a day, by the language of whoever sends: what the deck has to carry at most.
    pub sends: BTreeMap<Language, u32>,
    /// Plans to make, by language.
    pub missing: BTreeMap<Language, u16>,
    /// Plans to retire.
    pub spent: Vec<PlanId>,
    /// The date whose deck is to be dealt, if it has none.
    pub deck: Option<Date>,
}

/// What was done about it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StockReport {
    /// The date (UTC).
    pub date: Option<Date>,
    /// Plans made by the language model.
    pub written: u32,
    /// Plans made from the library.
    pub library: u32,
    /// Plans of the model's answers that were dropped, by reason.
    pub dropped: BTreeMap<&'static str, u32>,
    /// Plans retired.
    pub retired: Vec<PlanId>,
    /// The date whose deck was dealt.
    pub deck: Option<Date>,
    /// Tokens of the day so far.
    pub tokens: u64,
    /// The day's budget of tokens left no room for another request.
    pub budget_spent: bool,
    /// Why the model was not of use, the first time in a day: to be reported. The library stood in.
    pub failure: Option<String>,
}

/// Looks what there is to do, and does nothing.
///
/// # Errors
/// The ledger did not answer.
pub async fn needs(store: &Store, limits: &ContentLimits, now: Timestamp) -> Result<Needs, AppError> {
    Ok(look(store, limits, now).await?.needs)
}

/// Makes the day's stock and deals the next deck.
///
/// # Errors
/// The ledger did not answer. What was made stays made; the next call goes on.
pub async fn run(app: &App, now: Timestamp) -> Result<StockReport, AppError> {
    make(Parts::from(app), now).await
}

/// As [`run`], without the rest of an app.
///
/// # Errors
/// As [`run`].
pub async fn make(with: Parts<'_>, now: Timestamp) -> Result<StockReport, AppError> {
    let Look { needs, mut plans } = look(with.store, with.limits, now).await?;
    let today = utc_date(now);
    let mut report = StockReport { date: Some(today), ..StockReport::default() };
    for &id in &needs.spent {
        with.store.retire_content_plan(id, today).await?;
        plans.iter_mut().filter(|plan| plan.id == id).for_each(|plan| plan.retired = Some(today));
        report.retired.push(id);
    }
    let mut author = Author::new(with, today, &mut report).await?;
    for (&language, &missing) in &needs.missing {
        let written = author.write(language, missing, &plans).await?;
        let scripts = written.into_iter().map(Script::Written);
        let made = keep(with, today, language, missing, scripts.collect(), &mut plans).await?;
        author.report.written += made.written;
        author.report.library += made.library;
    }
    if let Some(date) = needs.deck {
        let deck = Deck::deal(date, &plans, &needs.sends);
        if with.store.put_deck(&deck).await? {
            report.deck = Some(date);
        }
    }
    tracing::info!(
        written = report.written,
        library = report.library,
        retired = report.retired.len(),
        tokens = report.tokens,
        failure = report.failure.as_deref(),
        "stock"
    );
    Ok(report)
}

struct Look {
    needs: Needs,
    plans: Vec<Plan>,
}

async fn look(store: &Store, limits: &ContentLimits, now: Timestamp) -> Result<Look, AppError> {
    let stock = store.content_stock().await?;
    for bad in &stock.unreadable {
        tracing::warn!(%bad, "a plan is left out");
    }
    let sends = sends_by_language(store).await?;
    let (today, next) = (utc_date(now), next_open_date(now));
    let fresh = |language: Language| {
        stock.plans.iter().filter(move |plan| plan.id.language == language && plan.id.made == today)
    };
    let missing = |language: Language| {
        limits.fresh_per_day.saturating_sub(u16::try_from(fresh(language).count()).unwrap_or(u16::MAX))
    };
    let missing =
        sends.keys().map(|&language| (language, missing(language))).filter(|(_, missing)| *missing > 0).collect();
    let spent =
        stock.plans.iter().filter(|plan| plan.retired.is_none() && plan.is_spent(limits)).map(|plan| plan.id).collect();
    let is_dealt = store.decks().await?.get(next).is_some();
    let deck = (!is_dealt && !sends.is_empty()).then_some(next);
    Ok(Look { needs: Needs { sends, missing, spent, deck }, plans: stock.plans })
}

/// How many mails a day may begin threads at most, by language: the quotas of whoever sends.
async fn sends_by_language(store: &Store) -> Result<BTreeMap<Language, u32>, AppError> {
    let mut sends: BTreeMap<Language, u32> = BTreeMap::new();
    let mut shards = futures::stream::iter(0..SHARDS).map(|shard| store.shard(shard)).buffered(AT_ONCE);
    while let Some(shard) = shards.try_next().await? {
        for row in shard.rows.iter().map(|row| &row.plan).filter(|row| row.plan.role == Role::Sender) {
            let sum = sends.entry(row.plan.language).or_default();
            *sum = sum.saturating_add(row.quota.max(1));
        }
    }
    Ok(sends)
}

/// Plans that were made: how many were written, and how many are the library's.
struct Made {
    written: u32,
    library: u32,
}

/// Keeps what was written, and makes the rest from the library: `missing` plans in all. A theme follows from its plan's name,
/// so a repeat after a crash makes the same.
async fn keep(
    with: Parts<'_>,
    today: Date,
    language: Language,
    missing: u16,
    written: Vec<Script>,
    plans: &mut Vec<Plan>,
) -> Result<Made, AppError> {
    let seed = with.vault.secrets().await?.seed.clone();
    let mut made = Made { written: 0, library: 0 };
    let mut written = written.into_iter().peekable();
    let mut left = missing;
    let taken: BTreeSet<PlanId> = plans.iter().map(|plan| plan.id).collect();
    let names = (0..NAMES_MAX).map(|n| PlanId { made: today, language, n });
    for id in names.filter(|id| !taken.contains(id)) {
        if left == 0 {
            break;
        }
        let theme = || seed.hash64("theme", &[u64::from(day_number(today)), language as u64, u64::from(id.n)]);
        let plan = Plan::new(id, written.peek().cloned().unwrap_or_else(|| Script::Theme(theme())));
        left -= 1;
        if with.store.put_content_plan(&plan).await? {
            plans.push(plan);
            match written.next() {
                Some(_) => made.written += 1,
                None => made.library += 1,
            }
        }
        // Else somebody else makes today's stock as well, and has made this one.
    }
    Ok(made)
}

/// Asks the language model, as long as it is of use.
struct Author<'a> {
    store: &'a Store,
    today: Date,
    report: &'a mut StockReport,
    writer: Option<&'a Writer>,
    requests: u32,
}

impl<'a> Author<'a> {
    async fn new(with: Parts<'a>, today: Date, report: &'a mut StockReport) -> Result<Self, AppError> {
        let spending = with.store.content_spending(today).await?;
        report.tokens = spending.tokens();
        let requests = spending.requests.keys().max().map_or(0, |last| last + 1);
        Ok(Self { store: with.store, today, report, writer: with.writer, requests })
    }

    /// Up to `wanted` plans in a language; fewer, or none, where the model or its budget does not give them.
    async fn write(&mut self, language: Language, wanted: u16, stock: &[Plan]) -> Result<Vec<Written>, AppError> {
        let mut plans: Vec<Written> = Vec::new();
        let topics =
            stock.iter().rev().filter(|plan| plan.id.language == language).filter_map(|plan| match &plan.script {
                Script::Written(written) => Some(written.topic.clone()),
                Script::Theme(_) => None,
            });
        let mut avoid: Vec<String> = topics.take(AVOIDED_MAX).collect();
        // Once more than good answers need: what a bad one lacks is the library's.
        for _ in 0..=wanted.div_ceil(BATCH_MAX) {
            let missing = wanted.saturating_sub(u16::try_from(plans.len()).unwrap_or(u16::MAX));
            if missing == 0 {
                break;
            }
            let Some(mut more) = self.ask(language, missing.min(BATCH_MAX), &avoid).await? else { break };
            avoid.extend(more.iter().map(|plan| plan.topic.clone()));
            plans.append(&mut more);
        }
        Ok(plans)
    }

    /// One request; `None`: no further one today.
    async fn ask(
        &mut self,
        language: Language,
        plans: u16,
        avoid: &[String],
    ) -> Result<Option<Vec<Written>>, AppError> {
        let Some(writer) = self.writer else { return Ok(None) };
        if self.report.tokens + REQUEST_TOKENS_MAX > writer.tokens_per_day {
            self.report.budget_spent = true;
            self.writer = None;
            return Ok(None);
        }
        let (store, request) = (self.store, self.requests);
        self.requests += 1;
        if !store.reserve_tokens(self.today, request, REQUEST_TOKENS_MAX).await? {
            // Somebody else is asking: one is enough.
            self.writer = None;
            return Ok(None);
        }
        let avoid: Vec<&str> = avoid.iter().map(String::as_str).collect();
        let answer = writer.llm.chat(ask::SYSTEM, &ask::request(language, plans, &avoid)).await;
        let spent = match &answer {
            Ok(answer) => answer.usage.total_tokens,
            // What cannot be known is taken as the most it may have been: the budget is a promise about a bill.
            Err(error) => error.usage().map_or(REQUEST_TOKENS_MAX, |usage| usage.total_tokens),
        };
        store.settle_tokens(self.today, request, spent).await?;
        self.report.tokens += spent;
        match answer {
            Ok(answer) => {
                let taken = answer::read(&answer.text, language, plans);
                for (reason, count) in taken.counts() {
                    *self.report.dropped.entry(reason).or_default() += count;
                }
                Ok(Some(taken.plans))
            }
            Err(error) => {
                self.writer = None;
                let reason = error.to_string();
                tracing::warn!(%language, reason, "the language model is of no use today: the library stands in");
                if store.note_model_failure(self.today, &reason).await? {
                    self.report.failure = Some(reason);
                }
                Ok(None)
            }
        }
    }
}

fn utc_date(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}
