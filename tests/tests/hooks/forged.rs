//! Every provider forged, for the better part of an hour: large bodies, keys of somebody else's, endpoints that are not there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::SignedDuration;
use preheat_app::hooks::{Fetch, ID_CHARS};
use preheat_core::event::Reporter;
use preheat_intake::BODY_BYTES_MAX;
use preheat_intake::sample::{Happening, Posted};
use preheat_tests::providers::Provider;

use super::strangers::writes_and_kms_calls;
use super::world::World;

const FORGED: usize = 10_000;
/// Between two of them: together less than the hour for which an opened key is kept.
const STEP: SignedDuration = SignedDuration::from_millis(300);
/// Re-reads of the one endpoint that is there: its minute is over, or it does not know a secret and was read half a minute ago.
const READ_AGAIN_MAX: u64 = 200;

/// The post with so much in front of what it says that a reader has to go through.
fn padded(mut posted: Posted, bytes: usize) -> Posted {
    let end = posted.body.len();
    match posted.body.first() {
        Some(b'{') => {
            let junk = format!("{{\"pad\":[{}0],", "0,".repeat(bytes / 2));
            posted.body.splice(..1, junk.into_bytes());
        }
        Some(b'[') => posted.body.extend(std::iter::repeat_n(b' ', bytes)),
        _ => posted.body.extend(b"&pad=".iter().copied().chain(std::iter::repeat_n(b'x', bytes))),
    }
    posted.body.truncate(BODY_BYTES_MAX.max(end));
    posted
}

#[tokio::test]
async fn ten_thousand_forged_requests_of_any_provider_write_nothing_and_ask_kms_for_nothing() {
    for reporter in Provider::all() {
        let world = World::new().await;
        let provider = Provider::new(reporter).unwrap();
        let hook = world.adopt(&provider).await;
        let fetched = Arc::new(AtomicUsize::new(0));
        let (count, pem) = (Arc::clone(&fetched), provider.certificate());
        let fetch: Fetch = Arc::new(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            let pem = pem.clone();
            Box::pin(async move { Ok(pem) })
        });
        let gate = world.gate_with(fetch);
        let genuine = provider.post(1, Happening::Delivered, world.now()).unwrap();
        let answer = gate.receive(reporter.name(), &hook.id, &genuine.request()).await;
        assert_eq!(answer.status, 200, "{reporter}: the endpoint is warm: {answer:?}");
        let forger = provider.forger().unwrap();
        let counted = world.counted().await;
        let before = world.aws.counts();
        for n in 0..FORGED {
            world.pass(STEP);
            let bytes = if n % 500 == 0 { BODY_BYTES_MAX - 10_000 } else { 20_000 };
            let forged = padded(forger.post(1, Happening::HardBounce, world.now()).unwrap(), bytes);
            // MailWizz proves itself by nothing but the id, so an id is all that can be forged.
            let known = n % 2 == 0 && reporter != Reporter::Mailwizz;
            let digits = format!("{n:0ID_CHARS$}");
            let stranger: String = digits.bytes().map(|digit| char::from(b'a' + digit - b'0')).collect();
            let id = if known { &hook.id } else { &stranger };
            let answer = gate.receive(reporter.name(), id, &forged.request()).await;
            assert_eq!(answer.status, if known { 401 } else { 404 }, "{reporter}: {answer:?}");
        }
        let spent = world.aws.counts().since(&before);
        assert_eq!(writes_and_kms_calls(&spent), (0.0, 0), "{reporter}: {spent:?}");
        let unknown = if reporter == Reporter::Mailwizz { FORGED } else { FORGED / 2 } as u64;
        let reads = spent.of("GetItem").calls;
        assert!((unknown..=unknown + READ_AGAIN_MAX).contains(&reads), "{reporter}: {reads} reads");
        assert!(gate.remembered() <= 1_000, "{reporter}: {} endpoints in memory", gate.remembered());
        assert!(fetched.load(Ordering::Relaxed) <= 1, "{reporter}: the certificate is fetched once");
        assert_eq!(world.counted().await, counted, "{reporter}");
    }
}
