//! Spanish: shared phrases, greetings, and the words the lint goes by. The stories are in `spanish/`.
//!
//! Colleagues who say *tú*. A greeting ends in `:`, after which the text begins with a capital. Nothing speaks of anybody's
//! sex (no adjective agrees with a person), and no name begins with the sound *i*, so that *y* stays *y*.

mod leisure;
mod office;
mod people;
mod words;

use super::{Book, Slot, Story};

/// The Spanish library.
pub const BOOK: Book = Book {
    stories: &STORIES,
    rules: &[
        (
            "wish",
            "{Espero que {estés bien|todo vaya bien por ahí|la semana te vaya bien|hayas empezado bien la semana|no tengáis \
             demasiado lío}.|Me alegró {saber de ti|hablar contigo} el otro día.|Solo unas líneas entre dos reuniones.}",
        ),
        ("thanks", "{gracias|muchas gracias|mil gracias|muchísimas gracias}"),
        ("norush", "{No corre prisa|No es urgente|Tómate tu tiempo|Puede esperar}"),
        ("ask", "{¿Qué te parece?|¿Cómo lo ves?|Dime qué te parece.|Me interesa tu opinión.|¿Tú qué opinas?}"),
    ],
    greeting: "{Hola, <name>:|Buenos días, <name>:|Buenas, <name>:|¿Qué tal, <name>?}",
    reply_greeting: "{Hola, <name>:|Hola de nuevo, <name>:|Buenas, <name>:|<name>:}",
    nameless_greeting: "{Hola:|Buenos días:|Hola, ¿qué tal?}",
    sign_off: "{Un saludo,|Saludos,|Un abrazo,|Hasta pronto,|Saludos cordiales,|Un cordial saludo,|Que tengas buen día,}",
    no_break_before: &[],
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
        "lunes/miércoles",
        "martes/jueves",
        "miércoles/viernes",
        "jueves/lunes",
        "viernes/martes",
        "martes/viernes",
        "miércoles/lunes",
        "jueves/martes",
    ],
};

/// Somebody both sides know.
const COLLEAGUE: Slot = Slot {
    names: "colleague",
    rows: &[
        "Ana", "Bruno", "Carla", "Carmen", "Diego", "Elena", "Félix", "Gloria", "Jorge", "Laura", "Lucía", "Marta",
        "Mateo", "Nuria", "Pablo", "Raquel", "Sergio", "Sofía", "Tomás", "Víctor",
    ],
};
