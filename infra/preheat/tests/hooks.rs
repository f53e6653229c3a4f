//! Endpoints and suppression from the command line, on the embedded stack of a directory, up to a post over HTTP.

#![expect(clippy::expect_used, reason = "a test fails by panicking; its helpers do, too")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

struct Stack(tempfile::TempDir);

impl Stack {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }
    fn data(&self) -> String {
        self.0.path().join("data").to_str().expect("UTF-8").to_owned()
    }
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_preheat"));
        command.args(args).args(["--data", &self.data(), "--tenant", "acme"]);
        let Output { status, stdout, stderr } =
            command.env("A_KEY", "key-of-a-test").output().expect("the program runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (status.code().expect("it ended by itself"), text(stdout), text(stderr))
    }
    fn json(&self, args: &[&str]) -> Value {
        let (code, out, err) = self.run(&[args, &["--json"]].concat());
        assert_eq!(code, 0, "{err}");
        serde_json::from_str(&out).expect("JSON")
    }
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    }
}

/// `preheat up --listen`, killed when it is dropped.
struct Up(Child, String);

impl Up {
    fn start(stack: &Stack) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_preheat"))
            .args(["up", "--data", &stack.data(), "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let line = lines.find_map(|line| line.ok().filter(|line| line.contains("http://"))).expect("its address");
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).expect("a URL");
        let url = url.trim_end_matches("/hooks/").to_owned();
        // What it writes later must not block it.
        std::thread::spawn(move || lines.for_each(drop));
        Self(child, url)
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn an_endpoint_is_added_once_listed_without_its_secret_and_rotated() {
    let stack = Stack::new();
    let made = stack.json(&["hooks", "add", "postmark", "--url", "https://hooks.example"]);
    let url = made["url"].as_str().expect("a URL");
    assert!(url.starts_with("https://preheat:") && url.contains("@hooks.example/hooks/postmark/"), "{url}");
    let secret = made["secret"].as_str().and_then(|text| text.strip_prefix("basic auth ")).expect("a secret");
    let (code, _, err) = stack.run(&["hooks", "add", "postmark"]);
    assert_eq!(code, 2);
    assert!(err.contains("has an endpoint of postmark already"), "{err}");
    let listed = stack.json(&["hooks", "list"]).to_string();
    assert!(listed.contains("basic auth") && !listed.contains(secret), "{listed}");
    let rotated = stack.json(&["hooks", "rotate", "postmark"]);
    assert_ne!(rotated["secret"], made["secret"]);
    let listed = stack.json(&["hooks", "list"]);
    assert_eq!(listed[0]["secrets"].as_array().map(Vec::len), Some(2), "{listed}");
    let (code, _, err) = stack.run(&["hooks", "add", "ses"]);
    assert_eq!((code, err.contains("--source")), (2, true), "{err}");
    let (code, _, err) = stack.run(&["hooks", "rotate", "mailgun"]);
    assert_eq!((code, err.contains("--key-env")), (2, true), "{err}");
}

#[test]
fn samples_are_posted_signed_and_taken_by_the_local_stack() {
    let stack = Stack::new();
    for add in [&["postmark"][..], &["mailgun", "--key-env", "A_KEY"], &["sendgrid"], &["instantly"], &["resend"]] {
        stack.json(&[&["hooks", "add"], add].concat());
    }
    let up = Up::start(&stack);
    for provider in ["postmark", "mailgun", "sendgrid", "instantly"] {
        let answered = stack.json(&["hooks", "test", provider, "--url", &up.1]);
        assert_eq!(answered["status"], 200, "{provider}: {answered}");
    }
    let events = stack.json(&["report", "events"]);
    let uncorrelated = events["uncorrelated"].as_u64().expect("a number");
    assert!(uncorrelated > 0, "nobody here sends from the samples' addresses: {events}");
    assert_eq!(events["all"]["counts"]["uncorrelated"], uncorrelated);
    assert!(events["campaigns"]["preheat-test"]["counts"].is_object(), "{events}");
    let (code, out, _) = stack.run(&["report", "events"]);
    assert_eq!((code, out.contains(&format!("{uncorrelated} of them led to no mailbox"))), (0, true), "{out}");
    let (code, _, err) = stack.run(&["hooks", "test", "resend", "--url", &up.1]);
    assert_eq!((code, err.contains("no key yet")), (2, true), "{err}");
    let (code, out, _) = stack.run(&["hooks", "list"]);
    assert_eq!(code, 0);
    assert!(!out.contains("key until"), "a made-up key was taken back: {out}");
}

#[test]
fn an_endpoint_that_is_removed_is_shut_and_may_be_made_again() {
    let stack = Stack::new();
    let made = stack.json(&["hooks", "add", "mailwizz"]);
    let dry = stack.json(&["hooks", "remove", "mailwizz", "--dry-run"]);
    assert_eq!((&dry["url"], &dry["removed"]), (&made["url"], &false.into()));
    let up = Up::start(&stack);
    assert_eq!(stack.json(&["hooks", "test", "mailwizz", "--url", &up.1])["status"], 200, "it is still there");
    assert_eq!(stack.json(&["hooks", "remove", "mailwizz"])["removed"], true);
    let (code, _, err) = stack.run(&["hooks", "remove", "mailwizz"]);
    assert_eq!((code, err.contains("has no endpoint of mailwizz")), (2, true), "{err}");
    assert_ne!(stack.json(&["hooks", "add", "mailwizz"])["url"], made["url"]);
}

#[test]
fn where_the_url_is_the_secret_another_comes_beside_it() {
    let stack = Stack::new();
    let old = stack.json(&["hooks", "add", "mailwizz"])["url"].as_str().expect("a URL").to_owned();
    let new = stack.json(&["hooks", "rotate", "mailwizz"])["url"].as_str().expect("a URL").to_owned();
    assert_ne!(old, new);
    let listed = stack.json(&["hooks", "list"]);
    assert_eq!(listed[0]["url"], new.as_str());
    let former = listed[0]["former"].as_str().expect("the old one");
    assert!(former.starts_with(&format!("{old} until 2")), "{former}");
    let up = Up::start(&stack);
    assert_eq!(stack.json(&["hooks", "test", "mailwizz", "--url", &up.1])["status"], 200);
    let (code, _, err) = stack.run(&["hooks", "rotate", "ses"]);
    assert_eq!((code, err.contains("AWS signs")), (2, true), "{err}");
}

#[test]
fn mandrills_url_is_what_its_console_says() {
    let stack = Stack::new();
    let made = stack.json(&["hooks", "add", "mandrill", "--key-env", "A_KEY"]);
    assert!(made["url"].as_str().is_some_and(|url| url.starts_with("http://127.0.0.1")), "{made}");
    let moved = stack.json(&["hooks", "rotate", "mandrill", "--url", "https://hooks.example"]);
    assert!(
        moved["url"].as_str().is_some_and(|url| url.starts_with("https://hooks.example/hooks/mandrill/")),
        "{moved}"
    );
    let again = stack.json(&["hooks", "rotate", "mandrill", "--key-env", "A_KEY"]);
    assert_eq!(again["url"], moved["url"], "a new key leaves the URL as it is");
    let (code, _, err) = stack.run(&["hooks", "rotate", "mandrill"]);
    assert_eq!((code, err.contains("--key-env")), (2, true), "{err}");
    // A deployed stack is reached by https, or the URL is not one for a console.
    let deployed = Command::new(env!("CARGO_BIN_EXE_preheat"))
        .args(["hooks", "add", "mandrill", "--tenant", "acme", "--table", "preheat-ledger"])
        .env_remove("PREHEAT_HOOKS_URL")
        .output()
        .expect("the program runs");
    let err = String::from_utf8_lossy(&deployed.stderr);
    assert_eq!((deployed.status.code(), err.contains("is no https URL")), (Some(2), true), "{err}");
}

#[test]
fn sess_sample_takes_the_way_that_its_sources_name() {
    let sources = [
        "arn:aws:sns:eu-west-1:123456789012:deliverability",
        "123456789012",
        "arn:aws:ses:eu-west-1:123456789012:configuration-set/warmup",
        "arn:aws:sqs:eu-west-1:123456789012:ses-events",
    ];
    for source in sources {
        let stack = Stack::new();
        stack.json(&["hooks", "add", "ses", "--source", source]);
        let answered = stack.json(&["hooks", "test", "ses"]);
        let meaning = answered["meaning"].as_str().unwrap_or_default();
        assert!(answered["status"] == 200 && meaning.contains("past the URL"), "{source}: {answered}");
    }
}

#[test]
fn suppression_goes_out_as_it_comes_in() {
    let stack = Stack::new();
    stack.json(&["hooks", "add", "postmark"]);
    let file = stack.file("never.csv", "address,reason\ngone@there.example,hard\n=1+1@there.example,\n");
    let done = stack.json(&["suppress", "import", &file]);
    assert_eq!((&done["imported"], &done["existed"]), (&2.into(), &0.into()));
    let (_, exported, _) = stack.run(&["suppress", "export"]);
    assert!(exported.contains("\n'=1+1@there.example,imported,"), "{exported}");
    let again = stack.json(&["suppress", "import", &stack.file("again.csv", &exported)]);
    assert_eq!((&again["imported"], &again["existed"]), (&0.into(), &2.into()));
    assert_eq!(stack.run(&["suppress", "remove", "gone@there.example"]).0, 0);
    assert_eq!(stack.run(&["suppress", "remove", "gone@there.example"]).0, 1);
    assert_eq!(stack.run(&["suppress", "add", "new@there.example"]).0, 0);
    let listed = stack.json(&["suppress", "list"]);
    let of = |at: usize| (listed[at]["address"].as_str(), listed[at]["reason"].as_str());
    assert_eq!(
        (of(0), of(1)),
        ((Some("=1+1@there.example"), Some("imported")), (Some("new@there.example"), Some("by-hand")))
    );
    let (code, out, _) = stack.run(&["suppress", "import", &stack.file("bad.csv", "address\nnobody\n")]);
    assert_eq!((code, out.contains("line 2, address:")), (2, true), "{out}");
}
