//! Why a mail came back: an SMTP reply, its enhanced status code and its free text, read into a [`Class`].
//!
//! The status class is not hard or soft (webhooks.md §18): servers say 5.1.1 of a full mailbox and 5.0.0 of everything.
//! So what is *said* is asked first, the code second. Both are ordered tables: `wording` of phrases, `codes` of
//! enhanced and reply codes; the first row that fits decides. A new wording is a new row, not a new branch.
//!
//! A reply that says "try again" (4yz) is never [`Class::Hard`]: an address is suppressed for ever on a final word only.
//! May not know who reported the reply, nor what becomes of the address.

mod codes;
mod text;
mod wording;

pub use text::{enhanced_in, is_enhanced, reply_in};

use crate::event::Class;

/// How much of a reply's text is looked at, in bytes. Real replies stay under 1 kB.
pub const TEXT_BYTES_MAX: usize = 2_048;

/// What the report adds to a text when it knows that the server had taken the recipient and refused the message.
///
/// Postfix's own words, so that its replies need no addition.
pub const AFTER_DATA: &str = "(in reply to end of DATA command)";

/// The class of a reply: its code (200–599), its enhanced status code, and whatever text there is. Each may be missing,
/// and the codes are then looked for in the text.
///
/// Total and deterministic; never longer than the tables times [`TEXT_BYTES_MAX`].
#[must_use]
pub fn classify(code: Option<u16>, enhanced: Option<&str>, text: &str) -> Class {
    let said = text::normal(text);
    let code = code.filter(|code| (200..600).contains(code)).or_else(|| text::reply_in(&said));
    let given = enhanced.map(str::trim).filter(|given| text::is_enhanced(given));
    // A generic code (5.0.0) is what a relay says that did not look at the reply: the reply's own is the better one.
    let enhanced = match given {
        Some(given) if !text::is_generic(given) => Some(given),
        _ => text::enhanced_in(&said).or(given),
    };
    let class = wording::class_of(&said)
        .or_else(|| enhanced.and_then(codes::of_enhanced))
        .or_else(|| code.and_then(codes::of_reply))
        .or_else(|| wording::hint_of(&said))
        .or_else(|| enhanced.and_then(codes::of_subject))
        .unwrap_or(Class::Undetermined);
    match class {
        Class::Hard if is_temporary(code, enhanced) => Class::Transient,
        Class::Undetermined if is_temporary(code, enhanced) => Class::Transient,
        class => class,
    }
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
