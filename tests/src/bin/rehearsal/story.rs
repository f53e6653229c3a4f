//! What happens in the rehearsal, scene by scene, and what is checked in each.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use preheat_core::day::SlotState;
use preheat_core::id::SlotId;
use serde_json::json;

use crate::cloud::{Cloud, TICK_S};
use crate::evidence::{self, Accepted, Stored};
use crate::fleet::{Fleet, now};
use crate::mail_host::MailHost;
use crate::place::{self, until};
use crate::table::Table;

/// The checks, in the order of the story.
pub(crate) const CHECKS: [&str; 16] = [
    DEPLOYED,
    FIRED,
    SENT,
    FOUND,
    RESCUED,
    THREADED,
    FILED,
    COUNTED,
    ONCE,
    GOVERNED,
    BOUNCED,
    TOLD,
    TWICE_DELIVERED,
    KILLED,
    SETTLED,
    CLEAN,
];
/// See [`CHECKS`].
pub(crate) const DEPLOYED: &str = "stack deployed";
const FIRED: &str = "schedule fired the fan-out";
const SENT: &str = "mails sent through Postfix";
const FOUND: &str = "found in Dovecot and recorded";
const RESCUED: &str = "rescued from Junk";
const THREADED: &str = "a reply threaded";
const FILED: &str = "copies filed in Preheat";
const COUNTED: &str = "counters equal Postfix's log";
const ONCE: &str = "no mail twice";
const GOVERNED: &str = "governor looked at every mailbox";
const BOUNCED: &str = "a bounce posted twice: counted once";
const TOLD: &str = "a decision went over the bus to the notifier";
const TWICE_DELIVERED: &str = "messages delivered twice: no mail twice";
const KILLED: &str = "sender killed in mid-batch: no mail twice";
const SETTLED: &str = "paused, searched, counters equal again";
/// See [`CHECKS`].
pub(crate) const CLEAN: &str = "clean-up left no process";

/// Everything that the scenes speak to.
pub(crate) struct Story<'a> {
    pub(crate) cloud: &'a Cloud,
    pub(crate) host: &'a MailHost,
    pub(crate) fleet: &'a Fleet,
    pub(crate) table: &'a mut Table,
}

/// Claims and leases of the template's short patience have run out after this.
const HOLD: Duration = Duration::from_secs(65);

/// How often the state of things is looked at.
const LOOK: Duration = Duration::from_secs(2);

impl Story<'_> {
    /// Plays all scenes. A check that does not hold is in the table, and the story goes on.
    ///
    /// # Errors
    /// Something without which the next scene makes no sense did not happen in time.
    pub(crate) async fn play(&mut self) -> Result<()> {
        self.openings().await?;
        let visited_at = self.visits().await?;
        self.replies().await?;
        self.count(COUNTED).await?;
        let (all, twice) = self.twice();
        self.table.set(ONCE, twice == 0, format!("{all} Message-IDs in the log, {twice} twice"));
        self.reports().await?;
        self.duplicates().await?;
        self.kill().await?;
        self.settle(visited_at).await
    }

    fn accepted(&self) -> Vec<Accepted> {
        evidence::accepted(&self.host.postfix_log())
    }

    fn stored(&self) -> Vec<Stored> {
        evidence::stored(&self.host.boxes())
    }

    async fn openings(&mut self) -> Result<()> {
        let all = self.fleet.len();
        let fired = until("the first tick", minutes(4), LOOK, async || {
            let (begun, quota) = self.fleet.begun().await?;
            Ok((begun == all).then_some(quota))
        });
        let quota = fired.await?;
        let log = self.cloud.log();
        let ticks = log.lines().filter(|line| line.contains("EventBridge") && line.contains("fanout")).count();
        self.table.set(FIRED, ticks > 0 && quota > 0, format!("{ticks} ticks, {all} mailboxes, {quota} sends planned"));

        let enough = until("the first mails", minutes(8), LOOK, async || {
            let mails = self.accepted();
            let junk = evidence::junked(&self.host.dovecot_log());
            Ok((mails.len() >= 12 && !junk.is_empty()).then_some((mails.len(), junk.len())))
        });
        let (mails, junk) = enough.await?;
        let users: BTreeSet<String> = self.accepted().into_iter().map(|mail| mail.user).collect();
        let seen = format!("{mails} mails of {} senders; {junk} filed as Junk by Sieve", users.len());
        self.table.set(SENT, true, seen);
        Ok(())
    }

    /// Every mailbox is visited once. Returns when.
    async fn visits(&mut self) -> Result<tokio::time::Instant> {
        let at = tokio::time::Instant::now();
        let before = self.accepted();
        let junk = evidence::junked(&self.host.dovecot_log());
        self.fleet.ask_for_visits(6).await?;
        let done = until("the visits", minutes(3), LOOK, async || {
            let boxes = self.fleet.boxes().await?;
            let found: BTreeSet<SlotId> = boxes.iter().flat_map(|row| &row.found).map(|found| found.slot).collect();
            let all = before.iter().filter_map(|mail| self.fleet.slot_of(&mail.message_id)).all(|s| found.contains(&s));
            let owed: usize = boxes.iter().map(|row| row.pending.len()).sum();
            Ok(all.then_some((found.len(), owed)))
        });
        let (found, owed) = done.await?;
        let seen = format!("{found} placements, {owed} replies owed; Postfix had accepted {}", before.len());
        self.table.set(FOUND, found >= before.len(), seen);
        let acted = until("rescue and filing", minutes(2), LOOK, async || {
            let rescued = evidence::rescued(&self.host.dovecot_log());
            let left: Vec<String> = self
                .stored()
                .into_iter()
                .filter(|mail| mail.folder != "Preheat" && before.iter().any(|sent| sent.message_id == mail.message_id))
                .map(|mail| format!("{} in {}", mail.message_id, mail.folder))
                .collect();
            Ok((junk.is_subset(&rescued) && left.is_empty()).then_some(rescued.len()))
        });
        let rescued = acted.await;
        let count = rescued.as_ref().copied().unwrap_or_else(|_| evidence::rescued(&self.host.dovecot_log()).len());
        self.table.set(RESCUED, count > 0, format!("{count} moved from Junk to INBOX, {} were there", junk.len()));
        let filed: Vec<Stored> = self.stored().into_iter().filter(|mail| mail.folder == "Preheat").collect();
        let read = filed.iter().filter(|mail| mail.seen).count();
        let seen = format!("{} mails in Preheat, {read} of them read", filed.len());
        self.table.set(FILED, rescued.is_ok() && filed.len() >= before.len() && read == filed.len(), seen);
        Ok(at)
    }

    /// Replies are decided on by the visits, planned by the fan-out as later slots, sent like any other mail.
    async fn replies(&mut self) -> Result<()> {
        let mut hurried = 0;
        let mut reply = None;
        // Whether a mail is replied to is drawn, and nobody writes to the same mailbox twice a day: more mails, more replies.
        for visit in 8..12 {
            hurried += self.fleet.hurry_replies().await?;
            let arrived = until("a reply", minutes(2), LOOK, async || {
                Ok(self.stored().into_iter().find(|mail| !mail.in_reply_to.is_empty()))
            });
            if let Ok(arrived) = arrived.await {
                reply = Some(arrived);
                break;
            }
            println!("      {hurried} replies made due, none arrived yet; the mailboxes are visited again");
            self.fleet.ask_for_visits(visit).await?;
            tokio::time::sleep(Duration::from_secs(15)).await;
        }
        let reply = reply.context("no reply arrived in four rounds of visits")?;
        let parent = self.stored().into_iter().find(|mail| mail.message_id == reply.in_reply_to);
        let holds = parent.as_ref().is_some_and(|parent| {
            let writer = self.accepted().into_iter().find(|sent| sent.message_id == reply.message_id);
            writer.is_some_and(|sent| sent.user == parent.address)
                && reply.references.contains(&format!("<{}>", parent.message_id))
                && reply.subject.to_lowercase().starts_with("re: ")
        });
        let seen = format!("{hurried} made due; {} answers {}", reply.subject, reply.in_reply_to);
        self.table.set(THREADED, holds, seen);
        Ok(())
    }

    /// The ledger against the log, at a moment when nothing is under way.
    async fn count(&mut self, what: &'static str) -> Result<()> {
        self.cloud.deliver("SenderFunction", false).await?;
        let quiet = until("quiet", minutes(1), LOOK, async || {
            let before = self.accepted().len();
            tokio::time::sleep(Duration::from_secs(4)).await;
            let claimed =
                self.fleet.slots().await?.values().any(|slot| matches!(slot.state, SlotState::Claimed { .. }));
            Ok((before == self.accepted().len() && !claimed).then_some(()))
        });
        let quiet = quiet.await;
        let slots = self.fleet.slots().await?;
        self.cloud.deliver("SenderFunction", true).await?;
        let sent: BTreeSet<SlotId> = with_state(&slots, |state| matches!(state, SlotState::Sent { .. }));
        let (logged, foreign) = self.logged();
        let seen = format!("{} sent in the ledger, {} in the log, {foreign} foreign", sent.len(), logged.len());
        self.table.set(what, quiet.is_ok() && sent == logged && foreign == 0, seen);
        Ok(())
    }

    /// The slots of the mails in Postfix's log, and how many mails are none of ours.
    fn logged(&self) -> (BTreeSet<SlotId>, usize) {
        let mails = self.accepted();
        let slots: Vec<SlotId> = mails.iter().filter_map(|mail| self.fleet.slot_of(&mail.message_id)).collect();
        (slots.iter().copied().collect(), mails.len() - slots.len())
    }

    /// Deliverability events come in, the governor decides by them, and the notifier hears of it.
    async fn reports(&mut self) -> Result<()> {
        let looked = self.cloud.invoke("GovernorFunction", &json!({ "v": 1, "look": "hourly" })).await?;
        let whole = looked["looked"] == self.fleet.len() && looked["failed"] == json!([]);
        self.table.set(GOVERNED, whole, format!("it answers {looked}"));

        let mail = self.accepted().into_iter().find_map(|mail| Some((self.fleet.slot_of(&mail.message_id)?, mail)));
        let (slot, mail) = mail.context("a mail in the log")?;
        let gone = "gone@elsewhere.test";
        let post = self.fleet.bounce(&mail.message_id, gone).await?;
        let mut answers = Vec::new();
        for _ in 0..2 {
            answers.push(self.cloud.invoke("WebhookFunction", &post).await?["statusCode"].clone());
        }
        let (bounces, suppressed) = self.fleet.bounced().await?;
        let once = answers.iter().all(|answer| *answer == 200) && bounces == 1 && suppressed == [gone];
        self.table.set(BOUNCED, once, format!("answers {answers:?}; {bounces} counted; suppressed: {suppressed:?}"));

        let (before, heard) = (self.fleet.decisions(slot.mailbox).await?, self.heard());
        let looked = self.cloud.invoke("GovernorFunction", &json!({ "v": 1, "look": "due" })).await?;
        let decided = self.fleet.decisions(slot.mailbox).await? - before;
        let told = until("the notifier", minutes(2), LOOK, async || Ok((self.heard() > heard).then_some(()))).await;
        let seen = format!("{} looked at, {decided} decided, {} batches told", looked["looked"], self.heard() - heard);
        self.table.set(TOLD, decided > 0 && told.is_ok(), seen);
        Ok(())
    }

    /// How often the notifier was done with changes.
    fn heard(&self) -> usize {
        // The emulator may quote what a function says.
        self.cloud.log().replace('\\', "").matches("\"stage\":\"notifier\"").count()
    }

    /// How many Message-IDs stand in the log, and how many of them more than once, there or in a mailbox.
    fn twice(&self) -> (usize, usize) {
        let mut ids = BTreeMap::<String, usize>::new();
        for mail in self.accepted() {
            *ids.entry(mail.message_id).or_default() += 1;
        }
        let mut copies = BTreeMap::<(String, String), usize>::new();
        for mail in self.stored() {
            *copies.entry((mail.address, mail.message_id)).or_default() += 1;
        }
        let more = |counts: &mut dyn Iterator<Item = &usize>| counts.filter(|&&count| count > 1).count();
        (ids.len(), more(&mut ids.values()).max(more(&mut copies.values())))
    }

    /// Holds the queue back until some orders lie in it that can still be worked on, and returns them. What the sender
    /// does not get in one tick is planned again in the next, so that they become more.
    async fn gather(&self, least: u32) -> Result<Vec<String>> {
        self.cloud.deliver("SenderFunction", false).await?;
        for _ in 0..15 {
            until("orders in the queue", minutes(4), Duration::from_millis(500), async || {
                let second = now().as_second().rem_euclid(i64::from(TICK_S));
                let early = second < i64::from(TICK_S) * 3 / 4;
                Ok((early && self.fleet.in_sight().await? >= least).then_some(()))
            })
            .await?;
            let fresh = self.fleet.peek(is_fresh).await?;
            if fresh.len() >= least as usize {
                return Ok(fresh);
            }
            // The rest were of a tick that is over. Looking at the others too often would make dead letters of them.
            tokio::time::sleep(Duration::from_secs(15)).await;
        }
        bail!("never {least} fresh orders in the queue at one time, in 15 looks")
    }

    async fn duplicates(&mut self) -> Result<()> {
        let bodies = self.gather(3).await?;
        let before = self.accepted().len();
        for _ in 0..2 {
            self.fleet.deliver_again(&bodies).await?;
        }
        self.cloud.deliver("SenderFunction", true).await?;
        self.past_the_tick().await;
        let sent = self.accepted().len() - before;
        let (_, twice) = self.twice();
        let seen = format!("{} messages delivered 3 times at once; {sent} mails since, {twice} twice", bodies.len());
        self.table.set(TWICE_DELIVERED, twice == 0 && sent > 0, seen);
        Ok(())
    }

    /// Kills the sender after the first mail of a batch was begun, then delivers the batch again.
    async fn kill(&mut self) -> Result<()> {
        for attempt in 1..=4 {
            let bodies = self.gather(3).await?;
            let begun = self.begun();
            self.cloud.deliver("SenderFunction", true).await?;
            until("a mail of the batch", minutes(1), Duration::from_millis(5), async || {
                Ok((self.begun() > begun).then_some(()))
            })
            .await?;
            // Postfix holds each mail for a second before it answers for it: into that second.
            tokio::time::sleep(Duration::from_millis(300)).await;
            let victims = self.cloud.processes("SenderFunction");
            for victim in &victims {
                place::signal("KILL", &victim.to_string());
            }
            self.fleet.deliver_again(&bodies).await?;
            self.past_the_tick().await;
            // Claims that are still open belong to the dead: every living one has concluded by now.
            let slots = self.fleet.slots().await?;
            let open = with_state(&slots, |state| matches!(state, SlotState::Claimed { .. }));
            let (logged, _) = self.logged();
            let arrived = open.intersection(&logged).count();
            if victims.is_empty() || open.is_empty() {
                println!("      attempt {attempt}: killed {} processes between two mails; again", victims.len());
                continue;
            }
            let (_, twice) = self.twice();
            let seen = format!(
                "killed with {} claims open, {arrived} of their mails had arrived; {} messages delivered again, {twice} twice",
                open.len(),
                bodies.len()
            );
            self.table.set(KILLED, twice == 0, seen);
            return Ok(());
        }
        self.table.set(KILLED, false, "the sender was never caught in mid-batch".to_owned());
        Ok(())
    }

    /// Mails that Postfix has begun to receive.
    fn begun(&self) -> usize {
        self.host.postfix_log().matches(": client=").count()
    }

    /// Until every order that was in the queue is over, and what was done is in the log.
    async fn past_the_tick(&self) {
        tokio::time::sleep(Duration::from_secs(u64::from(TICK_S) + 10)).await;
    }

    /// Pauses the fleet, searches for what the kill left unknown, and counts once more.
    async fn settle(&mut self, visited_at: tokio::time::Instant) -> Result<()> {
        self.fleet.pause().await?;
        // What was being sent in that moment may end.
        tokio::time::sleep(Duration::from_secs(5)).await;
        let paused = self.accepted().len();
        // A mailbox is visited again when the lease of its last visit has run out, and a dead sender's claims are ambiguous
        // when they have.
        tokio::time::sleep_until(visited_at + HOLD).await;
        tokio::time::sleep(HOLD).await;
        let after_pause = self.accepted().len() - paused;
        self.fleet.ask_for_visits(7).await?;
        let (logged, _) = self.logged();
        let settled = until("the search", minutes(4), LOOK, async || {
            let slots = self.fleet.slots().await?;
            let sent = with_state(&slots, |state| matches!(state, SlotState::Sent { .. }));
            let left = self.stored().into_iter().filter(|mail| mail.folder != "Preheat").count();
            Ok((sent == logged && left == 0).then_some(sent.len()))
        });
        let settled = settled.await;
        let slots = self.fleet.slots().await?;
        let open = with_state(&slots, |state| matches!(state, SlotState::Claimed { .. } | SlotState::Ambiguous { .. }));
        let sent = with_state(&slots, |state| matches!(state, SlotState::Sent { .. }));
        let left = self.stored().into_iter().filter(|mail| mail.folder != "Preheat").count();
        let seen = format!(
            "{} sent in the ledger, {} in the log; {} unknown, {} of them arrived; {after_pause} sent after the pause; \
             {left} left outside Preheat",
            sent.len(),
            logged.len(),
            open.len(),
            open.intersection(&logged).count()
        );
        ensure!(sent.len() + open.len() <= slots.len());
        self.table.set(SETTLED, settled.is_ok() && after_pause == 0, seen);
        Ok(())
    }
}

fn with_state(slots: &BTreeMap<SlotId, crate::fleet::Slot>, keep: impl Fn(SlotState) -> bool) -> BTreeSet<SlotId> {
    slots.iter().filter(|(_, slot)| keep(slot.state)).map(|(&id, _)| id).collect()
}

/// Whether a message of the queue `sends` may still be worked on for some seconds.
fn is_fresh(body: &str) -> bool {
    let Ok(batch) = preheat_core::message::SendBatch::parse(body) else { return false };
    batch.orders.iter().any(|order| order.not_after.duration_since(now()).as_secs() >= 8)
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}
