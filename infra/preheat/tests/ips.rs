//! Sending IPs, domains and the simulation as an operator meets them.

#![expect(clippy::expect_used, reason = "a test fails by panicking; its helpers do, too")]

use std::process::{Command, Output};

use serde_json::Value;

/// Runs the program; gives exit code, standard output and standard error.
fn preheat(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_preheat")).args(args).env_remove("PREHEAT_TABLE").output();
    let Output { status, stdout, stderr } = output.expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code().expect("it ended by itself"), text(stdout), text(stderr))
}

#[test]
fn an_ip_is_added_listed_explained_and_written_down() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().to_str().expect("UTF-8");
    let add = |more: &[&str]| {
        let base = ["ip", "add", "--tenant", "acme", "--domain", "mail.example.com", "--data", data];
        preheat(&[&base[..], more].concat())
    };
    let (code, out, err) = add(&["--ip", "203.0.113.7"]);
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains(
            "day 1: 50, day 8: 200, day 15: 500, day 22: 1,500, day 29: 5,000, day 36: 10,000; active from day 43"
        ),
        "{out}"
    );
    // Again, and another one in the same week: refused, and nothing written.
    assert_eq!(add(&["--ip", "203.0.113.7"]).0, 1);
    let (code, _, err) = add(&["--ip", "203.0.113.8"]);
    assert_eq!(code, 1);
    assert!(err.contains("one domain or IP a tenant and week"), "{err}");
    let (code, out, _) = add(&["--ip", "203.0.113.8", "--override", "a second site", "--dry-run"]);
    assert_eq!(code, 0);
    assert!(out.contains("overridden: a second site") && out.contains("nothing was written"), "{out}");
    assert_eq!(add(&["--ip", "127.0.0.1", "--override", "x"]).0, 2);

    let (code, out, _) = preheat(&["ip", "list", "--data", data, "--json"]);
    let list: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, list["ips"].as_array().map(Vec::len)), (0, Some(1)));
    let ip = &list["ips"][0];
    assert_eq!(
        (&ip["phase"], &ip["status"], &ip["quota_today"], &ip["day"]),
        (&"week_1".into(), &"warming".into(), &50.into(), &1.into())
    );
    assert_eq!((&list["active"], &list["warming"], &list["daily_capacity"]), (&0.into(), &1.into(), &50.into()));

    let (code, out, _) = preheat(&["ip", "config", "--format", "pmta", "--data", data]);
    assert!(code == 0 && out.contains("<virtual-mta preheat-203-0-113-7>"), "{out}");
    let (code, out, _) = preheat(&["ip", "config", "--format", "kumomta", "--data", data]);
    assert!(code == 0 && out.contains("quota = '50/day,max_burst=1'"), "{out}");

    let (code, out, _) = preheat(&["ip", "why", "203.0.113.7", "--data", data]);
    assert!(code == 0 && out.contains("added on day 1 (week_1) with 50 a day"), "{out}");
    assert_eq!(preheat(&["ip", "why", "203.0.113.99", "--data", data]).0, 2);

    // A second one in the same week, whatever its domain, comes in for a reason, and the reason stays with it.
    let other =
        ["ip", "add", "--tenant", "acme", "--domain", "news.example.com", "--ip", "203.0.113.8", "--data", data];
    let (code, _, err) = preheat(&other);
    assert!(code == 1 && err.contains("one domain or IP a tenant and week"), "{err}");
    assert_eq!(preheat(&[&other[..], &["--override", "a second site"]].concat()).0, 0);
    let (code, out, _) = preheat(&["ip", "why", "203.0.113.8", "--data", data]);
    assert!(code == 0 && out.contains("a second site"), "{out}");

    let (code, out, _) = preheat(&["domain", "list", "--data", data]);
    assert!(code == 0 && out.contains("mail.example.com") && out.contains("never checked"), "{out}");
}

#[test]
fn a_name_server_that_does_not_answer_makes_a_domain_unknown() {
    let check =
        ["domain", "check", "example.com", "--server", "127.0.0.1:9", "--no-blocklists", "--selector", "s1", "--json"];
    let (code, out, err) = preheat(&check);
    assert_eq!((code, err.as_str()), (1, ""));
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(report["verdict"], "unknown");
    assert!(report["checks"].as_array().is_some_and(|checks| checks.iter().all(|check| check["verdict"] == "unknown")));
    for wrong in [&["domain", "check", "no"][..], &["domain", "check", "example.com", "--blocklist", "x"]] {
        assert_eq!(preheat(wrong).0, 2, "{wrong:?}");
    }
}

#[test]
fn a_simulation_speaks_text_json_and_html() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("report.html");
    let path = file.to_str().expect("UTF-8");
    let base = [
        "simulate",
        "--mailboxes",
        "20",
        "--days",
        "9",
        "--bounce-rate",
        "0.02",
        "--outage",
        "gmail:3-4",
        "--seed",
        "7",
    ];
    let (code, out, err) = preheat(&[&base[..], &["--html", path]].concat());
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("provider outage") && out.contains("cost"), "{out}");
    assert!(std::fs::read_to_string(&file).expect("written").contains("<svg"));
    let (code, out, _) = preheat(&[&base[..], &["--json"]].concat());
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, report["days"].as_array().map(Vec::len)), (0, Some(9)));
    for wrong in [&["--outage", "4-3"][..], &["--bounce-rate", "2"], &["--ramp", "nonsense"]] {
        assert_eq!(preheat(&[&["simulate", "--mailboxes", "2"][..], wrong].concat()).0, 2, "{wrong:?}");
    }
}
