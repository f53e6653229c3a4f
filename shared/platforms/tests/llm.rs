//! The language model's client against a stub that behaves as documented, and as it should not.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use preheat_platforms::stub::{Reply, Stub};
use preheat_platforms::{Http, Llm, LlmError, Next, Usage};
use serde_json::{Value, json};

const KEY: &str = "gsk_TEST_KEY_not_a_real_one";

fn llm(stub: &Stub) -> Llm {
    Llm::new(Http::local(&[]).unwrap(), &stub.url("/openai/v1/"), "test-model", KEY.to_owned().into())
}

fn completion(content: &str, finish: &str) -> String {
    json!({
        "choices": [{ "message": { "role": "assistant", "content": content }, "finish_reason": finish }],
        "usage": { "prompt_tokens": 12, "completion_tokens": 30, "total_tokens": 42 },
    })
    .to_string()
}

#[tokio::test]
async fn a_question_is_asked_in_json_mode_and_answered_with_its_cost() {
    let stub = Stub::start(|_, _| Reply::ok(&completion(r#"{"plans":[]}"#, "stop"))).await.unwrap();
    let answer = llm(&stub).chat("Answer in JSON.", "Five plans, please.").await.unwrap();
    assert_eq!(answer.text, r#"{"plans":[]}"#);
    assert_eq!(answer.usage, Usage { prompt_tokens: 12, completion_tokens: 30, total_tokens: 42 });
    let seen = &stub.seen()[0];
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/openai/v1/chat/completions"));
    assert_eq!(seen.headers["authorization"], format!("Bearer {KEY}"));
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    assert_eq!(body["model"], "test-model");
    assert_eq!(body["response_format"]["type"], "json_object");
    assert_eq!(body["messages"][1], json!({ "role": "user", "content": "Five plans, please." }));
}

#[tokio::test]
async fn a_limit_is_honoured_without_asking_again() {
    let stub = Stub::start(|_, nth| match nth {
        0 => Reply::Answer(429, vec![("retry-after", "0.4".to_owned())], String::new()),
        _ => Reply::ok(&completion("{}", "stop")),
    })
    .await
    .unwrap();
    let llm = llm(&stub);
    let wait = Duration::from_millis(400);
    assert_eq!(llm.chat("JSON", "x").await, Err(LlmError::Limited { wait }));
    let again = llm.chat("JSON", "x").await.unwrap_err();
    assert!(matches!(again.next(), Next::Later(Some(left)) if left <= wait), "{again}");
    assert_eq!(stub.seen().len(), 1);
    tokio::time::sleep(wait).await;
    assert!(llm.chat("JSON", "x").await.is_ok());
}

#[tokio::test]
async fn a_slow_a_broken_and_an_absent_api_are_unavailable() {
    let stub =
        Stub::start(|seen, _| if seen.body.contains("slow") { Reply::Silence } else { Reply::status(500, "oops") })
            .await
            .unwrap();
    let llm = llm(&stub).within(Duration::from_millis(300));
    for question in ["slow", "broken"] {
        let error = llm.chat("JSON", question).await.unwrap_err();
        assert!(matches!(error, LlmError::Unavailable(_)), "{error}");
        assert_eq!(error.next(), Next::Later(None));
    }
    let nobody = Llm::new(Http::local(&[]).unwrap(), "http://127.0.0.1:1", "m", KEY.to_owned().into());
    assert!(matches!(nobody.chat("JSON", "x").await, Err(LlmError::Unavailable(_))));
}

#[tokio::test]
async fn what_is_no_json_object_is_malformed_and_its_cost_is_known() {
    let answers = [
        completion("Sure! Here are five plans:", "stop"),
        completion("[1]", "stop"),
        completion(r#"{"plans": ["#, "length"),
        completion("", "stop"),
        r#"{"choices": []}"#.to_owned(),
        "<html>".to_owned(),
    ];
    let count = answers.len();
    let stub = Stub::start(move |_, nth| Reply::ok(&answers[nth])).await.unwrap();
    let llm = llm(&stub);
    for nth in 0..count {
        let error = llm.chat("JSON", "a question of some length").await.unwrap_err();
        assert!(matches!(error, LlmError::Malformed { .. }), "{nth}: {error}");
        assert!(error.usage().unwrap().total_tokens > 0, "{nth}");
        assert_eq!(error.next(), Next::Drop);
    }
}

#[tokio::test]
async fn a_refused_key_is_the_operators_and_stands_nowhere() {
    let stub = Stub::start(|_, nth| match nth {
        0 => Reply::status(401, &format!(r#"{{"error":{{"message":"Invalid API Key {KEY}"}}}}"#)),
        1 => Reply::status(404, "no such model"),
        _ => Reply::status(400, r#"{"error":{"code":"json_validate_failed"}}"#),
    })
    .await
    .unwrap();
    let llm = llm(&stub);
    let error = llm.chat("JSON", "x").await.unwrap_err();
    assert_eq!(error.next(), Next::Operator);
    for shown in [error.to_string(), format!("{error:?}"), format!("{llm:?}")] {
        assert!(!shown.contains(KEY), "{shown}");
    }
    assert!(matches!(llm.chat("JSON", "x").await, Err(LlmError::Refused { status: 404, .. })));
    assert!(matches!(llm.chat("JSON", "x").await, Err(LlmError::Malformed { .. })));
}
