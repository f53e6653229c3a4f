//! Reads the items of FETCH.

use super::command::{Item, Section};
use super::parse::{Bad, Cursor};

/// The items behind `FETCH set`: one, a list, or a macro. UID FETCH always has the UID.
pub(crate) fn items(cursor: &mut Cursor<'_>, by_uid: bool) -> Result<Vec<Item>, Bad> {
    let mut items = if cursor.peek() == Some(b'(') {
        cursor.list(item)?
    } else if cursor.rest().eq_ignore_ascii_case(b"FAST") {
        cursor.atom()?;
        vec![Item::Flags, Item::InternalDate, Item::Size]
    } else {
        vec![item(cursor)?]
    };
    if by_uid && !items.contains(&Item::Uid) {
        items.insert(0, Item::Uid);
    }
    Ok(items)
}

fn item(cursor: &mut Cursor<'_>) -> Result<Item, Bad> {
    let name = cursor.span(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)).to_ascii_uppercase();
    let whole = |section, label: &str, peek| Item::Body { section, label: label.to_owned(), peek, partial: None };
    Ok(match name.as_str() {
        "FLAGS" => Item::Flags,
        "UID" => Item::Uid,
        "INTERNALDATE" => Item::InternalDate,
        "RFC822.SIZE" => Item::Size,
        "X-GM-LABELS" => Item::GmailLabels,
        "X-GM-MSGID" => Item::GmailId,
        "X-GM-THRID" => Item::GmailThread,
        "RFC822" => whole(Section::Whole, "RFC822", false),
        "RFC822.HEADER" => whole(Section::Header, "RFC822.HEADER", true),
        "RFC822.TEXT" => whole(Section::Text, "RFC822.TEXT", false),
        "BODY" | "BODY.PEEK" => body_section(cursor, name == "BODY.PEEK")?,
        _ => return Err("unknown FETCH item"),
    })
}

fn body_section(cursor: &mut Cursor<'_>, peek: bool) -> Result<Item, Bad> {
    cursor.expect(b'[', "BODYSTRUCTURE is not served here")?;
    let from = cursor.rest();
    let name = cursor.span(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte)).to_ascii_uppercase();
    let section = match name.as_str() {
        "" => Section::Whole,
        "HEADER" => Section::Header,
        "TEXT" => Section::Text,
        "HEADER.FIELDS" | "HEADER.FIELDS.NOT" => {
            cursor.space()?;
            let names = cursor.list(Cursor::astring)?;
            Section::Fields { names, not: name.ends_with("NOT") }
        }
        _ => return Err("this section is not served here"),
    };
    let inside = String::from_utf8_lossy(&from[..from.len() - cursor.rest().len()]).into_owned();
    cursor.expect(b']', "a section has no end")?;
    let mut label = format!("BODY[{inside}]");
    let mut partial = None;
    if cursor.take(b'<') {
        let offset = usize::try_from(cursor.number()?).map_err(|_| "a number is too large")?;
        cursor.expect(b'.', "a wrong partial")?;
        let length = usize::try_from(cursor.number()?).map_err(|_| "a number is too large")?;
        cursor.expect(b'>', "a wrong partial")?;
        label = format!("{label}<{offset}>");
        partial = Some((offset, length));
    }
    Ok(Item::Body { section, label, peek, partial })
}
