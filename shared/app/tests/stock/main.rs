//! The daily stock over the real SDK and a language model that is a stub: good, limited, slow, broken, malformed and hostile.

#![allow(missing_docs, clippy::unwrap_used, clippy::large_futures, clippy::disallowed_methods, reason = "tests")]

mod world;

use std::time::Duration;

use jiff::civil::date;
use preheat_app::stock;
use preheat_core::content::Language;
use preheat_core::content::plan::{PlanId, Script, Via};
use preheat_core::content::tally::Tally;
use preheat_core::limits::ContentLimits;
use preheat_platforms::stub::Reply;

use world::{World, at, completion, good, plan};

const TOMORROW: jiff::civil::Date = date(2026, 3, 3);

#[tokio::test]
async fn without_a_model_the_library_makes_the_day() {
    let world = World::new(&[("a@one.example", Language::De), ("b@two.example", Language::En)]).await;
    let report = world.run(None, at("01:00:00")).await;
    assert_eq!((report.written, report.library, report.deck, report.failure), (0, 10, Some(TOMORROW), None));
    let stock = world.store.content_stock().await.unwrap().plans;
    for language in [Language::De, Language::En] {
        let made: Vec<_> = stock.iter().filter(|plan| plan.id.language == language).collect();
        assert_eq!(made.len(), usize::from(ContentLimits::default().fresh_per_day));
        assert!(made.iter().all(|plan| plan.via() == Via::Library && plan.id.made == date(2026, 3, 2)));
        let deck = world.store.decks().await.unwrap().get(TOMORROW).cloned().unwrap();
        assert!(!deck.hands[&language].plans.is_empty());
    }
    // A second call of the day finds nothing to do; the next day's makes fresh ones.
    let again = world.run(None, at("02:00:00")).await;
    assert_eq!((again.library, again.deck), (0, None));
    let next = world.run(None, "2026-03-03T01:00:00Z".parse().unwrap()).await;
    assert_eq!((next.library, next.deck), (10, Some(date(2026, 3, 4))));
}

#[tokio::test]
async fn without_mailboxes_nothing_is_made() {
    let world = World::new(&[]).await;
    let report = world.run(None, at("01:00:00")).await;
    assert_eq!((report.library, report.deck), (0, None));
}

/// A day's stock begun by a process that died is finished, not made anew, and says the same.
#[tokio::test]
async fn a_stock_that_was_begun_is_finished() {
    let whole = World::new(&[("a@one.example", Language::Es)]).await;
    whole.run(None, at("01:00:00")).await;
    let all = whole.store.content_stock().await.unwrap().plans;
    let begun = whole.another().await;
    for plan in &all[..2] {
        begun.store.put_content_plan(plan).await.unwrap();
    }
    assert_eq!(begun.run(None, at("01:00:00")).await.library, 3);
    let finished = begun.store.content_stock().await.unwrap().plans;
    assert_eq!(
        finished.iter().map(|plan| plan.id).collect::<Vec<_>>(),
        all.iter().map(|plan| plan.id).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn the_model_writes_in_batches_and_what_it_costs_is_counted() {
    let world = World::new(&[("a@one.example", Language::De)]).await;
    let stub = world::stub(|_, nth| Reply::ok(&completion(&good(nth, 3), 700))).await;
    let report = world.run(Some(&world.writer(&stub, 60_000)), at("01:00:00")).await;
    assert_eq!(
        (report.written, report.library, report.tokens, report.failure),
        (5, 0, 1_400, None),
        "{:?}",
        report.dropped
    );
    let seen = stub.seen();
    assert_eq!(seen.len(), 2, "3 and 2");
    assert!(seen[0].body.contains("Write 3 conversations in German") && seen[1].body.contains("Write 2 conversations"));
    assert!(seen[1].body.contains("Topics other than: Wald 0-0; Wald 0-1; Wald 0-2"), "{}", seen[1].body);
    let stock = world.store.content_stock().await.unwrap().plans;
    assert!(stock.iter().all(|plan| matches!(&plan.script, Script::Written(written) if written.turns.len() == 6)));
    // Nothing is missing: the second call of the day asks nothing.
    world.run(Some(&world.writer(&stub, 60_000)), at("02:00:00")).await;
    assert_eq!(stub.seen().len(), 2);
}

#[tokio::test]
async fn the_daily_budget_of_tokens_holds_over_calls_and_processes() {
    let world = World::new(&[("a@one.example", Language::De)]).await;
    let stub = world::stub(|_, nth| Reply::ok(&completion(&good(nth, 3), 2_000))).await;
    // Room for one request and what it cost, not for another.
    let report = world.run(Some(&world.writer(&stub, 10_000)), at("01:00:00")).await;
    assert_eq!((report.written, report.library, report.budget_spent, report.tokens), (3, 2, true, 2_000));
    assert_eq!(report.failure, None, "a spent budget is no fault");
    // More is missing later that day (another language): still no room.
    let other = world.another_with(&[("b@two.example", Language::Fr)]).await;
    other.store.settle_tokens(date(2026, 3, 2), 0, 2_000).await.unwrap();
    let later = other.run(Some(&other.writer(&stub, 10_000)), at("09:00:00")).await;
    assert_eq!((later.written, later.library, stub.seen().len()), (0, 5, 1));
}

/// 429, no answer in time, errors, a cut connection, a wrong key, an answer that is no JSON.
#[tokio::test]
async fn whatever_is_wrong_with_the_model_the_library_stands_in_and_it_is_said_once_a_day() {
    let cases: [(&str, Reply, &str); 7] = [
        ("429", Reply::Answer(429, vec![("retry-after", "60".to_owned())], String::new()), "pause of 60 s"),
        ("slow", Reply::Silence, "does not answer"),
        ("500", Reply::status(500, "oops"), "does not answer"),
        ("cut", Reply::HangUp, "does not answer"),
        ("key", Reply::status(401, "no such key"), "refuses the key"),
        ("prose", Reply::ok(&completion("Here are your plans!", 300)), "cannot be used"),
        ("no completion", Reply::ok("<html>"), "cannot be used"),
    ];
    for (name, reply, reason) in cases {
        let world = World::new(&[("a@one.example", Language::De), ("b@two.example", Language::Fr)]).await;
        let stub = world::stub(move |_, _| reply.clone()).await;
        let writer = world.writer(&stub, 60_000);
        let started = std::time::Instant::now();
        let report = world.run(Some(&writer), at("01:00:00")).await;
        assert_eq!((report.written, report.library, report.deck), (0, 10, Some(TOMORROW)), "{name}");
        let failure = report.failure.unwrap_or_default();
        assert!(failure.contains(reason) && !failure.contains(world::KEY), "{name}: {failure}");
        let may_be_billed = !matches!(name, "429" | "key");
        assert_eq!(report.tokens > 0, may_be_billed, "{name}: {} tokens", report.tokens);
        assert!(started.elapsed() < Duration::from_secs(20), "{name}: it waits for no model that does not answer");
        // Another fault on the same day is not reported again.
        let stock = world.store.content_stock().await.unwrap().plans;
        assert_eq!(stock.len(), 10);
        let other = world.with(&[("c@three.example", Language::Es)]).await;
        let later = other.run(Some(&writer), at("12:00:00")).await;
        assert_eq!((later.library, later.failure), (5, None), "{name}");
    }
}

/// Texts that would harm whoever sends them are dropped and counted; the good ones beside them are kept.
#[tokio::test]
async fn hostile_texts_are_dropped_and_counted() {
    let world = World::new(&[("a@one.example", Language::De)]).await;
    let stub = world::stub(|_, nth| {
        let mut plans: Vec<_> = (0..3).map(|n| plan(&format!("Wald {nth}-{n}"))).collect();
        let opening = plans[0]["turns"][0][0].as_str().unwrap().to_owned();
        match nth {
            0 => {
                plans[0]["turns"][0][0] = format!("{opening}\r\nBcc: victim").into();
                plans[1]["turns"][2][0] = format!("{opening} Schau auf https://evil.example/").into();
            }
            _ => {
                plans[0]["turns"][1][0] = format!("{opening} Als Sprachmodell kann ich das nicht.").into();
                plans[1]["turns"][1][0] =
                    "Sure, I would like to go with you to the forest and see what it is like at this time of the year."
                        .into();
                plans[2]["turns"][5] = serde_json::json!([]);
            }
        }
        Reply::ok(&completion(&serde_json::json!({ "plans": plans }).to_string(), 900))
    })
    .await;
    let report = world.run(Some(&world.writer(&stub, 60_000)), at("01:00:00")).await;
    let dropped = [("header", 1), ("language", 2), ("leak", 2), ("link", 1), ("shape", 2)].into();
    assert_eq!((report.written, report.library, report.failure), (1, 4, None), "{:?}", report.dropped);
    assert_eq!(report.dropped, dropped, "the first request and two more");
    let stock = world.store.content_stock().await.unwrap().plans;
    let written: Vec<_> = stock.iter().filter(|plan| plan.via() == Via::Llm).collect();
    assert_eq!(written.len(), 1);
    assert!(matches!(&written[0].script, Script::Written(written) if written.topic == "Wald 0-2"));
}

#[tokio::test]
async fn a_plan_that_lands_in_spam_is_retired_and_dealt_no_more() {
    let world = World::new(&[("a@one.example", Language::De)]).await;
    world.run(None, at("01:00:00")).await;
    let bad = PlanId { made: date(2026, 3, 2), language: Language::De, n: 2 };
    let tally = Tally { uses: 30, outcomes: 20, spam: 3 };
    world.store.add_content_tallies(at("20:00:00"), &[(bad, tally)].into()).await.unwrap();
    let next = "2026-03-03T01:00:00Z".parse().unwrap();
    let needs = stock::needs(&world.store, &ContentLimits::default(), next).await.unwrap();
    assert_eq!((needs.spent, needs.missing), (vec![bad], [(Language::De, 5)].into()));
    let report = world.run(None, next).await;
    assert_eq!(report.retired, [bad]);
    let deck = world.store.decks().await.unwrap().get(date(2026, 3, 4)).cloned().unwrap();
    assert!(deck.hands[&Language::De].plans.iter().all(|(id, _)| *id != bad));
    assert_eq!(world.run(None, "2026-03-04T01:00:00Z".parse().unwrap()).await.retired, []);
}
