//! `cargo xtask conformance --webhooks`: over the shared fixtures, where they lie beside the repository; and that it notices what
//! is not as stated.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "the table of results is worth seeing when it fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn conformance(directory: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_conformance")).arg("--webhooks").arg(directory).output().expect("it starts")
}

/// `../shared/fixtures` as seen from the repository, or from wherever above it.
fn fixtures() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().map(|above| above.join("shared/fixtures/webhooks")).find(|path| path.is_dir())
}

#[test]
fn the_fixtures_are_as_their_sources_state() {
    let Some(directory) = fixtures() else {
        eprintln!("SKIPPED: there are no shared/fixtures/webhooks in any folder above the repository");
        return;
    };
    let output = conformance(&directory);
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.lines().any(|line| line.starts_with("sendgrid")), "no table was printed");
}

/// An example of our own, with what is stated of it.
fn example(stated: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("mailtrap");
    fs::create_dir(&folder).unwrap();
    let body = r#"{"events":[{"event":"bounce","event_id":"e1","message_id":"m1","email":"gone@reader.example",
        "timestamp":1768486991,"response":"550 5.1.1 gone","response_code":550,"bounce_category":"hard"}]}"#;
    fs::write(folder.join("own.json"), body).unwrap();
    let headers = r#"{"method":"POST","headers":{"Authorization":"Basic dTpw"},"scheme":"http-basic","secret":"u:p","signature_valid":true}"#;
    fs::write(folder.join("own.headers.json"), headers).unwrap();
    fs::write(folder.join("own.expected.json"), stated).unwrap();
    directory
}

#[test]
fn what_is_not_as_stated_is_noticed() {
    let right = r#"[{"event_type":"bounced","recipient":"gone@reader.example","message_id":"m1","event_id":"e1"}]"#;
    assert!(conformance(example(right).path()).status.success());
    let wrong = [
        right.replace("bounced", "delivered"),
        right.replace("m1", "hard"),
        right.replace(']', r#",{"event_type":"opened"}]"#),
        "[]".to_owned(),
    ];
    for stated in wrong {
        assert_eq!(conformance(example(&stated).path()).status.code(), Some(1), "{stated}");
    }
    assert_eq!(conformance(Path::new("/nowhere")).status.code(), Some(2));
}
