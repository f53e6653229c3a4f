//! The door: what it refuses before anything is said, and what it survives.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use preheat_platforms::http::{HttpError, Request};
use preheat_platforms::stub::{Reply, Stub};
use preheat_platforms::{Http, Next};
use serde_json::json;

const WITHIN: Duration = Duration::from_secs(5);

fn local() -> Http {
    Http::local(&[]).unwrap()
}

async fn post(http: &Http, url: &str) -> Result<u16, HttpError> {
    http.send(&Request::json(url, &json!({}), WITHIN)).await.map(|response| response.status)
}

#[tokio::test]
async fn no_address_inside_is_reached_whatever_it_is_called() {
    let stub = Stub::start(|_, _| Reply::ok("inside")).await.unwrap();
    let public = Http::public().unwrap();
    for host in [
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        // What inet_aton takes for an address, and so may a resolver.
        "127.1",
        "2130706433",
        "0x7f000001",
    ] {
        let error = post(&public, &format!("https://{host}/latest/meta-data")).await.unwrap_err();
        let refused = matches!(error, HttpError::Forbidden { .. } | HttpError::Unresolved { .. });
        assert!(refused, "{host}: {error}");
        if matches!(error, HttpError::Forbidden { .. }) {
            assert_eq!(error.next(), Next::Operator);
        }
    }
    // The very server: plain http and its port are refused before any look-up.
    assert!(matches!(post(&public, &stub.url("/")).await, Err(HttpError::Url { .. })));
    assert!(stub.seen().is_empty());
}

#[tokio::test]
async fn the_local_stack_reaches_loopback_and_nothing_is_followed() {
    let stub = Stub::start(|seen, _| match seen.path.as_str() {
        "/moved" => Reply::Answer(302, vec![("location", "/target".to_owned())], String::new()),
        _ => Reply::ok("{}"),
    })
    .await
    .unwrap();
    assert_eq!(post(&local(), &stub.url("/moved")).await, Ok(302));
    assert_eq!(post(&local(), &stub.url("/ok?a=b")).await, Ok(200));
    let paths: Vec<String> = stub.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, ["/moved", "/ok?a=b"]);
    assert_eq!(stub.seen()[1].headers["host"], stub.url("").trim_start_matches("http://"));
}

#[tokio::test]
async fn a_server_that_hangs_hangs_up_or_floods_costs_no_more_than_its_time() {
    let stub = Stub::start(|seen, _| match seen.path.as_str() {
        "/silent" => Reply::Silence,
        "/gone" => Reply::HangUp,
        "/nonsense" => Reply::Raw(b"\x00\x01\x02 nonsense\r\n\r\n".to_vec()),
        "/head" => Reply::Raw([b"HTTP/1.1 200 OK\r\nx: ".as_slice(), &vec![b'x'; 200_000]].concat()),
        _ => Reply::ok(&"x".repeat(1024 * 1024 + 1)),
    })
    .await
    .unwrap();
    let ask = async |path: &str| {
        let url = stub.url(path);
        let request = Request { within: Duration::from_millis(500), ..Request::json(&url, &json!({}), WITHIN) };
        local().send(&request).await.unwrap_err()
    };
    assert!(matches!(ask("/silent").await, HttpError::TimedOut { .. }));
    for path in ["/gone", "/nonsense", "/head"] {
        let error = ask(path).await;
        assert!(matches!(error, HttpError::Unreachable { .. }), "{path}: {error}");
        assert_eq!(error.next(), Next::Later(None));
    }
    assert!(matches!(ask("/flood").await, HttpError::TooLarge { .. }));
}

#[tokio::test]
async fn a_broken_server_is_asked_three_times_and_a_refusal_once() {
    let stub = Stub::start(|seen, nth| match (seen.path.as_str(), nth) {
        ("/heals", 0) => Reply::status(503, ""),
        ("/heals", 1) => Reply::HangUp,
        ("/broken", _) => Reply::status(500, ""),
        ("/refuses", _) => Reply::status(400, ""),
        _ => Reply::ok(""),
    })
    .await
    .unwrap();
    let ask = async |path: &str| {
        let (url, before) = (stub.url(path), stub.seen().len());
        let response = local().send_patiently(&Request::json(&url, &json!({}), WITHIN)).await.unwrap();
        (response.status, stub.seen().len() - before)
    };
    assert_eq!(ask("/heals").await, (200, 3));
    assert_eq!(ask("/broken").await, (500, 3));
    assert_eq!(ask("/refuses").await, (400, 1));
}

#[tokio::test]
async fn no_part_of_a_url_but_its_host_is_shown() {
    let error = post(&local(), "http://127.0.0.1:1/services/T0/SECRET").await.unwrap_err();
    assert!(!error.to_string().contains("SECRET") && !format!("{error:?}").contains("SECRET"), "{error:?}");
}
