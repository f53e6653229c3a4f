//! A small fleet, its functions called by hand, and the queue behind the bus.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use preheat_app::App;
use preheat_app::govern::{GovernReport, govern};
use preheat_app::visit::{VisitReport, visit};
use preheat_core::alert::AlertOrder;
use preheat_core::change::{Change, Kind};
use preheat_core::clock::Clock;
use preheat_core::day::PlanRow;
use preheat_core::domain;
use preheat_core::health::HealthRow;
use preheat_core::id::{MailboxId, TenantId};
use preheat_core::lifecycle::Standing;
use preheat_core::limits::Limits;
use preheat_core::mailbox::State;
use preheat_core::message::{Look, VERSION, VisitOrder};
use preheat_core::ramp::Ramp;
use preheat_local::Aws;
use preheat_sandbox::{Network, World as Providers};
use preheat_stack::fleet::{self, Member};
use preheat_stack::rig::app_over;
use preheat_stack::stack::{ALERTS, create_queues};
use preheat_store::{Credential, HealthSeen, Key, NewMailbox, Secret};

pub(crate) struct World {
    pub(crate) aws: Aws,
    pub(crate) app: App,
    pub(crate) providers: Providers,
    pub(crate) members: Vec<(MailboxId, Member)>,
    now_ms: Arc<AtomicI64>,
    told: AtomicUsize,
}

pub(crate) fn acme() -> TenantId {
    "acme".parse().unwrap()
}

impl World {
    /// A fleet on a Monday noon (UTC), imported and not visited yet.
    pub(crate) async fn new(mailboxes: usize) -> Self {
        let start: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        let now_ms = Arc::new(AtomicI64::new(start.as_millisecond()));
        let clock: Clock = {
            let now_ms = Arc::clone(&now_ms);
            Arc::new(move || Timestamp::from_millisecond(now_ms.load(Ordering::Relaxed)).unwrap())
        };
        let aws = Aws::memory(clock.clone(), 7).unwrap();
        create_queues(&aws);
        let providers = Providers::new(clock.clone(), 7);
        let members = fleet::members(mailboxes, &Ramp::Table { days: vec![20] }).unwrap();
        fleet::settle(&providers, &members).unwrap();
        let dial = Arc::new(Network::new(providers.clone(), 7));
        let app = app_over(&aws, dial, &clock, &Limits::default());
        app.store.create_table().await.unwrap();
        let mut numbered = Vec::new();
        for member in members {
            let credential = Credential::Password(Secret::new(member.password.clone()));
            let imported = app.store.import(&app.vault, &new_mailbox(&member), &credential).await.unwrap();
            numbered.push((imported.id, member));
        }
        Self { aws, app, providers, members: numbered, now_ms, told: AtomicUsize::new(0) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.app.now()
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        self.now_ms.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// What the bus took since this was asked last.
    pub(crate) fn told(&self) -> Vec<Change> {
        let lying = self.aws.queues().lying(ALERTS);
        let before = self.told.swap(lying.len(), Ordering::Relaxed);
        lying[before..].iter().map(|message| AlertOrder::parse(&message.body).unwrap().change).collect()
    }

    pub(crate) fn kinds(&self) -> Vec<Kind> {
        self.told().iter().map(|change| change.kind).collect()
    }

    pub(crate) async fn row(&self, id: MailboxId) -> PlanRow {
        self.app.store.plan_row(id).await.unwrap().unwrap()
    }

    pub(crate) async fn visit(&self, id: MailboxId) -> VisitReport {
        let plan = self.row(id).await.plan;
        let (now, date) = (self.now(), plan.schedule.local_date(self.now()));
        let not_after = now + SignedDuration::from_mins(30);
        let (tenant, search) = (plan.tenant, Vec::new());
        let order =
            VisitOrder { v: VERSION, tenant, mailbox: id, date, visit: 0, last_of_day: false, not_after, search };
        visit(&self.app, &order).await.unwrap()
    }

    pub(crate) async fn govern(&self, look: Look) -> GovernReport {
        let report = self.govern_with(&self.app, look, &[]).await;
        assert!(report.chores_failed.is_empty(), "{report:?}");
        report
    }

    /// The same by an app of its own, where the look-up of every domain finds this.
    pub(crate) async fn govern_with(&self, app: &App, look: Look, found: &[domain::Check]) -> GovernReport {
        let look_up = |subject: &domain::Subject| {
            std::future::ready(domain::Report { domain: subject.domain.clone(), checks: found.to_vec() })
        };
        let report = govern(app, look, look_up, self.now()).await.unwrap();
        assert!(report.failed.is_empty(), "{report:?}");
        report
    }

    /// A mailbox that stands so, past every rule.
    pub(crate) async fn plant(&self, id: MailboxId, standing: Standing) {
        let key = Key::Plan(id);
        let call = self.aws.dynamodb().update_item().table_name("ledger");
        let call = call.key("pk", AttributeValue::S(key.pk())).key("sk", AttributeValue::S(key.sk()));
        let word = serde_json::to_value(standing.state).unwrap().as_str().unwrap().to_owned();
        let call = call.update_expression("SET st = :st").expression_attribute_values(":st", AttributeValue::S(word));
        call.send().await.unwrap();
        let row = HealthRow { standing, ..HealthRow::first(State::New, self.now()) };
        self.app.store.put_health(id, &HealthSeen::absent(row.clone()), row).await.unwrap().unwrap();
    }
}

fn new_mailbox(member: &Member) -> NewMailbox {
    NewMailbox {
        tenant: acme(),
        address: member.address.clone(),
        display_name: member.name.clone(),
        provider: member.provider(),
        organisation: member.address.domain().to_owned(),
        pool: "acme".parse().unwrap(),
        role: member.role,
        mode: member.mode,
        schedule: member.schedule.clone(),
        ramp: member.ramp.clone(),
        cap_per_day: None,
        reply_rate: 0.30,
        language: preheat_core::content::Language::default(),
        smtp: member.smtp.clone(),
        imap: member.imap.clone(),
        user: member.address.to_string(),
    }
}
