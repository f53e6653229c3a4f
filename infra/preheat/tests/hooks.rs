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
    let (code, _, err) = stack.run(&["hooks", "test", "resend", "--url", &up.1]);
    assert_eq!((code, err.contains("no key yet")), (2, true), "{err}");
    let (code, out, _) = stack.run(&["hooks", "list"]);
    assert_eq!(code, 0);
    assert!(!out.contains("key until"), "a made-up key was taken back: {out}");
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
