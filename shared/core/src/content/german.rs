//! German: shared phrases, greetings, and the words the lint goes by. The stories are in `german/`.
//!
//! Colleagues who say *du*. A greeting ends in `!`, so that the text after it begins with a capital whatever its first
//! word is. Nothing speaks of anybody's sex: names stand for people on both sides.

mod leisure;
mod office;
mod people;
mod words;

use super::{Book, Slot, Story};

/// The German library.
pub const BOOK: Book = Book {
    stories: &STORIES,
    rules: &[
        (
            "wish",
            "{Ich hoffe, {dir geht es gut|bei dir ist alles in Ordnung|deine Woche läuft gut|du bist gut in die Woche \
             gestartet|bei euch ist es gerade nicht zu hektisch}.|Es war schön, neulich {von dir zu hören|mit dir zu \
             sprechen}.|Nur eine kurze Nachricht zwischen zwei Terminen.}",
        ),
        ("thanks", "{danke|danke dir|vielen Dank|herzlichen Dank|besten Dank}"),
        ("norush", "{Es eilt nicht|Das hat keine Eile|Lass dir ruhig Zeit|Das muss nicht heute sein}"),
        (
            "ask",
            "{Was meinst du?|Wie klingt das für dich?|Sag mir gern, was du davon hältst.|Deine Meinung würde mich \
             interessieren.|Wie siehst du das?}",
        ),
        ("good", "{gut|schön|prima|wunderbar}"),
    ],
    greeting: "{Hallo <name>!|Hi <name>!|Guten Tag, <name>!|Grüß dich, <name>!}",
    reply_greeting: "{Hallo <name>!|Hi <name>!|Hallo noch mal, <name>!|Grüß dich, <name>!}",
    nameless_greeting: "{Hallo!|Guten Tag!|Schönen guten Tag!|Hi!}",
    sign_off: "{Viele Grüße|Beste Grüße|Liebe Grüße|Herzliche Grüße|Schöne Grüße|Mit besten Grüßen|Bis bald}",
    no_break_before: &[],
    claims: words::CLAIMS,
    attachment: words::ATTACHMENT,
    small_words: words::SMALL_WORDS,
};

const STORIES: [Story; 16] = [
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
    leisure::COOKING,
];

/// A day to propose, and another one.
const DAYS: Slot = Slot {
    names: "day/other",
    rows: &[
        "Montag/Mittwoch",
        "Dienstag/Donnerstag",
        "Mittwoch/Freitag",
        "Donnerstag/Montag",
        "Freitag/Dienstag",
        "Dienstag/Freitag",
        "Mittwoch/Montag",
        "Donnerstag/Dienstag",
    ],
};

/// Somebody both sides know.
const COLLEAGUE: Slot = Slot {
    names: "colleague",
    rows: &[
        "Anna", "Benno", "Clara", "David", "Elena", "Florian", "Greta", "Hannah", "Jan", "Johanna", "Katrin", "Leon",
        "Marie", "Nina", "Oliver", "Paula", "Robert", "Sophie", "Till", "Vera",
    ],
};
