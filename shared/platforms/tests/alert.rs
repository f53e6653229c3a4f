//! The channels, against stubs that behave as documented; signatures against other people's verifier.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests; the verifier wants the real time"
)]

use std::time::Duration;

use preheat_platforms::alert::{ChannelError, slack, telegram, webhook};
use preheat_platforms::stub::{Reply, Stub};
use preheat_platforms::{Http, Next};
use standardwebhooks::Webhook;

/// Test secrets, of nobody.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const TOKEN: &str = "123456:TEST-token_of_nobody";

fn http() -> Http {
    Http::local(&[]).unwrap()
}

#[tokio::test]
async fn other_peoples_verifier_accepts_what_we_sign_with_each_secret() {
    let stub = Stub::start(|_, _| Reply::status(204, "")).await.unwrap();
    let body = r#"{"type":"mailbox.paused","data":{"text":"ü"}}"#;
    let now_s = jiff::Timestamp::now().as_second();
    let message = webhook::Message { id: "chg_0123", timestamp_s: now_s, body };
    webhook::send(&http(), &stub.url("/hook"), &[SECRET, OTHER], &message).await.unwrap();
    let seen = &stub.seen()[0];
    assert_eq!(seen.headers["webhook-id"], "chg_0123");
    let mut headers = http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, seen.headers[name].parse().unwrap());
    }
    for secret in [SECRET, OTHER] {
        Webhook::new(secret).unwrap().verify(seen.body.as_bytes(), &headers).unwrap();
        assert!(Webhook::new(secret).unwrap().verify(b"{}", &headers).is_err());
    }
    let stranger = Webhook::new("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").unwrap();
    assert!(stranger.verify(seen.body.as_bytes(), &headers).is_err());
}

#[tokio::test]
async fn a_secret_that_is_none_signs_nothing() {
    let message = webhook::Message { id: "a", timestamp_s: 1, body: "{}" };
    for bad in ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_???"] {
        let error = webhook::signature(&[bad], &message).unwrap_err();
        assert!(matches!(error, ChannelError::Settings(_)), "{bad}");
        assert!(webhook::check_secret(bad).is_err());
    }
    assert!(webhook::check_secret(SECRET).is_ok());
}

#[tokio::test]
async fn slack_is_given_text_that_cannot_mention_anybody() {
    let stub = Stub::start(|_, _| Reply::ok("ok")).await.unwrap();
    slack::send(&http(), &stub.url("/services/T/B/x"), "a & b <!channel>").await.unwrap();
    let body: serde_json::Value = serde_json::from_str(&stub.seen()[0].body).unwrap();
    assert_eq!(body["text"], "a &amp; b &lt;!channel&gt;");
}

#[tokio::test]
async fn telegram_is_asked_as_its_bot_and_its_limit_is_read_from_the_body() {
    let stub = Stub::start(|_, nth| match nth {
        0 => Reply::ok(r#"{"ok":true,"result":{}}"#),
        _ => Reply::status(429, r#"{"ok":false,"parameters":{"retry_after":7}}"#),
    })
    .await
    .unwrap();
    telegram::send(&http(), &stub.url(""), TOKEN, "-100123", "hello").await.unwrap();
    assert_eq!(stub.seen()[0].path, format!("/bot{TOKEN}/sendMessage"));
    let body: serde_json::Value = serde_json::from_str(&stub.seen()[0].body).unwrap();
    assert_eq!((&body["chat_id"], &body["text"]), (&"-100123".into(), &"hello".into()));
    let limited = telegram::send(&http(), &stub.url(""), TOKEN, "-100123", "hello").await.unwrap_err();
    assert_eq!(limited.next(), Next::Later(Some(Duration::from_secs(7))));
    for (token, chat) in [("a/../b", "1"), ("", "1"), (TOKEN, ""), (TOKEN, "1?x=y")] {
        let error = telegram::send(&http(), &stub.url(""), token, chat, "x").await.unwrap_err();
        assert!(matches!(error, ChannelError::Settings(_)));
    }
    assert_eq!(stub.seen().len(), 2);
}

#[tokio::test]
async fn answers_say_what_to_do_now_and_no_error_shows_a_secret() {
    let table = [
        (403, Next::Operator),
        (404, Next::Operator),
        (410, Next::Operator),
        (400, Next::Later(None)),
        (500, Next::Later(None)),
        (302, Next::Later(None)),
        (429, Next::Later(Some(Duration::from_secs(3)))),
    ];
    for (status, next) in table {
        let headers = vec![("retry-after", "3".to_owned())];
        let stub = Stub::start(move |seen, _| Reply::Answer(status, headers.clone(), seen.path.clone())).await.unwrap();
        let url = stub.url("/services/SECRET");
        let error = slack::send(&http(), &url, "x").await.unwrap_err();
        assert_eq!(error.next(), next, "{status}");
        let error = telegram::send(&http(), &stub.url(""), TOKEN, "1", "x").await.unwrap_err();
        assert!(!error.to_string().contains(TOKEN), "{error}");
    }
    let stub = Stub::start(|_, _| Reply::HangUp).await.unwrap();
    let error = slack::send(&http(), &stub.url("/services/SECRET"), "x").await.unwrap_err();
    assert!(!format!("{error:?} {error}").contains("SECRET"));
}
