use super::*;
use crate::id::MailboxId;

fn at() -> Timestamp {
    "2026-03-02T09:15:00Z".parse().unwrap()
}

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn paused(mailbox: u32, at: Timestamp) -> Change {
    let subject = Subject::mailbox(MailboxId(mailbox), "ann@a.example");
    Change::new(Kind::MailboxPaused, Some(&tenant()), subject, at, "bounces over 8 % in 24 h", &[("sent", 40.0)])
}

#[test]
fn the_same_change_has_the_same_id_and_no_other_has() {
    let first = paused(1, at());
    assert_eq!(first.id, paused(1, at()).id);
    assert_eq!(first.id, first.clone().saying("other words").weighing(Severity::Critical).id);
    let later = at() + jiff::SignedDuration::from_millis(1);
    let others = [
        paused(2, at()),
        paused(1, later),
        Change::new(Kind::MailboxResumed, Some(&tenant()), first.subject.clone(), at(), "", &[]),
        Change::new(Kind::MailboxPaused, None, first.subject.clone(), at(), "", &[]),
        paused(1, at()).on("2026-03-02"),
    ];
    for other in others {
        assert_ne!(first.id, other.id, "{other:?}");
    }
    assert_eq!(paused(1, at()).on("day 5").id, paused(1, later).on("day 5").id);
}

#[test]
fn words_are_made_from_the_parts_and_are_one_clean_line() {
    let change = paused(1, at());
    assert_eq!(
        change.text,
        "ann@a.example is paused: it sends nothing. Rule: bounces over 8 % in 24 h. Numbers: sent 40."
    );
    let said = change.saying("a\r\nb\0c");
    assert_eq!(said.text, "a  b c");
    assert_eq!(said.saying(&"x".repeat(5_000)).text.chars().count(), 1_000);
}

#[test]
fn a_change_reads_back_and_numbers_that_are_none_are_left_out() {
    let numbers = [("bounce_rate", 0.125), ("nothing", f64::NAN), ("endless", f64::INFINITY)];
    let change = Change::new(Kind::SystemDegraded, None, Subject::system(), at(), "completion < 95 %", &numbers);
    assert_eq!(change.numbers.len(), 1);
    let json = serde_json::to_string(&change).unwrap();
    assert_eq!(Change::parse(&json), Ok(change));
    assert_eq!(Change::parse(r#"{"v":9}"#), Err(MessageError::Version(9)));
    assert!(matches!(Change::parse("{}"), Err(MessageError::Malformed(_))));
    let unknown = json.replace("system.degraded", "system.gone");
    assert!(matches!(Change::parse(&unknown), Err(MessageError::Malformed(why)) if why.contains("system.gone")));
}

#[test]
fn kinds_are_read_as_they_are_written_and_names_differ() {
    let mut names = std::collections::BTreeSet::new();
    for &kind in Kind::ALL {
        assert_eq!(kind.name().parse(), Ok(kind));
        assert!(names.insert(kind.name()));
        let (family, state) = kind.name().split_once('.').unwrap();
        assert!(!state.is_empty());
        assert_eq!(family, format!("{:?}", kind.family()).to_lowercase(), "{kind}");
    }
}

/// Every kind that the schema for others lists is one of ours, and the other way round.
#[test]
fn the_schema_lists_every_kind_and_severity() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../../events/schema/change-v1.json")).unwrap();
    let listed = |at: &str| -> Vec<String> {
        let values = schema.pointer(at).and_then(|list| list.as_array()).unwrap();
        values.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(listed("/properties/kind/enum"), Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>());
    assert_eq!(listed("/properties/severity/enum"), Severity::ALL.map(Severity::name));
    assert_eq!(schema["properties"]["v"]["const"], VERSION);
}
