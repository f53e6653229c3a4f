//! What no warmup text may hold (domain.md §6), whoever wrote it: the library or a language model.
//!
//! The checks are on purpose stricter than a reader would be: a text that is refused costs nothing, one that a spam
//! filter dislikes costs reputation.

use super::{Language, Text};

/// Fewest characters of a body.
pub const CHARACTERS_MIN: usize = 20;
/// Most characters of a body.
pub const CHARACTERS_MAX: usize = 1200;
/// Most characters of a subject. Ours: longer ones are cut off by mail programs.
pub const SUBJECT_CHARACTERS_MAX: usize = 120;
/// Below so many words a share says little. Ours.
const SHORT_WORDS: usize = 12;
/// Smallest share of the words that must be frequent small words of the language. Ours: English prose has 0.4 and
/// more, English read as another language below 0.1.
pub const SMALL_WORDS_MIN: f64 = 0.2;

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LintError {
    /// The body is too short or too long.
    #[error("the body has {0} characters; allowed are {CHARACTERS_MIN} to {CHARACTERS_MAX}")]
    Length(usize),
    /// The subject is empty or too long.
    #[error("the subject has {0} characters; allowed are 1 to {SUBJECT_CHARACTERS_MAX}")]
    SubjectLength(usize),
    /// A link, host name or address.
    #[error("it holds a link or an address: `{0}`")]
    Link(String),
    /// It speaks of an attachment, and there is none.
    #[error("it speaks of an attachment: `{0}`")]
    Attachment(String),
    /// A claim about money, health or law.
    #[error("it speaks of money, health or law: `{0}`")]
    Claim(String),
    /// Something a writer meant to fill in.
    #[error("it holds a placeholder: `{0}`")]
    Placeholder(String),
    /// A control character, or a line that reads as a mail header.
    #[error("it could be read as a mail header or breaks a line: `{}`", .0.escape_debug())]
    Header(String),
    /// It is in another language.
    #[error("it does not read as {0:?}")]
    Language(Language),
}

impl LintError {
    /// A word to count by.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Length(_) | Self::SubjectLength(_) => "length",
            Self::Link(_) => "link",
            Self::Attachment(_) => "attachment",
            Self::Claim(_) => "claim",
            Self::Placeholder(_) => "placeholder",
            Self::Header(_) => "header",
            Self::Language(_) => "language",
        }
    }
}

/// Checks one mail's subject and body.
///
/// # Errors
/// The first rule that the text breaks.
pub fn lint(text: &Text, language: Language) -> Result<(), LintError> {
    let book = language.book();
    let characters = text.body.chars().count();
    if !(CHARACTERS_MIN..=CHARACTERS_MAX).contains(&characters) {
        return Err(LintError::Length(characters));
    }
    let characters = text.subject.trim().chars().count();
    if !(1..=SUBJECT_CHARACTERS_MAX).contains(&characters) {
        return Err(LintError::SubjectLength(characters));
    }
    if let Some(c) = text.subject.chars().find(|c| is_unsafe(*c)) {
        return Err(LintError::Header(c.to_string()));
    }
    if let Some(c) = text.body.chars().find(|c| *c != '\n' && is_unsafe(*c)) {
        return Err(LintError::Header(c.to_string()));
    }
    if let Some(line) = text.body.lines().find(|line| is_header(line)) {
        return Err(LintError::Header(line.to_owned()));
    }
    for part in [&text.subject, &text.body] {
        if let Some(found) = placeholder(part) {
            return Err(LintError::Placeholder(found));
        }
        if let Some(found) = part.split_whitespace().find(|word| is_link(word)) {
            return Err(LintError::Link(found.to_owned()));
        }
        if let Some(found) = find_phrase(part, book.attachment) {
            return Err(LintError::Attachment(found.to_owned()));
        }
        if let Some(found) = find_phrase(part, book.claims) {
            return Err(LintError::Claim(found.to_owned()));
        }
        if let Some(sign) = part.chars().find(|c| "$€£¥₹%".contains(*c)) {
            return Err(LintError::Claim(sign.to_string()));
        }
    }
    if !reads_as(&text.body, language) {
        return Err(LintError::Language(language));
    }
    Ok(())
}

/// Control characters, and the separators and direction marks of Unicode that can hide or break a line.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}')
}

/// Whether a line starts like a header field that could change who gets a mail or how it is read.
fn is_header(line: &str) -> bool {
    const FIELDS: [&str; 14] = [
        "to",
        "cc",
        "bcc",
        "from",
        "sender",
        "subject",
        "date",
        "reply-to",
        "return-path",
        "received",
        "message-id",
        "mime-version",
        "in-reply-to",
        "references",
    ];
    let Some((name, _)) = line.split_once(':') else { return false };
    let name = name.trim().to_ascii_lowercase();
    FIELDS.contains(&name.as_str()) || name.starts_with("content-") || name.starts_with("x-")
}

fn placeholder(text: &str) -> Option<String> {
    const WORDS: [&str; 7] =
        ["tbd", "xxx", "lorem ipsum", "your name here", "insert name", "company name", "undefined"];
    if let Some(sign) = text.chars().find(|c| "{}[]<>|\\`".contains(*c)) {
        return Some(sign.to_string());
    }
    if text.contains("__") {
        return Some("__".to_owned());
    }
    // In capitals only: `todo` is a Spanish word.
    if text.split(|c: char| !c.is_alphanumeric()).any(|word| word == "TODO") {
        return Some("TODO".to_owned());
    }
    find_phrase(text, &WORDS).map(ToOwned::to_owned)
}

/// Whether a word is an address of anything: a scheme, `www.`, `name@host`, or labels joined by dots that end in
/// letters like a top-level domain.
fn is_link(word: &str) -> bool {
    let word = word.to_lowercase();
    if word.contains("://") || word.contains("www.") || word.contains('@') || word.starts_with("mailto:") {
        return true;
    }
    let host = word.trim_matches(|c: char| !c.is_alphanumeric());
    let host = host.split(['/', ':', '?', '#']).next().unwrap_or(host);
    let Some((name, last)) = host.rsplit_once('.') else { return false };
    let is_label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    last.len() >= 2 && last.chars().all(char::is_alphabetic) && name.split('.').all(is_label)
        // `e.g.` and `a.m.` lose their last dot above; what is left of them has one-letter labels only.
        || host.split('.').count() == 4 && host.split('.').all(|label| label.parse::<u8>().is_ok())
}

/// Whether `text` holds one of the phrases as whole words, in any case.
pub(super) fn holds_phrase(text: &str, phrases: &[&str]) -> bool {
    find_phrase(text, phrases).is_some()
}

/// The first of `phrases` that stands in `text` as whole words. A phrase that ends in `*` also matches longer words.
pub(super) fn find_phrase<'p>(text: &str, phrases: &[&'p str]) -> Option<&'p str> {
    let words = words(text);
    let fits = |word: &str, wanted: &str| match wanted.strip_suffix('*') {
        Some(stem) => word.starts_with(stem),
        None => word == wanted,
    };
    // What stands behind an elision (`l'avocat`) is a word of its own.
    let matches = |word: &str, wanted: &str| {
        fits(word, wanted) || word.split_once('\'').is_some_and(|(_, rest)| fits(rest, wanted))
    };
    let starts = |at: usize, phrase: &str| {
        let mut wanted = phrase.split(' ').enumerate();
        wanted.all(|(offset, wanted)| words.get(at + offset).is_some_and(|word| matches(word, wanted)))
    };
    phrases.iter().copied().find(|phrase| (0..words.len()).any(|at| starts(at, phrase)))
}

/// Words in lower case; an apostrophe is part of a word.
fn words(text: &str) -> Vec<String> {
    let is_break = |c: char| !(c.is_alphanumeric() || c == '\'' || c == '’');
    text.split(is_break).filter(|word| !word.is_empty()).map(|word| word.to_lowercase().replace('’', "'")).collect()
}

/// Whether a text is in `language`: enough of its words are small words of it, and no other language has more of them.
/// Romance languages share many, so that a share alone would not tell them apart.
fn reads_as(text: &str, language: Language) -> bool {
    let words = words(text);
    let small = |language: Language| {
        let known = language.book().small_words;
        // An elided word (`j'espère`) counts by what stands before its apostrophe.
        let elided = |word: &str| word.find('\'').is_some_and(|at| known.contains(&&word[..=at]));
        words.iter().filter(|word| known.contains(&word.as_str()) || elided(word)).count()
    };
    let own = small(language);
    let enough = if words.len() < SHORT_WORDS {
        // Of a few words one small one is enough: "Received, thanks a lot. Until Friday." is English.
        own > 0
    } else {
        // A body is at most 1,200 characters: both counts are exact in f64.
        own as f64 >= SMALL_WORDS_MIN * words.len() as f64
    };
    enough && Language::ALL.iter().all(|&other| small(other) <= own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str) -> Result<(), LintError> {
        lint(&Text { subject: "A word about lunch".to_owned(), body: body.to_owned() }, Language::En)
    }

    const PROSE: &str =
        "Would you like to have lunch with us on Thursday? It is at noon, e.g. at 12:15 p.m. if that is fine.";

    #[test]
    fn plain_prose_passes() {
        assert_eq!(check(PROSE), Ok(()));
        assert_eq!(check("This is the one we had in mind.\n\nIt is for you and me."), Ok(()));
    }

    #[test]
    fn length_is_20_to_1200_characters() {
        let words = |count| "it is on a ".repeat(count);
        assert_eq!(check("it is what it is me"), Err(LintError::Length(19)));
        assert_eq!(check("it is what it is me."), Ok(()));
        let longest = &words(110)[..1200];
        assert_eq!(check(longest), Ok(()));
        assert_eq!(check(&format!("{longest}x")), Err(LintError::Length(1201)));
        // Characters, not bytes.
        assert_eq!(check(&format!("{}é", &longest[..1199])), Ok(()));
    }

    #[test]
    fn links_and_addresses_are_refused() {
        for link in [
            "https://a.example/x",
            "www.example",
            "example.com",
            "(example.co.uk)",
            "Example.COM/path?x",
            "me@here.example",
            "mailto:me",
            "192.0.2.7",
            "ftp://x",
            "\"docs.example\".",
            "exämple.de",
        ] {
            let refused = check(&format!("{PROSE} Have a look at {link} when it is fine"));
            assert!(matches!(refused, Err(LintError::Link(_))), "{link}: {refused:?}");
        }
    }

    #[test]
    fn attachments_and_claims_are_refused_as_whole_words() {
        for (word, is_attachment) in [
            ("attached", true),
            ("Attachment", true),
            ("enclosed", true),
            ("invoice", false),
            ("GUARANTEED", false),
            ("investing", false),
            ("risk free", false),
            ("your doctor", false),
            ("a lawyer", false),
            ("5 €", false),
            ("20%", false),
            ("lose weight", false),
        ] {
            let refused = check(&format!("{PROSE} It is {word} for you."));
            assert!(
                if is_attachment {
                    matches!(refused, Err(LintError::Attachment(_)))
                } else {
                    matches!(refused, Err(LintError::Claim(_)))
                },
                "{word}: {refused:?}"
            );
        }
        assert_eq!(check(&format!("{PROSE} It was priceless.")), Ok(()));
    }

    #[test]
    fn placeholders_are_refused() {
        for hole in ["{name}", "[Name]", "<day>", "a | b", "___", "TODO", "your name here", "lorem ipsum", "\\n", "`x`"]
        {
            let refused = check(&format!("{PROSE} This is {hole} for you."));
            assert!(matches!(refused, Err(LintError::Placeholder(_))), "{hole}: {refused:?}");
        }
    }

    #[test]
    fn header_injection_is_refused() {
        for line in
            ["\nBcc: x", "\n Content-Type: text/html", "\nX-Anything: 1", "\rhello", "\0", "a\u{2028}b", "\u{202e}"]
        {
            let refused = check(&format!("{PROSE}{line}"));
            assert!(matches!(refused, Err(LintError::Header(_))), "{line:?}: {refused:?}");
        }
        for subject in ["Lunch\r\nBcc: x", "Lunch\nagain", "Lunch\0"] {
            let text = Text { subject: subject.to_owned(), body: PROSE.to_owned() };
            assert!(matches!(lint(&text, Language::En), Err(LintError::Header(_))), "{subject:?}");
        }
        for subject in ["", "   ", &"x".repeat(121)] {
            let text = Text { subject: subject.to_owned(), body: PROSE.to_owned() };
            assert!(matches!(lint(&text, Language::En), Err(LintError::SubjectLength(_))), "{subject:?}");
        }
    }

    #[test]
    fn other_languages_are_refused() {
        for text in [
            "Hast du am Donnerstag Zeit für ein kurzes Gespräch? Ich würde mich sehr über deine Meinung freuen.",
            "Est-ce que tu serais libre jeudi pour un appel rapide ? Je voudrais ton avis sur le calendrier.",
            "¿Tienes tiempo el jueves para una llamada corta? Me gustaría conocer tu opinión sobre el calendario.",
        ] {
            assert_eq!(check(text), Err(LintError::Language(Language::En)));
        }
    }

    /// Each language's prose reads as that language and as no other, also where two share half of their small words.
    #[test]
    fn every_language_is_told_from_every_other() {
        let prose = [
            (
                Language::En,
                "Would you have time for a short call on Thursday? I would like to hear what you think of the plan.",
            ),
            (
                Language::De,
                "Hast du am Donnerstag Zeit für ein kurzes Gespräch? Ich würde gern hören, was du von dem Plan hältst.",
            ),
            (
                Language::Fr,
                "As-tu le temps de parler jeudi ? J'aimerais savoir ce que tu penses de la suite et de la date.",
            ),
            (
                Language::Es,
                "¿Tienes tiempo para hablar el jueves? Me gustaría saber qué te parece el plan y la fecha que propuse.",
            ),
        ];
        for (language, text) in prose {
            for asked in Language::ALL {
                let text = Text { subject: "S".to_owned(), body: text.to_owned() };
                let expected = if language == asked { Ok(()) } else { Err(LintError::Language(asked)) };
                assert_eq!(lint(&text, asked), expected, "{language} asked as {asked}: {}", text.body);
            }
        }
        let italian = "Hai tempo per una breve telefonata giovedì? Vorrei sapere cosa ne pensi del piano e della data.";
        for asked in Language::ALL {
            let text = Text { subject: "S".to_owned(), body: italian.to_owned() };
            assert_eq!(lint(&text, asked), Err(LintError::Language(asked)));
        }
    }

    #[test]
    fn claims_and_attachments_are_refused_in_every_language() {
        let cases = [
            (Language::De, "Das ist für dich, und die Rechnung ist auch schon da.", "claim"),
            (Language::De, "Ich habe dir alles in den Anhang gelegt, damit du es hast.", "attachment"),
            (Language::De, "Wir waren gestern mit dem Kind beim Arzt, und es ist alles gut.", "claim"),
            (Language::Fr, "Je te dis que le prix est très bon et que tu vas aimer cela.", "claim"),
            (Language::Fr, "Tu vas voir cela dans la pièce jointe que je mets ici pour toi.", "attachment"),
            (Language::Fr, "Je suis chez l'avocat et je te parle de cela dans la semaine.", "claim"),
            (Language::Es, "No te lo vas a creer, pero es gratis para todos y con mucho más.", "claim"),
            (Language::Es, "Te lo he adjuntado aquí para que lo puedas ver con más tiempo.", "attachment"),
            (Language::Es, "He estado en el médico y todo está muy bien, así que no es nada.", "claim"),
        ];
        for (language, body, kind) in cases {
            let text = Text { subject: "S".to_owned(), body: body.to_owned() };
            assert_eq!(lint(&text, language).map_err(|error| error.kind()), Err(kind), "{body}");
        }
    }
}
