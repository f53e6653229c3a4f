//! Reads the keys of SEARCH.

use jiff::civil::Date;

use super::command::Key;
use super::parse::{Bad, Cursor};
use crate::message::{ANSWERED, DELETED, DRAFT, FLAGGED, SEEN};

/// Everything behind `SEARCH`: an optional charset, then keys that must all hold.
pub(crate) fn keys(cursor: &mut Cursor<'_>) -> Result<Key, Bad> {
    let mut keys = Vec::new();
    while cursor.take(b' ') {
        keys.push(key(cursor)?);
    }
    match keys.len() {
        0 => Err("a search key is missing"),
        1 => keys.pop().ok_or("a search key is missing"),
        _ => Ok(Key::And(keys)),
    }
}

fn day(date: Date) -> i64 {
    i64::from((date - Date::constant(1970, 1, 1)).get_days())
}

fn spaced<T>(cursor: &mut Cursor<'_>, read: impl FnOnce(&mut Cursor<'_>) -> Result<T, Bad>) -> Result<T, Bad> {
    cursor.space()?;
    read(cursor)
}

fn key(cursor: &mut Cursor<'_>) -> Result<Key, Bad> {
    match cursor.peek() {
        Some(b'(') => return cursor.list(key).map(Key::And),
        Some(byte) if byte.is_ascii_digit() || byte == b'*' => return cursor.set().map(Key::Numbers),
        _ => {}
    }
    let name = cursor.atom()?.to_ascii_uppercase();
    let header = |cursor: &mut Cursor<'_>, field: &str| {
        spaced(cursor, |cursor| cursor.astring()).map(|value| Key::Header(field.to_owned(), value))
    };
    let size = |cursor: &mut Cursor<'_>| {
        spaced(cursor, |cursor| cursor.number()).and_then(|size| usize::try_from(size).map_err(|_| "too large"))
    };
    Ok(match name.as_str() {
        "ALL" | "OLD" => Key::All,
        // No message is ever recent here: the flag is obsolete and says nothing reliable.
        "RECENT" | "NEW" => Key::Nothing,
        "CHARSET" => {
            let charset = spaced(cursor, |cursor| cursor.astring())?;
            if !charset.eq_ignore_ascii_case("UTF-8") && !charset.eq_ignore_ascii_case("US-ASCII") {
                return Err("unknown charset");
            }
            spaced(cursor, key)?
        }
        "UID" => Key::Uid(spaced(cursor, |cursor| cursor.set())?),
        "SINCE" => Key::Since(day(spaced(cursor, |cursor| cursor.date())?)),
        "BEFORE" => Key::Before(day(spaced(cursor, |cursor| cursor.date())?)),
        "ON" => Key::On(day(spaced(cursor, |cursor| cursor.date())?)),
        "SEEN" => Key::Flag(SEEN, true),
        "UNSEEN" => Key::Flag(SEEN, false),
        "ANSWERED" => Key::Flag(ANSWERED, true),
        "UNANSWERED" => Key::Flag(ANSWERED, false),
        "FLAGGED" => Key::Flag(FLAGGED, true),
        "UNFLAGGED" => Key::Flag(FLAGGED, false),
        "DELETED" => Key::Flag(DELETED, true),
        "UNDELETED" => Key::Flag(DELETED, false),
        "DRAFT" => Key::Flag(DRAFT, true),
        "UNDRAFT" => Key::Flag(DRAFT, false),
        "KEYWORD" => Key::Keyword(spaced(cursor, |cursor| cursor.flag())?, true),
        "UNKEYWORD" => Key::Keyword(spaced(cursor, |cursor| cursor.flag())?, false),
        "HEADER" => {
            let field = spaced(cursor, |cursor| cursor.astring())?;
            Key::Header(field, spaced(cursor, |cursor| cursor.astring())?)
        }
        "FROM" | "TO" | "CC" | "BCC" | "SUBJECT" => header(cursor, &name)?,
        "TEXT" => Key::Text(spaced(cursor, |cursor| cursor.astring())?),
        "BODY" => Key::Body(spaced(cursor, |cursor| cursor.astring())?),
        "LARGER" => Key::Larger(size(cursor)?),
        "SMALLER" => Key::Smaller(size(cursor)?),
        "NOT" => Key::Not(Box::new(spaced(cursor, key)?)),
        "OR" => {
            let first = spaced(cursor, key)?;
            Key::Or(Box::new(first), Box::new(spaced(cursor, key)?))
        }
        "X-GM-RAW" => Key::GmailRaw(spaced(cursor, |cursor| cursor.astring())?),
        "X-GM-MSGID" => Key::GmailId(spaced(cursor, |cursor| cursor.number())?),
        "X-GM-THRID" => Key::GmailThread(spaced(cursor, |cursor| cursor.number())?),
        "X-GM-LABELS" => {
            let label = spaced(cursor, |cursor| match cursor.peek() {
                Some(b'"' | b'{') => cursor.astring(),
                _ => cursor.flag(),
            })?;
            Key::GmailLabel(label)
        }
        _ => return Err("unknown search key"),
    })
}
