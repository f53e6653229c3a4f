mod patience;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use preheat_core::alert::{Channel, ChannelId, Quiet, Target, retry_after};
use preheat_core::change::{Change, Kind, Severity, Subject};
use preheat_core::clock::Clock;
use preheat_core::endpoint::{Endpoint, Security};
use preheat_core::id::{MailboxId, TenantId};
use preheat_core::limits::Limits;
use preheat_local::{Aws, Fault, QueueSettings, Queues as LocalQueues};
use preheat_mail::NetDial;
use preheat_platforms::stub::{Reply, Stub};
use preheat_store::{Secret, Store, Vault};
use serde_json::Value;

use super::*;
use crate::{Bus, Profiles, Queues};

/// A test secret, of nobody.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct World {
    aws: Aws,
    app: App,
    outside: Outside,
    now_ms: Arc<AtomicI64>,
    looked: AtomicUsize,
}

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

impl World {
    async fn new() -> Self {
        let start: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        let now_ms = Arc::new(AtomicI64::new(start.as_millisecond()));
        let clock: Clock = {
            let now_ms = Arc::clone(&now_ms);
            Arc::new(move || Timestamp::from_millisecond(now_ms.load(Ordering::Relaxed)).unwrap())
        };
        let aws = Aws::memory(clock.clone(), 7).unwrap();
        aws.create_queue("alerts", QueueSettings::default());
        aws.create_bus("changes", "alerts");
        let store = Store::new(aws.dynamodb(), "ledger");
        store.create_table().await.unwrap();
        let app = App {
            vault: Vault::new(&aws.kms(), store.clone(), "alias/preheat", clock.clone()),
            queues: Queues::new(aws.sqs(), "s", "v").with_alerts(LocalQueues::url("alerts")),
            store,
            bus: Some(Bus::new(aws.eventbridge(), "changes")),
            dial: Arc::new(NetDial::new(true, &[]).unwrap()),
            clock,
            limits: Limits::default(),
            profiles: Profiles::default(),
            scripts: crate::Scripts::default(),
            writer: None,
        };
        let outside = Outside::new(Http::local(&[]).unwrap(), aws.sns());
        Self { aws, app, outside, now_ms, looked: AtomicUsize::new(0) }
    }

    fn pass(&self, time: SignedDuration) {
        self.now_ms.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }

    async fn channel(&self, name: &str, owner: Owner, target: Target, secret: Option<&str>) -> Channel {
        let channel = Channel::new(name.parse().unwrap(), owner, target).unwrap();
        self.add(channel, secret).await
    }

    async fn add(&self, channel: Channel, secret: Option<&str>) -> Channel {
        let sealed = match secret {
            Some(secret) => {
                let secret = Secret::new(secret.to_owned());
                Some(self.app.vault.seal_channel(&channel.owner, &channel.id, &secret).await.unwrap())
            }
            None => None,
        };
        assert!(self.app.store.add_channel(&StoredChannel { channel: channel.clone(), sealed }).await.unwrap());
        channel
    }

    async fn slack(&self, stub: &Stub) {
        self.channel("ops", Owner::Tenant(acme()), Target::Slack, Some(&stub.url("/slack"))).await;
    }

    async fn webhook(&self, stub: &Stub) {
        let target = Target::Webhook { url: stub.url("/hook") };
        self.channel("crm", Owner::Tenant(acme()), target, Some(SECRET)).await;
    }

    fn change(&self, kind: Kind, mailbox: u32) -> Change {
        let subject = Subject::mailbox(MailboxId(mailbox), "ann@a.example");
        Change::new(kind, Some(&acme()), subject, self.app.now(), "a rule", &[])
    }

    /// One invocation of the notifier.
    async fn notify(&self, changes: &[Change], attempt: &str) -> Vec<Next> {
        let orders: Vec<AlertOrder> = changes.iter().cloned().map(AlertOrder::new).collect();
        notify(&self.app, &self.outside, &orders, attempt).await
    }

    /// What came into the queue since the last look, whether it is visible yet or not.
    fn queue(&self) -> Vec<AlertOrder> {
        let lying = self.aws.queues().lying("alerts");
        let before = self.looked.swap(lying.len(), Ordering::Relaxed);
        lying[before..].iter().map(|message| AlertOrder::parse(&message.body).unwrap()).collect()
    }
}

fn paths(stub: &Stub) -> Vec<String> {
    stub.seen().into_iter().map(|seen| seen.path).collect()
}

#[tokio::test]
async fn a_change_reaches_every_channel_once_however_often_it_comes() {
    let (world, stub) = (World::new().await, Stub::start(|_, _| Reply::ok("ok")).await.unwrap());
    let outside = Outside { telegram: stub.url(""), ..world.outside.clone() };
    let world = World { outside, ..world };
    world.slack(&stub).await;
    world.webhook(&stub).await;
    let owner = Owner::Tenant(acme());
    world.channel("chat", owner.clone(), Target::Telegram { chat: "-1".to_owned() }, Some("1:TEST")).await;
    world.channel("duty", owner, Target::Sms { phone: "+4915112345678".to_owned() }, None).await;
    let change = world.change(Kind::BouncesEmergency, 1);
    for attempt in ["a", "b", "c"] {
        assert_eq!(world.notify(&[change.clone(), change.clone()], attempt).await, [Next::Done, Next::Done]);
    }
    let mut seen = paths(&stub);
    seen.sort();
    assert_eq!(seen, ["/bot1:TEST/sendMessage", "/hook", "/slack"]);
    assert_eq!(world.aws.texts().len(), 1);
    assert!(world.aws.texts()[0].message.starts_with("Preheat emergency: ann@a.example bounces so often"));
    let hook = stub.seen().into_iter().find(|seen| seen.path == "/hook").unwrap();
    assert_eq!(hook.headers["webhook-id"], change.id);
    let body: Value = serde_json::from_str(&hook.body).unwrap();
    assert_eq!((&body["type"], &body["data"]["id"]), (&"bounces.emergency".into(), &change.id.clone().into()));
    assert!(world.queue().is_empty());
}

#[tokio::test]
async fn a_channel_that_is_down_costs_no_other_and_is_told_later_alone() {
    let stub = Stub::start(|seen, nth| match seen.path.as_str() {
        "/slack" if nth < 4 => Reply::status(500, ""),
        _ => Reply::ok("ok"),
    })
    .await
    .unwrap();
    let world = World::new().await;
    world.slack(&stub).await;
    world.webhook(&stub).await;
    let change = world.change(Kind::MailboxError, 1);
    assert_eq!(world.notify(std::slice::from_ref(&change), "a").await, [Next::Done]);
    let mut orders = world.queue();
    for tries in 1..=3 {
        let [order] = &orders[..] else { panic!("one order, for one channel: {orders:?}") };
        assert_eq!(order.only, Some("ops".parse().unwrap()));
        let wait = retry_after(tries, None).unwrap();
        assert_eq!((order.tries, order.not_before), (tries, Some(world.app.now() + wait)));
        // Too early it is only put back.
        assert_eq!(notify(&world.app, &world.outside, &orders, "early").await, [Next::Done]);
        assert_eq!(world.queue().last(), Some(order));
        world.pass(wait);
        assert_eq!(notify(&world.app, &world.outside, &orders, &format!("{tries}")).await, [Next::Done]);
        orders = world.queue();
    }
    assert!(orders.is_empty());
    assert_eq!(paths(&stub).iter().filter(|path| *path == "/slack").count(), 4);
    assert_eq!(paths(&stub).iter().filter(|path| *path == "/hook").count(), 1);
}

#[tokio::test]
async fn a_server_that_talks_nonsense_holds_nobody_up() {
    let stub = Stub::start(|seen, _| match seen.path.as_str() {
        "/slack" => Reply::Raw(b"nonsense".to_vec()),
        _ => Reply::ok("ok"),
    })
    .await
    .unwrap();
    let world = World::new().await;
    world.slack(&stub).await;
    world.webhook(&stub).await;
    let changes: Vec<Change> = (1..=30).map(|n| world.change(Kind::MailboxError, n)).collect();
    let answers = world.notify(&changes, "a").await;
    assert!(answers.iter().all(|answer| *answer == Next::Done), "{answers:?}");
    assert_eq!(paths(&stub).iter().filter(|path| *path == "/hook").count(), 30);
    assert_eq!(world.queue().len(), 30);
}

#[tokio::test]
async fn a_shut_door_is_not_run_into_by_a_whole_batch() {
    let stub = Stub::start(|_, _| Reply::status(503, "")).await.unwrap();
    let world = World::new().await;
    world.webhook(&stub).await;
    let changes: Vec<Change> = (1..=50).map(|n| world.change(Kind::MailboxError, n)).collect();
    world.notify(&changes, "a").await;
    assert_eq!(stub.seen().len(), 8);
    assert_eq!(world.queue().len(), 50);
}

#[tokio::test]
async fn more_than_ten_at_once_are_one_message_on_slack_and_one_each_for_a_program() {
    let (world, stub) = (World::new().await, Stub::start(|_, _| Reply::ok("ok")).await.unwrap());
    world.slack(&stub).await;
    world.webhook(&stub).await;
    let changes: Vec<Change> = (1..=23).map(|n| world.change(Kind::MailboxPaused, n)).collect();
    world.notify(&changes, "a").await;
    world.notify(&changes, "b").await;
    let seen = stub.seen();
    let slack: Vec<_> = seen.iter().filter(|seen| seen.path == "/slack").collect();
    assert_eq!((slack.len(), seen.len()), (1, 24));
    assert!(slack[0].body.contains("23 × mailbox.paused"), "{}", slack[0].body);
}

#[tokio::test]
async fn owners_are_told_of_what_is_theirs() {
    let (world, stub) = (World::new().await, Stub::start(|_, _| Reply::ok("ok")).await.unwrap());
    let rival: TenantId = "rival".parse().unwrap();
    for (owner, path) in [(Owner::Tenant(acme()), "/acme"), (Owner::Tenant(rival), "/rival"), (Owner::Stack, "/stack")]
    {
        world.channel("ops", owner, Target::Slack, Some(&stub.url(path))).await;
    }
    world.notify(&[world.change(Kind::MailboxError, 1)], "a").await;
    assert_eq!(paths(&stub), ["/acme"]);
    let system = Change::new(Kind::SystemCritical, None, Subject::system(), world.app.now(), "", &[]);
    world.notify(&[system], "b").await;
    assert_eq!(paths(&stub), ["/acme", "/stack"]);
}

#[tokio::test]
async fn quiet_hours_hold_a_warning_in_the_queue_and_not_what_is_critical() {
    let (world, stub) = (World::new().await, Stub::start(|_, _| Reply::ok("ok")).await.unwrap());
    let id: ChannelId = "ops".parse().unwrap();
    let channel = Channel::new(id, Owner::Tenant(acme()), Target::Slack).unwrap();
    let quiet = Some(Quiet::new("11:00-14:00", "UTC").unwrap());
    world.add(Channel { quiet, ..channel }, Some(&stub.url("/slack"))).await;
    let changes = [world.change(Kind::MailboxPaused, 1), world.change(Kind::MailboxError, 2)];
    world.notify(&changes, "a").await;
    assert_eq!(stub.seen().len(), 1);
    let [held] = &world.queue()[..] else { panic!("the warning") };
    assert_eq!((held.tries, held.not_before), (0, Some("2026-03-02T14:00:00Z".parse().unwrap())));
    world.pass(SignedDuration::from_hours(2));
    notify(&world.app, &world.outside, std::slice::from_ref(held), "b").await;
    assert_eq!(stub.seen().len(), 2);
}

#[tokio::test]
async fn what_cannot_be_told_at_all_becomes_a_dead_letter_with_its_reason() {
    let (world, stub) = (World::new().await, Stub::start(|_, _| Reply::status(410, "archived")).await.unwrap());
    world.slack(&stub).await;
    let mut order = AlertOrder::new(world.change(Kind::MailboxError, 1));
    (order.only, order.tries) = (Some("ops".parse().unwrap()), 9);
    let answers = notify(&world.app, &world.outside, &[order.clone()], "a").await;
    assert!(
        matches!(&answers[..], [Next::Retry(why)] if why.contains("given up after 10 tries") && why.contains("archived")),
        "{answers:?}"
    );
    // Of a channel that was removed meanwhile nothing is left to do.
    world.app.store.remove_channel(&Owner::Tenant(acme()), &"ops".parse().unwrap()).await.unwrap();
    assert_eq!(notify(&world.app, &world.outside, &[order], "b").await, [Next::Done]);
}

#[tokio::test]
async fn a_process_that_died_while_telling_is_waited_for_and_then_replaced_under_the_same_id() {
    let (world, stub) = (World::new().await, Stub::start(|_, _| Reply::ok("ok")).await.unwrap());
    world.webhook(&stub).await;
    let change = world.change(Kind::MailboxError, 1);
    let (owner, id) = (Owner::Tenant(acme()), "crm".parse().unwrap());
    world.app.store.claim_alert(&owner, &id, &change.id, "the dead", world.app.now()).await.unwrap();
    let answers = world.notify(std::slice::from_ref(&change), "a").await;
    assert!(matches!(&answers[..], [Next::Retry(_)]), "{answers:?}");
    world.pass(SignedDuration::from_mins(12));
    assert_eq!(world.notify(std::slice::from_ref(&change), "b").await, [Next::Done]);
    assert_eq!(stub.seen()[0].headers["webhook-id"], change.id);
}

#[tokio::test]
async fn without_the_ledger_nothing_is_said_and_everything_comes_again() {
    let (world, stub) = (World::new().await, Stub::start(|_, _| Reply::ok("ok")).await.unwrap());
    world.slack(&stub).await;
    let change = world.change(Kind::MailboxError, 1);
    for operation in ["Query", "GetItem", "UpdateItem"] {
        world.aws.faults().script_next(operation, 5, Fault::Throttle);
        let answers = world.notify(std::slice::from_ref(&change), "a").await;
        assert!(matches!(&answers[..], [Next::Retry(_)]), "{operation}: {answers:?}");
        assert!(stub.seen().is_empty());
        world.aws.faults().clear();
    }
    assert_eq!(world.notify(&[change], "b").await, [Next::Done]);
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test]
async fn the_bus_takes_what_it_refused_before_and_no_more() {
    let world = World::new().await;
    let changes: Vec<Change> = (1..=25).map(|n| world.change(Kind::MailboxReady, n)).collect();
    world.aws.faults().script("PutEvents", 1, Fault::PartialBatch);
    world.app.tell(&changes).await.unwrap();
    let mut ids: Vec<String> = world.queue().into_iter().map(|order| order.change.id).collect();
    ids.sort();
    let mut wanted: Vec<String> = changes.iter().map(|change| change.id.clone()).collect();
    wanted.sort();
    assert_eq!(ids, wanted);
    // One that refuses for ever is an error, and says why.
    world.aws.faults().script_next("PutEvents", 4, Fault::PartialBatch);
    let error = world.app.tell(&changes[..1]).await.unwrap_err();
    assert!(error.to_string().contains("failed (injected)"), "{error}");
    let mute = App { bus: None, ..world.app.clone() };
    mute.tell(&changes).await.unwrap();
}

#[tokio::test]
async fn a_test_says_how_the_channel_answered() {
    let stub = Stub::start(|seen, _| if seen.path == "/slack" { Reply::ok("ok") } else { Reply::status(404, "gone") });
    let (world, stub) = (World::new().await, stub.await.unwrap());
    world.slack(&stub).await;
    world.webhook(&stub).await;
    let mut answers = Vec::new();
    for stored in world.app.store.channels(&Owner::Tenant(acme())).await.unwrap() {
        let (app, now) = (&world.app, world.app.now());
        let answer = test(&app.vault, app.dial.as_ref(), &world.outside, &stored, now).await;
        answers.push((stored.channel.id.to_string(), answer.map_err(|failure| failure.to_string())));
    }
    assert_eq!(answers[0], ("crm".to_owned(), Err("it answers 404: gone".to_owned())));
    assert_eq!(answers[1], ("ops".to_owned(), Ok(())));
    assert!(stub.seen()[1].body.contains("This is a test of your alerts"));
    assert_eq!(Severity::Info, preheat_core::alert::sample(None, world.app.now()).severity);
}

#[tokio::test]
async fn an_e_mail_goes_through_any_account_and_carries_the_alerts_id() {
    let world = World::new().await;
    let sandbox = preheat_sandbox::World::new(world.app.clock.clone(), 7);
    let provider = sandbox.add_provider(preheat_sandbox::Kind::Dovecot, "smtp.sandbox", "imap.sandbox").unwrap();
    sandbox.add_account("alerts@a.example", "test-password", provider).unwrap();
    sandbox.add_account("ops@b.example", "another", provider).unwrap();
    let dial = Arc::new(preheat_sandbox::Network::new(sandbox.clone(), 7));
    let world = World { app: App { dial, ..world.app.clone() }, ..world };
    let smtp = Endpoint { host: "smtp.sandbox".to_owned(), port: 465, security: Security::Implicit };
    let (to, from) = ("ops@b.example".parse().unwrap(), "alerts@a.example".parse().unwrap());
    let target = Target::Email { to, from, smtp, user: "alerts@a.example".to_owned() };
    world.channel("mail", Owner::Tenant(acme()), target, Some("test-password")).await;
    let change = world.change(Kind::MailboxError, 1);
    assert_eq!(world.notify(std::slice::from_ref(&change), "a").await, [Next::Done]);
    assert!(world.queue().is_empty());
    let taken = sandbox.ledger_since(0);
    assert_eq!((taken.len(), taken[0].to.as_str()), (1, "ops@b.example"));
    assert_eq!(taken[0].message_id, format!("<{}@a.example>", change.id));
}
