//! `preheat alerts`, on the embedded stack of a directory and a stub on loopback.

#![expect(clippy::expect_used, reason = "a test fails by panicking; its helpers do, too")]

use std::path::Path;
use std::process::{Command, Output};

use preheat_platforms::stub::{Reply, Stub};

/// A directory for a stack.
struct Stack(tempfile::TempDir);

impl Stack {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }
    fn data(&self) -> String {
        self.0.path().join("data").to_str().expect("UTF-8").to_owned()
    }
    fn run(&self, args: &[&str], environment: &[(&str, &str)]) -> (i32, String, String) {
        let data = self.data();
        let output = Command::new(env!("CARGO_BIN_EXE_preheat"))
            .arg("alerts")
            .args(args)
            .args(["--data", &data])
            .envs(environment.iter().copied())
            .output()
            .expect("the program runs");
        let Output { status, stdout, stderr } = output;
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (status.code().expect("it ended by itself"), text(stdout), text(stderr))
    }
}

fn all_bytes(directory: &Path) -> Vec<u8> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    entries.flat_map(|entry| std::fs::read(entry.expect("an entry").path()).expect("a file")).collect()
}

#[test]
fn channels_are_added_listed_tested_and_removed() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let stub =
        runtime
            .block_on(Stub::start(|seen, _| {
                if seen.path == "/slack/SECRET" { Reply::ok("ok") } else { Reply::status(404, "gone") }
            }))
            .expect("a stub");
    let stack = Stack::new();
    let (slack, hook) = (stub.url("/slack/SECRET"), stub.url("/hook"));
    let add_slack = ["add", "slack", "ops", "--tenant", "acme", "--url-env", "SLACK_URL", "--allow-local"];
    let quiet = ["--quiet", "22:00-07:00", "--zone", "Europe/Berlin", "--at-least", "critical"];
    let environment = [("SLACK_URL", slack.as_str())];

    let dry = stack.run(&[&add_slack[..], &["--dry-run"]].concat(), &environment);
    assert_eq!((dry.0, dry.1.ends_with("Dry run: it was not added.\n")), (0, true), "{dry:?}");
    assert!(!Path::new(&stack.data()).exists());

    let (code, out, err) = stack.run(&[&add_slack[..], &quiet].concat(), &environment);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(
        out.starts_with("ops: slack an incoming webhook, from critical on, quiet 22:00-07:00 Europe/Berlin\n"),
        "{out}"
    );
    let (code, _, err) = stack.run(&add_slack, &environment);
    assert_eq!(code, 2);
    assert!(err.contains("there is a channel `ops` already"), "{err}");

    let add_hook = ["add", "webhook", "crm", "--tenant", "acme", "--url", &hook, "--allow-local", "--json"];
    let (code, out, _) = stack.run(&add_hook, &[]);
    assert_eq!(code, 0, "{out}");
    let added: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert!(added["secret"].as_str().expect("a secret").starts_with("whsec_"), "{out}");

    let (_, out, _) = stack.run(&["list", "--tenant", "acme", "--json"], &[]);
    let listed: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let names: Vec<&str> = listed.as_array().expect("a list").iter().filter_map(|one| one["id"].as_str()).collect();
    assert_eq!(names, ["crm", "ops"]);
    assert!(!out.contains("SECRET") && !out.contains("whsec_"), "{out}");
    assert!(stack.run(&["list", "--stack"], &[]).1.starts_with("No channels"));

    // Each says how it answered, and the good one is not held up by the other.
    let (code, out, _) = stack.run(&["test", "--tenant", "acme", "--allow-local"], &[]);
    assert_eq!((code, out.as_str()), (1, "crm: webhook it answers 404: gone\nops: slack ok\n"));
    let (code, out, _) = stack.run(&["test", "ops", "--tenant", "acme", "--allow-local", "--json"], &[]);
    assert_eq!(code, 0, "{out}");
    let answers: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&answers[0]["name"], &answers[0]["ok"]), (&"ops".into(), &true.into()));
    // Without the switch nothing inside is reached.
    let (code, out, _) = stack.run(&["test", "ops", "--tenant", "acme"], &[]);
    assert_eq!(code, 1);
    assert!(out.contains("the URL is refused"), "{out}");
    let before = stub.seen().len();
    assert_eq!(stack.run(&["test", "--tenant", "acme", "--dry-run"], &[]).0, 0);
    assert_eq!(stub.seen().len(), before);

    // No secret lies in the directory in clear.
    let bytes = all_bytes(Path::new(&stack.data()));
    assert!(!bytes.windows(6).any(|window| window == b"SECRET" || window == b"whsec_"));

    let (code, out, _) = stack.run(&["remove", "ops", "--tenant", "acme", "--dry-run"], &[]);
    assert_eq!((code, out.ends_with("Dry run: it was not removed.\n")), (0, true), "{out}");
    assert_eq!(stack.run(&["remove", "ops", "--tenant", "acme"], &[]).0, 0);
    let (code, _, err) = stack.run(&["remove", "op", "--tenant", "acme"], &[]);
    assert_eq!(code, 2);
    assert!(err.contains("there is no channel `op`"), "{err}");
}

#[test]
fn bad_input_is_refused_with_what_a_good_one_looks_like() {
    let stack = Stack::new();
    let url = [("U", "https://hooks.example.com/x")];
    /// Arguments, environment, and what is said.
    type Row<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);
    let table: [Row<'_>; 9] = [
        (&["add", "slack", "ops", "--tenant", "a", "--url-env", "U"], &[], "the environment variable U is not set"),
        (&["add", "slack", "ops", "--tenant", "a", "--url-env", "U"], &[("U", "http://x.example/")], "https://"),
        (&["add", "slack", "ops", "--tenant", "a", "--url-env", "U"], &[("U", "https://10.0.0.1/")], "private"),
        (&["add", "slack", "O p", "--stack", "--url-env", "U"], &url, "is not a valid name"),
        (&["add", "slack", "ops", "--url-env", "U"], &url, "--stack"),
        (&["add", "sms", "duty", "--stack", "--phone", "0151"], &[], "is not a phone number"),
        (&["add", "webhook", "w", "--stack", "--url", "https://x.example/", "--secret-env", "U"], &url, "whsec_"),
        (
            &["add", "slack", "o", "--stack", "--url-env", "U", "--quiet", "22-7", "--zone", "UTC"],
            &url,
            "are no quiet hours",
        ),
        (&["add", "slack", "o", "--stack", "--url-env", "U", "--at-least", "loud"], &url, "info, warning, critical"),
    ];
    for (args, environment, reason) in table {
        let (code, out, err) = stack.run(args, environment);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
        assert!(err.contains(reason), "{args:?}: {err}");
    }
    assert_eq!(stack.run(&["test", "--stack"], &[]).0, 2, "there is no ledger yet");
}
