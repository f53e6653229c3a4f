//! What is kept of a conversation: its text, or the theme the library makes it from; how often it was used; where its
//! openings landed (domain.md §6).
//!
//! A plan never changes but for its counters. A thread's words follow from the plan and the thread's number, so whoever
//! writes a later turn says what goes with the earlier ones. May not decide which thread has which plan: that is
//! [`deck`](super::deck)'s.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Conversation, Language, Stream, conversation_about, grammar};
use crate::limits::ContentLimits;
use crate::rate::Rate;

/// Threads that may share a theme in a day. Ours: their words differ, but not what they speak of.
const THREADS_PER_THEME: u32 = 5;
/// Threads that may share a written wording in a day. Ours: equal texts in numbers are what filters look for.
const THREADS_PER_WORDING: u32 = 2;

/// The name of a plan: the date it was made, its language, its number on that date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlanId {
    /// The date (UTC) on which it was made.
    pub made: Date,
    /// Its language.
    pub language: Language,
    /// From 0.
    pub n: u16,
}

/// A text that is no plan's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a plan's name (such as `2026-03-02-de-3`)")]
pub struct NoPlanId(pub String);

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.made, self.language, self.n)
    }
}

impl FromStr for PlanId {
    type Err = NoPlanId;
    fn from_str(text: &str) -> Result<Self, NoPlanId> {
        let wrong = || NoPlanId(text.to_owned());
        let (rest, n) = text.rsplit_once('-').ok_or_else(wrong)?;
        let (made, language) = rest.rsplit_once('-').ok_or_else(wrong)?;
        Ok(Self {
            made: made.parse().map_err(|_| wrong())?,
            language: language.parse().map_err(|_| wrong())?,
            n: n.parse().map_err(|_| wrong())?,
        })
    }
}

impl TryFrom<String> for PlanId {
    type Error = NoPlanId;
    fn try_from(text: String) -> Result<Self, NoPlanId> {
        text.parse()
    }
}

impl From<PlanId> for String {
    fn from(id: PlanId) -> Self {
        id.to_string()
    }
}

/// What wrote a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// A language model.
    Llm,
    /// The library.
    Library,
}

/// What a plan says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Script {
    /// A theme of the library: what its threads speak of. Each finds its own words.
    Theme(u64),
    /// Texts as a language model wrote them.
    Written(Written),
}

/// A written plan. Every part comes in one or more wordings, of which a thread takes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// What it is about.
    pub topic: String,
    /// The subject line.
    pub subjects: Vec<String>,
    /// The opening and the replies, by turns, without greeting and signature.
    pub turns: Vec<Vec<String>>,
}

/// A stored conversation plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its name, which tells its language and date.
    pub id: PlanId,
    /// What it says.
    pub script: Script,
    /// Threads that were begun with it.
    pub uses: u64,
    /// Openings whose placement is known, and how many of them were found in spam.
    pub spam: Rate,
    /// When it was taken out of use, if it was.
    pub retired: Option<Date>,
}

impl Plan {
    /// A plan that nobody has used.
    #[must_use]
    pub fn new(id: PlanId, script: Script) -> Self {
        Self { id, script, uses: 0, spam: Rate::default(), retired: None }
    }

    /// What wrote it.
    #[must_use]
    pub fn via(&self) -> Via {
        match self.script {
            Script::Theme(_) => Via::Library,
            Script::Written(_) => Via::Llm,
        }
    }

    /// Whether its record says that it must not begin a thread any more: whoever makes the stock retires it.
    #[must_use]
    pub fn is_spent(&self, limits: &ContentLimits) -> bool {
        let is_too_much = |share| share >= limits.retire_spam_share;
        self.spam.of >= limits.retire_outcomes_min && self.spam.share().is_some_and(is_too_much)
    }

    /// Whether a thread may be begun with it. Threads under way go on with it all the same.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.retired.is_none()
    }

    /// How many threads it may begin in a day.
    #[must_use]
    pub fn threads_per_day(&self) -> u32 {
        match &self.script {
            Script::Theme(_) => THREADS_PER_THEME,
            Script::Written(written) => {
                let wordings = u32::try_from(written.turns.first().map_or(0, Vec::len)).unwrap_or(u32::MAX);
                wordings.saturating_mul(THREADS_PER_WORDING)
            }
        }
    }

    /// The conversation of one thread: the same for the same thread, whoever asks.
    #[must_use]
    pub fn conversation(&self, thread: u64) -> Conversation {
        self.script.conversation(thread, self.id.language)
    }
}

impl Script {
    /// As [`Plan::conversation`].
    #[must_use]
    pub fn conversation(&self, thread: u64, language: Language) -> Conversation {
        let written = match self {
            Self::Theme(theme) => return conversation_about(*theme, thread, language),
            Self::Written(written) => written,
        };
        let one = |wordings: &[String], stream: Stream| {
            let chosen = grammar::below(&mut stream.open(thread), wordings.len());
            wordings.get(chosen).cloned().unwrap_or_default()
        };
        let turns = (0u8..).zip(&written.turns).map(|(turn, wordings)| one(wordings, Stream::Turn(turn)));
        Conversation {
            topic: written.topic.clone().into(),
            subject: one(&written.subjects, Stream::Subject),
            turns: turns.collect(),
            language,
            seed: thread,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::super::{TURNS, render};
    use super::*;
    use crate::id::date_of;

    fn id() -> PlanId {
        PlanId { made: date(2026, 3, 2), language: Language::De, n: 3 }
    }
    fn written() -> Written {
        let turn = |turn: usize| vec![format!("Wording A of turn {turn}."), format!("Wording B of turn {turn}.")];
        Written {
            topic: "t".to_owned(),
            subjects: vec!["S1".to_owned(), "S2".to_owned()],
            turns: (0..TURNS).map(turn).collect(),
        }
    }

    proptest! {
        #[test]
        fn a_name_is_read_as_it_was_written(day: u16, language in prop::sample::select(Language::ALL.to_vec()), n: u16) {
            let id = PlanId { made: date_of(day), language, n };
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn any_text_is_a_name_or_refused_with_it(text in "[0-9a-z-]{0,20}") {
            if let Err(error) = text.parse::<PlanId>() {
                prop_assert!(error.to_string().contains(&text));
            }
        }

        #[test]
        fn threads_of_a_theme_speak_of_the_same_in_their_own_words(theme: u64) {
            let plan = Plan::new(id(), Script::Theme(theme));
            let talks: Vec<Conversation> = (0..40).map(|thread| plan.conversation(thread)).collect();
            prop_assert!(talks.iter().all(|talk| talk.topic == talks[0].topic && talk.language == Language::De));
            let openings: std::collections::BTreeSet<&str> = talks.iter().map(|talk| talk.turns[0].as_str()).collect();
            prop_assert!(openings.len() >= 30, "{} openings in 40 threads", openings.len());
            prop_assert_eq!(plan.conversation(7), plan.conversation(7));
        }
    }

    #[test]
    fn the_form_of_a_name_never_changes() {
        assert_eq!(id().to_string(), "2026-03-02-de-3");
        for wrong in
            ["", "2026-03-02-de", "2026-03-02-xx-3", "2026-02-30-de-3", "2026-03-02-de-65536", "2026-03-02-de--3"]
        {
            assert!(wrong.parse::<PlanId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_written_plan_gives_each_thread_one_wording_of_every_part() {
        let plan = Plan::new(id(), Script::Written(written()));
        let (mut subjects, mut openings) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
        for thread in 0..50 {
            let talk = plan.conversation(thread);
            assert_eq!((talk.turns.len(), talk.language), (TURNS, Language::De));
            assert_eq!(talk, plan.conversation(thread));
            assert!(render(&talk, 3, "Ada", "Tom").body.contains("of turn 3."));
            subjects.insert(talk.subject);
            openings.insert(talk.turns[0].clone());
        }
        assert_eq!((subjects.len(), openings.len(), plan.via(), plan.threads_per_day()), (2, 2, Via::Llm, 4));
    }

    #[test]
    fn a_plan_is_spent_at_20_outcomes_and_15_percent() {
        for (spam, of, spent) in
            [(19, 19, false), (2, 20, false), (3, 20, true), (20, 20, true), (14, 100, false), (15, 100, true)]
        {
            let plan = Plan { spam: Rate::new(spam, of), ..Plan::new(id(), Script::Theme(1)) };
            assert_eq!(plan.is_spent(&ContentLimits::default()), spent, "{spam} of {of}");
        }
        // Once retired, always retired, whatever the running threads add.
        let plan =
            Plan { retired: Some(date(2026, 3, 3)), spam: Rate::new(3, 100), ..Plan::new(id(), Script::Theme(1)) };
        assert!(!plan.is_in_use());
    }
}
