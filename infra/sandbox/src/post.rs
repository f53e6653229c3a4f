//! The way of a mail from submission to the recipient's folder: limits, Sent copy, filter, bounce.

use jiff::{SignedDuration, Timestamp};

use crate::account::Account;
use crate::filter::{Deed, Placement};
use crate::ledger::{Entry, Outcome};
use crate::message::{Category, Content, Flags, SEEN};
use crate::provider::Role;
use crate::world::{Delivery, State};

/// What a server says to MAIL FROM when a limit is reached.
pub(crate) fn over_limit(account: &mut Account, now: Timestamp) -> Option<&'static str> {
    let day_ago = now - SignedDuration::from_hours(24);
    while account.handed_in.front().is_some_and(|&at| at <= day_ago) {
        account.handed_in.pop_front();
    }
    let profile = account.profile;
    if profile.per_day.is_some_and(|limit| account.handed_in.len() >= limit) {
        return Some("550 5.4.5 Daily user sending limit exceeded");
    }
    let minute_ago = now - SignedDuration::from_mins(1);
    let last_minute = account.handed_in.iter().rev().take_while(|&&at| at > minute_ago).count();
    if profile.per_minute.is_some_and(|limit| last_minute >= limit) {
        return Some("421 4.4.2 Message submission rate for this client has exceeded the configured limit");
    }
    if profile.sessions.is_some_and(|limit| account.sessions > limit) {
        return Some("432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded");
    }
    None
}

impl State {
    /// Whether a first attempt of this pair must wait (greylisting), as the answer to RCPT.
    pub(crate) fn greylists(&mut self, provider: usize, from: &str, to: &str, now: Timestamp) -> bool {
        let provider = &mut self.providers[provider];
        let Some(wait_s) = provider.greylist_s else { return false };
        let first = *provider.greylisted.entry((from.to_owned(), to.to_owned())).or_insert(now);
        now < first + SignedDuration::from_secs(wait_s)
    }

    /// Notes a crossing of end-of-DATA.
    pub(crate) fn note(&mut self, content: &Content, from: &str, to: &str, now: Timestamp, outcome: Outcome) -> usize {
        let sequence = self.ledger.len();
        self.ledger.push(Entry {
            sequence: sequence as u64,
            at: now,
            message_id: content.message_id.clone(),
            rewritten: None,
            token: content.token.clone(),
            in_reply_to: content.parents.first().cloned(),
            from: from.to_owned(),
            to: to.to_owned(),
            outcome,
            placement: None,
            answered: false,
        });
        sequence
    }

    /// Takes a mail over for all recipients: Sent copy, then delivery or bounce. Returns the ledger's entries.
    pub(crate) fn take(&mut self, from: &str, to: &[String], raw: Vec<u8>, now: Timestamp) -> Vec<usize> {
        let Some(provider) = self.accounts.get(from).map(|account| account.provider) else { return Vec::new() };
        let handed_in = Content::new(raw);
        let rewritten = self.rewrite(provider, from, &handed_in);
        let content = rewritten.as_ref().map_or_else(|| std::sync::Arc::clone(&handed_in), std::sync::Arc::clone);
        if let Some(account) = self.accounts.get_mut(from) {
            account.handed_in.extend(std::iter::repeat_n(now, to.len()));
            if account.profile.sent_copy
                && let Some(sent) = account.with_role(Role::Sent)
            {
                account.insert(sent, &content, now, Flags { bits: SEEN, ..Flags::default() });
            }
        }
        self.credit_reply(from, &content);
        let (least, most) = self.providers[provider].delay_s;
        let mut entries = Vec::new();
        for recipient in to {
            let entry = self.note(&handed_in, from, recipient, now, Outcome::Accepted);
            entries.push(entry);
            self.ledger[entry].rewritten = rewritten.as_ref().map(|content| content.message_id.clone());
            let spread = u64::from(most.saturating_sub(least)) + 1;
            let parts = [content.message_id.as_bytes(), recipient.as_bytes()];
            let delay = u64::from(least) + self.chance.below(spread, "delay", &parts);
            let at = now + SignedDuration::from_secs(i64::try_from(delay).unwrap_or(0));
            let delivery = Delivery {
                from: from.to_owned(),
                to: recipient.clone(),
                content: std::sync::Arc::clone(&content),
                entry,
            };
            self.pending.insert((at, entry), delivery);
        }
        self.settle(now);
        entries
    }

    /// A mail that answers one in the sender's own mailbox: the filter that let the first one in learns from it.
    fn credit_reply(&mut self, from: &str, content: &Content) {
        let Some(account) = self.accounts.get_mut(from) else { return };
        let mut answered = None;
        for id in content.parents.iter().take(1) {
            let keys = account.by_message_id.get(id).into_iter().flatten();
            answered = keys.copied().find(|key| account.messages.get(key).is_some_and(|m| m.sender.is_some()));
        }
        let Some(key) = answered else { return };
        account.replies_sent += u32::from(content.token.is_some());
        self.deed(from, key, Deed::Answered);
    }

    /// Tells the filter once what the owner did with a message.
    pub(crate) fn deed(&mut self, address: &str, key: u64, deed: Deed) {
        let Some(account) = self.accounts.get_mut(address) else { return };
        let Some(message) = account.messages.get_mut(&key) else { return };
        let Some(sender) = message.sender.clone() else { return };
        if message.deeds & deed as u8 != 0 {
            return;
        }
        message.deeds |= deed as u8;
        account.rescued += u32::from(deed == Deed::Rescued);
        self.providers[account.provider].filter.learn(deed, &sender, address);
    }

    /// Some Outlook tenants replace the Message-ID: the same ones always, by the sender's domain.
    fn rewrite(&self, provider: usize, from: &str, content: &Content) -> Option<std::sync::Arc<Content>> {
        let share = self.providers[provider].rewriting_share;
        let domain = from.rsplit_once('@').map_or("", |(_, domain)| domain);
        if content.message_id.is_empty() || self.chance.unit("rewriting-tenant", &[domain.as_bytes()]) >= share {
            return None;
        }
        let number = self.chance.hash("rewritten-id", &[content.message_id.as_bytes()]);
        let id = format!("<AM0PR{number:016X}@AM0PR01MB0001.eurprd01.prod.exchangelabs.test>");
        let mut raw = Vec::with_capacity(content.raw.len() + 64);
        for field in crate::message::fields(content.head()) {
            if crate::message::field_name(field).eq_ignore_ascii_case(b"Message-ID") {
                raw.extend_from_slice(format!("Message-ID: {id}\r\n").as_bytes());
            } else {
                raw.extend_from_slice(field);
            }
        }
        raw.extend_from_slice(b"\r\n");
        raw.extend_from_slice(content.body());
        Some(Content::new(raw))
    }

    /// Delivers everything that is due, in order of time. Called before anything looks at an account.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        while let Some(first) = self.pending.first_entry() {
            if first.key().0 > now {
                return;
            }
            let ((at, _), delivery) = first.remove_entry();
            self.deliver(&delivery, at);
        }
    }

    fn deliver(&mut self, delivery: &Delivery, at: Timestamp) {
        let Delivery { from, to, content, entry } = delivery;
        let Some(recipient) = self.accounts.get(to) else {
            let domain = to.rsplit_once('@').map_or("", |(_, domain)| domain);
            let known = self.accounts.keys().any(|address| address.ends_with(&format!("@{domain}")));
            let (status, text) = if known {
                ("5.1.1", "550 5.1.1 The email account that you tried to reach does not exist")
            } else {
                ("5.1.2", "550 5.1.2 Domain not found")
            };
            return self.bounce(delivery, at, status, text);
        };
        if recipient.disabled {
            return self.bounce(delivery, at, "5.2.1", "550 5.2.1 The mailbox is disabled, not accepting messages");
        }
        let provider = recipient.provider;
        let profile = recipient.profile;
        let at_first = (profile.junk_at_first, profile.promotions_at_first);
        let (junk, promotions) = self.providers[provider].filter.weigh(at_first, from, to, at);
        // One draw a mail and recipient: a repeat of the same mail falls the same way.
        let draw = self.chance.unit("placement", &[content.message_id.as_bytes(), to.as_bytes()]);
        let placement = if draw < junk {
            Placement::Spam
        } else if draw < junk + promotions {
            Placement::Promotions
        } else {
            Placement::Inbox
        };
        let host = self.providers[provider].smtp_host.clone();
        let raw = traced(content, from, to, &host, at);
        let Some(account) = self.accounts.get_mut(to) else { return };
        let role = if placement == Placement::Spam { Role::Junk } else { Role::Inbox };
        let Some(folder) = account.with_role(role) else { return };
        let (key, _) = account.insert(folder, &raw, at, Flags::default());
        if let Some(message) = account.messages.get_mut(&key) {
            message.sender = Some(from.clone());
            if placement == Placement::Promotions {
                message.category = Category::Promotions;
            }
        }
        self.ledger[*entry].placement = Some(placement);
    }

    /// Returns a mail to its sender's INBOX as a delivery status notification (RFC 3464).
    fn bounce(&mut self, delivery: &Delivery, at: Timestamp, status: &str, diagnostic: &str) {
        self.ledger[delivery.entry].outcome = Outcome::Bounced { status: status.to_owned() };
        let Some(provider) = self.accounts.get(&delivery.from).map(|account| account.provider) else { return };
        let host = self.providers[provider].smtp_host.clone();
        let number = self.chance.hash("bounce", &[delivery.content.message_id.as_bytes(), delivery.to.as_bytes()]);
        let notice = Content::new(notification(delivery, at, status, diagnostic, &host, number));
        if let Some(account) = self.accounts.get_mut(&delivery.from)
            && let Some(inbox) = account.with_role(Role::Inbox)
        {
            account.insert(inbox, &notice, at, Flags::default());
        }
    }
}

fn rfc5322(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// A delivered mail: the same with a trace on top.
fn traced(content: &Content, from: &str, to: &str, host: &str, at: Timestamp) -> std::sync::Arc<Content> {
    let date = rfc5322(at);
    let trace = format!(
        "Return-Path: <{from}>\r\nDelivered-To: {to}\r\nReceived: from relay.sandbox.test by {host} with ESMTPS\r\n\
         \tfor <{to}>; {date}\r\n"
    );
    let mut raw = trace.into_bytes();
    raw.extend_from_slice(&content.raw);
    Content::new(raw)
}

fn notification(
    delivery: &Delivery,
    at: Timestamp,
    status: &str,
    diagnostic: &str,
    host: &str,
    number: u64,
) -> Vec<u8> {
    let Delivery { from, to, content, .. } = delivery;
    let boundary = format!("=_{number:016x}");
    let date = rfc5322(at);
    let original = String::from_utf8_lossy(content.head()).into_owned();
    format!(
        "Return-Path: <>\r\n\
         Date: {date}\r\n\
         From: Mail Delivery Subsystem <mailer-daemon@{host}>\r\n\
         To: {from}\r\n\
         Subject: Delivery Status Notification (Failure)\r\n\
         Message-ID: <{number:016x}.dsn@{host}>\r\n\
         In-Reply-To: {message_id}\r\n\
         Auto-Submitted: auto-replied\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"{boundary}\"\r\n\
         \r\n\
         --{boundary}\r\n\
         Content-Type: text/plain; charset=us-ascii\r\n\
         \r\n\
         Your message to {to} could not be delivered.\r\n\
         \r\n\
         --{boundary}\r\n\
         Content-Type: message/delivery-status\r\n\
         \r\n\
         Reporting-MTA: dns; {host}\r\n\
         Arrival-Date: {date}\r\n\
         \r\n\
         Final-Recipient: rfc822; {to}\r\n\
         Action: failed\r\n\
         Status: {status}\r\n\
         Diagnostic-Code: smtp; {diagnostic}\r\n\
         \r\n\
         --{boundary}\r\n\
         Content-Type: text/rfc822-headers\r\n\
         \r\n\
         {original}\
         --{boundary}--\r\n",
        message_id = content.message_id,
    )
    .into_bytes()
}
