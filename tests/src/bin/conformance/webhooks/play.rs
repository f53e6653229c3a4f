//! A payload as a request to an endpoint that is made for it: with the secret, key, certificate and clock that stand beside it.
//!
//! Where no `now` is given, only signatures count: published vectors are years old.

use jiff::Timestamp;
use preheat_core::event::Reporter;
use preheat_intake::{Ages, Endpoint, Headers, Outcome, Request, Secret, lambda, normalise, receive};
use serde_json::Value;

use super::case::{Case, Want};

/// What came of it. Lambda events have several records.
pub(crate) fn play(case: &Case, provider: Reporter) -> Vec<Outcome> {
    let endpoint = endpoint(case, provider);
    let now = now(case);
    if is_trusted(case, provider) {
        return trusted(&endpoint, case, now);
    }
    let headers: Vec<(String, String)> = case.about["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    let request = Request {
        method: case.about["method"].as_str().unwrap_or("POST"),
        headers: headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Headers<'_>>(),
        body: &case.body,
    };
    let pem = case.about["signing_cert_pem"].as_str();
    vec![receive(&endpoint, &request, now, &|_| pem.map(|pem| pem.as_bytes().to_vec()))]
}

/// What the payload says, whoever sent it.
pub(crate) fn read(case: &Case, provider: Reporter) -> Vec<Outcome> {
    trusted(&Endpoint::new(provider, "conformance", Vec::new()), case, now(case))
}

fn trusted(endpoint: &Endpoint, case: &Case, now: Timestamp) -> Vec<Outcome> {
    if endpoint.provider == Reporter::Ses
        && let Ok(records) = lambda::records(&case.body)
    {
        return records.iter().map(|record| normalise(endpoint, record.body.as_bytes(), now)).collect();
    }
    vec![normalise(endpoint, &case.body, now)]
}

/// Nothing to verify; or SES without a signature: the source checks basic auth alone, which is not enough over HTTPS, so the
/// payload is read as from a queue.
fn is_trusted(case: &Case, provider: Reporter) -> bool {
    let unsigned_ses = provider == Reporter::Ses && case.about["scheme"].as_str() == Some("http-basic");
    case.want() == Want::Read || unsigned_ses
}

fn endpoint(case: &Case, provider: Reporter) -> Endpoint {
    let about = &case.about;
    let text = |name: &str| about[name].as_str();
    let basic = text("scheme") == Some("http-basic");
    let mut secrets = Vec::new();
    if let Some(secret) = text("secret") {
        secrets.push(if basic { Secret::basic(secret) } else { Secret::key(secret) });
    }
    secrets.extend(text("public_key").map(Secret::key));
    if case.lacks_its_signature() {
        // Any key will do: there is nothing that it could verify.
        secrets.push(Secret::key("whsec_YW55IGtleQ=="));
    }
    let mut endpoint = Endpoint::new(provider, "conformance", secrets);
    endpoint.url = text("url").map(str::to_owned);
    endpoint.ages = if about["now"].is_null() { Ages::Unchecked } else { Ages::Checked };
    if provider == Reporter::Ses {
        // The allow-list is the operator's: here, whatever topic the payload names.
        let body: Value = serde_json::from_slice(&case.body).unwrap_or(Value::Null);
        endpoint.sources.extend(body["TopicArn"].as_str().map(str::to_owned));
    }
    endpoint
}

/// The clock beside the payload, or a fixed one.
fn now(case: &Case) -> Timestamp {
    let seconds = case.about["now"].as_i64().or_else(|| case.about["now"].as_str()?.parse().ok());
    seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or(Timestamp::UNIX_EPOCH)
}
