//! Every provider through the gate: what is doubled and shuffled counts as if it had come once and in order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::SignedDuration;
use preheat_app::events::take_events;
use preheat_app::hooks::{Fetch, Gate};
use preheat_core::counters::Count;
use preheat_core::event::{Event, Reporter};
use preheat_intake::sample::{Happening, Posted, Scene};
use preheat_intake::{Ages, Endpoint, Outcome, lambda, normalise};
use preheat_tests::providers::Provider;
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use super::world::{World, acme};

const MAILS: usize = 6;
const SEEDS: u64 = 3;

/// Everything twice, in an order that a seed gives.
fn doubled_and_shuffled<T: Clone>(once: &[T], seed: u64) -> Vec<T> {
    let mut twice = [once, once].concat();
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    for at in (1..twice.len()).rev() {
        let other = chance.next_u32() as usize % (at + 1);
        twice.swap(at, other);
    }
    twice
}

/// All of them delivered, one bounced and one complained of, each post later than the one before.
fn story(world: &World, provider: &Provider) -> Vec<Posted> {
    let mut told: Vec<(usize, Happening)> = (0..MAILS).map(|n| (n, Happening::Delivered)).collect();
    told.extend([(0, Happening::HardBounce), (1, Happening::Complaint)]);
    let post = |(order, &(n, happening)): (i64, &(usize, Happening))| {
        let (recipient, message_id) = (format!("r{n}@there.example"), format!("m{n}@example.com"));
        let id = format!("evt-{n}-{happening:?}");
        let at = world.now() - SignedDuration::from_secs(100 - order);
        let scene = Scene { happening, recipient: &recipient, message_id: &message_id, id: &id, at };
        provider.post_of(&[scene], world.now()).unwrap()
    };
    (0..).zip(&told).map(post).collect()
}

/// What acme's counters and suppressions say after a cold process took these posts.
async fn after(provider: &Provider, posts: impl Fn(&World) -> Vec<Posted>) -> (BTreeMap<Count, u64>, Vec<String>) {
    let world = World::new().await;
    let hook = world.adopt(provider).await;
    let pem = provider.certificate();
    let fetch: Fetch = Arc::new(move |_| {
        let pem = pem.clone();
        Box::pin(async move { Ok(pem) })
    });
    let gate: Gate = world.gate_with(fetch);
    for post in posts(&world) {
        let answer = gate.receive(hook.provider.name(), &hook.id, &post.request()).await;
        assert_eq!(answer.status, 200, "{}: {answer:?}", hook.provider);
    }
    (world.counted().await, world.suppressed().await)
}

#[tokio::test]
async fn doubled_and_shuffled_posts_of_every_provider_count_once() {
    for reporter in Provider::all() {
        let provider = Provider::new(reporter).unwrap();
        let once = after(&provider, |world| story(world, &provider)).await;
        assert!(once.0.values().sum::<u64>() >= MAILS as u64, "{reporter}: {once:?}");
        assert_eq!(once.1.is_empty(), reporter == Reporter::Instantly, "{reporter} says who is gone: {once:?}");
        for seed in 0..SEEDS {
            let again = after(&provider, |world| doubled_and_shuffled(&story(world, &provider), seed)).await;
            assert_eq!(again, once, "{reporter}, seed {seed}");
        }
    }
}

/// Payloads of the shared fixtures, by provider, if they lie beside the repository.
fn fixtures() -> BTreeMap<Reporter, Vec<PathBuf>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = here.ancestors().map(|above| above.join("shared/fixtures/webhooks")).find(|path| path.is_dir());
    let mut found: BTreeMap<Reporter, Vec<PathBuf>> = BTreeMap::new();
    let within = |path: &Path| -> Vec<PathBuf> {
        let mut paths: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    for path in folder.iter().flat_map(|folder| within(folder)).filter(|path| path.is_dir()) {
        let reporter = match path.file_name().and_then(|name| name.to_str()) {
            Some("ses-sns") => Some(Reporter::Ses),
            Some("svix") => Some(Reporter::StandardWebhooks),
            name => name.and_then(|name| name.parse().ok()),
        };
        let Some(reporter) = reporter else { continue };
        let is_payload = |path: &PathBuf| {
            let name = path.to_string_lossy();
            !name.ends_with(".headers.json") && !name.ends_with(".expected.json") && !name.ends_with(".md")
        };
        found.entry(reporter).or_default().extend(within(&path).into_iter().filter(is_payload));
    }
    found
}

/// The events of a payload, moved to where they are young enough to be taken, in their own order.
fn events(world: &World, reporter: Reporter, file: &Path) -> Vec<Event> {
    // An account a file: suites sign different events with one token, which no provider does.
    let mut endpoint = Endpoint::new(reporter, file.to_string_lossy(), vec![]);
    endpoint.ages = Ages::Unchecked;
    let body = std::fs::read(file).unwrap();
    let bodies = match lambda::records(&body) {
        Ok(records) if reporter == Reporter::Ses => {
            records.into_iter().map(|record| record.body.into_bytes()).collect()
        }
        _ => vec![body],
    };
    let read = |body: &Vec<u8>| match normalise(&endpoint, body, world.now()) {
        Outcome::Accepted(accepted) => accepted.events,
        _ => Vec::new(),
    };
    let mut events: Vec<Event> = bodies.iter().flat_map(read).collect();
    let youngest = events.iter().map(|event| event.occurred_at).max().unwrap_or(world.now());
    for event in &mut events {
        let before = youngest.duration_since(event.occurred_at).min(SignedDuration::from_hours(24));
        event.occurred_at = world.now() - before;
    }
    events
}

#[tokio::test]
async fn doubled_and_shuffled_fixtures_of_every_provider_count_once() {
    let fixtures = fixtures();
    if fixtures.is_empty() {
        eprintln!("SKIPPED: there are no shared/fixtures/webhooks in any folder above the repository");
        return;
    }
    for (reporter, files) in &fixtures {
        let play = async |seed: Option<u64>| {
            let world = World::new().await;
            let desk = world.gate().desk;
            let batches: Vec<Vec<Event>> = files.iter().map(|file| events(&world, *reporter, file)).collect();
            let batches = seed.map_or_else(|| batches.clone(), |seed| doubled_and_shuffled(&batches, seed));
            for batch in batches {
                take_events(&desk, &acme(), batch, world.now()).await.unwrap();
            }
            (world.counted().await, world.suppressed().await)
        };
        let once = play(None).await;
        assert!(!once.0.is_empty(), "{reporter} has {} files and no event that counts", files.len());
        for seed in 0..SEEDS {
            assert_eq!(play(Some(seed)).await, once, "{reporter}, seed {seed}");
        }
    }
}
