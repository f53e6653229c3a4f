//! What warmup mail says (domain.md §6): the offline library that is always enough by itself.
//!
//! A conversation is a pure function of a number (the hash of the thread's first slot): whoever writes a later turn of
//! the thread computes the same conversation and continues it, so no text is ever sent through a queue. Stored [`plan`]s
//! keep that: which plan a thread has follows from its first slot and the [`deck`] of that slot's date.
//!
//! A language is one file (`english.rs` and its stories): a [`Book`] and a variant of [`Language`]. May not contain
//! links, attachments, or claims about money, health or law; [`lint()`] says so of every text the grammar can make.
//!
//! | module | the question it answers |
//! |---|---|
//! | [`grammar`] | which texts does a template make? |
//! | [`lint`](mod@lint) | is this text fit to be sent? |
//! | [`plan`] | what is kept of a conversation, and when is it retired? |
//! | [`deck`] | which plan does a thread have? |
//! | [`tally`] | how often was a plan used, and where did its openings land? |
//! | [`ask`], [`answer`] | what is a language model asked, and what of its answer is taken? |

pub mod answer;
pub mod ask;
pub mod deck;
pub mod english;
pub mod french;
pub mod german;
pub mod grammar;
pub mod language;
pub mod lint;
pub mod plan;
pub mod spanish;
pub mod tally;

use std::borrow::Cow;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use grammar::{Bindings, Template};

pub use language::Language;
pub use lint::{LintError, lint};

/// Turns of a conversation: the opening and five replies (domain.md §6, depth up to 5).
pub const TURNS: usize = 6;

/// Everything the library can say in one language, and the words the lint needs for it.
#[derive(Debug)]
pub struct Book {
    /// The stories, in a fixed order: reordering them changes what running threads say.
    pub stories: &'static [Story],
    /// Rules that every story may refer to: name and template.
    pub rules: &'static [(&'static str, &'static str)],
    /// First line of the opening; `<name>` is the recipient's first name.
    pub greeting: &'static str,
    /// First line of a reply; `<name>` as above.
    pub reply_greeting: &'static str,
    /// First line when the recipient's name is not known.
    pub nameless_greeting: &'static str,
    /// The line above the sender's name.
    pub sign_off: &'static str,
    /// Marks before which a blank does not break: French sets one before `?`, `!`, `:` and `;`.
    pub no_break_before: &'static [char],
    /// Words and phrases no text may hold: claims about money, health and law.
    pub claims: &'static [&'static str],
    /// Words and phrases that speak of an attachment.
    pub attachment: &'static [&'static str],
    /// Frequent small words of the language, to tell it from others.
    pub small_words: &'static [&'static str],
}

/// One story: a thread with its subject, opening and replies, in templates that share the slots of the thread.
#[derive(Debug)]
pub struct Story {
    /// What it is about; several stories may share a topic.
    pub topic: &'static str,
    /// Values drawn once a thread, so that a reply speaks of what the opening spoke of.
    pub slots: &'static [Slot],
    /// The subject line.
    pub subject: &'static str,
    /// The first mail.
    pub opening: &'static str,
    /// The replies, by turns from the recipient of the opening and from its sender. Each may be the last.
    pub replies: [&'static str; TURNS - 1],
}

/// One or several names that are bound together: row by row, values separated by `/`.
#[derive(Debug)]
pub struct Slot {
    /// The names, separated by `/`.
    pub names: &'static str,
    /// The rows to choose from; each has as many values as there are names.
    pub rows: &'static [&'static str],
}

/// A thread's worth of text, without names of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// What it is about.
    pub topic: Cow<'static, str>,
    /// Subject of the opening.
    pub subject: String,
    /// The opening and the replies, alternating between the two sides. Always [`TURNS`] of them.
    pub turns: Vec<String>,
    /// Its language.
    pub language: Language,
    seed: u64,
}

/// One mail's subject and body, as a person reads them. Lines end in `\n`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Subject line, `Re: ` included for a reply.
    pub subject: String,
    /// Plain text.
    pub body: String,
}

/// The streams of chance of one conversation: one a purpose, so that a change to one part moves no other.
#[derive(Debug, Clone, Copy)]
enum Stream {
    Story,
    Slots,
    Subject,
    Turn(u8),
    Greeting(u8),
    SignOff(u8),
}

impl Stream {
    fn open(self, seed: u64) -> ChaCha8Rng {
        let number = match self {
            Self::Story => 0,
            Self::Slots => 1,
            Self::Subject => 2,
            Self::Turn(turn) => 0x100 + u64::from(turn),
            Self::Greeting(turn) => 0x200 + u64::from(turn),
            Self::SignOff(turn) => 0x300 + u64::from(turn),
        };
        let mut stream = ChaCha8Rng::seed_from_u64(seed);
        stream.set_stream(number);
        stream
    }
}

/// The conversation of a thread. The same `seed` (a hash of the thread's first slot) gives the same conversation.
#[must_use]
pub fn conversation(seed: u64, language: Language) -> Conversation {
    conversation_about(seed, seed, language)
}

/// A conversation whose story and particulars (the day, the place, whom it mentions) follow from `theme`, and whose words
/// from `seed`: threads of one theme speak of the same thing, each in its own words.
#[must_use]
pub fn conversation_about(theme: u64, seed: u64, language: Language) -> Conversation {
    let book = language.book();
    let story = &book.stories[grammar::below(&mut Stream::Story.open(theme), book.stories.len())];
    let bindings = story.bind(&mut Stream::Slots.open(theme));
    let expand = |template: &str, stream: Stream| book.expand(template, &bindings, &mut stream.open(seed));
    let mut turns = vec![expand(story.opening, Stream::Turn(0))];
    for (turn, reply) in (1u8..).zip(story.replies) {
        turns.push(expand(reply, Stream::Turn(turn)));
    }
    Conversation { topic: story.topic.into(), subject: expand(story.subject, Stream::Subject), turns, language, seed }
}

/// One turn of a conversation as a mail from `from_name` to `to_name` (display names, may be empty).
///
/// `turn` is 0 for the opening; past the last turn the last one is given. A name that is no person's name (too long,
/// unusual characters, a word the lint refuses) is left out rather than written.
#[must_use]
pub fn render(conversation: &Conversation, turn: u8, from_name: &str, to_name: &str) -> Text {
    let book = conversation.language.book();
    let body = conversation.turns.get(usize::from(turn)).or(conversation.turns.last()).map_or("", String::as_str);
    let expand = |template: &str, bindings: &Bindings, stream: Stream| {
        book.expand(template, bindings, &mut stream.open(conversation.seed))
    };
    let to = person(to_name, book).and_then(|name| name.split(' ').next());
    let greeting = match (to, turn) {
        (Some(name), 0) => expand(book.greeting, &Bindings::one("name", name), Stream::Greeting(turn)),
        (Some(name), _) => expand(book.reply_greeting, &Bindings::one("name", name), Stream::Greeting(turn)),
        (None, _) => expand(book.nameless_greeting, &Bindings::default(), Stream::Greeting(turn)),
    };
    let mut signature = expand(book.sign_off, &Bindings::default(), Stream::SignOff(turn));
    if let Some(name) = person(from_name, book) {
        // The opening is signed in full, a reply by first name, as people do.
        let name = if turn == 0 { name } else { name.split(' ').next().unwrap_or(name) };
        signature.push('\n');
        signature.push_str(name);
    }
    let subject = if turn == 0 { conversation.subject.clone() } else { format!("Re: {}", conversation.subject) };
    Text { subject, body: format!("{greeting}\n\n{body}\n\n{signature}\n") }
}

impl Book {
    /// One expansion of a template, set as the language is.
    fn expand(&self, template: &str, bindings: &Bindings, stream: &mut ChaCha8Rng) -> String {
        self.set(&Template::parse(template, self.rules).expand(bindings, stream))
    }

    /// Whether a line is one of this language's signatures.
    pub(crate) fn signs(&self, line: &str) -> bool {
        let bare = |text: &str| text.trim_end_matches([',', '.', '!']).to_lowercase();
        // A sign-off is a plain list of alternatives; a test holds that.
        self.sign_off.trim_matches(['{', '}']).split('|').any(|sign_off| bare(sign_off) == bare(line))
    }

    /// Makes the blanks that may not break a line unbreakable.
    pub(crate) fn set(&self, text: &str) -> String {
        let blank = |text: String, mark: &char| text.replace(&format!(" {mark}"), &format!("\u{a0}{mark}"));
        self.no_break_before.iter().fold(text.to_owned(), blank)
    }
}

/// `name` if it can stand in a mail as a person's.
fn person<'a>(name: &'a str, book: &Book) -> Option<&'a str> {
    let name = name.trim();
    let fits = name.chars().any(char::is_alphabetic)
        && name.chars().count() <= 40
        && name.chars().all(|c| c.is_alphabetic() || " '-’".contains(c))
        && !lint::holds_phrase(name, book.claims)
        && !lint::holds_phrase(name, book.attachment);
    fits.then_some(name)
}

impl Story {
    /// Draws one row of every slot.
    fn bind(&self, stream: &mut ChaCha8Rng) -> Bindings {
        let mut bindings = Bindings::default();
        for slot in self.slots {
            let row = slot.rows.get(grammar::below(stream, slot.rows.len())).copied().unwrap_or_default();
            for (name, value) in slot.names.split('/').zip(row.split('/')) {
                bindings.set(name, value);
            }
        }
        bindings
    }

    /// How many distinct openings this story can make, at least: the expansions of its template, times the rows of
    /// every slot that each of them names. A slot that only some alternatives name is not counted.
    #[must_use]
    pub fn openings(&self, book: &Book) -> u64 {
        let template = Template::parse(self.opening, book.rules);
        let slots = self.slots.iter().filter(|slot| slot.names.split('/').any(|name| template.always_names(name)));
        slots.fold(template.count(), |product, slot| product.saturating_mul(slot.rows.len() as u64))
    }
}

#[cfg(test)]
mod tests;
