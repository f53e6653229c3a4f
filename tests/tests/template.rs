//! `infra/template.yaml`, held to what architecture.md asks of it: least privilege, dead letters, patience of the
//! queues, alarms. `cfn-lint` says whether it is valid; this says whether it is ours.

#![allow(clippy::expect_used, reason = "a test says what it expected")]

use std::path::Path;

use serde_yaml_ng::Value;

const FUNCTIONS: [&str; 6] = ["Fanout", "Sender", "Replier", "Governor", "Webhook", "Notifier"];

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
    assert!(queues("Governor").is_empty(), "health is decided without a queue");
    assert!(queues("Notifier").iter().all(|(_, queue)| queue == "Alerts.Arn"));
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
        assert!(seconds("AlertsVisibility") >= 6 * seconds("NotifierTimeout"), "{name:?}");
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
    for queue in ["Sends", "Visits", "Alerts"] {
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
    for (function, event) in [("Sender", "Sends"), ("Replier", "Visits"), ("Notifier", "Alerts")] {
        let source = at(&template, &["Resources", function, "Properties", "Events", event, "Properties"]);
        assert_eq!(at(source, &["BatchSize"]).as_u64(), Some(100));
        assert_eq!(at(source, &["FunctionResponseTypes"])[0].as_str(), Some("ReportBatchItemFailures"));
        assert_eq!(named(at(source, &["Queue"])), format!("{event}.Arn"));
    }
}

#[test]
fn errors_and_dead_letters_raise_an_alarm_that_reaches_the_topic() {
    let template = template();
    for alarm in [
        "FanoutErrors",
        "SenderErrors",
        "ReplierErrors",
        "GovernorErrors",
        "GovernorSilent",
        "SendsDead",
        "VisitsDead",
        "FanoutSilent",
        "WebhookErrors",
        "WebhookNotStored",
        "WebhookThrottled",
        "HooksDead",
        "NotifierErrors",
        "AlertsDead",
    ] {
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

/// Who decides or acts by a rule goes by the operator's numbers; who does not cannot be stopped by a document that is refused.
#[test]
fn the_limits_reach_every_function_that_goes_by_rules() {
    let template = template();
    let parameter = at(&template, &["Parameters", "Limits"]);
    assert_eq!(at(parameter, &["Default"]).as_str(), Some(""));
    assert!(at(parameter, &["MaxLength"]).as_u64() <= Some(2_048), "a function's environment holds 4 kB in all");
    let condition = &list(at(&template, &["Conditions", "HasLimits"]))[0];
    assert!(format!("{condition:?}").contains("Limits"), "{condition:?}");
    for function in FUNCTIONS {
        let properties = at(&template, &["Resources", function, "Properties"]);
        let variables = properties.get("Environment").map(|environment| at(environment, &["Variables"]));
        let limits = variables.and_then(|variables| variables.get(preheat_core::limits::VARIABLE));
        let Some(limits) = limits else {
            assert!(["Webhook", "Notifier"].contains(&function), "{function}");
            continue;
        };
        let Value::Tagged(choice) = limits else { panic!("{limits:?}") };
        let arms = list(&choice.value);
        assert_eq!((arms[0].as_str(), named(arms[1])), (Some("HasLimits"), "Limits"), "{function}");
    }
}

#[test]
fn every_change_reaches_the_notifiers_queue_and_nothing_else_does() {
    let template = template();
    let rule = at(&template, &["Resources", "ChangesToAlerts", "Properties"]);
    assert_eq!(named(at(rule, &["EventBusName"])), "Bus");
    assert_eq!(at(rule, &["EventPattern", "source"])[0].as_str(), Some(preheat_core::change::SOURCE));
    assert_eq!(named(at(&at(rule, &["Targets"])[0], &["Arn"])), "Alerts.Arn");
    let policy = at(&template, &["Resources", "AlertsPolicy", "Properties", "PolicyDocument", "Statement"]);
    let source = at(&policy[0], &["Condition", "ArnEquals", "aws:SourceArn"]);
    assert_eq!((list(policy).len(), named(source)), (1, "ChangesToAlerts.Arn"));
}

#[test]
fn changes_are_published_on_our_bus_only_and_every_function_knows_it() {
    let template = template();
    let name = at(&template, &["Globals", "Function", "Environment", "Variables", "PREHEAT_BUS"]);
    assert_eq!(named(name), "Bus");
    let mut publishers = Vec::new();
    for function in FUNCTIONS {
        for (action, resource) in rights(&template, function) {
            if action.starts_with("events:") {
                assert_eq!((action.as_str(), resource.as_str()), ("events:PutEvents", "Bus.Arn"), "{function}");
                publishers.push(function);
            }
        }
    }
    publishers.sort_unstable();
    assert_eq!(publishers, ["Fanout", "Governor", "Replier", "Sender", "Webhook"], "who changes a state tells it");
}

#[test]
fn the_notifier_opens_no_mailbox_and_texts_only_if_asked_and_no_topic() {
    let template = template();
    let statements = statements(&template, "Notifier");
    let decrypt = statements.iter().find(|one| at(one, &["Action"]).as_str() == Some("kms:Decrypt"));
    let condition = at(decrypt.expect("a right to decrypt"), &["Condition", "StringLike"]);
    assert_eq!(at(condition, &["kms:EncryptionContext:preheat-key"]).as_str(), Some("alerts-*"));
    let texts = at(&template, &["Resources", "NotifierTexts"]);
    assert_eq!(at(texts, &["Condition"]).as_str(), Some("MayText"));
    assert_eq!(at(&template, &["Parameters", "TextMessages", "Default"]).as_str(), Some("off"));
    let statement = &at(texts, &["Properties", "PolicyDocument", "Statement"])[0];
    assert!(statement.get("Resource").is_none() && named(at(statement, &["NotResource"])).contains(":sns:"));
    assert!(rights(&template, "Notifier").iter().all(|(action, _)| !action.starts_with("sns:")));
}

#[test]
fn the_public_function_is_bounded_and_reaches_no_credential() {
    let template = template();
    let webhook = at(&template, &["Resources", "Webhook", "Properties"]);
    assert_eq!(at(webhook, &["FunctionUrlConfig", "AuthType"]).as_str(), Some("NONE"), "it checks signatures itself");
    assert_eq!(at(webhook, &["ReservedConcurrentExecutions"]).as_u64(), Some(preheat_stack::listen::AT_ONCE as u64));
    let mut conditions = 0;
    for statement in statements(&template, "Webhook") {
        let Some(condition) = statement.get("Condition") else { continue };
        conditions += 1;
        if let Some(keys) = condition.get("ForAllValues:StringLike") {
            let keys: Vec<_> =
                list(at(keys, &["dynamodb:LeadingKeys"])).into_iter().filter_map(Value::as_str).collect();
            assert!(!keys.is_empty() && keys.iter().all(|key| !key.starts_with("MBX") && *key != "*"), "{keys:?}");
        }
        if let Some(context) = condition.get("StringLike") {
            let names: Vec<_> = list(at(context, &["kms:EncryptionContext:preheat-key"]))
                .into_iter()
                .filter_map(Value::as_str)
                .collect();
            assert_eq!(names, ["hooks-*", "token-*", "seed"], "a tenant's other key seals the credentials");
        }
    }
    assert_eq!(conditions, 3, "ledger rows read, ledger rows written, keys");
}

/// domain.md §6, *Isolation*: warmup has no permission to touch drafts, leads or templates of campaigns. Whatever holds those,
/// it is not this ledger: so it is proven by what the roles name, which is the ledger, the stack's own queues, key, bus and logs,
/// and an operator's queue of deliverability events.
#[test]
fn warmup_can_touch_nothing_but_what_is_its_own() {
    let template = template();
    let own = |name: &str| {
        let resource = name.split('.').next().unwrap_or_default();
        let kind = template.get("Resources").and_then(|all| all.get(resource)).and_then(|one| one.get("Type"));
        kind.and_then(Value::as_str).map(str::to_owned)
    };
    for function in FUNCTIONS {
        for (action, resource) in rights(&template, function) {
            let service = action.split(':').next().unwrap_or_default();
            let kind = own(&resource);
            let expected = match service {
                "dynamodb" => "AWS::DynamoDB::Table",
                "sqs" => "AWS::SQS::Queue",
                "kms" => "AWS::KMS::Key",
                "events" => "AWS::Events::EventBus",
                "logs" => "AWS::Logs::LogGroup",
                other => panic!("{function} may {other}: {action} on {resource}"),
            };
            assert_eq!(kind.as_deref(), Some(expected), "{function}: {action} on {resource}, which is not the stack's");
        }
    }
    // What hangs on a parameter stands apart: an operator's queue of events, texts to phones.
    let resources = template["Resources"].as_mapping().expect("resources");
    let apart = resources.iter().filter(|(_, one)| one.get("Type").and_then(Value::as_str) == Some("AWS::IAM::Policy"));
    let mut apart: Vec<&str> = apart.filter_map(|(name, _)| name.as_str()).collect();
    apart.sort_unstable();
    assert_eq!(apart, ["HooksQueueRights", "NotifierTexts"]);
    let statement =
        |name: &str| at(&template, &["Resources", name, "Properties", "PolicyDocument", "Statement"])[0].clone();
    assert_eq!(named(at(&statement("HooksQueueRights"), &["Resource"])), "HooksQueue");
    assert_eq!(at(&statement("NotifierTexts"), &["Action"]).as_str(), Some("sns:Publish"));
    let tables = template["Resources"].as_mapping().expect("resources").values();
    let tables = tables.filter(|one| one.get("Type").and_then(Value::as_str) == Some("AWS::DynamoDB::Table"));
    assert_eq!(tables.count(), 1, "the ledger; campaigns will have a table of their own");
}

#[test]
fn ses_comes_by_topic_queue_and_bus_only_where_it_was_asked_for() {
    let template = template();
    let resource = |name: &str| at(&template, &["Resources", name]);
    let routes = [
        ("HooksTopicSubscription", "HasHooksTopic"),
        ("HooksTopicPermission", "HasHooksTopic"),
        ("HooksQueueMapping", "HasHooksQueue"),
        ("HooksQueueRights", "HasHooksQueue"),
        ("SesEvents", "HasSesOnEventBridge"),
        ("SesEventsPermission", "HasSesOnEventBridge"),
    ];
    for (name, condition) in routes {
        assert_eq!(at(resource(name), &["Condition"]).as_str(), Some(condition), "{name}");
    }
    for (parameter, off) in [("HooksTopic", ""), ("HooksQueue", ""), ("SesOnEventBridge", "off")] {
        assert_eq!(at(&template, &["Parameters", parameter, "Default"]).as_str(), Some(off));
    }
    let property = |name: &str, key: &str| at(resource(name), &["Properties", key]).clone();
    assert_eq!(named(&property("HooksTopicSubscription", "Endpoint")), "Webhook.Arn");
    assert_eq!(named(&property("HooksTopicPermission", "SourceArn")), "HooksTopic", "no other topic may call it");
    assert_eq!(named(&property("SesEventsPermission", "SourceArn")), "SesEvents.Arn", "no other rule may call it");
    let responses = property("HooksQueueMapping", "FunctionResponseTypes");
    assert_eq!(list(&responses)[0].as_str(), Some("ReportBatchItemFailures"), "one bad message costs no neighbour");
    assert_eq!(at(&property("SesEvents", "EventPattern"), &["source"])[0].as_str(), Some("aws.ses"));
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

#[test]
fn the_governors_schedules_hand_over_what_the_samples_show() {
    let template = template();
    for (event, name) in [("Due", "due"), ("Hourly", "hourly"), ("Daily", "daily")] {
        let input = at(&template, &["Resources", "Governor", "Properties", "Events", event, "Properties", "Input"]);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../events/governor-{name}.json"));
        let sample: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(path).expect("a sample")).expect("JSON");
        let handed: serde_json::Value = serde_json::from_str(input.as_str().expect("a text")).expect("JSON");
        assert_eq!(handed, sample);
    }
}
