//! Good deliveries: accepted, normalised, and the same however often and in whatever order they come.

use jiff::SignedDuration;
use preheat_core::event::{Class, Kind, Reporter, Signature};
use preheat_intake::sample::{Happening, Sender};
use preheat_intake::{Outcome, Reason, Refusal};

use crate::rig::{Rig, now, providers, scene, signs_body};

#[test]
fn every_providers_hard_bounce_is_accepted_and_means_one() {
    for provider in providers() {
        let rig = Rig::new(provider);
        let accepted = rig.accepted(&rig.post(&[scene(Happening::HardBounce, "1", "Gone@Reader.Example")]));
        assert_eq!((accepted.status, accepted.quarantined.len()), (200, 0), "{provider}");
        let [event] = &accepted.events[..] else { panic!("{provider}: {} events", accepted.events.len()) };
        // Instantly never says why.
        let class = if provider == Reporter::Instantly { Class::Undetermined } else { Class::Hard };
        assert_eq!(event.kind, Kind::Bounced(class), "{provider}");
        assert_eq!(event.recipient.as_deref(), Some("gone@reader.example"), "{provider}");
        assert_eq!((event.provider, event.account.as_str()), (provider, "e1"));
        assert_eq!(event.occurred_at.as_second(), now().as_second(), "{provider}");
        let signed = signs_body(provider) || matches!(provider, Reporter::Ses | Reporter::Mailgun);
        assert_eq!(event.signature, if signed { Signature::Verified } else { Signature::Basic }, "{provider}");
    }
}

#[test]
fn a_repeat_has_the_same_key_and_another_event_another() {
    for provider in providers() {
        let rig = Rig::new(provider);
        let key = |id: &str, to: &str| {
            rig.accepted(&rig.post(&[scene(Happening::Delivered, id, to)])).events[0].dedupe_key.clone()
        };
        assert_eq!(key("1", "a@reader.example"), key("1", "a@reader.example"), "{provider}");
        assert_ne!(key("1", "a@reader.example"), key("2", "a@reader.example"), "{provider}");
    }
}

#[test]
fn the_order_of_a_batch_changes_no_key() {
    for provider in providers().into_iter().filter(|provider| Sender::batch_max(*provider) > 1) {
        let rig = Rig::new(provider);
        let ids: Vec<String> = (0..20).map(|k| format!("id-{k}")).collect();
        let mut scenes: Vec<_> = ids.iter().map(|id| scene(Happening::Delivered, id, "a@reader.example")).collect();
        let keys = |scenes: &[_]| {
            let mut keys: Vec<_> =
                rig.accepted(&rig.post(scenes)).events.into_iter().map(|event| event.dedupe_key).collect();
            keys.sort();
            keys
        };
        let forward = keys(&scenes);
        scenes.reverse();
        assert_eq!(forward, keys(&scenes), "{provider}");
        let unique: std::collections::BTreeSet<_> = forward.iter().collect();
        assert_eq!(unique.len(), 20, "{provider}");
    }
}

#[test]
fn a_bad_element_costs_its_neighbours_nothing() {
    let rig = Rig::new(Reporter::Brevo);
    let mut posted = rig.post(&[
        scene(Happening::Delivered, "1", "a@reader.example"),
        scene(Happening::HardBounce, "2", "b@reader.example"),
    ]);
    let text = String::from_utf8(posted.body).unwrap();
    let inner = text.trim_start_matches('[').trim_end_matches(']');
    posted.body =
        format!("[17,{inner},{{\"no\":\"event\"}},{{\"event\":\"delivered\",\"ts_event\":\"then\"}}]").into_bytes();
    let accepted = rig.accepted(&posted);
    assert_eq!(accepted.events.len(), 2);
    let reasons: Vec<_> = accepted.quarantined.iter().map(|bad| (bad.position, bad.reason.clone())).collect();
    let no_event = Reason::Shape("no `event`");
    assert_eq!(reasons, [(0, no_event.clone()), (3, no_event), (4, Reason::Time("\"then\"".to_owned()))]);
}

#[test]
fn signed_times_have_windows_and_unsigned_ones_seven_days() {
    let table = [
        (Reporter::Ses, 3_600),
        (Reporter::Sendgrid, 25 * 3_600),
        (Reporter::Mailgun, 9 * 3_600),
        (Reporter::Resend, 300),
        (Reporter::StandardWebhooks, 300),
    ];
    for (provider, window_s) in table {
        let rig = Rig::new(provider);
        let posted = rig.post(&[scene(Happening::Delivered, "1", "a@reader.example")]);
        let after = |seconds: i64| rig.receive_at(&posted, &posted.body, now() + SignedDuration::from_secs(seconds));
        assert!(matches!(after(window_s), Outcome::Accepted(_)), "{provider}");
        let Outcome::Refused(refused) = after(window_s + 1) else { panic!("{provider} takes a replay") };
        assert_eq!((refused.reason, refused.status), (Refusal::Stale, 401), "{provider}");
        assert!(matches!(after(-301), Outcome::Refused(_)), "{provider}: a clock that is ahead");
    }
    let rig = Rig::new(Reporter::Postal);
    let posted = rig.post(&[scene(Happening::Delivered, "1", "a@reader.example")]);
    let week = SignedDuration::from_hours(7 * 24);
    let Outcome::Accepted(late) = rig.receive_at(&posted, &posted.body, now() + week + SignedDuration::from_secs(1))
    else {
        panic!("an old event is kept aside, and its sender answered 200")
    };
    assert_eq!((late.events.len(), &late.quarantined[0].reason), (0, &Reason::TooOld));
}
