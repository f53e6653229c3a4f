//! Which folder is which: by what the server says of them (SPECIAL-USE, RFC 6154), else by their names in the languages
//! of the world's mail programs.

use imap_proto::{MailboxDatum, NameAttribute, Response};

use super::ImapError;
use super::names::special_by_name;
use super::session::{Piece, Visit, quoted, string};
use crate::limits::FOLDERS_MAX;
use crate::utf7;

/// What a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Special {
    /// The inbox.
    Inbox,
    /// Junk or Spam.
    Junk,
    /// Copies of sent mail.
    Sent,
    /// Deleted mail.
    Trash,
    /// Drafts.
    Drafts,
    /// Every mail, whatever its label (Gmail).
    All,
    /// A view of mail that lies elsewhere, such as Gmail's Starred and Important.
    View,
}

/// A folder that can be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Its name as people read it.
    pub name: String,
    /// Its name on the wire (modified UTF-7, with prefix and delimiters).
    pub raw: String,
    /// What it is for; `None`: nothing special.
    pub special: Option<Special>,
}

/// The folders of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// The inbox.
    pub inbox: Folder,
    /// Junk or Spam; some mailboxes have none.
    pub junk: Option<Folder>,
    /// Copies of sent mail; some servers keep none.
    pub sent: Option<Folder>,
    /// Deleted mail.
    pub trash: Option<Folder>,
    /// Gmail's All Mail.
    pub all: Option<Folder>,
    /// Where warmup mail is filed, if it exists yet. See [`Visit::ensure_folder`].
    pub preheat: Option<Folder>,
    /// Every further folder that holds mail of its own. No drafts, no views.
    pub others: Vec<Folder>,
    /// The server is Gmail: folders are labels, categories exist.
    pub gmail: bool,
    /// What separates the levels of a name; `None`: names are flat.
    pub delimiter: Option<char>,
    /// What every name of the user's own must start with, such as `INBOX.`; usually empty.
    pub prefix: String,
}

/// The folder that warmup mail is filed into.
pub const FILED_FOLDER: &str = "Preheat";

impl Folders {
    /// Where a delivered mail can lie, each place once: inbox, junk, where it was filed, the user's folders, trash. On
    /// Gmail All Mail stands for every label but junk and trash.
    #[must_use]
    pub fn everywhere(&self) -> Vec<&Folder> {
        let mut places = vec![&self.inbox];
        places.extend(&self.junk);
        if self.gmail && self.all.is_some() {
            places.extend(&self.all);
        } else {
            places.extend(&self.preheat);
            places.extend(&self.others);
        }
        places.extend(&self.trash);
        places
    }
}

/// One line of LIST.
struct Listed {
    raw: String,
    delimiter: Option<char>,
    selectable: bool,
    special: Option<Special>,
}

impl Visit {
    /// The folders of this mailbox. Asked for once a visit.
    ///
    /// # Errors
    /// See [`ImapError`].
    pub async fn folders(&mut self) -> Result<Folders, ImapError> {
        if let Some(folders) = &self.folders {
            return Ok(folders.clone());
        }
        let listed = self.list().await?;
        let folders = sort(listed, self.capabilities.gmail());
        self.folders = Some(folders.clone());
        Ok(folders)
    }

    async fn list(&mut self) -> Result<Vec<Listed>, ImapError> {
        // RFC 6154 §2: a plain LIST may leave the attributes out; with RETURN it must not.
        if self.capabilities.has("SPECIAL-USE") && self.capabilities.has("LIST-EXTENDED") {
            match self.list_as("LIST \"\" \"*\" RETURN (SPECIAL-USE)").await {
                Err(ImapError::Refused { .. }) => {}
                result => return result,
            }
        }
        self.list_as("LIST \"\" \"*\"").await
    }

    async fn list_as(&mut self, line: &str) -> Result<Vec<Listed>, ImapError> {
        let mut listed = Vec::new();
        self.ask("LIST", vec![Piece::Text(line.to_owned())], |answer| {
            let Response::MailboxData(MailboxDatum::List(data)) = answer else { return };
            let raw = unescaped(&data.name);
            // A name that we could not say again is no folder to us.
            if listed.len() >= FOLDERS_MAX || raw.is_empty() || raw.chars().any(char::is_control) {
                return;
            }
            let is = |wanted: &[&str]| {
                data.name_attributes.iter().any(|attribute| match attribute {
                    NameAttribute::NoSelect => wanted.contains(&"\\noselect"),
                    NameAttribute::Extension(name) => wanted.contains(&name.to_ascii_lowercase().as_str()),
                    _ => false,
                })
            };
            listed.push(Listed {
                raw,
                delimiter: data.delimiter.as_deref().and_then(|text| unescaped(text).chars().next()),
                selectable: !is(&["\\noselect", "\\nonexistent"]),
                special: data.name_attributes.iter().find_map(special),
            });
        })
        .await?;
        Ok(listed)
    }

    /// The folder `name` at the top of the user's own folders, made if it is not there.
    ///
    /// # Errors
    /// See [`ImapError`].
    pub async fn ensure_folder(&mut self, name: &str) -> Result<Folder, ImapError> {
        let folders = self.folders().await?;
        let wanted = [name.to_owned(), format!("{}{name}", folders.prefix)];
        let known = folders.preheat.iter().chain(&folders.others);
        if let Some(folder) = known.into_iter().find(|folder| wanted.contains(&folder.name)) {
            return Ok(folder.clone());
        }
        let mut raw = format!("{}{}", folders.prefix, utf7::encode(name));
        if let Err(error) = self.create(&raw).await {
            // A server whose only folder is INBOX has not shown that everything must lie below it.
            let (ImapError::Refused { .. }, true, Some(delimiter)) =
                (&error, folders.prefix.is_empty(), folders.delimiter)
            else {
                return Err(error);
            };
            raw = format!("{}{delimiter}{}", folders.inbox.raw, utf7::encode(name));
            self.create(&raw).await?;
        }
        let subscribe = vec![Piece::Text("SUBSCRIBE ".to_owned()), string("SUBSCRIBE", &raw)?];
        match self.command("SUBSCRIBE", subscribe).await {
            // Mail programs may not show it, but it is there.
            Ok(()) | Err(ImapError::Refused { .. } | ImapError::Busy { .. }) => {}
            Err(error) => return Err(error),
        }
        let folder = Folder { name: utf7::decode(&raw), raw, special: None };
        if let Some(folders) = &mut self.folders {
            if name == FILED_FOLDER {
                folders.preheat = Some(folder.clone());
            } else {
                folders.others.push(folder.clone());
            }
        }
        Ok(folder)
    }

    async fn create(&mut self, raw: &str) -> Result<(), ImapError> {
        let pieces = vec![Piece::Text(format!("CREATE {}", quoted(raw)))];
        match self.command("CREATE", pieces).await {
            // RFC 5530: somebody was faster, or LIST did not show it.
            Err(ImapError::Refused { reply, .. }) if reply.to_ascii_uppercase().contains("[ALREADYEXISTS]") => Ok(()),
            result => result,
        }
    }
}

/// imap-proto gives the inside of a quoted string with its backslashes. Atoms cannot hold any.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    plain
}

fn special(attribute: &NameAttribute<'_>) -> Option<Special> {
    Some(match attribute {
        NameAttribute::Junk => Special::Junk,
        NameAttribute::Sent => Special::Sent,
        NameAttribute::Trash => Special::Trash,
        NameAttribute::Drafts => Special::Drafts,
        NameAttribute::All => Special::All,
        NameAttribute::Flagged => Special::View,
        NameAttribute::Extension(name) => match name.to_ascii_lowercase().as_str() {
            // \Spam and \AllMail are what XLIST said before RFC 6154, and some servers still do.
            "\\spam" => Special::Junk,
            "\\allmail" => Special::All,
            "\\important" | "\\starred" => Special::View,
            _ => return None,
        },
        _ => return None,
    })
}

fn sort(listed: Vec<Listed>, gmail: bool) -> Folders {
    let delimiter = listed.iter().find_map(|one| one.delimiter);
    let prefix = prefix(&listed, delimiter);
    let is_inbox = |raw: &str| raw.eq_ignore_ascii_case("INBOX");
    let inbox_raw = listed.iter().find(|one| is_inbox(&one.raw)).map_or("INBOX", |one| one.raw.as_str()).to_owned();
    let mut folders = Folders {
        inbox: Folder { name: "INBOX".to_owned(), raw: inbox_raw, special: Some(Special::Inbox) },
        junk: None,
        sent: None,
        trash: None,
        all: None,
        preheat: None,
        others: Vec::new(),
        gmail,
        delimiter,
        prefix,
    };
    let mut rest = Vec::new();
    // What the server says comes before what a name suggests: a user may have a folder "Spam" beside the real Junk.
    for one in listed.into_iter().filter(|one| one.selectable && !is_inbox(&one.raw)) {
        let folder = Folder { name: utf7::decode(&one.raw), raw: one.raw, special: one.special };
        match slot(&mut folders, one.special) {
            Some(place) if place.is_none() => *place = Some(folder),
            _ => rest.push(folder),
        }
    }
    for mut folder in rest {
        let own = folder.name.strip_prefix(&folders.prefix).unwrap_or(&folder.name).to_owned();
        if own == FILED_FOLDER && folders.preheat.is_none() {
            folders.preheat = Some(folder);
            continue;
        }
        let special = folder.special.or_else(|| special_by_name(&own));
        match slot(&mut folders, special) {
            Some(place) if place.is_none() => {
                folder.special = special;
                *place = Some(folder);
            }
            _ if matches!(special, Some(Special::Drafts | Special::View | Special::All)) => {}
            _ => folders.others.push(folder),
        }
    }
    folders
}

fn slot(folders: &mut Folders, special: Option<Special>) -> Option<&mut Option<Folder>> {
    Some(match special? {
        Special::Junk => &mut folders.junk,
        Special::Sent => &mut folders.sent,
        Special::Trash => &mut folders.trash,
        Special::All => &mut folders.all,
        Special::Inbox | Special::Drafts | Special::View => return None,
    })
}

/// `INBOX.` where every folder lies below the inbox (Courier, Cyrus and many hosters).
fn prefix(listed: &[Listed], delimiter: Option<char>) -> String {
    let Some(delimiter) = delimiter else { return String::new() };
    let below = format!("INBOX{delimiter}");
    let mut own = listed.iter().filter(|one| !one.raw.eq_ignore_ascii_case("INBOX")).peekable();
    let is_below = |one: &Listed| one.raw.get(..below.len()).is_some_and(|start| start.eq_ignore_ascii_case(&below));
    match own.peek() {
        Some(first) if is_below(first) => {
            let prefix = first.raw[..below.len()].to_owned();
            if own.all(is_below) { prefix } else { String::new() }
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(raw: &str, delimiter: char) -> Listed {
        Listed { raw: raw.to_owned(), delimiter: Some(delimiter), selectable: true, special: None }
    }

    #[test]
    fn localised_names_are_known_in_modified_utf7() {
        for (junk, sent) in [
            ("Junk E-Mail", "Gesendete Elemente"),
            ("Courrier ind&AOk-sirable", "&AMk-l&AOk-ments envoy&AOk-s"),
            ("Correo no deseado", "Elementos enviados"),
            ("Posta indesiderata", "Posta inviata"),
            ("Lixo Eletr&APQ-nico", "Itens Enviados"),
            ("Ongewenste e-mail", "Verzonden items"),
            ("Wiadomo&AVs-ci-&AVs-mieci", "Elementy wys&AUI-ane"),
            ("INBOX.spam", "INBOX.Sent"),
        ] {
            let delimiter = if junk.starts_with("INBOX.") { '.' } else { '/' };
            let all = ["INBOX", junk, sent].map(|raw| listed(raw, delimiter));
            let folders = sort(all.into(), false);
            assert_eq!(folders.junk.map(|folder| folder.raw).as_deref(), Some(junk));
            assert_eq!(folders.sent.map(|folder| folder.raw).as_deref(), Some(sent));
        }
    }

    #[test]
    fn what_the_server_says_comes_before_what_a_name_suggests() {
        let mut junk = listed("Ablage P", '/');
        junk.special = Some(Special::Junk);
        let folders = sort(vec![listed("Spam", '/'), junk, listed("inbox", '/')], false);
        assert_eq!(folders.junk.unwrap().raw, "Ablage P");
        assert_eq!(folders.others.iter().map(|folder| folder.raw.as_str()).collect::<Vec<_>>(), ["Spam"]);
        assert_eq!(folders.inbox.raw, "inbox");
    }

    #[test]
    fn the_prefix_is_seen_only_where_everything_lies_below_the_inbox() {
        let of = |names: &[&str]| prefix(&names.iter().map(|raw| listed(raw, '.')).collect::<Vec<_>>(), Some('.'));
        assert_eq!(of(&["INBOX", "INBOX.Sent", "INBOX.Spam"]), "INBOX.");
        assert_eq!(of(&["INBOX", "Inbox.Sent"]), "Inbox.");
        assert_eq!(of(&["INBOX", "INBOX.Sent", "Archive"]), "");
        assert_eq!(of(&["INBOX"]), "");
    }

    #[test]
    fn escapes_of_quoted_names_are_undone() {
        assert_eq!(unescaped(r#"a\"b\\c"#), r#"a"b\c"#);
    }
}
