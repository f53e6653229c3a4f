//! The languages of the library, and how they are written down.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Book, english, french, german, spanish};

/// The language of a conversation: that of the mailbox that began it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
    /// French.
    Fr,
    /// Spanish.
    Es,
}

/// A text that names no language of the library.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no language of the library: en, de, fr or es")]
pub struct UnknownLanguage(pub String);

impl Language {
    /// Every language the library has.
    pub const ALL: [Self; 4] = [Self::En, Self::De, Self::Fr, Self::Es];

    /// What the library can say in this language.
    #[must_use]
    pub fn book(self) -> &'static Book {
        match self {
            Self::En => &english::BOOK,
            Self::De => &german::BOOK,
            Self::Fr => &french::BOOK,
            Self::Es => &spanish::BOOK,
        }
    }

    /// Its code of two letters (ISO 639-1).
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Fr => "fr",
            Self::Es => "es",
        }
    }

    /// Its name in English, as a language model is asked for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::De => "German",
            Self::Fr => "French",
            Self::Es => "Spanish",
        }
    }

    /// Whether it is the default, which messages and rows do not write.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;
    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL.into_iter().find(|language| language.code() == text).ok_or_else(|| UnknownLanguage(text.to_owned()))
    }
}
