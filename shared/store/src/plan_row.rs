//! The planning row: settings and the local day of a mailbox.
//!
//! | attribute | holds |
//! |---|---|
//! | `c` | the settings, as a JSON array in the order of [`Settings`]; its first entry is the version of the form |
//! | `st`, `sr` | state, and the reason of the last change |
//! | `sa`, `sw` | since when, if somebody else than the governor set it, and whether that was told |
//! | `d`, `i` | local date; day index |
//! | `q`, `ci`, `u` | quota; how much of it was carried in; how many entries of `o` count against it |
//! | `ba` | when the day was begun in mid-window, in nanoseconds |
//! | `o` | map: k → [`SlotState`] as text |
//! | `rp` | map: parent slot as `slot_ref` → k of the reply |
//! | `op` | map: ambiguous slot of an earlier day as `slot_ref` → [`SlotState`] as text |
//! | `la` | last claim, in milliseconds |
//! | `lt`, `td` | last trouble; set: the k of the day that met any |
//! | `hb` | what kept slots back that were not tried: a letter of [`HeldBy`] |
//! | `hm`, `hq` | health multiplier, and the one of today's quota, in percent; absent: 100 |
//! | `mt` | maintenance, as text; absent: plateau |
//! | `gs` | number of the last decision carried out; absent: none |
//! | `bh` | 1: paused by a person; absent: not |
//! | `cf` | local date from which on days count, where a person began warmup anew; absent: all do |

use std::borrow::Cow;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use preheat_core::content::Language;
use preheat_core::day::{PlanRow, SlotState, parse_slot_ref, slot_ref};
use preheat_core::id::{Address, MailboxId};
use preheat_core::mailbox::{Days, MailboxPlan, Mode, Provider, Role, Schedule, State};
use preheat_core::maintenance::Maintenance;
use preheat_core::tick::HeldBy;
use serde::{Deserialize, Serialize};

use crate::item::{Fields, Item, Unreadable, instant, number, number_set, text};

/// Version of the form of [`Settings`]. A reader that does not know a version reports the row and leaves it alone.
const SETTINGS_VERSION: u32 = 1;
/// Version of the form that ends in a language. Written only where the language is not the default one, so that the
/// version before this program reads every row that it could have written.
const SETTINGS_VERSION_LANGUAGE: u32 = 2;
/// Reasons and troubles are cut to so many bytes: the row has to stay under 1 kB.
const REASON_MAX: usize = 96;

/// The settings as they stand in the row: an array, because names of fields would be half of its bytes.
#[derive(Serialize, Deserialize)]
struct Settings<'a>(
    u32,
    #[serde(borrow)] Cow<'a, str>, // tenant
    #[serde(borrow)] Cow<'a, str>, // address
    Provider,
    #[serde(borrow)] Option<Cow<'a, str>>, // organisation; null: the address's domain
    #[serde(borrow)] Option<Cow<'a, str>>, // pool; null: named like the tenant
    Role,
    Mode,
    #[serde(borrow)] Cow<'a, str>, // zone
    Time,
    Time,
    Days,
    #[serde(borrow)] Cow<'a, str>,                                            // ramp
    Option<u32>,                                                              // cap a day
    f64,                                                                      // reply rate
    #[serde(default, skip_serializing_if = "Language::is_default")] Language, // from version 2 on
);

/// The settings' text.
pub(crate) fn settings_text(plan: &MailboxPlan) -> String {
    let organisation = (plan.organisation != plan.address.domain()).then_some(plan.organisation.as_str());
    let pool = (plan.pool.as_str() != plan.tenant.as_str()).then_some(plan.pool.as_str());
    let settings = Settings(
        if plan.language.is_default() { SETTINGS_VERSION } else { SETTINGS_VERSION_LANGUAGE },
        plan.tenant.as_str().into(),
        plan.address.as_str().into(),
        plan.provider,
        organisation.map(Cow::from),
        pool.map(Cow::from),
        plan.role,
        plan.mode,
        plan.schedule.zone.as_str().into(),
        plan.schedule.start,
        plan.schedule.end,
        plan.schedule.days,
        plan.ramp.to_string().into(),
        plan.cap_per_day,
        plan.reply_rate,
        plan.language,
    );
    // Strings, numbers and plain enums: there is nothing in it that JSON cannot hold.
    serde_json::to_string(&settings).unwrap_or_default()
}

/// The settings of a [`settings_text`].
pub(crate) fn settings_of(id: MailboxId, json: &str) -> Result<MailboxPlan, Unreadable> {
    let version = json.trim_start_matches('[').split(',').next().unwrap_or_default();
    if !["1", "2"].contains(&version) {
        let newest = SETTINGS_VERSION_LANGUAGE;
        return Err(Unreadable(format!("settings of version {version}; this program reads up to {newest}")));
    }
    let Settings(
        _,
        tenant,
        address,
        provider,
        organisation,
        pool,
        role,
        mode,
        zone,
        start,
        end,
        days,
        ramp,
        cap,
        rate,
        language,
    ) = serde_json::from_str(json)?;
    let pool = pool.unwrap_or_else(|| tenant.clone()).into_owned().try_into()?;
    let address: Address = address.into_owned().try_into()?;
    Ok(MailboxPlan {
        id,
        tenant: tenant.into_owned().try_into()?,
        organisation: organisation.map_or_else(|| address.domain().to_owned(), Cow::into_owned),
        address,
        provider,
        pool,
        role,
        mode,
        schedule: Schedule { zone: zone.into_owned(), start, end, days },
        ramp: ramp.parse()?,
        cap_per_day: cap,
        reply_rate: rate,
        language,
    })
}

/// A state's word in the row.
pub(crate) fn state_text(state: State) -> &'static str {
    match state {
        State::New => "new",
        State::Warming => "warming",
        State::Ready => "ready",
        State::Degraded => "degraded",
        State::Paused => "paused",
        State::Error => "error",
        State::Retired => "retired",
    }
}

/// The state of a [`state_text`].
pub(crate) fn state_of(word: &str) -> Result<State, Unreadable> {
    State::ALL
        .into_iter()
        .find(|&state| state_text(state) == word)
        .ok_or_else(|| Unreadable(format!("the state `{word}` is not known")))
}

/// A date as it stands in rows.
pub(crate) fn date_text(date: Date) -> AttributeValue {
    text(date.to_string())
}

/// An instant to the nanosecond: slots are compared with it, and a rounded one could change their number.
pub(crate) fn exact_instant(at: Timestamp) -> AttributeValue {
    number(at.as_nanosecond())
}

/// A reason, cut to what a row can hold.
pub(crate) fn cut(reason: &str) -> &str {
    let mut end = reason.len().min(REASON_MAX);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    &reason[..end]
}

/// A reason as an attribute.
pub(crate) fn reason_text(reason: &str) -> AttributeValue {
    text(cut(reason))
}

/// The slots as an attribute.
pub(crate) fn slots_map(row: &PlanRow) -> AttributeValue {
    AttributeValue::M(row.slots.iter().map(|(k, state)| (k.to_string(), text(state.to_string()))).collect())
}

/// The replies as an attribute.
pub(crate) fn replied_map(row: &PlanRow) -> AttributeValue {
    AttributeValue::M(row.replied.iter().map(|(parent, k)| (slot_ref(*parent), number(k))).collect())
}

/// The ambiguous slots of earlier days as an attribute.
pub(crate) fn open_map(row: &PlanRow) -> AttributeValue {
    AttributeValue::M(row.open.iter().map(|(slot, state)| (slot_ref(*slot), text(state.to_string()))).collect())
}

/// The row as an item, without its key.
pub(crate) fn to_item(row: &PlanRow) -> Item {
    let mut item = Item::from([
        ("c".to_owned(), text(settings_text(&row.plan))),
        ("st".to_owned(), text(state_text(row.state))),
        ("i".to_owned(), number(row.day_index)),
        ("q".to_owned(), number(row.quota)),
        ("ci".to_owned(), number(row.carried_in)),
        ("u".to_owned(), number(row.used)),
        ("o".to_owned(), slots_map(row)),
        ("rp".to_owned(), replied_map(row)),
        ("op".to_owned(), open_map(row)),
    ]);
    if let Some(date) = row.date {
        item.insert("d".to_owned(), date_text(date));
    }
    if let Some(at) = row.begun_at {
        item.insert("ba".to_owned(), exact_instant(at));
    }
    if let Some(at) = row.last_claim_at {
        item.insert("la".to_owned(), instant(at));
    }
    if let Some(trouble) = &row.last_trouble {
        item.insert("lt".to_owned(), reason_text(trouble));
    }
    if !row.troubled.is_empty() {
        item.insert("td".to_owned(), number_set(row.troubled.iter().copied()));
    }
    if let Some(held) = row.held_back {
        item.insert("hb".to_owned(), text(held.letter()));
    }
    for (name, percent) in [("hm", row.percent), ("hq", row.quota_percent)] {
        item.extend(percent_attribute(percent).map(|percent| (name.to_owned(), percent)));
    }
    if row.maintenance != Maintenance::default() {
        item.insert("mt".to_owned(), text(row.maintenance.to_string()));
    }
    if row.decided > 0 {
        item.insert("gs".to_owned(), number(row.decided));
    }
    if row.by_hand {
        item.insert("bh".to_owned(), number(1));
    }
    if let Some(date) = row.counts_from {
        item.insert("cf".to_owned(), date_text(date));
    }
    item
}

/// The row of an item.
pub(crate) fn from_item(id: MailboxId, item: Item) -> Result<PlanRow, Unreadable> {
    let mut fields = Fields(item);
    Ok(PlanRow {
        plan: settings_of(id, &fields.text("c")?)?,
        state: state_of(&fields.text("st")?)?,
        date: date_of(&mut fields)?,
        day_index: fields.number("i")?,
        quota: fields.number("q")?,
        carried_in: fields.number("ci")?,
        begun_at: fields.number_or_none("ba")?.map(Timestamp::from_nanosecond).transpose()?,
        used: fields.number("u")?,
        slots: fields.map("o", |k, state| Ok((k.parse()?, slot_state(&state)?)))?,
        open: fields.map("op", |slot, state| Ok((parse_slot_ref(&slot)?, slot_state(&state)?)))?,
        replied: fields.map("rp", |parent, k| match k {
            AttributeValue::N(k) => Ok((parse_slot_ref(&parent)?, k.parse()?)),
            _ => Err(Unreadable(format!("the reply to {parent} is not a number"))),
        })?,
        last_claim_at: fields.instant_or_none("la")?,
        last_trouble: fields.text_or_none("lt")?,
        troubled: fields.numbers("td")?,
        held_back: fields.text_or_none("hb")?.and_then(|letter| HeldBy::of_letter(&letter)),
        percent: fields.number_or_none("hm")?.unwrap_or(100),
        quota_percent: fields.number_or_none("hq")?.unwrap_or(100),
        maintenance: fields.text_or_none("mt")?.map(|text| text.parse()).transpose()?.unwrap_or_default(),
        decided: fields.number_or_none("gs")?.unwrap_or_default(),
        by_hand: fields.number_or_none::<u8>("bh")?.is_some(),
        counts_from: fields.text_or_none("cf")?.map(|date| date.parse()).transpose()?,
    })
}

/// A multiplier as it stands in the row: 100, which is that of the many, not at all.
pub(crate) fn percent_attribute(percent: u8) -> Option<AttributeValue> {
    (percent != 100).then(|| number(percent))
}

/// What became of a slot.
pub(crate) fn slot_state(value: &AttributeValue) -> Result<SlotState, Unreadable> {
    let text = value.as_s().map_err(|_| Unreadable("the state of a slot is not a text".to_owned()))?;
    Ok(text.parse()?)
}

/// The local date of a row, `d`.
pub(crate) fn date_of(fields: &mut Fields) -> Result<Option<Date>, Unreadable> {
    fields.text_or_none("d")?.map(|date| Ok(date.parse()?)).transpose()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::item::item_size;
    use preheat_core::id::SlotId;
    use preheat_core::ramp::Ramp;
    use proptest::prelude::*;

    /// A mailbox as they are: a longish address, a pool of its own, a schedule of its own.
    pub(crate) fn realistic_plan(id: MailboxId) -> MailboxPlan {
        MailboxPlan {
            id,
            tenant: "northwind-outreach".parse().unwrap(),
            address: "katharina.feldmann@mail.northwind-outreach.com".parse().unwrap(),
            provider: Provider::Microsoft,
            organisation: "northwind-outreach.com".to_owned(),
            pool: "northwind-outreach".parse().unwrap(),
            role: Role::Sender,
            mode: Mode::Exchange,
            schedule: Schedule {
                zone: "America/Argentina/Buenos_Aires".to_owned(),
                start: jiff::civil::time(8, 30, 0, 0),
                end: jiff::civil::time(17, 45, 0, 0),
                days: Days::WORKING,
            },
            ramp: Ramp::Linear { start: 10, step: 1, cap: 40 },
            cap_per_day: Some(40),
            reply_rate: 0.35,
            language: Language::De,
        }
    }

    /// The ramp with the longest text among the presets.
    fn long_ramp() -> Ramp {
        use preheat_core::ramp::Band;
        let band = |first, last, min, max, step| Band { first, last, min, max, step };
        Ramp::Bands {
            bands: vec![
                band(1, Some(7), 5, 20, 3),
                band(8, Some(14), 20, 40, 5),
                band(15, Some(30), 40, 60, 3),
                band(31, None, 60, 80, 2),
            ],
        }
    }

    /// A day of 40 sends near its end, in a stack of a million mailboxes: 14 replies, some trouble, claims under way.
    pub(crate) fn full_day(id: MailboxId) -> PlanRow {
        let date = jiff::civil::date(2026, 3, 2);
        let at: Timestamp = "2026-03-02T18:45:10Z".parse().unwrap();
        let ms = jiff::SignedDuration::from_millis(250);
        let partner = |k: u16| MailboxId(900_000 + u32::from(k) * 1_009);
        let state = |k: u16| match k {
            36 => SlotState::Rejected { partner: partner(k) },
            37 => SlotState::Ambiguous { since: at, partner: partner(k) },
            38 | 39 => SlotState::Claimed { fence: u32::MAX - u32::from(k), expires_at: at, partner: partner(k) },
            _ => SlotState::Sent { partner: partner(k) },
        };
        let parent = |k: u16| SlotId { mailbox: partner(k), date, k };
        PlanRow {
            plan: realistic_plan(id),
            state: State::Warming,
            date: Some(date),
            day_index: 31,
            quota: 40,
            carried_in: 4,
            begun_at: Some(at + ms / 7),
            used: 39,
            slots: (0..40).map(|k| (k, state(k))).collect(),
            replied: (0..14).map(|k| (parent(k), k)).collect(),
            open: [(parent(3), SlotState::Ambiguous { since: at, partner: partner(3) })].into(),
            last_claim_at: Some(at + ms),
            last_trouble: Some("421 4.7.0 Try again later, closing connection (throttled)".to_owned()),
            troubled: [36].into(),
            held_back: Some(HeldBy::SystemHour),
            percent: 75,
            quota_percent: 75,
            maintenance: Maintenance::Reserve,
            decided: 120,
            by_hand: true,
            counts_from: Some(date),
        }
    }

    /// The item with its key, as DynamoDB counts it.
    fn size_of(row: &PlanRow) -> usize {
        let mut item = to_item(row);
        let key = crate::Key::Plan(row.plan.id);
        item.insert("pk".to_owned(), text(key.pk()));
        item.insert("sk".to_owned(), text(key.sk()));
        item_size(&item)
    }

    #[test]
    fn a_day_of_40_sends_stays_under_1_kb() {
        let mut row = full_day(MailboxId(987_654));
        let linear = size_of(&row);
        row.plan.ramp = long_ramp();
        let bands = size_of(&row);
        assert!(linear <= 1024 && bands <= 1024, "linear ramp: {linear} bytes, bands: {bands} bytes");
    }

    #[test]
    fn a_row_reads_back() {
        let row = full_day(MailboxId(987_654));
        assert_eq!(from_item(row.plan.id, to_item(&row)), Ok(row));
    }

    #[test]
    fn settings_read_back_with_every_ramp_and_default() {
        let mut plan = realistic_plan(MailboxId(7));
        let ramps = [
            Ramp::Exponential { start: 20, factor: 1.4, cap: 500 },
            long_ramp(),
            Ramp::Weekly { quotas: vec![50, 200, 500], smooth: true },
            Ramp::Table { days: vec![5, 6, 8] },
        ];
        for ramp in ramps {
            plan.ramp = ramp;
            plan.cap_per_day = None;
            plan.organisation = plan.address.domain().to_owned();
            assert_eq!(settings_of(plan.id, &settings_text(&plan)), Ok(plan.clone()));
            plan.organisation = "another.example".to_owned();
            plan.pool = "shared-pool".parse().unwrap();
            plan.language = Language::Fr;
            assert_eq!(settings_of(plan.id, &settings_text(&plan)), Ok(plan.clone()));
        }
    }

    #[test]
    fn rows_of_a_newer_version_are_refused_with_a_reason() {
        let row = full_day(MailboxId(1));
        let changed = |name: &str, value: AttributeValue| {
            let mut item = to_item(&row);
            item.insert(name.to_owned(), value);
            from_item(row.plan.id, item).unwrap_err().0
        };
        assert!(changed("c", text(r#"[3,"acme"]"#)).contains("version 3"));
        assert!(changed("st", text("floating")).contains("floating"));
        assert!(changed("o", AttributeValue::M(Item::from([("0".to_owned(), text("X1"))]))).contains("X1"));
        assert!(changed("q", number(-4)).contains("-4"));
    }

    /// As rows were written before mailboxes had a language: they are read, and an English mailbox still writes them.
    #[test]
    fn settings_without_a_language_are_english() {
        let mut plan = realistic_plan(MailboxId(7));
        let german = settings_text(&plan);
        assert!(german.starts_with(r#"[2,"northwind-outreach","#) && german.ends_with(r#",0.35,"de"]"#), "{german}");
        plan.language = Language::En;
        let before = r#"[1,"northwind-outreach","katharina.feldmann@mail.northwind-outreach.com","microsoft","northwind-outreach.com",null,"sender","exchange","America/Argentina/Buenos_Aires","08:30:00","17:45:00",31,"linear 10,+1,cap 40",40,0.35]"#;
        let written = settings_text(&plan);
        assert!(written.starts_with(r#"[1,"northwind-outreach","#) && written.ends_with(",0.35]"), "{written}");
        assert_eq!(settings_of(plan.id, &written), Ok(plan.clone()));
        let ramp = plan.ramp.to_string();
        assert_eq!(settings_of(plan.id, &before.replace("linear 10,+1,cap 40", &ramp)), Ok(plan));
    }

    proptest! {
        #[test]
        fn reasons_are_cut_at_a_character(reason in "\\PC{0,200}") {
            let cut = cut(&reason);
            prop_assert!(cut.len() <= REASON_MAX && reason.starts_with(cut));
        }
    }

    #[test]
    fn every_state_has_a_word() {
        for state in State::ALL {
            assert_eq!(state_of(state_text(state)), Ok(state));
        }
    }
}
