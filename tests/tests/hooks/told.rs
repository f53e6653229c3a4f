//! The whole way: a bounce is posted to the URL, and somebody is told.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, ToSpan};
use preheat_app::govern::{GovernReport, govern};
use preheat_app::notify::{Outside, notify};
use preheat_app::{App, Next};
use preheat_core::alert::{AlertOrder, Channel, Owner, Target};
use preheat_core::counters::Subject;
use preheat_core::decision::Rule;
use preheat_core::domain;
use preheat_core::event::Reporter;
use preheat_core::health::{DayTally, HealthRow, Tally};
use preheat_core::lifecycle::Standing;
use preheat_core::limits::Limits;
use preheat_core::mailbox::{Provider, State};
use preheat_core::message::Look;
use preheat_core::tier::Tier;
use preheat_intake::sample::Happening;
use preheat_mail::NetDial;
use preheat_platforms::Http;
use preheat_platforms::stub::{Reply, Stub};
use preheat_stack::rig::app_over;
use preheat_stack::stack::{ALERTS, create_queues};
use preheat_store::{HealthSeen, Key, Secret, StoredChannel};

use super::world::{TODAY, World, acme, status};

/// Everything behind the webhook: the governor's and the notifier's process, and a Slack that takes what it is told.
struct Behind {
    app: App,
    outside: Outside,
    slack: Stub,
    taken: usize,
}

impl Behind {
    async fn of(world: &World) -> Self {
        create_queues(&world.aws);
        let dial = Arc::new(NetDial::new(true, &[]).unwrap());
        let app = app_over(&world.aws, dial, &world.clock(), &Limits::default());
        let slack = Stub::start(|_, _| Reply::ok("ok")).await.unwrap();
        let channel = Channel::new("ops".parse().unwrap(), Owner::Tenant(acme()), Target::Slack).unwrap();
        let url = Secret::new(slack.url("/services/T0/B0/test"));
        let sealed = app.vault.seal_channel(&channel.owner, &channel.id, &url).await.unwrap();
        assert!(app.store.add_channel(&StoredChannel { channel, sealed: Some(sealed) }).await.unwrap());
        let outside = Outside::new(Http::local(&[]).unwrap(), world.aws.sns());
        Self { app, outside, slack, taken: 0 }
    }

    /// The governor's schedule of every five minutes, and then the notifier's queue.
    async fn five_minutes(&mut self, world: &World) -> GovernReport {
        world.pass(SignedDuration::from_mins(5));
        let nothing = |subject: &domain::Subject| {
            std::future::ready(domain::Report { domain: subject.domain.clone(), checks: Vec::new() })
        };
        let report = govern(&self.app, Look::Due, nothing, world.now()).await.unwrap();
        let lying = world.aws.queues().lying(ALERTS);
        let orders: Vec<AlertOrder> =
            lying[self.taken..].iter().map(|message| AlertOrder::parse(&message.body).unwrap()).collect();
        self.taken = lying.len();
        let answers = notify(&self.app, &self.outside, &orders, "one").await;
        assert!(answers.iter().all(|answer| *answer == Next::Done), "{answers:?}");
        report
    }

    /// What Slack was told so far.
    fn told(&self) -> Vec<String> {
        self.slack.seen().into_iter().map(|seen| seen.body).collect()
    }
}

/// A mailbox that warms up and sent 19 mails yesterday.
async fn warming(world: &World) {
    let key = Key::Plan(world.mailbox);
    let call = world.aws.dynamodb().update_item().table_name("ledger");
    let call = call.key("pk", AttributeValue::S(key.pk())).key("sk", AttributeValue::S(key.sk()));
    let warming = AttributeValue::S("warming".to_owned());
    call.update_expression("SET st = :st").expression_attribute_values(":st", warming).send().await.unwrap();
    let tally = Tally { sent: 19, inbox: 19, read: 19, ..Tally::default() };
    let yesterday = TODAY.saturating_sub(1.day());
    let day = DayTally { by_provider: [(Provider::Other, tally)].into(), ..DayTally::new(yesterday) };
    let standing = Standing::first(State::Warming, world.now() - SignedDuration::from_hours(60));
    let row = HealthRow { standing, days: vec![day], ..HealthRow::first(State::Warming, world.now()) };
    world.store.put_health(world.mailbox, &HealthSeen::absent(row.clone()), row).await.unwrap().unwrap();
}

/// A SendGrid hard bounce is posted to the URL: the address is suppressed, the mailbox's rate moves, its tier acts as far as the
/// sample allows, and Slack is told once; whatever is posted again changes nothing.
#[tokio::test]
async fn from_a_sendgrid_hard_bounce_to_one_alert_in_slack() {
    let mut world = World::new().await;
    let (gate, mut behind) = (world.gate(), Behind::of(&world).await);
    warming(&world).await;
    let mut posts = Vec::new();
    for k in 0..3 {
        let (to, message_id) = (format!("gone{k}@there.example"), world.message_id(k).await);
        let event = format!("evt-{k}");
        posts.push(world.post_of(Reporter::Sendgrid, &to, &message_id, &event, Happening::HardBounce).await);
    }
    assert!(behind.five_minutes(&world).await.decisions.is_empty());
    assert!(behind.told().is_empty());

    // 1 in 19 is 5 %, but one bad event is no ground for more than a warning.
    assert_eq!(status(&gate, &posts[0]).await, 200);
    assert_eq!(world.suppressed().await, ["gone0@there.example"]);
    let mailbox = Subject::Mailbox(world.mailbox);
    assert_eq!(
        world.store.counters(&mailbox, TODAY..=TODAY).await.unwrap().bounce_rate().to_string(),
        "1/1 = 100 % (21–100 %)"
    );
    let report = behind.five_minutes(&world).await;
    let tier = async || world.store.health(world.mailbox).await.unwrap().unwrap().row.standing.tier;
    let state = async || world.store.plan_row(world.mailbox).await.unwrap().unwrap().state;
    assert_eq!((tier().await, state().await), (Tier::Warning, State::Warming), "{:?}", report.decisions);
    let told = behind.told();
    assert!(told.len() == 1 && told[0].contains("ann@example.com"), "{told:#?}");

    // 3 in 19 is 16 %: an emergency, if 19 were a sample for it. It halves the ramp and pauses nobody.
    for post in posts.iter().chain(&posts) {
        assert_eq!(status(&gate, post).await, 200);
    }
    assert_eq!(world.suppressed().await.len(), 3);
    let report = behind.five_minutes(&world).await;
    let row = world.store.plan_row(world.mailbox).await.unwrap().unwrap();
    assert_eq!((tier().await, row.state, row.percent), (Tier::Critical, State::Warming, 50), "{:?}", report.decisions);
    let decided = report.decisions.iter().find(|one| one.rule == Rule::Tier).expect("a decision on the tier");
    assert!(decided.words.contains("3/19"), "{}", decided.words);
    let told = behind.told();
    assert!(told.len() == 2 && told[1].contains("3/19"), "{told:#?}");

    // Redelivered, looked at again: nothing new.
    for post in &posts {
        assert_eq!(status(&gate, post).await, 200);
    }
    for _ in 0..3 {
        assert!(behind.five_minutes(&world).await.decisions.is_empty());
    }
    assert_eq!(behind.told().len(), 2);
}
