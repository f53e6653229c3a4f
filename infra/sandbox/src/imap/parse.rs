//! Reads one IMAP command from its bytes, literals in place. Refuses what the grammar does not allow.

use jiff::Timestamp;
use jiff::civil::Date;

use super::command::{Attribute, Change, Command, Set};
use super::{fetch_items, search_key};

/// What is wrong with a command, for the BAD answer.
pub(crate) type Bad = &'static str;

/// A place in the bytes of a command.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Bytes that end an atom (RFC 3501 §9, atom-specials), brackets not among them.
fn is_special(byte: u8) -> bool {
    byte <= b' ' || byte == 0x7f || b"(){%*\"\\".contains(&byte)
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Takes `byte` if it comes next.
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        self.at += usize::from(here);
        here
    }

    pub(crate) fn expect(&mut self, byte: u8, bad: Bad) -> Result<(), Bad> {
        if self.take(byte) { Ok(()) } else { Err(bad) }
    }

    pub(crate) fn space(&mut self) -> Result<(), Bad> {
        self.expect(b' ', "a space is missing")
    }

    /// What is not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    pub(crate) fn span(&mut self, fits: impl Fn(u8) -> bool) -> &'a str {
        let from = self.at;
        while self.peek().is_some_and(&fits) {
            self.at += 1;
        }
        // Non-ASCII never fits (see the callers), so this is always text.
        std::str::from_utf8(&self.bytes[from..self.at]).unwrap_or_default()
    }

    pub(crate) fn atom(&mut self) -> Result<&'a str, Bad> {
        let atom = self.span(|byte| byte.is_ascii() && !is_special(byte));
        if atom.is_empty() { Err("an atom is missing") } else { Ok(atom) }
    }

    /// An atom that may begin with a backslash: a flag or label.
    pub(crate) fn flag(&mut self) -> Result<String, Bad> {
        let slash = if self.take(b'\\') { "\\" } else { "" };
        Ok(format!("{slash}{}", self.atom()?))
    }

    pub(crate) fn number(&mut self) -> Result<u64, Bad> {
        self.span(|byte| byte.is_ascii_digit()).parse().map_err(|_| "a number is missing")
    }

    fn quoted(&mut self) -> Result<Vec<u8>, Bad> {
        self.expect(b'"', "a quoted string is missing")?;
        let mut text = Vec::new();
        loop {
            match self.peek() {
                None | Some(b'\r' | b'\n') => return Err("a quoted string has no end"),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    let next = self.bytes.get(self.at + 1).copied();
                    text.push(next.filter(|byte| b"\\\"".contains(byte)).ok_or("a wrong escape")?);
                    self.at += 2;
                }
                Some(byte) => {
                    text.push(byte);
                    self.at += 1;
                }
            }
        }
    }

    pub(crate) fn literal(&mut self) -> Result<&'a [u8], Bad> {
        self.expect(b'{', "a literal is missing")?;
        let length = usize::try_from(self.number()?).map_err(|_| "a literal is too long")?;
        self.take(b'+');
        for byte in *b"}\r\n" {
            self.expect(byte, "a wrong literal")?;
        }
        let bytes = self.bytes.get(self.at..self.at.saturating_add(length)).ok_or("a literal is too short")?;
        self.at += length;
        Ok(bytes)
    }

    /// An astring: atom, quoted or literal. `extra` bytes are allowed in the atom.
    fn string_or(&mut self, extra: &[u8]) -> Result<String, Bad> {
        match self.peek() {
            Some(b'"') => String::from_utf8(self.quoted()?).map_err(|_| "not text"),
            Some(b'{') => String::from_utf8(self.literal()?.to_vec()).map_err(|_| "not text"),
            _ => {
                let atom = self.span(|byte| byte.is_ascii() && (!is_special(byte) || extra.contains(&byte)));
                if atom.is_empty() { Err("a string is missing") } else { Ok(atom.to_owned()) }
            }
        }
    }

    pub(crate) fn astring(&mut self) -> Result<String, Bad> {
        self.string_or(b"")
    }

    /// A folder name: no NUL, CR or LF whatever its form.
    fn folder(&mut self) -> Result<String, Bad> {
        let name = self.astring()?;
        if !name.bytes().all(|byte| (b' '..0x7f).contains(&byte)) { Err("a wrong folder name") } else { Ok(name) }
    }

    /// `(` things `)`, separated by single spaces.
    pub(crate) fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T, Bad>) -> Result<Vec<T>, Bad> {
        self.expect(b'(', "a list is missing")?;
        let mut things = Vec::new();
        while !self.take(b')') {
            if !things.is_empty() {
                self.space()?;
            }
            things.push(one(self)?);
        }
        Ok(things)
    }

    pub(crate) fn set(&mut self) -> Result<Set, Bad> {
        let mut ranges = Vec::new();
        loop {
            let from = self.set_number()?;
            let to = if self.take(b':') { self.set_number()? } else { from };
            ranges.push((from, to));
            if !self.take(b',') {
                return Ok(Set(ranges));
            }
        }
    }

    fn set_number(&mut self) -> Result<u32, Bad> {
        if self.take(b'*') {
            return Ok(0);
        }
        let number = u32::try_from(self.number()?).map_err(|_| "a number is too large")?;
        if number == 0 { Err("0 is not a message number") } else { Ok(number) }
    }

    /// `2-Nov-2026`, quoted or not.
    pub(crate) fn date(&mut self) -> Result<Date, Bad> {
        let text = self.astring()?;
        Date::strptime("%d-%b-%Y", &text).map_err(|_| "a date is wrong")
    }
}

/// Reads a whole command line (without its final CRLF): tag and command, or tag and what is wrong.
pub(crate) fn parse(bytes: &[u8]) -> (String, Result<(String, Command), Bad>) {
    let mut cursor = Cursor::new(bytes);
    let Ok(tag) = cursor.atom() else { return ("*".to_owned(), Err("the tag is missing")) };
    (tag.to_owned(), command(&mut cursor))
}

fn command(cursor: &mut Cursor<'_>) -> Result<(String, Command), Bad> {
    cursor.space()?;
    let mut verb = cursor.atom()?.to_ascii_uppercase();
    let by_uid = verb == "UID";
    if by_uid {
        cursor.space()?;
        verb = format!("UID {}", cursor.atom()?.to_ascii_uppercase());
    }
    let command = match verb.trim_start_matches("UID ") {
        "SEARCH" => Command::Search { by_uid, key: search_key::keys(cursor)? },
        "FETCH" => {
            let set = spaced_set(cursor)?;
            Command::Fetch { by_uid, set, items: fetch_items::items(cursor, by_uid)? }
        }
        "STORE" => store(cursor, by_uid)?,
        "COPY" => {
            let set = spaced_set(cursor)?;
            Command::Copy { by_uid, set, folder: cursor.folder()? }
        }
        "MOVE" => {
            let set = spaced_set(cursor)?;
            Command::Move { by_uid, set, folder: cursor.folder()? }
        }
        "EXPUNGE" if by_uid => {
            cursor.space()?;
            Command::Expunge(Some(cursor.set()?))
        }
        "EXPUNGE" => Command::Expunge(None),
        _ if by_uid => return Err("unknown UID command"),
        other => return plain_command(cursor, other).and_then(|command| finished(cursor, verb.clone(), command)),
    };
    finished(cursor, verb, command)
}

fn finished(cursor: &Cursor<'_>, verb: String, command: Command) -> Result<(String, Command), Bad> {
    if cursor.is_at_end() { Ok((verb, command)) } else { Err("too much at the end") }
}

fn plain_command(cursor: &mut Cursor<'_>, verb: &str) -> Result<Command, Bad> {
    Ok(match verb {
        "CAPABILITY" => Command::Capability,
        "NOOP" => Command::Noop,
        "CHECK" => Command::Check,
        "LOGOUT" => Command::Logout,
        "NAMESPACE" => Command::Namespace,
        "STARTTLS" => Command::StartTls,
        "CLOSE" => Command::Close,
        "UNSELECT" => Command::Unselect,
        "ID" => {
            cursor.space()?;
            if cursor.peek() == Some(b'(') {
                cursor.list(|cursor| cursor.astring())?;
            } else {
                cursor.atom()?;
            }
            Command::Id
        }
        "ENABLE" => {
            while cursor.take(b' ') {
                cursor.atom()?;
            }
            Command::Enable
        }
        "LOGIN" => {
            cursor.space()?;
            let user = cursor.astring()?;
            cursor.space()?;
            Command::Login { user, secret: cursor.astring()? }
        }
        "AUTHENTICATE" => {
            cursor.space()?;
            let mechanism = cursor.atom()?.to_ascii_uppercase();
            let initial = if cursor.take(b' ') { Some(cursor.atom()?.to_owned()) } else { None };
            Command::Authenticate { mechanism, initial }
        }
        "SELECT" | "EXAMINE" => {
            cursor.space()?;
            Command::Select { folder: cursor.folder()?, read_only: verb == "EXAMINE" }
        }
        "CREATE" | "DELETE" | "SUBSCRIBE" | "UNSUBSCRIBE" => {
            cursor.space()?;
            let folder = cursor.folder()?;
            match verb {
                "CREATE" => Command::Create(folder),
                "DELETE" => Command::Delete(folder),
                _ => Command::Subscribe,
            }
        }
        "LIST" => list(cursor, "LIST")?,
        "LSUB" => list(cursor, "LSUB")?,
        "STATUS" => {
            cursor.space()?;
            let folder = cursor.folder()?;
            cursor.space()?;
            let items = cursor.list(|cursor| Ok(cursor.atom()?.to_ascii_uppercase()))?;
            Command::Status { folder, items }
        }
        "APPEND" => append(cursor)?,
        _ => return Err("unknown command"),
    })
}

fn spaced_set(cursor: &mut Cursor<'_>) -> Result<Set, Bad> {
    cursor.space()?;
    let set = cursor.set()?;
    cursor.space()?;
    Ok(set)
}

fn list(cursor: &mut Cursor<'_>, verb: &'static str) -> Result<Command, Bad> {
    cursor.space()?;
    let (mut special_only, mut extended) = (false, false);
    if cursor.peek() == Some(b'(') {
        extended = true;
        let options = cursor.list(|cursor| Ok(cursor.atom()?.to_ascii_uppercase()))?;
        special_only = options.iter().any(|option| option == "SPECIAL-USE");
        cursor.space()?;
    }
    let reference = cursor.string_or(b"")?;
    cursor.space()?;
    let patterns = if cursor.peek() == Some(b'(') {
        extended = true;
        cursor.list(|cursor| cursor.string_or(b"%*"))?
    } else {
        vec![cursor.string_or(b"%*")?]
    };
    if cursor.take(b' ') {
        if !cursor.atom()?.eq_ignore_ascii_case("RETURN") {
            return Err("unknown LIST option");
        }
        extended = true;
        cursor.space()?;
        cursor.list(|cursor| Ok(cursor.atom()?.to_owned()))?;
    }
    Ok(Command::List { verb, reference, patterns, special_only, extended })
}

fn append(cursor: &mut Cursor<'_>) -> Result<Command, Bad> {
    cursor.space()?;
    let folder = cursor.folder()?;
    cursor.space()?;
    let mut flags = Vec::new();
    if cursor.peek() == Some(b'(') {
        flags = cursor.list(Cursor::flag)?;
        cursor.space()?;
    }
    let mut at = None;
    if cursor.peek() == Some(b'"') {
        let text = String::from_utf8(cursor.quoted()?).map_err(|_| "not text")?;
        at = Some(Timestamp::strptime("%e-%b-%Y %H:%M:%S %z", &text).map_err(|_| "a date is wrong")?);
        cursor.space()?;
    }
    Ok(Command::Append { folder, flags, at, message: cursor.literal()?.to_vec() })
}

fn store(cursor: &mut Cursor<'_>, by_uid: bool) -> Result<Command, Bad> {
    let set = spaced_set(cursor)?;
    let change = match cursor.peek() {
        Some(b'+') => Change::Add,
        Some(b'-') => Change::Remove,
        _ => Change::Replace,
    };
    if change != Change::Replace {
        cursor.at += 1;
    }
    let name = cursor.atom()?.to_ascii_uppercase();
    let (name, silent) = name.strip_suffix(".SILENT").map_or((name.as_str(), false), |name| (name, true));
    let attribute = match name {
        "FLAGS" => Attribute::Flags,
        "X-GM-LABELS" => Attribute::GmailLabels,
        _ => return Err("unknown STORE item"),
    };
    cursor.space()?;
    let one = |cursor: &mut Cursor<'_>| match (attribute, cursor.peek()) {
        (Attribute::GmailLabels, Some(b'"' | b'{')) => cursor.astring(),
        _ => cursor.flag(),
    };
    let values = if cursor.peek() == Some(b'(') {
        cursor.list(one)?
    } else {
        let mut values = vec![one(cursor)?];
        while cursor.take(b' ') {
            values.push(one(cursor)?);
        }
        values
    };
    Ok(Command::Store { by_uid, set, attribute, change, silent, values })
}
