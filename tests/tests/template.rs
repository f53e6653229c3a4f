//! `infra/template.yaml`, held to what architecture.md asks of it: least privilege, dead letters, patience of the
//! queues, alarms. `cfn-lint` says whether it is valid; this says whether it is ours.

#![allow(clippy::expect_used, reason = "a test says what it expected")]

use std::path::Path;

use serde_yaml_ng::Value;

const FUNCTIONS: [&str; 3] = ["Fanout", "Sender", "Replier"];

fn template() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/template.yaml");
    serde_yaml_ng::from_str(&std::fs::read_to_string(path).expect("the template")).expect("YAML")
}

/// The value at `path`; short forms such as `!Ref` are looked through.
fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(value, |value, key| {
        let inner = match value {
            Value::Tagged(tagged) => &tagged.value,
            other => other,
        };
        inner.get(*key).unwrap_or_else(|| panic!("no `{key}` of {path:?} in {inner:?}"))
    })
}

fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Sequence(items) => items.iter().collect(),
        one => vec![one],
    }
}

/// What a short form names: `Ledger` of `!Ref Ledger`, `Key.Arn` of `!GetAtt Key.Arn`.
fn named(value: &Value) -> &str {
    match value {
        Value::Tagged(tagged) => tagged.value.as_str().expect("a name"),
        other => other.as_str().expect("a name"),
    }
}

fn statements(template: &Value, function: &str) -> Vec<Value> {
    let role = at(template, &["Resources", &format!("{function}Role"), "Properties"]);
    assert!(role.get("ManagedPolicyArns").is_none(), "{function} has rights that cannot be read in the template");
    list(at(role, &["Policies"]))
        .iter()
        .flat_map(|policy| list(at(policy, &["PolicyDocument", "Statement"])).into_iter().cloned())
        .collect()
}

fn rights(template: &Value, function: &str) -> Vec<(String, String)> {
    let mut rights = Vec::new();
    for statement in statements(template, function) {
        assert_eq!(at(&statement, &["Effect"]).as_str(), Some("Allow"));
        for resource in list(at(&statement, &["Resource"])) {
            for action in list(at(&statement, &["Action"])) {
                rights.push((action.as_str().expect("an action").to_owned(), named(resource).to_owned()));
            }
        }
    }
    rights
}

#[test]
fn no_function_may_do_everything_or_touch_everything() {
    let template = template();
    for function in FUNCTIONS {
        let rights = rights(&template, function);
        assert!(!rights.is_empty());
        for (action, resource) in rights {
            assert!(!action.contains('*'), "{function}: {action}");
            assert!(!resource.contains('*'), "{function}: {action} on {resource}");
        }
    }
}

#[test]
fn each_function_has_its_own_role_and_only_the_queues_it_needs() {
    let template = template();
    for function in FUNCTIONS {
        let role = at(&template, &["Resources", function, "Properties", "Role"]);
        assert_eq!(named(role), format!("{function}Role.Arn"));
    }
    let queues = |function: &str| -> Vec<(String, String)> {
        rights(&template, function).into_iter().filter(|(action, _)| action.starts_with("sqs:")).collect()
    };
    let pair = |action: &str, queue: &str| (action.to_owned(), queue.to_owned());
    assert_eq!(queues("Fanout"), [pair("sqs:SendMessage", "Sends.Arn"), pair("sqs:SendMessage", "Visits.Arn")]);
    assert!(queues("Sender").iter().all(|(_, queue)| queue == "Sends.Arn"));
    assert!(queues("Replier").iter().all(|(action, queue)| queue == "Visits.Arn" && action != "sqs:SendMessage"));
}

#[test]
fn only_the_fan_out_creates_keys_and_nobody_deletes_records() {
    let template = template();
    for function in FUNCTIONS {
        let rights = rights(&template, function);
        let may = |wanted: &str| rights.iter().any(|(action, _)| action == wanted);
        assert_eq!(may("kms:GenerateDataKey"), function == "Fanout", "{function}");
        assert!(may("kms:Decrypt") && !may("kms:Encrypt"), "{function}");
        assert!(!may("dynamodb:DeleteItem") && !may("dynamodb:Scan"), "{function}");
    }
}

#[test]
fn a_queue_hides_a_message_for_six_times_its_functions_time_out() {
    let template = template();
    let Value::Mapping(rows) = at(&template, &["Mappings", "Patience"]) else { panic!("a mapping") };
    assert_eq!(rows.len(), 2);
    for (name, row) in rows {
        let seconds = |key: &str| at(row, &[key]).as_u64().expect("seconds");
        assert!(seconds("SendsVisibility") >= 6 * seconds("SenderTimeout"), "{name:?}");
        assert!(seconds("VisitsVisibility") >= 6 * seconds("ReplierTimeout"), "{name:?}");
    }
}

#[test]
fn what_is_held_outlives_who_holds_it_and_ends_before_its_message_comes_again() {
    let template = template();
    let Value::Mapping(rows) = at(&template, &["Mappings", "Patience"]) else { panic!("a mapping") };
    for (name, row) in rows {
        let seconds = |key: &str| at(row, &[key]).as_u64().expect("seconds");
        let hold: u64 = at(row, &["Hold"]).as_str().and_then(|text| text.parse().ok()).expect("seconds");
        for (timeout, visibility) in [("SenderTimeout", "SendsVisibility"), ("ReplierTimeout", "VisitsVisibility")] {
            assert!(seconds(timeout) < hold && hold < seconds(visibility), "{name:?}");
        }
    }
}

#[test]
fn the_local_stack_is_as_patient_as_the_deployed_one() {
    let template = template();
    let seconds = |key: &str| at(&template, &["Mappings", "Patience", "normal", key]).as_u64().expect("seconds");
    for (mapped, timeout, visibility) in [
        (preheat_stack::stack::SENDER, "SenderTimeout", "SendsVisibility"),
        (preheat_stack::stack::REPLIER, "ReplierTimeout", "VisitsVisibility"),
    ] {
        assert_eq!(u64::from(mapped.timeout_s), seconds(timeout), "{timeout}");
        assert_eq!(u64::from(mapped.visibility_s), seconds(visibility), "{visibility}");
        assert!(mapped.item_max.as_secs() < i64::from(mapped.timeout_s), "{timeout}: no item would ever be begun");
    }
}

#[test]
fn every_queue_has_dead_letters_that_outlive_it_and_may_come_only_from_it() {
    let template = template();
    for queue in ["Sends", "Visits"] {
        let live = at(&template, &["Resources", queue, "Properties"]);
        let dead = at(&template, &["Resources", &format!("{queue}Dead"), "Properties"]);
        assert_eq!(named(at(live, &["RedrivePolicy", "deadLetterTargetArn"])), format!("{queue}Dead.Arn"));
        let days = |of: &Value| at(of, &["MessageRetentionPeriod"]).as_u64().expect("seconds");
        assert!(days(dead) > days(live));
        assert_eq!(at(dead, &["RedriveAllowPolicy", "redrivePermission"]).as_str(), Some("byQueue"));
    }
}

#[test]
fn one_bad_message_never_costs_its_neighbours() {
    let template = template();
    for (function, event) in [("Sender", "Sends"), ("Replier", "Visits")] {
        let source = at(&template, &["Resources", function, "Properties", "Events", event, "Properties"]);
        assert_eq!(at(source, &["BatchSize"]).as_u64(), Some(100));
        assert_eq!(at(source, &["FunctionResponseTypes"])[0].as_str(), Some("ReportBatchItemFailures"));
        assert_eq!(named(at(source, &["Queue"])), format!("{event}.Arn"));
    }
}

#[test]
fn errors_and_dead_letters_raise_an_alarm_that_reaches_the_topic() {
    let template = template();
    for alarm in ["FanoutErrors", "SenderErrors", "ReplierErrors", "SendsDead", "VisitsDead", "FanoutSilent"] {
        let alarm = at(&template, &["Resources", &format!("{alarm}Alarm"), "Properties"]);
        assert_eq!(named(&at(alarm, &["AlarmActions"])[0]), "Alarms");
    }
}

#[test]
fn the_fan_out_is_fired_at_the_start_of_its_ticks() {
    let template = template();
    let default = |parameter: &str| at(&template, &["Parameters", parameter, "Default"]).clone();
    assert_eq!(default("TickSeconds").as_u64(), Some(900));
    assert_eq!(default("Tick").as_str(), Some("cron(0/15 * * * ? *)"));
}

#[test]
fn what_only_a_rehearsal_may_do_is_off_by_default() {
    let template = template();
    assert_eq!(at(&template, &["Parameters", "AllowLocalMail", "Default"]).as_str(), Some("off"));
    assert_eq!(at(&template, &["Parameters", "ExtraRoots", "Default"]).as_str(), Some(""));
    assert_eq!(at(&template, &["Parameters", "KeepData", "Default"]).as_str(), Some("Retain"));
    assert_eq!(at(&template, &["Parameters", "Architecture", "Default"]).as_str(), Some("arm64"));
}

#[test]
fn the_ledger_can_be_restored_and_forgets_what_has_expired() {
    let template = template();
    let ledger = at(&template, &["Resources", "Ledger", "Properties"]);
    let on = |path: &[&str]| at(ledger, path).as_bool() == Some(true);
    assert!(on(&["PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"]));
    assert!(on(&["TimeToLiveSpecification", "Enabled"]));
    assert_eq!(at(&template, &["Resources", "Key", "Properties", "EnableKeyRotation"]).as_bool(), Some(true));
}
