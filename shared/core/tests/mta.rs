//! The configuration that is written for MTAs: PowerMTA's by a strict grammar of its documented directives, KumoMTA's by
//! running it in Lua 5.4, the language that KumoMTA embeds.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};

use mlua::{Function, Lua, Table, Value};
use preheat_core::ip::{PlanMode, SendingIp, Status};
use preheat_core::mta::{Source, kumomta, powermta};

fn ip(address: &str, domain: &str, day: u32, status: Status) -> SendingIp {
    let (ip, _) = SendingIp::new(
        "acme".parse().unwrap(),
        address.parse().unwrap(),
        domain.parse().unwrap(),
        "UTC".to_owned(),
        PlanMode::Smooth.six_weeks(),
        "2026-03-02T08:00:00Z".parse().unwrap(),
    )
    .unwrap();
    SendingIp { day, status, ..ip }
}

fn sources() -> Vec<Source> {
    let paused =
        Status::Paused { at: "2026-03-02T01:00:00Z".parse().unwrap(), cause: preheat_core::ip::Cause::Bounces };
    [
        ip("203.0.113.7", "mail.example.com", 1, Status::Warming),
        ip("2001:db8::7", "mta6.example.com", 43, Status::Active),
        ip("203.0.113.9", "bad.example.com", 9, paused),
    ]
    .iter()
    .map(Source::of)
    .collect()
}

/// What a PowerMTA configuration says: its virtual MTAs with their source and rates, and its pools.
#[derive(Debug, Default, PartialEq)]
struct Pmta {
    sources: BTreeMap<String, (String, String)>,
    rates: BTreeMap<(String, String), String>,
    pools: BTreeMap<String, Vec<String>>,
}

/// Reads it by the grammar of the user's guide, as far as these directives go; anything else is refused.
fn read_pmta(text: &str) -> Result<Pmta, String> {
    let mut read = Pmta::default();
    let mut open: Vec<(String, String)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let refuse = |why: &str| Err(format!("line {}: {why}: {line}", at + 1));
        let line_text = line.split('#').next().unwrap_or_default().trim();
        if line_text.is_empty() {
            continue;
        }
        if let Some(tag) = line_text.strip_prefix('<') {
            let Some(tag) = tag.strip_suffix('>') else { return refuse("a tag is not closed") };
            if let Some(name) = tag.strip_prefix('/') {
                match open.pop() {
                    Some((kind, _)) if kind == name => continue,
                    _ => return refuse("closes what is not open"),
                }
            }
            let words: Vec<&str> = tag.split_whitespace().collect();
            let [kind, name] = words[..] else { return refuse("a tag has a kind and a name") };
            let parent = open.last().map(|(kind, _)| kind.as_str());
            match (parent, kind) {
                (None, "virtual-mta" | "virtual-mta-pool") | (Some("virtual-mta"), "domain") => {}
                _ => return refuse("may not stand here"),
            }
            open.push((kind.to_owned(), name.to_owned()));
            continue;
        }
        let words: Vec<&str> = line_text.split_whitespace().collect();
        let scope: Vec<(&str, &str)> = open.iter().map(|(kind, name)| (kind.as_str(), name.as_str())).collect();
        let number = |text: &str| text.parse::<u32>().is_ok_and(|number| number > 0);
        match (&scope[..], &words[..]) {
            ([("virtual-mta", vmta)], ["smtp-source-host", address, name]) => {
                if address.parse::<std::net::IpAddr>().is_err() {
                    return refuse("not an address");
                }
                read.sources.insert((*vmta).to_owned(), ((*address).to_owned(), (*name).to_owned()));
            }
            ([("virtual-mta", vmta), ("domain", domain)], ["max-msg-rate", rate]) => {
                let Some((count, unit)) = rate.split_once('/') else { return refuse("not a rate") };
                let units = ["d", "day", "h", "hr", "m", "min", "s", "sec"];
                let unit = unit.trim_start_matches(|c: char| c.is_ascii_digit());
                if !number(count) || !units.contains(&unit) {
                    return refuse("not a rate");
                }
                let key = ((*vmta).to_owned(), (*domain).to_owned());
                if read.rates.insert(key, (*rate).to_owned()).is_some() {
                    return refuse("said twice");
                }
            }
            ([("virtual-mta", _), ("domain", _)], ["max-smtp-out", count]) if number(count) => {}
            ([("virtual-mta", _), ("domain", _)], ["use-starttls", "yes" | "no"]) => {}
            ([("virtual-mta-pool", pool)], ["virtual-mta", vmta]) => {
                read.pools.entry((*pool).to_owned()).or_default().push((*vmta).to_owned());
            }
            _ => return refuse("no such directive here"),
        }
    }
    match open.last() {
        None => Ok(read),
        Some((kind, _)) => Err(format!("<{kind}> is never closed")),
    }
}

#[test]
fn powermta_reads_what_is_written_for_it() {
    let text = powermta::write(&sources(), "2026-03-02");
    let read = read_pmta(&text).unwrap_or_else(|why| panic!("{why}\n{text}"));
    let (warming, active) = ("preheat-203-0-113-7".to_owned(), "preheat-2001-db8--7".to_owned());
    let expected = BTreeMap::from([
        (warming.clone(), ("203.0.113.7".to_owned(), "mail.example.com".to_owned())),
        (active.clone(), ("2001:db8::7".to_owned(), "mta6.example.com".to_owned())),
    ]);
    assert_eq!(read.sources, expected, "the paused one has no virtual MTA");
    let rate = |vmta: &String, domain: &str| read.rates[&(vmta.clone(), domain.to_owned())].clone();
    assert_eq!((rate(&warming, "gmail.com"), rate(&warming, "*")), ("20/day".to_owned(), "5/day".to_owned()));
    assert_eq!((rate(&active, "gmail.com"), rate(&active, "*")), ("4000/day".to_owned(), "1000/day".to_owned()));
    assert_eq!(read.pools, BTreeMap::from([("preheat".to_owned(), vec![warming, active])]));
}

#[test]
fn the_grammar_refuses_what_powermta_would() {
    let good = powermta::write(&sources(), "2026-03-02");
    for (from, to) in [
        ("</virtual-mta>\n", ""),
        ("max-msg-rate 20/day", "max-msg-rate 20/week"),
        ("max-msg-rate 20/day", "max-msg-rat 20/day"),
        ("smtp-source-host 203.0.113.7", "smtp-source-host nowhere"),
        ("<domain gmail.com>", "<domain gmail.com"),
        ("max-smtp-out 2\n", "max-smtp-out two\n"),
    ] {
        assert!(good.contains(from), "{from}");
        assert!(read_pmta(&good.replacen(from, to, 1)).is_err(), "{from} -> {to}");
    }
}

/// Runs the module with a `kumo` that gives back what it is given.
fn run(text: &str) -> mlua::Result<(Lua, Table)> {
    let lua = Lua::new();
    let same = lua.create_function(|_, given: Table| Ok(given))?;
    let kumo = lua.create_table()?;
    for name in ["make_egress_source", "make_egress_pool", "make_egress_path"] {
        kumo.set(name, &same)?;
    }
    let preload: Table = lua.globals().get::<Table>("package")?.get("preload")?;
    preload.set("kumo", lua.create_function(move |_, _: mlua::MultiValue| Ok(kumo.clone()))?)?;
    let module: Table = lua.load(text).set_name("preheat.lua").eval()?;
    Ok((lua, module))
}

#[test]
fn kumomta_runs_what_is_written_for_it() {
    let text = kumomta::write(&sources(), "2026-03-02");
    let (_lua, module) = run(&text).unwrap_or_else(|why| panic!("{why}\n{text}"));
    let call =
        |name: &str, args: (&str, &str, &str)| module.get::<Function>(name).unwrap().call::<Value>(args).unwrap();
    let table = |value: Value| value.as_table().cloned().expect("a table");

    let source = table(call("get_egress_source", ("preheat-2001-db8--7", "", "")));
    assert_eq!(source.get::<String>("source_address").unwrap(), "2001:db8::7");
    assert_eq!(source.get::<String>("ehlo_domain").unwrap(), "mta6.example.com");
    assert!(call("get_egress_source", ("preheat-203-0-113-9", "", "")).is_nil(), "paused: no source");
    assert!(call("get_egress_source", ("somebody-elses", "", "")).is_nil());

    let pool = table(call("get_egress_pool", ("preheat", "", "")));
    let entries: Vec<Table> = pool.get("entries").unwrap();
    let weights: Vec<(String, u32)> =
        entries.iter().map(|entry| (entry.get("name").unwrap(), entry.get("weight").unwrap())).collect();
    assert_eq!(weights, [("preheat-2001-db8--7".to_owned(), 100), ("preheat-203-0-113-7".to_owned(), 1)]);
    assert!(call("get_egress_pool", ("another", "", "")).is_nil());

    let path = table(call("get_egress_path_config", ("example.org", "preheat-203-0-113-7", "site")));
    let rates: Table = path.get("additional_source_selection_rates").unwrap();
    assert_eq!(rates.get::<String>("preheat-quota-preheat-203-0-113-7").unwrap(), "50/day,max_burst=1");
    assert_eq!(path.get::<String>("source_selection_rate").unwrap(), "20/day,max_burst=1");
    let path = table(call("get_egress_path_config", ("example.org", "preheat-2001-db8--7", "site")));
    assert!(
        path.get::<Value>("source_selection_rate").unwrap().is_nil(),
        "an active source has no limit a destination"
    );
    // Options by KumoMTA's own names, and no others: it refuses what it does not know.
    let known = BTreeSet::from(["source_selection_rate", "additional_source_selection_rates"]);
    for pair in path.pairs::<String, Value>() {
        assert!(known.contains(pair.unwrap().0.as_str()));
    }
}

#[test]
fn lua_that_is_none_is_seen() {
    let text = kumomta::write(&sources(), "2026-03-02");
    assert!(run(&text.replacen("local SOURCES = {", "local SOURCES = ", 1)).is_err());
    assert!(run(&text.replacen("return mod", "return nomod", 1)).is_err());
}

#[test]
fn without_sources_both_are_still_in_order() {
    assert_eq!(read_pmta(&powermta::write(&[], "2026-03-02")), Ok(Pmta::default()));
    assert!(run(&kumomta::write(&[], "a date\nos.exit(1)")).is_ok(), "a line break ends no comment");
}
