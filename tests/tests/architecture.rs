//! Dependencies point one way (ARCHITECTURE.md, rule 1): functions → app, lambda → store, mail, platforms → core →
//! nothing.
//!
//! Asks `cargo tree`, so it sees what is really linked, not what a manifest seems to say.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use preheat_core::change::Kind;

fn cargo_tree(arguments: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

fn direct(package: &str) -> BTreeSet<String> {
    let mut direct = cargo_tree(&["-p", package, "--depth", "1"]);
    direct.remove(package);
    direct
}

#[test]
fn arrows_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("preheat-core", &[][..]),
        ("preheat-store", &["preheat-core"]),
        ("preheat-mail", &["preheat-core"]),
        ("preheat-intake", &["preheat-core"]),
        ("preheat-platforms", &["preheat-core"]),
        ("preheat-dns", &["preheat-core"]),
        ("preheat-simulate", &["preheat-core"]),
        ("preheat-app", &["preheat-core", "preheat-store", "preheat-mail", "preheat-intake", "preheat-platforms"]),
        (
            "preheat-lambda",
            &["preheat-core", "preheat-store", "preheat-mail", "preheat-intake", "preheat-platforms", "preheat-app"],
        ),
        ("preheat-webhook", &["preheat-lambda"]),
        ("preheat-governor", &["preheat-core", "preheat-dns", "preheat-app", "preheat-lambda"]),
        ("preheat-notifier", &["preheat-core", "preheat-app", "preheat-lambda"]),
        ("preheat-fanout", &["preheat-core", "preheat-app", "preheat-lambda"]),
        ("preheat-sender", &["preheat-core", "preheat-app", "preheat-lambda"]),
        ("preheat-replier", &["preheat-core", "preheat-app", "preheat-lambda"]),
    ]);
    for (package, allowed) in allowed {
        let inner = direct(package).into_iter().filter(|name| name.starts_with("preheat"));
        for other in inner {
            assert!(allowed.contains(&other.as_str()), "{package} may not depend on {other}");
        }
    }
}

#[test]
fn the_core_does_no_io() {
    let tree = cargo_tree(&["-p", "preheat-core"]);
    assert!(tree.contains("jiff"), "cargo tree lists nothing: the test would see no violation");
    for name in tree {
        for banned in ["tokio", "aws-", "lettre", "reqwest", "lambda_", "tracing", "hyper", "async-"] {
            assert!(!name.starts_with(banned), "the core may not depend on {name}");
        }
    }
}

#[test]
fn functions_carry_one_tls_stack_and_no_local_parts() {
    for function in [
        "preheat-fanout",
        "preheat-sender",
        "preheat-replier",
        "preheat-governor",
        "preheat-webhook",
        "preheat-notifier",
    ] {
        let tree = cargo_tree(&["-p", function]);
        assert!(tree.contains("rustls"), "cargo tree lists nothing: the test would see no violation");
        for banned in ["ring", "openssl", "native-tls", "preheat-local", "preheat-sandbox", "dynoxide-rs"] {
            assert!(!tree.contains(banned), "{function} may not link {banned}");
        }
    }
}

/// The sources of a directory, without their tests.
fn sources(directory: &Path, into: &mut String) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !matches!(name.as_str(), "tests" | "target") {
            sources(&path, into);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let text = std::fs::read_to_string(&path).expect("a source");
            into.push_str(text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default());
        }
    }
}

/// A kind that nothing tells is a promise to those who listen that nobody keeps.
#[test]
fn every_kind_of_change_is_told_by_somebody() {
    let shared = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared"));
    let mut told = String::new();
    sources(&shared.join("app/src"), &mut told);
    // Which conditions and states are told as what, the core says; that they are, the tests of their tellers.
    for rule in ["condition.rs", "change/moved.rs"] {
        let text = std::fs::read_to_string(shared.join("core/src").join(rule)).expect("a source");
        told.push_str(text.split("#[cfg(test)]").next().unwrap_or_default());
    }
    let is_told = |kind: &Kind| {
        let name = format!("Kind::{kind:?}");
        told.match_indices(&name).any(|(at, _)| !told[at + name.len()..].starts_with(|c: char| c.is_alphanumeric()))
    };
    let silent: Vec<&Kind> = Kind::ALL.iter().filter(|kind| !is_told(kind)).collect();
    assert!(silent.is_empty(), "nothing tells {silent:?}");
}
