//! Requests that nobody sent: they cost next to nothing and change nothing (F24).

use std::collections::BTreeMap;

use jiff::SignedDuration;
use preheat_core::event::Reporter;
use preheat_intake::sample::Happening;
use preheat_local::{Counts, Fault};
use preheat_store::SecretKind;

use super::world::{World, acme, status};

const FORGED: usize = 10_000;

pub(crate) fn writes_and_kms_calls(counts: &Counts) -> (f64, u64) {
    let kms = ["Decrypt", "Encrypt", "GenerateDataKey"].iter().map(|operation| counts.of(operation).calls).sum();
    (counts.write_units(), kms)
}

#[tokio::test]
async fn ten_thousand_forged_requests_write_nothing_and_ask_kms_for_nothing() {
    let mut world = World::new().await;
    let gate = world.gate();
    let genuine = world.post(Reporter::Resend, 1, Happening::HardBounce).await;
    assert_eq!(status(&gate, &genuine).await, 200, "the endpoint is warm");
    let (known, counted) = (world.endpoint(Reporter::Resend).await, world.counted().await);
    let before = world.aws.counts();
    let reads_before = before.of("GetItem").calls;
    let mut answers: BTreeMap<u64, usize> = BTreeMap::new();
    for n in 0..FORGED {
        let mut forged = genuine.clone();
        match n % 4 {
            // Another body under a genuine signature.
            0 => forged["body"] = format!("{{\"type\":\"email.bounced\",\"n\":{n}}}").into(),
            // A signature of nobody's.
            1 => forged["headers"]["svix-signature"] = format!("v1,{n}").into(),
            // An endpoint that is not there, each time another.
            2 => {
                let id: String = format!("{n:026}").bytes().map(|digit| char::from(b'a' + digit - b'0')).collect();
                forged["rawPath"] = format!("/hooks/resend/{id}").into();
            }
            // An id that cannot be one, and a provider that is none.
            _ => {
                forged["rawPath"] =
                    format!("/hooks/{}/{known}{n}", if n % 8 == 3 { "resend" } else { "nobody" }).into();
            }
        }
        *answers.entry(status(&gate, &forged).await).or_default() += 1;
    }
    assert_eq!(answers, BTreeMap::from([(401, FORGED / 2), (404, FORGED / 2)]));
    let spent = world.aws.counts().since(&before);
    assert_eq!(writes_and_kms_calls(&spent), (0.0, 0), "{spent:?}");
    let reads = world.aws.counts().of("GetItem").calls - reads_before;
    assert_eq!(reads, FORGED as u64 / 4, "only ids that could be one are looked up");
    assert!(gate.remembered() <= 1_000, "{} endpoints in memory", gate.remembered());
    assert_eq!(world.counted().await, counted);
    assert_eq!(status(&gate, &genuine).await, 200, "the flood has not pushed the endpoint out");
}

#[tokio::test]
async fn a_rotated_secret_is_taken_at_once_and_the_old_one_until_its_end() {
    let mut world = World::new().await;
    let gate = world.gate();
    let old = world.post(Reporter::Resend, 1, Happening::Delivered).await;
    assert_eq!(status(&gate, &old).await, 200);
    world.rotate(Reporter::Resend, SecretKind::Key, "whsec_bmV3LW5ldy1uZXctbmV3LW5ldy1uZXc=").await;
    // Before it would have read the endpoint again by itself.
    world.pass(SignedDuration::from_secs(40));
    let new = world.post(Reporter::Resend, 2, Happening::Delivered).await;
    assert_eq!(status(&gate, &new).await, 200, "a warm process has read the endpoint again");
    let mut still = old.clone();
    still["headers"] = old["headers"].clone();
    assert_eq!(status(&gate, &still).await, 200, "the old secret, within its days");
}

#[tokio::test]
async fn without_kms_a_warm_process_serves_for_an_hour_and_a_cold_one_not_at_all() {
    let mut world = World::new().await;
    let (warm, first) = (world.gate(), world.post(Reporter::Brevo, 1, Happening::Delivered).await);
    assert_eq!(status(&warm, &first).await, 200);
    world.aws.faults().share("Decrypt", Fault::Deny, 1.0);
    world.pass(SignedDuration::from_mins(50));
    let second = world.post(Reporter::Brevo, 2, Happening::Delivered).await;
    assert_eq!(status(&warm, &second).await, 200);
    assert_eq!(status(&world.gate(), &second).await, 429, "Brevo comes again after 429, and after nothing else");
    world.pass(SignedDuration::from_mins(20));
    let third = world.post(Reporter::Brevo, 3, Happening::Delivered).await;
    assert_eq!(status(&warm, &third).await, 429, "its hour is over");
    world.aws.faults().clear();
    assert_eq!(status(&warm, &third).await, 200);
}

#[tokio::test]
async fn what_is_too_large_or_no_request_at_all_is_refused_before_anything_is_read() {
    let mut world = World::new().await;
    let gate = world.gate();
    let genuine = world.post(Reporter::Brevo, 1, Happening::Delivered).await;
    let before = world.aws.counts();
    let mut large = genuine.clone();
    large["body"] = "x".repeat(6 << 20).into();
    assert_eq!(status(&gate, &large).await, 413);
    let mut broken = genuine.clone();
    broken["isBase64Encoded"] = true.into();
    broken["body"] = "***".into();
    assert_eq!(status(&gate, &broken).await, 400);
    for path in
        ["/", "/hooks", "/hooks/brevo", "/hooks/brevo/", "/hooks//x", "/hooks/mailbox/aaaaaaaaaaaaaaaaaaaaaaaaaa/../x"]
    {
        let mut lost = genuine.clone();
        lost["rawPath"] = path.into();
        assert_eq!(status(&gate, &lost).await, 404, "{path}");
    }
    assert_eq!(world.aws.counts().since(&before).of("GetItem").calls, 0);
    assert!(world.store.hooks(&acme()).await.unwrap().len() == 1);
}
