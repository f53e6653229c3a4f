//! What happens to mailboxes in a run under faults, besides the faults: a person pauses one, one bounces so much that its domain
//! is an emergency, one is disabled, one does not recover. So the governor has something to decide while it is killed.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use preheat_app::App;
use preheat_app::moved::Parts;
use preheat_core::change::Moved;
use preheat_core::decision::Rule;
use preheat_core::event::{Class, Correlation, Event, Kind, Reporter, Signature};
use preheat_core::health::HealthRow;
use preheat_core::id::MailboxId;
use preheat_core::lifecycle::Standing;
use preheat_core::limits::Limits;
use preheat_core::mailbox::State;
use preheat_core::merge::Origin;
use preheat_stack::Rig;
use preheat_stack::rig::app_over;
use preheat_store::{HealthSeen, Key, Noted};
use rand_core::RngCore;

use crate::conduct::Conduct;

/// Hard bounces that are reported of a mailbox: more than it sends in two days, so an emergency by any sample.
const BOUNCES: u32 = 12;
/// Members of the fleet with a domain in common (see `preheat_stack::fleet`).
const NEIGHBOURS: (usize, usize) = (2, 3);

/// What happens to a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// A person pauses it.
    Pause,
    /// The same person resumes it.
    Resume,
    /// Hard bounces are reported of it.
    Bounce,
    /// Its provider disables it.
    Disable,
}

/// What happens in a run, and to whom.
pub(crate) struct Hands {
    app: App,
    /// Not done yet; each with its time.
    left: Vec<(Timestamp, usize, What)>,
    /// One that has been degraded for almost too long when the run begins.
    degraded: Option<usize>,
}

impl Hands {
    /// What a seed draws for a fleet of five or more.
    pub(crate) fn drawn(rig: &Rig, limits: &Limits, stream: &mut impl RngCore) -> Self {
        let app = app_over(&rig.aws, Arc::new(rig.network.clone()), &rig.clock, limits);
        let mut hour =
            |from: u32, among: u32| rig.now() + SignedDuration::from_hours(i64::from(from + stream.next_u32() % among));
        // In the window of Los Angeles, where the neighbour lives: orders are queued when its person pauses it.
        let (paused_at, resumed_at, bad_at) = (hour(18, 6), hour(36, 36), hour(9, 16));
        let (story, is_resumed) = (stream.next_u32() % 4, stream.next_u32().is_multiple_of(2));
        let (one, other) = NEIGHBOURS;
        let mut left = vec![(paused_at, other, What::Pause)];
        if is_resumed {
            left.push((resumed_at, other, What::Resume));
        }
        match story {
            0 => left.push((bad_at, one, What::Bounce)),
            1 => left.push((bad_at, one, What::Disable)),
            _ => {}
        }
        Self { app, left, degraded: (story == 2).then_some(one) }
    }

    /// Mailboxes whose days are not like others'.
    pub(crate) fn subjects(&self, rig: &Rig) -> BTreeSet<MailboxId> {
        let (one, other) = NEIGHBOURS;
        [one, other].into_iter().filter_map(|place| rig.members.get(place)).map(|(id, _)| *id).collect()
    }

    /// What was so before the run began.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub(crate) async fn prepare(&self, rig: &Rig) -> Result<()> {
        let Some(place) = self.degraded else { return Ok(()) };
        let id = rig.members.get(place).context("a member")?.0;
        let key = Key::Plan(id);
        let call = rig.aws.dynamodb().update_item().table_name("ledger").update_expression("SET st = :st, hm = :hm");
        let call = call.key("pk", AttributeValue::S(key.pk())).key("sk", AttributeValue::S(key.sk()));
        let call = call.expression_attribute_values(":st", AttributeValue::S("degraded".to_owned()));
        let percent = self.app.limits.health.critical_percent;
        call.expression_attribute_values(":hm", AttributeValue::N(percent.to_string())).send().await?;
        // Its thirty days are over within the second day.
        let almost = SignedDuration::from_hours(24 * i64::from(self.app.limits.health.retire_days) - 28);
        let standing = Standing { percent, ..Standing::first(State::Degraded, rig.now() - almost) };
        let row = HealthRow { standing, ..HealthRow::first(State::Degraded, rig.now()) };
        self.app.store.put_health(id, &HealthSeen::absent(row.clone()), row).await?.context("it has a health row")?;
        Ok(())
    }

    /// Does what is due. What fails is tried again the next time, as people do.
    pub(crate) async fn act(&mut self, rig: &Rig, conduct: &mut Conduct) {
        let now = rig.now();
        let (due, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.left).into_iter().partition(|(at, ..)| *at <= now);
        self.left = left;
        for (at, place, what) in due {
            if self.one(rig, place, what, conduct).await.is_err() {
                self.left.push((at, place, what));
            }
        }
    }

    async fn one(&self, rig: &Rig, place: usize, what: What, conduct: &mut Conduct) -> Result<()> {
        let (id, member) = rig.members.get(place).context("a member")?;
        let row = self.app.store.plan_row(*id).await?.context("its row")?;
        let (to, rule) = match what {
            What::Bounce => return self.bounce(rig, *id, &member.schedule.zone).await,
            What::Disable => return Ok(rig.world.disable(member.address.as_str(), true)?),
            What::Pause => (State::Paused, Rule::PausedByHand),
            What::Resume if row.state != State::Paused => return Ok(()),
            What::Resume if row.date.is_none() => (State::New, Rule::ResumedByHand),
            What::Resume => (State::Warming, Rule::ResumedByHand),
        };
        conduct.by_hand(*id, rig.now(), (row.state, to));
        let (tenant, mailbox, address) = (&row.plan.tenant, *id, member.address.as_str());
        let moved = Moved { tenant, mailbox, address, from: row.state, to, at: rig.now(), rule, reason: Some("so") };
        let parts = Parts::from(&self.app);
        match what {
            What::Pause => parts.pause(&moved).await?,
            What::Resume | What::Bounce | What::Disable => parts.enter(&[row.state], &moved).await?,
        };
        Ok(())
    }

    /// Mails to strangers that its platform reports as bounced. Told again, they are known.
    async fn bounce(&self, rig: &Rig, id: MailboxId, zone: &str) -> Result<()> {
        let noted = |n: u32| {
            let event = Event {
                provider: Reporter::Powermta,
                account: "pmta".to_owned(),
                provider_event_id: None,
                dedupe_key: format!("gone-{n}"),
                kind: Kind::Bounced(Class::Hard),
                recipient: Some(format!("gone{n}@elsewhere.test")),
                sender: None,
                sending_ip: None,
                message_id: Some(format!("gone{n}@ours.test")),
                provider_message_id: None,
                correlation: Correlation::default(),
                smtp_code: None,
                enhanced_code: None,
                diagnostic: None,
                occurred_at: rig.now(),
                received_at: rig.now(),
                signature: Signature::Verified,
                raw_ref: None,
            };
            let origin = Origin { mailbox: Some((id, zone.to_owned())), zone: zone.to_owned(), ..Origin::default() };
            Noted { event, origin, slot: None }
        };
        let events: Vec<Noted> = (0..BOUNCES).map(noted).collect();
        self.app.store.take_events(&"demo".parse()?, &events, rig.now()).await?;
        Ok(())
    }
}
