//! Why a mail came back: an SMTP reply, its enhanced status code and its free text, read into a [`Class`].
//!
//! The status class is not hard or soft (webhooks.md §18): servers say 5.1.1 of a full mailbox and 5.0.0 of everything.
//! So what is *said* is asked first, the code second. Both are ordered tables: `wording` of phrases, `codes` of
//! enhanced and reply codes; the first row that fits decides. A new wording is a new row, not a new branch.
//!
//! A reply that says "try again" (4yz) is never [`Class::Hard`]: an address is suppressed for ever on a final word only.
//!
//! **"User unknown" blames the address only where the address is what was asked about.** Many servers take every recipient
//! and refuse the message afterwards with the words of a missing mailbox: a filter of the recipient's own, a sender who is
//! not on a list. So those words are hard if the code is one of addressing (x.1.z), if they answer RCPT ([`Asked`]), or if
//! the program that reports says them of its own directory, without a dialogue; else nobody has said that the address is
//! bad. Whoever speaks SMTP itself knows what it asked ([`classify`]); a report has to show it ([`judge`]).
//!
//! May not know who reported the reply, nor what becomes of the address.

mod codes;
mod text;
mod wording;

pub use text::{enhanced_in, is_enhanced, reply_in};

use crate::event::Class;

/// How much of a reply's text is looked at, in bytes. Real replies stay under 1 kB.
pub const TEXT_BYTES_MAX: usize = 2_048;

/// What a server was asked when it refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// RCPT: whether it takes this recipient.
    Recipient,
    /// DATA: whether it takes this message. It had taken the recipient.
    Message,
    /// Nobody says.
    Unsaid,
}

/// What a reply comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// Its class.
    pub class: Class,
    /// Whether the account is there and closed: hard for whoever sends to it (webhooks.md §18), but its provider can open it
    /// again, which is why many call it soft.
    pub is_closed: bool,
}

/// The class of an answer to RCPT, and of a reply by somebody who does not tell what was asked: its code (200–599), its
/// enhanced status code, and whatever text there is. Each may be missing, and the codes are then looked for in the text.
///
/// Total and deterministic; never longer than the tables times [`TEXT_BYTES_MAX`].
#[must_use]
pub fn classify(code: Option<u16>, enhanced: Option<&str>, text: &str) -> Class {
    let said = text::normal(text);
    let asked = match wording::asked_in(&said) {
        Asked::Message => Asked::Message,
        Asked::Recipient | Asked::Unsaid => Asked::Recipient,
    };
    weigh(asked, code, enhanced, &said).map_or(Class::Undetermined, |judgement| judgement.class)
}

/// What a reply in somebody's report comes to. If the report does not show what was asked, its words may tell. `None`: the
/// reply says nothing.
#[must_use]
pub fn judge(asked: Asked, code: Option<u16>, enhanced: Option<&str>, text: &str) -> Option<Judgement> {
    let said = text::normal(text);
    let asked = if asked == Asked::Unsaid { wording::asked_in(&said) } else { asked };
    weigh(asked, code, enhanced, &said)
}

/// What a server was asked when it said something, as far as the text about it tells: Postfix, Exim, qmail and others write it
/// beside the reply.
#[must_use]
pub fn asked_in(text: &str) -> Asked {
    wording::asked_in(&text::normal(text))
}

fn weigh(asked: Asked, code: Option<u16>, enhanced: Option<&str>, said: &str) -> Option<Judgement> {
    let code = code.filter(|code| (200..600).contains(code)).or_else(|| text::reply_in(said));
    let given = enhanced.map(str::trim).filter(|given| text::is_enhanced(given));
    // A generic code (5.0.0) is what a relay says that did not look at the reply: the reply's own is the better one.
    let enhanced = match given {
        Some(given) if !text::is_generic(given) => Some(given),
        _ => text::enhanced_in(said).or(given),
    };
    let class = wording::class_of(said, asked, enhanced.is_some_and(codes::blames_address))
        .or_else(|| enhanced.and_then(codes::of_enhanced))
        .or_else(|| code.and_then(codes::of_reply))
        .or_else(|| wording::hint_of(said))
        .or_else(|| enhanced.and_then(codes::of_subject));
    let class = match class {
        Some(Class::Hard | Class::Undetermined) | None if is_temporary(code, enhanced) => Class::Transient,
        Some(class) => class,
        None => return None,
    };
    let is_closed = class == Class::Hard && (wording::is_closed(said) || codes::is_closed(code, enhanced));
    Some(Judgement { class, is_closed })
}

/// Whether the server said that a later try may do. Where the two codes differ the reply code is the server's own.
fn is_temporary(code: Option<u16>, enhanced: Option<&str>) -> bool {
    match (code, enhanced) {
        (Some(code), _) => (400..500).contains(&code),
        (None, Some(enhanced)) => enhanced.starts_with('4'),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests;
