//! The program as an operator meets it: arguments in, text and exit codes out.

#![expect(clippy::expect_used, reason = "a test fails by panicking; its helpers do, too")]

use std::path::PathBuf;
use std::process::{Command, Output};

/// Runs the program; gives exit code, standard output and standard error.
fn preheat(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_preheat"))
        .args(args)
        .env("ANN_PASSWORD", "from outside")
        .env_remove("NOT_SET")
        .output()
        .expect("the program runs");
    let Output { status, stdout, stderr } = output;
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code().expect("it ended by itself"), text(stdout), text(stderr))
}

/// A file in a directory that goes away with the test.
struct File(tempfile::TempDir);

impl File {
    fn new(content: impl AsRef<[u8]>) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("mailboxes.csv"), content).expect("written");
        Self(directory)
    }
    fn path(&self) -> PathBuf {
        self.0.path().join("mailboxes.csv")
    }
    /// Runs `preheat mailbox import FILE --dry-run` with more arguments.
    fn import(&self, more: &[&str]) -> (i32, String, String) {
        let path = self.path();
        let mut args = vec!["mailbox", "import", path.to_str().expect("UTF-8"), "--dry-run"];
        args.extend(more);
        preheat(&args)
    }
}

#[test]
fn plan_shows_a_table_with_bars() {
    let (code, out, err) = preheat(&["plan", "--ramp", "linear:10,10,40", "--days", "5"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let expected = "\
Ramp linear:10,10,40.
Sends a day by sending day: days off and pauses do not count. Each day varies by ±10 %.

 day    volume         total
   1        10            10  ████████████
   2        20            30  ████████████████████████
   3        30            60  ████████████████████████████████████
   4        40           100  ████████████████████████████████████████████████
   5        40           140  ████████████████████████████████████████████████

Plateau: 40 a day from day 4 on.
";
    assert_eq!(out, expected);
}

#[test]
fn plan_warns_with_the_arithmetic() {
    let (code, out, _) = preheat(&["plan", "--ramp", "table:40,100", "--days", "2"]);
    assert_eq!(code, 0);
    let warnings: Vec<&str> = out.lines().filter(|line| line.starts_with("Warning")).collect();
    assert_eq!(
        warnings,
        [
            "Warning: it starts at 40 a day, 10 more than the 30 that a new mailbox can bear.",
            "Warning: day 2 asks for 100 after 40 on day 1: 100 / 40 = x2.50, more than x2.",
        ]
    );
    // The same growth is fine for a sending IP.
    let (code, out, _) = preheat(&["plan", "--ramp", "table:40,100", "--ip"]);
    assert_eq!((code, out.contains("Warning")), (0, false));
}

#[test]
fn plan_shows_every_preset() {
    for preset in ["conservative", "standard", "safeguard", "ip-six-week", "esp-hourly"] {
        let (code, out, err) = preheat(&["plan", "--ramp", preset]);
        assert_eq!((code, err.as_str()), (0, ""), "{preset}");
        // Head, unit, gap, column names; gap and plateau; warnings.
        let warnings = out.lines().filter(|line| line.starts_with("Warning")).count();
        assert_eq!(out.lines().count(), 4 + 45 + 2 + warnings, "{out}");
        assert!(out.lines().all(|line| line.chars().count() <= 120), "{out}");
    }
}

#[test]
fn plan_speaks_json() {
    let (code, out, _) = preheat(&["plan", "--ramp", "conservative", "--days", "45", "--json"]);
    assert_eq!(code, 0);
    let plan: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(plan["days"].as_array().map(Vec::len), Some(45));
    assert_eq!(plan["days"][0], serde_json::json!({"day": 1, "volume": 10, "exact": 10.0, "total": 10}));
    assert_eq!(plan["days"][44]["volume"], 40);
    assert_eq!(plan["preset"], "conservative");
    assert_eq!(plan["plateau_from_day"], 31);
}

#[test]
fn a_bad_ramp_is_bad_input() {
    for (ramp, reason) in [
        ("linear:-10,1,40", "-10 is negative"),
        ("table:10,9", "the ramp falls from 10 on day 1 to 9 on day 2"),
        ("table:", "it has no numbers"),
        ("conservativ", "no preset has this name"),
        ("conservativ", "did you mean conservative?"),
        ("exponential:10,0.5,40", "the factor 0.5 is refused"),
        ("-5", "no preset has this name"),
    ] {
        let (code, out, err) = preheat(&["plan", "--ramp", ramp]);
        assert_eq!((code, out.as_str()), (2, ""), "{ramp}: {err}");
        assert!(err.contains(reason), "{ramp}: {err}");
    }
}

#[test]
fn usage_errors_end_with_2_and_help_with_0() {
    for args in [&[][..], &["plan"], &["nonsense"], &["plan", "--ramp", "standard", "--days", "0"]] {
        assert_eq!(preheat(args).0, 2, "{args:?}");
    }
    for args in [&["--help"][..], &["plan", "--help"], &["mailbox", "import", "--help"], &["--version"]] {
        let (code, out, _) = preheat(args);
        assert_eq!(code, 0, "{args:?}");
        assert!(args[0] == "--version" || out.contains("Example"), "{out}");
    }
}

#[test]
fn a_cap_of_50000_cannot_hold_100000_mailboxes_at_30_in_8_hours() {
    let fleet = ["feasible", "--mailboxes", "100000", "--daily", "30", "--window", "09:00-17:00", "--hourly-cap"];
    let ask = |cap| preheat(&[&fleet[..], &[cap]].concat());
    let (code, out, err) = ask("50000");
    assert_eq!((code, err.as_str()), (1, ""));
    let expected = "\
hour: 100,000 mailboxes x 30 a day = 3,000,000; / 8 h = 375,000 an hour; the cap is 50,000: cannot hold: 7.5 times too much

Not feasible. It fails first on: the hourly cap.
";
    assert!(out.ends_with(expected), "{out}");
    let (code, out, _) = ask("375000");
    assert_eq!(code, 0);
    assert!(out.ends_with("Feasible. Closest to its limit: the hourly cap.\n"), "{out}");
    assert_eq!(ask("374999").0, 1);
}

#[test]
fn feasible_speaks_json_and_refuses_bad_windows() {
    let (code, out, _) = preheat(&["feasible", "--mailboxes", "10", "--daily", "5", "--hourly-cap", "100", "--json"]);
    assert_eq!(code, 0);
    let answer: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(answer["ok"], true);
    for window in ["17:00-09:00", "9-17", "25:00-26:00"] {
        let (code, _, err) =
            preheat(&["feasible", "--mailboxes", "1", "--daily", "1", "--hourly-cap", "1", "--window", window]);
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(window), "{err}");
    }
}

#[test]
fn a_good_file_is_shown_and_nothing_imported() {
    let file =
        File::new("address,password_env,zone,ramp\nann@gmail.com,ANN_PASSWORD,europe/berlin,\"linear:5,1,40\"\n");
    let (code, out, err) = file.import(&[]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(
        out,
        "line 2: ann@gmail.com  smtp.gmail.com:465  Europe/Berlin  09:00-17:00  linear:5,1,40\n\n\
         1 good row, 0 faulty rows. Dry run: nothing was imported.\n"
    );
}

#[test]
fn every_bad_row_is_reported_with_line_column_and_reason() {
    let file = File::new(
        "\u{feff}address,password,smtp_host,smtp_port,imap_host,zone,ramp\r\n\
         good@a.example,p,mx.a.example,465,mx.a.example,UTC,\r\n\
         zone@a.example,p,mx.a.example,465,mx.a.example,Europe/Berln,\r\n\
         port@a.example,p,mx.a.example,99999,mx.a.example,UTC,\r\n\
         \"inj\r\nBcc: x@a.example\",p,mx.a.example,465,mx.a.example,UTC,\r\n\
         ramp@a.example,p,mx.a.example,465,mx.a.example,UTC,\"linear:-3,1,40\"\r\n\
         GOOD@a.example,p,mx.a.example,465,mx.a.example,UTC,\r\n\
         short@a.example,p\r\n\
         pass@a.example,,mx.a.example,465,mx.a.example,UTC,\r\n",
    );
    let (code, out, err) = file.import(&[]);
    assert_eq!((code, err.as_str()), (2, ""));
    let faults: Vec<&str> = out.lines().take_while(|line| !line.is_empty()).collect();
    assert_eq!(
        faults,
        [
            "line 3, zone: `Europe/Berln` is not an IANA time zone (such as `Europe/Berlin`); did you mean Europe/Berlin?",
            "line 4, smtp_port: 99999 is out of range: a port is 1 to 65535",
            "line 5, address: `inj\\r\\nBcc: x@a.example` is not a valid address: it holds a space, line break or control character",
            "line 7, ramp: `linear:-3,1,40` is not a ramp: -3 is negative. Use a preset (conservative, standard, safeguard, ip-six-week, esp-hourly), linear:START,STEP,CAP, exponential:START,FACTOR,CAP, weekly:Q1,Q2,..[;exact], table:N1,N2,.. or bands:FIRST-LAST=MIN..MAX+STEP,..",
            "line 8, address: good@a.example stands in line 2 already",
            "line 9: the row has 2 fields, the header has 7: put quotes around values that hold a comma",
            "line 10, password: it is empty, and there is no `password_env` either",
        ]
    );
    assert!(out.ends_with("1 good row, 7 faulty rows. Dry run: nothing was imported.\n"), "{out}");
    // The good row may be taken without the others.
    assert_eq!(file.import(&["--skip-bad"]).0, 0);
}

#[test]
fn a_bad_header_is_fatal_even_with_skip_bad() {
    let file = File::new("adress,password,colour\na@gmail.com,p,red\n");
    let (code, out, _) = file.import(&["--skip-bad"]);
    assert_eq!(code, 2);
    let faults: Vec<&str> = out.lines().take_while(|line| !line.is_empty()).collect();
    assert_eq!(
        faults,
        [
            "line 1, adress: there is no such column; did you mean address?",
            "line 1, colour: there is no such column",
            "line 1, address: the column is missing",
        ]
    );
}

#[test]
fn files_that_are_none_are_bad_input() {
    for (content, reason) in [
        (&b""[..], "line 1: the file is empty: its first line must name the columns"),
        (b"\xff\xfea\0\n\0", "line 1: the file is UTF-16: save it as CSV UTF-8"),
        (b"address,password\n\"a@gmail.com,p\n", "line 2: a quote is opened here and never closed"),
    ] {
        let (code, out, _) = File::new(content).import(&[]);
        assert_eq!(code, 2);
        assert!(out.starts_with(reason), "{out}");
    }
    let (code, _, err) = File::new("address,password\n").import(&[]);
    assert_eq!((code, err.as_str()), (2, "preheat: the file names columns and holds no rows\n"));
    let (code, _, err) = preheat(&["mailbox", "import", "no-such-file.csv", "--dry-run"]);
    assert_eq!(code, 2);
    assert!(err.starts_with("preheat: no-such-file.csv: "), "{err}");
}

#[test]
fn an_unset_variable_is_named_and_no_password_is_ever_shown() {
    let file = File::new(
        "address,password,password_env\na@gmail.com,,NOT_SET\nb@gmail.com,hush-hush,\nc@gmail.com,hush-hush,ANN_PASSWORD\n",
    );
    for more in [&[][..], &["--json"], &["--csv"], &["--skip-bad"]] {
        let (_, out, err) = file.import(more);
        assert!(out.contains("the environment variable NOT_SET is not set"), "{out}");
        for secret in ["hush-hush", "from outside"] {
            assert!(!out.contains(secret) && !err.contains(secret), "{out}{err}");
        }
    }
}

#[test]
fn the_report_speaks_json_and_csv_without_formulas() {
    let file = File::new("address,password,=HYPERLINK(1)\na@gmail.com,p,x\n");
    let (code, out, _) = file.import(&["--csv"]);
    assert_eq!(code, 2);
    assert_eq!(out, "line,address,column,reason\n1,,'=hyperlink(1),there is no such column\n");
    let file = File::new("address,password\n+a@gmail.com,p\nb@gmail.com,\n");
    let (_, out, _) = file.import(&["--csv"]);
    let reason = "\"it is empty, and there is no `password_env` either\"";
    assert_eq!(out, format!("line,address,column,reason\n3,,password,{reason}\n2,'+a@gmail.com,,\n"));
    let (code, out, _) = file.import(&["--json"]);
    assert_eq!(code, 2);
    let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(report["faults"][0]["line"], 3);
    assert_eq!(report["faults"][0]["column"], "password");
    assert_eq!(report["good"][0]["address"], "+a@gmail.com");
    assert_eq!((&report["imported"], &report["dry_run"]), (&serde_json::json!(0), &serde_json::json!(true)));
}

#[test]
fn content_preview_prints_a_whole_conversation_in_every_language() {
    for language in ["en", "de", "fr", "es"] {
        let args = ["content", "preview", "--language", language, "--seed", "7", "--turns"];
        let (code, out, err) = preheat(&args);
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        assert_eq!(out.matches("Subject: ").count(), 6, "{out}");
        assert_eq!(out.matches("Subject: Re: ").count(), 5, "{out}");
        assert_eq!(preheat(&args).1, out, "the same seed says the same");
    }
    let (_, out, _) = preheat(&["content", "preview", "--language", "de", "--from", "Karin Groß", "--json"]);
    let preview: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let body = preview["mails"][0]["body"].as_str().expect("a text");
    assert!(body.contains("Tom!") && body.ends_with("\nKarin Groß\n"), "{body}");
    assert_eq!(
        (preview["mails"].as_array().map(Vec::len), &preview["mails"][0]["refused"]),
        (Some(1), &serde_json::Value::Null)
    );
    let (code, _, err) = preheat(&["content", "preview", "--language", "xx"]);
    assert!(code == 2 && err.contains("one of en, de, fr, es"), "{err}");
}

#[test]
fn limits_are_shown_with_their_source_and_as_a_document_changes_them() {
    let (code, out, err) = preheat(&["limits", "show"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let line = out.lines().find(|line| line.starts_with("health.tier_pause")).expect("a tier");
    assert!(line.contains("0.08") && line.contains("domain.md 7: a share, 0 to 1"), "{line}");
    let file = File::new(r#"{"health": {"tier_pause": 0.09}}"#);
    let path = file.path();
    let (code, out, _) = preheat(&["limits", "show", "--json", "--limits", path.to_str().expect("UTF-8")]);
    let all: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let line = all.as_array().and_then(|all| all.iter().find(|line| line["name"] == "health.tier_pause"));
    let line = line.expect("a tier");
    assert_eq!((code, line["value"].as_f64(), line["default"].as_f64()), (0, Some(0.09), Some(0.08)));
}

#[test]
fn a_document_of_limits_is_checked_and_a_bad_one_starts_nothing() {
    let good = File::new("{\n  \"health\": { \"tier_pause\": 0.09 }\n}\n");
    let path = good.path();
    let (code, out, _) = preheat(&["limits", "check", path.to_str().expect("UTF-8")]);
    assert_eq!(code, 0);
    assert!(out.contains("health.tier_pause: 0.09 instead of 0.08 (domain.md 7)"), "{out}");
    assert!(out.ends_with("{\"health\":{\"tier_pause\":0.09}}\n"), "{out}");
    let bad = File::new(r#"{"health": {"tier_critical": 0.01}, "hops": 3}"#);
    let path = bad.path();
    let path = path.to_str().expect("UTF-8");
    let simulate = ["simulate", "--mailboxes", "3", "--days", "1", "--limits", path];
    for args in [&["limits", "check", path][..], &simulate, &["demo", "--headless", "--limits", path]] {
        let (code, out, err) = preheat(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(err.contains("mailboxes.csv: hops is none of the limits"), "{args:?}: {err}");
    }
}

/// More mailboxes a day than domain.md allows to be ready would be no test: fewer days are.
#[test]
fn a_simulation_goes_by_the_limits_it_is_given() {
    let file = File::new(r#"{"health": {"ready_days": 5, "ready_sent": 40, "ready_score": 10}}"#);
    let path = file.path();
    let base = ["simulate", "--mailboxes", "6", "--days", "12", "--json"];
    let ready = |more: &[&str]| {
        let (code, out, err) = preheat(&[&base[..], more].concat());
        assert_eq!((code, err.as_str()), (0, ""));
        let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        report["days_to_ready"]["mailboxes"].as_u64()
    };
    assert_eq!(ready(&[]), Some(0), "14 days are not over");
    assert_eq!(ready(&["--limits", path.to_str().expect("UTF-8")]), Some(6));
}
