//! The collected samples, where they lie beside the checkout: the command `conformance` must hold on them.
//!
//! They are not part of the project. Without them this says so and passes: every rule has tests of its own in its crate.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of samples: `PREHEAT_FIXTURES`, or `../shared/fixtures` from the checkout or a folder above it.
fn fixtures() -> Option<PathBuf> {
    let given = std::env::var_os("PREHEAT_FIXTURES").map(PathBuf::from);
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("shared/fixtures"));
    given.into_iter().chain(above).find(|folder| folder.join("dsn/expected.csv").is_file())
}

#[test]
fn bounces_and_automatic_answers_are_read_as_their_suites_say() {
    let Some(fixtures) = fixtures() else {
        eprintln!("SKIPPED: no collected samples beside this checkout (set PREHEAT_FIXTURES to their folder)");
        return;
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_conformance"));
    command.arg("--dsn").arg(fixtures.join("dsn")).arg("--ooo").arg(fixtures.join("ooo"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_folder_that_cannot_be_read_is_bad_input_and_a_wrong_one_fails() {
    let folder = tempfile::tempdir().unwrap();
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_conformance"));
        command.arg("--dsn").arg(folder.path()).arg("--json").output().unwrap()
    };
    assert_eq!(run().status.code(), Some(2));
    let header = "file,recipient,kind,status code,reason,action,suggested_class,original_message_id\n";
    let mail = "From: ada@example.net\r\nSubject: hi\r\n\r\nHello\r\n";
    std::fs::write(folder.path().join("a.eml"), mail).unwrap();
    std::fs::write(folder.path().join("expected.csv"), format!("{header}a.eml,,not-bounce,,,,not-bounce,\n")).unwrap();
    assert_eq!(run().status.code(), Some(0));
    std::fs::write(folder.path().join("expected.csv"), format!("{header}a.eml,x@y.example,hard,,,failed,,\n")).unwrap();
    let wrong = run();
    assert_eq!(wrong.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&wrong.stdout).unwrap();
    assert_eq!(json["dsn"]["wrong"].as_array().unwrap().len(), 1);
}
