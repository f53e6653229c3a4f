//! Conditions of the stack and of tenants: told when they turn, by the tick and by the governor.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, ToSpan};
use preheat_app::fan_out::fan_out;
use preheat_core::change::Kind;
use preheat_core::health::{DayTally, HealthRow, Tally};
use preheat_core::lifecycle::Standing;
use preheat_core::mailbox::{Provider, State};
use preheat_core::message::Look;
use preheat_store::{HealthSeen, Key};

use crate::world::World;

/// Changes every planning row past every rule.
async fn force(world: &World, expression: &str, values: &[(&str, AttributeValue)]) {
    for (id, _) in &world.members {
        let key = Key::Plan(*id);
        let call = world.aws.dynamodb().update_item().table_name("ledger").update_expression(expression);
        let mut call = call.key("pk", AttributeValue::S(key.pk())).key("sk", AttributeValue::S(key.sk()));
        for (name, value) in values {
            call = call.expression_attribute_values(*name, value.clone());
        }
        call.send().await.unwrap();
    }
}

async fn ticks(world: &World, count: u32) {
    for _ in 0..count {
        fan_out(&world.app, world.now()).await.unwrap();
        world.pass(SignedDuration::from_mins(15));
    }
}

/// Nobody sends what is planned: the tenant falls behind, and the stack with it; once each. Then all is made up for.
#[tokio::test(start_paused = true)]
async fn a_fleet_that_does_not_send_is_behind_until_it_has_caught_up() {
    let world = World::new(12).await;
    force(&world, "SET st = :st", &[(":st", AttributeValue::S("warming".to_owned()))]).await;
    ticks(&world, 20).await;
    let mut kinds = world.kinds();
    kinds.sort_unstable();
    assert_eq!(kinds, [Kind::QuotaBehind, Kind::SystemCritical]);
    force(&world, "SET u = q", &[]).await;
    ticks(&world, 1).await;
    assert_eq!(world.kinds(), [], "one tick is no turn");
    ticks(&world, 3).await;
    let mut kinds = world.kinds();
    kinds.sort_unstable();
    assert_eq!(kinds, [Kind::QuotaCaughtUp, Kind::SystemHealthy]);
}

/// The tick's memory is one row: it is read by every tick, and written when something turns.
#[tokio::test(start_paused = true)]
async fn a_bus_that_does_not_answer_costs_a_tick_nothing_and_is_told_by_the_next() {
    let world = World::new(12).await;
    force(&world, "SET st = :st", &[(":st", AttributeValue::S("warming".to_owned()))]).await;
    world.aws.faults().share("PutEvents", preheat_local::Fault::Deny, 1.0);
    ticks(&world, 20).await;
    assert_eq!(world.kinds(), []);
    world.aws.faults().clear();
    // One is due at once; what had not been written down as seen needs its second tick.
    ticks(&world, 2).await;
    let mut kinds = world.kinds();
    kinds.sort_unstable();
    assert_eq!(kinds, [Kind::QuotaBehind, Kind::SystemCritical]);
}

/// A mailbox on its 30th day whose mail of yesterday was found so.
async fn found_yesterday(world: &World, place: usize, (inbox, spam): (u32, u32)) {
    let (id, member) = &world.members[place];
    let key = Key::Health(*id);
    let delete = world.aws.dynamodb().delete_item().table_name("ledger");
    delete.key("pk", AttributeValue::S(key.pk())).key("sk", AttributeValue::S(key.sk())).send().await.unwrap();
    let sent = inbox + spam;
    let tally = Tally { sent, inbox, spam, read: inbox, ..Tally::default() };
    let yesterday = member.schedule.local_date(world.now()).saturating_sub(1.day());
    let by_provider = [(Provider::Other, tally)].into();
    let day = DayTally { target: sent, by_provider, ..DayTally::new(yesterday) };
    let standing = Standing::first(State::Warming, world.now() - SignedDuration::from_hours(60));
    let row = HealthRow { standing, days: vec![day], ..HealthRow::first(State::Warming, world.now()) };
    world.app.store.put_health(*id, &HealthSeen::absent(row.clone()), row).await.unwrap().unwrap();
}

/// 12 mails a mailbox: of a single mailbox they would be no sample, of the tenant's two they are.
#[tokio::test(start_paused = true)]
async fn spam_is_told_when_it_is_high_and_when_it_is_over() {
    let world = World::new(2).await;
    let values = [(":st", AttributeValue::S("warming".to_owned())), (":i", AttributeValue::N("30".to_owned()))];
    force(&world, "SET st = :st, i = :i", &values).await;
    let spam = |world: &World| {
        let told = world.kinds();
        told.into_iter().filter(|kind| matches!(kind, Kind::SpamHigh | Kind::SpamNormal)).collect::<Vec<_>>()
    };
    found_yesterday(&world, 0, (10, 2)).await;
    found_yesterday(&world, 1, (10, 2)).await;
    world.govern(Look::Hourly).await;
    assert_eq!(spam(&world), [Kind::SpamHigh]);
    world.pass(SignedDuration::from_hours(1));
    world.govern(Look::Hourly).await;
    assert_eq!(spam(&world), []);
    found_yesterday(&world, 0, (12, 0)).await;
    found_yesterday(&world, 1, (12, 0)).await;
    world.govern(Look::Hourly).await;
    assert_eq!(spam(&world), [Kind::SpamNormal]);
}
