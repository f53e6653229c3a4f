//! Every kind of change, held to the schema that others rely on (`events/schema/change-v1.json`).
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use jiff::Timestamp;
use preheat_core::change::{Change, Kind, Severity, Subject};
use preheat_core::id::{MailboxId, TenantId};
use serde_json::{Value, json};

fn validator() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(include_str!("../../../events/schema/change-v1.json")).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn subjects(tenant: &TenantId) -> [Subject; 6] {
    [
        Subject::mailbox(MailboxId(46), "ann@a.example"),
        Subject::domain("a.example"),
        Subject::ip("198.51.100.7".parse().unwrap()),
        Subject::tenant(tenant),
        Subject::provider("groq"),
        Subject::system(),
    ]
}

#[test]
fn every_kind_subject_and_severity_is_valid() {
    let (validator, tenant): (_, TenantId) = (validator(), "acme".parse().unwrap());
    for at in ["2026-03-02T09:15:00Z", "2026-03-02T09:15:00.123456789Z"] {
        let at: Timestamp = at.parse().unwrap();
        for &kind in Kind::ALL {
            for subject in subjects(&tenant) {
                let change =
                    Change::new(kind, Some(&tenant), subject, at, "a rule", &[("sent", 40.0), ("rate", 0.125)]);
                for severity in Severity::ALL {
                    let value = serde_json::to_value(change.clone().weighing(severity)).unwrap();
                    validator.validate(&value).unwrap_or_else(|error| panic!("{value}: {error}"));
                }
                let odd = Change { tenant: None, ..change.saying("two\nlines").on("an occasion") };
                validator.validate(&serde_json::to_value(odd).unwrap()).unwrap();
            }
        }
    }
}

#[test]
fn what_is_no_change_is_invalid() {
    let validator = validator();
    let at = "2026-03-02T09:15:00Z".parse().unwrap();
    let good = Change::new(Kind::QuotaBehind, None, Subject::mailbox(MailboxId(1), "a@b.example"), at, "", &[]);
    let good = serde_json::to_value(good).unwrap();
    assert!(validator.is_valid(&good));
    for (pointer, bad) in [
        ("/v", json!(2)),
        ("/id", json!("chg_1")),
        ("/kind", json!("mailbox.exploded")),
        ("/severity", json!("loud")),
        ("/subject/type", json!("planet")),
        ("/subject/id", json!("46")),
        ("/at", json!("2026-03-02 09:15")),
        ("/numbers", json!({ "sent": "40" })),
        ("/text", json!("a\nb")),
        ("/text", json!("")),
    ] {
        let mut value = good.clone();
        *value.pointer_mut(pointer).unwrap() = bad;
        assert!(!validator.is_valid(&value), "{pointer}");
    }
    for field in ["v", "id", "kind", "severity", "subject", "at", "rule", "numbers", "text"] {
        let mut value = good.clone();
        value.as_object_mut().unwrap().remove(field);
        assert!(!validator.is_valid(&value), "{field}");
    }
}
