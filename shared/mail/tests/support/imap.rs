//! A small IMAP server over a model of folders: just the commands that a visit says, with the extensions a test allows it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, DuplexStream};

use super::{Log, Memory, line, say};

/// A mail in the model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mail {
    pub(crate) uid: u32,
    pub(crate) header: String,
    pub(crate) flags: BTreeSet<String>,
    pub(crate) labels: BTreeSet<String>,
    pub(crate) date: String,
}

impl Mail {
    pub(crate) fn new(message_id: &str) -> Self {
        let token = message_id.split('@').next().unwrap();
        Self {
            header: format!(
                "Message-ID: <{message_id}>\r\nX-Entity-Ref-ID: {token}\r\nFrom: Bob <bob@example.org>\r\n\
                 Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\r\n"
            ),
            date: "02-Mar-2026 09:14:00 +0100".to_owned(),
            ..Self::default()
        }
    }
    pub(crate) fn flagged(mut self, flag: &str) -> Self {
        self.flags.insert(flag.to_owned());
        self
    }
    fn has_header(&self, name: &str, value: &str) -> bool {
        self.header
            .lines()
            .any(|line| line.split_once(": ").is_some_and(|(n, v)| n.eq_ignore_ascii_case(name) && v.contains(value)))
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Box_ {
    pub(crate) attributes: &'static str,
    pub(crate) uid_validity: u32,
    pub(crate) next_uid: u32,
    pub(crate) mails: Vec<Mail>,
}

/// The state behind the server; several sessions may share it.
pub(crate) struct Model {
    pub(crate) folders: BTreeMap<String, Box_>,
    pub(crate) capabilities: &'static str,
    pub(crate) delimiter: char,
    /// Categories by message id, for Gmail.
    pub(crate) categories: BTreeMap<String, &'static str>,
    /// A prefix that CREATE insists on.
    pub(crate) must_start_with: &'static str,
}

/// Answers some commands in the model's stead: gets the line without its tag. `{tag}` in the answer is replaced; an
/// answer that ends in `<close>` closes the connection, in `<hang>` leaves it open without a word more.
pub(crate) type Hook = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Imap {
    pub(crate) model: Arc<Mutex<Model>>,
    pub(crate) log: Log,
    pub(crate) hook: Hook,
    pub(crate) greeting: &'static str,
}

impl Imap {
    pub(crate) fn new(capabilities: &'static str) -> Self {
        let model = Model {
            folders: BTreeMap::new(),
            capabilities,
            delimiter: '/',
            categories: BTreeMap::new(),
            must_start_with: "",
        };
        Self {
            model: Arc::new(Mutex::new(model)),
            log: Log::default(),
            hook: Arc::new(|_| None),
            greeting: "* OK ready\r\n",
        }
        .folder("INBOX", "", vec![])
    }
    pub(crate) fn folder(self, name: &str, attributes: &'static str, mails: Vec<Mail>) -> Self {
        let mut folder = Box_ { attributes, uid_validity: 7, next_uid: 100, mails: vec![] };
        for mail in mails {
            folder.add(mail);
        }
        self.model.lock().unwrap().folders.insert(name.to_owned(), folder);
        self
    }
    pub(crate) fn hook(mut self, hook: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.hook = Arc::new(hook);
        self
    }
    pub(crate) fn dial(&self) -> Memory {
        let this = self.clone();
        Memory::new(move |stream| this.clone().serve(stream))
    }
    /// The identifiers in a folder, with `!` behind those marked deleted.
    pub(crate) fn ids(&self, folder: &str) -> Vec<String> {
        let model = self.model.lock().unwrap();
        let Some(folder) = model.folders.get(folder) else { return vec![] };
        let id = |mail: &Mail| {
            let id = mail.header.lines().next().unwrap().trim_start_matches("Message-ID: <").trim_end_matches('>');
            format!("{id}{}", if mail.flags.contains("\\Deleted") { "!" } else { "" })
        };
        folder.mails.iter().map(id).collect()
    }

    async fn serve(self, mut stream: DuplexStream) {
        say(&mut stream, self.greeting).await;
        let mut selected = String::new();
        while let Some(mut said) = line(&mut stream).await {
            // Literals, both kinds, are read into the line.
            while let Some(start) = said.rfind('{').filter(|_| said.ends_with('}')) {
                let number = said[start + 1..said.len() - 1].to_owned();
                said.truncate(start);
                if !number.ends_with('+') {
                    say(&mut stream, "+ go\r\n").await;
                }
                let mut literal = vec![0; number.trim_end_matches('+').parse().unwrap()];
                if stream.read_exact(&mut literal).await.is_err() {
                    return;
                }
                said.push_str(&format!("«{}»", String::from_utf8_lossy(&literal)));
                let Some(rest) = line(&mut stream).await else { return };
                said.push_str(&rest);
            }
            let Some((tag, command)) = said.split_once(' ') else { return };
            self.log.push(command);
            let answer = match (self.hook)(command) {
                Some(answer) => answer.replace("{tag}", tag),
                None if command.starts_with("AUTHENTICATE") && command.split(' ').count() == 2 => {
                    say(&mut stream, "+ \r\n").await;
                    let Some(response) = line(&mut stream).await else { return };
                    self.log.push(response);
                    format!("{tag} OK in\r\n")
                }
                None => self.model.lock().unwrap().answer(tag, command, &mut selected),
            };
            if let Some(text) = answer.strip_suffix("<close>") {
                say(&mut stream, text).await;
                return;
            }
            if let Some(text) = answer.strip_suffix("<hang>") {
                say(&mut stream, text).await;
                std::future::pending::<()>().await;
            }
            say(&mut stream, &answer).await;
        }
    }
}

impl Box_ {
    fn add(&mut self, mut mail: Mail) -> u32 {
        mail.uid = self.next_uid;
        self.next_uid += 1;
        self.mails.push(mail);
        self.next_uid - 1
    }
}

fn unquote(text: &str) -> String {
    let text = text.trim();
    let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    inner.unwrap_or(text).replace("\\\"", "\"").replace("\\\\", "\\")
}

fn in_set(set: &str, uid: u32) -> bool {
    set.split(',').any(|part| match part.split_once(':') {
        Some((a, b)) => (a.parse().unwrap()..=b.parse().unwrap()).contains(&uid),
        None => part.parse() == Ok(uid),
    })
}

impl Model {
    fn answer(&mut self, tag: &str, command: &str, selected: &mut String) -> String {
        let ok = |untagged: String| format!("{untagged}{tag} OK done\r\n");
        let has = |capability: &str| self.capabilities.split(' ').any(|c| c == capability);
        let words: Vec<&str> = command.splitn(4, ' ').collect();
        let plain_uids = !has("UIDPLUS");
        let argument = command.split_once(' ').map_or("", |(_, rest)| rest);
        match (words[0], words.get(1).copied().unwrap_or_default()) {
            ("CAPABILITY", _) => ok(format!("* CAPABILITY IMAP4rev1 {}\r\n", self.capabilities)),
            ("LOGIN" | "AUTHENTICATE" | "SUBSCRIBE" | "STARTTLS" | "NOOP", _) => ok(String::new()),
            ("LOGOUT", _) => ok("* BYE\r\n".to_owned()),
            ("LIST", _) => ok(self
                .folders
                .iter()
                .map(|(name, f)| format!("* LIST ({}) \"{}\" \"{name}\"\r\n", f.attributes, self.delimiter))
                .collect()),
            ("CREATE", _) => {
                let name = unquote(argument);
                if !name.starts_with(self.must_start_with) {
                    return format!("{tag} NO Invalid mailbox name\r\n");
                }
                let new = Box_ { attributes: "", uid_validity: 8, next_uid: 1, mails: vec![] };
                self.folders.entry(name).or_insert(new);
                ok(String::new())
            }
            ("SELECT", _) => {
                let name = unquote(argument);
                let Some(folder) = self.folders.get(&name) else { return format!("{tag} NO no such folder\r\n") };
                *selected = name;
                ok(format!(
                    "* FLAGS (\\Seen)\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] ok\r\n* {} EXISTS\r\n* 0 RECENT\r\n\
                     * OK [UIDVALIDITY {}] ok\r\n",
                    folder.mails.len(),
                    folder.uid_validity
                ))
            }
            ("UID", "SEARCH") => {
                let query = &command["UID SEARCH ".len()..];
                let folder = &self.folders[selected.as_str()];
                let hits = folder.mails.iter().filter(|mail| self.fits(mail, query));
                let uids: String = hits.map(|mail| format!(" {}", mail.uid)).collect();
                ok(format!("* SEARCH{uids}\r\n"))
            }
            ("UID", "FETCH") => {
                let folder = &self.folders[selected.as_str()];
                let gmail = has("X-GM-EXT-1");
                let mut text = String::new();
                for (k, mail) in folder.mails.iter().enumerate().filter(|(_, m)| in_set(words[2], m.uid)) {
                    let flags: Vec<&str> = mail.flags.iter().map(String::as_str).collect();
                    text += &format!("* {} FETCH (UID {} FLAGS ({})", k + 1, mail.uid, flags.join(" "));
                    if command.contains("HEADER.FIELDS") {
                        let labels: Vec<String> =
                            mail.labels.iter().map(|l| format!("\"{}\"", l.replace('\\', "\\\\"))).collect();
                        if gmail {
                            text += &format!(" X-GM-LABELS ({})", labels.join(" "));
                        }
                        text += &format!(
                            " INTERNALDATE \"{}\" BODY[HEADER.FIELDS (MESSAGE-ID X-ENTITY-REF-ID)]<0> {{{}}}\r\n{}",
                            mail.date,
                            mail.header.len(),
                            mail.header
                        );
                    }
                    text += ")\r\n";
                }
                ok(text)
            }
            ("UID", "STORE") => {
                let (set, change) = (words[2], words[3]);
                let (what, list) = change.split_once(' ').unwrap();
                let folder = self.folders.get_mut(selected.as_str()).unwrap();
                let mut text = String::new();
                for mail in folder.mails.iter_mut().filter(|m| in_set(set, m.uid)) {
                    let target = if what.contains("LABELS") { &mut mail.labels } else { &mut mail.flags };
                    for flag in list.trim_matches(['(', ')']).split(' ') {
                        if what.starts_with('+') {
                            target.insert(flag.to_owned());
                        } else {
                            target.remove(flag);
                        }
                    }
                    if !what.ends_with(".SILENT") {
                        let flags: Vec<&str> = mail.flags.iter().map(String::as_str).collect();
                        text += &format!("* 1 FETCH (UID {} FLAGS ({}))\r\n", mail.uid, flags.join(" "));
                    }
                }
                ok(text)
            }
            ("UID", verb @ ("COPY" | "MOVE")) => {
                if verb == "MOVE" && !has("MOVE") {
                    return format!("{tag} BAD unknown\r\n");
                }
                let to = unquote(words[3]);
                if !self.folders.contains_key(&to) {
                    return format!("{tag} NO [TRYCREATE] no such folder\r\n");
                }
                let source = self.folders.get_mut(selected.as_str()).unwrap();
                let hits: Vec<Mail> = source.mails.iter().filter(|m| in_set(words[2], m.uid)).cloned().collect();
                if verb == "MOVE" {
                    source.mails.retain(|m| !in_set(words[2], m.uid));
                }
                let target = self.folders.get_mut(&to).unwrap();
                let new: Vec<u32> = hits.into_iter().map(|mail| target.add(mail)).collect();
                if plain_uids || new.is_empty() {
                    return ok(String::new());
                }
                format!("{tag} OK [COPYUID {} {} {}] done\r\n", target.uid_validity, words[2], new[0])
            }
            ("UID", "EXPUNGE") if has("UIDPLUS") => {
                let folder = self.folders.get_mut(selected.as_str()).unwrap();
                folder.mails.retain(|m| !(m.flags.contains("\\Deleted") && in_set(words[2], m.uid)));
                ok(String::new())
            }
            ("EXPUNGE", _) => {
                let folder = self.folders.get_mut(selected.as_str()).unwrap();
                folder.mails.retain(|m| !m.flags.contains("\\Deleted"));
                ok("* 1 EXPUNGE\r\n".to_owned())
            }
            _ => format!("{tag} BAD unknown command\r\n"),
        }
    }

    fn fits(&self, mail: &Mail, query: &str) -> bool {
        let mut words = query.split(' ');
        while let Some(word) = words.next() {
            let fits = match word {
                "UNDELETED" => !mail.flags.contains("\\Deleted"),
                "DELETED" => mail.flags.contains("\\Deleted"),
                "SINCE" | "BEFORE" => {
                    let day = |text: &str| jiff::fmt::strtime::parse("%d-%b-%Y", text).unwrap().to_date().unwrap();
                    let (mails, asked) = (day(&mail.date[..11]), words.next().unwrap());
                    let asked = day(&format!("{asked:0>11}"));
                    if word == "SINCE" { mails >= asked } else { mails < asked }
                }
                "HEADER" => mail.has_header(words.next().unwrap(), &unquote(words.next().unwrap())),
                "UID" => in_set(words.next().unwrap(), mail.uid),
                "X-GM-RAW" => {
                    let wanted = unquote(words.next().unwrap());
                    let found = self.categories.iter().find(|(id, _)| mail.header.contains(id.as_str()));
                    let primary = mail.labels.contains("CATEGORY_PERSONAL");
                    let category = if primary { "primary" } else { found.map_or("primary", |(_, c)| c) };
                    wanted == format!("category:{category}")
                }
                other => panic!("the model does not know {other} in {query}"),
            };
            if !fits {
                return false;
            }
        }
        true
    }
}
