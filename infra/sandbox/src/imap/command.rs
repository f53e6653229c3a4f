//! What an IMAP client can ask (RFC 3501 with the extensions that the profiles announce), as data.

use jiff::Timestamp;

/// A set of numbers as a client writes it: `1:4,7,9:*`. 0 stands for `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Set(pub(crate) Vec<(u32, u32)>);

impl Set {
    /// The ranges with `*` put in: (least, most), each ordered.
    pub(crate) fn ranges(&self, last: u32) -> Vec<(u32, u32)> {
        let place = |number: u32| if number == 0 { last } else { number };
        self.0
            .iter()
            .map(|&(a, b)| {
                let (a, b) = (place(a), place(b));
                (a.min(b), a.max(b))
            })
            .collect()
    }

    pub(crate) fn holds(&self, number: u32, last: u32) -> bool {
        self.ranges(last).iter().any(|&(from, to)| (from..=to).contains(&number))
    }
}

/// A search key. Days are UTC days counted from 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    All,
    Nothing,
    Uid(Set),
    Numbers(Set),
    Since(i64),
    Before(i64),
    On(i64),
    /// A system flag's bit, and whether it is set.
    Flag(u8, bool),
    Keyword(String, bool),
    Header(String, String),
    Text(String),
    Body(String),
    Larger(usize),
    Smaller(usize),
    Not(Box<Key>),
    Or(Box<Key>, Box<Key>),
    And(Vec<Key>),
    GmailRaw(String),
    GmailId(u64),
    GmailThread(u64),
    GmailLabel(String),
}

/// Which part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Section {
    Whole,
    Header,
    Text,
    /// These header fields, or all but these.
    Fields {
        names: Vec<String>,
        not: bool,
    },
}

/// One item of FETCH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    Flags,
    Uid,
    InternalDate,
    Size,
    /// `label` is what the answer names it; `partial` = (offset, length).
    Body {
        section: Section,
        label: String,
        peek: bool,
        partial: Option<(usize, usize)>,
    },
    GmailLabels,
    GmailId,
    GmailThread,
}

/// How STORE changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Replace,
    Add,
    Remove,
}

/// What STORE changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attribute {
    Flags,
    GmailLabels,
}

/// A command without its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Capability,
    Noop,
    Check,
    Logout,
    Id,
    Namespace,
    Enable,
    StartTls,
    Login {
        user: String,
        secret: String,
    },
    Authenticate {
        mechanism: String,
        initial: Option<String>,
    },
    Select {
        folder: String,
        read_only: bool,
    },
    Create(String),
    Delete(String),
    Subscribe,
    /// `verb` is LIST or LSUB; `extended`: in a form of RFC 5258.
    List {
        verb: &'static str,
        reference: String,
        patterns: Vec<String>,
        special_only: bool,
        extended: bool,
    },
    Status {
        folder: String,
        items: Vec<String>,
    },
    Append {
        folder: String,
        flags: Vec<String>,
        at: Option<Timestamp>,
        message: Vec<u8>,
    },
    Close,
    Unselect,
    Expunge(Option<Set>),
    Search {
        by_uid: bool,
        key: Key,
    },
    Fetch {
        by_uid: bool,
        set: Set,
        items: Vec<Item>,
    },
    Store {
        by_uid: bool,
        set: Set,
        attribute: Attribute,
        change: Change,
        silent: bool,
        values: Vec<String>,
    },
    Copy {
        by_uid: bool,
        set: Set,
        folder: String,
    },
    Move {
        by_uid: bool,
        set: Set,
        folder: String,
    },
}
