//! The governor's daily work, and who hears of it: a language model that fails and comes back, a domain that fails and is mended.
//! Over hourly looks, the bus and the notifier, to a stub Slack.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::SignedDuration;
use preheat_app::{App, Writer};
use preheat_core::alert::Owner;
use preheat_core::content::plan::Via;
use preheat_core::domain::{Check, Topic, Verdict};
use preheat_core::mailbox::State;
use preheat_core::message::Look;
use preheat_platforms::stub::{Reply, Stub};
use preheat_platforms::{Http, Llm};
use serde_json::{Value, json};

use crate::notifier::{Notifier, alerts_a_day};
use crate::world::{World, acme};

/// Midnight of UTC, with which the day's work begins.
async fn at_midnight(mailboxes: usize) -> World {
    let world = World::new(mailboxes).await;
    world.pass(SignedDuration::from_hours(12));
    world
}

/// An API's answer with five good English plans; `nth` keeps their topics apart.
fn written(nth: usize) -> Reply {
    let plan = |n: usize| -> Value {
        let text = |turn: usize| {
            format!(
                "I went back to the woods behind the village, and it was lovely there (walk {nth}, {n}, {turn}). Do you go \
                 for walks as well, or is that not for you?"
            )
        };
        let turns: Vec<Value> = (0..6).map(|turn| json!([text(turn)])).collect();
        json!({ "topic": format!("Walk {nth}-{n}"), "subjects": ["In the woods"], "turns": turns })
    };
    let plans = json!({ "plans": (0..5).map(plan).collect::<Vec<_>>() }).to_string();
    let message = json!({ "role": "assistant", "content": plans });
    let answer = json!({
        "choices": [{ "message": message, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 0, "completion_tokens": 700, "total_tokens": 700 },
    });
    Reply::ok(&answer.to_string())
}

/// The model is down for three days: the library makes each day's plans, whoever runs the stack hears of it once a day, tenants
/// do not; and once when it is back.
#[tokio::test]
async fn a_language_model_that_is_down_is_one_alert_a_day_and_one_when_it_is_back() {
    let world = at_midnight(1).await;
    let is_up = Arc::new(AtomicBool::new(false));
    let up = Arc::clone(&is_up);
    let model =
        Stub::start(move |_, nth| if up.load(Ordering::Relaxed) { written(nth) } else { Reply::status(503, "down") })
            .await
            .unwrap();
    let llm = Llm::new(Http::local(&[]).unwrap(), &model.url("/v1"), "test-model", "test key".to_owned().into());
    let writer = Some(Writer { llm: Arc::new(llm), tokens_per_day: 60_000 });
    let app = App { writer, ..world.app.clone() };
    let mut operator = Notifier::of(&world, Owner::Stack).await;
    let look = async || drop(world.govern_with(&app, Look::Hourly, &[]).await);
    assert_eq!(alerts_a_day(&world, &mut operator, 3, look).await, [1, 1, 1]);
    assert!(operator.last().contains("texts come from the built-in library"), "{}", operator.last());
    let stock = world.app.store.content_stock().await.unwrap().plans;
    assert!(stock.len() >= 15 && stock.iter().all(|plan| plan.via() == Via::Library), "{}", stock.len());
    is_up.store(true, Ordering::Relaxed);
    assert_eq!(alerts_a_day(&world, &mut operator, 2, look).await, [1, 0]);
    let stock = world.app.store.content_stock().await.unwrap().plans;
    assert!(stock.iter().any(|plan| plan.via() == Via::Llm), "it writes again");
}

fn spf(verdict: Verdict) -> Check {
    Check {
        topic: Topic::Spf,
        about: "birchline.example".to_owned(),
        verdict,
        required: true,
        finding: "there is no SPF record".to_owned(),
        advice: None,
    }
}

/// It fails: one alert at once and one a day, one more when its 72 h of grace are over and it stops sending, one when it is
/// mended, and then none.
#[tokio::test]
async fn a_failing_domain_is_one_alert_a_day_and_one_for_each_turn() {
    let world = at_midnight(1).await;
    let (id, mut ops) = (world.members[0].0, Notifier::of(&world, Owner::Tenant(acme())).await);
    world.visit(id).await;
    world.govern_with(&world.app, Look::Hourly, &[spf(Verdict::Passing)]).await;
    world.told();
    world.pass(SignedDuration::from_hours(24));
    let fails = async || drop(world.govern_with(&world.app, Look::Hourly, &[spf(Verdict::Failing)]).await);
    assert_eq!(alerts_a_day(&world, &mut ops, 5, fails).await, [1, 1, 1, 2, 1]);
    assert!(ops.last().contains("birchline.example") && ops.last().contains("no SPF record"), "{}", ops.last());
    let row = world.row(id).await;
    assert_eq!((row.state, row.percent), (State::Warming, 0), "it sends nothing, and its state is its own");
    let passes = async || drop(world.govern_with(&world.app, Look::Hourly, &[spf(Verdict::Passing)]).await);
    assert_eq!(alerts_a_day(&world, &mut ops, 2, passes).await, [1, 0]);
    assert!(ops.last().contains("fails no longer"), "{}", ops.last());
    assert_eq!(world.row(id).await.percent, 100);
}
