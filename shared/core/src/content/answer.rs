//! Reading a language model's answer: strict JSON into plans, and nothing else. Total over any text.
//!
//! The answer is a stranger's text that will be sent from a customer's mailbox. Each plan is judged alone: one that is
//! malformed, hostile or in another language is dropped and counted, and its neighbours stay.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::lint::{self, LintError, lint};
use super::plan::Written;
use super::{Language, TURNS, Text};

/// Longest answer that is read, in bytes.
pub const ANSWER_BYTES_MAX: usize = 200_000;
/// Wordings of one part, at most.
const WORDINGS_MAX: usize = 6;
/// Characters of one wording, at most: with greeting and signature a mail stays within the lint's limit.
const WORDING_CHARACTERS_MAX: usize = 1_000;
/// Characters of a topic, at most.
const TOPIC_CHARACTERS_MAX: usize = 60;

/// Why a plan of an answer was dropped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Dropped {
    /// The answer, or this plan in it, is not of the form that was asked for.
    #[error("not of the form that was asked for: {0}")]
    Malformed(String),
    /// Another number of turns, or a part without wordings or with too many.
    #[error("{0}")]
    Shape(&'static str),
    /// It greets or signs, which would then stand twice in the mail.
    #[error("it greets or signs: `{0}`")]
    Salutation(String),
    /// It speaks of itself as a model, or of what it was asked.
    #[error("it speaks of the request: `{0}`")]
    Leak(String),
    /// The lint refuses a text.
    #[error("{0}")]
    Lint(#[from] LintError),
    /// The same opening stands twice in the answer.
    #[error("an opening stands there twice")]
    Twice,
}

impl Dropped {
    /// A word to count by.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::Shape(_) => "shape",
            Self::Salutation(_) => "salutation",
            Self::Leak(_) => "leak",
            Self::Lint(error) => error.kind(),
            Self::Twice => "twice",
        }
    }
}

/// What an answer gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taken {
    /// Plans fit to be stored.
    pub plans: Vec<Written>,
    /// What was not, each with its reason.
    pub dropped: Vec<Dropped>,
}

impl Taken {
    /// How many were dropped, by reason.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u32> {
        let mut counts = BTreeMap::new();
        for dropped in &self.dropped {
            *counts.entry(dropped.kind()).or_default() += 1;
        }
        counts
    }
}

/// Reads an answer to a [`request`](super::ask::request) for `wanted` plans in `language`. More than were wanted are not looked at.
#[must_use]
pub fn read(answer: &str, language: Language, wanted: u16) -> Taken {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Answer {
        plans: Vec<serde_json::Value>,
    }
    let mut taken = Taken::default();
    if answer.len() > ANSWER_BYTES_MAX {
        taken.dropped.push(Dropped::Malformed(format!("{} bytes", answer.len())));
        return taken;
    }
    let plans = match serde_json::from_str::<Answer>(answer) {
        Ok(answer) => answer.plans,
        Err(error) => {
            taken.dropped.push(Dropped::Malformed(error.to_string()));
            return taken;
        }
    };
    let mut openings = BTreeSet::new();
    for value in plans.into_iter().take(usize::from(wanted)) {
        match check(value, language, &mut openings) {
            Ok(plan) => taken.plans.push(plan),
            Err(dropped) => taken.dropped.push(dropped),
        }
    }
    taken
}

fn check(value: serde_json::Value, language: Language, openings: &mut BTreeSet<String>) -> Result<Written, Dropped> {
    let mut plan: Written = serde_json::from_value(value).map_err(|error| Dropped::Malformed(error.to_string()))?;
    if plan.turns.len() != TURNS {
        return Err(Dropped::Shape("another number of turns than was asked for"));
    }
    let parts = || plan.turns.iter().chain([&plan.subjects]);
    if parts().any(|wordings| !(1..=WORDINGS_MAX).contains(&wordings.len())) {
        return Err(Dropped::Shape("a part without wordings, or with too many"));
    }
    if !(1..=TOPIC_CHARACTERS_MAX).contains(&plan.topic.chars().count()) || plan.topic.chars().any(char::is_control) {
        return Err(Dropped::Shape("a topic that is none"));
    }
    for subject in &plan.subjects {
        // The subject is judged beside a text that is known to be good.
        check_text(subject, &plan.turns[0][0], language)?;
    }
    for wording in plan.turns.iter().flatten() {
        if wording.chars().count() > WORDING_CHARACTERS_MAX {
            return Err(LintError::Length(wording.chars().count()).into());
        }
        check_text(&plan.subjects[0], wording, language)?;
        if let Some(line) = salutation(wording, language) {
            return Err(Dropped::Salutation(line.to_owned()));
        }
    }
    if plan.turns[0].iter().any(|opening| !openings.insert(opening.to_lowercase())) {
        return Err(Dropped::Twice);
    }
    let book = language.book();
    for text in plan.turns.iter_mut().flatten().chain(&mut plan.subjects) {
        *text = book.set(text.trim());
    }
    Ok(plan)
}

fn check_text(subject: &str, body: &str, language: Language) -> Result<(), Dropped> {
    for text in [subject, body] {
        if let Some(found) = lint::find_phrase(text, &LEAKS) {
            return Err(Dropped::Leak(found.to_owned()));
        }
    }
    lint(&Text { subject: subject.to_owned(), body: body.to_owned() }, language)?;
    Ok(())
}

/// How a model speaks of itself or its task, in the library's languages.
const LEAKS: [&str; 21] = [
    "language model",
    "as an ai",
    "ai assistant",
    "system prompt",
    "prompt",
    "prompts",
    "my instructions",
    "the instructions above",
    "previous instructions",
    "json",
    "openai",
    "chatgpt",
    "llm",
    "warmup",
    "sprachmodell",
    "ki assistent",
    "modèle de langage",
    "modelo de lenguaje",
    "wording",
    "role system",
    "api key",
];

/// A line that greets or signs.
fn salutation(body: &str, language: Language) -> Option<&str> {
    const GREETINGS: [&str; 16] = [
        "hi", "hello", "hey", "dear", "hallo", "liebe", "lieber", "moin", "bonjour", "salut", "cher", "chère", "hola",
        "querido", "querida", "estimado",
    ];
    let lines: Vec<&str> = body.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let (&first, &last) = (lines.first()?, lines.last()?);
    let opens =
        first.split([' ', ',', '!', ':']).next().is_some_and(|word| GREETINGS.contains(&word.to_lowercase().as_str()));
    // A line of its own that ends in a comma or a colon stands above something: a text, or a name.
    let alone = lines.len() > 1 && first.chars().count() <= 40 && first.ends_with([',', '!', ':']);
    if opens || alone {
        return Some(first);
    }
    let signs = |line: &&&str| language.book().signs(line);
    if last.ends_with(',') { Some(last) } else { lines.iter().rev().take(2).find(signs).copied() }
}

#[cfg(test)]
mod tests;
