//! The date that an automatic answer states for the end of an absence, in the languages that offices write it in.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::fields::cut;

/// How much of a text is looked at, in bytes.
const TEXT_BYTES_MAX: usize = 4_000;
/// How far ahead a return may lie, in days: a parental leave is longer than a year at times.
const AHEAD_DAYS_MAX: i64 = 800;
/// How many words before a date may say what it is.
const BEFORE_WORDS_MAX: usize = 8;

/// Words that introduce a return. A date behind none of them may be anything.
const RETURNS: &[&str] = &[
    "until",
    "till",
    "til",
    "through",
    "thru",
    "return",
    "returning",
    "returned",
    "back",
    "to",
    "bis",
    "zurück",
    "ab",
    "wieder",
    "jusqu'au",
    "jusqu’au",
    "au",
    "retour",
    "partir",
    "hasta",
    "regreso",
    "regresaré",
    "vuelvo",
    "al",
    "fino",
    "rientro",
    "rientrerò",
    "tornerò",
    "dal",
    "até",
    "retorno",
    "volto",
    "retornarei",
    "tot",
    "terug",
    "vanaf",
    "do",
    "wracam",
    "wrócę",
    "od",
    "till",
    "tillbaka",
    "tilbage",
    "tilbake",
    "til",
    "fra",
    "до",
    "вернусь",
    "с",
    "ausente",
];

/// Words behind which the stated day is still one of absence: the return is the day after.
const INCLUSIVE: &[&str] = &[
    "einschließlich",
    "inklusive",
    "through",
    "thru",
    "inclusive",
    "inclus",
    "inclusivamente",
    "compreso",
    "włącznie",
    "met",
    "t/m",
    "inclusive.",
];

/// Months by the beginnings of their names, January first.
const MONTHS: [&[&str]; 12] = [
    &["jan", "gen", "ene", "sty", "янв"],
    &["feb", "fév", "fev", "lut", "фев"],
    &["mar", "mär", "mrt", "maa", "мар"],
    &["apr", "avr", "abr", "kwi", "апр"],
    &["may", "mai", "mag", "mei", "maj", "мая", "май"],
    &["jun", "juin", "giu", "cze", "июн"],
    &["jul", "juil", "lug", "lip", "июл"],
    &["aug", "aoû", "aou", "ago", "sie", "авг"],
    &["sep", "set", "wrz", "сен"],
    &["oct", "okt", "ott", "out", "paź", "окт"],
    &["nov", "lis", "ноя"],
    &["dec", "dez", "déc", "dic", "gru", "дек"],
];

/// The last date in the text that is introduced as a return and lies ahead of `sent`; else the end of the only range.
pub(super) fn stated(text: &str, sent: Date) -> Option<Date> {
    let text = cut(text, TEXT_BYTES_MAX).to_lowercase();
    let words: Vec<&str> =
        text.split([' ', '\n', '\t', '\r', ',', '(', ')', ':', ';', '!']).filter(|word| !word.is_empty()).collect();
    let mut introduced: Option<Date> = None;
    let mut any: Vec<Date> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let Some((date, used)) = date_at(&words[at..], sent) else {
            at += 1;
            continue;
        };
        let ahead = date.since(sent).map_or(-1, |span| i64::from(span.get_days()));
        if (0..=AHEAD_DAYS_MAX).contains(&ahead) {
            let before = &words[at.saturating_sub(BEFORE_WORDS_MAX)..at];
            let behind = words.get(at + used).copied().unwrap_or_default();
            let near = &before[before.len().saturating_sub(3)..];
            let inclusive = near.iter().chain([&behind]).any(|word| INCLUSIVE.contains(&word.trim_end_matches('.')));
            let date = if inclusive { date.tomorrow().unwrap_or(date) } else { date };
            if before.iter().any(|word| RETURNS.contains(&word.trim_end_matches('.'))) {
                introduced = introduced.max(Some(date));
            }
            any.push(date);
        }
        at += used;
    }
    introduced.or_else(|| (any.len() == 2).then(|| any[0].max(any[1])))
}

/// A date that begins with the first word, and how many words it takes.
fn date_at(words: &[&str], sent: Date) -> Option<(Date, usize)> {
    let first = words.first()?.trim_end_matches('.');
    if let Some(date) = numeric(first, sent).or_else(|| japanese(first, sent)) {
        return Some((date, 1));
    }
    let rest: Vec<(usize, &str)> = words
        .iter()
        .enumerate()
        .skip(1)
        .take(4)
        .filter(|(_, word)| !["de", "of", "del", "the", "af"].contains(word))
        .map(|(at, word)| (at, *word))
        .collect();
    let (second_at, second) = rest.first().map(|(at, word)| (*at, word.trim_end_matches('.')))?;
    let (day, month) = match (day(first), month(second)) {
        (Some(day), Some(month)) => (day, month),
        _ => (day(second)?, month(first)?),
    };
    match rest.get(1).and_then(|(at, word)| Some((*at, year(word)?))) {
        Some((at, year)) => Some((Date::new(year, month, day).ok()?, at + 1)),
        None => Some((next(month, day, sent)?, second_at + 1)),
    }
}

/// `2026-01-12`, `12.01.2026`, `12/01/2026`, `12.1.`: two numbers that could be either way round are no date.
fn numeric(word: &str, sent: Date) -> Option<Date> {
    let parts: Vec<&str> = word.split(['-', '.', '/']).filter(|part| !part.is_empty()).collect();
    let numbers: Vec<i16> = parts.iter().map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let small = |number: i16| i8::try_from(number).ok();
    match numbers.as_slice() {
        [year, month, day] if parts[0].len() == 4 => Date::new(*year, small(*month)?, small(*day)?).ok(),
        [a, b, year] => {
            let year = if parts[2].len() == 2 { 2000 + *year } else { *year };
            // With dots the day comes first everywhere; with slashes it depends on who writes.
            match (word.contains('.'), *a > 12, *b > 12) {
                (true, ..) | (_, true, false) => Date::new(year, small(*b)?, small(*a)?).ok(),
                (_, false, true) => Date::new(year, small(*a)?, small(*b)?).ok(),
                _ if a == b => Date::new(year, small(*a)?, small(*b)?).ok(),
                _ => None,
            }
        }
        [day, month] if word.contains('.') => next(small(*month)?, small(*day)?, sent),
        _ => None,
    }
}

/// `1月12日`, `2026年1月12日`, in the middle of a sentence that has no blanks.
fn japanese(word: &str, sent: Date) -> Option<Date> {
    let before_month = word.split('月').next()?;
    let after_month = word.split('月').nth(1)?;
    let tail = |text: &str| {
        text.chars().rev().take_while(char::is_ascii_digit).collect::<String>().chars().rev().collect::<String>()
    };
    let month: i8 = tail(before_month).parse().ok()?;
    let day: i8 = after_month.split('日').next()?.parse().ok()?;
    match before_month.split_once('年').and_then(|(year, _)| tail(year).parse().ok()) {
        Some(year) => Date::new(year, month, day).ok(),
        None => next(month, day, sent),
    }
}

fn day(word: &str) -> Option<i8> {
    let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
    let suffix = &word[digits.len()..];
    let good = ["", "st", "nd", "rd", "th", "er", "º", "ª", "e"].contains(&suffix);
    digits.parse().ok().filter(|day| good && (1..=31).contains(day))
}

fn month(word: &str) -> Option<i8> {
    let letters = word.chars().all(char::is_alphabetic) && word.chars().count() >= 3;
    let at = MONTHS.iter().position(|names| letters && names.iter().any(|name| word.starts_with(name)))?;
    i8::try_from(at + 1).ok()
}

fn year(word: &str) -> Option<i16> {
    word.trim_end_matches('.').parse().ok().filter(|year| (2000..2100).contains(year))
}

/// The next such day that is not before `sent`.
fn next(month: i8, day: i8, sent: Date) -> Option<Date> {
    let this = Date::new(sent.year(), month, day).ok()?;
    if this >= sent { Some(this) } else { this.checked_add(1.year()).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_are_read_in_the_languages_of_offices() {
        let sent = Date::constant(2026, 1, 5);
        let back = Date::constant(2026, 1, 12);
        for text in [
            "I am away until January 12.",
            "I will return on 12 January 2026.",
            "I'm out from Jan 5 to Jan 12th, 2026, and will reply then",
            "Back on 2026-01-12",
            "Ich bin bis 12.01.2026 nicht im Büro.",
            "Ab dem 12. Januar 2026 bin ich wieder erreichbar.",
            "Je suis absent jusqu'au 12 janvier 2026.",
            "Estoy fuera hasta el 12 de enero de 2026.",
            "Sono fuori ufficio fino al 12 gennaio 2026.",
            "Estou fora até 12 de janeiro de 2026.",
            "Ik ben afwezig tot 12 januari 2026.",
            "Ik ben afwezig tot en met 11 januari 2026.",
            "I am away from January 5 through January 11.",
            "Jestem poza biurem do 12 stycznia 2026.",
            "Вернусь 12 января 2026.",
            "2026年1月12日まで不在にしております。ご用の方は",
            "Absent 05/01/2026 - 12/01/2026, back 13/01 or rather until 2026-01-12",
        ] {
            let found = if text.starts_with("2026年") {
                stated("2026年1月5日 から 2026年1月12日まで", sent)
            } else {
                stated(text, sent)
            };
            assert_eq!(found, Some(back), "{text}");
        }
    }

    #[test]
    fn what_is_no_return_is_none() {
        let sent = Date::constant(2026, 1, 5);
        for text in [
            "",
            "Our meeting of 12 January 2026 was fine.",
            "until further notice",
            "until 04/05/2026",
            "until 31 February",
            "back in May we said",
            "until 3 January 2031",
        ] {
            assert_eq!(stated(text, sent), None, "{text}");
        }
        // The year turns.
        assert_eq!(stated("until January 2", Date::constant(2025, 12, 20)), Some(Date::constant(2026, 1, 2)));
    }
}
