//! French: shared phrases, greetings, and the words the lint goes by. The stories are in `french/`.
//!
//! Colleagues who say *tu*. Written as French is set: a blank before `?`, `!`, `:` and `;`, made unbreakable when the text
//! is expanded. Nothing speaks of anybody's sex (no adjective or participle agrees with a person), and every name begins
//! with a consonant, so that *de* and *que* need no elision.

mod leisure;
mod office;
mod people;
mod words;

use super::{Book, Slot, Story};

/// The French library.
pub const BOOK: Book = Book {
    stories: &STORIES,
    rules: &[
        (
            "wish",
            "{J'espère que {tu vas bien|tout va bien de ton côté|ta semaine se passe bien|la semaine a bien \
             commencé|tout se passe bien chez vous}.|C'était agréable d'{avoir de tes nouvelles|échanger avec toi} l'autre \
             jour.|Juste un petit mot entre deux réunions.}",
        ),
        ("thanks", "{merci|merci beaucoup|un grand merci|mille mercis}"),
        ("norush", "{Rien ne presse|Ce n'est pas urgent|Prends ton temps|Cela peut attendre}"),
        (
            "ask",
            "{Qu'en penses-tu ?|Qu'est-ce que tu en dis ?|Dis-moi ce que tu en penses.|Ton avis m'intéresse.|Comment vois-tu \
             la chose ?}",
        ),
    ],
    greeting: "{Bonjour <name>,|Salut <name>,|Hello <name>,}",
    reply_greeting: "{Bonjour <name>,|Salut <name>,|Rebonjour <name>,|<name>,}",
    nameless_greeting: "{Bonjour,|Bonjour à toi,|Salut,}",
    sign_off: "{Bien à toi,|À bientôt,|Bonne journée,|Belle journée,|Amicalement,|Cordialement,|Bien cordialement,}",
    no_break_before: &['?', '!', ':', ';'],
    claims: words::CLAIMS,
    attachment: words::ATTACHMENT,
    small_words: words::SMALL_WORDS,
};

const STORIES: [Story; 15] = [
    office::CALL,
    office::NOTES,
    office::MOVE,
    office::DRAFT,
    office::TRAINING,
    people::THANKS,
    people::EVENT,
    people::LUNCH,
    people::TRAVEL,
    people::FAREWELL,
    people::NEWCOMER,
    leisure::BOOK_TIP,
    leisure::WEATHER,
    leisure::GARDEN,
    leisure::SPORT,
];

/// A day to propose, and another one.
const DAYS: Slot = Slot {
    names: "day/other",
    rows: &[
        "lundi/mercredi",
        "mardi/jeudi",
        "mercredi/vendredi",
        "jeudi/lundi",
        "vendredi/mardi",
        "mardi/vendredi",
        "mercredi/lundi",
        "jeudi/mardi",
    ],
};

/// Somebody both sides know.
const COLLEAGUE: Slot = Slot {
    names: "colleague",
    rows: &[
        "Benoît", "Camille", "Claire", "Damien", "Fanny", "Gabriel", "Julien", "Laura", "Lucas", "Manon", "Marion",
        "Mathilde", "Nicolas", "Paul", "Pierre", "Romain", "Sarah", "Sophie", "Thomas", "Vincent",
    ],
};
