//! The commands that work on a ledger, on the embedded stack of a directory.

#![expect(clippy::expect_used, reason = "a test fails by panicking; its helpers do, too")]

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use preheat_local::{Aws, QueueSettings};

/// A directory for a stack, and a file of mailboxes beside it.
struct Stack(tempfile::TempDir);

const HEADER: &str =
    "address,password,smtp_host,smtp_port,smtp_security,imap_host,imap_port,imap_security,zone,tenant\n";

impl Stack {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }
    fn data(&self) -> String {
        self.0.path().join("data").to_str().expect("UTF-8").to_owned()
    }
    fn file(&self, rows: &str) -> String {
        let path = self.0.path().join("mailboxes.csv");
        std::fs::write(&path, format!("{HEADER}{rows}")).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    }
    /// Runs the program on this stack.
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        let data = self.data();
        let output = Command::new(env!("CARGO_BIN_EXE_preheat"))
            .args(args)
            .args(["--data", &data])
            .output()
            .expect("the program runs");
        let Output { status, stdout, stderr } = output;
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (status.code().expect("it ended by itself"), text(stdout), text(stderr))
    }
    fn import(&self, rows: &str, more: &[&str]) -> (i32, String, String) {
        let file = self.file(rows);
        self.run(&[&["mailbox", "import", &file], more].concat())
    }
}

/// A row at a server that nobody runs: port 1 of loopback.
fn row(name: &str, password: &str) -> String {
    format!("{name}@a.example,{password},127.0.0.1,1,implicit,127.0.0.1,1,implicit,Europe/Berlin,acme\n")
}

fn all_bytes(directory: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        bytes.extend(std::fs::read(entry.expect("an entry").path()).expect("a file"));
    }
    bytes
}

#[test]
fn an_import_can_be_repeated_and_is_listed() {
    let stack = Stack::new();
    let rows = row("ann", "hush-hush") + &row("bob", "hush-hush");
    let (code, out, err) = stack.import(&rows, &[]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.ends_with("2 good rows, 0 faulty rows. 2 imported.\n"), "{out}");
    let (code, out, _) = stack.import(&(rows + &row("cy", "other")), &[]);
    assert_eq!(code, 0);
    assert!(out.ends_with("1 imported, 2 were there already: their settings were changed.\n"), "{out}");

    let (code, out, err) = stack.run(&["mailbox", "list"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(
        out,
        "id       address       provider  state     day sent today received heat score      ready\n\
         mb-1     ann@a.example other     new         0        0/0        0    ?     ?          ?\n\
         mb-2     bob@a.example other     new         0        0/0        0    ?     ?          ?\n\
         mb-3     cy@a.example  other     new         0        0/0        0    ?     ?          ?\n\
         \n3 mailboxes. `received` counts the current week; `ready` is when the score will be 80.\n"
    );
    let (_, out, _) = stack.run(&["mailbox", "list", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&listed[0]["id"], &listed[0]["tenant"]), (&"mb-1".into(), &"acme".into()));
    let (_, out, _) = stack.run(&["mailbox", "list", "--csv", "--tenant", "other"]);
    assert_eq!(
        out,
        "id,address,tenant,provider,state,reason,date,day,target,sent,received,heat,score,estimated_ready\n"
    );

    // No password lies in the directory in clear.
    let bytes = all_bytes(Path::new(&stack.data()));
    assert!(bytes.windows(13).any(|window| window == b"ann@a.example"));
    assert!(!bytes.windows(9).any(|window| window == b"hush-hush"));
}

#[test]
fn a_file_with_a_fault_imports_nothing_unless_it_may_be_skipped() {
    let stack = Stack::new();
    let rows = row("ann", "p") + "bob\n";
    let (code, out, _) = stack.import(&rows, &[]);
    assert_eq!(code, 2);
    assert!(out.ends_with("1 good row, 1 faulty row. Nothing was imported.\n"), "{out}");
    assert_eq!(stack.run(&["mailbox", "list"]).0, 2, "there is no ledger yet");
    let (code, out, _) = stack.import(&rows, &["--skip-bad"]);
    assert_eq!(code, 0);
    assert!(out.ends_with("1 good row, 1 faulty row. 1 imported.\n"), "{out}");
    assert!(stack.run(&["mailbox", "list"]).1.contains("ann@a.example"));
}

#[test]
fn an_address_of_another_tenant_is_refused_and_the_others_are_imported() {
    let stack = Stack::new();
    assert_eq!(stack.import(&row("ann", "p"), &[]).0, 0);
    let rows = row("ann", "p").replace("acme", "rival") + &row("bob", "p");
    let (code, out, _) = stack.import(&rows, &[]);
    assert_eq!(code, 1);
    assert!(out.contains("line 2, tenant: another tenant has ann@a.example already\n"), "{out}");
    assert!(out.ends_with("1 imported.\n"), "{out}");
}

#[test]
fn pausing_and_resuming() {
    let stack = Stack::new();
    stack.import(&row("ann", "p"), &[]);
    let ann = "ann@a.example";
    let (code, out, _) = stack.run(&["mailbox", "pause", ann, "--reason", "a holiday"]);
    assert_eq!((code, out.as_str()), (0, "ann@a.example: new -> paused\n"));
    let (_, out, _) = stack.run(&["mailbox", "list", "--state", "paused"]);
    assert!(out.lines().any(|line| line.contains(ann) && line.ends_with("a holiday")), "{out}");
    let (code, _, err) = stack.run(&["mailbox", "pause", ann]);
    assert_eq!((code, err.as_str()), (2, "preheat: ann@a.example is paused already\n"));
    // It was never logged in to, so that is what comes first.
    assert_eq!(stack.run(&["mailbox", "resume", ann]).1, "ann@a.example: paused -> new\n");
    let (code, _, err) = stack.run(&["mailbox", "resume", ann]);
    assert_eq!((code, err.as_str()), (2, "preheat: ann@a.example is not paused\n"));
    let (code, _, err) = stack.run(&["mailbox", "pause", "nobody@a.example"]);
    assert_eq!(code, 2);
    assert!(err.contains("nobody@a.example is not in this stack"), "{err}");
    assert_eq!(stack.run(&["mailbox", "pause", "no address"]).0, 2);
}

#[test]
fn a_check_says_how_far_it_came_and_what_to_do() {
    let stack = Stack::new();
    stack.import(&row("ann", "hush-hush"), &[]);
    let (code, out, err) = stack.run(&["mailbox", "check", "ann@a.example"]);
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    // Loopback is refused before anything is connected to.
    assert!(out.starts_with("SMTP 127.0.0.1:1\n  FAIL DNS "), "{out}");
    assert!(out.contains("what to do: "), "{out}");
    assert!(out.ends_with("ann@a.example: it cannot be used yet.\n"), "{out}");
    let (code, out, _) = stack.run(&["mailbox", "check", "ann@a.example", "--allow-local", "--json"]);
    assert_eq!(code, 1);
    let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(report["passed"], false);
    let failed: Vec<&serde_json::Value> =
        report["steps"].as_array().expect("steps").iter().filter(|step| step["ok"] == false).collect();
    let stages: Vec<(&str, &str)> = failed
        .iter()
        .map(|step| (step["side"].as_str().expect("a side"), step["stage"].as_str().expect("a stage")))
        .collect();
    assert_eq!(stages, [("SMTP", "TCP"), ("IMAP", "TCP")]);
    assert!(!out.contains("hush-hush"));
    let (code, _, err) = stack.run(&["mailbox", "check", "bob@a.example"]);
    assert_eq!(code, 2);
    assert!(err.contains("bob@a.example is not in this stack"), "{err}");
}

#[test]
fn a_mailbox_can_be_checked_before_it_is_imported() {
    let stack = Stack::new();
    let file = stack.file(&row("ann", "p"));
    let run = |address: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_preheat"))
            .args(["mailbox", "check", address, "--file", &file])
            .output()
            .expect("the program runs");
        (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
    };
    assert_eq!(run("ann@a.example").0, Some(1));
    let (code, err) = run("bob@a.example");
    assert_eq!(code, Some(2));
    assert!(err.contains("it has no good row of bob@a.example"), "{err}");
}

#[test]
fn dead_letters_are_shown_with_their_reason_and_put_back() {
    let stack = Stack::new();
    assert_eq!(stack.run(&["dlq", "show"]).0, 2, "there is no stack yet");
    stack.import(&row("ann", "p"), &[]);
    assert_eq!(stack.run(&["dlq", "show"]).1, "No dead letters.\n");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        #[expect(clippy::disallowed_methods, reason = "a message of long ago would have expired")]
        let clock = Arc::new(jiff::Timestamp::now);
        let aws = Aws::file(Path::new(&stack.data()), clock).expect("a stack");
        aws.create_queue("sends-dead", QueueSettings { retention_s: 1_209_600, ..QueueSettings::default() });
        let dead = preheat_local::DeadLetters { queue: "sends-dead".to_owned(), max_receive_count: 4 };
        let url = aws.create_queue("sends", QueueSettings { dead_letters: Some(dead), ..QueueSettings::default() });
        let reason = aws_sdk_sqs::types::MessageAttributeValue::builder()
            .data_type("String")
            .string_value("the message has version 99")
            .build()
            .expect("an attribute");
        let (client, dead) = (aws.sqs(), format!("{url}-dead"));
        let sent =
            client.send_message().queue_url(dead).message_body(r#"{"v":99}"#).message_attributes("reason", reason);
        sent.send().await.expect("sent");
    });
    let (code, out, err) = stack.run(&["dlq", "show"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("sends  20"), "{out}");
    assert!(out.contains("\n  why:  the message has version 99\n  says: the message has version 99"), "{out}");
    let (_, out, _) = stack.run(&["dlq", "show", "--json", "--queue", "sends"]);
    let letters: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(letters[0]["body"], r#"{"v":99}"#);
    assert_eq!(stack.run(&["dlq", "show", "--queue", "visits"]).1, "No dead letters.\n");
    assert_eq!(
        stack.run(&["dlq", "redrive"]).1,
        "alerts: 0 messages put back\nsends: 1 message put back\nvisits: 0 messages put back\n"
    );
    assert_eq!(stack.run(&["dlq", "show"]).1, "No dead letters.\n");
}

#[test]
fn reports_say_where_warmup_is_not_configured_and_what_a_small_sample_is_worth() {
    let stack = Stack::new();
    {
        #[expect(clippy::disallowed_methods, reason = "the stack of a directory is of today")]
        let clock = Arc::new(jiff::Timestamp::now);
        Aws::file(Path::new(&stack.data()), clock).expect("a stack");
    }
    for report in ["day", "placement", "lift"] {
        let (code, out, err) = stack.run(&["report", report]);
        assert_eq!((code, err.as_str()), (0, ""));
        assert_eq!(
            out, "There are no mailboxes: warmup is not configured. Everything else runs without it.\n",
            "{report}"
        );
    }
    assert_eq!(stack.import(&row("ann", "hush-hush"), &[]).0, 0);
    let (code, out, _) = stack.run(&["report", "day", "--tenant", "other"]);
    assert_eq!((code, out.as_str()), (0, "Tenant other has no mailboxes: warmup is not configured for it.\n"));
    let (code, out, _) = stack.run(&["report", "lift"]);
    assert_eq!(code, 0);
    assert!(out.contains("0/0: unknown") && out.contains("No mailbox is held out as a control"), "{out}");
    let json = |args: &[&str]| {
        let (code, out, err) = stack.run(&[&["report"], args, &["--json"]].concat());
        assert_eq!((code, err.as_str()), (0, ""));
        serde_json::from_str::<serde_json::Value>(&out).expect("JSON")
    };
    let day = json(&["day", "--date", "2026-03-02"]);
    assert_eq!((&day["configured"], &day["date"]), (&true.into(), &"2026-03-02".into()));
    assert_eq!(
        (&day["system"]["sent"], &day["tenants"]["acme"]["spam_rate"]["share"]),
        (&0.into(), &serde_json::Value::Null)
    );
    assert_eq!(json(&["lift"])["verdict"], "no_controls");
    assert_eq!(json(&["placement", "--days", "1"])["pairs"], serde_json::json!([]));
    assert_eq!(stack.run(&["report", "placement", "--days", "0"]).0, 2);
    assert_eq!(stack.run(&["report", "day", "--date", "yesterday"]).0, 2);
}

#[test]
fn a_stack_must_be_named() {
    for args in [&["mailbox", "list"][..], &["dlq", "show"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_preheat"))
            .args(args)
            .env_remove("PREHEAT_TABLE")
            .env_remove("PREHEAT_SENDS_URL")
            .output()
            .expect("the program runs");
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("which stack? Give --data DIR"));
    }
}

/// Today's stock is made once; what is there is listed; without a model the library makes it all.
#[test]
fn the_stock_of_conversation_plans_is_made_once_a_day_and_listed() {
    let stack = Stack::new();
    let (code, _, err) = stack.run(&["content", "stock"]);
    assert_eq!((code, err.contains("there is no ledger in it")), (2, true), "{err}");
    assert_eq!(stack.import(&row("ann", "hush-hush"), &[]).0, 0);
    let (_, out, _) = stack.run(&["content", "stock"]);
    assert!(out.starts_with("No plans yet"), "{out}");
    let (code, out, _) = stack.run(&["content", "make", "--dry-run"]);
    assert!(code == 0 && out.contains("en: 5 plans to make") && out.ends_with("nothing was made.\n"), "{out}");
    let (code, out, err) = stack.run(&["content", "make"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("0 by the language model, 5 from the library") && out.contains("is dealt"), "{out}");
    assert_eq!(stack.run(&["content", "make", "--json"]).0, 0);
    let (_, out, _) = stack.run(&["content", "stock", "--json"]);
    let stock: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    // Five a day, however often they are made (and whatever midnight the test meets).
    let created: std::collections::BTreeSet<_> =
        stock.as_array().expect("a list").iter().map(|plan| plan["created"].to_string()).collect();
    assert_eq!(stock.as_array().map(Vec::len), Some(5 * created.len()));
    let first = &stock[0];
    assert_eq!((first["language"].as_str(), first["generated_via"].as_str()), (Some("en"), Some("library")), "{first}");
    assert_eq!((first["uses"].as_u64(), first["spam_rate"].as_str()), (Some(0), Some("0/0: unknown")));
    let (_, out, _) = stack.run(&["content", "stock", "--language", "de"]);
    assert!(out.starts_with("No plans yet"), "{out}");
}
